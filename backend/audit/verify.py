"""Verifying: every chain computed anew, every head and every anchor compared."""

import hashlib
import json
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from backend.audit import store
from backend.audit.anchors import GENESIS as NO_ANCHOR
from backend.audit.anchors import digest_of
from backend.audit.store import Anchored
from backend.database import Connection, Record
from backend.events.chain import GENESIS, chain_hash
from backend.practice.rules import SHIPPED
from backend.practice.rules import digest_of as digest_of_rules

T = TypeVar("T")
Progress = Callable[[int], None]

_TELL_EVERY: Final = 50_000


@dataclass(frozen=True)
class Break:
    """The first row that is not as it was written: where, and what is wrong with it."""

    table: str
    row: str
    reason: str

    def __str__(self) -> str:
        return f"{self.table} {self.row}: {self.reason}"


@dataclass
class Outcome:
    """What was looked at; `broken` is the first break, None when all is whole.

    `removed`: events that left the log by record, (reason, how many). Whoever may write that record
    may remove, so that it is always told.
    """

    events: int = 0
    cases: int = 0
    anchors: int = 0
    unanchored: int = 0
    removed: list[tuple[str, int]] = field(default_factory=list)
    broken: Break | None = None


@dataclass
class _Case:
    """The case that is being read."""

    kind: str
    id: uuid.UUID
    seq: int = 0
    hash: bytes = field(default=GENESIS)


async def verify(connection: Connection, *, progress: Progress = lambda _: None) -> Outcome:
    """Check the whole log, inside one repeatable-read transaction of the owner's; stops at the
    first break."""
    outcome = Outcome(removed=await store.list_removed(connection))
    outcome.broken = await _verify_chains(connection, outcome, progress)
    if outcome.broken is None:
        outcome.broken = await _verify_anchors(connection, outcome)
    if outcome.broken is None:
        outcome.broken = await _verify_states(connection)
    if outcome.broken is None:
        outcome.broken = await _verify_rules(connection)
    return outcome


async def _verify_chains(
    connection: Connection, outcome: Outcome, progress: Progress
) -> Break | None:
    notes = _Ahead(store.stream_notes(connection))
    heads = _Ahead(store.stream_heads(connection))
    case: _Case | None = None
    async for row in store.stream_events(connection):
        if case is None or (row["case_kind"], row["case_id"]) != (case.kind, case.id):
            broken = await _end_case(case, heads)
            if broken is not None:
                return broken
            case = _Case(row["case_kind"], row["case_id"])
            outcome.cases += 1
        broken = _check_event(row, case) or await _check_notes(row, notes)
        if broken is not None:
            return broken
        case.seq, case.hash = row["seq"], row["hash"]
        outcome.events += 1
        if outcome.events % _TELL_EVERY == 0:
            progress(outcome.events)
    return await _end_case(case, heads) or await _check_rest(notes, heads)


def _check_event(row: Record, case: _Case) -> Break | None:
    """Whether this event follows the one before it and is what its hash says."""
    where = f"{row['id']} ({row['case_kind']} {row['case_id']} no. {row['seq']})"
    if row["seq"] != case.seq + 1:
        return Break("event", where, f"no. {case.seq + 1} of this case is missing before it")
    if row["prev_hash"] != case.hash:
        return Break("event", where, "it does not follow the event before it")
    fields = {name: row[name] for name in _HASHED}
    if chain_hash(row["prev_hash"], **fields) != row["hash"]:
        return Break("event", where, "its content is not what its hash says")
    return None


_HASHED: Final = (
    "case_kind",
    "case_id",
    "seq",
    "kind",
    "at",
    "actor_kind",
    "actor_id",
    "agency_code",
    "is_public",
    "body",
)


async def _check_notes(row: Record, notes: "_Ahead[Record]") -> Break | None:
    """Whether the words kept beside the event are those whose digests it carries."""
    place = (row["case_kind"], row["case_id"], row["seq"])
    said: dict[str, str] = dict(json.loads(row["body"]).get("notes", {}))
    while (note := await notes.look()) is not None and _place(note) <= place:
        await notes.take()
        where = f"{note['case_kind']} {note['case_id']} no. {note['seq']} {note['kind']}"
        digest = said.pop(note["kind"], None) if _place(note) == place else None
        if digest is None:
            return Break("note", where, "no event tells of these words")
        if note["text"] is not None:
            found = hashlib.sha256(note["salt"] + note["text"].encode()).hexdigest()
            if found != digest:
                return Break("note", where, "the words are not those of the event")
    if said:
        kind = sorted(said)[0]
        return Break("note", f"{place[0]} {place[1]} no. {place[2]} {kind}", "it is missing")
    return None


