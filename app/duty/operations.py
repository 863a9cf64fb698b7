"""Duties as phones tell them: opened by a start, their span judged from all their events."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import MultiRange, Range

from app.db import db
from app.duty import queries
from app.duty.models import Duty, Shift
from app.duty.rules import Policy, Tap, Window, attended_window, judge_window, planned_range, without

EVENT = {"duty.start": "start", "duty.pause": "pause", "duty.resume": "resume", "duty.end": "end"}


def open_duty(township_id: int, shift_id: int, person_id: int, now: datetime) -> tuple[Duty, Shift] | None:
    """The person's duty on the shift, made if new; None when the shift is not theirs or their team's."""
    found = queries.shift_for_person(township_id, shift_id, person_id)
    if found is None:
        return None
    shift, on_roster = found
    queries.add_duty(shift, person_id, on_roster, now)
    return queries.lock_duty(township_id, shift_id, person_id)


def record_event(duty: Duty, item_id: UUID, kind: str, at: datetime, quality: str) -> None:
    queries.add_event(duty.township_id, item_id, duty.id, EVENT[kind], at, quality)


def settle_window(duty: Duty, shift: Shift, now: datetime, policy: Policy) -> Window:
    """Judge the duty's span from its events (or the leader's entry) and write it down."""
    window = judge(duty, shift, now, policy)
    duty.started_at = window.started_at
    duty.ended_at = window.ended_at
    duty.pauses = MultiRange(Range(a, b, bounds="[)") for a, b in window.pauses)
    duty.flags = flags_of(window, shift)
    if duty.entered_by is None:
        duty.state = window.state if window.state != "not_started" else "on"
    duty.worked = _worked(duty, window) if window.ended_at is not None else None
    duty.worked_s = window.worked_s if duty.worked is not None else 0
    db.session.flush()
    return window


def judge(duty: Duty, shift: Shift, now: datetime, policy: Policy) -> Window:
    """The duty's span as its stored events say now; writes nothing but who stands for it."""
    events = queries.events_of(duty)
    if any(e.kind == "start" for e in events):
        # What the phone recorded outweighs an attendance entered by hand.
        duty.entered_by = None
        taps = [Tap(str(e.id), e.kind, e.effective_at) for e in events]  # type: ignore[arg-type]
        return judge_window(taps, shift.starts_at, shift.ends_at, now, policy)
    if duty.entered_by is not None and duty.started_at and duty.ended_at:
        return attended_window(duty.started_at, duty.ended_at)
    return judge_window([], shift.starts_at, shift.ends_at, now, policy)


def flags_of(window: Window, shift: Shift) -> list[str]:
    flags = list(window.flags)
    if shift.status == "cancelled":
        flags.append("shift_cancelled")
    return flags


def _worked(duty: Duty, window: Window) -> Range[datetime] | None:
    """The span without what the person already worked on another duty: nobody is credited twice for a minute."""
    assert window.started_at and window.ended_at
    start, end = window.started_at, window.ended_at
    for other in queries.other_worked(duty, Range(start, end, bounds="[)")) if start < end else []:
        if other.lower <= start:
            start = max(start, other.upper)
        else:
            end = min(end, other.lower)
    return Range(start, end, bounds="[)") if start < end else None


def worked_ranges(duty: Duty, shift: Shift, policy: Policy) -> tuple[tuple[datetime, datetime], ...]:
    """The time that earns: worked, inside the plan widened by the grace (a leader's entry as entered), not paused."""
    if duty.worked is None:
        return ()
    low, high = duty.worked.lower, duty.worked.upper
    if duty.entered_by is None:
        first, last = planned_range(shift.starts_at, shift.ends_at, policy)
        low, high = max(low, first), min(high, last)
    if low >= high:
        return ()
    return without((low, high), [(p.lower, p.upper) for p in duty.pauses or ()])


def spans(ranges: Any) -> tuple[tuple[float, float], ...]:
    """Ranges of instants as epoch seconds."""
    return tuple((a.timestamp(), b.timestamp()) for a, b in ranges)
