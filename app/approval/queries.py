"""Questions about a township's month: what each person's account holds, what was decided, what waits, who sees it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    all_,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from app.accounts.models import Person
from app.approval.models import (
    PointApproval,
    PointAudit,
    PointObjection,
    PointSubmission,
)
from app.areas.models import Area
from app.db import db
from app.duty.models import Duty
from app.errors import NotFound
from app.incentives.models import FrozenMonth, PointEntry
from app.teams.models import Team, TeamMember
from app.teams.scope import Scope, reviewed_township_rows, team_rows, within

ISSUE = "issue"
DONE = ("ended", "attended")
# The flag of whoever has no phone: no fault of theirs.
DECLARED = "declared"
Rows = Sequence[Any]


# --- locks ----------------------------------------------------------------------------------------


def share_month(township_id: int, month: date) -> None:
    """Decisions about persons do not wait for one another, only for a notice that opens or a month that freezes."""
    db.session.execute(select(func.pg_advisory_xact_lock_shared(func.hashtext(_key(township_id, month)))))


def lock_month(township_id: int, month: date) -> None:
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(_key(township_id, month)))))


def _key(township_id: int, month: date) -> str:
    return f"approval:{township_id}:{month:%Y-%m}"


# --- who sees -------------------------------------------------------------------------------------


def townships_for(scope: Scope) -> list[Area]:
    """Those that the caller reviews or administers, or leads a team in."""
    led = select(Team.township_id).where(within(Team.id, scope.led_team_ids))
    mine = or_(reviewed_township_rows(scope, Area.id), Area.id.in_(led))
    every = select(Area).where(mine, Area.level == "township", Area.valid_to.is_(None)).order_by(Area.code)
    return list(db.session.scalars(every))


def reach_township(scope: Scope, code: str | None, *, to_judge: bool = False) -> Area:
    """The township of a code (the first on offer where none is named), or NotFound."""
    mine = [one for one in townships_for(scope) if not to_judge or one.id in scope.township_ids]
    found = next((one for one in mine if code in (None, "", one.code)), None)
    if found is None:
        raise NotFound()
    return found


def people_seen(scope: Scope, township_id: int) -> set[int] | None:
    """Whose months a leader sees: who is or was in a team led, or was out with it. None: everybody's, for reviewers."""
    if township_id in scope.township_ids:
        return None
    led = scope.led_team_ids
    members = select(TeamMember.person_id).where(within(TeamMember.team_id, led))
    out = select(Duty.person_id).where(Duty.township_id == township_id, within(Duty.team_id, led))
    return set(db.session.scalars(members.union(out)))


def audits_seen(scope: Scope, township_id: int) -> ColumnElement[bool]:
    return and_(PointAudit.township_id == township_id, reviewed_township_rows(scope, PointAudit.township_id))


# --- what the ledger holds ------------------------------------------------------------------------


@dataclass(frozen=True)
class Held:
    """Of a person: what pending holds for work booked in the month and in earlier frozen months, what the month's work
    earned, when the last of it is settled, and what the approved account holds altogether."""

    own_half: int
    earlier_half: int
    earned_half: int
    settles_at: datetime | None
    approved_half: int


def held(
    township_id: int, month: date, frozen: Collection[date], person_id: int | None = None
) -> dict[int, Held]:
    rows = db.session.execute(_held(township_id, month, [one for one in frozen if one < month], person_id))
    return {
        row[0]: Held(int(row[1] or 0), int(row[2] or 0), int(row[3] or 0), row[4], int(row[5]))
        for row in rows
    }


