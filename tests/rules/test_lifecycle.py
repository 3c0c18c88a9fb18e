"""The whole machine: every status times every move times every role."""

import unicodedata
from collections.abc import Iterable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from backend.reports.errors import (
    AlreadyRated,
    EvidenceNeeded,
    IllegalMove,
    NoteNeeded,
    NotYourMove,
    ReasonNeeded,
    ScoreNeeded,
    TargetNeeded,
    TooManyReopenings,
)
from backend.reports.lifecycle import (
    LIFECYCLE,
    OPEN_STATUSES,
    TERMINAL_STATUSES,
    CaseState,
    Entered,
    Move,
    MoveRequest,
    Need,
    ReopenTerms,
    Role,
    Status,
    allowed_moves,
    check_move,
    is_open,
    is_public_stage,
    label,
)

S, M, R = Status, Move, Role

# The same machine once more, written by who may do what where, as DOMAIN and API word it:
# o officer, k key-holder, m moderator, l leader, a admin, c citizen, s system.
EXPECTED = {
    "received": "accept:ok decline:k redirect:km transfer:okm escalate:okms merge:km withdraw:c "
    "edit:c mark_overdue:s hide:kma publish:ma",
    "classifying": "transfer:m decline:m redirect:m merge:m withdraw:c edit:c mark_overdue:s "
    "hide:kma",
    "assigned": "assign:ok start:ok ask:ok decline:k redirect:km transfer:okm escalate:okms "
    "extend:k merge:km withdraw:c mark_overdue:s hide:kma publish:ma",
    "in_progress": "assign:ok ask:ok resolve:ok decline:k redirect:km transfer:okm escalate:okms "
    "extend:k merge:km withdraw:c mark_overdue:s hide:kma publish:ma",
    "awaiting_citizen": "answer:cokm assign:ok decline:k withdraw:c mark_overdue:s hide:kma "
    "publish:ma",
    "resolved": "await_confirmation:s auto_close:s close:k hide:kma publish:ma",
    "awaiting_confirmation": "rate:c reopen:ckml close:k auto_close:s hide:kma publish:ma",
    "closed": "rate:c reopen:ckml hide:kma publish:ma",
    "declined": "reopen:ckml hide:kma",
    "redirected": "hide:kma",
    "withdrawn": "hide:kma",
    "merged": "unmerge:km hide:kma",
}
LETTERS = {
    "o": R.OFFICER, "k": R.KEY_HOLDER, "m": R.MODERATOR, "l": R.LEADER, "a": R.ADMIN,
    "c": R.CITIZEN, "s": R.SYSTEM,
}  # fmt: skip
TABLE = {
    (Status(status), Move(entry.split(":")[0])): {LETTERS[c] for c in entry.split(":")[1]}
    for status, entries in EXPECTED.items()
    for entry in entries.split()
}
REASON = "Đường đã được dặm vá xong"


def a_request(move: Move, **changes: object) -> MoveRequest:
    """A request with everything any move could need."""
    everything: dict = {
        "reason": REASON, "note": "Xin cho biết số cột đèn", "agency": "so-xay-dung",
        "officer": "o1", "report": "QNG-1", "photos": 1, "score": 4,
    }  # fmt: skip
    return MoveRequest(move, **(everything | changes))


def a_case(status: Status, **changes: object) -> CaseState:
    before = {S.AWAITING_CITIZEN: S.IN_PROGRESS, S.MERGED: S.RECEIVED}.get(status)
    # resolved cases of staff close at once, those of citizens wait: choose by what is asked
    everything: dict = {"status_before": before, "agency_code": "ubnd-21028"}
    return CaseState(status, **(everything | changes))


def entered_for(status: Status, move: Move) -> Entered:
    by_staff = status is S.RESOLVED and move in (M.CLOSE, M.AUTO_CLOSE)
    return Entered.BY_STAFF if by_staff else Entered.BY_CITIZEN


