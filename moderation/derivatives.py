"""Make a photo harmless: decode it, turn it upright, write small WebP copies without metadata.

`derive` does the work and is run only inside a child process (see darkroom.py) that may use so much
memory and CPU and no more, because the files come from strangers. Refusals are stable words:

not-a-photo     no decoder of ours takes it        too-many-pixels  beyond `MAX_PIXELS`
broken          truncated or damaged               too-long         sides beyond `MAX_RATIO` to 1
too-costly      memory or CPU ran out, or the      too-many-scans   a JPEG beyond `MAX_SCANS`
                decoder crashed
"""

import io
import json
import os
import re
import resource
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from PIL import (
    Image,
    ImageCms,
    ImageFile,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

MAX_PIXELS: Final = 64_000_000
MAX_RATIO: Final = 12
# Every scan of a progressive JPEG goes over the whole picture again. Cameras and programs make ten
# or so; 100 is where libjpeg-turbo's own programs advise to stop.
MAX_SCANS: Final = 100
# Markers (ITU-T T.81, B.1.1.3) that may end a scan: neither a stuffed byte nor a restart.
_MARKER: Final = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")
_MAX_SEGMENTS: Final = 10_000
LARGE: Final = 1600
SMALL: Final = 400
QUALITY: Final = 80
# A JPEG with several frames (MPO) is opened as JPEG; everything else Pillow knows stays shut.
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "HEIF")

# Imported for what they register: with them loaded, Pillow looks for no others.
_PLUGINS: Final = (JpegImagePlugin, MpoImagePlugin, PngImagePlugin, WebPImagePlugin)

_MEMORY_BYTES: Final = 1_200 * 1024 * 1024
_CPU_SECONDS: Final = 20


class Refused(Exception):
    """This file will never become a photo; `reason` is one of the words above."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True)
class Derived:
    """The size in pixels of the large copy."""

    width: int
    height: int


def derive(source: Path, large: Path, small: Path) -> Derived:
    """Write both copies of the photo in `source`; raises Refused."""
    _check_scans(source)
    image = _opened(source)
    width, height = image.size
    if max(width, height) > MAX_RATIO * min(width, height):
        raise Refused("too-long")
    clean = _clean(image, LARGE)
    _save(clean, large)
    clean.thumbnail((SMALL, SMALL), Image.Resampling.LANCZOS, reducing_gap=2.0)
    _save(clean, small)
    with Image.open(large) as written:
        return Derived(*written.size)


def _check_scans(source: Path) -> None:
    """Refuse a JPEG that would have its decoder run over it again and again."""
    with source.open("rb") as file:
        body = file.read() if file.read(2) == b"\xff\xd8" else b""
    scans, at = 0, 0
    for _ in range(_MAX_SEGMENTS):
        found = _MARKER.search(body, at)
        if found is None or found[1] == b"\xd9":
            return
        at = found.end()
        if found[1] in (b"\x01", b"\xd8"):  # they stand alone
            continue
        scans += found[1] == b"\xda"
        if scans > MAX_SCANS:
            break
        # what a segment holds may look like markers (a thumbnail, a colour profile)
        at += int.from_bytes(body[at : at + 2], "big")
    raise Refused("too-many-scans")


def _opened(source: Path) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(source, formats=_FORMATS)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise Refused("too-many-pixels") from error
    except UnidentifiedImageError as error:
        raise Refused("not-a-photo") from error
    except MemoryError as error:
        raise Refused("too-costly") from error
    except Exception as error:
        # Pillow's plugins raise nearly anything at a damaged header: struct.error, KeyError, …
        raise Refused("broken") from error
    if min(image.size) < 1:
        raise Refused("broken")
    return image


def _clean(image: Image.Image, side: int) -> Image.Image:
    """A fresh RGB picture: first frame, upright, in sRGB, at most `side` pixels, and nothing else.

    It is made smaller first and turned and converted then, which costs a tenth.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # the decoder scales by up to 1/8 while it reads: most of a large JPEG is never decoded
            image.draft("RGB", _fitted(image.size, side))
            image.load()
            profile = image.info.get("icc_profile")
            orientation = _orientation(image)
            small = _without_alpha(image)
            small.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
            small = _in_srgb(small, profile)
            small = _turned(small, orientation)
            # A new picture has pixels only: no EXIF, XMP, comment or thumbnail comes along.
            fresh = Image.new("RGB", small.size)
            fresh.paste(small)
    except MemoryError as error:
        raise Refused("too-costly") from error
    except Exception as error:
        # as above: what a decoder raises at damaged data is anybody's guess
        raise Refused("broken") from error
    return fresh


