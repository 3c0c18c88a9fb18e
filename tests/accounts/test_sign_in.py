"""Codes: sent to whoever asks, good once, for the asker, for ten minutes, for five guesses."""

import asyncio
import dataclasses
import statistics
import time
import uuid

import httpx
import pytest

from backend.accounts.citizens.codes import code_of
from backend.accounts.citizens.letters import send_sign_in_code
from backend.jobs.errors import BadPayload, Later
from backend.messages.gateways import open_gateways
from backend.settings import Settings, SmsSettings
from backend.web.state import parts_of
from tests.accounts.conftest import ask_code, code_in, deliver, newest_letter, sign_in
from tests.accounts.test_gateways import sms_server
from tests.province import Town

PHONE = "0912 345 678"


async def test_a_code_opens_an_account_and_the_same_account_again(town: Town) -> None:
    first = await sign_in(town, phone=PHONE)
    second = await sign_in(town, phone="+84912345678")
    one = (await town.client.get("/api/v1/me", headers=first)).json()
    two = (await town.client.get("/api/v1/me", headers=second)).json()
    assert one["id"] == two["id"]
    assert [a["value"] for a in one["addresses"]] == ["+84912345678"]
    assert one["name"] == ""
    other = await sign_in(town, email="lan@example.vn")
    assert (await town.client.get("/api/v1/me", headers=other)).json()["id"] != one["id"]


async def test_the_text_message_is_one_and_says_the_number_to_nobody_else(town: Town) -> None:
    asked = await ask_code(town, phone=PHONE)
    number, _, words = newest_letter(town).partition("\n")
    assert number == "+84912345678"
    assert asked["code"] in words
    assert len(words.strip()) <= 160
    assert words.isascii()
    assert asked["sent_to"] == "+84 ••• ••• 678"


