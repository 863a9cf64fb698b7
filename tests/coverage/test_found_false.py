"""A duty that two persons found false was not patrolled: the map reads as if nobody had come; what came in stays."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from app.assessment import measuring, operations
from app.assessment import queries as queries_of_quarters
from app.assessment.rules import Policy as AssessmentPolicy
from app.coverage import folding, queries, streets, taps
from app.coverage.models import StreetDay, StreetPresence
from app.coverage.queries import Period
from app.db import db
from app.duty.models import Duty
from app.duty.operations import touch_duties
from app.errors import DomainError
from app.incentives import cases
from app.planning import queries as planning
from app.teams.scope import scope_of
from tests import make
from tests.api.test_tiles import address, tile_at
from tests.assessment.planted import AFTER, QUARTER, look_after
from tests.coverage.test_taps import places_of_streets, round_of
from tests.exports.walked import evening_items
from tests.phone import Phone, walk
from tests.web.conftest import text_of

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LATER = make.EVENING + 7 * DAY
ONE_DAY = Period(make.DAY, make.DAY)
SPAN = f"from={make.DAY}&to={make.DAY}"
RAW = (
    "checkins",
    "segments",
    "place_presences",
    "street_presences",
    "route_presences",
    "inbox_items",
    "item_states",
)


@pytest.fixture
def evening(people: Any, as_person: Any, sync: Any, at: Any) -> Callable[[Any], Any]:
    """evening(person): 640 m of the route, a check-in, twelve minutes at the hotspot. Answers the duty."""

    def patrol(person: Any) -> Duty:
        sync(
            as_person(person), evening_items(people, Phone(person, make.EVENING)), make.EVENING + 61 * MINUTE
        )
        at(LATER)
        return duty_of(person)

    return patrol


def duty_of(person: Any) -> Any:
    return db.session.scalar(select(Duty).where(Duty.person_id == person.id))


def found_false(people: Any, duty: Duty) -> None:
    case = cases.open_case(
        people.leader, scope_of(people.leader), duty.id, "not_there", make.EVENING + 2 * HOUR
    )
    cases.decide(people.reviewer, scope_of(people.reviewer), case.id, "upheld", LATER - HOUR)
    db.session.commit()


def raw() -> dict[str, list[str]]:
    return {t: sorted(db.session.scalars(text(f"SELECT t::text FROM {t} t")).all()) for t in RAW}


def addresses(people: Any) -> dict[str, str]:
    """Everything that says what of the evening is on the map."""
    town, api = people.town, "/api/v1/coverage"
    at = places_of_streets(people).index(((300, 500), (500, 500)))
    street = queries.streets_of(town.network.id)[at].id
    singles = {"streets": street, "hotspots": town.hotspot.id, "routes": town.route.route_id}
    return {
        **{f"area {a.name}": f"{api}/areas/{a.code}?{SPAN}" for a in (town.township, town.villages[0])},
        "twice": f"{api}/areas/{town.township.code}?{SPAN}&times=2",
        "series": f"{api}/areas/{town.township.code}/series?{SPAN}&by=day",
        **{kind: f"{api}/{kind}/{id_}?{SPAN}" for kind, id_ in singles.items()},
        **{f"{kind} by day": f"{api}/{kind}/{id_}/series?{SPAN}&by=day" for kind, id_ in singles.items()},
        **{
            f"tile {layer}": address(layer, *tile_at(600, 600))
            for layer in ("streets", "cells", "hotspots", "routes")
        },
        "desk": f"/desk/coverage?area={town.township.code}&{SPAN}",
    }


def told(people: Any, as_person: Any) -> dict[str, Any]:
    """What a reviewer reads at each address, asked twice so that a kept answer has its say."""
    caller = as_person(people.reviewer)
    found = {}
    for name, path in addresses(people).items():
        answers = [caller.get(path) for _ in range(2)]
        assert {a.status_code for a in answers} == {200}, (name, answers[0].get_data(as_text=True))
        found[name] = (
            text_of(answers[1]) if name == "desk" else (answers[1].headers.get("ETag"), answers[1].data)
        )
    return found


def test_the_map_reads_as_if_nobody_had_come(people: Any, as_person: Any, evening: Any, at: Any) -> None:
    at(LATER)
    nobody = told(people, as_person)
    duty = evening(people.member)
    walked, stored = told(people, as_person), raw()
    assert not [name for name in walked if walked[name] == nobody[name]], "each of them tells of the evening"
    found_false(people, duty)
    assert told(people, as_person) == nobody
    assert raw() == stored, "check-ins, tracks and presence stay what they are"


def test_it_comes_back_as_it_was_where_the_finding_is_taken_away(
    people: Any, as_person: Any, evening: Any
) -> None:
    duty = evening(people.member)
    walked = told(people, as_person)
    found_false(people, duty)
    assert told(people, as_person) != walked
    duty.voided_at = None
    touch_duties(duty.township_id, [duty.id])
    db.session.commit()
    assert told(people, as_person) == walked


def figures_now(people: Any) -> streets.StreetFigures:
    return streets.street_figures(queries.network_of(people.town.network.id), ONE_DAY)


def test_what_the_rest_of_the_crew_did_stays(people: Any, as_person: Any, sync: Any, evening: Any) -> None:
    """The mate left no track, and is seen by check-ins once the member's track says nothing any more."""
    sync(as_person(people.mate), round_of(people.mate, people.shift), make.EVENING + HOUR)
    alone = figures_now(people)
    duty = evening(people.member)
    assert figures_now(people).covered_m > alone.covered_m and "track" in figures_now(people).grades
    found_false(people, duty)
    after = figures_now(people)
    assert (after.covered.tolist(), after.grades) == (alone.covered.tolist(), alone.grades)
    assert after.last_s.tolist() == alone.last_s.tolist() and alone.covered_m > 0


