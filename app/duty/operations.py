"""Duties as phones tell them: opened by a start, their span judged from all their events."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import MultiRange, Range

from app.db import db
from app.duty import queries
from app.duty.models import Duty, DutyEvent, Shift
from app.duty.rules import (
    Policy,
    Tap,
    Window,
    attended_window,
    claimed,
    followed_window,
    judge_window,
    planned_range,
    seconds,
    shares,
    within,
    without,
)  # fmt: skip

EVENT = {"duty.start": "start", "duty.pause": "pause", "duty.resume": "resume", "duty.end": "end"}


def open_duty(township_id: int, shift_id: int, person_id: int, now: datetime) -> tuple[Duty, Shift] | None:
    """The person's duty on the shift, made if new; None when the shift is not theirs or their team's."""
    found = queries.shift_for_person(township_id, shift_id, person_id)
    if found is None:
        return None
    shift, on_roster = found
    queries.add_duty(shift, person_id, on_roster, now)
    return queries.lock_duty(township_id, shift_id, person_id)


def record_event(
    duty: Duty, item_id: UUID, kind: str, at: datetime, quality: str, code_right: bool | None = None
) -> None:
    queries.add_event(duty.township_id, item_id, duty.id, EVENT[kind], at, quality, code_right)


def touch(duty: Duty) -> None:
    """What is stored for the duty has changed, perhaps elsewhere and not in its row."""
    duty.changes = Duty.changes + 1


def touch_duties(township_id: int, ids: Collection[int]) -> None:
    """The same for duties that are not at hand."""
    which = (Duty.township_id == township_id, Duty.id.in_(ids))
    db.session.execute(update(Duty).where(*which).values(changes=Duty.changes + 1))


def settle_window(duty: Duty, shift: Shift, now: datetime, policy: Policy) -> tuple[Window, list[Duty]]:
    """Judge the duty's span from its events (or the leader's entry) and write it down. Answers the person's other
    duties, too, whose time it changes: they are to be settled next."""
    events = queries.events_of(duty)
    window = _judged(duty, shift, events, now, policy)
    duty.on_roster = duty.person_id in queries.planned_people(duty.township_id, duty.shift_id)
    codes = {e.code_right for e in events if e.kind == "start"}
    duty.with_crew = True in codes
    duty.started_at = window.started_at
    duty.ended_at = window.ended_at
    duty.pauses = MultiRange(Range(a, b, bounds="[)") for a, b in window.pauses)
    duty.flags = flags_of(window, shift, is_code_wrong=False in codes and True not in codes)
    if duty.entered_by is None:
        duty.state = window.state if window.state != "not_started" else "on"
    elif duty.tick_id is not None:
        duty.state = window.state if window.state in ("on", "paused") else "attended"
    return window, _credit(duty, window)


def judge(duty: Duty, shift: Shift, now: datetime, policy: Policy) -> Window:
    """The duty's span as its stored events say now; writes nothing but who stands for it."""
    return _judged(duty, shift, queries.events_of(duty), now, policy)


def _judged(duty: Duty, shift: Shift, events: Sequence[DutyEvent], now: datetime, policy: Policy) -> Window:
    if any(e.kind == "start" for e in events):
        # What the phone recorded outweighs an attendance entered by hand or ticked.
        duty.entered_by = duty.tick_id = None
        taps = [Tap(str(e.id), e.kind, e.effective_at) for e in events]  # type: ignore[arg-type]
        return judge_window(taps, shift.starts_at, shift.ends_at, now, policy)
    if duty.entered_by is not None and duty.tick_id is not None:
        paid = planned_range(shift.starts_at, shift.ends_at, policy)
        return followed_window(_window_of(queries.duty_on(shift, duty.entered_by)), paid)
    if duty.entered_by is not None and duty.started_at and duty.ended_at:
        return attended_window(duty.started_at, duty.ended_at)
    return judge_window([], shift.starts_at, shift.ends_at, now, policy)


def _window_of(duty: Duty | None) -> Window:
    """The span that a duty was settled to."""
    if duty is None or duty.started_at is None:
        return Window(None, None, None, (), (), 0, "not_started", ())
    pauses = tuple((p.lower, p.upper) for p in duty.pauses or ())
    state: Any = "ended" if duty.ended_at else duty.state
    return Window(duty.started_at, duty.ended_at, duty.ended_at, pauses, (), duty.worked_s, state, ())


def flags_of(window: Window, shift: Shift, *, is_code_wrong: bool = False) -> list[str]:
    flags = list(window.flags)
    if shift.status == "cancelled":
        flags.append("shift_cancelled")
    if is_code_wrong:
        flags.append("crew_code_wrong")
    return flags


def _credit(duty: Duty, window: Window) -> list[Duty]:
    """Write down the part of the span that is worked on this duty and on no other: nobody is credited twice for a
    minute. Others that hold another part than theirs give it up first, since no two may overlap at any time."""
    others = queries.finished_near(duty)
    left = shares({d.shift_id: claim for d in (duty, *others) if (claim := _claim(d))})
    moved = [other for other in others if _pair(other.worked) != left.get(other.shift_id)]
    for other in moved:
        other.worked, other.worked_s = None, 0
    db.session.flush()
    mine = left.get(duty.shift_id)
    duty.worked = Range(*mine, bounds="[)") if mine else None
    duty.worked_s = seconds(within(window.worked, mine)) if mine else 0
    db.session.flush()
    return moved


def _claim(duty: Duty) -> tuple[datetime, datetime] | None:
    if duty.started_at is None or duty.ended_at is None:
        return None
    return claimed(duty.started_at, duty.ended_at, [(p.lower, p.upper) for p in duty.pauses or ()])


def _pair(worked: Range[datetime] | None) -> tuple[Any, Any] | None:
    return (worked.lower, worked.upper) if worked is not None else None


def worked_ranges(duty: Duty, shift: Shift, policy: Policy) -> tuple[tuple[datetime, datetime], ...]:
    """The time that earns: worked, inside the plan widened by the grace (a leader's entry as entered), not paused."""
    if duty.worked is None:
        return ()
    low, high = duty.worked.lower, duty.worked.upper
    if duty.entered_by is None or duty.tick_id is not None:
        first, last = planned_range(shift.starts_at, shift.ends_at, policy)
        low, high = max(low, first), min(high, last)
    if low >= high:
        return ()
    return without((low, high), [(p.lower, p.upper) for p in duty.pauses or ()])


def spans(ranges: Any) -> tuple[tuple[float, float], ...]:
    """Ranges of instants as epoch seconds."""
    return tuple((a.timestamp(), b.timestamp()) for a, b in ranges)
