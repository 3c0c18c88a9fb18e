"""Strangers' files become harmless pictures or stable refusals, and nothing else happens."""

import asyncio
import io
import os
import resource
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image, ImageCms

from moderation.darkroom import Darkroom
from moderation.derivatives import MAX_PIXELS, Refused
from tests.factories import a_photo
from tests.shared_data import shared

pillow_heif.register_heif_opener()


class Bench:
    """A darkroom and a folder to work in."""

    def __init__(self, darkroom: Darkroom, folder: Path) -> None:
        self.darkroom, self.folder = darkroom, folder

    async def derive(self, body: bytes) -> tuple[Image.Image, Image.Image]:
        (self.folder / "in").write_bytes(body)
        await self.darkroom.derive(self.folder / "in", self.folder / "l", self.folder / "s")
        return self.copy("l"), self.copy("s")

    def copy(self, name: str) -> Image.Image:
        image = Image.open(self.folder / name)
        image.load()
        return image

    async def refusal(self, body: bytes) -> str:
        with pytest.raises(Refused) as refused:
            await self.derive(body)
        return refused.value.reason


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    darkroom = Darkroom()
    yield Bench(darkroom, tmp_path)
    await darkroom.close()


async def test_copies_are_webp_of_1600_and_400_pixels(bench: Bench) -> None:
    large, small = await bench.derive(a_photo(size=(2400, 1800)))
    assert (large.format, large.size) == ("WEBP", (1600, 1200))
    assert (small.format, small.size) == ("WEBP", (400, 300))


async def test_small_photo_is_never_enlarged(bench: Bench) -> None:
    large, small = await bench.derive(a_photo(size=(90, 60)))
    assert large.size == small.size == (90, 60)


def _is_red(pixel: object) -> bool:
    assert isinstance(pixel, tuple)
    return bool(pixel[0] > 180 and pixel[1] < 90)


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_photo_stands_upright_whichever_way_the_phone_was_held(
    bench: Bench, orientation: int
) -> None:
    upright = Image.new("RGB", (120, 80), "white")
    upright.paste((230, 20, 20), (0, 0, 40, 30))
    # the inverse of what the EXIF word asks a viewer to do
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    held = upright.transpose(undo[orientation]) if orientation in undo else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    held.save(file, "JPEG", quality=95, exif=exif)
    large, _ = await bench.derive(file.getvalue())
    assert large.size == (120, 80)
    assert _is_red(large.getpixel((10, 10)))
    assert not _is_red(large.getpixel((110, 70)))


async def test_real_photos_held_eight_ways_become_one_picture(bench: Bench) -> None:
    thumbs = []
    for n in range(1, 9):
        large, _ = await bench.derive(shared(f"images/orientation/landscape_{n}.jpg").read_bytes())
        thumbs.append(large.resize((8, 6)).convert("L").tobytes())
    for other in thumbs[1:]:
        assert max(abs(a - b) for a, b in zip(thumbs[0], other, strict=True)) < 25


async def test_no_metadata_comes_out(bench: Bench) -> None:
    exif = Image.Exif()
    exif[0x010F] = "a maker"
    exif.get_ifd(0x8825)[2] = (15.0, 7.0, 14.0)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(
        file, "JPEG", exif=exif, icc_profile=profile, comment=b"secret words", xmp=b"<x:xmpmeta/>"
    )
    for copy in await bench.derive(file.getvalue()):
        assert set(copy.info) <= {"background", "loop", "timestamp", "duration"}
        assert not copy.getexif()
    for name in ("l", "s"):
        body = (bench.folder / name).read_bytes()
        assert not any(word in body for word in (b"EXIF", b"XMP ", b"ICCP", b"secret", b"maker"))


async def test_wide_colours_are_brought_into_srgb(bench: Bench) -> None:
    with Image.open(shared("images/heic/IMG_5195.HEIC")) as source:
        assert source.info.get("icc_profile")
    large, _ = await bench.derive(shared("images/heic/IMG_5195.HEIC").read_bytes())
    assert "icc_profile" not in large.info


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
async def test_every_mode_of_pixels_is_read(bench: Bench, mode: str) -> None:
    grey = Image.linear_gradient("L").resize((64, 64))
    if mode == "I;16":
        source = Image.frombytes("I;16", (64, 64), bytes(b for v in grey.tobytes() for b in (v, v)))
    else:
        source = grey.convert("RGB").convert(mode) if mode in ("P", "CMYK") else grey.convert(mode)
    file = io.BytesIO()
    source.save(file, "JPEG" if mode == "CMYK" else "PNG")
    large, _ = await bench.derive(file.getvalue())
    assert large.mode == "RGB"
    top, bottom = large.getpixel((32, 2)), large.getpixel((32, 61))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert bottom[0] - top[0] > 150


async def test_transparent_parts_become_white(bench: Bench) -> None:
    file = io.BytesIO()
    Image.new("RGBA", (32, 32), (0, 0, 0, 0)).save(file, "PNG")
    large, _ = await bench.derive(file.getvalue())
    assert large.getpixel((16, 16)) == (255, 255, 255)


