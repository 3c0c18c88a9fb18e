"""Signing in: what opens, what stays shut, and when it ends."""

import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from litestar import get

from backend import clock
from backend.accounts import codes, passwords
from backend.accounts.actions import (
    NewAccount,
    add_account,
    change_password,
    drop_codes,
    set_active,
    set_up_codes,
)
from backend.accounts.errors import AccountRefused, NameTaken, WeakPassword
from backend.privacy.store import purge
from backend.settings import Settings
from backend.web.policies import signed_in
from backend.web.sign_in import local_path
from tests.web.living import PASSWORD, a_person, bearer, database_of, living, sign_in


@get("/api/probe/me", opt={"policy": signed_in()})
async def me() -> dict[str, str]:
    return {}


async def test_a_name_and_password_open_a_session_in_any_spelling(
    settings: Settings, behind: Any
) -> None:
    async with living(settings, me) as (app, client):
        await a_person(database_of(app), behind, "lan", "leader")
        tokens = await sign_in(client, " LAN ")
        assert tokens["token_type"] == "Bearer"
        assert 0 < tokens["expires_in"] <= 900
        assert (await client.get("/api/probe/me", headers=bearer(tokens))).status_code == 200
        assert await behind.fetchval("SELECT count(*) FROM session") == 2
        stored = await behind.fetch("SELECT token_hash FROM session")
        assert tokens["access_token"].encode() not in [row["token_hash"] for row in stored]


async def test_wrong_password_unknown_name_and_disabled_account_get_the_same_answer(
    settings: Settings, behind: Any
) -> None:
    async with living(settings, me) as (app, client):
        await a_person(database_of(app), behind, "lan", "leader")
        await a_person(database_of(app), behind, "cu", "leader")
        await set_active(database_of(app), "cu", is_active=False)
        answers = []
        for name, word in (("lan", "sai mật khẩu rồi"), ("khong-co", PASSWORD), ("cu", PASSWORD)):
            body = {"username": name, "password": word}
            answer = await client.post("/api/v1/sessions", json=body)
            assert answer.status_code == 401
            answers.append({**answer.json(), "trace_id": ""})
        assert answers[0] == answers[1] == answers[2]


async def test_a_refresh_token_works_once_and_a_second_use_ends_the_family(
    settings: Settings, behind: Any
) -> None:
    async with living(settings, me) as (app, client):
        await a_person(database_of(app), behind, "lan", "leader")
        first = await sign_in(client, "lan")
        other = await sign_in(client, "lan")
        renewed = await client.post("/api/v1/sessions/refresh", json=_renewal(first))
        assert renewed.status_code == 200
        second = renewed.json()
        assert (await client.get("/api/probe/me", headers=bearer(first))).status_code == 401
        assert (await client.get("/api/probe/me", headers=bearer(second))).status_code == 200
        again = await client.post("/api/v1/sessions/refresh", json=_renewal(first))
        assert again.status_code == 401
        assert (await client.get("/api/probe/me", headers=bearer(second))).status_code == 401
        after = await client.post("/api/v1/sessions/refresh", json=_renewal(second))
        assert after.status_code == 401
        assert (await client.get("/api/probe/me", headers=bearer(other))).status_code == 200


async def test_of_simultaneous_uses_of_a_refresh_token_one_succeeds(
    settings: Settings, behind: Any
) -> None:
    async with living(settings, me) as (app, client):
        await a_person(database_of(app), behind, "lan", "leader")
        tokens = await sign_in(client, "lan")
        answers = await asyncio.gather(
            *(client.post("/api/v1/sessions/refresh", json=_renewal(tokens)) for _ in range(6))
        )
        assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401, 401, 401]


async def test_signing_out_ends_access_and_refresh(settings: Settings, behind: Any) -> None:
    async with living(settings, me) as (app, client):
        await a_person(database_of(app), behind, "lan", "leader")
        tokens = await sign_in(client, "lan")
        out = await client.delete("/api/v1/sessions", headers=bearer(tokens))
        assert out.status_code == 204
        assert (await client.get("/api/probe/me", headers=bearer(tokens))).status_code == 401
        renewed = await client.post("/api/v1/sessions/refresh", json=_renewal(tokens))
        assert renewed.status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE session SET expires_at = now() - interval '1 second'",
        "UPDATE session SET (last_seen_at, created_at) = (to_timestamp(0), to_timestamp(0))",
        "UPDATE account SET is_active = false",
        "DELETE FROM session",
    ],
)
async def test_a_session_ends_by_age_by_idleness_and_with_its_account(
    settings: Settings, behind: Any, change: str
) -> None:
    async with living(settings, me) as (app, client):
        await a_person(database_of(app), behind, "lan", "leader")
        tokens = await sign_in(client, "lan")
        await behind.execute(change)
        assert (await client.get("/api/probe/me", headers=bearer(tokens))).status_code == 401
        renewed = await client.post("/api/v1/sessions/refresh", json=_renewal(tokens))
        assert renewed.status_code == 401


