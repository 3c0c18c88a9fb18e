"""Who reports in the demo: first names only, addresses under example.com, answers to questions."""

from collections.abc import Mapping
from random import Random
from typing import Any, Final

from backend.agencies.catalogue import Category
from backend.demo.configuration import read_document
from backend.reports.store import Contact

# Numbers are small counts, but for these questions.
_STEPS: Final = {"so-tien": 50_000, "sau-cm": 10, "dien-tich": 20}


def choose_contact(rng: Random) -> Contact:
    """Somebody who left a name and an address that reaches nobody (RFC 2606), and agreed to it."""
    name = rng.choice(read_document("phrases")["reporters"])
    return Contact(
        name=name,
        phone=None,
        email=f"nguoidan{rng.randint(1, 999)}@example.com",
        consent={"handle_report": True},
    )


def choose_answers(rng: Random, category: Category) -> dict[str, Any]:
    """Answers to some of the category's questions, texts left out."""
    return {
        question["code"]: _answer(rng, question)
        for question in category.questions
        if question["kind"] != "text" and rng.random() < 0.55
    }


def _answer(rng: Random, question: Mapping[str, Any]) -> str | bool | int:
    match question["kind"]:
        case "choice":
            return str(rng.choice(question["options"])["code"])
        case "yes_no":
            return rng.random() < 0.4
        case _:
            return rng.randint(1, 6) * _STEPS.get(question["code"], 1)
