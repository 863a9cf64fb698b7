"""Posting points. A person's month is priced as a whole, in time order, so that the daily limit and the monthly cap
fall the same whatever order the phones' items came in. What changed is reversed and posted anew; nothing is edited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from app.areas.policies import InForce, PoliciesOf
from app.checkins import queries as checkins
from app.checkins import rules as checkin_rules
from app.duty import queries as duties
from app.duty import rules as duty_rules
from app.duty.models import Duty, Shift
from app.duty.operations import worked_ranges
from app.incentives import ledger, queries
from app.incentives.pricing import Fact, Month, price_facts, price_months
from app.incentives.queries import Standing
from app.incentives.rules import (
    SETTLES_AFTER,
    JudgedDuty,
    Key,
    Line,
    Policy,
    policy_from,
    why_changed,
)  # fmt: skip
from app.incentives.visits import qualified_visits, settle_visits

Worked = Sequence[tuple[Duty, Shift]]


def post_month(township_id: int, person_id: int, day: date, zone: str, now: datetime) -> bool:
    """Bring the ledger in line with the person's finished duties of the day's month; True when anything changed. Then
    the later months of the year follow, whose cap hangs on what was earned before them. A month that is frozen stays
    as it is: what changed is booked in the next open one."""
    queries.lock_journal(township_id, person_id)
    if not _post_one(township_id, person_id, day, zone, now):
        return False
    for later in duties.months_worked(
        township_id, person_id, month_of(day)[1], day.replace(month=12, day=31)
    ):
        _post_one(township_id, person_id, later, zone, now)
    return True


def post_span(township_id: int, person_id: int, first: date, last: date, zone: str, now: datetime) -> bool:
    """The same for all months from `first`'s to `last`'s at once: what was judged is read once for all of them."""
    queries.lock_journal(township_id, person_id)
    first, last = month_of(first)[0], month_of(last)[1]
    policies = PoliciesOf(township_id, first, last)
    worked = duties.ended_duties(township_id, person_id, first, last)
    facts = facts_of(township_id, worked, zone, policies)
    before = earned_before(township_id, person_id, first)
    worth = price_months(facts, numbers_by_day(policies), before)
    return bring_in_line(township_id, worked, worth, policies, now)


def settle_late(duty: Duty, shift: Shift, zone: str, now: datetime) -> None:
    """72 h after a duty: what hung on others is written down as it stands, and counts so from then on."""
    in_force = PoliciesOf(duty.township_id, duty.day, duty.day).on(duty.day)
    settle_visits(duty, shift, in_force, now)
    post_month(duty.township_id, duty.person_id, duty.day, zone, now)


def _post_one(township_id: int, person_id: int, day: date, zone: str, now: datetime) -> bool:
    """One month's finished duties, each by the numbers in force on its own day."""
    first, last = month_of(day)
    policies = PoliciesOf(township_id, first, last)
    worked = duties.ended_duties(township_id, person_id, first, last)
    year_half = earned_before(township_id, person_id, first)
    month = price_month(township_id, worked, zone, policies, year_half)
    return bring_in_line(township_id, worked, month, policies, now)


def earned_before(township_id: int, person_id: int, day: date) -> int:
    """Half points of the year's days before a day."""
    return queries.earned_half(township_id, person_id, day.replace(month=1, day=1), day - timedelta(days=1))


def bring_in_line(
    township_id: int, worked: Worked, worth: Month, policies: PoliciesOf, now: datetime
) -> bool:
    """Reverse and post what the ledger tells differently of these duties than their worth; True when there was any."""
    causes = {f"duty:{duty.id}": (duty, shift) for duty, shift in worked}
    standing = queries.standing_entries(township_id, list(causes))
    n_used = queries.last_n(township_id, list(causes))
    wanted: list[ledger.Transfer] = []
    for key in sorted(set(worth.lines) | set(standing)):
        duty, shift = causes[key[1]]
        policy_id = policies.on(duty.day).ids.get("incentives")
        if not is_same(worth.lines.get(key), standing.get(key), policy_id):
            wanted += _change(duty, shift, key, worth, standing.get(key), n_used.get(key, 0), policy_id)
    ledger.post_earned(wanted, now)
    return bool(wanted)


