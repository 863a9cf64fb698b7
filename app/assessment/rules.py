"""Scorecards: what is measured of places and work becomes points, scores, one bundle and grades. Pure and exact.

Every number is a setting of the topic `assessment` with a default. docs/assessment.md says each step in words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Literal

# Raised when the same inputs would give other figures.
RULES = 2
FIRST_YEAR = 2020
INDICATORS = (
    "dosage", "worst_gap", "route", "cells", "hazards", "near_repeat", "environment", "staffing", "roster", "checkins",
    "training", "publicity",
)  # fmt: skip
Tier = Literal["priority", "ordinary", "township"]
COLUMNS: tuple[Tier, Tier] = ("priority", "ordinary")
HUNDRED = Fraction(100)
NOTHING = Fraction(0)
HEAVIEST = 40
GRADES = ("A", "B", "C", "D")
# Grades for which a plan says how it becomes better.
PLANNED = ("C", "D")


@dataclass(frozen=True)
class Policy:
    """`…_priority` and `…_ordinary` are weights (100 a column), `…_floor` and `…_target` per cent of the measure.

    Shares are per cent. `hazard_days`: a hazard is closed in time; `reopen_days`: the same again so soon after means
    that it was not; `mend_days`: from then on it should be mended; `publicity_day`: of the month after.
    """

    dosage_priority: float = 20
    dosage_ordinary: float = 10
    dosage_floor: float = 20
    dosage_target: float = 80
    worst_gap_priority: float = 8
    worst_gap_ordinary: float = 5
    worst_gap_floor: float = 20
    worst_gap_target: float = 80
    route_priority: float = 12
    route_ordinary: float = 17
    route_floor: float = 50
    route_target: float = 90
    cells_priority: float = 5
    cells_ordinary: float = 8
    cells_floor: float = 20
    cells_target: float = 70
    hazards_priority: float = 15
    hazards_ordinary: float = 15
    hazards_floor: float = 50
    hazards_target: float = 95
    near_repeat_priority: float = 5
    near_repeat_ordinary: float = 3
    near_repeat_floor: float = 50
    near_repeat_target: float = 95
    environment_priority: float = 5
    environment_ordinary: float = 7
    environment_floor: float = 30
    environment_target: float = 80
    staffing_priority: float = 8
    staffing_ordinary: float = 10
    staffing_floor: float = 50
    staffing_target: float = 100
    roster_priority: float = 10
    roster_ordinary: float = 10
    roster_floor: float = 60
    roster_target: float = 95
    checkins_priority: float = 4
    checkins_ordinary: float = 5
    checkins_floor: float = 70
    checkins_target: float = 98
    training_priority: float = 4
    training_ordinary: float = 5
    training_floor: float = 60
    training_target: float = 100
    publicity_priority: float = 4
    publicity_ordinary: float = 5
    publicity_floor: float = 50
    publicity_target: float = 100
    few_below: int = 20
    township_percent: float = 40
    lowest_percent: float = 25
    own_percent: float = 80
    grade_a: float = 90
    grade_b: float = 75
    grade_c: float = 60
    restored_percent: float = 30
    hazard_days: int = 7
    reopen_days: int = 14
    mend_days: int = 30
    follow_up_h: int = 48
    publicity_day: int = 10
    notice_days: int = 7
    term_days: int = 15

    def weights(self, tier: Tier) -> dict[str, Fraction]:
        """A township's are half of each column's."""
        if tier == "township":
            a, b = self.weights("priority"), self.weights("ordinary")
            return {key: (a[key] + b[key]) / 2 for key in INDICATORS}
        return {key: exact(getattr(self, f"{key}_{tier}")) for key in INDICATORS}

    def limits(self, indicator: str) -> tuple[Fraction, Fraction]:
        floor, target = (getattr(self, f"{indicator}_{end}") for end in ("floor", "target"))
        return exact(floor) / 100, exact(target) / 100


DEFAULTS = Policy()
WHOLE = frozenset(f.name for f in fields(Policy) if isinstance(f.default, int) and f.type == "int")


def policy_from(mapping: Mapping[str, Any]) -> Policy:
    """From a stored mapping; what it does not know, or cannot be, leaves the default: a column as a whole."""
    known = {f.name for f in fields(Policy)}
    said = {k: v for k, v in mapping.items() if k in known and _can_be(k, v)}
    for column in COLUMNS:
        names = [f"{key}_{column}" for key in INDICATORS]
        if sum(exact(said.get(name, getattr(DEFAULTS, name))) for name in names) != HUNDRED:
            said = {k: v for k, v in said.items() if k not in names}
    for low, high in [(f"{key}_floor", f"{key}_target") for key in INDICATORS]:
        if said.get(low, getattr(DEFAULTS, low)) >= said.get(high, getattr(DEFAULTS, high)):
            said = {k: v for k, v in said.items() if k not in (low, high)}
    if not is_rising(said):
        said = {k: v for k, v in said.items() if not k.startswith("grade_")}
    return Policy(**said)


def is_rising(said: Mapping[str, Any]) -> bool:
    c, b, a = (said.get(f"grade_{g}", getattr(DEFAULTS, f"grade_{g}")) for g in "cba")
    return bool(c < b < a)


def _can_be(key: str, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int if key in WHOLE else (int, float)):
        return False
    if key == "publicity_day":
        return 1 <= value <= 28
    if key in WHOLE:
        return 1 <= value <= 1000
    return 0 <= value <= (HEAVIEST if key.endswith(COLUMNS) else 100)


def exact(number: float) -> Fraction:
    """0.1 is a tenth: what was written, not what a float made of it."""
    return Fraction(str(number))


# --- what is measured ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Measured:
    """`num` of `den` were as they should be; `n`: how many it rests on. `why`: the reason where it is missing."""

    num: Fraction = NOTHING
    den: Fraction = NOTHING
    n: int = 0
    why: str | None = None

    @property
    def value(self) -> Fraction | None:
        return self.num / self.den if self.den and self.why is None else None


@dataclass(frozen=True)
class Place:
    """A township or village with its measures. `weight` is k·P; a township has none."""

    id: int
    code: str
    name: str
    tier: Tier
    weight: Fraction
    measured: Mapping[str, Measured]


# --- scores -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One indicator of a card: `used` is the value after shrinking, `weight` with what missing ones handed on."""

    indicator: str
    value: Fraction | None
    used: Fraction | None
    points: Fraction | None
    given: Fraction
    weight: Fraction


