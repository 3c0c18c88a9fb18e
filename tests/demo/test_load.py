"""The demo as a fresh installation gets it, once."""

import json
import re
import stat
import sys
from collections import Counter
from typing import Any

from backend.accounts.passwords import is_password
from backend.audit.verify import verify
from backend.counts.recount import recount
from backend.demo.load import load_demo
from backend.photos.keys import public_photo_key
from backend.photos.objects import ObjectStore
from backend.reports.lifecycle import Status
from geo.units import fold_accents
from tests.demo.conftest import DemoProvince

_TABLES = ("report", "event", "note", "report_photo", "account", "session", "agency", "unit")


async def test_the_load_brings_hundreds_of_reports_in_every_stage(
    province: DemoProvince, owner: Any
) -> None:
    loaded = province.loaded
    sys.stdout.write(f"demo loaded in {loaded.seconds:.1f} s: {loaded.events} events\n")
    assert loaded.outcome == "loaded"
    assert 400 <= loaded.reports <= 600
    assert await owner.fetchval("SELECT count(*) FROM event") == loaded.events
    rows = await owner.fetch("SELECT status, count(*) AS many FROM report GROUP BY 1")
    # 'resolved' lasts a second only: then the citizen is asked
    assert {row["status"] for row in rows} >= {s.value for s in Status} - {"resolved"}


async def test_a_second_load_changes_nothing(province: DemoProvince, owner: Any) -> None:
    logins = province.settings.demo_logins_path.read_text()
    before = [await owner.fetchval(f"SELECT count(*) FROM {table}") for table in _TABLES]  # noqa: S608
    again = await load_demo(province.settings)
    after = [await owner.fetchval(f"SELECT count(*) FROM {table}") for table in _TABLES]  # noqa: S608
    assert again.outcome == "already"
    assert before == after
    assert province.settings.demo_logins_path.read_text() == logins


async def test_every_chain_head_and_note_verifies(province: DemoProvince, owner: Any) -> None:
    async with owner.transaction(isolation="repeatable_read", readonly=True):
        outcome = await verify(owner)
    assert outcome.broken is None
    assert outcome.cases == province.loaded.reports


async def test_the_figures_equal_a_recount_from_the_events(
    province: DemoProvince, owner: Any
) -> None:
    found = await recount(owner)
    assert found.cases == province.loaded.reports
    assert found.differences == ()
    assert await owner.fetchval("SELECT count(*) FROM count_delta") == 0


async def test_events_follow_each_other_in_time_and_end_before_now(
    province: DemoProvince, owner: Any
) -> None:
    assert province.loaded.reports
    backwards = await owner.fetchval(
        """
        SELECT count(*) FROM (
            SELECT at < lag(at) OVER (PARTITION BY case_id ORDER BY seq) AS goes_back FROM event
        ) AS steps WHERE goes_back
        """
    )
    assert backwards == 0
    assert await owner.fetchval("SELECT count(*) FROM event WHERE at > now()") == 0
    assert await owner.fetchval("SELECT count(*) FROM report WHERE next_timer_at < now()") < 3


async def test_promises_are_kept_mostly_and_broken_sometimes(
    province: DemoProvince, owner: Any
) -> None:
    row = await owner.fetchrow(
        """
        SELECT count(*) FILTER (WHERE resolved_at <= resolve_by) AS on_time,
               count(*) FILTER (WHERE resolved_at > resolve_by) AS late,
               count(*) FILTER (WHERE is_overdue AND resolved_at IS NULL) AS overdue,
               count(*) FILTER (WHERE reopened > 0) AS reopened,
               count(*) FILTER (WHERE extensions > 0) AS extended,
               count(*) FILTER (WHERE paused_at IS NOT NULL) AS paused,
               count(*) FILTER (WHERE escalations > 0) AS escalated,
               count(*) FILTER (WHERE agency_code IS NULL) AS unrouted,
               count(*) FILTER (WHERE is_restricted AND visibility = 'public') AS leaked
        FROM report
        """
    )
    assert province.loaded.reports
    assert row["on_time"] > 5 * row["late"] > 100
    for name in ("overdue", "reopened", "extended", "paused", "escalated", "unrouted"):
        assert row[name] > 1, name
    assert row["leaked"] == 0


