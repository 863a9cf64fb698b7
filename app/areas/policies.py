"""The numbers in force: the latest policy version of each topic at the township, else of the county, by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from app.areas import queries
from app.areas.models import Area, PolicyVersion
from app.db import db


@dataclass(frozen=True)
class InForce:
    """Bodies by topic (empty = the defaults of the rules) and the id of each version used."""

    bodies: dict[str, dict[str, Any]]
    ids: dict[str, int]

    def body(self, topic: str) -> dict[str, Any]:
        return self.bodies.get(topic, {})


def policies_in_force(township_id: int, day: date) -> InForce:
    """One statement: township before county, later before earlier; whole bodies, never merged across areas."""
    rows = queries.policies_of(township_id, day)
    return InForce({r.topic: r.body for r in rows}, {r.topic: r.id for r in rows})


class PoliciesOf:
    """The policies of a township on each day of a span; read once for each stretch without a change."""

    def __init__(self, township_id: int, first: date, last: date) -> None:
        self._township_id = township_id
        self._changes = [first, *_changes(township_id, first, last)]
        self._read: dict[date, InForce] = {}

    def on(self, day: date) -> InForce:
        """The same object for days under the same policies."""
        since = max((d for d in self._changes if d <= day), default=day)
        if since not in self._read:
            self._read[since] = policies_in_force(self._township_id, since)
        return self._read[since]


def _changes(township_id: int, first: date, last: date) -> list[date]:
    """Days after the first on which a version of the township or its county begins."""
    return list(
        db.session.scalars(
            select(PolicyVersion.valid_from)
            .join(Area, Area.id == township_id)
            .where(
                PolicyVersion.area_id.in_([Area.id, Area.county_id]),
                PolicyVersion.valid_from > first, PolicyVersion.valid_from <= last,
            )
            .distinct()
        )
    )  # fmt: skip


@dataclass(frozen=True)
class Place:
    """What measuring needs to know of a township: its zone and its county's projected system."""

    township_id: int
    zone: str
    crs: str


def place_of(township_id: int) -> Place:
    row = db.session.execute(select(Area.time_zone, Area.metres_crs).where(Area.id == township_id)).one()
    return Place(township_id, row.time_zone, row.metres_crs)
