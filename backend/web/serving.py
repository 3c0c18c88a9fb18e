"""Static files, and a page for each kind of problem."""

from typing import Any, Final

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.params import FromPath
from litestar.response import Template

from backend.errors import NotFound
from backend.web.policies import NOBODY_ASKED
from backend.web.problems import list_kinds, status_of_kind
from backend.web.state import parts_of

_FOR_GOOD: Final = "public, max-age=31536000, immutable"


@get("/static/{name:path}", opt={"policy": NOBODY_ASKED}, include_in_schema=False)
async def static(
    request: Request[Any, Any, Any], state: State, name: FromPath[str]
) -> Response[bytes]:
    """A static file, for good under its hashed name, to be asked for again under its plain one."""
    found = parts_of(state).assets.find(name.lstrip("/"))
    if found is None:
        raise NotFound()
    asset, is_for_good = found
    tag = f'"{asset.hashed_name}"'
    headers = {
        "Cache-Control": _FOR_GOOD if is_for_good else "no-cache",
        "ETag": tag,
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == tag:
        return Response(b"", status_code=304, headers=headers, media_type=asset.content_type)
    if asset.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(asset.packed, headers=headers, media_type=asset.content_type)
    return Response(asset.content, headers=headers, media_type=asset.content_type)


@get("/problems", opt={"policy": NOBODY_ASKED}, include_in_schema=False)
async def problems_page() -> Template:
    """Every kind of problem that an answer's `type` can name."""
    kinds = [(kind, error, status_of_kind(error)) for kind, error in list_kinds().items()]
    return Template("problems.html", context={"kinds": sorted(kinds, key=lambda row: row[2])})


@get("/problems/{kind:str}", opt={"policy": NOBODY_ASKED}, include_in_schema=False)
async def problem_page(kind: FromPath[str]) -> Template:
    """What one kind of problem means and what to do."""
    error = list_kinds().get(kind)
    if error is None:
        raise NotFound()
    return Template(
        "problem.html", context={"kind": kind, "error": error, "status": status_of_kind(error)}
    )
