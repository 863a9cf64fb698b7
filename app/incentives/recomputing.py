"""The ledger once more, from events and rules alone: every person's months are priced again in order, nothing of what
was posted is read but to be compared, and nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, union

from app.areas.policies import PoliciesOf
from app.db import db
from app.duty.models import Duty
from app.incentives import queries, rows
from app.incentives.models import PointEntry
from app.incentives.operations import Key, accounts_of, facts_of, is_same, month_of, price
from app.incentives.queries import Standing
from app.incentives.rules import Line

LONG_AGO, FAR_AWAY = date(1970, 1, 1), date(9999, 12, 31)


@dataclass(frozen=True)
class Difference:
    """A line that the ledger and its recomputation tell differently; None: not there. `is_open`: the duty is younger
    than 72 h, and what it owes to others is still to be settled."""

    person_id: int
    rule: str
    cause: str
    earned_on: date
    ledger_half: int | None
    recomputed_half: int | None
    is_open: bool


@dataclass(frozen=True)
class Worth:
    line: Line
    policy_version_id: int | None
    earned_on: date
    settles_at: datetime | None


def recompute(township_id: int, zone: str, now: datetime) -> Iterator[Difference]:
    """Every difference, person by person; none is expected."""
    for person_id in people_in(township_id):
        worth = worth_of(township_id, person_id, zone)
        standing: dict[Key, list[Standing]] = {}
        for posted in queries.earned_by(township_id, person_id):
            standing.setdefault((posted.rule, posted.cause), []).append(posted)
        for key in sorted(set(worth) | set(standing)):
            found = _difference(person_id, key, worth.get(key), standing.get(key, []), now)
            if found:
                yield found


def people_in(township_id: int) -> list[int]:
    """Whoever was on duty in the township, has another fact there that is priced, or an entry in its ledger."""
    either = union(
        select(Duty.person_id).where(Duty.township_id == township_id),
        select(PointEntry.person_id).where(PointEntry.township_id == township_id),
        rows.people_beside(township_id),
    )
    return sorted(db.session.scalars(either))


def worth_of(township_id: int, person_id: int, zone: str) -> dict[Key, Worth]:
    """What all that a person did is worth. The caps of a year know its months as they are priced here."""
    months = rows.months_of(township_id, person_id, LONG_AGO, FAR_AWAY)
    if not months:
        return {}
    first, last = months[0].replace(day=1), month_of(months[-1])[1]
    policies = PoliciesOf(township_id, first, last)
    facts = facts_of(township_id, person_id, first, last, zone, policies)
    found: dict[Key, Worth] = {}
    for key, line in price(facts, policies).lines.items():
        about = facts.about[key[1]]
        found[key] = Worth(line, policies.on(about.day).ids.get("incentives"), about.day, about.settles_at)
    return found


def _difference(
    person_id: int, key: Key, worth: Worth | None, posted: list[Standing], now: datetime
) -> Difference | None:
    if len(posted) == 1 and worth is not None and _tells_the_same(person_id, worth, posted[0]):
        return None
    known = worth or posted[0]
    until = known.settles_at
    return Difference(
        person_id, key[0], key[1], known.earned_on, sum(one.amount_half for one in posted) if posted else None,
        worth.line.amount_half if worth else None, until is not None and now < until,
    )  # fmt: skip


def _tells_the_same(person_id: int, worth: Worth, posted: Standing) -> bool:
    """Amount, explanation and version, and whence and where it went: points that skip what waits are no such points."""
    return is_same(worth.line, posted, worth.policy_version_id) and (
        posted.debit_account,
        posted.credit_account,
        posted.earned_on,
    ) == (*accounts_of(person_id, worth.line), worth.earned_on)
