"""Workers are killed, databases and stores go away: every work is done, and shows once."""

import asyncio
import hashlib
import json
import random
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, urlsplit

import pytest

from backend.database import Database, owner_connection
from backend.jobs import store as jobs_store
from backend.messages.devices import follow_case, register_device
from backend.photos.objects import ObjectStore
from backend.photos.uploads import receive_photo
from backend.settings import Settings
from tests.factories import a_photo, in_chunks, insert_a_report, insert_an_event
from tests.twins.fault_proxy import FaultProxy, Late, Passing, Refusing, Silent
from tests.twins.fcm import Fault, FcmTwin, fcm_twin
from tests.worker.conftest import Workers, eventually, left_files

KILLS = [2, pytest.param(20, marks=[pytest.mark.nightly, pytest.mark.timeout(600)])]


@pytest.fixture
def fcm() -> Iterator[FcmTwin]:
    with fcm_twin() as twin:
        yield twin


@pytest.fixture
def fcm_environ(fcm: FcmTwin, tmp_path: Path) -> dict[str, str]:
    credentials = tmp_path / "firebase.json"
    credentials.write_text(json.dumps({"project_id": "twin"}))
    return {
        "CAUNOI_PUSH": "fcm",
        "CAUNOI_FCM_CREDENTIALS": str(credentials),
        "CAUNOI_FCM_URL": fcm.url,
    }


