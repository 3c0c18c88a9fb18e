"""The lives of demo reports: what became of each, from its arrival to the present.

A life is played until now: what its next step would be stays undone. So the stages, promises,
events, chains and figures of the demo are real.
"""

from datetime import timedelta

from backend.demo.steps import Life, Steps, awake
from backend.reports.lifecycle import Move
from backend.reports.transitions import MoveOrder


def usual(steps: Steps, life: Life, *, pace: float | None = None) -> None:
    steps.accept(life)
    steps.assign(life)
    steps.start(life)
    steps.resolve(life, pace=pace or steps.rng.betavariate(2, 2.6) * 0.95 + 0.03)
    steps.rate(life)


def late(steps: Steps, life: Life) -> None:
    usual(steps, life, pace=steps.rng.uniform(1.15, 2.4))


def neglected(steps: Steps, life: Life) -> None:
    """Accepted and begun, then nothing more."""
    steps.accept(life)
    if steps.rng.random() < 0.6:
        steps.start(life)


def unseen(steps: Steps, life: Life) -> None:
    """Nobody has even accepted it."""


def asked(steps: Steps, life: Life, *, is_answered: bool = True) -> None:
    steps.accept(life)
    question, reply = steps.writer.asked(life.story)
    at = steps.office(life, steps.rng.uniform(15, 240))
    steps.do(life, MoveOrder(Move.ASK, public_note=question), "officer", at=at)
    if not is_answered:
        return
    at = life.report.updated_at + timedelta(hours=steps.rng.uniform(1.5, 60))
    steps.do(life, MoveOrder(Move.ANSWER, public_note=reply), "citizen", at=awake(at))
    steps.start(life)
    steps.resolve(life, pace=steps.rng.uniform(0.35, 0.9))
    steps.rate(life)


def handed_on(steps: Steps, life: Life, *, agency: str) -> None:
    at = steps.office(life, steps.rng.lognormvariate(4.2, 0.7))
    reason = steps.writer.phrase("transfers")
    order = MoveOrder(Move.TRANSFER, reason=reason, agency=agency)
    steps.do(life, order, "officer", at=at)
    usual(steps, life)


def called_up(steps: Steps, life: Life, *, agency: str) -> None:
    steps.accept(life)
    steps.start(life)
    at = steps.office(life, steps.rng.uniform(60, 600))
    reason = steps.writer.phrase("escalations")
    order = MoveOrder(Move.ESCALATE, reason=reason, agency=agency)
    steps.do(life, order, "key_holder", at=at)
    usual(steps, life, pace=steps.rng.uniform(0.6, 1.3))


def extended(steps: Steps, life: Life) -> None:
    steps.accept(life)
    steps.start(life)
    left = steps.left(life)
    at = steps.office(life, left * steps.rng.uniform(0.4, 0.75))
    reason = steps.writer.phrase("extensions")
    days = steps.rng.choice(("1wd", "2wd", "3wd"))
    order = MoveOrder(Move.EXTEND, reason=reason, duration=days)
    steps.do(life, order, "key_holder", at=at)
    steps.resolve(life, pace=steps.rng.uniform(0.7, 0.98))
    steps.rate(life)


def declined(steps: Steps, life: Life, *, reason: str) -> None:
    at = steps.office(life, steps.rng.lognormvariate(4.5, 0.6))
    steps.do(life, MoveOrder(Move.DECLINE, reason=reason), "key_holder", at=at)


def redirected(steps: Steps, life: Life, *, reason: str) -> None:
    at = steps.office(life, steps.rng.lognormvariate(4.0, 0.6))
    steps.do(life, MoveOrder(Move.REDIRECT, reason=reason), "moderator", at=at)


def reopened(steps: Steps, life: Life) -> None:
    steps.accept(life)
    steps.start(life)
    steps.resolve(life, pace=steps.rng.uniform(0.2, 0.7))
    score = steps.rng.choice((1, 2))
    steps.rate(life, score=score, surely=True)
    at = life.report.updated_at + timedelta(minutes=steps.rng.uniform(4, 600))
    reason = steps.writer.phrase("reopens")
    steps.do(life, MoveOrder(Move.REOPEN, reason=reason), "citizen", at=awake(at))
    steps.resolve(life, pace=steps.rng.uniform(0.3, 0.9))
    steps.rate(life, score=steps.rng.choice((3, 4, 4)), surely=True)


def withdrawn(steps: Steps, life: Life) -> None:
    if steps.rng.random() < 0.5:
        steps.accept(life)
    at = life.report.updated_at + timedelta(hours=steps.rng.uniform(0.3, 20))
    reason = steps.writer.phrase("withdrawals") or None
    steps.do(life, MoveOrder(Move.WITHDRAW, reason=reason), "citizen", at=awake(at))


def merged(steps: Steps, life: Life, *, into: Life) -> None:
    steps.accept(life)
    at = steps.office(life, steps.rng.uniform(10, 200))
    order = MoveOrder(Move.MERGE, report=into.report.id)
    steps.do(life, order, "key_holder", at=at)
    into.supporters += 1


def unrouted(steps: Steps, life: Life, *, agency: str | None) -> None:
    """The moderators find its agency, or have not yet."""
    if agency is None:
        return
    at = life.report.created_at + timedelta(hours=steps.rng.uniform(2, 18))
    order = MoveOrder(
        Move.TRANSFER,
        agency=agency,
        reason="Đã xác định cơ quan có thẩm quyền theo địa bàn; chuyển xử lý.",
    )
    steps.do(life, order, "moderator", at=awake(at))
    usual(steps, life)
