"""Which sums the public map keeps: how fine a grid for which zooms, and split by what.

A cell of level n is a tile of zoom n of the Web Mercator quadtree. What is split by is kept for
each value; what is not stands for any (ANY, ANY_MONTH). Every change of a report is folded into
each cut it belongs to, so a cut that few ask for costs more than it saves: deep in the map, where
a tile holds few enough points, they are counted themselves.
"""

from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Final

KEY_LEVEL: Final = 24
ANY: Final = ""
# long before any report, and a day that asyncpg does not take for -infinity
ANY_MONTH: Final = date(1000, 1, 1)


@dataclass(frozen=True)
class Cut:
    """Sums of one level, split by any of category, stage and month of receipt."""

    level: int
    by_category: bool
    by_status: bool
    by_month: bool


_WHOLE: Final = tuple(product((False, True), repeat=3))
_MARGINS: Final = ((False, False, False), (False, True, False), (True, False, False))
CUTS: Final = tuple(
    Cut(level, *split)
    for level, splits in (
        (7, _WHOLE),
        (11, _WHOLE),
        (13, (*_MARGINS, (False, False, True))),
        (15, (*_MARGINS, (False, False, True))),
        (17, (*_MARGINS[:2], (False, False, True))),
        (19, _MARGINS[:2]),
    )
    for split in splits
)


def level_for(zoom: int) -> int | None:
    """The level whose sums a tile of this zoom is made of; None: of the points themselves."""
    for last_zoom, level in ((4, 7), (8, 11), (10, 13), (12, 15), (13, 17), (15, 19)):
        if zoom <= last_zoom:
            return level
    return None


def find_cut(
    zoom: int, *, by_category: bool = False, by_status: bool = False, by_month: bool = False
) -> Cut | None:
    """The cut that answers a tile with these filters; None: its points must be counted."""
    level = level_for(zoom)
    wanted = Cut(level, by_category, by_status, by_month) if level is not None else None
    return wanted if wanted in CUTS else None
