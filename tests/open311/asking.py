"""What tests of Open311 send, and how they read the answers."""

from typing import Any, Final
from xml.etree import ElementTree

import httpx

from tests.province import PLACE, POTHOLE, Town

V2: Final = "/open311/v2"
TEXT: Final = "Ổ gà sâu giữa đường Quang Trung, đoạn trước chợ."


def a_form(api_key: str | None, **changes: Any) -> dict[str, Any]:
    """The fields of a POST; None takes one away."""
    fields = {
        "api_key": api_key,
        "service_code": POTHOLE,
        "lat": str(PLACE[1]),
        "long": str(PLACE[0]),
        "description": TEXT,
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not None}


async def send(
    town: Town, api_key: str | None, *, form: str = "json", key: str | None = None, **changes: Any
) -> httpx.Response:
    """POST a service request."""
    headers = {"Idempotency-Key": key} if key else {}
    return await town.ask(
        "POST", f"{V2}/requests.{form}", headers=headers, data=a_form(api_key, **changes)
    )


async def sent(town: Town, api_key: str, **changes: Any) -> str:
    """The code of a service request that was taken."""
    answer = await send(town, api_key, **changes)
    assert answer.status_code == 201, answer.text
    return str(answer.json()[0]["service_request_id"])


async def id_of(town: Town, code: str) -> str:
    return str(await town.owner.fetchval("SELECT id FROM report WHERE code = $1", code))


def tree(answer: httpx.Response) -> ElementTree.Element:
    """The root of an XML answer."""
    assert answer.headers["content-type"] == "application/xml; charset=utf-8"
    return ElementTree.fromstring(answer.content)  # noqa: S314  our own answer


def errors_of(answer: httpx.Response) -> list[dict[str, Any]]:
    """The errors of a refusal in JSON, checked to be of the GeoReport form."""
    errors: list[dict[str, Any]] = answer.json()
    assert isinstance(errors, list)
    assert errors, answer.text
    for error in errors:
        assert set(error) == {"code", "description"}
        assert error["code"] == answer.status_code
        assert error["description"]
    return errors
