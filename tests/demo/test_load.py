"""The demo as a fresh installation gets it."""

from typing import Any

from tests.demo.conftest import DemoProvince


async def test_the_load_says_what_it_brought(province: DemoProvince, owner: Any) -> None:
    loaded = province.loaded
    print(f"demo loaded in {loaded.seconds:.1f} s: {loaded.reports} reports, {loaded.events} events")
    assert loaded.outcome == "loaded"
    assert 400 <= loaded.reports <= 600
    assert await owner.fetchval("SELECT count(*) FROM event") == loaded.events
    rows = await owner.fetch("SELECT status, count(*) FROM report GROUP BY 1 ORDER BY 1")
    print(dict(map(tuple, rows)))
