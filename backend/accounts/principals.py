"""Who is asking: the signed-in account as every door sees it."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from backend.identifiers import AccountId

Role: TypeAlias = Literal[
    "citizen", "officer", "key_holder", "moderator", "leader", "admin", "wall"
]
ROLES: Final[frozenset[Role]] = frozenset(
    ("citizen", "officer", "key_holder", "moderator", "leader", "admin", "wall")
)
# A wall is a screen, not a person: it may only be let in where it is named.
PEOPLE: Final[frozenset[Role]] = ROLES - {"wall"}
STAFF: Final[frozenset[Role]] = PEOPLE - {"citizen"}

Via: TypeAlias = Literal["bearer", "cookie"]


@dataclass(frozen=True)
class Principal:
    """One signed-in account; `session_hash` names the session it came with."""

    account_id: AccountId
    role: Role
    name: str
    agency_code: str | None
    unit_code: str | None
    sees_restricted: bool
    session_hash: bytes
    via: Via
