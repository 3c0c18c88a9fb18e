"""Everybody concerned is told of an event, once, in words that betray nothing."""

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest

from backend import clock
from backend.database import Database
from backend.events.chain import Actor
from backend.jobs.errors import BadPayload, Later
from backend.messages import firebase, wording
from backend.messages.announce import announce
from backend.messages.choices.kinds import chosen_as, list_kinds
from backend.messages.console import ConsolePush
from backend.messages.devices import drop_device, follow_case, register_device
from backend.messages.errors import BadDevice, UnknownDevice
from backend.messages.firebase import FirebasePush
from tests.factories import insert_a_report, insert_an_event
from tests.messages.conftest import TERMS, People
from tests.twins import fcm as faults
from tests.twins.fcm import FcmTwin


async def states(database: Database) -> dict[str, int]:
    rows = await database.app.fetch("SELECT state, count(*) AS n FROM notification GROUP BY state")
    return {row["state"]: row["n"] for row in rows}


async def tell(database: Database, push: FirebasePush, event_id: int) -> None:
    await announce(database, push, TERMS, payload=str(event_id).encode(), now=clock.now())


async def test_follower_is_told_once_however_often_the_job_runs(
    database: Database, push: FirebasePush, fcm: FcmTwin, people: People
) -> None:
    case_id = await insert_a_report(database.app)
    address = await people.follower(case_id)
    event_id = await insert_an_event(database.app, case_id, "resolve")
    for _ in range(3):
        await tell(database, push, event_id)
    assert len(fcm.accepted) == 1
    assert fcm.screen(address) == [f"ev-{event_id}"]
    assert await states(database) == {"sent": 1}


async def test_message_carries_no_word_of_the_case(
    database: Database, push: FirebasePush, fcm: FcmTwin, people: People
) -> None:
    case_id = await insert_a_report(
        database.app, text="CANARY ông Nguyễn Văn A 0905123456", code="QNG-7K3M-2F9A"
    )
    for kind in sorted(wording.CITIZEN):
        await people.follower(case_id, language="en" if kind < "e" else "vi")
        event_id = await insert_an_event(
            database.app, case_id, kind, body={"note": "CANARY", "unit": "21028"}
        )
        await tell(database, push, event_id)
    said = json.dumps(fcm.accepted, ensure_ascii=False)
    assert "CANARY" not in said
    assert "0905" not in said
    assert "21028" not in said
    for message in fcm.accepted:
        words = message["notification"]
        assert words["title"] == "Cầu Nối"
        assert words["body"] in {
            text for words in wording.CITIZEN.values() for text in (words.vi, words.en)
        }
        assert message["data"] == {"code": "QNG-7K3M-2F9A", "link": "/theo-doi/QNG-7K3M-2F9A"}
        key = message["android"]["collapse_key"]
        assert key == message["android"]["notification"]["tag"]
        assert key == message["apns"]["headers"]["apns-collapse-id"]
        assert key == message["webpush"]["headers"]["Topic"]


async def test_officers_of_the_agency_are_told_of_a_new_report_and_nobody_else(
    database: Database, push: FirebasePush, fcm: FcmTwin, people: People
) -> None:
    await people.agency("ubnd-1")
    await people.agency("ubnd-2")
    _, officer = await people.device(await people.account("officer", agency="ubnd-1"))
    _, key_holder = await people.device(await people.account("key_holder", agency="ubnd-1"))
    await people.device(await people.account("officer", agency="ubnd-2"))
    await people.device(await people.account("citizen"))
    await people.device()
    case_id = await insert_a_report(database.app, agency_code="ubnd-1")
    event_id = await database.app.fetchval("SELECT id FROM event WHERE case_id = $1", case_id)
    await tell(database, push, event_id)
    assert {message["token"] for message in fcm.accepted} == {officer, key_holder}
    assert fcm.accepted[0]["notification"]["body"] == "Có phản ánh mới cần tiếp nhận."


