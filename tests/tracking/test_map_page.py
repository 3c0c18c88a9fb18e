"""The public list that goes with the map: filters in the address, in step with the map's frame."""

import json
import re
from html import unescape

import pytest

from tests.province import PLACE, SENSITIVE, Sent, Town

FAR = (108.9, 14.85)


@pytest.fixture
def town(module_town: Town) -> Town:
    return module_town


@pytest.fixture(scope="module")
async def shown(module_town: Town) -> dict[str, Sent]:
    """Three published reports that differ in category, place, stage and words; one unpublished."""
    town = module_town
    reports = {
        "pothole": await town.a_report(text="Ổ gà trước cổng trường Nguyễn Trãi"),
        "rubbish": await town.a_report(
            category="ve-sinh-moi-truong-do-trom", text="Xe đổ trộm xà bần ban đêm"
        ),
        "far": await town.a_report(location={"lon": FAR[0], "lat": FAR[1]}),
        "waiting": await town.a_report(text="Chưa ai xem"),
    }
    await town.moved(reports["pothole"], "accept")
    await town.moved(reports["rubbish"], "accept")
    await town.moved(reports["rubbish"], "start")
    await town.owner.execute(
        "UPDATE report SET visibility = 'public' WHERE id = $1", reports["far"].id
    )
    # a minute before midnight in Vietnam
    for statement in (
        "UPDATE report SET created_at = '2025-03-05 16:59+00' WHERE id = $1",
        "UPDATE map_point SET day = '2025-03-05', created_at = '2025-03-05 16:59+00',"
        " created_us = extract(epoch FROM '2025-03-05 16:59+00'::timestamptz) * 1000000"
        " WHERE report_id = $1",
    ):
        await town.owner.execute(statement, reports["rubbish"].id)
    return reports


async def listed(town: Town, shown: dict[str, Sent], query: str) -> set[str]:
    """Which of the reports the page lists."""
    answer = await town.ask("GET", f"/ban-do?{query}")
    assert answer.status_code == 200, answer.text
    return {name for name, report in shown.items() if f"/theo-doi/{report.code}" in answer.text}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"pothole", "rubbish", "far"}),
        ("unit=&category=&status=&from=&to=&q=", {"pothole", "rubbish", "far"}),
        ("category=giao-thong", {"pothole", "far"}),
        ("category=ve-sinh-moi-truong-do-trom", {"rubbish"}),
        ("status=in_progress", {"rubbish"}),
        ("q=Nguyễn Trãi", {"pothole"}),
        ("from=2025-03-05&to=2025-03-05", {"rubbish"}),
        ("from=2025-03-06", {"pothole", "far"}),
        (f"bbox={FAR[0] - 0.1},{FAR[1] - 0.1},{FAR[0] + 0.1},{FAR[1] + 0.1}", {"far"}),
        (
            f"bbox={PLACE[0] - 0.1},{PLACE[1] - 0.1},{PLACE[0] + 0.1},{PLACE[1] + 0.1}&q=gà",
            {"pothole"},
        ),
    ],
)
async def test_each_filter_lists_what_it_says(
    town: Town, shown: dict[str, Sent], query: str, expected: set[str]
) -> None:
    assert await listed(town, shown, query) == expected


async def test_the_form_keeps_the_filters_and_each_can_be_taken_away(
    town: Town, shown: dict[str, Sent]
) -> None:
    page = (await town.ask("GET", "/ban-do?q=gà&status=assigned&from=2026-01-01&to=")).text
    assert 'name="q" type="search" value="gà"' in page
    assert '<option value="assigned" selected>' in page
    chips = [unescape(found) for found in re.findall(r'class="filter-chip" href="([^"]+)"', page)]
    assert len(chips) == 3
    assert sum("q=" in chip for chip in chips) == 2
    assert sum("status=assigned" in chip for chip in chips) == 2
    assert sum("from=2026-01-01" in chip for chip in chips) == 2
    assert "noindex" in page[: page.index("</head>")]
    assert "noindex" not in (await town.ask("GET", "/ban-do")).text


