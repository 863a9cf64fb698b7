"""Much of a month on few days: its last three, or the first three after the cap. Pure, as rules.py is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from app.fairness.rules import Flag, Policy


@dataclass(frozen=True)
class Work:
    """A member's month, or a team's: half points and qualified visits by day, and the days of the planned shifts."""

    half_by_day: Mapping[date, int]
    visits_by_day: Mapping[date, int]
    planned: Sequence[date]
    duties_by_day: Mapping[date, tuple[int, ...]] = field(default_factory=dict)


def month_end_rush(who: int, work: Work, last: date, policy: Policy) -> list[Flag]:
    """Points or visits of the last three days far above those days' part of the planned shifts."""
    days = frozenset(last - timedelta(days=n) for n in range(policy.rush_days))
    return _rush("month_end_rush", (who,), None, work, days, policy)


def team_rush(team_id: int, work: Work, last: date, policy: Policy) -> list[Flag]:
    days = frozenset(last - timedelta(days=n) for n in range(policy.rush_days))
    return _rush("team_rush", (), team_id, work, days, policy)


def after_cap_rush(who: int, work: Work, first: date, was_capped: bool, policy: Policy) -> list[Flag]:
    """The same of the first three days, where the month before had reached its cap."""
    days = frozenset(first + timedelta(days=n) for n in range(policy.rush_days))
    return _rush("after_cap_rush", (who,), None, work, days, policy) if was_capped else []


def _rush(
    kind: str, people: tuple[int, ...], team_id: int | None, work: Work, days: frozenset[date], policy: Policy
) -> list[Flag]:  # fmt: skip
    if not work.planned:
        return []
    planned = _percent_on(days, Counter(work.planned))
    enough = (
        (work.half_by_day, 2 * policy.rush_points),
        (work.visits_by_day, policy.rush_visits),
    )
    shares = [_percent_on(days, by_day) if sum(by_day.values()) >= least else 0 for by_day, least in enough]
    most = max(shares)
    if most < policy.rush_percent or most - planned < policy.rush_above:
        return []
    figures = {"days": policy.rush_days, "points": shares[0], "visits": shares[1], "planned": planned}
    duties = tuple(sorted(d for day in days for d in work.duties_by_day.get(day, ())))
    return [Flag(kind, people, most, figures, team_id, duties)]


def _percent_on(days: Collection[date], by_day: Mapping[date, int]) -> int:
    whole = sum(by_day.values())
    return 100 * sum(n for day, n in by_day.items() if day in days) // whole if whole > 0 else 0
