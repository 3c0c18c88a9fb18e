"""A category's extra questions on the plain form: which fields they are, and what was answered."""

from collections.abc import Mapping
from typing import Any, Final

from litestar.datastructures import FormMultiDict

from backend.reports.lifecycle import Language
from backend.reports.rulebook import Rulebook

ANSWER: Final = "answer-"
_YES_NO: Final = {"yes": True, "no": False}


def question_fields(
    rulebook: Rulebook, category_code: str, language: Language
) -> list[dict[str, Any]]:
    """The questions of a category as the form shows them; none for a category that is not there."""
    category = rulebook.categories.get(category_code)
    if category is None:
        return []
    return [
        {
            **question,
            "choices": [
                (option["code"], option[language]) for option in question.get("options", ())
            ],
        }
        for question in category.questions
    ]


def given_answers(form: FormMultiDict) -> dict[str, str]:
    """The fields of a form that answer questions, under their own names."""
    return {
        name: value.strip()
        for name, value in form.multi_items()
        if name.startswith(ANSWER) and isinstance(value, str)
    }


def typed_answers(
    rulebook: Rulebook, category_code: str, given: Mapping[str, str]
) -> dict[str, Any]:
    """Answers by question code, as POST /api/v1/reports takes them.

    Left out are empty ones, and those to another category's questions.
    """
    category = rulebook.categories.get(category_code)
    questions = category.questions if category is not None else ()
    answers: dict[str, Any] = {}
    for question in questions:
        answer = _typed(question["kind"], given.get(ANSWER + question["code"], ""))
        if answer is not None:
            answers[question["code"]] = answer
    return answers


def _typed(kind: str, words: str) -> str | float | bool | None:
    if kind == "yes_no":
        return _YES_NO.get(words)
    if kind == "number":
        try:
            value = float(words.replace(",", "."))
        except ValueError:
            return words or None
        if not abs(value) < 1e15:  # "nan" and "1e999" too
            return words
        return int(value) if value.is_integer() else value
    return words or None
