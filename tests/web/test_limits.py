"""How often one may: by address in the process, by name and address for sign-in, fair to others."""

import asyncio
import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from litestar import post

from backend import clock
from backend.errors import TooMany
from backend.settings import Settings
from backend.web import limits
from backend.web.clients import limit_key, read_networks
from backend.web.limits import Limit, forgive, hold_in_database
from backend.web.policies import ANYONE
from backend.web.store import purge_limits
from tests.web.living import PASSWORD, a_person, database_of, living, sign_in


@post("/api/probe/write", opt={"policy": ANYONE, "limit": Limit("probe", per_minute=6, burst=3)})
async def write() -> dict[str, str]:
    return {}


@pytest.mark.parametrize(("burst", "per_minute"), [(1, 60.0), (3, 6.0), (10, 1.0)])
def test_a_burst_passes_then_the_pace_holds(burst: int, per_minute: float) -> None:
    limits.forget_limits()
    limit = Limit("x", per_minute=per_minute, burst=burst)
    key = ("x", "1")
    assert [limits._pass(key, limit, 1000.0) for _ in range(burst)] == [0.0] * burst
    wait = limits._pass(key, limit, 1000.0)
    assert wait == pytest.approx(limit.spacing_seconds)
    assert limits._pass(key, limit, 1000.0 + wait - 0.01) > 0
    assert limits._pass(key, limit, 1000.0 + wait + 0.01) == 0
    passed = sum(limits._pass(key, limit, 2000.0 + tick / 10) == 0 for tick in range(36_000))
    assert passed == pytest.approx(3600 / limit.spacing_seconds + burst, abs=1)


async def test_who_is_too_quick_is_told_when_to_come_back(settings: Settings) -> None:
    async with living(settings, write) as (_, client):
        statuses = [(await client.post("/api/probe/write")).status_code for _ in range(5)]
        assert statuses == [201, 201, 201, 429, 429]
        answer = await client.post("/api/probe/write")
        assert 1 <= int(answer.headers["retry-after"]) <= 10
        assert answer.json()["type"] == "/problems/too-many-requests"


async def test_limits_can_be_off_for_load_tests(settings: Settings) -> None:
    off = dataclasses.replace(settings, limits_on=False)
    async with living(off, write) as (_, client):
        for _ in range(10):
            assert (await client.post("/api/probe/write")).status_code == 201
        body = {"username": "x", "password": "y"}
        for _ in range(12):
            assert (await client.post("/api/v1/sessions", json=body)).status_code == 401


async def test_an_invented_forwarding_header_changes_nothing(settings: Settings) -> None:
    async with living(settings, write, client=("203.0.113.9", 1)) as (_, client):
        statuses = []
        for number in range(5):
            headers = {
                "X-Forwarded-For": f"198.51.100.{number}",
                "Forwarded": f"for=1.1.1.{number}",
            }
            statuses.append((await client.post("/api/probe/write", headers=headers)).status_code)
        assert statuses == [201, 201, 201, 429, 429]


async def test_behind_a_trusted_proxy_clients_are_told_apart(settings: Settings) -> None:
    proxied = dataclasses.replace(settings, trusted_proxies=("10.0.0.0/8",))
    async with living(proxied, write, client=("10.0.0.7", 1)) as (_, client):

        async def ask(forwarded: str) -> int:
            headers = {"X-Forwarded-For": forwarded}
            return (await client.post("/api/probe/write", headers=headers)).status_code

        assert [await ask("198.51.100.1") for _ in range(4)] == [201, 201, 201, 429]
        assert await ask("198.51.100.2") == 201
        # what the client wrote itself stands further left and is not believed
        assert await ask("198.51.100.77, 198.51.100.1") == 429
        assert await ask("198.51.100.77, 198.51.100.1, 10.9.9.9") == 429
        assert await ask("nonsense") in (201, 429)