async def test_neither_code_nor_address_is_in_the_queue_or_the_log(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = await town.client.post("/api/v1/sign-in", json={"phone": PHONE})
    assert answer.status_code == 202
    [payload] = [
        row["payload"]
        for row in await town.owner.fetch(
            "SELECT payload FROM pgqueuer WHERE entrypoint = 'send_sign_in_code'"
        )
    ]
    assert uuid.UUID(payload.decode())
    await deliver(town)
    code = code_in(newest_letter(town))
    row = await town.owner.fetchrow("SELECT * FROM sign_in_code")
    assert code not in str(dict(row)).replace(str(row["id"]), "")
    said = capsys.readouterr().out
    assert "code" in said
    for secret in (code, "912345678", answer.json()["request"]):
        assert secret not in said


async def test_a_code_works_once(town: Town) -> None:
    asked = await ask_code(town, phone=PHONE)
    body = {"request": asked["request"], "code": asked["code"]}
    assert (await town.client.post("/api/v1/sign-in/code", json=body)).status_code == 201
    assert (await town.client.post("/api/v1/sign-in/code", json=body)).status_code == 401


async def test_a_code_opens_nothing_without_the_request_it_was_asked_with(town: Town) -> None:
    asked = await ask_code(town, phone=PHONE)
    other = await ask_code(town, email="lan@example.vn")
    for body in (
        {"code": asked["code"]},
        {"code": asked["code"], "phone": PHONE},
        {"code": asked["code"], "request": other["request"]},
        {"code": asked["code"], "request": asked["request"], "phone": "0987654321"},
    ):
        answer = await town.client.post("/api/v1/sign-in/code", json=body)
        assert answer.status_code == 401, body
    body = {"code": asked["code"], "request": asked["request"], "phone": PHONE}
    assert (await town.client.post("/api/v1/sign-in/code", json=body)).status_code == 201


async def test_the_cookie_of_the_first_answer_stands_for_the_request(town: Town) -> None:
    async with httpx.AsyncClient(base_url=town.url) as phone:
        assert (await phone.post("/api/v1/sign-in", json={"phone": PHONE})).status_code == 202
        await deliver(town)
        body = {"phone": PHONE, "code": code_in(newest_letter(town))}
        assert (await phone.post("/api/v1/sign-in/code", json=body)).status_code == 201


async def test_five_guesses_are_all_there_are_however_they_come(town: Town) -> None:
    asked = await ask_code(town, phone=PHONE)
    wrong = [f"{number:06d}" for number in range(40) if f"{number:06d}" != asked["code"]]
    bodies = [{"request": asked["request"], "code": code} for code in wrong]
    answers = await asyncio.gather(
        *(town.client.post("/api/v1/sign-in/code", json=body) for body in bodies)
    )
    assert {answer.status_code for answer in answers} == {401}
    assert await town.owner.fetchval("SELECT guesses FROM sign_in_code") == 5
    body = {"request": asked["request"], "code": asked["code"]}
    assert (await town.client.post("/api/v1/sign-in/code", json=body)).status_code == 401


async def test_the_right_code_sent_twenty_times_at_once_opens_one_session(town: Town) -> None:
    asked = await ask_code(town, phone=PHONE)
    body = {"request": asked["request"], "code": asked["code"]}
    answers = await asyncio.gather(
        *(town.client.post("/api/v1/sign-in/code", json=body) for _ in range(20))
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [401] * 19
    assert await town.owner.fetchval("SELECT count(*) FROM account_identity") == 1


async def test_using_one_code_ends_the_others_of_the_address(town: Town) -> None:
    older, newer = [await ask_code(town, phone=PHONE) for _ in range(2)]
    assert older["code"] != newer["code"] or older["request"] != newer["request"]
    body = {"request": newer["request"], "code": newer["code"]}
    assert (await town.client.post("/api/v1/sign-in/code", json=body)).status_code == 201
    body = {"request": older["request"], "code": older["code"]}
    assert (await town.client.post("/api/v1/sign-in/code", json=body)).status_code == 401


async def test_a_code_is_over_after_ten_minutes_and_is_then_not_sent_either(town: Town) -> None:
    asked = await ask_code(town, phone=PHONE)
    await town.owner.execute("UPDATE sign_in_code SET expires_at = now() - interval '1 second'")
    body = {"request": asked["request"], "code": asked["code"]}
    assert (await town.client.post("/api/v1/sign-in/code", json=body)).status_code == 401
    await town.client.post("/api/v1/sign-in", json={"email": "lan@example.vn"})
    await town.owner.execute("UPDATE sign_in_code SET expires_at = now() - interval '1 second'")
    await deliver(town)
    assert "lan@example.vn" not in newest_letter(town)


async def test_known_and_unknown_addresses_get_the_same_answer_in_the_same_time(
    town: Town,
) -> None:
    await sign_in(town, email="known@example.vn")
    times: dict[str, list[float]] = {"known": [], "new": []}
    shapes = set()
    for number in range(25):
        for who in times:
            address = "known@example.vn" if who == "known" else f"n{number}@example.vn"
            began = time.perf_counter()
            answer = await town.client.post("/api/v1/sign-in", json={"email": address})
            times[who].append(time.perf_counter() - began)
            shapes.add((answer.status_code, tuple(sorted(answer.json()))))
    assert shapes == {(202, ("expires_in", "request", "sent_to"))}
    difference = statistics.median(times["known"]) - statistics.median(times["new"])
    assert abs(difference) < 0.005, difference


async def test_an_account_that_was_switched_off_looks_like_a_wrong_code(town: Town) -> None:
    await sign_in(town, phone=PHONE)
    await town.owner.execute("UPDATE account SET is_active = false WHERE role = 'citizen'")
    asked = await ask_code(town, phone=PHONE)
    answers = []
    for code in ("000000" if asked["code"] != "000000" else "000001", asked["code"]):
        body = {"request": asked["request"], "code": code}
        answer = await town.client.post("/api/v1/sign-in/code", json=body)
        answers.append((answer.status_code, {**answer.json(), "trace_id": ""}))
    assert answers[0] == answers[1]
    assert answers[0][0] == 401


async def test_limits_hold_and_fail_closed(town: Town) -> None:
    limited(town)
    client = town.client
    statuses = [
        (await client.post("/api/v1/sign-in", json={"phone": PHONE})).status_code for _ in range(5)
    ]
    assert statuses == [202, 202, 202, 429, 429]
    refused = await client.post("/api/v1/sign-in", json={"phone": PHONE})
    assert int(refused.headers["Retry-After"]) > 60
    # another number has limits of its own, until the client has asked for too many
    statuses = [
        (await client.post("/api/v1/sign-in", json={"email": f"n{i}@example.vn"})).status_code
        for i in range(45)
    ]
    assert statuses[0] == 202
    assert statuses[-1] == 429
    assert await town.owner.fetchval("SELECT count(*) FROM sign_in_code") <= 42
    stored = await town.owner.fetch("SELECT key FROM rate_limit")
    assert not [row for row in stored if "912345" in row["key"] or "@" in row["key"]]
    await town.owner.execute("ALTER TABLE rate_limit RENAME TO rate_limit_gone")
    try:
        answer = await client.post("/api/v1/sign-in", json={"phone": "0987654321"})
    finally:
        await town.owner.execute("ALTER TABLE rate_limit_gone RENAME TO rate_limit")
    assert answer.status_code >= 500
    assert await town.owner.fetchval("SELECT count(*) FROM sign_in_code") <= 42


def limited(town: Town, **changes: int) -> None:
    """Switch limits on, as they are outside tests."""
    settings = dataclasses.replace(town.settings, limits_on=True, **changes)
    parts_of(town.app.state).settings = settings


async def test_the_whole_installation_has_a_budget(town: Town) -> None:
    limited(town, codes_per_hour=1)
    statuses = [
        (await town.client.post("/api/v1/sign-in", json={"email": f"n{i}@example.vn"})).status_code
        for i in range(12)
    ]
    assert statuses == [202] * 10 + [429] * 2


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"phone": PHONE, "email": "lan@example.vn"},
        {"phone": "1900123456"},
        {"phone": "+12025550123"},
        {"email": "lan@example"},
    ],
)
async def test_what_is_no_address_is_said_clearly_and_nothing_is_stored(
    town: Town, body: dict[str, str]
) -> None:
    answer = await town.client.post("/api/v1/sign-in", json=body)
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/address-refused"
    assert await town.owner.fetchval("SELECT count(*) FROM sign_in_code") == 0


