"""The measures of an area by day, week or month, and by the hour of the week inside and outside risk windows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from sqlalchemy import and_, func, select

from app import clock
from app.areas.models import Area
from app.checkins.models import Checkin
from app.coverage import attendance, facts, hours, measures, queries, rules, streets, taps
from app.coverage.attendance import HotspotFigures, Stay
from app.coverage.facts import HotspotFact, ShiftFact
from app.coverage.hours import By, Grid, WindowKept
from app.coverage.measures import Coverage, Measure, Measures
from app.coverage.queries import STANDS, Network, Period
from app.coverage.rules import Grade, MergedGrade, Policy, Range
from app.coverage.streets import Floats, StreetFigures
from app.db import db
from app.duty.models import Duty

KEYS = (
    "street_coverage", "dosage_attainment", "two_hour_compliance", "dosage_observed", "qualified_visits",
    "shifts_planned", "shifts_done", "member_hours", "checkins_counted",
)  # fmt: skip
HOURLY = ("observed", "visits", "checkins", "on_duty")
HOURLY_UNITS = {"observed": "min", "visits": "visits", "checkins": "check-ins", "on_duty": "min"}


@dataclass(frozen=True)
class Point:
    """The measures of one part of the period."""

    period: Period
    measures: Measures


@dataclass(frozen=True)
class Week:
    """(7, 24) grids, Monday first, and what each rests on. `risk` are the minutes of the hotspots' risk windows that
    are over, `observed_in_risk` what of `observed` lay in them."""

    observed: Grid
    observed_in_risk: Grid
    risk: Grid
    visits: Grid
    checkins: Grid
    on_duty: Grid
    grades: dict[str, MergedGrade | None]
    n: dict[str, int]


# --- by day, week, month ----------------------------------------------------------------------------------------


def points_of(coverage: Coverage, by: By, now: datetime) -> list[Point]:
    """What is known of the area already, cut up; hotspots and streets are measured part by part."""
    area, ground, whole = coverage.area, coverage.ground, coverage.period
    parts = [Period(*days) for days in hours.cut(whole.first, whole.last, by)]
    hotspots = [f.hotspot for f in measures.hotspots_of(area, ground)]
    attended = attendance.figures_by_period(hotspots, parts, ground.policies, now)
    here = measures.streets_of(area, ground)
    by_part = walked(here, list(ground.streets), parts)
    shifts = measures.shifts_of(area, ground)
    points = []
    for part, some, figures in zip(parts, attended, by_part, strict=True):
        begun = [s for s in shifts if part.first <= s.day <= part.last]
        points.append(Point(part, _point(area, figures, some, begun, part)))
    return points


def _point(
    area: Area,
    figures: StreetFigures,
    attended: Sequence[HotspotFigures],
    shifts: Sequence[ShiftFact],
    part: Period,
) -> Measures:
    done = [s for s in shifts if s.crew]
    found = {
        **measures.street_measures(figures), **measures.hotspot_measures(attended),
        **measures.shift_measures(shifts, done, 0.0, part), **measures.checkin_measures(done),
    }  # fmt: skip
    if area.level == "grid":  # no shift is a grid's own
        found |= {k: Measure(None, found[k].unit, None, 0) for k in KEYS[-4:]}
    return {key: found[key] for key in KEYS}


def walked(here: StreetFigures, township_ids: Sequence[int], parts: Sequence[Period]) -> list[StreetFigures]:
    """The area's streets with the shares of each part alone."""
    ids = set(here.ids.tolist())
    shares: list[dict[int, tuple[float, float]]] = [{} for _ in parts]
    for network in queries.networks_in_force(township_ids, parts[-1].last):
        for part_shares, (order, both, tracked) in zip(shares, _shares(network, parts), strict=True):
            rows = zip(order, both.tolist(), tracked.tolist(), strict=True)
            part_shares.update({i: (b, t) for i, b, t in rows if i in ids})
    return [_with_shares(here, part) for part in shares]


def _with_shares(here: StreetFigures, shares: dict[int, tuple[float, float]]) -> StreetFigures:
    pairs = np.array([shares.get(i, (0.0, 0.0)) for i in here.ids.tolist()], np.float64).reshape(-1, 2)
    columns = {**vars(here), "covered": pairs[:, 0], "tracked": pairs[:, 1]}
    return StreetFigures(**columns)


def _shares(network: Network, parts: Sequence[Period]) -> list[tuple[list[int], Floats, Floats]]:
    """For each part: the network's streets, the share walked at all, and by tracks."""
    whole = Period(parts[0].first, parts[-1].last)
    rows = queries.streets_of(network.id)
    first, n = (np.array([getattr(r, key) for r in rows], np.int64) for key in ("first_piece", "n_pieces"))
    tracks = queries.bits_by_day(network, whole)
    tapped = taps.bits_by_day(network, taps.taps_of(network, whole.first, whole.last))
    ids = [r.id for r in rows]
    place = {street_id: at for at, street_id in enumerate(ids)}
    folded = queries.folded_by_day(network, whole)

    def share(days: Iterable[tuple[date, bytes]], part: Period) -> Floats:
        bits = [b for day, b in days if part.first <= day <= part.last]
        found: Floats = streets.pieces_covered(bits, first, n, network.pieces) / np.maximum(n, 1)
        for row in folded:
            if part.first <= row.day <= part.last:
                found[place[row.street_id]] = max(found[place[row.street_id]], row.covered_share)
        return found

    return [(ids, share([*tracks, *tapped], part), share(tracks, part)) for part in parts]