def test_an_ipv6_subscriber_counts_as_one() -> None:
    from ipaddress import ip_address

    assert limit_key(ip_address("2001:db8:1:2:3:4:5:6")) == "2001:db8:1:2::"
    assert limit_key(ip_address("2001:db8:1:2:ffff::1")) == "2001:db8:1:2::"
    assert limit_key(ip_address("2001:db8:1:3::1")) != "2001:db8:1:2::"
    assert limit_key(ip_address("203.0.113.9")) == "203.0.113.9"


async def test_guessing_a_password_is_slowed_by_name_whatever_the_address(
    settings: Settings, behind: Any
) -> None:
    async with living(settings) as (app, client):
        await a_person(database_of(app), behind, "lan", "leader")
        body = {"username": "lan", "password": "đoán mò thôi"}
        statuses = [
            (await client.post("/api/v1/sessions", json=body)).status_code for _ in range(12)
        ]
        assert statuses == [401] * 10 + [429] * 2
        right = {"username": "LAN ", "password": PASSWORD}
        assert (await client.post("/api/v1/sessions", json=right)).status_code == 429
        page = await client.post("/dang-nhap", data=right)
        assert page.status_code == 429
        assert "quá nhanh" in page.text
        keys = [row["key"] for row in await behind.fetch("SELECT key FROM rate_limit")]
        assert keys
        assert not any("lan" in key or "127" in key for key in keys)


async def test_signing_in_clears_the_count_of_the_name(settings: Settings, behind: Any) -> None:
    async with living(settings) as (app, client):
        await a_person(database_of(app), behind, "lan", "leader")
        for _ in range(3):
            body = {"username": "lan", "password": "đoán mò thôi"}
            for _ in range(4):
                assert (await client.post("/api/v1/sessions", json=body)).status_code == 401
            await sign_in(client, "lan")


async def test_simultaneous_attempts_are_counted_one_by_one(settings: Settings) -> None:
    async with living(settings) as (app, _):
        limit = Limit("probe", per_minute=1, burst=5)
        now = clock.now()

        async def attempt() -> bool:
            try:
                await hold_in_database(database_of(app).app, limit, "k", settings=settings, now=now)
            except TooMany:
                return False
            return True

        assert sum(await asyncio.gather(*(attempt() for _ in range(20)))) == 5
        later = now + timedelta(seconds=61)
        await hold_in_database(database_of(app).app, limit, "k", settings=settings, now=later)
        with pytest.raises(TooMany):
            await hold_in_database(database_of(app).app, limit, "k", settings=settings, now=later)
        await forgive(database_of(app).app, limit, "k", settings=settings)
        await hold_in_database(database_of(app).app, limit, "k", settings=settings, now=later)


async def test_counts_that_hold_nobody_back_are_cleared_away(
    settings: Settings, behind: Any
) -> None:
    async with living(settings) as (app, _):
        limit = Limit("probe", per_minute=60, burst=5)
        now = clock.now()
        await hold_in_database(database_of(app).app, limit, "k", settings=settings, now=now)
        await purge_limits(database_of(app).app, now)
        assert await behind.fetchval("SELECT count(*) FROM rate_limit") == 1
        await purge_limits(database_of(app).app, now + timedelta(seconds=2))
        assert await behind.fetchval("SELECT count(*) FROM rate_limit") == 0


def test_memory_for_keys_is_bounded_and_a_full_one_lets_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits.forget_limits()
    monkeypatch.setattr(limits, "_KEYS_MAX", 100)
    limit = Limit("x", per_minute=1, burst=1)
    for number in range(1000):
        assert limits._pass(("x", str(number)), limit, 1000.0) == 0
    assert len(limits._moments) == 100
    assert limits._pass(("x", "late"), limit, 1000.0 + 120) == 0
    assert len(limits._moments) == 1
    limits.forget_limits()


def test_a_trusted_proxy_that_is_no_address_stops_the_start() -> None:
    with pytest.raises(ValueError, match="does not appear to be"):
        read_networks(("proxy.example",))
