"""Push addresses over HTTP: a phone or browser registers once, and says what it wants to hear."""

import uuid
from typing import Annotated, Any, Final, Literal

from litestar import Request, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType

from backend.database import Database
from backend.identifiers import normal_report_code
from backend.messages.choices.actions import DeviceChange, change_device
from backend.messages.choices.kinds import Choices, is_by_default, list_kinds
from backend.messages.devices import DeviceKind, drop_device, follow_case, register_device
from backend.messages.senders import push_services
from backend.messages.vapid import open_vapid
from backend.reports.errors import UnknownReport
from backend.settings import Settings
from backend.web.language import language_of
from backend.web.limits import Limit
from backend.web.policies import ANYONE, NOBODY_ASKED, principal_of
from mobile_api import store
from mobile_api.ownership import get_own_report

_OPT: Final = {"policy": ANYONE, "limit": Limit("devices", per_minute=20, burst=20)}
_TAGS: Final = ["notices"]


class FollowedIn(Struct, forbid_unknown_fields=True):
    """A report: the secret shows that it is one's own, and may be left out by whoever is signed in.

    Without it a published report of anybody is followed.
    """

    code: Annotated[str, Meta(max_length=40)]
    tracking_secret: Annotated[str, Meta(max_length=100)] | None = None


class DeviceIn(Struct, forbid_unknown_fields=True):
    """A push address: a Firebase installation id, a registration token, or a Web Push address.

    Of a browser, `value` is `JSON.stringify(subscription)`.
    """

    kind: DeviceKind
    value: Annotated[str, Meta(min_length=1, max_length=4096)]
    follow: Annotated[list[FollowedIn], Meta(max_length=50)] = []


class DeviceChangeIn(Struct, forbid_unknown_fields=True):
    """What is left out stays; `push` replaces all earlier choices of this device."""

    language: Literal["vi", "en"] | UnsetType = UNSET
    push: Annotated[dict[str, bool], Meta(max_length=50)] | UnsetType = UNSET
    unfollow: Annotated[list[Annotated[str, Meta(max_length=40)]], Meta(max_length=50)] = []


@get(
    "/api/v1/push/key",
    opt={"policy": NOBODY_ASKED},
    summary="Khóa công khai cho thông báo đẩy",
    tags=_TAGS,
)
async def push_key(settings: NamedDependency[Settings]) -> dict[str, str]:
    """What a browser subscribes with (`applicationServerKey`), in base64url."""
    return {"key": open_vapid(settings).public_key}


@post(
    "/api/v1/devices",
    opt=_OPT,
    status_code=201,
    summary="Đăng ký nhận thông báo",
    tags=_TAGS,
)
async def register(
    request: Request[Any, Any, Any],
    data: JSONBody[DeviceIn],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> dict[str, Any]:
    """Take a push address in, once; the last who registers it owns it. Follows are added."""
    followed = [await _followed(request, database, one) for one in data.follow]
    principal = principal_of(request.scope)
    device_id = await register_device(
        database,
        kind=data.kind,
        value=data.value,
        account_id=principal.account_id if principal else None,
        language=language_of(request),
        services=push_services(settings),
    )
    for report_id, is_reporter in followed:
        await follow_case(
            database.app, "report", report_id, device_id=device_id, is_reporter=is_reporter
        )
    return {"id": device_id, "following": [one.code for one in data.follow]}


@patch(
    "/api/v1/devices/{device_id:uuid}",
    opt=_OPT,
    summary="Chọn nội dung thông báo trên thiết bị",
    tags=_TAGS,
)
async def change(
    request: Request[Any, Any, Any],
    device_id: FromPath[uuid.UUID],
    data: JSONBody[DeviceChangeIn],
    database: NamedDependency[Database],
) -> dict[str, Any]:
    """Change what a device is told of; with an empty object, read it."""
    principal = principal_of(request.scope)
    codes = [code for typed in data.unfollow if (code := normal_report_code(typed))]
    state, choices = await change_device(
        database,
        device_id,
        DeviceChange(
            language=None if data.language is UNSET else data.language,
            choices=None if data.push is UNSET else Choices(push=data.push),
            unfollow=codes,
        ),
        account_id=principal.account_id if principal else None,
    )
    language = language_of(request)
    return {
        "id": device_id,
        "language": state.language,
        "following": list(state.follows),
        "push": [
            {
                "kind": kind,
                "title": words.in_language(language),
                "is_wanted": choices.push.get(kind, is_by_default(kind, "push")),
                "is_chosen": kind in choices.push,
            }
            for kind, words in list_kinds(is_staff=state.is_staff).items()
        ],
    }


@delete(
    "/api/v1/devices/{device_id:uuid}",
    opt=_OPT,
    summary="Ngừng nhận thông báo",
    tags=_TAGS,
)
async def drop(
    request: Request[Any, Any, Any],
    device_id: FromPath[uuid.UUID],
    database: NamedDependency[Database],
) -> None:
    """Forget a push address; the id that registration gave is the right to do so."""
    principal = principal_of(request.scope)
    await drop_device(database, device_id, account_id=principal.account_id if principal else None)


async def _followed(
    request: Request[Any, Any, Any], database: Database, one: FollowedIn
) -> tuple[uuid.UUID, bool]:
    """The report, and whether it is the caller's own; raises UnknownReport."""
    try:
        return await get_own_report(request, database, one.code, secret=one.tracking_secret), True
    except UnknownReport:
        if one.tracking_secret is not None:
            raise
    code = normal_report_code(one.code)
    found = await store.find_tracking(database.public, code) if code else None
    if found is None or not found["is_published"]:
        raise UnknownReport()
    return found["id"], False