async def test_restricted_report_is_announced_only_to_the_entitled(
    database: Database, push: FirebasePush, fcm: FcmTwin, people: People
) -> None:
    await people.agency("ubnd-1")
    await people.device(await people.account("officer", agency="ubnd-1"))
    _, entitled = await people.device(
        await people.account("officer", agency="ubnd-1", sees_restricted=True)
    )
    case_id = await insert_a_report(database.app, agency_code="ubnd-1", is_restricted=True)
    event_id = await database.app.fetchval("SELECT id FROM event WHERE case_id = $1", case_id)
    await tell(database, push, event_id)
    assert [message["token"] for message in fcm.accepted] == [entitled]


async def test_assigned_report_concerns_its_officer_and_the_key_holders(
    database: Database, push: FirebasePush, fcm: FcmTwin, people: People
) -> None:
    await people.agency("ubnd-1")
    mine = await people.account("officer", agency="ubnd-1")
    _, in_charge = await people.device(mine)
    await people.device(await people.account("officer", agency="ubnd-1"))
    _, key_holder = await people.device(await people.account("key_holder", agency="ubnd-1"))
    case_id = await insert_a_report(database.app, agency_code="ubnd-1")
    await database.app.execute("UPDATE report SET officer_id = $1", mine)
    assigned = await insert_an_event(database.app, case_id, "assign", agency_code="ubnd-1")
    await tell(database, push, assigned)
    assert [message["token"] for message in fcm.accepted] == [in_charge]
    overdue = await insert_an_event(database.app, case_id, "overdue", agency_code="ubnd-1")
    await tell(database, push, overdue)
    assert {message["token"] for message in fcm.accepted[1:]} == {in_charge, key_holder}


async def test_parent_agency_is_called_to_an_overdue_report(
    database: Database, push: FirebasePush, fcm: FcmTwin, people: People
) -> None:
    await people.agency("tinh")
    await people.agency("xa", parent="tinh")
    _, parent = await people.device(await people.account("officer", agency="tinh"))
    await people.device(await people.account("officer", agency="xa"))
    case_id = await insert_a_report(database.app, agency_code="xa")
    event_id = await insert_an_event(
        database.app, case_id, "called_parent", agency_code="xa", body={"parent": "tinh"}
    )
    await tell(database, push, event_id)
    assert [message["token"] for message in fcm.accepted] == [parent]


async def test_reporter_is_told_on_all_devices_but_not_of_what_they_did_themselves(
    database: Database, push: FirebasePush, fcm: FcmTwin, people: People
) -> None:
    citizen = await people.account("citizen")
    addresses = {(await people.device(citizen))[1] for _ in range(2)}
    case_id = await insert_a_report(database.app, account_id=citizen)
    own = await insert_an_event(database.app, case_id, "reopen", actor=Actor("citizen", citizen))
    await tell(database, push, own)
    assert fcm.accepted == []
    event_id = await insert_an_event(database.app, case_id, "resolve")
    await tell(database, push, event_id)
    assert {message["token"] for message in fcm.accepted} == addresses


@pytest.mark.parametrize(("kind", "is_public"), [("internal_note", True), ("resolve", False)])
async def test_followers_are_not_told_what_the_public_does_not_see(
    database: Database,
    push: FirebasePush,
    fcm: FcmTwin,
    people: People,
    kind: str,
    is_public: bool,
) -> None:
    case_id = await insert_a_report(database.app)
    await people.follower(case_id)
    event_id = await insert_an_event(database.app, case_id, kind, is_public=is_public)
    await tell(database, push, event_id)
    assert fcm.accepted == []


async def test_hundred_and_twenty_followers_are_told_in_chunks_each_once(
    database: Database, push: FirebasePush, fcm: FcmTwin, people: People
) -> None:
    case_id = await insert_a_report(database.app)
    addresses = [await people.follower(case_id) for _ in range(120)]
    event_id = await insert_an_event(database.app, case_id, "start")
    await tell(database, push, event_id)
    assert sorted(message["token"] for message in fcm.accepted) == sorted(addresses)


