"""Pavements, sites, canals, slopes and beaches: in trouble, and put right."""

from PIL import Image

from backend.demo.pictures.canvas import HEIGHT, HORIZON, Canvas, Colour
from backend.demo.pictures.streets import ASPHALT, DAY, EARTH, GRASS, GREY, street


def sidewalk(seed: str, is_after: bool) -> Image.Image:
    """Stalls and stools on the pavement; after: a free pavement."""
    canvas = Canvas(seed, sky=DAY, ground=((196, 186, 170), (172, 160, 144)))
    canvas.houses((206, 180, 146), 8)
    canvas.polygon([(520, HORIZON), (960, 300), (960, HEIGHT), (760, HEIGHT)], ASPHALT)
    for row in range(10):
        y = 300 + row * row * 4.6
        canvas.line([(0, y), (540 + row * 26, y)], (150, 140, 126), 2)
    if is_after:
        canvas.line([(530, HORIZON), (740, HEIGHT)], (240, 240, 236), 8)
        return canvas.finish()
    for x, y, size in ((110, 420, 1.0), (300, 470, 1.2), (180, 580, 1.5), (440, 590, 1.5)):
        colour = canvas.rng.choice([(206, 60, 52), (46, 96, 176), (222, 170, 50)])
        canvas.polygon(
            [(x, y), (x + 120 * size, y), (x + 104 * size, y + 12), (x + 16 * size, y + 12)],
            (206, 206, 208),
        )
        for leg in (24, 96):
            canvas.line(
                [(x + leg * size, y + 10), (x + leg * size, y + 60 * size)], (120, 120, 124), 6
            )
        for stool in (-0.3, 1.1):
            left = x + stool * 110 * size
            canvas.polygon(
                [
                    (left, y + 30),
                    (left + 34 * size, y + 30),
                    (left + 40 * size, y + 66 * size),
                    (left - 6, y + 66 * size),
                ],
                colour,
            )
    canvas.polygon([(20, 250), (380, 236), (430, 300), (0, 318)], (52, 110, 178))
    return canvas.finish()


def construction(seed: str, is_after: bool) -> Image.Image:
    """A raw brick shell; after: sealed off with a net and a fence."""
    canvas = street(seed, ground=EARTH)
    x = canvas.rng.uniform(180, 320)
    for storey in range(3):
        top = 420 - storey * 120
        canvas.polygon(
            [(x, top), (x + 360, top), (x + 360, top + 120), (x, top + 120)], (168, 92, 66)
        )
        canvas.polygon(
            [(x - 10, top), (x + 372, top), (x + 372, top + 14), (x - 10, top + 14)],
            (156, 154, 150),
        )
        for window in range(3):
            left = x + 34 + window * 112
            canvas.polygon(
                [
                    (left, top + 36),
                    (left + 62, top + 36),
                    (left + 62, top + 104),
                    (left, top + 104),
                ],
                (52, 44, 40),
            )
    for pole in range(6):
        canvas.line([(x - 20 + pole * 80, 560), (x - 20 + pole * 80, 150)], (186, 156, 92), 7)
    if is_after:
        canvas.polygon(
            [(x - 26, 150), (x + 386, 150), (x + 386, 470), (x - 26, 470)], (60, 140, 96), 170
        )
        canvas.polygon(
            [(x - 60, 470), (x + 420, 470), (x + 420, 560), (x - 60, 560)], (72, 120, 180)
        )
    else:
        canvas.blob((x + 150, 590), (190, 40), (186, 160, 120))
    return canvas.finish(grain=8)


def canal(seed: str, is_after: bool) -> Image.Image:
    """Black water with scum and rubbish; after: it runs clear."""
    canvas = Canvas(seed, sky=DAY, ground=GRASS)
    canvas.houses((190, 176, 150), 8)
    water: Colour = (104, 134, 138) if is_after else (42, 40, 34)
    canvas.polygon([(420, HORIZON), (540, HORIZON), (820, HEIGHT), (140, HEIGHT)], water)
    for near_x, far_x in ((140, 420), (820, 540)):
        side = -1 if far_x < 480 else 1
        canvas.polygon(
            [
                (far_x, HORIZON),
                (far_x + 10 * side, HORIZON),
                (near_x + 70 * side, HEIGHT),
                (near_x, HEIGHT),
            ],
            (158, 154, 146),
        )
    for _ in range(60 if not is_after else 24):
        along = canvas.rng.random()
        x = 480 + canvas.rng.uniform(-0.5, 0.5) * (110 + 520 * along)
        y = HORIZON + (HEIGHT - HORIZON) * along
        if is_after:
            canvas.line([(x, y), (x + 40 * along + 8, y)], (176, 198, 200), 3, 130)
        else:
            colour = canvas.rng.choice(
                [(198, 196, 186), (120, 116, 96), (206, 60, 56), (232, 232, 230)]
            )
            canvas.blob((x, y), (6 + 26 * along, 3 + 9 * along), colour, alpha=210)
    return canvas.finish(grain=8)


def landslide(seed: str, is_after: bool) -> Image.Image:
    """Earth and rocks over a mountain road; after: one lane cleared."""
    canvas = Canvas(seed, sky=GREY, ground=((96, 118, 74), (82, 96, 60)))
    canvas.polygon([(0, 60), (380, 150), (620, 330), (420, 560), (0, 640)], (74, 104, 58))
    canvas.polygon([(520, 330), (700, 320), (1100, HEIGHT), (180, HEIGHT)], (98, 96, 94))
    canvas.polygon([(140, 100), (330, 150), (560, 420), (430, 520), (210, 330)], (156, 108, 68))
    reach = 420 if is_after else 640
    for _ in range(130):
        share = canvas.rng.random()
        x = 300 + share * (reach - 260) + canvas.rng.gauss(0, 50)
        y = 420 + share * 130 + canvas.rng.gauss(0, 34)
        size = canvas.rng.uniform(8, 42)
        shade = canvas.rng.randint(-22, 22)
        canvas.blob((x, y), (size, size * 0.6), (148 + shade, 106 + shade, 70 + shade))
    if is_after:
        for x in (560.0, 660.0, 760.0):
            canvas.polygon([(x, 560), (x + 22, 500), (x + 44, 560)], (232, 96, 40))
    return canvas.finish(grain=9)


def beach(seed: str, is_after: bool) -> Image.Image:
    """A beach with washed-up rubbish; after: clean sand."""
    canvas = Canvas(seed, sky=DAY, ground=((58, 128, 150), (214, 194, 150)))
    canvas.polygon([(0, 430), (960, 380), (960, HEIGHT), (0, HEIGHT)], (216, 196, 152))
    for row in range(6):
        y = 300 + row * 22
        canvas.line(
            [(0, y + 40), (320, y + 26), (640, y + 14), (960, y - 6)], (232, 240, 240), 4, 120
        )
    for _ in range(12 if is_after else 0):
        canvas.blob(
            (canvas.rng.uniform(0, 960), canvas.rng.uniform(470, 700)),
            (60, 6),
            (198, 178, 132),
            alpha=150,
        )
    if not is_after:
        colours: list[Colour] = [
            (240, 240, 238),
            (52, 110, 180),
            (206, 66, 58),
            (60, 60, 62),
            (236, 200, 80),
        ]
        for _ in range(90):
            spot = canvas.rng.uniform(0, 960), canvas.rng.gauss(540, 60)
            canvas.blob(
                spot,
                (canvas.rng.uniform(6, 30), canvas.rng.uniform(4, 13)),
                canvas.rng.choice(colours),
            )
    return canvas.finish()
