"""Areas: who follows one is told once a day of what was published there, of urgent at once."""

import json
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from backend.clock import VIETNAM
from backend.database import Database
from backend.messages.announce import Terms, announce
from backend.messages.areas.alerts import (
    ALERTS_MOST,
    follow_area,
    list_areas,
    owner_of,
    unfollow_area,
)
from backend.messages.areas.places import Circle
from backend.messages.areas.store import Owner
from backend.messages.choices.actions import DeviceChange, change_account_notices, change_device
from backend.messages.choices.kinds import Choices
from backend.messages.errors import (
    BadAlert,
    TooManyAlerts,
    UnknownAlert,
    UnknownDevice,
    UnknownKind,
)
from backend.messages.firebase import FirebasePush
from backend.messages.held.deliver import deliver_pushes
from backend.messages.quiet import Timing
from tests.factories import insert_a_report, insert_an_event
from tests.messages.conftest import SECRET_KEY, People
from tests.twins.fcm import FcmTwin

TERMS: Final = Terms(Timing(), SECRET_KEY)
NOON: Final = datetime(2026, 11, 22, 12, 0, tzinfo=VIETNAM)
SIX: Final = datetime(2026, 11, 22, 18, 0, tzinfo=VIETNAM)
NIGHT: Final = datetime(2026, 11, 22, 23, 0, tzinfo=VIETNAM)
# where reports of factories.py lie, and about 1.1 km to the north of it
HERE: Final = Circle(108.7923, 15.1205, 500)
NORTH: Final = Circle(108.7923, 15.1305, 1000)


class Area:
    """Follows places and publishes reports in the commune of the tests."""

    def __init__(self, database: Database, push: FirebasePush, people: People) -> None:
        self.database, self.push, self.people = database, push, people

    async def follower(self, **where: Any) -> tuple[uuid.UUID, str]:
        device_id, address = await self.people.device()
        await self.follow(Owner(device_id=device_id), **where)
        return device_id, address

    async def follow(
        self,
        owner: Owner,
        *,
        unit: str | None = None,
        circle: Circle | None = None,
        category: str | None = None,
    ) -> uuid.UUID:
        alert = await follow_area(self.database, owner, unit=unit, circle=circle, category=category)
        return alert.id

    async def publish(
        self, *, now: datetime = NOON, event: str = "accept", urgent: bool = False, **what: Any
    ) -> uuid.UUID:
        case_id = await insert_a_report(self.database.app, **what)
        await self.database.app.execute("UPDATE report SET is_urgent = $1", urgent)
        await self.happen(case_id, event, now=now)
        return case_id

    async def happen(self, case_id: uuid.UUID, event: str, *, now: datetime = NOON) -> None:
        event_id = await insert_an_event(self.database.app, case_id, event)
        for _ in range(2):
            payload = str(event_id).encode()
            await announce(self.database, self.push, TERMS, payload=payload, now=now)

    async def batch(self, now: datetime = SIX) -> None:
        for _ in range(2):
            await deliver_pushes(self.database, self.push, TERMS, now=now)


@pytest.fixture
def area(database: Database, push: FirebasePush, people: People, a_commune: str) -> Area:
    return Area(database, push, people)


async def test_reports_of_a_day_come_as_one_at_the_hour_of_the_batch(
    area: Area, fcm: FcmTwin
) -> None:
    _, address = await area.follower(unit="21028")
    for _ in range(3):
        await area.publish(text="CANARYTEXT", code=None)
    await area.batch(SIX - timedelta(minutes=1))
    assert fcm.requests == 0
    await area.batch()
    (message,) = fcm.accepted
    assert message["notification"]["body"] == "Có 3 phản ánh mới trong khu vực bạn theo dõi."
    assert message["data"] == {"code": "", "link": "/ban-do"}
    assert len(fcm.screen(address)) == 1
    assert "CANARY" not in json.dumps(fcm.accepted)
    await area.publish(now=SIX + timedelta(minutes=1))
    await area.batch(SIX + timedelta(hours=2))
    assert len(fcm.accepted) == 1, "at most one a day"
    await area.batch(SIX + timedelta(days=1))
    assert len(fcm.accepted) == 2


