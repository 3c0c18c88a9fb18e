"""Areas that somebody follows: an account, or a device that is nobody's (its id is the right).

A device without an account names itself in the header X-Device-Id, where no log keeps it.
"""

import uuid
from typing import Annotated, Any, Final

from litestar import Request, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from backend.database import Database
from backend.errors import NotAllowed, NotSignedIn
from backend.messages.areas.alerts import follow_area, list_areas, owner_of, unfollow_area
from backend.messages.areas.places import RADIUS_METRES, Alert, Circle
from backend.messages.areas.store import Owner
from backend.messages.choices.mailboxes import open_mailboxes
from backend.messages.choices.store import list_account_recipients
from backend.messages.errors import UnknownDevice
from backend.settings import Settings
from backend.web.limits import Limit
from backend.web.policies import ANYONE, principal_of

DEVICE_HEADER: Final = "X-Device-Id"
_OPT: Final = {"policy": ANYONE, "limit": Limit("alerts", per_minute=30, burst=30)}
_TAGS: Final = ["notices"]


class CircleIn(Struct, forbid_unknown_fields=True):
    """Everything within a distance of a point (WGS 84)."""

    lon: Annotated[float, Meta(ge=-180, le=180)]
    lat: Annotated[float, Meta(ge=-85, le=85)]
    radius_metres: Annotated[int, Meta(ge=RADIUS_METRES.start, le=RADIUS_METRES.stop - 1)]


class AlertIn(Struct, forbid_unknown_fields=True):
    """A commune by its code, or a circle; a field or sub-field, or all that are public."""

    unit: Annotated[str, Meta(max_length=32)] | None = None
    circle: CircleIn | None = None
    category: Annotated[str, Meta(max_length=61)] | None = None


@post("/api/v1/alerts", opt=_OPT, status_code=201, summary="Theo dõi một khu vực", tags=_TAGS)
async def follow(
    request: Request[Any, Any, Any],
    data: JSONBody[AlertIn],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> dict[str, Any]:
    """Be told of reports that are published there: urgent ones at once, others once a day."""
    owner = await _owner(request, database)
    given = data.circle
    alert = await follow_area(
        database,
        owner,
        unit=data.unit,
        circle=Circle(given.lon, given.lat, given.radius_metres) if given else None,
        category=data.category,
    )
    if owner.account_id is not None:
        recipients = await list_account_recipients(database.app, owner.account_id)
        await open_mailboxes(database.app, recipients, secret_key=settings.secret_key)
    return _view(alert)


@get("/api/v1/alerts", opt=_OPT, summary="Khu vực đang theo dõi", tags=_TAGS)
async def list_followed(
    request: Request[Any, Any, Any], database: NamedDependency[Database]
) -> dict[str, Any]:
    """The areas somebody follows, the newest first; there are never more than twenty."""
    owner = await _owner(request, database)
    return {"items": [_view(alert) for alert in await list_areas(database, owner)], "next": None}


@delete("/api/v1/alerts/{alert_id:uuid}", opt=_OPT, summary="Ngừng theo dõi khu vực", tags=_TAGS)
async def unfollow(
    request: Request[Any, Any, Any],
    alert_id: FromPath[uuid.UUID],
    database: NamedDependency[Database],
) -> None:
    """Be told of this area no more."""
    await unfollow_area(database, await _owner(request, database), alert_id)


async def _owner(request: Request[Any, Any, Any], database: Database) -> Owner:
    """Who asks: an account, else a device; raises NotSignedIn, NotAllowed, UnknownDevice."""
    principal = principal_of(request.scope)
    if principal is not None:
        if principal.role == "wall":
            raise NotAllowed()
        return await owner_of(database, account_id=principal.account_id, device_id=None)
    given = request.headers.get(DEVICE_HEADER)
    if given is None:
        raise NotSignedIn()
    try:
        device_id = uuid.UUID(given)
    except ValueError:
        raise UnknownDevice() from None
    return await owner_of(database, account_id=None, device_id=device_id)


def _view(alert: Alert) -> dict[str, Any]:
    circle = alert.circle
    return {
        "id": alert.id,
        "unit": alert.unit,
        "circle": circle
        and {"lon": circle.lon, "lat": circle.lat, "radius_metres": circle.radius_metres},
        "category": alert.category,
        "created_at": alert.created_at,
    }
