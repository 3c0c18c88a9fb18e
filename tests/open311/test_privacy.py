"""What strangers may not read does not come out of any answer of Open311."""

from typing import Any, Final

import pytest

from tests.journeys.walk import REASON
from tests.open311.asking import V2, id_of, sent
from tests.province import PLACE, POTHOLE, SENSITIVE, Sent, Town

WORD: Final = "canaryopenzq"
# digits enough to know it by, in the middle of no commune
SPOT: Final = (108.78641973, 15.11864209)
HOUSE: Final = (108.78531864, 15.11735319)
MARKS: Final = (WORD, "108.7864", "15.1186", "Canarynamezq", "+84912345678", "canary@example.org")


@pytest.fixture
def town(module_town: Town) -> Town:
    return module_town


async def a_canary(town: Town, api_key: str, state: str) -> str:
    """A report of a program's user, brought into a state that strangers may not read."""
    code = await sent(
        town,
        api_key,
        description=f"{WORD} {state}",
        long=str(SPOT[0]),
        lat=str(SPOT[1]),
        address_string=f"{WORD} address",
        first_name="Canarynamezq",
        phone="0912345678",
        email="canary@example.org",
        media_url=f"https://example.org/{WORD}.jpg",
        **{"attribute[ghi-chu]": f"{WORD} answer"},
    )
    report = Sent(answer={"id": await id_of(town, code), "code": code}, body={}, key="")
    if state != "pending":
        await town.moved(report, "accept", internal_note=f"{WORD} note")
    if state == "hidden":
        await town.moved(report, "hide", by="moderator", reason=f"{WORD} {REASON}")
    elif state == "declined":
        await town.moved(report, "decline", by="key", reason=f"{WORD} {REASON}")
    elif state == "withdrawn":
        await town.owner.execute("UPDATE report SET status = 'withdrawn' WHERE code = $1", code)
    elif state == "merged":
        other = await town.a_report()
        await town.moved(report, "merge", by="key", into=other.id)
    elif state == "restricted":
        await town.owner.execute("UPDATE report SET is_restricted = true WHERE code = $1", code)
    return code


def questions(code: str) -> list[str]:
    box = f"{SPOT[0] - 1e-3},{SPOT[1] - 1e-3},{SPOT[0] + 1e-3},{SPOT[1] + 1e-3}"
    lists = [
        "page_size=500",
        "status=open",
        "status=closed",
        f"service_code={POTHOLE}",
        f"service_code={POTHOLE}&status=closed",
        f"bbox={box}",
        f"lat={SPOT[1]}&long={SPOT[0]}&radius=500",
        "updated_after=2026-01-01&updated_before=2026-03-01",
        "extensions=true",
    ]
    return [
        f"{path}.{form}{query}"
        for form in ("json", "xml")
        for path, query in [
            *((f"{V2}/requests", f"?{query}") for query in lists),
            (f"{V2}/requests", f"?service_request_id={code}&extensions=true"),
            (f"{V2}/requests/{code}", "?extensions=true"),
            (f"{V2}/tokens/{code}", ""),
        ]
    ]


@pytest.mark.parametrize(
    "state", ["pending", "hidden", "declined", "withdrawn", "merged", "restricted"]
)
async def test_nothing_of_an_unpublished_report_comes_out(
    town: Town, api_key: str, state: str
) -> None:
    code = await a_canary(town, api_key, state)
    for path in questions(code):
        answer = await town.ask("GET", path)
        assert answer.status_code in (200, 404), path
        leaks = [mark for mark in MARKS if mark in answer.text]
        assert not leaks, (path, leaks)
        if f"/{code}" not in path and "service_request_id" not in path:
            assert code not in answer.text, path
    (found,) = [(await town.ask("GET", f"{V2}/requests/{code}.json")).status_code]
    # stage and promise may be followed by the code, as in the app; these two not even that
    assert found == (404 if state in ("hidden", "restricted") else 200)
    if found == 200:
        (followed,) = await town.see(f"{V2}/requests/{code}.json")
        hidden = ("description", "address", "address_id", "lat", "long", "media_url")
        assert [followed[name] for name in hidden] == [None] * len(hidden)


async def test_a_published_report_shows_no_contact_no_answer_and_no_address_of_media(
    town: Town, api_key: str
) -> None:
    code = await a_canary(town, api_key, "public")
    shown = (await town.see(f"{V2}/requests/{code}.json"))[0]
    assert shown["description"] == f"{WORD} public"
    for path in questions(code):
        said = (await town.ask("GET", path)).text
        for mark in (*MARKS[3:], f"{WORD} answer", f"{WORD} note", f"{WORD}.jpg"):
            assert mark not in said, path


async def test_a_sensitive_report_is_shown_at_the_middle_of_its_commune(
    town: Town, api_key: str
) -> None:
    seen: list[dict[str, Any]] = []
    for place in (HOUSE, PLACE):
        code = await sent(
            town,
            api_key,
            service_code=SENSITIVE,
            long=str(place[0]),
            lat=str(place[1]),
            address_string=f"{WORD} house",
        )
        report = Sent(answer={"id": await id_of(town, code)}, body={}, key="")
        await town.moved(report, "accept", by="officer.police")
        for path in questions(code):
            answer = await town.ask("GET", path)
            assert f"{WORD} house" not in answer.text, path
            if place is SPOT:
                assert "108.7864" not in answer.text, path
        (item,) = await town.see(f"{V2}/requests/{code}.json")
        near = await town.see(f"{V2}/requests.json?lat={place[1]}&long={place[0]}&radius=50")
        assert code not in {one["service_request_id"] for one in near}
        seen.append(item)
    assert [(one["lat"], one["long"], one["address"]) for one in seen] == [
        (seen[0]["lat"], seen[0]["long"], seen[0]["address"])
    ] * 2
