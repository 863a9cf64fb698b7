"""The notice of a month: opened, read by anybody, objected to, answered by another person; then the month is frozen."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from app.accounts.models import Person
from app.accounts.operations import count_or_refuse, record_audit
from app.accounts.rules import letters_of, uuid7
from app.approval import months, operations, published, queries, rules
from app.approval.auditing import text_faults
from app.approval.models import PointNotice, PointNoticeLine, PointObjection
from app.approval.operations import Spend
from app.areas.models import Area
from app.clock import day_span, local_day
from app.db import db
from app.errors import Conflict, DomainError, FieldError, Forbidden, Gone, NotFound
from app.incentives import ledger, rows
from app.teams.scope import Scope

LETTERS = 5
# Objections that come from one address, or from one member.
MOST_OBJECTIONS, WITHIN_S = 10, 3600
# The National Day week with its weekends, twice.
LONGEST_HOLIDAY = 20


# --- opened ---------------------------------------------------------------------------------------


def open_notice(person: Person, township: Area, month: date, now: datetime) -> PointNotice:
    """From now to the end of the fifth working day after today. Raises Conflict with what still stands in the way."""
    first = month.replace(day=1)
    queries.lock_month(township.id, first)
    found = months.month_state(township, first, now)
    refusal = rules.why_not_open(
        [one.state for one in found.persons], len(found.audits_open), is_over=now >= found.ends_at,
        is_open=found.notice is not None,
    )  # fmt: skip
    if refusal or found.frozen:
        raise Conflict(refusal or "month_frozen", month=f"{first:%Y-%m}")
    today = local_day(now, township.time_zone)
    last_on = working_days_after(township, today, found.policy.notice_working_days)
    notice = PointNotice(
        township_id=township.id, month=first, opened_by=person.id, opened_at=now, last_on=last_on,
        closes_at=day_span(last_on, last_on, township.time_zone)[1], working_days=found.policy.notice_working_days,
    )  # fmt: skip
    db.session.add(notice)
    db.session.flush()
    lines = [one for one in found.persons if one.state == "approved"]
    _add_lines(notice, lines)
    _record("points.notice_opened", person, notice, now, last_on=last_on.isoformat(), persons=len(lines))
    return notice


def _add_lines(notice: PointNotice, persons: Sequence[months.PersonMonth]) -> None:
    """A name of this notice for everybody, also for who is shown by their own: they may change their mind."""
    names = _pseudonyms(len(persons))
    for one, pseudonym in zip(persons, names, strict=True):
        assert one.decided is not None
        db.session.add(
            PointNoticeLine(
                township_id=notice.township_id, month=notice.month, person_id=one.person_id, pseudonym=pseudonym,
                half=one.approved_half, shifts=one.work.shifts, approved_by=one.decided.last.decided_by,
            )
        )  # fmt: skip
    db.session.flush()


def _pseudonyms(n: int) -> list[str]:
    """Drawn anew for each notice, so that nothing leads from one month to another."""
    found: set[str] = set()
    while len(found) < n:
        found.add(letters_of(secrets.token_bytes(LETTERS), LETTERS))
    names = sorted(found)
    secrets.SystemRandom().shuffle(names)
    return names


# --- read by anybody ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """A line as it is shown. `key` names it for an objection; it is the pseudonym, never anybody's id."""

    key: str
    name: str
    is_name: bool
    half: int
    shifts: int
    corrected_half: int | None


@dataclass(frozen=True)
class Public:
    """What anybody may read of a notice that runs."""

    notice: PointNotice
    township: Area
    lines: tuple[Shown, ...]
    objections: dict[str, int]


def read(code: str, month: date, now: datetime) -> Public:
    """Raises NotFound where there never was one, Gone where it has ended."""
    found = published.public_notice(code, month)
    if found is None:
        raise NotFound()
    notice, township = found
    if now >= notice.closes_at:
        raise Gone("notice_gone")
    counts = published.objection_counts(township.id, month)
    return Public(notice, township, tuple(shown(notice)), counts)


def half_now(line: PointNoticeLine) -> int:
    """As the page shows it: what was corrected since the notice began counts."""
    found = queries.decisions(line.township_id, line.month, line.person_id).get(line.person_id)
    return found.half if found and found.last.kind != "returned" else line.half


