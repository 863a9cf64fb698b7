"""Evenings of a crew that are known to the minute: a visit to the market, the way, a visit to the square."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from app.duty.models import Shift
from app.hotspots.models import Hotspot
from tests import cast, make, places
from tests.phone import Phone

MARKET, SQUARE = (400, 500), (900, 500)


def add_square(people: cast.Cast, windows: Any = (), **more: Any) -> Hotspot:
    """A second hotspot, in the eastern village, its middle 500 m from the market's."""
    x, y = SQUARE
    return make.make_hotspot(
        people.town.township, places.square(x - 50, y - 50, x + 50, y + 50), people.admin, people.reviewer,
        windows=windows, name="东村广场", village_id=people.town.villages[1].id, **more,
    )  # fmt: skip


def evening_at_two_places(
    people: cast.Cast, phone: Phone, square: Hotspot, night: int, way_min: int
) -> list[Any]:
    """12 minutes at the market, `way_min` on the way, 15 at the square. Later nights get a shift of their own."""
    shift: Shift = people.shift
    if night:
        shift = make.make_shift(people.town.team, None, [people.member, people.mate],
                                starts_at=make.EVENING + timedelta(days=night))  # fmt: skip
    start = shift.starts_at
    market = people.town.hotspot.id

    def tap(hotspot_id: int, phase: str, place: tuple[int, int], minute: int) -> Any:
        return phone.at_hotspot(shift, hotspot_id, phase, *place, start + timedelta(minutes=minute))

    return [
        phone.start(shift, start),
        tap(market, "arrive", MARKET, 10), tap(market, "leave", MARKET, 22),
        tap(square.id, "arrive", SQUARE, 22 + way_min), tap(square.id, "leave", SQUARE, 37 + way_min),
        phone.end(shift, start + timedelta(hours=2)),
    ]  # fmt: skip
