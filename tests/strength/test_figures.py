"""What a township has and lacks, of members and duties that are known."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy.dialects.postgresql import Range

from app.db import db
from app.duty.models import Duty
from app.errors import NotFound
from app.strength import figures, queries
from app.strength.figures import Line, Strength
from app.strength.rules import Counts
from app.teams.scope import scope_of
from tests import make, places

TODAY = date(2026, 11, 29)


def out(person: Any, team: Any, day: date, hours: float = 2, state: str = "ended") -> Duty:
    """A duty of so many judged hours on a day."""
    starts_at = datetime.combine(day, make.EVENING.timetz())
    shift = make.make_shift(team, None, [person], starts_at=starts_at)
    until = starts_at + timedelta(hours=hours)
    return make.save(
        Duty(
            township_id=team.township_id, shift_id=shift.id, person_id=person.id, team_id=team.id, day=day,
            on_roster=True, state=state, started_at=starts_at, ended_at=until,
            worked=Range(starts_at, until, bounds="[)") if hours else None, worked_s=int(hours * 3600),
        )
    )  # fmt: skip


def asked(people: Any, day: date = TODAY) -> Strength:
    return figures.strength_of(people.town.township, day)


def line(people: Any, n: int, day: date = TODAY) -> Line:
    return asked(people, day).lines[n]


def at_home(people: Any, name: str, team: Any, **more: Any) -> Any:
    person = make.make_person(name, people.town.township)
    make.join_team(person, team, **more)
    return person


@pytest.fixture
def west_team(people: Any) -> Any:
    """Full-time, of the western village alone; the cast's three volunteers look after both."""
    return make.make_team(people.town.township, "西村专职队", "full_time", [people.town.villages[0]])


def test_targets_are_of_the_villages_and_shared_by_weight(people: Any) -> None:
    west, east = people.town.villages
    west.priority_weight, west.households, east.households = 2, 1000, 500
    db.session.commit()
    found = asked(people)
    assert [x.standing["full_time"].target for x in found.lines] == [6, 3]
    assert [x.standing["volunteer"].target for x in found.lines] == [80, 40]
    assert (found.people, found.demand.of, found.demand.target) == (6000, 1500, 120)
    assert found.unknown == []


def test_a_village_without_figures_is_named_and_wants_nobody(people: Any) -> None:
    west, east = people.town.villages
    west.population, east.households = None, 500
    db.session.commit()
    found = asked(people)
    assert [v.code for v in found.unknown] == [west.code]
    assert [x.standing["full_time"].target for x in found.lines] == [0, 5]


def test_the_policy_of_the_township_counts_and_only_from_its_day(people: Any) -> None:
    make.make_policy(people.town.township, "staffing", {"full_time_per_mille": 3}, TODAY)
    assert asked(people, TODAY - timedelta(days=1)).target("full_time") == 9
    assert asked(people).target("full_time") == 18


def test_registered_active_trained_and_insured(people: Any, west_team: Any) -> None:
    a = at_home(people, "甲", west_team, trained_on=date(2026, 3, 1), insured_until=TODAY)
    at_home(people, "乙", west_team, insured=False, trained_on=TODAY + timedelta(days=1))
    at_home(people, "丙", west_team, insured_until=TODAY - timedelta(days=1))
    out(a, west_team, TODAY - timedelta(days=59))
    standing = line(people, 0).standing["full_time"]
    assert standing.counts == Counts(*map(Fraction, (3, 1, 1, 1)))
    assert (standing.target, standing.gap, standing.vacant, standing.uninsured) == (5, 4, 2, 4)
    assert line(people, 1).standing["full_time"].counts == Counts()


@pytest.mark.parametrize(
    ("days", "hours", "state", "active"),
    [(0, 2, "ended", 1), (59, 2, "attended", 1), (60, 2, "ended", 0), (1, 0, "ended", 0), (1, 2, "on", 0)],
)
def test_active_is_a_valid_duty_within_sixty_days(
    people: Any, west_team: Any, days: int, hours: float, state: str, active: int
) -> None:
    out(at_home(people, "甲", west_team), west_team, TODAY - timedelta(days=days), hours, state)
    assert line(people, 0).standing["full_time"].counts.active == active


def test_many_duties_make_one_active_member(people: Any, west_team: Any) -> None:
    a = at_home(people, "甲", west_team)
    for days in (1, 2, 3):
        out(a, west_team, TODAY - timedelta(days=days))
    assert line(people, 0).standing["full_time"].counts.active == 1


def test_a_paid_duty_makes_no_active_volunteer(people: Any, west_team: Any) -> None:
    make.join_team(people.member, west_team)
    out(people.member, west_team, TODAY)
    found = asked(people)
    assert (found.counts("full_time").active, found.counts("volunteer").active) == (1, 0)


def test_a_joint_team_is_shared_and_the_whole_is_kept(people: Any) -> None:
    """Three volunteers of the township; 3,000 people each, the west twice as heavy: 2 and 1."""
    west, east = people.town.villages
    west.priority_weight = 2
    db.session.commit()
    found = asked(people)
    assert [x.standing["volunteer"].counts.registered for x in found.lines] == [2, 1]
    assert found.counts("volunteer").registered == 3
    pair = make.make_team(people.town.township, "联合队", areas=[west, east])
    at_home(people, "甲", pair)
    found = asked(people)
    assert [x.joint_teams for x in found.lines] == [["联合队"], ["联合队"]]
    assert [(s.team.name, s.registered, [n for _, n in s.parts]) for s in found.shared] == [
        ("联合队", 1, [Fraction(2, 3), Fraction(1, 3)]), ("清禾镇志愿队", 3, [2, 1]),
    ]  # fmt: skip


