"""POST requests: what is taken, what is refused, and that nothing is stored twice or half."""

import asyncio
import dataclasses
import gzip
import json
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from backend.clock import now
from backend.web.state import parts_of
from mobile_api.open311.keys import add_key, revoke_key
from tests.doors.hostile import strings
from tests.factories import a_photo
from tests.open311.asking import TEXT, V2, a_form, errors_of, id_of, send, sent, tree
from tests.province import PLACE, POTHOLE, RESTRICTED, UNIT, Town


@pytest.fixture
def town(module_town: Town) -> Town:
    return module_town


async def stored(town: Town) -> tuple[int, ...]:
    """How much is stored of anything a POST could store."""
    row = await town.owner.fetchrow(
        """
        SELECT (SELECT count(*) FROM report), (SELECT count(*) FROM event),
               (SELECT count(*) FROM idempotency_key), (SELECT count(*) FROM report_photo),
               (SELECT count(*) FROM report_contact), (SELECT count(*) FROM pgqueuer)
        """
    )
    return tuple(row)


async def report_of(town: Town, code: str) -> dict[str, Any]:
    row = await town.owner.fetchrow(
        """
        SELECT r.*, ST_X(r.geom) AS lon, ST_Y(r.geom) AS lat, c.name, c.phone, c.email, c.consent
        FROM report r LEFT JOIN report_contact c ON c.report_id = r.id WHERE r.code = $1
        """,
        code,
    )
    return dict(row)


@pytest.mark.parametrize("form", ["json", "xml"])
async def test_a_report_is_taken_with_everything_georeport_can_say(
    town: Town, api_key: str, form: str
) -> None:
    answer = await send(
        town,
        api_key,
        form=form,
        jurisdiction_id="quangngai.gov.vn",
        address_string="Trước chợ Nghĩa Lộ",
        first_name="An",
        last_name="Nguyễn Văn",
        email="an@example.com",
        phone="0912 345 678",
        device_id="canary-device",
        account_id="canary-account",
        media_url="http://169.254.169.254/latest/meta-data",
        **{"attribute[kich-thuoc]": "lon", "attribute[da-co-tai-nan]": "false"},
    )
    assert answer.status_code == 201, answer.text
    if form == "xml":
        root = tree(answer)
        assert (root.tag, root[0].tag) == ("service_requests", "request")
        said = {child.tag: child.text for child in root[0]}
    else:
        (said,) = answer.json()
    assert set(said) == {"service_request_id", "service_notice", "account_id"}
    assert "nhân dân" in (said["service_notice"] or "")
    code = str(said["service_request_id"])
    assert answer.headers["location"] == f"{town.url}{V2}/requests/{code}.{form}"
    row = await report_of(town, code)
    assert (row["source"], row["text"], row["category_code"]) == ("open311", TEXT, POTHOLE)
    assert (row["lon"], row["lat"], row["unit_code"]) == (*PLACE, UNIT)
    assert (row["name"], row["phone"]) == ("Nguyễn Văn An", "+84912345678")
    assert (row["address"], row["visibility"]) == ("Trước chợ Nghĩa Lộ", "pending")
    # the address of a picture is kept for the officer to read, and was not asked for
    assert json.loads(row["answers"]) == {
        "kich-thuoc": "lon",
        "da-co-tai-nan": False,
        "media_url": "http://169.254.169.254/latest/meta-data",
    }
    key_id = await town.owner.fetchval("SELECT id FROM open311_key WHERE name = 'a-client'")
    assert row["source_ref"].startswith(f"{key_id}/")
    assert json.loads(row["consent"]) == {"asked_by": f"open311:{key_id}"}
    everything = await town.owner.fetchval(
        "SELECT string_agg(r::text, '') || (SELECT string_agg(e::text, '') FROM event e)"
        " FROM report r WHERE r.id = $1",
        row["id"],
    )
    assert "canary" not in everything


