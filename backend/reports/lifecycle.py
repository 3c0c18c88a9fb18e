"""What may happen to a report: every status, every move, who makes it and what it needs.

LIFECYCLE is the whole machine. Roles are what a person is *for this report*: an officer of another
agency, or one to whom the report is not assigned, has no role here. The assigned officer may
advance a report; only a key-holder (trưởng phòng, lãnh đạo đơn vị) may close, decline or extend.
Before any agency has it (classifying) the moderators stand in for the key-holder.
"""

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from backend.reports.errors import (
    AlreadyRated,
    EvidenceNeeded,
    IllegalMove,
    NoteNeeded,
    NotYourMove,
    ReasonNeeded,
    ScoreNeeded,
    TargetNeeded,
    TextNeeded,
    TooManyReopenings,
)
from backend.reports.lifecycle_words import Language as Language
from backend.reports.lifecycle_words import Move as Move
from backend.reports.lifecycle_words import Role as Role
from backend.reports.lifecycle_words import Status as Status
from backend.reports.lifecycle_words import label as label


class Need(StrEnum):
    REASON = "reason"  # 10-2000 characters, the citizen may read it
    NOTE = "note"  # the question to the citizen, or the public answer
    EVIDENCE = "evidence"  # an after photo, or a reason why there can be none
    AGENCY = "agency"  # another agency than the present one
    OFFICER = "officer"
    REPORT = "report"  # the report this one repeats
    SCORE = "score"


class Entered(StrEnum):
    BY_CITIZEN = "by_citizen"
    BY_STAFF = "by_staff"


@dataclass(frozen=True)
class LifecycleRule:
    """Where a move leads: `to` has several statuses when the case decides (see target_of)."""

    to: tuple[Status, ...]
    who: frozenset[Role]
    needs: frozenset[Need]
    only: Entered | None = None


@dataclass(frozen=True)
class CaseState:
    """What of a report the rules look at; `status_before` is kept while asking or merged."""

    status: Status
    status_before: Status | None = None
    agency_code: str | None = None
    entered: Entered = Entered.BY_CITIZEN
    reopened: int = 0
    # rated, and too long ago for another rating
    is_rating_final: bool = False


@dataclass(frozen=True)
class MoveRequest:
    """A wish to move a report, texts as they were typed; `photos` counts the after photos."""

    move: Move
    reason: str | None = None
    note: str | None = None
    agency: str | None = None
    officer: str | None = None
    report: str | None = None
    photos: int = 0
    score: int | None = None


@dataclass(frozen=True)
class ReopenTerms:
    at_most: int = 2
    from_statuses: frozenset[Status] = field(
        default=frozenset({Status.AWAITING_CONFIRMATION, Status.CLOSED, Status.DECLINED})
    )


@dataclass(frozen=True)
class CheckedMove:
    """A move that may be made: the status it leads to, and its texts in NFC without blank ends.

    `status_before` is what the report has to remember from now on.
    """

    move: Move
    to: Status
    status_before: Status | None
    reason: str | None
    note: str | None


REASON_LENGTH = (10, 2000)
NOTE_LENGTH = (1, 5000)
SATISFIED_FROM = 3  # of 4: "Hài lòng"


def _rule(
    *to: Status, who: Collection[Role], needs: Collection[Need] = (), only: Entered | None = None
) -> LifecycleRule:
    return LifecycleRule(to, frozenset(who), frozenset(needs), only)


S, M, N, R = Status, Move, Need, Role

_AGENCY = {R.OFFICER, R.KEY_HOLDER}
_KEY = {R.KEY_HOLDER}
_KEY_OR_INTAKE = {R.KEY_HOLDER, R.MODERATOR}
_AGENCY_OR_INTAKE = {R.OFFICER, R.KEY_HOLDER, R.MODERATOR}
_INTAKE = {R.MODERATOR}
_CITIZEN = {R.CITIZEN}
_SYSTEM = {R.SYSTEM}
_ASKS_AGAIN = {R.CITIZEN, R.KEY_HOLDER, R.MODERATOR, R.LEADER}

