"""What OpenAPI says of a report's answers is so: real answers are held against it."""

from typing import Any

import jsonschema
import pytest

from tests.province import Town, other_photos

NAMED = "Ông Nguyễn Văn A đổ rác ra đường."


@pytest.fixture
def town(module_town: Town) -> Town:
    return module_town


async def schema_of(town: Town, path: str, method: str = "get") -> dict[str, Any]:
    described = (await town.ask("GET", "/openapi.json")).json()
    answer = described["paths"][path][method]["responses"]["200"]
    found: dict[str, Any] = answer["content"]["application/json"]["schema"]
    return found


def parts(schema: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Every description of a field of this name, however deep."""
    found = [schema["properties"][name]] if name in schema.get("properties", {}) else []
    items = [schema["items"]] if "items" in schema else []
    below = [*schema.get("properties", {}).values(), *items]
    return [*found, *(part for one in below for part in parts(one, name))]


async def test_the_answers_are_as_they_are_described(town: Town) -> None:
    (photo,) = other_photos(1)
    report = await town.a_report(photos=(photo,), text=NAMED)
    public = await schema_of(town, "/api/v1/reports/{code}")
    mine = await schema_of(town, "/api/v1/reports/{code}/mine")
    path = f"/api/v1/reports/{report.code}"
    for step in (None, "accept", "hide"):
        if step is not None:
            await town.moved(report, step, by="key", reason="Có thông tin riêng tư của người khác.")
        if step != "hide":
            jsonschema.validate(await town.see(path), public)
        jsonschema.validate(await town.see(f"{path}/mine", secret=report.secret), mine)
    screened = await schema_of(town, "/api/v1/reports/screen", "post")
    said = await town.ask("POST", "/api/v1/reports/screen", json={"text": NAMED})
    assert said.json()["findings"]
    jsonschema.validate(said.json(), screened)


async def test_what_needs_an_explanation_has_one(town: Town) -> None:
    public = await schema_of(town, "/api/v1/reports/{code}")
    mine = await schema_of(town, "/api/v1/reports/{code}/mine")
    screened = await schema_of(town, "/api/v1/reports/screen", "post")
    for schema, names in (
        (public, ("by", "by_agency", "is_published")),
        (mine, ("by", "by_agency", "is_held", "is_hidden", "hidden", "reason_code", "words")),
        (screened, ("by", "is_held", "because")),
    ):
        for name in names:
            described = parts(schema, name)
            assert described, name
            assert all(len(part["description"]) > 20 for part in described), name
    desk = (await town.ask("GET", "/openapi.json")).json()["paths"]["/api/v1/desk/reports"]["get"]
    for name in ("is_emergency", "is_held", "screening[].by"):
        assert name in desk["description"]
