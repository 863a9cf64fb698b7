"""From measures to grades: the worked case of the policy, and what holds whatever is measured."""

from __future__ import annotations

from datetime import date
from fractions import Fraction as F

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assessment import rules
from app.assessment.rules import INDICATORS, Measured, Place, Plan, PlanItem, Policy, Quarter

POLICY = Policy()
WEIGHTS = {
    "dosage": (20, 10), "worst_gap": (8, 5), "route": (12, 17), "cells": (5, 8), "hazards": (15, 15),
    "near_repeat": (5, 3), "environment": (5, 7), "staffing": (8, 10), "roster": (10, 10), "checkins": (4, 5),
    "training": (4, 5), "publicity": (4, 5),
}  # fmt: skip


def place(values, tier="ordinary", weight=1, n=100, id_=1):
    """`values`: per cent by indicator; one that is left out is missing."""
    measured = {key: Measured(F(str(v)), F(100), n) for key, v in values.items()}
    missing = {key: Measured(why="no_data") for key in INDICATORS if key not in values}
    return Place(id_, f"{id_}", f"村{id_}", tier, F(weight), {**measured, **missing})


def everywhere(percent):
    """A place whose points are `percent` of 100 in each indicator."""
    return {
        key: float(100 * (low + (high - low) * F(percent) / 100))
        for key in INDICATORS
        for low, high in [POLICY.limits(key)]
    }


def test_the_weights_are_those_of_the_policy_and_each_column_is_a_hundred():
    for at, tier in enumerate(("priority", "ordinary")):
        assert POLICY.weights(tier) == {key: pair[at] for key, pair in WEIGHTS.items()}
        assert sum(POLICY.weights(tier).values()) == 100
    assert sum(POLICY.weights("township").values()) == 100
    assert POLICY.weights("township")["worst_gap"] == F(13, 2)


def test_the_worked_case():
    scores = [(F(9), F(90)), (F(4), F(80)), (F(2), F(60))]
    bundled = rules.bundle(scores, F(85), POLICY)
    assert bundled == F("80.5")
    assert [rules.final(s, bundled, POLICY) for _, s in scores] == [F("88.1"), F("80.1"), F("64.1")]


def test_the_worked_case_through_the_whole_of_it():
    villages = [
        place(everywhere(90), "priority", 9, id_=1),
        place(everywhere(80), weight=4, id_=2),
        place(everywhere(60), weight=2, id_=3),
    ]
    found = rules.judge(place(everywhere(85), "township"), villages, POLICY)
    assert found.card.score == 85 and found.bundle == F("80.5")
    assert [v.final for v in found.villages] == [F("88.1"), F("80.1"), F("64.1")]
    assert [v.grade for v in found.villages] == ["B", "B", "C"] and [v.rank for v in found.villages] == [
        1,
        2,
        3,
    ]


@pytest.mark.parametrize(
    ("score", "grade"),
    [
        ("100", "A"),
        ("90", "A"),
        ("89.9", "B"),
        ("75", "B"),
        ("74.9", "C"),
        ("60", "C"),
        ("59.9", "D"),
        ("0", "D"),
    ],
)
def test_grades_begin_where_the_policy_says(score, grade):
    assert rules.grade_of(F(score), POLICY) == grade


def test_a_grade_is_judged_by_what_is_printed():
    assert rules.tenths(F("89.95")) == 90 and rules.tenths(F("89.94")) == F("89.9")


@pytest.mark.parametrize(("value", "points"), [(10, 0), (20, 0), (50, 50), (80, 100), (95, 100)])
def test_points_are_linear_between_floor_and_target(value, points):
    assert rules.linear(F(value, 100), F(20, 100), F(80, 100)) == points


def test_a_missing_indicator_hands_its_weight_on_in_proportion():
    there = rules.handed_on(POLICY.weights("priority"), ["dosage", "hazards", "cells"])
    assert there["dosage"] == 50 and there["hazards"] == F(75, 2) and there["cells"] == F(25, 2)
    assert sum(there.values()) == 100 and there["route"] == 0


