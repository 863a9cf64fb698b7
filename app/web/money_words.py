"""How commitments and periods of money read on pages, in files and on paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from app.money import queries, rules
from app.money.models import Commitment

TONES = {
    "proposed": "need", "refused": "idle", "to_pay": "wait", "part_paid": "wait", "paid": "good", "closed": "idle",
    "approved": "good",
}  # fmt: skip


def phase_of(c: Commitment) -> str:
    """What became of it so far."""
    if c.state != "approved":
        return c.state
    if not c.open_fen:
        return "paid"
    return "part_paid" if c.disbursed_fen else "to_pay"


def quarters_words(year: int, first: int, last: int) -> str:
    if (first, last) == (1, 4):
        return _("money.whole_year", year=year)
    if first == last:
        return _("money.quarter", year=year, quarter=first)
    return _("money.quarters", year=year, first=first, last=last)


def what_words(c: Commitment) -> str:
    """As it was typed; of a grant by its kind and period."""
    if c.cause is None or ":" not in c.cause:
        return c.what
    if c.cause.startswith("restore:"):
        plan = rules.plan_words(c.what)
        return plan_words(plan) if plan else _("money.restored_what", document=c.what)
    kind, year, first, last = c.what.split(":")
    return _(f"money.grant_what.{kind}", period=quarters_words(int(year), int(first), int(last)))


def plan_words(plan: rules.PlanWords) -> str:
    period = quarters_words(plan.year, plan.first, plan.last)
    return _("money.restored_by_plan", period=period, counted=plan.counted, items=plan.items)


@dataclass(frozen=True)
class Payees:
    """Names of villages and members; only those who keep the money are shown a member's."""

    villages: Mapping[int, str]
    people: Mapping[int, str]

    def of(self, c: Commitment) -> str:
        if c.village_id is not None:
            return self.villages.get(c.village_id, "")
        if c.person_id is not None:
            return self.people.get(c.person_id, "")
        return c.payee or ""


def payees_of(commitments: Sequence[Commitment]) -> Payees:
    return Payees(
        queries.area_names([c.village_id for c in commitments]),
        queries.names_of([c.person_id for c in commitments]),
    )