_DECLINE = _rule(S.DECLINED, who=_KEY, needs={N.REASON})
_REDIRECT = _rule(S.REDIRECTED, who=_KEY_OR_INTAKE, needs={N.REASON})
_TRANSFER = _rule(S.RECEIVED, who=_AGENCY_OR_INTAKE, needs={N.AGENCY, N.REASON})
_ESCALATE = _rule(S.RECEIVED, who={*_AGENCY_OR_INTAKE, R.SYSTEM}, needs={N.AGENCY, N.REASON})
_WITHDRAW = _rule(S.WITHDRAWN, who=_CITIZEN)
_MERGE = _rule(S.MERGED, who=_KEY_OR_INTAKE, needs={N.REPORT})
_ASK = _rule(S.AWAITING_CITIZEN, who=_AGENCY, needs={N.NOTE})
_REOPEN = _rule(S.IN_PROGRESS, who=_ASKS_AGAIN, needs={N.REASON})

# A report may be listed for everybody in these statuses, once moderation has let it.
PUBLIC_STATUSES = frozenset(
    {S.RECEIVED, S.ASSIGNED, S.IN_PROGRESS, S.AWAITING_CITIZEN}
    | {S.RESOLVED, S.AWAITING_CONFIRMATION, S.CLOSED}
)
OPEN_STATUSES = frozenset(
    {S.RECEIVED, S.CLASSIFYING, S.ASSIGNED, S.IN_PROGRESS, S.AWAITING_CITIZEN}
)
TERMINAL_STATUSES = frozenset({S.REDIRECTED, S.WITHDRAWN})

