"""What is done on a report is done by its reporter alone, once, in time, and kept by no cache."""

from datetime import timedelta
from typing import Any, Final

import pytest

from backend.clock import now
from mobile_api.ownership import keep_secret, normal_secret
from tests.province import PLACE, Sent, Town

QUESTION: Final = "Ổ gà nằm ở làn đường nào?"
ACTS: Final[tuple[tuple[str, str, dict[str, Any] | None], ...]] = (
    ("GET", "/mine", None),
    ("POST", "/messages", {"text": "Làn bên phải, gần cột điện."}),
    ("POST", "/rating", {"score": 4}),
    ("POST", "/reopen", {"reason": "Hố vẫn còn nguyên ở đó."}),
    ("POST", "/withdraw", {"reason": "Tôi đã nhầm chỗ, xin rút lại."}),
    ("PATCH", "", {"text": "Một nội dung khác hẳn."}),
)
DEEDS: Final[tuple[dict[str, str], ...]] = (
    {"do": "answer", "text": "Làn bên phải, gần cột điện."},
    {"do": "rate", "score": "4"},
    {"do": "reopen", "text": "Hố vẫn còn nguyên ở đó."},
    {"do": "withdraw", "text": "Tôi đã nhầm chỗ, xin rút lại."},
    {"do": "edit", "text": "Một nội dung khác hẳn."},
    {"do": "photo"},
    {"do": ""},
)


@pytest.fixture
def town(module_town: Town) -> Town:
    return module_town


async def state_of(town: Town, report: Sent) -> tuple[Any, ...]:
    row = await town.owner.fetchrow(
        "SELECT version, status, text, rating, supporters FROM report WHERE id = $1", report.id
    )
    return tuple(row)


async def put(town: Town, report: Sent, status: str, **columns: Any) -> None:
    """As time or others have left it."""
    names = "".join(f", {name} = ${n}" for n, name in enumerate(columns, 3))
    await town.owner.execute(
        f"UPDATE report SET status = $2{names} WHERE id = $1",  # noqa: S608  own names
        report.id,
        status,
        *columns.values(),
    )


async def form(
    town: Town, report: Sent, fields: dict[str, str], cookie: str | None = None
) -> tuple[int, str]:
    town.client.cookies.clear()
    headers = {"Cookie": cookie} if cookie else {}
    answer = await town.ask("POST", f"/theo-doi/{report.code}", headers=headers, data=fields)
    town.client.cookies.clear()
    return answer.status_code, answer.headers.get("location") or answer.text


async def test_nobody_else_does_anything_on_a_report(town: Town) -> None:
    ours, theirs = await town.a_report(), await town.a_report(by="citizen.other")
    strangers: tuple[dict[str, Any], ...] = (
        {},
        {"secret": theirs.secret},
        {"secret": "A" * 26},
        {"secret": ours.secret[:-1]},
        {"by": "citizen"},
        {"by": "officer"},
    )
    for status in ("awaiting_citizen", "awaiting_confirmation"):
        await put(town, ours, status)
        before = await state_of(town, ours)
        for method, path, body in ACTS:
            for who in strangers:
                sent: dict[str, Any] = {**who, "json": body} if body else who
                answer = await town.ask(method, f"/api/v1/reports/{ours.code}{path}", **sent)
                assert answer.status_code == 404, (status, path, who)
                assert str(ours.body["text"]) not in answer.text
        for fields in DEEDS:
            for secret, cookie in (
                (theirs.secret, None),
                ("", f"phan-anh-{theirs.code}={theirs.secret}; phan-anh-{ours.code}=A"),
            ):
                code, _ = await form(town, ours, {**fields, "secret": secret}, cookie)
                assert code == 404, (status, fields, secret, cookie)
        assert await state_of(town, ours) == before
    # whose account it is needs no secret, and only theirs
    assert await town.see(f"/api/v1/reports/{theirs.code}/mine", by="citizen.other")
    refused = await town.ask("GET", f"/api/v1/reports/{theirs.code}/mine", by="citizen")
    assert refused.status_code == 404


async def test_a_secret_opens_however_it_is_typed_and_is_kept_for_scripts_to_miss(
    town: Town,
) -> None:
    report = await town.a_report()
    typed = f" {'-'.join(report.secret[n : n + 4] for n in range(0, 26, 4)).lower()} "
    assert normal_secret(typed) == report.secret
    assert (await form(town, report, {"secret": typed, "do": ""}))[0] == 303
    answer = await town.ask(
        "POST", f"/theo-doi/{report.code}", data={"secret": typed, "do": "", "text": ""}
    )
    town.client.cookies.clear()
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"phan-anh-{report.code}={report.secret};")
    for word in ("HttpOnly", "Path=/theo-doi", "SameSite=lax"):
        assert word in cookie
    assert not keep_secret(report.code, report.secret, town.settings).secure


async def test_what_only_the_reporter_may_read_is_kept_by_no_cache(town: Town) -> None:
    report = await town.a_report()
    cookie = {"Cookie": f"phan-anh-{report.code}={report.secret}"}
    for answer in (
        await town.ask("GET", f"/theo-doi/{report.code}", headers=cookie),
        await town.ask("GET", f"/api/v1/reports/{report.code}/mine", secret=report.secret),
    ):
        assert answer.status_code == 200
        assert "public" not in answer.headers["cache-control"]
        assert "no-store" in answer.headers["cache-control"]
    town.client.cookies.clear()


