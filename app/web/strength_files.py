"""How the figures of a township's strength read, on the page and in its files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from fractions import Fraction
from typing import Any

from flask_babel import gettext as _

from app.exports.spreadsheets import Table
from app.strength.figures import Line, Strength
from app.strength.rules import COSTS, KINDS, Kind

COUNTS = ("registered", "active", "trained", "insured")
WHY = (
    "target_full_time",
    "target_volunteer",
    "joint",
    "registered",
    "active",
    "trained",
    "shared",
    "gap",
    "cost",
    "trend",
)


def number(value: Fraction | int | float) -> str:
    """12, 1,234, 4.9; a shared member is said to a tenth."""
    n = Fraction(value)
    return f"{int(n):,}" if n.denominator == 1 else f"{float(n):,.1f}"


def yuan(fen: int) -> str:
    """Whole fen as yuan: 1,234.50."""
    return f"{fen // 100:,}.{fen % 100:02d}"


def rate(value: float) -> str:
    """8, 1.5, 0.75: as it was set."""
    return f"{value:g}"


def settings_of(found: Strength) -> Iterator[tuple[str, str]]:
    """(what, how much) of every setting in force, in the order of the policy."""
    for field in fields(found.policy):
        value = getattr(found.policy, field.name)
        yield _(f"strength.setting.{field.name}"), _setting(field.name, value)


def _setting(name: str, value: Any) -> str:
    if name == "volunteer_base":
        return _(f"strength.base.{value}")
    return f"{yuan(value)} {_('strength.yuan')}" if "fen_" in name else rate(value)


# --- files --------------------------------------------------------------------------------------------------------


def tables_of(found: Strength) -> list[Table]:
    return [_villages(found), _costs(found), _months(found), _shared(found), _notes(found)]


def cell(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else round(float(value), 4)


def _villages(found: Strength) -> Table:
    each = ("target", *COUNTS, "gap")
    headings = [
        *(_(f"strength.column.{key}") for key in ("village", "code", "population", "households", "weight")),
        *(f"{_(f'strength.kind.{kind}')}: {_(f'strength.column.{key}')}" for kind in KINDS for key in each),
        _("strength.column.joint"),
    ]
    return Table(_("strength.villages"), headings, [_village(line) for line in found.lines])


def _village(line: Line) -> tuple[Any, ...]:
    v = line.village
    joint = _("strength.needs_joint") if line.needs_joint else ""
    counts = (cell for kind in KINDS for cell in _standing(line, kind))
    return v.name, v.code, v.population, v.households, float(v.priority_weight), *counts, joint


def _standing(line: Line, kind: Kind) -> list[Any]:
    one = line.standing[kind]
    return [one.target, *(cell(n) for n in one.counts.all), cell(one.gap)]


def _costs(found: Strength) -> Table:
    keys = (*COSTS, "total")
    headings = [_("strength.column.village"), *(_(f"strength.cost_yuan.{key}") for key in keys)]
    named = [*((line.village.name, line.cost) for line in found.lines), (_("strength.all"), found.cost)]
    rows = [(name, *(getattr(cost, key) / 100 for key in keys)) for name, cost in named]
    return Table(_("strength.costs"), headings, rows)


def _months(found: Strength) -> Table:
    """Of each village and of all, at the end of each month: registered and active."""
    keys = [(kind, n) for kind in KINDS for n in (0, 1)]
    headings = [
        _("strength.column.village"), _("strength.column.day"),
        *(f"{_(f'strength.kind.{kind}')}: {_(f'strength.column.{COUNTS[n]}')}" for kind, n in keys),
    ]  # fmt: skip
    rows = [
        (name, day.isoformat(), *(cell(trend[kind][at].all[n]) for kind, n in keys))
        for name, trend in [
            *((line.village.name, line.trend) for line in found.lines),
            (_("strength.all"), {kind: found.trend(kind) for kind in KINDS}),
        ]
        for at, day in enumerate(found.days)
    ]
    return Table(_("strength.trend"), headings, rows)


def _shared(found: Strength) -> Table:
    headings = [_(f"strength.column.{key}") for key in ("team", "kind", "team_members", "village", "counted")]
    rows = [
        (one.team.name, _(f"strength.kind.{one.team.kind}"), cell(one.registered), village.name, cell(n))
        for one in found.shared
        for village, n in one.parts
    ]
    return Table(_("strength.shared"), headings, rows)


def _notes(found: Strength) -> Table:
    rows = [
        (_("file.note.area"), f"{found.township.name} {found.township.code}"),
        (_("strength.column.day"), found.day.isoformat()),
        (_("strength.settings"), _("strength.settings_words")),
        *settings_of(found),
        *((_(f"strength.why.{key}"), _(f"strength.formula.{key}")) for key in WHY),
    ]
    return Table(_("file.sheet.notes"), [_("file.column.note"), ""], rows)
