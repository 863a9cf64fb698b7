"""From taps to a window of work; the leader's board; who can be assigned."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.duty.rules import (
    BOARD_ORDER,
    Candidate,
    Policy,
    Tap,
    attended_window,
    can_assign,
    claimed,
    crosses,
    duty_day,
    is_double_booked,
    is_night,
    judge_window,
    on_duty_ranges,
    policy_from,
    roster_warnings,
    shares,
    shift_state,
    without,
)

# 20:00 on Tuesday 2026-11-24 in Shanghai; the shift lasts three hours.
START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SHANGHAI = "Asia/Shanghai"
POLICY = Policy()


def at(after_min: float) -> datetime:
    return START + timedelta(minutes=after_min)


def span(start_min: float, end_min: float) -> tuple[datetime, datetime]:
    return at(start_min), at(end_min)


def taps(*given: tuple[str, float]) -> list[Tap]:
    return [Tap(str(n), kind, at(minute)) for n, (kind, minute) in enumerate(given)]


def window(*given: tuple[str, float], now: float = 1000):
    return judge_window(taps(*given), at(0), at(180), at(now), POLICY)


@pytest.mark.parametrize(
    ("given", "worked_min", "flags"),
    [
        pytest.param([("start", 0), ("end", 180)], 180, (), id="as planned"),
        pytest.param([("start", -15), ("end", 195)], 210, (), id="the grace is worked"),
        pytest.param([("start", -60), ("end", 190)], 205, (), id="not before the grace"),
        pytest.param([("start", 0), ("end", 300)], 195, ("late_end",), id="not after the grace"),
        pytest.param([("start", 15), ("end", 180)], 165, (), id="15 minutes late is not late"),
        pytest.param([("start", 16), ("end", 180)], 164, ("late_start",), id="16 minutes are"),
        pytest.param([("start", 0), ("end", 100)], 100, ("early_end",), id="an early end"),
        pytest.param(
            [("start", 0), ("start", 20), ("end", 170), ("end", 180)], 180, (), id="earliest and latest"
        ),
        pytest.param([("start", 0), ("pause", 60), ("resume", 90), ("end", 180)], 150, (), id="a pause"),
        pytest.param([("start", 0), ("pause", 150), ("end", 180)], 150, (), id="a pause closed by the end"),
        pytest.param(
            [("start", 0), ("pause", 60), ("pause", 70), ("resume", 90), ("end", 180)], 150, (), id="twice"
        ),
        pytest.param([("start", 0), ("resume", 90), ("end", 180)], 180, (), id="a resume without a pause"),
        pytest.param([("start", 0)], 180, ("forgotten_end",), id="a forgotten end"),
        pytest.param([("start", 0), ("pause", 60)], 60, ("forgotten_end",), id="forgotten while paused"),
        pytest.param(
            [("start", 30), ("end", 20)], 150, ("late_start", "forgotten_end"), id="an end before the start"
        ),
        pytest.param([("end", 180)], 0, ("no_start",), id="an end without a start"),
        pytest.param([], 0, (), id="nothing"),
        pytest.param([("start", 400), ("end", 500)], 0, ("late_start", "late_end"), id="long after the plan"),
        pytest.param([("start", 400)], 0, ("late_start", "forgotten_end"), id="long after the plan, no end"),
    ],
)
def test_a_window_is_judged_from_the_set_of_taps(given, worked_min, flags):
    found = window(*given)
    assert (found.worked_s / 60, found.flags) == (worked_min, flags)


@pytest.mark.parametrize(
    ("now", "state", "ended", "worked_min"),
    [
        (60, "on", None, 60),
        (190, "on", None, 190),
        (239, "on", None, 195),
        (240, "ended", 180, 180),
        (5000, "ended", 180, 180),
    ],
)
def test_a_duty_without_an_end_is_open_for_an_hour_after_the_plan(now, state, ended, worked_min):
    found = window(("start", 0), now=now)
    assert found.state == state
    assert found.ended_at == (None if ended is None else at(ended))
    assert found.worked_s / 60 == worked_min


def test_an_open_pause_is_paused_and_earns_nothing():
    found = window(("start", 0), ("pause", 60), now=100)
    assert (found.state, found.worked_s) == ("paused", 3600)
    assert window(("start", 0), ("pause", 60), ("resume", 80), now=100).state == "on"


def test_where_positions_count_does_not_depend_on_now():
    given = (("start", 0), ("pause", 60), ("resume", 90))
    early, late = window(*given, now=100), window(*given, now=9999)
    assert on_duty_ranges(early) == on_duty_ranges(late) == (span(0, 60), span(90, 240))
    assert on_duty_ranges(window(("end", 5))) == ()
    assert on_duty_ranges(window(("start", 0), ("end", 100))) == (span(0, 100),)


def test_an_end_that_comes_after_all_reopens_nothing_and_replaces_the_forgotten_one():
    assert window(("start", 0), now=999).flags == ("forgotten_end",)
    assert window(("start", 0), ("end", 170), now=999).ended_at == at(170)


def test_any_order_of_arrival_ends_in_the_same_window():
    given = taps(("start", 0), ("pause", 30), ("resume", 40), ("pause", 90), ("end", 150))
    found = {judge_window(order, at(0), at(180), at(999), POLICY) for order in permutations(given)}
    assert len(found) == 1


KINDS = st.sampled_from(["start", "pause", "resume", "end"])


@given(st.lists(st.tuples(KINDS, st.integers(-60, 300)), max_size=8), st.integers(0, 500), st.randoms())
def test_worked_time_is_on_duty_inside_the_plan_and_the_same_twice(given_taps, now, shuffler):
    once = taps(*given_taps)
    twice = once * 2
    shuffler.shuffle(twice)
    found = judge_window(once, at(0), at(180), at(now), POLICY)
    assert judge_window(twice, at(0), at(180), at(now), POLICY) == found
    assert all(at(-15) <= start < end <= at(195) for start, end in found.worked)
    for pause in found.pauses:
        assert not any(crosses(pause, worked) for worked in found.worked)
    assert found.worked_s <= sum((e - s).total_seconds() for s, e in on_duty_ranges(found))


@pytest.mark.parametrize(
    ("holes", "left"),
    [
        ([], [(0, 100)]),
        ([(20, 30)], [(0, 20), (30, 100)]),
        ([(20, 50), (40, 60)], [(0, 20), (60, 100)]),
        ([(-10, 10), (90, 110)], [(10, 90)]),
        ([(0, 100)], []),
        ([(150, 160)], [(0, 100)]),
        ([(-20, -10)], [(0, 100)]),
    ],
)
def test_without_leaves_what_is_outside_the_holes(holes, left):
    assert without(span(0, 100), [span(*hole) for hole in holes]) == tuple(span(*part) for part in left)


def test_a_leaders_entry_is_worked_as_declared():
    found = attended_window(at(0), at(90))
    assert (found.state, found.worked_s, found.flags) == ("ended", 5400, ("declared",))


ON, PAUSED = [("start", 0)], [("start", 0), ("pause", 10)]
DONE, NEVER = [("start", 0), ("end", 175)], []


@pytest.mark.parametrize(
    ("crew", "now", "state", "on_duty"),
    [
        pytest.param([NEVER, NEVER], -10, "not_started", 0, id="before the start"),
        pytest.param([NEVER, NEVER], 15, "not_started", 0, id="15 minutes in"),
        pytest.param([NEVER, NEVER], 16, "late", 0, id="later than that"),
        pytest.param([NEVER, NEVER], 180, "missed", 0, id="the plan is over"),
        pytest.param([], 16, "late", 0, id="nobody assigned"),
        pytest.param([ON, ON], 60, "on", 2, id="both are out"),
        pytest.param([ON, NEVER], 10, "on", 1, id="one of two, still early"),
        pytest.param([ON, NEVER], 16, "short_crew", 1, id="one of two"),
        pytest.param([ON, PAUSED], 60, "on", 2, id="one pauses"),
        pytest.param([PAUSED, PAUSED], 60, "paused", 2, id="both pause"),
        pytest.param([DONE, ON], 178, "on", 1, id="one went home"),
        pytest.param([DONE, DONE], 178, "done", 0, id="both went home"),
        pytest.param([DONE, NEVER], 178, "done", 0, id="one came and went home"),
        pytest.param([ON, ON], 240, "done", 0, id="forgotten ends"),
    ],
)
def test_the_board(crew, now, state, on_duty):
    windows = [window(*given, now=now) for given in crew]
    found = shift_state(at(0), at(180), windows, at(now), POLICY)
    assert (found.state, found.on_duty) == (state, on_duty)
    assert found.needs_you is (state in {"late", "short_crew", "missed"})


def test_the_board_says_how_late_and_sorts_what_needs_the_leader_first():
    late = shift_state(at(0), at(180), [], at(42), POLICY)
    assert late.late_min == 42
    assert shift_state(at(0), at(180), [window(("start", 20), now=60)], at(60), POLICY).late_min == 20
    assert shift_state(at(0), at(180), [], at(-42), POLICY).late_min == 0
    assert BOARD_ORDER[late.order] == "late"
    assert late.order < shift_state(at(0), at(180), [window(("start", 0), now=5)] * 2, at(5), POLICY).order


def test_a_shift_fit_for_one_is_not_short_and_a_cancelled_one_asks_nothing():
    alone = [window(("start", 0), now=60)]
    assert shift_state(at(0), at(180), alone, at(60), POLICY, crew_needed=1).state == "on"
    assert shift_state(at(0), at(180), [], at(60), POLICY, cancelled=True).needs_you is False


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 11, 24, 15, 59, tzinfo=UTC), date(2026, 11, 24)),
        (datetime(2026, 11, 24, 16, 0, tzinfo=UTC), date(2026, 11, 25)),
        (datetime(2028, 2, 28, 16, 0, tzinfo=UTC), date(2028, 2, 29)),
        (datetime(2026, 12, 31, 16, 0, tzinfo=UTC), date(2027, 1, 1)),
    ],
)
def test_a_duty_day_is_the_local_date_of_its_start(moment, day):
    assert duty_day(moment, SHANGHAI) == day


def test_ranges_that_touch_do_not_cross():
    assert not crosses(span(0, 60), span(60, 90))
    assert crosses(span(0, 60), span(59, 90))
    assert is_double_booked(span(0, 60), [span(90, 100), span(30, 40)])
    assert not is_double_booked(span(0, 60), [])


READY = Candidate(active=True, adult=True, insured=True, volunteer=True)


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, ()),
        ({"active": False}, ("person_inactive",)),
        ({"adult": False}, ("not_adult",)),
        ({"insured": False}, ("not_insured",)),
        ({"booked": (span(100, 300),)}, ("double_booked",)),
        (
            {"active": False, "adult": False, "insured": False, "booked": (span(0, 1),)},
            ("person_inactive", "not_adult", "not_insured", "double_booked"),
        ),
    ],
)
def test_who_can_be_assigned(changes, codes):
    assert can_assign(replace(READY, **changes), span(0, 180)) == codes


DAY = 1440


@pytest.mark.parametrize(
    ("person", "shift", "codes"),
    [
        pytest.param(READY, span(0, 240), (), id="four hours"),
        pytest.param(READY, span(0, 241), ("shift_too_long",), id="longer, for a volunteer"),
        pytest.param(replace(READY, volunteer=False), span(0, 480), (), id="longer, full time"),
        pytest.param(replace(READY, booked=(span(-800, -660),)), span(0, 100), (), id="eleven hours of rest"),
        pytest.param(
            replace(READY, booked=(span(-800, -659),)), span(0, 100), ("too_little_rest",), id="less before"
        ),
        pytest.param(
            replace(READY, booked=(span(200, 300),)), span(0, 100), ("too_little_rest",), id="less after"
        ),
        pytest.param(
            replace(READY, booked=(span(DAY, DAY + 180), span(2 * DAY, 2 * DAY + 180))),
            span(0, 180),
            ("too_many_nights",),
            id="a third night in a week",
        ),
        pytest.param(
            replace(READY, booked=(span(DAY, DAY + 60), span(7 * DAY, 7 * DAY + 180))),
            span(0, 180),
            (),
            id="evenings",
        ),
    ],
)
def test_what_a_leader_is_warned_of(person, shift, codes):
    assert roster_warnings(person, shift, SHANGHAI, POLICY) == codes


@pytest.mark.parametrize(
    ("shift", "night"),
    [
        (span(0, 120), False),
        (span(0, 121), True),
        (span(120, 180), True),
        (span(540, 600), True),
        (span(600, 900), False),
    ],
)
def test_a_night_is_22_to_06(shift, night):
    assert is_night(shift, SHANGHAI, POLICY) is night


def test_a_policy_ignores_keys_it_does_not_know():
    assert policy_from({"grace_min": 5, "colour": "green"}) == Policy(grace_min=5)


@pytest.mark.parametrize(
    ("claims", "left"),
    [
        ({1: (0, 60)}, {1: (0, 60)}),
        ({1: (0, 60), 2: (60, 90)}, {1: (0, 60), 2: (60, 90)}),
        ({2: (0, 60), 1: (30, 90)}, {2: (0, 60), 1: (60, 90)}),
        ({1: (0, 90), 2: (30, 60)}, {1: (0, 90)}),
        ({1: (0, 90), 2: (10, 20), 3: (80, 100)}, {1: (0, 90), 3: (90, 100)}),
        ({2: (0, 60), 1: (0, 90)}, {1: (0, 90)}),
        ({1: (5, 5)}, {}),
    ],
)
def test_a_minute_belongs_to_the_duty_that_began_first(claims, left):
    assert shares({n: span(*c) for n, c in claims.items()}) == {n: span(*c) for n, c in left.items()}


@pytest.mark.parametrize(
    ("pauses", "last"), [((), 60), (((10, 20),), 60), (((50, 60),), 50), (((10, 20), (40, 90)), 40)]
)
def test_a_pause_that_lasts_to_the_end_claims_nothing(pauses, last):
    assert claimed(*span(0, 60), [span(*pause) for pause in pauses]) == span(0, last)
