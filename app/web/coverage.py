"""Coverage: the map and the villages beside it, and why each number is what it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from app import clock
from app.areas.models import LEVELS, Area
from app.coverage import behind, lists, measures, outings, queries, series, single
from app.coverage.attendance import HotspotFigures
from app.coverage.ground import network_sources
from app.coverage.hours import BYS, By
from app.coverage.measures import Measure
from app.coverage.numbers import policies_of
from app.coverage.queries import Period
from app.coverage.rules import Policy
from app.db import db
from app.errors import DomainError, NotFound
from app.gate import allow, my_scope, shows_map
from app.problems import sentence
from app.teams.scope import visible_area_rows
from app.web import coverage_compare, coverage_drawn, coverage_time
from app.web.words import use_zone

pages = Blueprint("coverage", __name__)

SHOWN = ("fresh", "covered", "hotspots", "routes", "cells")
KINDS = ("street", "hotspot", "route", "area")
COLUMNS = ("street_coverage", "dosage_attainment", "shifts_done")
HEADLINES = ("street_coverage", "dosage_attainment", "two_hour_compliance", "shifts_done")
QUICK_DAYS = (7, 28)
TIMES = (1, 2, 3, 5, 10)
MOST_STEPS = 25
BASIS = {
    "street_coverage": "streets", "street_km_total": "streets", "street_km_covered": "streets",
    "street_tapped": "streets",
    "dosage_observed": "visits", "dosage_credited": "visits", "qualified_visits": "visits",
    "dosage_attainment": "slots", "two_hour_compliance": "minutes", "idleness_mean": "hotspots",
    "idleness_worst": "hotspots", "street_share": "shifts",
    "member_hours": "duties", "effort": "duties", "checkins_counted": "checkins",
    "checkins_held": "checkins", "checkins_not_counted": "checkins", "cell_coverage": "cells",
    "punctuality": "checkins", "worst_gap_compliance": "windows", "intermittency": "hotspots",
    "start_entropy": "visits",
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What the address asks for: an area, a period, a layer, and perhaps why."""

    area: Area
    period: Period
    layer: str
    problem: str
    by: By
    series: str
    hours: str
    compare: str
    team: int | None

    def address(self, **more: Any) -> str:
        """The page's own address with something changed; None leaves a part out."""
        return url_for(
            "coverage.show", **{k: v for k, v in {**self.parts(), **more}.items() if v is not None}
        )

    def parts(self) -> dict[str, Any]:
        """What stands in the address; what is as usual is left out."""
        parts = {
            "area": self.area.code, "from": self.period.first.isoformat(), "to": self.period.last.isoformat(),
            "layer": self.layer, "times": self.period.times if self.period.times > 1 else None,
            "by": self.by if self.by != coverage_time.by_of(None, self.period) else None,
            "series": self.series if self.series != coverage_time.SHOWN[0] else None,
            "hours": self.hours if self.hours != coverage_time.HOURLY[0] else None,
            "compare": self.compare or None, "team": self.team,
        }  # fmt: skip
        return {key: value for key, value in parts.items() if value is not None}


@pages.get("/desk/coverage")
@allow("leader", "reviewer", "admin")
def show() -> ResponseReturnValue:
    now, scope = clock.now(), my_scope()
    asked = asked_for()
    corners = coverage_drawn.rectangle(request.args)
    if corners:
        return redirect(asked.address(why=coverage_drawn.KIND + corners))
    coverage = measures.coverage_of(scope, asked.area, asked.period, now)
    ground = coverage.ground
    bars, top = coverage_time.bars_of(coverage, asked.by, asked.series, now)
    hotspots = measures.hotspots_of(asked.area, ground)
    shows_map()
    return render_template(
        "desk/coverage.html",
        asked=asked, coverage=coverage, path=_path(asked.area), shown=SHOWN, columns=COLUMNS, headlines=HEADLINES,
        quick=_quick(asked), times=sorted({*TIMES, asked.period.times}),
        hotspots=sorted(hotspots, key=_least_attended), bars=bars, top=top, bys=BYS,
        neglected=coverage_time.neglected(hotspots, asked.period, now),
        week=coverage_time.hours_of(series.week_of(coverage, now), asked.hours),
        compared=coverage_compare.compared(scope, coverage, asked.compare, now),
        before=coverage_compare.before(asked.period), others=coverage_compare.others(scope, asked.area),
        signed=signed, series_shown=coverage_time.SHOWN, hourly_shown=coverage_time.HOURLY,
        streets=lists.stalest_streets(scope, measures.streets_of(asked.area, ground), _policy(asked), now),
        blind=lists.blind_streets(scope, measures.streets_of(asked.area, ground), _policy(asked), now),
        outings=outings.outings_of(scope, asked.area, ground, asked.team, now),
        slide=_slide(asked), routes=lists.routes_walked(scope, measures.shifts_of(asked.area, ground)),
        bounds=queries.bounds_of([asked.area.id]), credits=_credits(ground.streets),
        **_drawer_asked(asked, request.args.get("why", "")), words=words, basis=basis, tone=tone, roles=scope.roles,
    )  # fmt: skip


