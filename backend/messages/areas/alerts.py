"""Follow areas, and find who is to be told of a report that was published.

Only what strangers may read is ever news: it is asked of the public view when the report is
published, and again when the day's batch goes out. What is urgent goes out at once, the rest once
a day at the hour of the settings. A report whose place is kept coarse is news in its commune, not
in circles: it is shown at a point that says nothing of where it is.
"""

import uuid
from datetime import datetime
from typing import Final

from backend import clock
from backend.database import Database
from backend.identifiers import new_uuid7
from backend.messages.areas import store
from backend.messages.areas.places import Alert, Circle
from backend.messages.areas.store import Owner
from backend.messages.errors import BadAlert, TooManyAlerts, UnknownAlert, UnknownDevice
from backend.messages.quiet import Timing, next_batch

ALERTS_MOST: Final = 20
# Events after which a report may be there for strangers to read that was not before.
_PUBLISHING: Final = frozenset(("accept", "publish", "unmerge", "reopen"))


async def owner_of(
    database: Database, *, account_id: uuid.UUID | None, device_id: uuid.UUID | None
) -> Owner:
    """Who follows: the account of whoever is signed in, else the device; raises UnknownDevice."""
    if account_id is not None:
        return Owner(account_id=account_id)
    if device_id is None or not await store.is_owner_of_device(database.app, device_id, None):
        raise UnknownDevice()
    return Owner(device_id=device_id)


async def follow_area(
    database: Database,
    owner: Owner,
    *,
    unit: str | None,
    circle: Circle | None,
    category: str | None,
) -> Alert:
    """Follow a commune or a circle; the same again is the same. Raises BadAlert, TooManyAlerts."""
    await _check(database, unit, circle, category)
    async with database.transaction() as connection:
        if not await store.lock_owner(connection, owner):
            raise UnknownDevice()
        followed = await store.list_alerts(connection, owner, limit=ALERTS_MOST)
        for one in followed:
            if (one.unit, one.circle, one.category) == (unit, circle, category):
                return one
        if len(followed) >= ALERTS_MOST:
            raise TooManyAlerts()
        alert = Alert(new_uuid7(), unit, circle, category, clock.now())
        await store.insert_alert(connection, owner, alert)
    return alert


async def list_areas(database: Database, owner: Owner) -> list[Alert]:
    """The areas somebody follows, the newest first."""
    return await store.list_alerts(database.app, owner, limit=ALERTS_MOST)


async def unfollow_area(database: Database, owner: Owner, alert_id: uuid.UUID) -> None:
    """Follow an area no more; raises UnknownAlert."""
    if not await store.delete_alert(database.app, owner, alert_id):
        raise UnknownAlert()


async def tell_areas(
    database: Database,
    event_id: int,
    kind: str,
    report_id: uuid.UUID,
    *,
    timing: Timing,
    now: datetime,
) -> None:
    """Write down who is to be told, after an event of this kind, that there is a report to read.

    Of a report that strangers could read already, nobody is told again: photos that are released
    later are published by an event of the same kind.
    """
    if kind not in _PUBLISHING:
        return
    report = await store.find_published(database.public, report_id)
    if report is None:
        return
    batch = next_batch(now, timing)
    await store.insert_area_notices(
        database.app,
        event_id,
        report,
        collapse_key=f"ev-{event_id}" if report.is_urgent else f"area-{int(batch.timestamp())}",
        due_at=None if report.is_urgent else batch,
        now=now,
    )


async def _check(
    database: Database, unit: str | None, circle: Circle | None, category: str | None
) -> None:
    if (unit is None) == (circle is None) or (circle is not None and not circle.is_possible()):
        raise BadAlert()
    if unit is not None:
        today = clock.day_of(clock.now())
        if not await store.is_commune(database.public, unit, on=today):
            raise BadAlert()
    if category is not None and not await store.is_field(database.public, category):
        raise BadAlert()
