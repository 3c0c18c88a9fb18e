"""A real worker tells those around of a report once, however often it is published."""

import uuid

from backend.messages.areas.alerts import follow_area
from backend.messages.areas.store import Owner
from backend.messages.devices import register_device
from backend.messages.subscriptions import PushServices
from tests.province import UNIT, Town, other_photos
from tests.worker.conftest import Workers, eventually


async def a_follower(town: Town, name: str) -> uuid.UUID:
    device_id = await register_device(
        town.database, kind="token", value=f"{name}-{'x' * 40}", services=PushServices(())
    )
    await follow_area(
        town.database, Owner(device_id=device_id), unit=UNIT, circle=None, category=None
    )
    return device_id


async def all_announced(town: Town) -> bool:
    left: int = await town.owner.fetchval(
        "SELECT count(*) FROM pgqueuer WHERE entrypoint = 'announce'"
    )
    return left == 0


async def test_photos_that_are_released_later_are_no_news_to_an_area(town: Town) -> None:
    first, later = other_photos(2)
    early = await a_follower(town, "early")
    ordinary = await town.a_report(photos=(first, later))
    urgent = await town.a_report(photos=(first, later))
    await town.owner.execute("UPDATE report SET is_urgent = true WHERE id = $1", urgent.id)
    workers = Workers(town.settings)
    workers.start()
    try:
        for report in (ordinary, urgent):
            await town.moved(report, "accept", publish=True)
        await eventually(lambda: all_announced(town), what="the first publishing")
        late = await a_follower(town, "late")
        for report in (ordinary, urgent):
            for photo in (first, later):
                await town.send_photo(report, photo)
                await town.develop(report, photo)
                await town.moved(report, "publish", by="moderator")
        await eventually(lambda: all_announced(town), what="the photos")
    finally:
        for process in list(workers.running):
            workers.kill(process)
    published = await town.owner.fetchval(
        "SELECT count(*) FROM event WHERE kind IN ('accept', 'publish')"
    )
    assert published == 6
    rows = await town.owner.fetch(
        "SELECT device_id, case_id, count(*) AS times FROM notification"
        " WHERE audience = 'area' GROUP BY 1, 2"
    )
    told = {(row["device_id"], str(row["case_id"])): row["times"] for row in rows}
    assert told == {(early, ordinary.id): 1, (early, urgent.id): 1}
    assert late not in {device for device, _ in told}
