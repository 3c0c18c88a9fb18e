"""The pictures as the photo pipeline would leave them: original's hash, and two WebP copies."""

import hashlib
import io
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from PIL import Image

from backend.demo.pictures.scenes import SCENES
from backend.photos.keys import Size

VARIANTS: Final = 2
_SMALL: Final = (400, 300)


@dataclass(frozen=True)
class Picture:
    """One picture: the size of its JPEG, its two WebP copies and their SHA-256 sums."""

    sha256: str
    original_bytes: int
    width: int
    height: int
    full: bytes = field(repr=False)
    small: bytes = field(repr=False)
    hashes: Mapping[Size, str] = field(repr=False)


@dataclass(frozen=True)
class Pair:
    """The same spot before and after."""

    before: Picture
    after: Picture


def make_album(themes: Iterable[str] = SCENES) -> Mapping[str, tuple[Pair, ...]]:
    """Draw every theme in its variants: the same ones each time, in about 2 s of two cores."""
    wanted = [(theme, number) for theme in themes for number in range(VARIANTS)]
    with ThreadPoolExecutor(2) as pool:
        pairs = list(pool.map(lambda one: _pair(*one), wanted))
    found: dict[str, list[Pair]] = {}
    for (theme, _), pair in zip(wanted, pairs, strict=True):
        found.setdefault(theme, []).append(pair)
    return {theme: tuple(pairs) for theme, pairs in found.items()}


def _pair(theme: str, number: int) -> Pair:
    seed = f"{theme} {number}"
    return Pair(_picture(SCENES[theme](seed, False)), _picture(SCENES[theme](seed, True)))


def _picture(image: Image.Image) -> Picture:
    original = _encode(image, "JPEG", quality=86)
    full = _encode(image, "WEBP", quality=74, method=1)
    small = _encode(image.resize(_SMALL, Image.Resampling.BOX), "WEBP", quality=70, method=1)
    return Picture(
        sha256=_hash(original),
        original_bytes=len(original),
        width=image.width,
        height=image.height,
        full=full,
        small=small,
        hashes={"full": _hash(full), "small": _hash(small)},
    )


def _encode(image: Image.Image, kind: str, **options: int) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