@pytest.mark.parametrize("status", Status)
def test_every_status_move_and_role_does_what_the_table_says(status: Status) -> None:
    for move, role in product(Move, Role):
        case = a_case(status, entered=entered_for(status, move))
        who = TABLE.get((status, move))
        if who is None:
            with pytest.raises(IllegalMove):
                check_move(case, a_request(move), roles={role})
        elif role not in who:
            with pytest.raises(NotYourMove):
                check_move(case, a_request(move), roles={role})
        else:
            assert check_move(case, a_request(move), roles={role}).to in LIFECYCLE[status, move].to
        assert (move in allowed_moves(status, {role})) == (who is not None and role in who)


TARGETS = {
    (S.RECEIVED, M.ACCEPT): S.ASSIGNED,
    (S.CLASSIFYING, M.TRANSFER): S.RECEIVED,
    (S.ASSIGNED, M.START): S.IN_PROGRESS,
    (S.IN_PROGRESS, M.RESOLVE): S.RESOLVED,
    (S.RESOLVED, M.AWAIT_CONFIRMATION): S.AWAITING_CONFIRMATION,
    (S.RESOLVED, M.AUTO_CLOSE): S.CLOSED,
    (S.RESOLVED, M.CLOSE): S.CLOSED,
    (S.AWAITING_CONFIRMATION, M.AUTO_CLOSE): S.CLOSED,
    (S.AWAITING_CONFIRMATION, M.CLOSE): S.CLOSED,
    (S.AWAITING_CONFIRMATION, M.RATE): S.CLOSED,
    (S.AWAITING_CITIZEN, M.ANSWER): S.IN_PROGRESS,
    (S.MERGED, M.UNMERGE): S.RECEIVED,
    (S.DECLINED, M.REOPEN): S.RECEIVED,
}
SAME = {M.ASSIGN, M.EXTEND, M.HIDE, M.PUBLISH, M.EDIT, M.MARK_OVERDUE, M.RATE}
BY_MOVE = {
    M.DECLINE: S.DECLINED, M.REDIRECT: S.REDIRECTED, M.TRANSFER: S.RECEIVED,
    M.ESCALATE: S.RECEIVED, M.MERGE: S.MERGED, M.WITHDRAW: S.WITHDRAWN,
    M.ASK: S.AWAITING_CITIZEN, M.REOPEN: S.IN_PROGRESS,
}  # fmt: skip


@pytest.mark.parametrize(("status", "move"), TABLE)
def test_every_move_leads_where_its_word_says(status: Status, move: Move) -> None:
    case = a_case(status, entered=entered_for(status, move))
    expected = TARGETS.get((status, move)) or (status if move in SAME else BY_MOVE[move])
    assert check_move(case, a_request(move), roles=set(Role)).to is expected


def test_the_dict_and_the_table_name_the_same_moves() -> None:
    assert {key: set(found.who) for key, found in LIFECYCLE.items()} == TABLE


def _reachable(start: Iterable[Status]) -> set[Status]:
    seen = set(start)
    while True:
        more = {to for (status, _), found in LIFECYCLE.items() if status in seen for to in found.to}
        if more <= seen:
            return seen
        seen |= more


def test_every_status_is_reachable_from_receipt() -> None:
    assert _reachable({S.RECEIVED, S.CLASSIFYING}) == set(Status)


def test_only_terminal_statuses_are_ends() -> None:
    ends = {
        status
        for status in Status
        if all(found.to == (status,) for (here, _), found in LIFECYCLE.items() if here is status)
    }
    assert ends == TERMINAL_STATUSES == {S.REDIRECTED, S.WITHDRAWN}


@pytest.mark.parametrize("status", sorted(OPEN_STATUSES))
def test_an_open_report_can_be_ended_without_the_citizen(status: Status) -> None:
    seen = {status}
    while True:
        more = {
            to
            for (here, _), found in LIFECYCLE.items()
            if here in seen and found.who - {R.CITIZEN}
            for to in found.to
        }
        if more <= seen:
            break
        seen |= more
    assert S.CLOSED in seen
    assert S.DECLINED in seen


def test_every_move_and_role_and_need_is_used() -> None:
    assert {move for _, move in LIFECYCLE} == set(Move)
    assert {role for found in LIFECYCLE.values() for role in found.who} == set(Role)
    assert {need for found in LIFECYCLE.values() for need in found.needs} == set(Need)


