"""Staffing: pairs needed by the hour of the week beside those planned and out, as a page and as files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

import numpy as np
from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import clock
from app.accounts.operations import record_audit
from app.areas.models import Area
from app.coverage.queries import Period
from app.db import db
from app.errors import DomainError, NotFound
from app.exports.spreadsheets import Table, csv_of, xlsx_of
from app.gate import allow, me, my_scope
from app.planning import rules, staffing
from app.planning.rules import Grid, Minutes, Stretch
from app.planning.staffing import Staffing
from app.problems import sentence
from app.web.words import use_zone

pages = Blueprint("staffing", __name__)
SHOWN = ("gap", "need", "planned", "worked")
READERS = ("leader", "reviewer", "admin")
MOST_STRETCHES = 6
# What rounds to nothing is not shown as something.
LEAST = 0.005
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MEDIA = {"xlsx": XLSX, "csv": "text/csv; charset=utf-8"}


@dataclass(frozen=True)
class Asked:
    """What the address asks for."""

    area: Area
    period: Period
    shown: str
    problem: str

    def address(self, endpoint: str = "staffing.show", **more: Any) -> str:
        parts = {
            "area": self.area.code, "from": self.period.first.isoformat(), "to": self.period.last.isoformat(),
            "show": self.shown if self.shown != SHOWN[0] else None,
        }  # fmt: skip
        return url_for(endpoint, **{k: v for k, v in {**parts, **more}.items() if v is not None})


@dataclass(frozen=True)
class Hour:
    """One hour of the week: the figure, its step 0–5 of the scale; `short` where more is needed than planned."""

    value: float
    step: int
    needed: bool
    short: bool


@pages.get("/desk/coverage/staffing")
@allow(*READERS)
def show() -> ResponseReturnValue:
    asked = asked_for()
    found = staffing.staffing_of(asked.area, asked.period, clock.now())
    return render_template(
        "desk/staffing.html", asked=asked, found=found, areas=staffing.areas_for(my_scope()), shown=SHOWN,
        rows=rows_of(found, asked.shown), days=days_of(found), stretches=found.stretches[:MOST_STRETCHES],
        more=max(0, len(found.stretches) - MOST_STRETCHES), most_pairs=most_pairs(found), total=total,
        minutes=minutes_words, hours=hours_words, kinds=MEDIA, hours_shown=hours_shown(found, asked.shown),
    )  # fmt: skip


@pages.get("/desk/coverage/staffing/files/<kind>")
@allow(*READERS)
def file(kind: str) -> ResponseReturnValue:
    if kind not in MEDIA:
        raise NotFound()
    asked, now = asked_for(), clock.now()
    tables = tables_of(staffing.staffing_of(asked.area, asked.period, now))
    body = xlsx_of(tables) if kind == "xlsx" else csv_of(tables[0])
    record_audit(
        asked.area.township_id or asked.area.id, me().id, "figures.exported", "area", asked.area.code, now,
        file=f"staffing.{kind}", first=asked.period.first.isoformat(), last=asked.period.last.isoformat(),
    )  # fmt: skip
    db.session.commit()
    name = f"{asked.area.name}_{_('staffing.title')}_{asked.period.first}_{asked.period.last}"
    return as_file(body, kind, "staffing", name)


def as_file(body: bytes, kind: str, plain: str, name: str) -> Response:
    """Tables to take along, xlsx or csv; `plain` is the name for programs that read ASCII alone."""
    response = Response(body, content_type=MEDIA[kind])
    names = f"filename={plain}.{kind}; filename*=UTF-8''{quote(f'{name}.{kind}')}"
    response.headers["Content-Disposition"] = f"attachment; {names}"
    return response


# --- what was asked -----------------------------------------------------------------------------------------------


def asked_for() -> Asked:
    area = _area(request.args.get("area"))
    use_zone(area.time_zone)
    shown, problem, now = request.args.get("show", ""), "", clock.now()
    try:
        days = (_day(request.args.get(name)) for name in ("from", "to"))
        period = staffing.period_of(*days, area.time_zone, now)
    except DomainError as wrong:
        problem = f"{sentence(f'errors.{wrong.code}', wrong.figures)} {_('staffing.showing_instead')}"
        period = staffing.period_of(None, None, area.time_zone, now)
    return Asked(area, period, shown if shown in SHOWN else SHOWN[0], problem)


def _area(code: str | None) -> Area:
    """The area named, or the first on offer."""
    if code:
        return staffing.reach(my_scope(), code)
    offered = staffing.areas_for(my_scope())
    if not offered:
        raise NotFound()
    return offered[0]


def _day(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as wrong:
        raise DomainError("period_absurd") from wrong


# --- how figures read ---------------------------------------------------------------------------------------------


def rows_of(found: Staffing, shown: str) -> list[list[Hour]]:
    """The week in hours; of the gap what lacks, since what is over in one hour does not help in another."""
    grid = np.clip(found.gap, 0.0, None) if shown == "gap" else getattr(found, shown)
    top, gap = float(grid.max()), found.gap
    return [
        [
            Hour(
                value,
                min(5, 1 + int(value / top * 5)) if value > LEAST else 0,
                bool(found.need[day, hour] > LEAST),
                bool(gap[day, hour] >= rules.LEAST_GAP),
            )
            for hour, value in enumerate(row)
        ]
        for day, row in enumerate(grid.tolist())
    ]


def hours_shown(found: Staffing, shown: str) -> range:
    """From the first hour of the day with a figure to the last, so that a phone shows the week; else the whole day."""
    figures = found.need if shown == "gap" else np.maximum(found.need, getattr(found, shown))
    busy = np.flatnonzero((figures > LEAST).any(axis=0))
    return range(int(busy[0]), int(busy[-1]) + 1) if busy.size else range(figures.shape[1])


def days_of(found: Staffing) -> list[dict[str, float]]:
    """Pair-hours of each day of the week."""
    lacks = np.clip(found.gap, 0.0, None)
    return [
        {
            "need": float(found.need[day].sum()), "planned": float(found.planned[day].sum()),
            "worked": float(found.worked[day].sum()), "missing": float(lacks[day].sum()),
        }
        for day in range(7)
    ]  # fmt: skip


def most_pairs(found: Staffing) -> Callable[[Stretch], int]:
    """How many whole pairs the need of a stretch asks for at its highest."""
    whole = rules.whole_pairs(found.need)
    return lambda stretch: int(whole[stretch.weekday, stretch.from_hour : stretch.to_hour].max())


def total(grid: Grid) -> float:
    return float(grid.sum())


def hours_words(value: float) -> str:
    """12.5, 0.15, 0."""
    if value <= LEAST:
        return "0"
    return f"{value:,.1f}" if value >= 1 else f"{value:.2f}"


def minutes_words(minutes: Minutes) -> str:
    """「12 分钟（中间一半 10–14，7 次）」: and what it rests on where it is not measured."""
    return _(
        f"staffing.minutes.{minutes.basis}", minutes=f"{minutes.minutes:.0f}", n=minutes.n,
        low=f"{minutes.low or 0:.0f}", high=f"{minutes.high or 0:.0f}",
    )  # fmt: skip


# --- files --------------------------------------------------------------------------------------------------------


def tables_of(found: Staffing) -> list[Table]:
    return [_hours_table(found), _places_table(found), _notes_table(found)]


def _hours_table(found: Staffing) -> Table:
    whole = rules.whole_pairs(found.need)
    headings = [
        _(f"staffing.column.{key}")
        for key in ("weekday", "hour", "need", "whole", "planned", "worked", "gap")
    ]
    rows = [
        (
            _(f"desk.weekday.{day}"), f"{hour:02d}:00", *(
                v if isinstance(v, int) else round(v, 4)
                for v in (
                    float(found.need[day, hour]), int(whole[day, hour]), float(found.planned[day, hour]),
                    float(found.worked[day, hour]), float(found.gap[day, hour]),
                )
            ),
        )
        for day in range(7)
        for hour in range(24)
    ]  # fmt: skip
    return Table(_("staffing.week"), headings, rows)


def _places_table(found: Staffing) -> Table:
    keys = (
        "place",
        "visits",
        "visit_min",
        "visit_basis",
        "visit_n",
        "way_min",
        "way_basis",
        "way_n",
        "pair_hours",
    )
    rows = [
        (
            p.hotspot.name, len(p.slots), *_cells(p.visit), *_cells(p.way), round(p.week_min / 60, 4),
        )
        for p in found.places
    ]  # fmt: skip
    return Table(_("staffing.places"), [_(f"staffing.column.{key}") for key in keys], rows)


def _cells(minutes: Minutes | None) -> tuple[Any, ...]:
    if minutes is None:
        return None, _("staffing.no_way"), None
    return round(minutes.minutes, 2), _(f"staffing.basis.{minutes.basis}"), minutes.n


def _notes_table(found: Staffing) -> Table:
    rows = [
        (_("file.note.area"), f"{found.area.name} {found.area.code}"),
        (_("file.note.period"), f"{found.period.first.isoformat()} – {found.period.last.isoformat()}"),
        *(
            (_(f"staffing.why.{key}"), _(f"staffing.formula.{key}"))
            for key in ("need", "planned", "worked", "gap")
        ),
    ]
    return Table(_("file.sheet.notes"), [_("file.column.note"), ""], rows)
