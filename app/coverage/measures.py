"""The measures of an area and of what it is made of, each with its unit, evidence grade and n."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select

from app import clock
from app.areas.models import Area
from app.coverage import attendance, cells, facts, queries, rules, streets
from app.coverage.attendance import HotspotFigures
from app.coverage.cells import CellFigures
from app.coverage.facts import ShiftFact
from app.coverage.numbers import policies_of
from app.coverage.queries import Period
from app.coverage.rules import MergedGrade, Policy
from app.coverage.streets import StreetFigures
from app.db import db
from app.errors import DomainError, FieldError, NotFound
from app.teams.scope import Scope, reach_area, visible_area_rows

LONGEST_DAYS = 400
DEFAULT_DAYS = 7
MOST_TIMES = 20
TRACKS_KEPT_DAYS = 30
DAYS_A_MONTH = 365.25 / 12


@dataclass(frozen=True)
class Measure:
    """`value` None = nothing to measure; `n` = how many streets, shifts, slots … it rests on."""

    value: float | None
    unit: str
    grade: MergedGrade | None
    n: int


Measures = dict[str, Measure]


@dataclass(frozen=True)
class Coverage:
    area: Area
    period: Period
    measures: Measures
    children: list[tuple[Area, Measures]]
    ground: Ground


@dataclass(frozen=True)
class Ground:
    """All that is known of the area, to be divided among its children."""

    streets: dict[int, StreetFigures]
    street_ids: dict[int, set[int]]
    hotspots: list[HotspotFigures]
    hotspot_ids: dict[int, set[int]]
    shifts: list[ShiftFact]
    teams: dict[int, set[int]]
    cells: dict[int, CellFigures]
    policies: dict[int, Policy]
    km2: dict[int, float]
    period: Period


def period_of(first: date | None, last: date | None, zone: str, now: datetime, times: int = 1) -> Period:
    """Days of the area's zone, the last seven unless said otherwise. Raises DomainError naming the wrong day."""
    last = last or max(clock.local_day(now, zone), first or date.min)
    first = first or last - timedelta(days=DEFAULT_DAYS - 1)
    if first > last:
        raise DomainError("period_reversed", [FieldError("/to", "period_reversed")])
    if (last - first).days >= LONGEST_DAYS:
        raise DomainError("period_too_long", [FieldError("/from", "period_too_long", {"days": LONGEST_DAYS})],
                          days=LONGEST_DAYS)  # fmt: skip
    if first.year < 2000 or last.year > 2100:
        wrong = "/from" if first.year < 2000 else "/to"
        raise DomainError("period_absurd", [FieldError(wrong, "period_absurd")])
    return Period(first, last, times)


def reach(scope: Scope, code: str) -> Area:
    """An area whose figures the caller may read: a plain member those of the home township and its villages."""
    area = reach_area(scope, code)
    if area.level == "grid" and area.id not in queries.measured_ids(scope):
        raise NotFound()
    return area


def shifts_kept(now: datetime) -> date:
    """From this day on a shift without presence on its route did not walk it; before, nothing is known any more."""
    return now.date() - timedelta(days=TRACKS_KEPT_DAYS)


def coverage_of(
    scope: Scope, area: Area, period: Period, now: datetime, *, with_children: bool = True
) -> Coverage:
    needed = with_children or area.level == "county"
    children = children_of(scope, area, period) if needed else []
    ground = _gather(scope, area, children, period, now)
    divided = [(child, _measures(child, ground)) for child in children]
    return Coverage(area, period, _measures(area, ground), divided, ground)


def measures_of(
    scope: Scope, township: Area, areas: Sequence[Area], period: Period, now: datetime
) -> dict[int, Measures]:
    """By area: villages and grids of one township, counted together."""
    ground = _gather(scope, township, areas, period, now)
    return {area.id: _measures(area, ground) for area in areas}


def children_of(scope: Scope, area: Area, period: Period) -> list[Area]:
    rows = select(Area).where(
        Area.parent_id == area.id, visible_area_rows(scope, Area.id),
        or_(Area.valid_to.is_(None), Area.valid_to >= period.first),
    ).order_by(Area.code)  # fmt: skip
    measured = queries.measured_ids(scope)
    return [child for child in db.session.scalars(rows) if child.level != "grid" or child.id in measured]


def _gather(scope: Scope, area: Area, children: Sequence[Area], period: Period, now: datetime) -> Ground:
    ids = _whole(area, children) & scope.visible_area_ids
    townships = queries.townships_of(ids)
    networks = queries.networks_in_force(townships, period.last)
    found = facts.hotspots_of(facts.hotspots_within(ids), period)
    policies = policies_of(townships, period)
    figures = attendance.hotspot_figures(found, period, policies, now)
    grids = [a for a in (area, *children) if a.level == "grid"]
    shifts = [] if area.level == "grid" else facts.shifts_of(facts.shifts_in(ids), period, shifts_kept(now))
    return Ground(
        {n.township_id: streets.street_figures(n, period) for n in networks},
        {g.id: queries.streets_in_area(g.id, [n.id for n in networks]) for g in grids},
        figures,
        {g.id: queries.hotspots_in_area(g.id, [h.id for h in found]) for g in grids},
        [s for s in shifts if s.starts_at <= now],
        facts.areas_of_teams(townships),
        {n.township_id: cells.cell_figures(n, period) for n in networks},
        policies,
        queries.areas_km2([area.id, *(c.id for c in children)]),
        period,
    )


