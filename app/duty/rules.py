"""Judging duties: from taps to a window of work, the leader's board, who can be assigned.

A window is a pure function of the set of a duty's taps at their effective times (and of now, which only tells whether
a duty without an end is still open). Source: duty-incentives.md ("Duty rules"), decisions.md ("Duty and crew").
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

Range = tuple[datetime, datetime]
TapKind = Literal["start", "pause", "resume", "end"]
DutyState = Literal["not_started", "on", "paused", "ended"]
BoardState = Literal["cancelled", "not_started", "late", "on", "paused", "short_crew", "done", "missed"]
SwapState = Literal["asked", "offered", "confirmed", "refused", "withdrawn", "closed"]

# At the same instant a start comes before a pause, and an end closes whatever is open.
KIND_ORDER: tuple[TapKind, ...] = ("start", "pause", "resume", "end")
# The leader's board, "needs you" first.
BOARD_ORDER: tuple[BoardState, ...] = (
    "late",
    "short_crew",
    "missed",
    "paused",
    "on",
    "not_started",
    "done",
    "cancelled",
)
NEEDS_YOU: frozenset[BoardState] = frozenset({"late", "short_crew", "missed"})
ZERO = timedelta()


@dataclass(frozen=True)
class Policy:
    """Numbers of the duty rules; names carry the unit."""

    late_after_min: int = 15
    grace_min: int = 15
    min_crew: int = 2
    forgotten_end_after_min: int = 60
    volunteer_shift_max_min: int = 240
    rest_min: int = 660
    nights_a_week: int = 2
    pair_in_a_row: int = 3
    night_from_min: int = 1320
    night_to_min: int = 360


@dataclass(frozen=True)
class Tap:
    """A start, pause, resume or end at its effective time."""

    id: str
    kind: TapKind
    at: datetime


@dataclass(frozen=True)
class Window:
    """One person's presence on a shift.

    `ended_at` is None while the duty is open. `open_until` is how long positions and stays count: the end tap, or
    60 minutes after the planned end where there is none (it does not move when the duty is closed as forgotten, so
    that presence stays a pure function of the items). `pauses` are closed ranges up to `open_until`. `worked` is the
    time that can earn: on duty, not paused, inside the planned range widened by the grace.
    """

    started_at: datetime | None
    ended_at: datetime | None
    open_until: datetime | None
    pauses: tuple[Range, ...]
    worked: tuple[Range, ...]
    worked_s: int
    state: DutyState
    flags: tuple[str, ...]


@dataclass(frozen=True)
class Board:
    """A shift's line on the leader's board."""

    state: BoardState
    needs_you: bool
    late_min: int
    on_duty: int
    order: int


@dataclass(frozen=True)
class Candidate:
    """Somebody who might be assigned: what the leader attested (yes or no), and the ranges already booked."""

    active: bool
    adult: bool
    insured: bool
    volunteer: bool = False
    booked: tuple[Range, ...] = ()


def policy_from(mapping: Mapping[str, Any]) -> Policy:
    """A Policy from a stored mapping; keys it does not know are ignored."""
    known = {field.name for field in fields(Policy)}
    return Policy(**{key: value for key, value in mapping.items() if key in known})


# The window -----------------------------------------------------------------------------------------------------


def judge_window(
    taps: Iterable[Tap], planned_start: datetime, planned_end: datetime, now: datetime, policy: Policy
) -> Window:
    """A duty's window from the set of its taps: the earliest start, the latest end after it, pauses between.

    A duty without an end is open until 60 minutes after the planned end and then closed at the planned end with the
    flag `forgotten_end`. An end before every start is no end; without a start there is no window.
    """
    ordered = sorted(set(taps), key=_by_time)
    started = next((tap.at for tap in ordered if tap.kind == "start"), None)
    if started is None:
        flags = ("no_start",) if ordered else ()
        return Window(None, None, None, (), (), 0, "not_started", flags)
    tapped = max((tap.at for tap in ordered if tap.kind == "end" and tap.at >= started), default=None)
    last = max(started, planned_end + timedelta(minutes=policy.forgotten_end_after_min))
    ended = tapped if tapped is not None or now < last else max(started, planned_end)
    open_until = last if tapped is None else tapped
    pauses, paused = _pauses(ordered, started, open_until)
    paid = planned_range(planned_start, planned_end, policy)
    worked = _worked((started, ended or min(now, last)), pauses, paid)
    return Window(
        started_at=started,
        ended_at=ended,
        open_until=open_until,
        pauses=pauses,
        worked=worked,
        worked_s=seconds(worked),
        state=_state(ended, paused),
        flags=_flags(started, tapped, ended, planned_start, planned_end, policy),
    )


def attended_window(start: datetime, end: datetime) -> Window:
    """A window that a leader entered for somebody without a phone: worked as declared."""
    worked = ((start, end),) if start < end else ()
    return Window(start, end, end, (), worked, seconds(worked), "ended", ("declared",))


def followed_window(author: Window, paid: Range) -> Window:
    """The window of somebody without a phone who was ticked: the author's own, minute by minute, as declared."""
    if author.started_at is None:
        return Window(None, None, None, (), (), 0, "not_started", ("declared",))
    until = author.ended_at or author.started_at
    worked = _worked((author.started_at, until), author.pauses, paid)
    return Window(
        author.started_at, author.ended_at, author.ended_at, author.pauses, worked, seconds(worked), author.state,
        ("declared",),
    )  # fmt: skip