async def _end_case(
    case: _Case | None, heads: "_Ahead[tuple[uuid.UUID, int, bytes]]"
) -> Break | None:
    """Whether the report itself names this event as its last: a cut-off end shows here."""
    if case is None or case.kind != "report":
        return None
    head = await heads.take()
    if head is None or head[0] > case.id:
        return Break("report", str(case.id), "it is missing, but its events are there")
    if head[0] < case.id:
        return Break("event", f"report {head[0]} no. 1", "it is missing, but the report is there")
    if head[1] != case.seq:
        return Break(
            "event",
            f"report {case.id} no. {case.seq}",
            f"it is the last, but the report tells of {head[1]} events",
        )
    if head[2] != case.hash:
        return Break("report", str(case.id), "its last hash is not that of its last event")
    return None


async def _check_rest(
    notes: "_Ahead[Record]", heads: "_Ahead[tuple[uuid.UUID, int, bytes]]"
) -> Break | None:
    note = await notes.take()
    if note is not None:
        return Break("note", f"{note['case_kind']} {note['case_id']}", "its case has no events")
    head = await heads.take()
    if head is not None:
        return Break("event", f"report {head[0]} no. 1", "it is missing, but the report is there")
    return None


async def _verify_states(connection: Connection) -> Break | None:
    """Whether reports stand where their last events left them, and no inner words are public."""
    report_id = await store.find_contradicted_report(connection)
    if report_id is not None:
        return Break("report", str(report_id), "its state is not the one its last event tells of")
    note = await store.find_exposed_note(connection)
    if note is not None:
        where = f"{note['case_kind']} {note['case_id']} no. {note['seq']} {note['kind']}"
        return Break("note", where, "these words are public, and must not be")
    return None


async def _verify_rules(connection: Connection) -> Break | None:
    """Whether rules of practice are those that their events tell of, put in force by whom and why.

    Only what came with the software has no event.
    """
    rules = {(row["kind"], row["version"]): row for row in await store.list_rules(connection)}
    for event in await store.list_changes_of_rules(connection):
        told = json.loads(event["body"])
        row = rules.pop((told["rules"], told["version"]), None)
        where = f"{told['rules']} version {told['version']}"
        if row is None:
            return Break("rules", where, f"event {event['id']} tells of it, but it is missing")
        found = {
            "effective_on": row["effective_on"].isoformat(),
            "by": row["loaded_by"],
            "why": row["note"],
            "sha256": digest_of_rules(json.loads(row["body"])),
        }
        if any(told[name] != value for name, value in found.items()):
            return Break("rules", where, "it is not what its event tells of")
    for (kind, version), row in rules.items():
        if row["loaded_by"] != SHIPPED:
            return Break("rules", f"{kind} version {version}", "no event tells of it")
    return None


async def _verify_anchors(connection: Connection, outcome: Outcome) -> Break | None:
    """Whether each anchor follows the one before and finds the very events that it once found."""
    below, digest = 0, NO_ANCHOR
    async for anchor in store.stream_anchors(connection):
        where = str(anchor.id)
        if anchor.from_xact != below or anchor.prev_digest != digest:
            return Break("audit_anchor", where, "it does not follow the anchor before it")
        events, found = await digest_of(
            store.stream_anchored(
                connection, from_xact=anchor.from_xact, below_xact=anchor.below_xact
            ),
            prev_digest=anchor.prev_digest,
            at=anchor.at,
            from_xact=anchor.from_xact,
            below_xact=anchor.below_xact,
        )
        if events != anchor.events:
            reason = f"it tells of {anchor.events} events, there are {events}"
            return Break("audit_anchor", where, reason)
        if found != anchor.digest:
            return Break("audit_anchor", where, "the events are not those it was made over")
        below, digest = anchor.below_xact, found
        outcome.anchors += 1
    rest = store.stream_anchored(connection, from_xact=below, below_xact=2**63 - 1)
    outcome.unanchored = await _count(rest)
    return None


async def _count(events: AsyncIterator[Anchored]) -> int:
    count = 0
    async for _ in events:
        count += 1
    return count


def _place(row: Record) -> tuple[Any, Any, Any]:
    return (row["case_kind"], row["case_id"], row["seq"])


class _Ahead(AsyncIterator[T]):
    """A stream with the next item in sight."""

    def __init__(self, stream: AsyncIterator[T]) -> None:
        self._stream = stream
        self._next: list[T] = []

    async def look(self) -> T | None:
        """The next item, left where it is; None at the end."""
        if not self._next:
            try:
                self._next.append(await anext(self._stream))
            except StopAsyncIteration:
                return None
        return self._next[0]

    async def take(self) -> T | None:
        """The next item; None at the end."""
        item = await self.look()
        self._next.clear()
        return item

    async def __anext__(self) -> T:
        item = await self.take()
        if item is None:
            raise StopAsyncIteration
        return item
