"""A township's year of money: the pot and its lines, what each village is granted, what points will cost.

Pure and exact: fractions until the last step, whole fen after it, and never a fen more or less than was there.
Every number is a setting with a default (`Policy`), and no law.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from fractions import Fraction
from math import ceil
from typing import Any

from app.strength.rules import Part, Village, exact, largest_remainder

# What the pot is split into; and what is paid from funds of its own and never mixed with it.
POT_LINES = ("village_base", "performance", "points_shop", "insurance_equipment", "reserve")
OWN_LINES = ("wages", "allowances")
LINES = (*POT_LINES, *OWN_LINES)
FUNDS = ("pot", *OWN_LINES)
# Who may be paid from a line.
PAYEES: dict[str, tuple[str, ...]] = {
    "village_base": ("village",),
    "performance": ("village",),
    "points_shop": ("shop",),
    "insurance_equipment": ("insurer", "supplier"),
    "reserve": ("village", "insurer", "supplier"),
    "wages": ("wage",),
    "allowances": ("allowance",),
}
GRADES = ("A", "B", "C", "D")
MONTHS = 12
QUARTERS = 4
NOTHING = Fraction(0)
ONE = Fraction(1)
MOST_FEN = 10**13


@dataclass(frozen=True)
class Policy:
    """Settings of the topic `money`. Shares are per cent of the pot; where they do not add up to 100, of their sum."""

    fen_a_person_a_year: int = 300
    village_base_percent: float = 50
    performance_percent: float = 30
    points_shop_percent: float = 12
    insurance_equipment_percent: float = 5
    reserve_percent: float = 3
    a_from: float = 90
    b_from: float = 75
    c_from: float = 60
    a_factor: float = 1.2
    b_factor: float = 1.0
    c_factor: float = 0.7
    d_factor: float = 0.4
    restored_most: float = 0.3
    stop_percent: float = 80

    def share(self, line: str) -> Fraction:
        return exact(getattr(self, f"{line}_percent"))

    def factor(self, grade: str) -> Fraction:
        return exact(getattr(self, f"{grade.lower()}_factor"))


def policy_from(mapping: Mapping[str, Any]) -> Policy:
    """From a stored mapping; keys that it does not know, and values that cannot be, leave the default."""
    known = {f.name for f in fields(Policy)}
    policy = Policy(**{k: v for k, v in mapping.items() if k in known and _can_be(k, v)})
    return policy if any(policy.share(line) for line in POT_LINES) else Policy()


def _can_be(key: str, value: Any) -> bool:
    kinds = (int,) if key.startswith("fen_") else (int, float)
    most = 100_000 if key.startswith("fen_") else 10 if key.endswith("_factor") else 100
    return isinstance(value, kinds) and not isinstance(value, bool) and 0 <= value <= most


def fund_of(line: str) -> str:
    return line if line in OWN_LINES else "pot"


def lines_of(fund: str) -> tuple[str, ...]:
    return POT_LINES if fund == "pot" else (fund,)


def yuan(fen: int) -> str:
    """Whole fen as yuan: 1,234.50, −0.05."""
    sign, fen = ("−" if fen < 0 else ""), abs(fen)
    return f"{sign}{fen // 100:,}.{fen % 100:02d}"


# --- the pot ------------------------------------------------------------------------------------------------------


def pot_of(people: int, policy: Policy) -> int:
    """Population × r, in fen."""
    return people * policy.fen_a_person_a_year


def split(fen: int, policy: Policy) -> dict[str, int]:
    """A sum into the lines of the pot: whole fen by largest remainder, ties to the line named first."""
    parts = [Part(policy.share(line), -n, "") for n, line in enumerate(POT_LINES)]
    return dict(zip(POT_LINES, largest_remainder(fen, parts), strict=True))


def quarter_pool(fen: int, first: int, last: int) -> int:
    """What of a year's line falls to the quarters first..last; the four together are the line."""
    return fen * last // QUARTERS - fen * (first - 1) // QUARTERS


# --- grants -------------------------------------------------------------------------------------------------------


def grade_of(f: Fraction, policy: Policy) -> str:
    """From the assessment's F."""
    bounds = zip(GRADES, (policy.a_from, policy.b_from, policy.c_from), strict=False)
    return next((grade for grade, least in bounds if f >= exact(least)), "D")


@dataclass(frozen=True)
class Award:
    """What a village is granted: b = k·P, and by its grade m. Without an assessment m is 1."""

    village: Village
    f: Fraction | None
    grade: str | None
    factor: Fraction
    fen: int

    @property
    def weight(self) -> Fraction:
        return self.village.weight * self.factor


def awards(
    pool_fen: int, villages: Sequence[Village], scores: Mapping[int, Fraction], policy: Policy
) -> list[Award]:
    """pool · b·m / Σ b·m in whole fen: village id → F of every village."""
    graded = [(v, scores[v.id], grade_of(scores[v.id], policy)) for v in villages]
    return _shared(pool_fen, [Award(v, f, grade, policy.factor(grade), 0) for v, f, grade in graded])


