"""What is held about a person, as one document: all of it over many pages, nothing of others'."""

import uuid
from typing import Any

import pytest

from backend.clock import now
from backend.messages.areas.alerts import follow_area
from backend.messages.areas.store import Owner
from backend.privacy.erase import claim_report
from backend.reports.errors import UnknownReport
from mobile_api.account import export
from tests.accounts.conftest import sign_in
from tests.accounts.test_account import own_report, rulebooks_of
from tests.province import UNIT, Sent, Town

REPORTS = 5


async def settle(town: Town, me: dict[str, str], name: str) -> tuple[list[Sent], list[int]]:
    """Some of everything that can be held; the reports, the numbers of the notifications."""
    reports = [await own_report(town, me, text=f"Việc thứ {n} của {name}") for n in range(REPORTS)]
    account_id = uuid.UUID((await town.client.get("/api/v1/me", headers=me)).json()["id"])
    device = {
        "kind": "token",
        "value": f"telephone-of-{name}",
        "follow": [{"code": reports[0].code}],
    }
    answer = await town.client.post("/api/v1/devices", headers=me, json=device)
    assert answer.status_code == 201
    said = {"consents": [{"purpose": "notify", "version": 1, "given": True}]}
    await town.client.put("/api/v1/me/consents", headers=me, json=said)
    await follow_area(
        town.database, Owner(account_id=account_id), unit=UNIT, circle=None, category=None
    )
    await town.owner.execute(
        "INSERT INTO notice_choice (account_id, channel, kind, is_wanted)"
        " VALUES ($1, 'push', 'start', false)",
        account_id,
    )
    rows = await town.owner.fetch(
        """
        INSERT INTO notification (event_id, device_id, collapse_key, state, created_at)
        SELECT e.id, d.id, 'k', 'sent', now() FROM event e JOIN device d ON d.account_id = $1
        WHERE e.kind = 'submitted' AND e.case_id = ANY($2::uuid[]) RETURNING id
        """,
        account_id,
        [report.id for report in reports],
    )
    return reports, sorted(row["id"] for row in rows)


async def test_every_page_is_in_it_once_and_nothing_of_anybody_else(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PAGE_MOST", 2)
    me, other = await sign_in(town, phone="0912345678"), await sign_in(town, email="b@example.vn")
    reports, numbers = await settle(town, me, "lan")
    await settle(town, other, "minh")
    answer = await town.client.get("/api/v1/me/export", headers=me)
    held: dict[str, Any] = answer.json()
    assert [one["code"] for one in held["reports"]] == [report.code for report in reports[::-1]]
    assert len(numbers) == REPORTS
    assert [one["id"] for one in held["notifications"]] == numbers
    assert [one["value"] for one in held["devices"]] == ["telephone-of-lan"]
    assert [one["code"] for one in held["follows"]] == [reports[0].code]
    for kind in ("sessions", "consents_said", "notice_choices", "area_alerts"):
        assert len(held[kind]) == 1, kind
    assert "minh" not in answer.text


async def test_what_was_taken_back_is_shown_as_not_given(town: Town) -> None:
    me = await sign_in(town, phone="0912345678")
    for given in (True, False):
        said = {"consents": [{"purpose": "notify", "version": 1, "given": given}]}
        answer = await town.client.put("/api/v1/me/consents", headers=me, json=said)
        account = (await town.client.get("/api/v1/me", headers=me)).json()
        for shown in (answer.json()["items"], account["consents"]):
            [one] = [one for one in shown if one["purpose"] == "notify"]
            assert (one["given"], one["given_version"]) == (given, 1 if given else None)
            assert one["said_at"]


async def test_who_is_deleted_is_taken_out_of_reports_without_a_contact_too(town: Town) -> None:
    me, other = await sign_in(town, phone="0912345678"), await sign_in(town, email="b@example.vn")
    report = await own_report(town, me)
    account_id = (await town.client.get("/api/v1/me", headers=me)).json()["id"]
    theirs = uuid.UUID((await town.client.get("/api/v1/me", headers=other)).json()["id"])
    gone = await town.client.delete("/api/v1/me", headers=me)
    assert gone.status_code == 204
    ended = [one.partition("=")[0] for one in gone.headers.get_list("set-cookie")]
    assert f"phan-anh-{report.code}" in ended
    assert "caunoi-session" in ended
    row = await town.owner.fetchrow("SELECT * FROM report WHERE id = $1", report.id)
    assert (row["account_id"], row["is_anonymous"]) == (None, True)
    # the work was promised before it was begun, should the process die in the middle
    jobs = await town.owner.fetch("SELECT payload FROM pgqueuer WHERE entrypoint = 'erase_person'")
    assert [row["payload"] for row in jobs] == [account_id.encode()]
    with pytest.raises(UnknownReport):
        await claim_report(
            town.database, rulebooks_of(town), uuid.UUID(report.id), account_id=theirs, now=now()
        )
