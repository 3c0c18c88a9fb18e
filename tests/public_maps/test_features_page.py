"""The pages of OGC API – Features that a person opens."""

import re

from tests.province import Town


async def test_a_page_of_features_is_written_for_people(town: Town) -> None:
    report = await town.a_report()
    await town.moved(report, "accept")
    for path in ("items", f"items/{report.code}"):
        answer = await town.ask("GET", f"/ogc/collections/reports/{path}?f=html")
        page = answer.text
        heading = re.search(r"<h1>([^<]+)</h1>", page)
        assert heading
        assert heading[1].startswith("Phản ánh"), "not the standard's name"
    page = (await town.ask("GET", "/ogc/collections/reports/items?f=html")).text
    table = page[page.index("<table") : page.index("</table>")]
    assert "False" not in table
    assert "không</td>" in table
    assert re.search(r"<time [^>]+>\d\d:\d\d, \d\d/\d\d/\d{4}</time>", table)
    english = (await town.ask("GET", "/ogc/collections/reports/items?f=html&lang=en")).text
    assert "False" not in english[english.index("<table") : english.index("</table>")]
