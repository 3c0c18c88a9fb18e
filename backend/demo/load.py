"""Load the demo province: boundaries, configuration, logins, and ninety days of reports.

The reports go in last and in one transaction; whether they are there decides whether the demo is
loaded. What a load that was cut short left behind is completed by the next one.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Final, Literal, cast
from uuid import UUID

from backend.clock import day_of
from backend.clock import now as clock_now
from backend.counts.fold import fold_counts
from backend.database import Database, open_database, owner_connection
from backend.demo import store
from backend.demo.boundaries import load_boundaries
from backend.demo.configuration import build_configuration, read_document, store_configuration
from backend.demo.logins import account_ids, add_logins, write_logins
from backend.demo.pictures.album import Pair, Picture, make_album
from backend.demo.places import lands_of
from backend.demo.population import World, grow
from backend.demo.steps import Life, Scene, Staff
from backend.photos.keys import Size, public_photo_key
from backend.photos.objects import ObjectStore
from backend.reports.bulk.writer import BulkCase, BulkPhoto, write_cases
from backend.reports.rulebook import load_rulebook
from backend.settings import Settings
from geo.store import list_unit_shapes

# The same words and fates in every demo; the moments are counted back from the load.
_SEED: Final = "cầu nối 2"
_UPLOADS_AT_ONCE: Final = 8

Album = Mapping[str, tuple[Pair, ...]]


@dataclass(frozen=True)
class Loaded:
    """What became of a load: done now, done before, or refused to mix with other rules."""

    outcome: Literal["loaded", "already", "configured"]
    reports: int
    events: int = 0
    seconds: float = 0.0


async def load_demo(settings: Settings) -> Loaded:
    """Load the demo province unless it is there, or other rules are in force; see Loaded.

    Writes the logins to `settings.demo_logins_path`. Raises DatabaseDown, StoreDown.
    """
    began = time.monotonic()
    async with owner_connection(settings.database_url or "") as connection:
        owner = cast("store.OwnerConnection", connection)
        await store.take_turn(owner)
        try:
            there = await store.look(owner)
            if there.demo_reports:
                return Loaded("already", there.demo_reports)
            if there.other_rules:
                return Loaded("configured", 0)
            lives = await _load(settings, owner, has_rules=there.demo_rules)
        finally:
            await store.give_turn(owner)
    events = sum(len(life.events) for life in lives)
    return Loaded("loaded", len(lives), events, time.monotonic() - began)


async def _load(
    settings: Settings, owner: store.OwnerConnection, *, has_rules: bool
) -> Sequence[Life]:
    album_drawn = asyncio.create_task(_draw_album(settings))
    try:
        await load_boundaries(owner)
        if not has_rules:
            await _configure(owner)
        async with _database(settings) as database:
            logins = await add_logins(database, now=clock_now())
            write_logins(settings.demo_logins_path, logins)
            world = await _world(settings, owner, database, album=await album_drawn)
            lives = await asyncio.to_thread(grow, world, Random(_SEED))  # noqa: S311  no secrets
            await _store_pictures(settings, lives)
            async with owner.transaction():
                await write_cases(owner, [_case(life) for life in lives])
            while await fold_counts(database.app):
                pass
    finally:
        album_drawn.cancel()
    return lives


async def _configure(owner: store.OwnerConnection) -> None:
    today = day_of(clock_now())
    communes = [shape.unit for shape in await list_unit_shapes(owner, on=today, level="commune")]
    async with owner.transaction():
        await store_configuration(owner, build_configuration(communes))


async def _world(
    settings: Settings, owner: store.OwnerConnection, database: Database, *, album: Album
) -> World:
    now = clock_now()
    accounts = await account_ids(database)
    shapes = await list_unit_shapes(owner, on=day_of(now), level="commune")
    scene = Scene(
        rulebook=await load_rulebook(database),
        now=now,
        staff=_staff(accounts),
        moderator=accounts["tiepnhan"],
    )
    entries = read_document("logins")["logins"]
    citizens = [accounts[e["username"]] for e in entries if e["role"] == "citizen"]
    return World(settings, scene, lands_of(shapes), album, citizens)


def _staff(accounts: Mapping[str, UUID]) -> dict[str, Staff]:
    found: dict[str, dict[str, UUID]] = {}
    for entry in read_document("logins")["logins"]:
        if entry["role"] in ("officer", "key_holder"):
            found.setdefault(entry["agency"], {})[entry["role"]] = accounts[entry["username"]]
    return {agency: Staff(**people) for agency, people in found.items()}


def _case(life: Life) -> BulkCase:
    new = life.new
    return BulkCase(
        report=life.report,
        source_ref=new.source_ref or "",
        tracking_hash=new.tracking_hash,
        text=new.text,
        lon=new.lon,
        lat=new.lat,
        events=tuple(life.events),
        notes=tuple(life.notes),
        address=new.address,
        answers=new.answers,
        happened_at=new.happened_at,
        accuracy_metres=new.accuracy_metres,
        contact=new.contact,
        photos=tuple(_photos(life)),
        supporters=life.supporters,
        screening=new.screening,
    )


def _photos(life: Life) -> Iterable[BulkPhoto]:
    if life.pair is not None:
        yield _photo(life.pair.before, "before", life)
        if life.answered_at is not None:
            yield _photo(life.pair.after, "after", life)


def _photo(picture: Picture, purpose: str, life: Life) -> BulkPhoto:
    return BulkPhoto(
        sha256=picture.sha256,
        purpose=purpose,
        bytes=picture.original_bytes,
        content_type="image/jpeg",
        width=picture.width,
        height=picture.height,
        at=life.answered_at if purpose == "after" else life.report.created_at,
    )


async def _draw_album(settings: Settings) -> Album:
    return await asyncio.to_thread(make_album) if settings.s3 is not None else {}


async def _store_pictures(settings: Settings, lives: Sequence[Life]) -> None:
    """Put each report's copies where the photo pipeline would have put them."""
    if settings.s3 is None:
        return
    waiting = list(_uploads(lives))
    objects = ObjectStore(settings.s3)
    try:
        await objects.ensure_bucket()

        async def upload() -> None:
            while waiting:
                key, body, sha256 = waiting.pop()
                await objects.put_bytes(key, body, "image/webp", sha256)

        await asyncio.gather(*(upload() for _ in range(_UPLOADS_AT_ONCE)))
    finally:
        await objects.close()


def _uploads(lives: Sequence[Life]) -> Iterable[tuple[str, bytes, str]]:
    for life in lives:
        if life.pair is None:
            continue
        for picture in (life.pair.before, *((life.pair.after,) if life.answered_at else ())):
            copies: dict[Size, bytes] = {"full": picture.full, "small": picture.small}
            for size, body in copies.items():
                key = public_photo_key(life.report.id, picture.sha256, size)
                yield key, body, picture.hashes[size]


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Database]:
    database = await open_database(
        settings.database_url or "", app_size=4, public_size=1, application_name="caunoi-demo"
    )
    try:
        yield database
    finally:
        await database.close()
