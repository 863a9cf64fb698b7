"""Calls for help: raised, cancelled, answered, taken and closed. Any order, any number of times: the same state.

An alarm, its first step, its news to open desks and its jobs are one transaction; nothing here commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from geoalchemy2.elements import WKTElement

from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.alarms import pins, queries, rules
from app.alarms.models import CLOSE_PHRASES, Alarm
from app.areas.policies import place_of, policies_in_force
from app.clock import local_day
from app.db import db
from app.duty import queries as duties
from app.errors import Conflict, DomainError, FieldError
from app.stream import tell
from app.teams.scope import Scope

WORK = "alarm_work"


@dataclass(frozen=True)
class Sender:
    """Whose item it is, at its effective time."""

    township_id: int
    item_id: UUID
    person_id: int
    at: datetime
    now: datetime


@dataclass(frozen=True)
class Fix:
    lon: float
    lat: float
    accuracy_m: int


def policy_of(township_id: int, now: datetime) -> rules.Policy:
    day = local_day(now, place_of(township_id).zone)
    return rules.policy_from(policies_in_force(township_id, day).body("alarms"))


# --- raised ---------------------------------------------------------------------------------------


def raise_sos(
    sender: Sender, shift_id: int | None, fix: Fix | None, *, test: bool, sent_by_id: int | None
) -> None:
    """A call for help, keyed by its item; once, however often it comes. An unknown shift is passed over."""
    shift_id, team_id = _whose(sender.township_id, sender.person_id, shift_id)
    _raise(
        sender.township_id, sender.item_id, "sos", sender.now, person_id=sender.person_id, sent_by_id=sent_by_id,
        team_id=team_id, shift_id=shift_id, called_at=sender.at, test=test, position=_point(fix),
        accuracy_m=fix.accuracy_m if fix else None,
    )  # fmt: skip


def raise_no_answer(
    township_id: int, shift_id: int, person_id: int, asked_at: datetime, now: datetime
) -> bool:
    """A lone member did not say "I'm OK" when asked; one alarm for one question."""
    alarm_id = uuid5(
        NAMESPACE_URL, f"xunfang:no-answer:{township_id}:{shift_id}:{person_id}:{asked_at.isoformat()}"
    )
    shift, team_id = _whose(township_id, person_id, shift_id)
    return _raise(
        township_id, alarm_id, "no_answer", now, person_id=person_id, team_id=team_id, shift_id=shift,
        called_at=asked_at,
    )  # fmt: skip


def _raise_silent(sender: Sender, shift_id: int | None, fix: Fix | None, *, test: bool = False) -> None:
    """Under duress: to the township alone. Not to the crew, not to its leaders, and nothing of it to the phone."""
    shift, team_id = _whose(sender.township_id, sender.person_id, shift_id)
    kept = queries.crew_ids(sender.township_id, shift) | queries.leaders_of_team(team_id) | {sender.person_id}
    _raise(
        sender.township_id, uuid5(NAMESPACE_URL, f"xunfang:duress:{sender.item_id}"), "duress", sender.now,
        silent=True, person_id=sender.person_id, team_id=team_id, shift_id=shift, kept_from=sorted(kept),
        called_at=sender.at, test=test, position=_point(fix), accuracy_m=fix.accuracy_m if fix else None,
    )  # fmt: skip


def _raise(township_id: int, alarm_id: UUID, kind: str, now: datetime, **values: Any) -> bool:
    row = {"township_id": township_id, "id": alarm_id, "kind": kind, "received_at": now, **values}
    if not queries.add_alarm(row):
        return False
    alarm = queries.lock_alarm(township_id, alarm_id)
    assert alarm is not None
    alarm.stage = first_stage(alarm)
    db.session.flush()
    queries.add_step(alarm, "raised", now, person_id=alarm.person_id)
    _audit(alarm, None if alarm.silent else alarm.person_id, "raised", now)
    ring(alarm)
    for at in rules.due_times(now, policy_of(township_id, now)):
        queries.defer(WORK, at, township_id=township_id, alarm_id=str(alarm_id))
    return True


def first_stage(alarm: Alarm) -> int:
    """Where nobody is to be told at first, those of the next stage are told at once."""
    stages = range(rules.LAST_STAGE + 1)
    return next((stage for stage in stages if watchers(alarm, stage)), rules.LAST_STAGE)


def watchers(alarm: Alarm, stage: int) -> set[int]:
    """Who is told at a stage: the team's leaders; all leaders of the township; reviewers and admins as well."""
    if alarm.silent:
        kept = set(alarm.kept_from) | queries.leaders_of_team(alarm.team_id)
        return queries.officials_of(alarm.township_id) - kept
    found = queries.leaders_of_team(alarm.team_id)
    if stage >= 2:
        found |= queries.leaders_in(alarm.township_id)
    if stage >= rules.LAST_STAGE:
        found |= queries.officials_of(alarm.township_id)
    return found - {alarm.person_id}


