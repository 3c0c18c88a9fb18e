"""Every answer in both forms: by the GeoReport schemas, and as real cities have answered."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final
from xml.etree import ElementTree

import pytest

from backend.web.state import parts_of
from mobile_api.open311.forms import write_xml
from tests.open311.asking import V2, errors_of, id_of, sent, tree
from tests.province import POTHOLE, SENSITIVE, Sent, Town
from tests.shared_data import shared

jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is absent")
referencing = pytest.importorskip("referencing.jsonschema", reason="jsonschema is absent")
_W3CDTF: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture(scope="module")
async def town(module_town: Town, api_key: str) -> Town:
    """Reports in several stages."""
    for stage, category in enumerate((POTHOLE, POTHOLE, SENSITIVE, POTHOLE)):
        code = await sent(module_town, api_key, service_code=category)
        report = Sent(answer={"id": await id_of(module_town, code)}, body={}, key="")
        by = "officer.police" if category == SENSITIVE else "officer"
        for move, what in (
            ("accept", {}),
            ("start", {}),
            ("ask", {"public_note": "Ở bên nào của đường?"}),
        )[: stage or 1]:
            await module_town.moved(report, move, by=by, **what)
    return module_town


def check(name: str, answer: Any) -> None:
    """Validate against a GeoReport v2 schema, and its times against W3CDTF in UTC."""
    registry: Any = referencing.EMPTY_REGISTRY
    for path in shared("open311/schema").glob("*.json"):
        resource = referencing.DRAFT4.create_resource(json.loads(path.read_text()))
        registry = registry.with_resource(path.name, resource)
    schema = json.loads(shared(f"open311/schema/{name}.json").read_text())
    jsonschema.Draft4Validator(schema, registry=registry).validate(answer)
    for value in values_of(answer, "_datetime"):
        assert value is None or _W3CDTF.fullmatch(value), value


def values_of(answer: Any, ending: str) -> Iterator[Any]:
    if isinstance(answer, list):
        for item in answer:
            yield from values_of(item, ending)
    elif isinstance(answer, dict):
        for name, value in answer.items():
            if name.endswith(ending):
                yield value
            yield from values_of(value, ending)


async def test_every_answer_in_json_is_valid_by_the_schemas(town: Town) -> None:
    services = await town.see(f"{V2}/services.json")
    assert len(services) > 40
    check("services", services)
    for service in services[::3]:
        definition = await town.see(f"{V2}/services/{service['service_code']}.json")
        check("service-definition", definition)
        assert bool(definition["attributes"]) == service["metadata"]
        assert [one["order"] for one in definition["attributes"]] == list(
            range(1, len(definition["attributes"]) + 1)
        )
    requests = await town.see(f"{V2}/requests.json")
    assert len(requests) >= 4
    check("requests", requests)
    for request in requests:
        one = await town.see(f"{V2}/requests/{request['service_request_id']}.json")
        check("requests", one)
        assert one == [request]


@pytest.mark.parametrize("schema", ["services", "requests"])
def test_a_schema_refuses_what_is_not_georeport(schema: str) -> None:
    """A negative control: the schemas do look."""
    with pytest.raises(jsonschema.ValidationError):
        check(schema, [{"service_code": 7, "status": "half open"}])


@pytest.mark.parametrize(
    ("path", "real"),
    [
        ("services", ("bloomington_services", "chicago_services")),
        ("requests", ("bloomington_requests", "chicago_requests")),
    ],
)
async def test_what_real_cities_answer_in_json_is_answered_here_too(
    town: Town, path: str, real: tuple[str, ...]
) -> None:
    ours = await town.see(f"{V2}/{path}.json")
    kinds = {name: {type(one[name]) for one in ours} for name in ours[0]}
    for name in real:
        for theirs in json.loads(shared(f"open311/{name}.json").read_text()):
            assert theirs.keys() <= kinds.keys(), name
            for field, value in theirs.items():
                if value is not None and field not in ("zipcode", "media_url"):
                    # JSON knows one kind of number
                    kind = float if type(value) is int else type(value)
                    assert kind in kinds[field], (name, field)


@pytest.mark.parametrize(
    ("path", "real"),
    [
        ("services.xml", "sf_services_2011"),
        ("services.xml", "giessen_services"),
        (f"services/{POTHOLE}.xml", "sf_service_definition"),
        ("requests.xml", "sf_requests_2010"),
        ("requests.xml", "get_service_request"),
        ("requests.xml?service_request_id=QNG-2222-2222", "requests_empty"),
        ("services/nothing.xml", "error_404_not_found"),
    ],
)
async def test_what_real_cities_answer_in_xml_is_answered_here_too(
    town: Town, path: str, real: str
) -> None:
    ours = tree(await town.ask("GET", f"{V2}/{path}"))
    theirs = ElementTree.fromstring(  # noqa: S314  a file of ours
        shared(f"open311/{real}.xml").read_bytes()
    )
    assert ours.tag == theirs.tag
    # San Francisco left out the wrapper `attributes` that the specification has
    shapes = {path.replace("attributes/", "") for path in paths_of(ours)}
    assert paths_of(theirs) <= shapes


def paths_of(element: ElementTree.Element, above: str = "") -> set[str]:
    found = set()
    for child in element:
        found |= {f"{above}{child.tag}", *paths_of(child, f"{above}{child.tag}/")}
    return found


async def test_json_and_xml_say_the_same(town: Town) -> None:
    for path, member in (("services", "service"), ("requests", "request")):
        in_json = await town.see(f"{V2}/{path}.json")
        root = tree(await town.ask("GET", f"{V2}/{path}.xml"))
        assert [child.tag for child in root] == [member] * len(in_json)
        for element, item in zip(root, in_json, strict=True):
            assert {child.tag: child.text for child in element} == {
                name: None if value is None else written(value) for name, value in item.items()
            }


def written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"),
        ("application/xml", "application/xml"),
        ("text/xml;q=0.9, application/json;q=0.1", "application/xml"),
        ("text/xml;q=0.1, application/json", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/xml"),
    ],
)
async def test_without_an_extension_accept_chooses_the_form(
    town: Town, accept: str, kind: str
) -> None:
    for path in ("services", "requests", f"services/{POTHOLE}", "discovery", "requests/none"):
        answer = await town.ask("GET", f"{V2}/{path}", headers={"Accept": accept})
        assert answer.headers["content-type"] == f"{kind}; charset=utf-8", path
        named = await town.ask("GET", f"{V2}/{path}.json", headers={"Accept": "text/xml"})
        assert named.headers["content-type"] == "application/json; charset=utf-8"


async def test_errors_have_the_georeport_form_on_every_path_and_method(town: Town) -> None:
    for method, path, status in (
        ("GET", "requests/QNG-2222-2222", 404),
        ("GET", "requests/nothing-of-ours", 404),
        ("GET", "services/nothing", 404),
        ("GET", "tokens/nothing", 404),
        ("GET", "nothing", 404),
        ("GET", "requests/a/b/c", 404),
        ("DELETE", "requests", 405),
        ("PUT", "services", 405),
        ("POST", "requests", 415),
    ):
        answer = await town.ask(method, f"{V2}/{path}.json")
        assert answer.status_code == status, path
        errors_of(answer)
        root = tree(await town.ask(method, f"{V2}/{path}.xml"))
        assert (root.tag, [child.tag for child in root]) == ("errors", ["error"])
        assert [child.tag for child in root[0]] == ["code", "description"]
        assert root[0][0].text == str(status)
    vi = errors_of(await town.ask("GET", f"{V2}/services/x.json"))
    en = errors_of(
        await town.ask("GET", f"{V2}/services/x.json", headers={"Accept-Language": "en"})
    )
    assert vi != en


async def test_a_lost_database_is_said_in_the_georeport_form(town: Town) -> None:
    parts = parts_of(town.app.state)
    kept, parts.database = parts.database, None
    try:
        answer = await town.ask("GET", f"{V2}/requests.json")
    finally:
        parts.database = kept
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    errors_of(answer)


def test_text_cannot_become_markup_nor_break_a_document() -> None:
    nasty = "</description><x>&amp; ]]> \x00\x08\x1b\ufffe\ud800 🇻🇳\r\n\r"
    document = write_xml([{"description": nasty}], root="service_requests", member="request")
    read = ElementTree.fromstring(document)  # noqa: S314  our own answer
    assert [child.tag for child in read.iter()] == ["service_requests", "request", "description"]
    assert read[0][0].text == ("</description><x>&amp; ]]> \ufffd\ufffd\ufffd\ufffd\ufffd 🇻🇳\n\n")


async def test_pages_of_other_sites_may_read_answers_and_no_session_is_looked_at(
    town: Town,
) -> None:
    answer = await town.ask("GET", f"{V2}/services.json", headers={"Origin": "https://example.org"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
