"""The promises document: what each category promises, as a versioned text an operator loads.

    {"version": 1,
     "accept": {"normal": "8wh", "urgent": "4wh", "emergency": "1wh"},
     "resolve": {"default": "5wd", "giao-thong-o-ga": "5wd", "cay-xanh-cay-do": "4wh", …},
     "extensions_at_most": 1, "extension_longest": "5wd", "extension_notice": "1wh",
     "due_soon": "4wh", "escalate_after": "8wh", "close_after": "5wd",
     "on_transfer": "keep", "reopenings_at_most": 2, "rating_change_hours": 72}

`wh` are working hours and `wd` working days on the agency's calendar. Everything but `version`,
`accept` and `resolve` may be left out. `urgent` is for urgent categories, `emergency` for reports
whose words tell of an emergency (screening); without it these are accepted as their category is.
Reports keep the version they were promised under.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast, get_args

from backend.agencies.catalogue import Category
from backend.reports.errors import BadRules
from backend.reports.promises import Duration, PromiseTerms, TransferRule, duration_from_text

_KNOWN: Final = frozenset(
    {
        "version",
        "note",
        "accept",
        "resolve",
        "extensions_at_most",
        "extension_longest",
        "extension_notice",
        "due_soon",
        "escalate_after",
        "close_after",
        "on_transfer",
        "reopenings_at_most",
        "rating_change_hours",
    }
)


@dataclass(frozen=True)
class TermsBook:
    """All promises of one version."""

    version: int
    accept: Duration
    accept_urgent: Duration
    accept_emergency: Duration | None
    frame: PromiseTerms
    resolve: Mapping[str, Duration]
    reopenings_at_most: int
    # how long a rating of a closed report may still be changed
    rating_change_hours: int
    # Remembered answers of terms_for: a cache of what the fields above say, never more.
    _given: dict[tuple[str, str | None, bool, bool], PromiseTerms] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def terms_for(self, category: Category, *, is_emergency: bool = False) -> PromiseTerms:
        """The terms of one sub-field; its field's, then the default, where it has none itself.

        An emergency is to be accepted sooner where this version says so; nothing else differs.
        """
        key = (category.code, category.field_code, category.is_urgent, is_emergency)
        terms = self._given.get(key)
        if terms is None:
            terms = self._given[key] = self._make_terms(category)
            if is_emergency and self.accept_emergency is not None:
                terms = self._given[key] = replace(terms, accept=self.accept_emergency)
        return terms

    def _make_terms(self, category: Category) -> PromiseTerms:
        resolve = (
            self.resolve.get(category.code)
            or self.resolve.get(category.field_code or "")
            or self.frame.resolve
        )
        accept = self.accept_urgent if category.is_urgent else self.accept
        return replace(self.frame, accept=accept, resolve=resolve)


def terms_from_document(document: Mapping[str, Any]) -> TermsBook:
    """Read a promises document; BadRules names the first wrong place."""
    for key in document:
        if key not in _KNOWN:
            raise BadRules(key, "không có mục này", "no such entry")
    version = _whole(document, "version", least=1, most=1_000_000, default=None)
    accept, resolve = _table(document, "accept"), _table(document, "resolve")
    if "normal" not in accept or set(accept) - {"normal", "urgent", "emergency"}:
        raise BadRules(
            "accept",
            "cần normal; có thể thêm urgent, emergency",
            "needs normal; urgent and emergency may be added",
        )
    if "default" not in resolve:
        raise BadRules("resolve.default", "thiếu", "must be given")
    on_transfer = document.get("on_transfer", "keep")
    if on_transfer not in get_args(TransferRule):
        raise BadRules("on_transfer", "không có quy tắc này", "no such rule")
    frame = PromiseTerms(
        version=version,
        accept=accept["normal"],
        resolve=resolve["default"],
        extensions_at_most=_whole(document, "extensions_at_most", least=0, most=20, default=1),
        extension_longest=_duration(document, "extension_longest", "5wd"),
        extension_notice=_duration(document, "extension_notice", "0wh"),
        due_soon=_duration(document, "due_soon", "4wh"),
        escalate_after=_duration(document, "escalate_after", "8wh"),
        close_after=_duration(document, "close_after", "5wd"),
        on_transfer=cast("TransferRule", on_transfer),
    )
    return TermsBook(
        version=version,
        accept=accept["normal"],
        accept_urgent=accept.get("urgent", accept["normal"]),
        accept_emergency=accept.get("emergency"),
        frame=frame,
        resolve={code: promised for code, promised in resolve.items() if code != "default"},
        reopenings_at_most=_whole(document, "reopenings_at_most", least=0, most=20, default=2),
        rating_change_hours=_whole(document, "rating_change_hours", least=0, most=8760, default=72),
    )


def _table(document: Mapping[str, Any], name: str) -> dict[str, Duration]:
    value = document.get(name)
    if not isinstance(value, Mapping) or not value:
        raise BadRules(name, "phải là một bảng", "must be a table")
    return {key: _read(text, f"{name}.{key}") for key, text in value.items()}


def _duration(document: Mapping[str, Any], name: str, default: str) -> Duration:
    return _read(document.get(name, default), name)


def _read(text: object, where: str) -> Duration:
    if not isinstance(text, str):
        raise BadRules(where, 'phải có dạng "3wd"', 'must look like "3wd"')
    try:
        return duration_from_text(text)
    except BadRules as error:
        raise BadRules(where, error.vi.partition(": ")[2], error.en.partition(": ")[2]) from error


def _whole(
    document: Mapping[str, Any], name: str, *, least: int, most: int, default: int | None
) -> int:
    value = document.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise BadRules(
            name, f"phải là số từ {least} đến {most}", f"must be a number from {least} to {most}"
        )
    return value