async def test_urgent_report_is_told_at_once_even_at_night(area: Area, fcm: FcmTwin) -> None:
    await area.follower(circle=HERE)
    await area.publish(urgent=True, now=NIGHT, code="QNG-7K3M-2F9A")
    (message,) = fcm.accepted
    assert message["notification"]["body"] == "Có phản ánh khẩn cấp trong khu vực bạn theo dõi."
    assert message["data"]["link"] == "/theo-doi/QNG-7K3M-2F9A"


# where somebody follows, what is published, and whether it is news
NEWS: Final[Sequence[tuple[dict[str, Any], dict[str, Any], bool]]] = (
    ({"unit": "21028"}, {}, True),
    ({"circle": HERE}, {}, True),
    ({"circle": NORTH}, {}, False),
    # in the square around the circle, not in the circle
    ({"circle": Circle(108.7965, 15.1247, 500)}, {}, False),
    ({"circle": Circle(108.7965, 15.1247, 700)}, {}, True),
    ({"unit": "21028", "category": "rac-ton-dong"}, {}, True),
    ({"unit": "21028", "category": "moi-truong"}, {}, True),
    ({"circle": HERE, "category": "moi-truong"}, {}, True),
    ({"unit": "21028", "category": "o-ga"}, {}, False),
    ({"circle": HERE, "category": "o-ga"}, {}, False),
    ({"unit": "21028"}, {"is_sensitive": True}, True),
    # its place is coarse: a circle would say where it is not
    ({"circle": HERE}, {"is_sensitive": True}, False),
    ({"circle": Circle(108.8, 15.1, 5000)}, {"is_sensitive": True}, False),
    ({"unit": "21028"}, {"is_restricted": True}, False),
    ({"unit": "21028"}, {"visibility": "pending"}, False),
    ({"unit": "21028"}, {"visibility": "hidden"}, False),
    ({"unit": "21028"}, {"status": "declined"}, False),
    ({"unit": "21028"}, {"status": "withdrawn"}, False),
    ({"unit": "21028"}, {"event": "internal_note"}, False),
    ({"unit": "21028"}, {"event": "publish"}, True),
)


async def test_only_what_is_published_there_is_news(area: Area, fcm: FcmTwin) -> None:
    for where, what, is_told in NEWS:
        fcm.accepted.clear()
        await area.follower(**where)
        await area.publish(**what)
        await area.batch()
        assert len(fcm.accepted) == is_told, (where, what)
        await area.database.app.execute("DELETE FROM area_alert")


async def test_what_is_hidden_before_the_batch_is_no_news(area: Area, fcm: FcmTwin) -> None:
    await area.follower(unit="21028")
    case_id = await area.publish()
    await area.publish()
    await area.database.app.execute(
        "UPDATE report SET visibility = 'hidden' WHERE id = $1", case_id
    )
    await area.batch()
    (message,) = fcm.accepted
    assert message["notification"]["body"] == "Có phản ánh mới trong khu vực bạn theo dõi."


async def test_report_published_twice_in_two_followed_areas_is_news_once(
    area: Area, fcm: FcmTwin
) -> None:
    device_id, _ = await area.follower(unit="21028")
    await area.follow(Owner(device_id=device_id), circle=HERE)
    case_id = await area.publish()
    await area.happen(case_id, "publish")
    await area.batch()
    await area.happen(case_id, "publish", now=SIX + timedelta(hours=1))
    await area.batch(SIX + timedelta(days=1))
    assert len(fcm.accepted) == 1


async def test_reporter_and_follower_are_told_of_the_report_not_of_the_area(
    area: Area, fcm: FcmTwin, people: People
) -> None:
    citizen = await people.account("citizen")
    await people.device(citizen)
    await area.follow(Owner(account_id=citizen), unit="21028")
    await area.publish(account_id=citizen)
    await area.batch()
    assert [one["notification"]["body"] for one in fcm.accepted] == [
        "Phản ánh của bạn đã được cơ quan chức năng tiếp nhận xử lý."
    ]


async def test_nobodys_own_report_is_news_to_them_whichever_step_publishes_it(
    area: Area, fcm: FcmTwin, people: People
) -> None:
    citizen, neighbour = await people.account("citizen"), await people.account("citizen")
    await people.device(citizen)
    _, address = await people.device(neighbour)
    for account in (citizen, neighbour):
        await area.follow(Owner(account_id=account), unit="21028")
    # a step of which the reporter is not told as such
    case_id = await insert_a_report(area.database.app, account_id=citizen)
    await area.happen(case_id, "unmerge")
    await area.batch()
    told = [one for one in fcm.accepted if "khu vực" in one["notification"]["body"]]
    assert [one["token"] for one in told] == [address]


