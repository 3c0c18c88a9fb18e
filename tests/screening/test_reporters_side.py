"""What reporters may do with their photos, and what nobody gets to see unseen."""

import asyncio
from typing import Any

import pytest

from tests.factories import a_photo
from tests.journeys.walk import REASON
from tests.province import PLACE, Sent, Town, other_photos, sha256_of


@pytest.fixture
def town(module_town: Town) -> Town:
    return module_town


async def a_report_with_photo(town: Town) -> tuple[Sent, bytes]:
    (photo,) = other_photos(1)
    report = await town.a_report(photos=(photo,))
    await town.send_photo(report, photo)
    await town.develop(report, photo)
    return report, photo


async def shown(town: Town, report: Sent) -> set[str]:
    seen = await town.see(f"/api/v1/reports/{report.code}")
    return {photo["sha256"] for photo in seen["photos"]["before"]}


async def announce(town: Town, report: Sent, *photos: bytes) -> Any:
    body = {
        "photos": [
            {"sha256": sha256_of(photo), "bytes": len(photo), "content_type": "image/jpeg"}
            for photo in photos
        ]
    }
    return await town.ask(
        "POST", f"/api/v1/reports/{report.code}/photos", secret=report.secret, json=body
    )


async def test_reporters_see_their_own_photo_before_anybody_else(town: Town) -> None:
    report, photo = await a_report_with_photo(town)
    mine = await town.see(f"/api/v1/reports/{report.code}/mine", secret=report.secret)
    (own,) = mine["mine"]["photos"]
    assert own["small_url"].startswith(f"/api/v1/reports/{report.code}/mine/photos/")
    for url in (own["small_url"], own["full_url"]):
        seen = await town.ask("GET", url, secret=report.secret)
        assert (seen.status_code, seen.headers["content-type"]) == (200, "image/webp")
        assert seen.headers["cache-control"].startswith("private")
        assert (await town.ask("GET", url)).status_code == 404
    page = await town.ask(
        "GET",
        f"/theo-doi/{report.code}",
        headers={"Cookie": f"phan-anh-{report.code}={report.secret}", "Accept": "text/html"},
    )
    url = f"/theo-doi/{report.code}/anh/{sha256_of(photo)}/small.webp"
    assert url in page.text
    by_cookie = {"Cookie": f"phan-anh-{report.code}={report.secret}"}
    assert (await town.ask("GET", url, headers=by_cookie)).status_code == 200
    assert (await town.ask("GET", url)).status_code == 404


async def test_evidence_is_not_the_reporter_s_before_the_answer(town: Town) -> None:
    report, _ = await a_report_with_photo(town)
    await town.moved(report, "accept")
    await town.moved(report, "start")
    (after,) = other_photos(1)
    await town.send_evidence(report, after)
    await town.develop(report, after)
    url = f"/api/v1/reports/{report.code}/mine/photos/{sha256_of(after)}/small.webp"
    assert (await town.ask("GET", url, secret=report.secret)).status_code == 404
    await town.moved(report, "resolve", public_note="Đã vá.", photos=[sha256_of(after)])
    assert (await town.ask("GET", url, secret=report.secret)).status_code == 200


async def test_more_photos_are_announced_within_the_edit_window(town: Town) -> None:
    report = await town.a_report()
    first, second = other_photos(2)
    answer = await announce(town, report, first, second)
    assert answer.status_code == 200
    assert [photo["state"] for photo in answer.json()["photos"]] == ["expected", "expected"]
    assert (await announce(town, report, first)).json()["photos"][0]["state"] == "expected"
    sent = await town.ask(
        "PUT",
        answer.json()["photos"][0]["upload_url"],
        secret=report.secret,
        headers={"Content-Type": "image/jpeg"},
        content=first,
    )
    assert sent.json()["state"] == "stored"
    too_many = await announce(town, report, *other_photos(7))
    assert (too_many.status_code, too_many.json()["type"]) == (400, "/problems/too-many-photos")
    rows = await town.owner.fetchval(
        "SELECT count(*) FROM report_photo WHERE report_id = $1", report.id
    )
    assert rows == 2, "all of an announcement or none of it"
    await town.owner.execute(
        "UPDATE report SET created_at = created_at - interval '2 hours' WHERE id = $1", report.id
    )
    late = await announce(town, report, *other_photos(1))
    assert (late.status_code, late.json()["type"]) == (400, "/problems/photo-too-late")


async def test_a_refused_photo_may_be_sent_again_and_does_not_fill_the_report(town: Town) -> None:
    report, photo = await a_report_with_photo(town)
    await town.owner.execute(
        """
        UPDATE report_photo SET state = 'refused', refused_reason = 'too-costly'
        WHERE report_id = $1
        """,
        report.id,
    )
    again = await town.send_photo(report, photo)
    assert (again.status_code, again.json()["state"]) == (200, "stored")
    await town.develop(report, photo)
    mine = await town.see(f"/api/v1/reports/{report.code}/mine", secret=report.secret)
    (own,) = mine["mine"]["photos"]
    assert (own["state"], own["refused_reason"]) == ("ready", None)
    await town.owner.execute(
        "UPDATE report_photo SET state = 'refused' WHERE report_id = $1", report.id
    )
    assert (await announce(town, report, *other_photos(8))).status_code == 200


