"""How each operation of the application is asked for in the role matrix, by method and path.

An entry makes the request for one report, or for none; an operation without an entry here, or
without a row in role_matrix.txt, fails the test.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from tests.journeys.walk import REASON
from tests.province import OTHER, PASSWORD, PLACE, UNIT, Sent, a_submission, sha256_of

NOBODY: Final = "00000000-0000-7000-8000-000000000000"
NO_CODE: Final = "QNG-ZZZZ-ZZZZ"
EVIDENCE: Final = b"\xff\xd8\xff\xe0 not much of a picture, but one by its first bytes"


@dataclass(frozen=True)
class Ask:
    """One request; `body` are keyword arguments of the HTTP client."""

    method: str
    path: str
    body: dict[str, Any] = field(default_factory=dict)


Maker = Callable[[Sent | None], Ask]


def _id(report: Sent | None) -> str:
    return report.id if report else NOBODY


def _code(report: Sent | None) -> str:
    return report.code if report else NO_CODE


def _get(path: str) -> Maker:
    return lambda report: Ask("GET", path.format(id=_id(report), code=_code(report)))


def _photo(path: str) -> Maker:
    def make(report: Sent | None) -> Ask:
        name = sha256_of(report.photos[0]) if report and report.photos else "0" * 64
        return Ask("GET", path.format(id=_id(report), code=_code(report), sha256=name))

    return make


def _own(action: str, **body: Any) -> Maker:
    return lambda report: Ask(
        "POST", f"/api/v1/reports/{_code(report)}/{action}", {"json": body} if body else {}
    )


def _move(move: str, **what: Any) -> Maker:
    return lambda report: Ask(
        "POST",
        f"/api/v1/desk/reports/{_id(report)}/moves",
        # the version that the state under test has is filled in by whoever asks
        {"json": {"move": move, **what}, "headers": {"If-Match": '"{version}"'}},
    )


def _submit(_: Sent | None) -> Ask:
    headers = {"Idempotency-Key": str(uuid4())}
    return Ask("POST", "/api/v1/reports", {"json": a_submission(), "headers": headers})


def _put(path: str) -> Maker:
    def make(report: Sent | None) -> Ask:
        where = path.format(id=_id(report), sha256=sha256_of(EVIDENCE))
        return Ask("PUT", where, {"content": EVIDENCE, "headers": {"Content-Type": "image/jpeg"}})

    return make


def _form(path: str, **fields: str) -> Maker:
    return lambda report: Ask(
        "POST", path.format(id=_id(report), code=_code(report)), {"data": fields}
    )


_POINT: Final = f"lon={PLACE[0]}&lat={PLACE[1]}"
_PAGE_REPORT: Final = {
    "category": "giao-thong-o-ga",
    "text": "Ổ gà sâu giữa đường.",
    "lon": str(PLACE[0]),
    "lat": str(PLACE[1]),
    "key": "",
}

_OPEN311_FORM: Final = {
    "service_code": "giao-thong-o-ga",
    "long": str(PLACE[0]),
    "lat": str(PLACE[1]),
    "description": "Ổ gà sâu giữa đường.",
}

# "METHOD path" or, where one path does many things, "METHOD path what".
OPERATIONS: Final[dict[str, Maker]] = {
    # citizens
    "GET /api/v1/categories": _get("/api/v1/categories"),
    "GET /api/v1/categories/search": _get("/api/v1/categories/search?q=o+ga"),
    "POST /api/v1/reports/screen": lambda report: Ask(
        "POST", "/api/v1/reports/screen", {"json": {"text": "Cháy nhà!"}}
    ),
    "GET /api/v1/units/at": _get(f"/api/v1/units/at?{_POINT}"),
    "POST /api/v1/reports": _submit,
    "GET /api/v1/reports": _get("/api/v1/reports"),
    "GET /api/v1/reports/near": _get(f"/api/v1/reports/near?{_POINT}"),
    "GET /api/v1/reports/{code}": _get("/api/v1/reports/{code}"),
    "GET /api/v1/reports/{code}/mine": _get("/api/v1/reports/{code}/mine"),
    "POST /api/v1/reports/{code}/messages": _own("messages", text="Bên phải đường."),
    "POST /api/v1/reports/{code}/rating": _own("rating", score=4),
    "POST /api/v1/reports/{code}/reopen": _own("reopen", reason=REASON),
    "POST /api/v1/reports/{code}/withdraw": _own("withdraw", reason=REASON),
    "POST /api/v1/reports/{code}/support": _own("support"),
    "PATCH /api/v1/reports/{code}": lambda report: Ask(
        "PATCH", f"/api/v1/reports/{_code(report)}", {"json": {"text": "Ổ gà rất sâu."}}
    ),
    "PUT /api/v1/reports/{report_id}/photos/{sha256}": _put("/api/v1/reports/{id}/photos/{sha256}"),
    "POST /api/v1/reports/{code}/photos": _own(
        "photos", photos=[{"sha256": "0" * 64, "bytes": 9, "content_type": "image/png"}]
    ),
    "GET /api/v1/reports/{code}/mine/photos/{sha256}/{name}": _photo(
        "/api/v1/reports/{code}/mine/photos/{sha256}/small.webp"
    ),
    "GET /theo-doi/{code}/anh/{sha256}/{name}": _photo("/theo-doi/{code}/anh/{sha256}/small.webp"),
    "GET /api/v1/reports/{report_id}/photos/{sha256}/{name}": _photo(
        "/api/v1/reports/{id}/photos/{sha256}/small.webp"
    ),
    "POST /api/v1/devices": lambda report: Ask(
        "POST",
        "/api/v1/devices",
        {
            "json": {
                "kind": "token",
                "value": f"a-telephone-{uuid4()}",
                "follow": [{"code": _code(report)}],
            }
        },
    ),
    "GET /api/v1/push/key": _get("/api/v1/push/key"),
    "PATCH /api/v1/devices/{device_id}": lambda _: Ask(
        "PATCH", f"/api/v1/devices/{NOBODY}", {"json": {"language": "en"}}
    ),
    "GET /api/v1/me/notifications": _get("/api/v1/me/notifications"),
    "PUT /api/v1/me/notifications": lambda _: Ask(
        "PUT", "/api/v1/me/notifications", {"json": {"push": {}}}
    ),
    "POST /api/v1/alerts": lambda _: Ask("POST", "/api/v1/alerts", {"json": {"unit": UNIT}}),
    "GET /api/v1/alerts": _get("/api/v1/alerts"),
    "DELETE /api/v1/alerts/{alert_id}": lambda _: Ask("DELETE", f"/api/v1/alerts/{NOBODY}"),
    "GET /ngung-thu/{token}": _get("/ngung-thu/" + "0" * 96),
    "POST /ngung-thu/{token}": _form("/ngung-thu/" + "0" * 96, **{"List-Unsubscribe": "One-Click"}),
    "DELETE /api/v1/devices/{device_id}": lambda _: Ask("DELETE", f"/api/v1/devices/{NOBODY}"),
    # citizens' pages
    "GET /": _get("/"),
    "POST /": _form("/", **_PAGE_REPORT),
    "GET /tro-giup": _get("/tro-giup"),
    "GET /theo-doi": _get("/theo-doi"),
    "POST /theo-doi": _form("/theo-doi", ma="QNG-7K3M-2F9A"),
    "GET /theo-doi/{code}": _get("/theo-doi/{code}"),
    "POST /theo-doi/{code}": _form("/theo-doi/{code}", do="withdraw"),
    "GET /ban-do": _get("/ban-do"),
    "GET /robots.txt": _get("/robots.txt"),
    "GET /sitemap.xml": _get("/sitemap.xml"),
    "GET /sitemap/{name}": _get("/sitemap/2026-11.xml"),
    "GET /api/v1/tiles/reports/{zoom}/{x}/{name}": _get("/api/v1/tiles/reports/14/13143/7500.pbf"),
    "GET /api/v1/tiles/units/{zoom}/{x}/{name}": _get("/api/v1/tiles/units/9/410/234.pbf"),
    "GET /ogc": _get("/ogc"),
    "GET /ogc/api": _get("/ogc/api"),
    "GET /ogc/conformance": _get("/ogc/conformance"),
    "GET /ogc/collections": _get("/ogc/collections"),
    "GET /ogc/collections/{name}": _get("/ogc/collections/reports"),
    "GET /ogc/collections/{name}/items": _get("/ogc/collections/reports/items"),
    "GET /ogc/collections/{name}/items/{feature_id}": _get("/ogc/collections/reports/items/{code}"),
    "GET /tin/{name}": _get("/tin/phan-anh.atom"),
    "GET /tin/don-vi/{name}": _get("/tin/don-vi/21028.rss"),
    "GET /tin/linh-vuc/{name}": _get("/tin/linh-vuc/giao-thong.atom"),
    "GET /du-lieu-mo": _get("/du-lieu-mo"),
    "GET /du-lieu-mo/{name}": _get("/du-lieu-mo/reports.csv"),
    # the desk
    "GET /api/v1/desk/reports": _get("/api/v1/desk/reports"),
    "GET /api/v1/desk/reports/{report_id}": _get("/api/v1/desk/reports/{id}"),
    "GET /api/v1/desk/reports/{report_id}/history": _get("/api/v1/desk/reports/{id}/history"),
    "POST /api/v1/desk/reports/{report_id}/moves accept": _move("accept"),
    "POST /api/v1/desk/reports/{report_id}/moves start": _move("start"),
    "POST /api/v1/desk/reports/{report_id}/moves decline": _move("decline", reason=REASON),
    "POST /api/v1/desk/reports/{report_id}/moves extend": _move(
        "extend", reason=REASON, duration="1wd"
    ),
    "POST /api/v1/desk/reports/{report_id}/moves transfer": _move(
        "transfer", reason=REASON, agency=OTHER
    ),
    "POST /api/v1/desk/reports/{report_id}/moves hide": _move("hide", reason=REASON),
    "POST /api/v1/desk/reports/{report_id}/moves publish": _move("publish"),
    "POST /api/v1/desk/reports/{report_id}/moves close": _move("close"),
    "POST /api/v1/desk/reports/{report_id}/moves reopen": _move("reopen", reason=REASON),
    "PUT /api/v1/desk/reports/{report_id}/photos/{sha256}": _put(
        "/api/v1/desk/reports/{id}/photos/{sha256}"
    ),
    "GET /api/v1/desk/reports/{report_id}/photos/{sha256}/{name}": _photo(
        "/api/v1/desk/reports/{id}/photos/{sha256}/small.webp"
    ),
    "GET /api/v1/desk/routing/explain": _get(
        f"/api/v1/desk/routing/explain?category=giao-thong-o-ga&{_POINT}"
    ),
    "GET /can-bo": _get("/can-bo"),
    "GET /can-bo/phan-anh/{report_id}": _get("/can-bo/phan-anh/{id}"),
    "POST /can-bo/phan-anh/{report_id}": _form(
        "/can-bo/phan-anh/{id}", move="accept", version="{version}"
    ),
    # leaders
    "GET /api/v1/ioc/reports/summary": _get("/api/v1/ioc/reports/summary"),
    "GET /api/v1/ioc/reports/by/{dimension}": _get("/api/v1/ioc/reports/by/category"),
    "GET /api/v1/ioc/stream": _get("/api/v1/ioc/stream"),
    "GET /ioc": _get("/ioc"),
    "GET /ioc/wall": _get("/ioc/wall"),
    # programs; who sends needs a key, whatever the session
    "GET /open311/discovery.json": _get("/open311/discovery.json"),
    "GET /open311/discovery.xml": _get("/open311/discovery.xml"),
    "GET /open311/discovery": _get("/open311/discovery"),
    "GET /open311/v2/discovery.json": _get("/open311/v2/discovery.json"),
    "GET /open311/v2/discovery.xml": _get("/open311/v2/discovery.xml"),
    "GET /open311/v2/discovery": _get("/open311/v2/discovery"),
    "GET /open311/v2/services.json": _get("/open311/v2/services.json"),
    "GET /open311/v2/services.xml": _get("/open311/v2/services.xml"),
    "GET /open311/v2/services": _get("/open311/v2/services"),
    "GET /open311/v2/requests.json": _get("/open311/v2/requests.json"),
    "GET /open311/v2/requests.xml": _get("/open311/v2/requests.xml"),
    "GET /open311/v2/requests": _get("/open311/v2/requests"),
    "GET /open311/v2/services/{service_code}": _get("/open311/v2/services/giao-thong-o-ga.json"),
    "GET /open311/v2/requests/{code}": _get("/open311/v2/requests/{code}.json"),
    "GET /open311/v2/tokens/{code}": _get("/open311/v2/tokens/{code}.json"),
    "POST /open311/v2/requests.json": _form("/open311/v2/requests.json", **_OPEN311_FORM),
    "POST /open311/v2/requests.xml": _form("/open311/v2/requests.xml", **_OPEN311_FORM),
    "POST /open311/v2/requests": _form("/open311/v2/requests", **_OPEN311_FORM),
    # everybody
    "POST /api/v1/sessions": lambda _: Ask(
        "POST", "/api/v1/sessions", {"json": {"username": "officer", "password": PASSWORD}}
    ),
    "POST /api/v1/sessions/refresh": lambda _: Ask(
        "POST", "/api/v1/sessions/refresh", {"json": {"refresh_token": "not-a-token-of-ours"}}
    ),
    "DELETE /api/v1/sessions": lambda _: Ask("DELETE", "/api/v1/sessions"),
    "GET /dang-nhap": _get("/dang-nhap"),
    "POST /dang-nhap": _form("/dang-nhap", username="officer", password="sai-mat-khau"),
    "POST /dang-xuat": _form("/dang-xuat"),
    "GET /ngon-ngu": _get("/ngon-ngu?lang=en"),
    "GET /openapi": _get("/openapi"),
    "GET /openapi.json": _get("/openapi.json"),
    "GET /openapi/openapi.json": _get("/openapi/openapi.json"),
    "GET /openapi/{path}": _get("/openapi/swagger"),
    "GET /problems": _get("/problems"),
    "GET /problems/{kind}": _get("/problems/not-found"),
    "GET /static/{name}": _get("/static/caunoi.css"),
    "GET /sw.js": _get("/sw.js"),
    "GET /offline": _get("/offline"),
    "GET /healthz": _get("/healthz"),
    "GET /readyz": _get("/readyz"),
    "GET /metrics": _get("/metrics"),
    # citizens' accounts
    "GET /api/v1/consents": _get("/api/v1/consents"),
    "POST /api/v1/sign-in": lambda _: Ask(
        "POST", "/api/v1/sign-in", {"json": {"email": f"{uuid4().hex}@example.vn"}}
    ),
    "POST /api/v1/sign-in/code": lambda _: Ask(
        "POST", "/api/v1/sign-in/code", {"json": {"request": "none", "code": "123456"}}
    ),
    "GET /api/v1/me": _get("/api/v1/me"),
    "PATCH /api/v1/me": lambda _: Ask("PATCH", "/api/v1/me", {"json": {"name": "Nguyễn Lan"}}),
    "GET /api/v1/me/export": _get("/api/v1/me/export"),
    "GET /api/v1/me/reports": _get("/api/v1/me/reports"),
    "POST /api/v1/me/reports": lambda _: Ask(
        "POST", "/api/v1/me/reports", {"json": {"code": NO_CODE, "tracking_secret": "none"}}
    ),
    "PUT /api/v1/me/consents": lambda _: Ask(
        "PUT", "/api/v1/me/consents", {"json": {"consents": []}}
    ),
    "POST /api/v1/me/addresses": lambda _: Ask(
        "POST", "/api/v1/me/addresses", {"json": {"email": f"{uuid4().hex}@example.vn"}}
    ),
    "POST /api/v1/me/addresses/code": lambda _: Ask(
        "POST", "/api/v1/me/addresses/code", {"json": {"request": "none", "code": "123456"}}
    ),
    "DELETE /api/v1/me/addresses/{address_id}": lambda _: Ask(
        "DELETE", f"/api/v1/me/addresses/{NOBODY}"
    ),
    "GET /dang-nhap/nguoi-dan": _get("/dang-nhap/nguoi-dan"),
    "POST /dang-nhap/nguoi-dan": lambda _: Ask(
        "POST", "/dang-nhap/nguoi-dan", {"data": {"address": f"{uuid4().hex}@example.vn"}}
    ),
    "GET /dang-nhap/nguoi-dan/ma": _get("/dang-nhap/nguoi-dan/ma"),
    "POST /dang-nhap/nguoi-dan/ma": _form("/dang-nhap/nguoi-dan/ma", code="123456"),
    "GET /dang-nhap/dinh-danh": _get("/dang-nhap/dinh-danh?tiep=/toi"),
    "GET /dang-nhap/dinh-danh/ve": _get("/dang-nhap/dinh-danh/ve?state=x&code=y"),
    "GET /toi": _get("/toi"),
    "GET /toi/thong-bao": _get("/toi/thong-bao"),
    "POST /toi/thong-bao": _form("/toi/thong-bao", push="start"),
    "POST /toi": _form("/toi", do="name", name="Nguyễn Lan"),
    "POST /theo-doi/{code}/vao-tai-khoan": _form("/theo-doi/{code}/vao-tai-khoan"),
    "DELETE /api/v1/me": lambda _: Ask("DELETE", "/api/v1/me"),
}
