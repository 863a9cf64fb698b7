"""Targets, shares and costs: the worked numbers of the policy, and what must hold of any."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.strength import rules
from app.strength.rules import Cost, Counts, Part, Policy, Standing, Village

DEFAULT = Policy()


def village(n: int, population: int | None, k: float = 1.0, households: int | None = None) -> Village:
    return Village(n, f"{n:012d}", f"{n}村", population, households, rules.exact(k))


def towns(*populations: int) -> list[Village]:
    return [village(n, p) for n, p in enumerate(populations, 1)]


# --- the worked numbers -------------------------------------------------------------------------------------------


def test_the_priority_village_of_6000_gets_eleven_of_eighteen() -> None:
    three = [village(1, 6000, 1.5), village(2, 4000), village(3, 2000)]
    assert rules.full_time_targets(three, DEFAULT) == [11, 5, 2]


@pytest.mark.parametrize(("people", "wanted"), [(32_000, 48), (1_000_000, 1500), (12_000, 18), (0, 0)])
def test_per_mille_of_all_people(people: int, wanted: int) -> None:
    assert rules.full_time_targets(towns(people), DEFAULT) == [wanted]


def test_eight_per_cent_of_households_or_of_people() -> None:
    one = [village(1, 32_000, households=11_400)]
    assert rules.volunteer_targets(one, DEFAULT) == [912]
    assert rules.volunteer_targets(one, Policy(volunteer_base="population")) == [2560]


def test_half_a_member_goes_up_and_less_goes_down() -> None:
    assert rules.full_time_targets(towns(1000), DEFAULT) == [2]
    assert rules.full_time_targets(towns(999), DEFAULT) == [1]


def test_all_weights_equal_shares_by_population_whatever_the_weight() -> None:
    sizes = (6000, 4000, 2000)
    plain = rules.full_time_targets(towns(*sizes), DEFAULT)
    heavy = rules.full_time_targets([village(n, p, 1.5) for n, p in enumerate(sizes, 1)], DEFAULT)
    assert plain == heavy == [9, 6, 3]


def test_whose_cost_is_whole_already_keeps_it_when_the_total_is_rounded() -> None:
    """Shares of the rounded total would give the one that is whole, 1000.4, a fen more than it costs, or two."""
    parts = [Part(Fraction(x), 0, str(x)) for x in (1000, Fraction(1, 2), Fraction(1, 10))]
    found = rules.rounded_together(1001, [part.weight for part in parts], parts)
    assert found == [1000, 1, 0]


def test_a_tie_goes_to_the_larger_population() -> None:
    """T = 5; k·P is 3000 for both: 2.5 each."""
    small, large = village(1, 1500, 2.0), village(2, 3000, 1.0)
    policy = Policy(full_time_per_mille=5000 / 4500)
    assert rules.largest_remainder(
        5, [Part(v.weight, v.population or 0, v.code) for v in (small, large)]
    ) == [2, 3]
    assert rules.full_time_targets([small, large], policy) == [2, 3]


def test_a_tie_of_equals_goes_to_the_earlier_code_in_whatever_order() -> None:
    a, b = towns(1000, 1000)
    assert rules.full_time_targets([a, b], DEFAULT) == [2, 1]
    assert rules.full_time_targets([b, a], DEFAULT) == [1, 2]


def test_nobody_lives_there_and_nobody_is_wanted() -> None:
    assert rules.full_time_targets(towns(0, 0), DEFAULT) == [0, 0]
    assert rules.full_time_targets([], DEFAULT) == []
    assert rules.targets([village(1, None), village(2, 4000, households=50)], DEFAULT) == {
        "full_time": [0, 6], "volunteer": [0, 4],
    }  # fmt: skip


def test_a_tenth_is_a_tenth() -> None:
    """0.1 % of 35,000 is 35 and of 5,500 is 5.5, which a float would make less."""
    assert rules.full_time_targets(towns(5500), Policy(full_time_per_mille=1.0)) == [6]
    assert rules.exact(0.1) * 3 == Fraction(3, 10)


# --- what must hold of any ----------------------------------------------------------------------------------------

VILLAGES = st.lists(
    st.builds(
        lambda *row: row, st.integers(0, 200_000), st.integers(0, 60_000), st.sampled_from([0.5, 1, 1.25, 1.5, 3])
    ),
    min_size=1, max_size=30,
).map(lambda rows: [village(n, p, k, h) for n, (p, h, k) in enumerate(rows, 1)])  # fmt: skip
POLICIES = st.builds(
    Policy, full_time_per_mille=st.floats(0, 20), volunteer_percent=st.floats(0, 100),
    volunteer_base=st.sampled_from(rules.BASES),
)  # fmt: skip


@given(VILLAGES, POLICIES)
def test_the_total_is_kept_and_nobody_is_off_by_one(villages: list[Village], policy: Policy) -> None:
    found = rules.full_time_targets(villages, policy)
    people = sum(v.population or 0 for v in villages)
    total = rules.whole(rules.exact(policy.full_time_per_mille) * people / 1000)
    weights = sum(v.weight for v in villages)
    assert sum(found) == total and min(found) >= 0
    assert all(
        abs(t - total * v.weight / weights) < 1 for t, v in zip(found, villages, strict=True) if weights
    )


@given(VILLAGES, POLICIES)
def test_the_volunteers_total_is_kept_too(villages: list[Village], policy: Policy) -> None:
    found = rules.volunteer_targets(villages, policy)
    base = sum(v.base(policy.volunteer_base) for v in villages)
    assert sum(found) == rules.whole(rules.exact(policy.volunteer_percent) * base / 100) and min(found) >= 0


@given(VILLAGES, POLICIES)
def test_who_weighs_more_never_gets_less(villages: list[Village], policy: Policy) -> None:
    found = sorted(
        zip(villages, rules.full_time_targets(villages, policy), strict=True), key=lambda one: one[0].weight
    )
    for (light, few), (heavy, many) in pairwise(found):
        assert light.weight == heavy.weight or few <= many


@given(VILLAGES, st.integers(0, 500))
def test_more_people_never_want_fewer_members(villages: list[Village], more: int) -> None:
    grown = [village(v.id, (v.population or 0) + more) for v in villages]
    assert sum(rules.full_time_targets(grown, DEFAULT)) >= sum(rules.full_time_targets(villages, DEFAULT))


@given(VILLAGES)
def test_the_order_of_the_villages_changes_nothing(villages: list[Village]) -> None:
    there = dict(zip((v.id for v in villages), rules.full_time_targets(villages, DEFAULT), strict=True))
    back = villages[::-1]
    assert there == dict(zip((v.id for v in back), rules.full_time_targets(back, DEFAULT), strict=True))


@given(VILLAGES, st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_a_shared_team_is_shared_whole(villages: list[Village], n: int, active: int, first: int) -> None:
    looked_after = frozenset(v.id for v in villages[first % len(villages) :])
    shares = rules.team_shares(villages, looked_after)
    team = Counts(*(Fraction(x) for x in (n, min(n, active), 0, n)))
    assert set(shares) == set(looked_after) and min(shares.values()) >= 0
    assert rules.total_of(team.times(s) for s in shares.values()) == team
    assert all(team.times(s).active <= team.times(s).registered for s in shares.values())


@given(VILLAGES, st.lists(st.fractions(0, 900), min_size=60, max_size=60))
def test_what_a_gap_costs_is_whole_and_no_fen_is_lost(villages: list[Village], there: list[Fraction]) -> None:
    wanted, pairs = rules.targets(villages, DEFAULT), zip(there[::2], there[1::2], strict=True)
    counts = [Counts(a, min(a, b), a, b) for a, b in pairs][: len(villages)]
    standings = [{k: Standing(wanted[k][n], one) for k in rules.KINDS} for n, one in enumerate(counts)]
    costs = rules.costs_of(villages, standings, DEFAULT)
    for key in rules.COSTS:
        of = [rules.exact_costs(one["full_time"], one["volunteer"], DEFAULT)[key] for one in standings]
        found = [getattr(cost, key) for cost in costs]
        assert sum(found) == rules.whole(sum(of, rules.NOBODY)) and min(found) >= 0
        assert all(abs(a - b) < 1 for a, b in zip(found, of, strict=True))


# --- shares, gaps, costs, demand ----------------------------------------------------------------------------------


def test_a_joint_team_is_shared_by_weight_among_its_villages_only() -> None:
    a, b, c = village(1, 2900, 1.5), village(2, 500), village(3, 9000)
    shares = rules.team_shares([a, b, c], frozenset([1, 2]))
    assert shares == {1: Fraction(4350, 4850), 2: Fraction(500, 4850)}
    assert rules.team_shares([a, b, c], frozenset()).keys() == {1, 2, 3}


def test_a_joint_team_of_places_without_figures_is_shared_alike() -> None:
    nobody = [village(1, None), village(2, 0)]
    assert rules.team_shares(nobody, frozenset([1, 2])) == {1: Fraction(1, 2), 2: Fraction(1, 2)}


def test_a_gap_is_of_active_members_and_never_below_nothing() -> None:
    some = Standing(10, Counts(Fraction(8), Fraction(6), Fraction(5), Fraction(7)))
    assert (some.gap, some.vacant, some.uninsured) == (4, 2, 3)
    assert Standing(3, Counts(Fraction(5), Fraction(5))).gap == 0


def cost_of(full_time: Standing, volunteer: Standing, policy: Policy = DEFAULT) -> Cost:
    return rules.costs_of(towns(1), [{"full_time": full_time, "volunteer": volunteer}], policy)[0]


def test_wages_are_for_posts_not_filled_and_thanks_for_volunteers_not_active() -> None:
    full_time = Standing(10, Counts(Fraction(8), Fraction(6), Fraction(8), Fraction(8)))
    volunteer = Standing(100, Counts(Fraction(60), Fraction(50), Fraction(50), Fraction(55)))
    assert cost_of(full_time, volunteer) == Cost(
        wages=2 * 300_000 * 12,
        allowances=2 * 30_000 * 12,
        recognition=50 * 48 * 10 * 12,
        insurance=(2 + 45) * 5_000,
    )
    paid = Policy(volunteer_allowance_fen_an_outing=1_000)
    assert cost_of(full_time, volunteer, paid).allowances == 2 * 30_000 * 12 + 50 * 2 * 1_000 * 12


def test_a_third_of_a_member_costs_whole_fen() -> None:
    third = Standing(1, Counts(Fraction(2, 3), Fraction(2, 3), Fraction(2, 3), Fraction(2, 3)))
    cost = cost_of(third, Standing(0, Counts()), Policy(wage_fen_a_month=100_001, allowance_fen_a_month=0))
    assert (cost.wages, cost.insurance) == (400_004, 1_667)


def test_what_the_volunteer_target_asks_of_people() -> None:
    """912 of 11,400 households: one in twelve and a half; twice a month for two and a half hours is 4,560 hours."""
    town = [village(1, 32_000, households=11_400)]
    asks = rules.demand_of(town, 912, DEFAULT)
    assert (asks.one_in, asks.outings, asks.hours, asks.hours_each) == (Fraction(25, 2), 1824, 4560, 5)
    everybody = Policy(volunteer_base="population")
    assert rules.demand_of(town, 2560, everybody).one_in == Fraction(25, 2)
    assert rules.demand_of([], 0, DEFAULT).one_in is None


def test_three_thirds_cost_one_whole() -> None:
    """Insurance of 10 fen for a person that three villages share; the odd fen is the largest's."""
    third = Standing(1, Counts(Fraction(2, 3), Fraction(2, 3), Fraction(2, 3), Fraction(2, 3)))
    all_three = [{"full_time": third, "volunteer": Standing(0, Counts())}] * 3
    costs = rules.costs_of(towns(10, 30, 20), all_three, Policy(insurance_fen_a_year=10))
    assert [cost.insurance for cost in costs] == [3, 4, 3]


