"""Where a village's F comes from: the scorecards that the assessment froze for all quarters of a period; where one of
them is not frozen, what was entered by hand, with evidence, by one person, and confirmed by another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import update

from app.accounts.models import Person
from app.areas.models import Area
from app.assessment import queries as assessments
from app.assessment.rules import tenths
from app.errors import Conflict, DomainError, FieldError
from app.money import operations, queries
from app.money.models import VillageGrade
from app.money.rules import QUARTERS
from app.strength.queries import villages_of


@dataclass(frozen=True)
class Period:
    """Quarters of a year, both ends included."""

    year: int
    first: int
    last: int

    @property
    def is_real(self) -> bool:
        return 1 <= self.first <= self.last <= QUARTERS

    @property
    def quarters(self) -> list[date]:
        """Their first days, as the assessment names them."""
        return [date(self.year, 3 * n - 2, 1) for n in range(self.first, self.last + 1)]


def scores_for(township_id: int, period: Period) -> dict[int, Fraction]:
    """Village id → F. What grants ask."""
    return frozen_scores(township_id, period) or confirmed_scores(township_id, period)


def frozen_scores(township_id: int, period: Period) -> dict[int, Fraction]:
    """Village id → mean of its F over the quarters, to a tenth; nothing unless every quarter has frozen scorecards."""
    if not period.is_real:
        return {}
    quarters = [assessments.frozen_grades(township_id, first) for first in period.quarters]
    if not all(quarters):
        return {}
    everywhere = set.intersection(*(set(each) for each in quarters))
    return {v: tenths(sum((q[v][0] for q in quarters), Fraction(0)) / len(quarters)) for v in everywhere}


def confirmed_scores(township_id: int, period: Period) -> dict[int, Fraction]:
    """Village id → F, by the latest entry that is confirmed."""
    found: dict[int, Fraction] = {}
    for row in _entries(township_id, period):
        if row.confirmed_by is not None:
            found.setdefault(row.village_id, Fraction(row.f))
    return found


def _entries(township_id: int, period: Period) -> list[VillageGrade]:
    """Of exactly these quarters, each village's latest first."""
    rows = queries.grades_of(township_id, period.year)
    return [row for row in rows if (row.first_quarter, row.last_quarter) == (period.first, period.last)]


def waiting(township_id: int, period: Period) -> list[VillageGrade]:
    """The latest entries of villages that nobody has confirmed yet."""
    latest: dict[int, VillageGrade] = {}
    for row in _entries(township_id, period):
        latest.setdefault(row.village_id, row)
    return [row for row in latest.values() if row.confirmed_by is None]


def enter(
    person: Person,
    township: Area,
    period: Period,
    scores: Mapping[int, Decimal],
    evidence: str,
    now: datetime,
) -> int:
    """Answers how many. Raises pot_not_open, and `invalid` with what is wrong."""
    operations.needs_pot(township, period.year)
    faults = operations.text_faults(evidence=evidence)
    known = {v.id for v in villages_of(township.id)}
    if not scores or not set(scores) <= known or not period.is_real:
        faults.append(FieldError("/scores", "field_needed"))
    if any(not 0 <= f <= 100 or f != round(f, 2) for f in scores.values()):
        faults.append(FieldError("/scores", "grade_range"))
    operations.refuse_faults(faults)
    for village_id, f in sorted(scores.items()):
        _add(person, township, period, village_id, round(f, 2), evidence, now)
    operations.audit(
        person,
        township.id,
        "money.grades_entered",
        "area",
        township.code,
        now,
        n=len(scores),
        year=period.year,
    )
    return len(scores)


def _add(
    person: Person, township: Area, period: Period, village_id: int, f: Decimal, evidence: str, now: datetime
) -> None:
    mine = [row for row in _entries(township.id, period) if row.village_id == village_id]
    if mine and (mine[0].f, mine[0].evidence) == (f, evidence):
        return  # the same form once more
    key = {
        "township_id": township.id, "year": period.year, "first_quarter": period.first, "last_quarter": period.last,
        "village_id": village_id, "n": mine[0].n + 1 if mine else 1,
    }  # fmt: skip
    if not operations.add_once(
        VillageGrade, key, f=f, evidence=evidence.strip(), entered_by=person.id, entered_at=now
    ):
        raise Conflict("conflict")


def named(rows: Sequence[VillageGrade]) -> str:
    """Which entries a page shows, so that what is confirmed is what was seen."""
    return ",".join(f"{row.village_id}:{row.n}" for row in sorted(rows, key=lambda row: row.village_id))


def confirm(person: Person, township: Area, period: Period, now: datetime, seen: str | None = None) -> int:
    """All that wait (those `named` where that is said), entered by somebody else; answers how many. Raises
    proposal_own, proposal_changed, grades_none_waiting."""
    rows = waiting(township.id, period)
    if not rows:
        raise Conflict("grades_none_waiting")
    operations.refuse_unseen(seen, named(rows))
    theirs = [row for row in rows if row.entered_by != person.id]
    if not theirs:
        raise DomainError("proposal_own")
    for row in theirs:
        _confirm(person, row, now)
    operations.audit(
        person,
        township.id,
        "money.grades_confirmed",
        "area",
        township.code,
        now,
        n=len(theirs),
        year=period.year,
    )
    return len(theirs)


def _confirm(person: Person, row: VillageGrade, now: datetime) -> None:
    operations.decided(
        update(VillageGrade)
        .where(
            VillageGrade.township_id == row.township_id, VillageGrade.year == row.year,
            VillageGrade.first_quarter == row.first_quarter, VillageGrade.last_quarter == row.last_quarter,
            VillageGrade.village_id == row.village_id, VillageGrade.n == row.n, VillageGrade.confirmed_by.is_(None),
        )
        .values(confirmed_by=person.id, confirmed_at=now)
    )  # fmt: skip