def planned_range(planned_start: datetime, planned_end: datetime, policy: Policy) -> Range:
    """The planned range widened by the grace: worked time is never outside it."""
    grace = timedelta(minutes=policy.grace_min)
    return planned_start - grace, planned_end + grace


def on_duty_ranges(window: Window) -> tuple[Range, ...]:
    """When positions and stays count: from start to end (or the last moment of an open duty), not paused."""
    if window.started_at is None or window.open_until is None:
        return ()
    return without((window.started_at, window.open_until), window.pauses)


def without(whole: Range, holes: Iterable[Range]) -> tuple[Range, ...]:
    """What is left of a range when others are taken out; half-open, never empty."""
    left = []
    start, end = whole
    for low, high in sorted(holes):
        if start < min(low, end):
            left.append((start, min(low, end)))
        start = max(start, high)
    if start < end:
        left.append((start, end))
    return tuple(left)


def within(ranges: Iterable[Range], span: Range) -> tuple[Range, ...]:
    """The parts of ranges that lie inside a span."""
    cut = ((max(low, span[0]), min(high, span[1])) for low, high in ranges)
    return tuple((low, high) for low, high in cut if low < high)


def claimed(start: datetime, end: datetime, pauses: Iterable[Range]) -> Range:
    """The span that a duty claims of its person's time: a pause that lasts to the end leaves them free for another."""
    return start, min([end, *(max(start, low) for low, high in pauses if high >= end)])


def shares(claims: Mapping[int, Range]) -> dict[int, Range]:
    """What is left to each duty of one person, by shift; none is missing there. A minute belongs to the duty that began
    first, so that it counts once, and for the same duty whatever arrived first."""
    left: dict[int, Range] = {}
    taken_until: datetime | None = None
    for shift_id, (start, end) in sorted(claims.items(), key=lambda claim: (claim[1][0], claim[0])):
        since = start if taken_until is None else max(start, taken_until)
        if since < end:
            left[shift_id] = (since, end)
        taken_until = end if taken_until is None else max(end, taken_until)
    return left


def seconds(ranges: Iterable[Range]) -> int:
    """Whole seconds of ranges that do not overlap."""
    return int(sum((end - start for start, end in ranges), ZERO).total_seconds())


def _by_time(tap: Tap) -> tuple[datetime, int, str]:
    return tap.at, KIND_ORDER.index(tap.kind), tap.id


def _pauses(ordered: Sequence[Tap], started: datetime, until: datetime) -> tuple[tuple[Range, ...], bool]:
    """Pauses between start and end, each closed by the next resume or the end; and whether one is still open."""
    found: list[Range] = []
    since: datetime | None = None
    for tap in ordered:
        if not started <= tap.at < until:
            continue
        if tap.kind == "pause" and since is None:
            since = tap.at
        elif tap.kind == "resume" and since is not None:
            found.append((since, tap.at))
            since = None
    if since is not None:
        found.append((since, until))
    return tuple(pause for pause in found if pause[0] < pause[1]), since is not None


