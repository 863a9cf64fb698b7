"""Questions about areas."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, select, text

from app.areas.models import Area
from app.db import db
from app.geo import as_wkb


def areas_by_code(codes: Iterable[str]) -> dict[str, Area]:
    """The areas of these codes that exist."""
    return {area.code: area for area in db.session.scalars(select(Area).where(Area.code.in_(set(codes))))}


def area_of_level(code: str, level: str) -> Area | None:
    """The area with this code when it is of this level."""
    return db.session.scalar(select(Area).where(Area.code == code, Area.level == level))


def township_and_villages(township_id: int) -> list[tuple[int, str, str, int | None, bytes]]:
    """(id, level, name, population, WKB) of a township and of its villages that are in force."""
    rows = db.session.execute(
        select(Area.id, Area.level, Area.name, Area.population, as_wkb(Area.geom))
        .where(
            Area.township_id == township_id, Area.level.in_(("township", "village")), Area.valid_to.is_(None)
        )
        .order_by(Area.level, Area.code)
    )
    return [(row[0], row[1], row[2], row[3], bytes(row[4])) for row in rows]


def sibling_overlaps(area_ids: Sequence[int]) -> list[tuple[str, str, float]]:
    """(code, sibling's code, common area over the smaller one's) for each pair with one of `area_ids` in it."""
    return [
        (row.code, row.other, float(row.share))
        for row in db.session.execute(_SIBLING_OVERLAPS, {"ids": list(area_ids)})
    ]


def shares_outside_parent(area_ids: Sequence[int]) -> list[tuple[str, str, float]]:
    """(code, parent's code, share of the area outside the parent)."""
    return [
        (row.code, row.parent, float(row.share))
        for row in db.session.execute(_OUTSIDE_PARENT, {"ids": list(area_ids)})
    ]


_SIBLING_OVERLAPS = text("""
    SELECT a.code, b.code AS other,
           ST_Area(ST_Intersection(a.geom, b.geom)::geography)
             / LEAST(ST_Area(a.geom::geography), ST_Area(b.geom::geography)) AS share
    FROM areas a JOIN areas b ON a.parent_id = b.parent_id AND a.id <> b.id AND a.geom && b.geom
    WHERE a.id = ANY(:ids) AND (NOT b.id = ANY(:ids) OR a.id > b.id) AND b.valid_to IS NULL
      AND ST_Intersects(a.geom, b.geom) AND NOT ST_Touches(a.geom, b.geom)
    ORDER BY a.code, b.code
""")

_OUTSIDE_PARENT = text("""
    SELECT a.code, p.code AS parent,
           ST_Area(ST_Difference(a.geom, p.geom)::geography) / ST_Area(a.geom::geography) AS share
    FROM areas a JOIN areas p ON p.id = a.parent_id
    WHERE a.id = ANY(:ids) AND NOT ST_CoveredBy(a.geom, p.geom)
    ORDER BY a.code
""")


def policies_of(township_id: int, day: date) -> Sequence[Row[Any]]:
    """(topic, body, id) in force: the township's before its county's, later before earlier."""
    return db.session.execute(_POLICIES, {"township": township_id, "day": day}).all()


_POLICIES = text("""
    SELECT DISTINCT ON (p.topic) p.topic, p.body, p.id
    FROM areas a JOIN policy_versions p ON p.area_id IN (a.id, a.county_id)
    WHERE a.id = :township AND p.valid_from <= :day
    ORDER BY p.topic, (p.area_id = :township) DESC, p.valid_from DESC
""")
