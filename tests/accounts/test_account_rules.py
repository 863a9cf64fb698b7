"""Codes as people type them, the steps of a second factor, and who may be sent a code."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts import rules

AT = datetime(2026, 11, 24, 12, 0, 10, tzinfo=UTC)
codes = st.text(alphabet=rules.ALPHABET, min_size=8, max_size=8)


@pytest.mark.parametrize(
    "typed", ["K7QF3M20", "k7qf-3m20", " k7qf 3m2o ", "K7QF–3M2O", "Ｋ７ＱＦ３Ｍ２０", "k.7.q.f.3.m.2.0"]
)
def test_a_code_is_read_however_it_is_typed(typed):
    assert rules.read_code(typed) == "K7QF3M20"


def test_letters_that_look_alike_are_the_same():
    assert rules.read_code("IlLo OO10") == "11100010"


@pytest.mark.parametrize("typed", ["", "K7QF3M2", "K7QF3M2PP", "K7QF3M2U", "七七七七七七七七", "K7QF3M2٣"])
def test_what_is_no_code_is_none(typed):
    assert rules.read_code(typed) is None


@given(codes)
def test_what_is_shown_is_read_again(code):
    assert rules.read_code(rules.shown_code(code).lower()) == code


@given(st.binary(min_size=8, max_size=20))
def test_every_byte_gives_a_letter_that_reads_as_itself(random):
    code = rules.letters_of(random, 8)
    assert len(code) == 8 and rules.read_code(code) == code


def test_the_digits_of_this_step_and_its_neighbours_are_right():
    before, now, after = rules.steps_near(AT)
    digits = {before: "111111", now: "222222", after: "333333"}
    assert rules.matching_step(digits, "222 222", 0) == now
    assert rules.matching_step(digits, "１１１１１１", 0) == before
    assert rules.matching_step(digits, "333333", 0) == after
    assert rules.matching_step(digits, "444444", 0) is None
    assert rules.matching_step(digits, "", 0) is None
    assert rules.matching_step(digits, "٢٢٢٢٢٢", 0) is None


def test_no_digits_are_right_twice_nor_older_ones_after_newer():
    before, now, _ = rules.steps_near(AT)
    digits = {before: "111111", now: "222222"}
    assert rules.matching_step(digits, "222222", now) is None
    assert rules.matching_step(digits, "111111", now) is None


def test_the_same_digits_in_two_steps_are_right_once_each():
    before, now, _ = rules.steps_near(AT)
    digits = {before: "111111", now: "111111"}
    assert rules.matching_step(digits, "111111", 0) == before
    assert rules.matching_step(digits, "111111", before) == now


def test_a_step_is_half_a_minute():
    assert rules.step_of(AT + timedelta(seconds=30)) == rules.step_of(AT) + 1


@pytest.mark.parametrize(
    ("roles", "is_self", "may"),
    [
        ((), False, True), (("member",), False, True), (("leader",), False, False), (("reviewer",), False, False),
        (("admin",), False, False), (("leader",), True, True), (("admin",), True, True),
    ],
)  # fmt: skip
def test_a_code_is_no_way_to_a_colleague_s_rights(roles, is_self, may):
    assert rules.may_be_sent_a_code(roles, is_self) is may


def tries(*minutes_ago, times=1):
    return [(AT - timedelta(minutes=m), times) for m in minutes_ago]


@pytest.mark.parametrize(
    ("before", "seconds"),
    [
        ([], 0), (tries(0, 1, 2, 3), 0), (tries(0, 1, 2, 3, 4), 26 * 60), (tries(0, 1, 2, 3, 4, 29), 26 * 60),
        (tries(1, 2, 3, 4, 29.999), 1), (tries(1, 2, 3, 4, 30), 0), (tries(10, times=5), 20 * 60),
        (tries(10, 20, times=3), 10 * 60),
    ],
)  # fmt: skip
def test_one_waits_until_the_last_half_hour_holds_fewer_than_five(before, seconds):
    assert rules.wait_s(before, 5, 1800, AT) == seconds
