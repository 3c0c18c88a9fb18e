"""Open data over HTTP: the page that describes it, and the files."""

import hashlib
from datetime import date
from typing import Annotated, Any, Final

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Stream, Template

from backend import clock
from backend.database import Database
from backend.errors import NotFound
from backend.photos.objects import ObjectStore
from backend.practice.changes import open_data_in_force
from backend.reports.rulebook import Rulebooks
from backend.settings import Settings
from backend.web.conditional import OPEN_TO_ALL, knows_tag
from backend.web.language import page_language
from backend.web.limits import Limit
from backend.web.policies import ANYONE, NOBODY_ASKED
from mobile_api.choices import list_communes
from mobile_api.open_data import reading, records, releasing, store

# What the columns mean; raised when one changes its meaning or goes.
SCHEMA_VERSION: Final = "1.0"
_FILE_LIMIT: Final = Limit("open_data_file", per_minute=12, burst=12)
_SECONDS: Final = 300


@get("/du-lieu-mo", opt={"policy": ANYONE}, include_in_schema=False)
async def open_data_page(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
) -> Template:
    """Files, fields, licence and versions; standards for programs; a feed for each commune."""
    language = page_language(request)
    rulebook = await rulebooks.current()
    rules = await open_data_in_force(database.public, clock.now())
    return Template(
        "citizen/open_data.html",
        context={
            "files": await store.list_files(database.public),
            "releases": await store.list_releases(database.public),
            "fields": records.FIELDS,
            "count_fields": records.COUNT_FIELDS,
            "version": SCHEMA_VERSION,
            "rules": rules,
            "units": [(row.unit.code, row.unit.name) for row in await list_communes(database)],
            "categories": [
                (category.code, category.name(language))
                for category in rulebook.categories.values()
                if category.field_code is None and category.is_active
            ],
        },
    )


@get(
    "/du-lieu-mo/{name:str}",
    opt={"policy": NOBODY_ASKED, "limit": _FILE_LIMIT},
    summary="Tệp dữ liệu mở (CSV, GeoJSON)",
    tags=["maps"],
)
async def open_data_file(
    request: Request[Any, Any, Any],
    name: FromPath[str],
    database: NamedDependency[Database],
    objects: NamedDependency[ObjectStore],
    settings: NamedDependency[Settings],
    on: Annotated[date | None, QueryParameter(name="ngay")] = None,
    bom: FromQuery[bool] = False,
) -> Response[Any]:
    """reports.csv, reports.geojson or counts.csv of a day's release, by default the newest.

    `bom=true` puts a byte order mark first, by which Excel knows UTF-8. What was hidden since the
    release is left out.
    """
    files = {file.name: file for file in await store.list_files(database.public, on)}
    file = files.get(name)
    if file is None:
        raise NotFound()
    departures = await store.list_departures(database.public, file.as_of)
    reading.check_departures(departures)
    digest = hashlib.sha256(repr((file.sha256, bom, sorted(set(departures)))).encode())
    headers = {
        "ETag": f'"{digest.hexdigest()[:32]}"',
        "Cache-Control": f"public, max-age={_SECONDS}",
        **OPEN_TO_ALL,
        "Content-Disposition": f'attachment; filename="{file.released_on}-{name}"',
    }
    media_type = releasing.MEDIA_TYPES.get(name, "application/octet-stream")
    if knows_tag(request, headers["ETag"]):
        return Response(b"", status_code=304, headers=headers, media_type=media_type)
    path = await reading.fetch_file(objects, file, settings.var_dir / "open-data" / "read")
    return Stream(
        reading.read_lines(path, file, departures, mark=bom),
        headers=headers,
        media_type=media_type,
    )
