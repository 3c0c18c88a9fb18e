"""What surrounds every answer: headers, one log line, figures, files, language, health."""

import asyncio
import dataclasses
import html
import json
import re
import shutil
from typing import Any, NamedTuple

import pytest
from litestar import get
from litestar.params import FromPath
from litestar.response import Template

from backend.database import owner_connection
from backend.settings import Settings
from backend.web.assets import read_assets
from backend.web.policies import ANYONE, staff
from tests.web.living import PASSWORD, a_person, database_of, living

HTML = {"Accept": "text/html"}


@get("/api/probe/{code:str}/show", opt={"policy": ANYONE})
async def show(code: FromPath[str]) -> dict[str, str]:
    return {"code": code}


@get("/probe/face", opt={"policy": ANYONE})
async def face() -> Template:
    return Template("problems.html", context={"kinds": []})


@get("/probe/staff", opt={"policy": staff()})
async def staff_face() -> Template:
    return Template("problems.html", context={"kinds": []})


async def test_every_answer_carries_the_security_headers(settings: Settings) -> None:
    async with living(settings, show) as (_, client):
        for path in (
            "/dang-nhap",
            "/khong-co",
            "/api/probe/a/show",
            "/static/caunoi.css",
            "/healthz",
        ):
            headers = (await client.get(path, headers=HTML)).headers
            policy = headers["content-security-policy"]
            assert "default-src 'self'" in policy
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert "referrer-policy" in headers
            assert "geolocation=(self)" in headers["permissions-policy"]
            assert re.fullmatch("[0-9a-f]{32}", headers["x-trace-id"])
            assert "server" not in headers
            assert "strict-transport-security" not in headers
        api = await client.get("/api/probe/a/show")
        assert api.headers["cache-control"] == "no-store"


async def test_pages_hold_to_their_own_policy(settings: Settings) -> None:
    async with living(settings) as (_, client):
        for path in ("/dang-nhap", "/khong-co", "/problems", "/problems/not-found"):
            text = (await client.get(path, headers=HTML)).text
            assert not re.search(r"<script(?![^>]*\ssrc=)", text), path
            assert "<style" not in text
            assert not re.search(r"\sstyle=|\son[a-z]+=", text), path