def shown(notice: PointNotice) -> list[Shown]:
    """In the order of the names shown, which says nothing about the points."""
    now_half = {
        person_id: one.half
        for person_id, one in queries.decisions(notice.township_id, notice.month).items()
        if one.last.kind != "returned"
    }
    found = []
    for line, name, wants in published.lines_of(notice.township_id, notice.month):
        half = now_half.get(line.person_id, line.half)
        found.append(
            Shown(
                line.pseudonym, name if wants else line.pseudonym, wants, line.half, line.shifts,
                half if half != line.half else None,
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: (not one.is_name, one.name))


def working_days_after(township: Area, day: date, n: int) -> date:
    """A weekend day that is worked for a holiday counts as none: a term is rather a day longer."""
    holidays = rows.holidays_between(township.id, day, day + timedelta(days=3 * n + LONGEST_HOLIDAY))
    return rules.working_days_after(day, n, holidays)


# --- objected -------------------------------------------------------------------------------------


def object_to(
    notice: PointNotice, township: Area, key: str, text: str, objector: Person | None, address: str, now: datetime
) -> PointObjection:  # fmt: skip
    """An objection to the line of a pseudonym; a member may object to an own line that is missing with an empty key.
    The same words again about the same line are the same objection."""
    who = f"person:{objector.id}" if objector else f"from:{address}"
    count_or_refuse(f"objection:{who}", WITHIN_S, MOST_OBJECTIONS, "too_many_objections", now)
    queries.share_month(township.id, notice.month)
    if now >= notice.closes_at:
        raise Gone("notice_gone")
    text = " ".join(text.split())
    line = _line_of(notice, key, objector)
    faults = ([] if text else [FieldError("/text", "field_needed")]) + text_faults("/text", text)
    if line is None and not (objector and not key):
        faults.append(FieldError("/line", "field_needed"))
    if faults:
        raise DomainError("invalid", faults)
    person_id = line.person_id if line else objector.id  # type: ignore[union-attr]
    same = _said_before(notice, person_id, text, objector)
    return same or _add_objection(notice, township, person_id, line, text, objector, now)


def _line_of(notice: PointNotice, key: str, objector: Person | None) -> PointNoticeLine | None:
    every = [line for line, _, _ in published.lines_of(notice.township_id, notice.month)]
    if not key and objector:
        return next((line for line in every if line.person_id == objector.id), None)
    return next((line for line in every if line.pseudonym == key), None)


def _said_before(
    notice: PointNotice, person_id: int, text: str, objector: Person | None
) -> PointObjection | None:
    who = objector.id if objector else None
    return next(
        (
            one
            for one in published.objections_of(notice.township_id, notice.month)
            if (one.person_id, one.text, one.objector_id, one.state) == (person_id, text, who, "open")
        ),
        None,
    )


def _add_objection(
    notice: PointNotice, township: Area, person_id: int, line: PointNoticeLine | None, text: str,
    objector: Person | None, now: datetime,
) -> PointObjection:  # fmt: skip
    today = local_day(now, township.time_zone)
    days = months.policy_on(township.id, today).objection_working_days
    row = PointObjection(
        township_id=township.id, id=uuid7(now, secrets.token_bytes(10)), month=notice.month, person_id=person_id,
        objector_id=objector.id if objector else None, text=text,
        approved_by=queries.deciders(township.id, notice.month).get(person_id, line.approved_by if line else None),
        made_at=now, due_on=working_days_after(township, today, days), state="open",
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    record_audit(
        township.id,
        row.objector_id,
        "points.objected",
        "objection",
        row.id,
        now,
        month=f"{notice.month:%Y-%m}",
    )
    return row


def answer(
    person: Person, scope: Scope, objection_id: UUID, verdict: str, text: str, now: datetime, spend: Spend | None = None
) -> PointObjection:  # fmt: skip
    """Another person's answer, with its reason. An objection that is upheld takes the approval back: the person's month
    is corrected before the month is frozen."""
    text = " ".join(text.split())
    faults = [] if verdict in ("upheld", "rejected") else [FieldError("/verdict", "field_needed")]
    faults += [] if text else [FieldError("/answer", "field_needed")]
    faults += text_faults("/answer", text)
    if faults:
        raise DomainError("invalid", faults)
    row = published.reach_objection(scope, objection_id)
    queries.share_month(row.township_id, row.month)
    if row.state != "open":
        raise Conflict("objection_answered")
    if person.id in not_another(row, queries.deciders(row.township_id, row.month)):
        raise Forbidden("objection_own")
    row.state, row.answer, row.answered_by, row.answered_at = verdict, text, person.id, now
    db.session.flush()
    record_audit(row.township_id, person.id, f"points.objection_{verdict}", "objection", row.id, now)
    if verdict == "upheld":
        township = db.session.get_one(Area, row.township_id)
        operations.take_back(person, township, row.month, row.person_id, "objection", now, spend)
    return row


def not_another(row: PointObjection, deciders: Mapping[int, int]) -> set[int | None]:
    """Whom it is about, who objected, and who decided the month: when it was made, and last."""
    return {row.person_id, row.objector_id, row.approved_by, deciders.get(row.person_id)}


# --- frozen ---------------------------------------------------------------------------------------


def freeze(person: Person, township: Area, month: date, now: datetime) -> None:
    """Never before the notice and all objections are over; then the ledger takes nothing more for the month."""
    first = month.replace(day=1)
    queries.lock_month(township.id, first)
    found = months.month_state(township, first, now)
    refusal = rules.why_not_final(found.waiting, now)
    if refusal:
        raise Conflict(refusal, month=f"{first:%Y-%m}")
    ledger.freeze_month(township.id, first, person, township.time_zone, now)


def _record(action: str, person: Person, notice: PointNotice, now: datetime, **more: object) -> None:
    record_audit(notice.township_id, person.id, action, "point_month", f"{notice.month:%Y-%m}", now, **more)


__all__ = ["Forbidden", "answer", "freeze", "object_to", "open_notice", "read", "shown"]
