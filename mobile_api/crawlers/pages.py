"""robots.txt and the sitemaps: an index of months, and each month's published reports.

A sitemap holds codes and days only. Its size is bounded by sitemaps.org's limit and by the months
that are listed, so that no question costs more the longer the installation has run.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from backend.clock import VIETNAM, day_of, now
from backend.database import Database
from backend.errors import NotFound
from backend.settings import Settings
from backend.web.limits import Limit
from backend.web.packing import PACKED
from backend.web.policies import ANYONE, NOBODY_ASKED
from mobile_api.crawlers import store

_LIMIT: Final = Limit("sitemap", per_minute=60, burst=60)
_OPT: Final = {"policy": ANYONE, "limit": _LIMIT}
_MONTHS_MOST: Final = 120
_MONTH: Final = re.compile(r"(20\d{2})-(0[1-9]|1[0-2])\.xml", re.ASCII)
_SCHEMA: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
_PAGES: Final = ("/", "/ban-do", "/theo-doi")
# The desks ask for a password anyway; photos are let through for previews of shared links.
_ROBOTS: Final = """User-agent: *
Allow: /api/v1/reports/*/photos/
Disallow: /api/
Disallow: /can-bo
Disallow: /kiem-duyet
Disallow: /ioc
Disallow: /dang-nhap
Disallow: /ngon-ngu

Sitemap: {url}/sitemap.xml
"""


@get("/robots.txt", opt={"policy": NOBODY_ASKED}, include_in_schema=False)
async def robots(settings: NamedDependency[Settings]) -> Response[str]:
    """Where search engines may go."""
    return Response(
        _ROBOTS.format(url=settings.public_url),
        media_type="text/plain",
        headers={"Cache-Control": "public, max-age=3600"},
    )


@get("/sitemap.xml", opt=_OPT, include_in_schema=False)
async def sitemap_index(
    database: NamedDependency[Database], settings: NamedDependency[Settings]
) -> Response[bytes]:
    """The pages that stand, and a sitemap for each month, the newest first."""
    first = await store.find_first_day(database.public)
    names = ["trang.xml"]
    if first is not None:
        names += [f"{month:%Y-%m}.xml" for month in _months(day_of(first), day_of(now()))]
    return _xml("sitemapindex", "sitemap", [(f"/sitemap/{name}", None) for name in names], settings)


@get("/sitemap/{name:str}", opt=_OPT, include_in_schema=False, middleware=PACKED)
async def sitemap(
    name: FromPath[str],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[bytes]:
    """The published reports that were sent in a month (in Vietnam); raises NotFound."""
    if name == "trang.xml":
        return _xml("urlset", "url", [(path, None) for path in _PAGES], settings)
    match = _MONTH.fullmatch(name)
    if match is None:
        raise NotFound()
    month = date(int(match[1]), int(match[2]), 1)
    rows = await store.list_codes(
        database.public, since=_start(month), until=_start(_next_month(month))
    )
    return _xml(
        "urlset",
        "url",
        ((f"/theo-doi/{row['code']}", row["updated_at"]) for row in rows),
        settings,
    )


def _months(first: date, last: date) -> list[date]:
    """The first days of the months from `first` to `last`, the newest first, not endlessly many."""
    months: list[date] = []
    month = last.replace(day=1)
    while month >= first.replace(day=1) and len(months) < _MONTHS_MOST:
        months.append(month)
        month = date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)
    return months


def _next_month(month: date) -> date:
    return date(month.year + (month.month == 12), month.month % 12 + 1, 1)


def _start(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=VIETNAM).astimezone(UTC)


def _xml(
    root: str,
    element: str,
    places: Iterable[tuple[str, datetime | None]],
    settings: Settings,
) -> Response[bytes]:
    """Addresses of ours as sitemaps.org wants them; codes and paths hold nothing to escape."""
    lines: list[Any] = [f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{_SCHEMA}">']
    for path, changed in places:
        moment = f"<lastmod>{changed:%Y-%m-%dT%H:%M:%SZ}</lastmod>" if changed else ""
        lines.append(f"<{element}><loc>{settings.public_url}{path}</loc>{moment}</{element}>")
    lines.append(f"</{root}>\n")
    return Response(
        "\n".join(lines).encode(),
        media_type="application/xml; charset=utf-8",
        headers={"Cache-Control": "public, max-age=600"},
    )
