"""Checks on reports, pairs, the month's end and places: a table of cases each, and what must hold of any."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fairness import camping, rules, rushes
from app.fairness.camping import Visit
from app.fairness.rules import Flag, Outing, Policy, Report, Vouching
from app.fairness.rushes import Work

DEFAULT = Policy()
AT = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
LAST = date(2026, 11, 30)
METRE_E7 = 1 / 0.011119  # of latitude


def kinds(flags):
    return [(flag.kind, flag.people, flag.weight) for flag in flags]


# --- settings -----------------------------------------------------------------------------------------------------


def test_a_setting_that_cannot_be_leaves_the_default():
    given_ = {"rush_days": 5, "same_m": 0.5, "pair_team": "4", "thin_percent": 101, "rank_least": 2, "split_m": -1,
              "rush_percent": True, "unknown": 3, "thin_least": 2.5}  # fmt: skip
    assert rules.policy_from(given_) == Policy(rush_days=5, same_m=0.5)


@pytest.mark.parametrize(
    ("now", "decided", "again"),
    [(3, 3, False), (4, 3, False), (5, 3, True), (2, 3, False), (15, 10, True), (1, 0, True)],
)
def test_what_was_decided_is_asked_again_only_when_it_has_grown_by_half(now, decided, again):
    assert rules.has_grown(now, decided, DEFAULT) is again


def test_a_flag_is_about_people_or_about_a_team():
    assert Flag("same_pair", (3, 7), 4).subject == "3-7"
    assert Flag("team_rush", (), 50, team_id=5).subject == "team:5"


# --- reports: who told, who closed --------------------------------------------------------------------------------


def reports(*who_by, closing="mended", team=1):
    return [
        Report(f"r{n:03d}", "road", who, AT + n * HOUR, team, by, closing)
        for n, (who, by) in enumerate(who_by)
    ]


@pytest.mark.parametrize(
    ("own", "closing", "found"),
    [
        (2, "mended", [("self_closed", (1,), 2)]),
        (2, "gone", [("self_closed", (1,), 2)]),
        (1, "mended", []),
        (5, "not_found", []),
        (5, "no_hazard", []),
        (5, None, []),
    ],
)
def test_who_closes_own_hazards_as_there_is_asked_from_the_second_on(own, closing, found):
    told = reports(*[(1, 1)] * own, closing=closing) + reports((1, 2), (2, 1))
    assert kinds(rules.self_closed(told, DEFAULT)) == found


@pytest.mark.parametrize(
    ("who_by", "found"),
    [
        # Two for each other, while three others' are closed by a third: six where chance has three.
        ([(1, 2)] * 6 + [(3, 4)] * 6, [("closed_for", (1, 2), 6), ("closed_for", (3, 4), 6)]),
        ([(1, 2)] * 6 + [(3, 4)] * 3 + [(5, 4)] * 3, [("closed_for", (1, 2), 6)]),
        # Only one closes in this team: whoever tells, it is he.
        ([(1, 2)] * 12, []),
        ([(1, 2)] * 8 + [(3, 2)] * 4, []),
        # Two close in turns.
        ([(1, 2)] * 6 + [(1, 4)] * 6 + [(3, 2)] * 6 + [(3, 4)] * 6, []),
        # Four are too few to ask.
        ([(1, 2)] * 4 + [(3, 4)] * 8, []),
    ],
)
def test_a_pair_that_closes_for_each_other_beyond_chance_is_asked(who_by, found):
    assert kinds(rules.closed_for(reports(*who_by), DEFAULT)) == found


def test_another_teams_closers_are_no_measure():
    told = reports(*[(1, 2)] * 6, team=1) + reports(*[(3, 4)] * 6, team=2)
    assert rules.closed_for(told, DEFAULT) == []


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), max_size=40), st.randoms())
def test_the_order_of_reports_changes_nothing_and_nobody_is_flagged_by_chance_alone(who_by, luck):
    told = reports(*who_by)
    mixed = list(told)
    luck.shuffle(mixed)
    for check in (rules.self_closed, rules.closed_for):
        assert {f.subject: f for f in check(told, DEFAULT)} == {f.subject: f for f in check(mixed, DEFAULT)}
    for flag in rules.closed_for(told, DEFAULT):
        assert flag.weight >= 2 * flag.figures["by_chance"] - 1 and len(flag.people) == 2
        assert set(flag.report_ids) <= {r.id for r in told}


def at_places(*metres_days, who=1, category="road"):
    return [
        Report(f"s{n:03d}", category, who, AT + timedelta(days=days), 1, lon_e7=1143000000,
               lat_e7=round(305000000 + metres * METRE_E7))
        for n, (metres, days) in enumerate(metres_days)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("metres_days", "n"),
    [
        ([(0, 0), (60, 0.1), (120, 0.2), (180, 0.3)], 3),  # a chain of lamps, each 60 m on
        ([(0, 0), (0, 8), (0, 16), (0, 24)], 3),  # the same lamp every eighth day
        ([(0, 0), (60, 0), (120, 0), (180, 0)], 0),  # at one moment: nothing before
        ([(0, 0), (100, 1), (200, 2), (300, 3)], 0),  # far enough apart
        ([(0, 0), (40, 1), (0, 2), (10, 3)], 0),  # one and the same anyway: not paid twice
        ([(0, 0), (0, 10), (0, 20), (0, 29)], 0),  # ten days: it broke again
        ([(0, 0), (60, 0.1), (120, 0.2)], 0),  # twice may be
    ],
)
def test_reports_just_beyond_what_would_be_one_are_asked(metres_days, n):
    found = rules.split_reports(at_places(*metres_days), AT - DAY, 50, timedelta(days=7), DEFAULT)
    assert kinds(found) == ([("split_reports", (1,), n)] if n else [])


def test_another_kind_another_person_or_no_place_is_no_split():
    chain = at_places((0, 0), (60, 0.1), (120, 0.2), (180, 0.3))
    other = at_places((60, 0.1), (120, 0.2), (180, 0.3), who=2, category="fire")
    mixed = [chain[0], *other[1:]]
    assert not rules.split_reports(mixed, AT - DAY, 50, timedelta(days=7), DEFAULT)
    nowhere = [Report(f"n{n}", "road", 1, AT + n * DAY) for n in range(9)]
    assert not rules.split_reports(nowhere, AT - DAY, 50, timedelta(days=7), DEFAULT)


def test_a_report_of_the_month_before_is_there_to_be_compared_with_only():
    chain = at_places((0, -9), (60, -8), (120, -7.5), (180, -7))
    assert not rules.split_reports(chain, AT, 50, timedelta(days=7), DEFAULT)


# --- pairs --------------------------------------------------------------------------------------------------------


def outings(*crews, team=1):
    return [
        Outing(n, team, AT + n * DAY, {who: 100 * n + who for who in crew}) for n, crew in enumerate(crews, 1)
    ]


@pytest.mark.parametrize(
    ("times", "found"), [(4, [("same_pair", (1, 2), 4)]), (3, []), (9, [("same_pair", (1, 2), 9)])]
)
def test_a_pair_is_asked_from_the_fourth_time_in_a_row_on(times, found):
    out = outings(*[(1, 2)] * times, (3, 4))
    assert kinds(rules.same_pair(out, {(1, 2): times, (3, 4): 1}, 3, DEFAULT)) == found


def test_a_team_of_three_has_no_choice():
    assert not rules.same_pair(outings(*[(1, 2)] * 9, (1, 3)), {(1, 2): 9}, 3, DEFAULT)


def signed(*by_of_shift):
    return [Vouching(f"c{n:03d}", shift, of, by) for n, (by, of, shift) in enumerate(by_of_shift)]


CREWS = outings(*[(1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (1, 2)] * 2)
FOR_EACH_OTHER = [(2, 1, 1)] * 3 + [(1, 2, 1)] * 3 + [(2, 1, 6)] * 3 + [(1, 2, 6)] * 3


@pytest.mark.parametrize(
    ("vouchings", "found"),
    [
        (FOR_EACH_OTHER, [("cosign_pair", (1, 2), 12)]),
        # One way only is a helper.
        ([(2, 1, 1)] * 8, []),
        # Each also with the others they go with.
        (FOR_EACH_OTHER + [(3, 1, 2)] * 4 + [(4, 1, 3)] * 4 + [(3, 2, 4)] * 4, []),
        (FOR_EACH_OTHER[:4], []),
    ],
)
def test_two_who_co_sign_for_each_other_only_are_asked(vouchings, found):
    assert kinds(rules.cosign_pair(signed(*vouchings), CREWS, DEFAULT)) == found


def test_two_who_are_always_out_together_co_sign_for_whom_else():
    crews = outings(*[(1, 2)] * 12)
    assert rules.cosign_pair(signed(*FOR_EACH_OTHER), crews, DEFAULT) == []


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 12)), max_size=60))
def test_co_signing_is_symmetric_and_never_about_oneself(by_of_shift):
    found = rules.cosign_pair(signed(*by_of_shift), CREWS, DEFAULT)
    renamed = {1: 2, 2: 1, 3: 4, 4: 3}
    other_crews = [
        Outing(o.shift_id, o.team_id, o.starts_at, {renamed[w]: d for w, d in o.duties.items()})
        for o in CREWS
    ]
    mirrored = rules.cosign_pair(
        signed(*[(renamed[by], renamed[of], s) for by, of, s in by_of_shift]), other_crews, DEFAULT
    )
    assert sorted(f.weight for f in found) == sorted(f.weight for f in mirrored)
    assert all(f.people[0] < f.people[1] for f in found)


# --- the end of the month, and its beginning ----------------------------------------------------------------------


def month(**by_day):
    """d28=60 → 60 half points on the 28th."""
    return {date(2026, 11, int(key[1:])): n for key, n in by_day.items()}


EVEN = [date(2026, 11, day) for day in range(1, 31, 3)]  # 1, 4 … 28: one of ten on the last three days


@pytest.mark.parametrize(
    ("half", "visits", "planned", "share"),
    [
        (month(d4=60, d28=60), {}, EVEN, 50),
        (month(d4=72, d28=24, d29=24), {}, EVEN, 40),
        (month(d4=73, d28=47), {}, EVEN, 0),  # 39 %
        (month(d4=50, d28=50), {}, EVEN, 0),  # 50 points in all: too few to say
        # As planned: all shifts of this member were then.
        (month(d28=80, d29=80), {}, [date(2026, 11, 28), date(2026, 11, 29)], 0),
        (month(d4=60, d28=60), {}, [date(2026, 11, 4), date(2026, 11, 28), date(2026, 11, 29)], 0),
        (month(d4=200), month(d4=2, d29=8), EVEN, 80),
        (month(d4=200), month(d4=1, d29=8), EVEN, 0),  # nine visits
        (month(d28=300), {}, [], 0),  # nothing planned at all: another's question
    ],
)
def test_a_rush_is_points_or_visits_far_above_the_shifts_of_those_days(half, visits, planned, share):
    found = rushes.month_end_rush(7, Work(half, visits, planned), LAST, DEFAULT)
    assert kinds(found) == ([("month_end_rush", (7,), share)] if share else [])


def test_after_a_month_at_its_cap_the_first_days_are_looked_at_in_the_same_way():
    work = Work(month(d1=100, d2=60, d20=20), {}, EVEN)
    assert kinds(rushes.after_cap_rush(7, work, date(2026, 11, 1), True, DEFAULT)) == [
        ("after_cap_rush", (7,), 88)
    ]
    assert rushes.after_cap_rush(7, work, date(2026, 11, 1), False, DEFAULT) == []


def test_a_team_has_its_own_flag_without_people():
    found = rushes.team_rush(5, Work(month(d4=60, d28=60), {}, EVEN), LAST, DEFAULT)
    assert (found[0].subject, found[0].people) == ("team:5", ())


@given(
    st.dictionaries(st.dates(date(2026, 11, 1), LAST), st.integers(0, 90), max_size=30),
    st.lists(st.dates(date(2026, 11, 1), LAST), min_size=1, max_size=20),
)
def test_a_rush_says_shares_between_0_and_100_and_is_never_less_than_what_is_planned(half, planned):
    for flag in rushes.month_end_rush(1, Work(half, {}, planned), LAST, DEFAULT):
        assert 40 <= flag.figures["points"] <= 100
        assert flag.figures["points"] - flag.figures["planned"] >= 20


@given(st.lists(st.dates(date(2026, 11, 1), LAST), min_size=1, max_size=20), st.integers(1, 90))
def test_who_earns_on_every_planned_shift_alike_never_rushes(planned, each):
    half: dict[date, int] = {}
    for day in planned:
        half[day] = half.get(day, 0) + each
    assert rushes.month_end_rush(1, Work(half, {}, planned), LAST, DEFAULT) == []


# --- places: just enough, and too long ----------------------------------------------------------------------------


def visits(*minutes, who=1, every=None):
    """One an hour, each so long; `every`: so many minutes after the one before."""
    found, start = [], AT
    for n, m in enumerate(minutes):
        end = start + m * MINUTE
        found.append(Visit(who, 1 + n // 5, 9, start, end))
        start = end + (every * MINUTE if every else HOUR)
    return found


@pytest.mark.parametrize(
    ("minutes", "n"),
    [
        ([10.5] * 10, 10),
        ([10.5] * 9, 0),
        ([11.9] * 8 + [10] * 2 + [15] * 2, 10),
        ([10.5] * 10 + [15] * 3, 0),  # 76 %
        ([12] * 20, 0),
        ([14, 16, 11, 13] * 5, 0),
    ],
)
def test_visits_that_hardly_ever_last_longer_than_they_must_are_asked(minutes, n):
    found = camping.thin_visits(visits(*minutes), 10, DEFAULT)
    assert kinds(found) == ([("thin_visits", (1,), n)] if n else [])


@pytest.mark.parametrize(("every", "n"), [(45, 8), (49.9, 8), (50, 0), (44, 0), (90, 0)])
def test_returns_just_after_a_visit_pays_again_are_asked(every, n):
    found = camping.paid_rhythm(visits(*[12] * 10, every=every), 45, DEFAULT)
    assert kinds(found) == ([("paid_rhythm", (1,), n)] if n else [])


@pytest.mark.parametrize(
    ("minutes", "worked", "found"),
    [
        ([80, 80, 80], 120, [("long_standing", (1,), 3)]),
        ([80, 80], 120, []),
        ([70, 70, 70], 120, []),  # 58 %
        ([60, 60, 60], 80, []),  # short duties
        ([80, 80, 80, 10, 10], 120, [("long_standing", (1,), 3)]),
    ],
)
def test_most_of_several_duties_at_one_hotspot_is_asked(minutes, worked, found):
    stays = {(1, n, 9): float(m) for n, m in enumerate(minutes)}
    assert (
        kinds(camping.long_standing(stays, dict.fromkeys(range(len(minutes)), float(worked)), DEFAULT))
        == found
    )


@given(st.lists(st.floats(10, 60), max_size=30))
def test_who_stays_as_long_as_is_advised_is_never_asked(minutes):
    """At least one in four beyond twelve minutes: the guideline's ten to sixteen."""
    own = visits(*minutes, *[14.0] * (len(minutes) // 3 + 1))
    assert camping.thin_visits(own, 10, DEFAULT) == []


def test_of_one_subject_the_heaviest_stands():
    light, heavy, other = (
        Flag("same_pair", (1, 2), 4),
        Flag("same_pair", (1, 2), 6),
        Flag("same_pair", (1, 3), 4),
    )
    for order in permutations([light, heavy, other]):
        assert {f.subject: f.weight for f in rules.one_each(order)} == {"1-2": 6, "1-3": 4}