async def test_choice_to_hear_nothing_of_areas_is_kept(
    area: Area, fcm: FcmTwin, people: People
) -> None:
    citizen = await people.account("citizen")
    one, _ = await people.device(citizen)
    _, other = await people.device(citizen)
    await area.follow(Owner(account_id=citizen), unit="21028")
    await change_device(
        area.database,
        one,
        DeviceChange(choices=Choices(push={"area_alert": False})),
        account_id=citizen,
    )
    await area.publish()
    await area.batch()
    assert [message["token"] for message in fcm.accepted] == [other]


async def test_choice_of_a_device_goes_before_that_of_its_account(
    area: Area, fcm: FcmTwin, people: People
) -> None:
    for account, device, is_told in (
        ({}, {}, True),
        ({"start": False}, {}, False),
        ({"start": False}, {"start": True}, True),
        ({"start": True}, {"start": False}, False),
        ({"resolve": False}, {}, True),
    ):
        fcm.accepted.clear()
        citizen = await people.account("citizen")
        device_id, _ = await people.device(citizen)
        await change_account_notices(
            area.database,
            citizen,
            Choices(push=account),
            is_staff=False,
            stop_email=None,
            secret_key=SECRET_KEY,
        )
        change = DeviceChange(choices=Choices(push=device))
        await change_device(area.database, device_id, change, account_id=citizen)
        case_id = await insert_a_report(area.database.app, account_id=citizen)
        await area.happen(case_id, "start")
        assert len(fcm.accepted) == is_told, (account, device)


async def test_choice_about_what_nobody_is_told_of_changes_nothing(
    area: Area, people: People
) -> None:
    device_id, _ = await people.device()
    change = DeviceChange(language="en", choices=Choices(push={"start": False, "overdue": True}))
    with pytest.raises(UnknownKind):
        await change_device(area.database, device_id, change, account_id=None)
    state, choices = await change_device(area.database, device_id, DeviceChange(), account_id=None)
    assert (state.language, choices) == ("vi", Choices())


async def test_areas_are_those_of_their_owner_alone(area: Area, people: People) -> None:
    citizen, other = await people.account("citizen"), await people.account("citizen")
    owned, _ = await people.device(citizen)
    alert_id = await area.follow(Owner(account_id=citizen), unit="21028")
    assert await list_areas(area.database, Owner(account_id=other)) == []
    with pytest.raises(UnknownAlert):
        await unfollow_area(area.database, Owner(account_id=other), alert_id)
    for device_id in (owned, uuid.uuid4(), None):
        with pytest.raises(UnknownDevice):
            await owner_of(area.database, account_id=None, device_id=device_id)
    await unfollow_area(area.database, Owner(account_id=citizen), alert_id)
    assert await list_areas(area.database, Owner(account_id=citizen)) == []


async def test_place_that_cannot_be_followed_is_refused(area: Area) -> None:
    wheres: Sequence[dict[str, Any]] = (
        {},
        {"unit": "21028", "circle": HERE},
        {"unit": "99999"},
        {"unit": "' OR 1=1"},
        {"circle": Circle(108.8, 15.1, 50)},
        {"circle": Circle(108.8, 15.1, 50_000)},
        {"circle": Circle(float("nan"), 15.1, 500)},
        {"circle": Circle(181.0, 15.1, 500)},
        {"unit": "21028", "category": "nothing"},
        {"unit": "21028", "category": "to-giac"},
    )
    for where in wheres:
        with pytest.raises(BadAlert):
            await area.follower(**where)


async def test_same_area_is_followed_once_and_no_more_than_twenty(
    area: Area, people: People
) -> None:
    owner = Owner(account_id=await people.account("citizen"))
    assert await area.follow(owner, unit="21028") == await area.follow(owner, unit="21028")
    for number in range(ALERTS_MOST - 1):
        await area.follow(owner, circle=Circle(108.7, 15.1, 100 + number))
    with pytest.raises(TooManyAlerts):
        await area.follow(owner, circle=HERE)
    assert len(await list_areas(area.database, owner)) == ALERTS_MOST
