"""The walls behind the doors: row-level security, the strangers' role, and what may be public."""

from typing import Final
from uuid import UUID

import asyncpg
import pytest

from backend.desk import store as desk_store
from backend.desk.store import QueueFilter
from backend.reports import store as reports_store
from backend.reports.lifecycle import Status, is_public_stage
from backend.reports.store import Sight
from mobile_api import store as public_store
from tests.factories import a_photo
from tests.province import (
    AGENCY,
    OTHER,
    POLICE,
    RESTRICTED,
    Town,
)

_COUNT: Final = "SELECT count(*) FROM {}"


@pytest.fixture
def town(module_town: Town) -> Town:
    return module_town


async def test_behind_the_desk_no_query_finds_a_foreign_row(town: Town) -> None:
    """The stores are called without any filter of theirs: the database alone keeps rows apart."""
    ours = await town.a_report(contact={"phone": "0912345678"}, photos=(a_photo(),))
    restricted = await town.a_report(category=RESTRICTED)
    for sight, seen in (
        (Sight(AGENCY, False), {ours.id}),
        (Sight(OTHER, False), set()),
        (Sight(OTHER, True), set()),
        (Sight(POLICE, False), set()),
        (Sight(POLICE, True), {restricted.id}),
        (Sight(None, False), {ours.id}),
        (Sight(None, True), {ours.id, restricted.id}),
    ):
        async with town.database.transaction() as connection:
            await reports_store.enter_sight(connection, sight)
            for report in (ours, restricted):
                key = UUID(report.id)
                is_seen = report.id in seen
                rows = [
                    await reports_store.find_report(connection, key),
                    await desk_store.find_case(connection, key),
                    await desk_store.list_history(connection, key),
                    await reports_store.find_report(connection, key, for_update=True),
                ]
                assert [bool(row) for row in rows] == [is_seen] * len(rows), (sight, report.code)
            queue = await desk_store.list_queue(connection, QueueFilter(status="all", limit=200))
            found = {str(row["id"]) for row in queue} & {ours.id, restricted.id}
            assert found == seen
            for table in ("report_contact", "report_photo"):
                held = await connection.fetchval(
                    f"SELECT count(*) FROM {table} WHERE report_id = $1",  # noqa: S608  own names
                    UUID(ours.id),
                )
                assert bool(held) == (ours.id in seen), (table, sight)
            raised = await connection.execute(
                "UPDATE report SET supporters = supporters WHERE id = ANY($1)",
                [UUID(ours.id), UUID(restricted.id)],
            )
            assert raised == f"UPDATE {len(seen)}"


async def test_a_transaction_that_says_nothing_of_its_sight_sees_nothing(town: Town) -> None:
    await town.a_report()
    async with town.database.transaction() as connection:
        await connection.execute("SELECT set_config('role', 'caunoi_desk', true)")
        for table in ("report", "report_contact", "report_photo", "event", "note"):
            assert await connection.fetchval(_COUNT.format(table)) == 0, table
    async with town.database.transaction() as connection:
        role = await connection.fetchval("SELECT current_user")
        scope = await connection.fetchval("SELECT current_setting('caunoi.scope', true)")
        assert (role, scope or "") == ("caunoi_app", ""), "sight stayed behind on the connection"


async def test_neither_role_owns_a_table_or_passes_row_level_security(town: Town) -> None:
    roles = await town.owner.fetch(
        """
        SELECT rolname, rolsuper, rolbypassrls, rolcanlogin, rolcreaterole FROM pg_roles
        WHERE rolname IN ('caunoi_app', 'caunoi_desk', 'caunoi_public')
        """
    )
    assert len(roles) == 3
    assert not any(any(row.values()) for row in ({**row, "rolname": ""} for row in roles))
    owners = await town.owner.fetch(
        """
        SELECT tablename FROM pg_tables
        WHERE tableowner IN ('caunoi_app', 'caunoi_desk', 'caunoi_public')
        """
    )
    assert owners == []


async def test_the_strangers_role_reads_views_and_what_everybody_may_know(town: Town) -> None:
    relations = await town.owner.fetch(
        """
        SELECT c.relname, c.relkind::text,
               has_table_privilege('caunoi_public', c.oid, 'SELECT') AS reads,
               has_table_privilege('caunoi_public', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
                   AS writes
        FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
          AND c.relkind IN ('r', 'v', 'm', 'S', 'p')
        """
    )
    assert [row["relname"] for row in relations if row["writes"]] == []
    readable = {row["relname"] for row in relations if row["reads"]}
    of_postgis = {"geometry_columns", "geography_columns", "spatial_ref_sys"}
    assert readable - of_postgis == {
        *("public_report", "public_tracking", "public_event", "public_note", "public_photo"),
        *("agency", "category", "config_epoch", "consent_text"),
        *("public_words", "public_category_use", "public_open_data"),
        *("public_map_point", "public_map_cell", "public_map_gone", "public_map_delta"),
        *("unit", "unit_cell", "unit_generation", "unit_successor"),
    }
    for table in ("report", "note", "report_contact", "account", "session", "event"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await town.database.public.fetch(_COUNT.format(table))


async def test_only_public_stages_of_published_reports_are_shown(town: Town) -> None:
    report = await town.a_report()
    shown = set()
    for visibility in ("pending", "public", "hidden"):
        for status in Status:
            await town.owner.execute(
                "UPDATE report SET visibility = $2, status = $3 WHERE id = $1",
                *(report.id, visibility, status.value),
            )
            if await public_store.find_published(town.database.public, UUID(report.id)):
                shown.add((visibility, status))
            row = await public_store.find_tracking(town.database.public, report.code)
            assert (row is None) == (visibility == "hidden")
            if row is not None:
                assert row["is_published"] == ((visibility, status) in shown)
    assert shown == {("public", status) for status in Status if is_public_stage(status)}
    await town.owner.execute(
        "UPDATE report SET visibility = 'pending', status = 'received' WHERE id = $1", report.id
    )
