"""What reporters do with their own report, written once for the interface and for the page."""

import uuid
from datetime import timedelta
from typing import Any, Final

from litestar import Request

from backend.database import Database
from backend.reports.actions import edit_own_report, move_own_report
from backend.reports.lifecycle import Move
from backend.reports.moves import MoveOrder
from backend.reports.report import Report
from backend.reports.rulebook import Rulebooks
from backend.settings import Settings
from backend.web.policies import principal_of
from backend.web.texts import clean_text
from mobile_api.intake import TEXT_LONGEST
from mobile_api.words import needed_words, short_enough

ADDRESS_LONGEST: Final = 300


def answer_order(text: str | None) -> MoveOrder:
    """The answer to the agency's question; raises Unprocessable when it says nothing."""
    return MoveOrder(move=Move.ANSWER, public_note=needed_words(text, field="text"))


def rate_order(score: int, comment: str | None) -> MoveOrder:
    """A rating, or another one in its place; without a comment an earlier one stays."""
    return MoveOrder(move=Move.RATE, score=score, comment=_clean(comment, "comment"))


def reopen_order(*reasons: str | None) -> MoveOrder:
    """The wish to have it done again, for all of these reasons."""
    given = [words for reason in reasons if (words := _clean(reason, "reason"))]
    return MoveOrder(move=Move.REOPEN, reason="\n".join(given) or None)


def withdraw_order(reason: str | None) -> MoveOrder:
    """The report taken back."""
    return MoveOrder(move=Move.WITHDRAW, reason=_clean(reason, "reason"))


async def move_own(
    request: Request[Any, Any, Any],
    database: Database,
    rulebooks: Rulebooks,
    *,
    report_id: uuid.UUID,
    order: MoveOrder,
) -> Report:
    """Make the reporter's move; raises what the lifecycle refuses it with."""
    return await move_own_report(
        database, rulebooks, report_id=report_id, order=order, account_id=_account_of(request)
    )


async def edit_own(
    request: Request[Any, Any, Any],
    database: Database,
    rulebooks: Rulebooks,
    settings: Settings,
    *,
    report_id: uuid.UUID,
    text: str | None,
    address: str | None,
) -> Report:
    """Correct words or address within the edit window; None leaves what is there."""
    words = None if text is None else needed_words(text, field="text", longest=TEXT_LONGEST)
    place = clean_text((address or "").strip(), field="address")
    return await edit_own_report(
        database,
        rulebooks,
        report_id=report_id,
        text=words,
        address=short_enough(place, field="address", longest=ADDRESS_LONGEST) or None,
        window=timedelta(minutes=settings.edit_window_minutes),
        account_id=_account_of(request),
    )


def _clean(words: str | None, field: str) -> str | None:
    return clean_text(words.strip(), field=field) or None if words else None


def _account_of(request: Request[Any, Any, Any]) -> uuid.UUID | None:
    principal = principal_of(request.scope)
    return principal.account_id if principal else None
