"""Escalation and delivery: a pure look at what has been told already says what is still to be told.

The scheduled jobs and the one of every minute all do the same thing here, so a worker may be killed anywhere: the next
one sees what is missing. What was sent and not yet written down is sent a second time; nothing is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.alarms import operations, queries, rules
from app.alarms.models import Alarm, AlarmStep, PushAddress
from app.db import db

MOST_TRIES = 5  # one after the other; then as seldom as who was told is told again


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
    """What is still to be told at the alarm's stage, texts first: a dead push host holds nobody up. Notes down what
    cannot be told at all."""
    telling = Telling(
        alarm, queries.steps_of([alarm])[alarm.id], operations.policy_of(alarm.township_id, now), now
    )
    people = operations.watchers(alarm, alarm.stage)
    addresses = queries.push_addresses_of(sorted(people), telling.now)
    if rules.uses_texts(alarm.stage, alarm.silent, alarm.test, telling.policy):
        texts = _texts(telling, ways, people)
    else:
        texts = _texts_at_once(telling, ways, people, {one.person_id for one in addresses})
    return [*texts, *_pushes(telling, people, addresses)]


@dataclass(frozen=True)
class Telling:
    """What was said of an alarm so far, and what is due now."""

    alarm: Alarm
    steps: Sequence[AlarmStep]
    policy: rules.Policy
    now: datetime

    def is_due(self, channel: str, person_id: int | None, each_stage: bool) -> bool:
        """`each_stage`: whoever was told at an earlier stage hears of the next one too."""
        stage, said = self.alarm.stage, _of(self.steps, channel, person_id)
        told = [s.at for s in said if s.kind == "told" and (s.stage == stage or not each_stage)]
        failed = [s.at for s in said if s.kind == "failed" and s.stage == stage]
        wait = rules.again_after(channel, self.now - self.alarm.received_at, self.policy)
        if failed and (not told or failed[-1] > told[-1]):
            return len(failed) < MOST_TRIES or self.now - failed[-1] >= wait
        return not told or self.now - told[-1] >= wait

    def channels(self, kind: str, person_id: int) -> set[str]:
        """By which a person was told, or could not be."""
        return {s.channel for s in self.steps if (s.kind, s.person_id) == (kind, person_id) and s.channel}

    def note_once(self, channel: str, person_id: int | None, code: str) -> None:
        if not any(step.kind == "failed" for step in _of(self.steps, channel, person_id)):
            queries.add_step(self.alarm, "failed", self.now, channel=channel, person_id=person_id, code=code)


def _pushes(telling: Telling, people: set[int], addresses: Sequence[PushAddress]) -> Iterator[Errand]:
    for person_id in sorted(people - {one.person_id for one in addresses}):
        telling.note_once("push", person_id, "no_address")
    for address in addresses:
        if telling.is_due("push", address.person_id, each_stage=True):
            yield Errand("push", address.person_id, address)


def _texts(telling: Telling, ways: Sequence[Way], people: set[int]) -> Iterator[Errand]:
    usable = [way for way in ways if way.personal or not telling.alarm.silent]
    if not usable:
        telling.note_once("text", None, "not_set_up")
    for way in usable:
        for person_id in sorted(people) if way.personal else [None]:
            if telling.is_due(way.code, person_id, each_stage=False):
                yield Errand(way.code, person_id)


def _texts_at_once(
    telling: Telling, ways: Sequence[Way], people: set[int], with_push: set[int]
) -> Iterator[Errand]:
    """To those whom nothing else can have reached, one by one; to the group only where no text goes to a person."""
    waited = telling.now - telling.alarm.received_at
    if not rules.may_text(telling.alarm.test, telling.policy):
        return
    unreached = {
        one for one in people
        if rules.is_unreached(
            telling.channels("told", one), telling.channels("failed", one), one in with_push, waited, telling.policy
        )
    }  # fmt: skip
    if unreached:
        yield from _texts(telling, [way for way in ways if way.personal] or ways, unreached)


def record(alarm: Alarm, errand: Errand, code: str | None, now: datetime) -> None:
    """What became of an errand; `code` None: delivered."""
    kind = "told" if code is None else "failed"
    queries.add_step(alarm, kind, now, channel=errand.channel, person_id=errand.person_id, code=code)


def is_more_due(township_id: int, alarm_id: UUID, since: datetime, now: datetime) -> bool:
    """Something became due while what was due before was told."""
    alarm = db.session.get(Alarm, (township_id, alarm_id), populate_existing=True)
    if alarm is None or alarm.state != "open":
        return False
    times = rules.due_times(alarm.received_at, operations.policy_of(township_id, now))
    return any(since < at <= now for at in times)


def is_open(township_id: int, alarm_id: UUID) -> bool:
    alarm = db.session.get(Alarm, (township_id, alarm_id), populate_existing=True)
    return alarm is not None and alarm.state == "open"


def _of(steps: Iterable[AlarmStep], channel: str, person_id: int | None) -> list[AlarmStep]:
    return [step for step in steps if step.channel == channel and step.person_id == person_id]
