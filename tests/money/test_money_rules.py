"""The arithmetic of money: the policy's worked cases, and that no fen is lost for any settings and any villages."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.money import rules
from app.money.models import FUNDS, LINES, PAYEE_KINDS
from app.money.rules import Forecast, Liability, Policy
from app.strength.rules import Village, exact

POLICY = Policy()


def village(n: int, population: int | None, weight: str = "1") -> Village:
    return Village(n, f"4201{n:08d}", f"村{n}", population, None, Fraction(weight))


def test_32_000_people_are_a_pot_of_96_000_yuan() -> None:
    pot = rules.pot_of(32_000, POLICY)
    assert pot == 9_600_000
    assert rules.split(pot, POLICY) == {
        "village_base": 4_800_000, "performance": 2_880_000, "points_shop": 1_152_000,
        "insurance_equipment": 480_000, "reserve": 288_000,
    }  # fmt: skip


def test_a_remainder_goes_to_the_largest_and_then_to_the_first_named() -> None:
    assert list(rules.split(1, POLICY).values()) == [1, 0, 0, 0, 0]
    even = Policy(20, 20, 20, 20, 20, 20)
    assert list(rules.split(7, even).values()) == [2, 2, 1, 1, 1]


@pytest.mark.parametrize(
    ("f", "grade"),
    [("100", "A"), ("90", "A"), ("89.99", "B"), ("75", "B"), ("74.99", "C"), ("60", "C"), ("59.99", "D"), ("0", "D")],
)  # fmt: skip
def test_grades_by_f(f: str, grade: str) -> None:
    assert rules.grade_of(Fraction(f), POLICY) == grade


def test_awards_by_weight_and_grade() -> None:
    """b = 9000, 4000, 2000; m = 1.0, 1.0, 0.7 by F = 88.1, 80.1, 64.1: Σ b·m = 14,400."""
    villages = [village(1, 6000, "1.5"), village(2, 4000), village(3, 2000)]
    scores = {1: Fraction("88.1"), 2: Fraction("80.1"), 3: Fraction("64.1")}
    found = rules.awards(2_880_000, villages, scores, POLICY)
    assert [(a.grade, a.factor, a.fen) for a in found] == [
        ("B", 1, 1_800_000), ("B", 1, 800_000), ("C", Fraction("0.7"), 280_000),
    ]  # fmt: skip
    assert [a.fen for a in rules.base_awards(1_500_000, villages)] == [900_000, 400_000, 200_000]


def test_an_improvement_plan_restores_at_most_three_tenths_and_never_beyond_one() -> None:
    assert [rules.restorable(POLICY.factor(g), POLICY) for g in "ABCD"] == [
        0,
        0,
        Fraction(3, 10),
        Fraction(3, 10),
    ]
    assert rules.restorable(Fraction("0.9"), POLICY) == Fraction(1, 10)
    assert rules.restored_fen(2_880_000, Fraction(2000), Fraction(3, 10), Fraction(14_400)) == 120_000
    assert rules.restored_fen(100, Fraction(1), Fraction(3, 10), Fraction(0)) == 0


def test_the_forecast_of_the_worked_case() -> None:
    """300 × 48 × 12 × 0.1 yuan = 17,280 on a line of 11,520: it carries 200, and the stop comes at 160."""
    found = Forecast(300, Fraction(48), 12, 10, 1_152_000, 921_600)
    assert (found.fen, found.carried, found.stopped_at, found.warns) == (1_728_000, 200, 160, True)
    assert not Forecast(160, Fraction(48), 12, 10, 1_152_000, 921_600).warns
    assert Forecast(161, Fraction(48), 12, 10, 1_152_000, 921_600).warns
    nobody = Forecast(5, Fraction(0), 12, 10, 100, 80)
    assert (nobody.carried, nobody.stopped_at, nobody.warns) == (None, None, False)


def liability(pending: int = 0, approved: int = 0, redeemed: int = 0, line: int = 1_152_000) -> Liability:
    return Liability(2026, pending, approved, redeemed, 10, line, 80)


def test_the_stop_lies_above_four_fifths_and_not_on_it() -> None:
    """9,216 yuan are 92,160 points, 184,320 half points."""
    assert liability().limit_fen == 921_600
    assert not liability(84_320, 100_000).is_stopped()
    assert liability(84_321, 100_000).is_stopped()
    assert liability(84_320, 99_999, 2).is_stopped()


def test_points_still_to_be_approved_are_not_counted_twice() -> None:
    full = liability(84_320, 100_000)
    assert not full.is_stopped(84_320)
    assert full.is_stopped(84_321)


def test_what_is_missing_is_what_the_line_needs() -> None:
    over = liability(200_000)
    assert over.needed_fen() == 1_000_000 and over.missing_fen() == 98_000
    assert not Liability(2026, 200_000, 0, 0, 10, 1_152_000 + 98_000, 80).is_stopped()
    assert Liability(2026, 200_000, 0, 0, 10, 1_152_000 + 97_999, 80).is_stopped()
    assert liability(10).missing_fen() == 0


def test_half_a_fen_counts_as_one() -> None:
    assert Liability(2026, 1, 0, 0, 5, 100, 80).used_fen == 3


def test_months_left_and_the_course() -> None:
    assert [rules.months_left(date(2026, m, 28)) for m in (1, 11, 12)] == [12, 2, 1]
    assert rules.course(100, Fraction(50), 10) == [(10, 150), (11, 200), (12, 250)]


def test_settings_that_cannot_be_leave_the_default() -> None:
    bad = {"fen_a_person_a_year": 2.5, "reserve_percent": -1, "a_factor": 11, "stop_percent": True, "more": 1}
    assert rules.policy_from(bad) == POLICY
    assert rules.policy_from({f"{line}_percent": 0 for line in rules.POT_LINES}) == POLICY
    assert rules.policy_from({"reserve_percent": 10, "fen_a_person_a_year": 500}) == Policy(
        500, reserve_percent=10
    )


def test_the_lists_of_rules_and_tables_are_the_same() -> None:
    assert LINES == rules.LINES and FUNDS == rules.FUNDS
    assert {kind for kinds in rules.PAYEES.values() for kind in kinds} == set(PAYEE_KINDS)
    assert set(rules.PAYEES) == set(LINES)


def test_yuan_reads_well() -> None:
    assert [rules.yuan(n) for n in (0, 5, -5, 123_450, 9_600_000)] == [
        "0.00",
        "0.05",
        "−0.05",
        "1,234.50",
        "96,000.00",
    ]


@pytest.mark.parametrize(
    ("typed", "fen"),
    [
        ("5", 500), ("0.5", 50), ("1234.50", 123_450), (" 1,234.50 ", 123_450), ("12，345，678", 1_234_567_800),
        ("99999999999.99", 9_999_999_999_999), ("1,5", None), ("1,23", None), ("1234,567", None), (",5", None),
        ("1,,234", None), ("1.005", None), ("-5", None), ("1e3", None), ("", None), ("٣" * 12, None),
    ],
)  # fmt: skip
def test_an_amount_is_read_as_it_was_meant_or_not_at_all(typed: str, fen: int | None) -> None:
    assert rules.fen_of(typed) == fen


# --- properties ---------------------------------------------------------------------------------------------------

percents = st.floats(0, 100, allow_nan=False, width=32)
villages_st = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(0, 30_000)),
        st.sampled_from(["1", "1.5", "2", "0.75"]),
        st.decimals(0, 100, places=2),
    ),
    min_size=1,
    max_size=25,
)


@given(st.integers(0, 10**12), st.lists(percents, min_size=5, max_size=5))
def test_no_fen_of_a_pot_is_lost_whatever_the_shares(fen: int, shares: list[float]) -> None:
    policy = rules.policy_from(
        dict(zip((f"{line}_percent" for line in rules.POT_LINES), shares, strict=True))
    )
    found = rules.split(fen, policy)
    assert sum(found.values()) == fen and min(found.values()) >= 0
    weights = sum(policy.share(line) for line in rules.POT_LINES)
    for line, part in found.items():
        assert abs(part - fen * policy.share(line) / weights) < 1


@given(villages_st, st.integers(0, 10**10))
def test_no_fen_of_a_pool_is_lost_and_more_is_never_less(rows: list[Any], pool: int) -> None:
    villages = [village(n, people, weight) for n, (people, weight, _) in enumerate(rows, 1)]
    scores = {n: Fraction(f) for n, (_, _, f) in enumerate(rows, 1)}
    for found in (rules.awards(pool, villages, scores, POLICY), rules.base_awards(pool, villages)):
        weighs = any(a.weight for a in found)
        assert sum(a.fen for a in found) == (pool if weighs else 0)
        assert all(a.fen >= 0 for a in found)
        for a in found:
            assert all(a.fen >= b.fen for b in found if a.weight > b.weight)


@given(st.integers(0, 10**12))
def test_the_quarters_of_a_line_are_the_line(fen: int) -> None:
    each = [rules.quarter_pool(fen, q, q) for q in range(1, 5)]
    assert sum(each) == fen == rules.quarter_pool(fen, 1, 4)
    assert max(each) - min(each) <= 1
    assert rules.quarter_pool(fen, 2, 3) == each[1] + each[2]


@given(
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.integers(0, 10**9),
    st.integers(0, 1000),
)
def test_the_stop_is_what_it_says_for_all_figures(p: int, a: int, r: int, line: int, more: int) -> None:
    found = Liability(2026, p, a, r, 10, line, 80)
    over = Fraction(max(p + a + r, a + r + more) * 5) > Fraction(line * 80, 100)
    # The limit is a whole fen: at most one lower than the fraction.
    assert found.is_stopped(more) == (max(p + a + r, a + r + more) * 5 > found.limit_fen)
    assert not over or found.is_stopped(more)
    enough = Liability(2026, p, a, r, 10, line + found.missing_fen(more), 80)
    assert not enough.is_stopped(more)


@given(
    st.dictionaries(
        st.sampled_from([f.name for f in fields(Policy)]),
        st.one_of(st.floats(), st.integers(), st.text(), st.none(), st.booleans()),
    )
)
def test_no_mapping_breaks_the_settings(mapping: dict[str, Any]) -> None:
    policy = rules.policy_from(mapping)
    assert sum(rules.split(100_001, policy).values()) == 100_001
    assert exact(policy.stop_percent) >= 0
