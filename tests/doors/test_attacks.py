"""Attacks that once worked: unseen photos, buried reports, requests that break a process."""

import time
from typing import Any

import httpx
import pytest

from backend.audit.verify import verify
from backend.web.clients import read_networks
from backend.web.state import parts_of
from tests.journeys.walk import REASON, Walk
from tests.province import PLACE, Town, a_submission, other_photos, sha256_of

NFC_GROWS = "\u0344"  # one letter that NFC writes as two
BOUNDARY = "ranh-gioi"


@pytest.fixture
def town(module_town: Town) -> Town:
    return module_town


async def photos_of(town: Town, code: str) -> set[str]:
    seen = await town.see(f"/api/v1/reports/{code}")
    return {photo["sha256"] for photo in seen["photos"]["before"]}


async def test_photos_that_come_after_publication_wait_until_somebody_has_looked(
    town: Town,
) -> None:
    early, late, undeclared = other_photos(3)
    report = await town.a_report(photos=(early, late))
    assert (await town.send_photo(report, early)).status_code == 200
    await town.develop(report, early)
    await town.moved(report, "accept")
    for photo in (late, undeclared):
        assert (await town.send_photo(report, photo)).status_code == 200
        await town.develop(report, photo)
    assert await photos_of(town, report.code) == {sha256_of(early)}
    path = f"/api/v1/reports/{report.id}/photos/{sha256_of(late)}/full.webp"
    assert (await town.ask("GET", path)).status_code == 404
    desk = path.replace("/reports/", "/desk/reports/")
    assert (await town.ask("GET", desk, by="officer")).status_code == 200
    await town.moved(report, "publish", by="moderator")
    assert await photos_of(town, report.code) == {
        sha256_of(photo) for photo in (early, late, undeclared)
    }


async def test_photos_of_the_result_are_shown_by_the_answer_that_names_them(town: Town) -> None:
    named, unnamed = other_photos(2)
    report = await town.a_report()
    await town.moved(report, "accept")
    await town.moved(report, "start")
    for photo in (named, unnamed):
        assert (await town.send_evidence(report, photo)).status_code == 200
        await town.develop(report, photo)
    path = f"/api/v1/reports/{report.code}"
    full = f"/api/v1/reports/{report.id}/photos/{sha256_of(named)}/full.webp"
    assert (await town.see(path))["photos"]["after"] == []
    assert (await town.ask("GET", full)).status_code == 404
    await town.moved(report, "resolve", public_note="Đã xong.", photos=[sha256_of(named)])
    seen = await town.see(path)
    assert [found["sha256"] for found in seen["photos"]["after"]] == [sha256_of(named)]
    assert (await town.ask("GET", full)).status_code == 200


async def test_why_a_citizen_asks_again_is_for_the_agency_alone(town: Town) -> None:
    reason = "Bà Trần Thị B ở số 12 nhận tiền rồi bỏ đi."
    (photo,) = other_photos(1)
    walk = Walk(town, await town.a_report())
    await walk.move("accept", to="assigned")
    await walk.move("start", to="in_progress")
    assert (await town.send_evidence(walk.report, photo)).status_code == 200
    await walk.move("resolve", to="resolved", public_note="Đã xong.")
    await walk.let_time_work(to="awaiting_confirmation", kind="await_confirmation")
    await walk.act("reopen", to="in_progress", reason=reason)
    shown = await town.ask("GET", f"/api/v1/reports/{walk.report.code}")
    page = await town.ask("GET", f"/theo-doi/{walk.report.code}", headers={"Accept": "text/html"})
    assert reason not in shown.text + page.text
    history = f"/api/v1/desk/reports/{walk.report.id}/history"
    assert reason in (await town.ask("GET", history, by="officer")).text
    mine = f"/api/v1/reports/{walk.report.code}/mine"
    own = {"X-Tracking-Secret": walk.report.secret}
    assert reason in (await town.ask("GET", mine, headers=own)).text


async def test_what_was_declined_is_shown_again_only_once_it_is_accepted(town: Town) -> None:
    report = await town.a_report()
    await town.moved(report, "accept")
    await town.moved(report, "decline", by="key", reason=REASON)
    answer = await town.ask(
        "POST",
        f"/api/v1/reports/{report.code}/reopen",
        json={"reason": "Hố vẫn còn nguyên ở đó."},
        headers={"X-Tracking-Secret": report.secret},
    )
    assert answer.status_code in (200, 201)
    assert not (await town.see(f"/api/v1/reports/{report.code}"))["is_published"]