# --- settings and days --------------------------------------------------------------------------------------------


def test_settings_come_from_a_stored_body_and_the_rest_are_defaults() -> None:
    found = rules.policy_from(
        {"full_time_per_mille": 2, "volunteer_base": "population", "wage_fen_a_month": 1},
        {"fen_per_point": 5},
    )
    assert found == Policy(
        full_time_per_mille=2, volunteer_base="population", wage_fen_a_month=1, fen_a_point=5
    )


@pytest.mark.parametrize(
    "body",
    [
        {"volunteer_base": "dogs"}, {"full_time_per_mille": -1}, {"full_time_per_mille": "2"}, {"joint_below": True},
        {"wage_fen_a_month": 10.5}, {"active_days": 1.5}, {"unknown": 3}, {"volunteer_percent": float("nan")},
        {"volunteer_percent": float("inf")}, {"points_a_month": None},
        {"fen_a_point": 9},
    ],
)  # fmt: skip
def test_what_cannot_be_leaves_the_default(body: dict[str, object]) -> None:
    assert rules.policy_from(body, {}) == DEFAULT


@pytest.mark.parametrize("said", [None, "9", 9.5, -1, True])
def test_a_price_that_cannot_be_leaves_the_default(said: object) -> None:
    assert rules.fen_a_point({"fen_per_point": said}) == rules.fen_a_point({}) == 10


