"""Team strength: targets beside members by village, the year behind, what the gap costs; as a page and as files."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import clock
from app.accounts.operations import record_audit
from app.areas.models import Area
from app.db import db
from app.errors import NotFound
from app.exports.spreadsheets import csv_of, xlsx_of
from app.gate import allow, me, my_scope
from app.strength import figures, queries
from app.strength.figures import Strength
from app.strength.rules import COSTS, KINDS, Kind
from app.web import strength_files
from app.web.staffing import MEDIA, as_file
from app.web.strength_files import number, rate, settings_of, yuan
from app.web.words import use_zone

pages = Blueprint("strength", __name__)
READERS = ("reviewer", "admin")
WORST = 3
# The months of the trend at which the villages are shown: a year ago, each quarter, today.
QUARTERS = range(0, 13, 3)
TREND_W, TREND_H = 600.0, 120.0


@dataclass(frozen=True)
class Bar:
    """A village's line of the chart, in hundredths of the longest."""

    name: str
    target: float
    registered: float
    active: float


@dataclass(frozen=True)
class Column:
    """A month of the trend: where it stands, and how high its two bars are."""

    x: float
    width: float
    registered: float
    active: float


@pages.get("/desk/coverage/strength")
@allow(*READERS)
def show() -> ResponseReturnValue:
    township = township_asked()
    found = strength_now(township)
    return render_template(
        "desk/strength.html", found=found, township=township, townships=queries.townships_for(my_scope()),
        kinds=KINDS, costs=COSTS, quarters=QUARTERS, bars=bars_of, columns=columns_of, worst=worst_of,
        number=number, rate=rate, yuan=yuan, settings_of=settings_of, why=strength_files.WHY, media=MEDIA,
    )  # fmt: skip


@pages.get("/desk/coverage/strength/files/<kind>")
@allow(*READERS)
def file(kind: str) -> ResponseReturnValue:
    if kind not in MEDIA:
        raise NotFound()
    township = township_asked()
    found = strength_now(township)
    tables = strength_files.tables_of(found)
    body = xlsx_of(tables) if kind == "xlsx" else csv_of(tables[0])
    record_audit(
        township.id, me().id, "figures.exported", "area", township.code, clock.now(), file=f"strength.{kind}",
        first=found.day.isoformat(), last=found.day.isoformat(),
    )  # fmt: skip
    db.session.commit()
    return as_file(body, kind, "strength", f"{township.name}_{_('strength.title')}_{found.day}")


def township_asked() -> Area:
    """The township named, or the first on offer."""
    code = request.args.get("area") or next((t.code for t in queries.townships_for(my_scope())), None)
    if code is None:
        raise NotFound()
    township = queries.reach(my_scope(), code)
    use_zone(township.time_zone)
    return township


def strength_now(township: Area) -> Strength:
    return figures.strength_of(township, clock.local_day(clock.now(), township.time_zone))


def worst_of(found: Strength, kind: Kind) -> list[tuple[str, Fraction]]:
    """The villages that lack most."""
    gaps = [(line.village.name, line.standing[kind].gap) for line in found.lines if line.standing[kind].gap]
    return sorted(gaps, key=lambda one: -one[1])[:WORST]


def bars_of(found: Strength, kind: Kind) -> list[Bar]:
    all_of = [line.standing[kind] for line in found.lines]
    longest = max((max(Fraction(s.target), s.counts.registered) for s in all_of), default=0) or 1
    return [
        Bar(line.village.name, *(float(n / longest * 100) for n in (s.target, s.counts.registered, s.counts.active)))
        for line, s in zip(found.lines, all_of, strict=True)
    ]  # fmt: skip


def columns_of(found: Strength, kind: Kind) -> list[Column]:
    trend = found.trend(kind)
    most = max(c.registered for c in trend) or 1
    step = TREND_W / len(trend)
    return [
        Column(n * step + step * 0.12, step * 0.76, *(float(c / most) * TREND_H for c in (one.registered, one.active)))
        for n, one in enumerate(trend)
    ]  # fmt: skip


def link_for(area: Area) -> str | None:
    """From another page about this area: where the caller may read its township's strength, or any; else None."""
    mine = my_scope().township_ids
    if area.township_id in mine:
        return url_for("strength.show", area=db.session.get_one(Area, area.township_id).code)
    return url_for("strength.show") if mine else None


pages.app_context_processor(lambda: {"strength_link": link_for})