@pytest.mark.parametrize("move", [M.CLOSE, M.DECLINE, M.EXTEND])
def test_an_officer_may_never_close_decline_or_extend(move: Move) -> None:
    assert not any(move in allowed_moves(status, {R.OFFICER}) for status in Status)
    assert any(move in allowed_moves(status, {R.KEY_HOLDER}) for status in Status)


NEEDS = {
    M.DECLINE: {Need.REASON},
    M.REDIRECT: {Need.REASON},
    M.TRANSFER: {Need.REASON, Need.AGENCY},
    M.ESCALATE: {Need.REASON, Need.AGENCY},
    M.REOPEN: {Need.REASON},
    M.EXTEND: {Need.REASON},
    M.HIDE: {Need.REASON},
    M.ASSIGN: {Need.OFFICER},
    M.ASK: {Need.NOTE},
    M.RESOLVE: {Need.NOTE, Need.EVIDENCE},
    M.MERGE: {Need.REPORT},
    M.RATE: {Need.SCORE},
}
WITHOUT = {
    Need.REASON: ({"reason": None}, ReasonNeeded),
    Need.NOTE: ({"note": None}, NoteNeeded),
    Need.EVIDENCE: ({"photos": 0, "reason": None}, EvidenceNeeded),
    Need.AGENCY: ({"agency": None}, TargetNeeded),
    Need.OFFICER: ({"officer": None}, TargetNeeded),
    Need.REPORT: ({"report": None}, TargetNeeded),
    Need.SCORE: ({"score": None}, ScoreNeeded),
}


@pytest.mark.parametrize(("status", "move"), LIFECYCLE)
def test_every_need_is_asked_for_wherever_the_move_is_made(status: Status, move: Move) -> None:
    case = a_case(status, entered=entered_for(status, move))
    for need, (without, error) in WITHOUT.items():
        request = a_request(move, **without)
        if need is Need.EVIDENCE and Need.REASON in NEEDS.get(move, set()):
            continue  # without its reason it is refused for that
        if need in NEEDS.get(move, set()):
            with pytest.raises(error):
                check_move(case, request, roles=set(Role))
        else:
            check_move(case, request, roles=set(Role))


@pytest.mark.parametrize(
    ("reason", "is_enough"),
    [
        ("a" * 9, False),
        ("a" * 10, True),
        ("a" * 2000, True),
        ("a" * 2001, False),
        ("  " + "a" * 9 + "\n\u00a0", False),
        ("  " + "a" * 2000 + "\n", True),
        (unicodedata.normalize("NFD", "ệ" * 9), False),  # 27 code points, nine letters
        (unicodedata.normalize("NFD", "ệ" * 2000), True),
        (" " * 50, False),
        ("", False),
        (None, False),
    ],
)
def test_a_reason_has_10_to_2000_characters_after_nfc_and_strip(
    reason: str | None, is_enough: bool
) -> None:
    request = a_request(M.DECLINE, reason=reason)
    if is_enough:
        checked = check_move(a_case(S.RECEIVED), request, roles={R.KEY_HOLDER})
        assert checked.reason == unicodedata.normalize("NFC", reason or "").strip()
        return
    with pytest.raises(ReasonNeeded) as raised:
        check_move(a_case(S.RECEIVED), request, roles={R.KEY_HOLDER})
    assert (raised.value.least, raised.value.most) == (10, 2000)
    assert [fault.field for fault in raised.value.faults] == ["reason"]


def test_texts_nobody_asked_for_are_bounded_too() -> None:
    for changes, error in (
        ({"reason": "a" * 2001}, ReasonNeeded),
        ({"note": "a" * 5001}, NoteNeeded),
    ):
        with pytest.raises(error):
            check_move(a_case(S.RECEIVED), a_request(M.ACCEPT, **changes), roles={R.OFFICER})
    checked = check_move(
        a_case(S.RECEIVED), a_request(M.ACCEPT, reason=" ", note=None), roles={R.OFFICER}
    )
    assert (checked.reason, checked.note) == (None, None)


def test_a_reason_may_stand_in_for_the_after_photo() -> None:
    case = a_case(S.IN_PROGRESS)
    without_photo = a_request(M.RESOLVE, photos=0, reason="Sự việc không để lại hiện trường")
    assert check_move(case, without_photo, roles={R.OFFICER}).to is S.RESOLVED
    for reason in (None, "không", " " * 20):
        with pytest.raises(EvidenceNeeded):
            check_move(case, a_request(M.RESOLVE, photos=0, reason=reason), roles={R.OFFICER})