def test_few_cases_are_drawn_towards_the_township():
    own, township = Measured(F(5), F(5), 5), Measured(F(40), F(80), 80)
    assert rules.shrunk(own, township, 20) == F(5, 20) * 1 + F(15, 20) * F(1, 2)
    assert rules.shrunk(Measured(F(20), F(20), 20), township, 20) == 1
    assert rules.shrunk(own, None, 20) == 1


def test_what_has_no_data_has_no_score_and_no_grade():
    nothing = place({}, id_=2)
    found = rules.judge(place(everywhere(85), "township"), [place(everywhere(90)), nothing], POLICY)
    assert (
        found.villages[1].final is None and found.villages[1].grade is None and found.villages[1].rank is None
    )
    assert found.bundle == F("0.4") * 85 + F("0.6") * 90
    bare = rules.judge(place({}, "township"), [nothing], POLICY)
    assert bare.bundle is None and bare.card.score is None


def test_the_lowest_quarter_is_one_of_four_and_two_of_five():
    assert rules.lowest_quarter([F(s) for s in (80, 60, 70, 90)]) == 60
    assert rules.lowest_quarter([F(s) for s in (80, 60, 70, 90, 100)]) == 65


def test_a_policy_with_a_wrong_column_keeps_the_default_column():
    assert rules.policy_from({"dosage_priority": 30}) == POLICY
    moved = rules.policy_from({"dosage_priority": 15, "route_priority": 17, "term_days": 20})
    assert moved.weights("priority")["route"] == 17 and moved.term_days == 20
    for odd in (
        {"dosage_floor": 90},
        {"grade_a": 50},
        {"term_days": True},
        {"few_below": 0},
        {"publicity_day": 31},
    ):
        assert rules.policy_from(odd) == POLICY


def test_a_plan_restores_the_share_of_its_items_done_in_time_and_confirmed():
    due = date(2026, 12, 31)
    items = [
        PlanItem(due, date(2026, 12, 1), True), PlanItem(due, date(2026, 12, 31), True),
        PlanItem(due, date(2027, 1, 1), True), PlanItem(due, date(2026, 12, 1), False), PlanItem(due),
    ]  # fmt: skip
    assert rules.restored(Plan("D", items)) == F(3, 10) * F(2, 5)
    assert rules.restored(Plan("C", items[:2])) == F(3, 10)
    assert rules.restored(Plan("B", items[:2])) == 0 and rules.restored(Plan("D")) == 0


def test_a_plan_is_waited_for_until_each_item_is_confirmed_or_too_late():
    due, later = date(2026, 12, 31), date(2027, 1, 31)
    on_time, over = date(2026, 12, 1), date(2027, 1, 1)
    assert Plan("C", [PlanItem(due, on_time, True), PlanItem(later)]).ends_on(over) == later
    assert Plan("C", [PlanItem(due), PlanItem(due, over)]).ends_on(due) == due
    assert Plan("C", [PlanItem(due), PlanItem(due, over)]).ends_on(over) is None
    assert Plan("C", [PlanItem(due, on_time)]).ends_on(later) == due, (
        "done in time: somebody has to confirm it"
    )
    assert (
        Plan("C", [PlanItem(due, on_time, True)]).ends_on(on_time) is None and Plan("D").ends_on(due) is None
    )


def test_quarters():
    quarter = rules.quarter_of(date(2026, 11, 24))
    assert (
        quarter == Quarter(date(2026, 10, 1)) and quarter.last == date(2026, 12, 31) and quarter.number == 4
    )
    assert quarter.months == (date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1))
    assert quarter.before.before.before.before == Quarter(date(2025, 10, 1))
    assert Quarter(date(2027, 1, 1)).last == date(2027, 3, 31)
    assert rules.due_for(date(2026, 12, 1), POLICY) == date(2027, 1, 10)


