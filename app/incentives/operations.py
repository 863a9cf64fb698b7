"""Posting points. A person's month is priced as a whole, in time order, so that the daily limit and the monthly cap
fall the same whatever order the phones' items came in. What changed is reversed and posted anew; nothing is edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from app.areas.policies import InForce, PoliciesOf
from app.checkins import queries as checkins
from app.checkins import rules as checkin_rules
from app.db import db
from app.duty import queries as duties
from app.duty import rules as duty_rules
from app.duty.models import Duty, Shift
from app.duty.operations import worked_ranges
from app.incentives import ledger, queries, rows
from app.incentives.models import PointEntry
from app.incentives.queries import Standing
from app.incentives.rules import (
    RULE_VERSIONS,
    SETTLES_AFTER,
    JudgedDuty,
    Line,
    Policy,
    apply_caps,
    credited_minutes,
    policy_from,
    price_duty,
    why_changed,
)  # fmt: skip
from app.incentives.visits import qualified_visits, settle_visits

Key = tuple[str, str]
Worked = Sequence[tuple[Duty, Shift]]


def post_month(township_id: int, person_id: int, day: date, zone: str, now: datetime) -> bool:
    """Bring the ledger in line with the person's finished duties of the day's month; True when anything changed. Then
    the later months of the year follow, whose cap hangs on what was earned before them. A month that is frozen stays
    as it is: what changed is booked in the next open one."""
    queries.lock_journal(township_id, person_id)
    if not _post_one(township_id, person_id, day, zone, now):
        return False
    for later in rows.months_of(township_id, person_id, month_of(day)[1], day.replace(month=12, day=31)):
        _post_one(township_id, person_id, later, zone, now)
    return True


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
    before = first - timedelta(days=1)
    year_half = queries.earned_half(township_id, person_id, first.replace(month=1, day=1), before)
    month = price_month(
        township_id, worked, zone, policies, year_half, rows.facts_of(township_id, person_id, first, last)
    )
    found = queries.standing_entries(township_id, list(month.about))
    standing = {key: posted for key, posted in found.items() if key[0] in RULE_VERSIONS}
    n_used = queries.last_n(township_id, list(month.about))
    changed = False
    for key in sorted(set(month.lines) | set(standing)):
        about = month.about[key[1]]
        policy_id = policies.on(about.day).ids.get("incentives")
        if is_same(month.lines.get(key), standing.get(key), policy_id):
            continue
        _post_change(about, key, month, standing.get(key), n_used.get(key, 0), policy_id, now)
        changed = True
    return changed


def is_same(line: Line | None, posted: Standing | None, policy_id: int | None) -> bool:
    """Amount, explanation and version: a line that stands explains itself by what is known now."""
    if line is None or posted is None:
        return line is None and posted is None
    return (line.amount_half, line.detail, policy_id) == (
        posted.amount_half, posted.detail, posted.policy_version_id
    )  # fmt: skip


def _post_change(
    about: About,
    key: Key,
    month: Month,
    posted: Standing | None,
    n: int,
    policy_id: int | None,
    now: datetime,
) -> None:
    line, why = month.lines.get(key), None
    if posted or n:
        worth = month.full.get(key)
        before = (posted.amount_half, posted.detail) if posted else None
        same_numbers = posted is not None and posted.policy_version_id == policy_id
        why = why_changed(before, worth, same_numbers=same_numbers)
    if posted:
        n += 1
        entry = db.session.get_one(PointEntry, (about.township_id, posted.id))
        ledger.reverse(entry, n, why or "facts_changed", policy_id, now)
    if line:
        debit, credit = accounts_of(about.person_id, line)
        ledger.post(
            ledger.Transfer(
                about.township_id, about.person_id, key[0], key[1], n + 1, abs(line.amount_half), debit, credit,
                about.day, policy_id, line.detail, why, about.settles_at,
            ),
            now,
        )  # fmt: skip


def accounts_of(person_id: int, line: Line) -> tuple[str, str]:
    """Debit and credit. What is taken leaves what waits; for a false check-in, which two persons have decided already,
    what is approved: that may fall below zero, and is earned back by what is approved later."""
    if line.amount_half > 0:
        return ledger.ISSUE, ledger.pending(person_id)
    held = ledger.approved if line.rule == ledger.MAY_OVERDRAW else ledger.pending
    return held(person_id), ledger.ISSUE


def settles_at(duty: Duty, shift: Shift) -> datetime:
    return (duty.ended_at or shift.ends_at) + SETTLES_AFTER


@dataclass(frozen=True)
class About:
    """Whose a cause is, the day of its work, and when it is settled (None: nothing of it hangs on others)."""

    township_id: int
    person_id: int
    day: date
    settles_at: datetime | None


@dataclass
class Month:
    """What a month's finished duties and its rows are worth by (rule, cause): after caps, and before them. `about`
    knows every cause that may have a line in it."""

    lines: dict[Key, Line] = field(default_factory=dict)
    full: dict[Key, Line] = field(default_factory=dict)
    about: dict[str, About] = field(default_factory=dict)

    @property
    def half(self) -> int:
        """A false check-in takes from the balance, and leaves what was earned and its caps as they are."""
        return sum(line.amount_half for line in self.lines.values() if line.rule != ledger.MAY_OVERDRAW)


def price_month(
    township_id: int, worked: Worked, zone: str, policies: PoliciesOf, year_half: int, facts: rows.MonthFacts
) -> Month:
    """Caps are applied in time order. `year_half` is what was earned in the months of the year before this one."""
    month = Month(about=_about(worked, facts))
    month_half = 0
    minutes_of_day: dict[date, int] = {}
    judged_days = [
        (*one, policy_from(in_force.body("incentives")))
        for in_force, part in _by_policy(worked, policies)
        for one in judged_duties(township_id, part, zone, in_force)
    ]
    for judged, day, policy in judged_days:
        spent = minutes_of_day.get(day, 0)
        judged = JudgedDuty(**{**judged.__dict__, "minutes_credited_today": spent})
        minutes_of_day[day] = spent + credited_minutes(judged, policy)
        lines = price_duty(judged, policy)
        month.full |= {(line.rule, line.cause): line for line in lines}
        for line in apply_caps(lines, month_half, year_half + month_half, policy):
            month.lines[(line.rule, line.cause)] = line
            month_half += line.amount_half
    added = rows.add_rows(facts, worked, policies, month_half, year_half)
    month.full |= {(line.rule, line.cause): line for line in added.full}
    month.lines |= {(line.rule, line.cause): line for line in added.lines}
    return month


def _about(worked: Worked, facts: rows.MonthFacts) -> dict[str, About]:
    hazards = rows.hazards_of(facts.township_id, worked)
    about = {
        cause: About(facts.township_id, facts.person_id, day, None) for cause, day in facts.days().items()
    }
    for duty, shift in worked:
        own = About(duty.township_id, duty.person_id, duty.day, settles_at(duty, shift))
        about[f"duty:{duty.id}"] = own
        about |= {f"incident:{one.incident_id}": own for one in hazards.get(duty.id, ())}
    return about


def _by_policy(worked: Worked, policies: PoliciesOf) -> list[tuple[InForce, list[tuple[Duty, Shift]]]]:
    """Duties in time order, those under the same numbers together; a void one is worth nothing."""
    parts: list[tuple[InForce, list[tuple[Duty, Shift]]]] = []
    for duty, shift in worked:
        if duty.voided_at is not None:
            continue
        in_force = policies.on(duty.day)
        if not parts or parts[-1][0] is not in_force:
            parts.append((in_force, []))
        parts[-1][1].append((duty, shift))
    return parts


def judged_duties(
    township_id: int, worked: Worked, zone: str, in_force: InForce
) -> list[tuple[JudgedDuty, date]]:
    ids = [duty.id for duty, _ in worked]
    if not ids:
        return []
    least = checkin_rules.policy_from(in_force.body("checkins")).min_level_for_points
    counted = checkins.counted_checkpoints([duty for duty, _ in worked], least)
    versions = [shift.route_version_id for _, shift in worked if shift.route_version_id is not None]
    required = checkins.required_checkpoints(versions)
    visits = qualified_visits(township_id, worked, in_force)
    duty_policy = duty_rules.policy_from(in_force.body("duty"))
    hazards, holidays = rows.hazards_of(township_id, worked), rows.holidays_for(township_id, worked)
    return [
        (
            JudgedDuty(
                id=str(duty.id),
                worked=worked_ranges(duty, shift, duty_policy),
                zone=zone,
                holidays=holidays,
                checkpoints_counted=counted.get(duty.id, 0),
                checkpoints_required=required.get(shift.route_version_id or 0, 0),
                qualified_visits=tuple(visits.get(duty.id, ())),
                hazards=hazards.get(duty.id, ()),
                bonus=shift.bonus,
            ),
            duty.day,
        )
        for duty, shift in worked
    ]


def month_of(day: date) -> tuple[date, date]:
    first = day.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return first, following - timedelta(days=1)


__all__ = ["Policy", "month_of", "post_month", "price_month", "settle_late"]