@pytest.mark.parametrize("fault", [faults.UNREGISTERED, faults.SENDER_ID_MISMATCH])
async def test_dead_address_is_dropped(
    database: Database, push: FirebasePush, fcm: FcmTwin, people: People, fault: faults.Fault
) -> None:
    case_id = await insert_a_report(database.app)
    dead, alive = await people.follower(case_id), await people.follower(case_id)
    fcm.by_address[dead] = fault
    await tell(database, push, await insert_an_event(database.app, case_id, "start"))
    await tell(database, push, await insert_an_event(database.app, case_id, "resolve"))
    assert [message["token"] for message in fcm.accepted] == [alive, alive]
    assert fcm.requests == 3
    assert await states(database) == {"sent": 2, "dropped": 1}


async def test_dead_address_registered_again_meanwhile_keeps_its_place(
    database: Database, push: FirebasePush, fcm: FcmTwin, people: People, monkeypatch: Any
) -> None:
    case_id = await insert_a_report(database.app)
    address = await people.follower(case_id)
    fcm.faults.append(faults.UNREGISTERED)
    send = push.send

    async def send_while_the_phone_registers(letters: Any) -> Any:
        outcomes = await send(letters)
        await register_device(database, kind="token", value=address)
        return outcomes

    monkeypatch.setattr(push, "send", send_while_the_phone_registers)
    event_id = await insert_an_event(database.app, case_id, "start")
    with pytest.raises(Later):
        await tell(database, push, event_id)
    await tell(database, push, event_id)
    assert fcm.screen(address) == [f"ev-{event_id}"]


async def test_refused_payload_fails_and_is_not_tried_again(
    database: Database, push: FirebasePush, fcm: FcmTwin, people: People
) -> None:
    case_id = await insert_a_report(database.app)
    await people.follower(case_id)
    fcm.faults.append(faults.INVALID_ARGUMENT)
    event_id = await insert_an_event(database.app, case_id, "start")
    await tell(database, push, event_id)
    await tell(database, push, event_id)
    assert fcm.requests == 1
    assert await states(database) == {"failed": 1}


@pytest.mark.parametrize(
    ("fault", "delay"),
    [
        (faults.QUOTA_EXCEEDED, 2.0),
        (faults.UNAVAILABLE, 1.0),
        (faults.INTERNAL, 5.0),
        (faults.UNAUTHENTICATED, 5.0),
        (faults.Fault(429, "QUOTA_EXCEEDED", "RESOURCE_EXHAUSTED", retry_after="86400"), 600.0),
    ],
)
async def test_busy_service_is_asked_again_no_sooner_than_it_says(
    database: Database,
    push: FirebasePush,
    fcm: FcmTwin,
    people: People,
    fault: faults.Fault,
    delay: float,
) -> None:
    case_id = await insert_a_report(database.app)
    address = await people.follower(case_id)
    fcm.faults.append(fault)
    event_id = await insert_an_event(database.app, case_id, "start")
    with pytest.raises(Later) as later:
        await tell(database, push, event_id)
    assert later.value.delay_seconds == delay
    assert fcm.requests == 1, "firebase-admin must not retry on its own"
    await tell(database, push, event_id)
    assert fcm.screen(address) == [f"ev-{event_id}"]


async def test_lost_answer_repeats_on_the_wire_and_shows_once(
    database: Database, push: FirebasePush, fcm: FcmTwin, people: People
) -> None:
    case_id = await insert_a_report(database.app)
    address = await people.follower(case_id)
    fcm.faults.append(faults.ANSWER_LOST)
    event_id = await insert_an_event(database.app, case_id, "start")
    with pytest.raises(Later):
        await tell(database, push, event_id)
    await tell(database, push, event_id)
    assert len(fcm.accepted) == 2
    assert fcm.screen(address) == [f"ev-{event_id}"]


