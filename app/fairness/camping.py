"""Places: just enough for what is paid, and too long at one of them. Pure, as rules.py is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from app.fairness.rules import Flag, Policy, grouped

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Visit:
    """A qualified visit of somebody's duty to a hotspot."""

    person_id: int
    duty_id: int
    hotspot_id: int
    start: datetime
    end: datetime

    @property
    def minutes(self) -> float:
        return (self.end - self.start) / MINUTE


def thin_visits(visits: Iterable[Visit], qualified_min: float, policy: Policy) -> list[Flag]:
    """Nearly every visit of a month ends within two minutes of where it begins to count."""
    flags = []
    for who, own in sorted(grouped(visits, lambda v: v.person_id).items()):
        thin = [v for v in own if v.minutes < qualified_min + policy.thin_min]
        percent = 100 * len(thin) // len(own)
        if len(thin) >= policy.thin_least and percent >= policy.thin_percent:
            figures = {"visits": len(thin), "of": len(own), "minutes": round(qualified_min) + policy.thin_min}
            flags.append(Flag("thin_visits", (who,), len(thin), figures, None, _duties(thin)))
    return flags


def paid_rhythm(visits: Iterable[Visit], gap_min: float, policy: Policy) -> list[Flag]:
    """Again and again at one hotspot just after its visits pay again."""
    flags = []
    for who, own in sorted(grouped(visits, lambda v: v.person_id).items()):
        returns = [
            (b, (b.start - a.end) / MINUTE)
            for stay in grouped(own, lambda v: (v.duty_id, v.hotspot_id)).values()
            for a, b in pairwise(sorted(stay, key=lambda v: v.start))
        ]
        just = [visit for visit, gap in returns if gap_min <= gap < gap_min + policy.rhythm_min]
        if len(just) >= policy.rhythm_least and 100 * len(just) >= policy.rhythm_percent * len(returns):
            figures = {"visits": len(just), "of": len(returns), "from": round(gap_min),
                       "to": round(gap_min) + policy.rhythm_min}  # fmt: skip
            flags.append(Flag("paid_rhythm", (who,), len(just), figures, None, _duties(just)))
    return flags


def long_standing(
    stays: Mapping[tuple[int, int, int], float], worked_min: Mapping[int, float], policy: Policy
) -> list[Flag]:
    """Most of a duty at one hotspot, on several duties. `stays`: minutes by (person, duty, hotspot)."""
    most: dict[int, dict[int, float]] = defaultdict(dict)
    for (who, duty_id, _), minutes in stays.items():
        most[who][duty_id] = max(minutes, most[who].get(duty_id, 0.0))
    flags = []
    for who, by_duty in sorted(most.items()):
        long = {d: m for d, m in by_duty.items() if _is_long(m, worked_min.get(d, 0.0), policy)}
        if len(long) >= policy.standing_duties:
            figures = {
                "duties": len(long),
                "of": len(by_duty),
                "minutes": round(sum(long.values()) / len(long)),
            }
            flags.append(Flag("long_standing", (who,), len(long), figures, None, tuple(sorted(long))))
    return flags


def _is_long(minutes: float, worked: float, policy: Policy) -> bool:
    return worked >= policy.standing_duty_min and 100 * minutes >= policy.standing_percent * worked


def _duties(visits: Iterable[Visit]) -> tuple[int, ...]:
    return tuple(sorted({v.duty_id for v in visits}))