@dataclass(frozen=True)
class Card:
    lines: tuple[Line, ...]
    score: Fraction | None


def linear(value: Fraction, floor: Fraction, target: Fraction) -> Fraction:
    """0 up to the floor, 100 from the target on."""
    return HUNDRED * min(Fraction(1), max(NOTHING, (value - floor) / (target - floor)))


def shrunk(own: Measured, township: Measured | None, few_below: int) -> Fraction | None:
    """What rests on few is drawn towards the township's value: its own part is n / few_below."""
    value, common = own.value, township.value if township else None
    if value is None or common is None or own.n >= few_below:
        return value
    return (value * own.n + common * (few_below - own.n)) / few_below


def handed_on(weights: Mapping[str, Fraction], present: Sequence[str]) -> dict[str, Fraction]:
    """The weights of those that are there, made 100 together in the same proportions; the rest weigh nothing."""
    total = sum((weights[key] for key in present), NOTHING)
    return {key: weights[key] * HUNDRED / total if key in present and total else NOTHING for key in weights}


def card_of(place: Place, township: Place | None, policy: Policy) -> Card:
    """`township` is what few cases are drawn towards; None for the township itself."""
    used = {
        key: shrunk(
            place.measured.get(key, Measured()),
            township.measured.get(key) if township else None,
            policy.few_below,
        )
        for key in INDICATORS
    }
    points = {
        key: None if value is None else linear(value, *policy.limits(key)) for key, value in used.items()
    }
    given = policy.weights(place.tier)
    weights = handed_on(given, [key for key in INDICATORS if points[key] is not None])
    lines = tuple(
        Line(key, place.measured.get(key, Measured()).value, used[key], points[key], given[key], weights[key])
        for key in INDICATORS
    )
    return Card(lines, score_of(lines))


def score_of(lines: Sequence[Line]) -> Fraction | None:
    if not any(line.weight for line in lines):
        return None
    return sum((line.weight * (line.points or NOTHING) for line in lines), NOTHING) / 100


def bundle(scores: Sequence[tuple[Fraction, Fraction]], township: Fraction, policy: Policy) -> Fraction:
    """B of (weight, S_v) and S_T: the township's own part, the villages' weighted mean and their lowest quarter."""
    if not scores:
        return township
    own, lowest = exact(policy.township_percent) / 100, exact(policy.lowest_percent) / 100
    villages = (1 - lowest) * weighted_mean(scores) + lowest * lowest_quarter([s for _, s in scores])
    return own * township + (1 - own) * villages


def weighted_mean(scores: Sequence[tuple[Fraction, Fraction]]) -> Fraction:
    """By weight; all alike where none weighs anything."""
    total = sum((weight for weight, _ in scores), NOTHING)
    if not total:
        return sum((score for _, score in scores), NOTHING) / len(scores)
    return sum((weight * score for weight, score in scores), NOTHING) / total


