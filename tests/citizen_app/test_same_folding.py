"""The form folds words and suggests categories as the server does: both are asked, with node."""

import json
import shutil
import subprocess
import unicodedata
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from backend.demo.configuration import build_keywords, read_categories
from backend.reports.folding import folded
from backend.reports.suggesting import suggest
from backend.reports.suggesting_rules import keywords_from_document
from tests.screening.examples import examples
from tests.screening.told import NOTHING, TOLD
from tests.shared_data import shared

_FOLDING: Final = Path(__file__).parents[2] / "web" / "src" / "report" / "folding.js"
_ASK: Final = """
import {readFileSync} from 'node:fs';
const {fold, suggest} = await import(process.argv[1]);
const {texts, categories} = JSON.parse(readFileSync(0, 'utf-8'));
const answer = texts.map((text) => [fold(text), suggest(text, categories).map(({code}) => code)]);
process.stdout.write(JSON.stringify(answer));
"""
KEYWORDS: Final = keywords_from_document(build_keywords(read_categories()))
TOLD_TEXTS: Final = [text for texts in TOLD.values() for text in texts]


def in_browser(texts: list[str]) -> list[list[Any]]:
    """What the form's own code makes of each text: its folded words, and the codes suggested."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    categories = [
        {"code": code, "keywords": dict(weights)} for code, weights in KEYWORDS.keywords.items()
    ]
    # another order than the server's, as the form has them by field
    Random(7).shuffle(categories)
    asked = subprocess.run(
        [node, "--input-type=module", "-e", _ASK, _FOLDING.as_uri()],
        input=json.dumps({"texts": texts, "categories": categories}),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    answer: list[list[Any]] = json.loads(asked.stdout)
    return answer


def on_server(text: str) -> list[Any]:
    return [folded(text).strip(), [found.category for found in suggest(KEYWORDS, text)]]


def check(texts: list[str]) -> int:
    """Compare both on these texts; how many had anything suggested."""
    suggested = 0
    for text, theirs in zip(texts, in_browser(texts), strict=True):
        ours = on_server(text)
        assert theirs == ours, repr(text)
        suggested += bool(ours[1])
    return suggested


def test_what_people_tell_is_folded_and_suggested_alike() -> None:
    told = [*(text for _, text, _ in examples()), *NOTHING, *TOLD_TEXTS]
    spellings = [
        told,
        [unicodedata.normalize("NFD", text) for text in told],
        [text.upper() for text in told],
        [f"{one} {other}" for one, other in zip(told, reversed(told), strict=True)],
    ]
    assert check([text for texts in spellings for text in texts]) > len(TOLD_TEXTS)


def test_every_letter_and_mark_of_the_first_plane_is_folded_alike() -> None:
    known = [
        chr(point)
        for point in range(0x10000)
        # browsers may know a newer Unicode
        if not 0xD800 <= point < 0xE000 and unicodedata.category(chr(point)) != "Cn"
    ]
    assert len(known) > 50_000
    check(
        [
            " ".join(f"a{letter}b" for letter in known[start : start + 250])
            for start in range(0, len(known), 250)
        ]
    )


def test_equal_scores_come_in_one_order() -> None:
    words = [next(iter(weights)) for weights in KEYWORDS.keywords.values()]
    check([f"{one} {other}" for one in words[:25] for other in words[-25:]])


def test_hostile_strings_are_folded_alike() -> None:
    strings = json.loads(shared("hostile/blns.json").read_text(encoding="utf-8"))
    check([text for text in strings if text.isascii() or text.isprintable()])
