"""Posting points. A person's month is priced as a whole, in time order, so that the daily limit and the monthly cap
fall the same whatever order the phones' items came in. What changed is reversed and posted anew; nothing is edited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from app.areas.policies import InForce, PoliciesOf
from app.checkins import queries as checkins
from app.checkins import rules as checkin_rules
from app.duty import queries as duties
from app.duty import rules as duty_rules
from app.duty.models import Duty, Shift
from app.duty.operations import worked_ranges
from app.incentives import ledger, queries, rows
from app.incentives.pricing import Fact, Month, price_months
from app.incentives.queries import Standing
from app.incentives.row_rules import MonthFacts, PolicyOn
from app.incentives.rules import (
    MAY_OVERDRAW,
    RULE_VERSIONS,
    SETTLES_AFTER,
    Hazard,
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
    for later in rows.months_of(township_id, person_id, month_of(day)[1], day.replace(month=12, day=31)):
        _post_one(township_id, person_id, later, zone, now)
    return True


def post_span(township_id: int, person_id: int, first: date, last: date, zone: str, now: datetime) -> bool:
    """The same for all months from `first`'s to `last`'s at once: what was judged is read once for all of them."""
    queries.lock_journal(township_id, person_id)
    first, last = month_of(first)[0], month_of(last)[1]
    policies = PoliciesOf(township_id, first, last)
    facts = facts_of(township_id, person_id, first, last, zone, policies)
    before = earned_before(township_id, person_id, first)
    return bring_in_line(facts, price(facts, policies, before), policies, now)


def settle(duty: Duty, shift: Shift, zone: str, now: datetime) -> None:
    """A finished duty's month is brought in line. From 72 h after it on, what hangs on others is written down as it
    stands, also of what its own phone brings only then, and counts so from then on."""
    if now >= settles_at(duty, shift):
        in_force = PoliciesOf(duty.township_id, duty.day, duty.day).on(duty.day)
        settle_visits(duty, shift, in_force, now)
    post_month(duty.township_id, duty.person_id, duty.day, zone, now)


def _post_one(township_id: int, person_id: int, day: date, zone: str, now: datetime) -> bool:
    """One month, each day by the numbers in force on it."""
    first, last = month_of(day)
    policies = PoliciesOf(township_id, first, last)
    facts = facts_of(township_id, person_id, first, last, zone, policies)
    worth = price(facts, policies, earned_before(township_id, person_id, first))
    return bring_in_line(facts, worth, policies, now)


def earned_before(township_id: int, person_id: int, day: date) -> int:
    """Half points of the year's days before a day."""
    return queries.earned_half(township_id, person_id, day.replace(month=1, day=1), day - timedelta(days=1))


def bring_in_line(facts: Facts, worth: Month, policies: PoliciesOf, now: datetime) -> bool:
    """Reverse and post what the ledger tells differently of these facts than their worth; True when there was any."""
    causes = list(facts.about)
    found = queries.standing_entries(facts.township_id, causes)
    standing = {key: posted for key, posted in found.items() if key[0] in RULE_VERSIONS}
    n_used = queries.last_n(facts.township_id, causes)
    wanted: list[ledger.Transfer] = []
    for key in sorted(set(worth.lines) | set(standing)):
        about = facts.about[key[1]]
        policy_id = policies.on(about.day).ids.get("incentives")
        if not is_same(worth.lines.get(key), standing.get(key), policy_id):
            wanted += _change(about, key, worth, standing.get(key), n_used.get(key, 0), policy_id)
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
    about: About, key: Key, month: Month, posted: Standing | None, n: int, policy_id: int | None
) -> list[ledger.Transfer]:  # fmt: skip
    """What is taken back, and what is posted instead."""
    wanted = []
    line, why = month.lines.get(key), None
    if posted or n:
        worth = month.full.get(key)
        before = (posted.amount_half, posted.detail) if posted else None
        same_numbers = posted is not None and posted.policy_version_id == policy_id
        why = why_changed(before, worth, same_numbers=same_numbers)
        if posted is None and about.was_taken_back:
            why = "facts_changed"  # confirmed anew, which no phone brought late
    if posted:
        n += 1
        wanted.append(ledger.mirror(posted, n, why or "facts_changed", policy_id))
    if line:
        debit, credit = accounts_of(about.person_id, line)
        wanted.append(
            ledger.Transfer(
                about.township_id, about.person_id, key[0], key[1], n + 1, abs(line.amount_half), debit, credit,
                about.day, policy_id, line.detail, why, about.settles_at,
            )
        )  # fmt: skip
    return wanted


