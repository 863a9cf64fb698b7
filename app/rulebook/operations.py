"""Rules are changed by two people: one drafts, an administrator who is another decides. What was approved becomes a
version in the same transaction, and nothing that was in force is ever rewritten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.areas.models import Area
from app.areas.operations import add_policy_version
from app.clock import local_day
from app.db import db
from app.errors import Conflict, DomainError, FieldError, Forbidden
from app.rulebook import queries, rules, runs
from app.rulebook.models import PolicyBounds, PolicyChange
from app.rulebook.rules import Fault, Topic
from app.teams.scope import Scope


@dataclass(frozen=True)
class Draft:
    """`kind`: the area's own `numbers`, or the `bounds` that a county sets its townships."""

    kind: str
    valid_from: date
    body: Mapping[str, Any]
    note: str


# --- drafting -----------------------------------------------------------------------------------------------------


def propose(person: Person, area: Area, topic: Topic, draft: Draft, now: datetime) -> PolicyChange:
    """A draft that waits for a second person. Raises DomainError `invalid` with a FieldError for each thing that is
    wrong; Conflict where the same day waits for a decision already."""
    _refuse(_faults(area, topic, draft, local_day(now, area.time_zone)))
    change = PolicyChange(
        area_id=area.id, kind=draft.kind, topic=topic.name, valid_from=draft.valid_from, body=dict(draft.body),
        note=draft.note.strip(), state="proposed", proposed_by=person.id, proposed_at=now,
    )  # fmt: skip
    queries.lock_rules(area.county_id or area.id)
    if queries.open_twin(change):
        raise Conflict("rule_waits")
    db.session.add(change)
    db.session.flush()
    _audit("rules.propose", person, change, now)
    return change


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise DomainError("invalid", [FieldError(f"/{one.key}", one.code, one.figures) for one in faults])


def _faults(area: Area, topic: Topic, draft: Draft, today: date) -> list[Fault]:
    faults = []
    if not 0 < len(draft.note.strip()) <= rules.NOTE_LETTERS:
        faults.append(Fault("note", "rule_note", {"n": rules.NOTE_LETTERS}))
    check = rules.body_faults if draft.kind == "numbers" else rules.bounds_faults
    faults += check(topic, draft.body)
    frozen = queries.frozen_months([one.id for one in queries.townships_of(area)])
    day = rules.day_fault(topic.starts, draft.valid_from, today, frozen)
    return [*faults, *([day] if day else [])] or _standing_faults(area, topic, draft)


def _standing_faults(area: Area, topic: Topic, draft: Draft) -> list[Fault]:
    """Against what stands: the day, the numbers in force, a county's bounds and its townships' numbers."""
    if draft.kind == "bounds":
        return _bounds_against_townships(area, topic, draft)
    versions = queries.versions_of([area.id], topic.name)
    if any(v.valid_from == draft.valid_from for v in versions):
        return [Fault("valid_from", "rule_day_taken")]
    in_force = queries.version_on(area, topic.name, draft.valid_from)
    if not rules.changed_keys(topic, in_force.body if in_force else {}, draft.body):
        return [Fault("valid_from", "rule_same")]
    return _outside_bounds(area, topic, draft) if area.level == "township" else []


def _outside_bounds(area: Area, topic: Topic, draft: Draft) -> list[Fault]:
    """The bounds of its first day, and later ones for as long as the draft would be the township's latest numbers."""
    county_id = area.county_id or area.id
    later = [
        v.valid_from for v in queries.versions_of([area.id], topic.name) if v.valid_from > draft.valid_from
    ]
    until = min(later, default=date.max)
    bodies = [queries.bounds_on(county_id, topic.name, draft.valid_from)]
    bodies += [
        b.body for b in queries.bounds_of(county_id, topic.name) if draft.valid_from < b.valid_from < until
    ]
    found = {fault.key: fault for bounds in bodies for fault in rules.outside(topic, draft.body, bounds)}
    return list(found.values())