def test_an_answer_leads_back_to_where_the_question_was_asked() -> None:
    for before in (S.ASSIGNED, S.IN_PROGRESS):
        case = a_case(S.AWAITING_CITIZEN, status_before=before)
        assert check_move(case, a_request(M.ANSWER), roles={R.CITIZEN}).to is before
    for before in (None, S.CLOSED):
        case = a_case(S.AWAITING_CITIZEN, status_before=before)
        with pytest.raises(IllegalMove):
            check_move(case, a_request(M.ANSWER), roles={R.CITIZEN})


@pytest.mark.parametrize("before", [S.RECEIVED, S.CLASSIFYING, S.ASSIGNED, S.IN_PROGRESS])
def test_a_merge_can_be_undone_from_everywhere_it_can_be_made(before: Status) -> None:
    assert check_move(a_case(before), a_request(M.MERGE), roles={R.MODERATOR}).to is S.MERGED
    merged = a_case(S.MERGED, status_before=before)
    assert check_move(merged, a_request(M.UNMERGE), roles={R.MODERATOR}).to is before


def test_a_move_says_which_status_to_remember() -> None:
    asked = check_move(a_case(S.ASSIGNED), a_request(M.ASK), roles={R.OFFICER})
    assert asked.status_before is S.ASSIGNED
    waiting = a_case(S.AWAITING_CITIZEN, status_before=S.ASSIGNED)
    for move, remembered in (
        (M.ASSIGN, S.ASSIGNED),
        (M.HIDE, S.ASSIGNED),
        (M.ANSWER, None),
        (M.DECLINE, None),
    ):
        assert check_move(waiting, a_request(move), roles=set(Role)).status_before is remembered


def test_what_can_be_merged_is_what_can_be_unmerged() -> None:
    assert {status for status, move in LIFECYCLE if move is M.MERGE} == set(
        LIFECYCLE[S.MERGED, M.UNMERGE].to
    )
    assert {status for status, move in LIFECYCLE if move is M.ASK} == set(
        LIFECYCLE[S.AWAITING_CITIZEN, M.ANSWER].to
    )


@pytest.mark.parametrize(
    ("score", "to"),
    [(1, S.AWAITING_CONFIRMATION), (2, S.AWAITING_CONFIRMATION), (3, S.CLOSED), (4, S.CLOSED)],
)
def test_a_contented_citizen_closes_the_report(score: int, to: Status) -> None:
    case = a_case(S.AWAITING_CONFIRMATION)
    assert check_move(case, a_request(M.RATE, score=score), roles={R.CITIZEN}).to is to
    closed = a_case(S.CLOSED)
    assert check_move(closed, a_request(M.RATE, score=score), roles={R.CITIZEN}).to is S.CLOSED


@pytest.mark.parametrize("score", [None, 0, 5, -1])
def test_a_score_is_one_to_four(score: int | None) -> None:
    with pytest.raises(ScoreNeeded):
        check_move(
            a_case(S.AWAITING_CONFIRMATION), a_request(M.RATE, score=score), roles={R.CITIZEN}
        )


def test_a_closed_report_keeps_a_rating_that_is_final() -> None:
    with pytest.raises(AlreadyRated):
        check_move(a_case(S.CLOSED, is_rating_final=True), a_request(M.RATE), roles={R.CITIZEN})
    again = a_case(S.AWAITING_CONFIRMATION, is_rating_final=True)
    assert check_move(again, a_request(M.RATE), roles={R.CITIZEN}).to is S.CLOSED


def test_staff_cases_close_without_the_citizen_and_citizens_cases_do_not() -> None:
    staff = a_case(S.RESOLVED, entered=Entered.BY_STAFF)
    citizens = a_case(S.RESOLVED)
    assert check_move(staff, a_request(M.AUTO_CLOSE), roles={R.SYSTEM}).to is S.CLOSED
    assert check_move(staff, a_request(M.CLOSE), roles={R.KEY_HOLDER}).to is S.CLOSED
    for case, move in (
        (staff, M.AWAIT_CONFIRMATION),
        (citizens, M.AUTO_CLOSE),
        (citizens, M.CLOSE),
    ):
        with pytest.raises(IllegalMove):
            check_move(case, a_request(move), roles=set(Role))


