"""What becomes of a month, who is drawn, when a notice ends, what stands in the way: worked cases, properties."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.approval.rules import (
    BOUNDS,
    DECIDED,
    Policy,
    Standing,
    Waiting,
    Worked,
    by_lot,
    drawn,
    is_working_day,
    movable,
    outlying,
    points,
    policy_from,
    robust_z,
    state_of,
    why_not_final,
    why_not_open,
    working_days_after,
)  # fmt: skip

NOW = datetime(2026, 12, 5, tzinfo=UTC)
LATER, EARLIER = NOW + timedelta(hours=1), NOW - timedelta(hours=1)
MONTH = "420112:2026-11"


# --- a person's month -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("standing", "state", "moves"),
    [
        (Standing(97, 0), "to_submit", 97),
        (Standing(97, 0, settles_at=LATER), "unsettled", 97),
        (Standing(97, 0, settles_at=NOW), "to_submit", 97),
        (Standing(97, 0, submitted_half=97), "submitted", 97),
        (Standing(97, 0, submitted_half=90), "changed", 97),
        (Standing(0, 97, "approved"), "approved", 0),
        (Standing(10, 97, "approved"), "differs", 10),
        (Standing(-10, 97, "approved"), "differs", -10),
        (Standing(-120, 97, "approved", -97), "submitted", -97),
        (Standing(-23, 0, "approved"), "approved", 0),
        (Standing(-23, -50, "approved"), "approved", 0),
        (Standing(-20, 0), "debt", 0),
        (Standing(0, 0), "nothing", 0),
        (Standing(97, 0, "set_aside"), "set_aside", 97),
        (Standing(97, 0, "set_aside", 97), "submitted", 97),
        (Standing(97, 0, "returned"), "returned", 97),
        (Standing(0, 0, "returned"), "returned", 0),
        (Standing(0, 0, "returned", 0), "submitted", 0),
    ],
)
def test_the_state_of_a_persons_month(standing, state, moves):
    assert (state_of(standing, NOW), movable(standing)) == (state, moves)


@given(
    st.integers(-500, 500), st.integers(-500, 500), st.sampled_from([None, "approved", "returned", "set_aside"]),
    st.one_of(st.none(), st.integers(-500, 500)),
)  # fmt: skip
def test_nothing_is_taken_that_is_not_there_and_what_is_decided_moves_nothing(
    open_half, held, kind, submitted
):
    standing = Standing(open_half, held, kind, submitted)
    moves, state = movable(standing), state_of(standing, NOW)
    assert held + moves >= min(held, 0) and abs(moves) <= abs(open_half) and moves * open_half >= 0
    if state in DECIDED - {"set_aside"}:
        assert moves == 0
    if state == "submitted":
        assert submitted == moves
    after = Standing(open_half - moves, held + moves, "approved")
    assert state_of(after, NOW) == "approved"


@pytest.mark.parametrize(("half", "whole"), [(97, 48), (96, 48), (0, 0), (-1, 0), (-97, -48)])
def test_half_points_are_rounded_towards_zero_once(half, whole):
    assert points(half) == whole


# --- who is drawn ---------------------------------------------------------------------------------


def worked(person_id, half=200, hours=10, team=1, shifts=4, flags=0):
    return Worked(person_id, team, half, int(hours * 3600), shifts, flags)


def test_five_per_cent_and_one_at_least_in_an_order_that_nobody_chooses():
    assert by_lot([], MONTH, 5) == []
    assert len(by_lot(range(1, 4), MONTH, 5)) == 1
    assert len(by_lot(range(1, 21), MONTH, 5)) == 1
    assert len(by_lot(range(1, 22), MONTH, 5)) == 2
    assert len(by_lot(range(1, 301), MONTH, 5)) == 15
    assert by_lot(range(1, 301), MONTH, 0) == [] and len(by_lot(range(1, 301), MONTH, 100)) == 300


@given(st.sets(st.integers(1, 10_000), max_size=80), st.randoms(use_true_random=False))
def test_the_lot_is_the_same_in_any_order_and_another_month_has_another(ids, random):
    shuffled = list(ids)
    random.shuffle(shuffled)
    assert by_lot(shuffled, MONTH, 5) == by_lot(ids, MONTH, 5) == by_lot([*ids, *ids], MONTH, 5)
    if len(ids) > 40:
        assert by_lot(ids, MONTH, 100) != by_lot(ids, "420112:2026-12", 100)


def test_each_of_a_hundred_is_drawn_about_equally_often_over_many_months():
    times = dict.fromkeys(range(100), 0)
    for n in range(2000):
        for one in by_lot(times, f"township:{n}", 5):
            times[one] += 1
    assert sum(times.values()) == 2000 * 5
    assert min(times.values()) > 60 and max(times.values()) < 145


def test_whoever_stands_out_by_the_hour_or_in_all_is_drawn():
    team = [worked(n, 200 + n, 10) for n in range(1, 8)]
    assert all(outlying(one, team, Policy()) == [] for one in team)
    much, quick = worked(8, 900, 45), worked(9, 203, 2)
    assert outlying(much, [*team, much], Policy()) == ["total"]
    assert outlying(quick, [*team, quick], Policy()) == ["hours"]
    little = worked(10, 20, 1)
    assert outlying(little, [*team, little], Policy()) == ["total"]


def test_a_small_team_is_compared_with_the_township_and_a_small_township_with_nobody():
    large = [worked(n, 200 + n, 10, team=1) for n in range(1, 8)]
    alone = worked(20, 900, 45, team=2)
    assert outlying(alone, [*large, alone], Policy()) == ["total"]
    assert outlying(alone, [*large[:3], alone], Policy()) == []


def test_where_all_but_one_are_alike_the_one_still_stands_out():
    team = [worked(n, 200, 10) for n in range(1, 9)]
    other = worked(9, 800, 40)
    assert outlying(other, [*team, other], Policy()) == ["total"]
    assert outlying(team[0], [*team, other], Policy()) == []


def test_a_cap_that_was_reached_and_many_flags_are_reasons():
    month = [worked(n, 200 + n, 10) for n in range(1, 8)]
    month[2] = replace(month[2], half=800, worked_s=40 * 3600)
    month[3] = replace(month[3], flags=3)
    month[4] = replace(month[4], flags=2)
    found = drawn(month, MONTH, 800, Policy(audit_percent=0))
    assert found == {3: ("total", "cap"), 4: ("flags",)}
    assert drawn(month, MONTH, 800, Policy(audit_percent=0, flags_per_shift=1)).keys() == {3}


def test_no_hours_are_no_rate():
    assert worked(1, 200, 0.2).an_hour is None
    assert worked(1, 97, 2.5).an_hour == 97 / 2 / 2.5


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=40))
def test_a_robust_z_is_nothing_at_the_median_and_does_not_mind_the_unit(values):
    assert robust_z(median(values), values) == 0
    for value in values[:5]:
        z = robust_z(value, values)
        assert robust_z(value * 8 + 3, [v * 8 + 3 for v in values]) == pytest.approx(z)


# --- working days ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "n", "last"),
    [
        (date(2026, 12, 4), 5, date(2026, 12, 11)),  # a Friday: Monday to Friday
        (date(2026, 12, 5), 5, date(2026, 12, 11)),  # a Saturday
        (date(2026, 12, 7), 5, date(2026, 12, 14)),  # a Monday: the day itself is not a whole one
        (date(2026, 12, 9), 1, date(2026, 12, 10)),
    ],
)
def test_five_whole_working_days_follow_the_day_of_opening(day, n, last):
    assert working_days_after(day, n) == last


def test_a_holiday_is_no_working_day():
    new_year = {date(2027, 1, 1)}
    assert not is_working_day(date(2027, 1, 1), new_year) and is_working_day(date(2027, 1, 1))
    assert working_days_after(date(2026, 12, 28), 5, new_year) == date(2027, 1, 5)


@given(
    st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(1, 30), st.sets(st.integers(1, 60), max_size=8)
)
def test_there_are_exactly_so_many_working_days_and_the_last_is_one(day, n, offsets):
    holidays = {day + timedelta(days=offset) for offset in offsets}
    last = working_days_after(day, n, holidays)
    between = [day + timedelta(days=k) for k in range(1, (last - day).days + 1)]
    assert sum(is_working_day(one, holidays) for one in between) == n
    assert is_working_day(last, holidays)


# --- what stands in the way -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("states", "audits", "is_over", "is_open", "code"),
    [
        (["approved", "set_aside", "debt"], 0, True, False, None),
        (["approved"], 0, True, True, "notice_open_already"),
        (["approved"], 0, False, False, "month_still_runs"),
        (["approved", "submitted"], 0, True, False, "notice_undecided"),
        (["approved", "unsettled"], 0, True, False, "notice_undecided"),
        (["approved"], 1, True, False, "notice_audits_open"),
        (["set_aside"], 0, True, False, "notice_of_nobody"),
        ([], 0, True, False, "notice_of_nobody"),
    ],
)
def test_what_stands_in_the_way_of_a_notice(states, audits, is_over, is_open, code):
    assert why_not_open(states, audits, is_over=is_over, is_open=is_open) == code


@pytest.mark.parametrize(
    ("waiting", "code"),
    [
        (Waiting(None, 0, 0, 0), "notice_missing"),
        (Waiting(LATER, 0, 0, 0), "notice_runs"),
        (Waiting(NOW, 0, 0, 0), None),
        (Waiting(EARLIER, 1, 0, 0), "objections_open"),
        (Waiting(EARLIER, 0, 1, 0), "returned_open"),
        (Waiting(EARLIER, 0, 0, 1), "notice_audits_open"),
    ],
)
def test_a_month_is_final_when_the_notice_and_all_objections_are_over(waiting, code):
    assert why_not_final(waiting, NOW) == code


# --- the numbers ----------------------------------------------------------------------------------


def test_a_value_that_cannot_be_leaves_the_default():
    assert policy_from({"audit_percent": 10, "outlier_least": 8.0, "unknown": 1}) == Policy(
        audit_percent=10.0, outlier_least=8
    )
    for wrong in (True, "5", None, -1, 101, [5]):
        assert policy_from({"audit_percent": wrong}) == Policy()
    assert policy_from({"notice_working_days": 2.5}) == policy_from({"notice_working_days": 0}) == Policy()
    assert set(BOUNDS) == {item.name for item in fields(Policy)}