async def test_no_attribute_takes_the_way_round_the_check_of_a_pictures_address(
    town: Town, api_key: str
) -> None:
    given = {"attribute[media_url]": "javascript:alert(1)", "attribute[kich-thuoc]": "lon"}
    row = await report_of(town, await sent(town, api_key, **given))
    assert "media_url" not in json.loads(row["answers"])


async def test_what_is_not_required_may_be_left_out(town: Town, api_key: str) -> None:
    code = await sent(town, api_key, description=None)
    assert (await report_of(town, code))["text"] == "Ổ gà, mặt đường hư hỏng"
    as_parts = await town.client.post(
        f"{V2}/requests.json",
        files={name: (None, value) for name, value in a_form(api_key).items()},
    )
    assert as_parts.status_code == 201
    in_query = await town.ask(
        "POST", f"{V2}/requests.json?api_key={api_key}", data=a_form(None, extensions="true")
    )
    (said,) = in_query.json()
    secret = said["extended_attributes"]["tracking_secret"]
    mine = await town.ask(
        "GET", f"/api/v1/reports/{said['service_request_id']}/mine", secret=secret
    )
    assert mine.status_code == 200, "with the extension the reporter can answer and rate"


@pytest.mark.parametrize(
    ("place", "unit"),
    [
        ({"address_id": UNIT}, UNIT),
        ({"address_string": "12 Quang Trung, phường Nghĩa Lộ, Quảng Ngãi"}, UNIT),
        ({"address_string": "12 Quang Trung, Nghĩa Lộ"}, UNIT),
        ({"address_string": "12 quang trung, PHUONG NGHIA LO"}, UNIT),
        ({"address_string": "đường Trà Bồng, phường Nghĩa Lộ"}, UNIT),
    ],
)
async def test_without_a_position_the_commune_is_enough(
    town: Town, api_key: str, place: dict[str, str], unit: str
) -> None:
    code = await sent(town, api_key, lat=None, long=None, **place)
    row = await report_of(town, code)
    assert row["unit_code"] == unit
    assert row["accuracy_metres"] > 500, "it is the middle of the commune, and says so"
    assert row["address"] == place.get("address_string")


BROKEN: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "no service": ({"service_code": None}, "service_code"),
    "no place": ({"lat": None, "long": None}, "lat"),
    "half a place": ({"long": None}, "long"),
    "no number": ({"lat": "fifteen"}, "lat"),
    "not a number": ({"lat": "nan"}, "lat"),
    "infinite": ({"long": "1e999"}, "long"),
    "beyond the pole": ({"lat": "91"}, "lat"),
    "other digits": ({"lat": "١٥"}, "lat"),
    "another country": ({"lat": "48.85", "long": "2.35"}, ""),
    "an address nobody knows": ({"lat": None, "long": None, "address_string": "Main St"}, "addr"),
    "two communes": (
        {"lat": None, "long": None, "address_string": "phường Nghĩa Lộ, phường Cẩm Thành"},
        "address_string",
    ),
    "an old commune": ({"lat": None, "long": None, "address_id": "99999"}, "address_id"),
    "not a choice": ({"attribute[kich-thuoc]": "huge"}, "attribute[kich-thuoc]"),
    "not yes or no": ({"attribute[da-co-tai-nan]": "perhaps"}, "attribute[da-co-tai-nan]"),
    "two of one": ({"attribute[kich-thuoc]": ["nho", "lon"]}, "attribute[kich-thuoc]"),
    "twice": ({"description": ["one", "two"]}, "description"),
    "long words": ({"description": "a" * 4001}, "description"),
    "a control character": ({"description": "a\x00b"}, "description"),
    "no telephone": ({"phone": "12"}, "phone"),
    "no mail": ({"email": "nobody"}, "email"),
    "a file as media": ({"media_url": "file:///etc/passwd"}, "media_url"),
    "a script as media": ({"media_url": "javascript:alert(1)"}, "media_url"),
    "a long media": ({"media_url": "http://example.org/" + "a" * 1000}, "media_url"),
    "many answers": ({f"attribute[n{number}]": "x" for number in range(45)}, "attribute"),
    "a long key": ({"idempotency_key": "k" * 300}, "Idempotency-Key"),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_what_cannot_be_accepted_is_400_naming_the_field_and_stores_nothing(
    town: Town, api_key: str, name: str
) -> None:
    changes, field = BROKEN[name]
    before = await stored(town)
    answer = await send(town, api_key, **changes)
    assert answer.status_code == 400, answer.text
    assert errors_of(answer)[0]["description"].startswith(field)
    assert await stored(town) == before


