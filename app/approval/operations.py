"""What is done about persons' months: submitted by one, approved or set aside by another, taken back. Each deed is one
row with who and when, and a transfer in the ledger where points move."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import insert as upsert

from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.approval import months, published, queries, rules
from app.approval.models import SET_ASIDE, PointApproval, PointAudit, PointSubmission
from app.approval.months import PersonMonth
from app.areas.models import Area
from app.clock import day_span
from app.db import db
from app.errors import Conflict, DomainError, FieldError, Forbidden, NotFound
from app.incentives import ledger
from app.incentives import queries as ledger_queries
from app.incentives.operations import month_of
from app.teams.scope import Scope

RULE = "approval"
# Spends half points from what the township may give, in the same transaction (taken back: negative); raises
# DomainError when nothing is left.
Spend = Callable[[int], None]


@dataclass(frozen=True)
class Outcome:
    """What became of one of several: None, or the code of what stood in the way, with its figures."""

    person_id: int
    refusal: str | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)


def cause_of(month: date, person_id: int) -> str:
    """What the ledger names as the cause of a transfer to or from an approved account."""
    return f"month:{month:%Y-%m}:{person_id}"


# --- submitted ------------------------------------------------------------------------------------


def submit(
    person: Person, scope: Scope, township: Area, month: date, person_ids: Sequence[int], now: datetime
) -> list[Outcome]:
    """What is settled of these persons' months is to be approved by somebody else. Own points are for others."""
    first = month.replace(day=1)
    queries.share_month(township.id, first)
    seen = queries.people_seen(scope, township.id)
    found = {one.person_id: one for one in months.persons_of(township, first, now)}
    may = _may_change(township.id, first)
    outcomes = []
    for person_id in sorted(set(person_ids)):
        one = found.get(person_id)
        if one is None or (seen is not None and person_id not in seen):
            raise NotFound()
        outcomes.append(Outcome(person_id, may(one) or _submit_one(person, township, first, one, now)))
    return outcomes


def _submit_one(person: Person, township: Area, month: date, one: PersonMonth, now: datetime) -> str | None:
    if one.person_id == person.id:
        return "approval_own"
    if one.state == "unsettled":
        return "approval_unsettled"
    if one.state in ("approved", "debt", "nothing"):
        return "approval_nothing"
    values = {"half": one.move_half, "after_n": one.n, "submitted_by": person.id, "submitted_at": now}
    key = {"township_id": township.id, "month": month, "person_id": one.person_id}
    row = upsert(PointSubmission).values(**key, **values)
    db.session.execute(row.on_conflict_do_update(index_elements=list(key), set_=values))
    _record("points.submitted", person, township.id, month, one.person_id, now, half=one.move_half)
    return None


def _may_change(township_id: int, month: date) -> Callable[[PersonMonth], str | None]:
    """While a notice runs, only what was taken back is decided anew; once the month is frozen, nothing."""
    is_frozen = month in ledger_queries.share_months(township_id)
    notice = published.notice_of(township_id, month)

    def refusal(one: PersonMonth) -> str | None:
        if is_frozen:
            return "month_frozen"
        is_back = one.decided is not None and one.decided.last.kind == "returned"
        return "approval_notice" if notice is not None and not is_back else None

    return refusal


# --- approved -------------------------------------------------------------------------------------


def approve(
    person: Person, township: Area, month: date, wanted: Sequence[tuple[int, int]], now: datetime,
    spend: Spend | None = None,
) -> list[Outcome]:  # fmt: skip
    """Approve persons' months: (person, half points as they were seen). Each stands for itself: where one is refused,
    the others are approved. Who is drawn for audit is written down with the approval, before anybody sees it."""
    first, last = month_of(month)
    queries.share_month(township.id, first)
    every = months.persons_of(township, first, now)
    policy = months.policy_on(township.id, last)
    drawn = rules.drawn(
        months.worked_of(every),
        f"{township.code}:{first:%Y-%m}",
        months.cap_half_on(township.id, last),
        policy,
    )
    known = {one.person_id for one in every}
    outcomes = []
    for person_id, seen_half in sorted(dict(wanted).items()):
        if person_id not in known:
            raise NotFound()
        try:
            with db.session.begin_nested():
                _approve_one(
                    person, township, first, person_id, seen_half, drawn.get(person_id, ()), now, spend
                )
            outcomes.append(Outcome(person_id))
        except DomainError as refused:
            outcomes.append(Outcome(person_id, refused.code, refused.figures))
    return outcomes


