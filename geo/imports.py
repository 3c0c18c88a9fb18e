"""Units, successors and activations into the database: each all or nothing, each with a report.

These are actions: they open the transaction. Without commit they look, and write nothing.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, Protocol

import asyncpg

from geo import store
from geo.errors import GenerationMissing, ImportRefused
from geo.findings import Finding, has_errors
from geo.generations import store as generations
from geo.generations.checks import check_stored, is_stored_so
from geo.generations.periods import settle_periods
from geo.reading import Source
from geo.statements import Connection
from geo.successors import SuccessorRow, resolve_successors
from geo.units import Generation, Level, Successor, Target, UnitAt, UnitDraft, UnitShape
from geo.validate import CheckRules, check_features

Outcome = Literal["add", "replace_loaded", "replace_active", "unchanged", "refused"]
Say = Callable[[str], None]


class OwnerConnection(Connection, Protocol):
    """An asyncpg connection of the tables' owner, on which transactions can be opened."""

    def transaction(self) -> AbstractAsyncContextManager[Any]: ...


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import found and did, or would do; the same with and without commit."""

    outcome: Outcome
    unit_count: int
    area_km2: float
    findings: tuple[Finding, ...]


def _silence(_: str) -> None:
    pass


async def import_source(
    conn: OwnerConnection,
    source: Source,
    target: Target,
    *,
    rules: CheckRules,
    commit: bool,
    say: Say = _silence,
) -> ImportReport:
    """Check what a file holds and load it as a generation; `say` hears of the progress.

    A refused import is a report with errors, not an exception, unless the database itself
    objects: then ImportRefused.
    """
    known: dict[str, UnitAt] = {
        unit.code: unit
        for unit in await store.list_all_units(conn)
        if (unit.level, unit.valid_from) == (target.level, target.valid_from)
    }
    say("checking shapes, overlaps and gaps")
    drafts, findings = check_features(
        source.features, rules, known=known, is_approximate=target.is_approximate
    )
    findings += [Finding("warning", "file", message) for message in source.warnings]
    return await load_units(conn, drafts, target, findings=findings, commit=commit, say=say)


async def load_units(
    conn: OwnerConnection,
    drafts: Sequence[UnitDraft],
    target: Target,
    *,
    findings: Iterable[Finding] = (),
    commit: bool,
    say: Say = _silence,
) -> ImportReport:
    """Load checked units as a generation: a new one inactive, or in place of one of that day.

    Over an active approximate generation, or with target.replace an exact one, the shapes change
    at once and it stays active. Raises ImportRefused when the database objects.
    """
    async with _changing(conn):
        await generations.lock_generations(conn)
        existing = _find(await store.list_generations(conn), target.level, target.valid_from)
        units = await store.list_all_units(conn)
        outcome = _outcome(existing)
        found = list(findings)
        if is_stored_so(drafts, target, existing=existing, shapes=await _shapes(conn, existing)):
            outcome = "unchanged"
        else:
            found += check_stored(drafts, target, existing=existing, units=units)
        report = ImportReport(
            outcome="refused" if has_errors(found) else outcome,
            unit_count=len(drafts),
            area_km2=sum(draft.area_km2 for draft in drafts),
            findings=tuple(found),
        )
        if commit and report.outcome not in ("refused", "unchanged"):
            say(f"writing {len(drafts)} units")
            await _write(conn, drafts, target, existing=existing, units=units)
    return report


async def activate_generations(
    conn: OwnerConnection, *, valid_from: date, level: Level | None = None
) -> list[Generation]:
    """Put the loaded generations of a day in force, of one level or all; give those in force now.

    Already active ones stay as they are. Raises GenerationMissing when there are none.
    """
    async with _changing(conn):
        await generations.lock_generations(conn)
        stored = await store.list_generations(conn)
        wanted = [
            generation
            for generation in stored
            if generation.valid_from == valid_from and level in (None, generation.level)
        ]
        if not wanted:
            raise GenerationMissing(f"nothing is loaded for {level or 'any level'} {valid_from}")
        changed = [
            change
            for generation in wanted
            if generation.state == "loaded"
            for change in settle_periods(stored, generation)
        ]
        for generation in changed:
            await generations.change_generation(conn, generation)
        if changed:
            await generations.bump_epoch(conn)
        now = await store.list_generations(conn)
    keys = {(generation.level, generation.valid_from) for generation in wanted}
    return [generation for generation in now if (generation.level, generation.valid_from) in keys]


async def remove_generation(conn: OwnerConnection, *, level: Level, valid_from: date) -> None:
    """Remove a generation with its units and successions; the caller knows that no case needs it.

    The end of the generation before it stays as it is. Raises GenerationMissing.
    """
    async with _changing(conn):
        await generations.lock_generations(conn)
        existing = _find(await store.list_generations(conn), level, valid_from)
        if existing is None:
            raise GenerationMissing(f"no generation {level} {valid_from}")
        await generations.remove_generation(conn, level=level, valid_from=valid_from)
        if existing.state == "active":
            await generations.bump_epoch(conn)


async def import_successors(
    conn: OwnerConnection,
    rows: Sequence[SuccessorRow],
    *,
    old_valid_from: date | None = None,
    new_valid_from: date | None = None,
    commit: bool,
) -> tuple[list[Successor], list[Finding]]:
    """Record what became of old units; rows without days take those given, or the fitting ones.

    Each old unit named loses what was recorded of it before. Errors among the findings mean that
    nothing was written.
    """
    async with _changing(conn):
        await generations.lock_generations(conn)
        successors, findings = resolve_successors(
            rows,
            await store.list_all_units(conn),
            old_valid_from=old_valid_from,
            new_valid_from=new_valid_from,
        )
        if commit and not has_errors(findings):
            await generations.put_successors(conn, successors)
    return successors, findings


async def _shapes(conn: Connection, existing: Generation | None) -> list[UnitShape]:
    if existing is None:
        return []
    return await store.list_shapes_of_generation(
        conn, level=existing.level, valid_from=existing.valid_from
    )


def _outcome(existing: Generation | None) -> Outcome:
    if existing is None:
        return "add"
    return "replace_active" if existing.state == "active" else "replace_loaded"


async def _write(
    conn: Connection,
    drafts: Sequence[UnitDraft],
    target: Target,
    *,
    existing: Generation | None,
    units: Sequence[UnitAt],
) -> None:
    level, valid_from = target.level, target.valid_from
    generation = Generation(
        level=level,
        valid_from=valid_from,
        valid_to=target.valid_to or (existing.valid_to if existing else None),
        state=existing.state if existing else "loaded",
        is_approximate=target.is_approximate,
        source=target.source,
        unit_count=len(drafts),
    )
    await generations.put_generation(conn, generation)
    kept = {draft.code for draft in drafts}
    gone = [
        unit.code
        for unit in units
        if (unit.level, unit.valid_from) == (level, valid_from) and unit.code not in kept
    ]
    await generations.remove_units(conn, gone, level=level, valid_from=valid_from)
    await generations.put_units(conn, drafts, level=level, valid_from=valid_from)
    if generation.state == "active":
        await generations.bump_epoch(conn)


def _find(stored: Sequence[Generation], level: Level, valid_from: date) -> Generation | None:
    wanted = (level, valid_from)
    return next((found for found in stored if (found.level, found.valid_from) == wanted), None)


@asynccontextmanager
async def _changing(conn: OwnerConnection) -> AsyncIterator[None]:
    try:
        async with conn.transaction():
            yield
    except asyncpg.IntegrityConstraintViolationError as error:
        raise ImportRefused(f"the database objects: {error}") from error
