"""What has been kept long enough goes, nothing else does, and all of it is on the record."""

import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from backend.audit.verify import verify
from backend.clock import day_of, now
from backend.identifiers import new_uuid7
from backend.photos.objects import ObjectStore
from backend.practice.changes import Change
from backend.privacy import retention
from backend.privacy.erase import strip_report
from backend.privacy.errors import BadRetention
from backend.privacy.retention import apply_retention, plan_retention, read_periods
from backend.reports.rulebook import Rulebooks
from backend.settings import Settings
from backend.web.state import parts_of
from moderation.jobs import remove_orphans
from tests.accounts.conftest import sign_in
from tests.factories import a_photo
from tests.province import Town, sha256_of
from tests.roof import Ground, run

CONTACT: Final = {"name": "Canarynamezq", "phone": "0912345678"}
DOCUMENT: Final = """
contacts_after_closing_days = 30
sign_in_codes_after_expiry_days = 1
sessions_after_end_days = 0
devices_after_dropping_days = 30
devices_unseen_days = 400
idempotency_keys_days = 30
quarantined_photos_days = 14
notifications_days = 180
idle_accounts_days = 1095
consents_after_closing_days = 730
"""


def rulebooks_of(town: Town) -> Rulebooks:
    rulebooks = parts_of(town.app.state).rulebooks
    assert rulebooks is not None
    return rulebooks


async def a_contact(town: Town, *, closed_days_ago: int | None) -> str:
    """A report with contact, sent two years ago, closed so many days ago or still open."""
    report = await town.a_report(contact=CONTACT)
    old = _id_of(now() - timedelta(days=730))
    async with town.owner.transaction():
        # triggers keep events from being changed: a copy of the report stands for an old one
        await town.owner.execute(
            """
            INSERT INTO report SELECT (jsonb_populate_record(r, jsonb_build_object(
                'id', $2::text, 'code', 'QNG-' || substr($2::text, 1, 4) || '-' ||
                substr(md5($2::text), 1, 4), 'closed_at', $3::timestamptz))).*
            FROM report r WHERE r.id = $1
            """,
            uuid.UUID(report.id),
            str(old),
            None if closed_days_ago is None else now() - timedelta(days=closed_days_ago),
        )
        await town.owner.execute(
            """
            INSERT INTO report_contact SELECT $2, name, phone, email, consent
            FROM report_contact WHERE report_id = $1
            """,
            uuid.UUID(report.id),
            old,
        )
        await town.owner.execute(
            "DELETE FROM report_contact WHERE report_id = $1", uuid.UUID(report.id)
        )
    return str(old)


def _id_of(moment: datetime) -> uuid.UUID:
    rest = new_uuid7().int & ((1 << 80) - 1)
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80 | rest)


async def test_contacts_go_when_their_report_has_been_closed_long_enough(town: Town) -> None:
    gone = await a_contact(town, closed_days_ago=400)
    recent = await a_contact(town, closed_days_ago=300)
    still_open = await a_contact(town, closed_days_ago=None)
    planned = await plan_retention(town.database.app, now=now())
    assert planned.counts["contacts"] == 1
    assert await town.owner.fetchval("SELECT count(*) FROM report_contact") == 3
    removed = await apply_retention(town.database, rulebooks_of(town), now=now())
    assert removed.counts["contacts"] == 1
    left = await town.owner.fetch("SELECT report_id FROM report_contact")
    assert {str(row["report_id"]) for row in left} == {recent, still_open}
    events = await town.owner.fetch(
        "SELECT case_id, actor_kind FROM event WHERE kind = 'contact_erased'"
    )
    assert [(str(row["case_id"]), row["actor_kind"]) for row in events] == [(gone, "system")]
    runs = await town.owner.fetch("SELECT kind, removed, rule_version FROM retention_run")
    assert ("contacts", 1, 2) in [tuple(row) for row in runs]
    again = await apply_retention(town.database, rulebooks_of(town), now=now())
    assert not any(again.counts.values())