def test_whoever_is_in_two_teams_is_one(people: Any) -> None:
    pair = [make.make_team(people.town.township, f"{v.name}队", areas=[v]) for v in people.town.villages]
    both = at_home(people, "甲", pair[0])
    make.join_team(both, pair[1])
    out(both, pair[0], TODAY)
    found = asked(people)
    assert found.counts("volunteer") == Counts(Fraction(4), Fraction(1), Fraction(0), Fraction(4))
    assert found.lines[1].standing["volunteer"].counts.active == Fraction(1, 2)


def test_a_team_of_a_grid_counts_in_its_village_and_one_of_a_merged_village_in_its_successor(
    people: Any,
) -> None:
    west, east = people.town.villages
    grid = make.make_area("grid", "一网格", places.square(0, 0, 100, 100), east)
    old = make.make_area(
        "village",
        "旧村",
        places.square(0, 0, 100, 100),
        people.town.township,
        valid_to=TODAY,
        successor_id=east.id,
    )
    for area in (grid, old):
        at_home(
            people, area.name, make.make_team(people.town.township, f"{area.name}队", "full_time", [area])
        )
    found = asked(people)
    assert [x.village.id for x in found.lines] == [west.id, east.id]
    assert [x.standing["full_time"].counts.registered for x in found.lines] == [0, 2]


def test_a_merger_of_a_merger_leads_to_the_village_of_today(people: Any) -> None:
    """And so does a grid of a village that was merged; neither team becomes one of the whole township."""
    east = people.town.villages[1]
    shape, town = places.square(0, 0, 100, 100), people.town.township
    middle = make.make_area("village", "中间村", shape, town, valid_to=TODAY, successor_id=east.id)
    old = make.make_area("village", "旧村", shape, town, valid_to=TODAY, successor_id=middle.id)
    grid = make.make_area("grid", "旧网格", shape, old)
    for area in (old, grid):
        at_home(people, area.name, make.make_team(town, f"{area.name}队", "full_time", [area]))
    assert [x.standing["full_time"].counts.registered for x in asked(people).lines] == [0, 2]


def test_where_nobody_is_wanted_nobody_is_told_to_join(people: Any) -> None:
    make.make_policy(people.town.township, "staffing", {"full_time_per_mille": 0})
    found = asked(people)
    assert found.joint == [] and not any(one.needs_joint for one in found.lines)


def test_a_village_that_nobody_has_counted_is_named_and_not_told_to_join(people: Any) -> None:
    people.town.villages[1].population = None
    make.keep()
    found = asked(people)
    assert people.town.villages[1].id in {v.id for v in found.unknown}
    assert found.joint == [] and not any(one.needs_joint for one in found.lines)


def test_the_trend_is_what_joined_and_left_say(people: Any, west_team: Any) -> None:
    at_home(people, "甲", west_team, joined_on=date(2025, 1, 1), left_on=date(2026, 6, 30))
    at_home(people, "乙", west_team, joined_on=date(2026, 3, 31))
    late = at_home(people, "丙", west_team, joined_on=date(2026, 4, 1))
    out(late, west_team, date(2026, 9, 15))
    found = asked(people)
    registered = [int(c.registered) for c in found.trend("full_time")]
    #      Nov Dec Jan Feb Mar Apr May Jun Jul Aug Sep Oct today
    assert registered == [1, 1, 1, 1, 2, 3, 3, 2, 2, 2, 2, 2, 2]
    assert [int(c.active) for c in found.trend("full_time")] == [0] * 10 + [1, 1, 0]
    assert found.lines[0].trend["full_time"][-1] == found.lines[0].standing["full_time"].counts


def test_a_team_that_is_no_more_counts_nowhere(people: Any, west_team: Any) -> None:
    at_home(people, "甲", west_team)
    west_team.active = False
    db.session.commit()
    assert asked(people).counts("full_time") == Counts()


def test_more_than_enough_here_fills_no_gap_there(people: Any, west_team: Any) -> None:
    """Five wanted in the west and four in the east; six are in the west."""
    for n in range(6):
        out(at_home(people, f"甲{n}", west_team), west_team, TODAY)
    found = asked(people)
    assert (found.target("full_time"), found.counts("full_time").active, found.gap("full_time")) == (9, 6, 4)
    assert found.cost.wages == 4 * 300_000 * 12
    assert found.cost == sum((x.cost for x in found.lines), type(found.cost)())


def test_hours_that_volunteers_gave_in_thirty_days(people: Any, west_team: Any) -> None:
    out(people.member, people.town.team, TODAY - timedelta(days=29), 1.5)
    out(people.mate, people.town.team, TODAY - timedelta(days=30), 2)
    out(at_home(people, "甲", west_team), west_team, TODAY)
    assert asked(people).given_h == Fraction(3, 2)


def test_a_duty_elsewhere_counts_there_only(people: Any) -> None:
    out(people.outsider, people.other.team, TODAY)
    assert asked(people).counts("volunteer").active == 0
    assert figures.strength_of(people.other.township, TODAY).counts("volunteer").active == 1


def test_who_reaches_a_township(people: Any) -> None:
    town, other = people.town.township, people.other.township
    assert queries.reach(scope_of(people.reviewer), town.code).id == town.id
    assert [t.id for t in queries.townships_for(scope_of(people.reviewer))] == [town.id]
    assert [t.id for t in queries.townships_for(scope_of(people.admin))] == [town.id, other.id]
    for person, code in (
        (people.reviewer, other.code), (people.leader, town.code), (people.member, town.code),
        (people.admin, people.county.code), (people.admin, people.town.villages[0].code), (people.admin, "nowhere"),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            queries.reach(scope_of(person), code)
