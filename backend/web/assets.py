"""Static files under names that carry their content's hash, so browsers may keep them for good.

What `web/build.mjs` made lies in `static/dist` and carries its hash already, because its modules
import each other by name; `dist/manifest.json` says which name a page asks for is which file.
"""

import gzip
import hashlib
import json
import mimetypes
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from backend.web.errors import NotBuilt

_PACKED_TYPES: Final = ("text/", "application/javascript", "application/json", "image/svg+xml")
_BUILT: Final = "dist/"
_MANIFEST: Final = "dist/manifest.json"
_TYPES: Final = {
    ".mjs": "text/javascript",
    ".js": "text/javascript",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
    ".pbf": "application/x-protobuf",
    ".webp": "image/webp",
}
# `url(name)` in a style sheet: relative to the sheet, without a scheme
_CSS_URL: Final = re.compile(rb"url\(\s*['\"]?(?![a-z]+:|#|/)([^)'\"]+)['\"]?\s*\)")


@dataclass(frozen=True)
class Asset:
    """One file: its content (also gzipped, where that helps), its type, its hashed name."""

    name: str
    hashed_name: str
    content: bytes
    packed: bytes | None
    content_type: str


class Assets:
    """Every static file of the given packages, found by its plain or its hashed name."""

    def __init__(self, found: Mapping[str, Asset]) -> None:
        self._by_name = found
        self._by_hashed_name = {asset.hashed_name: asset for asset in found.values()}

    def url(self, name: str) -> str:
        """The address of the file called `name` in some package's `static` folder."""
        try:
            return f"/static/{self._by_name[name].hashed_name}"
        except KeyError:
            raise LookupError(f"no package has a static file {name!r}") from None

    def find(self, requested: str) -> tuple[Asset, bool] | None:
        """The file of this name and whether the name is for good; None when there is none."""
        asset = self._by_hashed_name.get(requested)
        if asset is not None:
            return asset, True
        asset = self._by_name.get(requested)
        return (asset, False) if asset is not None else None

    def content(self, name: str) -> bytes:
        """The file called `name`; raises LookupError."""
        try:
            return self._by_name[name].content
        except KeyError:
            raise LookupError(f"no package has a static file {name!r}") from None

    def names(self) -> list[str]:
        """The plain names of all files."""
        return sorted(self._by_name)


def read_assets(packages: Iterable[str]) -> Assets:
    """Read the `static` folders of these packages; raises LookupError when two share a name."""
    contents: dict[str, bytes] = {}
    for package in packages:
        folder = files(package) / "static"
        if not folder.is_dir():
            continue
        for name, content in _walk(folder, ""):
            if name in contents:
                raise LookupError(f"two packages have a static file {name!r}")
            contents[name] = content
    assets = _built(contents)
    # style sheets last: their own hash covers the hashed names of what they point to
    for name in sorted(contents, key=lambda name: (name.endswith(".css"), name)):
        if name.startswith(_BUILT):
            continue
        content = contents[name]
        if name.endswith(".css"):
            content = _with_hashed_urls(name, content, assets)
        assets[name] = _asset(name, content)
    return Assets(assets)


def check_is_built() -> None:
    """Raise NotBuilt unless web/build.mjs has run: no page would have its fonts and scripts."""
    if not (files("backend.web") / "static" / _MANIFEST).is_file():
        raise NotBuilt()


def _built(contents: Mapping[str, bytes]) -> dict[str, Asset]:
    """What the build's manifest names; raises LookupError for a file that is not there."""
    if _MANIFEST not in contents:
        return {}
    assets: dict[str, Asset] = {}
    for name, file in json.loads(contents[_MANIFEST]).items():
        if _BUILT + file not in contents:
            raise LookupError(f"{_MANIFEST} names {file!r}, which is not there")
        found = _asset(_BUILT + name, contents[_BUILT + file])
        assets[found.name] = replace(found, hashed_name=_BUILT + file)
    return assets


def _walk(folder: Traversable, prefix: str) -> Iterable[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        else:
            yield f"{prefix}{entry.name}", entry.read_bytes()


def _with_hashed_urls(sheet: str, content: bytes, assets: Mapping[str, Asset]) -> bytes:
    folder = sheet.rpartition("/")[0]

    def hashed(match: re.Match[bytes]) -> bytes:
        target = f"{folder}/{match[1].decode()}" if folder else match[1].decode()
        asset = assets.get(target)
        if asset is None:
            raise LookupError(f"{sheet} points to {target!r}, which is no static file")
        return f'url("/static/{asset.hashed_name}")'.encode()

    return _CSS_URL.sub(hashed, content)


def _asset(name: str, content: bytes) -> Asset:
    stem, dot, ending = name.rpartition(".")
    digest = hashlib.sha256(content).hexdigest()[:12]
    content_type = _TYPES.get(f".{ending}") or mimetypes.guess_type(name)[0]
    content_type = content_type or "application/octet-stream"
    packs = content_type.startswith(_PACKED_TYPES) and len(content) > 512
    return Asset(
        name=name,
        hashed_name=f"{stem}.{digest}{dot}{ending}",
        content=content,
        packed=gzip.compress(content, 9, mtime=0) if packs else None,
        content_type=content_type,
    )