def test_check_ins_alone_that_were_false_leave_no_street(people: Any, as_person: Any, sync: Any) -> None:
    sync(as_person(people.mate), round_of(people.mate, people.shift), make.EVENING + HOUR)
    later = Period(make.DAY + 150 * DAY, make.DAY + 150 * DAY)
    network = queries.network_of(people.town.network.id)
    assert figures_now(people).covered_m > 0 and streets.street_figures(network, later).last_s.any()
    found_false(people, duty_of(people.mate))
    assert figures_now(people).covered_m == 0
    assert not taps.last_taps(network, later.first), "nor is it remembered as the last that was there"


def test_what_a_phone_brings_afterwards_changes_nothing(
    people: Any, as_person: Any, sync: Any, at: Any
) -> None:
    items = evening_items(people, Phone(people.member, make.EVENING))
    sync(as_person(people.member), items[:2] + items[3:], make.EVENING + HOUR)
    found_false(people, duty_of(people.member))
    at(LATER)
    before = told(people, as_person)
    sync(as_person(people.member), items, LATER)
    assert db.session.scalar(select(func.count()).select_from(StreetPresence)), "it is kept"
    assert told(people, as_person) == before


def test_after_30_days_it_is_deleted_and_adds_to_no_days_total(
    people: Any, as_person: Any, sync: Any, evening: Any
) -> None:
    """Beside it the mate's walk of the same shift, which is folded and counts on."""
    member = evening(people.member)
    short = Phone(people.mate, make.EVENING)
    track = walk([(80, 503), (310, 503)], make.EVENING + 5 * MINUTE)
    items = [
        short.start(people.shift),
        short.segment(people.shift, track),
        short.end(people.shift, track[-1][2]),
    ]
    sync(as_person(people.mate), items, make.EVENING + HOUR)
    found_false(people, member)
    before = figures_now(people)
    town = people.town.township.id
    assert folding.days_to_fold(Duty.id == member.id) == [(town, make.DAY)]
    folding.fold_day(town, make.DAY, Duty.township_id == town, LATER + 30 * DAY)
    assert not db.session.scalar(select(func.count()).select_from(StreetPresence))
    after = figures_now(people)
    assert after.covered.tolist() == pytest.approx(before.covered.tolist()) and before.covered_m > 0
    assert after.shifts.tolist() == before.shifts.tolist()


def test_alone_it_leaves_no_total_of_the_day(people: Any, evening: Any) -> None:
    duty = evening(people.member)
    found_false(people, duty)
    folding.fold_day(duty.township_id, make.DAY, Duty.id == duty.id, LATER + 30 * DAY)
    assert db.session.scalars(select(StreetDay)).all() == []
    assert not db.session.scalar(select(func.count()).select_from(StreetPresence))


def test_what_was_folded_before_cannot_be_told_apart_any_more(people: Any, evening: Any) -> None:
    """A day's total knows no duty (docs/decisions/0023): hotspots and shifts leave, its streets stay."""
    duty = evening(people.member)
    folding.fold_day(duty.township_id, make.DAY, Duty.id == duty.id, LATER)
    before = figures_now(people)
    found_false(people, duty)
    assert figures_now(people).covered.tolist() == before.covered.tolist() and before.covered_m > 0


def test_plans_measure_nothing_on_it(people: Any, evening: Any) -> None:
    duty = evening(people.member)
    town, which = duty.township_id, planning.shifts_for(people.town.township)

    def measured() -> tuple[int, int]:
        stays = planning.stays_at(town, [people.town.hotspot.id], ONE_DAY)
        return len(stays), len(planning.worked_spans(which, ONE_DAY, LATER))

    assert min(measured()) > 0
    found_false(people, duty)
    assert measured() == (0, 0)


SHOWN = ("dosage", "route", "roster", "checkins")


def counted(people: Any) -> dict[str, Any]:
    township, villages = measuring.survey(people.town.township, QUARTER, AssessmentPolicy(), AFTER)
    west = villages[0].place.measured
    cells = {"cells": township.place.measured["cells"]}
    return cells | {f"{where} {key}": one[key] for key in SHOWN for where, one in
                    (("town", township.place.measured), ("west", west))}  # fmt: skip


def test_a_quarter_counts_it_until_it_is_found_false(people: Any, evening: Any) -> None:
    look_after(people)
    nobody = counted(people)
    duty = evening(people.member)
    before = counted(people)
    assert not [key for key in before if before[key] == nobody[key]]
    draft = operations.compute(people.admin, people.town.township, QUARTER, None, AFTER)
    found_false(people, duty)
    assert counted(people) == nobody
    again = operations.compute(people.admin, people.town.township, QUARTER, None, AFTER)
    assert (draft.n, again.n) == (1, 2), "what was computed before is followed by a version without it"


def test_a_frozen_quarter_stays_and_is_corrected_by_a_version_with_a_reason(
    people: Any, evening: Any
) -> None:
    look_after(people)
    duty, town, admin = evening(people.member), people.town.township, people.admin
    frozen = operations.compute(people.reviewer, town, QUARTER, None, AFTER)
    operations.publish(people.reviewer, scope_of(people.reviewer), frozen.id, AFTER)
    operations.freeze(admin, scope_of(admin), frozen.id, AFTER + 16 * DAY)
    kept = copy.deepcopy(frozen.figures)
    found_false(people, duty)
    found = queries_of_quarters.frozen_version(town.id, QUARTER.first)
    assert found is not None and (found.id, found.figures) == (frozen.id, kept)
    with pytest.raises(DomainError):
        operations.compute(admin, town, QUARTER, None, AFTER)
    assert operations.compute(admin, town, QUARTER, "data_mended", AFTER).n == 2
