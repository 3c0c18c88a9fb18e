"""Remove the demo province: nothing of it stays but the record that it was there (decision 0008).

What real reports, or rules of the operator's own, lean on stays with them: configuration and
boundaries then go only as a whole.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol, cast

import asyncpg

from backend.counts.recounting.store import (
    count_events,
    give_rollup_turn,
    replace_rollups,
    take_rollup_turn,
)
from backend.database import owner_connection
from backend.demo import store
from backend.demo.boundaries import SOURCE
from backend.demo.configuration import (
    agencies_of_units,
    provincial_agencies,
    read_calendars,
    read_categories,
)
from backend.demo.errors import NoDemo
from backend.demo.logins import login_names
from backend.photos.keys import PIXELS, public_photo_key, quarantine_key
from backend.photos.objects import ObjectStore
from backend.settings import Settings
from geo.imports import remove_generation
from geo.store import list_all_units, list_generations

_REMOVALS_AT_ONCE: Final = 8
_TRIES: Final = 3


@dataclass(frozen=True)
class Removed:
    """What went, and what stays because something else needs it."""

    reports: int = 0
    events: int = 0
    photos: int = 0
    accounts: int = 0
    configuration: int = 0
    generations: int = 0
    kept: tuple[str, ...] = field(default=())


class _Transactions(Protocol):
    def transaction(self, *, isolation: str) -> Any: ...


async def remove_demo(settings: Settings) -> Removed:
    """Remove everything of the demo; raises NoDemo, DatabaseDown, StoreDown.

    Pictures go first: whoever is interrupted there simply calls again. All else is one transaction.
    """
    async with owner_connection(settings.database_url or "") as connection:
        owner = cast("store.OwnerConnection", connection)
        await store.take_turn(owner)
        try:
            there = await store.look(owner)
            accounts = await store.find_accounts(owner, login_names())
            if not (there.demo_reports or there.demo_rules or accounts):
                raise NoDemo()
            photos = await _remove_pictures(settings, await store.list_photos(owner))
            removed = await _remove_rows(owner)
        finally:
            await store.give_turn(owner)
    settings.demo_logins_path.unlink(missing_ok=True)
    return replace(removed, photos=photos)


async def _remove_rows(owner: store.OwnerConnection) -> Removed:
    """Try again when somebody was working on a report of the demo at that very moment."""
    await take_rollup_turn(owner)
    try:
        for attempt in range(_TRIES):
            try:
                async with cast("_Transactions", owner).transaction(isolation="repeatable_read"):
                    return await _remove_rows_once(owner)
            except asyncpg.SerializationError:
                if attempt + 1 == _TRIES:
                    raise
    finally:
        await give_rollup_turn(owner)
    raise AssertionError("the last try returns or raises")


async def _remove_rows_once(owner: store.OwnerConnection) -> Removed:
    reports, events = await store.remove_reports(owner)
    accounts, locked_out = await store.remove_accounts(owner, login_names())
    await count_events(owner)
    await replace_rollups(owner)
    there = await store.look(owner)
    kept = [f"{locked_out} accounts named by other cases, locked out"] if locked_out else []
    configuration = generations = 0
    if there.other_reports or there.demo_reports:
        kept.append("configuration and boundaries, which reports lean on")
    else:
        if there.other_rules:
            kept.append("configuration, which other rules lean on")
        else:
            configuration = await _remove_configuration(owner)
        generations = await _remove_generations(owner)
    return Removed(
        reports=reports,
        events=events,
        accounts=accounts,
        configuration=configuration,
        generations=generations,
        kept=tuple(kept),
    )


async def _remove_configuration(owner: store.OwnerConnection) -> int:
    agencies = [*provincial_agencies(), *agencies_of_units(await list_all_units(owner))]
    return await store.remove_configuration(
        owner,
        agencies=[agency.code for agency in agencies],
        categories=[category.code for category in read_categories()],
        calendars=[document["code"] for document in read_calendars()],
    )


async def _remove_generations(owner: store.OwnerConnection) -> int:
    """Remove the approximate boundaries, whichever have not been replaced by exact ones."""
    approximate = [
        found
        for found in await list_generations(owner)
        if found.is_approximate and found.source == SOURCE
    ]
    for found in approximate:
        await remove_generation(owner, level=found.level, valid_from=found.valid_from)
    return len(approximate)


async def _remove_pictures(settings: Settings, photos: Sequence[tuple[Any, str]]) -> int:
    if settings.s3 is None or not photos:
        return 0
    waiting = [
        key
        for report_id, sha256 in photos
        for key in (
            *(public_photo_key(report_id, sha256, size) for size in PIXELS),
            quarantine_key(report_id, sha256),
        )
    ]
    objects = ObjectStore(settings.s3)

    async def remove() -> None:
        while waiting:
            await objects.remove(waiting.pop())

    try:
        await asyncio.gather(*(remove() for _ in range(_REMOVALS_AT_ONCE)))
    finally:
        await objects.close()
    return len(photos)
