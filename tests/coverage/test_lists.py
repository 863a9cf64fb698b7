"""Blind spots: streets of which hardly more than the mouth was walked, whatever passed them."""

from __future__ import annotations

from typing import Any

from app.coverage import lists, queries, streets
from app.coverage.queries import Period
from app.coverage.rules import Policy
from app.teams.scope import scope_of
from tests import make, places
from tests.coverage.test_queries import make_duty, walk


def test_a_street_passed_at_its_mouth_alone_is_blind_and_a_walked_one_is_not(people: Any) -> None:
    """Five streets: walked whole, half, at the mouth, not at all; the last is too short to speak of."""
    lengths = (100, 100, 200, 100, 40)
    lines = [places.way((100, y * 150), (100 + m, y * 150)) for y, m in enumerate(lengths, start=1)]
    network = make.make_network(people.town.township, lines)
    walk(make_duty(people.shift, people.member), network, [*range(20), *range(20, 30), *range(40, 46)])
    figures = streets.street_figures(queries.network_of(network.id), Period(make.DAY, make.DAY))
    scope = scope_of(people.reviewer)
    found, n = lists.blind_streets(scope, figures, Policy(), make.EVENING)
    # the most metres unseen first; the mouth was walked today, and that does not hide it
    assert [(round(s.length_m), round(s.covered, 2)) for s in found] == [(200, 0.15), (100, 0.0)]
    assert n == 2 and found[0].fresh == 0 and found[1].fresh == 5
    assert lists.blind_streets(scope_of(people.outsider), figures, Policy(), make.EVENING)[0] == []
