"""The operator's commands: accounts, screens, audit."""

import asyncio
import subprocess
import sys

import pytest
from click.testing import Result

from backend.__main__ import COMMANDS, caunoi
from backend.settings import Settings
from tests.factories import insert_a_report, insert_an_event
from tests.roof import Ground, run


@pytest.fixture
def ground(settings: Settings) -> Ground:
    """The installation that the commands of a test work on."""
    return Ground(settings)


def test_accounts_are_added_listed_disabled_and_enabled(ground: Ground) -> None:
    added = say(ground, "accounts add Lan --role leader --name Lan --password", "đi dạo bờ kè sông")
    assert added.exit_code == 0, added.output
    assert "Added lan (leader)" in added.output
    weak = say(ground, "accounts add minh --role leader --name Minh --password", "matkhau123456")
    assert weak.exception is not None
    assert "lan" in say(ground, "accounts list").output
    assert "minh" not in say(ground, "accounts list").output
    assert "Disabled lan" in say(ground, "accounts disable LAN").output
    assert "(disabled)" in say(ground, "accounts list").output
    say(ground, "accounts enable lan")
    assert "(disabled)" not in say(ground, "accounts list").output
    changed = say(ground, "accounts password lan --password", "ngày mai trời lại sáng")
    assert changed.exit_code == 0, changed.output
    assert "otpauth://totp/" in say(ground, "accounts codes lan").output
    assert "without codes" in say(ground, "accounts codes lan --drop").output
    assert say(ground, "accounts disable ai-do").exception is not None


def test_a_screens_link_is_issued_and_revoked(ground: Ground) -> None:
    issued = say(ground, "wall-tokens issue phong-hop --name Phong-hop")
    assert issued.output.startswith(f"{ground.settings.public_url}/ioc/wall?token=")
    again = say(ground, "wall-tokens issue phong-hop")
    assert again.output != issued.output
    assert "2 links revoked" in say(ground, "wall-tokens revoke phong-hop").output
    assert say(ground, "wall-tokens issue khong-co").exception is not None


def test_audit_verify_exits_1_and_names_the_first_broken_row(ground: Ground) -> None:
    case = asyncio.run(_two_events(ground))
    whole = say(ground, "audit verify")
    assert whole.exit_code == 0, whole.output
    assert "2 events of 1 cases, 0 anchors (2 events not anchored yet)" in whole.output
    anchored = say(ground, "audit anchor")
    assert "Anchor 1: 2 events" in anchored.output
    assert "Nothing new" in say(ground, "audit anchor").output
    assert say(ground, "audit verify").exit_code == 0
    asyncio.run(_forge(ground, "UPDATE event SET kind = 'closed' WHERE seq = 2"))
    broken = say(ground, "audit verify")
    assert broken.exit_code == 1
    assert f"BROKEN: event 2 (report {case} no. 2)" in broken.output


def test_audit_verify_finds_that_the_anchors_are_not_those_of_the_copy(ground: Ground) -> None:
    asyncio.run(_two_events(ground))
    say(ground, "audit anchor")
    asyncio.run(_forge(ground, "DELETE FROM audit_anchor"))
    broken = say(ground, "audit verify")
    assert broken.exit_code == 1
    assert "it is not what its copy audit/anchors/" in broken.output


def test_every_command_is_where_the_command_line_says() -> None:
    context = caunoi.make_context("caunoi", ["status"], resilient_parsing=True)
    for name in COMMANDS:
        if name == "bench":
            continue  # lives in a checkout, not in the installed packages
        assert caunoi.get_command(context, name) is not None


def test_help_imports_no_package_of_commands() -> None:
    asked = "import sys, backend.__main__ as m; m.caunoi(['--help'], standalone_mode=False);"
    heavy = "print([n for n in ('litestar', 'asyncpg', 'shapely', 'piccolo') if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", asked + heavy], capture_output=True, text=True, check=True
    )
    assert done.stdout.rstrip().endswith("[]")


def say(ground: Ground, words: str, last: str | None = None) -> Result:
    """What the command answers; `last` is one more word, which may hold spaces."""
    arguments = [*words.split(), *([last] if last else [])]
    return run(ground, *arguments)


async def _two_events(ground: Ground) -> str:
    async with ground.owner_connection() as connection:
        case = await insert_a_report(connection)
        await insert_an_event(connection, case, "accepted")
        return str(case)


async def _forge(ground: Ground, statement: str) -> None:
    async with ground.owner_connection() as connection:
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(statement)
