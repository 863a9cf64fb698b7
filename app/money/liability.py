"""What points will cost, beside the line that pays for them; and the stop, which no two approvals pass together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from app.areas.models import Area
from app.areas.policies import place_of, policies_in_force
from app.clock import day_span
from app.errors import DomainError
from app.incentives import statements
from app.money import queries, rules
from app.money.queries import LineKey
from app.money.rules import Forecast, Liability
from app.strength import figures
from app.strength.rules import MONTHS, exact, fen_a_point

SHOP = "points_shop"
# Where approved points lie between an order and its goods: owed as before.
ORDERED = "ordered"


def liability_of(township_id: int, day: date, *, lock: bool = False) -> Liability | None:
    """As it stands now, for the year of the day; until its pot is opened, for the last year that has one: from New Year
    on nobody approves without a budget. None where no pot was ever opened, and so nothing can be passed.

    `lock`: whoever else asks so waits until the transaction ends, and then reads what was posted in it.
    """
    line = queries.latest_line_of(LineKey(township_id, day.year, SHOP), lock=lock)
    if line is None:
        return None
    found = policies_in_force(township_id, day)
    new_year = date(line.year, 1, 1)
    year_began = day_span(new_year, new_year, place_of(township_id).zone)[0]
    held = statements.balances(township_id)
    before = statements.balances(township_id, made_before=year_began)
    return Liability(
        line.year, _sum(held, "pending"), _sum(held, "approved") + _sum(held, ORDERED),
        _sum(held, "redeemed") - _sum(before, "redeemed"),
        fen_a_point(found.body("redemption")), line.allocated_fen,
        rules.policy_from(found.body("money")).stop_percent,
    )  # fmt: skip


def _sum(balances: dict[str, int], kind: str) -> int:
    """Of the township's account of that name and of all members' together."""
    return sum(half for name, half in balances.items() if name == kind or name.endswith(f":{kind}"))


def stop_reached(township_id: int, further_half: int, day: date) -> bool:
    """Whether `further_half` more approved half points would pass the stop, or what is pending and approved does."""
    found = liability_of(township_id, day)
    return found is not None and found.is_stopped(further_half)


def refuse_beyond_stop(township_id: int, further_half: int, day: date) -> None:
    """Before points are approved, in the transaction that approves them. Raises budget_stop.

    The shop line's row is held until that transaction ends: the next approval counts what this one posted.
    """
    _refuse(liability_of(township_id, day, lock=True), further_half)


def budget_of(township_id: int, day: date) -> Callable[[int], None]:
    """The same for many approvals of one transaction: the row is held from now on, before any person is, so that no two
    who approve the same persons wait for each other; the ledger is added up once, and what they spend counts on top.
    What is taken back may always be."""
    found, spent_half = liability_of(township_id, day, lock=True), 0

    def spend(half: int) -> None:
        nonlocal spent_half
        if half > 0:
            _refuse(found, spent_half + half)
            spent_half += half

    return spend


def _refuse(found: Liability | None, further_half: int) -> None:
    if found is not None and found.is_stopped(further_half):
        raise DomainError(
            "budget_stop", needed=rules.yuan(found.needed_fen(further_half)), limit=rules.yuan(found.limit_fen),
            missing=rules.yuan(found.missing_fen(further_half)),
        )  # fmt: skip


# --- forecast -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outlook:
    """`year`: what the active ones earn in a whole year; `rest`: from this month on. `course`: fen used by the end of
    each month to come. `passes_in`: the month whose end lies beyond the stop."""

    liability: Liability
    year: Forecast
    rest: Forecast
    course: list[tuple[int, int]]

    @property
    def passes_in(self) -> int | None:
        limit = self.liability.limit_fen
        return next((month for month, fen in self.course if fen > limit), None)


def outlook_of(township: Area, day: date) -> Outlook | None:
    """None where this year's pot is not open: there is no line to look along."""
    found = liability_of(township.id, day)
    if found is None or found.year != day.year:
        return None
    strength = figures.strength_of(township, day)
    active = int(strength.counts("volunteer").active)
    points = exact(strength.policy.points_a_month)
    year, rest = (
        Forecast(active, points, months, found.fen_a_point, found.line_fen, found.limit_fen)
        for months in (MONTHS, rules.months_left(day))
    )
    month_fen = Fraction(active * points * found.fen_a_point)
    return Outlook(found, year, rest, rules.course(found.used_fen, month_fen, day.month))
