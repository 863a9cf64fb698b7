"""What an item does to its duty, and settling: span, verdicts, presence and points of one duty, from
its stored items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from app import stream
from app.areas.policies import InForce, Place, place_of, policies_in_force
from app.checkins import operations as checkins
from app.checkins import rules as checkin_rules
from app.clock import local_day
from app.coverage import operations as coverage
from app.coverage.pieces import Policy as PiecePolicy
from app.duty import crews as duty_crews
from app.duty import operations as duties
from app.duty import queries as duty_queries
from app.duty.models import Duty, Shift
from app.duty.rules import Window, on_duty_ranges
from app.duty.rules import policy_from as duty_policy
from app.field import answers, crews, queries
from app.field.kinds import Arrival, DutyKey, Outcome, taker_of
from app.field.rules import EffectiveTime
from app.incentives import operations as incentives
from app.tracks import operations as tracks
from app.tracks import queries as track_queries
from app.tracks.rules import policy_from as track_policy

EVENTS = ("duty.start", "duty.pause", "duty.resume", "duty.end")


def apply(
    township_id: int, kind: str, body: dict[str, Any], effective: EffectiveTime, item: Any, now: datetime
) -> Outcome:
    """Let the item's domain take it. `item` is the envelope (as sent or as stored). Raises DomainError when the body
    names something that does not exist here."""
    if kind == "note":
        return Outcome()
    if kind not in (*EVENTS, "checkin", "segment"):
        taker = taker_of(kind)
        if taker is None:
            return Outcome(held="kind_not_offered")
        return taker(
            Arrival(township_id, item.id, item.author_id, item.device_id, kind, body, effective, now)
        )
    key = DutyKey(township_id, body["shift_id"], item.author_id)
    found = _duty_for(key, kind, now)
    if found is None:
        return Outcome(held="waiting_for_shift" if kind == "duty.start" else "waiting_for_start")
    duty, shift = found
    duty.last_item_at = max(duty.last_item_at or now, now)
    duty.widen(item.id)
    if kind in EVENTS:
        code_right = crews.code_of_start(shift, kind, body, effective, item, now)
        duties.record_event(duty, item.id, kind, effective.at, effective.quality, code_right)
    elif kind == "checkin":
        sender = checkins.Sender(
            item.id, item.device_id, item.device_seq, effective.at, effective.quality, now,
            answers.proved_between(effective, item, now),
        )  # fmt: skip
        checkins.record_checkin(duty, shift, sender, body)
    else:
        shift_s = 0
        if effective.quality != "good":
            shift_s = round((effective.at - item.device_at).total_seconds())
        duty.fixes += tracks.store_segment(duty, item.id, body["source"], body["fixes"], shift_s, now)
    return Outcome(duty=key)


def _duty_for(key: DutyKey, kind: str, now: datetime) -> tuple[Duty, Shift] | None:
    if kind == "duty.start":
        return duties.open_duty(key.township_id, key.shift_id, key.person_id, now)
    return duty_queries.lock_duty(key.township_id, key.shift_id, key.person_id)


@dataclass(frozen=True)
class Ground:
    """Where a duty is measured and by which numbers."""

    place: Place
    in_force: InForce

    def walk(self, duty: Duty, shift: Shift, window: Window) -> coverage.Walk:
        policy = PiecePolicy(track=track_policy(self.in_force.body("tracks")))
        return coverage.Walk(
            duty.township_id, duty.id, duty.day, shift.route_version_id, self.place,
            duties.spans(on_duty_ranges(window)), policy,
        )  # fmt: skip


class Grounds:
    """The grounds of one batch, each read once."""

    def __init__(self) -> None:
        self._read: dict[tuple[int, date], Ground] = {}
        self._places: dict[int, Place] = {}

    def of(self, duty: Duty) -> Ground:
        return self._on(duty.township_id, duty.day)

    def at(self, township_id: int, now: datetime) -> Ground:
        """On the township's day of an instant."""
        return self._on(township_id, local_day(now, self._place(township_id).zone))

    def _on(self, township_id: int, day: date) -> Ground:
        key = (township_id, day)
        if key not in self._read:
            self._read[key] = Ground(self._place(township_id), policies_in_force(*key))
        return self._read[key]

    def _place(self, township_id: int) -> Place:
        if township_id not in self._places:
            self._places[township_id] = place_of(township_id)
        return self._places[township_id]


