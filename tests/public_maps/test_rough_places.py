"""A place that is only a commune is nowhere shown as a point."""

from backend.grid.recount import recount
from tests.province import PLACE, UNIT, Town


async def test_a_report_of_a_whole_commune_is_no_pin(module_town: Town) -> None:
    town, (lon, lat) = module_town, PLACE
    exact = await town.a_report(location={"lon": lon, "lat": lat, "accuracy_metres": 20})
    rough = await town.a_report(location={"lon": lon, "lat": lat, "accuracy_metres": 2600})
    for report in (exact, rough):
        await town.moved(report, "accept")
    listed = (await town.see(f"/api/v1/reports?unit={UNIT}"))["items"]
    assert {one["code"]: one["is_coarse"] for one in listed} == {
        exact.code: False,
        rough.code: True,
    }
    near = await town.see(f"/api/v1/reports/near?lon={lon}&lat={lat}&radius_metres=250")
    assert [one["code"] for one in near["items"]] == [exact.code]
    assert (await town.see(f"/api/v1/reports/{rough.code}"))["is_coarse"]
    page = (await town.client.get(f"/theo-doi/{rough.code}")).text
    assert "Chỉ hiển thị theo xã, phường" in page
    assert (
        "Chỉ hiển thị theo xã, phường"
        not in (await town.client.get(f"/theo-doi/{exact.code}")).text
    )
    assert (await recount(town.owner)).differences == ()
