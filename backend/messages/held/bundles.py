"""Bundles: what is due together for one address is one letter. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from backend.messages import wording
from backend.messages.held.store import Due
from backend.messages.letters import Letter
from backend.messages.wording import BundleAudience

_MAP: Final = "/ban-do"


@dataclass(frozen=True)
class Bundle:
    """Notifications that go out as one letter, the oldest first."""

    audience: BundleAudience
    rows: Sequence[Due]

    def letter(self, characters_most: int) -> Letter:
        """The letter; its key is the oldest one's, so that sent again it replaces itself."""
        first = self.rows[0]
        other = "vi" if first.language == "en" else "en"
        return Letter(
            notification_id=first.id,
            device_kind=first.device_kind,
            device_value=first.device_value,
            collapse_key=first.collapse_key,
            title=wording.TITLE,
            body=wording.fit(self._sentence(first.language), characters_most),
            link=self._link(),
            code=first.code if len(self._codes()) == 1 and self.audience != "area" else "",
            is_urgent=any(row.is_urgent for row in self.rows),
            language=first.language,
            also=wording.fit(self._sentence(other), characters_most),
        )

    def _sentence(self, language: str) -> str:
        if self.audience == "area":
            one = wording.AREA_URGENT if self.rows[0].is_urgent else wording.AREA
            count = len(self._codes())
            if count == 1:
                return one.in_language(language)
        else:
            count = len(self.rows)
            if count == 1:
                kind = self.rows[0].kind
                return wording.sentence(kind, self.audience, language) or wording.TITLE
        return wording.MANY[self.audience].in_language(language).format(n=count)

    def _link(self) -> str:
        if self.audience == "officer":
            return wording.link("officer", "")
        codes = self._codes()
        if len(codes) == 1:
            return wording.link("citizen", codes.pop())
        return _MAP if self.audience == "area" else wording.TRACKING

    def _codes(self) -> set[str]:
        return {row.code for row in self.rows}


def bundle(due: Iterable[Due]) -> Iterator[Bundle]:
    """Rows, those of one address next to each other, as the letters they make."""
    for _, of_device in groupby(due, key=lambda row: row.device_id):
        # what went out together once, and may have arrived, goes out again as the same letter
        together: dict[tuple[BundleAudience, str | None], list[Due]] = {}
        for row in of_device:
            together.setdefault((_audience(row), row.wire_id), []).append(row)
        for (audience, _), rows in together.items():
            yield Bundle(audience, rows)


def _audience(row: Due) -> BundleAudience:
    if row.audience == "area":
        return "area"
    return wording.audience(
        row.kind, is_officer=row.is_officer, is_supporter=row.audience == "support"
    )
