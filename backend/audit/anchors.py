"""Anchors: each minute a digest over what has been committed, chained, and copied elsewhere.

A chain alone cannot show that somebody with the database's highest rights wrote it all anew, or
cut off its end together with the report's own word for it. An anchor can: it fixes which events,
by number, transaction and hash, had been committed by then; its copies in the log and in the
object store are out of the database's reach.

Only transactions below the snapshot's horizon are taken: whatever has a lower number has ended, so
no late committer can slip in between two anchors.
"""

import hashlib
import json
from collections.abc import AsyncIterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

import structlog

from backend.audit import store
from backend.audit.errors import AnchorContradicted
from backend.audit.store import Anchor, Anchored
from backend.clock import day_of
from backend.database import Connection

GENESIS: Final = bytes(32)
_FOLDER: Final = "audit/anchors"

_log = structlog.get_logger("caunoi.audit")


class CopyStore(Protocol):
    """Where copies of anchors are kept, out of the database's reach: an ObjectStore."""

    async def exists(self, key: str) -> bool: ...
    async def read(self, key: str) -> bytes: ...
    async def put_bytes(self, key: str, body: bytes, content_type: str, sha256: str) -> None: ...


@dataclass(frozen=True)
class AnchorCopy:
    """What the copy says: the anchor's number and digest."""

    id: int
    digest: bytes


async def write_anchor(connection: Connection, now: datetime) -> Anchor | None:
    """Anchor what was committed since the last anchor, in the caller's transaction.

    None when nothing was, or when another process is at it. The digest goes to the log as well.
    """
    if not await store.take_anchor_turn(connection):
        return None
    last = await store.find_last_anchor(connection)
    from_xact = last.below_xact if last is not None else 0
    prev_digest = last.digest if last is not None else GENESIS
    below_xact = await store.find_horizon(connection)
    if below_xact <= from_xact:
        return None
    events, digest = await digest_of(
        store.stream_anchored(connection, from_xact=from_xact, below_xact=below_xact),
        prev_digest=prev_digest,
        at=now,
        from_xact=from_xact,
        below_xact=below_xact,
    )
    if not events:
        return None
    anchor = await store.insert_anchor(
        connection,
        at=now,
        from_xact=from_xact,
        below_xact=below_xact,
        events=events,
        prev_digest=prev_digest,
        digest=digest,
    )
    _log.info("audit anchor", anchor=anchor.id, events=events, digest=digest.hex())
    return anchor


async def digest_of(
    events: AsyncIterable[Anchored],
    *,
    prev_digest: bytes,
    at: datetime,
    from_xact: int,
    below_xact: int,
) -> tuple[int, bytes]:
    """How many events there were, and the digest over them and the anchor before."""
    digest = hashlib.sha256(prev_digest)
    digest.update(at.astimezone(UTC).isoformat(timespec="microseconds").encode())
    digest.update(from_xact.to_bytes(8, "big") + below_xact.to_bytes(8, "big"))
    count = 0
    async for event in events:
        count += 1
        digest.update(event.id.to_bytes(8, "big") + event.xact.to_bytes(8, "big") + event.hash)
    return count, digest.digest()


async def copy_anchor(connection: Connection, copies: CopyStore, anchor: Anchor) -> None:
    """Keep the anchor's digest outside the database, one copy a day; raises AnchorContradicted.

    The newest anchor vouches for all before it, so the day's copy is replaced, but never over the
    evidence: when the database no longer holds what the copy says, the copy stays.
    """
    key = copy_key(anchor.at)
    earlier = await read_copy(copies, key)
    if earlier is not None and not await is_true(connection, earlier):
        _log.critical("audit anchor contradicted", anchor=earlier.id, digest=earlier.digest.hex())
        raise AnchorContradicted()
    document = {
        "id": anchor.id,
        "at": anchor.at.isoformat(),
        "events": anchor.events,
        "digest": anchor.digest.hex(),
    }
    body = json.dumps(document).encode()
    await copies.put_bytes(key, body, "application/json", hashlib.sha256(body).hexdigest())


async def read_copy(copies: CopyStore, key: str) -> AnchorCopy | None:
    """The copy stored under this key; None when there is none."""
    if not await copies.exists(key):
        return None
    document = json.loads(await copies.read(key))
    return AnchorCopy(int(document["id"]), bytes.fromhex(document["digest"]))


async def is_true(connection: Connection, copy: AnchorCopy) -> bool:
    """Whether the database still holds the anchor that this copy tells of."""
    anchor = await store.find_anchor(connection, copy.id)
    return anchor is not None and anchor.digest == copy.digest


def copy_key(at: datetime) -> str:
    """Where the copy of an anchor of this moment lies: one for each day in Vietnam."""
    return f"{_FOLDER}/{day_of(at).isoformat()}.json"