async def test_reports_lie_in_the_unit_they_name_and_thickest_in_the_city(
    province: DemoProvince, owner: Any
) -> None:
    assert province.loaded.reports
    outside = await owner.fetchval(
        """
        SELECT count(*) FROM report r
        JOIN unit u ON u.code = r.unit_code AND u.valid_from = r.unit_valid_from
        WHERE NOT ST_Intersects(u.geom, r.geom)
        """
    )
    assert outside == 0
    rows = await owner.fetch("SELECT unit_code, count(*) AS many FROM report GROUP BY 1")
    by_unit = {row["unit_code"]: row["many"] for row in rows}
    assert len(by_unit) > 50
    assert max(by_unit, key=lambda code: by_unit[code]) in {"21028", "21025", "21172"}


async def test_hardly_two_texts_are_alike(province: DemoProvince, owner: Any) -> None:
    assert province.loaded.reports
    texts = [row["text"] for row in await owner.fetch("SELECT text FROM report")]
    assert len(set(texts)) == len(texts)
    # the words alone, without numbers, accents and signs
    bare = Counter(re.sub(r"[^a-z ]", "", fold_accents(text)) for text in texts)
    assert sum(many - 1 for many in bare.values()) <= 0.03 * len(texts)
    # unaccented and short ones are among them, as people write
    assert 10 < sum(fold_accents(text) == text for text in texts) < 0.2 * len(texts)
    assert not [text for text in texts if "{" in text or "  " in text or "None" in text]


async def test_answers_name_what_was_done_and_when(province: DemoProvince, owner: Any) -> None:
    assert province.loaded.reports
    rows = await owner.fetch(
        """
        SELECT n.text FROM note n JOIN event e USING (case_kind, case_id, seq)
        WHERE n.kind = 'public' AND e.kind = 'resolve'
        """
    )
    answers = [row["text"] for row in rows]
    assert len(answers) > 350
    assert min(map(len, answers)) > 60
    assert not [text for text in answers if "{" in text or "None" in text]
    assert sum(bool(re.search(r"\d/\d{1,2}/20\d\d", text)) for text in answers) > 0.6 * len(answers)


async def test_pictures_lie_where_the_photo_pipeline_puts_them(
    province: DemoProvince, owner: Any
) -> None:
    assert province.settings.s3 is not None
    rows = await owner.fetch("SELECT report_id, sha256, purpose, state, width FROM report_photo")
    assert len(rows) > 200
    assert {row["purpose"] for row in rows} == {"before", "after"}
    assert {row["state"] for row in rows} == {"ready"}
    objects = ObjectStore(province.settings.s3)
    try:
        for row in rows[::25]:
            for size in ("full", "small"):
                body = await objects.read(public_photo_key(row["report_id"], row["sha256"], size))
                assert body[8:12] == b"WEBP"
    finally:
        await objects.close()


async def test_logins_are_in_a_closed_file_and_open_the_door(
    province: DemoProvince, owner: Any
) -> None:
    path = province.settings.demo_logins_path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    logins = json.loads(path.read_text())
    for login in logins:
        assert set(login) >= {"role", "username", "agency", "unit"}
        assert ("token" in login) == (login["role"] == "wall")
    row = await owner.fetchrow(
        "SELECT password_hash FROM account WHERE username = $1", logins[0]["username"]
    )
    assert await is_password(logins[0]["password"], row["password_hash"])


async def test_nobody_is_told_today_of_what_happened_long_ago(
    province: DemoProvince, owner: Any
) -> None:
    assert province.loaded.reports
    assert await owner.fetchval("SELECT count(*) FROM pgqueuer") == 0
    assert await owner.fetchval("SELECT count(*) FROM notification") == 0
