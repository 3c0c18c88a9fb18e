"""Lists: filters, spans of time, places, pages and cursors."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import pytest

from backend.clock import now
from tests.open311.asking import V2, errors_of, tree
from tests.province import PLACE, POTHOLE, Town

OTHER_CATEGORY: Final = "giao-thong-bien-bao"
# Far from where other tests of this module report.
CORNER: Final = (108.60, 14.95)


@pytest.fixture(scope="module")
async def codes(module_town: Town) -> list[str]:
    """Forty published reports, an hour apart, the newest first; every third is another category,
    every fourth closed; changed in the order in which they were received."""
    town, made = module_town, []
    for number in range(40):
        sent = await town.a_report(
            category=OTHER_CATEGORY if number % 3 == 0 else POTHOLE,
            location={"lon": PLACE[0] + number * 0.0001, "lat": PLACE[1]},
        )
        at = now() - timedelta(hours=number + 1)
        await town.owner.execute(
            "UPDATE report SET visibility = 'public', created_at = $2, updated_at = $2,"
            " status = $3, resolved_at = $4 WHERE code = $1",
            sent.code,
            at,
            "closed" if number % 4 == 0 else "assigned",
            at + timedelta(minutes=30) if number % 4 == 0 else None,
        )
        made.append(sent.code)
    return made


async def listed(town: Town, query: str) -> list[str]:
    return [item["service_request_id"] for item in await town.see(f"{V2}/requests.json?{query}")]


async def test_filters_by_status_and_service(module_town: Town, codes: list[str]) -> None:
    town = module_town
    closed, other = set(codes[::4]), set(codes[::3])
    for query, wanted in (
        ("", set(codes)),
        ("status=closed", closed),
        ("status=open", set(codes) - closed),
        ("status=open,closed", set(codes)),
        (f"service_code={OTHER_CATEGORY}", other),
        (f"service_code={OTHER_CATEGORY},khong-co", other),
        (f"service_code={OTHER_CATEGORY},{POTHOLE}", set(codes)),
        (f"service_code={OTHER_CATEGORY}&status=closed", other & closed),
        (f"service_code={POTHOLE},{OTHER_CATEGORY}&status=open", set(codes) - closed),
        ("service_code=khong-co", set()),
    ):
        found = await listed(town, f"{query}&page_size=100")
        assert found == [code for code in codes if code in wanted], query
    item = (await town.see(f"{V2}/requests.json?status=closed&page_size=1"))[0]
    requested = datetime.fromisoformat(item["requested_datetime"])
    assert datetime.fromisoformat(item["updated_datetime"]) - requested == timedelta(minutes=30)


async def test_pages_by_cursor_and_by_number_show_each_once(
    module_town: Town, codes: list[str]
) -> None:
    town = module_town
    for query in (
        "",
        "status=open",
        f"service_code={POTHOLE}",
        f"service_code={POTHOLE},{OTHER_CATEGORY}&status=closed",
        "lat=15.1205&long=108.7923&radius=5000",
        "bbox=108,14,110,16&status=open",
    ):
        whole = await listed(town, f"{query}&page_size=100")
        assert len(whole) >= 10
        assert await followed(town, f"{query}&page_size=11") == whole, query
        numbered: list[str] = []
        for page in range(1, 5):
            numbered += await listed(town, f"{query}&page_size=11&page={page}")
        assert numbered == whole, query


async def test_a_reader_of_changes_sees_every_change_once_in_their_order(
    module_town: Town, codes: list[str]
) -> None:
    town = module_town
    since = f"{now() - timedelta(days=3):%Y-%m-%dT%H:%M:%SZ}"
    oldest_first = codes[::-1]
    assert await listed(town, f"updated_after={since}&page_size=100") == oldest_first
    assert await followed(town, f"updated_after={since}&page_size=7") == oldest_first
    half = now() - timedelta(hours=20, minutes=30)
    before = f"{half:%Y-%m-%dT%H:%M:%SZ}"
    assert await listed(town, f"updated_before={before}&page_size=100") == codes[:19:-1]
    query = f"updated_after={before}&status=closed&page_size=100"
    assert await listed(town, query) == [code for code in codes[19::-1] if code in codes[::4]]


_COPIES: Final = """
INSERT INTO report SELECT (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid(),
    'code', 'TST-' || n, 'created_at', $2::timestamptz + n * interval '1 second',
    'updated_at', $2::timestamptz + n * interval '1 second', 'source_ref', NULL))).*
