"""Streets: broken, dark, flooded, blocked, and put right."""

from typing import Final

from PIL import Image

from backend.demo.pictures.canvas import HEIGHT, Canvas, Colour

DAY: Final = ((126, 170, 214), (206, 222, 234))
GREY: Final = ((138, 146, 156), (186, 192, 198))
EARTH: Final = ((150, 146, 128), (118, 112, 96))
GRASS: Final = ((118, 140, 92), (84, 108, 62))
ASPHALT: Final = (92, 92, 94)


def pothole(seed: str, is_after: bool) -> Image.Image:
    """Broken asphalt; mended: a darker, even patch."""
    canvas = street(seed)
    for _ in range(5):
        across, along = canvas.rng.uniform(-0.3, 0.3), canvas.rng.uniform(0.1, 0.35)
        x, y = canvas.on_road(across, along)
        canvas.blob((x, y), (20, 6), (78, 78, 80))
    x, y = canvas.on_road(canvas.rng.uniform(-0.16, 0.2), 0.62)
    wide = canvas.rng.uniform(120, 170)
    if is_after:
        canvas.polygon(
            (
                (x - wide, y - 44),
                (x + wide * 0.9, y - 48),
                (x + wide * 1.2, y + 50),
                (x - wide * 1.3, y + 54),
            ),
            (54, 54, 58),
        )
    else:
        canvas.blob((x, y), (wide * 1.15, 62), (112, 106, 98))
        canvas.blob((x, y), (wide, 50), (58, 52, 46))
        canvas.blob((x + 8, y + 10), (wide * 0.7, 30), (96, 84, 66))
        canvas.blob((x + 14, y + 14), (wide * 0.45, 16), (142, 148, 150), alpha=190)
        for _ in range(26):
            spot = (x + canvas.rng.gauss(0, wide), y + canvas.rng.gauss(0, 44))
            canvas.ellipse(spot, (canvas.rng.uniform(3, 9), 4), (128, 122, 112))
    return canvas.finish(grain=9)


def manhole(seed: str, is_after: bool) -> Image.Image:
    """A round hole in the road with a branch stuck in it; mended: a cover."""
    canvas = street(seed)
    x, y = canvas.on_road(canvas.rng.uniform(-0.14, 0.14), 0.6)
    canvas.ellipse((x, y), (104, 42), (150, 148, 142))
    if is_after:
        canvas.ellipse((x, y), (90, 34), (66, 66, 70))
        for row in range(-3, 4):
            reach = (1 - (row / 4) ** 2) ** 0.5 * 84
            canvas.line([(x - reach, y + row * 8), (x + reach, y + row * 8)], (98, 98, 102), 3)
    else:
        canvas.ellipse((x, y), (90, 34), (16, 16, 18))
        canvas.line([(x, y + 10), (x + 24, y - 170)], (92, 66, 40), 9)
        for _ in range(22):
            leaf = (x + 24 + canvas.rng.gauss(0, 30), y - 150 + canvas.rng.gauss(0, 34))
            canvas.blob(leaf, (18, 11), (66, 112 + canvas.rng.randint(-20, 20), 48))
    return canvas.finish(grain=8)


def flood(seed: str, is_after: bool) -> Image.Image:
    """A street under brown water; after: wet asphalt."""
    canvas = Canvas(seed, sky=GREY, ground=EARTH)
    canvas.houses((176, 164, 150))
    canvas.road((70, 72, 76) if is_after else ASPHALT)
    if is_after:
        for _ in range(9):
            x, y = canvas.on_road(canvas.rng.uniform(-0.4, 0.4), canvas.rng.uniform(0.3, 0.95))
            canvas.blob((x, y), (80, 12), (120, 128, 136), alpha=110)
    else:
        canvas.polygon([(0, 330), (960, 320), (960, HEIGHT), (0, HEIGHT)], (128, 110, 84), 232)
        for _ in range(70):
            y = canvas.rng.uniform(335, HEIGHT)
            x, long = canvas.rng.uniform(0, 960), 20 + (y - 320) * 0.3
            canvas.line([(x, y), (x + long, y + 1)], (176, 164, 142), 3, 120)
        x = canvas.rng.uniform(300, 560)
        motorbike(canvas, x, 520, sunk=True)
    return canvas.finish(grain=7)


def litter(seed: str, is_after: bool) -> Image.Image:
    """A heap of bags by the road; after: swept, with a bin."""
    canvas = street(seed, ground=GRASS)
    left = canvas.rng.uniform(140, 260)
    canvas.blob((left + 60, 600), (300, 70), (128, 118, 100))
    if is_after:
        canvas.polygon(
            [(left, 460), (left + 110, 460), (left + 98, 630), (left + 12, 630)], (34, 118, 70)
        )
        canvas.polygon(
            [(left - 8, 440), (left + 118, 440), (left + 118, 466), (left - 8, 466)], (24, 92, 54)
        )
        return canvas.finish()
    bags: list[Colour] = [
        (34, 34, 38),
        (224, 224, 220),
        (206, 70, 60),
        (60, 98, 170),
        (222, 190, 70),
    ]
    for row in range(5):
        for _ in range(17 - row * 3):
            x = left + 60 + canvas.rng.gauss(0, 130 - row * 20)
            y = 640 - row * 34 + canvas.rng.uniform(-16, 16)
            size = canvas.rng.uniform(20, 44)
            canvas.blob((x, y), (size, size * 0.75), canvas.rng.choice(bags))
            canvas.blob(
                (x - size * 0.2, y - size * 0.3),
                (size * 0.3, size * 0.14),
                (250, 250, 250),
                alpha=60,
            )
    return canvas.finish(grain=9)


