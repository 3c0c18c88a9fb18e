"""The main job end to end over HTTP: a pothole, two photos, an answer, a rating."""

import asyncio
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from backend.messages.devices import follow_case, register_device
from tests.journeys.walk import REASON, Walk, hold_true
from tests.province import AGENCY, PARTNER, Town, other_photos, sha256_of
from tests.worker.conftest import Workers, eventually


@pytest.fixture
def worker(town: Town) -> Iterator[Workers]:
    """A real worker process on the town's database."""
    workers = Workers(town.settings)
    workers.start()
    yield workers
    for process in list(workers.running):
        workers.stop(process)


async def test_a_report_goes_from_the_street_to_a_rating(town: Town, worker: Workers) -> None:
    photos, after = other_photos(2), other_photos(1)[0]
    report = await town.a_report(photos=photos, contact={"phone": "0905 123 456"})
    assert report.answer["agency"]["code"] == AGENCY
    assert report.answer["status"] == "received"
    walk = Walk(town, report)
    case = await walk.look("received", "submitted")
    assert [agency["code"] for agency in case["co_agencies"]] == [PARTNER]
    await followed(town, report.id)

    for photo in photos:
        sent = await town.send_photo(report, photo)
        assert (sent.status_code, sent.json()["state"]) == (200, "stored")
    await photos_ready(town, report.id, 2)
    again = await town.send_photo(report, photos[0])
    assert again.json() == {"sha256": sha256_of(photos[0]), "state": "ready"}
    assert (await town.ask("GET", photo_path(report.id, photos[0]))).status_code == 404

    case = await walk.move("accept", to="assigned")
    assert case["visibility"] == "public"
    shown = await town.ask("GET", photo_path(report.id, photos[0]))
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/webp")
    case = await walk.move("assign", to="assigned", officer=await account_id(town, "officer"))
    await walk.move("start", to="in_progress")

    before = case["promise"]["resolve_by"]
    case = await walk.move("ask", to="awaiting_citizen", public_note="Hố nằm bên nào của đường?")
    assert case["promise"]["paused_at"]
    mine = await walk.mine()
    assert mine["promise"]["pauses"][-1]["reason"] == "Hố nằm bên nào của đường?"
    case = await walk.act("messages", to="in_progress", text="Bên phải, trước cổng chợ.")
    assert case["promise"]["paused_at"] is None
    assert moment(case["promise"]["resolve_by"]) >= moment(before)

    refused = await town.move(report, "resolve", public_note="Đã vá ổ gà.")
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/evidence-needed")
    sent = await town.send_evidence(report, after)
    assert sent.status_code == 200, sent.text
    # the worker's timer asks the citizen at once: whoever looks now may see either of two stages
    case = await town.moved(
        report, "resolve", public_note="Đã vá ổ gà sáng nay.", photos=[sha256_of(after)]
    )
    assert case["status"] == "resolved"
    await eventually(lambda: has_status(town, report.id, "awaiting_confirmation"), what="timer")
    walk.version += 2
    await walk.look("awaiting_confirmation", "await_confirmation")
    await photos_ready(town, report.id, 3)
    seen = await town.see(f"/api/v1/reports/{report.code}")
    assert [len(seen["photos"][purpose]) for purpose in ("before", "after")] == [2, 1]
    assert "Đã vá ổ gà sáng nay." in str(seen["timeline"])
    assert "trước cổng chợ" not in str(seen)

    await walk.act("rating", to="closed", score=4, comment="Làm nhanh, cảm ơn.")
    seen = await town.see(f"/api/v1/reports/{report.code}")
    assert seen["rating"] == 4
    assert "Làm nhanh" not in str(seen)
    await eventually(lambda: is_told(town), what="notifications")
    await eventually(lambda: is_folded(town), what="figures folded")
    summary = await town.see("/api/v1/ioc/reports/summary", by="leader")
    assert (summary["received"], summary["resolved"], summary["on_time"]) == (1, 1, 1)