async def test_answers_are_for_questions_and_ratings_for_results(town: Town) -> None:
    report = await town.a_report()
    path = f"/api/v1/reports/{report.code}"
    allowed = {
        "received": {"", "/withdraw"},
        "assigned": {"/withdraw"},
        "in_progress": {"/withdraw"},
        "awaiting_citizen": {"/messages", "/withdraw"},
        "awaiting_confirmation": {"/rating", "/reopen"},
        "withdrawn": set(),
        "merged": set(),
    }
    for status, acts in allowed.items():
        for method, act, body in ACTS[1:]:
            await put(town, report, status, rating=None, status_before="in_progress")
            answer = await town.ask(method, path + act, secret=report.secret, json=body)
            if act not in acts:
                assert answer.status_code == 409, (status, act, answer.text)
                assert (await state_of(town, report))[1] == status
            else:
                assert answer.status_code == 200, (status, act, answer.text)


@pytest.mark.parametrize("score", [0, 5, -1, 2.5, None, 10**20])
async def test_a_rating_is_one_of_four(town: Town, score: object) -> None:
    report = await town.a_report()
    await put(town, report, "awaiting_confirmation")
    answer = await town.ask(
        "POST",
        f"/api/v1/reports/{report.code}/rating",
        secret=report.secret,
        json={"score": score},
    )
    assert answer.status_code in (400, 422), answer.text
    fields = {"do": "rate", "score": str(score), "secret": report.secret}
    assert (await form(town, report, fields))[0] == 422
    assert (await state_of(town, report))[1:4:2] == ("awaiting_confirmation", None)


async def test_who_is_content_closes_and_who_is_not_leaves_it_open(town: Town) -> None:
    for score, closes in ((4, True), (3, True), (2, False), (1, False)):
        report = await town.a_report()
        await put(town, report, "awaiting_confirmation")
        path = f"/api/v1/reports/{report.code}"
        answer = await town.ask(
            "POST",
            f"{path}/rating",
            secret=report.secret,
            json={"score": score, "comment": "Lời riêng của tôi."},
        )
        assert answer.status_code == 200, answer.text
        mine = await town.see(f"{path}/mine", secret=report.secret)
        assert (mine["status"] == "closed") == closes, score
        assert mine["rating"] == score
        assert "Lời riêng" not in (await town.ask("GET", path)).text


async def test_the_window_is_the_one_of_the_settings_and_ends_with_acceptance(town: Town) -> None:
    report = await town.a_report()
    path = f"/api/v1/reports/{report.code}"
    minutes = town.settings.edit_window_minutes
    for ago, is_open in ((minutes - 1, True), (minutes + 1, False)):
        await town.owner.execute(
            "UPDATE report SET created_at = $2 WHERE id = $1",
            report.id,
            now() - timedelta(minutes=ago),
        )
        mine = await town.see(f"{path}/mine", secret=report.secret)
        assert (mine["mine"]["can_edit_until"] is not None) == is_open
        answer = await town.ask(
            "PATCH", path, secret=report.secret, json={"text": f"Lần sửa {ago} phút."}
        )
        assert answer.status_code == (200 if is_open else 409), answer.text
    assert (await state_of(town, report))[2] == f"Lần sửa {minutes - 1} phút."
    other = await town.a_report()
    await town.moved(other, "accept")
    mine = await town.see(f"/api/v1/reports/{other.code}/mine", secret=other.secret)
    assert mine["mine"]["can_edit_until"] is None


async def test_each_account_supports_once_and_nobody_what_is_not_shown(town: Town) -> None:
    report = await town.a_report(location={"lon": PLACE[0], "lat": PLACE[1]})
    path = f"/api/v1/reports/{report.code}/support"
    for by in (None, "citizen"):
        assert (await town.ask("POST", path, by=by)).status_code == 404
    await town.moved(report, "accept")
    for by, count in (
        (None, 1),
        (None, 1),
        ("citizen", 2),
        ("citizen", 2),
        ("citizen.other", 3),
        (None, 3),
    ):
        answer = await town.ask("POST", path, by=by)
        assert (answer.status_code, answer.json()["supporters"]) == (200, count), by
    kept = await town.owner.fetch("SELECT * FROM support")
    assert "127.0.0.1" not in str(kept), "who supported what is nobody's business"
    await town.moved(report, "hide", by="moderator", reason="Lộ thông tin riêng của người khác.")
    assert (await town.ask("POST", path, by="officer")).status_code == 404
    assert (await state_of(town, report))[4] == 3


async def test_what_withdraws_or_asks_again_keeps_its_reason_from_strangers(town: Town) -> None:
    report = await town.a_report()
    await town.moved(report, "accept")
    reason = "Lý do riêng canaryreasonzq của tôi."
    code, where = await form(
        town, report, {"do": "withdraw", "text": reason, "secret": report.secret}
    )
    assert (code, where) == (303, f"/theo-doi/{report.code}?xong=withdraw")
    assert (await state_of(town, report))[1] == "withdrawn"
    for path in (f"/api/v1/reports/{report.code}", f"/theo-doi/{report.code}"):
        assert "canaryreasonzq" not in (await town.ask("GET", path)).text
    mine = await town.see(f"/api/v1/reports/{report.code}/mine", secret=report.secret)
    assert "canaryreasonzq" in str(mine)
