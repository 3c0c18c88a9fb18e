"""The audit finds what somebody with the database's highest rights has done to the log."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.audit.anchors import (
    copy_anchor,
    copy_key,
    is_true,
    read_copy,
    write_anchor,
)
from backend.audit.errors import AnchorContradicted
from backend.audit.store import Anchor
from backend.audit.verify import Outcome, verify
from backend.database import owner_connection
from backend.events.chain import SYSTEM, chain_hash, make_event, words_digest, write_note
from backend.events.store import insert_event
from backend.photos.objects import ObjectStore
from backend.settings import S3Settings
from tests.factories import insert_a_report, insert_an_event

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[Any]:
    """The owner's connection to a log of three reports with four events each.

    The owner has switched the triggers off that keep events from being changed.
    """
    async with owner_connection(database_url) as connection:
        await connection.execute("SET session_replication_role = replica")
        for _ in range(3):
            report_id = await insert_a_report(connection)
            for kind in ("accepted", "started", "resolved"):
                await insert_an_event(connection, report_id, kind)
        yield connection


async def test_an_untouched_log_is_whole(owner: Any) -> None:
    made = await anchored(owner)
    outcome = await outcome_of(owner)
    assert outcome.broken is None
    assert (outcome.events, outcome.cases, outcome.anchors, outcome.unanchored) == (12, 3, 1, 0)
    assert made is not None
    assert made.events == 12


async def test_an_edited_event_is_found(owner: Any) -> None:
    case = await a_case(owner)
    await owner.execute("UPDATE event SET kind = 'closed' WHERE case_id = $1 AND seq = 3", case)
    assert "no. 3" in await broken_row(owner)


async def test_an_edited_body_is_found_even_if_it_means_the_same(owner: Any) -> None:
    case = await a_case(owner)
    await owner.execute("UPDATE event SET body = '{ }' WHERE case_id = $1 AND seq = 2", case)
    assert "no. 2" in await broken_row(owner)


async def test_an_event_deleted_from_the_middle_is_found(owner: Any) -> None:
    case = await a_case(owner)
    await owner.execute("DELETE FROM event WHERE case_id = $1 AND seq = 2", case)
    assert "no. 2 of this case is missing" in await broken_row(owner)


async def test_a_deleted_tail_is_found_by_the_report(owner: Any) -> None:
    case = await a_case(owner)
    await owner.execute("DELETE FROM event WHERE case_id = $1 AND seq = 4", case)
    assert f"{case} no. 3: it is the last, but the report tells of 4" in await broken_row(owner)


async def test_a_deleted_tail_is_found_when_the_report_lies_too(owner: Any) -> None:
    await anchored(owner)
    case = await a_case(owner)
    await owner.execute("DELETE FROM event WHERE case_id = $1 AND seq = 4", case)
    await owner.execute(
        """
        UPDATE report SET version = 3,
            head_hash = (SELECT hash FROM event WHERE case_id = $1 AND seq = 3)
        WHERE id = $1
        """,
        case,
    )
    assert "audit_anchor" in await broken_row(owner)


async def test_two_events_that_changed_places_are_found(owner: Any) -> None:
    case = await a_case(owner)
    for old, new in ((2, 99), (3, 2), (99, 3)):
        await owner.execute(
            "UPDATE event SET seq = $3 WHERE case_id = $1 AND seq = $2", case, old, new
        )
    assert "no. 2" in await broken_row(owner)


async def test_a_backdated_event_is_found(owner: Any) -> None:
    case = await a_case(owner)
    await owner.execute(
        "UPDATE event SET at = at - interval '2 days' WHERE case_id = $1 AND seq = 4", case
    )
    assert "no. 4" in await broken_row(owner)


async def test_a_case_written_anew_with_right_hashes_is_found_by_the_anchor(owner: Any) -> None:
    await anchored(owner)
    await write_anew(owner, await a_case(owner), days_earlier=2)
    outcome = await outcome_of(owner)
    assert outcome.broken is not None
    assert outcome.broken.table == "audit_anchor"


async def test_a_whole_case_that_vanished_is_found_by_the_anchor(owner: Any) -> None:
    await anchored(owner)
    case = await a_case(owner)
    await owner.execute("DELETE FROM event WHERE case_id = $1", case)
    await owner.execute("DELETE FROM report WHERE id = $1", case)
    assert "audit_anchor 1: it tells of 12 events, there are 8" in await broken_row(owner)


async def test_a_report_without_its_events_is_found(owner: Any) -> None:
    case = await a_case(owner)
    await owner.execute("DELETE FROM event WHERE case_id = $1", case)
    assert str(case) in await broken_row(owner)


async def test_an_event_slipped_in_among_anchored_ones_is_found(owner: Any) -> None:
    await anchored(owner)
    report_id = await insert_a_report(owner)
    assert (await outcome_of(owner)).broken is None
    await owner.execute(
        "UPDATE event SET xact = (SELECT min(xact) FROM event) WHERE case_id = $1", report_id
    )
    assert "audit_anchor" in await broken_row(owner)


async def test_an_anchor_made_anew_is_found_by_the_next(owner: Any) -> None:
    await anchored(owner)
    await insert_a_report(owner)
    await anchored(owner, NOW + timedelta(minutes=1))
    await owner.execute("UPDATE audit_anchor SET at = at - interval '1 hour' WHERE id = 1")
    assert "audit_anchor 1" in await broken_row(owner)


async def test_changed_words_are_found_and_erased_words_are_not(owner: Any) -> None:
    case = await a_case(owner)
    await say(owner, case, "Đã dọn sạch rác tại điểm phản ánh.")
    assert (await outcome_of(owner)).broken is None
    await owner.execute("UPDATE note SET text = 'Không có rác.' WHERE case_id = $1", case)
    assert "the words are not those of the event" in await broken_row(owner)
    await owner.execute("UPDATE note SET text = NULL, erased_at = now() WHERE case_id = $1", case)
    assert (await outcome_of(owner)).broken is None


async def test_report_shown_or_rated_behind_the_logs_back_is_found(owner: Any) -> None:
    case = await a_case(owner)
    await insert_an_event(owner, case, "hide", body={"visibility": "hidden"})
    await insert_an_event(owner, case, "rate", body={"score": 2})
    await owner.execute("UPDATE report SET visibility = 'hidden', rating = 2 WHERE id = $1", case)
    assert (await outcome_of(owner)).broken is None
    await owner.execute("UPDATE report SET visibility = 'public' WHERE id = $1", case)
    assert str(case) in await broken_row(owner)
    await owner.execute("UPDATE report SET visibility = 'hidden', rating = 4 WHERE id = $1", case)
    assert str(case) in await broken_row(owner)
    # work that is taken up again has no rating, whatever was said before
    await owner.execute("UPDATE report SET rating = NULL WHERE id = $1", case)
    assert (await outcome_of(owner)).broken is None


async def test_text_of_a_report_that_was_rewritten_is_found(owner: Any) -> None:
    case = await a_case(owner)
    row = await owner.fetchrow("SELECT tracking_hash, text FROM report WHERE id = $1", case)
    digest = words_digest(row["tracking_hash"], row["text"])
    await insert_an_event(owner, case, "edit", body={"text_sha256": digest})
    assert (await outcome_of(owner)).broken is None
    await owner.execute("UPDATE report SET text = text || '.' WHERE id = $1", case)
    assert str(case) in await broken_row(owner)


async def test_words_that_were_taken_away_or_added_are_found(owner: Any) -> None:
    case = await a_case(owner)
    await say(owner, case, "Đã dọn sạch rác tại điểm phản ánh.")
    await owner.execute("UPDATE note SET kind = 'internal' WHERE case_id = $1", case)
    assert "no event tells of these words" in await broken_row(owner)
    await owner.execute("DELETE FROM note WHERE case_id = $1", case)
    assert "it is missing" in await broken_row(owner)


async def test_events_removed_by_record_leave_the_anchors_whole_and_are_told(owner: Any) -> None:
    await anchored(owner)
    case = await a_case(owner)
    await owner.execute(
        """
        INSERT INTO event_removed (id, xact, hash, reason)
        SELECT id, xact, hash, 'the demo was removed' FROM event WHERE case_id = $1
        """,
        case,
    )
    await owner.execute("DELETE FROM event WHERE case_id = $1", case)
    await owner.execute("DELETE FROM report WHERE id = $1", case)
    outcome = await outcome_of(owner)
    assert outcome.broken is None
    assert outcome.removed == [("the demo was removed", 4)]
    await owner.execute("UPDATE event_removed SET hash = sha256('x') WHERE id = 5")
    assert "audit_anchor" in await broken_row(owner)


async def test_an_anchor_waits_for_a_transaction_that_has_not_ended(
    owner: Any, database_url: str
) -> None:
    await anchored(owner)
    async with owner_connection(database_url) as slow:
        transaction = slow.transaction()
        await transaction.start()
        await slow.execute("SET LOCAL session_replication_role = replica")
        late = await insert_a_report(slow)
        await insert_a_report(owner)
        assert await anchored_at_once(owner, NOW + timedelta(minutes=1)) is None
        await transaction.commit()
    made = await anchored(owner, NOW + timedelta(minutes=2))
    assert made is not None
    assert made.events == 2
    await owner.execute("UPDATE event SET kind = 'x' WHERE case_id = $1", late)
    assert str(late) in await broken_row(owner)


async def test_the_copy_outside_shows_that_anchors_were_removed(owner: Any, s3: S3Settings) -> None:
    objects = ObjectStore(s3)
    try:
        made = await anchored(owner)
        assert made is not None
        await copy_anchor(owner, objects, made)
        copy = await read_copy(objects, copy_key(NOW))
        assert copy is not None
        assert await is_true(owner, copy)
        await owner.execute("DELETE FROM audit_anchor")
        assert not await is_true(owner, copy)
        forged = await anchored(owner, NOW + timedelta(minutes=5))
        assert forged is not None
        with pytest.raises(AnchorContradicted):
            await copy_anchor(owner, objects, forged)
        assert await read_copy(objects, copy_key(NOW)) == copy
    finally:
        await objects.close()


async def anchored(connection: Any, now: datetime = NOW) -> Anchor | None:
    """An anchor over what is committed, once other tests' transactions let it be seen as such.

    Transactions are numbered for the whole server, so one of another database delays an anchor.
    """
    for _ in range(1200):
        if await connection.fetchval(
            "SELECT max(xact) < pg_snapshot_xmin(pg_current_snapshot()) FROM event"
        ):
            break
        await asyncio.sleep(0.05)
    return await anchored_at_once(connection, now)


async def anchored_at_once(connection: Any, now: datetime) -> Anchor | None:
    """An anchor over what is known to be committed just now."""
    async with connection.transaction():
        return await write_anchor(connection, now)


async def outcome_of(connection: Any) -> Outcome:
    """What the audit says."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return await verify(connection)