def settle(
    key: DutyKey, now: datetime, grounds: Grounds | None = None, new_segments: Sequence[UUID] = (),
    *, measure_all: bool = False,
) -> None:  # fmt: skip
    """Bring everything that follows from a duty's items in line with them. Safe to repeat: the same items, the same
    state. Other people's duties that share coordinates with it are judged again as well. `measure_all`: stored
    segments were replaced by others, so that adding is not enough."""
    found = duty_queries.lock_duty(key.township_id, key.shift_id, key.person_id)
    if found is None:
        return
    duty, shift = found
    grounds = grounds or Grounds()
    ground = grounds.of(duty)
    before = _shown(duty)
    window, moved = duties.settle_window(duty, shift, now, duty_policy(ground.in_force.body("duty")))
    for other in moved:
        settle(DutyKey(other.township_id, other.shift_id, other.person_id), now, grounds)
    _measure_track(duty, ground.walk(duty, shift, window), new_segments, measure_all)
    judged = [(duty, shift)]
    for other_id in sorted(_judge_checkins(duty, shift, window, ground, now)):
        judged += _judge_sharer(duty.township_id, other_id, ground, now)
    # In one order, so that no two wait for each other's journal.
    for one, its_shift in sorted(judged, key=lambda pair: pair[0].person_id):
        duties.touch(one)
        if one.state in ("ended", "attended"):
            incentives.settle(one, its_shift, ground.place.zone, now)
    if _shown(duty) != before:
        # Closed as forgotten, ticked, here with the crew: the phones of the shift show it.
        stream.tell("plan", people=[duty.person_id, *duty_crews.crew_on(shift)], shift_id=shift.id)
    for person_id in duty_crews.follow_ticks(duty, shift, now):
        settle(DutyKey(key.township_id, key.shift_id, person_id), now, grounds)


def _shown(duty: Duty) -> tuple[Any, ...]:
    """What of a duty the phones of its shift show."""
    return duty.state, duty.started_at is None, duty.with_crew, *(duty.flags or ())


def _measure_track(duty: Duty, walk: coverage.Walk, new_segments: Sequence[UUID], measure_all: bool) -> None:
    """Add what the new segments give; when the span now cuts the track otherwise than it was measured, measure all.

    What retention has taken cannot be measured again: then what stands is kept, and only the new is added.
    """
    extent = track_queries.extent_of(duty) if duty.fixes else None
    before, duty.track_spans = duty.track_spans, [[a, b] for a, b in walk.allowed]
    if extent is None:
        if measure_all:
            duty.track_m, duty.near_m = coverage.rebuild_track(walk, [])
        return
    low, high = extent.low, extent.high
    is_cut_otherwise = _clipped(walk.allowed, low, high) != _clipped(before, low, high)
    is_whole = extent.fixes == duty.fixes
    if (measure_all or is_cut_otherwise) and is_whole:
        duty.track_m, duty.near_m = coverage.rebuild_track(walk, tracks.all_stretches(duty))
    elif new_segments:
        track_m, near_m = coverage.add_track(walk, tracks.new_stretches(duty, new_segments))
        duty.track_m += track_m
        duty.near_m += near_m
    else:
        return
    if extent.sources > 1 and is_whole:
        duty.track_m, duty.near_m = coverage.lengths(walk, tracks.all_stretches(duty))


def _clipped(spans: Sequence[Sequence[float]], low: float, high: float) -> list[tuple[float, float]]:
    cut = [(max(a, low), min(b, high)) for a, b in spans]
    return [(a, b) for a, b in cut if a < b]


def _judge_checkins(
    duty: Duty, shift: Shift, window: Window, ground: Ground, now: datetime
) -> frozenset[int]:
    """Verdicts and pairs of a duty; answers the duties of others that share its coordinates."""
    policy = checkin_rules.policy_from(ground.in_force.body("checkins"))
    gaps = queries.gaps_of(duty)
    judged = checkins.judge_duty(duty, shift, window, gaps, policy, ground.place.zone)
    told_otherwise = False
    for checkin in judged.changed:
        reasons = [*checkin.reasons, *([checkin.review_reason] if checkin.review_reason else [])]
        told_otherwise |= queries.set_verdict(
            duty.township_id, checkin.id, checkin.verdict, reasons, now, checkin.evidence_level
        )
    if told_otherwise:
        stream.tell("verdict", people=[duty.person_id], shift_id=shift.id)
    if judged.is_whole:
        coverage.rebuild_pairs(duty.township_id, duty.id, judged.pairs)
    return judged.sharers


def _judge_sharer(township_id: int, duty_id: int, ground: Ground, now: datetime) -> list[tuple[Duty, Shift]]:
    """Two devices with one series of coordinates: the other's check-ins learn it too.

    One that is being judged at this moment is passed over, since two that wait for each other would wait for ever; it
    learns it at its next item, or when every duty is settled once more after 72 hours. Answers the duty, if it was
    judged.
    """
    key = key_of(township_id, duty_id)
    found = key and duty_queries.lock_duty(key.township_id, key.shift_id, key.person_id, unless_busy=True)
    if not found:
        return []
    duty, shift = found
    window = duties.judge(duty, shift, now, duty_policy(ground.in_force.body("duty")))
    _judge_checkins(duty, shift, window, ground, now)
    return [(duty, shift)]


def key_of(township_id: int, duty_id: int) -> DutyKey | None:
    duty = duty_queries.duty_by_id(township_id, duty_id)
    return DutyKey(township_id, duty.shift_id, duty.person_id) if duty else None


def close_forgotten(now: datetime) -> int:
    """Duties without an end whose shift is over for an hour are judged once more, which closes them."""
    keys = [DutyKey(*row) for row in duty_queries.forgotten_duties(now, timedelta(minutes=60))]
    for key in keys:
        settle(key, now)
    return len(keys)


__all__ = ["DutyKey", "Ground", "Grounds", "Outcome", "apply", "close_forgotten", "key_of", "settle"]
