"""What became of old units: a CSV file read, and its codes turned into units of their days."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from geo.errors import FileRefused
from geo.findings import Finding
from geo.units import RELATIONS, Relation, Successor, UnitAt

FILE_MAX_BYTES = 50 * 1024**2
_NEEDED = ("old_code", "new_code", "relation")


@dataclass(frozen=True, slots=True)
class SuccessorRow:
    """One line of the file; days are None where the file has no such columns."""

    row: int
    old_code: str
    old_valid_from: date | None
    new_code: str
    new_valid_from: date | None
    relation: str


def read_successors(path: Path) -> list[SuccessorRow]:
    """Read a UTF-8 CSV with old_code, new_code, relation and, if it likes, both valid_from.

    Other columns are ignored. Raises FileRefused.
    """
    if not path.is_file() or path.stat().st_size > FILE_MAX_BYTES:
        raise FileRefused(f"{path.name} is not a file of at most {FILE_MAX_BYTES} bytes")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            missing = [name for name in _NEEDED if name not in (reader.fieldnames or ())]
            if missing:
                raise FileRefused(f"{path.name} has no column {', '.join(missing)}")
            rows = [_row(line, row) for line, row in enumerate(reader, start=2)]
    except (UnicodeDecodeError, csv.Error, ValueError) as error:
        raise FileRefused(f"{path.name} cannot be read: {error}") from error
    if not rows:
        raise FileRefused(f"{path.name} has no rows")
    return rows


def _row(line: int, row: dict[str, str | None]) -> SuccessorRow:
    def text(name: str) -> str:
        return (row.get(name) or "").strip()

    def day(name: str) -> date | None:
        return date.fromisoformat(text(name)) if text(name) else None

    return SuccessorRow(
        row=line,
        old_code=text("old_code"),
        old_valid_from=day("old_valid_from"),
        new_code=text("new_code"),
        new_valid_from=day("new_valid_from"),
        relation=text("relation"),
    )


def resolve_successors(
    rows: Sequence[SuccessorRow],
    units: Iterable[UnitAt],
    *,
    old_valid_from: date | None,
    new_valid_from: date | None,
) -> tuple[list[Successor], list[Finding]]:
    """Turn codes into units of their days, and find what is wrong or missing.

    Without a day, a new unit is the latest of its code, an old one the latest of its code before
    that: codes are reused, so the day matters. Units that are not stored are left out, with a
    warning.
    """
    by_code: dict[str, list[UnitAt]] = defaultdict(list)
    for unit in sorted(units, key=lambda unit: unit.valid_from):
        by_code[unit.code].append(unit)
    successors: dict[tuple[str, date, str, date], Successor] = {}
    findings: list[Finding] = []
    unknown: dict[str, list[str]] = {"old": [], "new": []}
    for row in rows:
        if row.relation not in RELATIONS:
            message = f"row {row.row}: relation must be one of {', '.join(RELATIONS)}"
            findings.append(Finding("error", "successor", message, (row.old_code, row.new_code)))
            continue
        new = _choose(by_code[row.new_code], row.new_valid_from or new_valid_from, before=None)
        before = new.valid_from if new else None
        old = _choose(by_code[row.old_code], row.old_valid_from or old_valid_from, before=before)
        if new is None:
            unknown["new"].append(row.new_code)
        elif old is None:
            unknown["old"].append(row.old_code)
        else:
            found = _successor(old, new, row.relation)
            key = (found.old_code, found.old_valid_from, found.new_code, found.new_valid_from)
            if successors.setdefault(key, found) != found:
                message = f"row {row.row}: contradicts an earlier row"
                findings.append(Finding("error", "successor", message, (old.code, new.code)))
    for era, codes in unknown.items():
        if codes:
            message = f"{len(codes)} rows left out: their {era} unit is not stored"
            findings.append(Finding("warning", "successor", message, tuple(sorted(set(codes)))))
    if not successors:
        findings.append(Finding("error", "successor", "no row names two stored units"))
    findings += _check_relations(successors.values())
    return sorted(successors.values()), findings


def _choose(units: list[UnitAt], day: date | None, *, before: date | None) -> UnitAt | None:
    fitting = [
        unit
        for unit in units
        if (day is None or unit.valid_from == day) and (before is None or unit.valid_from < before)
    ]
    return fitting[-1] if fitting else None


def _successor(old: UnitAt, new: UnitAt, relation: str) -> Successor:
    kept: Relation = "full" if relation == "full" else "partial"
    return Successor(old.code, old.valid_from, new.code, new.valid_from, kept)


def _check_relations(successors: Iterable[Successor]) -> list[Finding]:
    by_old: dict[tuple[str, date, date], list[Successor]] = defaultdict(list)
    for found in successors:
        by_old[found.old_code, found.old_valid_from, found.new_valid_from].append(found)
    findings = []
    for (code, _, _), found_here in sorted(by_old.items()):
        relations = {found.relation for found in found_here}
        if "full" in relations and len(found_here) > 1:
            message = f"{code} went wholly into one unit and yet into {len(found_here)}"
            findings.append(Finding("error", "successor", message, (code,)))
        elif relations == {"partial"} and len(found_here) == 1:
            message = f"{code} went partly into one unit; where the rest went is not said"
            findings.append(Finding("warning", "successor", message, (code,)))
    return findings