def ring(alarm: Alarm) -> None:
    """News to open desks and phones: that there is something about an alarm, not what."""
    people = watchers(alarm, alarm.stage)
    if alarm.kind == "sos":
        people |= queries.crew_ids(alarm.township_id, alarm.shift_id, out=True) - {alarm.person_id}
    tell("sos", people=people, id=str(alarm.id))


def _tell_caller(alarm: Alarm) -> None:
    """The phone learns who has taken its call; of a silent alarm it learns nothing."""
    if not alarm.silent:
        tell("sos.ack", people=[alarm.person_id], id=str(alarm.id))


def _whose(township_id: int, person_id: int, shift_id: int | None) -> tuple[int | None, int | None]:
    """The shift that the person named, or is on; and the team that answers for it."""
    found = duties.shift_for_person(township_id, shift_id, person_id) if shift_id else None
    if found is not None:
        return found[0].id, found[0].team_id
    duty = queries.present_duty(township_id, person_id)
    if duty is not None:
        return duty.shift_id, duty.team_id
    return None, queries.team_of(township_id, person_id)


def _fix_of(alarm: Alarm) -> Fix | None:
    position = queries.lon_lat_of(alarm)
    return Fix(*position, alarm.accuracy_m or 0) if position else None


def _point(fix: Fix | None) -> WKTElement | None:
    return WKTElement(f"POINT({fix.lon:.7f} {fix.lat:.7f})", srid=4326) if fix else None


# --- cancelled, answered --------------------------------------------------------------------------


def cancel(
    sender: Sender, sos_id: UUID, nonce: str | None, proof: str | None, *, is_borrowed: bool = False
) -> bool:
    """The member takes the call back; False when the call has not come yet. What the member and the crew see is
    the same whether the normal or the other PIN was typed. `is_borrowed`: another member's session brought it."""
    alarm = queries.lock_own(sender.township_id, sos_id, sender.person_id)
    if alarm is None or alarm.silent:
        return False
    shown = pins.look(sender.person_id, sender.item_id, nonce, proof, sender.now)
    policy = policy_of(sender.township_id, sender.now)
    after = sender.at - alarm.called_at
    ending = rules.judge_cancel(shown.proof, shown.has_pin, after, policy, is_borrowed=is_borrowed)
    if ending == "duress":
        _raise_silent(sender, alarm.shift_id, _fix_of(alarm), test=alarm.test)
    if alarm.state not in queries.OPEN:
        return True
    if ending in ("claimed", "doubted"):
        queries.add_step(alarm, ending, sender.now, person_id=sender.person_id)
        ring(alarm)
    else:
        _end(alarm, "cancelled", sender.person_id, sender.now, code="pin" if shown.has_pin else "at_once")
    return True


def say_ok(
    sender: Sender, shift_id: int, nonce: str | None, proof: str | None, fix: Fix | None = None
) -> bool:
    """The answer to "are you OK?"; False when the shift is not the member's. Under duress it counts like any other, and
    only then does anybody learn from it where the member is."""
    if duties.shift_for_person(sender.township_id, shift_id, sender.person_id) is None:
        return False
    shown = pins.look(sender.person_id, sender.item_id, nonce, proof, sender.now)
    unanswered = queries.lock_unanswered(sender.township_id, shift_id, sender.person_id)
    if shown.proof == "duress":
        _raise_silent(sender, shift_id, fix)
    if not rules.is_sign_of_life(shown.proof, shown.has_pin):
        for alarm in unanswered:
            queries.add_step(alarm, "doubted", sender.now, person_id=sender.person_id)
        return True
    queries.keep_ok(sender.township_id, shift_id, sender.person_id, sender.at)
    end_answered(sender.township_id, shift_id, sender.person_id, sender.at, sender.now)
    return True


def end_answered(township_id: int, shift_id: int, person_id: int, sign_at: datetime, now: datetime) -> None:
    """A sign of life ends the alarm about its absence, also one that came late because there was no signal."""
    every = timedelta(minutes=policy_of(township_id, now).ok_every_min)
    for alarm in queries.lock_unanswered(township_id, shift_id, person_id):
        if sign_at > alarm.called_at - every:
            _end(alarm, "cancelled", person_id, now, code="answered")


