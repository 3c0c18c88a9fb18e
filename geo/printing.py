"""Units, findings and reports as lines for a terminal, and a unit as the JSON of the API."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from geo.findings import SEVERITIES, Finding, has_errors
from geo.imports import ImportReport
from geo.reading import Source
from geo.units import Generation, Target, UnitAt, UnitRow

# A file that overlaps everywhere would fill the screen: the largest tell enough.
LISTED_PER_CHECK = 20

_OUTCOMES = {
    "add": "a new generation, inactive until `caunoi units activate`",
    "replace_loaded": "in place of the inactive generation of that day",
    "replace_active": "in place of the active generation, at once",
    "unchanged": "stored exactly so already",
    "refused": "refused",
}


def unit_as_json(unit: UnitAt) -> dict[str, Any]:
    """A unit as `GET /units/at` gives it."""
    return {
        "code": unit.code,
        "name": unit.name,
        "kind": unit.kind,
        "level": unit.level,
        "parent": unit.parent,
        "valid_from": unit.valid_from.isoformat(),
        "is_approximate": unit.is_approximate,
    }


def describe_source(source: Source) -> Iterator[str]:
    """Say what was read, in which reference system, and how it came to WGS 84."""
    yield f"file        {source.file_name}, layer {source.layer}: {len(source.features)} features"
    yield f"crs         {source.crs}"
    if source.moved_by:
        yield f"moved by    {source.moved_by}"


def describe_import(report: ImportReport, target: Target, *, is_committed: bool) -> Iterator[str]:
    """Say what was found and what came of it; the first and last lines carry the outcome."""
    end = f" to {target.valid_to}" if target.valid_to else ""
    yield f"generation  {target.level} from {target.valid_from}{end}"
    yield f"units       {report.unit_count}, {report.area_km2:,.1f} km²"
    yield from describe_findings(report.findings)
    yield f"outcome     {_OUTCOMES[report.outcome]}"
    yield _last_line(report.findings, is_committed=is_committed)


def describe_findings(findings: Sequence[Finding]) -> Iterator[str]:
    """List findings, errors first, the first twenty of each check, then the numbers of each."""
    for severity in SEVERITIES:
        listed: Counter[str] = Counter()
        for finding in findings:
            if finding.severity == severity:
                listed[finding.check] += 1
                if listed[finding.check] <= LISTED_PER_CHECK:
                    yield f"{severity:<11} {finding.check}: {finding.message}"
        for check, count in listed.items():
            if count > LISTED_PER_CHECK:
                yield f"{severity:<11} {check}: … and {count - LISTED_PER_CHECK} more"
    numbers = Counter(finding.severity for finding in findings)
    yield "findings    " + ", ".join(f"{kind}s {numbers[kind]}" for kind in SEVERITIES)


def describe_successors(findings: Sequence[Finding], *, count: int, commit: bool) -> Iterator[str]:
    """Say how many successions were recorded, or would be."""
    yield f"successors  {count}"
    yield from describe_findings(findings)
    yield _last_line(findings, is_committed=commit)


def describe_generations(generations: Iterable[Generation]) -> Iterator[str]:
    """One line for each generation."""
    for found in generations:
        end = found.valid_to.isoformat() if found.valid_to else "…"
        kind = "approximate" if found.is_approximate else "exact"
        yield (
            f"{found.level:<9} {found.valid_from} to {end:<10} {found.state:<7} {kind:<12}"
            f"{found.unit_count:>6} units  {found.source}"
        )


def describe_unit(row: UnitRow) -> str:
    """One line for a listed unit: code, name, parent, size and where its label sits."""
    unit = row.unit
    place = f"{row.label_point.x:.5f} {row.label_point.y:.5f}"
    return (
        f"{unit.code:<7} {unit.name:<32} {unit.parent or '-':<6} {row.area_km2:>9.2f} km²  {place}"
    )


def _last_line(findings: Sequence[Finding], *, is_committed: bool) -> str:
    if has_errors(findings):
        return "REFUSED: nothing written"
    return "committed" if is_committed else "dry run: nothing written; --commit writes"