def lowest_quarter(scores: Sequence[Fraction]) -> Fraction:
    """Mean of the lowest quarter, one at least."""
    some = sorted(scores)[: -(-len(scores) // 4)]
    return sum(some, NOTHING) / len(some)


def tenths(score: Fraction) -> Fraction:
    """As it is printed: half goes up. A grade is judged by what is printed."""
    return Fraction(int(score * 10 + Fraction(1, 2)), 10)


def final(own: Fraction, bundled: Fraction, policy: Policy) -> Fraction:
    """F = 0.8·S_v + 0.2·B, to a tenth."""
    part = exact(policy.own_percent) / 100
    return tenths(part * own + (1 - part) * bundled)


def grade_of(score: Fraction, policy: Policy) -> str:
    limits = (policy.grade_a, policy.grade_b, policy.grade_c)
    return next(
        (grade for grade, least in zip(GRADES, limits, strict=False) if score >= exact(least)), GRADES[-1]
    )


@dataclass(frozen=True)
class Village:
    """A village's card, its F and grade; None where nothing could be measured. `rank` from 1, equals alike."""

    place: Place
    card: Card
    final: Fraction | None
    grade: str | None
    rank: int | None = None


@dataclass(frozen=True)
class Result:
    township: Place
    card: Card
    bundle: Fraction | None
    villages: tuple[Village, ...]


def judge(township: Place, places: Sequence[Place], policy: Policy) -> Result:
    """All scores of a quarter from what was measured."""
    whole, cards = card_of(township, None, policy), [card_of(p, township, policy) for p in places]
    scores = [(p.weight, c.score) for p, c in zip(places, cards, strict=True) if c.score is not None]
    bundled = None if whole.score is None else bundle(scores, whole.score, policy)
    villages = [_village(p, c, bundled, policy) for p, c in zip(places, cards, strict=True)]
    return Result(township, whole, bundled, tuple(ranked(villages)))


def _village(place: Place, card: Card, bundled: Fraction | None, policy: Policy) -> Village:
    if card.score is None or bundled is None:
        return Village(place, card, None, None)
    score = final(card.score, bundled, policy)
    return Village(place, card, score, grade_of(score, policy))


def ranked(villages: Sequence[Village]) -> list[Village]:
    finals = [v.final for v in villages if v.final is not None]
    return [
        replace(v, rank=None if v.final is None else 1 + sum(f > v.final for f in finals)) for v in villages
    ]


# --- what other weights would do ----------------------------------------------------------------------------------

STEP = 5


@dataclass(frozen=True)
class Shift:
    """What a change of weights does: villages with another grade, and the farthest that one moves in rank."""

    indicator: str
    grades: int
    ranks: int


def heavier(policy: Policy, indicator: str, step: int = STEP) -> Policy:
    """The indicator weighs so much more in both columns, all others less in proportion."""
    changed: dict[str, float] = {}
    for column in COLUMNS:
        weights = policy.weights(column)
        wanted = min(HUNDRED, weights[indicator] + step)
        rest = HUNDRED - weights[indicator]
        for key, weight in weights.items():
            scaled = wanted if key == indicator else weight * (HUNDRED - wanted) / rest if rest else NOTHING
            changed[f"{key}_{column}"] = float(scaled)
    return Policy(**{**{f.name: getattr(policy, f.name) for f in fields(Policy)}, **changed})


def difference(one: Result, other: Result, indicator: str = "") -> Shift:
    pairs = list(zip(one.villages, other.villages, strict=True))
    moved = [abs(a.rank - b.rank) for a, b in pairs if a.rank is not None and b.rank is not None]
    return Shift(indicator, sum(a.grade != b.grade for a, b in pairs), max(moved, default=0))


def sensitivity(township: Place, places: Sequence[Place], policy: Policy) -> list[Shift]:
    """Of each indicator, what five points more of weight would do."""
    now = judge(township, places, policy)
    return [difference(now, judge(township, places, heavier(policy, key)), key) for key in INDICATORS]


# --- plans --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PlanItem:
    due_on: date
    done_on: date | None = None
    is_confirmed: bool = False

    @property
    def counts(self) -> bool:
        return self.is_confirmed and self.done_on is not None and self.done_on <= self.due_on

    def is_waited_for(self, today: date) -> bool:
        """It may still come to count: its day is not over, or it was done in time and somebody has to confirm it."""
        return not self.is_confirmed and (self.done_on or today) <= self.due_on


@dataclass(frozen=True)
class Plan:
    """A village's plan after a grade C or D."""

    grade: str
    items: Sequence[PlanItem] = field(default_factory=tuple)

    @property
    def counted(self) -> int:
        return sum(item.counts for item in self.items)

    def ends_on(self, today: date) -> date | None:
        """The last day that is waited for; None once nothing of it can change what it restores."""
        return max((item.due_on for item in self.items if item.is_waited_for(today)), default=None)


def restored(plan: Plan, policy: Policy = DEFAULTS) -> Fraction:
    """What of the factor a plan gives back: the share of its items that were done in time and confirmed, of 0.3."""
    if plan.grade not in PLANNED or not plan.items:
        return NOTHING
    return exact(policy.restored_percent) / 100 * plan.counted / len(plan.items)


# --- quarters -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, order=True)
class Quarter:
    first: date

    @property
    def last(self) -> date:
        return (self.first + timedelta(days=95)).replace(day=1) - timedelta(days=1)

    @property
    def months(self) -> tuple[date, date, date]:
        one, two = self.first, (self.first + timedelta(days=32)).replace(day=1)
        return one, two, (two + timedelta(days=32)).replace(day=1)

    @property
    def before(self) -> Quarter:
        return quarter_of(self.first - timedelta(days=1))

    @property
    def number(self) -> int:
        return (self.first.month + 2) // 3


def quarter_of(day: date) -> Quarter:
    return Quarter(day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1))


def due_for(month: date, policy: Policy) -> date:
    """By this day the month's notice hangs out."""
    return (month + timedelta(days=32)).replace(day=policy.publicity_day)