def _held(township_id: int, month: date, earlier: list[date], person_id: int | None) -> Any:
    pending = _account("pending")
    approved = _account("approved")
    booked = _booked()
    into, here = _net(pending), booked == month
    from_work = or_(PointEntry.debit_account == ISSUE, PointEntry.credit_account == ISSUE)
    found = select(
        PointEntry.person_id,
        func.sum(into).filter(here),
        func.sum(into).filter(booked.in_(earlier)),
        func.sum(into).filter(here, from_work),
        func.max(PointEntry.settles_at).filter(here),
        func.sum(_net(approved)),
    ).where(PointEntry.township_id == township_id)
    if person_id is not None:
        found = found.where(PointEntry.person_id == person_id)
    return found.group_by(PointEntry.person_id)


def _booked() -> ColumnElement[date]:
    """The month that takes an entry."""
    first_of = cast(func.date_trunc("month", cast(PointEntry.earned_on, DateTime(timezone=False))), Date)
    return func.coalesce(PointEntry.booked_in, first_of)


def _account(kind: str) -> ColumnElement[str]:
    return func.concat("person:", PointEntry.person_id, f":{kind}")


def _net(account: ColumnElement[str]) -> ColumnElement[int]:
    return case(
        (PointEntry.credit_account == account, PointEntry.amount_half),
        (PointEntry.debit_account == account, -PointEntry.amount_half),
        else_=0,
    )


def held_back_half(township_id: int, person_id: int) -> int:
    """Half points that were approved in months that are not frozen yet: they may still be taken back, and are not to
    be spent."""
    frozen = select(FrozenMonth.month).where(FrozenMonth.township_id == township_id)
    open_ = select(func.coalesce(func.sum(PointApproval.half), 0)).where(
        PointApproval.township_id == township_id, PointApproval.person_id == person_id,
        PointApproval.month.not_in(frozen),
    )  # fmt: skip
    return max(0, int(db.session.scalar(open_) or 0))


# --- what was decided -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Decided:
    """A person's decisions of the month so far: the last one, how much all of them moved, and as much of it came from
    earlier months."""

    last: PointApproval
    half: int
    carried_half: int


def decisions(township_id: int, month: date, person_id: int | None = None) -> dict[int, Decided]:
    which = [PointApproval.township_id == township_id, PointApproval.month == month]
    if person_id is not None:
        which.append(PointApproval.person_id == person_id)
    found: dict[int, Decided] = {}
    every = select(PointApproval).where(*which).order_by(PointApproval.n)
    for row in db.session.scalars(every.execution_options(populate_existing=True)):
        half, carried = row.half, row.carried_half
        before = found.get(row.person_id)
        if before:
            half, carried = half + before.half, carried + before.carried_half
        found[row.person_id] = Decided(row, half, carried)
    return found


def deciders(township_id: int, month: date) -> dict[int, int]:
    """By person: who approved their month, or set it aside, last."""
    which = [
        PointApproval.township_id == township_id, PointApproval.month == month, PointApproval.kind != "returned",
    ]  # fmt: skip
    every = select(PointApproval.person_id, PointApproval.decided_by).where(*which)
    rows = db.session.execute(every.order_by(PointApproval.n))
    return {row[0]: row[1] for row in rows}


def carried_elsewhere(
    township_id: int, month: date, frozen: Collection[date], person_id: int | None = None
) -> dict[int, int]:
    """Half points from earlier months that an approval of another open month took with it already."""
    which = [
        PointApproval.township_id == township_id, PointApproval.month != month,
        PointApproval.month.not_in([one for one in frozen if one < month]), PointApproval.carried_half != 0,
    ]  # fmt: skip
    if person_id is not None:
        which.append(PointApproval.person_id == person_id)
    sums = select(PointApproval.person_id, func.sum(PointApproval.carried_half)).where(*which)
    return {row[0]: int(row[1]) for row in db.session.execute(sums.group_by(PointApproval.person_id))}


