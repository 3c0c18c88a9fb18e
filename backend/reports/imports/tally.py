"""What an import found: numbers, and the first of each kind of row that was not loaded."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from backend.counts.deltas import MEASURES, Measures
from backend.reports.report import Report, standing

Outcome = Literal["bad", "conflicting", "without place", "outside every unit"]

SHOWN_PER_OUTCOME: Final = 20
# Only a wrong column has more unknown words than this; then a number says enough.
WORDS_MAX: Final = 1_000
# What a spreadsheet would take for a formula (OWASP: CSV injection).
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "＝")


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that was not loaded: where it stands in the file, and why."""

    outcome: Outcome
    line: int
    reason: str


class Rejects:
    """The file of rows not loaded, safe to open in a spreadsheet; without a path it keeps none."""

    def __init__(self, file: Any = None) -> None:
        self._writer = csv.writer(file) if file else None

    def write_header(self, columns: Sequence[str]) -> None:
        """Name the columns: ours, then the source's own."""
        if self._writer:
            self._writer.writerow(["outcome", "line", "reason", *map(_harmless, columns)])

    def write(self, reject: Reject, cells: Sequence[str]) -> None:
        """Add one row as it was read."""
        if self._writer:
            shown = [reject.outcome, reject.line, _harmless(reject.reason)]
            self._writer.writerow([*shown, *map(_harmless, cells)])


@contextmanager
def open_rejects(path: Path | None) -> Iterator[Rejects]:
    """Open the file for rows not loaded, replacing one of before."""
    if path is None:
        yield Rejects()
        return
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        yield Rejects(file)


@dataclass
class Tally:
    """The count of one import, growing as it goes; `sums` are the figures of what was loaded."""

    read: int = 0
    loaded: int = 0
    duplicate: int = 0
    not_loaded: Counter[str] = field(default_factory=Counter)
    shown: list[Reject] = field(default_factory=list)
    unknown: Counter[tuple[str, str]] = field(default_factory=Counter)
    unknown_beyond: int = 0
    remarks: Counter[str] = field(default_factory=Counter)
    sums: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[bool] = field(default_factory=Counter)
    disagreeing: list[str] = field(default_factory=list)
    columns_not_read: tuple[str, ...] = ()
    new_agencies: tuple[str, ...] = ()
    new_categories: tuple[str, ...] = ()
    new_configuration: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def measures(self) -> Measures:
        """What the loaded rows contribute to the figures."""
        return Measures(**{name: self.sums[name] for name in MEASURES})

    @property
    def is_complete(self) -> bool:
        """Whether every row read is accounted for, once."""
        return self.read == self.loaded + self.duplicate + self.not_loaded.total()

    def add_reject(self, reject: Reject, *, unknown: tuple[str, str] | None = None) -> None:
        """Count a row that is not loaded."""
        self.not_loaded[reject.outcome] += 1
        if self.not_loaded[reject.outcome] <= SHOWN_PER_OUTCOME:
            self.shown.append(reject)
        if unknown is None:
            return
        if unknown in self.unknown or len(self.unknown) < WORDS_MAX:
            self.unknown[unknown] += 1
        else:
            self.unknown_beyond += 1

    def add_loaded(self, report: Report, remarks: Sequence[str]) -> None:
        """Count a row that is loaded."""
        self.loaded += 1
        self.remarks.update(remarks)
        measures = standing(report).measures
        for name in MEASURES:
            self.sums[name] += getattr(measures, name)

    def add_verdict(self, ref: str, *, says_overdue: bool | None, is_late: bool) -> None:
        """Compare the source's own verdict on lateness with what its timestamps say."""
        if says_overdue is None:
            return
        agrees = says_overdue == is_late
        self.verdicts[agrees] += 1
        if not agrees and len(self.disagreeing) < SHOWN_PER_OUTCOME:
            said, ours = ("overdue", "on time") if says_overdue else ("on time", "overdue")
            self.disagreeing.append(f"{ref} is flagged {said}, its times say {ours}")


def _harmless(cell: str) -> str:
    text = cell.replace("\0", "\\0")
    if text.startswith(_FORMULA) and not _is_number(text):
        return f"'{text}"
    return text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