LIFECYCLE: Mapping[tuple[Status, Move], LifecycleRule] = {
    # đã tiếp nhận: routed, the agency has not yet looked at it
    (S.RECEIVED, M.ACCEPT): _rule(S.ASSIGNED, who=_AGENCY),
    (S.RECEIVED, M.DECLINE): _DECLINE,
    (S.RECEIVED, M.REDIRECT): _REDIRECT,
    (S.RECEIVED, M.TRANSFER): _TRANSFER,
    (S.RECEIVED, M.ESCALATE): _ESCALATE,
    (S.RECEIVED, M.MERGE): _MERGE,
    (S.RECEIVED, M.WITHDRAW): _WITHDRAW,
    (S.RECEIVED, M.EDIT): _rule(S.RECEIVED, who=_CITIZEN),
    (S.RECEIVED, M.MARK_OVERDUE): _rule(S.RECEIVED, who=_SYSTEM),
    # đang phân loại: nothing fitted, the moderators find the agency
    (S.CLASSIFYING, M.TRANSFER): _rule(S.RECEIVED, who=_INTAKE, needs={N.AGENCY, N.REASON}),
    (S.CLASSIFYING, M.DECLINE): _rule(S.DECLINED, who=_INTAKE, needs={N.REASON}),
    (S.CLASSIFYING, M.REDIRECT): _rule(S.REDIRECTED, who=_INTAKE, needs={N.REASON}),
    (S.CLASSIFYING, M.MERGE): _rule(S.MERGED, who=_INTAKE, needs={N.REPORT}),
    (S.CLASSIFYING, M.WITHDRAW): _WITHDRAW,
    (S.CLASSIFYING, M.EDIT): _rule(S.CLASSIFYING, who=_CITIZEN),
    (S.CLASSIFYING, M.MARK_OVERDUE): _rule(S.CLASSIFYING, who=_SYSTEM),
    # đã chuyển xử lý: accepted
    (S.ASSIGNED, M.ASSIGN): _rule(S.ASSIGNED, who=_AGENCY, needs={N.OFFICER}),
    (S.ASSIGNED, M.START): _rule(S.IN_PROGRESS, who=_AGENCY),
    (S.ASSIGNED, M.ASK): _ASK,
    (S.ASSIGNED, M.DECLINE): _DECLINE,
    (S.ASSIGNED, M.REDIRECT): _REDIRECT,
    (S.ASSIGNED, M.TRANSFER): _TRANSFER,
    (S.ASSIGNED, M.ESCALATE): _ESCALATE,
    (S.ASSIGNED, M.EXTEND): _rule(S.ASSIGNED, who=_KEY, needs={N.REASON}),
    (S.ASSIGNED, M.MERGE): _MERGE,
    (S.ASSIGNED, M.WITHDRAW): _WITHDRAW,
    (S.ASSIGNED, M.MARK_OVERDUE): _rule(S.ASSIGNED, who=_SYSTEM),
    # đang xử lý
    (S.IN_PROGRESS, M.ASSIGN): _rule(S.IN_PROGRESS, who=_AGENCY, needs={N.OFFICER}),
    (S.IN_PROGRESS, M.ASK): _ASK,
    (S.IN_PROGRESS, M.RESOLVE): _rule(S.RESOLVED, who=_AGENCY, needs={N.NOTE, N.EVIDENCE}),
    (S.IN_PROGRESS, M.DECLINE): _DECLINE,
    (S.IN_PROGRESS, M.REDIRECT): _REDIRECT,
    (S.IN_PROGRESS, M.TRANSFER): _TRANSFER,
    (S.IN_PROGRESS, M.ESCALATE): _ESCALATE,
    (S.IN_PROGRESS, M.EXTEND): _rule(S.IN_PROGRESS, who=_KEY, needs={N.REASON}),
    (S.IN_PROGRESS, M.MERGE): _MERGE,
    (S.IN_PROGRESS, M.WITHDRAW): _WITHDRAW,
    (S.IN_PROGRESS, M.MARK_OVERDUE): _rule(S.IN_PROGRESS, who=_SYSTEM),
    # chờ dân bổ sung: the clock is paused; staff may answer for a citizen who telephoned
    (S.AWAITING_CITIZEN, M.ANSWER): _rule(
        S.ASSIGNED, S.IN_PROGRESS, who={R.CITIZEN, *_AGENCY_OR_INTAKE}
    ),
    (S.AWAITING_CITIZEN, M.ASSIGN): _rule(S.AWAITING_CITIZEN, who=_AGENCY, needs={N.OFFICER}),
    (S.AWAITING_CITIZEN, M.DECLINE): _DECLINE,
    (S.AWAITING_CITIZEN, M.WITHDRAW): _WITHDRAW,
    (S.AWAITING_CITIZEN, M.MARK_OVERDUE): _rule(S.AWAITING_CITIZEN, who=_SYSTEM),
    # đã xử lý: answered with evidence
    (S.RESOLVED, M.AWAIT_CONFIRMATION): _rule(
        S.AWAITING_CONFIRMATION, who=_SYSTEM, only=Entered.BY_CITIZEN
    ),
    (S.RESOLVED, M.AUTO_CLOSE): _rule(S.CLOSED, who=_SYSTEM, only=Entered.BY_STAFF),
    (S.RESOLVED, M.CLOSE): _rule(S.CLOSED, who=_KEY, only=Entered.BY_STAFF),
    # chờ dân xác nhận: rated 3 or 4 it closes, rated 1 or 2 it waits for the wish to reopen
    (S.AWAITING_CONFIRMATION, M.RATE): _rule(
        S.CLOSED, S.AWAITING_CONFIRMATION, who=_CITIZEN, needs={N.SCORE}
    ),
    (S.AWAITING_CONFIRMATION, M.REOPEN): _REOPEN,
    (S.AWAITING_CONFIRMATION, M.CLOSE): _rule(S.CLOSED, who=_KEY),
    (S.AWAITING_CONFIRMATION, M.AUTO_CLOSE): _rule(S.CLOSED, who=_SYSTEM),
    # đã đóng, không tiếp nhận, đã gộp: ended, but not beyond recall
    (S.CLOSED, M.RATE): _rule(S.CLOSED, who=_CITIZEN, needs={N.SCORE}),
    (S.CLOSED, M.REOPEN): _REOPEN,
    (S.DECLINED, M.REOPEN): _rule(S.RECEIVED, S.CLASSIFYING, who=_ASKS_AGAIN, needs={N.REASON}),
    (S.MERGED, M.UNMERGE): _rule(
        S.RECEIVED, S.CLASSIFYING, S.ASSIGNED, S.IN_PROGRESS, who=_KEY_OR_INTAKE
    ),
    # any status can be taken from public view; only a public one can be put there
    **{
        (status, M.HIDE): _rule(status, who={R.KEY_HOLDER, R.MODERATOR, R.ADMIN}, needs={N.REASON})
        for status in Status
    },
    **{
        (status, M.PUBLISH): _rule(status, who={R.MODERATOR, R.ADMIN})
        for status in Status
        if status in PUBLIC_STATUSES
    },
}


def is_open(status: Status) -> bool:
    """Whether an answer is still owed."""
    return status in OPEN_STATUSES


def is_public_stage(status: Status) -> bool:
    """Whether a report in this status may be listed publicly at all, moderation permitting.

    Not while nobody knows what it is (it may be a denunciation), nor once it was declined,
    referred elsewhere, withdrawn, or merged (its duplicate is shown instead).
    """
    return status in PUBLIC_STATUSES


def allowed_moves(status: Status, roles: Collection[str]) -> tuple[Move, ...]:
    """The moves these roles may make from a status, in the order of Move."""
    return tuple(
        move
        for move in Move
        if (rule := LIFECYCLE.get((status, move))) is not None and rule.who & set(roles)
    )