def test_a_heavier_indicator_leaves_a_hundred_and_says_what_it_moves():
    for key in INDICATORS:
        more = rules.heavier(POLICY, key)
        for column in rules.COLUMNS:
            assert abs(sum(more.weights(column).values()) - 100) < F(1, 10**9)
    good, bad = everywhere(100), everywhere(0)
    villages = [
        place({**bad, "dosage": good["dosage"]}, id_=1),
        place({**bad, "route": good["route"]}, id_=2),
    ]
    shifts = {s.indicator: s for s in rules.sensitivity(place(everywhere(50), "township"), villages, POLICY)}
    assert set(shifts) == set(INDICATORS) and shifts["dosage"].ranks == 0 and shifts["route"].ranks == 0
    closer = [
        place({**bad, "hazards": good["hazards"]}, id_=1),
        place({**bad, "route": good["route"]}, id_=2),
    ]
    shifts = {s.indicator: s for s in rules.sensitivity(place(everywhere(50), "township"), closer, POLICY)}
    assert shifts["hazards"].ranks == 1, "15 + 5 is more than 17 less its part"


# --- whatever is measured -----------------------------------------------------------------------------------------

shares = st.one_of(st.none(), st.integers(0, 100))
places = st.builds(
    lambda values, tier, weight, n: place(
        {k: v for k, v in zip(INDICATORS, values, strict=True) if v is not None}, tier, weight, n
    ),
    st.tuples(*[shares] * len(INDICATORS)), st.sampled_from(["priority", "ordinary"]), st.integers(0, 9000),
    st.integers(1, 40),
)  # fmt: skip
towns = st.builds(lambda values: place(dict(zip(INDICATORS, values, strict=True)), "township"),
                  st.tuples(*[st.integers(0, 100)] * len(INDICATORS)))  # fmt: skip


@given(towns, st.lists(places, max_size=9))
def test_all_scores_lie_between_nothing_and_a_hundred(town, villages):
    found = rules.judge(town, villages, POLICY)
    scores = [found.card.score, found.bundle]
    for village in found.villages:
        scores += [village.card.score, village.final]
        if village.card.score is not None:
            assert sum(line.weight for line in village.card.lines) == 100
            assert village.grade in rules.GRADES
    assert all(0 <= score <= 100 for score in scores if score is not None)


@given(towns, st.lists(places, min_size=1, max_size=6), st.data())
def test_doing_better_in_one_indicator_never_costs_a_point(town, villages, data):
    which = data.draw(st.integers(0, len(villages) - 1))
    key = data.draw(st.sampled_from(INDICATORS))
    before = villages[which].measured[key]
    if before.value is None:
        return
    better = Measured(data.draw(st.integers(int(before.num), 100).map(F)), before.den, before.n)
    changed = list(villages)
    old = villages[which]
    changed[which] = Place(old.id, old.code, old.name, old.tier, old.weight, {**old.measured, key: better})
    one, other = rules.judge(town, villages, POLICY), rules.judge(town, changed, POLICY)
    assert other.bundle >= one.bundle
    for a, b in zip(one.villages, other.villages, strict=True):
        assert a.final is None or b.final >= a.final


@given(towns, st.lists(places, max_size=6), st.randoms())
def test_the_order_of_the_villages_changes_nothing(town, villages, chance):
    numbered = [
        Place(n, p.code, p.name, p.tier, p.weight, p.measured) for n, p in enumerate(villages)
    ]  # fmt: skip
    mixed = list(numbered)
    chance.shuffle(mixed)
    one, other = rules.judge(town, numbered, POLICY), rules.judge(town, mixed, POLICY)
    assert one.bundle == other.bundle
    by_id = {v.place.id: v for v in other.villages}
    assert all(by_id[v.place.id] == v for v in one.villages)
