"""A crew on the street: the code that its leader shows, members without a phone, what the next crew should know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import null, update
from sqlalchemy.dialects.postgresql import insert

from app.db import db
from app.duty import queries, rules
from app.duty.models import CrewTick, Duty, Handover, Shift
from app.errors import DomainError


def check_code(shift: Shift, said: str | None, first: datetime, last: datetime) -> bool | None:
    """Whether a start's code is the crew's; None where it carries none. A wrong one voids nothing."""
    if not said:
        return None
    secret = queries.crew_secrets(shift.township_id, [shift.id])[shift.id]
    return rules.is_crew_code(said.strip(), secret, shift.id, first, last)


def may_lead(shift: Shift, person_id: int) -> bool:
    """A leader of the team, or the first of those planned."""
    return (shift.id, person_id) in queries.crew_leaders(shift.township_id, [shift.id])


def crew_on(shift: Shift) -> set[int]:
    """Who is planned for a shift now."""
    return queries.planned_people(shift.township_id, shift.id)


def record_tick(author: Duty, shift: Shift, item_id: UUID, present: Sequence[int], at: datetime) -> None:
    """Who is here without a phone. Kept are members without one, and whoever is planned (a phone may fail).

    Raises DomainError for somebody who does not lead this crew.
    """
    if not may_lead(shift, author.person_id):
        raise DomainError("not_crew_leader")
    members = queries.members_of_team(shift.team_id)
    planned = queries.planned_people(shift.township_id, shift.id)
    allowed = {p for p, has_phone in members.items() if not has_phone} | planned
    here = sorted((set(present) & allowed) - {author.person_id})
    db.session.execute(
        insert(CrewTick)
        .values(
            township_id=shift.township_id, id=item_id, shift_id=shift.id, person_id=author.person_id, present=here,
            said_at=at,
        )
        .on_conflict_do_nothing()
    )  # fmt: skip


def follow_ticks(author: Duty, shift: Shift, now: datetime) -> list[int]:
    """Bring the declared duties of a crew in line with its standing tick; answers whose duties to settle.

    A pure function of the ticks: the last by its time stands. A duty of one's own phone, or one that a leader entered
    by hand, is left alone.
    """
    ticks = queries.ticks_of(shift)
    if author.person_id not in {tick.person_id for tick in ticks}:
        return []
    standing = max(ticks, key=lambda tick: (tick.said_at, tick.id))
    duties = {duty.person_id: duty for duty in queries.duties_on(shift)}
    planned = queries.planned_people(shift.township_id, shift.id)
    here = [person_id for person_id in standing.present if _may_follow(duties.get(person_id))]
    gone = [p for p, duty in duties.items() if duty.tick_id is not None and p not in here]
    for person_id in here:
        queries.add_duty(shift, person_id, person_id in planned, now)
        _set_tick(shift, person_id, standing)
    for person_id in gone:
        _set_tick(shift, person_id, None)
    return sorted([*here, *gone])


def _may_follow(duty: Duty | None) -> bool:
    if duty is None or duty.tick_id is not None:
        return True
    by_hand = duty.is_declared and duty.started_at is not None
    return duty.first_item_id is None and not by_hand


def _set_tick(shift: Shift, person_id: int, tick: CrewTick | None) -> None:
    """A duty that nobody vouches for any more stays as an empty one, so that its points are taken back in the open."""
    found = queries.lock_duty(shift.township_id, shift.id, person_id)
    if found is None or not _may_follow(found[0]):
        return
    duty = found[0]
    duty.tick_id, duty.state = (tick.id if tick else None), "attended"
    if tick is None:
        duty.started_at = duty.ended_at = None
    else:
        duty.entered_by = tick.person_id
    db.session.flush()


def record_handover(
    shift: Shift, person_id: int, item_id: UUID, phrase: str, words: str | None, at: datetime
) -> None:
    db.session.execute(
        insert(Handover)
        .values(
            township_id=shift.township_id, id=item_id, shift_id=shift.id, person_id=person_id, phrase=phrase,
            text=(words or "").strip() or None, said_at=at,
        )
        .on_conflict_do_nothing()
    )  # fmt: skip


def forget_words(township_id: int, before: datetime) -> int:
    """Retention's part: the words of a handover go, its phrase stays."""
    gone = (
        update(Handover)
        .where(Handover.township_id == township_id, Handover.said_at < before, Handover.text.is_not(None))
        .values(text=null())
        .execution_options(synchronize_session=False)
    )
    return int(db.session.execute(gone).rowcount or 0)  # type: ignore[attr-defined]