async def test_old_evidence_does_not_answer_for_work_asked_for_again(town: Town) -> None:
    old, new = other_photos(2)
    walk = Walk(town, await town.a_report())
    await walk.move("accept", to="assigned")
    await walk.move("start", to="in_progress")
    assert (await town.send_evidence(walk.report, old)).status_code == 200
    await walk.move("resolve", to="resolved", public_note="Đã xong.")
    await walk.let_time_work(to="awaiting_confirmation", kind="await_confirmation")
    await walk.act("reopen", to="in_progress", reason="Hố vẫn còn nguyên ở đó.")
    refused = await town.move(walk.report, "resolve", public_note="Đã xong.")
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/evidence-needed")
    assert (await town.send_evidence(walk.report, new)).status_code == 200
    await walk.move("resolve", to="resolved", public_note="Đã xong.")


@pytest.mark.parametrize("ended", ["withdrawn", "declined"])
async def test_nothing_is_merged_into_what_nobody_will_answer(town: Town, ended: str) -> None:
    main, other = await town.a_report(), await town.a_report()
    if ended == "withdrawn":
        path = f"/api/v1/reports/{main.code}/withdraw"
        assert (await town.ask("POST", path, secret=main.secret, json={})).status_code == 200
    else:
        await town.moved(main, "decline", by="key", reason=REASON)
    refused = await town.move(other, "merge", by="key", into=main.id)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "report")


async def test_the_log_says_what_a_report_was_merged_into(town: Town) -> None:
    main, other = await town.a_report(), await town.a_report()
    await town.moved(other, "merge", by="key", into=main.id)
    await town.moved(other, "unmerge", by="key")
    told = await town.owner.fetch(
        "SELECT body ->> 'other_report' AS main FROM event WHERE case_id = $1"
        " AND kind IN ('merge', 'unmerge') ORDER BY seq",
        other.id,
    )
    assert [row["main"] for row in told] == [main.id, main.id]


@pytest.mark.parametrize(
    ("forgery", "table"),
    [
        ("UPDATE report SET status = 'withdrawn' WHERE id = $1", "report"),
        ("UPDATE report SET agency_code = 'so-y-te' WHERE id = $1", "report"),
        ("UPDATE report SET resolve_by = resolve_by + interval '9 days' WHERE id = $1", "report"),
        ("UPDATE report SET is_overdue = NOT is_overdue WHERE id = $1", "report"),
        ("UPDATE note SET is_public = true WHERE case_id = $1 AND kind = 'internal'", "note"),
    ],
)
async def test_a_state_that_no_event_tells_of_is_found_by_the_audit(
    town: Town, forgery: str, table: str
) -> None:
    report = await town.a_report()
    await town.moved(report, "accept", internal_note="Chỉ trong nội bộ.")
    transaction = town.owner.transaction(isolation="repeatable_read")
    await transaction.start()
    try:
        assert (await verify(town.owner)).broken is None
        await town.owner.execute(forgery, report.id)
        broken = (await verify(town.owner)).broken
    finally:
        await transaction.rollback()
    assert broken is not None
    assert (broken.table, report.id in broken.row) == (table, True)


@pytest.mark.parametrize(
    "changes",
    [
        {"happened_at": "0001-01-01T00:00:00+14:00"},
        {"happened_at": "9999-12-31T23:59:59-14:00"},
        {"happened_at": "0001-01-01T00:00:00Z"},
        {"photos": [{"sha256": "a" * 64 + "\n", "bytes": 1, "content_type": "image/png"}]},
        {"address": NFC_GROWS * 300},
        {"text": NFC_GROWS * 4000},
        {"text": "\U0001d160" * 4000},
    ],
)
async def test_extreme_values_are_refused_with_the_field_named(
    town: Town, changes: dict[str, Any]
) -> None:
    key = {"Idempotency-Key": "0192f2f0-0000-7000-8000-00000000000a"}
    body = {**a_submission(), **changes}
    answer = await town.ask("POST", "/api/v1/reports", headers=key, json=body)
    assert answer.status_code in (400, 422), answer.text
    assert answer.json()["errors"][0]["field"].startswith(next(iter(changes)))


@pytest.mark.parametrize("changes", [{"text": NFC_GROWS * 4000}, {"address": NFC_GROWS * 300}])
async def test_words_that_grow_are_refused_when_corrected(
    town: Town, changes: dict[str, Any]
) -> None:
    report = await town.a_report()
    answer = await town.ask(
        "PATCH", f"/api/v1/reports/{report.code}", secret=report.secret, json=changes
    )
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/reports?from=0001-01-01", 200),
        ("/api/v1/reports?to=9999-12-31", 200),
        ("/api/v1/desk/routing/explain?{}&at=0001-01-01T00:00:00%2B14:00", 400),
        ("/api/v1/desk/routing/explain?{}&at=9999-12-31T23:59:59Z", 400),
    ],
)
async def test_the_ends_of_time_break_nothing(town: Town, path: str, status: int) -> None:
    where = f"category=giao-thong-o-ga&lon={PLACE[0]}&lat={PLACE[1]}"
    answer = await town.ask("GET", path.format(where), by="officer")
    assert answer.status_code == status, answer.text


