"""Words are found with and without accents, by whoever may read them, at any size of the table."""

import sys
import time
import unicodedata

import asyncpg
import pytest

from backend.reports.folding import folded
from backend.reports.search.store import pattern_of
from mobile_api.store import ListFilter, list_public
from tests.province import OTHER, Town

VIETNAMESE = "aàáảãạăằắẳẵặâầấẩẫậeèéẻẽẹêềếểễệiìíỉĩịoòóỏõọôồốổỗộơờớởỡợuùúủũụưừứửữựyỳýỷỹỵđ"


@pytest.fixture
def town(module_town: Town) -> Town:
    return module_town


async def found(town: Town, words: str) -> set[str]:
    answer = await town.ask("GET", "/api/v1/reports", params={"q": words, "limit": 200})
    assert answer.status_code == 200, answer.text
    return {item["text"] for item in answer.json()["items"]}


async def test_the_database_folds_words_as_we_do(town: Town) -> None:
    texts = [
        VIETNAMESE,
        VIETNAMESE.upper(),
        unicodedata.normalize("NFD", VIETNAMESE),
        "  Ổ gà,\tgiữa ĐƯỜNG – số 12/3… 😀 \\ % _ ' ",
        "Café Zürich",
        "!!!",
        "",
    ]
    for text in texts:
        assert await town.owner.fetchval("SELECT folded($1)", text) == folded(text), text
    assert folded("Ổ GÀ") == " o ga "


@pytest.mark.parametrize(
    ("typed", "pattern"),
    [
        ("Ổ gà", "% o ga %"),
        ("đường Quang", "%duong quang%"),
        ("ngập", "%ngap%"),
        ("sa", "% sa %"),
        ("100%", "%100%"),
        ("_", " "),
        ("'; --", " "),
    ],
)
def test_what_is_typed_becomes_a_pattern_that_an_index_can_answer(typed: str, pattern: str) -> None:
    assert pattern_of(typed) == pattern


async def test_words_are_found_with_and_without_accents(town: Town) -> None:
    text = "Mương thoát nước ở xóm Đồng Dinh sụt một đoạn dài."
    report = await town.a_report(text=text)
    assert await found(town, "mương") == set()
    await town.moved(report, "accept")
    for words in ("Mương", "muong", "MƯƠNG THOÁT", "dong dinh", "Đồng Dinh", "ở xóm", "o xom"):
        assert await found(town, words) == {text}, words
        assert await found(town, unicodedata.normalize("NFD", words)) == {text}, words
    for words in ("mường tượng", "don dinh", "ong dinh sut mot doan ngan", "%", "_", "\\"):
        assert await found(town, words) == set(), words


async def test_changed_words_are_found_and_hidden_ones_are_not(town: Town) -> None:
    report = await town.a_report(text="Hố ga trước quán Bốn Mùa bị lún.")
    edit = await town.ask(
        "PATCH",
        f"/api/v1/reports/{report.code}",
        secret=report.secret,
        json={"text": "Hố ga trước quán Năm Sao bị lún."},
    )
    assert edit.status_code == 200
    await town.moved(report, "accept")
    assert await found(town, "quan bon mua") == set()
    assert await found(town, "quan nam sao") == {"Hố ga trước quán Năm Sao bị lún."}
    await town.moved(report, "hide", by="moderator", reason="Có thông tin riêng tư.")
    assert await found(town, "quan nam sao") == set()


async def test_common_words_are_found_by_walking_the_list(town: Town) -> None:
    for number in range(22):
        report = await town.a_report(text=f"Bóng đèn số {number} ở ngõ Thạch Trụ không sáng.")
        await town.moved(report, "accept")
    assert await town.owner.fetchval("SELECT public_hits('%ngo thach tru%')") is None
    assert len(await found(town, "ngõ thạch trụ")) == 22
    first = await town.see("/api/v1/reports?q=ngo thach tru&limit=15")
    rest = await town.see(f"/api/v1/reports?q=ngo thach tru&limit=15&after={first['next']}")
    assert len({item["code"] for item in first["items"] + rest["items"]}) == 22


