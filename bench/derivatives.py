"""What a photo's derivatives cost: CPU against bare Pillow doing the same, and memory.

`python -m bench.derivatives [FOLDER]`: the JPEG photos of FOLDER, else 12-megapixel ones made here.
Both sides decode at the fitting scale, turn upright and write WebP of 1600 and 400 pixels with the
same settings; ours besides runs in a child process, checks, converts colours and strips metadata.
"""

import asyncio
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image, ImageFilter, ImageOps

from moderation.darkroom import Darkroom
from moderation.derivatives import LARGE, QUALITY, SMALL, Refused

ROUNDS = 30
GOAL = 1.3


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given = sorted(Path(sys.argv[1]).rglob("*.jpg")) if len(sys.argv) > 1 else []
        photos = (given or _make_photos(folder)) * (1 if given else ROUNDS // 3)
        bare = min(_bare(photos, folder) for _ in range(2))
        ours, resident = asyncio.run(_ours(photos, folder))
    ratio = ours / bare
    print(f"photos            {len(photos)}")
    print(f"bare Pillow       {bare / len(photos) * 1000:8.1f} ms CPU a photo")
    print(f"derivatives       {ours / len(photos) * 1000:8.1f} ms CPU a photo, child included")
    print(f"ratio             {ratio:8.2f}    (goal: at most {GOAL})")
    print(f"memory of a child {resident / 1e6:8.0f} MB resident at most")
    return 0 if ratio <= GOAL else 1


def _make_photos(folder: Path) -> list[Path]:
    random.seed(1)
    paths = []
    for n in range(3):
        coarse = Image.effect_noise((500, 375), 70).resize((4000, 3000), Image.Resampling.BICUBIC)
        fine = Image.effect_noise((4000, 3000), 12).filter(ImageFilter.GaussianBlur(1))
        image = Image.merge("RGB", (coarse, fine, Image.blend(coarse, fine, 0.4)))
        exif = Image.Exif()
        exif[0x0112] = (1, 6, 3)[n]
        path = folder / f"{n}.jpg"
        image.save(path, quality=88, exif=exif)
        paths.append(path)
    return paths


def _bare(photos: list[Path], folder: Path) -> float:
    start = time.process_time()
    for path in photos:
        try:
            with Image.open(path) as image:
                scale = min(1.0, LARGE / max(image.size))
                image.draft("RGB", (round(image.width * scale), round(image.height * scale)))
                upright = ImageOps.exif_transpose(image).convert("RGB")
                upright.thumbnail((LARGE, LARGE), Image.Resampling.LANCZOS, reducing_gap=2.0)
                upright.save(folder / "large", "WEBP", quality=QUALITY, method=3)
                upright.thumbnail((SMALL, SMALL), Image.Resampling.LANCZOS, reducing_gap=2.0)
                upright.save(folder / "small", "WEBP", quality=QUALITY, method=3)
        except (OSError, Image.DecompressionBombError):
            continue
    return time.process_time() - start


async def _ours(photos: list[Path], folder: Path) -> tuple[float, int]:
    start = time.process_time()
    darkroom = Darkroom()
    for path in photos:
        try:
            await darkroom.derive(path, folder / "large", folder / "small")
        except Refused:
            continue
    resident = max((child.resident_bytes for child in darkroom._idle), default=0)
    await darkroom.close()
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = time.process_time() - start + children.ru_utime + children.ru_stime
    return spent, resident


if __name__ == "__main__":
    sys.exit(main())
