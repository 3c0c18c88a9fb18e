"""Workers die between handing a notice over and writing it down: lost is nothing, seen once."""

import asyncio
import email
import json
import socket
import uuid
from collections.abc import Callable, Iterator
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from backend.database import Database
from backend.jobs import store as jobs_store
from backend.messages.devices import follow_case, register_device
from backend.messages.subscriptions import PushServices
from backend.messages.vapid import open_vapid
from backend.settings import Settings
from tests.factories import insert_a_report, insert_an_event
from tests.twins.push_service import UNAVAILABLE, Browser, PushTwin, push_twin
from tests.worker.conftest import Workers, eventually

KILLS = [1, pytest.param(20, marks=[pytest.mark.nightly, pytest.mark.timeout(600)])]
HERE = {"CAUNOI_WEB_PUSH_LOOPBACK": "on"}


@pytest.fixture
def twin() -> Iterator[PushTwin]:
    with push_twin() as running:
        yield running


class MailServer:
    """Takes letters; `on_take` is called when one was taken, before the worker hears of it."""

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.on_take: Callable[[], None] | None = None

    async def handle_DATA(  # noqa: N802  aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        self.taken.append(email.message_from_bytes(envelope.content))
        if self.on_take is not None:
            await asyncio.to_thread(self.on_take)
        return "250 taken"


@pytest.fixture
def mail_server() -> Iterator[tuple[MailServer, dict[str, str]]]:
    handler = MailServer()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    environ = {
        "CAUNOI_SMTP_HOST": "127.0.0.1",
        "CAUNOI_SMTP_PORT": str(port),
        "CAUNOI_SMTP_SECURITY": "none",
        "CAUNOI_MAIL_FROM": "caunoi@example.org",
    }
    yield handler, environ
    controller.stop()


async def a_browser(
    database: Database, settings: Settings, twin: PushTwin, case_id: uuid.UUID
) -> Browser:
    browser = twin.subscribe(open_vapid(settings).public_key)
    device_id = await register_device(
        database,
        kind="webpush",
        value=browser.value,
        services=PushServices((), allows_loopback=True),
    )
    await follow_case(database.app, "report", case_id, device_id=device_id)
    return browser


async def is_quiet(database: Database) -> bool:
    """Nothing is to be worked on, and nothing waits for that."""
    left: int = await database.app.fetchval(
        """
        SELECT (SELECT count(*) FROM pgqueuer WHERE status IN ('queued', 'picked'))
            + (SELECT count(*) FROM notification WHERE state = 'waiting')
        """
    )
    return left == 0


@pytest.mark.parametrize("kills", KILLS)
async def test_web_push_is_seen_once_when_workers_die_between_sending_and_recording(
    workers: Workers, database: Database, settings: Settings, twin: PushTwin, kills: int
) -> None:
    case_id = await insert_a_report(database.app, text="CANARYTEXT", code="QNG-7K3M-2F9A")
    browsers = [await a_browser(database, settings, twin, case_id) for _ in range(3)]
    died = asyncio.Event()
    loop = asyncio.get_running_loop()
    process = workers.start(**HERE)

    def kill_before_the_answer(_: int) -> None:
        twin.on_accept = None
        workers.kill(process)
        loop.call_soon_threadsafe(died.set)

    events = []
    for _ in range(kills):
        died.clear()
        twin.on_accept = kill_before_the_answer
        events.append(await insert_an_event(database.app, case_id, "start"))
        await asyncio.wait_for(died.wait(), timeout=20)
        process = workers.start(**HERE)
    await eventually(lambda: is_quiet(database), seconds=60, what=workers.text()[-2000:])
    assert twin.refused == []
    for browser in browsers:
        assert sorted(twin.screen(browser)) == sorted(f"ev-{event_id}" for event_id in events)
    rows = await database.app.fetch("SELECT state FROM notification")
    assert [row["state"] for row in rows] == ["sent"] * len(events) * len(browsers)
    assert len(twin.accepted) - len(rows) <= kills * len(browsers)
    said = json.dumps([[one.payload, one.headers] for one in twin.accepted]) + workers.text()
    assert "CANARYTEXT" not in said
    for browser in browsers:
        assert browser.name not in workers.text(), "an address is a secret of its browser"
    assert "QNG-7K3M" not in workers.text()


# each death lets the work wait longer; tests/messages/test_held.py shows the same without deaths
@pytest.mark.nightly
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kills", [4])
async def test_letter_arrives_when_workers_die_while_it_is_taken_and_repeats_show_as_such(
    workers: Workers,
    database: Database,
    mail_server: tuple[MailServer, dict[str, str]],
    kills: int,
) -> None:
    server, environ = mail_server
    died = asyncio.Event()
    loop = asyncio.get_running_loop()
    process = workers.start(**environ)

    def kill_before_the_answer() -> None:
        server.on_take = None
        workers.kill(process)
        loop.call_soon_threadsafe(died.set)

    for number in range(kills):
        died.clear()
        server.on_take = kill_before_the_answer
        case_id = await a_case_with_contact(database, f"canary{number}@example.org")
        await insert_an_event(database.app, case_id, "resolve")
        await asyncio.wait_for(died.wait(), timeout=60)
        states = await database.app.fetch("SELECT state FROM notification")
        assert {row["state"] for row in states} <= {"waiting", "sent"}, "nothing is lost"
        # what was handed over is left alone for a while; the test does not wait so long
        await database.app.execute(
            "UPDATE notification SET due_at = now() WHERE state = 'waiting' AND unsure > 0"
        )
        process = workers.start(**environ)
        await eventually(lambda: is_quiet(database), seconds=60, what=workers.text()[-2000:])
    by_address: dict[str, set[str]] = {}
    for message in server.taken:
        by_address.setdefault(message["To"], set()).add(message["Message-ID"])
    assert len(by_address) == kills, "everybody has the letter"
    assert all(len(names) == 1 for names in by_address.values()), "repeats carry its Message-ID"
    assert len(server.taken) == kills * 2
    rows = await database.app.fetch("SELECT state, error FROM notification ORDER BY id")
    assert [tuple(row) for row in rows] == [("sent", None)] * kills
    assert "canary" not in workers.text()
    assert "example.org" not in workers.text()


@pytest.mark.nightly
async def test_dead_services_delay_their_own_notices_and_no_others(
    workers: Workers,
    database: Database,
    settings: Settings,
    twin: PushTwin,
    mail_server: tuple[MailServer, dict[str, str]],
) -> None:
    server, environ = mail_server
    case_id = await a_case_with_contact(database, "last@example.org")
    with push_twin() as dead:
        stuck = await a_browser(database, settings, dead, case_id)
        fine = await a_browser(database, settings, twin, case_id)
        dead.by_browser[stuck.name] = UNAVAILABLE
        workers.start(**environ, **HERE)
        event_id = await insert_an_event(database.app, case_id, "resolve")

        async def arrived() -> bool:
            return bool(twin.accepted and server.taken)

        await eventually(arrived, seconds=15, what=workers.text()[-2000:])
        assert dead.accepted == []
        dead.by_browser.clear()
        await eventually(lambda: is_quiet(database), seconds=30, what=workers.text()[-2000:])
        assert dead.screen(stuck) == [f"ev-{event_id}"]
    assert twin.screen(fine) == [f"ev-{event_id}"]
    assert len(server.taken) == 1
    assert await jobs_store.list_dead_letters(database.app) == []


async def a_case_with_contact(database: Database, address: str) -> uuid.UUID:
    case_id = await insert_a_report(database.app)
    consent: dict[str, Any] = {"notify": True}
    await database.app.execute(
        "INSERT INTO report_contact (report_id, email, consent) VALUES ($1, $2, $3)",
        case_id,
        address,
        json.dumps(consent),
    )
    return case_id