def test_a_report_is_reopened_as_often_and_from_where_the_terms_allow() -> None:
    terms = ReopenTerms(at_most=1, from_statuses=frozenset({S.CLOSED, S.DECLINED}))

    def reopened(status: Status, **changes: object) -> Status:
        case = a_case(status, **changes)
        return check_move(case, a_request(M.REOPEN), roles={R.CITIZEN}, reopen=terms).to

    assert reopened(S.CLOSED) is S.IN_PROGRESS
    assert reopened(S.DECLINED) is S.RECEIVED
    assert reopened(S.DECLINED, agency_code=None) is S.CLASSIFYING
    with pytest.raises(TooManyReopenings) as raised:
        reopened(S.CLOSED, reopened=1)
    assert raised.value.at_most == 1
    with pytest.raises(IllegalMove):
        reopened(S.AWAITING_CONFIRMATION)


@pytest.mark.parametrize("move", [M.TRANSFER, M.ESCALATE])
def test_a_transfer_goes_to_another_agency(move: Move) -> None:
    for agency in (None, "", "ubnd-21028"):
        with pytest.raises(TargetNeeded) as raised:
            check_move(a_case(S.RECEIVED), a_request(move, agency=agency), roles={R.OFFICER})
        assert raised.value.field == "agency"


def test_roles_may_be_plain_words_and_several() -> None:
    assert M.ACCEPT in allowed_moves(S.RECEIVED, ["officer"])
    assert allowed_moves(S.RECEIVED, ()) == ()
    assert allowed_moves(S.RECEIVED, ("wall",)) == ()
    both = allowed_moves(S.RECEIVED, {"officer", "moderator"})
    assert set(both) == {
        *allowed_moves(S.RECEIVED, {"officer"}), *allowed_moves(S.RECEIVED, {"moderator"})
    }  # fmt: skip
    assert list(both) == [move for move in Move if move in both]


def test_open_and_public_statuses() -> None:
    assert {status for status in Status if is_open(status)} == {
        S.RECEIVED, S.CLASSIFYING, S.ASSIGNED, S.IN_PROGRESS, S.AWAITING_CITIZEN,
    }  # fmt: skip
    private = {status for status in Status if not is_public_stage(status)}
    assert private == {S.CLASSIFYING, S.DECLINED, S.REDIRECTED, S.WITHDRAWN, S.MERGED}


def test_statuses_and_moves_have_vietnamese_and_english_names() -> None:
    for words in (Status, Move):
        for language in ("vi", "en"):
            names = [label(word, language) for word in words]
            assert len(set(names)) == len(words)
            assert all(name and name == unicodedata.normalize("NFC", name) for name in names)
    assert label(S.AWAITING_CONFIRMATION) == "Chờ người dân xác nhận"
    assert label(M.REOPEN, "en") == "Reopen"


def test_errors_are_sentences_in_both_languages() -> None:
    with pytest.raises(IllegalMove) as illegal:
        check_move(a_case(S.CLOSED), a_request(M.ACCEPT), roles=set(Role))
    assert illegal.value.vi == "Phản ánh đang ở trạng thái “Đã đóng”, không thể “Nhận xử lý”."
    with pytest.raises(NotYourMove) as not_yours:
        check_move(a_case(S.RECEIVED), a_request(M.DECLINE), roles={R.OFFICER})
    assert "Không tiếp nhận" in not_yours.value.vi


