"""Every way a report can leave the straight road, over HTTP, with all that must agree checked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from tests.journeys.walk import REASON, Walk, hold_true, version_of
from tests.province import (
    AGENCY,
    OTHER,
    PARTNER,
    RESTRICTED,
    Sent,
    Town,
    other_photos,
    sha256_of,
)


@pytest.fixture
def town(module_town: Town) -> Town:
    return module_town


async def begun(town: Town, **changes: Any) -> Walk:
    """A report that its agency has accepted and begun to work on."""
    walk = Walk(town, await town.a_report(**changes))
    await walk.move("accept", to="assigned")
    await walk.move("start", to="in_progress")
    return walk


@asynccontextmanager
async def begun_earlier(town: Town, report: Sent, by: timedelta) -> AsyncIterator[None]:
    """As if the report had been sent before; put back at the end, since figures count its day."""
    change = "UPDATE report SET created_at = created_at + $2 WHERE id = $1"
    await town.owner.execute(change, report.id, -by)
    yield
    await town.owner.execute(change, report.id, by)


async def answered(town: Town) -> Walk:
    """A report that waits for its reporter to confirm the result."""
    walk = await begun(town)
    await walk.move("resolve", to="resolved", public_note="Đã xong.", reason=REASON)
    await walk.let_time_work(to="awaiting_confirmation", kind="await_confirmation")
    return walk


async def test_a_declined_report_may_be_asked_for_again(town: Town) -> None:
    walk = Walk(town, await town.a_report())
    short = await town.move(walk.report, "decline", by="key", reason="Không.")
    assert (short.status_code, short.json()["errors"][0]["field"]) == (422, "reason")
    assert (await town.move(walk.report, "decline", reason=REASON)).status_code == 403
    await walk.move("decline", by="key", to="declined", reason=REASON)
    assert REASON in str((await walk.mine())["timeline"])
    case = await walk.act("reopen", to="received", reason="Hố vẫn còn nguyên ở đó.")
    assert case["reopened"] == 1


async def test_an_accepted_and_then_declined_report_leaves_the_public_list(town: Town) -> None:
    walk = await begun(town, text="Một việc đã nhận rồi lại từ chối.")
    await walk.move("decline", by="key", to="declined", reason=REASON)
    seen = await town.see(f"/api/v1/reports/{walk.report.code}")
    assert (seen["status"], seen["is_published"], seen["text"]) == ("declined", False, None)
    assert "lại từ chối" not in (await town.ask("GET", "/ban-do")).text


async def test_a_redirected_report_ends_and_is_never_public(town: Town) -> None:
    walk = await begun(town)
    await walk.move("redirect", by="key", to="redirected", reason=REASON)
    assert (await town.see(f"/api/v1/reports/{walk.report.code}"))["text"] is None
    refused = await town.move(walk.report, "publish", by="moderator")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/illegal-move")


async def test_a_hand_over_moves_sight_and_keeps_the_promise(town: Town) -> None:
    walk = await begun(town)
    resolve_by = (await walk.mine())["promise"]["resolve_by"]
    assert (await town.move(walk.report, "accept", by="officer.other")).status_code == 404
    case = await walk.move("transfer", to="received", agency=OTHER, reason=REASON)
    assert case["agency"]["code"] == OTHER
    assert case["officer"] is None
    assert (await walk.mine())["promise"]["resolve_by"] == resolve_by
    path = f"/api/v1/desk/reports/{walk.report.id}"
    assert (await town.ask("GET", path, by="officer")).status_code == 404
    await walk.move("accept", by="officer.other", to="assigned")
    case = await walk.move(
        "transfer", by="officer.other", to="received", agency=AGENCY, reason=REASON
    )
    assert case["agency"]["code"] == AGENCY
    assert (await town.ask("GET", path, by="officer")).status_code == 200


async def test_a_partner_sees_a_case_and_moves_nothing(town: Town) -> None:
    walk = await begun(town)
    case = await town.see(f"/api/v1/desk/reports/{walk.report.id}", by="key.partner")
    assert case["moves"] == []
    for move in ("ask", "resolve", "decline", "hide", "transfer"):
        answer = await town.move(
            walk.report, move, by="key.partner", reason=REASON, public_note="x", agency=PARTNER
        )
        assert answer.status_code == 403, move
    photo = other_photos(1)[0]
    sent = await town.send_evidence(walk.report, photo, by="officer.partner")
    assert sent.status_code == 403
    assert (
        await town.owner.fetchval(
            "SELECT count(*) FROM report_photo WHERE report_id = $1", walk.report.id
        )
        == 0
    )


async def test_escalating_hands_the_case_up(town: Town) -> None:
    walk = await begun(town)
    case = await walk.move("escalate", to="received", agency="ubnd-tinh", reason=REASON)
    assert (case["agency"]["code"], case["escalations"]) == ("ubnd-tinh", 1)


async def test_a_deadline_is_extended_once_and_only_by_a_key_holder(town: Town) -> None:
    walk = await begun(town)
    before = (await walk.mine())["promise"]["resolve_by"]
    answer = await town.move(walk.report, "extend", reason=REASON, duration="2wd")
    assert answer.status_code == 403
    case = await walk.move("extend", by="key", to="in_progress", reason=REASON, duration="2wd")
    assert case["promise"]["resolve_by"] > before
    for duration in ("2wd", "90wd", "-1wd", "nonsense", "1e9wd", ""):
        answer = await town.move(walk.report, "extend", by="key", reason=REASON, duration=duration)
        assert answer.status_code == 422, (duration, answer.text)
    assert await version_of(town, walk.report) == walk.version


async def test_a_report_is_reopened_twice_at_most(town: Town) -> None:
    walk = await answered(town)
    unhappy = await walk.act("rating", to="awaiting_confirmation", score=1, comment="Chưa xong.")
    assert unhappy["rating"] == 1
    for number in (1, 2):
        case = await walk.act("reopen", to="in_progress", reason="Hố vẫn còn nguyên ở đó.")
        assert (case["reopened"], case["rating"], case["resolved_at"]) == (number, None, None)
        await walk.move("resolve", to="resolved", public_note="Đã xong.", reason=REASON)
        await walk.let_time_work(to="awaiting_confirmation", kind="await_confirmation")
    third = await town.ask(
        "POST",
        f"/api/v1/reports/{walk.report.code}/reopen",
        secret=walk.report.secret,
        json={"reason": "Hố vẫn còn nguyên ở đó."},
    )
    assert (third.status_code, third.json()["type"]) == (422, "/problems/too-many-reopenings")
    await walk.move("close", by="key", to="closed")


async def test_a_withdrawn_report_disappears_and_nothing_more_happens_to_it(town: Town) -> None:
    walk = await begun(town)
    await walk.act("withdraw", to="withdrawn")
    assert (await town.see(f"/api/v1/reports/{walk.report.code}"))["text"] is None
    for move in ("start", "resolve", "ask", "publish"):
        answer = await town.move(walk.report, move, by="key", reason=REASON, public_note="x")
        assert answer.status_code in (403, 409), move
    assert await version_of(town, walk.report) == walk.version


async def test_a_duplicate_is_merged_and_separated_again(town: Town) -> None:
    first, twice = await begun(town), await begun(town)
    wrong = await town.move(twice.report, "merge", by="key", into=twice.report.id)
    assert wrong.status_code == 422
    case = await twice.move("merge", by="key", to="merged", into=first.report.id)
    assert case["merged_into"] == first.report.id
    main = await town.see(f"/api/v1/desk/reports/{first.report.id}", by="admin")
    assert main["supporters"] == 1
    chain = await town.move(first.report, "merge", by="key", into=twice.report.id)
    assert chain.status_code == 422
    case = await twice.move("unmerge", by="key", to="in_progress")
    assert case["merged_into"] is None
    main = await town.see(f"/api/v1/desk/reports/{first.report.id}", by="admin")
    assert main["supporters"] == 0


async def test_hiding_takes_a_report_from_every_public_place_and_publishing_brings_it_back(
    town: Town,
) -> None:
    walk = await begun(town)
    code = walk.report.code
    await walk.move("hide", by="moderator", to="in_progress", reason=REASON)
    for path in (f"/api/v1/reports/{code}", f"/theo-doi/{code}"):
        assert (await town.ask("GET", path)).status_code == 404
    supported = await town.ask("POST", f"/api/v1/reports/{code}/support")
    assert supported.status_code == 404
    assert (await walk.mine())["mine"]["text"] == walk.report.body["text"]
    await walk.move("publish", by="moderator", to="in_progress")
    assert (await town.see(f"/api/v1/reports/{code}"))["is_published"]


async def test_a_restricted_report_is_seen_by_those_who_may_and_published_by_nobody(
    town: Town,
) -> None:
    walk = Walk(town, await town.a_report(category=RESTRICTED))
    path = f"/api/v1/desk/reports/{walk.report.id}"
    for by in ("constable", "moderator", "leader", "admin", "officer"):
        assert (await town.ask("GET", path, by=by)).status_code == 404, by
    for by in ("officer.police", "moderator.cleared"):
        assert (await town.ask("GET", path, by=by)).status_code == 200, by
    accepted = await town.moved(walk.report, "accept", by="officer.police")
    assert accepted["status"] == "assigned"
    refused = await town.move(walk.report, "publish", by="moderator.cleared")
    assert refused.status_code == 409
    assert (await town.ask("GET", f"/api/v1/reports/{walk.report.code}")).status_code == 404
    assert (await walk.mine())["mine"]["text"] == walk.report.body["text"]
    await hold_true(town)


async def test_words_are_corrected_within_the_window_and_looked_at_again(town: Town) -> None:
    report = await town.a_report()
    walk = Walk(town, report)

    async def edit(**words: Any) -> Any:
        path = f"/api/v1/reports/{report.code}"
        return await town.ask("PATCH", path, secret=report.secret, json=words)

    assert (await edit(text="Ổ gà ở ngay cổng trường.")).status_code == 200
    walk.version += 1
    case = await walk.look("received", "edit")
    assert case["text"] == "Ổ gà ở ngay cổng trường."
    await hold_true(town)
    for nothing in (" ", "\u200b", "\n\n"):
        answer = await edit(text=nothing)
        assert answer.status_code == 422, repr(nothing)
    async with begun_earlier(town, report, timedelta(minutes=31)):
        late = await edit(text="Quá muộn rồi.")
    assert (late.status_code, late.json()["type"]) == (409, "/problems/edit-over")
    await walk.move("accept", to="assigned")
    accepted = await edit(text="Quá muộn rồi.")
    assert accepted.status_code == 409


async def test_an_unrouted_report_is_found_an_agency_by_the_moderators(town: Town) -> None:
    await town.owner.execute("UPDATE agency SET is_active = false WHERE code = $1", AGENCY)
    try:
        walk = Walk(town, await town.a_report(text="Không ai nhận việc này."))
    finally:
        await town.owner.execute("UPDATE agency SET is_active = true WHERE code = $1", AGENCY)
    assert walk.report.answer["agency"] is None
    assert walk.report.answer["status"] == "classifying"
    assert walk.report.answer["promises"]["resolve_by"] is None
    case = await walk.move("transfer", by="moderator", to="received", agency=PARTNER, reason=REASON)
    assert case["promise"]["resolve_by"]


async def test_an_after_photo_belongs_to_open_work_only(town: Town) -> None:
    walk = await answered(town)
    photo = other_photos(1)[0]
    sent = await town.send_evidence(walk.report, photo)
    assert sent.status_code == 409, sent.text
    stranger = await town.send_evidence(walk.report, photo, by="leader")
    assert stranger.status_code == 403
    foreign = await town.send_evidence(walk.report, photo, by="officer.other")
    assert foreign.status_code == 404
    assert sha256_of(photo) not in str(await walk.mine())


async def test_only_the_leading_agency_and_intake_see_who_reported(town: Town) -> None:
    report = await town.a_report(contact={"name": "Nguyễn Thị Thử", "phone": "0912345678"})
    path = f"/api/v1/desk/reports/{report.id}"
    for by in ("officer", "key", "moderator"):
        assert (await town.see(path, by=by))["contact"]["name"] == "Nguyễn Thị Thử"
    for by in ("key.partner", "leader", "admin"):
        case = await town.see(path, by=by)
        assert (case["contact"], case["has_contact"]) == (None, True)
        assert "Thị Thử" not in str(case)
