"""What the stored units have against loading others; pure."""

from collections.abc import Sequence

from geo.findings import Finding
from geo.units import Generation, Target, UnitAt, UnitDraft, UnitShape


def check_stored(
    drafts: Sequence[UnitDraft],
    target: Target,
    *,
    existing: Generation | None,
    units: Sequence[UnitAt],
) -> list[Finding]:
    """Find what the stored units have against loading these."""
    same_day = [unit for unit in units if unit.valid_from == target.valid_from]
    here = {unit.code: unit for unit in same_day if unit.level == target.level}
    elsewhere = {unit.code for unit in same_day if unit.level != target.level}
    codes = {draft.code for draft in drafts}
    findings = []
    if not drafts:
        findings.append(Finding("error", "file", "no unit is fit to be loaded"))
    if target.valid_to is not None and target.valid_to <= target.valid_from:
        findings.append(Finding("error", "stored", "valid-to must be later than valid-from"))
    taken = tuple(sorted(codes & elsewhere))
    if taken:
        message = f"{len(taken)} codes belong to another level of {target.valid_from}"
        findings.append(Finding("error", "stored", message, taken))
    if existing and existing.state == "active":
        findings += _check_replacing(existing, target, gone=tuple(sorted(here.keys() - codes)))
    known = {unit.code for unit in units if unit.level != target.level}
    orphans = {draft.parent for draft in drafts if draft.parent and draft.parent not in known}
    if orphans:
        named = tuple(sorted(orphans))
        message = f"parents not stored (yet): {', '.join(named)}"
        findings.append(Finding("warning", "parent", message, named))
    renamed = [d.code for d in drafts if d.code in here and here[d.code].name != d.name]
    if renamed:
        message = f"{len(renamed)} units get another name"
        findings.append(Finding("note", "stored", message, tuple(renamed)))
    return findings


def _check_replacing(
    existing: Generation, target: Target, *, gone: tuple[str, ...]
) -> list[Finding]:
    if not (existing.is_approximate or target.replace):
        message = "this generation is active and exact; --replace would overwrite its shapes"
        return [Finding("error", "stored", message)]
    if gone:
        # a report keeps the unit of its day, so an active generation never loses one
        message = f"{len(gone)} active units are not in the file; load another generation instead"
        return [Finding("error", "stored", message, gone)]
    return []


def is_stored_so(
    drafts: Sequence[UnitDraft],
    target: Target,
    *,
    existing: Generation | None,
    shapes: Sequence[UnitShape],
) -> bool:
    """Whether the generation holds exactly these units already, to the last bit of each corner."""
    if existing is None or existing.is_approximate != target.is_approximate:
        return False
    if target.valid_to not in (None, existing.valid_to):
        return False
    wanted = {
        draft.code: (draft.name, draft.kind, draft.parent, draft.geom.wkb) for draft in drafts
    }
    return wanted == {
        shape.unit.code: (shape.unit.name, shape.unit.kind, shape.unit.parent, shape.geom.wkb)
        for shape in shapes
    }
