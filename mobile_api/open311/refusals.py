"""Errors as GeoReport v2 writes them: a list of {code, description}, in JSON or XML.

The table of backend/web/problems.py decides what an error is and logs it; here it is only said in
the words and statuses that Open311 clients know: what cannot be accepted is 400 (they know no 422),
except a key used twice for different content.
"""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from litestar import Request, Response

from backend.errors import CaunoiError, Unprocessable
from backend.reports.errors import KeyReused
from backend.web.language import api_language
from backend.web.problems import as_problem, status_of
from mobile_api.open311 import forms

Answer: TypeAlias = Callable[[Request[Any, Any, Any], Exception], Response[Any]]

ROOT: Final = "/open311/"
_KEPT: Final = ("retry-after", "allow", "connection")
# Fields of the app's own intake, by the name under which GeoReport sends them.
_NAMES: Final = {
    "text": "description",
    "category": "service_code",
    "location.lon": "long",
    "location.lat": "lat",
    "address": "address_string",
    "contact.name": "last_name",
    "contact.phone": "phone",
    "contact.email": "email",
    "answers": "attribute",
    "photos": "media",
    "Idempotency-Key": "Idempotency-Key",
}


def in_georeport(otherwise: Answer) -> Answer:
    """An error's answer: in the GeoReport form below /open311/, unknown paths and methods too."""

    def answer(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        said = otherwise(request, error)
        if not request.url.path.startswith(ROOT):
            return said
        kept = {name: value for name, value in said.headers.items() if name.lower() in _KEPT}
        problem = as_problem(error)
        status = _status(problem)
        return forms.answer(
            request,
            [
                {"code": status, "description": sentence}
                for sentence in _sentences(problem, is_vietnamese=api_language(request) == "vi")
            ],
            root="errors",
            member="error",
            status=status,
            headers=kept,
        )

    return answer


def _status(problem: CaunoiError) -> int:
    if isinstance(problem, Unprocessable) and not isinstance(problem, KeyReused):
        return 400
    return status_of(problem)


def _sentences(problem: CaunoiError, *, is_vietnamese: bool) -> list[str]:
    """What is wrong, field by field; without the input, as everywhere."""
    if not problem.faults:
        return [problem.vi if is_vietnamese else problem.en]
    return [
        f"{_NAMES.get(fault.field, fault.field)}: {fault.vi if is_vietnamese else fault.en}"
        for fault in problem.faults
    ]
