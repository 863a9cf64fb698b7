"""Swaps and declines: asked, offered and taken back by phones in any order, confirmed or refused by a leader.

An asking's state is a pure function of its steps, the roster and the decision (rules.swap_state). Nothing commits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from app import stream
from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.areas.models import Area
from app.db import db
from app.duty import leave, queries, roster, rules
from app.duty.models import Assignment, Decline, Shift, Swap, SwapStep
from app.errors import Conflict, DomainError, FieldError, NotFound
from app.routes.models import Route, RouteVersion
from app.teams.models import Team, TeamMember
from app.teams.scope import Scope, led_team_rows

REFUSALS = ("nobody_fits", "too_late", "needed_here", "talk_first")
SHOWN_AFTER = timedelta(days=7)


@dataclass(frozen=True)
class Asking:
    """A swap with what became of it. `offers` are (person, name), the first to offer first."""

    swap: Swap
    shift: Shift
    asker: str
    colleague: str | None
    taker: str | None
    team: str
    route: str | None
    zone: str
    state: rules.SwapState
    offers: tuple[tuple[int, str], ...]

    @property
    def is_open(self) -> bool:
        return self.state in ("asked", "offered")


@dataclass(frozen=True)
class Gap:
    """A place that a member's decline left open."""

    decline: Decline
    shift: Shift
    name: str
    route: str | None
    zone: str


# --- what phones say ------------------------------------------------------------------------------


def record_ask(
    shift: Shift, person_id: int, item_id: UUID, to_person_id: int | None, phrase: str | None, at: datetime
) -> None:
    """Raises DomainError when the colleague is none."""
    if to_person_id is not None and (
        to_person_id == person_id or to_person_id not in queries.members_of_team(shift.team_id)
    ):
        raise DomainError("no_colleague")
    db.session.execute(
        insert(Swap)
        .values(
            township_id=shift.township_id, id=item_id, shift_id=shift.id, person_id=person_id,
            to_person_id=to_person_id, phrase=phrase, asked_at=at,
        )
        .on_conflict_do_nothing()
    )  # fmt: skip
    swap = db.session.get(Swap, (shift.township_id, item_id))
    assert swap is not None
    tell(swap, shift)


def record_step(
    township_id: int, person_id: int, item_id: UUID, ask_id: UUID, kind: str, at: datetime
) -> bool:
    """Kept whether or not its asking is there; True when it is."""
    db.session.execute(
        insert(SwapStep)
        .values(
            township_id=township_id, id=item_id, ask_id=ask_id, person_id=person_id, kind=kind, said_at=at
        )
        .on_conflict_do_nothing()
    )
    swap = db.session.get(Swap, (township_id, ask_id))
    if swap is None:
        return False
    shift = queries.shift_of(township_id, swap.shift_id)
    assert shift is not None
    tell(swap, shift)
    return True


def steps_of(township_id: int, ask_ids: Sequence[UUID]) -> dict[UUID, list[SwapStep]]:
    found: dict[UUID, list[SwapStep]] = {}
    which = select(SwapStep).where(SwapStep.township_id == township_id, SwapStep.ask_id.in_(ask_ids))
    for step in db.session.scalars(which.order_by(SwapStep.said_at, SwapStep.id)):
        found.setdefault(step.ask_id, []).append(step)
    return found


def record_decline(
    person: Person, shift: Shift, item_id: UUID, phrase: str, at: datetime, now: datetime
) -> None:
    """Frees the place once; said again it changes nothing, also when the leader has planned them again meanwhile."""
    if db.session.get(Decline, (shift.township_id, item_id)) is not None:
        return
    freed = roster.free_place(person, shift.township_id, shift.id, now)
    db.session.execute(
        insert(Decline).values(
            township_id=shift.township_id, id=item_id, shift_id=shift.id, person_id=person.id, phrase=phrase,
            said_at=at, freed=freed,
        )
    )  # fmt: skip
    stream.tell("swap", people=[person.id], teams=[shift.team_id], shift_id=shift.id)


def tell(swap: Swap, shift: Shift) -> None:
    """Asker, offerers, whoever was asked, and the leaders hear of every change."""
    steps = steps_of(swap.township_id, [swap.id]).get(swap.id, [])
    people = {swap.person_id, *(step.person_id for step in steps)}
    people |= {swap.to_person_id} if swap.to_person_id else set(queries.members_of_team(shift.team_id))
    stream.tell("swap", people=people, teams=[shift.team_id], swap_id=str(swap.id))


# --- what a leader decides ------------------------------------------------------------------------