# --- by hour of the week ----------------------------------------------------------------------------------------


def week_of(coverage: Coverage, now: datetime) -> Week:
    """Of an area: its hotspots, and the check-ins and duties of the teams that look after it."""
    area, ground, period = coverage.area, coverage.ground, coverage.period
    hotspots = [f.hotspot for f in measures.hotspots_of(area, ground)]
    shifts = [] if area.level == "grid" else measures.shifts_of(area, ground)
    duties = _duties({(s.township_id, s.id) for s in shifts}, period, now)
    taps_at = _checkins({(s.township_id, s.id) for s in shifts}, period)
    week = _at_hotspots(hotspots, period, ground.policies, now)
    grades: dict[str, MergedGrade | None] = {
        **week.grades, "checkins": "single" if taps_at else None,
        "on_duty": rules.merged_grade(grade for _, grade in duties),
    }  # fmt: skip
    return Week(
        week.observed, week.observed_in_risk, week.risk, week.visits, hours.counts(taps_at, area.time_zone),
        hours.grid([span for span, _ in duties], area.time_zone), grades,
        {**week.n, "checkins": len(taps_at), "on_duty": len(duties)},
    )  # fmt: skip


def week_at(hotspot: HotspotFact, period: Period, policy: Policy, now: datetime) -> Week:
    """Of one hotspot: who else was on duty meanwhile is not asked."""
    return _at_hotspots([hotspot], period, {hotspot.township_id: policy}, now)


def _at_hotspots(
    hotspots: Sequence[HotspotFact], period: Period, policies: dict[int, Policy], now: datetime
) -> Week:
    stays = attendance.stays_of(hotspots, period)
    spent_in, risk_in, both_in, visits_in = (np.zeros((7, 24)) for _ in range(4))
    grades: set[Grade] = set()
    for hotspot in hotspots:
        spent, found = observed(stays[hotspot.id], hotspot, period, policies[hotspot.township_id])
        over = attendance.passed(risk_spans(hotspot, period), now)
        spent_in += hours.grid(spent, hotspot.zone)
        risk_in += hours.grid(over, hotspot.zone)
        both_in += hours.grid(rules.within(spent, over), hotspot.zone)
        visits_in += hours.counts([start for start, _ in found], hotspot.zone)
        grades |= {s.grade for s in stays[hotspot.id] if any(s.start < b and s.end > a for a, b in found)}
    grade, n, empty = rules.merged_grade(grades - {"single"}), int(visits_in.sum()), np.zeros((7, 24))
    return Week(
        spent_in, both_in, risk_in, visits_in, empty, empty, {"observed": grade, "visits": grade},
        {"observed": n, "visits": n},
    )  # fmt: skip


def observed(
    stays: Sequence[Stay], hotspot: HotspotFact, period: Period, policy: Policy
) -> tuple[tuple[Range, ...], list[Range]]:
    """(the minutes observed, the visits) of the visits that begin in the period: as dosage counts them."""
    start, end = clock.day_span(period.first, period.last, hotspot.zone)
    ranges = rules.union((s.start, s.end) for s in stays)
    visits = [(v.start, v.end) for v in rules.visits(ranges, policy) if start <= v.start < end]
    return rules.within(ranges, visits), visits


def risk_spans(hotspot: HotspotFact, period: Period) -> tuple[Range, ...]:
    first, last = max(period.first, hotspot.valid_from), min(period.last, hotspot.valid_to or period.last)
    return rules.risk_windows(hotspot.windows, first, last, hotspot.zone)


def windows_of(figures: HotspotFigures, period: Period, now: datetime) -> tuple[WindowKept, ...]:
    """Each recurring risk window of a hotspot: how often it came, how often somebody visited."""
    hotspot = figures.hotspot
    first, last = max(period.first, hotspot.valid_from), min(period.last, hotspot.valid_to or period.last)
    visits = [(v.start, v.end) for v in figures.visits]
    return hours.windows_kept(hotspot.windows, visits, first, last, hotspot.zone, now)


def _duties(shifts: set[tuple[int, int]], period: Period, now: datetime) -> list[tuple[Range, Grade]]:
    """From start to end of each person's duty, up to now, and what the duty rests on."""
    end = func.coalesce(Duty.ended_at, now)
    rows = db.session.execute(
        select(
            Duty.township_id, Duty.shift_id, Duty.started_at, func.least(end, now).label("until"), Duty.fixes,
            Duty.entered_by.is_not(None).label("declared"), facts.has_pair().label("pair"),
        ).where(
            Duty.township_id.in_({t for t, _ in shifts}), Duty.day.between(period.first, period.last),
            Duty.started_at.is_not(None), STANDS,
        )
    )  # fmt: skip
    return [
        ((r.started_at, r.until), facts.grade_of(r.declared, r.fixes, r.pair))
        for r in rows
        if (r.township_id, r.shift_id) in shifts and r.started_at < r.until
    ]


def _checkins(shifts: set[tuple[int, int]], period: Period) -> list[datetime]:
    rows: Any = db.session.execute(
        select(Duty.township_id, Duty.shift_id, Checkin.effective_at)
        .join(Checkin, and_(Checkin.township_id == Duty.township_id, Checkin.duty_id == Duty.id))
        .where(
            Duty.township_id.in_({t for t, _ in shifts}), Duty.day.between(period.first, period.last),
            facts.VERDICT == "counted", STANDS,
        )
    )  # fmt: skip
    return [row[2] for row in rows if (row[0], row[1]) in shifts]
