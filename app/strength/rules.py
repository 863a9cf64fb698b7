"""How many full-time members and volunteers a village should have, what it has, and what the rest would cost.

Pure and exact: fractions until the last step. Every number is a setting with a default (`Policy`), and no law.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Literal

Kind = Literal["full_time", "volunteer"]
KINDS: tuple[Kind, ...] = ("full_time", "volunteer")
BASES = ("households", "population")
COSTS = ("wages", "allowances", "recognition", "insurance")
MONTHS = 12
NOBODY = Fraction(0)
# 100 points = 10 yuan in goods (duty-incentives.md, "Points").
FEN_A_POINT = 10


@dataclass(frozen=True)
class Settings:
    """The topic `staffing`. Money is in fen; `points` are what an active volunteer earns in a month."""

    full_time_per_mille: float = 1.5
    joint_below: int = 2
    volunteer_percent: float = 8.0
    volunteer_base: str = "households"
    active_days: int = 60
    outings_a_month: float = 2
    outing_h: float = 2.5
    wage_fen_a_month: int = 300_000
    allowance_fen_a_month: int = 30_000
    volunteer_allowance_fen_an_outing: int = 0
    insurance_fen_a_year: int = 5_000
    points_a_month: int = 48

    @property
    def outings_exact(self) -> Fraction:
        return exact(self.outings_a_month)


@dataclass(frozen=True)
class Policy(Settings):
    """With what a point is worth, which the shop says (topic `redemption`)."""

    fen_a_point: int = FEN_A_POINT


def policy_from(staffing: Mapping[str, Any], redemption: Mapping[str, Any]) -> Policy:
    """From what is stored of the two topics; keys that it does not know, and values that cannot be, leave the
    default."""
    known = {f.name: type(f.default) for f in fields(Settings)}
    said = {k: v for k, v in staffing.items() if k in known and _can_be(k, v, known[k])}
    return Policy(**said, fen_a_point=fen_a_point(redemption))


def fen_a_point(redemption: Mapping[str, Any]) -> int:
    """The one price of a point: what goods for it may cost is what it is reckoned at wherever money is."""
    said = redemption.get("fen_per_point")
    return said if said is not None and _can_be("fen_a_point", said, int) else FEN_A_POINT


def _can_be(key: str, value: Any, kind: type) -> bool:
    if key == "volunteer_base":
        return value in BASES
    whole = key.endswith(("fen_a_month", "fen_an_outing", "fen_a_year", "fen_a_point", "days", "below"))
    kinds = (int,) if whole else (int, float)
    return isinstance(value, kinds) and not isinstance(value, bool) and 0 <= value < 10**9


def exact(number: float) -> Fraction:
    """1.5 is three halves, 0.1 a tenth: what was written, not what a float made of it."""
    return Fraction(str(number))


def whole(number: Fraction) -> int:
    """Half goes up."""
    return int(number + Fraction(1, 2))


# --- targets ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Village:
    """Totals of a village, never a list; None where nobody has said."""

    id: int
    code: str
    name: str
    population: int | None
    households: int | None
    priority_weight: Fraction

    @property
    def weight(self) -> Fraction:
        """k·P."""
        return self.priority_weight * (self.population or 0)

    def base(self, name: str) -> int:
        return (self.households if name == "households" else self.population) or 0


@dataclass(frozen=True)
class Part:
    """One that shares: by its weight; ties go to the larger size, then to the earlier code."""

    weight: Fraction
    size: int
    code: str


def largest_remainder(total: int, parts: Sequence[Part]) -> list[int]:
    """Whole numbers that add up to the total, each within one of its exact share; nothing where all weigh nothing."""
    all_weights = sum((part.weight for part in parts), NOBODY)
    if not all_weights:
        return [0] * len(parts)
    return rounded_together(total, [total * part.weight / all_weights for part in parts], parts)


def rounded_together(total: int, quotas: Sequence[Fraction], parts: Sequence[Part]) -> list[int]:
    """The quotas, which add up to the total or to less than one from it, as whole numbers that add up to it."""
    seats = [int(quota) for quota in quotas]
    rest = [(seats[n] - quotas[n], -part.size, part.code, n) for n, part in enumerate(parts)]
    for _, _, _, n in sorted(rest)[: total - sum(seats)]:
        seats[n] += 1
    return seats


def joint_groups(
    villages: Sequence[Village], targets: Sequence[int], neighbours: Collection[tuple[int, int]], least: int
) -> list[list[Village]]:
    """Villages that could have a team together: as long as a group wants fewer members than `least`, it joins the group
    beside it that wants fewest (ties: the lower code). Who has no neighbour stays alone, and is not in the answer.
    `neighbours` are pairs of ids, in either order."""
    wants = {v.id: t for v, t in zip(villages, targets, strict=True)}
    groups = [[v] for v in sorted(villages, key=lambda v: v.code)]
    beside = set(neighbours) | {(b, a) for a, b in neighbours}

    def wanted(group: list[Village]) -> int:
        return sum(wants[v.id] for v in group)

    def near(group: list[Village]) -> list[list[Village]]:
        touching = {b for v in group for a, b in beside if a == v.id} - {v.id for v in group}
        return [other for other in groups if touching & {v.id for v in other}]

    while short := [(wanted(g), g[0].code, g) for g in groups if wanted(g) < least and near(g)]:
        group = min(short)[-1]
        other = min(near(group), key=lambda one: (wanted(one), one[0].code))
        groups.remove(other)
        group[:] = sorted([*group, *other], key=lambda v: v.code)
    return [group for group in groups if len(group) > 1]


def full_time_targets(villages: Sequence[Village], policy: Policy) -> list[int]:
    """T = per mille × ΣP, shared by k·P."""
    people = sum(v.population or 0 for v in villages)
    total = whole(exact(policy.full_time_per_mille) * people / 1000)
    return largest_remainder(total, [Part(v.weight, v.population or 0, v.code) for v in villages])


def volunteer_targets(villages: Sequence[Village], policy: Policy) -> list[int]:
    """Per cent of all households (or people), shared by the same."""
    bases = [v.base(policy.volunteer_base) for v in villages]
    total = whole(exact(policy.volunteer_percent) * sum(bases) / 100)
    parts = [Part(Fraction(b), b, v.code) for b, v in zip(bases, villages, strict=True)]
    return largest_remainder(total, parts)


def targets(villages: Sequence[Village], policy: Policy) -> dict[Kind, list[int]]:
    return {
        "full_time": full_time_targets(villages, policy),
        "volunteer": volunteer_targets(villages, policy),
    }


# --- what is there ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Counts:
    """People, as fractions where a team is shared; the other three are among the registered."""

    registered: Fraction = NOBODY
    active: Fraction = NOBODY
    trained: Fraction = NOBODY
    insured: Fraction = NOBODY

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(a + b for a, b in zip(self.all, other.all, strict=True)))

    def times(self, share: Fraction) -> Counts:
        return Counts(*(n * share for n in self.all))

    @property
    def all(self) -> tuple[Fraction, Fraction, Fraction, Fraction]:
        return self.registered, self.active, self.trained, self.insured


def total_of(counts: Iterable[Counts]) -> Counts:
    return sum(counts, Counts())


def team_shares(villages: Sequence[Village], looked_after: frozenset[int]) -> dict[int, Fraction]:
    """Village id → its part of a team: by k·P among those looked after, alike where all weigh nothing.

    A team that names no village (the township, or nothing) is of all of them.
    """
    mine = [v for v in villages if v.id in looked_after] or list(villages)
    weights = sum((v.weight for v in mine), NOBODY)
    return {v.id: v.weight / weights if weights else Fraction(1, len(mine)) for v in mine}


@dataclass(frozen=True)
class Standing:
    """One kind of members in one village, or all of it."""

    target: int
    counts: Counts

    @property
    def gap(self) -> Fraction:
        """Active members that lack. More than enough here helps nowhere else."""
        return self._lacks(self.counts.active)

    @property
    def vacant(self) -> Fraction:
        """Members that nobody has registered yet."""
        return self._lacks(self.counts.registered)

    @property
    def uninsured(self) -> Fraction:
        return self._lacks(self.counts.insured)

    def _lacks(self, there: Fraction) -> Fraction:
        return max(NOBODY, self.target - there)


# --- what it would cost, and ask of people ------------------------------------------------------------------------


@dataclass(frozen=True)
class Cost:
    """Whole fen a year; four lines that are never one: who is paid is not who is thanked."""

    wages: int = 0
    allowances: int = 0
    recognition: int = 0
    insurance: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(*(getattr(self, k) + getattr(other, k) for k in COSTS))

    @property
    def total(self) -> int:
        return self.wages + self.allowances + self.recognition + self.insurance


def exact_costs(full_time: Standing, volunteer: Standing, policy: Policy) -> dict[str, Fraction]:
    """Fen of a year with the gap closed. Wages for those not yet registered: who is registered is paid already."""
    per_volunteer = policy.outings_exact * policy.volunteer_allowance_fen_an_outing
    allowances = full_time.vacant * policy.allowance_fen_a_month + volunteer.gap * per_volunteer
    recognition = volunteer.gap * exact(policy.points_a_month) * policy.fen_a_point
    return {
        "wages": full_time.vacant * policy.wage_fen_a_month * MONTHS,
        "allowances": allowances * MONTHS,
        "recognition": recognition * MONTHS,
        "insurance": (full_time.uninsured + volunteer.uninsured) * policy.insurance_fen_a_year,
    }


def costs_of(
    villages: Sequence[Village], standings: Sequence[Mapping[Kind, Standing]], policy: Policy
) -> list[Cost]:
    """Of each village: every line's total in whole fen, shared by largest remainder, so that no fen is lost."""
    each = [exact_costs(one["full_time"], one["volunteer"], policy) for one in standings]
    lines = {key: _whole_fen(villages, [one[key] for one in each]) for key in COSTS}
    return [Cost(**{key: lines[key][n] for key in COSTS}) for n in range(len(villages))]


def _whole_fen(villages: Sequence[Village], fen: Sequence[Fraction]) -> list[int]:
    parts = [Part(one, v.population or 0, v.code) for one, v in zip(fen, villages, strict=True)]
    return rounded_together(whole(sum(fen, NOBODY)), fen, parts)


@dataclass(frozen=True)
class Demand:
    """What the volunteer target would ask: one of so many, and of all of them in a month."""

    base: str
    of: int
    target: int
    outings: Fraction
    hours: Fraction
    hours_each: Fraction

    @property
    def one_in(self) -> Fraction | None:
        return Fraction(self.of, self.target) if self.target else None


def demand_of(villages: Sequence[Village], target: int, policy: Policy) -> Demand:
    each = policy.outings_exact * exact(policy.outing_h)
    of = sum(v.base(policy.volunteer_base) for v in villages)
    return Demand(policy.volunteer_base, of, target, target * policy.outings_exact, target * each, each)


# --- days ---------------------------------------------------------------------------------------------------------


def month_ends(today: date) -> list[date]:
    """The last days of the twelve months before this one, and today."""
    found, first = [today], today.replace(day=1)
    for _ in range(MONTHS):
        found.append(first - timedelta(days=1))
        first = found[-1].replace(day=1)
    return found[::-1]
