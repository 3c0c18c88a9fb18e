"""Categories suggested from words, judged on texts that no rule was made from."""

import sys

import pytest

from backend.counts.fold import fold_counts
from backend.demo.configuration import build_keywords, read_categories
from backend.reports.errors import BadRules
from backend.reports.folding import without_accents
from backend.reports.suggesting import KeywordSet, suggest
from backend.reports.suggesting_rules import KEYWORDS_MOST, keywords_from_document
from tests.province import Town
from tests.screening.told import NOTHING, TOLD

DOCUMENT = build_keywords(read_categories())
KEYWORDS = keywords_from_document(DOCUMENT)


def shares(keywords: KeywordSet, texts: dict[str, tuple[str, ...]]) -> tuple[float, float]:
    """How often the right sub-field comes first, and how often among the three."""
    found = [
        (code, [suggestion.category for suggestion in suggest(keywords, text)])
        for code, told in texts.items()
        for text in told
    ]
    first = sum(names[:1] == [code] for code, names in found)
    return first / len(found), sum(code in names for code, names in found) / len(found)


def test_the_right_category_is_among_those_suggested() -> None:
    """With and without accents; the share is printed, and fails below what a form needs."""
    for how, texts in (
        ("as told", TOLD),
        ("no accents", {c: tuple(map(without_accents, told)) for c, told in TOLD.items()}),
        ("capitals", {c: tuple(text.upper() for text in told) for c, told in TOLD.items()}),
    ):
        first, among = shares(KEYWORDS, texts)
        sys.stdout.write(f"suggestions {how}: first {first:.3f}, among three {among:.3f}\n")
        assert first >= 0.90
        assert among >= 0.95


def test_every_sub_field_can_be_suggested() -> None:
    assert {c.code for c in read_categories() if c.field_code} == TOLD.keys()


def test_the_measure_can_fail() -> None:
    """Without the synonyms that people chose, and with another category's words, it does."""
    codes = list(KEYWORDS.keywords)
    turned = dict(
        zip(codes, [KEYWORDS.keywords[code] for code in codes[1:] + codes[:1]], strict=True)
    )
    assert shares(KeywordSet(1, turned), TOLD)[1] < 0.2
    weak = {c: dict(list(w.items())[-6:]) for c, w in KEYWORDS.keywords.items()}
    assert shares(KeywordSet(1, weak), TOLD)[0] < 0.6


@pytest.mark.parametrize("text", NOTHING)
def test_what_says_nothing_suggests_nothing(text: str) -> None:
    assert suggest(KEYWORDS, text) == ()


def test_a_suggestion_says_why() -> None:
    best = suggest(KEYWORDS, "Đường trước nhà tôi đầy ổ gà")[0]
    assert (best.category, best.because[0]) == ("giao-thong-o-ga", "o ga")


def test_keywords_are_few_enough_for_a_phone() -> None:
    assert all(len(words) <= KEYWORDS_MOST for words in KEYWORDS.keywords.values())
    assert len(str(DOCUMENT["keywords"])) < 40_000
    assert build_keywords(read_categories()) == DOCUMENT


@pytest.mark.parametrize(
    "keywords",
    [
        {"giao-thong-o-ga": {"Ổ gà": 10}},
        {"giao-thong-o-ga": {"mot hai ba bon nam": 10}},
        {"giao-thong-o-ga": {"o ga": 0}},
        {"giao-thong-o-ga": {"o ga": 101}},
        {"giao-thong-o-ga": {"o ga": True}},
        {"giao-thong-o-ga": {f"chu {n}": 1 for n in range(KEYWORDS_MOST + 1)}},
        {"khong-co": {"o ga": 10}},
        ["o ga"],
        None,
    ],
)
def test_a_document_that_cannot_be_is_refused(keywords: object) -> None:
    with pytest.raises(BadRules):
        keywords_from_document({"version": 1, "keywords": keywords}, categories={"giao-thong-o-ga"})


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("ổ gà", "giao-thong-o-ga"),
        ("o ga", "giao-thong-o-ga"),
        ("den duong", "dien-chieu-sang-den-hong"),
        ("Rác", "ve-sinh-moi-truong-rac-ton-dong"),
        ("pothole", "giao-thong-o-ga"),
        ("karao", "o-nhiem-tieng-on"),
        ("đá gà", "an-ninh-trat-tu-co-bac"),
    ],
)
async def test_categories_are_found_without_accents(
    module_town: Town, typed: str, first: str
) -> None:
    answer = await module_town.ask("GET", "/api/v1/categories/search", params={"q": typed})
    assert answer.json()["items"][0]["code"] == first


async def test_the_list_of_categories_carries_keywords_and_what_is_used_most(
    module_town: Town,
) -> None:
    seen = await module_town.see("/api/v1/categories")
    child = seen["items"][0]["children"][0]
    assert child["keywords"]["o ga"] > 0
    assert seen["most_used"] == []
    for _ in range(4):
        await module_town.a_report(category="dien-chieu-sang-den-hong", text="Đèn không sáng.")
    await fold_counts(module_town.database.app)
    assert (await module_town.see("/api/v1/categories"))["most_used"] == []
    await module_town.a_report(category="dien-chieu-sang-den-hong", text="Đèn không sáng.")
    await fold_counts(module_town.database.app)
    assert (await module_town.see("/api/v1/categories"))["most_used"] == [
        "dien-chieu-sang-den-hong"
    ]