async def broken_row(connection: Any) -> str:
    """The first break that the audit names."""
    broken = (await outcome_of(connection)).broken
    assert broken is not None
    return str(broken)


async def a_case(connection: Any) -> uuid.UUID:
    """The report in the middle."""
    case: uuid.UUID = await connection.fetchval(
        "SELECT id FROM report ORDER BY id OFFSET 1 LIMIT 1"
    )
    return case


async def say(connection: Any, case: uuid.UUID, words: str) -> None:
    """One more event that carries words."""
    note = write_note("public", words, is_public=True)
    row = await connection.fetchrow("SELECT version, head_hash FROM report WHERE id = $1", case)
    event = make_event(
        "report",
        case,
        seq=row["version"] + 1,
        kind="noted",
        at=NOW,
        actor=SYSTEM,
        agency_code=None,
        is_public=True,
        body={},
        prev_hash=row["head_hash"],
        notes=(note,),
    )
    await insert_event(connection, event, (note,))
    await connection.execute(
        "UPDATE report SET version = $2, head_hash = $3 WHERE id = $1", case, event.seq, event.hash
    )


async def write_anew(connection: Any, case: uuid.UUID, *, days_earlier: int) -> None:
    """What a patient forger does: move a whole case and compute every hash again."""
    last = bytes(32)
    for row in await connection.fetch("SELECT * FROM event WHERE case_id = $1 ORDER BY seq", case):
        at = row["at"] - timedelta(days=days_earlier)
        kept = ("case_kind", "case_id", "seq", "kind", "actor_kind", "actor_id", "agency_code")
        fresh = chain_hash(
            last,
            at=at,
            is_public=row["is_public"],
            body=row["body"],
            **{name: row[name] for name in kept},
        )
        await connection.execute(
            "UPDATE event SET at = $2, prev_hash = $3, hash = $4 WHERE id = $1",
            row["id"],
            at,
            last,
            fresh,
        )
        last = fresh
    await connection.execute("UPDATE report SET head_hash = $2 WHERE id = $1", case, last)
