"""How long a visit and the way between two hotspots take in a township: measured, or said to be an estimate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.coverage.facts import HotspotFact
from app.coverage.queries import Period
from app.coverage.rules import Policy
from app.planning import queries, rules
from app.planning.rules import Minutes, Pair

WEEKS_BACK = 8


@dataclass(frozen=True)
class Times:
    """`visit` by hotspot, `travel` by (from, to) in either order; `any_visit` of all hotspots together."""

    visit: Mapping[int, Minutes]
    travel: Mapping[Pair, Minutes]
    any_visit: Minutes

    def stay(self, hotspot_id: int) -> float:
        return self.visit[hotspot_id].minutes

    def way(self, here: int, there: int) -> float:
        return 0.0 if here == there else self.travel[here, there].minutes


def times_of(township_id: int, hotspots: Sequence[HotspotFact], until: date, policy: Policy) -> Times:
    """Of these hotspots of one township, from the duties of the eight weeks that end with the day `until`."""
    ids = [h.id for h in hotspots]
    period = Period(until - timedelta(days=WEEKS_BACK * 7 - 1), until)
    stays = queries.stays_at(township_id, ids, period)
    visits = rules.visits_by_hotspot(stays, policy)
    together = rules.township_visit([case for cases in visits.values() for case in cases], policy)
    ways, metres = rules.ways_by_pair(stays, policy), queries.metres_between(ids)
    travel = {
        pair: rules.measured(ways.get(pair, ())) or rules.estimated_way(metre, policy)
        for pair, metre in metres.items()
    }
    return Times(
        {i: rules.visit_minutes(visits.get(i, ()), together) for i in ids},
        travel | {(b, a): minutes for (a, b), minutes in travel.items()},
        together,
    )