@pytest.mark.parametrize(
    ("today", "first", "last"),
    [
        (date(2026, 11, 29), date(2025, 11, 30), date(2026, 10, 31)),
        (date(2028, 3, 1), date(2027, 3, 31), date(2028, 2, 29)),
        (date(2026, 1, 31), date(2025, 1, 31), date(2025, 12, 31)),
    ],
)
def test_the_trend_is_twelve_month_ends_and_today(today: date, first: date, last: date) -> None:
    days = rules.month_ends(today)
    assert (len(days), days[0], days[-2], days[-1]) == (13, first, last, today)
    assert days == sorted(set(days))


# --- who could join whom ------------------------------------------------------------------------------------------


def joined(targets: list[int], beside: set[tuple[int, int]], least: int = 2) -> list[list[int]]:
    some = [village(n, 1000) for n in range(1, len(targets) + 1)]
    return [[v.id for v in group] for group in rules.joint_groups(some, targets, beside, least)]


@pytest.mark.parametrize(
    ("targets", "beside", "groups"),
    [
        (
            [1, 5, 1],
            {(1, 2), (2, 3), (1, 3)},
            [[1, 3]],
        ),  # two small ones rather than a small one and a large one
        ([1, 5, 9], {(1, 2), (1, 3)}, [[1, 2]]),
        ([1, 5], set(), []),
        ([2, 5], {(1, 2)}, []),
        ([0, 1, 0, 1], {(1, 2), (2, 3), (3, 4)}, [[1, 2, 3, 4]]),
        ([0, 0], {(2, 1)}, [[1, 2]]),
    ],
)
def test_a_village_joins_the_neighbour_that_wants_fewest(
    targets: list[int], beside: set[tuple[int, int]], groups: list[list[int]]
) -> None:
    assert joined(targets, beside) == groups


@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=8),
    st.sets(st.tuples(st.integers(1, 8), st.integers(1, 8))),
)
def test_nobody_joins_twice_and_whoever_stays_small_has_no_neighbour_left(
    targets: list[int], beside: set[tuple[int, int]]
) -> None:
    groups = joined(targets, beside)
    members = [n for group in groups for n in group]
    assert len(members) == len(set(members))
    for group in [*groups, *([n] for n in range(1, len(targets) + 1) if n not in members)]:
        others = {b for a, b in beside | {(b, a) for a, b in beside} if a in group} - set(group)
        is_short = sum(targets[n - 1] for n in group) < 2
        assert not (is_short and others & set(range(1, len(targets) + 1)))