def _approve_one(
    person: Person, township: Area, month: date, person_id: int, seen_half: int, drawn: Sequence[str], now: datetime,
    spend: Spend | None,
) -> None:  # fmt: skip
    one = _held_fast(township, month, person_id, now)
    refusal = _may_change(township.id, month)(one) or _why_not_approved(person, one, seen_half)
    if refusal:
        raise Conflict(refusal)
    assert one.submission is not None
    if spend is not None and one.move_half:
        spend(one.move_half)
    entry_id = _move(township.id, month, one, now) if one.move_half else None
    row = PointApproval(
        township_id=township.id, month=month, person_id=person_id, n=one.n + 1, kind="approved", half=one.move_half,
        carried_half=one.carried_half, entry_id=entry_id, submitted_by=one.submission.submitted_by,
        submitted_at=one.submission.submitted_at, decided_by=person.id, decided_at=now,
        entered_by=sorted(one.work.entered_by),
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    if drawn:
        db.session.add(
            PointAudit(
                township_id=township.id, month=month, person_id=person_id, n=row.n, reasons=list(drawn), drawn_at=now,
                approved_by=person.id, had_part=sorted({one.submission.submitted_by, *one.work.entered_by}),
            )
        )  # fmt: skip
        db.session.flush()
    _record("points.approved", person, township.id, month, person_id, now, half=one.move_half, n=row.n)


def _held_fast(township: Area, month: date, person_id: int, now: datetime) -> PersonMonth:
    """The person's month as it is now; nothing is posted to it, nor decided, until the transaction ends."""
    ledger_queries.lock_journal(township.id, person_id)
    found = months.persons_of(township, month, now, person_id)
    if not found:
        raise NotFound()
    return found[0]


def _why_not_approved(person: Person, one: PersonMonth, seen_half: int) -> str | None:
    """Nobody approves own points, nor what they submitted or entered by hand."""
    if one.person_id == person.id:
        return "approval_own"
    if one.state == "unsettled":
        return "approval_unsettled"
    if one.state in ("approved", "debt", "nothing", "set_aside"):
        return "approval_nothing"
    if one.submission is None:
        return "approval_not_submitted"
    if one.submission.submitted_by == person.id:
        return "approval_submitted_by_you"
    if person.id in one.work.entered_by:
        return "approval_entered_by_you"
    return "approval_changed" if one.state == "changed" or one.move_half != seen_half else None


def _move(township_id: int, month: date, one: PersonMonth, now: datetime) -> int:
    """Into the approved account; or back, where less is pending than was approved."""
    accounts = [ledger.pending(one.person_id), ledger.approved(one.person_id)]
    debit, credit = accounts if one.move_half > 0 else reversed(accounts)
    cause = cause_of(month, one.person_id)
    return ledger.post(
        ledger.Transfer(
            township_id, one.person_id, RULE, cause, queries.last_entry_n(township_id, cause) + 1, abs(one.move_half),
            debit, credit, month_of(month)[1], detail={"month": f"{month:%Y-%m}", "n": one.n + 1},
        ),
        now,
    )  # fmt: skip


# --- set aside, taken back ------------------------------------------------------------------------


def set_aside(
    person: Person, township: Area, month: date, person_id: int, reason: str, now: datetime
) -> None:
    """The month goes to its notice without this person; what is pending comes again with the next month."""
    if reason not in SET_ASIDE:
        raise DomainError("invalid", [FieldError("/reason", "field_needed")])
    first = month.replace(day=1)
    queries.share_month(township.id, first)
    one = _held_fast(township, first, person_id, now)
    if one.person_id == person.id:
        raise Forbidden("approval_own")
    if now < day_span(*month_of(first), township.time_zone)[1]:
        raise Conflict("month_still_runs", month=f"{first:%Y-%m}")
    refusal = _may_change(township.id, first)(one)
    if refusal is None and (one.state in rules.DECIDED or _is_approved(one)):
        refusal = "approval_nothing"
    if refusal:
        raise Conflict(refusal)
    _decide(person, township.id, first, person_id, one.n + 1, "set_aside", reason, now)
    _record("points.set_aside", person, township.id, first, person_id, now, reason=reason)


def _is_approved(one: PersonMonth) -> bool:
    return one.decided is not None and one.decided.last.kind == "approved"


def take_back(
    person: Person, township: Area, month: date, person_id: int, why: str, now: datetime, spend: Spend | None = None
) -> None:  # fmt: skip
    """An audit or an objection found something: the approvals are reversed, the newest first, as far as the approved
    account holds them, and the person's month is to be decided anew. What it does not hold is told by the next
    approval, which takes no more than there is."""
    ledger_queries.lock_journal(township.id, person_id)
    before = queries.decisions(township.id, month, person_id).get(person_id)
    back_half, back_carried, entry_id = 0, 0, None
    held_half = queries.held(township.id, month, (), person_id).get(person_id, months.NOTHING).approved_half
    cause = cause_of(month, person_id)
    for approval, entry in queries.standing_approvals(township.id, month, person_id):
        if approval.half > held_half:
            break
        n = queries.last_entry_n(township.id, cause) + 1
        entry_id = ledger.reverse(entry, n, "facts_changed", None, now)
        held_half -= approval.half
        back_half, back_carried = back_half - approval.half, back_carried - approval.carried_half
    if spend is not None and back_half:
        spend(back_half)
    n = before.last.n if before else 0
    _decide(
        person, township.id, month, person_id, n + 1, "returned", why, now, back_half, back_carried, entry_id
    )
    _record("points.returned", person, township.id, month, person_id, now, half=back_half, why=why)


def _decide(
    person: Person, township_id: int, month: date, person_id: int, n: int, kind: str, reason: str, now: datetime,
    half: int = 0, carried_half: int = 0, entry_id: int | None = None,
) -> None:  # fmt: skip
    db.session.execute(
        insert(PointApproval).values(
            township_id=township_id, month=month, person_id=person_id, n=n, kind=kind, half=half,
            carried_half=carried_half, entry_id=entry_id, reason=reason, decided_by=person.id, decided_at=now,
            entered_by=[],
        )
    )  # fmt: skip


def _record(
    action: str, person: Person, township_id: int, month: date, whose: int, now: datetime, **more: object
) -> None:
    record_audit(
        township_id, person.id, action, "point_month", f"{month:%Y-%m}", now, person_id=whose, **more
    )