async def test_services_that_are_not_offered_are_not_found(town: Town, api_key: str) -> None:
    before = await stored(town)
    for code in ("giao-thong", RESTRICTED, "khong-co", "../requests"):
        answer = await send(town, api_key, service_code=code)
        assert answer.status_code == 404, code
        errors_of(answer)
    elsewhere = await send(town, api_key, jurisdiction_id="chicago.gov")
    assert elsewhere.status_code == 404
    assert await stored(town) == before
    parts = parts_of(town.app.state)
    kept = parts.settings
    parts.settings = dataclasses.replace(kept, open311_restricted=(RESTRICTED,))
    try:
        offered = await town.see(f"{V2}/services.json")
        assert RESTRICTED in {service["service_code"] for service in offered}
        code = await sent(town, api_key, service_code=RESTRICTED)
    finally:
        parts.settings = kept
    for path in (f"requests/{code}", f"tokens/{code}"):
        assert (await town.ask("GET", f"{V2}/{path}.json")).status_code == 404


async def test_what_the_law_forbids_is_refused_with_the_office_to_go_to(
    town: Town, api_key: str
) -> None:
    before = await stored(town)
    answer = await send(town, api_key, description="Xin gửi kèm ảnh chụp văn bản tối mật.")
    assert answer.status_code == 400
    (error,) = errors_of(answer)
    assert error["description"].startswith("description: ")
    assert "Công an tỉnh" in error["description"]
    assert await stored(town) == before


@pytest.mark.parametrize("wrong", [None, "", "wrong", "x" * 5000, "' OR 1=1 --", "\x00"])
async def test_without_a_live_key_nothing_is_taken(town: Town, wrong: str | None) -> None:
    before = await stored(town)
    answer = await send(town, wrong)
    assert answer.status_code == 403
    errors_of(answer)
    assert await stored(town) == before


async def test_a_revoked_key_is_refused_and_others_go_on(town: Town, api_key: str) -> None:
    key = await add_key(
        town.database, "short-lived", contact="x", per_minute=10, per_day=10, at=now()
    )
    await sent(town, key)
    used = await town.owner.fetchval(
        "SELECT last_used_on IS NOT NULL FROM open311_key WHERE name = 'short-lived'"
    )
    assert used
    await revoke_key(town.database, "short-lived", at=now())
    assert (await send(town, key)).status_code == 403
    await sent(town, api_key)


async def test_a_key_is_held_to_its_own_limits(town: Town, api_key: str) -> None:
    slow = await add_key(town.database, "slow", contact="x", per_minute=2, per_day=1000, at=now())
    rare = await add_key(town.database, "rare", contact="x", per_minute=1000, per_day=3, at=now())
    parts = parts_of(town.app.state)
    kept = parts.settings
    parts.settings = dataclasses.replace(kept, limits_on=True)
    try:
        for key, most in ((slow, 2), (rare, 3)):
            statuses = [(await send(town, key)).status_code for _ in range(most + 1)]
            assert statuses == [201] * most + [429]
        late = await send(town, slow)
        assert int(late.headers["retry-after"]) > 0
        errors_of(late)
        await sent(town, api_key)
    finally:
        parts.settings = kept