@pages.get("/desk/coverage/why/<kind>/<number>")
@allow("leader", "reviewer", "admin")
def why(kind: str, number: str) -> ResponseReturnValue:
    """The drawer alone: the page's script fetches it."""
    asked = asked_for()
    if kind == "drawn":
        found = coverage_drawn.outline(my_scope(), number, asked.period, clock.now())
        return render_template(
            "desk/coverage_drawn.html", asked=asked, outline=found, words=words, basis=basis
        )
    return render_template(
        "desk/coverage_why.html",
        asked=asked,
        **_drawer(_reached(f"{kind}:{number}")),
        words=words,
        basis=basis,
        roles=my_scope().roles,
    )


# --- what was asked ---------------------------------------------------------------------------------------------


def asked_for() -> Asked:
    area = _area(request.args.get("area"))
    use_zone(area.time_zone)
    layer = request.args.get("layer", SHOWN[0])
    times, problem = _times(request.args.get("times"))
    try:
        first, last = (_day(request.args.get(name)) for name in ("from", "to"))
        period = measures.period_of(first, last, area.time_zone, clock.now(), times)
    except DomainError as wrong:
        problem = f"{sentence(f'errors.{wrong.code}', wrong.figures)} {_('coverage.showing_instead')}"
        period = measures.period_of(None, None, area.time_zone, clock.now(), times)
    shown = request.args.get("series", "")
    return Asked(
        area, period, layer if layer in SHOWN else SHOWN[0], problem,
        coverage_time.by_of(request.args.get("by"), period),
        shown if shown in coverage_time.SHOWN else coverage_time.SHOWN[0],
        coverage_time.hourly(request.args.get("hours")), coverage_compare.text_of(request.args),
        request.args.get("team", type=int),
    )  # fmt: skip


def _times(text: str | None) -> tuple[int, str]:
    """How often a street has to be walked; once, and a sentence, where the address says nothing that can be."""
    text = text or "1"
    times = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
    if 1 <= times <= measures.MOST_TIMES:
        return times, ""
    return 1, _("coverage.times_wrong", most=measures.MOST_TIMES)


