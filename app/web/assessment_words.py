"""How scores, measures and what they rest on read, on the pages, in files and on paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from app.areas.models import Area
from app.assessment.models import INDICATORS, Assessment
from app.assessment.rules import Card, Line, Place, Quarter, tenths
from app.db import db

GRADE_TONES = {"A": "good", "B": "good", "C": "wait", "D": "need"}
PHASE_TONES = {
    "draft": "idle", "published": "wait", "returned": "need", "accepted": "wait", "frozen": "good",
    "superseded": "idle",
}  # fmt: skip


def score(value: Fraction | None) -> str:
    """88.1; a dash where there is none. Half goes up, as in a grade."""
    return "–" if value is None else f"{float(tenths(value)):.1f}"


def percent(value: Fraction | None) -> str:
    return score(None if value is None else value * 100)


def weight(value: Fraction) -> str:
    return score(value).removesuffix(".0")


def amount(value: Fraction | float) -> str:
    """12, 4.5, 1,000.25"""
    n = float(value)
    return f"{n:,.0f}" if n == int(n) else f"{n:,.2f}".rstrip("0")


def changed(what: str, text: str | None) -> str:
    """One side of a change: exact numbers as they are printed elsewhere."""
    if text is None:
        return "–"
    if what in ("final", "weight"):
        return score(Fraction(text)) if what == "final" else amount(Fraction(text))
    return " / ".join(amount(Fraction(n)) for n in text.split(" / ")) if " / " in text else text


def changed_what(what: str) -> str:
    """A setting, a figure of a village, or an indicator, by its name."""
    topic, _dot, name = what.partition(".")
    if name:
        return _(f"rules.key.assessment.{name}") if topic == "policy" else what
    return _(f"assessment.{'indicator' if what in INDICATORS else 'change'}.{what}")


def quarter_words(first: date) -> str:
    return _("assessment.quarter_words", year=first.year, n=Quarter(first).number)


def quarter_code(first: date) -> str:
    """2026-Q4: as it stands in addresses."""
    return f"{first.year}-Q{Quarter(first).number}"


@dataclass(frozen=True)
class Row:
    """A line of a card: `width` of its bar is 0 to 100."""

    indicator: str
    rests: str
    n: int
    line: Line
    few: bool

    @property
    def width(self) -> float:
        return float(self.line.points or 0)


def rows_of(place: Place, card: Card, few_below: int) -> list[Row]:
    rows = []
    for line in card.lines:
        m = place.measured[line.indicator]
        few = line.value is not None and line.used != line.value
        rows.append(Row(line.indicator, rests_on(place, line.indicator), m.n, line, few and m.n < few_below))
    return rows


def rests_on(place: Place, indicator: str) -> str:
    """12 of 20 slots had a qualified visit; or why there is nothing."""
    m = place.measured[indicator]
    if m.why is not None:
        return _(f"assessment.missing.{m.why}")
    return _(f"assessment.rests.{indicator}", num=amount(m.num), den=amount(m.den), n=m.n)


def evidence_words(indicator: str, one: Mapping[str, Any]) -> str:
    """The name of a place or route, the phrase of a hazard, the month of a notice: what the line is about."""
    kind, name = one["kind"], str(one["name"])
    if kind == "report":
        category, _dot, phrase = name.partition(".")
        kind_of = _(f"category.{category}")
        return f"{kind_of} · {_(f'report.phrase.{phrase}')}" if phrase else kind_of
    if kind == "strength":
        return _(f"strength.kind.{name}")
    if kind in ("trained", "insured", "shifts", "checkins", "cells"):
        return _(f"assessment.evidence.{kind}")
    return name or _("coverage.nameless")


def link_of(one: Mapping[str, Any], place: Place, assessment: Assessment) -> str | None:
    """Where the thing itself is shown."""
    quarter, kind = Quarter(assessment.quarter), one["kind"]
    days = {"from": quarter.first.isoformat(), "to": assessment.figures["last"]}
    if kind in ("hotspot", "route"):
        layer = "hotspots" if kind == "hotspot" else "routes"
        return url_for("coverage.show", area=place.code, layer=layer, why=f"{kind}:{one['id']}", **days)
    if kind == "report":
        return url_for("desk_reports.one", report_id=one["id"])
    township = db.session.get_one(Area, assessment.township_id)
    if kind in ("strength", "trained", "insured"):
        return url_for("strength.show", area=township.code)
    if kind == "notice":
        return url_for(
            "assessment_plans.notices", area=township.code, quarter=quarter_code(assessment.quarter)
        )
    layer = {"layer": "cells"} if kind == "cells" else {}
    return url_for("coverage.show", area=place.code, **layer, **days)
