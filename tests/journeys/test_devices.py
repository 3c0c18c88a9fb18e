"""A phone registers for notices: only of reports that are its owner's, and never of another's."""

import pytest

from tests.province import Town


@pytest.fixture
def town(module_town: Town) -> Town:
    return module_town


async def test_a_phone_follows_the_reports_whose_secret_it_has(town: Town) -> None:
    report = await town.a_report()
    body = {
        "kind": "fid",
        "value": "installation-of-a-phone",
        "follow": [{"code": report.code, "tracking_secret": report.secret}],
    }
    first = await town.ask("POST", "/api/v1/devices", json=body)
    assert (first.status_code, first.json()["following"]) == (201, [report.code])
    again = await town.ask("POST", "/api/v1/devices", json=body)
    assert again.json()["id"] == first.json()["id"]
    followed = await town.owner.fetch("SELECT case_id::text AS id FROM follow")
    assert [row["id"] for row in followed] == [report.id]
    gone = await town.ask("DELETE", f"/api/v1/devices/{first.json()['id']}")
    assert gone.status_code == 204
    assert await town.owner.fetchval("SELECT count(*) FROM follow") == 0
    assert (await town.ask("DELETE", f"/api/v1/devices/{first.json()['id']}")).status_code == 404


async def test_a_wrong_secret_registers_nothing(town: Town) -> None:
    report = await town.a_report()
    body = {
        "kind": "token",
        "value": "another-phones-token",
        "follow": [{"code": report.code, "tracking_secret": "A" * 26}],
    }
    assert (await town.ask("POST", "/api/v1/devices", json=body)).status_code == 404
    found = "SELECT count(*) FROM device WHERE value = 'another-phones-token'"
    assert await town.owner.fetchval(found) == 0


async def test_a_phone_that_changes_hands_is_told_nothing_of_its_old_owner(town: Town) -> None:
    body = {"kind": "fid", "value": "a-shared-phone"}
    theirs = await town.a_report(by="citizen")
    first = await town.ask(
        "POST", "/api/v1/devices", by="citizen", json={**body, "follow": [{"code": theirs.code}]}
    )
    assert first.status_code == 201, first.text
    await town.ask("POST", "/api/v1/devices", by="citizen.other", json=body)
    assert await town.owner.fetchval("SELECT count(*) FROM follow") == 0
    kept = await town.ask("DELETE", f"/api/v1/devices/{first.json()['id']}", by="citizen")
    assert kept.status_code == 404
