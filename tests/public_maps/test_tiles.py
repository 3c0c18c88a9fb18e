"""Vector tiles: what they hold at every zoom, with and without reports that nobody may see."""

from datetime import timedelta
from typing import Any, Final

import pytest

from backend.clock import day_of, now
from backend.grid.keeping import fill_map, fold_map
from backend.grid.recount import rebuild, recount
from tests.doors.test_canaries import CANARIES, a_canary
from tests.journeys.walk import REASON
from tests.province import PLACE, POTHOLE, SENSITIVE, UNIT, Town
from tests.public_maps.mvt import Layer, place_of, read_tile, tile_at

# one for each way a tile is made, and the deepest
ZOOMS: Final = (0, 6, 9, 11, 13, 15, 17, 22)


@pytest.fixture
async def town(module_town: Town) -> Town:
    """The module's application with no report in it."""
    await module_town.owner.execute("TRUNCATE report CASCADE")
    await module_town.owner.execute("TRUNCATE map_point, map_delta, map_cell, map_gone")
    return module_town


async def layer_of(
    town: Town, zoom: int, query: str = "", *, of: str = "reports"
) -> tuple[Layer | None, tuple[int, int]]:
    x, y = tile_at(*PLACE, zoom)
    answer = await town.ask("GET", f"/api/v1/tiles/{of}/{zoom}/{x}/{y}.pbf?{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    layers = read_tile(answer.content)
    assert set(layers) <= {of}
    return layers.get(of), (x, y)


async def counted(town: Town, zoom: int, query: str = "") -> int:
    """How many reports a tile tells of, single ones and clusters together."""
    layer, _ = await layer_of(town, zoom, query)
    return sum(one.properties.get("count", 1) for one in layer.features) if layer else 0


async def everything(town: Town) -> dict[str, Any]:
    """What every zoom shows around the place, with each filter."""
    queries = (
        "",
        f"category={POTHOLE}",
        "category=giao-thong",
        "status=assigned",
        "from=2020-01-01",
    )
    return {
        f"{zoom} {query}": (await layer_of(town, zoom, query))[0]
        for zoom in ZOOMS
        for query in queries
    }


async def publish(town: Town, count: int, **changes: Any) -> list[Any]:
    sent = []
    for n in range(count):
        place = {"lon": PLACE[0] + n * 1e-6, "lat": PLACE[1]}
        report = await town.a_report(location=place, **changes)
        await town.moved(report, "accept")
        sent.append(report)
    return sent


async def fold(town: Town) -> None:
    while await fold_map(town.database.app):
        pass


async def test_every_zoom_counts_every_report_once_folded_or_not(town: Town) -> None:
    sent = await publish(town, 5)
    today, month_ago = day_of(now()), day_of(now()) - timedelta(days=70)
    queries = {
        "": 5,
        f"category={POTHOLE}": 5,
        "category=giao-thong": 5,
        "category=cay-xanh": 0,
        "category=khong-co": 0,
        "status=assigned": 5,
        "status=closed": 0,
        f"from={today}&to={today}": 5,
        f"from={month_ago}": 5,
        f"from={month_ago}&to={today}&category=giao-thong&status=assigned": 5,
        f"to={month_ago}": 0,
    }
    for is_folded in (False, True):
        if is_folded:
            await fold(town)
        for query, count in queries.items():
            for zoom in ZOOMS if query == "" else (6, 14, 17):
                assert await counted(town, zoom, query) == count, (zoom, query, is_folded)
    backwards = f"/api/v1/tiles/reports/0/0/0.pbf?from={today}&to={month_ago}"
    assert (await town.ask("GET", backwards)).status_code == 400, (
        "a period that ends before it begins"
    )
    await town.moved(sent[0], "start")
    assert await counted(town, 9, "status=assigned") == 4
    assert await counted(town, 9, "status=in_progress") == 1
    await fold(town)
    assert await counted(town, 9, "status=assigned") == 4
    assert (await recount(town.owner)).differences == ()


async def test_a_single_report_shows_itself_where_it_is(town: Town) -> None:
    (report,) = await publish(town, 1)
    for zoom in ZOOMS:
        layer, (x, y) = await layer_of(town, zoom)
        assert layer is not None
        (one,) = layer.features
        assert one.kind == 1
        assert one.properties == {
            "code": report.code,
            "category": POTHOLE,
            "unit": UNIT,
            "status": "assigned",
            "is_overdue": False,
            "is_urgent": False,
            "is_coarse": False,
            "received_on": str(day_of(now())),
        }
        lon, lat = place_of(one, layer, zoom=zoom, x=x, y=y)
        grid = 360 / (1 << zoom) / layer.extent
        assert (lon, lat) == (
            pytest.approx(PLACE[0], abs=grid),
            pytest.approx(PLACE[1], abs=grid),
        )


@pytest.mark.parametrize(
    "state",
    [
        *("pending", "hidden"),
        *(
            pytest.param(state, marks=pytest.mark.nightly)
            for state in ("restricted", "withdrawn", "declined", "merged")
        ),
    ],
)
async def test_no_tile_tells_of_a_report_nobody_may_see(town: Town, state: str) -> None:
    await publish(town, 2)
    if state == "merged":
        # the other report, which stays, is made with it
        await a_canary(town, state)
        codes = {
            one.properties.get("code")
            for layer in (await everything(town)).values()
            for one in (layer.features if layer else ())
        }
        assert await counted(town, 6) == 2
        assert len(codes - {None}) <= 2
        return
    before = await everything(town)
    await a_canary(town, state)
    assert await everything(town) == before, "a tile differs before it is folded"
    await fold(town)
    assert await everything(town) == before, "a tile differs after it is folded"
    for layer in before.values():
        for one in layer.features if layer else ():
            said = repr(one.properties)
            assert not [word for word in CANARIES if word in said]


async def test_what_is_hidden_leaves_every_count_at_once_and_comes_back(town: Town) -> None:
    sent = await publish(town, 3)
    await fold(town)
    before = await everything(town)
    await town.moved(sent[1], "hide", by="moderator", reason=REASON)
    for zoom in ZOOMS:
        assert await counted(town, zoom) == 2, zoom
    await fold(town)
    layer, _ = await layer_of(town, 20)
    assert layer is not None
    assert sent[1].code not in {one.properties.get("code") for one in layer.features}
    await town.moved(sent[1], "publish", by="moderator")
    await fold(town)
    assert {key: _counts(layer) for key, layer in (await everything(town)).items()} == {
        key: _counts(layer) for key, layer in before.items()
    }


def _counts(layer: Layer | None) -> list[int]:
    return sorted(one.properties.get("count", 1) for one in layer.features) if layer else []


async def test_sensitive_reports_lie_at_one_point_however_deep_one_looks(town: Town) -> None:
    shown = []
    for place in (PLACE, (PLACE[0] + 4e-4, PLACE[1] + 4e-4)):
        at = {"lon": place[0], "lat": place[1]}
        report = await town.a_report(category=SENSITIVE, location=at)
        await town.moved(report, "accept", by="officer.police")
        shown.append((await town.see(f"/api/v1/reports/{report.code}"))["location"])
    assert shown[0] == shown[1]
    x, y = tile_at(shown[0]["lon"], shown[0]["lat"], 22)
    answer = await town.ask("GET", f"/api/v1/tiles/reports/22/{x}/{y}.pbf")
    (cluster,) = read_tile(answer.content)["reports"].features
    assert cluster.properties == {"count": 2}
    assert await counted(town, 22) == 0, "nothing lies where the reports were made"


async def test_units_are_those_of_the_day(town: Town) -> None:
    for zoom in (0, 6, 9, 14, 18):
        layer, _ = await layer_of(town, zoom, of="units")
        assert layer is not None
        assert {one.kind for one in layer.features} == {3}
        assert {"code", "name", "level"} <= set(layer.features[0].properties)
    here = {one.properties["code"] for one in layer.features}
    assert UNIT in here
    new, _ = await layer_of(town, 6, of="units")
    old, _ = await layer_of(town, 6, "on=2025-05-01", of="units")
    assert new is not None
    assert old is not None
    firsts = [{one.properties["valid_from"] for one in layer.features} for layer in (old, new)]
    assert not firsts[0] & firsts[1]


async def test_a_tile_is_sent_packed_and_only_when_it_changed(town: Town) -> None:
    await publish(town, 1)
    x, y = tile_at(*PLACE, 9)
    path = f"/api/v1/tiles/units/9/{x}/{y}.pbf"
    packed = await town.ask("GET", path)
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["access-control-allow-origin"] == "*"
    plain = await town.ask("GET", path, headers={"Accept-Encoding": "gzip;q=0"})
    assert "content-encoding" not in plain.headers
    assert plain.content == packed.content
    path = f"/api/v1/tiles/reports/9/{x}/{y}.pbf"
    first = await town.ask("GET", path)
    again = await town.ask("GET", path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"].startswith("public, max-age=")
    await publish(town, 1)
    changed = await town.ask("GET", path, headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200


@pytest.mark.parametrize(
    "path",
    ["23/0/0.pbf", "3/8/0.pbf", "3/0/8.pbf", "3/0/0", "3/0/0.png", "3/0/-1.pbf", "3/0/x.pbf"],
)
async def test_there_is_no_tile_outside_the_world(module_town: Town, path: str) -> None:
    for of in ("reports", "units"):
        answer = await module_town.ask("GET", f"/api/v1/tiles/{of}/{path}")
        assert answer.status_code == 404


async def test_reports_of_before_the_map_are_put_on_it_by_the_worker(town: Town) -> None:
    sent = await publish(town, 3)
    await town.moved(sent[2], "hide", by="moderator", reason=REASON)
    await town.owner.execute("TRUNCATE map_point, map_delta, map_cell, map_gone")
    await town.owner.execute(
        "UPDATE map_filling SET is_done = false, after_id = '00000000-0000-0000-0000-000000000000'"
    )
    assert await counted(town, 6) == 0
    while await fill_map(town.database):
        pass
    assert await counted(town, 6) == 2
    await fold(town)
    assert (await recount(town.owner)).differences == ()


async def test_a_wrong_sum_is_found_and_mended(town: Town) -> None:
    await publish(town, 2)
    await fold(town)
    await town.owner.execute("UPDATE map_cell SET reports = reports + 1 WHERE level = 11")
    await town.owner.execute(
        "DELETE FROM map_point WHERE number = (SELECT min(number) FROM map_point)"
    )
    found = (await recount(town.owner)).differences
    assert {one.cell.split()[0] for one in found} == {"point", "cell"}
    await town.owner.execute("TRUNCATE map_point, map_delta")
    await town.owner.execute(
        "UPDATE map_filling SET is_done = false, after_id = '00000000-0000-0000-0000-000000000000'"
    )
    while await fill_map(town.database):
        pass
    await rebuild(town.owner)
    assert (await recount(town.owner)).differences == ()
    assert await counted(town, 6) == 2
