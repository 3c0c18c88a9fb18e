"""Brushes for the demo's pictures: sky, ground, road, grain, and the mark on each of them.

Everything is drawn larger than it is kept, so that edges come out soft. Coordinates are pixels of
the drawing, 960 × 720, with y downward.
"""

from collections.abc import Callable, Sequence
from functools import cache
from random import Random
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

WIDTH: Final = 960
HEIGHT: Final = 720
KEPT: Final = (640, 480)
HORIZON: Final = 270

Colour = tuple[int, int, int]
Point = tuple[float, float]


class Canvas:
    """One picture being drawn; `rng` makes two pictures of one scene differ."""

    def __init__(self, seed: str, *, sky: tuple[Colour, Colour], ground: tuple[Colour, Colour]):
        self.rng = Random(seed)  # noqa: S311  pictures, not secrets
        # of its own, so that before and after share it however much else they draw
        mood = Random(f"mood of {seed}")  # noqa: S311
        self._is_mirrored, self._light = mood.random() < 0.5, mood.uniform(0.84, 1.06)
        self.image = Image.new("RGB", (WIDTH, HEIGHT))
        self._gradient(0, HORIZON, *sky)
        self._gradient(HORIZON, HEIGHT, *ground)
        self.draw = ImageDraw.Draw(self.image, "RGBA")

    def polygon(self, points: Sequence[Point], colour: Colour, alpha: int = 255) -> None:
        """Fill a shape."""
        self.draw.polygon(list(points), fill=(*colour, alpha))

    def line(self, points: Sequence[Point], colour: Colour, width: int, alpha: int = 255) -> None:
        """Draw a line with round joints."""
        self.draw.line(list(points), fill=(*colour, alpha), width=width, joint="curve")

    def ellipse(self, at: Point, size: Point, colour: Colour, alpha: int = 255) -> None:
        """Fill an ellipse around its middle; `size` are its half axes."""
        (x, y), (wide, high) = at, size
        self.draw.ellipse((x - wide, y - high, x + wide, y + high), fill=(*colour, alpha))

    def blob(self, at: Point, size: Point, colour: Colour, *, alpha: int = 255) -> None:
        """Fill an uneven round shape."""
        points = []
        for step in range(26):
            angle = step / 26 * 2 * np.pi
            reach = self.rng.uniform(0.78, 1.08)
            points.append(
                (at[0] + np.cos(angle) * size[0] * reach, at[1] + np.sin(angle) * size[1] * reach)
            )
        self.polygon(points, colour, alpha)

    def houses(self, colour: Colour, count: int = 9) -> None:
        """A row of house fronts along the horizon."""
        x = -20.0
        for _ in range(count):
            wide, high = self.rng.uniform(80, 150), self.rng.uniform(50, 150)
            shade = self.rng.uniform(0.75, 1.15)
            front = _shade(colour, shade)
            self.polygon(
                [
                    (x, HORIZON),
                    (x, HORIZON - high),
                    (x + wide, HORIZON - high),
                    (x + wide, HORIZON),
                ],
                front,
            )
            roof = _shade(front, 0.7)
            self.polygon(
                [
                    (x - 6, HORIZON - high),
                    (x + wide / 2, HORIZON - high - self.rng.uniform(8, 40)),
                    (x + wide + 6, HORIZON - high),
                ],
                roof,
            )
            for window in range(int(wide // 40)):
                left = x + 14 + window * 40
                self.polygon(
                    box(left, HORIZON - high + 18, 20, 24),
                    _shade(front, 0.45),
                )
            x += wide + self.rng.uniform(-8, 26)

    def road(self, colour: Colour = (92, 92, 94), *, marked: bool = True) -> None:
        """A road that runs away from the viewer, with kerbs and a dashed line."""
        self.polygon([(330, HORIZON), (630, HORIZON), (1150, HEIGHT), (-190, HEIGHT)], colour)
        for near_x, far_x in ((-190, 330), (1150, 630)):
            side = 1 if far_x > 480 else -1
            self.polygon(
                (
                    (far_x, HORIZON),
                    (far_x + 8 * side, HORIZON),
                    (near_x + 46 * side, HEIGHT),
                    (near_x, HEIGHT),
                ),
                (176, 172, 164),
            )
        if marked:
            for begin in (0.02, 0.12, 0.28, 0.52, 0.82):
                end = begin + 0.06 + begin * 0.12
                self.polygon(
                    (
                        self.on_road(-0.012, begin),
                        self.on_road(0.012, begin),
                        self.on_road(0.012, end),
                        self.on_road(-0.012, end),
                    ),
                    (222, 220, 208),
                    210,
                )

    def on_road(self, across: float, along: float) -> Point:
        """A point of the road: across −0.5…0.5, along 0 (horizon) to 1 (viewer)."""
        depth = min(1.0, max(0.0, along))
        y = HORIZON + (HEIGHT - HORIZON) * depth
        return 480 + across * (300 + 1040 * depth), y

    def finish(self, *, grain: float = 7.0) -> Image.Image:
        """The picture as it is kept: reduced, grainy, darker at the rim, marked."""
        image = self.image.resize(KEPT, Image.Resampling.BILINEAR)
        if self._is_mirrored:
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        rough, rim = _grain(), _rim()
        rough = np.roll(rough, (self.rng.randrange(KEPT[1]), self.rng.randrange(KEPT[0])), (0, 1))
        seen = (np.asarray(image, dtype=np.float32) + rough * grain) * (rim * self._light)
        image = Image.fromarray(np.clip(seen, 0, 255).astype(np.uint8))
        _mark(image)
        return image

    def _gradient(self, top: int, bottom: int, above: Colour, below: Colour) -> None:
        column = Image.new("RGB", (1, 2))
        column.putdata([above, below])
        size = (WIDTH, bottom - top)
        self.image.paste(column.resize(size, Image.Resampling.BILINEAR), (0, top))


# A seed, and whether the trouble has been put right.
Scene = Callable[[str, bool], Image.Image]


def box(left: float, top: float, wide: float, high: float) -> list[Point]:
    """The corners of an upright rectangle."""
    return [(left, top), (left + wide, top), (left + wide, top + high), (left, top + high)]


@cache
def _grain() -> NDArray[np.float32]:
    """The roughness of film, fine and in patches; every picture takes it from another corner."""
    noise = np.random.default_rng(7)
    fine = noise.standard_normal((KEPT[1], KEPT[0]), dtype=np.float32)
    patches = noise.standard_normal((KEPT[1] // 8, KEPT[0] // 8), dtype=np.float32)
    grain = fine * 0.8 + np.kron(patches, np.full((8, 8), 0.25, np.float32))
    return grain[..., None].astype(np.float32)


@cache
def _rim() -> NDArray[np.float32]:
    """How much light reaches each pixel: less towards the corners."""
    x = np.linspace(-1, 1, KEPT[0], dtype=np.float32)[None, :, None]
    y = np.linspace(-1, 1, KEPT[1], dtype=np.float32)[:, None, None]
    return (1 - 0.11 * (x * x + y * y)).astype(np.float32)


def _shade(colour: Colour, by: float) -> Colour:
    red, green, blue = (min(255, int(part * by)) for part in colour)
    return red, green, blue


def _mark(image: Image.Image) -> None:
    """ẢNH MINH HỌA: the font that comes with Pillow lacks two marks, so they are drawn."""
    draw = ImageDraw.Draw(image, "RGBA")
    font = ImageFont.load_default(size=26)
    text, x, y = "ANH MINH HOA", 22, image.height - 46
    draw.rectangle((x - 12, y - 16, x + font.getlength(text) + 14, y + 40), fill=(0, 0, 0, 120))
    white = (255, 255, 255, 235)
    draw.text((x, y), text, font=font, fill=white)
    middle = x + font.getlength("A") / 2
    draw.arc((middle - 4, y - 9, middle + 4, y - 1), 180, 70, fill=white, width=2)
    draw.line((middle, y - 2, middle, y + 2), fill=white, width=2)
    middle = x + font.getlength("ANH MINH H") + font.getlength("O") / 2
    draw.ellipse((middle - 2.5, y + 31, middle + 2.5, y + 36), fill=white)
