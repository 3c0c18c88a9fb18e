"""Everything held about a person as one JSON document, written while it is read.

It is a stream: a thousand reports take no more memory than one.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final

import msgspec
from litestar import Request

from backend import clock
from backend.accounts.citizens import store as citizens_store
from backend.accounts.consents import store as consents_store
from backend.database import Database
from backend.identifiers import AccountId
from backend.privacy import store as privacy_store
from backend.reports.rulebook import Rulebooks
from backend.settings import Settings
from mobile_api.account import store
from mobile_api.account.reading import read_account
from mobile_api.own import read_own_view
from mobile_api.store import PAGE_MOST

_ENCODER: Final = msgspec.json.Encoder()
_NOTE: Final = (
    "Toàn bộ dữ liệu hệ thống lưu về bạn. Lượt 'tôi cũng gặp' chỉ được lưu dưới dạng mã hóa một"
    " chiều nên không thể liệt kê. / Everything held about you. Support of other people's reports"
    " is kept as a one-way digest and cannot be listed."
)


async def write_export(
    request: Request[Any, Any, Any],
    *,
    database: Database,
    rulebooks: Rulebooks,
    settings: Settings,
    account_id: AccountId,
) -> AsyncIterator[bytes]:
    """The pieces of the document, each read when the one before has gone out."""
    account = await read_account(database, account_id, "vi")
    yield b'{"format":"caunoi-export-1","note":' + _ENCODER.encode(_NOTE)
    yield _member("exported_at", clock.now()) + _member("account", account)
    app = database.app
    yield _member("sessions", await citizens_store.list_sessions(app, account_id))
    yield _member("consents_said", await consents_store.list_history(app, account_id))
    yield _member("devices", await privacy_store.list_devices(app, account_id))
    yield _member("follows", await privacy_store.list_follows(app, account_id))
    yield _member("notice_choices", await privacy_store.list_choices(app, account_id))
    yield _member("area_alerts", await privacy_store.list_alerts(app, account_id))
    yield b',"notifications":['
    async for piece in _joined(_notifications(database, account_id)):
        yield piece
    yield b'],"reports":['
    reports = _reports(
        request, database=database, rulebooks=rulebooks, settings=settings, account_id=account_id
    )
    async for piece in _joined(reports):
        yield piece
    yield b"]}"


async def _notifications(database: Database, account_id: AccountId) -> AsyncIterator[Any]:
    after = 0
    while page := await privacy_store.list_notifications(
        database.app, account_id, after=after, limit=PAGE_MOST
    ):
        after = page[-1]["id"]
        for one in page:
            yield one


async def _reports(
    request: Request[Any, Any, Any],
    *,
    database: Database,
    rulebooks: Rulebooks,
    settings: Settings,
    account_id: AccountId,
) -> AsyncIterator[Any]:
    after: tuple[datetime, Any] | None = None
    while True:
        rows = await store.list_own_reports(database.app, account_id, after=after, limit=PAGE_MOST)
        for row in rows[:PAGE_MOST]:
            yield await read_own_view(request, database, rulebooks, settings, report_id=row["id"])
        if len(rows) <= PAGE_MOST:
            return
        after = (rows[PAGE_MOST - 1]["created_at"], rows[PAGE_MOST - 1]["id"])


async def _joined(items: AsyncIterator[Any]) -> AsyncIterator[bytes]:
    comma = b""
    async for item in items:
        yield comma + _ENCODER.encode(item)
        comma = b","


def _member(name: str, value: object) -> bytes:
    return b"," + _ENCODER.encode(name) + b":" + _ENCODER.encode(value)