def lamp(seed: str, is_after: bool) -> Image.Image:
    """A dark street with dead lamps; after: pools of light."""
    canvas = Canvas(seed, sky=((10, 14, 30), (26, 32, 50)), ground=((24, 26, 30), (16, 18, 20)))
    canvas.houses((38, 40, 50))
    canvas.road((34, 35, 38))
    lit = {0, 1, 2, 3} if is_after else {canvas.rng.choice((2, 3))}
    for number, along in enumerate((0.62, 0.3, 0.14, 0.05)):
        x, foot = canvas.on_road(0.56, along)
        high = 60 + along * 480
        width = max(3, int(4 + along * 14))
        canvas.line(
            [(x, foot), (x, foot - high), (x - high * 0.28, foot - high - 8)], (96, 98, 104), width
        )
        bulb = (x - high * 0.28, foot - high - 4)
        if number in lit:
            for reach, alpha in ((5.0, 18), (3.2, 26), (1.8, 44)):
                canvas.ellipse(
                    bulb,
                    (14 * reach * (0.5 + along), 12 * reach * (0.5 + along)),
                    (255, 226, 150),
                    alpha,
                )
            canvas.ellipse(
                (bulb[0], foot + 10), (120 * (0.3 + along), 34 * (0.3 + along)), (255, 220, 150), 60
            )
        canvas.ellipse(
            bulb, (14 * (0.4 + along), 6), (255, 240, 200) if number in lit else (60, 60, 64)
        )
    return canvas.finish(grain=11)


def tree(seed: str, is_after: bool) -> Image.Image:
    """A tree across the road; after: a stump and a clear road."""
    canvas = street(seed, ground=GRASS)
    slope = canvas.rng.uniform(-40, 30)
    if is_after:
        canvas.polygon([(70, 520), (140, 514), (152, 590), (60, 594)], (104, 76, 48))
        canvas.ellipse((105, 517), (36, 12), (196, 160, 112))
        return canvas.finish()
    canvas.line([(60, 560), (430, 505 + slope), (860, 470 + slope)], (86, 62, 40), 46)
    canvas.line([(430, 505 + slope), (640, 400)], (86, 62, 40), 20)
    for _ in range(150):
        x = canvas.rng.gauss(680, 150)
        y = 450 + slope + canvas.rng.gauss(0, 66)
        green = canvas.rng.randint(80, 140)
        canvas.blob(
            (x, y), (canvas.rng.uniform(14, 40), canvas.rng.uniform(10, 24)), (50, green, 44)
        )
    canvas.blob((50, 575), (90, 60), (110, 84, 58))
    return canvas.finish(grain=8)


def wires(seed: str, is_after: bool) -> Image.Image:
    """Cables hanging into the street; after: bundled and taut."""
    canvas = street(seed)
    canvas.polygon([(150, 60), (174, 60), (186, 700), (140, 700)], (150, 148, 144))
    canvas.polygon([(820, 150), (834, 150), (840, 520), (814, 520)], (150, 148, 144))
    for number in range(9):
        sag = 24 + number * 3 if is_after else 60 + number * 34 + canvas.rng.uniform(0, 60)
        points = []
        for step in range(21):
            share = step / 20
            y = 100 + number * 7 + share * 90 + sag * 4 * share * (1 - share)
            points.append((164 + share * 664, y))
        canvas.line(points, (22, 22, 24), 4)
    if not is_after:
        canvas.line([(560, 330), (520, 470), (600, 610), (470, 650)], (18, 18, 20), 5)
    return canvas.finish()


def trafficlight(seed: str, is_after: bool) -> Image.Image:
    """A dark traffic light over a crossing; after: it shows red."""
    canvas = street(seed)
    canvas.line([(720, 700), (720, 120), (470, 108)], (110, 112, 116), 18)
    for x, y in ((440.0, 80), (694.0, 250)):
        canvas.polygon([(x, y), (x + 60, y), (x + 60, y + 168), (x, y + 168)], (26, 28, 30))
        lamps: list[Colour] = (
            [(232, 44, 40), (70, 60, 20), (22, 62, 34)]
            if is_after
            else [(50, 22, 20), (58, 50, 20), (20, 46, 28)]
        )
        for row, colour in enumerate(lamps):
            canvas.ellipse((x + 30, y + 32 + row * 52), (20, 20), colour)
            if is_after and row == 0:
                canvas.ellipse((x + 30, y + 32), (44, 44), (255, 90, 80), 60)
    for x in (250.0, 390.0, 560.0):
        motorbike(canvas, x + canvas.rng.uniform(-20, 20), 560)
    return canvas.finish()


def street(seed: str, *, ground: tuple[Colour, Colour] = EARTH) -> Canvas:
    """A street by day, before anything happens on it."""
    canvas = Canvas(seed, sky=DAY, ground=ground)
    canvas.houses((208, 186, 158))
    canvas.road(ASPHALT)
    return canvas


def motorbike(canvas: Canvas, x: float, y: float, *, sunk: bool = False) -> None:
    """A motorbike and its rider from behind, standing at (x, y); `sunk` in water."""
    body: Colour = canvas.rng.choice([(168, 44, 40), (40, 60, 120), (50, 52, 56)])
    if not sunk:
        canvas.ellipse((x, y + 60), (14, 34), (24, 24, 26))
    canvas.polygon([(x - 22, y), (x + 22, y), (x + 26, y + 46), (x - 26, y + 46)], body)
    canvas.polygon(
        [(x - 26, y - 70), (x + 26, y - 70), (x + 32, y + 6), (x - 32, y + 6)], (96, 112, 134)
    )
    canvas.ellipse((x, y - 92), (22, 24), (196, 190, 70))
