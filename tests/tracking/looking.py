"""What tests of pages in a browser look at: axe's rules, sizes to touch, words of double size."""

import os
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Page

AXE: Final = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
SIZES: Final = {"phone": (360, 740), "laptop": (1366, 768), "wall": (3840, 2160)}
_RULES: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
# A tick is touched on its words too. Links within a sentence are as high as their line
# (WCAG 2.5.8 leaves them out).
_SMALL: Final = """
[...document.querySelectorAll('main :is(button, input:not([type=hidden], .tick > input), '
    + '.tick, select, summary, a.button, a.filter-chip, a.spot, .pin-box, .leaflet-bar a)')]
  .filter(e => e.getClientRects().length)
  .map(e => [e.outerHTML.slice(0, 90), e.getBoundingClientRect()])
  .filter(([, r]) => r.height < 47.5 || r.width < 44).map(([html, r]) => `${r.height} ${html}`)
"""
_OVERFLOW: Final = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


async def faults_of(page: Page) -> list[str]:
    """What axe finds, with everything that folds laid open."""
    await page.evaluate("document.querySelectorAll('main details').forEach(d => d.open = true)")
    await page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = await page.evaluate(
        f"axe.run(document, {{runOnly: {list(_RULES)}}}).then(result => result.violations)"
    )
    return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]


async def too_small(page: Page) -> list[str]:
    """What is too small to touch."""
    small: list[str] = await page.evaluate(_SMALL)
    return small


async def overflow_at_double_size(page: Page) -> int:
    """By how many pixels the page is wider than the screen once its words are twice as large."""
    await page.evaluate("document.documentElement.style.fontSize = '200%'")
    await page.wait_for_timeout(300)
    pixels: int = await page.evaluate(_OVERFLOW)
    return pixels


async def picture(page: Page, name: str) -> None:
    """Keep a picture for people to look at, if CAUNOI_SCREENSHOTS says where."""
    if folder := os.environ.get("CAUNOI_SCREENSHOTS"):
        await page.screenshot(path=f"{folder}/{name}.png", full_page=True)
