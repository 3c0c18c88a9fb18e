"""Whom handlers serve: nobody by default, roles as declared, no path tricks."""

import dataclasses
from typing import Any

import pytest
from litestar import get, post
from litestar.di import NamedDependency

from backend import clock
from backend.accounts import store
from backend.accounts.actions import add_wall
from backend.accounts.principals import Principal
from backend.app import create_app
from backend.settings import Settings
from backend.web.errors import PolicyMissing
from backend.web.policies import ANYONE, check_policies, list_policies, roles, signed_in
from tests.web.living import PASSWORD, a_person, bearer, database_of, living, sign_in


@get("/probe/leaders", opt={"policy": roles("leader")})
async def leaders(principal: NamedDependency[Principal]) -> dict[str, str]:
    return {"role": principal.role, "via": principal.via}


@get("/probe/people", opt={"policy": signed_in()})
async def people(principal: NamedDependency[Principal]) -> dict[str, str]:
    return {"role": principal.role}


@get("/probe/anyone", opt={"policy": ANYONE})
async def anyone(principal: NamedDependency[Principal | None]) -> dict[str, str]:
    return {"role": principal.role if principal else "stranger"}


@get("/probe/screens", opt={"policy": roles("leader", "wall")})
async def screens(principal: NamedDependency[Principal]) -> dict[str, str]:
    return {"role": principal.role}


@post("/probe/screens", opt={"policy": roles("leader", "wall")})
async def change_screens() -> dict[str, str]:
    return {}


@post("/probe/act", opt={"policy": signed_in()})
async def act() -> dict[str, str]:
    return {}


@get("/probe/forgotten")
async def forgotten() -> dict[str, str]:
    return {}


PROBES = (leaders, people, anyone, screens, change_screens, act)


def test_a_handler_without_a_policy_stops_the_start_and_is_named(settings: Settings) -> None:
    app = create_app(settings)
    app.register(forgotten)
    with pytest.raises(PolicyMissing, match=r"GET /probe/forgotten .*test_policies\.forgotten"):
        check_policies(app)


async def test_a_handler_without_a_policy_serves_nobody_even_if_the_start_went_wrong(
    settings: Settings,
) -> None:
    async with living(settings, forgotten) as (_, client):
        assert (await client.get("/probe/forgotten")).status_code == 500


def test_every_operation_has_a_policy(settings: Settings) -> None:
    operations = list(list_policies(create_app(settings)))
    assert len(operations) > 10
    assert all(policy is not None for _, _, _, policy in operations)


async def test_strangers_get_401_wrong_roles_403_right_roles_in(
    settings: Settings, behind: Any
) -> None:
    async with living(settings, *PROBES) as (app, client):
        for name, role in (("lan", "leader"), ("minh", "officer"), ("dan", "citizen")):
            await a_person(database_of(app), behind, name, role)  # type: ignore[arg-type]
        stranger = await client.get("/probe/leaders")
        assert stranger.status_code == 401
        assert stranger.headers["www-authenticate"].startswith("Bearer")
        for name, status in (("lan", 200), ("minh", 403), ("dan", 403)):
            tokens = await sign_in(client, name)
            answer = await client.get("/probe/leaders", headers=bearer(tokens))
            assert answer.status_code == status, name
            assert (await client.get("/probe/people", headers=bearer(tokens))).status_code == 200


async def test_no_spelling_of_a_path_gets_around_its_policy(
    settings: Settings, behind: Any
) -> None:
    async with living(settings, *PROBES) as (_, client):
        for path in (
            "/probe/leaders/",
            "//probe//leaders",
            "/probe/%6ceaders",
            "/probe%2Fleaders",
            "/PROBE/leaders",
            "/probe/./leaders",
            "/healthz/../probe/leaders",
            "/probe/leaders;x=1",
            "/probe/leaders%00",
            "/static/..%2Fprobe%2Fleaders",
        ):
            answer = await client.get(path)
            assert answer.status_code in (401, 404), path
        override = {"X-HTTP-Method-Override": "GET", "X-Original-URL": "/probe/leaders"}
        assert (await client.get("/probe/leaders", headers=override)).status_code == 401
        assert (await client.head("/probe/leaders")).status_code == 401


async def test_a_stranger_costs_no_query(settings: Settings) -> None:
    unreachable = dataclasses.replace(
        settings, database_url="postgresql://app:secret@127.0.0.1:1/nowhere"
    )
    async with living(unreachable, *PROBES) as (_, client):
        assert (await client.get("/probe/anyone")).json() == {"role": "stranger"}
        assert (await client.get("/probe/leaders")).status_code == 401
        token = {"Authorization": "Bearer something"}
        answer = await client.get("/probe/anyone", headers=token)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0


async def test_a_dead_bearer_token_is_refused_and_a_dead_cookie_makes_a_stranger(
    settings: Settings,
) -> None:
    async with living(settings, *PROBES) as (_, client):
        token = {"Authorization": "Bearer " + "x" * 43}
        assert (await client.get("/probe/anyone", headers=token)).status_code == 401
        long = {"Authorization": "Bearer " + "x" * 5000}
        assert (await client.get("/probe/anyone", headers=long)).status_code == 401
        assert (await client.get("/probe/anyone", headers={"Authorization": "Bearer"})).status_code
        client.cookies.set("caunoi-session", "x" * 43)
        assert (await client.get("/probe/anyone")).json() == {"role": "stranger"}
        basic = {"Authorization": "Basic abc"}
        assert (await client.get("/probe/anyone", headers=basic)).json() == {"role": "stranger"}