def base_awards(pool_fen: int, villages: Sequence[Village]) -> list[Award]:
    """pool · b / Σ b: what a village has before anything is assessed."""
    return _shared(pool_fen, [Award(v, None, None, ONE, 0) for v in villages])


def _shared(pool_fen: int, found: Sequence[Award]) -> list[Award]:
    parts = [Part(a.weight, a.village.population or 0, a.village.code) for a in found]
    each = largest_remainder(pool_fen, parts)
    return [Award(a.village, a.f, a.grade, a.factor, fen) for a, fen in zip(found, each, strict=True)]


def restorable(factor: Fraction, policy: Policy) -> Fraction:
    """How much of m an improvement plan may restore: at most so much, and never above an ordinary grant."""
    return max(NOTHING, min(exact(policy.restored_most), ONE - factor))


def restored_fen(pool_fen: int, weight: Fraction, added: Fraction, all_weights: Fraction) -> int:
    """What that adds to the village's grant, paid from the reserve: the others' shares stay as they are."""
    return int(pool_fen * weight * added / all_weights) if all_weights else 0


PLAN_WORDS = re.compile(r"plan:(\d{4}):([1-4]):([1-4]):(\d+):(\d+)")


@dataclass(frozen=True)
class PlanWords:
    """What a restoration by a plan of the assessment is for: the quarters, and how many of its items count. Pages say
    it in words."""

    year: int
    first: int
    last: int
    counted: int
    items: int

    def __str__(self) -> str:
        return f"plan:{self.year}:{self.first}:{self.last}:{self.counted}:{self.items}"


def plan_words(what: str) -> PlanWords | None:
    found = PLAN_WORDS.fullmatch(what)
    return PlanWords(*map(int, found.groups())) if found else None


# --- what points will cost ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Liability:
    """Half points that members hold or held, beside the line that pays for them.

    Ordered ones that nobody has collected count as approved. `redeemed_half` are those of the year: their goods have
    had their part of the line already. `year`: the line's; before this one's where no pot of this year is open yet.
    """

    year: int
    pending_half: int
    approved_half: int
    redeemed_half: int
    fen_a_point: int
    line_fen: int
    stop_percent: float

    @property
    def owed_half(self) -> int:
        return self.pending_half + self.approved_half

    def fen(self, half: int) -> int:
        """What half points are worth; half a fen counts as one."""
        return ceil(Fraction(half * self.fen_a_point, 2))

    @property
    def limit_fen(self) -> int:
        return int(self.line_fen * exact(self.stop_percent) / 100)

    @property
    def used_fen(self) -> int:
        return self.fen(self.owed_half + self.redeemed_half)

    def needed_fen(self, further_half: int = 0) -> int:
        """What is pending, approved and redeemed; or what is approved and redeemed with so many more, whether they
        come out of the pending ones or not: the larger."""
        approved = self.approved_half + self.redeemed_half + further_half
        return max(self.used_fen, self.fen(approved))

    def is_stopped(self, further_half: int = 0) -> bool:
        return self.needed_fen(further_half) > self.limit_fen

    def missing_fen(self, further_half: int = 0) -> int:
        """How much more the line needs so that this stays within the limit."""
        stop = exact(self.stop_percent)
        wanted = ceil(self.needed_fen(further_half) * 100 / stop) if stop else 0
        return max(0, wanted - self.line_fen)


@dataclass(frozen=True)
class Forecast:
    """Active volunteers who earn what is usual, month after month, beside the line."""

    active: int
    points_a_month: Fraction
    months: int
    fen_a_point: int
    line_fen: int
    limit_fen: int

    @property
    def each_fen(self) -> Fraction:
        return self.points_a_month * self.months * self.fen_a_point

    @property
    def fen(self) -> int:
        return ceil(self.active * self.each_fen)

    @property
    def carried(self) -> int | None:
        """How many volunteers the line pays for."""
        return int(self.line_fen / self.each_fen) if self.each_fen else None

    @property
    def stopped_at(self) -> int | None:
        """How many reach the stop."""
        return int(self.limit_fen / self.each_fen) if self.each_fen else None

    @property
    def warns(self) -> bool:
        return self.fen > self.limit_fen


def months_left(day: date) -> int:
    """Of the year, this month counted whole."""
    return MONTHS + 1 - day.month


def course(owed_fen: int, month_fen: Fraction, first: int) -> list[tuple[int, int]]:
    """(month, fen used by its end), from a month of the year to December."""
    return [(month, owed_fen + ceil(month_fen * (month - first + 1))) for month in range(first, MONTHS + 1)]


# --- amounts as they are typed ------------------------------------------------------------------------------------

# Commas in threes or not at all: 1,5 is not fifteen.
TYPED = re.compile(r"(\d{1,3}(?:,\d{3}){1,3}|\d{1,11})(?:\.(\d{1,2}))?")


def fen_of(words: str) -> int | None:
    """1,234.50 → 123450; None where it is no amount of whole fen."""
    typed = TYPED.fullmatch(words.replace("，", ",").strip())
    if typed is None:
        return None
    return int(typed[1].replace(",", "")) * 100 + int((typed[2] or "").ljust(2, "0"))
