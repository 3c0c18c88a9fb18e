"""What people choose to be told of, over HTTP: devices, accounts, areas, and the end of e-mail."""

import json
from typing import Any

import pytest

from backend.messages.choices.mailboxes import mailbox_of, unsubscribe_token
from tests.province import POTHOLE, RESTRICTED, SECRET_KEY, UNIT, Town

POINT = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"


@pytest.fixture
def town(module_town: Town) -> Town:
    return module_town


def a_subscription(endpoint: str) -> str:
    keys = {"p256dh": POINT, "auth": "BTBZMqHH6r4Tts7J_aSIgg"}
    return json.dumps({"endpoint": endpoint, "expirationTime": None, "keys": keys})


async def a_device(town: Town, name: str, *, by: str | None = None, **body: Any) -> str:
    registered = await town.ask(
        "POST", "/api/v1/devices", by=by, json={"kind": "fid", "value": f"device-{name}", **body}
    )
    assert registered.status_code == 201, registered.text
    found: str = registered.json()["id"]
    return found


async def test_browser_registers_for_a_push_service_and_for_nothing_else(town: Town) -> None:
    key = (await town.see("/api/v1/push/key"))["key"]
    assert len(key) == 87
    good = "https://fcm.googleapis.com/fcm/send/abc:def"
    for _ in range(2):
        registered = await town.ask(
            "POST", "/api/v1/devices", json={"kind": "webpush", "value": a_subscription(good)}
        )
        assert registered.status_code == 201, registered.text
    kept = await town.owner.fetch("SELECT value FROM device WHERE kind = 'webpush'")
    assert [json.loads(row["value"])["endpoint"] for row in kept] == [good]
    for value in (
        "no subscription at all",
        a_subscription("http://127.0.0.1:5432/"),
        a_subscription("https://169.254.169.254/latest/meta-data"),
        a_subscription("https://evil.example/"),
    ):
        refused = await town.ask(
            "POST", "/api/v1/devices", json={"kind": "webpush", "value": value}
        )
        assert refused.status_code == 422
        assert "127.0.0.1" not in refused.text
    assert await town.owner.fetchval("SELECT count(*) FROM device WHERE kind = 'webpush'") == 1


async def test_published_report_of_another_is_followed_without_its_secret(town: Town) -> None:
    report = await town.a_report()
    body = {"kind": "fid", "value": "a-neighbours-phone", "follow": [{"code": report.code}]}
    assert (await town.ask("POST", "/api/v1/devices", json=body)).status_code == 404
    await town.moved(report, "accept")
    assert (await town.ask("POST", "/api/v1/devices", json=body)).status_code == 201
    followed = "SELECT is_reporter FROM follow WHERE case_id = $1::text::uuid"
    assert await town.owner.fetchval(followed, report.id) is False
    body["follow"] = [{"code": report.code, "tracking_secret": report.secret}]
    device_id = (await town.ask("POST", "/api/v1/devices", json=body)).json()["id"]
    assert await town.owner.fetchval(followed, report.id) is True
    path = f"/api/v1/devices/{device_id}"
    assert (await town.ask("PATCH", path, json={})).json()["following"] == [report.code]
    changed = await town.ask("PATCH", path, json={"unfollow": [report.code, "QNG-2222-2222", "?"]})
    assert changed.json()["following"] == []


async def test_device_keeps_what_was_chosen_on_it(town: Town) -> None:
    path = f"/api/v1/devices/{await a_device(town, 'chooses')}"
    chosen = await town.ask("PATCH", path, json={"language": "en", "push": {"start": False}})
    assert chosen.status_code == 200, chosen.text
    assert chosen.json()["language"] == "en"
    by_kind = {one["kind"]: one for one in chosen.json()["push"]}
    assert by_kind["start"]["is_wanted"] is False
    assert by_kind["resolve"] == {
        "kind": "resolve",
        "title": "Có kết quả xử lý",
        "is_wanted": True,
        "is_chosen": False,
    }
    assert "overdue" not in by_kind, "that is for officers"
    for bad in ({"push": {"overdue": False}}, {"push": {"x": True}}):
        assert (await town.ask("PATCH", path, json=bad)).status_code == 422
    for bad in ({"language": "fr"}, {"push": {"start": "no"}}, {"kind": "fid"}, []):
        assert (await town.ask("PATCH", path, json=bad)).status_code == 400
    assert (await town.ask("PATCH", path, json={})).json() == chosen.json()


async def test_device_of_an_account_is_changed_by_its_owner_alone(town: Town) -> None:
    path = f"/api/v1/devices/{await a_device(town, 'owned', by='citizen')}"
    for stranger in (None, "citizen.other", "admin"):
        assert (await town.ask("PATCH", path, by=stranger, json={})).status_code == 404
    assert (await town.ask("PATCH", path, by="citizen", json={})).status_code == 200


