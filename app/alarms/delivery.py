"""Escalation and delivery: a pure look at what has been told already says what is still to be told.

The scheduled jobs and the one of every minute all do the same thing here, so a worker may be killed anywhere: the next
one sees what is missing. What was sent and not yet written down is sent a second time; nothing is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.alarms import operations, queries, rules
from app.alarms.models import Alarm, AlarmStep, PushAddress
from app.db import db

MOST_TRIES = 5
# While nobody has taken it, browsers are told again.
AGAIN_AFTER = timedelta(minutes=3)


@dataclass(frozen=True)
class Way:
    """A channel of texts: `personal` goes to each person, else once to the group."""

    code: str
    personal: bool


@dataclass(frozen=True)
class Errand:
    """One message to carry. `address` for push only; `person_id` None for a group."""

    channel: str
    person_id: int | None
    address: PushAddress | None = None


def advance(township_id: int, alarm_id: UUID, now: datetime) -> Alarm | None:
    """Bring an alarm to the stage that is due; None when there is nothing more to do about it."""
    alarm = queries.lock_alarm(township_id, alarm_id)
    if alarm is None or alarm.state != "open":
        return None
    policy = operations.policy_of(township_id, now)
    due = rules.stage_at(alarm.received_at, now, policy)
    if due > alarm.stage:
        alarm.stage = due
        db.session.flush()
        queries.add_step(alarm, "escalated", now)
        operations.ring(alarm)
    return alarm


def errands_for(alarm: Alarm, ways: Sequence[Way], now: datetime) -> list[Errand]:
    """What is still to be told at the alarm's stage. Notes down what cannot be told at all."""
    steps = queries.steps_of([alarm])[alarm.id]
    people = operations.watchers(alarm, alarm.stage)
    found = list(_pushes(alarm, steps, people, now))
    policy = operations.policy_of(alarm.township_id, now)
    if rules.uses_texts(alarm.stage, alarm.test, policy):
        found += _texts(alarm, steps, ways, people, now)
    return found


def _pushes(
    alarm: Alarm, steps: Sequence[AlarmStep], people: set[int], now: datetime
) -> Iterator[Errand]:  # fmt: skip
    addresses = queries.push_addresses_of(sorted(people), now)
    for person_id in sorted(people - {one.person_id for one in addresses}):
        if not _has(steps, "failed", "push", person_id):
            queries.add_step(alarm, "failed", now, channel="push", person_id=person_id, code="no_address")
    for address in addresses:
        told = [
            s for s in _of(steps, "push", address.person_id) if s.kind == "told" and s.stage == alarm.stage
        ]
        late = told and now - told[-1].at >= AGAIN_AFTER
        if (not told or late) and not _given_up(steps, "push", address.person_id, alarm.stage):
            yield Errand("push", address.person_id, address)


def _texts(
    alarm: Alarm, steps: Sequence[AlarmStep], ways: Sequence[Way], people: set[int], now: datetime
) -> Iterator[Errand]:
    usable = [way for way in ways if way.personal or not alarm.silent]
    if not usable and not _has(steps, "failed", "text", None):
        queries.add_step(alarm, "failed", now, channel="text", code="not_set_up")
    for way in usable:
        for person_id in sorted(people) if way.personal else [None]:
            done = _has(steps, "told", way.code, person_id)
            if not done and not _given_up(steps, way.code, person_id, alarm.stage):
                yield Errand(way.code, person_id)


def record(alarm: Alarm, errand: Errand, code: str | None, now: datetime) -> None:
    """What became of an errand; `code` None: delivered."""
    kind = "told" if code is None else "failed"
    queries.add_step(alarm, kind, now, channel=errand.channel, person_id=errand.person_id, code=code)


def is_open(township_id: int, alarm_id: UUID) -> bool:
    alarm = db.session.get(Alarm, (township_id, alarm_id), populate_existing=True)
    return alarm is not None and alarm.state == "open"


def _of(steps: Iterable[AlarmStep], channel: str, person_id: int | None) -> list[AlarmStep]:
    return [step for step in steps if step.channel == channel and step.person_id == person_id]


def _has(steps: Iterable[AlarmStep], kind: str, channel: str, person_id: int | None) -> bool:
    return any(step.kind == kind for step in _of(steps, channel, person_id))


def _given_up(steps: Iterable[AlarmStep], channel: str, person_id: int | None, stage: int) -> bool:
    failed = [s for s in _of(steps, channel, person_id) if s.kind == "failed" and s.stage == stage]
    return len(failed) >= MOST_TRIES
