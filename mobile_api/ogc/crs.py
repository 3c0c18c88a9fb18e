"""The reference systems features are served in, with their own order of axes (Part 2, 18-058r1).

CRS84 (longitude, latitude) is the default; EPSG:4326 is the same with latitude first; EPSG:3857;
and the systems of VN-2000, Vietnam's national one (QCVN 11:2008, Circular 973/2001/TT-TCĐC gives
each province its zone), whose area of use touches ours, as the EPSG register says.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_crs_info

CRS84: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_EPSG: Final = "http://www.opengis.net/def/crs/EPSG/0/"
_ALWAYS: Final = (4326, 3857)
_NATIONAL: Final = "VN-2000 / "
_DEGREE_DIGITS, _METRE_DIGITS = 8, 3

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Reference:
    """One reference system: its URI, and its EPSG code (None: CRS84)."""

    uri: str
    epsg: int | None
    is_in_degrees: bool

    def write(self, geometry: shapely.Geometry) -> shapely.Geometry:
        """A geometry of CRS84 in this system, in its own order of axes."""
        digits = _DEGREE_DIGITS if self.is_in_degrees else _METRE_DIGITS
        transform = _transform(self.epsg) if self.epsg else None

        def change(points: NDArray[np.float64]) -> NDArray[np.float64]:
            if transform:
                points = np.column_stack(transform(points[:, 0], points[:, 1], False))
            return np.round(points, digits)

        return shapely.transform(geometry, change)

    def read_box(self, box: Box) -> Box:
        """What a box of this system covers in CRS84: at least all of it."""
        if self.epsg is None:
            return box
        corners = (box[0], box[2], box[1], box[3])
        # the sides of a box are curves elsewhere
        first = np.linspace(corners[0], corners[1], 21)
        second = np.linspace(corners[2], corners[3], 21)
        grid = np.meshgrid(first, second)
        lon, lat = _transform(self.epsg)(grid[0].ravel(), grid[1].ravel(), True)
        if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
            return (-180.0, -90.0, 180.0, 90.0)
        return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())


@lru_cache(maxsize=1)
def _default() -> Reference:
    return Reference(CRS84, None, is_in_degrees=True)


@lru_cache(maxsize=64)
def list_references(extent: Box) -> tuple[Reference, ...]:
    """The systems offered for features in an extent (degrees of CRS84), the default first."""
    west, south, east, north = extent
    national = {
        int(found.code)
        for found in query_crs_info(
            auth_name="EPSG",
            area_of_interest=AreaOfInterest(west, south, east, north),
            contains=False,
        )
        if found.name.startswith(_NATIONAL)
    }
    return (
        _default(),
        *(
            Reference(f"{_EPSG}{code}", code, CRS.from_epsg(code).is_geographic)
            for code in (*_ALWAYS, *sorted(national))
        ),
    )


def find_reference(uri: str | None, offered: tuple[Reference, ...]) -> Reference | None:
    """The offered system of this URI; the default without one; None for one not offered."""
    if uri is None:
        return offered[0]
    return next((one for one in offered if one.uri == uri.strip("<>[] ")), None)


@lru_cache(maxsize=64)
def _transform(epsg: int) -> Callable[..., Any]:
    # CRS84 and not EPSG:4326 on our side: longitude first
    transformer = Transformer.from_crs("OGC:CRS84", f"EPSG:{epsg}")

    def apply(first: Any, second: Any, is_back: bool) -> Any:
        return transformer.transform(
            first, second, direction="INVERSE" if is_back else "FORWARD", errcheck=False
        )

    return apply