def _whole(area: Area, children: Sequence[Area]) -> frozenset[int]:
    """The areas that facts are asked for: townships or a village. A grid's come from its village."""
    if area.level == "county":
        return frozenset(child.id for child in children)
    return frozenset([area.parent_id if area.level == "grid" else area.id])  # type: ignore[list-item]


# --- what of the ground belongs to an area ----------------------------------------------------------------------


def streets_of(area: Area, ground: Ground) -> StreetFigures:
    if area.level == "county":
        return streets.joined(list(ground.streets.values()))
    township = ground.streets.get(area.id if area.level == "township" else area.township_id or 0)
    if township is None or area.level == "township":
        return township or streets.joined([])
    if area.level == "village":
        return township.where(township.village_ids == area.id)
    wanted = ground.street_ids[area.id]
    return township.where(streets.among(township.ids, wanted))


def hotspots_of(area: Area, ground: Ground) -> list[HotspotFigures]:
    belongs: dict[str, Callable[[HotspotFigures], bool]] = {
        "county": lambda f: True,
        "township": lambda f: f.hotspot.township_id == area.id,
        "village": lambda f: f.hotspot.village_id == area.id,
        "grid": lambda f: f.hotspot.id in ground.hotspot_ids[area.id],
    }
    return [f for f in ground.hotspots if belongs[area.level](f)]


def shifts_of(area: Area, ground: Ground) -> list[ShiftFact]:
    """A village's shifts are those of the teams that look after it; a grid has none of its own."""
    if area.level == "village":
        return [s for s in ground.shifts if s.team_id in ground.teams.get(area.id, set())]
    if area.level == "township":
        return [s for s in ground.shifts if s.township_id == area.id]
    return ground.shifts if area.level == "county" else []


# --- the measures -----------------------------------------------------------------------------------------------


def _measures(area: Area, ground: Ground) -> Measures:
    shifts = shifts_of(area, ground)
    done = [s for s in shifts if s.crew]
    by_shift = {
        **route_measures(done, ground.policies),
        **shift_measures(shifts, done, ground.km2.get(area.id, 0.0), ground.period),
        **checkin_measures(done),
    }
    if area.level == "grid":
        by_shift = {key: Measure(None, m.unit, None, 0) for key, m in by_shift.items()}
    return {
        **street_measures(streets_of(area, ground)),
        **_cell_measures(streets_of(area, ground), ground),
        **hotspot_measures(hotspots_of(area, ground)),
        **by_shift,
    }


def percent(share: float | None) -> float | None:
    return None if share is None else round(share * 100, 4)


def street_measures(figures: StreetFigures) -> Measures:
    n = len(figures.ids)
    grade = merged(figures.grades)
    return {
        "street_coverage": Measure(percent(rules.share(figures.covered_m, figures.total_m)), "%", grade, n),
        "street_km_total": Measure(round(figures.total_m / 1000, 3), "km", None, n),
        "street_km_covered": Measure(
            round(figures.covered_m / 1000, 3), "km", grade, int((figures.covered > 0).sum())
        ),
        "street_tapped": Measure(
            percent(tapped_share(figures.covered_m, figures.tracked_m)),
            "%",
            grade,
            n if figures.covered_m else 0,
        ),
    }


def tapped_share(covered_m: float, tracked_m: float) -> float | None:
    """What of the covered metres no track shows: it rests on single check-ins. None where nothing is covered."""
    share = rules.share(tracked_m, covered_m)
    return None if share is None else max(0.0, 1 - share)


def _cell_measures(figures: StreetFigures, ground: Ground) -> Measures:
    """The hexagons of the streets; each township's numbers judge its own."""
    attended, n = 0.0, 0
    for township_id, found in ground.cells.items():
        policy = ground.policies[township_id]
        minutes_each = cells.minutes(found, figures.ids, policy)
        share = rules.cell_coverage(minutes_each, policy)
        attended, n = attended + (share or 0.0) * len(minutes_each), n + len(minutes_each)
    grade = merged(figures.grades)
    return {"cell_coverage": Measure(percent(rules.share(attended, n)), "%", grade, n)}


def punctual(done: Sequence[ShiftFact], policies: Mapping[int, Policy]) -> Measure:
    """Check-ins in their checkpoint's window; each township's numbers judge its own."""
    total, good = 0, 0.0
    for shift in done:
        share = rules.punctuality(shift.windowed, policies.get(shift.township_id, Policy()))
        total, good = total + len(shift.windowed), good + (share or 0.0) * len(shift.windowed)
    return Measure(percent(rules.share(good, total)), "%", "single" if total else None, total)


