"""What waits for the end of quiet hours or for a mail server goes out once, and as one."""

import email
import email.policy
import json
import re
import uuid
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final

import pytest

from backend.clock import VIETNAM
from backend.database import Database
from backend.messages.announce import Terms, announce
from backend.messages.choices.actions import change_account_notices
from backend.messages.choices.kinds import Choices
from backend.messages.choices.mailboxes import mailbox_of, stop_mail
from backend.messages.devices import follow_case, register_device
from backend.messages.errors import BadDevice
from backend.messages.firebase import FirebasePush
from backend.messages.gateways import open_gateways
from backend.messages.held.deliver import deliver_mail, deliver_pushes, queue_due
from backend.messages.held.store import claim
from backend.messages.letterhead import MailPush
from backend.messages.letters import Fate, Letter, Outcome, Push
from backend.messages.quiet import Timing
from backend.settings import Settings
from tests.factories import insert_a_report, insert_an_event
from tests.messages.conftest import SECRET_KEY, TERMS, People
from tests.twins import fcm as faults
from tests.twins.fcm import FcmTwin

NIGHTLY: Final = Terms(Timing(), SECRET_KEY)
EVENING: Final = datetime(2026, 11, 22, 22, 0, tzinfo=VIETNAM)
MORNING: Final = datetime(2026, 11, 23, 6, 30, tzinfo=VIETNAM)
ADDRESS: Final = "Canary.Person@example.org"


async def tell(
    database: Database, push: Push, event_id: int, *, now: datetime, terms: Terms = NIGHTLY
) -> None:
    await announce(database, push, terms, payload=str(event_id).encode(), now=now)


async def states(database: Database) -> list[tuple[str, str | None]]:
    rows = await database.app.fetch("SELECT state, error FROM notification ORDER BY id")
    return [(row["state"], row["error"]) for row in rows]


async def jobs(database: Database, entrypoint: str) -> int:
    count: int = await database.app.fetchval(
        "SELECT count(*) FROM pgqueuer WHERE entrypoint = $1 AND status = 'queued'", entrypoint
    )
    return count