async def test_use_keeps_a_session_from_idling_out_and_writes_once_a_minute(
    settings: Settings, behind: Any
) -> None:
    async with living(settings, me) as (app, client):
        await a_person(database_of(app), behind, "lan", "leader")
        tokens = await sign_in(client, "lan")
        await behind.execute("UPDATE session SET last_seen_at = now() - interval '119 minutes'")
        seen = "SELECT xmin::text FROM session WHERE kind = 'access'"
        for _ in range(3):
            assert (await client.get("/api/probe/me", headers=bearer(tokens))).status_code == 200
        written = await behind.fetchval(seen)
        await client.get("/api/probe/me", headers=bearer(tokens))
        assert await behind.fetchval(seen) == written
        assert await behind.fetchval(
            "SELECT now() - last_seen_at < interval '1 minute' FROM session WHERE kind = 'access'"
        )


async def test_a_new_password_ends_every_session(settings: Settings, behind: Any) -> None:
    async with living(settings, me) as (app, client):
        await a_person(database_of(app), behind, "lan", "leader")
        tokens = await sign_in(client, "lan")
        await change_password(database_of(app), "lan", "ngày mai trời lại sáng")
        assert (await client.get("/api/probe/me", headers=bearer(tokens))).status_code == 401
        old = {"username": "lan", "password": PASSWORD}
        assert (await client.post("/api/v1/sessions", json=old)).status_code == 401