def standing_approvals(
    township_id: int, month: date, person_id: int
) -> list[tuple[PointApproval, PointEntry]]:
    """Approvals of the person's month whose entry was not reversed, the newest first."""
    reversal = select(PointEntry.reverses_id).where(
        PointEntry.township_id == township_id, PointEntry.person_id == person_id,
        PointEntry.reverses_id.is_not(None),
    )  # fmt: skip
    rows = db.session.execute(
        select(PointApproval, PointEntry)
        .join(
            PointEntry,
            and_(PointEntry.township_id == PointApproval.township_id, PointEntry.id == PointApproval.entry_id),
        )
        .where(
            PointApproval.township_id == township_id, PointApproval.month == month,
            PointApproval.person_id == person_id, PointApproval.kind == "approved", PointEntry.id.not_in(reversal),
        )
        .order_by(PointApproval.n.desc())
    )  # fmt: skip
    return [(row[0], row[1]) for row in rows]


def last_entry_n(township_id: int, cause: str) -> int:
    last = select(func.max(PointEntry.n)).where(
        PointEntry.township_id == township_id, PointEntry.cause == cause
    )
    return int(db.session.scalar(last) or 0)


def submissions(township_id: int, month: date, person_id: int | None = None) -> dict[int, PointSubmission]:
    which = [PointSubmission.township_id == township_id, PointSubmission.month == month]
    if person_id is not None:
        which.append(PointSubmission.person_id == person_id)
    every = select(PointSubmission).where(*which).execution_options(populate_existing=True)
    return {row.person_id: row for row in db.session.scalars(every)}


# --- the work behind ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Work:
    """`entered_by`: who entered duties by hand; `team_id`: the team of most shifts. `is_on`: somebody is out still."""

    shifts: int
    worked_s: int
    flags: int
    team_id: int | None
    entered_by: frozenset[int]
    is_on: bool


def work_of(township_id: int, first: date, last: date, person_id: int | None = None) -> dict[int, Work]:
    which = [Duty.township_id == township_id, Duty.day.between(first, last)]
    if person_id is not None:
        which.append(Duty.person_id == person_id)
    counts = and_(Duty.state.in_(DONE), Duty.worked_s > 0)
    rows = db.session.execute(
        select(
            Duty.person_id, Duty.team_id, func.count().filter(counts),
            func.coalesce(func.sum(Duty.worked_s).filter(counts), 0),
            func.coalesce(func.sum(func.cardinality(func.array_remove(Duty.flags, DECLARED))), 0),
            func.array_agg(Duty.entered_by.distinct()).filter(Duty.entered_by.is_not(None)),
            func.bool_or(Duty.state.in_(("on", "paused"))),
        )
        .where(*which)
        .group_by(Duty.person_id, Duty.team_id)
    )  # fmt: skip
    parts: dict[int, list[Any]] = {}
    for row in rows:
        parts.setdefault(row[0], []).append(row)
    return {person: _together(found) for person, found in parts.items()}


def entered_earlier(
    township_id: int,
    month: date,
    frozen: Collection[date],
    carrying: Collection[int],
    person_id: int | None = None,
) -> dict[int, frozenset[int]]:
    """By person: who entered by hand duties of days before the month whose points it holds: booked in it because they
    came late, or, for those who carry something, left pending by frozen months."""
    earlier = [one for one in frozen if one < month]
    own = [PointEntry.township_id == township_id]
    if person_id is not None:
        own.append(PointEntry.person_id == person_id)
    booked = _booked()
    left = (
        select(PointEntry.person_id, booked)
        .where(*own, within(PointEntry.person_id, carrying), booked.in_(earlier))
        .group_by(PointEntry.person_id, booked)
        .having(func.sum(_net(_account("pending"))) > 0)
    )
    by_hand = and_(
        Duty.township_id == PointEntry.township_id, Duty.person_id == PointEntry.person_id,
        Duty.day == PointEntry.earned_on, Duty.entered_by.is_not(None),
    )  # fmt: skip
    held_here = or_(PointEntry.booked_in == month, tuple_(PointEntry.person_id, booked).in_(left))
    rows = db.session.execute(
        select(PointEntry.person_id, func.array_agg(Duty.entered_by.distinct()))
        .join(Duty, by_hand)
        .where(*own, PointEntry.earned_on < month, held_here)
        .group_by(PointEntry.person_id)
    )
    return {row[0]: frozenset(row[1]) for row in rows}