def _day(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as wrong:
        raise DomainError("period_absurd") from wrong


def _area(code: str | None) -> Area:
    """The area named, or the highest that the caller reads in full."""
    scope = my_scope()
    full = queries.measured_ids(scope)
    if code:
        area = measures.reach(scope, code)
        if area.id not in full:
            raise NotFound()
        return area
    found = db.session.scalars(select(Area).where(Area.id.in_(full), visible_area_rows(scope, Area.id))).all()
    if not found:
        raise NotFound()
    return min(found, key=lambda area: (LEVELS.index(area.level), area.code))


def _path(area: Area) -> list[Area]:
    """The areas above that the caller may read too, from the top."""
    full, found = queries.measured_ids(my_scope()), [area]
    while found[0].parent_id in full:
        found.insert(0, db.session.get_one(Area, found[0].parent_id))
    return found[:-1]


def _least_attended(figures: HotspotFigures) -> tuple[bool, float]:
    return figures.attainment is None, figures.attainment or 0.0


def _policy(asked: Asked) -> Policy:
    """The numbers in force in the area's township; of a county's, the defaults."""
    township_id = asked.area.township_id
    return policies_of([township_id], asked.period)[township_id] if township_id else Policy()


def _quick(asked: Asked) -> list[Period]:
    today = clock.local_day(clock.now(), asked.area.time_zone)
    return [Period(today - timedelta(days=n - 1), today, asked.period.times) for n in QUICK_DAYS]


def _slide(asked: Asked) -> dict[str, Any]:
    """Periods of the same length, back from the one that ends today: where this one is, the one before and after."""
    days, last = asked.period.days, asked.period.last
    today = clock.local_day(clock.now(), asked.area.time_zone)

    def moved(by: int) -> str:
        first, end = (day + timedelta(days=by * days) for day in (asked.period.first, last))
        return asked.address(**{"from": first.isoformat(), "to": end.isoformat(), "by": None})

    at = max(0, (today - last).days // days)
    return {
        "days": days, "today": today, "at": at, "most": max(MOST_STEPS, at), "earlier": moved(-1),
        "later": moved(1) if last < today else None,
    }  # fmt: skip


def _why(text: str) -> behind.Why | None:
    """What the address asks about; an address that names nothing the caller may see shows the page alone."""
    if not text:
        return None
    try:
        return _reached(text)
    except DomainError:
        return None


def _reached(text: str) -> behind.Why:
    kind, _colon, number = text.partition(":")
    now, scope, asked = clock.now(), my_scope(), asked_for()
    if kind == "area":
        return behind.why_area(scope, measures.reach(scope, number), asked.period, now)
    if kind not in KINDS or not (number.isascii() and number.isdigit() and len(number) < 16):
        raise NotFound()
    return behind.why(
        kind, scope, int(number), asked.period.first, asked.period.last, now, asked.period.times
    )


def _drawer_asked(asked: Asked, text: str) -> dict[str, Any]:
    if text.startswith(coverage_drawn.KIND):
        drawn = text.removeprefix(coverage_drawn.KIND)
        found = coverage_drawn.outline(my_scope(), drawn, asked.period, clock.now())
        return {"outline": found, "why": None, "why_week": None}
    return _drawer(_why(text))


def _drawer(why: behind.Why | None) -> dict[str, Any]:
    """What the drawer shows: how it went over time, and of a hotspot its hours of the week and its risk windows."""
    found: dict[str, Any] = {"why": why, "why_week": None, "why_bars": [], "outline": None}
    if why is None or why.kind not in single.KINDS:
        return found
    by = coverage_time.by_of(None, why.period)
    points = single.points_of(why.kind, my_scope(), why, by, clock.now())
    bars, top = coverage_time.bars_from(points, why.main)
    found |= {"why_bars": bars, "why_top": top, "why_by": by}
    if why.kind == "hotspot":
        week, windows = behind.hotspot_week(int(why.id), why.period, clock.now())
        found |= {"why_week": coverage_time.hours_of(week, "observed"), "why_windows": windows}
    return found


def _credits(township_ids: Iterable[int]) -> list[tuple[str, str]]:
    """(words, address) of each source of streets: its licence asks to be named on the map."""
    found = []
    for source, licence in network_sources(set(township_ids)):
        words, _open, address = source.partition(" (https://")
        named = words if licence in words else _("coverage.credit", source=words, licence=licence)
        found.append((named, f"https://{address.rstrip(')')}" if address else ""))
    return found


# --- how figures read -------------------------------------------------------------------------------------------


def words(measure: Measure) -> str:
    """The number alone: 37.5, 12, 3.42; a dash where there is nothing to measure."""
    if measure.value is None:
        return "–"
    if measure.unit in ("visits", "shifts", "check-ins"):
        return str(round(measure.value))
    if measure.unit == "min":
        return f"{measure.value:,.0f}" if measure.value >= 10 else f"{measure.value:.1f}"
    exact = not measure.unit or (measure.unit == "km" and measure.value < 10)
    return f"{measure.value:,.2f}" if exact else f"{measure.value:,.1f}"


def signed(difference: Measure) -> str:
    """The number with its sign: +3.2, −3.2, ±0."""
    text = words(Measure(abs(difference.value or 0.0), difference.unit, None, difference.n))
    if not any(digit in text for digit in "123456789"):
        return f"±{text}"
    return f"{'+' if (difference.value or 0) > 0 else '−'}{text}"


def basis(key: str, measure: Measure) -> str:
    """What a figure rests on: 「基于 60 条街道」."""
    return _(f"coverage.basis.{BASIS.get(key, 'shifts')}", n=f"{measure.n:,}")


def tone(share: float | None, unit: float = 1.0) -> int:
    """The step 1–5 of the scale that a share falls in, 0 where nothing is known."""
    return 0 if share is None else min(5, 1 + int(share / unit * 5))
