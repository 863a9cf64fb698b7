"""Months of work made quickly: duties with their points in the ledger, submitted and approved by who may."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from app.approval import operations
from app.approval.models import PointAudit
from app.approval.months import month_state
from app.db import db
from app.duty.models import Duty
from app.incentives import ledger
from app.teams.scope import scope_of
from tests import make

NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)
# Saturday 5 December, 10:00 in Shanghai: November is over and settled.
NOW = datetime(2026, 12, 5, 2, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ZONE = "Asia/Shanghai"


def give(people: Any, person: Any, half: int, cause: str, day: date = make.DAY, **more: Any) -> int:
    """Half points for work of a day: from the township's source to what is pending, below nothing the way back."""
    accounts = [ledger.ISSUE, ledger.pending(person.id)]
    debit, credit = accounts if half > 0 else reversed(accounts)
    values = {
        "township_id": people.town.township.id, "person_id": person.id, "rule": "base", "cause": cause, "n": 1,
        "amount_half": abs(half), "debit_account": debit, "credit_account": credit, "earned_on": day,
    }  # fmt: skip
    return ledger.post(ledger.Transfer(**values | more), make.EVENING)


def work(
    people: Any, person: Any, half: int, *, hours: float = 2, starts_at: datetime = make.EVENING, **more: Any
) -> Duty:
    """A duty that ended, and its points."""
    shift = make.make_shift(people.town.team, None, starts_at=starts_at, hours=hours)
    values = {
        "township_id": shift.township_id, "shift_id": shift.id, "person_id": person.id, "team_id": shift.team_id,
        "day": shift.day, "on_roster": True, "state": "ended", "started_at": starts_at,
        "ended_at": shift.ends_at, "worked_s": int(hours * 3600),
    }  # fmt: skip
    duty = make.save(Duty(**values | more))
    give(people, person, half, f"duty:{duty.id}", shift.day, settles_at=shift.ends_at + 72 * HOUR)
    db.session.commit()
    return duty


def month_of(people: Any, month: date = NOVEMBER, now: datetime = NOW) -> Any:
    return month_state(people.town.township, month, now)


def one(people: Any, person: Any, month: date = NOVEMBER, now: datetime = NOW) -> Any:
    return month_of(people, month, now).of(person.id)


def submit(
    people: Any, by: Any, *whose: Any, month: date = NOVEMBER, now: datetime = NOW
) -> list[str | None]:
    done = operations.submit(by, scope_of(by), people.town.township, month, [p.id for p in whose], now)
    db.session.commit()
    return [outcome.refusal for outcome in done]


def approve(
    people: Any, by: Any, *whose: Any, month: date = NOVEMBER, now: datetime = NOW, seen: int | None = None, **more: Any
) -> list[str | None]:  # fmt: skip
    """As somebody does who looks at the page first."""
    found = month_of(people, month, now)
    wanted = [(p.id, found.of(p.id).move_half if seen is None else seen) for p in whose]
    done = operations.approve(by, people.town.township, month, wanted, now, **more)
    db.session.commit()
    return [outcome.refusal for outcome in done]


def pass_audits(people: Any, by: Any, month: date = NOVEMBER, now: datetime = NOW) -> int:
    """Whatever was drawn is found right."""
    from app.approval import auditing

    drawn = [audit for audit in month_of(people, month, now).audits if audit.result is None]
    for audit in drawn:
        auditing.finish(by, scope_of(by), people.town.township, month, audit.person_id, "ok", "", now)
    db.session.commit()
    return len(drawn)


def audit_of(people: Any, person: Any, month: date = NOVEMBER, n: int = 1) -> PointAudit | None:
    return db.session.get(PointAudit, (people.town.township.id, month, person.id, n))
