"""The child's half of `guard`: one WKB in, a verdict out. Runs with limits and may die; imports no Flask."""

from typing import Any

import numpy as np
import shapely

from app.geofiles.child import serve


def main(options: dict[str, Any]) -> None:
    """Answer the parent until it closes."""
    serve(lambda frame: look(frame, options["types"], options["max_vertices"]), options["cpu_s"])


def look(wkb: bytes, types: list[str], max_vertices: int) -> dict[str, Any]:
    """{"ok": true}, or {"code", "values"} with the first fault found; cheap checks come before GEOS computes."""
    try:
        shape = shapely.from_wkb(wkb)
    except MemoryError:
        return _no("check_took_too_much_memory")
    except shapely.errors.ShapelyError as error:
        closed = "closed linestring" in str(error)
        return _no("ring_not_closed" if closed else "geometry_unreadable")
    except TypeError:
        return _no("geometry_missing")
    try:
        return _shape(shape, types, max_vertices)
    except MemoryError:
        return _no("check_took_too_much_memory")


def _shape(shape: Any, types: list[str], max_vertices: int) -> dict[str, Any]:
    if shape.geom_type not in types:
        return _no("geometry_type", found=shape.geom_type, wanted=", ".join(types))
    if shape.has_z or getattr(shape, "has_m", False):
        return _no("geometry_has_height")
    if shape.is_empty or any(part.is_empty for part in shapely.get_parts(shape)):
        return _no("geometry_empty")
    count = int(shapely.get_num_coordinates(shape))
    if count > max_vertices:
        return _no("too_many_vertices", found=count, limit=max_vertices)
    return _coordinates(shape) or _valid(shape)


def _coordinates(shape: Any) -> dict[str, Any] | None:
    lonlat = shapely.get_coordinates(shape)
    if not np.isfinite(lonlat).all():
        return _no("coordinates_not_finite")
    wrong = (np.abs(lonlat[:, 0]) > 180.0) | (np.abs(lonlat[:, 1]) > 90.0)
    if wrong.any():
        lon, lat = lonlat[int(wrong.argmax())]
        return _no("coordinates_out_of_range", lon=f"{lon:.6g}", lat=f"{lat:.6g}")
    return None


def _valid(shape: Any) -> dict[str, Any]:
    if not shapely.is_valid(shape):
        # GEOS says "Self-intersection[120.1 30.2]"
        reason, _, place = shapely.is_valid_reason(shape).partition("[")
        return _no("geometry_invalid", reason=reason.strip(), place=place.rstrip("]"))
    if shape.geom_type.endswith("LineString") and shape.length == 0:
        return _no("line_without_length")
    return {"ok": True}


def _no(code: str, **values: Any) -> dict[str, Any]:
    return {"code": code, "values": values}