def accounts_of(person_id: int, line: Line) -> tuple[str, str]:
    """Debit and credit. What is taken leaves what waits; for a false check-in, which two persons have decided already,
    what is approved: that may fall below zero, and is earned back by what is approved later."""
    if line.amount_half > 0:
        return ledger.ISSUE, ledger.pending(person_id)
    held = ledger.approved if line.rule == MAY_OVERDRAW else ledger.pending
    return held(person_id), ledger.ISSUE


def settles_at(duty: Duty, shift: Shift) -> datetime:
    return (duty.ended_at or shift.ends_at) + SETTLES_AFTER


@dataclass(frozen=True)
class About:
    """Whose a cause is, the day of its work, and when it is settled (None: nothing of it hangs on others); whether a
    confirmation of it was ever taken back."""

    township_id: int
    person_id: int
    day: date
    settles_at: datetime | None
    was_taken_back: bool = False


@dataclass(frozen=True)
class Facts:
    """What a person's months are priced on and no number of the point rules changes: duties as they were judged, what
    stands beside them by month, and every cause that may have a line, whether or not it is worth anything."""

    township_id: int
    judged: list[Fact]
    beside: Mapping[date, MonthFacts]
    about: Mapping[str, About]


def facts_of(
    township_id: int, person_id: int, first: date, last: date, zone: str, policies: PoliciesOf
) -> Facts:
    """Of whole months, from the first day of one to the last of another."""
    worked = duties.ended_duties(township_id, person_id, first, last)
    hazards, holidays = rows.hazards_of(township_id, worked), rows.holidays_for(township_id, worked)
    judged = [
        one
        for in_force, part in _by_policy(worked, policies)
        for one in judged_duties(township_id, part, Known(zone, hazards, holidays), in_force)
    ]
    beside = rows.facts_between(township_id, person_id, first, last, worked)
    return Facts(township_id, judged, beside, _about(worked, hazards, beside.values()))


def price(facts: Facts, policies: PoliciesOf, year_half: int = 0) -> Month:
    """Caps are applied in time order. `year_half` is what was earned in the months of the year before the first."""
    return price_months(facts.judged, facts.beside, numbers_by_day(policies), year_half)


def _about(
    worked: Worked, hazards: Mapping[int, tuple[Hazard, ...]], beside: Iterable[MonthFacts]
) -> dict[str, About]:
    about = {
        cause: About(one.township_id, one.person_id, day, None)
        for one in beside
        for cause, day in one.days().items()
    }
    for duty, shift in worked:
        own = About(duty.township_id, duty.person_id, duty.day, settles_at(duty, shift))
        about[f"duty:{duty.id}"] = own
        for one in sorted(hazards.get(duty.id, ()), key=lambda hazard: hazard.taken_back):
            about[f"incident:{one.incident_id}"] = replace(own, was_taken_back=one.taken_back)
    return about


def numbers_by_day(policies: PoliciesOf) -> PolicyOn:
    """The numbers of the point rules in force on a day; read once a stretch."""
    read: dict[int, Policy] = {}

    def on(day: date) -> Policy:
        in_force = policies.on(day)
        if id(in_force) not in read:
            read[id(in_force)] = policy_from(in_force.body("incentives"))
        return read[id(in_force)]

    return on


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


@dataclass(frozen=True)
class Known:
    """What duties are judged with: the zone, verified hazards by duty, public holidays."""

    zone: str
    hazards: Mapping[int, tuple[Hazard, ...]]
    holidays: frozenset[date]


def judged_duties(township_id: int, worked: Worked, known: Known, in_force: InForce) -> list[Fact]:
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
                zone=known.zone,
                holidays=known.holidays,
                checkpoints_counted=counted.get(duty.id, 0),
                checkpoints_required=required.get(shift.route_version_id or 0, 0),
                qualified_visits=tuple(visits.get(duty.id, ())),
                bonus=shift.bonus,
                hazards=known.hazards.get(duty.id, ()),
            ),
            duty.day,
        )
        for duty, shift in worked
    ]


def month_of(day: date) -> tuple[date, date]:
    first = day.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return first, following - timedelta(days=1)


__all__ = ["Key", "Month", "Policy", "month_of", "post_month", "post_span", "price", "settle"]