def _bounds_against_townships(area: Area, topic: Topic, draft: Draft) -> list[Fault]:
    """Bounds that a township's own numbers would break, now or later, are refused with the townships' names: what is in
    force somewhere is changed there first, by those who answer for it."""
    if area.level != "county":
        return [Fault("valid_from", "rule_bounds_county")]
    if any(b.valid_from == draft.valid_from for b in queries.bounds_of(area.id, topic.name)):
        return [Fault("valid_from", "rule_day_taken")]
    broken: dict[str, list[str]] = {}
    for township in queries.townships_of(area):
        for key in _broken_by(township, topic, draft):
            broken.setdefault(key, []).append(township.name)
    return [Fault(key, "rule_bounds_break", {"names": "、".join(names)}) for key, names in broken.items()]


def _broken_by(township: Area, topic: Topic, draft: Draft) -> set[str]:
    later = [b.valid_from for b in queries.bounds_of(township.county_id or 0, topic.name)]
    until = min((day for day in later if day > draft.valid_from), default=date.max)
    own = queries.versions_of([township.id], topic.name)
    meant = [v for v in own if draft.valid_from < v.valid_from < until]
    meant += [v for v in own if v.valid_from <= draft.valid_from][:1]
    return {fault.key for v in meant for fault in rules.outside(topic, v.body, draft.body)}


# --- deciding -----------------------------------------------------------------------------------------------------


def approve(
    person: Person, scope: Scope, change_id: int, topics: Mapping[str, Topic], now: datetime
) -> PolicyChange:
    """The draft comes into force on its day: its version is made in this transaction. What stands in its way by
    now refuses it."""
    change, area = _to_decide(person, scope, change_id)
    draft = Draft(change.kind, change.valid_from, change.body, change.note)
    topic = topics[change.topic]
    _refuse(_faults(area, topic, draft, local_day(now, area.time_zone)))
    if change.kind == "numbers":
        change.policy_version_id = _make_version(person, change, now)
    else:
        _make_bounds(change, now)
    _decide(person, change, "approved", now)
    if change.kind == "numbers" and topic.starts == "month":
        runs.ask_repricing(change, queries.townships_of(area), now)
    return change


def refuse(person: Person, scope: Scope, change_id: int, now: datetime) -> PolicyChange:
    change, _ = _to_decide(person, scope, change_id)
    _decide(person, change, "refused", now)
    return change


def withdraw(person: Person, scope: Scope, change_id: int, now: datetime) -> PolicyChange:
    """By who drafted it, as long as nobody has decided."""
    change = _still_open(queries.reach_change(scope, change_id, to_change=True))
    if change.proposed_by != person.id:
        raise Forbidden("rule_not_yours")
    _decide(person, change, "withdrawn", now)
    return change


def _to_decide(person: Person, scope: Scope, change_id: int) -> tuple[PolicyChange, Area]:
    known = queries.reach_change(scope, change_id)
    area = db.session.get_one(Area, known.area_id)
    queries.lock_rules(area.county_id or area.id)
    change = _still_open(queries.reach_change(scope, change_id, to_change=True))
    if not queries.may_decide(scope, change.area_id):
        raise Forbidden("rule_needs_admin")
    if change.proposed_by == person.id:
        raise Forbidden("rule_own")
    return change, area


def _still_open(change: PolicyChange) -> PolicyChange:
    if change.state != "proposed":
        raise Conflict("rule_decided")
    return change


def _make_version(person: Person, change: PolicyChange, now: datetime) -> int:
    made = add_policy_version(change.area_id, change.topic, change.valid_from, change.body, person, now)
    if made is None:
        raise Conflict("rule_day_taken")
    return made


def _make_bounds(change: PolicyChange, now: datetime) -> None:
    values = {
        "area_id": change.area_id, "topic": change.topic, "valid_from": change.valid_from, "body": change.body,
        "change_id": change.id, "made_at": now,
    }  # fmt: skip
    made = insert(PolicyBounds).values(values).on_conflict_do_nothing().returning(PolicyBounds.id)
    if db.session.scalar(made) is None:
        raise Conflict("rule_day_taken")


def _decide(person: Person, change: PolicyChange, state: str, now: datetime) -> None:
    change.state, change.decided_by, change.decided_at = state, person.id, now
    db.session.flush()
    _audit(f"rules.{state}", person, change, now)


def _audit(action: str, person: Person, change: PolicyChange, now: datetime) -> None:
    record_audit(
        change.area_id, person.id, action, "policy_change", change.id, now, topic=change.topic, what=change.kind,
        valid_from=change.valid_from.isoformat(),
    )  # fmt: skip
