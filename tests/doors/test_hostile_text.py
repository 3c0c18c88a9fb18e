"""Whatever is typed into any field comes back as it was typed, harmless on every page."""

import asyncio
import unicodedata
from html.parser import HTMLParser
from typing import Any, Final
from urllib.parse import quote

import pytest

from backend.web.texts import clean_text
from tests.doors.hostile import check_clear, strings
from tests.journeys.walk import hold_true
from tests.province import Town, a_submission

_AT_ONCE: Final = 4


@pytest.fixture
def town(module_town: Town) -> Town:
    return module_town


class Page(HTMLParser):
    """A page's tags and attributes, and its words."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def shape(self) -> list[tuple[str, tuple[str, ...]]]:
        """The tags with the names of their attributes: what no text may change."""
        return [(tag, tuple(attrs)) for tag, attrs in self.tags]


async def typed_everywhere(town: Town, text: str) -> None:
    """One string in every field of a submit: refused clearly, or kept letter by letter."""
    body = a_submission(
        text=text,
        address=text[:300],
        answers={"ghi-chu": text[:1000], text[:64]: "x"},
        contact={"name": text[:120]},
    )
    key = f"00000000-0000-4000-8000-{abs(hash(text)) % 10**12:012d}"
    answer = await town.ask("POST", "/api/v1/reports", headers={"Idempotency-Key": key}, json=body)
    check_clear(answer, sent=text)
    if answer.status_code != 201:
        assert answer.status_code in (400, 422), answer.text
        return
    sent = answer.json()
    path = f"/api/v1/reports/{sent['code']}/mine"
    mine = (await town.see(path, secret=sent["tracking_secret"]))["mine"]
    assert mine["text"] == clean_text(text, field="text")
    assert unicodedata.is_normalized("NFC", mine["text"])
    if clean_text(text[:120], field="name"):
        assert mine["contact"]["name"] == clean_text(text[:120], field="name")
    assert mine["answers"].get("ghi-chu") == clean_text(text[:1000], field="answers")


async def type_all(town: Town, every: int) -> None:
    turns = asyncio.Semaphore(_AT_ONCE)

    async def one(text: str) -> None:
        async with turns:
            await typed_everywhere(town, text)

    await asyncio.gather(*(one(text) for text in dict.fromkeys(strings(every=every))))
    await hold_true(town)


async def test_text_comes_back_as_it_was_typed_or_is_refused_clearly(town: Town) -> None:
    await type_all(town, every=12)


@pytest.mark.nightly
@pytest.mark.timeout(900)
async def test_all_gathered_text_comes_back_as_it_was_typed(town: Town) -> None:
    await type_all(town, every=1)


async def test_no_text_changes_the_shape_of_a_page(town: Town) -> None:
    plain = await shapes_of(town, "abc")
    compared = 0
    for text in strings(every=40):
        hostile = await shapes_of(town, text)
        if hostile is not None:
            assert hostile == plain, repr(text)
            compared += 1
    assert compared > 15


async def shapes_of(town: Town, text: str) -> dict[str, Any] | None:
    """The shapes of the pages that show a report, with this text in all its fields."""
    answer = await town.ask(
        "POST",
        "/api/v1/reports",
        headers={"Idempotency-Key": f"00000000-0000-4000-8000-{abs(hash(text)) % 10**12:012d}"},
        json=a_submission(text=text, address=text[:300] or "x", contact={"name": text[:120]}),
    )
    check_clear(answer)
    if answer.status_code != 201:
        return None
    sent = answer.json()
    if not clean_text(text[:300], field="x") or not clean_text(text[:120], field="x"):
        return None
    cookie = {"Cookie": f"phan-anh-{sent['code']}={sent['tracking_secret']}"}
    pages = {
        "own": await town.ask("GET", f"/theo-doi/{sent['code']}", headers=cookie),
        "desk": await town.ask("GET", f"/can-bo/phan-anh/{sent['id']}", by="officer"),
    }
    shapes = {}
    for name, page in pages.items():
        assert page.status_code == 200, (name, page.text)
        parsed = Page(page.text)
        assert clean_text(text, field="text").replace("\r\n", "\n") in "".join(
            parsed.words
        ).replace("\r\n", "\n"), name
        shapes[name] = parsed.shape
    return shapes


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/reports?q={}",
        "/api/v1/reports?bbox={}",
        "/api/v1/reports?category={}",
        "/api/v1/reports?unit={}",
        "/api/v1/reports?after={}",
        "/api/v1/reports?from={}",
        "/api/v1/reports?status={}",
        "/api/v1/reports?limit={}",
        "/api/v1/reports/near?lon={}&lat=15",
        "/api/v1/reports/near?lon=108&lat=15&radius_metres={}",
        "/api/v1/units/at?lon=108&lat=15&on={}",
        "/api/v1/reports/{}",
        "/api/v1/reports/{}/mine",
        "/api/v1/desk/reports?q={}",
        "/api/v1/desk/reports?agency={}",
        "/api/v1/desk/reports?after={}",
        "/api/v1/desk/reports/{}",
        "/api/v1/desk/routing/explain?category={}&lon=108.79&lat=15.12",
        "/api/v1/desk/routing/explain?category=giao-thong-o-ga&lon=108.79&lat=15.12&at={}",
        "/can-bo?q={}",
        "/can-bo?category={}",
        "/can-bo?after={}",
        "/theo-doi?ma={}",
        "/theo-doi/{}",
        "/ban-do?unit={}",
        "/ban-do?category={}",
        "/ban-do?after={}",
        "/dang-nhap?tiep={}",
        "/ngon-ngu?tiep={}",
        "/api/v1/ioc/reports/summary?unit={}",
        "/api/v1/ioc/reports/by/{}",
    ],
)
async def test_no_question_makes_the_server_stumble(town: Town, path: str) -> None:
    numbers = ["nan", "inf", "-inf", "1e400", "-1", "9" * 400, "0x10", "١٢", "", "true", "1,2,3"]
    for text in [*numbers, *strings(every=90)]:
        asked = path.format(quote(text[:2000].encode("utf-8", "surrogatepass"), safe=""))
        by = "admin" if "desk" in path or "can-bo" in path or "ioc" in path else None
        answer = await town.ask("GET", asked, by=by)
        check_clear(answer, sent=text)
        where = answer.headers.get("location", "/")
        assert where.startswith("/"), f"led elsewhere: {where}"
        assert not where.startswith("//"), f"led elsewhere: {where}"
