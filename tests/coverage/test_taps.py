"""Streets from check-ins alone: a crew that left no track is seen by its check-ins, as what they are and no more."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry import Point
from sqlalchemy import select

from app.coverage import queries, streets, taps
from app.coverage.models import StreetPresence
from app.coverage.pieces import PieceIndex
from app.coverage.queries import Period
from app.coverage.streets import StreetFigures
from app.db import db
from app.field.reviewing import review_checkin
from app.routes.models import Checkpoint
from app.teams.scope import scope_of
from tests import make, places
from tests.phone import Phone, walk

MINUTE = timedelta(minutes=1)
ONE_DAY = Period(make.DAY, make.DAY)
POINTS = ((100, 500), (600, 500), (1100, 500))


def metres_of_street_within(reach: shapely.Geometry) -> float:
    """By shapely alone, in the county's metres: nothing here asks the product."""
    lines = [make.metres(line) for line in places.street_grid(100, 100, 6, 200)]
    return float(sum(line.intersection(reach).length for line in lines))


def around_checkpoints(*points: tuple[float, float]) -> shapely.Geometry:
    shapes = [make.metres(places.way(p, (p[0] + 1, p[1]))).coords[0] for p in points]
    return shapely.union_all([Point(shape).buffer(25, quad_segs=64) for shape in shapes])


def checkpoints(route: Any) -> list[int]:
    rows = select(Checkpoint.id).where(Checkpoint.route_version_id == route.id).order_by(Checkpoint.seq)
    return list(db.session.scalars(rows))


def round_of(person: Any, shift: Any, first: int = 0, **fix: Any) -> list[dict[str, Any]]:
    """A start, three check-ins 5 m beside their checkpoints twenty minutes apart, an end; no track."""
    phone, ids = Phone(person, shift.starts_at), checkpoints_of(shift)
    taps = [
        phone.checkin(shift, ids[n], x + 5, y + n, shift.starts_at + (10 + 20 * n) * MINUTE, **fix)
        for n, (x, y) in enumerate(POINTS)
    ]
    return [
        phone.start(shift, shift.starts_at),
        *taps[first:],
        phone.end(shift, shift.starts_at + 60 * MINUTE),
    ]


def checkpoints_of(shift: Any) -> list[int]:
    rows = select(Checkpoint.id).where(Checkpoint.route_version_id == shift.route_version_id)
    return list(db.session.scalars(rows.order_by(Checkpoint.seq)))


def figures_of(people: Any, period: Period = ONE_DAY) -> StreetFigures:
    return streets.street_figures(queries.network_of(people.town.network.id), period)


def plain(figures: StreetFigures) -> list[list[Any]]:
    return [column.tolist() for column in vars(figures).values()]


@pytest.fixture
def tapped(people: Any, as_person: Any, sync: Any) -> list[dict[str, Any]]:
    items = round_of(people.member, people.shift)
    receipts = sync(as_person(people.member), items, make.EVENING + 61 * MINUTE)
    assert [receipts[i["id"]]["verdict"] for i in items[1:4]] == ["counted"] * 3
    return items


@pytest.mark.usefixtures("tapped")
def test_a_crew_without_a_track_covers_the_streets_near_its_check_ins(people: Any) -> None:
    figures = figures_of(people)
    expected = metres_of_street_within(around_checkpoints(*POINTS))
    assert expected == pytest.approx(75 + 50 + 75, abs=0.5)
    assert figures.covered_m == pytest.approx(expected, rel=0.01)
    assert set(figures.grades) == {None, "single"}
    assert sum(grade == "single" for grade in figures.grades) == 7
    assert set(figures.shifts.tolist()) == {0, 1}
    assert figures.last_s.max() == (make.EVENING).timestamp()
    assert set(figures.last_grades) == {None, "single"}