async def test_account_chooses_by_kind_and_channel(town: Town) -> None:
    path = "/api/v1/me/notifications"
    before = await town.see(path, by="citizen")
    assert before["quiet_hours"] == {"from": "21:00", "to": "06:30"}
    assert before["email"] == {"has_address": False, "is_stopped": False}
    by_kind = {one["kind"]: one for one in before["items"]}
    assert (by_kind["start"]["push"], by_kind["start"]["email"]) == (True, False)
    body = {"push": {"start": False, "area_alert": False}, "email": {"start": True}}
    changed = await town.ask("PUT", path, by="citizen", json=body)
    assert changed.status_code == 200, changed.text
    by_kind = {one["kind"]: one for one in changed.json()["items"]}
    assert (by_kind["start"]["push"], by_kind["start"]["email"]) == (False, True)
    assert by_kind["area_alert"]["push"] is False
    refused = await town.ask("PUT", path, by="citizen", json={"push": {"overdue": True}})
    assert refused.status_code == 422
    assert (await town.see(path, by="citizen")) == changed.json()
    assert (await town.see(path, by="citizen.other"))["items"] == before["items"]
    await town.ask("PUT", path, by="citizen", json={})
    assert (await town.see(path, by="citizen")) == before
    officers = {one["kind"] for one in (await town.see(path, by="officer"))["items"]}
    assert "overdue" in officers
    assert "area_alert" not in officers


async def test_areas_are_followed_by_a_device_or_an_account(town: Town) -> None:
    path = "/api/v1/alerts"
    device = {"X-Device-Id": await a_device(town, "follows-areas")}
    other = {"X-Device-Id": await a_device(town, "follows-nothing")}
    made = await town.ask("POST", path, headers=device, json={"unit": UNIT, "category": POTHOLE})
    assert made.status_code == 201, made.text
    circle = {"lon": 108.79, "lat": 15.12, "radius_metres": 500}
    assert (
        await town.ask("POST", path, headers=device, json={"circle": circle})
    ).status_code == 201
    listed = (await town.ask("GET", path, headers=device)).json()
    assert [one["circle"] for one in listed["items"]] == [circle, None]
    assert listed["items"][1]["unit"] == UNIT
    assert (await town.ask("GET", path, headers=other)).json()["items"] == []
    of_one = f"{path}/{made.json()['id']}"
    assert (await town.ask("DELETE", of_one, headers=other)).status_code == 404
    assert (await town.ask("DELETE", of_one, headers=device)).status_code == 204
    assert (await town.ask("DELETE", of_one, headers=device)).status_code == 404
    for bad in (
        {},
        {"unit": "1"},
        {"unit": UNIT, "category": RESTRICTED},
        {"unit": UNIT, "circle": circle},
    ):
        assert (await town.ask("POST", path, headers=device, json=bad)).status_code == 422
    for bad in ({"circle": {**circle, "radius_metres": 99}}, {"circle": 1}, {"text": "x"}):
        assert (await town.ask("POST", path, headers=device, json=bad)).status_code == 400
    for header in (
        {},
        {"X-Device-Id": "x"},
        {"X-Device-Id": "00000000-0000-7000-8000-000000000000"},
    ):
        answer = await town.ask("GET", path, headers=header)
        assert answer.status_code == (404 if header else 401)
    owned = {"X-Device-Id": await a_device(town, "of-somebody", by="citizen")}
    assert (await town.ask("GET", path, headers=owned)).status_code == 404
    theirs = await town.ask("POST", path, by="citizen", json={"unit": UNIT})
    assert theirs.status_code == 201
    assert len((await town.see(path, by="citizen"))["items"]) == 1


async def test_looking_at_the_link_stops_nothing_and_one_click_does(town: Town) -> None:
    mailbox = mailbox_of(SECRET_KEY, "a.person@example.org")
    path = f"/ngung-thu/{unsubscribe_token(SECRET_KEY, mailbox)}"
    stopped = "SELECT count(*) FROM mail_stop WHERE mailbox = $1"
    shown = await town.ask("GET", path, headers={"Accept": "text/html"})
    assert shown.status_code == 200
    assert "Ngừng nhận thư" in shown.text
    assert shown.headers["cache-control"] == "no-store"
    assert await town.owner.fetchval(stopped, mailbox) == 0
    for _ in range(2):
        # as mail programs do it: RFC 8058 §3.2
        done = await town.ask("POST", path, data={"List-Unsubscribe": "One-Click"})
        assert done.status_code == 200
    assert await town.owner.fetchval(stopped, mailbox) == 1
    wrong = path[:-1] + ("0" if path[-1] != "0" else "1")
    for token in (wrong, "/ngung-thu/x", "/ngung-thu/" + "é" * 96, path[:-2]):
        assert (await town.ask("POST", token)).status_code == 404


async def test_page_of_an_account_keeps_what_is_ticked(town: Town) -> None:
    path = "/toi/thong-bao"
    made = await town.ask("POST", "/api/v1/alerts", by="citizen.other", json={"unit": UNIT})
    ticked = {"push": ["start", "resolve"], "email": ["start", "nothing-of-ours"]}
    saved = await town.ask("POST", path, by="citizen.other", data=ticked)
    assert saved.status_code == 303
    found = await town.see("/api/v1/me/notifications", by="citizen.other")
    for channel, kinds in (("push", {"start", "resolve"}), ("email", {"start"})):
        assert {one["kind"] for one in found["items"] if one[channel]} == kinds
    page = await town.ask("GET", path, by="citizen.other", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert page.text.count(" checked") == 3
    assert "Phường Nghĩa Lộ" in page.text
    dropped = {"area": made.json()["id"]}
    assert (await town.ask("POST", path, by="citizen", data=dropped)).status_code == 404
    assert (await town.ask("POST", path, by="citizen.other", data=dropped)).status_code == 303
    assert (await town.ask("POST", path, by="citizen.other", data={"area": "x"})).status_code == 400
    assert (await town.see("/api/v1/alerts", by="citizen.other"))["items"] == []
    kept = await town.see("/api/v1/me/notifications", by="citizen.other")
    assert kept == found, "dropping an area changes no choice"
