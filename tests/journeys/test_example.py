"""The example that walks one report with curl does so on a running instance, or says where not."""

import asyncio
import json
import os
from collections.abc import Iterator

import pytest

from tests.journeys.walk import hold_true
from tests.province import AGENCY, OTHER, PASSWORD, Town
from tests.shared_data import CHECKOUT
from tests.worker.conftest import Workers


@pytest.fixture
def worker(town: Town) -> Iterator[None]:
    workers = Workers(town.settings)
    workers.start()
    yield
    for process in list(workers.running):
        workers.stop(process)


async def walk(town: Town, **environ: str) -> tuple[int, str]:
    """Run the script against the town; its exit status and all it said."""
    logins = [
        {"role": "officer", "username": "officer.other", "password": PASSWORD, "agency": OTHER},
        {"role": "officer", "username": "officer", "password": PASSWORD, "agency": AGENCY},
    ]
    town.settings.demo_logins_path.write_text(json.dumps(logins, ensure_ascii=False, indent=2))
    process = await asyncio.create_subprocess_exec(
        "sh",
        str(CHECKOUT / "examples" / "walk-one-report.sh"),
        env={
            "PATH": os.environ["PATH"],
            "BASE": town.url,
            "CAUNOI_VAR": str(town.settings.var_dir),
            **environ,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


@pytest.mark.usefixtures("worker")
async def test_the_example_walks_a_report_to_its_rating(town: Town) -> None:
    status, said = await walk(town)
    assert status == 0, said[-2000:]
    assert "FAILED" not in said
    assert PASSWORD not in said
    row = await town.owner.fetchrow("SELECT status, rating, version FROM report")
    assert row is not None
    assert (row["status"], row["rating"]) == ("closed", 4)
    assert await town.owner.fetchval("SELECT count(*) FROM report_photo WHERE state='ready'") == 3
    await hold_true(town)


async def test_the_example_fails_where_a_step_fails(town: Town) -> None:
    status, said = await walk(town, OFFICER="officer", PASSWORD="sai-mat-khau-roi")
    assert (status, "POST /api/v1/sessions answered 401" in said) == (1, True), said[-2000:]
    status, said = await walk(town, BASE="http://127.0.0.1:1")
    assert (status, "does not answer" in said) == (1, True)