async def test_a_code_is_asked_for_after_the_password_and_taken_once(
    settings: Settings, behind: Any
) -> None:
    async with living(settings, me) as (app, client):
        database = database_of(app)
        await a_person(database, behind, "lan", "leader")
        uri = await set_up_codes(database, "lan")
        secret = uri.partition("secret=")[2].partition("&")[0]
        body = {"username": "lan", "password": PASSWORD}
        asked = await client.post("/api/v1/sessions", json=body)
        assert asked.json()["type"] == "/problems/code-needed"
        unproved = await client.post("/api/v1/sessions", json={**body, "password": "sai"})
        assert unproved.json()["type"] == "/problems/sign-in-failed"
        code = codes.code_at(secret, int(clock.now().timestamp()) // 30)
        wrong = f"{(int(code) + 1) % 1_000_000:06d}"
        assert (
            await client.post("/api/v1/sessions", json={**body, "totp": wrong})
        ).status_code == 401
        await sign_in(client, "lan", totp=f"{code[:3]} {code[3:]}")
        again = await client.post("/api/v1/sessions", json={**body, "totp": code})
        assert again.json()["type"] == "/problems/sign-in-failed"
        await drop_codes(database, "lan")
        await sign_in(client, "lan")


def test_codes_are_those_of_the_rfc() -> None:
    # RFC 6238 appendix B, SHA-1, the last six of its eight digits
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    for seconds, code in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        assert codes.code_at(secret, seconds // 30) == code
        moment = datetime.fromtimestamp(seconds, UTC)
        for drift, is_valid in ((-60, False), (-30, True), (0, True), (30, True), (60, False)):
            step = codes.find_step(secret, code, moment + timedelta(seconds=drift))
            assert (step is not None) is is_valid, (seconds, drift)


async def test_a_person_signs_in_by_the_form_and_goes_where_they_wanted(
    settings: Settings, behind: Any
) -> None:
    async with living(settings, me) as (app, client):
        await a_person(database_of(app), behind, "lan", "leader")
        page = await client.get("/dang-nhap", params={"tiep": "/ioc?khu=1"})
        assert 'value="/ioc?khu=1"' in page.text
        assert 'autocomplete="current-password"' in page.text
        form = {"username": "lan", "password": PASSWORD, "tiep": "/ioc?khu=1"}
        answer = await client.post("/dang-nhap", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/ioc?khu=1")
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert "secure" not in cookie
        before = client.cookies["caunoi-session"]
        await client.post("/dang-nhap", data=form)
        assert client.cookies["caunoi-session"] != before
        assert await behind.fetchval("SELECT count(*) FROM session") == 1
        out = await client.post("/dang-xuat")
        assert (out.status_code, out.headers["location"]) == (303, "/dang-nhap?xong=sign-out")
        assert "Đã đăng xuất." in (await client.get(out.headers["location"])).text
        assert await behind.fetchval("SELECT count(*) FROM session") == 0
        assert "caunoi-session" not in client.cookies


async def test_a_failed_form_comes_back_with_the_name_and_without_the_password(
    settings: Settings, behind: Any
) -> None:
    async with living(settings, me) as (app, client):
        await a_person(database_of(app), behind, "lan", "leader")
        form = {"username": '"><b>lan', "password": "mật khẩu bí mật", "tiep": "//evil.example"}
        answer = await client.post("/dang-nhap", data=form)
        assert answer.status_code == 401
        assert "không đúng" in answer.text
        assert "mật khẩu bí mật" not in answer.text
        assert "evil.example" not in answer.text
        assert "&#34;&gt;&lt;b&gt;lan" in answer.text


async def test_behind_https_the_cookie_is_bound_to_the_host(
    settings: Settings, behind: Any
) -> None:
    secure = dataclasses.replace(settings, public_url="https://phananh.example.vn")
    async with living(secure, me) as (app, client):
        await a_person(database_of(app), behind, "lan", "leader")
        answer = await client.post("/dang-nhap", data={"username": "lan", "password": PASSWORD})
        assert answer.headers["set-cookie"].startswith("__Host-caunoi=")
        assert "secure" in answer.headers["set-cookie"].lower()
        assert "max-age=31536000" in answer.headers["strict-transport-security"]
        assert (await client.get("/api/probe/me")).status_code == 200


@pytest.mark.parametrize(
    ("text", "is_local"),
    [
        ("/ioc", True),
        ("/can-bo?trang-thai=moi&x=/y", True),
        ("//evil.example", False),
        ("/\\evil.example", False),
        ("https://evil.example", False),
        ("javascript:alert(1)", False),
        ("/a\r\nSet-Cookie: x=1", False),
        ("", False),
        ("ioc", False),
    ],
)
def test_one_goes_on_to_paths_of_this_site_only(text: str, is_local: bool) -> None:
    assert (local_path(text) is not None) is is_local


@pytest.mark.parametrize(
    ("password", "is_strong"),
    [
        ("P@ssw0rd2024!!", False),
        ("matkhau123456", False),
        ("123456789012", False),
        ("qwertyuiop123", False),
        ("QuangNgai@2025", False),
        ("Quảng Ngãi 2025", False),
        ("abcabcabcabc", False),
        ("aaaaaaaaaaaaa", False),
        ("nguyen.lan-2024", False),
        ("ngắn quá", False),
        ("x" * 201, False),
        ("hẹn gặp ở bờ kè", True),
        ("tr0ub4dor&3xyz", True),
    ],
)
def test_passwords_that_are_easily_guessed_are_refused(password: str, is_strong: bool) -> None:
    if is_strong:
        passwords.check_strength(password, username="nguyen.lan")
    else:
        with pytest.raises(WeakPassword):
            passwords.check_strength(password, username="nguyen.lan")


async def test_a_password_fits_in_either_composition_of_its_letters() -> None:
    stored = await passwords.hash_password("ti\u1ebfng Vi\u1ec7t trong s\u00e1ng")
    assert await passwords.is_password(
        "tie\u0302\u0301ng Vie\u0323\u0302t trong sa\u0301ng", stored
    )
    assert not await passwords.is_password("tieng Viet trong sang", stored)
    assert not await passwords.is_password("anything at all", None)


async def test_accounts_that_cannot_be_are_refused(settings: Settings, behind: Any) -> None:
    async with living(settings) as (app, _):
        database = database_of(app)
        await a_person(database, behind, "lan", "leader")
        fine = NewAccount("minh", "leader", "Minh", password=PASSWORD)
        for wrong, error in (
            (dataclasses.replace(fine, username="Lan"), NameTaken),
            (dataclasses.replace(fine, username="a b"), AccountRefused),
            (dataclasses.replace(fine, role="officer"), AccountRefused),
            (dataclasses.replace(fine, role="officer", agency_code="khong-co"), AccountRefused),
            (dataclasses.replace(fine, role="wall"), AccountRefused),
            (dataclasses.replace(fine, password=None), AccountRefused),
            (dataclasses.replace(fine, name=" "), AccountRefused),
            (dataclasses.replace(fine, password="matkhau123456"), WeakPassword),
        ):
            with pytest.raises(error):
                await add_account(database, wrong, now=clock.now())
        assert await behind.fetchval("SELECT count(*) FROM account") == 1


async def test_sessions_that_are_over_are_cleared_away(settings: Settings, behind: Any) -> None:
    async with living(settings) as (app, client):
        await a_person(database_of(app), behind, "lan", "leader")
        await sign_in(client, "lan")
        await purge(database_of(app).app, "sessions", before=clock.now(), limit=100)
        assert await behind.fetchval("SELECT count(*) FROM session") == 2
        later = clock.now() + timedelta(hours=13)
        await purge(database_of(app).app, "sessions", before=later, limit=100)
        assert await behind.fetchval("SELECT count(*) FROM session") == 0


def _renewal(tokens: dict[str, Any]) -> dict[str, str]:
    return {"refresh_token": tokens["refresh_token"]}