def test_a_track_is_the_better_evidence_for_its_shift(
    people: Any, as_person: Any, sync: Any, tapped: Any
) -> None:
    """Whoever of the crew has it; then the check-ins add nothing, though one lies 380 m beyond the track's end."""
    mate = Phone(people.mate, make.EVENING)
    track = walk([(80, 500), (720, 500)], make.EVENING + 5 * MINUTE)
    items = [
        mate.start(people.shift),
        mate.segment(people.shift, track),
        mate.end(people.shift, track[-1][2]),
    ]
    sync(as_person(people.mate), items, make.EVENING + 65 * MINUTE)
    figures = figures_of(people)
    reach = make.metres(places.way((80, 500), (720, 500))).buffer(25, cap_style="flat")
    assert figures.covered_m == pytest.approx(metres_of_street_within(reach), rel=0.01)
    assert set(figures.grades) == set(figures.last_grades) == {None, "track"}
    assert set(figures.shifts.tolist()) == {0, 1}


def test_another_shifts_check_ins_stand_beside_a_track_as_what_they_are(
    people: Any, as_person: Any, sync: Any, tapped: Any
) -> None:
    later = make.make_shift(
        people.town.team, people.town.route, [people.leader], starts_at=make.EVENING + timedelta(hours=3)
    )
    phone, track = Phone(people.leader, later.starts_at), walk([(80, 500), (610, 500)], later.starts_at)
    items = [phone.start(later), phone.segment(later, track), phone.end(later, track[-1][2])]
    sync(as_person(people.leader), items, later.starts_at + 61 * MINUTE)
    figures = figures_of(people)
    reach = make.metres(places.way((80, 500), (610, 500))).buffer(25, cap_style="flat")
    both = reach.union(around_checkpoints(*POINTS))
    assert figures.covered_m == pytest.approx(metres_of_street_within(both), rel=0.01)
    by_line = dict(zip(places_of_streets(people), figures.grades, strict=True))
    assert by_line[(100, 500), (300, 500)] == "track", "the check-in there adds nothing to the track"
    assert by_line[(500, 500), (700, 500)] == "mixed", "the track ends at 610, the check-in reaches to 625"
    assert by_line[(900, 500), (1100, 500)] == "single"
    shifts = dict(zip(places_of_streets(people), figures.shifts.tolist(), strict=True))
    assert (shifts[(100, 500), (300, 500)], shifts[(900, 500), (1100, 500)]) == (2, 1)


def places_of_streets(people: Any) -> list[tuple[Any, ...]]:
    """Both ends of each street in the order of its pieces."""
    ends = []
    for i in range(6):
        for j in range(6):
            x, y = 100 + 200 * i, 100 + 200 * j
            ends += [((x, y), (x + 200, y))] if i < 5 else []
            ends += [((x, y), (x, y + 200))] if j < 5 else []
    return ends


def test_a_check_in_that_is_returned_takes_its_streets_with_it(people: Any, tapped: Any) -> None:
    leader, now = people.leader, make.EVENING + timedelta(hours=2)
    before = plain(figures_of(people))
    row = review_checkin(leader, scope_of(leader), tapped[3]["id"], "not_counted", "returned_not_there", now)
    assert figures_of(people).covered_m == pytest.approx(125, rel=0.01)
    review_checkin(leader, scope_of(leader), tapped[3]["id"], "counted", None, now, seen=row.reviewed_at)
    assert plain(figures_of(people)) == before


def test_a_check_in_in_review_counts_from_the_day_it_is_counted(
    people: Any, as_person: Any, sync: Any
) -> None:
    items = round_of(people.member, people.shift, mocked=True)
    sync(as_person(people.member), items, make.EVENING + 61 * MINUTE)
    assert figures_of(people).covered_m == 0
    review_checkin(
        people.leader, scope_of(people.leader), items[1]["id"], "counted", None, make.EVENING + 90 * MINUTE
    )
    assert figures_of(people).covered_m == pytest.approx(75, rel=0.01)


