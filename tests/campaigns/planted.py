"""A campaign whose eight counts are known, because every event was put where it counts."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.campaigns import operations
from app.campaigns.choosing import Wanted
from app.campaigns.models import Campaign
from app.campaigns.operations import Plan
from app.teams.scope import scope_of
from tests import cast, make, places
from tests.hotspots.planted import add_event

FIRST, LAST = date(2026, 12, 1), date(2026, 12, 28)
BEFORE = date(2026, 11, 3)
# When the last file came in, and somebody looks.
TOLD, LATER = datetime.fromisoformat("2027-01-02T02:00Z"), datetime.fromisoformat("2027-01-05T02:00Z")
# Metres from the corner of the township: in the market, in the ring of 50 m around it, in the plaza, around that.
MARKET, MARKET_RING, PLAZA, PLAZA_RING = (400, 500), (400, 580), (900, 500), (900, 580)
PLACES = (MARKET, PLAZA, MARKET_RING, PLAZA_RING)


def add_plaza(people: cast.Cast, at: tuple[int, int] = PLAZA, name: str = "东村广场") -> Any:
    """A second hotspot, far enough from the market to be compared with it."""
    x, y = at
    return make.make_hotspot(
        people.town.township, places.square(x - 50, y - 50, x + 50, y + 50), people.admin, people.reviewer, name=name,
        village_id=people.town.villages[1].id,
    )  # fmt: skip


def add_events(people: cast.Cast, at: tuple[int, int], n: int, first: date, **more: Any) -> None:
    """So many at a place, on the days from `first` on, a metre from each other; known since TOLD."""
    for k in range(n):
        noon = datetime.combine(first + timedelta(days=k % 28), time(12, k % 60), ZoneInfo("Asia/Shanghai"))
        add_event(people, at[0] + k % 9, at[1] + k % 7, noon, **{"imported_at": TOLD, **more})


def plant_counts(people: cast.Cast, counts: tuple[int, ...]) -> None:
    """Before and after of market, plaza, and the rings around them."""
    for at, (before, after) in zip(PLACES, zip(counts[::2], counts[1::2], strict=True), strict=True):
        add_events(people, at, before, BEFORE)
        add_events(people, at, after, FIRST)


def wanted(people: cast.Cast, **more: Any) -> Wanted:
    asked = {
        "hotspot_ids": (people.town.hotspot.id,), "categories": ("theft_public",), "first": FIRST, "last": LAST,
        "ring_m": 50,
    }  # fmt: skip
    return Wanted(**{**asked, **more})


def plan(people: cast.Cast, control: Any, **more: Any) -> Plan:
    asked = {
        "name": "冬季夜间集中巡防", "wanted": wanted(people), "before": "just_before", "dosage_min": 20,
        "control_keys": (f"h{control.id}",),
    }  # fmt: skip
    return Plan(**{**asked, **more})


def approved(people: cast.Cast, control: Any, **more: Any) -> Campaign:
    campaign = operations.propose(
        people.reviewer, people.town.township, plan(people, control, **more), make.EVENING
    )
    return operations.approve(people.admin, scope_of(people.admin), campaign.id, make.EVENING)