def _worked(whole: Range, pauses: Sequence[Range], paid: Range) -> tuple[Range, ...]:
    clipped = (max(whole[0], paid[0]), min(whole[1], paid[1]))
    return without(clipped, pauses) if clipped[0] < clipped[1] else ()


def _state(ended: datetime | None, paused: bool) -> DutyState:
    if ended is not None:
        return "ended"
    return "paused" if paused else "on"


def _flags(
    started: datetime,
    tapped: datetime | None,
    ended: datetime | None,
    planned_start: datetime,
    planned_end: datetime,
    policy: Policy,
) -> tuple[str, ...]:
    facts = {
        "late_start": started > planned_start + timedelta(minutes=policy.late_after_min),
        "early_end": tapped is not None and tapped < planned_end - timedelta(minutes=policy.grace_min),
        "late_end": tapped is not None and tapped > planned_end + timedelta(minutes=policy.grace_min),
        "forgotten_end": ended is not None and tapped is None,
    }
    return tuple(flag for flag, holds in facts.items() if holds)


# The leader's board ---------------------------------------------------------------------------------------------


def shift_state(
    planned_start: datetime,
    planned_end: datetime,
    windows: Sequence[Window],
    now: datetime,
    policy: Policy,
    *,
    cancelled: bool = False,
    crew_needed: int | None = None,
) -> Board:
    """A shift as the leader sees it, from the windows of the duties that its crew began (or a leader entered).

    Nobody started: not_started, after 15 minutes late, after the planned end missed. Somebody is out: on, or paused
    when all of them pause, or short_crew when 15 minutes in fewer than the crew needed ever started. All ended: done.
    """
    began = [window for window in windows if window.started_at is not None]
    out = sum(window.ended_at is None for window in began)
    is_due = now > planned_start + timedelta(minutes=policy.late_after_min)
    needed = policy.min_crew if crew_needed is None else crew_needed
    state: BoardState
    if cancelled:
        state = "cancelled"
    elif not began:
        state = "missed" if now >= planned_end else "late" if is_due else "not_started"
    elif out == 0:
        state = "done"
    elif is_due and len(began) < needed:
        state = "short_crew"
    else:
        state = "paused" if all(w.state == "paused" for w in began if w.ended_at is None) else "on"
    return Board(
        state, state in NEEDS_YOU, _late_min(planned_start, began, now), out, BOARD_ORDER.index(state)
    )


