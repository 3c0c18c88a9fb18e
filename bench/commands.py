"""`caunoi bench …`: run from a checkout, against the installation of this CAUNOI_VAR."""

import asyncio

import click


@click.group()
def bench() -> None:
    """Measure ratios against a floor, each in one run (bench/README.md)."""


@bench.command()
@click.option("--seconds", default=8.0, show_default=True, help="Length of each measurement.")
@click.option("--rounds", default=3, show_default=True)
@click.pass_context
def intake(ctx: click.Context, seconds: float, rounds: int) -> None:
    """Submits through HTTP against the bare statement."""
    from bench import intake as measuring

    measuring.report(asyncio.run(measuring.run(ctx.obj.settings, seconds=seconds, rounds=rounds)))


@bench.command()
@click.option("--rate", default=100.0, show_default=True, help="Reports a second.")
@click.option("--seconds", default=20.0, show_default=True)
@click.pass_context
def live(ctx: click.Context, rate: float, seconds: float) -> None:
    """From a report's 201 to the leaders' board, under load."""
    from bench import live as measuring

    measuring.report(
        asyncio.run(measuring.run(ctx.obj.settings, rate=rate, seconds=seconds)), say=click.echo
    )


@bench.command("open311")
@click.option("--reports", default=1_000_000, show_default=True, help="How many are published.")
@click.pass_context
def open311_command(ctx: click.Context, reports: int) -> None:
    """Open311 lists over HTTP, in a database of their own."""
    from bench import open311 as measuring

    if not asyncio.run(measuring.run(ctx.obj.settings, reports=reports)):
        raise SystemExit(1)


@bench.command()
@click.option("--many", default=1_000_000, show_default=True, help="Reports to make first.")
@click.pass_context
def tiles(ctx: click.Context, many: int) -> None:
    """Vector tiles at every zoom, with and without filters."""
    from bench import tiles as measuring

    if not asyncio.run(measuring.run(ctx.obj.settings, many)):
        raise SystemExit(1)


@bench.command()
@click.option("--many", default=1_000_000, show_default=True, help="Reports to make first.")
@click.pass_context
def lists(ctx: click.Context, many: int) -> None:
    """Near and bbox lists, wherever one looks and whatever one filters by."""
    from bench import lists as measuring

    if not asyncio.run(measuring.run(ctx.obj.settings, many)):
        raise SystemExit(1)


@bench.command()
def derivatives() -> None:
    """Photo derivatives against bare Pillow."""
    from bench import derivatives as measuring

    raise SystemExit(measuring.main())


@bench.command()
@click.option(
    "--many", default=1_000_000, show_default=True, help="Reports to compare with 10,000."
)
@click.pass_context
def counts(ctx: click.Context, many: int) -> None:
    """Summary and by-unit figures at 10,000 and at a million reports, in databases of their own."""
    from bench import counts as measuring

    if not asyncio.run(measuring.run(ctx.obj.settings.database_url, many)):
        raise SystemExit(1)
