"""Received, but not counted: what waits, was refused, or stands under a known id, as rows that a person can see.

Who sent what and why, never what was in it. Two kinds of rows are nobody's but the member's: a track that the member
refused or deleted (a leader does not learn who refuses), and the words that end a call for help, which have to look the
same under duress; a call that they did not end rings on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import String, and_, cast, func, literal, null, or_, select, union_all

from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.db import db
from app.duty.models import Shift
from app.errors import NotFound
from app.field import operations, queries
from app.field.models import InboxItem, ItemState, QuarantineItem
from app.teams.models import Team, TeamMember
from app.teams.scope import Criterion, Scope, led_team_rows, township_rows, within

SHOWN_FOR = timedelta(days=30)
AT_ONCE = 50
ENDS_A_CALL = ("sos.cancel", "ok")
OWN_CHOICE = ("tracks_refused", "tracks_deleted")
LARGEST_ID = 2**53


@dataclass(frozen=True)
class OnShift:
    id: int
    day: date
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Row:
    """`author` and `brought_by` are names, None for somebody of whom the caller may not know; without `author_known`
    what came does not say whose it is. `item_id` is there where a person may have it judged once more. `is_emptied`:
    it waits, and its content was forgotten meanwhile.
    """

    at: datetime
    result: str
    code: str
    kind: str
    author: str | None
    author_known: bool
    brought_by: str | None
    is_borrowed: bool
    shift: OnShift | None
    given_up: bool
    is_emptied: bool
    item_id: UUID | None


def rows(scope: Scope, now: datetime, page: int = 1) -> list[Row]:
    """A page of the last 30 days, newest first; one more than a page holds when there are more."""
    both = union_all(_states(scope, now), _quarantine(scope, now)).subquery()
    newest = select(both).order_by(both.c.at.desc(), both.c.id)
    found = db.session.execute(newest.limit(AT_ONCE + 1).offset((page - 1) * AT_ONCE)).all()
    known = _names(scope, [who for row in found for who in (_person_id(row.author), row.brought_by) if who])
    shifts = _shifts(scope, {row.shift_id for row in found if row.shift_id})
    return [_row(row, known, shifts) for row in found]


def count(scope: Scope, now: datetime) -> int:
    both = [select(func.count()).select_from(one(scope, now).subquery()) for one in (_states, _quarantine)]
    return sum(int(db.session.scalar(one) or 0) for one in both)


def try_again(actor: Person, scope: Scope, item_id: UUID, now: datetime) -> str | None:
    """Have an item judged once more that was given up; answers its result, None when there is nothing to try."""
    whole = InboxItem.body.is_not(None)
    found = db.session.execute(
        _items(ItemState, whole).where(ItemState.id == item_id, _theirs(scope))
    ).first()
    if found is None:
        raise NotFound()
    state, is_whole = found
    if not is_whole or not _is_given_up(state.result, state.reasons, state.tries):
        return None
    operations.take_once_more(state.township_id, item_id, now)
    now_is = queries.states_of([item_id])[item_id].result
    record_audit(state.township_id, actor.id, "item.tried_again", "item", item_id, now, result=now_is)
    return now_is


# --- which rows -----------------------------------------------------------------------------------


def _states(scope: Scope, now: datetime) -> Any:
    columns = (
        InboxItem.received_at.label("at"), cast(ItemState.id, String).label("id"), ItemState.township_id,
        cast(ItemState.author_id, String).label("author"), InboxItem.session_person_id.label("brought_by"),
        ItemState.kind, ItemState.result, ItemState.reasons[1].label("code"), ItemState.shift_id, ItemState.tries,
        InboxItem.body.is_not(None).label("is_whole"),
    )  # fmt: skip
    return _items(*columns).where(
        queries.is_not_stored(),
        ItemState.changed_at >= now - SHOWN_FOR,
        ~ItemState.reasons.overlap(list(OWN_CHOICE)),
        _theirs(scope),
    )


def _items(*columns: Any) -> Any:
    return (
        select(*columns)
        .select_from(ItemState)
        .join(InboxItem, and_(InboxItem.township_id == ItemState.township_id, InboxItem.id == ItemState.id))
    )


def _theirs(scope: Scope) -> Criterion:
    """By the author, by who brought it, or by the shift that it names."""
    on_shift = select(Shift.id).where(
        Shift.township_id == ItemState.township_id, Shift.id == ItemState.shift_id,
        led_team_rows(scope, Shift.township_id, Shift.team_id),
    )  # fmt: skip
    return and_(
        ItemState.kind.not_in(ENDS_A_CALL),
        or_(
            within(ItemState.township_id, scope.administered),
            _of_led_people(scope, ItemState.author_id, InboxItem.session_person_id),
            on_shift.exists(),
        ),
    )


def _quarantine(scope: Scope, now: datetime) -> Any:
    """Of what came, nothing is read but its kind and whose it says to be."""
    said = QuarantineItem.content
    return select(
        QuarantineItem.received_at.label("at"), cast(QuarantineItem.id, String).label("id"), QuarantineItem.township_id,
        said["author_id"].astext.label("author"), QuarantineItem.session_person_id.label("brought_by"),
        said["kind"].astext.label("kind"), literal("rejected").label("result"), QuarantineItem.code.label("code"),
        null().label("shift_id"), literal(0).label("tries"), literal(False).label("is_whole"),
    ).where(
        QuarantineItem.received_at >= now - SHOWN_FOR,
        func.coalesce(said["kind"].astext, "").not_in(ENDS_A_CALL),
        or_(
            within(QuarantineItem.township_id, scope.administered),
            _of_led_people(scope, QuarantineItem.session_person_id),
        ),
    )  # fmt: skip


def _of_led_people(scope: Scope, *people: Any) -> Criterion:
    led = (
        select(TeamMember.person_id)
        .join(Team, Team.id == TeamMember.team_id)
        .where(TeamMember.left_on.is_(None), led_team_rows(scope, Team.township_id, Team.id))
    )
    return or_(*[person.in_(led) for person in people])


# --- one row --------------------------------------------------------------------------------------


def _row(row: Any, known: dict[int, str], shifts: dict[tuple[int, int], OnShift]) -> Row:
    author_id = _person_id(row.author)
    is_conflict = row.code == "conflict"
    codes = [row.code] if row.code else []
    given_up = _is_given_up(row.result, codes, row.tries)
    return Row(
        at=row.at, result="conflict" if is_conflict else row.result,
        code="id_taken" if is_conflict else row.code or "judging_failed",
        kind=row.kind if operations.is_offered(row.kind or "") else "",
        author=known.get(author_id or 0), author_known=author_id is not None, brought_by=known.get(row.brought_by),
        is_borrowed=author_id != row.brought_by, shift=shifts.get((row.township_id, row.shift_id)),
        given_up=given_up, is_emptied=row.result == "held" and not row.is_whole,
        item_id=UUID(row.id) if given_up and row.is_whole else None,
    )  # fmt: skip


def _is_given_up(result: str, codes: Sequence[str], tries: int) -> bool:
    """The job has tried as often as it does; now it is a person's turn."""
    return result == "held" and "judging_failed" in codes and tries >= operations.MOST_TRIES


def _person_id(said: str | None) -> int | None:
    """Whose an envelope says to be; what is in quarantine may say anything."""
    is_number = said is not None and said.isascii() and said.isdigit() and len(said) <= 16
    return int(said) if is_number and int(said) <= LARGEST_ID else None  # type: ignore[arg-type]


def _names(scope: Scope, ids: Iterable[int]) -> dict[int, str]:
    """Of the caller's own townships alone: else whoever writes numbers of people into envelopes reads names here."""
    found = db.session.execute(
        select(Person.id, Person.name).where(
            Person.id.in_(set(ids)), township_rows(scope, Person.home_township_id)
        )
    )
    return {row[0]: row[1] for row in found}


def _shifts(scope: Scope, ids: set[int]) -> dict[tuple[int, int], OnShift]:
    found = db.session.execute(
        select(Shift.township_id, Shift.id, Shift.day, Shift.starts_at, Shift.ends_at).where(
            Shift.id.in_(ids), led_team_rows(scope, Shift.township_id, Shift.team_id)
        )
    )
    return {(row[0], row[1]): OnShift(row[1], row[2], row[3], row[4]) for row in found}
