"""What checks find in an import, as values a report can print and a test can count."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
Check = Literal[
    "code",
    "name",
    "kind",
    "parent",
    "geometry",
    "coordinates",
    "overlap",
    "gap",
    "file",
    "stored",
    "successor",
]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: an error refuses the import, a warning asks for a look, a note informs.

    codes are the units concerned; square_metres the size of an overlap or a gap.
    """

    severity: Severity
    check: Check
    message: str
    codes: tuple[str, ...] = ()
    square_metres: float | None = None


def has_errors(findings: Iterable[Finding]) -> bool:
    """Whether any finding refuses the import."""
    return any(finding.severity == "error" for finding in findings)