async def followed(town: Town, report_id: str) -> None:
    """A stranger's telephone follows the report, an officer's is registered."""
    database = town.database
    phone = await register_device(database, kind="token", value="a-telephone-of-a-follower")
    async with database.transaction() as connection:
        await follow_case(connection, "report", UUID(report_id), device_id=phone)
    officer = UUID(await account_id(town, "officer"))
    await register_device(
        database, kind="token", value="a-telephone-of-an-officer", account_id=officer
    )


async def is_told(town: Town) -> bool:
    """Whether the follower has been told of each announced public event, each once."""
    rows = await town.owner.fetch(
        """
        SELECT e.kind, count(*) AS times FROM notification n
        JOIN event e ON e.id = n.event_id JOIN device d ON d.id = n.device_id
        WHERE d.account_id IS NULL AND n.state = 'sent' GROUP BY e.kind
        """
    )
    assert all(row["times"] == 1 for row in rows)
    return {row["kind"] for row in rows} >= {"accept", "start", "ask", "resolve"}


async def is_folded(town: Town) -> bool:
    return not await town.owner.fetchval("SELECT count(*) FROM count_delta")


async def has_status(town: Town, report_id: str, status: str) -> bool:
    found = await town.owner.fetchval("SELECT status FROM report WHERE id = $1", report_id)
    return bool(found == status)


async def photos_ready(town: Town, report_id: str, count: int) -> None:
    async def ready() -> bool:
        found = await town.owner.fetchval(
            "SELECT count(*) FROM report_photo WHERE report_id = $1 AND state = 'ready'", report_id
        )
        return bool(found == count)

    await eventually(ready, seconds=40, what=f"{count} photos ready")


async def account_id(town: Town, username: str) -> str:
    return str(await town.owner.fetchval("SELECT id FROM account WHERE username = $1", username))


def photo_path(report_id: str, photo: bytes) -> str:
    return f"/api/v1/reports/{report_id}/photos/{sha256_of(photo)}/full.webp"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_twenty_presses_of_the_button_make_one_report(town: Town) -> None:
    key = "0b7c1f5e-3f5a-4a55-9d0e-0d9a3f0a4a11"

    async def press() -> Any:
        return (await town.a_report(key=key)).answer

    answers = await asyncio.gather(*(press() for _ in range(20)))
    assert all(answer == answers[0] for answer in answers)
    assert await town.owner.fetchval("SELECT count(*) FROM report") == 1
    other = await town.ask(
        "POST",
        "/api/v1/reports",
        headers={"Idempotency-Key": key},
        json={**REPORT, "text": "Một việc khác hẳn."},
    )
    assert (other.status_code, other.json()["type"]) == (422, "/problems/key-reused")
    assert await town.owner.fetchval("SELECT count(*) FROM report") == 1


REPORT = {
    "category": "giao-thong-o-ga",
    "text": REASON,
    "location": {"lon": 108.7923, "lat": 15.1205},
}


async def test_a_signed_in_citizen_needs_no_secret_and_no_other_citizen_gets_in(town: Town) -> None:
    report = await town.a_report(by="citizen")
    path = f"/api/v1/reports/{report.code}"
    assert (await town.see(f"{path}/mine", by="citizen"))["mine"]["text"]
    for by in ("citizen.other", "officer", "admin", None):
        assert (await town.ask("GET", f"{path}/mine", by=by)).status_code == 404
    edited = await town.ask("PATCH", path, by="citizen", json={"text": "Ổ gà trước cổng trường."})
    assert edited.status_code == 200
    # key and words together are the phone that sent them; the key alone tells nothing
    repeated = await town.client.post(
        "/api/v1/reports", headers={"Idempotency-Key": report.key}, json=report.body
    )
    assert repeated.json() == report.answer
    guessed = await town.client.post(
        "/api/v1/reports",
        headers={"Idempotency-Key": report.key},
        json={**report.body, "text": "Đoán mã chống gửi trùng của người khác."},
    )
    assert guessed.status_code == 422
    assert report.code not in guessed.text
    actors = await town.owner.fetch("SELECT actor_id FROM event WHERE case_id = $1", report.id)
    assert {str(row["actor_id"]) for row in actors} == {await account_id(town, "citizen")}
    await hold_true(town)
