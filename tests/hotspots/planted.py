"""A township with planted gatherings: where they are, when, and where nothing but scattered events lies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np

from app.accounts.rules import uuid7
from app.db import db
from app.incidents.models import RecordedIncident
from tests import cast, make, places

# Metres from the corner of 清禾镇, 1,200 m square: two gatherings of 30, one of Friday nights, one of noons.
NIGHTS, NOONS, BLIND = (300.0, 300.0), (900.0, 900.0), (900.0, 300.0)
EACH, SCATTERED = 30, 24


@dataclass(frozen=True)
class Planted:
    ids: list[UUID]
    truth: list[int]


def plant(people: cast.Cast, seed: int = 5) -> Planted:
    draw = np.random.default_rng(seed)
    spots = [draw.normal(at, 18, (EACH, 2)) for at in (NIGHTS, NOONS)]
    scattered = draw.uniform(20, 1180, (SCATTERED, 2))
    xy = np.vstack([*spots, scattered])
    truth = [0] * EACH + [1] * EACH + [-1] * SCATTERED
    times = [friday_night(draw) for _ in range(EACH)] + [noon(draw) for _ in range(EACH)]
    times += [make.EVENING - timedelta(hours=float(h)) for h in draw.uniform(24, 24 * 330, SCATTERED)]
    return Planted([add_event(people, *place, at).id for place, at in zip(xy, times, strict=True)], truth)


def friday_night(draw) -> datetime:
    """22:00 to 01:00 of a Friday in Shanghai, 2026."""
    week, hour = int(draw.integers(1, 40)), float(draw.uniform(22, 25))
    return datetime(2026, 11, 20, tzinfo=UTC) - timedelta(weeks=week) + timedelta(hours=hour - 8)


def noon(draw) -> datetime:
    day, hour = int(draw.integers(1, 300)), float(draw.uniform(11, 13))
    return datetime(2026, 11, 20, tzinfo=UTC) - timedelta(days=day) + timedelta(hours=hour - 8)


def add_event(people: cast.Cast, x: float, y: float, at: datetime, category: str = "theft_public", **more):
    lon, lat = places.here(x, y)
    event = RecordedIncident(
        township_id=more.pop("township_id", people.town.township.id), id=uuid7(at, np.random.bytes(10)),
        category=category, place=f"SRID=4326;POINT({lon:.7f} {lat:.7f})", happened_from=at, happened_to=at,
        source="test", imported_at=more.pop("imported_at", make.EVENING), **more,
    )  # fmt: skip
    db.session.add(event)
    db.session.flush()
    return event
