"""The measures of an area over HTTP, and the duties behind them: who reads what, and that no person is named."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests import make, places
from tests.phone import Phone, walk

DAY = "?from=2026-11-24&to=2026-11-24"
NAMES = ("王队员", "李队员", "陈队长")


@pytest.fixture
def walked(people: Any, as_person: Any, phone: Phone, sync: Any, at: Any) -> Any:
    """640 m of streets walked, one of three checkpoints counted, twelve minutes at the hotspot by a pair of taps."""
    start = make.EVENING
    points = sorted(_checkpoints(people.town.route), key=lambda c: c.seq)
    arrive, leave = start + timedelta(minutes=20), start + timedelta(minutes=32)
    track = walk([(80, 500), (720, 500)], start + timedelta(minutes=5))
    shift, hotspot = people.shift, people.town.hotspot.id
    items = [
        phone.start(shift, start),
        phone.checkin(shift, points[0].id, 105, 500, start + timedelta(minutes=5)),
        phone.segment(shift, track),
        phone.at_hotspot(shift, hotspot, "arrive", 400, 500, arrive),
        phone.at_hotspot(shift, hotspot, "leave", 400, 500, leave),
        phone.end(shift, start + timedelta(minutes=60)),
    ]
    sync(as_person(people.member), items, start + timedelta(minutes=61))
    at(start + timedelta(hours=4))
    return people


def _checkpoints(route: Any) -> list[Any]:
    from app.db import db
    from app.routes.models import Checkpoint

    return list(db.session.query(Checkpoint).filter_by(route_version_id=route.id))


def area_path(area: Any, query: str = DAY) -> str:
    return f"/api/v1/coverage/areas/{area.code}{query}"


def test_a_reviewer_reads_the_measures_of_the_township_and_its_villages(walked: Any, as_person: Any) -> None:
    doc = as_person(walked.reviewer).get(area_path(walked.town.township)).get_json()
    m = doc["measures"]
    assert (doc["area"]["level"], doc["from"], doc["to"]) == ("township", "2026-11-24", "2026-11-24")
    assert m["street_km_total"] == {"value": 12.0, "unit": "km", "grade": None, "n": 60}
    assert m["street_km_covered"]["value"] == pytest.approx(0.82, abs=0.005)
    assert m["street_coverage"]["value"] == pytest.approx(820 / 120, abs=0.05)
    assert m["route_completion"]["value"] == pytest.approx(62, abs=0.5)
    assert m["adherence"]["value"] == pytest.approx(2 * 0.62 / (0.62 + 620 / 640) * 620 / 640 * 100, abs=1)
    assert m["checkpoint_completion"] == {"value": 33.3333, "unit": "%", "grade": "single", "n": 1}
    assert (m["shifts_planned"]["value"], m["shifts_done"]["value"]) == (1, 1)
    assert m["member_hours"] == {"value": 1.0, "unit": "h", "grade": "track", "n": 1}
    assert m["checkins_counted"]["value"] == 3
    assert len(doc["children"]) == 2
    both = sum(child["measures"]["street_km_total"]["value"] for child in doc["children"])
    assert both == pytest.approx(12.0, abs=0.002)


def test_hotspot_minutes_come_from_track_and_pair_together(walked: Any, as_person: Any) -> None:
    m = as_person(walked.reviewer).get(area_path(walked.town.township)).get_json()["measures"]
    # the pair's 12 minutes; the track's 83 s crossing came before and is no visit
    assert m["dosage_observed"] == {"value": 12.0, "unit": "min", "grade": "mixed", "n": 1}
    assert m["dosage_credited"]["value"] == 12.0
    assert m["qualified_visits"]["value"] == 1
    assert m["dosage_attainment"] == {"value": 100.0, "unit": "%", "grade": "mixed", "n": 1}
    # present or at most two hours ago from 20:09 on, of a window from 20:00 to 22:00
    assert m["two_hour_compliance"]["value"] == pytest.approx(92.5, abs=1.0)
    assert m["two_hour_compliance"]["n"] == 120


def test_a_members_answer_has_totals_of_the_home_township(walked: Any, as_person: Any) -> None:
    caller = as_person(walked.member)
    doc = caller.get(area_path(walked.town.township)).get_json()
    assert doc["measures"]["street_km_covered"]["value"] > 0
    assert caller.get(area_path(walked.town.villages[0])).status_code == 200


def test_a_grid_is_for_those_who_read_it_in_full(walked: Any, as_person: Any) -> None:
    grid = make.make_area("grid", "一网格", places.square(0, 410, 590, 590), walked.town.villages[0])
    assert as_person(walked.member).get(area_path(grid)).status_code == 404
    doc = as_person(walked.reviewer).get(area_path(walked.town.villages[0])).get_json()
    assert [child["code"] for child in doc["children"]] == [grid.code]
    m = doc["children"][0]["measures"]
    # the middles of two streets on y = 500 lie in it, of those that cross it none
    assert m["street_km_total"]["value"] == pytest.approx(0.4, abs=0.001)
    assert m["street_coverage"]["value"] == 100
    assert (m["qualified_visits"]["value"], m["shifts_done"]["value"]) == (1, None)


def test_an_admin_reads_the_county(walked: Any, as_person: Any) -> None:
    doc = as_person(walked.admin).get(area_path(walked.county)).get_json()
    assert {child["code"] for child in doc["children"]} == {
        walked.town.township.code,
        walked.other.township.code,
    }
    assert doc["measures"]["street_km_total"]["value"] == 24.0


def test_a_village_counts_the_shifts_of_the_teams_that_look_after_it(
    walked: Any, as_person: Any, at: Any
) -> None:
    west = walked.town.villages[0]
    team = make.make_team(walked.town.township, areas=[west])
    make.make_shift(team, None, starts_at=make.EVENING)
    doc = as_person(walked.reviewer).get(area_path(walked.town.township)).get_json()
    planned = {c["name"]: c["measures"]["shifts_planned"]["value"] for c in doc["children"]}
    assert planned == {west.name: 1, walked.town.villages[1].name: 0}
    assert doc["measures"]["shifts_planned"]["value"] == 2


def test_the_period_is_the_last_seven_days_unless_said_otherwise(
    people: Any, as_person: Any, evening: Any
) -> None:
    doc = as_person(people.reviewer).get(area_path(people.town.township, "")).get_json()
    assert (doc["from"], doc["to"]) == ("2026-11-18", "2026-11-24")


def test_the_day_after_has_nothing_of_it(walked: Any, as_person: Any) -> None:
    query = "?from=2026-11-25&to=2026-11-26"
    m = as_person(walked.reviewer).get(area_path(walked.town.township, query)).get_json()["measures"]
    assert (m["street_coverage"]["value"], m["street_coverage"]["grade"]) == (0, None)
    assert (m["shifts_planned"]["value"], m["qualified_visits"]["value"]) == (0, 0)


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("?from=2026-11-25&to=2026-11-24", "/to"),
        ("?from=2025-10-01&to=2026-11-24", "/from"),
        ("?from=soon", "/from"),
        ("?to=2026-02-30", "/to"),
        ("?from=1000-01-01&to=1000-01-02", "/from"),
        ("?times=0", "/times"),
        ("?times=21", "/times"),
        ("?times=-1", "/times"),
        ("?times=1.5", "/times"),
        ("?times=often", "/times"),
    ],
)
def test_a_wrong_question_is_a_problem_with_a_pointer(
    people: Any, as_person: Any, query: str, pointer: str
) -> None:
    for path in (area_path(people.town.township, query), f"/api/v1/coverage/streets/1{query}"):
        answer = as_person(people.reviewer).get(path)
        assert answer.status_code == 422
        assert [e["pointer"] for e in answer.get_json()["errors"]] == [pointer]


def test_streets_walked_twice_are_those_of_two_shifts(walked: Any, as_person: Any, sync: Any) -> None:
    """A second shift walks 300 m of the same street: 80 to 380, with the mouths of the two streets that cross there."""
    later = make.make_shift(
        walked.town.team, None, [walked.mate], starts_at=make.EVENING + timedelta(hours=3)
    )
    mate, track = Phone(walked.mate, later.starts_at), walk([(80, 500), (380, 500)], later.starts_at)
    items = [mate.start(later), mate.segment(later, track), mate.end(later, track[-1][2])]
    sync(as_person(walked.mate), items, later.starts_at + timedelta(minutes=30))
    caller, path = as_person(walked.reviewer), area_path(walked.town.township)
    once, twice, thrice = (caller.get(f"{path}&times={n}").get_json()["measures"] for n in (1, 2, 3))
    assert once["street_km_covered"] == caller.get(path).get_json()["measures"]["street_km_covered"]
    assert once["street_km_covered"]["value"] == pytest.approx(0.82, abs=0.005)
    assert twice["street_km_covered"]["value"] == pytest.approx(0.28 + 4 * 0.025, abs=0.005)
    assert twice["street_coverage"]["value"] == pytest.approx(380 / 120, abs=0.05)
    assert twice["street_coverage"]["grade"] == "track" and twice["shifts_done"] == once["shifts_done"]
    assert thrice["street_coverage"] == {"value": 0.0, "unit": "%", "grade": None, "n": 60}
    street = caller.get(f"{details(walked)[0]}&times=2").get_json()["measures"]
    assert (street["street_share"]["value"], street["street_shifts"]["value"]) == (40.0, 2)


def test_an_area_rests_on_check_ins_where_nobody_left_a_track(
    people: Any, as_person: Any, sync: Any, phone: Phone
) -> None:
    start, points = make.EVENING, sorted(_checkpoints(people.town.route), key=lambda c: c.seq)
    items = [
        phone.start(people.shift),
        *[
            phone.checkin(people.shift, points[n].id, x, 500, start + timedelta(minutes=20 + 20 * n))
            for n, x in enumerate((103, 604, 1097))
        ],
        phone.end(people.shift, start + timedelta(hours=2)),
    ]
    sync(as_person(people.member), items, start + timedelta(hours=3))
    doc = as_person(people.reviewer).get(area_path(people.town.township)).get_json()
    # at both ends of the route three streets meet, 25 m of each; in the middle one street 25 m to either side
    assert doc["measures"]["street_km_covered"] == {"value": 0.2, "unit": "km", "grade": "single", "n": 7}
    assert doc["measures"]["street_coverage"]["grade"] == "single"
    assert as_person(people.outsider).get(area_path(people.town.township)).status_code == 404


def details(people: Any) -> list[str]:
    street = _walked_street(people)
    route = people.town.route.route_id
    ids = {"streets": street, "hotspots": people.town.hotspot.id, "routes": route}
    return [f"/api/v1/coverage/{kind}/{i}{DAY}" for kind, i in ids.items()]


def _walked_street(people: Any) -> int:
    """The street from (300, 500) to (500, 500)."""
    from app.db import db
    from app.routes.models import Street

    lines = places.street_grid(100, 100, 6, 200)
    at = next(n for n, line in enumerate(lines) if line.equals(places.way((300, 500), (500, 500))))
    found = (
        db.session.query(Street).filter_by(network_version_id=people.town.network.id, name=f"街{at}").one()
    )
    return int(found.id)


def test_a_streets_answer_names_the_duties_and_nobody(walked: Any, as_person: Any) -> None:
    answer = as_person(walked.reviewer).get(details(walked)[0])
    doc = answer.get_json()
    assert doc["measures"]["street_share"] == {"value": 100.0, "unit": "%", "grade": "track", "n": 1}
    assert doc["formula"] == "coverage.formula.street_share"
    assert doc["duties"] == [
        {
            "day": "2026-11-24", "starts_at": "2026-11-24T12:00:00.000Z", "ends_at": "2026-11-24T15:00:00.000Z",
            "team": "清禾镇志愿队", "crew": 1, "grade": "track", "value": 100.0, "unit": "%",
        }
    ]  # fmt: skip
    assert not any(name in answer.get_data(as_text=True) for name in NAMES)


def test_a_hotspots_answer_has_its_visits(walked: Any, as_person: Any) -> None:
    doc = as_person(walked.reviewer).get(details(walked)[1]).get_json()
    assert [(v["minutes"], v["qualified"], v["grade"]) for v in doc["visits"]] == [(12.0, True, "pair")]
    assert doc["duties"][0]["value"] == pytest.approx(12 + 100 / 1.2 / 60, abs=0.1)
    assert doc["in_review"] == 0


def test_a_routes_answer_has_the_share_of_each_shift(walked: Any, as_person: Any) -> None:
    doc = as_person(walked.reviewer).get(details(walked)[2]).get_json()
    assert doc["duties"][0]["value"] == pytest.approx(62, abs=0.5)
    assert doc["measures"]["checkpoint_completion"]["value"] == 33.3333


def test_a_leader_reads_own_teams_duties_and_counts_the_others(walked: Any, as_person: Any) -> None:
    stranger = make.make_person("别队队长", walked.town.township)
    make.grant(stranger, "leader", team=make.make_team(walked.town.township))
    for path in details(walked)[:2]:
        own = as_person(walked.leader).get(path).get_json()
        assert (len(own["duties"]), own["other_teams"]) == (1, 0)
        others = as_person(stranger).get(path).get_json()
        assert (others["duties"], others["visits"], others["other_teams"]) == ([], [], 1)


def test_details_are_refused_to_members_and_hidden_from_outsiders(walked: Any, as_person: Any) -> None:
    for path in details(walked):
        assert as_person(walked.member).get(path).status_code == 403
        assert as_person(walked.outsider).get(path).status_code == 404
    assert as_person(walked.reviewer).get(f"/api/v1/coverage/streets/999999{DAY}").status_code == 404


def test_areas_are_hidden_from_outsiders(walked: Any, as_person: Any) -> None:
    for area in (walked.county, walked.town.township, *walked.town.villages):
        assert as_person(walked.outsider).get(area_path(area)).status_code == 404
    assert as_person(walked.reviewer).get(area_path(walked.county)).status_code == 404
    assert as_person(walked.reviewer).get(area_path(walked.other.township)).status_code == 404


def test_everything_needs_a_sign_in(people: Any, client: Any) -> None:
    for path in [area_path(people.town.township), *details(people)]:
        assert client.get(path).status_code == 401


def test_asking_twice_answers_the_same(walked: Any, as_person: Any) -> None:
    caller = as_person(walked.reviewer)
    for path in [area_path(walked.town.township), *details(walked)]:
        assert caller.get(path).get_json() == caller.get(path).get_json()


def test_what_was_planned_stands_beside_what_was_done(walked: Any, as_person: Any) -> None:
    m = as_person(walked.reviewer).get(area_path(walked.town.township)).get_json()["measures"]
    people = len(_assigned(walked.shift))
    hours = (walked.shift.ends_at - walked.shift.starts_at) / timedelta(hours=1)
    assert m["plan_done"] == {"value": 100.0, "unit": "%", "grade": "track", "n": 1}
    assert people and m["hours_planned"]["value"] == people * hours
    make.make_shift(
        walked.town.team, None, [walked.mate], starts_at=make.EVENING + timedelta(hours=3), hours=1
    )
    m = as_person(walked.reviewer).get(area_path(walked.town.township)).get_json()["measures"]
    assert (m["plan_done"]["value"], m["hours_planned"]["value"]) == (50.0, people * hours + 1)


def _assigned(shift: Any) -> list[Any]:
    from app.db import db
    from app.duty.models import Assignment

    return list(db.session.query(Assignment).filter_by(shift_id=shift.id))


@pytest.mark.parametrize(
    ("window", "value"), [((1140, 1200), 100.0), ((1200, 1260), 100.0), ((1230, 1290), 0.0)]
)
def test_punctuality_is_of_the_check_ins_at_checkpoints_with_a_window(
    walked: Any, as_person: Any, window: tuple[int, int], value: float
) -> None:
    """The check-in at 20:05 is in a window until 20:00 by the ten minutes, and not in one from 20:30."""
    from app.db import db

    start = make.EVENING + timedelta(hours=8, minutes=5)
    assert (start.hour, start.minute) == (20, 5)
    caller = as_person(walked.reviewer)
    assert caller.get(area_path(walked.town.township)).get_json()["measures"]["punctuality"] == {
        "value": None, "unit": "%", "grade": None, "n": 0,
    }  # fmt: skip
    first = min(_checkpoints(walked.town.route), key=lambda c: c.seq)
    first.window_from_min, first.window_to_min = window
    db.session.commit()
    m = caller.get(area_path(walked.town.township)).get_json()["measures"]
    assert m["punctuality"] == {"value": value, "unit": "%", "grade": "single", "n": 1}


def test_a_hotspots_gaps_and_visiting_hours_are_told(walked: Any, as_person: Any) -> None:
    m = as_person(walked.reviewer).get(area_path(walked.town.township)).get_json()["measures"]
    # the window from 20:00 to 22:00 is shorter than the worst gap allowed
    assert m["worst_gap_compliance"] == {"value": 100.0, "unit": "%", "grade": "mixed", "n": 1}
    # one visit is always at its own hour
    assert (m["start_entropy"]["value"], m["start_entropy"]["n"]) == (0, 1)
    assert m["intermittency"]["value"] > 1 and m["intermittency"]["unit"] == ""
    day = "?from=2026-11-25&to=2026-11-25"
    m = as_person(walked.reviewer).get(area_path(walked.town.township, day)).get_json()["measures"]
    assert (m["start_entropy"]["value"], m["intermittency"]["value"]) == (None, None)
