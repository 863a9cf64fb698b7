"""What a phone is told about calls for help: its member's own, those of the crew, and the numbers of the watch.

Nothing here tells apart which PIN was typed: silent alarms are read nowhere in this file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from app.accounts.models import Person
from app.alarms import pins, queries, rules
from app.alarms.models import Alarm, AlarmStep

TIMES = ("called_at", "received_at", "acknowledged_at")


def alarms_for(person: Person, since: datetime) -> list[dict[str, Any]]:
    """The member's own alarms, then the calls of people who are out on the same shift."""
    home = person.home_township_id or 0
    mine = queries.alarms_of(home, person.id, since)
    mates = queries.mates_alarms(home, person.id, since)
    names = queries.names_of([one for a in (*mine, *mates) for one in (a.person_id, a.acknowledged_by)])
    steps = queries.steps_of(mine)
    docs = [_doc(a, names, mine=True, undeliverable=failed_channels(steps[a.id])) for a in mine]
    return docs + [_doc(a, names, mine=False, place=_place(a)) for a in mates]


def _doc(alarm: Alarm, names: Mapping[int | None, str], **more: Any) -> dict[str, Any]:
    return {
        "id": str(alarm.id), "kind": alarm.kind, "state": alarm.state, "test": alarm.test,
        "person": {"id": alarm.person_id, "name": names.get(alarm.person_id, "")},
        "called_at": alarm.called_at, "received_at": alarm.received_at,
        "acknowledged_by": names.get(alarm.acknowledged_by), "acknowledged_at": alarm.acknowledged_at,
        "undeliverable": [], "place": None, **more,
    }  # fmt: skip


def _place(alarm: Alarm) -> dict[str, str] | None:
    near = queries.nearest_to(alarm)
    words = near.checkpoint or near.street
    return {"words": words} if words else None


def failed_channels(steps: Iterable[AlarmStep]) -> list[str]:
    """Channels that reached nobody yet although they were tried, or are not set up."""
    told = {step.channel for step in steps if step.kind == "told"}
    return sorted({step.channel for step in steps if step.kind == "failed" and step.channel} - told)


def plan_part(
    person_id: int, township_id: int, policy: rules.Policy, mine: Mapping[int, bool]
) -> dict[str, Any]:
    """For the plan. `mine`: my shifts and whether each is fit for one."""
    out = queries.on_duty_counts(township_id, list(mine)) if mine else {}
    return {
        "pin": pins.derivation_of(person_id),
        "ok_every_min": policy.ok_every_min,
        "escalate_s": list(policy.escalate_s),
        "call_numbers": [dict(one) for one in policy.call_numbers],
        "lone": {str(shift_id): rules.is_lone(out.get(shift_id, 0), fit) for shift_id, fit in mine.items()},
    }