def _late_min(planned_start: datetime, began: Sequence[Window], now: datetime) -> int:
    """Whole minutes between the planned and the first start, or now where nobody started."""
    first = min((window.started_at for window in began if window.started_at is not None), default=now)
    return max(0, int((first - planned_start) // timedelta(minutes=1)))


# Days and rosters -----------------------------------------------------------------------------------------------


def duty_day(at: datetime, zone: str) -> date:
    """The day a shift belongs to: the local date of its planned start, fixed in the row."""
    return at.astimezone(ZoneInfo(zone)).date()


def crosses(a: Range, b: Range) -> bool:
    """Whether two half-open ranges share any time; touching ones do not."""
    return a[0] < b[1] and b[0] < a[1]


def is_double_booked(shift: Range, booked: Iterable[Range]) -> bool:
    """Whether somebody is already booked at any time of a shift."""
    return any(crosses(shift, other) for other in booked)


def can_assign(person: Candidate, shift: Range) -> tuple[str, ...]:
    """Why somebody cannot be assigned to a shift: codes, none when they can."""
    facts = {
        "person_inactive": not person.active,
        "not_adult": not person.adult,
        "not_insured": not person.insured,
        "double_booked": is_double_booked(shift, person.booked),
    }
    return tuple(code for code, holds in facts.items() if holds)


def roster_warnings(person: Candidate, shift: Range, zone: str, policy: Policy) -> tuple[str, ...]:
    """What a leader should see before assigning: a volunteer's shift over 4 h, under 11 h rest, a third night."""
    facts = {
        "shift_too_long": person.volunteer and minutes(shift) > policy.volunteer_shift_max_min,
        "too_little_rest": any(_rest_min(shift, other) < policy.rest_min for other in person.booked),
        "too_many_nights": person.volunteer and _nights(person, shift, zone, policy) > policy.nights_a_week,
    }
    return tuple(code for code, holds in facts.items() if holds)


def minutes(span: Range) -> float:
    """Minutes of a range."""
    return (span[1] - span[0]) / timedelta(minutes=1)


def is_night(shift: Range, zone: str, policy: Policy) -> bool:
    """Whether any minute of a shift lies between 22:00 and 06:00 local."""
    tz = ZoneInfo(zone)
    first = shift[0].astimezone(tz)
    minute = first.hour * 60 + first.minute + first.second / 60
    if minute >= policy.night_from_min or minute < policy.night_to_min:
        return True
    return minute + minutes(shift) > policy.night_from_min


def _rest_min(a: Range, b: Range) -> float:
    return max(minutes((a[1], b[0])), minutes((b[1], a[0])), 0.0)


def _nights(person: Candidate, shift: Range, zone: str, policy: Policy) -> int:
    """Night shifts of the shift's week (Monday to Sunday), this one included."""
    if not is_night(shift, zone, policy):
        return 0
    week = duty_day(shift[0], zone).isocalendar()[:2]
    same = [b for b in person.booked if duty_day(b[0], zone).isocalendar()[:2] == week]
    return 1 + sum(is_night(other, zone, policy) for other in same)


# The crew's code ------------------------------------------------------------------------------------------------

CODE_STEP_S = 60
CODE_STEPS_AROUND = 3
# A phone with a wrong clock is tried over what can be proved, but not over weeks: six digits are soon guessed.
CODE_LONGEST = timedelta(hours=24)


def crew_code(secret: bytes, shift_id: int, at: datetime) -> str:
    """What the leader's phone shows at an instant: it needs the secret and the time, and no signal."""
    return _code(secret, shift_id, _step(at))


def is_crew_code(said: str, secret: bytes, shift_id: int, first: datetime, last: datetime) -> bool:
    """Whether a code was shown between two instants, three steps allowed either side."""
    low, high = _step(max(first, last - CODE_LONGEST)), _step(last)
    steps = range(low - CODE_STEPS_AROUND, high + CODE_STEPS_AROUND + 1)
    return any(hmac.compare_digest(said.encode(), _code(secret, shift_id, n).encode()) for n in steps)


def _step(at: datetime) -> int:
    return int(at.timestamp()) // CODE_STEP_S


def _code(secret: bytes, shift_id: int, step: int) -> str:
    mac = hmac.new(secret, f"crew:{shift_id}:{step}".encode(), hashlib.sha256).digest()
    return f"XC1.{shift_id}.{int.from_bytes(mac[:4], 'big') % 1_000_000:06d}"


# Swaps ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """An offer, or something taken back, at its effective time."""

    id: str
    person_id: int
    kind: Literal["offer", "withdraw"]
    at: datetime


def standing_offers(asker_id: int, to_person_id: int | None, steps: Iterable[Step]) -> tuple[int, ...]:
    """Who offers to take a shift, the first to offer first; an offer taken back is none, nor is a stranger's."""
    ordered = sorted(set(steps), key=lambda step: (step.at, step.id))
    offers = [s for s in ordered if s.person_id != asker_id and to_person_id in (None, s.person_id)]
    last = {step.person_id: step.kind for step in offers}
    return tuple(dict.fromkeys(s.person_id for s in offers if last[s.person_id] == "offer"))


def swap_state(
    asker_id: int, to_person_id: int | None, decision: str | None, steps: Sequence[Step], *, is_open: bool
) -> SwapState:
    """What became of an asking: a pure function of its steps, whatever order they came in.

    `is_open`: the shift is still planned, has not begun, and the asker is still on it.
    """
    if decision == "confirmed" or decision == "refused":
        return "confirmed" if decision == "confirmed" else "refused"
    if any(step.person_id == asker_id and step.kind == "withdraw" for step in steps):
        return "withdrawn"
    if not is_open:
        return "closed"
    return "offered" if standing_offers(asker_id, to_person_id, steps) else "asked"
