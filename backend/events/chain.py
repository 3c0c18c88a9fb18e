"""The chain of one case's events: pure, so that anybody can recompute it.

hash(n) = SHA-256( hash(n−1) ‖ the event's fields, each prefixed with its length in bytes );
hash(0) is 32 zero bytes. The words people write are not chained themselves but by a salted digest,
so that erasing them later (Law 91/2025/QH15) leaves the chain whole. Decision 0005.
"""

import hashlib
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal, TypeAlias

import msgspec

GENESIS: Final = bytes(32)
_ENCODER: Final = msgspec.json.Encoder(order="sorted")

# "practice": the rules of one kind and who changed them (backend/practice)
CaseKind: TypeAlias = Literal["report", "practice"]
ActorKind: TypeAlias = Literal[
    "citizen", "officer", "key_holder", "moderator", "leader", "admin", "system"
]
NoteKind: TypeAlias = Literal["reason", "public", "internal", "question", "answer", "comment"]


@dataclass(frozen=True)
class Actor:
    """Who did it; `id` is None for the system and for citizens without an account."""

    kind: ActorKind
    id: uuid.UUID | None = None


SYSTEM: Final = Actor("system")


@dataclass(frozen=True)
class Note:
    """Words a person wrote in one event; kept beside the chain, erasable."""

    kind: NoteKind
    text: str
    is_public: bool
    salt: bytes

    @property
    def digest(self) -> str:
        return words_digest(self.salt, self.text)


def words_digest(salt: bytes, text: str) -> str:
    """What an event tells of words that are kept beside it: salted, so that nobody can guess them.

    The salt of a report's own text is the hash of its tracking secret.
    """
    return hashlib.sha256(salt + text.encode()).hexdigest()


def write_note(kind: NoteKind, text: str, *, is_public: bool) -> Note:
    """A note with a fresh salt."""
    return Note(kind, text, is_public, secrets.token_bytes(16))


@dataclass(frozen=True)
class Event:
    """One thing that happened to one case; `body` is the exact JSON text that is stored."""

    case_kind: CaseKind
    case_id: uuid.UUID
    seq: int
    kind: str
    at: datetime
    actor: Actor
    agency_code: str | None
    is_public: bool
    body: str
    prev_hash: bytes
    hash: bytes


def make_event(
    case_kind: CaseKind,
    case_id: uuid.UUID,
    *,
    seq: int,
    kind: str,
    at: datetime,
    actor: Actor,
    agency_code: str | None,
    is_public: bool,
    body: Mapping[str, object],
    prev_hash: bytes,
    notes: tuple[Note, ...] = (),
) -> Event:
    """The next event of a case, hashed onto `prev_hash` (GENESIS for the first)."""
    full = dict(body)
    if notes:
        full["notes"] = {note.kind: note.digest for note in notes}
    text = _ENCODER.encode(full).decode()
    return Event(
        case_kind,
        case_id,
        seq,
        kind,
        at,
        actor,
        agency_code,
        is_public,
        text,
        prev_hash,
        chain_hash(
            prev_hash,
            case_kind=case_kind,
            case_id=case_id,
            seq=seq,
            kind=kind,
            at=at,
            actor_kind=actor.kind,
            actor_id=actor.id,
            agency_code=agency_code,
            is_public=is_public,
            body=text,
        ),
    )


def chain_hash(
    prev_hash: bytes,
    *,
    case_kind: str,
    case_id: uuid.UUID,
    seq: int,
    kind: str,
    at: datetime,
    actor_kind: str,
    actor_id: uuid.UUID | None,
    agency_code: str | None,
    is_public: bool,
    body: str,
) -> bytes:
    """The hash that the event with these fields must carry; `at` to the microsecond, in UTC."""
    digest = hashlib.sha256(prev_hash)
    for part in (
        case_kind,
        str(case_id),
        str(seq),
        kind,
        at.astimezone(UTC).isoformat(timespec="microseconds"),
        actor_kind,
        str(actor_id or ""),
        agency_code or "",
        "public" if is_public else "internal",
        body,
    ):
        raw = part.encode()
        digest.update(len(raw).to_bytes(4, "big"))
        digest.update(raw)
    return digest.digest()
