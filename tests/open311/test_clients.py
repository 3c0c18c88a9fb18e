"""Clients that were written for other cities, used against a server of ours."""

import asyncio
import json
import shutil
import sys
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest

from backend.web.state import parts_of
from moderation.darkroom import Darkroom
from moderation.jobs import derive_photo
from tests.factories import a_photo
from tests.open311.asking import TEXT, id_of
from tests.province import PLACE, POTHOLE, Sent, Town

_HERE: Final = Path(__file__).parent


@pytest.fixture
def town(module_town: Town) -> Town:
    return module_town


async def three(town: Town, api_key: str, *calls: Any, **options: Any) -> list[Any]:
    """What the PyPI client `three` answers to these calls: (method, named arguments, …)."""
    asked = {
        "endpoint": f"{town.url}/open311/v2",
        "options": {"api_key": api_key, "jurisdiction": "quangngai.gov.vn", **options},
        "calls": [[method, list(positional), named] for method, *positional, named in calls],
    }
    said = await run(
        [sys.executable, str(_HERE / "three_client.py")], given=json.dumps(asked).encode()
    )
    return list(json.loads(said))


async def run(command: list[str], *, given: bytes = b"", cwd: Path | None = None) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=cwd,
    )
    said, complaint = await process.communicate(given)
    assert process.returncode == 0, complaint.decode()
    return said


async def a_move(town: Town, report_id: str, move: str, **what: Any) -> None:
    report = Sent(answer={"id": report_id}, body={}, key="")
    await town.moved(report, move, **what)


async def test_three_sends_a_report_and_sees_it_closed_after_the_officer_has_answered(
    town: Town, api_key: str, tmp_path: Path
) -> None:
    picture = tmp_path / "o-ga.jpg"
    picture.write_bytes(a_photo(size=(320, 200)))
    report = {
        "lat": str(PLACE[1]),
        "long": str(PLACE[0]),
        "address": "12 Quang Trung, phường Nghĩa Lộ",
        "name": "An Nguyễn",
        "phone": "0912345678",
        "description": TEXT,
        "attribute[kich-thuoc]": "lon",
        "media": str(picture),
        "idempotency_key": str(uuid4()),
    }
    told = await three(
        town,
        api_key,
        ("discovery", {}),
        ("services", {}),
        ("services", POTHOLE, {}),
        ("post", POTHOLE, report),
        ("post", POTHOLE, report),
    )
    discovery, services, definition, posted, again = told
    assert discovery["endpoints"][0]["url"] == f"{town.url}/open311/v2"
    assert POTHOLE in {service["service_code"] for service in services}
    assert [one["code"] for one in definition["attributes"]] == ["kich-thuoc", "da-co-tai-nan"]
    assert again == posted, "the same key and form give the same answer"
    code = posted[0]["service_request_id"]
    report_id = await id_of(town, code)
    await develop(town, report_id)
    for move, what in (
        ("accept", {}),
        ("start", {}),
        ("resolve", {"public_note": "Đã vá.", "reason": "Trời tối, không chụp được ảnh."}),
    ):
        if move == "start":
            (accepted,) = (await three(town, api_key, ("request", code, {})))[0]
            assert (accepted["status"], accepted["description"]) == ("open", TEXT)
            assert accepted["media_url"].startswith(
                f"{town.url}/api/v1/reports/{report_id}/photos/"
            )
            shown = await town.ask("GET", accepted["media_url"])
            assert (shown.status_code, shown.headers["content-type"]) == (200, "image/webp")
        await a_move(town, report_id, move, **what)
    one, token, listed, spanned = await three(
        town,
        api_key,
        ("request", code, {}),
        ("token", code, {}),
        ("requests", POTHOLE, {"status": "closed", "count": 5}),
        ("requests", {"start": "11-01-2020", "end": "11-30-2020"}),
    )
    assert one[0]["status"] == "closed"
    assert one[0]["status_notes"].endswith("Đã vá.")
    assert one[0]["address"] == "12 Quang Trung, phường Nghĩa Lộ"
    assert token == [{"service_request_id": code, "token": code}]
    assert code in {request["service_request_id"] for request in listed}
    assert spanned == []
    row = await town.owner.fetchrow(
        "SELECT r.source, c.name, c.phone FROM report r JOIN report_contact c ON c.report_id = r.id"
        " WHERE r.id = $1",
        report_id,
    )
    assert tuple(row) == ("open311", "Nguyễn An", "+84912345678")


async def test_three_reads_xml_and_is_refused_in_the_form_it_knows(
    town: Town, api_key: str
) -> None:
    (services,) = await three(town, api_key, ("services", {"convert": False}), format="xml")
    assert services.startswith("<?xml")
    (refused,) = await three(town, "not-a-key", ("post", POTHOLE, {"description": "x"}))
    assert [(error["code"], set(error)) for error in refused] == [(403, {"code", "description"})]
    (elsewhere,) = await three(town, api_key, ("services", {}), jurisdiction="chicago.gov")
    assert elsewhere[0]["code"] == 404


async def develop(town: Town, report_id: str) -> None:
    """What the worker does with the photo that came along."""
    objects = parts_of(town.app.state).objects
    assert objects is not None
    town.darkroom = town.darkroom or Darkroom()
    rows = await town.owner.fetch(
        "SELECT sha256, state FROM report_photo WHERE report_id = $1", report_id
    )
    assert [row["state"] for row in rows] == ["stored"]
    await derive_photo(
        town.database,
        objects,
        town.darkroom,
        folder=town.settings.var_dir / "darkroom",
        payload=f"{report_id}/{rows[0]['sha256']}".encode(),
    )


@pytest.mark.nightly
@pytest.mark.timeout(300)
async def test_the_npm_client_sends_a_report_and_reads_it_back(
    town: Town, api_key: str, tmp_path: Path
) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is absent: the npm client open311 cannot be installed")
    for name in ("package.json", "package-lock.json", "node_client.cjs"):
        shutil.copy(_HERE / name, tmp_path)
    await run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=tmp_path)
    fields = {
        "service_code": POTHOLE,
        "lat": PLACE[1],
        "long": PLACE[0],
        "description": TEXT,
        "attributes": {"kich-thuoc": "nho"},
    }
    said = await run(
        [
            "node",
            str(tmp_path / "node_client.cjs"),
            f"{town.url}/open311/discovery.json",
            api_key,
            json.dumps(fields),
        ],
        cwd=tmp_path,
    )
    told = json.loads(said)
    code = told["sent"][0]["service_request_id"]
    assert told["discovery"]["endpoints"][0]["type"] == "production"
    assert POTHOLE in {service["service_code"] for service in told["services"]}
    assert told["definition"]["service_code"] == POTHOLE
    assert [one["service_request_id"] for one in told["one"]] == [code]
    assert [one["service_request_id"] for one in told["several"]] == [code]
    assert told["token"] == [{"service_request_id": code, "token": code}]
    answers = await town.owner.fetchval("SELECT answers FROM report WHERE code = $1", code)
    assert json.loads(answers) == {"kich-thuoc": "nho"}