def _end(
    alarm: Alarm, state: str, person_id: int, now: datetime, *, code: str, phrase: str | None = None
) -> None:
    alarm.state, alarm.ended_by, alarm.ended_at, alarm.close_phrase = state, person_id, now, phrase
    db.session.flush()
    queries.add_step(alarm, state, now, person_id=person_id, code=code)
    _audit(alarm, person_id, state, now)
    ring(alarm)
    if state == "closed":
        _tell_caller(alarm)


# --- taken, closed --------------------------------------------------------------------------------


def sight(scope: Scope, now: datetime) -> datetime:
    """Calls of other teams that came before this concern every leader of the township."""
    policy = policy_of(scope.township_id, now) if scope.township_id else rules.Policy()
    return now - timedelta(seconds=policy.escalate_s[1])


def acknowledge(person: Person, scope: Scope, alarm_id: UUID, now: datetime) -> Alarm:
    """ "I take it": escalation ends. The same person again changes nothing; Conflict when somebody else was first."""
    alarm = queries.alarm_of(scope, alarm_id, sight(scope, now), to_change=True)
    if alarm.person_id == person.id:
        raise DomainError("not_your_own")
    if alarm.acknowledged_by == person.id:
        return alarm
    if alarm.state != "open":
        names = queries.names_of([alarm.acknowledged_by, alarm.ended_by])
        raise Conflict("alarm_taken", name=names.get(alarm.acknowledged_by or alarm.ended_by, ""))
    alarm.state, alarm.acknowledged_by, alarm.acknowledged_at = "acknowledged", person.id, now
    db.session.flush()
    queries.add_step(alarm, "acknowledged", now, person_id=person.id)
    _audit(alarm, person.id, "acknowledged", now)
    ring(alarm)
    _tell_caller(alarm)
    return alarm


def close(person: Person, scope: Scope, alarm_id: UUID, phrase: str, now: datetime) -> Alarm:
    """It is over, with how it ended. Closed again with the same words changes nothing."""
    if phrase not in CLOSE_PHRASES:
        raise DomainError("invalid", [FieldError("/phrase", "field_needed")])
    alarm = queries.alarm_of(scope, alarm_id, sight(scope, now), to_change=True)
    if alarm.person_id == person.id:
        raise DomainError("not_your_own")
    if alarm.state in queries.OPEN:
        _end(alarm, "closed", person.id, now, code=phrase, phrase=phrase)
    elif (alarm.state, alarm.close_phrase) != ("closed", phrase):
        raise Conflict("alarm_over", name=queries.names_of([alarm.ended_by]).get(alarm.ended_by, ""))
    return alarm


def look_at(person: Person, scope: Scope, alarm_id: UUID, now: datetime) -> Alarm:
    """One alarm; that somebody looked at it is written down."""
    alarm = queries.alarm_of(scope, alarm_id, sight(scope, now))
    _audit(alarm, person.id, "look", now)
    return alarm


def ringing(scope: Scope, now: datetime) -> list[Alarm]:
    """What rings on this person's desk now. By the clock too: it does not depend on a worker that may be away."""
    found = []
    for alarm in queries.open_alarms(scope, sight(scope, now)):
        policy = policy_of(alarm.township_id, now)
        stage = max(alarm.stage, rules.stage_at(alarm.received_at, now, policy))
        if scope.person_id in watchers(alarm, stage):
            found.append(alarm)
    return found


def note_shown(person: Person, alarms: list[Alarm], now: datetime) -> bool:
    """That an alarm stood on somebody's desk is the proof that it was delivered there; once a person."""
    known = queries.shown_to(alarms, person.id) if alarms else set()
    fresh = [alarm for alarm in alarms if alarm.id not in known]
    for alarm in fresh:
        queries.add_step(alarm, "told", now, channel="desk", person_id=person.id)
    return bool(fresh)


def _audit(alarm: Alarm, actor_id: int | None, what: str, now: datetime) -> None:
    """Lines about silent alarms are of a kind of their own, which no page of a member shows."""
    kind = "silent_alarm" if alarm.silent else "alarm"
    detail = {} if alarm.silent else {"member_id": alarm.person_id, "test": alarm.test}
    record_audit(alarm.township_id, actor_id, f"{kind}.{what}", kind, alarm.id, now, **detail)