async def test_acceptance_publishes_only_the_photos_that_were_on_the_page(town: Town) -> None:
    report, seen = await a_report_with_photo(town)
    path = f"/api/v1/desk/reports/{report.id}"
    tag = (await town.ask("GET", path, by="officer")).headers["etag"]
    (late, later) = other_photos(2)
    await announce(town, report, late, later)
    await town.send_photo(report, late)
    await town.develop(report, late)
    accepted = await town.ask(
        "POST", f"{path}/moves", by="officer", headers={"If-Match": tag}, json={"move": "accept"}
    )
    assert accepted.status_code == 200, "a photo that came since is no reason to refuse the move"
    await town.send_photo(report, later)
    await town.develop(report, later)
    assert await shown(town, report) == {sha256_of(seen)}
    case = await town.see(path, by="officer")
    held = {photo["sha256"] for photo in case["photos"] if photo["is_held"]}
    assert held == {sha256_of(late), sha256_of(later)}
    page = await town.ask(
        "GET", f"/can-bo/phan-anh/{report.id}", by="officer", headers={"Accept": "text/html"}
    )
    assert page.text.count("Giữ lại, chưa công khai") == 2
    await town.moved(report, "publish", by="moderator")
    assert len(await shown(town, report)) == 3


async def test_a_page_without_photos_publishes_none(town: Town) -> None:
    (photo,) = other_photos(1)
    report = await town.a_report(photos=(photo,))
    path = f"/api/v1/desk/reports/{report.id}"
    tag = (await town.ask("GET", path, by="officer")).headers["etag"]
    await town.send_photo(report, photo)
    await town.develop(report, photo)
    await town.ask(
        "POST", f"{path}/moves", by="officer", headers={"If-Match": tag}, json={"move": "accept"}
    )
    assert await shown(town, report) == set()


@pytest.mark.parametrize(
    "tag", ['"1-x"', '"1-"', '"-5"', '"1-1-1"', '"99999999999"', "1-" + "9" * 18]
)
async def test_a_tag_that_is_none_is_malformed(town: Town, tag: str) -> None:
    report = await town.a_report()
    answer = await town.ask(
        "POST",
        f"/api/v1/desk/reports/{report.id}/moves",
        by="officer",
        headers={"If-Match": tag},
        json={"move": "accept"},
    )
    assert answer.status_code == 400, answer.text


async def test_old_evidence_does_not_answer_a_reopened_report(town: Town) -> None:
    report = await town.a_report()
    await town.moved(report, "accept")
    await town.moved(report, "start")
    after = a_photo(colour=(1, 2, 3))
    await town.send_evidence(report, after)
    await town.moved(report, "resolve", public_note="Đã vá.", photos=[sha256_of(after)])
    await town.owner.execute(
        "UPDATE report SET status = 'awaiting_confirmation' WHERE id = $1", report.id
    )
    await town.moved(report, "reopen", by="moderator", reason="Người dân báo hố vẫn còn.")
    again = await town.move(report, "resolve", public_note="Xong.", photos=[sha256_of(after)])
    assert (again.status_code, again.json()["errors"][0]["field"]) == (422, "photos")


async def test_an_edit_of_a_published_report_waits_for_review_again(town: Town) -> None:
    report = await town.a_report()
    await town.moved(report, "publish", by="moderator")
    assert (await town.see(f"/api/v1/reports/{report.code}"))["is_published"]
    edit = await town.ask(
        "PATCH",
        f"/api/v1/reports/{report.code}",
        secret=report.secret,
        json={"text": "Chữ khác hẳn, chưa ai xem."},
    )
    assert edit.status_code == 200
    seen = await town.see(f"/api/v1/reports/{report.code}")
    assert (seen["is_published"], seen["text"]) == (False, None)
    listed = await town.ask("GET", "/api/v1/reports", params={"q": "chưa ai xem"})
    assert listed.json()["items"] == []


async def test_two_opposite_merges_at_once_end_in_one_merge_and_one_refusal(town: Town) -> None:
    for _ in range(4):
        one, other = await town.a_report(), await town.a_report()
        answers = await asyncio.gather(
            *(
                town.move(a, "merge", by="moderator", version=1, into=b.id)
                for a, b in ((one, other), (other, one))
            )
        )
        assert sorted(answer.status_code for answer in answers) == [200, 422]


async def test_a_bad_parameter_is_called_by_its_public_name(town: Town) -> None:
    for path, by, name in (
        ("/api/v1/reports?from=gestern", None, "from"),
        ("/api/v1/reports?to=1", None, "to"),
        (f"/api/v1/reports?q={'a' * 101}", None, "q"),
        (f"/api/v1/reports/near?lon={PLACE[0]}&lat=abc", None, "lat"),
        (f"/api/v1/reports?after={'a' * 65}", None, "after"),
        (f"/api/v1/desk/reports?q={'a' * 101}", "officer", "q"),
        ("/api/v1/ioc/reports/summary?from=x&to=y", "leader", "from"),
    ):
        answer = await town.ask("GET", path, by=by)
        assert answer.status_code == 400, path
        assert name in [fault["field"] for fault in answer.json()["errors"]], answer.text


async def test_a_declined_merge_says_why(town: Town) -> None:
    report = await town.a_report()
    itself = await town.move(report, "merge", by="moderator", into=report.id)
    assert (itself.status_code, itself.json()["errors"][0]["field"]) == (422, "report")
    other = await town.a_report()
    await town.moved(report, "merge", by="moderator", into=other.id)
    await town.moved(report, "unmerge", by="moderator", reason=REASON)
