"""The figures as JSON and as a page, each for whom they are meant."""

import re
from datetime import timedelta

import pytest

from tests.ioc.conftest import TODAY
from tests.ioc.serving import Server, signed_in


async def test_summary_and_breakdowns_answer_as_documented(served: Server) -> None:
    async with signed_in(served, "lanhdao") as client:

        async def ask(path: str) -> dict:
            answer = await client.get(f"/api/v1/ioc/reports/{path}")
            assert answer.status_code == 200, answer.text
            return answer.json()

        summary = await ask("summary")
        assert {name: summary[name] for name in ("received", "resolved", "open")} == {
            "received": 12,
            "resolved": 6,
            "open": 6,
        }
        assert (summary["on_time"], summary["late"], summary["overdue_open"]) == (5, 1, 1)
        assert summary["on_time_share"] == pytest.approx(5 / 6, abs=1e-4)
        assert summary["satisfaction"] == 0.8
        assert summary["median_hours"] == pytest.approx(3.5, rel=0.025)
        assert summary["as_of"].endswith("Z")

        assert (await ask("summary?unit=21028"))["received"] == 4
        assert (await ask("summary?unit=21025&category=giao-thong"))["received"] == 8
        assert (await ask("summary?category=giao-thong&agency=-"))["received"] == 1
        assert (await ask(f"summary?from={TODAY}"))["received"] == 11
        assert (await ask(f"summary?to={TODAY - timedelta(days=1)}"))["received"] == 1
        assert (await ask("summary?unit=21028"))["median_hours"] is None

        units = await ask("by/unit")
        assert [(u["code"], u["name"], u["received"]) for u in units["items"]] == [
            ("21025", "Phường Cẩm Thành", 8),
            ("21028", "Phường Nghĩa Lộ", 4),
        ]
        assert units["items"][0]["on_time_share"] == pytest.approx(5 / 6, abs=1e-4)
        assert units["items"][1]["on_time_share"] is None
        fields = await ask("by/category?level=field")
        assert [(f["code"], f["received"]) for f in fields["items"]] == [
            ("giao-thong", 8),
            ("moi-truong", 4),
        ]
        agencies = await ask("by/agency?sort=overdue_open")
        assert agencies["items"][0]["code"] == "so-xay-dung"
        assert {"Chưa xác định cơ quan"} < {a["name"] for a in agencies["items"]}
        assert [d["key"] for d in (await ask("by/day"))["items"]] == [str(TODAY)]
        days = await ask(f"by/day?from=2026-01-01&to={TODAY}")
        assert [d["received"] for d in days["items"]] == [1, 11]


async def test_breakdowns_are_paged_without_gaps_or_repeats(served: Server) -> None:
    async with signed_in(served, "kiemduyet") as client:
        seen: list[str] = []
        after = ""
        while True:
            answer = await client.get(f"/api/v1/ioc/reports/by/agency?limit=1{after}")
            body = answer.json()
            seen += [item["code"] for item in body["items"]]
            if body["next"] is None:
                break
            after = f"&after={body['next']}"
        assert seen == ["ubnd-21025", "so-xay-dung", "-"]
        answer = await client.get("/api/v1/ioc/reports/by/agency?after=elsewhere")
        assert answer.status_code == 400


async def test_an_officer_is_answered_for_their_own_agency_only(served: Server) -> None:
    async with signed_in(served, "canbo") as client:
        for path, received in (("summary", 7), ("summary?agency=ubnd-21025", 7)):
            answer = await client.get(f"/api/v1/ioc/reports/{path}")
            assert answer.json()["received"] == received
        agencies = (await client.get("/api/v1/ioc/reports/by/agency")).json()["items"]
        assert [line["code"] for line in agencies] == ["ubnd-21025"]
        for path in ("summary?agency=so-xay-dung", "by/unit?agency=-"):
            assert (await client.get(f"/api/v1/ioc/reports/{path}")).status_code == 403
        page = (await client.get("/ioc", headers={"accept": "text/html"})).text
        assert "Số liệu của cơ quan bạn: UBND phường Cẩm Thành" in page
        assert "Sở Xây dựng" not in page


async def test_a_question_without_an_answer_is_a_clear_problem(served: Server) -> None:
    questions = [
        ("summary?unit=99999", 422, "filter-refused"),
        ("summary?from=2026-02-02&to=2026-02-01", 422, "filter-refused"),
        ("summary?from=yesterday", 400, "malformed"),
        ("by/colour", 400, "malformed"),
        ("by/unit?boundaries=1990-01-01", 422, "filter-refused"),
        ("by/unit?limit=201", 400, "malformed"),
    ]
    async with signed_in(served, "lanhdao") as client:
        for path, status, kind in questions:
            answer = await client.get(f"/api/v1/ioc/reports/{path}")
            said = (answer.status_code, answer.json()["type"])
            assert said == (status, f"/problems/{kind}"), path


async def test_the_board_says_everything_without_javascript(served: Server) -> None:
    async with signed_in(served, "lanhdao") as client:
        page = (await client.get("/ioc", headers={"accept": "text/html"})).text
        told = dict(re.findall(r'data-figure="(\w+)" data-kind="\w+">([^<]+)<', page))
        assert told["received"] == "12"
        assert told["open"] == "6"
        assert told["on_time_share"] == "83,3%"
        assert told["overdue_open"] == "1"
        assert told["median_hours"] == "3,5 giờ"
        for words in ("Phường Cẩm Thành", "Giao thông", "Sở Xây dựng", "http-equiv"):
            assert words in page
        assert not re.search(r"<[^>]+\s(style|onclick|onload)=|<script>|<style>", page)
        narrowed = await client.get(
            f"/ioc?unit=21028%402025-07-01&from={TODAY}&to=&category=&lang=en",
            headers={"accept": "text/html"},
        )
        told = dict(re.findall(r'data-figure="(\w+)" data-kind="\w+">([^<]+)<', narrowed.text))
        assert told["received"] == "4"
        assert "unit=21028" in re.findall(r'data-stream="([^"]+)"', narrowed.text)[0]
        assert "Citizens’ reports at a glance" in narrowed.text
