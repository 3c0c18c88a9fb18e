"""What the geo package refuses, and why.

GeoError
├── PositionRefused      a longitude or latitude that is no place on Earth
├── FileRefused          a file that cannot be read as boundaries or successors
│   └── CrsRefused       … because its reference system is absent, ambiguous or unknown
├── ImportRefused        readable, but its content or the stored state forbids it
└── GenerationMissing    no generation of that level and date is stored
"""


class GeoError(Exception):
    """The root of everything this package raises on purpose."""


class PositionRefused(GeoError):
    """A longitude or latitude is not finite or outside ±180 / ±90 degrees."""


class FileRefused(GeoError):
    """The file is missing, empty, damaged, or of a kind that is not accepted."""


class CrsRefused(FileRefused):
    """The coordinate reference system is absent, ambiguous, or leads nowhere on Earth."""


class ImportRefused(GeoError):
    """The content, or what is stored already, forbids loading; nothing was written."""


class GenerationMissing(GeoError):
    """No generation of that level and first day is stored."""
