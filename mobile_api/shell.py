"""The app's shell: the service worker, told which files belong to this version, and its page."""

import hashlib
import json
from typing import Any, Final

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.response import Template

from backend.web.assets import Assets
from backend.web.packing import PACKED
from backend.web.policies import NOBODY_ASKED
from backend.web.state import parts_of

# What the worker keeps at once, asked for without cookies: the same for everybody.
_PAGES: Final = ("/", "/?lang=en", "/offline", "/offline?lang=en")
_FILES: Final = (
    "caunoi.css",
    "report.css",
    "track.css",
    "mark.svg",
    "dist/noto-sans-latin.woff2",
    "dist/noto-sans-vietnamese.woff2",
)
# Kept once nothing else is to do: the map library, and letters that few words have.
_LATER: Final = ("dist/leaflet", "dist/layers", "dist/marker", "dist/noto-sans-latin-ext", "icons/")
_WORKER: Final = "dist/sw.js"


@get("/sw.js", opt={"policy": NOBODY_ASKED}, include_in_schema=False)
async def worker_script(request: Request[Any, Any, Any], state: State) -> Response[bytes]:
    """The service worker, asked for anew at every visit: it brings new versions of the app."""
    content = service_worker(parts_of(state).assets)
    tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    headers = {"Cache-Control": "no-cache", "ETag": tag, "Service-Worker-Allowed": "/"}
    if request.headers.get("if-none-match") == tag:
        return Response(b"", status_code=304, headers=headers, media_type="text/javascript")
    return Response(content, headers=headers, media_type="text/javascript")


@get("/offline", opt={"policy": NOBODY_ASKED}, include_in_schema=False, middleware=PACKED)
async def offline_page() -> Template:
    """What the service worker shows when a page cannot be reached: nothing of anybody's."""
    return Template("citizen/offline.html")


def service_worker(assets: Assets) -> bytes:
    """The script for `/sw.js`; its version changes with any file that a page may ask for."""
    scripts = [name for name in assets.names() if _is_script(name)]
    shell = {
        "version": _version(assets),
        "pages": _PAGES,
        "files": [assets.url(name) for name in (*_FILES, *scripts)],
        "later": [assets.url(name) for name in assets.names() if name.startswith(_LATER)],
    }
    return f"self.CAUNOI_SHELL={json.dumps(shell)};\n".encode() + assets.content(_WORKER)


def _is_script(name: str) -> bool:
    return (
        name.startswith("dist/")
        and name.endswith(".js")
        and not name.startswith(_LATER)
        and (name != _WORKER)
    )


def _version(assets: Assets) -> str:
    digest = hashlib.sha256()
    for name in assets.names():
        digest.update(f"{assets.url(name)}\n".encode())
    return digest.hexdigest()[:12]