def part(name: str, content: bytes, *, more: str = "") -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def a_form(*parts: bytes) -> dict[str, Any]:
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    content = b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
    return {"content": content, "headers": {"Content-Type": kind}}


async def refused(town: Town, path: str, **form: Any) -> bool:
    """Whether a form is refused as too large; the server hangs up before it has read it all."""
    try:
        answer = await town.client.post(path, **form)
    except (httpx.ReadError, httpx.WriteError):
        return True
    return answer.status_code == 413 and len(answer.content) < 50_000


@pytest.mark.parametrize("path", ["/", "/theo-doi/QNG-7K3M-2F9A"])
async def test_a_form_with_endless_words_is_refused_before_it_fills_the_memory(
    town: Town, path: str
) -> None:
    assert await refused(town, path, **a_form(part("text", b"a" * 3_000_000)))
    urlencoded = {"Content-Type": "application/x-www-form-urlencoded"}
    assert await refused(town, path, content=b"text=" + b"a" * 3_000_000, headers=urlencoded)


async def test_a_form_of_a_thousand_parts_is_refused(town: Town) -> None:
    assert await refused(town, "/", **a_form(*[part("x", b"1") for _ in range(1000)]))


@pytest.mark.parametrize(
    "content", [b"", b"--", b"no form at all", part("text", b"never ends"), part("text", b"\xff")]
)
async def test_a_broken_form_is_malformed(town: Town, content: bytes) -> None:
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    answer = await town.client.post("/", content=content, headers=kind)
    assert answer.status_code in (400, 422)


async def test_words_and_photos_of_a_form_arrive_whole(town: Town) -> None:
    (photo,) = other_photos(1)
    named = '; filename="ảnh 1.jpg"\r\nContent-Type: image/jpeg'
    answer = await town.client.post(
        "/",
        **a_form(
            part("category", b"giao-thong-o-ga"),
            part("text", "Ổ gà giữa đường, rất sâu.".encode()),
            part("lon", str(PLACE[0]).encode()),
            part("lat", str(PLACE[1]).encode()),
            part("photos", photo, more=named),
        ),
    )
    assert answer.status_code == 303, answer.text
    stored = await town.owner.fetchval(
        "SELECT state FROM report_photo WHERE sha256 = $1", sha256_of(photo)
    )
    assert stored in ("stored", "ready")


async def test_no_codec_that_a_sender_names_reads_the_words_of_a_form(town: Town) -> None:
    words = b"-" + b"b" * 240_000  # seconds of work for punycode
    body = (
        b'--x\r\nContent-Disposition: form-data; name="code"\r\n'
        b"Content-Type: text/plain; charset=punycode\r\n\r\n" + words + b"\r\n--x--\r\n"
    )
    started = time.process_time()
    answer = await town.ask(
        "POST",
        "/open311/v2/requests.json",
        content=body,
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )
    assert answer.status_code in (400, 403)
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize("days", ["from=0001-01-01", "to=9999-12-31"])
async def test_the_ends_of_the_calendar_are_days_like_others(town: Town, days: str) -> None:
    answer = await town.ask("GET", f"/api/v1/tiles/reports/8/205/116.pbf?{days}")
    assert answer.status_code in (200, 204)


async def test_an_accusation_in_the_address_is_screened_like_one_in_the_text(town: Town) -> None:
    report = await town.a_report(
        address="Tôi tố cáo ông Nguyễn Văn A, chủ tịch phường, nhận hối lộ"
    )
    assert report.answer["status"] == "classifying"


async def test_one_subscriber_of_ipv6_is_one_supporter(town: Town) -> None:
    report = await town.a_report()
    await town.moved(report, "accept")
    parts = parts_of(town.app.state)
    kept, parts.trusted = parts.trusted, read_networks(("127.0.0.1",))
    try:
        for ending in ("1", "2", "ffff"):
            answer = await town.ask(
                "POST",
                f"/api/v1/reports/{report.code}/support",
                headers={"X-Forwarded-For": f"2001:db8:1:2::{ending}"},
            )
            assert answer.status_code in (200, 201)
    finally:
        parts.trusted = kept
    assert (await town.see(f"/api/v1/reports/{report.code}"))["supporters"] == 1
