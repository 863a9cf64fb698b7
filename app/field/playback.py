"""Who may play a duty back now, and why: docs/decisions/0019-who-may-play-a-duty-back.md.

A duty is one person's. Its own members are that person, and those who walked beside them with a track of their own. A
reviewer of the township sees it once it is over, and only while something on it waits for a person. A leader's or an
admin's role opens none. What somebody else sees is in the audit, and so in the member's log, before it is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import aliased

from app.accounts.models import Person
from app.accounts.operations import record_look
from app.checkins.contests import Question, open_questions
from app.checkins.forgetting import contested_duties
from app.coverage.rules import within as inside
from app.db import db
from app.duty.models import Duty, Shift
from app.duty.queries import duties_on
from app.errors import Forbidden, NotFound
from app.field import played
from app.field.played import Spans
from app.routes.models import Route, RouteVersion
from app.teams.models import Team
from app.teams.scope import Scope, led_team_rows, own_rows, within

Sight = Literal["self", "mate", "reviewer"]
OVER = ("ended", "attended")
AT_ONCE = 50


@dataclass(frozen=True)
class Look:
    """Somebody may see this duty now: as who, which spans of it (epoch seconds), and because of what."""

    duty: Duty
    shift: Shift
    sight: Sight
    spans: Spans
    because: tuple[Question, ...] = ()

    @property
    def why(self) -> str:
        """What it is written down for."""
        return self.because[0].why if self.because else "crew"


def play(person: Person, scope: Scope, duty_id: int, now: datetime) -> dict[str, Any]:
    """What the caller may see of the duty; a look at somebody else is flushed to the audit before it is answered, so
    the caller commits first and sends then. Raises NotFound, Forbidden."""
    look = reach(person, scope, duty_id)
    about = [str(question.item_id) for question in look.because]
    record_look(
        person, look.duty.person_id, look.duty.township_id, "playback", look.duty.id, look.duty.day, now,
        why=look.why, about=about,
    )  # fmt: skip
    return {
        **played.of_duty(look.duty, look.shift, look.spans, is_whole=look.sight != "mate"),
        "seen_as": look.sight, "because": [question.why for question in look.because],
        "questioned": about, "crew": _crew(look),
    }  # fmt: skip


def reach(person: Person, scope: Scope, duty_id: int) -> Look:
    """The duty, if the caller may play it back now. NotFound where it does not exist for them; Forbidden says why."""
    found = db.session.execute(
        select(Duty, Shift)
        .join(Shift, and_(Shift.township_id == Duty.township_id, Shift.id == Duty.shift_id))
        .where(Duty.id == duty_id, _exists_for(scope))
        .execution_options(populate_existing=True)
    ).first()
    if found is None:
        raise NotFound()
    duty, shift = found
    if duty.person_id == person.id:
        return Look(duty, shift, "self", spans_of(duty))
    is_judge = duty.township_id in scope.reviewed
    because = open_questions(_is(duty)).get(duty.id, ()) if is_judge and is_over(duty) else ()
    if because:
        return Look(duty, shift, "reviewer", spans_of(duty), because)
    mine = next((one for one in duties_on(shift) if one.person_id == person.id), None)
    beside = together(mine, duty) if mine is not None else ()
    if beside and is_over(duty):
        return Look(duty, shift, "mate", beside)
    if not is_judge and not beside:
        raise Forbidden("playback_not_yours")
    raise Forbidden("playback_not_open" if is_over(duty) else "playback_still_on")


def is_over(duty: Duty) -> bool:
    """Nobody is followed by it: while a duty is on it is its member's alone."""
    return duty.state in OVER


def spans_of(duty: Duty) -> Spans:
    """When its positions count: on duty and not paused, as its track was measured."""
    return tuple((float(a), float(b)) for a, b in duty.track_spans)


def together(mine: Duty, other: Duty) -> Spans:
    """When both were on duty, for one who was there as planned or by the crew's code, on an own phone, with a track as
    well: who joins a shift from the sofa, or is entered by hand, sees nobody's."""
    was_there = mine.entered_by is None and (mine.on_roster or mine.with_crew) and mine.fixes > 0
    return inside(spans_of(other), spans_of(mine)) if was_there else ()


def _exists_for(scope: Scope) -> ColumnElement[bool]:
    """The own, those of shifts that one was on, those of teams led, and those of townships reviewed."""
    mine = aliased(Duty)
    beside = (
        select(mine.id)
        .where(
            mine.township_id == Duty.township_id, mine.shift_id == Duty.shift_id, own_rows(scope, mine.person_id)
        )
        .exists()
    )  # fmt: skip
    return or_(
        beside, led_team_rows(scope, Duty.township_id, Duty.team_id), within(Duty.township_id, scope.reviewed)
    )


def _is(duty: Duty) -> ColumnElement[bool]:
    return and_(Duty.township_id == duty.township_id, Duty.id == duty.id)


def _crew(look: Look) -> list[dict[str, Any]]:
    """To a member of it: whose duties of the shift they may look at as well."""
    if look.sight != "self":
        return []
    others = [one for one in duties_on(look.shift) if one.id != look.duty.id and is_over(one)]
    mates = [one for one in others if together(look.duty, one)]
    names = played.names_of([one.person_id for one in mates])
    return [{"duty_id": one.id, "name": names[one.person_id]} for one in mates]


# --- what a reviewer may play back ------------------------------------------------------------------


@dataclass(frozen=True)
class Waiting:
    """A duty on which something waits: by day, team and route, without a name."""

    duty_id: int
    day: date
    starts_at: datetime
    ends_at: datetime
    team: str
    route: str | None
    questions: tuple[Question, ...]


def waiting(scope: Scope, limit: int = AT_ONCE) -> list[Waiting]:
    """Duties of the townships reviewed, others' than one's own, that are over and wait for a person; oldest first."""
    rows = db.session.execute(
        select(Duty.id, Shift.day, Shift.starts_at, Shift.ends_at, Team.name, Route.name)
        .join(Shift, and_(Shift.township_id == Duty.township_id, Shift.id == Duty.shift_id))
        .join(Team, Team.id == Duty.team_id)
        .outerjoin(RouteVersion, RouteVersion.id == Shift.route_version_id)
        .outerjoin(Route, Route.id == RouteVersion.route_id)
        .where(_waits_for(scope))
        .order_by(Shift.starts_at, Duty.id)
        .limit(limit)
    ).all()
    questions = open_questions(Duty.id.in_([row[0] for row in rows]))
    return [Waiting(*row, questions.get(row[0], ())) for row in rows]


def waiting_count(scope: Scope) -> int:
    if not scope.reviewed:
        return 0
    return int(db.session.scalar(select(func.count()).select_from(Duty).where(_waits_for(scope))) or 0)


def _waits_for(scope: Scope) -> ColumnElement[bool]:
    contested: Sequence[int] = [d for township, d in contested_duties() if township in scope.reviewed]
    return and_(
        within(Duty.township_id, scope.reviewed), Duty.id.in_(contested), Duty.state.in_(OVER),
        Duty.person_id != scope.person_id,
    )  # fmt: skip