class Province:
    """What the tests do to the installation, and the questions they ask of it."""

    def __init__(self, database: Database, objects: ObjectStore, settings: Settings) -> None:
        self.database, self.objects, self.settings = database, objects, settings
        self.report_id = uuid.UUID(int=0)
        self.sent: list[str] = []

    async def send_photo(self) -> str:
        number = len(self.sent)
        body = a_photo(size=(700, 500), colour=(number % 250, number // 250, 7))
        sha256 = hashlib.sha256(body).hexdigest()
        if number % 6 == 0:
            self.report_id = await insert_a_report(self.database.app)
        await receive_photo(
            self.database,
            self.objects,
            self.settings,
            report_id=self.report_id,
            sha256=sha256,
            content_type="image/jpeg",
            chunks=in_chunks(body),
        )
        self.sent.append(f"{self.report_id}/{sha256}")
        return sha256

    async def is_quiet(self) -> bool:
        """Nothing is left in the queue, not even among the dead letters."""
        return int(await self.database.app.fetchval("SELECT count(*) FROM pgqueuer")) == 0

    async def check_photos(self) -> None:
        rows = await self.database.app.fetch("SELECT state FROM report_photo")
        assert [row["state"] for row in rows] == ["ready"] * len(self.sent)
        public = {item.key for item in await self.objects.list("public/", limit=10_000)}
        assert public == {
            f"public/{name}-{pixels}.webp" for name in self.sent for pixels in (1600, 400)
        }
        assert await self.objects.list("quarantine/") == []


@pytest.fixture
def province(database: Database, objects: ObjectStore, settings: Settings) -> Province:
    return Province(database, objects, settings)


@pytest.mark.parametrize("kills", KILLS)
async def test_photos_outlive_workers_killed_at_any_moment(
    workers: Workers, province: Province, kills: int
) -> None:
    process = workers.start()
    for _ in range(kills):
        for _ in range(3):
            await province.send_photo()
        await asyncio.sleep(random.uniform(0.0, 2.5))
        workers.kill(process)
        process = workers.start()
    await eventually(province.is_quiet, seconds=60, what=workers.text()[-2000:])
    await province.check_photos()
    assert workers.stop(process) < 5
    # what the killed ones left lying, two photos at a time, is swept after an hour; the living one
    # leaves nothing
    assert len(left_files(workers.folder)) <= 2 * kills


@pytest.mark.parametrize("kills", KILLS)
async def test_push_is_seen_once_when_workers_die_between_sending_and_recording(
    workers: Workers,
    province: Province,
    fcm: FcmTwin,
    fcm_environ: dict[str, str],
    kills: int,
) -> None:
    app = province.database.app
    case_id = await insert_a_report(app)
    addresses = [f"token-{uuid.uuid4().hex}" for _ in range(3)]
    for address in addresses:
        device_id = await register_device(province.database, kind="token", value=address)
        await follow_case(app, "report", case_id, device_id=device_id)
    died = asyncio.Event()
    loop = asyncio.get_running_loop()
    process = workers.start(**fcm_environ)

    def kill_before_the_answer(_: int) -> None:
        fcm.on_accept = None
        workers.kill(process)
        loop.call_soon_threadsafe(died.set)

    events = []
    may_repeat = 0
    for _ in range(kills):
        died.clear()
        fcm.on_accept = kill_before_the_answer
        events.append(await insert_an_event(app, case_id, "start"))
        await asyncio.wait_for(died.wait(), timeout=20)
        # an earlier event may still be under way when the next kill comes
        may_repeat += await app.fetchval(
            "SELECT count(*) FROM notification WHERE state = 'waiting'"
        )
        process = workers.start(**fcm_environ)
    await eventually(province.is_quiet, seconds=60, what=workers.text()[-2000:])
    for address in addresses:
        assert sorted(fcm.screen(address)) == sorted(f"ev-{event_id}" for event_id in events)
    rows = await app.fetch("SELECT state FROM notification")
    assert [row["state"] for row in rows] == ["sent"] * len(events) * len(addresses)
    assert len(fcm.accepted) - len(rows) <= may_repeat


@pytest.mark.nightly
async def test_two_workers_share_the_work_and_do_each_once(
    workers: Workers, province: Province, fcm: FcmTwin, fcm_environ: dict[str, str]
) -> None:
    app = province.database.app
    case_id = await insert_a_report(app)
    device_id = await register_device(province.database, kind="fid", value="an-installation-id")
    await follow_case(app, "report", case_id, device_id=device_id)
    events = [await insert_an_event(app, case_id, "start") for _ in range(60)]
    for _ in range(4):
        await province.send_photo()
    both = [workers.start(**fcm_environ) for _ in range(2)]
    await eventually(province.is_quiet, seconds=40, what=workers.text()[-2000:])
    assert len(fcm.accepted) == len(events)
    assert sorted(fcm.screen("an-installation-id")) == sorted(f"ev-{one}" for one in events)
    await province.check_photos()
    for process in both:
        assert workers.stop(process) < 5


async def test_worker_told_to_stop_ends_in_time_and_gives_its_work_back(
    workers: Workers, province: Province, fcm: FcmTwin, fcm_environ: dict[str, str]
) -> None:
    app = province.database.app
    case_id = await insert_a_report(app)
    device_id = await register_device(province.database, kind="fid", value="an-installation-id")
    await follow_case(app, "report", case_id, device_id=device_id)
    fcm.by_address["an-installation-id"] = Fault(503, hang_seconds=8)
    event_id = await insert_an_event(app, case_id, "start")
    process = workers.start(**fcm_environ)

    async def asked() -> bool:
        return fcm.requests > 0

    await eventually(asked)
    assert workers.stop(process) < 5
    row = await app.fetchrow("SELECT status::text FROM pgqueuer WHERE entrypoint = 'announce'")
    assert row is not None
    assert row["status"] == "queued"
    fcm.by_address.clear()
    workers.start(**fcm_environ)
    await eventually(province.is_quiet, seconds=30)
    assert fcm.screen("an-installation-id") == [f"ev-{event_id}"]


def _over_tcp(settings: Settings) -> tuple[SplitResult, int]:
    """The database's URL without its address (`user:password@`), and the port it listens on."""
    assert settings.database_url is not None
    parts = urlsplit(settings.database_url)
    port = parts.port or int(parse_qs(parts.query)["port"][0])
    return parts._replace(netloc=parts.netloc.rpartition("@")[0] + "@"), port


@pytest.mark.nightly  # tests/faults stops the database under load in ./test
async def test_worker_outlives_a_lost_database(
    workers: Workers, province: Province, settings: Settings
) -> None:
    parts, port = _over_tcp(settings)
    async with FaultProxy("127.0.0.1", port) as proxy:
        behind = parts._replace(netloc=f"{parts.netloc}{proxy.address}", query="")
        process = workers.start(CAUNOI_DATABASE_URL=behind.geturl())
        for outage in (Refusing(), Silent(), Refusing()):
            await province.send_photo()
            await asyncio.sleep(1.0)
            proxy.mode = outage
            await proxy.cut()
            await province.send_photo()
            await asyncio.sleep(2.0)
            proxy.mode = Passing()
            await proxy.cut()
        await eventually(province.is_quiet, seconds=60, what=workers.text()[-3000:])
        await province.check_photos()
        assert process.poll() is None, "it never had to be started anew"
        assert workers.stop(process) < 5


async def test_worker_outlives_killed_back_ends(
    workers: Workers, province: Province, settings: Settings
) -> None:
    assert settings.database_url is not None
    process = workers.start()
    async with owner_connection(settings.database_url) as owner:
        for _ in range(4):
            await province.send_photo()
            await asyncio.sleep(0.7)
            await owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name LIKE 'caunoi-worker%' AND datname = current_database()"
            )
    await eventually(province.is_quiet, seconds=40, what=workers.text()[-3000:])
    await province.check_photos()
    assert process.poll() is None


@pytest.mark.parametrize(
    "outage",
    [
        Refusing(),
        *(pytest.param(kind, marks=pytest.mark.nightly) for kind in (Silent(), Late(9.0))),
    ],
)
async def test_photos_wait_for_a_store_that_is_away(
    workers: Workers,
    province: Province,
    settings: Settings,
    outage: Refusing | Silent | Late,
) -> None:
    assert settings.s3 is not None
    host, _, port = settings.s3.endpoint.partition(":")
    async with FaultProxy(host, int(port)) as proxy:
        proxy.mode = outage
        workers.start(CAUNOI_S3_URL=f"http://{proxy.address}")
        for _ in range(3):
            await province.send_photo()

        async def tried() -> bool:
            return bool(await province.database.app.fetchval("SELECT max(attempts) FROM pgqueuer"))

        await eventually(tried, seconds=25, what=workers.text()[-2000:])
        proxy.mode = Passing()
        await proxy.cut()
        await eventually(province.is_quiet, seconds=40, what=workers.text()[-2000:])
        assert await jobs_store.list_dead_letters(province.database.app) == []
        await province.check_photos()


async def test_worker_shows_that_it_lives_and_says_nothing_of_cases_or_devices(
    workers: Workers, province: Province
) -> None:
    app = province.database.app
    case_id = await insert_a_report(app, text="CANARY ông A 0905123456", code="QNG-7K3M-2F9A")
    device_id = await register_device(province.database, kind="fid", value="CANARY-installation")
    await follow_case(app, "report", case_id, device_id=device_id)
    await insert_an_event(app, case_id, "start", body={"words": "CANARY"})
    process = workers.start()
    await eventually(province.is_quiet)
    assert workers.said("push")
    assert (workers.folder / f"worker-{process.pid}.alive").exists()
    assert "CANARY" not in workers.text()
    assert "QNG-7K3M-2F9A" not in workers.text()
    workers.stop(process)
    assert not (workers.folder / f"worker-{process.pid}.alive").exists()