def is_same(line: Line | None, posted: Standing | None, policy_id: int | None) -> bool:
    """Amount, explanation and version: a line that stands explains itself by what is known now."""
    if line is None or posted is None:
        return line is None and posted is None
    return (line.amount_half, line.detail, policy_id) == (
        posted.amount_half, posted.detail, posted.policy_version_id
    )  # fmt: skip


def _change(
    duty: Duty, shift: Shift, key: Key, month: Month, posted: Standing | None, n: int, policy_id: int | None
) -> list[ledger.Transfer]:  # fmt: skip
    """What is taken back, and what is posted instead."""
    wanted = []
    line, why = month.lines.get(key), None
    if posted or n:
        worth = month.full.get(key)
        before = (posted.amount_half, posted.detail) if posted else None
        same_numbers = posted is not None and posted.policy_version_id == policy_id
        why = why_changed(before, worth, same_numbers=same_numbers)
    if posted:
        n += 1
        wanted.append(ledger.mirror(posted, n, why or "facts_changed", policy_id))
    if line:
        wanted.append(
            ledger.Transfer(
                duty.township_id, duty.person_id, key[0], key[1], n + 1, line.amount_half, ledger.ISSUE,
                ledger.pending(duty.person_id), duty.day, policy_id, line.detail, why, settles_at(duty, shift),
            )
        )  # fmt: skip
    return wanted


def settles_at(duty: Duty, shift: Shift) -> datetime:
    return (duty.ended_at or shift.ends_at) + SETTLES_AFTER


def price_month(township_id: int, worked: Worked, zone: str, policies: PoliciesOf, year_half: int) -> Month:
    """Caps are applied in time order. `year_half` is what was earned in the months of the year before this one."""
    return price_facts(facts_of(township_id, worked, zone, policies), numbers_by_day(policies), year_half)


def facts_of(township_id: int, worked: Worked, zone: str, policies: PoliciesOf) -> list[Fact]:
    """Duties as they were judged, with their days: what no number of the point rules changes."""
    return [
        one
        for in_force, part in _by_policy(worked, policies)
        for one in judged_duties(township_id, part, zone, in_force)
    ]


def numbers_by_day(policies: PoliciesOf) -> Callable[[date], Policy]:
    """The numbers of the point rules in force on a day; read once a stretch."""
    read: dict[int, Policy] = {}

    def on(day: date) -> Policy:
        in_force = policies.on(day)
        if id(in_force) not in read:
            read[id(in_force)] = policy_from(in_force.body("incentives"))
        return read[id(in_force)]

    return on


def _by_policy(worked: Worked, policies: PoliciesOf) -> list[tuple[InForce, list[tuple[Duty, Shift]]]]:
    """Duties in time order, those under the same numbers together."""
    parts: list[tuple[InForce, list[tuple[Duty, Shift]]]] = []
    for duty, shift in worked:
        in_force = policies.on(duty.day)
        if not parts or parts[-1][0] is not in_force:
            parts.append((in_force, []))
        parts[-1][1].append((duty, shift))
    return parts


def judged_duties(township_id: int, worked: Worked, zone: str, in_force: InForce) -> list[Fact]:
    ids = [duty.id for duty, _ in worked]
    if not ids:
        return []
    least = checkin_rules.policy_from(in_force.body("checkins")).min_level_for_points
    counted = checkins.counted_checkpoints([duty for duty, _ in worked], least)
    versions = [shift.route_version_id for _, shift in worked if shift.route_version_id is not None]
    required = checkins.required_checkpoints(versions)
    visits = qualified_visits(township_id, worked, in_force)
    duty_policy = duty_rules.policy_from(in_force.body("duty"))
    return [
        (
            JudgedDuty(
                id=str(duty.id),
                worked=worked_ranges(duty, shift, duty_policy),
                zone=zone,
                checkpoints_counted=counted.get(duty.id, 0),
                checkpoints_required=required.get(shift.route_version_id or 0, 0),
                qualified_visits=tuple(visits.get(duty.id, ())),
            ),
            duty.day,
        )
        for duty, shift in worked
    ]


def month_of(day: date) -> tuple[date, date]:
    first = day.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return first, following - timedelta(days=1)


__all__ = ["Key", "Month", "Policy", "month_of", "post_month", "post_span", "price_month", "settle_late"]