def route_measures(done: Sequence[ShiftFact], policies: Mapping[int, Policy]) -> Measures:
    walked = [s for s in done if s.route_share is not None and s.route_m > 0]
    whole = sum(s.route_m for s in walked)
    completion = rules.share(sum(s.route_m * (s.route_share or 0.0) for s in walked), whole)
    near, track = sum(s.near_m for s in walked), sum(s.track_m for s in walked)
    grade: MergedGrade | None = "track" if walked else None
    needing = [s for s in done if s.required and s.by_phone]
    counted = sum(len(s.counted_ids & s.required) for s in needing)
    required = sum(len(s.required) for s in needing)
    return {
        "route_completion": Measure(percent(completion), "%", grade, len(walked)),
        "adherence": Measure(percent(rules.adherence(completion, near, track)), "%", grade, len(walked)),
        "checkpoint_completion": Measure(
            percent(rules.share(counted, required)), "%", "single" if needing else None, len(needing)
        ),
        "punctuality": punctual(done, policies),
    }


def hotspot_measures(figures: Sequence[HotspotFigures]) -> Measures:
    n, grade = len(figures), merged(f.grade for f in figures)
    visits = sum(len(f.visits) for f in figures)
    slots, risk_min = sum(f.slots for f in figures), sum(f.risk_min for f in figures)
    means = [f.idle_mean_min for f in figures if f.idle_mean_min is not None]
    worst = [f.idle_worst_min for f in figures if f.idle_worst_min is not None]
    attained = rules.share(sum(f.attained for f in figures), slots)
    fresh = rules.share(sum(f.fresh_min for f in figures), risk_min)
    return {
        "dosage_observed": Measure(minutes(sum(f.observed_min for f in figures)), "min", grade, visits),
        "dosage_credited": Measure(minutes(sum(f.credited_min for f in figures)), "min", grade, visits),
        "qualified_visits": Measure(float(sum(f.qualified for f in figures)), "visits", grade, visits),
        "dosage_attainment": Measure(percent(attained), "%", grade, slots),
        "idleness_mean": Measure(minutes(sum(means) / len(means)) if means else None, "min", grade, n),
        "idleness_worst": Measure(minutes(max(worst)) if worst else None, "min", grade, n),
        "two_hour_compliance": Measure(percent(fresh), "%", grade, round(risk_min)),
        **rhythm_measures(figures, grade, visits),
    }


def rhythm_measures(figures: Sequence[HotspotFigures], grade: MergedGrade | None, visits: int) -> Measures:
    """How regularly hotspots are attended: of each for itself, and the mean of those that can say."""
    over = sum(f.risk_windows for f in figures)
    kept = rules.share(sum(f.gaps_kept for f in figures), over)
    uneven = [f.intermittency for f in figures if f.intermittency is not None]
    entropy = [f.start_entropy for f in figures if f.start_entropy is not None]
    return {
        "worst_gap_compliance": Measure(percent(kept), "%", grade, over),
        "intermittency": Measure(_mean(uneven), "", grade, len(uneven)),
        "start_entropy": Measure(_mean(entropy), "", grade, visits),
    }


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None


def shift_measures(
    shifts: Sequence[ShiftFact], done: Sequence[ShiftFact], km2: float, period: Period
) -> Measures:
    grade = merged(g for s in done for g in s.grades)
    people = sum(s.crew for s in done)
    hours = sum(s.member_s for s in done) / 3600
    effort = rules.effort(hours, km2, period.days / DAYS_A_MONTH)
    return {
        "shifts_planned": Measure(float(len(shifts)), "shifts", None, len(shifts)),
        "shifts_done": Measure(float(len(done)), "shifts", grade, len(shifts)),
        "plan_done": Measure(percent(rules.share(len(done), len(shifts))), "%", grade, len(shifts)),
        "hours_planned": Measure(round(sum(s.planned_h for s in shifts), 2), "h", None, len(shifts)),
        "member_hours": Measure(round(hours, 2), "h", grade, people),
        "effort": Measure(None if effort is None else round(effort, 2), "h·km⁻²", grade, people),
    }


def checkin_measures(done: Sequence[ShiftFact]) -> Measures:
    total = sum(sum(s.checkins.values()) for s in done)
    return {
        f"checkins_{verdict}": Measure(
            float(sum(s.checkins.get(verdict, 0) for s in done)),
            "check-ins",
            "single" if total else None,
            total,
        )
        for verdict in ("counted", "held", "not_counted")
    }


def minutes(value: float) -> float:
    return round(value, 2)


def merged(grades: Iterable[MergedGrade | None]) -> MergedGrade | None:
    """The common grade, or `mixed`; mixed with anything stays mixed."""
    distinct = {g for g in grades if g is not None}
    return next(iter(distinct), None) if len(distinct) < 2 else "mixed"
