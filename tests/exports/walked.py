"""One evening's work in 清禾镇, and a hotspot, a village and a street elsewhere that must stay unseen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from app.db import db
from app.routes.models import Checkpoint
from tests import make
from tests.phone import Phone, walk

DAY = "2026-11-24"


def evening_items(people: Any, phone: Phone) -> list[dict[str, Any]]:
    """640 m walked along the route, and twelve minutes at the hotspot by a pair of taps."""
    start, shift = make.EVENING, people.shift
    first = db.session.scalar(
        db.select(Checkpoint.id)
        .where(Checkpoint.route_version_id == people.town.route.id)
        .order_by(Checkpoint.seq)
        .limit(1)
    )
    taps = ((n, start + timedelta(minutes=m)) for n, m in (("arrive", 20), ("leave", 32)))
    return [
        phone.start(shift, start),
        phone.checkin(shift, first, 105, 500, start + timedelta(minutes=5)),
        phone.segment(shift, walk([(80, 500), (720, 500)], start + timedelta(minutes=5))),
        *[phone.at_hotspot(shift, people.town.hotspot.id, what, 400, 500, at) for what, at in taps],
        phone.end(shift, start + timedelta(minutes=60)),
    ]