def confirm_swap(
    person: Person,
    scope: Scope,
    swap_id: UUID,
    taker_id: int | None,
    now: datetime,
    *,
    accepted: bool = False,
) -> Swap:
    """The asker goes, the taker comes, in one transaction. The same again changes nothing.

    Raises NotFound outside the teams led; Conflict when it was decided or taken back meanwhile, or the shift has begun;
    DomainError `crew_refused` / `crew_warned` with whom and why.
    """
    swap, shift = _reach(scope, swap_id)
    if swap.decision == "confirmed" and swap.taken_by == taker_id:
        return swap
    asking = _undecided(swap, shift, now)
    if taker_id is None or taker_id not in {person_id for person_id, _ in asking.offers}:
        raise DomainError("invalid", [FieldError("/taker", "offer_gone")])
    roster.exchange(person, scope, shift.id, swap.person_id, taker_id, now, accepted=accepted)
    swap.decision, swap.taken_by = "confirmed", taker_id
    return _decided(person, swap, shift, None, now)


def refuse_swap(person: Person, scope: Scope, swap_id: UUID, reason: str | None, now: datetime) -> Swap:
    swap, shift = _reach(scope, swap_id)
    if reason not in REFUSALS:
        raise DomainError("invalid", [FieldError("/reason", "field_needed")])
    if swap.decision == "refused" and swap.decided_why == reason:
        return swap
    _undecided(swap, shift, now)
    swap.decision = "refused"
    return _decided(person, swap, shift, reason, now)


def _reach(scope: Scope, swap_id: UUID) -> tuple[Swap, Shift]:
    row = db.session.execute(
        select(Swap, Shift)
        .join(Shift, and_(Shift.township_id == Swap.township_id, Shift.id == Swap.shift_id))
        .where(Swap.id == swap_id, led_team_rows(scope, Shift.township_id, Shift.team_id))
        .with_for_update(of=Swap)
        .execution_options(populate_existing=True)
    ).first()
    if row is None:
        raise NotFound()
    return row[0], row[1]


def _undecided(swap: Swap, shift: Shift, now: datetime) -> Asking:
    if swap.decision is not None:
        raise Conflict("swap_decided")
    asking = askings([swap.id], shift.township_id, now)[0]
    if asking.state == "withdrawn":
        raise Conflict("swap_withdrawn")
    return asking


def _decided(person: Person, swap: Swap, shift: Shift, reason: str | None, now: datetime) -> Swap:
    swap.decided_by, swap.decided_at, swap.decided_why = person.id, now, reason
    record_audit(
        swap.township_id, person.id, f"swap.{swap.decision}", "swap", str(swap.id), now, shift_id=shift.id
    )
    db.session.flush()
    tell(swap, shift)
    return swap


# --- questions ------------------------------------------------------------------------------------


def led_askings(scope: Scope, now: datetime, shift_id: int | None = None) -> list[Asking]:
    """Open askings of the teams led, soonest shift first; then those decided in the last seven days."""
    which = [led_team_rows(scope, Shift.township_id, Shift.team_id)]
    if shift_id is not None:
        which.append(Shift.id == shift_id)
    else:
        lately = and_(Swap.decision.is_not(None), Swap.decided_at > now - SHOWN_AFTER)
        which.append(or_(and_(Swap.decision.is_(None), Shift.starts_at > now), lately))
    found = [asking for asking in _askings(and_(*which), now) if asking.state not in ("withdrawn", "closed")]
    return sorted(found, key=lambda a: (not a.is_open, a.shift.starts_at, str(a.swap.id)))


def gaps(scope: Scope, now: datetime) -> list[Gap]:
    """Places that a decline left open on shifts to come: visible work, until somebody is planned there."""
    planned = (
        select(func.count(Assignment.id))
        .where(
            Assignment.township_id == Shift.township_id, Assignment.shift_id == Shift.id, Assignment.active
        )
        .correlate(Shift)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(Decline, Shift, Person.name, Route.name.label("route"), Area.time_zone)
        .join(Shift, and_(Shift.township_id == Decline.township_id, Shift.id == Decline.shift_id))
        .join(Person, Person.id == Decline.person_id)
        .join(Area, Area.id == Shift.township_id)
        .outerjoin(RouteVersion, RouteVersion.id == Shift.route_version_id)
        .outerjoin(Route, Route.id == RouteVersion.route_id)
        .where(
            led_team_rows(scope, Shift.township_id, Shift.team_id), Shift.status == "planned",
            Shift.ends_at > now, Decline.freed, planned < Shift.crew_wanted,
        )
        .order_by(Shift.starts_at, Decline.id)
    )  # fmt: skip
    return [Gap(*row) for row in rows]


