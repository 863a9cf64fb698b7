"""A draft of the point rules priced beside what counts, on the duties that there were: read once, priced twice, nothing
written. And the difference that pricing again made in the ledger, told in the same way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.areas.models import Area
from app.areas.policies import PoliciesOf, policies_in_force
from app.incentives.operations import Facts, Policy, facts_of, numbers_by_day, policy_from
from app.incentives.pricing import Month, price_months
from app.rulebook import queries, rules
from app.rulebook.models import PolicyChange
from app.strength.rules import fen_a_point

# (person, rule, month) → half points.
Cell = tuple[int, str, str]
Cells = dict[Cell, int]
Numbers = Callable[[date], Policy]


@dataclass
class Difference:
    """What stands before and after, of one township."""

    township_id: int
    fen_a_point: int
    before: Cells = field(default_factory=dict)
    after: Cells = field(default_factory=dict)


def new_difference(township: Area, last: date) -> Difference:
    return Difference(township.id, price_of(township.id, last))


def try_on(found: Difference, change: PolicyChange, township: Area, first: date, last: date) -> Iterator[int]:
    """Fill the difference person by person, so that the caller can say how far it is."""
    since = first.replace(month=1, day=1)
    policies = PoliciesOf(township.id, since, last)
    now_in_force = numbers_by_day(policies)
    drafted = drafted_numbers(change, township, first, now_in_force)
    for person_id in queries.people_of(township.id, first, last):
        facts = facts_of(township.id, person_id, since, last, township.time_zone, policies)
        for cells, numbers in ((found.before, now_in_force), (found.after, drafted)):
            worth = price_months(facts.judged, facts.beside, numbers)
            cells.update(cells_of(person_id, facts, worth, first))
        yield person_id


def drafted_numbers(change: PolicyChange, township: Area, first: date, otherwise: Numbers) -> Numbers:
    """As if the draft had counted from the span's first day on, until later numbers follow; a county's draft where the
    township has none of its own. Days before it fill the caps as they did."""
    drafted = policy_from(change.body)
    until = queries.followed_on(change, township)

    def on(day: date) -> Policy:
        return otherwise(day) if day < first or (until and day >= until) else drafted

    return on


def cells_of(person_id: int, facts: Facts, worth: Month, first: date) -> Cells:
    found: Cells = {}
    for (rule, cause), line in worth.lines.items():
        day = facts.about[cause].day
        if day >= first:
            cell = (person_id, rule, f"{day:%Y-%m}")
            found[cell] = found.get(cell, 0) + line.amount_half
    return found


def price_of(township_id: int, day: date) -> int:
    """Fen of a point."""
    return fen_a_point(policies_in_force(township_id, day).body("redemption"))


def difference_between(
    township_id: int, day: date, before: Iterable[Iterable[Any]], after: Iterable[Iterable[Any]]
) -> Difference:
    """Of what the ledger said: rows of person, rule, month, half points."""

    def cells(rows: Iterable[Iterable[Any]]) -> Cells:
        return {(int(person), str(rule), str(month)): int(half) for person, rule, month, half in rows}

    return Difference(township_id, price_of(township_id, day), cells(before), cells(after))


def told(differences: Iterable[Difference]) -> dict[str, Any]:
    """As it is kept: half points before and after by person, rule, month and township; of a township in fen, too."""
    every = list(differences)
    before = {(one.township_id, *cell): half for one in every for cell, half in one.before.items()}
    after = {(one.township_id, *cell): half for one in every for cell, half in one.after.items()}

    def by(n: int) -> dict[str, rules.Pair]:
        return rules.pairs_of(rules.sums(before, lambda c: str(c[n])), rules.sums(after, lambda c: str(c[n])))

    return {
        "people": by(1), "rules": by(2), "months": by(3), "townships": by(0),
        "fen_a_point": {str(one.township_id): one.fen_a_point for one in every},
    }  # fmt: skip


def total(pairs: Mapping[str, Iterable[int]]) -> rules.Pair:
    both = [tuple(pair) for pair in pairs.values()]
    return sum(p[0] for p in both), sum(p[1] for p in both)