async def test_the_desk_finds_words_only_among_its_own_cases(town: Town) -> None:
    report = await town.a_report(text="Bờ kè trước nhà văn hóa Gò Sành nứt.")

    async def seen(by: str, words: str) -> set[str]:
        queue = await town.see("/api/v1/desk/reports", by=by, params={"q": words})
        return {item["code"] for item in queue["items"]}

    assert await seen("officer", "go sanh") == {report.code}
    assert await seen("officer", "Gò Sành") == {report.code}
    assert await seen("officer", report.code) == {report.code}
    assert await seen("officer.other", "go sanh") == set()
    await town.moved(report, "transfer", agency=OTHER, reason="Thuộc thẩm quyền của Sở Y tế.")
    assert await seen("officer.other", "go sanh") == {report.code}
    assert await seen("officer", "go sanh") == set()


async def test_a_stranger_s_role_cannot_search_what_is_not_published(town: Town) -> None:
    async with town.owner.transaction():
        await town.owner.execute("SET LOCAL ROLE caunoi_public")
        for statement in (
            "SELECT desk_hits('%a%')",
            "SELECT folded FROM report_words LIMIT 1",
            "SELECT 1 FROM report_screening LIMIT 1",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with town.owner.transaction():
                    await town.owner.execute(statement)


_MANY = """
INSERT INTO report (id, code, tracking_hash, source, category_code, text, geom, unit_code,
    unit_valid_from, status, visibility, routing, promise_version, version, head_hash, created_at,
    updated_at)
SELECT gen_random_uuid(), 'MANY-' || n, '\\x00', 'import', 'giao-thong-o-ga',
    'Ổ gà số ' || n || ' trên đường liên xã, ' || CASE WHEN n % 1000 = 0 THEN 'gần miếu Bà Chúa'
        WHEN n % 3 = 0 THEN 'bụi mù mịt' ELSE 'xe cộ đi lại khó khăn' END,
    ST_SetSRID(ST_MakePoint(108.7923, 15.1205), 4326), '21028', '2025-07-01', 'received',
    CASE WHEN n % 2 = 0 THEN 'public' ELSE 'pending' END, '{}', 1, 1, '\\x00',
    now() - n * interval '1 minute', now()
FROM generate_series($1::int, $2::int) AS n
"""


@pytest.mark.nightly
async def test_search_does_not_grow_with_the_table(town: Town) -> None:
    """Rare, middling and common words, at 20,000 and at 200,000 reports: about the same."""

    async def took(words: str, rows: int) -> float:
        times = []
        for _ in range(5):
            began = time.perf_counter()
            seen = await list_public(town.database.public, ListFilter(words=words))
            times.append(time.perf_counter() - began)
            assert len(seen) == rows
        return min(times)

    cases = {"so 19998 tren": 1, "mieu ba chua": 20, "bui mu mit": 51, "khong co dau ca": 0}
    await town.owner.execute(_MANY.replace("$1", "1").replace("$2", "20000"))
    await town.owner.execute("ANALYZE report, report_words")
    small = {words: await took(words, rows) for words, rows in cases.items()}
    await town.owner.execute(_MANY.replace("$1", "20001").replace("$2", "200000"))
    await town.owner.execute("ANALYZE report, report_words")
    cases["mieu ba chua"] = 51
    large = {words: await took(words, rows) for words, rows in cases.items()}
    for words in cases:
        sys.stdout.write(f"{words}: {small[words] * 1000:.1f} → {large[words] * 1000:.1f} ms\n")
    for words in cases:
        assert large[words] < 2 * small[words] + 0.02, (words, small[words], large[words])
    await town.owner.execute("SET enable_seqscan = off")
    plan = await town.owner.fetch(
        "EXPLAIN SELECT report_id FROM public_words WHERE folded LIKE '%mieu ba chua%' LIMIT 5001"
    )
    assert "report_words_folded_idx" in str(plan)
