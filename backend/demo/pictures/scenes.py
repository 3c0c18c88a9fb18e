"""Every theme a demo picture can have."""

from typing import Final

from backend.demo.pictures import grounds, streets
from backend.demo.pictures.canvas import Scene

SCENES: Final[dict[str, Scene]] = {
    "pothole": streets.pothole,
    "manhole": streets.manhole,
    "flood": streets.flood,
    "litter": streets.litter,
    "lamp": streets.lamp,
    "tree": streets.tree,
    "wires": streets.wires,
    "trafficlight": streets.trafficlight,
    "sidewalk": grounds.sidewalk,
    "construction": grounds.construction,
    "canal": grounds.canal,
    "landslide": grounds.landslide,
    "beach": grounds.beach,
}