async def test_erasing_a_contact_leaves_the_chain_whole(town: Town) -> None:
    report = await town.a_report(contact=CONTACT)
    async with town.database.transaction() as connection:
        await strip_report(
            connection,
            await rulebooks_of(town).current(),
            uuid.UUID(report.id),
            what="contact_erased",
            at=now(),
        )
    async with town.owner.transaction(isolation="repeatable_read"):
        assert (await verify(town.owner)).broken is None
    assert await town.owner.fetchval("SELECT count(*) FROM report_contact") == 0


async def test_everything_old_goes_in_batches_and_everything_young_stays(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    me = await sign_in(town, phone="0912345678")
    for number in range(5):
        device = {"kind": "token", "value": f"telephone-{number}"}
        await town.client.post("/api/v1/devices", headers=me, json=device)
        await town.a_report()
    await town.client.post("/api/v1/sign-in", json={"email": "young@example.vn"})
    await town.owner.execute(
        """
        UPDATE device SET registered_at = now() - interval '500 days'
        WHERE value IN ('telephone-0', 'telephone-1', 'telephone-2');
        UPDATE device SET dropped_at = now() - interval '31 days' WHERE value = 'telephone-3';
        UPDATE idempotency_key SET created_at = now() - interval '401 days'
        WHERE key IN (SELECT key FROM idempotency_key LIMIT 3);
        UPDATE sign_in_code SET expires_at = now() - interval '2 days'
        WHERE address <> 'young@example.vn';
        UPDATE session SET expires_at = now() - interval '1 minute'
        WHERE account_id IN (SELECT account_id FROM account_identity) AND kind = 'access';
        """
    )
    sessions = await town.owner.fetchval("SELECT count(*) FROM session")
    planned = await plan_retention(town.database.app, now=now())
    removed = await apply_retention(town.database, rulebooks_of(town), now=now())
    expected = {
        "unseen_devices": 3,
        "dropped_devices": 1,
        "idempotency_keys": 3,
        "sign_in_codes": 1,
        "sessions": 1,
    }
    for counts in (planned.counts, removed.counts):
        assert {kind: counts[kind] for kind in expected} == expected
        assert not any(count for kind, count in counts.items() if kind not in expected)
    assert await town.owner.fetchval("SELECT count(*) FROM device") == 1
    assert await town.owner.fetchval("SELECT count(*) FROM idempotency_key") == 2
    assert await town.owner.fetchval("SELECT count(*) FROM session") == sessions - 1
    assert await town.owner.fetchval("SELECT address FROM sign_in_code") == "young@example.vn"


async def test_an_original_that_stays_in_quarantine_is_given_up_and_swept_away(town: Town) -> None:
    photo = a_photo()
    report = await town.a_report(photos=(photo,))
    await town.send_photo(report, photo)
    await town.owner.execute("UPDATE report_photo SET uploaded_at = now() - interval '15 days'")
    removed = await apply_retention(town.database, rulebooks_of(town), now=now())
    assert removed.counts["quarantined_photos"] == 1
    row = await town.owner.fetchrow("SELECT state, refused_reason FROM report_photo")
    assert tuple(row) == ("refused", "expired")
    objects = parts_of(town.app.state).objects
    assert isinstance(objects, ObjectStore)
    assert await remove_orphans(town.database, objects, now() + timedelta(hours=2)) == 1
    assert sha256_of(photo) not in str(await objects.list("quarantine/", limit=10))


async def test_an_account_nobody_has_used_for_years_is_closed_like_a_deleted_one(
    town: Town,
) -> None:
    me = await sign_in(town, phone="0912345678")
    await town.client.patch("/api/v1/me", headers=me, json={"name": "Canarynamezq"})
    await sign_in(town, email="young@example.vn")
    await town.owner.execute(
        "UPDATE account SET last_sign_in_at = now() - interval '1100 days'"
        " WHERE name = 'Canarynamezq'"
    )
    removed = await apply_retention(town.database, rulebooks_of(town), now=now())
    assert removed.counts["idle_accounts"] == 1
    names = await town.owner.fetch("SELECT name, closed_at FROM account WHERE role = 'citizen'")
    assert "Canarynamezq" not in str(names)
    assert await town.owner.fetchval("SELECT count(*) FROM account_identity") == 1


@pytest.mark.parametrize(
    "document",
    [
        "",
        "nonsense",
        DOCUMENT.replace("= 30\n", "= -1\n", 1),
        DOCUMENT + "unheard_of_days = 3\n",
        DOCUMENT.replace("devices_unseen_days = 400", "devices_unseen_days = 1"),
        DOCUMENT.replace("idempotency_keys_days = 30", "idempotency_keys_days = 'long'"),
        "\xff\x00",
    ],
)
def test_periods_that_cannot_be_meant_are_refused(document: str) -> None:
    with pytest.raises(BadRetention):
        read_periods(document.encode("latin-1"))


def test_periods_are_shown_planned_changed_and_kept_by_version(
    settings: Settings, tmp_path: Path
) -> None:
    ground = Ground(settings)
    shown = run(ground, "retention", "show")
    assert "# version 2" in shown.output
    assert "contacts_after_closing_days = 365" in shown.output
    file = tmp_path / "periods.toml"
    file.write_text(DOCUMENT)
    dry = run(ground, "retention", "import", str(file))
    assert "contacts_after_closing_days: 365 -> 30" in dry.output
    assert "Dry run" in dry.output
    assert "# version 2" in run(ground, "retention", "show").output
    done = run(ground, "retention", "import", str(file), "--commit", "--note", "Quyết định 12")
    assert "Version 3 from" in done.output, done.output
    assert "contacts_after_closing_days = 30" in run(ground, "retention", "show").output
    planned = run(ground, "retention", "run")
    assert "Dry run by version 3: nothing was removed" in planned.output, planned.output
    assert "Done by version 3" in run(ground, "retention", "run", "--commit").output


def test_words_of_consent_are_loaded_by_version_and_never_rewritten(
    settings: Settings, tmp_path: Path
) -> None:
    ground = Ground(settings)
    assert "* notify 1" in run(ground, "consents", "show").output
    file = tmp_path / "consents.toml"
    text = """
        retire = ["survey"]
        [[consent]]
        purpose = "notify"
        version = {version}
        title_vi = "Thông báo"
        title_en = "Notices"
        text_vi = "Tôi đồng ý nhận thông báo."
        text_en = "I agree to notices."
        renews = true
    """
    file.write_text(text.format(version=2))
    dry = run(ground, "consents", "import", str(file))
    assert "+ notify 2" in dry.output, dry.output
    assert "- survey" in dry.output
    assert "* notify 1" in run(ground, "consents", "show").output
    assert "Done." in run(ground, "consents", "import", str(file), "--commit").output
    shown = run(ground, "consents", "show").output
    assert "* notify 2" in shown
    assert "  notify 1" in shown
    assert "  survey 1" in shown
    again = run(ground, "consents", "import", str(file), "--commit")
    assert "= notify 2: there already" in again.output
    file.write_text(text.format(version=1))
    assert run(ground, "consents", "import", str(file), "--commit").exception is not None


async def test_periods_of_a_later_day_wait_for_it_whatever_is_loaded_after_them(town: Town) -> None:
    today = now()
    _, periods = await retention.current_periods(town.owner, now=today)
    undone = town.owner.transaction()
    await undone.start()
    try:
        late, soon = [
            await retention.load_periods(
                town.owner,
                periods,
                Change("canbo", "Quyết định 12", day_of(today) + timedelta(days=days)),
                now=today,
            )
            for days in (10, 5)
        ]
        in_force = [
            (await retention.current_periods(town.owner, now=today + timedelta(days=days)))[0]
            for days in (0, 4, 5, 9, 10)
        ]
    finally:
        await undone.rollback()
    assert in_force[0] == in_force[1] < late < soon
    assert in_force[2:] == [soon, soon, late]
