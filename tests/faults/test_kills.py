"""Parts are killed at random while citizens send: nothing acknowledged is lost, nothing doubled."""

import asyncio
import random

import pytest

from tests.faults.conftest import WEBS, WORKERS, Victim, check_everything, send_all
from tests.faults.history import History


async def test_webs_killed_at_random_lose_and_double_nothing(victim: Victim) -> None:
    await _webs_killed(victim, reports=60, rounds=1)


async def test_postgresql_stopped_immediately_loses_nothing(victim: Victim) -> None:
    await _postgresql_killed(victim, reports=60, rounds=1)


async def test_workers_killed_at_random_do_all_work_once_visibly(victim: Victim) -> None:
    await _workers_killed(victim, reports=20, kills=4)


async def test_the_photo_store_killed_delays_photos_only(victim: Victim) -> None:
    history = History()
    sendings = [history.new(photos=1) for _ in range(20)]
    sending = asyncio.create_task(send_all(victim, sendings))
    for _ in range(3):
        await asyncio.sleep(random.uniform(0.2, 0.8))
        victim.kill("objects")
    await sending
    await check_everything(victim, history)


@pytest.mark.nightly
@pytest.mark.timeout(1200)
async def test_webs_killed_in_five_rounds_of_two_hundred(victim: Victim) -> None:
    await _webs_killed(victim, reports=200, rounds=5)


@pytest.mark.nightly
@pytest.mark.timeout(1200)
async def test_postgresql_stopped_three_times_under_load(victim: Victim) -> None:
    await _postgresql_killed(victim, reports=200, rounds=3)


@pytest.mark.nightly
@pytest.mark.timeout(1200)
async def test_workers_killed_twenty_times(victim: Victim) -> None:
    await _workers_killed(victim, reports=60, kills=20)


async def _webs_killed(victim: Victim, *, reports: int, rounds: int) -> None:
    history = History()
    for _ in range(rounds):
        sendings = [history.new(photos=number % 4 == 0) for number in range(reports)]
        sending = asyncio.create_task(send_all(victim, sendings))
        for part in (random.choice(WEBS), *WEBS):
            await asyncio.sleep(random.uniform(0.05, 0.6))
            victim.kill(part)
        await sending
    assert len(history.acknowledged) == reports * rounds
    await check_everything(victim, history)


async def _postgresql_killed(victim: Victim, *, reports: int, rounds: int) -> None:
    history = History()
    for _ in range(rounds):
        sendings = [history.new(photos=number % 8 == 0) for number in range(reports)]
        sending = asyncio.create_task(send_all(victim, sendings))
        await asyncio.sleep(random.uniform(0.1, 0.8))
        victim.kill("postgresql")
        await sending
    assert len(history.acknowledged) == reports * rounds
    await check_everything(victim, history)


async def _workers_killed(victim: Victim, *, reports: int, kills: int) -> None:
    history = History()
    sendings = [history.new(photos=2) for _ in range(reports)]
    sending = asyncio.create_task(send_all(victim, sendings))
    for number in range(kills):
        await asyncio.sleep(random.uniform(0.1, 1.0))
        victim.kill(WORKERS[number % 2])
    await sending
    await check_everything(victim, history)