async def test_further_pages_keep_the_filters_and_show_each_report_once(town: Town) -> None:
    reports = [await town.a_report(text=f"Trang tiếp {number}") for number in range(23)]
    await town.owner.execute(
        "UPDATE report SET visibility = 'public' WHERE id = ANY($1)",
        [report.id for report in reports],
    )
    codes: list[str] = []
    path = "/ban-do?q=Trang+ti%E1%BA%BFp"
    for _ in range(2):
        page = (await town.ask("GET", path)).text
        codes += re.findall(r'data-code="([^"]+)"', page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = unescape(following[1]) if following else ""
        assert not path or "q=Trang" in path
    assert path == ""
    assert sorted(codes) == sorted(report.code for report in reports)


async def test_the_part_for_the_map_is_the_list_alone(town: Town, shown: dict[str, Sent]) -> None:
    answer = await town.ask("GET", "/ban-do?phan=danh-sach&q=Nguyễn Trãi")
    assert "<html" not in answer.text
    assert shown["pothole"].code in answer.text
    assert 'id="active-filters"' in answer.text
    assert shown["rubbish"].code not in answer.text


@pytest.mark.parametrize(
    "query",
    [
        "status=hidden",
        "status=declined",
        "from=hôm-qua",
        "to=2026-13-01",
        "bbox=1,2,3",
        "bbox=200,0,201,1",
        "after=x",
        f"q={'x' * 101}",
    ],
)
async def test_a_filter_that_makes_no_sense_is_refused_clearly(town: Town, query: str) -> None:
    answer = await town.ask("GET", f"/ban-do?{query}", headers={"Accept": "text/html"})
    assert answer.status_code == 400, answer.text


async def test_the_page_travels_packed(town: Town, shown: dict[str, Sent]) -> None:
    answer = await town.ask("GET", "/ban-do", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < len(answer.content) / 2


async def test_the_map_is_given_names_for_the_codes_of_its_tiles(town: Town) -> None:
    page = (await town.ask("GET", "/ban-do")).text
    match = re.search(r'<script type="application/json" id="drawn">(.+?)</script>', page)
    assert match
    drawn = json.loads(match[1])
    assert drawn["categories"]["giao-thong-o-ga"]
    assert set(drawn["statuses"]) >= {"received", "closed"}
    assert "declined" not in drawn["statuses"]
    code, name, lon, lat, area = drawn["units"][0]
    assert (len(code), bool(name)) == (5, True)
    assert 107 < lon < 110
    assert 13 < lat < 16
    assert area > 0


async def test_a_sensitive_report_lies_where_its_commune_is_named(town: Town) -> None:
    report = await town.a_report(category=SENSITIVE, text="Đánh bạc sau chợ, nhiều đêm")
    await town.moved(report, "accept", by="officer.police")
    page = (await town.ask("GET", "/ban-do?q=Đánh bạc")).text
    place = re.search(rf'data-code="{report.code}" data-at="([^"]+)"', page)
    assert place
    assert place[1] != f"{PLACE[0]},{PLACE[1]}"


async def test_words_of_a_report_nobody_may_see_find_nothing(
    town: Town, shown: dict[str, Sent]
) -> None:
    assert await listed(town, shown, "q=Chưa ai xem") == set()
    page = await town.ask("GET", "/ban-do?q=Chưa ai xem")
    assert "Không có phản ánh nào." in page.text


async def test_days_the_wrong_way_round_are_said_wherever_they_are_asked_for(town: Town) -> None:
    period = "from=2026-11-22&to=2026-11-21"
    for part in ("", "&phan=danh-sach"):
        page = await town.ask("GET", f"/ban-do?{period}{part}")
        assert page.status_code == 400
        assert "Ngày cuối phải bằng hoặc sau ngày đầu." in unescape(page.text)
        assert "Không có phản ánh nào" not in unescape(page.text), "nothing was looked for"
    page = await town.ask("GET", f"/ban-do?{period}")
    assert 'name="from" type="date" value="2026-11-22"' in page.text, "what was typed stays"
    for path in (f"/api/v1/reports?{period}", f"/api/v1/tiles/reports/8/205/117.pbf?{period}"):
        answer = await town.ask("GET", path)
        assert answer.status_code == 400, path
        assert [fault["field"] for fault in answer.json()["errors"]] == ["to"]
    for path in ("/ban-do", "/api/v1/reports", "/api/v1/tiles/reports/8/205/117.pbf"):
        same_day = await town.ask("GET", f"{path}?from=2026-11-22&to=2026-11-22")
        assert same_day.status_code in (200, 204), path
