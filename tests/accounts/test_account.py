"""One's own account: seen, corrected, taken along, deleted; consents said and taken back."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest

from backend.accounts.consents.store import has_consent
from backend.audit.verify import verify
from backend.clock import now
from backend.jobs.errors import BadPayload
from backend.privacy.erase import BATCH, erase_person
from backend.reports.rulebook import Rulebooks
from backend.web.state import parts_of
from tests.accounts.conftest import ask_code, code_in, deliver, newest_letter, sign_in
from tests.province import Sent, Town, a_submission

CONTACT = {"name": "Canarynamezq", "phone": "0912345678", "email": "canary@example.vn"}
ANSWER = "canaryanswerzq bên phải đường"
COMMENT = "canarycommentzq"


def rulebooks_of(town: Town) -> Rulebooks:
    rulebooks = parts_of(town.app.state).rulebooks
    assert rulebooks is not None
    return rulebooks


async def own_report(town: Town, headers: dict[str, str], **changes: Any) -> Sent:
    """A report sent while signed in."""
    body = a_submission(**changes)
    key = uuid4()
    answer = await town.client.post(
        "/api/v1/reports", headers={**headers, "Idempotency-Key": str(key)}, json=body
    )
    assert answer.status_code == 201, answer.text
    return Sent(answer=answer.json(), body=body, key=str(key))


async def test_a_phone_that_signs_in_or_out_before_it_tries_again_sends_one(town: Town) -> None:
    me = await sign_in(town, phone="0912345678")
    for first, again in (({}, me), (me, {})):
        sent = await own_report(town, first)
        repeated = await town.client.post(
            "/api/v1/reports", headers={**again, "Idempotency-Key": sent.key}, json=sent.body
        )
        assert repeated.status_code == 201
        assert repeated.json() == sent.answer
    assert await town.owner.fetchval("SELECT count(*) FROM report") == 2
    # somebody else's words under the key learn nothing of what it stands for
    other = await town.client.post(
        "/api/v1/reports",
        headers={"Idempotency-Key": sent.key},
        json=a_submission(text="Một việc khác hẳn, không phải việc trước."),
    )
    assert other.status_code == 422
    assert sent.code not in other.text


async def test_name_and_language_are_corrected_and_nothing_else(town: Town) -> None:
    me = await sign_in(town, phone="0912345678")
    path = "/api/v1/me"
    changed = await town.client.patch(
        path, headers=me, json={"name": " Nguyễn Thị Lan ", "language": "en"}
    )
    assert (changed.json()["name"], changed.json()["language"]) == ("Nguyễn Thị Lan", "en")
    unchanged = await town.client.patch(path, headers=me, json={})
    assert unchanged.json()["name"] == "Nguyễn Thị Lan"
    for body in (
        {"role": "admin"},
        {"is_active": False},
        {"agency_code": "so-y-te"},
        {"name": "a\x00b"},
        {"name": "x" * 121},
        {"language": "fr"},
    ):
        answer = await town.client.patch(path, headers=me, json=body)
        assert answer.status_code == 400, body
    assert await town.owner.fetchval(
        "SELECT role FROM account WHERE name LIKE 'Nguyễn Thị L%'"
    ) == ("citizen")


async def test_consents_have_words_and_versions_and_are_never_given_beforehand(town: Town) -> None:
    texts = (await town.client.get("/api/v1/consents")).json()["items"]
    assert {text["purpose"] for text in texts} >= {"handle_report", "notify"}
    assert all(text["words"][lang]["text"] for text in texts for lang in ("vi", "en"))
    me = await sign_in(town, phone="0912345678")
    account = (await town.client.get("/api/v1/me", headers=me)).json()
    assert not any(consent["given"] for consent in account["consents"])


async def test_a_consent_is_given_taken_back_and_every_word_of_it_is_kept(town: Town) -> None:
    me = await sign_in(town, phone="0912345678")
    account_id = (await town.client.get("/api/v1/me", headers=me)).json()["id"]

    async def say(purpose: str, version: int, *, given: bool) -> int:
        body = {"consents": [{"purpose": purpose, "version": version, "given": given}]}
        return (await town.client.put("/api/v1/me/consents", headers=me, json=body)).status_code

    assert await say("notify", 1, given=True) == 200
    assert await say("notify", 1, given=True) == 200
    assert await has_consent(town.database.app, account_id, "notify")
    assert not await has_consent(town.database.app, account_id, "survey")
    assert await say("notify", 2, given=True) == 409
    assert await say("unheard_of", 1, given=True) == 422
    # new words that renew: what was said of the old ones counts no longer
    await town.owner.execute("UPDATE consent_text SET is_active = false WHERE purpose = 'notify'")
    await town.owner.execute(
        """
        INSERT INTO consent_text (purpose, version, title_vi, title_en, text_vi, text_en, renews,
            is_active)
        SELECT purpose, 2, title_vi, title_en, text_vi || ' Mới.', text_en, true, true
        FROM consent_text WHERE purpose = 'notify'
        """
    )
    assert not await has_consent(town.database.app, account_id, "notify")
    assert await say("notify", 1, given=True) == 409
    assert await say("notify", 2, given=True) == 200
    assert await has_consent(town.database.app, account_id, "notify")
    assert await say("notify", 0, given=False) == 200
    assert not await has_consent(town.database.app, account_id, "notify")
    rows = await town.owner.fetch("SELECT version, is_given FROM consent ORDER BY id")
    assert [tuple(row) for row in rows] == [(1, True), (2, True), (2, False)]
    with pytest.raises(Exception, match="never changed"):
        await town.owner.execute("UPDATE consent SET is_given = true")


async def test_own_reports_are_listed_in_every_state_and_nobody_elses(town: Town) -> None:
    me, other = await sign_in(town, phone="0912345678"), await sign_in(town, email="b@example.vn")
    mine = [await own_report(town, me) for _ in range(3)]
    await own_report(town, other)
    await town.a_report()
    await town.moved(mine[0], "accept")
    await town.moved(mine[0], "hide", by="moderator", reason="Có thông tin cá nhân của người khác.")
    first = (await town.client.get("/api/v1/me/reports?limit=2", headers=me)).json()
    rest = await town.client.get(f"/api/v1/me/reports?limit=2&after={first['next']}", headers=me)
    codes = [item["code"] for item in (*first["items"], *rest.json()["items"])]
    assert codes == [report.code for report in reversed(mine)]
    assert rest.json()["next"] is None


async def test_a_report_of_before_is_claimed_with_its_secret_only(town: Town) -> None:
    me, other = await sign_in(town, phone="0912345678"), await sign_in(town, email="b@example.vn")
    report = await town.a_report()
    path = "/api/v1/me/reports"

    async def claim(who: dict[str, str], code: str, secret: str) -> int:
        body = {"code": code, "tracking_secret": secret}
        return (await town.client.post(path, headers=who, json=body)).status_code

    assert await claim(me, report.code, "A" * 26) == 404
    assert await claim(me, "QNG-ZZZZ-ZZZZ", report.secret) == 404
    assert await claim(me, report.code, report.secret) == 200
    assert await claim(me, report.code, report.secret) == 200
    assert await claim(other, report.code, report.secret) == 409
    listed = (await town.client.get(path, headers=me)).json()["items"]
    assert [item["code"] for item in listed] == [report.code]
    kinds = await town.owner.fetch("SELECT kind FROM event WHERE case_id = $1", report.id)
    assert [row["kind"] for row in kinds].count("claimed") == 1
    public = (await town.client.get(f"/api/v1/reports/{report.code}")).json()
    assert "claimed" not in json.dumps(public)


async def test_the_export_holds_everything_and_nobody_elses(town: Town) -> None:
    me, other = await sign_in(town, phone="0912345678"), await sign_in(town, email="b@example.vn")
    report = await answered_report(town, me)
    foreign = await own_report(town, other, text="foreigntextzq")
    device = {"kind": "token", "value": "a-telephone-of-mine", "follow": [{"code": report.code}]}
    assert (await town.client.post("/api/v1/devices", headers=me, json=device)).status_code == 201
    said = {"consents": [{"purpose": "notify", "version": 1, "given": True}]}
    await town.client.put("/api/v1/me/consents", headers=me, json=said)
    answer = await town.client.get("/api/v1/me/export", headers=me)
    assert answer.status_code == 200
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"
    held = answer.json()
    assert held["account"]["addresses"][0]["value"] == "+84912345678"
    assert [one["value"] for one in held["devices"]] == ["a-telephone-of-mine"]
    assert [one["code"] for one in held["follows"]] == [report.code]
    assert [one["purpose"] for one in held["consents_said"]] == ["notify"]
    assert held["sessions"]
    [own] = held["reports"]
    assert own["mine"]["contact"]["name"] == CONTACT["name"]
    assert own["mine"]["text"] == report.body["text"]
    words = answer.text
    assert ANSWER in words
    assert COMMENT in words
    assert foreign.code not in words
    assert "foreigntextzq" not in words


async def answered_report(town: Town, me: dict[str, str]) -> Sent:
    """A report with contact, to which its reporter has answered and which they have rated."""
    report = await own_report(town, me, contact=CONTACT, anonymous=False)
    await town.moved(report, "accept")
    await town.moved(report, "start")
    await town.moved(report, "ask", public_note="Ở bên nào của đường?")
    path = f"/api/v1/reports/{report.code}"
    await town.client.post(f"{path}/messages", headers=me, json={"text": ANSWER})
    await town.moved(
        report, "resolve", by="key", public_note="Đã vá xong ổ gà.", reason="Đã vá xong, kiểm tra."
    )
    rated = await town.client.post(
        f"{path}/rating", headers=me, json={"score": 4, "comment": COMMENT}
    )
    assert rated.status_code in (200, 409), rated.text
    if rated.status_code == 409:
        await town.owner.execute(
            "UPDATE report SET status = 'awaiting_confirmation' WHERE id = $1", report.id
        )
        rated = await town.client.post(
            f"{path}/rating", headers=me, json={"score": 4, "comment": COMMENT}
        )
        assert rated.status_code == 200, rated.text
    return report


async def test_deleting_takes_the_person_out_and_leaves_reports_and_chain_whole(town: Town) -> None:
    me = await sign_in(town, phone="0912345678")
    await town.client.patch("/api/v1/me", headers=me, json={"name": CONTACT["name"]})
    report = await answered_report(town, me)
    device = {"kind": "token", "value": "a-telephone-of-mine"}
    await town.client.post("/api/v1/devices", headers=me, json=device)
    before = (await town.client.get(f"/api/v1/reports/{report.code}")).json()
    assert (await town.client.delete("/api/v1/me", headers=me)).status_code == 204

    assert (await town.client.get("/api/v1/me", headers=me)).status_code == 401
    dump = ""
    for table in (
        *("account", "account_identity", "session", "device", "sign_in_code", "consent"),
        *("report", "report_contact", "note", "event", "notification", "follow", "pgqueuer"),
    ):
        rows = await town.owner.fetch(f"SELECT * FROM {table}")  # noqa: S608  names above
        dump += "\n".join(str(dict(row)) for row in rows)
    for canary in (CONTACT["name"], "912345678", CONTACT["email"], ANSWER, COMMENT, "a-telephone"):
        assert canary not in dump, canary
    row = await town.owner.fetchrow("SELECT * FROM report WHERE id = $1", report.id)
    assert (row["account_id"], row["is_anonymous"]) == (None, True)
    assert row["text"] == report.body["text"]
    after = (await town.client.get(f"/api/v1/reports/{report.code}")).json()
    assert {**after, "updated_at": 0, "next_step": 0, "promise": 0} == {
        **before,
        "updated_at": 0,
        "next_step": 0,
        "promise": 0,
    }
    async with town.owner.transaction(isolation="repeatable_read"):
        assert (await verify(town.owner)).broken is None
    kinds = await town.owner.fetch(
        "SELECT kind, actor_kind FROM event WHERE case_id = $1 ORDER BY seq", report.id
    )
    assert tuple(kinds[-1]) == ("person_erased", "system")
    # whoever signs in with that number next is somebody new
    again = await sign_in(town, phone="0912345678")
    fresh = (await town.client.get("/api/v1/me", headers=again)).json()
    assert fresh["name"] == ""
    assert (await town.client.get("/api/v1/me/reports", headers=again)).json()["items"] == []


async def test_what_is_not_erased_at_once_is_erased_by_the_worker_and_twice_is_no_harm(
    town: Town,
) -> None:
    me = await sign_in(town, phone="0912345678")
    account_id = (await town.client.get("/api/v1/me", headers=me)).json()["id"]
    reports = [await own_report(town, me, contact=CONTACT) for _ in range(3)]
    # as if the process had died right after the account was closed
    await town.owner.execute(
        "UPDATE account SET closed_at = now(), is_active = false, name = '' WHERE id = $1",
        account_id,
    )
    payload = str(account_id).encode()
    await asyncio.gather(
        *(
            erase_person(town.database, rulebooks_of(town), payload=payload, now=now())
            for _ in range(2)
        )
    )
    assert await town.owner.fetchval("SELECT count(*) FROM report_contact") == 0
    erased = await town.owner.fetchval("SELECT count(*) FROM event WHERE kind = 'person_erased'")
    assert erased == len(reports) < BATCH
    for bad in (b"", b"\xff", b"00000000-0000-7000-8000-000000000000"):
        with pytest.raises(BadPayload):
            await erase_person(town.database, rulebooks_of(town), payload=bad, now=now())


async def test_a_further_address_is_proved_and_the_last_one_cannot_go(town: Town) -> None:
    me = await sign_in(town, phone="0912345678")
    client = town.client
    asked = await client.post("/api/v1/me/addresses", headers=me, json={"email": "lan@example.vn"})
    assert asked.status_code == 202
    await deliver(town)
    body = {"request": asked.json()["request"], "code": code_in(newest_letter(town))}
    # such a code proves an address of this account, and opens no session
    assert (await client.post("/api/v1/sign-in/code", json=body)).status_code == 401
    asked = await client.post("/api/v1/me/addresses", headers=me, json={"email": "lan@example.vn"})
    await deliver(town)
    body = {"request": asked.json()["request"], "code": code_in(newest_letter(town))}
    other = await sign_in(town, phone="0987654321")
    proved = await client.post("/api/v1/me/addresses/code", headers=other, json=body)
    assert proved.status_code == 401
    asked = await client.post("/api/v1/me/addresses", headers=me, json={"email": "lan@example.vn"})
    await deliver(town)
    body = {"request": asked.json()["request"], "code": code_in(newest_letter(town))}
    proved = await client.post("/api/v1/me/addresses/code", headers=me, json=body)
    assert proved.status_code == 200, proved.text
    phone, email = proved.json()["addresses"]
    assert (phone["kind"], email["kind"]) == ("phone", "email")
    # the same address for another account is taken
    asked = await client.post(
        "/api/v1/me/addresses", headers=other, json={"email": "lan@example.vn"}
    )
    await deliver(town)
    body = {"request": asked.json()["request"], "code": code_in(newest_letter(town))}
    taken = await client.post("/api/v1/me/addresses/code", headers=other, json=body)
    assert taken.status_code == 409

    async def drop(who: dict[str, str], address: dict[str, Any]) -> int:
        path = f"/api/v1/me/addresses/{address['id']}"
        return (await client.delete(path, headers=who)).status_code

    assert await drop(other, email) == 404
    assert await drop(me, phone) == 204
    assert await drop(me, email) == 409
    again = await sign_in(town, email="lan@example.vn")
    same = (await client.get("/api/v1/me", headers=again)).json()["id"]
    assert same == (await client.get("/api/v1/me", headers=me)).json()["id"]


async def test_a_code_for_signing_in_adds_no_address(town: Town) -> None:
    me = await sign_in(town, phone="0912345678")
    asked = await ask_code(town, email="lan@example.vn")
    body = {"request": asked["request"], "code": asked["code"]}
    answer = await town.client.post("/api/v1/me/addresses/code", headers=me, json=body)
    assert answer.status_code == 401
