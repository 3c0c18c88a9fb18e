"""What is over leaves every table: accounts closed, addresses let go, codes used, days gone."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from backend.accounts.citizens import store as citizens
from backend.accounts.citizens.actions import sign_in_identity
from backend.accounts.citizens.store import Identity
from backend.clock import now
from backend.errors import NotSignedIn
from backend.identifiers import AccountId, hash_token
from backend.messages.areas.alerts import follow_area
from backend.messages.areas.store import Owner
from backend.messages.errors import UnknownDevice
from backend.privacy.erase import claim_report
from backend.privacy.retention import apply_retention, current_periods, moments, plan_retention
from backend.reports.rulebook import Rulebooks
from backend.web.state import parts_of
from tests.accounts.conftest import ask_code, deliver, newest_letter, sign_in
from tests.factories import insert_a_report
from tests.province import UNIT, Town, a_submission

PHONE = "0912345678"


async def account_of(town: Town, me: dict[str, str]) -> str:
    return str((await town.client.get("/api/v1/me", headers=me)).json()["id"])


def rulebooks_of(town: Town) -> Rulebooks:
    rulebooks = parts_of(town.app.state).rulebooks
    assert rulebooks is not None
    return rulebooks


async def test_no_row_of_any_table_stays_with_a_closed_account(town: Town) -> None:
    me, other = await sign_in(town, phone=PHONE), await sign_in(town, email="b@example.vn")
    for headers, token in ((me, "a-telephone-of-mine"), (other, "somebody-elses-one")):
        sent = {"kind": "token", "value": token}
        assert (await town.client.post("/api/v1/devices", headers=headers, json=sent)).status_code
        account_id = await account_of(town, headers)
        await town.owner.execute(
            """
            INSERT INTO area_alert (id, account_id, unit_code) VALUES (gen_random_uuid(), $1, $2);
            """,
            uuid.UUID(account_id),
            UNIT,
        )
        await town.owner.execute(
            "INSERT INTO notice_choice (account_id, channel, kind, is_wanted)"
            " VALUES ($1, 'push', 'start', false)",
            uuid.UUID(account_id),
        )
    # a code on its way to the address when the account is closed
    await town.client.post("/api/v1/sign-in", json={"phone": PHONE})
    mine, theirs = await account_of(town, me), await account_of(town, other)
    assert (await town.client.delete("/api/v1/me", headers=me)).status_code == 204
    for table in ("session", "device", "notice_choice", "area_alert", "account_identity"):
        count = f"SELECT count(*) FROM {table} WHERE account_id = $1"  # noqa: S608  names above
        assert await town.owner.fetchval(count, uuid.UUID(mine)) == 0, table
        assert await town.owner.fetchval(count, uuid.UUID(theirs)) > 0, table
    assert await town.owner.fetchval("SELECT count(*) FROM sign_in_code WHERE kind = 'phone'") == 0
    assert await town.owner.fetchval("SELECT count(*) FROM sign_in_code WHERE kind = 'email'") == 1


async def test_what_is_still_being_sent_when_the_account_closes_is_not_tied_to_it(
    town: Town,
) -> None:
    """Who sends is known before the body has come, which on a slow line takes minutes."""
    me = await sign_in(town, phone=PHONE)
    mine = uuid.UUID(await account_of(town, me))
    body = json.dumps(a_submission()).encode()

    async def slowly() -> AsyncIterator[bytes]:
        yield body[:20]
        await asyncio.sleep(0.3)
        assert (await town.client.delete("/api/v1/me", headers=me)).status_code == 204
        yield body[20:]

    key = {"Idempotency-Key": str(uuid.uuid4()), "Content-Type": "application/json"}
    sent = await town.client.post("/api/v1/reports", headers={**me, **key}, content=slowly())
    tied = "SELECT count(*) FROM report WHERE account_id = $1"
    assert await town.owner.fetchval(tied, mine) == 0
    assert sent.status_code == 503, sent.text
    # nobody is signed in any more: the next try is a stranger's report, and stored once
    again = await town.client.post("/api/v1/reports", headers=key, content=body)
    assert (again.status_code, again.json()["owned"]) == (201, False)


async def test_a_closed_account_is_given_no_more_reports_or_areas(town: Town) -> None:
    me = await sign_in(town, phone=PHONE)
    mine = AccountId(uuid.UUID(await account_of(town, me)))
    report = await town.a_report()
    assert (await town.client.delete("/api/v1/me", headers=me)).status_code == 204
    report_id = uuid.UUID(report.id)
    with pytest.raises(NotSignedIn):
        await claim_report(town.database, rulebooks_of(town), report_id, account_id=mine, now=now())
    assert await town.owner.fetchval("SELECT version FROM report WHERE id = $1", report_id) == 1
    with pytest.raises(UnknownDevice):
        await follow_area(
            town.database, Owner(account_id=mine), unit=UNIT, circle=None, category=None
        )


async def test_codes_of_an_address_go_with_it_and_others_stay(town: Town) -> None:
    me = await sign_in(town, phone=PHONE)
    asked = await town.client.post(
        "/api/v1/me/addresses", headers=me, json={"email": "lan@example.vn"}
    )
    await deliver(town)
    code = newest_letter(town)
    digits = next(
        word for word in code.replace(".", " ").split() if len(word) == 6 and word.isdigit()
    )
    body = {"request": asked.json()["request"], "code": digits}
    proved = await town.client.post("/api/v1/me/addresses/code", headers=me, json=body)
    assert proved.status_code == 200, proved.text
    (phone,) = (one for one in proved.json()["addresses"] if one["kind"] == "phone")
    await town.client.post("/api/v1/sign-in", json={"phone": PHONE})
    gone = await town.client.delete(f"/api/v1/me/addresses/{phone['id']}", headers=me)
    assert gone.status_code == 204
    left = await town.owner.fetch("SELECT DISTINCT kind FROM sign_in_code")
    assert [row["kind"] for row in left] == ["email"]


async def test_a_code_that_another_has_ended_is_neither_sent_nor_asked_for(town: Town) -> None:
    first = await ask_code(town, phone=PHONE)
    second = (await town.client.post("/api/v1/sign-in", json={"phone": PHONE})).json()
    address = await citizens.find_requested_address(
        town.database.app, hash_token(second["request"]), now=now()
    )
    assert address is not None
    body = {"request": first["request"], "code": first["code"]}
    assert (await town.client.post("/api/v1/sign-in/code", json=body)).status_code == 201
    written = len(list((town.settings.var_dir / "outbox").iterdir()))
    await deliver(town)
    assert len(list((town.settings.var_dir / "outbox").iterdir())) == written
    for request in (first["request"], second["request"]):
        assert not await citizens.find_requested_address(
            town.database.app, hash_token(request), now=now()
        )


async def test_who_signs_in_twice_at_the_same_moment_has_one_account(town: Town) -> None:
    for number in range(3):
        identity = Identity("oidc", f"subject-{number}", "https://provider.example")
        tokens = await asyncio.gather(
            *(
                sign_in_identity(
                    town.database,
                    identity,
                    name="Lan",
                    language="vi",
                    settings=town.settings,
                    now=now(),
                )
                for _ in range(3)
            )
        )
        assert all(tokens)
    owners = await town.owner.fetch(
        "SELECT DISTINCT account_id FROM session WHERE account_id IN"
        " (SELECT account_id FROM account_identity WHERE kind = 'oidc')"
    )
    assert len(owners) == 3
    left_open = await town.owner.fetchval(
        "SELECT count(*) FROM account WHERE username LIKE 'dan.%' AND closed_at IS NULL"
    )
    assert left_open == 3, "the account that came too late is closed again"


async def test_taking_back_what_is_taken_back_says_nothing_new(town: Town) -> None:
    me = await sign_in(town, phone=PHONE)
    for given, rows in ((True, 1), (True, 1), (False, 2), (False, 2), (True, 3)):
        said = {"consents": [{"purpose": "notify", "version": 1, "given": given}]}
        answer = await town.client.put("/api/v1/me/consents", headers=me, json=said)
        assert answer.status_code == 200
        assert await town.owner.fetchval("SELECT count(*) FROM consent") == rows


async def test_each_kind_goes_after_its_own_days_and_not_before(town: Town) -> None:
    """An old and a young one of each kind that goes by itself."""
    me, gone = await sign_in(town, phone=PHONE), await sign_in(town, email="b@example.vn")
    for headers in (me, gone):
        sent = {"kind": "token", "value": f"telephone-{headers['Authorization'][-9:]}"}
        await town.client.post("/api/v1/devices", headers=headers, json=sent)
        said = {"consents": [{"purpose": "notify", "version": 1, "given": True}]}
        await town.client.put("/api/v1/me/consents", headers=headers, json=said)
    closed = uuid.UUID(await account_of(town, gone))
    assert (await town.client.delete("/api/v1/me", headers=gone)).status_code == 204
    _, periods = await current_periods(town.database.app, now=now())
    edges = moments(periods, now())
    device = await town.owner.fetchval("SELECT id FROM device")
    case_ids = [await insert_a_report(town.owner) for _ in range(4)]
    events = await town.owner.fetch("SELECT id FROM event ORDER BY id DESC LIMIT 4")
    day = timedelta(days=1)
    for (event, state), moment in zip(
        zip((row["id"] for row in events), ("sent", "failed", "waiting", "sent"), strict=True),
        (*[edges["notifications"] - day] * 3, edges["notifications"] + day),
        strict=True,
    ):
        await town.owner.execute(
            "INSERT INTO notification (event_id, device_id, collapse_key, state, created_at)"
            " VALUES ($1, $2, 'k', $3, $4)",
            *(event, device, state, moment),
        )
    for n, moment in enumerate((edges["oidc_attempts"] - day, edges["oidc_attempts"] + day)):
        await town.owner.execute(
            "INSERT INTO oidc_attempt VALUES ($1, $1, 'n', 'v', '', $2)", b"%d" % n, moment
        )
    for state, moment in (
        *(
            ("stored", edges["quarantined_photos"] - day),
            ("ready", edges["quarantined_photos"] - day),
        ),
        ("stored", edges["quarantined_photos"] + day),
    ):
        await town.owner.execute(
            """
            INSERT INTO report_photo (report_id, sha256, purpose, position, bytes, content_type,
                state, uploaded_at) VALUES ($1, md5($2) || md5($2), 'before', 1, 1, 'image/jpeg',
                $3, $4)
            """,
            *(case_ids[1], f"{state} {moment}", state, moment),
        )
    rulebooks = rulebooks_of(town)
    expected = {"notifications": 2, "oidc_attempts": 1, "quarantined_photos": 1, "consents": 0}
    for counts in (
        (await plan_retention(town.database.app, now=now())).counts,
        (await apply_retention(town.database, rulebooks, now=now())).counts,
    ):
        assert {kind: counts[kind] for kind in expected} == expected
    left = await town.owner.fetch("SELECT state FROM notification ORDER BY id")
    assert [row["state"] for row in left] == ["waiting", "sent"], "what waits is still to be sent"
    assert await town.owner.fetchval("SELECT state_hash FROM oidc_attempt") == b"1", "the young one"
    refused = await town.owner.fetch("SELECT state FROM report_photo ORDER BY state")
    assert [row["state"] for row in refused] == ["ready", "refused", "stored"]
    # what somebody agreed to is proof for as long as the document says, and no longer
    await town.owner.execute(
        "UPDATE account SET closed_at = $2 WHERE id = $1", closed, edges["consents"] - day
    )
    assert (await apply_retention(town.database, rulebooks, now=now())).counts["consents"] == 1
    owners = await town.owner.fetch("SELECT account_id FROM consent")
    assert [str(row["account_id"]) for row in owners] == [await account_of(town, me)]
    runs = await town.owner.fetch("SELECT kind FROM retention_run")
    assert sorted(row["kind"] for row in runs) == sorted(
        kind for kind in ("consents", "notifications", "oidc_attempts", "quarantined_photos")
    )


async def test_an_official_who_is_long_away_keeps_the_account(town: Town) -> None:
    await town.owner.execute(
        "UPDATE account SET last_sign_in_at = now() - interval '9999 days' WHERE username = 'key'"
    )
    removed = await apply_retention(town.database, rulebooks_of(town), now=now())
    assert removed.counts["idle_accounts"] == 0
    closed = "SELECT closed_at FROM account WHERE username = 'key'"
    assert await town.owner.fetchval(closed) is None


@pytest.mark.parametrize("path", ["/api/v1/me", "/api/v1/me/export", "/api/v1/me/reports"])
async def test_what_is_somebodys_own_is_kept_by_no_cache(town: Town, path: str) -> None:
    me = await sign_in(town, phone=PHONE)
    answer = await town.client.get(path, headers=me)
    assert answer.status_code == 200
    assert "public" not in answer.headers.get("cache-control", "")
    assert "no-store" in answer.headers["cache-control"]
