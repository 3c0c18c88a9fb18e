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

    measuring.report(
        asyncio.run(measuring.run(ctx.obj.settings, seconds=seconds, rounds=rounds))
    )