async def test_hanging_service_is_given_up_in_time(
    database: Database,
    push: FirebasePush,
    fcm: FcmTwin,
    people: People,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(firebase, "_TIMEOUT_SECONDS", 0.3)
    case_id = await insert_a_report(database.app)
    await people.follower(case_id)
    fcm.faults.append(faults.Fault(503, "UNAVAILABLE", hang_seconds=1.5))
    event_id = await insert_an_event(database.app, case_id, "start")
    started = clock.now()
    with pytest.raises(Later):
        await tell(database, push, event_id)
    assert clock.now() - started < timedelta(seconds=1.4)


async def test_old_news_is_given_up(
    database: Database, push: FirebasePush, fcm: FcmTwin, people: People
) -> None:
    case_id = await insert_a_report(database.app)
    await people.follower(case_id)
    fcm.faults.append(faults.INTERNAL)
    event_id = await insert_an_event(database.app, case_id, "start")
    with pytest.raises(Later):
        await tell(database, push, event_id)
    await database.app.execute("UPDATE notification SET created_at = now() - interval '25 hours'")
    await tell(database, push, event_id)
    assert await states(database) == {"failed": 1}
    assert fcm.accepted == []


@pytest.mark.parametrize("payload", [b"", b"abc", b"99999999", b'{"event": 1}'])
async def test_payload_that_names_no_event_is_refused(database: Database, payload: bytes) -> None:
    with pytest.raises(BadPayload):
        await announce(database, ConsolePush(), TERMS, payload=payload, now=clock.now())


async def test_console_says_that_it_sends_but_neither_what_nor_to_whom(
    database: Database, people: People, capsys: pytest.CaptureFixture[str]
) -> None:
    case_id = await insert_a_report(database.app, code="QNG-7K3M-2F9A")
    address = await people.follower(case_id)
    event_id = await insert_an_event(database.app, case_id, "start")
    await announce(database, ConsolePush(), TERMS, payload=str(event_id).encode(), now=clock.now())
    said = capsys.readouterr().out
    assert f"ev-{event_id}" in said
    assert address not in said
    assert "QNG" not in said
    assert await states(database) == {"sent": 1}


async def test_last_who_registered_signed_in_owns_the_address(
    database: Database, push: FirebasePush, fcm: FcmTwin, people: People
) -> None:
    first, second = await people.account("citizen"), await people.account("citizen")
    case_id = await insert_a_report(database.app, account_id=first)
    device_id, address = await people.device(first)
    await follow_case(database.app, "report", case_id, device_id=device_id)
    again, _ = await people.device(second, value=address)
    assert again == device_id
    await tell(database, push, await insert_an_event(database.app, case_id, "start"))
    assert fcm.accepted == [], "the new owner is told nothing of the old one's case"
    anonymous, _ = await people.device(None, value=address)
    owner = await database.app.fetchval("SELECT account_id FROM device WHERE id = $1", anonymous)
    assert owner == second


async def test_device_can_be_dropped_by_its_owner_only(database: Database, people: People) -> None:
    owner, other = await people.account("citizen"), await people.account("citizen")
    device_id, _ = await people.device(owner)
    for somebody in (other, None):
        with pytest.raises(UnknownDevice):
            await drop_device(database, device_id, account_id=somebody)
    await drop_device(database, device_id, account_id=owner)
    with pytest.raises(UnknownDevice):
        await drop_device(database, device_id, account_id=owner)
    with pytest.raises(UnknownDevice):
        await drop_device(database, uuid.uuid4())


@pytest.mark.parametrize(
    "value", ["", "short", "x" * 4097, "with\nnewline", "địa-chỉ-không-hợp-lệ"]
)
async def test_address_that_cannot_be_one_is_refused(database: Database, value: str) -> None:
    with pytest.raises(BadDevice):
        await register_device(database, kind="token", value=value)


def test_every_sentence_stands_in_both_languages_and_fits_a_lock_screen() -> None:
    for words in (*wording.CITIZEN.values(), *wording.OFFICER.values()):
        assert 10 < len(words.vi) < 90
        assert 10 < len(words.en) < 90


def test_every_kind_that_somebody_is_told_of_can_be_chosen_by_its_title() -> None:
    for is_staff, told in ((False, wording.CITIZEN), (True, wording.OFFICER)):
        kinds = list_kinds(is_staff=is_staff)
        assert {chosen_as(kind) for kind in told} <= set(kinds)
        titles = [title.vi for title in kinds.values()]
        assert len(titles) == len(set(titles))
