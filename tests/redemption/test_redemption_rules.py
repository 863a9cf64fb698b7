"""What may be spent, what expires, the time bank, codes: worked cases, and what holds for all."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.redemption import rules
from app.redemption.rules import Left, Lot, Policy, Service

POLICY = Policy()
JAN, FEB, MAR = (date(2026, month, 1) for month in (1, 2, 3))


def test_points_of_frozen_months_only():
    lots = [Lot(JAN, 97, True), Lot(FEB, 200, False)]
    assert rules.redeemable_half(lots, 0, 297) == 97
    assert rules.redeemable_half(lots, 60, 237) == 37
    assert rules.redeemable_half([Lot(JAN, 97, True), Lot(FEB, 200, True)], 0, 297) == 297


def test_never_more_than_is_there_and_never_below_nothing():
    assert rules.redeemable_half([Lot(JAN, 100, True)], 0, 40) == 40
    assert rules.redeemable_half([Lot(JAN, 100, True)], 0, -100) == 0
    assert rules.redeemable_half([Lot(JAN, 100, True), Lot(JAN, -100, True)], 20, -20) == 0


def test_the_oldest_are_spent_first():
    lots = [Lot(FEB, 40, True), Lot(JAN, 60, True), Lot(MAR, 10, False)]
    assert rules.left_of(lots, 70, POLICY) == (Left(FEB, 30, date(2028, 3, 1)),)


def test_a_month_in_debt_is_paid_by_the_others():
    lots = [Lot(JAN, 60, True), Lot(FEB, -20, True), Lot(MAR, 50, True)]
    assert [(one.month, one.half) for one in rules.left_of(lots, 0, POLICY)] == [(JAN, 40), (MAR, 50)]


def test_points_end_when_each_of_them_had_its_24_months():
    left = rules.left_of([Lot(date(2024, 11, 1), 10, True)], 0, POLICY)
    assert left[0].ends_on == date(2026, 12, 1)
    assert rules.expired(left, date(2026, 11, 30)) == ()
    assert rules.expired(left, date(2026, 12, 1)) == left
    # warned for 60 days, and no longer once it is over
    assert rules.ending_soon(left, date(2026, 10, 1), POLICY) == ()
    assert rules.ending_soon(left, date(2026, 10, 2), POLICY) == left
    assert rules.ending_soon(left, date(2026, 12, 1), POLICY) == ()


LOTS = st.lists(
    st.builds(
        Lot, st.dates(date(2024, 1, 1), date(2026, 12, 1)).map(lambda day: day.replace(day=1)),
        st.integers(-200, 400), st.booleans(),
    ),
    max_size=12,
)  # fmt: skip


@given(LOTS, st.integers(0, 3000), st.randoms(use_true_random=False))
def test_what_is_left_does_not_hang_on_the_order_and_is_never_negative(lots, gone, chance: Random):
    shuffled = list(lots)
    chance.shuffle(shuffled)
    left = rules.left_of(lots, gone, POLICY)
    assert rules.left_of(shuffled, gone, POLICY) == left
    assert all(one.half > 0 for one in left)
    assert [one.month for one in left] == sorted({one.month for one in left})
    frozen = sum(lot.half for lot in lots if lot.is_frozen)
    assert sum(one.half for one in left) == max(0, frozen - gone)


@given(LOTS, st.integers(0, 3000), st.dates(date(2026, 1, 1), date(2029, 1, 1)))
def test_what_expired_does_not_expire_again(lots, gone, today):
    left = rules.left_of(lots, gone, POLICY)
    ended = rules.expired(left, today)
    later = rules.left_of(lots, gone + sum(one.half for one in ended), POLICY)
    assert rules.expired(later, today) == ()
    assert later == tuple(one for one in left if one not in ended)


@given(LOTS, st.integers(0, 500), st.integers(1, 500))
def test_spending_takes_nothing_from_a_younger_month_while_an_older_has_some(lots, gone, more):
    before = {one.month: one.half for one in rules.left_of(lots, gone, POLICY)}
    after = {one.month: one.half for one in rules.left_of(lots, gone + more, POLICY)}
    touched = [month for month, half in before.items() if after.get(month, 0) < half]
    assert all(after.get(month, 0) == 0 for month in before if touched and month < max(touched))


@given(LOTS, st.integers(0, 3000), st.integers(-500, 5000))
def test_what_may_be_spent_is_bounded(lots, gone, balance):
    half = rules.redeemable_half(lots, gone, balance)
    assert 0 <= half <= max(0, balance)
    assert half <= max(0, sum(lot.half for lot in lots if lot.is_frozen) - gone)


@pytest.mark.parametrize(
    ("month", "n", "then"),
    [
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 1, 1), -1, date(2025, 12, 1)),
        (JAN, 25, date(2028, 2, 1)),
    ],
)
def test_months_are_counted_over_the_year(month, n, then):
    assert rules.months_after(month, n) == then


# --- prices ---------------------------------------------------------------------------------------


def test_a_hundred_points_are_worth_ten_yuan():
    assert rules.least_price(1000, "points", POLICY) == 100
    assert rules.least_price(1001, "points", POLICY) == 101
    assert rules.least_price(0, "points", POLICY) == 1
    assert rules.least_price(1000, "hours", POLICY) == 1


# --- time bank ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "spent", "credited", "free"),
    [(99, 0, 99, 0), (100, 0, 100, 100), (130, 100, 130, 30), (1500, 0, 1500, 1500), (1800, 0, 1500, 1500),
     (1800, 1500, 1500, 0), (0, 0, 0, 0)],
)  # fmt: skip
def test_time_bank(hours, spent, credited, free):
    bank = rules.time_bank(hours * 60 + 59, spent, POLICY)
    assert (bank.served, bank.credited, bank.redeemable) == (hours, credited, free)


@pytest.mark.parametrize(
    ("hours", "won"),
    [(0, 0), (99, 0), (100, 1), (299, 1), (300, 2), (600, 3), (1000, 4), (1499, 4), (1500, 5)],
)
def test_stars(hours, won):
    assert rules.stars(hours * 60) == won


# --- codes ----------------------------------------------------------------------------------------

SIGNS = st.text(st.sampled_from(rules.ALPHABET), min_size=7, max_size=19)


def test_no_sign_is_taken_for_another():
    assert len(rules.ALPHABET) == len(set(rules.ALPHABET)) == 31
    assert not set(rules.ALPHABET) & set("01ILO")


@given(SIGNS, st.data())
def test_one_wrong_sign_shows(signs, data):
    code = rules.with_check(signs)
    assert rules.is_sound(code)
    at = data.draw(st.integers(0, len(code) - 1))
    other = data.draw(st.sampled_from([sign for sign in rules.ALPHABET if sign != code[at]]))
    assert not rules.is_sound(code[:at] + other + code[at + 1 :])


@given(SIGNS, st.data())
def test_two_neighbours_that_changed_places_show(signs, data):
    code = rules.with_check(signs)
    at = data.draw(st.integers(0, len(code) - 2))
    turned = code[:at] + code[at + 1] + code[at] + code[at + 2 :]
    assert rules.is_sound(turned) == (code[at] == code[at + 1])


@given(st.binary(min_size=24, max_size=24))
def test_a_code_reads_the_same_however_it_is_typed(chance):
    code = rules.with_check(rules.signs_from(chance, rules.CERTIFICATE_SIGNS))
    assert len(code) == 20
    assert rules.read_code(f" {rules.in_groups(code).lower()} ") == code


def test_a_certificate_code_has_more_than_80_bits():
    assert len(rules.ALPHABET) ** rules.CERTIFICATE_SIGNS > 2**80


@pytest.mark.parametrize("text", ["", "A", "ÄÖ23", "0" * 8, "王" * 8])
def test_what_is_no_code_is_not_sound(text):
    assert not rules.is_sound(rules.read_code(text))


# --- names and periods ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("王", "王*"),
        ("王五", "王*"),
        ("王队员", "王**"),
        ("欧阳小兰英", "欧***"),
        ("John Smith", "J***"),
        (" ", "*"),
    ],
)
def test_names_are_masked(name, shown):
    assert rules.masked(name) == shown


def test_a_period_is_over_and_the_right_way_round():
    today = date(2026, 11, 24)
    assert rules.period_fault(JAN, today - timedelta(days=1), today) is None
    assert rules.period_fault(JAN, today, today) == "shop_period_not_over"
    assert rules.period_fault(FEB, JAN, today) == "shop_period_turned"


def test_service_is_summed_by_team_and_rounded_once():
    found = [Service("一队", JAN, 3590), Service("二队", JAN, 60), Service("一队", FEB, 40)]
    served = rules.served(found)
    assert served.lines == (
        {"team": "一队", "duties": 2, "minutes": 60}, {"team": "二队", "duties": 1, "minutes": 1},
    )  # fmt: skip
    assert (served.minutes, served.duties) == (61, 3)
    assert rules.served([]).minutes == 0


def test_unknown_numbers_of_a_policy_are_passed_over():
    assert rules.policy_from({"mode": "time_bank", "new": 1}) == Policy(mode="time_bank")


def test_hours_are_rounded_down():
    assert [rules.hours_words(n) for n in (0, 5, 6, 59, 60, 93, 6000)] == [
        "0",
        "0",
        "0.1",
        "0.9",
        "1",
        "1.5",
        "100",
    ]
