"""Pictures that have broken other systems, and bytes that are no pictures."""

import secrets
from typing import Any

import pytest

from tests.doors.hostile import check_clear
from tests.factories import a_photo
from tests.province import Sent, Town, other_photos, sha256_of
from tests.shared_data import shared


@pytest.fixture
def town(module_town: Town) -> Town:
    return module_town


async def test_hostile_pictures_are_taken_in_or_refused_and_never_break_anything(
    town: Town,
) -> None:
    folder = shared("images")
    files = sorted(path for path in folder.rglob("*") if path.suffix != ".md" and path.is_file())
    for path in files[::4]:
        await one_picture(town, path.name, path.read_bytes())


@pytest.mark.nightly
@pytest.mark.timeout(900)
async def test_every_gathered_picture_is_developed_or_refused(town: Town) -> None:
    folder = shared("images")
    for path in sorted(p for p in folder.rglob("*") if p.suffix != ".md" and p.is_file()):
        await one_picture(town, path.name, path.read_bytes(), develop=True)


async def one_picture(town: Town, name: str, content: bytes, *, develop: bool = False) -> None:
    report = await town.a_report()
    answer = await town.send_photo(report, content)
    check_clear(answer)
    assert answer.status_code in (200, 413, 415, 422), (name, answer.text)
    if answer.status_code == 200 and develop:
        await town.develop(report, content)
        state = await town.owner.fetchval(
            "SELECT state FROM report_photo WHERE report_id = $1", report.id
        )
        assert state in ("ready", "refused"), name


async def test_a_photo_that_is_not_what_was_announced_is_refused(town: Town) -> None:
    photo = a_photo()
    report = await town.a_report(photos=(photo,))
    base = f"/api/v1/reports/{report.id}/photos"

    async def put(name: str, content: bytes, kind: str = "image/jpeg", **how: Any) -> int:
        answer = await town.ask(
            "PUT",
            f"{base}/{name}",
            secret=how.get("secret", report.secret),
            headers={"Content-Type": kind},
            content=content,
        )
        check_clear(answer)
        return answer.status_code

    name = sha256_of(photo)
    assert await put(name, photo[:-1]) == 422
    assert await put(name, b"") == 415
    assert await put(name, b"<svg xmlns='http://www.w3.org/2000/svg'/>" * 9) == 415
    assert await put(name, photo, "text/html") == 415
    assert await put(name.upper(), photo) in (400, 404)
    assert await put("..%2F..%2Fetc%2Fpasswd", photo) in (400, 404)
    assert await put("0" * 63, photo) in (400, 404)
    assert await put(name, photo, secret="A" * 26) == 404
    assert await put(name, photo, secret="A" * 5000) == 404
    state = await town.owner.fetchval(
        "SELECT state FROM report_photo WHERE report_id = $1", report.id
    )
    assert state == "expected"
    assert await put(name, photo) == 200


async def test_photos_of_one_report_are_nobody_elses(town: Town) -> None:
    mine, photo = await town.a_report(photos=(other := other_photos(1))), other[0]
    theirs = await town.a_report()
    await town.send_photo(mine, photo)
    wrong = Sent(answer={**mine.answer, "tracking_secret": theirs.secret}, body={}, key="")
    assert (await town.send_photo(wrong, photo)).status_code == 404
    junk = secrets.token_bytes(64)
    assert (await town.send_photo(theirs, junk)).status_code == 415