async def test_who_may_write_is_a_setting(town: Town, api_key: str) -> None:
    parts = parts_of(town.app.state)
    kept = parts.settings
    try:
        parts.settings = dataclasses.replace(kept, open311_write="off")
        assert (await send(town, api_key)).status_code == 403
        parts.settings = dataclasses.replace(kept, open311_write="open")
        assert (await send(town, None)).status_code == 201
        assert (await send(town, None, key=str(uuid4()))).status_code == 201
        assert (await send(town, None, key="1")).status_code == 400, "others choose that too"
        assert (await send(town, "wrong")).status_code == 403, "a key that is given must be right"
    finally:
        parts.settings = kept


@pytest.mark.parametrize(
    "key", ["0b7e2f3a-5c1d-4e8f-9a6b-7c8d9e0f1a2b", "job-7/photo 3", "khóa số 1"]
)
async def test_the_same_key_and_form_is_one_report(town: Town, api_key: str, key: str) -> None:
    before = (await stored(town))[0]
    by_field = {"idempotency_key": key} if not key.isascii() else {}
    header = None if by_field else key
    answers = await asyncio.gather(*(send(town, api_key, key=header, **by_field) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert (await stored(town))[0] == before + 1
    other = await send(town, api_key, key=header, **by_field, phone="0912345678")
    assert other.status_code == 422
    errors_of(other)
    # whoever has lost the answer asks for the token it has chosen itself, with its key
    code = answers[0].json()[0]["service_request_id"]
    if "/" not in key:
        path = f"{V2}/tokens/{quoted(key)}.json"
        found = await town.ask("GET", path, params={"api_key": api_key})
        assert found.json() == [{"service_request_id": code, "token": key}]
        assert (await town.ask("GET", path)).status_code == 404


async def test_a_key_of_one_sender_says_nothing_to_another(town: Town, api_key: str) -> None:
    other = await add_key(
        town.database, "another", contact="x", per_minute=100, per_day=1000, at=now()
    )
    key = str(uuid4())
    code = (await send(town, api_key, key=key)).json()[0]["service_request_id"]
    answer = await town.ask("GET", f"{V2}/tokens/{key}.json", params={"api_key": other})
    assert answer.status_code == 404
    theirs = await send(town, other, key=key)
    assert theirs.status_code == 201
    assert theirs.json()[0]["service_request_id"] != code


async def test_photos_that_come_as_files_are_kept_and_what_is_none_refuses_the_whole(
    town: Town, api_key: str
) -> None:
    good = a_photo(size=(200, 100))
    before = await stored(town)
    for name, content in (
        ("a.svg", b"<svg onload=alert(1)>"),
        ("a.jpg", b"GIF89a"),
        ("e.jpg", b""),
    ):
        answer = await town.client.post(
            f"{V2}/requests.json",
            data=a_form(api_key),
            files=[("media", ("good.jpg", good)), ("media", (name, content, "image/jpeg"))],
        )
        assert answer.status_code == 415, answer.text
        errors_of(answer)
    many = [("media", (f"{number}.jpg", a_photo(colour=(number, 1, 2)))) for number in range(9)]
    answer = await town.client.post(f"{V2}/requests.json", data=a_form(api_key), files=many)
    assert answer.status_code == 400
    assert await stored(town) == before
    answer = await town.client.post(
        f"{V2}/requests.json",
        data=a_form(api_key),
        files=[("media", ("one.jpg", good)), ("media", ("again.jpg", good))],
    )
    code = answer.json()[0]["service_request_id"]
    states = await town.owner.fetch(
        "SELECT state FROM report_photo WHERE report_id = $1", await id_of(town, code)
    )
    assert [row["state"] for row in states] == ["stored"]


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b'{"service_code": "x"}', "application/json", 415),
        (b"<service_request/>", "text/xml", 415),
        (b"", "", 415),
        (b"--edge\r\n\r\n", "multipart/form-data; boundary=other", 400),
        (b"x", "multipart/form-data", 400),
        (b"\xff\xfe=%ff%zz", "application/x-www-form-urlencoded", 400),
        ("&".join(f"n{n}=x" for n in range(1000)).encode(), "text/plain", 415),
        (
            "&".join(f"n{n}=x" for n in range(1000)).encode(),
            "application/x-www-form-urlencoded",
            400,
        ),
        (b"description=" + b"a" * 300_000, "application/x-www-form-urlencoded", 413),
    ],
)
async def test_what_is_no_form_is_refused_in_the_georeport_form(
    town: Town, content: bytes, kind: str, status: int
) -> None:
    before = await stored(town)
    headers = {"Content-Type": kind} if kind else {}
    answer = await town.ask("POST", f"{V2}/requests.json", headers=headers, content=content)
    assert answer.status_code == status, answer.text
    errors_of(answer)
    assert await stored(town) == before