FROM report r, generate_series(1, 700) AS n WHERE r.code = $1
"""


async def test_a_page_of_changes_looks_at_so_many_and_leads_on_when_none_fits(
    module_town: Town, codes: list[str]
) -> None:
    town, at = module_town, datetime(2024, 5, 6, tzinfo=UTC)
    await town.owner.execute(_COPIES, codes[1], at)
    last = await town.a_report(category=OTHER_CATEGORY)
    await town.owner.execute(
        "UPDATE report SET visibility = 'public', created_at = $2, updated_at = $2 WHERE code = $1",
        last.code,
        at + timedelta(hours=1),
    )
    query = f"updated_after=2024-05-06T00:00:00Z&service_code={OTHER_CATEGORY}"
    first = await town.ask("GET", f"{V2}/requests.json?{query}")
    assert (first.json(), next_of(first) is None) == ([], False)
    assert await followed(town, query) == [last.code]
    everything = await followed(town, "updated_after=2024-05-06T00:00:00Z&page_size=500")
    assert everything == [*(f"TST-{n}" for n in range(1, 701)), last.code]


async def followed(town: Town, query: str) -> list[str]:
    """Everything that the links lead to."""
    found: list[str] = []
    path = f"{V2}/requests.json?{query}"
    for _ in range(30):
        answer = await town.ask("GET", path)
        assert answer.status_code == 200, answer.text
        found += [item["service_request_id"] for item in answer.json()]
        link = next_of(answer)
        if link is None:
            return found
        assert link.startswith(f"{town.url}{V2}/requests.json?")
        path = f"{urlsplit(link).path}?{urlsplit(link).query}"
    raise AssertionError("the links never end")


def next_of(answer: httpx.Response) -> str | None:
    return answer.links.get("next", {}).get("url")


async def test_the_link_repeats_the_question_and_nothing_else(
    module_town: Town, codes: list[str]
) -> None:
    answer = await module_town.ask(
        "GET", f"{V2}/requests.xml?status=open&page_size=2&page=2&api_key=secret&x=%0d%0aY:%20z"
    )
    tree(answer)
    link = str(next_of(answer))
    assert "status=open&page_size=2&after=" in link
    assert "secret" not in link
    assert "x=" not in link


async def test_spans_of_time_are_ninety_days_at_most(module_town: Town, codes: list[str]) -> None:
    town, at = module_town, now()
    long_ago = await town.a_report()
    await town.owner.execute(
        "UPDATE report SET visibility = 'public', created_at = $2, updated_at = $2 WHERE code = $1",
        long_ago.code,
        datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC),
    )
    assert long_ago.code not in await listed(town, "page_size=100")
    for query in (
        "start_date=2025-03-04T05:06:07Z",
        "start_date=2025-03-04",
        "end_date=2025-03-04",
        "end_date=2025-03-04T05:06:08Z",
        "start_date=2025-03-04T12:06:07+07:00&end_date=2025-03-04T00:06:08-05:00",
        "start_date=2025-01-01T00:00:00Z&end_date=2025-03-31T00:00:00Z",
        "updated_after=2025-03-04T05:06:07Z",
    ):
        assert await listed(town, query) == [long_ago.code], query
    for query in ("start_date=2025-03-04T05:06:08Z", "end_date=2025-03-04T05:06:07Z"):
        assert long_ago.code not in await listed(town, query), query
    for query in (
        "start_date=2025-01-01&end_date=2025-06-01",
        "start_date=2025-02-01&end_date=2025-01-01",
        "updated_after=2025-01-01&updated_before=2025-06-01",
        "start_date=yesterday",
        "start_date=2025-13-01",
        "start_date=2025-1-1",
        "start_date=20250101",
        "end_date=9999-12-31",
        "start_date=0001-01-01",
    ):
        answer = await town.ask("GET", f"{V2}/requests.json?{query}")
        assert answer.status_code == 400, query
        assert errors_of(answer)[0]["description"].split(":")[0] in query
    assert at < now()


async def test_places_are_circles_and_boxes(module_town: Town, codes: list[str]) -> None:
    town = module_town
    # a ten-thousandth of a degree of longitude is 10.75 m here
    for radius, most in (("5", 1), ("30", 3), ("108", 11)):
        found = await listed(town, f"lat={PLACE[1]}&long={PLACE[0]}&radius={radius}")
        assert found == codes[:most], radius
    # 25 m to the west and 25 m to the south: in the square around the place, not in the circle
    corner = f"lat={PLACE[1] - 0.000226}&long={PLACE[0] - 0.000233}"
    assert await listed(town, f"{corner}&radius=30") == []
    assert codes[0] in await listed(town, f"{corner}&radius=36")
    box = f"{PLACE[0] - 1e-5},{PLACE[1] - 1e-5},{PLACE[0] + 2.5e-4},{PLACE[1] + 1e-5}"
    assert await listed(town, f"bbox={box}") == codes[:3]
    assert await listed(town, f"bbox={box}&status=closed&service_code={OTHER_CATEGORY}") == [
        codes[0]
    ]
    assert await listed(town, f"lat={CORNER[1]}&long={CORNER[0]}") == []
    for query in (
        "lat=15",
        "long=108",
        "radius=10",
        "lat=15&long=108&radius=5001",
        "lat=15&long=108&radius=0",
        "lat=95&long=108",
        "bbox=1,2,3",
        "bbox=110,15,108,16",
        "bbox=nan,nan,nan,nan",
    ):
        answer = await town.ask("GET", f"{V2}/requests.json?{query}")
        assert answer.status_code == 400, query
        errors_of(answer)


async def test_ids_override_every_other_filter(module_town: Town, codes: list[str]) -> None:
    town = module_town
    asked = f"{codes[5]},{codes[0].lower()},{codes[5]},QNG-2222-2222,nonsense"
    query = f"service_request_id={asked}&status=closed&start_date=2020-01-01&service_code=x"
    assert await listed(town, query) == [codes[0], codes[5]]
    too_many = ",".join(["QNG-2222-2222"] * 51)
    answer = await town.ask("GET", f"{V2}/requests.json?service_request_id={too_many}")
    assert answer.status_code == 400


async def test_deep_pages_are_refused_and_large_pages_are_cut(
    module_town: Town, codes: list[str]
) -> None:
    town = module_town
    for query, status in (
        ("page=9999&page_size=500", 400),
        ("page=0", 400),
        ("page=1.5", 400),
        ("page_size=0", 400),
        ("page_size=1000", 200),
        ("status=half", 400),
        ("after=nonsense", 400),
        ("jurisdiction_id=quangngai.gov.vn", 200),
        ("jurisdiction_id=chicago.gov", 404),
    ):
        answer = await town.ask("GET", f"{V2}/requests.json?{query}")
        assert answer.status_code == status, query


async def test_extensions_are_told_to_those_who_ask(module_town: Town, codes: list[str]) -> None:
    plain: dict[str, Any] = (await module_town.see(f"{V2}/requests/{codes[0]}.json"))[0]
    path = f"{V2}/requests.xml?extensions=true&page_size=1"
    extended = tree(await module_town.ask("GET", path))[0]
    assert "extended_attributes" not in plain
    assert extended.findtext("extended_attributes/detailed_status") == "closed"
    assert extended.findtext("extended_attributes/is_coarse") == "false"
