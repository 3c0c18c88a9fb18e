"""Feeds over HTTP: /tin/phan-anh.atom, /tin/don-vi/{code}.rss, /tin/linh-vuc/{code}.atom …"""

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from backend.database import Database, Record
from backend.errors import NotFound
from backend.reports.lifecycle import Status, label
from backend.reports.rulebook import Rulebook, Rulebooks
from backend.settings import Settings
from backend.web.conditional import conditional_answer
from backend.web.language import Language
from backend.web.limits import Limit
from backend.web.policies import NOBODY_ASKED
from mobile_api.feeds import documents, store
from mobile_api.feeds.documents import Entry, Feed
from mobile_api.lists.filter import ListFilter
from mobile_api.lists.store import list_newest

_OPT: Final = {"policy": NOBODY_ASKED, "limit": Limit("feed", per_minute=120, burst=60)}
_ENTRIES: Final = 50
_SECONDS: Final = 60
_FORMS: Final = {
    "atom": (documents.atom, "application/atom+xml"),
    "rss": (documents.rss, "application/rss+xml"),
}
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


@get("/tin/{name:str}", opt=_OPT, summary="Nguồn tin Atom, RSS: mọi phản ánh", tags=["maps"])
async def all_feed(
    request: Request[Any, Any, Any],
    name: FromPath[str],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    settings: NamedDependency[Settings],
) -> Response[bytes]:
    """The newest published reports: `phan-anh.atom` or `phan-anh.rss`."""
    if name.partition(".")[0] != "phan-anh":
        raise NotFound()
    return await _answer(
        request, name, "", ListFilter(), database, await rulebooks.current(), settings
    )


@get(
    "/tin/don-vi/{name:str}",
    opt=_OPT,
    summary="Nguồn tin Atom, RSS: một đơn vị hành chính",
    tags=["maps"],
)
async def unit_feed(
    request: Request[Any, Any, Any],
    name: FromPath[str],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    settings: NamedDependency[Settings],
) -> Response[bytes]:
    """The newest published reports of a unit: its code and `.atom` or `.rss`."""
    code = name.rpartition(".")[0]
    of = await store.find_unit_name(database.public, code[:32])
    if of is None:
        raise NotFound()
    wanted = ListFilter(unit=code)
    return await _answer(request, name, of, wanted, database, await rulebooks.current(), settings)


@get(
    "/tin/linh-vuc/{name:str}",
    opt=_OPT,
    summary="Nguồn tin Atom, RSS: một lĩnh vực",
    tags=["maps"],
)
async def category_feed(
    request: Request[Any, Any, Any],
    name: FromPath[str],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    settings: NamedDependency[Settings],
) -> Response[bytes]:
    """The newest published reports of a field or sub-field: its code and `.atom` or `.rss`."""
    rulebook = await rulebooks.current()
    category = rulebook.categories.get(name.rpartition(".")[0])
    if category is None:
        raise NotFound()
    of, wanted = category.name(_language(request)), ListFilter(category=category.code)
    return await _answer(request, name, of, wanted, database, rulebook, settings)


async def _answer(
    request: Request[Any, Any, Any],
    name: str,
    of: str,
    wanted: ListFilter,
    database: Database,
    rulebook: Rulebook,
    settings: Settings,
) -> Response[bytes]:
    form = _FORMS.get(name.rpartition(".")[2])
    if form is None:
        raise NotFound()
    language = _language(request)
    rows = (await list_newest(database.public, wanted))[:_ENTRIES]
    changes = await store.list_changes(database.public, [row["id"] for row in rows])
    entries = tuple(
        _entry(row, changes[row["id"]], rulebook, language, settings)
        for row in rows
        if row["id"] in changes
    )
    updated_at = max((entry.updated_at for entry in entries), default=_NEVER)
    english = "?lang=en" if language == "en" else ""
    vi, en = "Phản ánh đã công khai", "Published reports"
    page = {"unit": wanted.unit, "category": wanted.category}
    asked = urlencode({key: value for key, value in page.items() if value})
    feed = Feed(
        address=f"{settings.public_url}{quote(request.url.path)}{english}",
        page=f"{settings.public_url}/ban-do{'?' if asked else ''}{asked}",
        title=" · ".join(filter(None, (vi if language == "vi" else en, of, "Quảng Ngãi"))),
        subtitle="Nguồn tin của Cầu Nối" if language == "vi" else "A feed of Cầu Nối",
        language=language,
        updated_at=updated_at,
        entries=entries,
    )
    write, kind = form
    return conditional_answer(
        request,
        write(feed),
        media_type=f"{kind}; charset=utf-8",
        max_age_seconds=_SECONDS,
        headers={"Last-Modified": format_datetime(updated_at, usegmt=True)},
    )


def _language(request: Request[Any, Any, Any]) -> Language:
    """As the address says: what everybody may keep a copy of must not follow one's cookie."""
    return "en" if request.query_params.get("lang") == "en" else "vi"


def _entry(
    row: Record,
    changed_at: datetime,
    rulebook: Rulebook,
    language: Language,
    settings: Settings,
) -> Entry:
    category = rulebook.categories.get(row["category_code"])
    name = category.name(language) if category else row["category_code"]
    stage = label(Status(row["status"]), language)
    return Entry(
        id=row["id"],
        link=f"{settings.public_url}/theo-doi/{row['code']}",
        title=f"{name} – {row['unit_name']} ({stage})",
        text=row["text"],
        category=(row["category_code"], name),
        lon=row["lon"],
        lat=row["lat"],
        created_at=row["created_at"],
        updated_at=changed_at,
    )
