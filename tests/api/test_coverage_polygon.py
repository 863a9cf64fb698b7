"""A drawn area: measured piece by piece, never for fewer than three shifts, and looked at before PostGIS sees it."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest

from app.coverage import queries
from app.coverage.models import StreetDay
from tests import make, places
from tests.coverage.test_queries import make_duty, walk

DAY = {"from": "2026-11-24", "to": "2026-11-24"}
# 300 m of the street on y = 500, and 100 m each of the streets on x = 300 and x = 500
MIDDLE = (250, 450, 550, 550)
EDGES = [
    edge
    for i in range(6)
    for j in range(6)
    for edge in (
        *([((i, j), (i + 1, j))] if i < 5 else []),
        *([((i, j), (i, j + 1))] if j < 5 else []),
    )
]


def pieces_of(edge: Any) -> range:
    """Streets of 200 m have 40 pieces each, in the order in which they were imported."""
    first = EDGES.index(edge) * 40
    return range(first, first + 40)


def square(*corners: float) -> dict[str, Any]:
    ring = [list(p) for p in places.square(*corners).geoms[0].exterior.coords]
    return {"type": "Polygon", "coordinates": [ring]}


def ask(caller: Any, polygon: Any, **more: Any) -> tuple[int, Any]:
    answer = caller.post("/api/v1/coverage/polygon", json={"polygon": polygon, **DAY, **more})
    return answer.status_code, answer.get_json()


def walked_by(people: Any, shifts: int) -> None:
    """Each walks from (100, 500) to (500, 500)."""
    for n in range(shifts):
        shift = make.make_shift(people.town.team, None, starts_at=make.EVENING + timedelta(minutes=n))
        pieces = [*pieces_of(((0, 2), (1, 2))), *pieces_of(((1, 2), (2, 2)))]
        walk(make_duty(shift, people.member), people.town.network, pieces)
    make.keep()


def test_streets_are_measured_by_the_pieces_inside(people: Any, as_person: Any, evening: Any) -> None:
    walked_by(people, 3)
    status, doc = ask(as_person(people.reviewer), square(*MIDDLE))
    assert status == 200, doc
    m = doc["measures"]
    assert (doc["area_m2"], doc["clipped"], doc["shifts"]) == (pytest.approx(30_000, rel=0.01), False, 3)
    assert m["street_km_total"]["value"] == pytest.approx(0.5, abs=0.011)
    assert m["street_km_covered"]["value"] == pytest.approx(0.25, abs=0.006)
    assert m["street_coverage"]["value"] == pytest.approx(50, abs=1.5)
    assert m["street_coverage"]["grade"] == "track"
    assert [h["name"] for h in doc["hotspots"]] == [people.town.hotspot.name]


def test_two_shifts_are_too_few_and_so_is_none(people: Any, as_person: Any, evening: Any) -> None:
    caller = as_person(people.reviewer)
    for shifts in (0, 2):
        walked_by(people, shifts)
        status, doc = ask(caller, square(*MIDDLE))
        assert (status, doc["code"]) == (422, "too_few_duties")
    # one street further on, three others do not help
    assert ask(caller, square(700, 700, 1000, 800))[1]["code"] == "too_few_duties"


def test_after_the_fold_what_is_certain_is_left(people: Any, as_person: Any, evening: Any) -> None:
    rows = queries.streets_of(people.town.network.id)
    inside, mostly_outside = (rows[EDGES.index(e)] for e in (((1, 2), (2, 2)), ((0, 2), (1, 2))))
    for street, share in ((inside, 1.0), (mostly_outside, 0.5)):
        day = {"street_id": street.id, "day": make.DAY, "shifts": 3, "covered_share": share}
        make.save(StreetDay(township_id=people.town.township.id, **day))
    make.keep()
    status, doc = ask(as_person(people.reviewer), square(*MIDDLE))
    assert (status, doc["shifts"]) == (200, 3)
    assert doc["measures"]["street_km_covered"]["value"] == pytest.approx(0.2, abs=0.001)


def test_what_lies_outside_what_one_reads_is_cut_away(people: Any, as_person: Any, evening: Any) -> None:
    walked_by(people, 3)
    status, doc = ask(as_person(people.reviewer), square(-5000, 450, 550, 550))
    assert (status, doc["clipped"]) == (200, True)
    assert doc["area_m2"] < 200_000
    far = places.ELSEWHERE_M
    status, doc = ask(as_person(people.reviewer), square(far + 250, 450, far + 550, 550))
    assert (status, doc["code"]) == (422, "polygon_outside")


def circle(n: int, r: float = 300.0) -> dict[str, Any]:
    turn = [2 * math.pi * k / n for k in range(n)]
    ring = [list(places.here(600 + r * math.cos(a), 600 + r * math.sin(a))) for a in turn]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


BOW = [[114.3, 30.58], [114.31, 30.59], [114.31, 30.58], [114.3, 30.59], [114.3, 30.58]]


@pytest.mark.parametrize(
    ("polygon", "code"),
    [
        (square(250, 450, 340, 550), "polygon_too_small"),
        (circle(2100), "polygon_too_many_vertices"),
        ({"type": "Polygon", "coordinates": [BOW]}, "polygon_unusable"),
        ({"type": "Polygon", "coordinates": [BOW[:4]]}, "polygon_unusable"),
        ({"type": "Polygon", "coordinates": [[]]}, "polygon_unusable"),
        (
            {"type": "Polygon", "coordinates": [[[200, 30], [201, 30], [201, 31], [200, 30]]]},
            "polygon_unusable",
        ),
    ],
)
def test_what_is_no_area_is_refused_with_its_reason(
    people: Any, as_person: Any, evening: Any, polygon: Any, code: str
) -> None:
    status, doc = ask(as_person(people.reviewer), polygon)
    assert (status, doc["code"], doc["errors"][0]["pointer"]) == (422, code, "/polygon")


@pytest.mark.parametrize(
    "polygon", [None, "here", {"type": "Point", "coordinates": [[[1, 2]]]}, {"type": "Polygon", "coordinates": [[[1]]]},
                {"type": "Polygon"}],
)  # fmt: skip
def test_a_bad_shape_is_refused(people: Any, as_person: Any, polygon: Any) -> None:
    assert ask(as_person(people.reviewer), polygon)[0] == 422


def test_it_is_not_for_members(people: Any, as_person: Any, evening: Any) -> None:
    walked_by(people, 3)
    assert ask(as_person(people.member), square(*MIDDLE))[0] == 403