def waiting_count(scope: Scope, now: datetime) -> int:
    """What waits for the leader: askings, leave, places left open."""
    open_ones = sum(asking.is_open for asking in led_askings(scope, now))
    return open_ones + leave.waiting_leaves(scope, now) + len(gaps(scope, now))


def declines_of(scope: Scope, shift_id: int) -> list[tuple[Decline, str]]:
    rows = db.session.execute(
        select(Decline, Person.name)
        .join(Person, Person.id == Decline.person_id)
        .join(Shift, and_(Shift.township_id == Decline.township_id, Shift.id == Decline.shift_id))
        .where(Shift.id == shift_id, led_team_rows(scope, Shift.township_id, Shift.team_id))
        .order_by(Decline.said_at)
    )
    return [(row[0], row[1]) for row in rows]


def askings(swap_ids: Sequence[UUID], township_id: int, now: datetime) -> list[Asking]:
    return _askings(and_(Swap.township_id == township_id, Swap.id.in_(swap_ids)), now)


def askings_on(township_id: int, shift_ids: Sequence[int], now: datetime) -> list[Asking]:
    """Of shifts that the caller has reached already, the oldest asking first."""
    return _askings(and_(Swap.township_id == township_id, Swap.shift_id.in_(shift_ids)), now)


def _askings(which: Any, now: datetime) -> list[Asking]:
    on_it = (
        select(Assignment.id)
        .where(
            Assignment.township_id == Swap.township_id, Assignment.shift_id == Swap.shift_id,
            Assignment.person_id == Swap.person_id, Assignment.active,
        )
        .exists()
    )  # fmt: skip
    rows = db.session.execute(
        select(
            Swap,
            Shift,
            Team.name.label("team"),
            Route.name.label("route"),
            Area.time_zone,
            on_it.label("on_it"),
        )
        .join(Shift, and_(Shift.township_id == Swap.township_id, Shift.id == Swap.shift_id))
        .join(Team, Team.id == Shift.team_id)
        .join(Area, Area.id == Shift.township_id)
        .outerjoin(RouteVersion, RouteVersion.id == Shift.route_version_id)
        .outerjoin(Route, Route.id == RouteVersion.route_id)
        .where(which)
        .order_by(Swap.asked_at, Swap.id)
    ).all()
    steps: dict[UUID, list[SwapStep]] = {}
    for township_id in {row.Swap.township_id for row in rows}:
        ids = [row.Swap.id for row in rows if row.Swap.township_id == township_id]
        steps |= steps_of(township_id, ids)
    names = _names(rows, steps)
    teams = _members({row.Shift.team_id for row in rows})
    return [_asking(row, steps.get(row.Swap.id, []), names, teams[row.Shift.team_id], now) for row in rows]


def _asking(
    row: Any, steps: Sequence[SwapStep], names: dict[int, str], members: set[int], now: datetime
) -> Asking:
    swap, shift = row.Swap, row.Shift
    told = [
        rules.Step(str(s.id), s.person_id, s.kind, s.said_at)  # type: ignore[arg-type]
        for s in steps
        if s.person_id in members or s.person_id == swap.person_id
    ]
    is_open = shift.status == "planned" and now < shift.starts_at and row.on_it
    state = rules.swap_state(swap.person_id, swap.to_person_id, swap.decision, told, is_open=is_open)
    offers = rules.standing_offers(swap.person_id, swap.to_person_id, told)
    return Asking(
        swap, shift, names[swap.person_id], names.get(swap.to_person_id or 0), names.get(swap.taken_by or 0),
        row.team, row.route, row.time_zone, state, tuple((p, names[p]) for p in offers),
    )  # fmt: skip


def _names(rows: Sequence[Any], steps: dict[UUID, list[SwapStep]]) -> dict[int, str]:
    ids: set[int | None] = {step.person_id for several in steps.values() for step in several}
    for row in rows:
        ids |= {row.Swap.person_id, row.Swap.to_person_id, row.Swap.taken_by}
    return {
        p: name for p, name in db.session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))
    }


def _members(team_ids: Iterable[int]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {team_id: set() for team_id in team_ids}
    for team_id, person_id in db.session.execute(
        select(TeamMember.team_id, TeamMember.person_id).where(
            TeamMember.team_id.in_(list(found)), TeamMember.left_on.is_(None)
        )
    ):
        found[team_id].add(person_id)
    return found
