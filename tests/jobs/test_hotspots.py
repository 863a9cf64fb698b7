"""A search runs in the queue: asked, done with progress, its places proposed; planted truth found, blind places not."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import geopandas
import libpysal
import numpy as np
import pytest
from geoalchemy2.shape import to_shape
from shapely.geometry import Point
from sklearn.cluster import DBSCAN
from sklearn.metrics import adjusted_rand_score
from sqlalchemy import select, text

from app.db import db
from app.errors import Conflict, DomainError
from app.hotspots import proposing, queries, rules
from app.hotspots.models import AnalysisRun, HotspotProposal
from app.incidents.models import EVENTS, Incident
from app.jobs import hotspots as job
from tests import make, places
from tests.hotspots import planted

FIRST, LAST = date(2025, 11, 25), date(2026, 11, 24)


@pytest.fixture
def town(people, evening):
    planted.plant(people)
    db.session.commit()
    return people


def ask(people, now, method, categories=EVENTS, first=FIRST, last=LAST, **numbers):
    question = proposing.Question(method, first, last, tuple(categories), numbers)
    run = proposing.ask(people.reviewer, people.town.township, question, now)
    db.session.commit()
    return run


def search(people, now, method, **more):
    run = ask(people, now, method, **more)
    job.find_hotspots(township_id=run.township_id, run_id=str(run.id))
    db.session.expire_all()
    return db.session.get(AnalysisRun, (people.town.township.id, run.id))


def found_by(run):
    return queries.proposals_of(run.township_id, run.id)


def holds(proposal, at):
    return to_shape(proposal.geom).contains(Point(places.here(*at)))


# Gi* weighs a place against the whole: in a township of one square kilometre it needs small cells.
@pytest.mark.parametrize(("method", "distance_m"), [("gi_cells", 60), ("gi_streets", 150), ("dbscan", 100)])
def test_planted_places_are_proposed_and_blind_ones_are_not(town, evening, method, distance_m):
    run = search(town, evening, method, distance_m=distance_m)
    assert (run.state, run.progress, run.n, run.fault) == ("done", 100, 84, None)
    proposals = found_by(run)
    for spot in (planted.NIGHTS, planted.NOONS):
        assert sum(holds(one, spot) for one in proposals) == 1, spot
    assert not any(holds(one, planted.BLIND) for one in proposals)
    for one in proposals:
        assert one.state == "found" and one.n >= 5 and one.area_m2 >= rules.MIN_AREA_M2
        assert (one.method, one.parameters, one.first_on, one.last_on) == (
            method,
            run.parameters,
            FIRST,
            LAST,
        )
        assert one.score is not None and one.shapes and one.shape in one.shapes


def test_the_windows_are_those_of_the_planted_hours(town, evening):
    proposals = found_by(search(town, evening, "dbscan"))
    nights = next(one for one in proposals if holds(one, planted.NIGHTS))
    assert {weekday for weekday, _, _ in nights.windows} == {4}
    assert all(22 * 60 <= start < end <= 25 * 60 for _, start, end in nights.windows)
    noons = next(one for one in proposals if holds(one, planted.NOONS))
    assert all(start >= 11 * 60 and end <= 13 * 60 for _, start, end in noons.windows)


def test_postgis_clusters_as_scikit_learn_does_and_as_was_planted(town, evening):
    draw = np.random.default_rng(2)
    xy = np.vstack(
        [draw.normal((n * 400, n * 150), 30, (30, 2)) for n in range(5)] + [draw.uniform(0, 2000, (60, 2))]
    )
    truth = np.repeat([0, 1, 2, 3, 4, -1], [30] * 5 + [60])
    ours = [-1 if label is None else label for label in queries.clusters(*xy.T.tolist(), 60, 5)]
    theirs = DBSCAN(eps=60, min_samples=5).fit(xy)
    core = theirs.core_sample_indices_
    assert adjusted_rand_score(np.array(ours)[core], theirs.labels_[core]) == 1.0
    assert [one == -1 for one in ours] == [one == -1 for one in theirs.labels_]
    assert adjusted_rand_score(truth, ours) >= 0.8


@pytest.mark.parametrize(("eps", "least", "found", "noise"), [(300, 5, 17, 95), (500, 10, 5, 117)])
def test_dbscan_of_the_crimes_of_geodanet_in_feet(rolled_back, eps, least, found, noise):
    crimes = geopandas.read_file(libpysal.examples.get_path("crimes.shp")).geometry
    labels = queries.clusters(crimes.x.tolist(), crimes.y.tolist(), eps, least)
    assert (len(set(labels) - {None}), labels.count(None)) == (found, noise)
    theirs = DBSCAN(eps=eps, min_samples=least).fit_predict(np.column_stack([crimes.x, crimes.y]))
    assert [label is None for label in labels] == [label == -1 for label in theirs]


def test_reports_of_the_phone_count_beside_imported_events_when_asked_for(people, evening):
    for n in range(3):
        planted.add_event(people, 300 + n, 300, evening - timedelta(days=n + 1), category="fire")
    for n, more in enumerate(({}, {}, {"closing": "no_hazard"}, {"category": "road"})):
        lon, lat = places.here(305, 300 + n)
        state = {"state": "closed", "closed_at": evening} if "closing" in more else {}
        values = {"category": "fire", "place": f"SRID=4326;POINT({lon} {lat})", **state, **more}
        make.save(
            Incident(
                township_id=people.town.township.id, id=uuid4(), reporter_id=people.member.id,
                reported_at=evening - timedelta(days=9), received_at=evening, **values,
            )
        )  # fmt: skip
    assert search(people, evening, "dbscan", categories=("fire",)).n == 3
    run = search(people, evening, "dbscan", categories=("fire", "report_fire"))
    assert run.n == 5 and [one.n for one in found_by(run)] == [5]


def test_four_events_are_never_proposed_whatever_the_method_says(people, evening):
    for n in range(4):
        planted.add_event(people, 300 + n, 300, evening - timedelta(days=n + 1))
    planted.add_event(people, 300, 300, evening - timedelta(days=500))
    run = search(people, evening, "dbscan", first=FIRST - timedelta(days=365))
    assert run.state == "done" and found_by(run) == [] and run.result["too_few"] == 1


def test_fewer_than_five_events_at_all_end_at_once(people, evening):
    planted.add_event(people, 300, 300, evening - timedelta(days=1))
    run = search(people, evening, "kde")
    assert (run.state, run.n, run.result["few"]) == ("done", 1, True)


def test_only_the_kinds_and_days_asked_for_are_looked_at(town, evening):
    assert search(town, evening, "dbscan", categories=("fire",)).n == 0
    assert search(town, evening, "dbscan", first=LAST, last=LAST).n == 0


def test_the_kernel_is_a_picture_in_degrees(town, evening):
    result = search(town, evening, "kde").result
    features = result["steps"]["features"]
    assert [f["properties"]["step"] for f in features] == [1, 2, 3, 4, 5]
    lon, lat = places.here(*planted.NIGHTS)
    ring = np.array(features[-1]["geometry"]["coordinates"][0][0])
    assert np.abs(ring.reshape(-1, 2) - (lon, lat)).max() < 0.02


def test_figures_of_concentration_knox_and_villages(town, evening):
    found = search(town, evening, "concentration").result
    assert found["streets"] == 60 and 0 < found["half"] <= 8 and 0 < found["gini_prime"] <= 1
    assert all(street["n"] >= 5 for street in found["fullest"])
    knox = search(town, evening, "knox").result
    assert knox["table"][0][0] > 0 and 0 < knox["p"] <= 1 and knox["permutations"] == 199
    villages = search(town, evening, "rates").result["villages"]
    assert sum(line["n"] for line in villages) == 84 and {line["population"] for line in villages} == {3000}


def test_a_search_that_fails_says_so_and_is_not_tried_again(town, evening, monkeypatch):
    def broken(*_):
        raise RuntimeError("secret words")

    monkeypatch.setitem(job.METHODS, "kde", broken)
    run = search(town, evening, "kde")
    assert (run.state, run.fault, run.result) == ("failed", "search_failed", None)
    job.find_hotspots(township_id=run.township_id, run_id=str(run.id))
    assert run.state == "failed"


def test_a_search_whose_worker_died_begins_anew_and_proposes_once(town, evening):
    run = ask(town, evening, "dbscan")
    proposing.begin(run.township_id, run.id, evening)
    proposing.advance(run, 50)
    db.session.commit()
    for _ in range(2):
        job.find_hotspots(township_id=run.township_id, run_id=str(run.id))
    assert len(found_by(run)) == len({to_shape(one.geom).wkt for one in found_by(run)}) >= 2


def test_asking_puts_one_job_in_the_queue_with_ids_only(town, evening):
    run = ask(town, evening, "gi_cells")
    rows = db.session.execute(
        text("SELECT args FROM procrastinate_jobs WHERE task_name = 'find_hotspots' ORDER BY id DESC LIMIT 1")
    )
    assert rows.scalar() == {"township_id": run.township_id, "run_id": str(run.id)}


WRONG = {
    "a method that there is not": ({"method": "oracle"}, "/method"),
    "a distance of 5 km": ({"method": "dbscan", "distance_m": 5000}, "/distance_m"),
    "an end before the beginning": ({"method": "kde", "first": LAST, "last": FIRST}, "/last"),
    "tomorrow": ({"method": "kde", "last": LAST + timedelta(days=1)}, "/last"),
    "ten years": ({"method": "kde", "first": date(2016, 1, 1)}, "/first"),
    "no kind": ({"method": "kde", "categories": ()}, "/categories"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_asked_is_refused_by_its_field(people, evening, what):
    asked, pointer = WRONG[what]
    with pytest.raises(DomainError) as refused:
        ask(people, evening, **asked)
    assert [fault.pointer for fault in refused.value.fields] == [pointer]


def test_a_sixth_search_waits_for_the_others(people, evening):
    for _ in range(5):
        ask(people, evening, "kde")
    with pytest.raises(Conflict):
        ask(people, evening, "kde")


def test_no_search_leaves_a_proposal_of_another_township(town, evening):
    search(town, evening, "dbscan")
    assert set(db.session.scalars(select(HotspotProposal.township_id))) == {town.town.township.id}