@given(
    status=st.sampled_from(list(Status)),
    before=st.none() | st.sampled_from(list(Status)),
    agency=st.sampled_from([None, "a", "b"]),
    entered=st.sampled_from(list(Entered)),
    numbers=st.tuples(st.integers(0, 4), st.integers(-1, 6), st.integers(0, 3)),
    is_rating_final=st.booleans(),
    texts=st.tuples(*[st.none() | st.text(max_size=15)] * 2),
    move=st.sampled_from(list(Move)),
    roles=st.sets(st.sampled_from(list(Role))),
)
def test_any_request_is_either_checked_or_refused_by_name(
    status: Status, before: Status | None, agency: str | None, entered: Entered,
    numbers: tuple[int, int, int], is_rating_final: bool, texts: tuple, move: Move,
    roles: set[Role],
) -> None:  # fmt: skip
    reopened, score, photos = numbers
    case = CaseState(status, before, agency, entered, reopened, is_rating_final)
    request = MoveRequest(move, *texts, agency, "o", "r", photos, score)
    try:
        checked = check_move(case, request, roles=roles)
    except (
        IllegalMove, NotYourMove, TooManyReopenings, AlreadyRated, ReasonNeeded, NoteNeeded,
        EvidenceNeeded, TargetNeeded, ScoreNeeded,
    ):  # fmt: skip
        return
    assert checked.to in LIFECYCLE[status, move].to
    assert LIFECYCLE[status, move].who & roles


class ReportLife(RuleBasedStateMachine):
    """One report pushed about at random by everybody; what must always hold is held."""

    def __init__(self) -> None:
        super().__init__()
        self.case = CaseState(S.RECEIVED, agency_code="a")
        self.trail: list[tuple[Status, Move]] = []

    def _make(self, move: Move, role: Role, **changes: object) -> None:
        request = a_request(move, **changes)
        case = self.case
        try:
            checked = check_move(case, request, roles={role}, reopen=ReopenTerms(at_most=2))
        except (IllegalMove, NotYourMove, TooManyReopenings, TargetNeeded, AlreadyRated):
            return
        self.trail.append((case.status, move))
        self.case = CaseState(
            checked.to,
            checked.status_before,
            request.agency if move in (M.TRANSFER, M.ESCALATE) else case.agency_code,
            case.entered,
            case.reopened + (move is M.REOPEN),
            case.is_rating_final or move is M.RATE,
        )

    @rule(
        move=st.sampled_from(list(Move)),
        role=st.sampled_from(list(Role)),
        agency=st.sampled_from(["a", "b", "c"]),
        score=st.integers(1, 4),
    )
    def anybody_moves_it(self, move: Move, role: Role, agency: str, score: int) -> None:
        self._make(move, role, agency=agency, score=score)

    @precondition(lambda self: allowed_moves(self.case.status, set(Role)))
    @rule(data=st.data(), agency=st.sampled_from(["a", "b", "c"]), score=st.integers(1, 4))
    def somebody_entitled_moves_it(self, data: st.DataObject, agency: str, score: int) -> None:
        move = data.draw(st.sampled_from(allowed_moves(self.case.status, set(Role))))
        role = data.draw(st.sampled_from(sorted(LIFECYCLE[self.case.status, move].who)))
        self._make(move, role, agency=agency, score=score)

    @invariant()
    def a_report_waiting_knows_where_it_came_from(self) -> None:
        waits = self.case.status in (S.AWAITING_CITIZEN, S.MERGED)
        assert (self.case.status_before is not None) == waits

    @invariant()
    def it_is_answered_only_through_resolve(self) -> None:
        if self.case.status in (S.RESOLVED, S.AWAITING_CONFIRMATION, S.CLOSED):
            assert any(move is M.RESOLVE for _, move in self.trail)

    @invariant()
    def work_begins_only_after_acceptance(self) -> None:
        if any(move is M.START for _, move in self.trail):
            assert any(move is M.ACCEPT for _, move in self.trail)

    @invariant()
    def it_is_reopened_twice_at_most(self) -> None:
        assert self.case.reopened <= 2

    @invariant()
    def nothing_comes_after_an_end(self) -> None:
        ended = [i for i, (status, _) in enumerate(self.trail) if status in TERMINAL_STATUSES]
        assert all(self.trail[i][1] is M.HIDE for i in ended)


class StrayReportLife(ReportLife):
    def __init__(self) -> None:
        super().__init__()
        self.case = CaseState(S.CLASSIFYING, agency_code=None)

    @invariant()
    def nobody_works_on_it_without_an_agency(self) -> None:
        if self.case.agency_code is None:
            assert self.case.status in (
                S.CLASSIFYING, S.DECLINED, S.REDIRECTED, S.WITHDRAWN, S.MERGED
            )  # fmt: skip


TestReportLife = ReportLife.TestCase
TestStrayReportLife = StrayReportLife.TestCase
