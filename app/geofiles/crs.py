"""The system a file's coordinates are in, and the way from it to WGS-84. Used in the reading child."""

from typing import Any

import numpy as np
import pyproj
import shapely
from pyproj.exceptions import CRSError

from app.geofiles.datum import TO_WGS84

# Half a degree outside a system's area of use is still taken: areas of use are drawn generously or tightly.
SLACK_DEG = 0.5
SAME_DEG = 1e-5


class SystemRefused(Exception):
    """args: code, values."""


class Source:
    """What `--crs` and the file itself say, agreed, with the transformation.

    `asked` is --crs (any code PROJ knows, or gcj02, bd09) or None; `stated` is the file's own system or None.
    Raises SystemRefused: crs_missing, crs_unknown, crs_contradicts.
    """

    def __init__(self, asked: str | None, stated: str | None, shapes: Any) -> None:
        self._shift = TO_WGS84.get(asked.lower()) if asked else None
        own = _system(stated) if stated else None
        if self._shift is not None:
            system = pyproj.CRS.from_epsg(4326)
            if own is not None and not own.is_geographic:
                raise SystemRefused("crs_contradicts", {"asked": asked, "stated": own.name})
        elif asked:
            system = _system(asked)
            if own is not None and not _agree(system, own, shapes):
                raise SystemRefused("crs_contradicts", {"asked": asked, "stated": own.name})
        elif own is not None:
            system = own
        else:
            raise SystemRefused("crs_missing", {})
        self.name = asked or system.name
        self._project = pyproj.Transformer.from_crs(system, 4326, always_xy=True)
        area = system.area_of_use
        self._bounds = (
            (area.west, area.south, area.east, area.north) if area else (-180.0, -90.0, 180.0, 90.0)
        )

    def to_wgs84(self, wkb: bytes) -> tuple[bytes, str | None]:
        """The geometry in WGS-84 and 2-D, and a code when it lies where the system isn't used.

        What can't be read is handed on as it is: the guard names its fault.
        """
        try:
            shape = shapely.force_2d(shapely.from_wkb(wkb))
            moved = shapely.transform(shape, self._move)
            lonlat = shapely.get_coordinates(moved)
        except (shapely.errors.ShapelyError, NotImplementedError, TypeError):
            return wkb, None
        fault = None if self._in_area(lonlat) else "outside_area_of_crs"
        return bytes(shapely.to_wkb(moved)), fault

    def _move(self, xy: Any) -> Any:
        if self._shift is not None:
            return np.stack(self._shift(xy[:, 0], xy[:, 1]), axis=1)
        return np.stack(self._project.transform(xy[:, 0], xy[:, 1]), axis=1)

    def _in_area(self, lonlat: Any) -> bool:
        west, south, east, north = self._bounds
        finite = lonlat[np.isfinite(lonlat).all(axis=1)]
        if len(finite) != len(lonlat):
            return True  # the guard's business
        if west > east:  # across the date line
            return True
        return bool(
            ((finite[:, 0] >= west - SLACK_DEG) & (finite[:, 0] <= east + SLACK_DEG)).all()
            and ((finite[:, 1] >= south - SLACK_DEG) & (finite[:, 1] <= north + SLACK_DEG)).all()
        )


def _system(code: str) -> pyproj.CRS:
    try:
        system = pyproj.CRS.from_user_input(code)
    except CRSError as error:
        raise SystemRefused("crs_unknown", {"found": code[:60]}) from error
    if not (system.is_geographic or system.is_projected or system.is_compound):
        raise SystemRefused("crs_unknown", {"found": code[:60]})
    return system


def _agree(asked: pyproj.CRS, stated: pyproj.CRS, shapes: Any) -> bool:
    """Whether both put the file's first shapes at the same place, to a metre: names of one system differ too much."""
    xy = [_corner(wkb) for wkb in shapes[:50] if wkb is not None]
    points = np.array([pair for pair in xy if pair is not None])
    if not len(points):
        return bool(asked.equals(stated, ignore_axis_order=True))
    placed = [
        np.array(
            pyproj.Transformer.from_crs(system, 4326, always_xy=True).transform(points[:, 0], points[:, 1])
        )
        for system in (asked, stated)
    ]
    return bool((np.abs(placed[0] - placed[1]) < SAME_DEG).all())


def _corner(wkb: bytes) -> tuple[float, float] | None:
    try:
        west, south, _, _ = shapely.from_wkb(wkb).bounds
    except shapely.errors.ShapelyError:
        return None
    return None if np.isnan(west) else (west, south)