def check_move(
    case: CaseState,
    request: MoveRequest,
    *,
    roles: Collection[str],
    reopen: ReopenTerms = ReopenTerms(),
) -> CheckedMove:
    """The move as it may be made, or the error that says why it may not.

    Raises IllegalMove, NotYourMove, TooManyReopenings, AlreadyRated, ReasonNeeded, NoteNeeded,
    EvidenceNeeded, TargetNeeded, ScoreNeeded; the first that applies, in this order.
    """
    rule = LIFECYCLE.get((case.status, request.move))
    if rule is None or (rule.only is not None and rule.only != case.entered):
        raise _illegal(case.status, request.move)
    if not rule.who & set(roles):
        name_vi, name_en = label(request.move, "vi"), label(request.move, "en")
        raise NotYourMove(
            request.move,
            vi=f"Bạn không có quyền thực hiện thao tác “{name_vi}” với phản ánh này.",
            en=f"You may not make the move “{name_en}” on this report.",
        )
    if request.move is Move.REOPEN:
        if case.status not in reopen.from_statuses:
            raise _illegal(case.status, request.move)
        if case.reopened >= reopen.at_most:
            raise TooManyReopenings(reopen.at_most)
    if request.move is Move.RATE and case.status is Status.CLOSED and case.is_rating_final:
        raise AlreadyRated
    return _check_needs(case, request, rule)


def clean_text(text: str | None) -> str:
    """A text in NFC without blank ends; None is the empty text."""
    return unicodedata.normalize("NFC", text or "").strip()


def target_of(case: CaseState, request: MoveRequest, rule: LifecycleRule) -> Status:
    """The status a permitted move leads to, where the case or the score decides."""
    match request.move:
        case Move.ANSWER | Move.UNMERGE:
            if case.status_before not in rule.to:
                raise _illegal(case.status, request.move)
            return case.status_before
        case Move.RATE:
            is_satisfied = (request.score or 0) >= SATISFIED_FROM
            return Status.CLOSED if is_satisfied else case.status
        case Move.REOPEN if case.status is Status.DECLINED:
            return Status.RECEIVED if case.agency_code else Status.CLASSIFYING
    return rule.to[0]


def _check_needs(case: CaseState, request: MoveRequest, rule: LifecycleRule) -> CheckedMove:
    reason, note = clean_text(request.reason), clean_text(request.note)
    if Need.REASON in rule.needs:
        _check_length(reason, REASON_LENGTH, ReasonNeeded, "reason")
    if Need.NOTE in rule.needs:
        _check_length(note, NOTE_LENGTH, NoteNeeded, "public_note")
    if Need.EVIDENCE in rule.needs and request.photos < 1 and len(reason) < REASON_LENGTH[0]:
        raise EvidenceNeeded
    # Texts nobody asked for may be empty, never endless.
    _check_length(reason, (0, REASON_LENGTH[1]), ReasonNeeded, "reason")
    _check_length(note, (0, NOTE_LENGTH[1]), NoteNeeded, "public_note")
    if Need.AGENCY in rule.needs and request.agency in (None, "", case.agency_code):
        raise TargetNeeded("agency", vi="Cần chọn cơ quan khác.", en="Name another agency.")
    if Need.OFFICER in rule.needs and not request.officer:
        raise TargetNeeded("officer", vi="Cần chọn cán bộ xử lý.", en="Name the officer.")
    if Need.REPORT in rule.needs and not request.report:
        raise TargetNeeded("report", vi="Cần chọn phản ánh chính.", en="Name the other report.")
    if Need.SCORE in rule.needs and request.score not in (1, 2, 3, 4):
        raise ScoreNeeded
    to = target_of(case, request, rule)
    if request.move in (Move.ASK, Move.MERGE):
        remembered: Status | None = case.status
    else:
        remembered = case.status_before if to is case.status else None
    return CheckedMove(request.move, to, remembered, reason=reason or None, note=note or None)


def _check_length(text: str, length: tuple[int, int], error: type[TextNeeded], name: str) -> None:
    least, most = length
    if not least <= len(text) <= most:
        raise error(name, least=least, most=most)


def _illegal(status: Status, move: Move) -> IllegalMove:
    vi = f"Phản ánh đang ở trạng thái “{label(status, 'vi')}”, không thể “{label(move, 'vi')}”."
    en = f"The report is “{label(status, 'en')}”; “{label(move, 'en')}” is not possible now."
    return IllegalMove(status, move, vi=vi, en=en)