async def test_a_packed_form_is_refused_before_it_is_opened(town: Town, api_key: str) -> None:
    answer = await town.ask(
        "POST",
        f"{V2}/requests.json?api_key={api_key}",
        headers={"Content-Type": "application/x-www-form-urlencoded", "Content-Encoding": "gzip"},
        content=gzip.compress(urlencode(a_form(api_key)).encode()),
    )
    assert answer.status_code == 415, answer.text


async def test_hostile_text_is_kept_letter_by_letter_or_refused_and_breaks_no_document(
    town: Town, api_key: str
) -> None:
    await type_everywhere(town, api_key, every=160)


@pytest.mark.nightly
@pytest.mark.timeout(900)
async def test_all_hostile_text_breaks_no_document(town: Town, api_key: str) -> None:
    await type_everywhere(town, api_key, every=1)


async def type_everywhere(town: Town, api_key: str, *, every: int) -> None:
    taken = 0
    for text in dict.fromkeys(strings(every=every)):
        text = text.encode("utf-8", "replace").decode()  # a form cannot carry lone surrogates
        answer = await send(
            town,
            api_key,
            form="xml",
            description=text,
            address_string=text[:300],
            first_name=text[:100],
            **{"attribute[ghi-chu]": text[:900]},
        )
        assert answer.status_code in (201, 400), (text, answer.text)
        root = tree(answer)
        if answer.status_code == 400:
            assert root.tag == "errors"
            assert len(text) <= 12 or text not in answer.text, "the input was echoed"
            continue
        taken += 1
        code = root[0][0].text or ""
        await town.owner.execute("UPDATE report SET visibility = 'public' WHERE code = $1", code)
        shown = tree(await town.ask("GET", f"{V2}/requests/{code}.xml"))
        stored_text = (await report_of(town, code))["text"]
        assert shown[0].findtext("description") == stored_text.replace("\r\n", "\n").replace(
            "\r", "\n"
        )
        (plain,) = await town.see(f"{V2}/requests/{code}.json")
        assert plain["description"] == stored_text
    assert taken > 10


@pytest.mark.parametrize(
    "path",
    [
        "services/{}.json",
        "requests/{}.json",
        "tokens/{}.json",
        "requests.json?service_request_id={}",
        "requests.json?service_code={}",
        "requests.json?status={}",
        "requests.json?start_date={}",
        "requests.json?updated_after={}",
        "requests.json?lat={}&long=108&radius=5",
        "requests.json?lat=15&long=108&radius={}",
        "requests.json?bbox={}",
        "requests.json?page={}",
        "requests.json?page_size={}",
        "requests.json?after={}",
        "requests.json?jurisdiction_id={}",
        "requests.json?extensions={}",
        "tokens/x.json?api_key={}",
    ],
)
async def test_no_question_makes_the_server_stumble(town: Town, path: str) -> None:
    numbers = ["nan", "-inf", "1e400", "-1", "9" * 400, "١٢", "", "1,2,3"]
    for text in [*numbers, *strings(every=900)]:
        asked = path.format(quoted(text[:2000]))
        answer = await town.ask("GET", f"{V2}/{asked}")
        assert answer.status_code in (200, 400, 404), (text, answer.status_code, answer.text)
        if answer.status_code != 200:
            errors_of(answer)


def quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))
