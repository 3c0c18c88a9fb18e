"""What a viewer asks of the figures, and how much of it is theirs to know."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from backend.accounts.principals import Principal
from backend.clock import day_of, now
from backend.counts.filters import CountsFilter
from backend.counts.read import ApartLine, find_filter, move_to_boundaries
from backend.database import Connection
from backend.errors import NotAllowed, NotSignedIn
from backend.web.policies import Policy, roles

VIEWERS: Final[Policy] = roles("leader", "admin", "moderator", "key_holder", "officer", "wall")


@dataclass(frozen=True)
class Question:
    """A filter in the words of an address: codes, and days in Vietnam, both ends included."""

    first: date | None = None
    last: date | None = None
    unit: str | None = None
    category: str | None = None
    agency: str | None = None
    boundaries: date | None = None


@dataclass(frozen=True)
class Answerable:
    """A question as the figures understand it, and what of split units stands apart from it."""

    wanted: CountsFilter
    apart: tuple[ApartLine, ...] = ()


def limit_to_own(question: Question, principal: Principal | None) -> Question:
    """The question as this person may ask it: officers and key-holders of their agency alone.

    Raises NotAllowed for another agency's figures, NotSignedIn for a stranger.
    """
    if principal is None:
        raise NotSignedIn()
    if principal.role not in ("officer", "key_holder"):
        return question
    if principal.agency_code is None or question.agency not in (None, principal.agency_code):
        raise NotAllowed(
            "Bạn chỉ xem được số liệu của cơ quan mình.",
            "You may see the figures of your own agency only.",
        )
    return replace(question, agency=principal.agency_code)


async def understand(
    connection: Connection, question: Question, principal: Principal | None
) -> CountsFilter:
    """The filter of a question; raises FilterRefused, NotAllowed."""
    own = limit_to_own(question, principal)
    return await find_filter(
        connection,
        today=day_of(now()),
        first=own.first,
        last=own.last,
        unit=own.unit,
        category=own.category,
        agency=own.agency,
        boundaries=own.boundaries,
    )


async def understand_on_boundaries(
    connection: Connection, question: Question, principal: Principal | None
) -> Answerable:
    """The filter of a question, its units as drawn on the day it names.

    Raises FilterRefused, NotAllowed, BoundariesImpossible.
    """
    wanted = await understand(connection, question, principal)
    if question.boundaries is None:
        return Answerable(wanted)
    return Answerable(*await move_to_boundaries(connection, wanted, question.boundaries))