def _together(parts: list[Any]) -> Work:
    """Of one person, whose duties came by team."""
    main = max(parts, key=lambda row: (row[2], -row[1]))
    entered = frozenset(one for row in parts for one in row[5] or ())
    return Work(
        sum(row[2] for row in parts), int(sum(row[3] for row in parts)), int(sum(row[4] for row in parts)), main[1],
        entered, any(row[6] for row in parts),
    )  # fmt: skip


def teams_of(township_id: int, person_ids: Collection[int]) -> dict[int, int]:
    """Of each person the first team of the township they are in."""
    rows = db.session.execute(
        select(TeamMember.person_id, func.min(Team.id))
        .join(Team, Team.id == TeamMember.team_id)
        .where(Team.township_id == township_id, Team.active, within(TeamMember.person_id, person_ids))
        .group_by(TeamMember.person_id)
    )
    return {row[0]: row[1] for row in rows}


def team_names(scope: Scope, township_id: int) -> dict[int, str]:
    seen = select(Team.id, Team.name).where(
        Team.township_id == township_id, team_rows(scope, Team.township_id, Team.id)
    )
    return {row[0]: row[1] for row in db.session.execute(seen)}


def names_of(person_ids: Collection[int | None]) -> dict[int, str]:
    wanted = {one for one in person_ids if one is not None}
    rows = db.session.execute(select(Person.id, Person.name).where(within(Person.id, wanted)))
    return {row[0]: row[1] for row in rows}


# --- audits, and what waits ------------------------------------------------------------------


def audits_of(township_id: int, month: date) -> list[PointAudit]:
    which = select(PointAudit).where(PointAudit.township_id == township_id, PointAudit.month == month)
    return list(db.session.scalars(which.order_by(PointAudit.person_id, PointAudit.n)))


def reach_audit(scope: Scope, township_id: int, month: date, person_id: int) -> PointAudit:
    """The person's newest, held against others meanwhile."""
    which = select(PointAudit).where(
        audits_seen(scope, township_id), PointAudit.month == month, PointAudit.person_id == person_id
    )
    one = which.order_by(PointAudit.n.desc()).limit(1).with_for_update()
    return _found(one)


def waiting_for(scope: Scope) -> int:
    """What waits for the caller as another person: submitted months, audits and objections of townships reviewed."""
    mine, me = reviewed_township_rows, scope.person_id
    decided_since = exists().where(
        PointApproval.township_id == PointSubmission.township_id, PointApproval.month == PointSubmission.month,
        PointApproval.person_id == PointSubmission.person_id, PointApproval.n > PointSubmission.after_n,
    )  # fmt: skip
    submitted = select(func.count()).select_from(PointSubmission).where(
        mine(scope, PointSubmission.township_id), PointSubmission.submitted_by != me, PointSubmission.person_id != me,
        ~decided_since,
    )  # fmt: skip
    audits = select(func.count()).select_from(PointAudit).where(
        mine(scope, PointAudit.township_id), PointAudit.result.is_(None), PointAudit.approved_by != me,
        PointAudit.person_id != me, literal(me) != all_(PointAudit.had_part),
    )  # fmt: skip
    objections = select(func.count()).select_from(PointObjection).where(
        mine(scope, PointObjection.township_id), PointObjection.state == "open", PointObjection.person_id != me,
        PointObjection.objector_id.is_distinct_from(me), PointObjection.approved_by.is_distinct_from(me),
    )  # fmt: skip
    every = select(submitted.scalar_subquery() + audits.scalar_subquery() + objections.scalar_subquery())
    return int(db.session.scalar(every) or 0)


def _found(one: Any) -> Any:
    found = db.session.scalar(one.execution_options(populate_existing=True))
    if found is None:
        raise NotFound()
    return found