async def test_moving_picture_gives_its_first_frame(bench: Bench) -> None:
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue", "blue")]
    file = io.BytesIO()
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:], duration=100)
    large, _ = await bench.derive(file.getvalue())
    assert getattr(large, "n_frames", 1) == 1
    assert _is_red(large.getpixel((20, 20)))


async def test_refusals_are_stable_words(bench: Bench) -> None:
    photo = a_photo(size=(400, 300))
    assert await bench.refusal(photo[: len(photo) // 2]) == "broken"
    assert await bench.refusal(b"GIF89a" + bytes(200)) == "not-a-photo"
    assert await bench.refusal(b"") == "not-a-photo"
    assert await bench.refusal(a_photo(size=(1300, 100), file_format="PNG")) == "too-long"
    bomb = io.BytesIO()
    Image.new("1", (9000, MAX_PIXELS // 9000 + 1)).save(bomb, "PNG")
    assert await bench.refusal(bomb.getvalue()) == "too-many-pixels"


def _with_scans_repeated(times: int, *, before: bytes = b"") -> bytes:
    """A progressive JPEG whose last scan comes so often again, after these segments."""
    file = io.BytesIO()
    Image.effect_noise((320, 240), 60).convert("RGB").save(file, "JPEG", progressive=True)
    body = file.getvalue()
    last = body[body.rindex(b"\xff\xda") : -2]
    return body[:2] + before + body[2:-2] + last * times + b"\xff\xd9"


async def test_a_jpeg_of_very_many_scans_is_refused_before_it_is_decoded(bench: Bench) -> None:
    assert await bench.refusal(_with_scans_repeated(300)) == "too-many-scans"
    comments = b"\xff\xfe\x00\x02" * 20_000
    assert await bench.refusal(_with_scans_repeated(0, before=comments)) == "too-many-scans"
    large, _ = await bench.derive(_with_scans_repeated(50))
    assert large.size == (320, 240)
    # what only looks like scans: bytes of a profile or thumbnail, and what follows the picture
    looks = b"\xff\xe2\xff\x00" + (b"\xff\xda\x00\x02" * 20_000)[: 0xFF00 - 2]
    large, _ = await bench.derive(_with_scans_repeated(0, before=looks) + b"\xff\xda" * 5000)
    assert large.size == (320, 240)


async def test_darkroom_survives_a_child_that_is_killed(bench: Bench) -> None:
    await bench.derive(a_photo())
    (child,) = bench.darkroom._idle
    os.kill(child.process.pid, signal.SIGKILL)
    large, _ = await bench.derive(a_photo())
    assert large.size == (64, 48)


async def test_photo_that_crashes_every_child_is_refused_and_the_next_is_made(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    import moderation.darkroom as darkroom

    monkeypatch.setattr(darkroom, "_ANSWER_SECONDS", 0.0)
    assert await bench.refusal(a_photo()) == "too-costly"
    monkeypatch.undo()
    large, _ = await bench.derive(a_photo())
    assert large.size == (64, 48)


async def test_largest_photo_is_made_and_its_child_is_not_kept(bench: Bench) -> None:
    file = io.BytesIO()
    Image.new("RGBA", (7900, 8000), (9, 9, 9, 200)).save(file, "PNG", compress_level=1)
    await bench.derive(file.getvalue())
    assert not bench.darkroom._idle


def _virtual_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()


async def test_photo_beyond_the_memory_of_a_child_is_refused(bench: Bench) -> None:
    file = io.BytesIO()
    Image.new("RGBA", (6000, 6000), (9, 9, 9, 200)).save(file, "PNG", compress_level=1)
    await bench.derive(a_photo())
    (child,) = bench.darkroom._idle
    held = _virtual_bytes(child.process.pid)
    resource.prlimit(child.process.pid, resource.RLIMIT_AS, (held + 50_000_000, held + 50_000_000))
    assert await bench.refusal(file.getvalue()) == "too-costly"


async def test_child_ends_when_its_worker_is_gone(bench: Bench) -> None:
    await bench.derive(a_photo())
    (child,) = bench.darkroom._idle
    assert child.process.stdin is not None
    child.process.stdin.close()
    assert await asyncio.wait_for(child.process.wait(), timeout=5) == 0
    bench.darkroom._idle.clear()


async def test_whole_corpus_goes_through_without_a_crash_or_metadata(bench: Bench) -> None:
    files = [
        path
        for path in sorted(shared("images").rglob("*"))
        if path.is_file() and path.suffix != ".md"
    ]
    outcomes: dict[str, int] = {}
    for path in files:
        try:
            copies = await bench.derive(path.read_bytes())
        except Refused as refused:
            outcomes[refused.reason] = outcomes.get(refused.reason, 0) + 1
            continue
        for copy in copies:
            assert "exif" not in copy.info
            assert "icc_profile" not in copy.info
            assert "xmp" not in copy.info
        outcomes["ready"] = outcomes.get("ready", 0) + 1
    assert outcomes.get("too-costly", 0) == 0
    assert outcomes["ready"] >= 50
    assert outcomes["too-many-pixels"] == 3