def _fitted(size: tuple[int, int], side: int) -> tuple[int, int]:
    """The size within `side` pixels that keeps the shape; draft compares each axis with it."""
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(0x0112, 1)
    except Exception:
        # a photo with damaged EXIF is still a photo, upright as it lies
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    turn = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }.get(orientation)
    return image if turn is None else image.transpose(turn)


def _without_alpha(image: Image.Image) -> Image.Image:
    """The picture in RGB or CMYK, transparent parts white."""
    if image.mode in ("RGB", "CMYK"):
        return image
    if image.mode == "L":
        return image.convert("RGB")
    if image.mode.startswith("I;16") or image.mode == "I":
        # 16 bits a pixel: Pillow would clip, not scale
        return image.point(lambda value: value / 256).convert("L").convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        layered = image.convert("RGBA")
        ground = Image.new("RGB", layered.size, "white")
        ground.paste(layered, mask=layered.getchannel("A"))
        return ground
    return image.convert("RGB")


def _in_srgb(image: Image.Image, profile: Any) -> Image.Image:
    """The picture's colours in sRGB; a profile nobody can read is taken for sRGB."""
    if isinstance(profile, bytes) and profile:
        try:
            own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if "sRGB" not in ImageCms.getProfileDescription(own):
                converted = ImageCms.profileToProfile(
                    image, own, ImageCms.createProfile("sRGB"), outputMode="RGB"
                )
                if converted is not None:
                    return converted
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            return image.convert("RGB")
    return image.convert("RGB")


def _save(image: Image.Image, path: Path) -> None:
    try:
        image.save(path, "WEBP", quality=QUALITY, method=3, exif=b"", icc_profile=b"", xmp=b"")
    except MemoryError as error:
        raise Refused("too-costly") from error


def prepare() -> None:
    """Set up the decoders of this process: pixel limit, HEIC on one thread, nothing half-read."""
    import pillow_heif

    pillow_heif.options.DECODE_THREADS = 1
    pillow_heif.options.THUMBNAILS = False
    pillow_heif.register_heif_opener()
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    ImageFile.LOAD_TRUNCATED_IMAGES = False


def limit_memory() -> None:
    """Take from this process what it does not need: much memory, core files, large files."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (32 * 1024 * 1024, 32 * 1024 * 1024))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def _limit_cpu() -> None:
    """Allow the next photo so many seconds of CPU; beyond, the kernel ends this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(usage.ru_utime + usage.ru_stime) + 1
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (spent + _CPU_SECONDS, hard))


def _most_resident_bytes() -> int:
    # not getrusage: its figure starts with that of the process which forked this one
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def serve() -> None:
    """Read one JSON line per photo, answer one line each, until the input ends.

    In: {"source", "large", "small"} paths. Out: {"width", "height"} or {"refused"}, and the most
    memory it ever held, "resident_bytes".
    """
    prepare()
    limit_memory()
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever a decoder prints must not look like an answer
    for line in sys.stdin:
        order = json.loads(line)
        _limit_cpu()
        try:
            done = derive(Path(order["source"]), Path(order["large"]), Path(order["small"]))
            answer: dict[str, object] = {"width": done.width, "height": done.height}
        except Refused as refused:
            answer = {"refused": refused.reason}
        answer["resident_bytes"] = _most_resident_bytes()
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    serve()