async def test_one_log_line_tells_of_a_request_without_anything_personal(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    async with living(settings, show, client=("203.0.113.9", 1)) as (_, client):
        capsys.readouterr()
        headers = {"Authorization": "Bearer secret-token-x", "User-Agent": "ua-canary"}
        answer = await client.get(
            "/api/probe/code-canary/show?q=query-canary%0Ainjected", headers=headers
        )
        written = capsys.readouterr().out
        lines = [json.loads(line) for line in written.splitlines()]
        line = next(line for line in lines if line["event"] == "request")
        assert line["route"] == "/api/probe/{code}/show"
        assert line["trace_id"] == answer.headers["x-trace-id"]
        assert line["status"] == answer.status_code
        assert line["ms"] >= 0
        for secret in ("code-canary", "query-canary", "secret-token", "ua-canary", "203.0.113"):
            assert secret not in written


async def test_metrics_count_by_route_template_and_are_for_this_machine(
    settings: Settings,
) -> None:
    with_token = dataclasses.replace(settings, metrics_token="a-metrics-token")
    async with living(with_token, show) as (_, client):
        await client.get("/api/probe/first/show")
        await client.get("/api/probe/second/show")
        figures = (await client.get("/metrics")).text
        assert 'route="/api/probe/{code}/show"' in figures
        assert "first" not in figures
        proxied = await client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"})
        assert proxied.status_code == 404
    async with living(with_token, show, client=("203.0.113.9", 1)) as (_, client):
        assert (await client.get("/metrics")).status_code == 404
        wrong = await client.get("/metrics", headers={"Authorization": "Bearer wrong"})
        assert wrong.status_code == 404
        right = await client.get("/metrics", headers={"Authorization": "Bearer a-metrics-token"})
        assert right.status_code == 200


async def test_static_files_are_for_good_under_their_hashed_name(settings: Settings) -> None:
    async with living(settings) as (_, client):
        page = (await client.get("/dang-nhap")).text
        found = re.search(r'href="(/static/caunoi\.[0-9a-f]{12}\.css)"', page)
        assert found
        sheet = await client.get(found[1])
        assert sheet.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert sheet.headers["content-type"] == "text/css; charset=utf-8"
        assert sheet.headers["content-encoding"] == "gzip"
        plain = await client.get("/static/caunoi.css", headers={"Accept-Encoding": "identity"})
        assert plain.headers["cache-control"] == "no-cache"
        assert plain.text == sheet.text
        again = await client.get(
            "/static/caunoi.css", headers={"If-None-Match": plain.headers["etag"]}
        )
        assert (again.status_code, again.content) == (304, b"")
        for path in ("/static/", "/static/nope.css", "/static/../app.py", "/static/%2e%2e/app.py"):
            assert (await client.get(path)).status_code == 404, path


def test_names_of_static_files_follow_their_content_and_what_they_point_to(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "a_face" / "static" / "deep"
    folder.mkdir(parents=True)
    (tmp_path / "a_face" / "__init__.py").touch()
    (folder / "dot.svg").write_text("<svg/>")
    (folder / "a.css").write_text("a{background:url(dot.svg)}b{background:url(data:x)}")
    monkeypatch.syspath_prepend(tmp_path)
    before = read_assets(["a_face"])
    sheet = before.find("deep/a.css")
    assert sheet is not None
    assert before.url("deep/dot.svg").encode() in sheet[0].content
    assert b"url(data:x)" in sheet[0].content
    (folder / "dot.svg").write_text("<svg>changed</svg>")
    assert read_assets(["a_face"]).url("deep/a.css") != before.url("deep/a.css")
    with pytest.raises(LookupError, match="no package has"):
        before.url("missing.css")
    (folder / "a.css").write_text("a{background:url(missing.svg)}")
    with pytest.raises(LookupError, match=r"missing\.svg"):
        read_assets(["a_face"])
    (folder / "a.css").write_text("a{}")
    with pytest.raises(LookupError, match="two packages"):
        read_assets(["a_face", "a_face"])


async def test_the_language_is_vietnamese_until_it_is_switched(settings: Settings) -> None:
    async with living(settings) as (_, client):
        english_browser = {**HTML, "Accept-Language": "en-US,en"}
        page = (await client.get("/dang-nhap", headers=english_browser)).text
        assert '<html lang="vi">' in page
        link = re.search(r'class="lang" href="([^"]+)"', page)
        assert link
        switched = await client.get(link[1].replace("&amp;", "&"))
        assert (switched.status_code, switched.headers["location"]) == (303, "/dang-nhap")
        page = (await client.get("/dang-nhap")).text
        assert '<html lang="en">' in page
        assert "Password" in page
        elsewhere = await client.get("/ngon-ngu?lang=vi&tiep=https://evil.example")
        assert elsewhere.headers["location"] == "/"
        assert (await client.get("/ngon-ngu?lang=xx")).status_code == 400


async def test_head_is_get_without_the_content(settings: Settings) -> None:
    async with living(settings) as (_, client):
        got, head = await client.get("/dang-nhap"), await client.head("/dang-nhap")
        assert head.status_code == 200
        assert head.content == b""
        assert head.headers["content-length"] == got.headers["content-length"]


async def test_the_description_names_every_operation_and_its_problems(settings: Settings) -> None:
    async with living(settings) as (_, client):
        document = (await client.get("/openapi.json")).json()
        assert document["openapi"].startswith("3.1")
        sessions = document["paths"]["/api/v1/sessions"]
        assert set(sessions) == {"post", "delete"}
        for path, operations in document["paths"].items():
            assert path.startswith(("/api/", "/open311/", "/ogc", "/tin/", "/du-lieu-mo/")), path
            for operation in operations.values():
                assert operation["responses"]["default"]["content"], path
                if path.startswith("/api/"):
                    faults = operation["responses"]["default"]["content"]
                    assert "application/problem+json" in faults
        for response in re.findall(
            r'"\\$ref": ?"#/components/schemas/(\w+)"', json.dumps(document)
        ):
            assert response in document["components"]["schemas"]


async def test_ready_means_database_migrations_store_and_disk(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with living(settings) as (_, client):
        ready = await client.get("/readyz")
        assert ready.status_code == 200, ready.text
        assert set(ready.json()["checks"]) == {"database", "migrations", "objects", "disk"}
        full = Usage(100, 100, 1000)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
        unready = await client.get("/readyz")
        assert unready.status_code == 503
        assert unready.json()["checks"]["disk"] == "0 MiB free"
        assert "retry-after" in unready.headers


class Usage(NamedTuple):
    total: int
    used: int
    free: int


async def test_a_schema_that_is_behind_is_not_ready(settings: Settings, behind: Any) -> None:
    await behind.execute("DELETE FROM migration WHERE name = (SELECT max(name) FROM migration)")
    async with living(settings) as (_, client):
        answer = await client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["checks"]["migrations"] == "1 pending"


async def test_it_lives_without_a_database_and_serves_as_soon_as_there_is_one(
    settings: Settings, server_url: str, database_url: str
) -> None:
    name = re.search(r"test_[0-9a-f]{32}", database_url)
    assert name
    async with owner_connection(server_url) as server:
        await server.execute(f'ALTER DATABASE "{name[0]}" ALLOW_CONNECTIONS false')
        async with living(settings) as (_, client):
            assert (await client.get("/healthz")).status_code == 200
            assert (await client.get("/dang-nhap")).status_code == 200
            body = {"username": "lan", "password": "x"}
            down = await client.post("/api/v1/sessions", json=body)
            assert down.status_code == 503
            assert down.json()["type"] == "/problems/database-unavailable"
            assert int(down.headers["retry-after"]) >= 1
            assert (await client.get("/readyz")).json()["checks"]["database"] != "ok"
            await server.execute(f'ALTER DATABASE "{name[0]}" ALLOW_CONNECTIONS true')
            for _ in range(60):
                answer = await client.post("/api/v1/sessions", json=body)
                if answer.status_code != 503:
                    break
                await asyncio.sleep(0.1)
            assert answer.status_code == 401


async def test_the_header_shows_who_is_signed_in_and_the_way_out(
    settings: Settings, behind: Any
) -> None:
    async with living(settings, face) as (app, client):
        await a_person(database_of(app), behind, "lan", "leader")
        stranger = (await client.get("/probe/face", headers=HTML)).text
        assert "Cán bộ đăng nhập" in stranger
        assert "/dang-xuat" not in stranger
        await client.post("/dang-nhap", data={"username": "lan", "password": PASSWORD})
        leader = (await client.get("/probe/face", headers=HTML)).text
        assert "Nguyễn Thị Lan" in leader
        assert 'action="/dang-xuat"' in leader
        assert 'href="/ioc"' in leader
        assert 'href="/can-bo"' in leader
        assert 'href="/ban-do"' not in leader


async def test_a_stranger_on_a_page_for_staff_is_taken_to_the_sign_in_and_back(
    settings: Settings, behind: Any
) -> None:
    async with living(settings, staff_face) as (app, client):
        await a_person(database_of(app), behind, "lan", "leader")
        turned = await client.get("/probe/staff?khu=1&x=%C3%A1", headers=HTML)
        assert turned.status_code == 303
        form = await client.get(turned.headers["location"])
        wanted = re.search(r'name="tiep" value="([^"]*)"', form.text)
        assert wanted
        back = html.unescape(wanted[1])
        data = {"username": "lan", "password": PASSWORD, "tiep": back}
        assert (await client.post("/dang-nhap", data=data)).headers["location"] == back
        assert (await client.get(back, headers=HTML)).status_code == 200
        assert (await client.get("/probe/staff", headers={})).status_code == 200