def test_any_order_and_twice_is_the_same(people: Any, as_person: Any, sync: Any, aside: Any) -> None:
    track = walk([(80, 500), (300, 500)], make.EVENING + 5 * MINUTE)
    mate = Phone(people.mate, make.EVENING)
    walked = [
        mate.start(people.shift),
        mate.segment(people.shift, track),
        mate.end(people.shift, track[-1][2]),
    ]
    tapped = round_of(people.member, people.shift)
    found = []
    for order in permutations(("walked", "tapped", "tapped backwards")):
        with aside():
            for part in order:
                who = people.mate if part == "walked" else people.member
                items = walked if part == "walked" else tapped[:: -1 if "backwards" in part else 1]
                sync(as_person(who), items, make.EVENING + 62 * MINUTE)
            found.append(plain(figures_of(people)))
    assert all(figures == found[0] for figures in found)


def test_deleting_ones_tracks_does_not_bring_the_check_ins_forth(
    people: Any, as_person: Any, sync: Any, tapped: Any
) -> None:
    """The day's total knows the walk; the check-ins of the same shift beside it would count it twice."""
    mate = Phone(people.mate, make.EVENING)
    track = walk([(80, 500), (720, 500)], make.EVENING + 5 * MINUTE)
    caller = as_person(people.mate)
    items = [
        mate.start(people.shift),
        mate.segment(people.shift, track),
        mate.end(people.shift, track[-1][2]),
    ]
    sync(caller, items, make.EVENING + 65 * MINUTE)
    before = figures_of(people)
    assert caller.delete("/api/v1/me/tracks").get_json()["streets"] > 0
    assert not db.session.scalar(select(StreetPresence.duty_id).limit(1))
    after = figures_of(people)
    assert after.covered == pytest.approx(before.covered)
    assert (after.shifts.tolist(), after.grades) == (before.shifts.tolist(), before.grades)


@pytest.mark.usefixtures("tapped")
def test_when_it_was_last_walked_looks_back_as_far_as_check_ins_are_kept(people: Any) -> None:
    for days in (5, 150):
        later = make.DAY + timedelta(days=days)
        figures = figures_of(people, Period(later, later))
        assert figures.covered_m == 0 and set(figures.grades) == {None}
        assert figures.last_s.max() == make.EVENING.timestamp()
        assert sum(grade == "single" for grade in figures.last_grades) == 7


@pytest.mark.usefixtures("tapped")
def test_check_ins_lie_on_the_network_in_force(people: Any) -> None:
    """A new import has other pieces; the check-ins are where they were."""
    new = make.make_network(people.town.township, [places.way((0, 500), (400, 500))])
    figures = streets.street_figures(queries.network_of(new.id), ONE_DAY)
    assert figures.covered.tolist() == pytest.approx([50 / 400])


def test_the_street_names_its_shift_by_check_in(people: Any, as_person: Any, tapped: Any) -> None:
    network = queries.network_of(people.town.network.id)
    at = places_of_streets(people).index(((500, 500), (700, 500)))
    row = queries.streets_of(network.id)[at]
    shares = taps.shifts_on_street(network, row.first_piece, row.n_pieces, ONE_DAY)
    assert shares == {people.shift.id: pytest.approx(50 / 200)}
    path = f"/api/v1/coverage/streets/{row.id}?from={make.DAY}&to={make.DAY}"
    doc = as_person(people.reviewer).get(path).get_json()
    assert doc["measures"]["street_share"] == {"value": 25.0, "unit": "%", "grade": "single", "n": 1}
    assert doc["measures"]["street_shifts"]["grade"] == "single"
    assert [(d["value"], d["grade"]) for d in doc["duties"]] == [(25.0, "single")]
    assert as_person(people.outsider).get(path).status_code == 404
    assert as_person(people.member).get(path).status_code == 403


def test_pieces_near_a_point_are_those_within_reach() -> None:
    chance = np.random.default_rng(3)
    lines = [(n, shapely.LineString(chance.uniform(0, 300, (2, 2)))) for n in range(40)]
    index = PieceIndex.build(lines)
    at = chance.uniform(0, 300, (25, 2))
    point, piece = index.near_points(at, 25.0)
    by_hand = np.hypot(*(at[:, None] - index.mid[None]).transpose(2, 0, 1)) <= 25
    assert set(zip(point.tolist(), piece.tolist(), strict=True)) == set(
        zip(*map(np.ndarray.tolist, np.nonzero(by_hand)), strict=True)
    )
