"""What screening held back does not wait behind what is overdue: intake sees and counts it."""

import re
from typing import Any

from backend.desk import store
from tests.province import AGENCY, Town

COMPLAINT = "Tôi khiếu nại quyết định xử phạt số 12 của phường, đề nghị xem lại."
DENUNCIATION = "Tôi tố cáo cán bộ xã nhận hối lộ để cấp phép xây dựng."
FIRE = "Cháy nhà có người mắc kẹt ở hẻm 45!"
REASON = "Việc này thuộc thẩm quyền của cơ quan khác."
HTML = {"Accept": "text/html"}
COUNTER = re.compile(r"Cần xem trước \((\d+)\)")


async def queue(town: Town, by: str, status: str = "") -> str:
    page = await town.ask("GET", f"/can-bo?status={status}", by=by, headers=HTML)
    assert page.status_code == 200
    return page.text


def counted(page: str) -> int:
    found = COUNTER.search(page)
    assert found
    return int(found[1])


async def case_page(town: Town, report: Any, by: str) -> str:
    return (await town.ask("GET", f"/can-bo/phan-anh/{report.id}", by=by, headers=HTML)).text


async def test_intake_counts_and_lists_what_waits_for_it(town: Town) -> None:
    ordinary, fire = await town.a_report(), await town.a_report(text=FIRE)
    complaint = await town.a_report(text=COMPLAINT)
    denunciation = await town.a_report(text=DENUNCIATION)
    held = await queue(town, "moderator.cleared", "held")
    assert {r.code for r in (complaint, denunciation) if r.code in held} == {
        complaint.code,
        denunciation.code,
    }
    assert ordinary.code not in held
    assert fire.code not in held, "an emergency is with its agency"
    assert 'href="/can-bo?status=held" aria-current=page' in held
    assert counted(await queue(town, "moderator.cleared")) == 2
    # who is not cleared for a denunciation does not even learn that there is one
    assert counted(await queue(town, "moderator")) == 1
    assert denunciation.code not in await queue(town, "moderator", "held")
    assert not COUNTER.search(await queue(town, "officer"))
    items = (await town.see("/api/v1/desk/reports?status=held", by="moderator"))["items"]
    assert [item["code"] for item in items] == [complaint.code]
    await town.moved(complaint, "transfer", by="moderator", agency=AGENCY, reason=REASON)
    assert counted(await queue(town, "moderator")) == 0


async def test_the_first_thing_to_do_is_to_say_where_it_belongs(town: Town) -> None:
    complaint = await town.a_report(text=COMPLAINT)
    page = await case_page(town, complaint, "moderator")
    first = page[page.index("move-first") : page.index("Thao tác khác")]
    assert "Hướng dẫn gửi cơ quan có thẩm quyền" in first
    assert 'name="move" value="transfer"' in page[page.index("Thao tác khác") :]
    desk = f"/api/v1/desk/reports/{complaint.id}"
    may = {move["move"] for move in (await town.see(desk, by="moderator"))["moves"]}
    assert set(re.findall(r'name="move" value="(\w+)"', page)) <= may
    # judged to be ordinary, it is accepted first
    await town.moved(complaint, "transfer", by="moderator", agency=AGENCY, reason=REASON)
    page = await case_page(town, complaint, "officer")
    first = page[page.index("move-first") : page.index("Thao tác khác")]
    assert 'value="accept"' in first


async def test_the_count_ends_somewhere(town: Town, monkeypatch: Any) -> None:
    monkeypatch.setattr(store, "HELD_COUNTED_MOST", 2)
    for _ in range(3):
        await town.a_report(text=COMPLAINT)
    assert "Cần xem trước (1+)" in await queue(town, "moderator")
