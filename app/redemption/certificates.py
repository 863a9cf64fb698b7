"""Volunteer service certificates: asked for, issued by somebody else with the hours that stood then, looked up by
anybody who holds the paper, withdrawn where it was wrong. docs/redemption.md has the public rules that they follow."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime

from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.areas.policies import place_of
from app.clock import local_day
from app.db import db
from app.errors import Conflict, DomainError, FieldError, NotFound
from app.redemption import queries, rules
from app.redemption.models import LANGUAGES, REFUSALS, WITHDRAWALS, Certificate
from app.redemption.operations import home_of
from app.teams.scope import Scope


@dataclass(frozen=True)
class Asked:
    first_on: date
    last_on: date
    language: str
    with_stars: bool


def ask(person: Person, asked: Asked, now: datetime) -> Certificate:
    """By the member. While one is waited for, asking again answers that one."""
    return _ask(person, person, home_of(person), asked, now)


def ask_for(
    clerk: Person, scope: Scope, township_id: int, person_id: int, asked: Asked, now: datetime
) -> Certificate:
    """At the desk, for a member who has no phone."""
    members = (
        {one.id: one for one in queries.members_of(township_id)} if township_id in scope.township_ids else {}
    )
    if person_id not in members:
        raise NotFound()
    return _ask(clerk, members[person_id], township_id, asked, now)


def _ask(by: Person, person: Person, township_id: int, asked: Asked, now: datetime) -> Certificate:
    today = local_day(now, place_of(township_id).zone)
    fault = rules.period_fault(asked.first_on, asked.last_on, today)
    if fault or asked.language not in LANGUAGES:
        raise DomainError("invalid", [FieldError("/last_on", fault or "field_invalid")])
    queries.lock_numbers(township_id)
    waiting = queries.asked_of(township_id, person.id)
    if waiting is not None:
        return waiting
    row = Certificate(
        township_id=township_id, person_id=person.id, first_on=asked.first_on, last_on=asked.last_on,
        language=asked.language, with_stars=asked.with_stars, asked_by=by.id, asked_at=now, state="asked",
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


def issue(clerk: Person, scope: Scope, township_id: int, certificate_id: int, now: datetime) -> Certificate:
    """By a reviewer who is not the member, with the hours that stand now. It is printed by the worker."""
    row = _to_decide(clerk, scope, township_id, certificate_id)
    found = rules.served(queries.service_of(township_id, row.person_id, row.first_on, row.last_on))
    if found.minutes == 0:
        raise DomainError("shop_no_service")
    queries.lock_numbers(township_id)
    year = local_day(now, place_of(township_id).zone).year
    number = queries.next_number(township_id, year)
    minutes = queries.verified_minutes_until(township_id, row.person_id, row.last_on)
    # All at once: the database takes no certificate that is half issued.
    row.state, row.decided_by, row.decided_at, row.year, row.number = "issued", clerk.id, now, year, number
    row.code = rules.with_check(rules.signs_from(secrets.token_bytes(24), rules.CERTIFICATE_SIGNS))
    row.minutes, row.duties, row.lines = found.minutes, found.duties, list(found.lines)
    row.stars = rules.stars(minutes) if row.with_stars else None
    db.session.flush()
    _audit("certificate.issued", clerk, row, now, minutes=found.minutes, number=row.number)
    queries.defer_printing(township_id, row.id)
    return row


def refuse(
    clerk: Person, scope: Scope, township_id: int, certificate_id: int, reason: str, now: datetime
) -> None:
    if reason not in REFUSALS:
        raise DomainError("shop_reason_needed")
    row = _to_decide(clerk, scope, township_id, certificate_id)
    row.state, row.reason, row.decided_by, row.decided_at = "refused", reason, clerk.id, now
    db.session.flush()
    _audit("certificate.refused", clerk, row, now, reason=reason)


def withdraw(
    clerk: Person, scope: Scope, township_id: int, certificate_id: int, reason: str, now: datetime
) -> None:
    """The paper cannot be taken back: its page says from now on that it does not stand."""
    if reason not in WITHDRAWALS:
        raise DomainError("shop_reason_needed")
    row = _reach(clerk, scope, township_id, certificate_id)
    if row.state != "issued":
        raise Conflict("shop_certificate_decided")
    row.state, row.reason, row.withdrawn_by, row.withdrawn_at = "withdrawn", reason, clerk.id, now
    db.session.flush()
    _audit("certificate.withdrawn", clerk, row, now, reason=reason, number=row.number)


def _to_decide(clerk: Person, scope: Scope, township_id: int, certificate_id: int) -> Certificate:
    row = _reach(clerk, scope, township_id, certificate_id)
    if row.state != "asked":
        raise Conflict("shop_certificate_decided")
    return row


def _reach(clerk: Person, scope: Scope, township_id: int, certificate_id: int) -> Certificate:
    is_mine = township_id in scope.township_ids
    row = queries.certificate_at(township_id, certificate_id, to_decide=True) if is_mine else None
    if row is None:
        raise NotFound()
    if row.person_id == clerk.id:
        raise DomainError("shop_own_certificate")
    return row


def _audit(action: str, clerk: Person, row: Certificate, now: datetime, **detail: object) -> None:
    record_audit(row.township_id, clerk.id, action, "certificate", row.id, now, **detail)


# --- who holds the paper ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """What the public page says: nothing more than the paper, and the name masked."""

    stands: bool
    unit: str
    name: str
    number: str
    issued_on: date
    withdrawn_on: date | None
    first_on: date
    last_on: date
    minutes: int
    duties: int


def shown_by(text: str) -> Shown | None:
    """None where no certificate has the code."""
    code = rules.read_code(text)
    if len(code) != rules.CERTIFICATE_SIGNS + 1 or not rules.is_sound(code):
        return None
    found = queries.certificate_by_code(code)
    if found is None:
        return None
    row, person, township = found
    assert row.decided_at is not None
    zone = township.time_zone
    return Shown(
        row.state == "issued", township.name, rules.masked(person.name), f"{row.year}-{row.number}",
        local_day(row.decided_at, zone), local_day(row.withdrawn_at, zone) if row.withdrawn_at else None,
        row.first_on, row.last_on, row.minutes or 0, row.duties or 0,
    )  # fmt: skip