class Postman:
    """Reads what the outbox holds."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.var_dir / "outbox"
        self.gateways = open_gateways(settings)
        self.push = MailPush(
            self.gateways.mail, public_url="https://caunoi.example", secret_key=SECRET_KEY
        )

    @property
    def letters(self) -> list[EmailMessage]:
        files = sorted(self._folder.glob("mail-*.eml"))
        return [_parsed(path) for path in files]


def _parsed(path: Path) -> EmailMessage:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


@pytest.fixture
def postman(settings: Settings) -> Postman:
    return Postman(settings)


async def a_contact(database: Database, case_id: uuid.UUID, *, consent: dict[str, Any]) -> None:
    await database.app.execute(
        "INSERT INTO report_contact (report_id, name, email, consent) VALUES ($1, 'A', $2, $3)",
        case_id,
        ADDRESS,
        json.dumps(consent),
    )


async def test_night_is_quiet_and_the_morning_brings_one_notification(
    database: Database, push: FirebasePush, fcm: FcmTwin, people: People
) -> None:
    cases = [await insert_a_report(database.app) for _ in range(2)]
    device_id, address = await people.device()
    for case_id in cases:
        await follow_case(database.app, "report", case_id, device_id=device_id)
    for kind, case_id in (("start", cases[0]), ("resolve", cases[0]), ("start", cases[1])):
        event_id = await insert_an_event(database.app, case_id, kind)
        await tell(database, push, event_id, now=EVENING)
        await tell(database, push, event_id, now=EVENING + timedelta(hours=3))
    await deliver_pushes(database, push, NIGHTLY, now=MORNING - timedelta(minutes=1))
    assert fcm.requests == 0
    for _ in range(2):
        await deliver_pushes(database, push, NIGHTLY, now=MORNING)
    (message,) = fcm.accepted
    assert message["notification"]["body"] == "Có 3 cập nhật về phản ánh bạn theo dõi."
    assert message["data"] == {"code": "", "link": "/theo-doi"}
    assert len(fcm.screen(address)) == 1
    assert await states(database) == [("sent", None)] * 3


async def test_one_thing_that_waited_is_told_in_its_own_words(
    database: Database, push: FirebasePush, fcm: FcmTwin, people: People
) -> None:
    case_id = await insert_a_report(database.app, code="QNG-7K3M-2F9A")
    await people.follower(case_id)
    await tell(database, push, await insert_an_event(database.app, case_id, "ask"), now=EVENING)
    await deliver_pushes(database, push, NIGHTLY, now=MORNING)
    (message,) = fcm.accepted
    assert "bổ sung thông tin" in message["notification"]["body"]
    assert message["data"]["link"] == "/theo-doi/QNG-7K3M-2F9A"


async def test_urgent_report_is_told_at_any_hour(
    database: Database, push: FirebasePush, fcm: FcmTwin, people: People
) -> None:
    case_id = await insert_a_report(database.app)
    await database.app.execute("UPDATE report SET is_urgent = true")
    await people.follower(case_id)
    await tell(database, push, await insert_an_event(database.app, case_id, "start"), now=EVENING)
    assert len(fcm.accepted) == 1


async def test_push_killed_before_recording_shows_once_in_the_morning(
    database: Database, push: FirebasePush, fcm: FcmTwin, people: People
) -> None:
    case_id = await insert_a_report(database.app)
    address = await people.follower(case_id)
    await tell(database, push, await insert_an_event(database.app, case_id, "start"), now=EVENING)
    fcm.faults.append(faults.ANSWER_LOST)
    await deliver_pushes(database, push, NIGHTLY, now=MORNING)
    late = await insert_an_event(database.app, case_id, "resolve")
    await tell(database, push, late, now=EVENING)
    await deliver_pushes(database, push, NIGHTLY, now=MORNING + timedelta(days=1))
    assert len(fcm.accepted) == 2
    assert len(fcm.screen(address)) == 1


async def test_busy_service_delays_what_is_due_and_is_asked_again(
    database: Database, push: FirebasePush, fcm: FcmTwin, people: People
) -> None:
    case_id = await insert_a_report(database.app)
    await people.follower(case_id)
    await tell(database, push, await insert_an_event(database.app, case_id, "start"), now=EVENING)
    fcm.faults.append(faults.INTERNAL)
    await deliver_pushes(database, push, NIGHTLY, now=MORNING)
    due = await database.app.fetchval("SELECT due_at - clock_timestamp() FROM notification")
    assert timedelta(seconds=2) < due < timedelta(seconds=6)
    assert await states(database) == [("waiting", "InternalError")]


async def test_work_is_queued_once_while_something_is_due_and_it_is_not_quiet(
    database: Database, push: FirebasePush, people: People
) -> None:
    case_id = await insert_a_report(database.app)
    await people.follower(case_id)
    await tell(database, push, await insert_an_event(database.app, case_id, "start"), now=EVENING)
    await queue_due(database, NIGHTLY.timing, now=EVENING)
    assert await jobs(database, "deliver_due_pushes") == 0
    for _ in range(3):
        await queue_due(database, NIGHTLY.timing, now=MORNING)
    assert await jobs(database, "deliver_due_pushes") == 1
    assert await jobs(database, "deliver_due_mail") == 0


async def test_reporter_who_agreed_gets_one_letter_without_a_word_of_the_case(
    database: Database,
    push: FirebasePush,
    postman: Postman,
    settings: Settings,
    capsys: pytest.CaptureFixture[str],
) -> None:
    case_id = await insert_a_report(database.app, text="CANARYTEXT", code="QNG-7K3M-2F9A")
    await a_contact(database, case_id, consent={"notify": True})
    event_id = await insert_an_event(database.app, case_id, "resolve", body={"note": "CANARYTEXT"})
    for _ in range(2):
        await tell(database, push, event_id, now=MORNING)
        await deliver_mail(database, postman.push, NIGHTLY, now=MORNING)
    (letter,) = postman.letters
    assert letter["To"] == ADDRESS
    assert letter["Subject"] == "Cầu Nối: bạn có thông báo mới"
    plain, rich = letter.get_body(("plain",)), letter.get_body(("html",))
    assert plain is not None
    assert rich is not None
    for body in (plain.get_content(), rich.get_content()):
        assert "Phản ánh của bạn đã có kết quả xử lý." in body
        assert "Your report has been answered." in body
        assert "https://caunoi.example/theo-doi/QNG-7K3M-2F9A" in body
        assert body.index("Phản ánh") < body.index("Your report")
    assert "CANARYTEXT" not in letter.as_string()
    assert re.fullmatch(
        r"<https://caunoi\.example/ngung-thu/[0-9a-f]{96}>", letter["List-Unsubscribe"]
    )
    (path,) = (settings.var_dir / "outbox").glob("mail-*.eml")
    assert b"List-Unsubscribe: <https://caunoi.example/ngung-thu/" in path.read_bytes()
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    logged = capsys.readouterr().out
    for canary in ("Canary", "example.org", "CANARYTEXT", "QNG-7K3M"):
        assert canary not in logged
    kept = await database.app.fetch("SELECT row_to_json(d)::text AS row FROM device d")
    assert "anary" not in str([row["row"] for row in kept]), "the address is kept where it was"


async def test_nobody_is_written_to_who_did_not_agree(
    database: Database, push: FirebasePush, postman: Postman
) -> None:
    for consent in ({}, {"handle_report": True}, {"notify": False}, {"notify": 0}):
        case_id = await insert_a_report(database.app)
        await a_contact(database, case_id, consent=consent)
        event_id = await insert_an_event(database.app, case_id, "resolve")
        await tell(database, push, event_id, now=MORNING)
        await deliver_mail(database, postman.push, NIGHTLY, now=MORNING)
    assert await states(database) == []


async def test_consent_taken_back_before_the_morning_counts(
    database: Database, push: FirebasePush, postman: Postman
) -> None:
    case_id = await insert_a_report(database.app)
    await a_contact(database, case_id, consent={"notify": 1})
    event_id = await insert_an_event(database.app, case_id, "resolve")
    await tell(database, push, event_id, now=EVENING)
    await deliver_mail(database, postman.push, NIGHTLY, now=EVENING)
    await database.app.execute("DELETE FROM report_contact")
    await deliver_mail(database, postman.push, NIGHTLY, now=MORNING)
    assert await states(database) == [("dropped", "no-address")]
    assert postman.letters == []


async def test_one_click_ends_e_mail_of_every_report_with_that_address(
    database: Database, push: FirebasePush, postman: Postman
) -> None:
    cases = [await insert_a_report(database.app) for _ in range(2)]
    for case_id in cases:
        await a_contact(database, case_id, consent={"notify": True})
    first = await insert_an_event(database.app, cases[0], "accept")
    await tell(database, push, first, now=MORNING)
    await deliver_mail(database, postman.push, NIGHTLY, now=MORNING)
    token = postman.letters[0]["List-Unsubscribe"].strip("<>").rpartition("/")[2]
    waiting = await insert_an_event(database.app, cases[1], "accept")
    await tell(database, push, waiting, now=MORNING)
    for _ in range(2):
        await stop_mail(database, token, secret_key=SECRET_KEY)
    later = await insert_an_event(database.app, cases[0], "resolve")
    await tell(database, push, later, now=MORNING)
    await deliver_mail(database, postman.push, NIGHTLY, now=MORNING)
    assert len(postman.letters) == 1
    assert await states(database) == [("sent", None), ("dropped", "unsubscribed")]


def test_mailbox_is_the_same_whatever_the_capitals() -> None:
    assert mailbox_of(SECRET_KEY, "A.Person@Example.org ") == mailbox_of(
        SECRET_KEY, "a.person@example.org"
    )
    assert mailbox_of(b"another", "a@example.org") != mailbox_of(SECRET_KEY, "a@example.org")


async def test_link_to_stop_e_mail_makes_no_push_address(database: Database) -> None:
    """Whoever reads a letter knows the mailbox: it must not let them take the letters over."""
    with pytest.raises(BadDevice):
        await register_device(database, kind="token", value=mailbox_of(SECRET_KEY, ADDRESS))


class Interrupted(Exception):
    """The worker dies here."""


class DyingMail:
    """Takes letters, and the worker dies before it hears of it."""

    def __init__(self, *, outcomes: list[Outcome] | None = None) -> None:
        self.taken: list[Letter] = []
        self.outcomes = outcomes

    async def send(self, letters: Any) -> list[Outcome]:
        self.taken += letters
        if self.outcomes is None:
            raise Interrupted()
        return [self.outcomes.pop(0) for _ in letters]

    async def close(self) -> None:
        return


async def lease_is_over(database: Database) -> None:
    await database.app.execute(
        "UPDATE notification SET due_at = $1 WHERE state = 'waiting'", MORNING
    )


async def test_letter_that_may_have_been_taken_goes_out_again_as_the_very_same(
    database: Database, push: FirebasePush, postman: Postman
) -> None:
    case_id = await insert_a_report(database.app)
    await a_contact(database, case_id, consent={"notify": True})
    for kind in ("accept", "ask"):
        event_id = await insert_an_event(database.app, case_id, kind)
        await tell(database, push, event_id, now=MORNING)
    dying = DyingMail()
    with pytest.raises(Interrupted):
        await deliver_mail(database, dying, NIGHTLY, now=MORNING)
    # nobody else hands it over meanwhile
    await deliver_mail(database, postman.push, NIGHTLY, now=MORNING)
    assert postman.letters == []
    # what is told afterwards is no part of it, or its repeat would be another letter
    event_id = await insert_an_event(database.app, case_id, "resolve")
    await tell(database, push, event_id, now=MORNING)
    await lease_is_over(database)
    after = DyingMail(outcomes=[Outcome("sent")] * 2)
    await deliver_mail(database, after, NIGHTLY, now=MORNING)
    assert [after.taken[0]] == dying.taken
    assert after.taken[1].notification_id != dying.taken[0].notification_id
    assert await states(database) == [("sent", None)] * 3


async def test_letter_goes_out_once_when_two_workers_read_that_it_is_due(
    database: Database, push: FirebasePush
) -> None:
    """One that lost its database, say, and the one that was given its job."""
    case_id = await insert_a_report(database.app)
    await a_contact(database, case_id, consent={"notify": True})
    event_id = await insert_an_event(database.app, case_id, "resolve")
    await tell(database, push, event_id, now=MORNING)
    second = DyingMail(outcomes=[Outcome("sent")])

    class SlowMail(DyingMail):
        async def send(self, letters: Any) -> list[Outcome]:
            self.taken += letters
            going = [letter.notification_id for letter in letters]
            late = await claim(
                database.app, going, ["letter"] * len(going), now=MORNING, until=MORNING
            )
            assert late == set()
            await deliver_mail(database, second, NIGHTLY, now=MORNING)
            return [Outcome("sent") for _ in letters]

    first = SlowMail()
    await deliver_mail(database, first, NIGHTLY, now=MORNING)
    assert (len(first.taken), second.taken) == (1, [])
    assert await states(database) == [("sent", None)]


async def test_letter_is_given_up_when_nobody_ever_says_that_it_was_taken(
    database: Database, push: FirebasePush
) -> None:
    case_id = await insert_a_report(database.app)
    await a_contact(database, case_id, consent={"notify": True})
    event_id = await insert_an_event(database.app, case_id, "resolve")
    await tell(database, push, event_id, now=MORNING)
    dying = DyingMail()
    for _ in range(4):
        with pytest.raises(Interrupted):
            await deliver_mail(database, dying, NIGHTLY, now=MORNING)
        assert await states(database) == [("waiting", "interrupted")]
        await lease_is_over(database)
    await deliver_mail(database, dying, NIGHTLY, now=MORNING)
    assert len(dying.taken) == 4
    assert len({letter.notification_id for letter in dying.taken}) == 1
    assert await states(database) == [("failed", "interrupted")]


async def test_letter_is_tried_again_unless_it_was_refused_for_good(
    database: Database, push: FirebasePush
) -> None:
    cases: tuple[tuple[Fate, str, tuple[str, str], int], ...] = (
        ("bad", "smtp-554", ("failed", "smtp-554"), 1),
        ("later", "smtp-451", ("waiting", "smtp-451"), 0),
        ("later", "SMTPConnectError", ("waiting", "SMTPConnectError"), 0),
        ("later", "SMTPReadTimeoutError", ("waiting", "unknown-SMTPReadTimeoutError"), 1),
        ("later", "too-slow", ("waiting", "unknown-too-slow"), 1),
        ("gone", "smtp-550", ("dropped", "smtp-550"), 1),
    )
    for fate, error, state, unsure in cases:
        await database.app.execute("DELETE FROM notification")
        case_id = await insert_a_report(database.app)
        await a_contact(database, case_id, consent={"notify": True})
        event_id = await insert_an_event(database.app, case_id, "resolve")
        await tell(database, push, event_id, now=MORNING)
        mail = DyingMail(outcomes=[Outcome(fate, error=error)])
        await deliver_mail(database, mail, NIGHTLY, now=MORNING)
        assert await states(database) == [state]
        assert await database.app.fetchval("SELECT unsure FROM notification") == unsure


async def test_letters_of_one_night_are_one_letter(
    database: Database, push: FirebasePush, postman: Postman
) -> None:
    case_id = await insert_a_report(database.app)
    await a_contact(database, case_id, consent={"notify": True})
    for kind in ("accept", "start", "ask", "resolve"):
        event_id = await insert_an_event(database.app, case_id, kind)
        await tell(database, push, event_id, now=EVENING)
    await deliver_mail(database, postman.push, NIGHTLY, now=MORNING)
    (letter,) = postman.letters
    body = letter.get_body(("plain",))
    assert body is not None
    # by default nobody is written to because work began
    assert "Có 3 cập nhật" in body.get_content()


async def test_device_of_a_dropped_address_gets_nothing_in_the_morning(
    database: Database, push: FirebasePush, fcm: FcmTwin, people: People
) -> None:
    case_id = await insert_a_report(database.app)
    await people.follower(case_id)
    await tell(database, push, await insert_an_event(database.app, case_id, "start"), now=EVENING)
    await database.app.execute("UPDATE device SET dropped_at = now(), drop_reason = 'x'")
    await deliver_pushes(database, push, NIGHTLY, now=MORNING)
    assert fcm.requests == 0
    assert await states(database) == [("dropped", "device-dropped")]


async def test_supporter_is_told_in_words_of_their_own_and_only_while_it_is_public(
    database: Database, push: FirebasePush, fcm: FcmTwin, people: People, a_commune: str
) -> None:
    case_id = await insert_a_report(database.app, status="in_progress", unit_code=a_commune)
    device_id, _ = await people.device()
    await follow_case(database.app, "report", case_id, device_id=device_id, is_reporter=False)
    for kind in ("start", "ask", "decline"):
        event_id = await insert_an_event(database.app, case_id, kind)
        await tell(database, push, event_id, now=MORNING, terms=TERMS)
    assert [one["notification"]["body"] for one in fcm.accepted] == [
        "Phản ánh bạn theo dõi đang được xử lý."
    ]
    kept_back = await insert_an_event(database.app, case_id, "start", is_public=False)
    await tell(database, push, kept_back, now=MORNING, terms=TERMS)
    held = await insert_an_event(database.app, case_id, "resolve")
    await tell(database, push, held, now=EVENING)
    await database.app.execute("UPDATE report SET visibility = 'hidden'")
    unseen = await insert_an_event(database.app, case_id, "close")
    await tell(database, push, unseen, now=MORNING, terms=TERMS)
    await deliver_pushes(database, push, NIGHTLY, now=MORNING)
    assert len(fcm.accepted) == 1
    assert await states(database) == [("sent", None), ("dropped", "not-public")]


async def test_account_is_written_to_as_long_as_it_agrees_and_chooses_so(
    database: Database, push: FirebasePush, postman: Postman, people: People
) -> None:
    citizen = await people.account("citizen")
    case_id = await insert_a_report(database.app, account_id=citizen)
    # the contact of the report is the same address: it is told once
    await a_contact(database, case_id, consent={"notify": True})
    await database.app.execute(
        """
        INSERT INTO account_identity (id, account_id, kind, value, verified_at)
        VALUES ($1, $1, 'email', lower($2), now())
        """,
        citizen,
        ADDRESS,
    )

    async def agree(is_given: bool) -> None:
        await database.app.execute(
            """
            INSERT INTO consent (account_id, purpose, version, is_given, at)
            VALUES ($1, 'notify', 1, $2, now())
            """,
            citizen,
            is_given,
        )

    async def letters_after(kind: str) -> int:
        event_id = await insert_an_event(database.app, case_id, kind)
        await tell(database, push, event_id, now=MORNING)
        await deliver_mail(database, postman.push, NIGHTLY, now=MORNING)
        return len(postman.letters)

    await agree(True)
    assert await letters_after("accept") == 1
    await change_account_notices(
        database,
        citizen,
        Choices(email={"ask": False}),
        is_staff=False,
        stop_email=None,
        secret_key=SECRET_KEY,
    )
    assert await letters_after("ask") == 1
    assert await letters_after("resolve") == 2
    await database.app.execute("DELETE FROM report_contact")
    await agree(False)
    assert await letters_after("decline") == 2
    await agree(True)
    assert await letters_after("close") == 3
