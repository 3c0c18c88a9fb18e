"""What the first visit costs, and that what the pages name is there."""

import re
from typing import Final

from tests.province import Town

_KB: Final = 1000
PAGES: Final = ("/", "/?lang=en", "/offline", "/ban-do", "/ban-do?lang=en")
_LINKED: Final = re.compile(r'(?:src|href)="(/static/[^"]+\.(?:js|css|svg|webmanifest))"')
_IMPORTED: Final = re.compile(rb'(?:from|import)"(\./[\w.-]+\.js)"')
_FONT: Final = re.compile(
    rb'url\("(/static/dist/noto-sans-(?:latin|vietnamese)-[0-9A-F]{8}\.woff2)"\)'
)


async def sizes(town: Town, page: str) -> dict[str, int]:
    """What a browser fetches for the page, by address: bytes on the wire."""
    packed: dict[str, int] = {}
    wanted = [page]
    while wanted:
        path = wanted.pop()
        if path in packed:
            continue
        answer = await town.ask("GET", path, headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200, path
        packed[path] = int(answer.headers["content-length"])
        if path == page:
            wanted += _LINKED.findall(answer.text)
        elif path.endswith(".js"):
            folder = path.rpartition("/")[0]
            wanted += [
                f"{folder}/{name.decode()[2:]}" for name in _IMPORTED.findall(answer.content)
            ]
        elif path.endswith(".css"):
            wanted += [name.decode() for name in _FONT.findall(answer.content)]
    return packed


async def test_the_first_load_is_at_most_120_kb_with_fonts_and_30_kb_of_scripts(
    module_town: Town,
) -> None:
    for page in PAGES:
        found = await sizes(module_town, page)
        assert sum(name.endswith(".woff2") for name in found) == 2, "the fonts were not counted"
        scripts = sum(size for name, size in found.items() if name.endswith(".js"))
        assert 1 * _KB < scripts <= 30 * _KB, (page, found)
        assert sum(found.values()) <= 120 * _KB, (page, found)


async def test_the_map_library_is_no_part_of_the_first_load(module_town: Town) -> None:
    for page in PAGES:
        assert not [name for name in await sizes(module_town, page) if "leaflet" in name]


async def test_the_worker_knows_files_that_are_there_and_pages_that_are_nobodys(
    module_town: Town,
) -> None:
    answer = await module_town.ask("GET", "/sw.js")
    assert answer.headers["service-worker-allowed"] == "/"
    assert answer.headers["cache-control"] == "no-cache"
    head, _, _ = answer.text.partition(";\n")
    named = re.findall(r'"(/[^"]*)"', head)
    assert {"/", "/offline"} <= set(named)
    for path in named:
        got = await module_town.ask("GET", path)
        assert got.status_code == 200, path
    again = await module_town.ask(
        "GET", "/sw.js", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert again.status_code == 304


async def test_the_app_can_be_installed(module_town: Town) -> None:
    manifest = (await module_town.ask("GET", "/static/manifest.webmanifest")).json()
    assert manifest["display"] == "standalone"
    sizes_offered = {(icon["sizes"], icon.get("purpose", "any")) for icon in manifest["icons"]}
    assert {("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")} <= sizes_offered
    for icon in manifest["icons"]:
        answer = await module_town.ask("GET", icon["src"])
        assert answer.content.startswith(b"\x89PNG")
    assert 'rel="manifest"' in (await module_town.ask("GET", "/")).text