def test_codes_are_six_digits_that_follow_from_the_key_and_the_row(settings: Settings) -> None:
    row = uuid.uuid4()
    other = dataclasses.replace(settings, secret_key=b"another key")
    codes = {code_of(settings, uuid.uuid4()) for _ in range(200)}
    assert all(len(code) == 6 and code.isdigit() for code in codes)
    assert len(codes) > 190
    assert code_of(settings, row) == code_of(settings, row) != code_of(other, row)


async def test_tokens_renew_for_thirty_days_and_idleness_does_not_end_them(town: Town) -> None:
    asked = await ask_code(town, phone=PHONE)
    body = {"request": asked["request"], "code": asked["code"]}
    tokens = (await town.client.post("/api/v1/sign-in/code", json=body)).json()
    await town.owner.execute(
        "UPDATE session SET created_at = now() - interval '20 days',"
        " last_seen_at = now() - interval '20 days' WHERE kind = 'refresh' AND account_id IN"
        " (SELECT account_id FROM account_identity)"
    )
    renewed = await town.client.post(
        "/api/v1/sessions/refresh", json={"refresh_token": tokens["refresh_token"]}
    )
    assert renewed.status_code == 200


async def test_a_gateway_that_is_busy_is_asked_again_and_one_that_refuses_is_not(
    town: Town,
) -> None:
    with sms_server() as server:
        gateways = open_gateways(dataclasses.replace(town.settings, sms=SmsSettings(server.url)))
        assert (await town.client.post("/api/v1/sign-in", json={"phone": PHONE})).status_code == 202
        payload = await town.owner.fetchval("SELECT payload FROM pgqueuer")

        async def attempt() -> None:
            await send_sign_in_code(
                town.database, gateways, settings=town.settings, payload=payload
            )

        server.status, server.headers = 503, {"Retry-After": "7"}
        with pytest.raises(Later) as later:
            await attempt()
        assert later.value.delay_seconds == 7
        server.status, server.headers = 400, {}
        with pytest.raises(BadPayload) as refused:
            await attempt()
        assert "912345" not in str(refused.value)
        server.status = 200
        await attempt()
        await attempt()  # as after a kill: it is marked as sent, and goes out no more
        assert len(server.asked) == 3
        assert len({body["text"] for _, body in server.asked}) == 1
        assert len({body["reference"] for _, body in server.asked}) == 1
        await gateways.close()
    for bad in (b"", b"\xff\xfe", b"7"):
        with pytest.raises(BadPayload):
            await send_sign_in_code(town.database, gateways, settings=town.settings, payload=bad)