async def test_a_cookie_does_not_open_what_a_bearer_token_opens_nor_the_other_way_round(
    settings: Settings, behind: Any
) -> None:
    async with living(settings, *PROBES) as (app, client):
        await a_person(database_of(app), behind, "lan", "leader")
        tokens = await sign_in(client, "lan")
        client.cookies.set("caunoi-session", tokens["access_token"])
        assert (await client.get("/probe/leaders")).status_code == 401
        client.cookies.clear()
        refresh = {"Authorization": f"Bearer {tokens['refresh_token']}"}
        assert (await client.get("/probe/leaders", headers=refresh)).status_code == 401
        await client.post("/dang-nhap", data={"username": "lan", "password": PASSWORD})
        cookie = client.cookies["caunoi-session"]
        assert (await client.get("/probe/leaders")).json()["via"] == "cookie"
        client.cookies.clear()
        as_bearer = {"Authorization": f"Bearer {cookie}"}
        assert (await client.get("/probe/leaders", headers=as_bearer)).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({"Sec-Fetch-Site": "none"}, 201),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:8000"}, 403),
        ({"Origin": "http://127.0.0.1:8000"}, 201),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 201),
    ],
)
async def test_another_site_cannot_act_with_the_browsers_session(
    settings: Settings, behind: Any, headers: dict[str, str], status: int
) -> None:
    async with living(settings, *PROBES) as (app, client):
        await a_person(database_of(app), behind, "lan", "leader")
        await client.post("/dang-nhap", data={"username": "lan", "password": PASSWORD})
        assert (await client.post("/probe/act", headers=headers)).status_code == status
        reading = await client.get("/probe/leaders", headers=headers)
        assert reading.status_code == 200


async def test_another_site_cannot_sign_a_browser_in(settings: Settings, behind: Any) -> None:
    async with living(settings, *PROBES) as (app, client):
        await a_person(database_of(app), behind, "lan", "leader")
        form = {"username": "lan", "password": PASSWORD}
        cross = {"Sec-Fetch-Site": "cross-site"}
        assert (await client.post("/dang-nhap", data=form, headers=cross)).status_code == 403
        assert "caunoi-session" not in client.cookies


@pytest.mark.parametrize("kind", ["", "application/json", "text/plain"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
    ids=lambda headers: "-".join(headers.values()),
)
async def test_another_site_cannot_act_through_a_strangers_browser(
    settings: Settings, headers: dict[str, str], kind: str
) -> None:
    """Without session, form or even a body: a vote, a code to somebody's telephone."""
    sent = headers | ({"Content-Type": kind} if kind else {})
    async with living(settings) as (_, client):
        for method, path, body in (
            ("POST", "/api/v1/reports/QNG-2222-2222/support", b""),
            ("POST", "/api/v1/sign-in", b'{"phone": "0912345678"}'),
            ("POST", "/api/v1/sessions/refresh", b'{"refresh_token": "x"}'),
        ):
            answer = await client.request(method, path, headers=sent, content=body)
            assert answer.json().get("type") == "/problems/cross-site", (path, answer.text)
        program = await client.post("/api/v1/reports/QNG-2222-2222/support")
        assert program.json()["type"] != "/problems/cross-site"


async def test_open311_is_written_from_pages_of_other_sites(settings: Settings) -> None:
    async with living(settings) as (_, client):
        answer = await client.post(
            "/open311/v2/requests.json",
            data={"api_key": "x"},
            headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        )
        assert "another site" not in answer.text
        assert "trang khác" not in answer.text
        assert answer.status_code != 201


async def test_a_wall_reads_what_names_it_and_nothing_else(settings: Settings, behind: Any) -> None:
    async with living(settings, *PROBES) as (app, client):
        token = await add_wall(
            database_of(app), "phong-hop-1", name="Phòng họp 1", unit_code=None, now=clock.now()
        )
        wall = {"Authorization": f"Bearer {token}"}
        assert (await client.get("/probe/screens", headers=wall)).json() == {"role": "wall"}
        assert (await client.post("/probe/screens", headers=wall)).status_code == 403
        assert (await client.get("/probe/people", headers=wall)).status_code == 403
        assert (await client.get("/probe/leaders", headers=wall)).status_code == 403
        client.cookies.set("caunoi-session", token)
        assert (await client.get("/probe/screens")).status_code == 200
        client.cookies.clear()
        for _ in range(2):
            link = await client.get("/ioc/wall", params={"token": token})
            assert (link.status_code, link.headers["location"]) == (303, "/ioc")
        assert (await client.get("/probe/screens")).json() == {"role": "wall"}
        client.cookies.clear()
        forged = await client.get("/ioc/wall", params={"token": "x" * 43})
        assert forged.status_code == 401
        assert not client.cookies
        assert await store.revoke_wall(database_of(app).app, "phong-hop-1") == 1
        assert (await client.get("/probe/screens", headers=wall)).status_code == 401


def test_a_role_nobody_has_cannot_be_named() -> None:
    with pytest.raises(PolicyMissing, match="no such role: boss"):
        roles("boss")  # type: ignore[arg-type]
