"""Push addresses over HTTP: a phone registers once and says which reports it follows."""

import uuid
from typing import Annotated, Any

from litestar import Request, delete, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from backend.database import Database
from backend.messages.devices import DeviceKind, drop_device, follow_case, register_device
from backend.web.language import language_of
from backend.web.limits import Limit
from backend.web.policies import ANYONE, principal_of
from mobile_api.ownership import get_own_report

_OPT = {"policy": ANYONE, "limit": Limit("devices", per_minute=20, burst=20)}


class FollowedIn(Struct, forbid_unknown_fields=True):
    """A report of the phone's owner; the secret may be left out by whoever is signed in."""

    code: Annotated[str, Meta(max_length=40)]
    tracking_secret: Annotated[str, Meta(max_length=100)] | None = None


class DeviceIn(Struct, forbid_unknown_fields=True):
    """A push address: a Firebase installation id, a registration token, or a Web Push address."""

    kind: DeviceKind
    value: Annotated[str, Meta(min_length=1, max_length=4096)]
    follow: Annotated[list[FollowedIn], Meta(max_length=50)] = []


@post(
    "/api/v1/devices",
    opt=_OPT,
    status_code=201,
    summary="Đăng ký nhận thông báo",
    tags=["notices"],
)
async def register(
    request: Request[Any, Any, Any],
    data: JSONBody[DeviceIn],
    database: NamedDependency[Database],
) -> dict[str, Any]:
    """Take a push address in, once; the last who registers it owns it. Follows are added."""
    followed = [
        await get_own_report(request, database, one.code, secret=one.tracking_secret)
        for one in data.follow
    ]
    principal = principal_of(request.scope)
    device_id = await register_device(
        database,
        kind=data.kind,
        value=data.value,
        account_id=principal.account_id if principal else None,
        language=language_of(request),
    )
    for report_id in followed:
        await follow_case(database.app, "report", report_id, device_id=device_id)
    return {"id": device_id, "following": [one.code for one in data.follow]}


@delete(
    "/api/v1/devices/{device_id:uuid}",
    opt=_OPT,
    summary="Ngừng nhận thông báo",
    tags=["notices"],
)
async def drop(
    request: Request[Any, Any, Any],
    device_id: FromPath[uuid.UUID],
    database: NamedDependency[Database],
) -> None:
    """Forget a push address; the id that registration gave is the right to do so."""
    principal = principal_of(request.scope)
    await drop_device(database, device_id, account_id=principal.account_id if principal else None)
