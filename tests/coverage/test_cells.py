"""Hexagons: the same as the map's, and minutes that are never more than there were."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from app.coverage import cells, queries
from app.coverage.models import StreetDay
from app.coverage.queries import Period
from app.coverage.rules import Policy
from app.db import db
from tests import make, places
from tests.coverage.test_queries import make_duty, walk

ONE_DAY = Period(make.DAY, make.DAY)


def test_a_point_finds_the_hexagon_that_postgis_draws_around_it(people: Any) -> None:
    random = np.random.default_rng(4)
    x, y = random.uniform(-3000, 3000, 60), random.uniform(-3000, 3000, 60)
    i, j = cells.hexagon(x, y, 230.0)
    grid = text(
        "SELECT h.i, h.j FROM (SELECT ST_Point(:x, :y, 3857) AS p) q, ST_HexagonGrid(230, p) h"
        " WHERE ST_Intersects(h.geom, p)"
    )
    theirs = [tuple(db.session.execute(grid, {"x": a, "y": b}).one()) for a, b in zip(x, y, strict=True)]
    assert list(zip(i.tolist(), j.tolist(), strict=True)) == theirs


@pytest.fixture
def network(people: Any) -> Any:
    """One street of 200 m around the middle of a hexagon, one of 30 m a kilometre away."""
    x, y = 500.0, 500.0
    return make.make_network(
        people.town.township, [places.way((x, y), (x + 200, y)), places.way((x + 1000, y), (x + 1030, y))]
    )


def found(network: Any, period: Period = ONE_DAY) -> cells.CellFigures:
    return cells.cell_figures(queries.network_of(network.id), period)


def minutes(network: Any, policy: Policy, period: Period = ONE_DAY) -> list[float]:
    figures = found(network, period)
    return cells.minutes(figures, np.unique(figures.street_id), policy)


def test_minutes_are_each_shifts_metres_once_at_walking_pace(people: Any, network: Any) -> None:
    later = make.make_shift(people.town.team, None, starts_at=make.EVENING + timedelta(hours=3))
    # the crew of one shift on the same pieces, in two hours: 200 m once; another shift half of it
    walk(make_duty(people.shift, people.member), network, range(40))
    walk(make_duty(people.shift, people.mate), network, range(40), make.EVENING + timedelta(hours=1))
    walk(make_duty(later, people.member), network, range(20), make.EVENING + timedelta(hours=3))
    assert sum(minutes(network, Policy())) == pytest.approx(300 / 72, rel=1e-3)


def test_a_folded_day_is_its_share_once(people: Any, network: Any) -> None:
    street = queries.streets_of(network.id)[0]
    for n, share in enumerate((0.5, 1.0)):
        make.save(
            StreetDay(
                township_id=network.township_id, street_id=street.id, day=make.DAY + timedelta(days=n),
                shifts=3, covered_share=share,
            )
        )  # fmt: skip
    both = Period(make.DAY, make.DAY + timedelta(days=1))
    assert sum(minutes(network, Policy(), both)) == pytest.approx(300 / 72, rel=1e-3)
    assert sum(minutes(network, Policy())) == pytest.approx(100 / 72, rel=1e-3)


def test_a_hexagon_with_hardly_any_street_is_not_asked_for(people: Any, network: Any) -> None:
    every = len(minutes(network, Policy(cell_street_m=0.001)))
    assert len(minutes(network, Policy(cell_street_m=31))) < every
    assert len(np.unique(found(network).cell)) == every
