"""Four eyes: one person proposes, another approves; renewed or ended when the review is due."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from geoalchemy2.shape import from_shape
from shapely.geometry import mapping
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.accounts.models import Audit
from app.accounts.rules import uuid7
from app.db import db
from app.errors import Conflict, DomainError, NotFound
from app.hotspots import proposing, queries
from app.hotspots.models import HotspotProposal
from app.hotspots.proposing import Edited
from app.hotspots.rules import Window
from app.teams.scope import scope_of
from tests import make, places
from tests.hotspots import planted

TODAY = date(2026, 11, 24)
NIGHT = (Window(4, 1320, 1500),)
GOOD = Edited("河边夜市", "night_economy", NIGHT, "hull")


def make_proposal(people, now, **more):
    hull, wide = places.square(250, 250, 350, 350), places.square(200, 200, 400, 400)
    values = {
        "township_id": people.town.township.id, "id": uuid7(now, bytes(range(10))), "run_id": uuid7(now, bytes(10)),
        "method": "dbscan", "parameters": {"distance_m": 100, "least": 5}, "first_on": TODAY - timedelta(days=364),
        "last_on": TODAY, "n": 30, "score": 12.5, "shapes": {"hull": mapping(hull), "circles": mapping(wide)},
        "shape": "hull", "geom": from_shape(hull, srid=4326), "area_m2": 10_000, "windows": [[4, 1320, 1500]],
        "found_at": now,
    }  # fmt: skip
    return make.save(HotspotProposal(**{**values, **more}))


@pytest.fixture
def found(people, evening):
    return make_proposal(people, evening)


@pytest.fixture
def acts(people, evening, found):
    """acts("propose", person, …) on the proposal found."""

    def act(deed, person, *more):
        return getattr(proposing, deed)(person, scope_of(person), found.id, *more, evening)

    return act


def test_proposed_by_one_and_approved_by_another_it_is_a_hotspot_in_force(acts, people, found):
    acts("propose", people.reviewer, Edited("河边夜市", "night_economy", NIGHT, "circles"))
    hotspot = acts("approve", people.admin, 60)
    db.session.commit()
    assert (hotspot.name, hotspot.category) == ("河边夜市", "night_economy")
    assert (hotspot.proposed_by, hotspot.approved_by) == (people.reviewer.id, people.admin.id)
    assert (hotspot.valid_from, hotspot.review_by) == (TODAY, TODAY + timedelta(days=60))
    assert (
        hotspot.area_m2 == pytest.approx(40_000, rel=0.01)
        and hotspot.village_id == people.town.villages[0].id
    )
    assert queries.windows_of([hotspot.id])[hotspot.id] == [(4, 1320, 1500)]
    assert "dbscan n=30" in hotspot.evidence and "score=12.5" in hotspot.evidence
    assert (found.state, found.hotspot_id, found.decided_by) == ("approved", hotspot.id, people.admin.id)
    told = db.session.scalars(select(Audit.action).where(Audit.object_kind == "hotspot_proposal")).all()
    assert sorted(told) == ["hotspots.approve", "hotspots.propose"]


def test_nobody_approves_the_own_proposal(acts, people, found):
    acts("propose", people.reviewer, GOOD)
    with pytest.raises(DomainError) as refused:
        acts("approve", people.reviewer, 60)
    assert refused.value.code == "proposal_own" and found.state == "proposed"


def test_who_edits_last_is_the_proposer_and_cannot_approve(acts, people, found):
    acts("propose", people.reviewer, GOOD)
    acts("propose", people.admin, Edited("河边市场", "market", NIGHT, "hull"))
    with pytest.raises(DomainError):
        acts("approve", people.admin, 60)
    assert acts("approve", people.reviewer, 60).name == "河边市场"


def test_the_database_itself_refuses_a_pair_of_eyes(people, evening, found):
    with pytest.raises(IntegrityError, match="four_eyes"), db.session.begin_nested():
        found.name, found.category, found.state = "河边", "market", "approved"
        found.proposed_by = found.decided_by = people.reviewer.id
        found.hotspot_id = people.town.hotspot.id
        db.session.flush()


def test_the_database_itself_refuses_four_events(people, evening):
    with pytest.raises(IntegrityError, match="at_least_5"), db.session.begin_nested():
        make_proposal(people, evening, n=4)


def test_what_nobody_has_proposed_is_not_approved(acts, people):
    with pytest.raises(Conflict):
        acts("approve", people.admin, 60)


def test_a_rejection_has_a_reason_of_the_list_and_is_final(acts, people, found):
    with pytest.raises(DomainError):
        acts("reject", people.reviewer, "because")
    acts("reject", people.reviewer, "one_event")
    assert (found.state, found.rejection) == ("rejected", "one_event")
    for deed, more in (("propose", [GOOD]), ("reject", ["solved"]), ("approve", [60])):
        with pytest.raises(Conflict):
            acts(deed, people.admin, *more)


WRONG = {
    "no name": (Edited("", "market", NIGHT, "hull"), "/name"),
    "the name of another hotspot": (Edited("清禾镇菜市场", "market", NIGHT, "hull"), "/name"),
    "no kind of place": (Edited("河边", "people", NIGHT, "hull"), "/category"),
    "no window": (Edited("河边", "market", (), "hull"), "/windows"),
    "windows that overlap": (Edited("河边", "market", (*NIGHT, Window(4, 1380, 1400)), "hull"), "/windows"),
    "an outline that there is not": (Edited("河边", "market", NIGHT, "heart"), "/shape"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_with_a_proposal_is_said_by_its_field(acts, people, found, what):
    edited, pointer = WRONG[what]
    with pytest.raises(DomainError) as refused:
        acts("propose", people.reviewer, edited)
    assert [fault.pointer for fault in refused.value.fields] == [pointer]
    assert found.state == "found"


def test_a_review_in_a_year_is_refused(acts, people):
    acts("propose", people.reviewer, GOOD)
    with pytest.raises(DomainError):
        acts("approve", people.admin, 365)


@pytest.mark.parametrize("who", ["member", "leader", "outsider"])
def test_who_reviews_no_township_finds_no_proposal(acts, people, who):
    for deed, more in (("propose", [GOOD]), ("approve", [60]), ("reject", ["solved"])):
        with pytest.raises(NotFound):
            acts(deed, getattr(people, who), *more)


def test_a_hotspot_is_renewed_by_two_people_and_the_old_one_ends_the_day_before(people, evening):
    old = people.town.hotspot
    for n in range(3):
        planted.add_event(people, 400 + n, 500, evening - timedelta(days=n + 1))
    wish = proposing.renew(people.reviewer, scope_of(people.reviewer), old.id, evening)
    assert (wish.state, wish.n, wish.renews, wish.name) == ("proposed", 3, old.id, old.name)
    assert proposing.renew(people.admin, scope_of(people.admin), old.id, evening).id == wish.id
    with pytest.raises(DomainError):
        proposing.approve(people.reviewer, scope_of(people.reviewer), wish.id, 90, evening)
    new = proposing.approve(people.admin, scope_of(people.admin), wish.id, 90, evening)
    assert (new.name, new.valid_from, new.review_by) == (old.name, TODAY, TODAY + timedelta(days=90))
    assert old.valid_to == TODAY - timedelta(days=1)
    assert queries.windows_of([new.id])[new.id] == [(1, 1200, 1320)]


def test_a_hotspot_that_is_ended_has_its_last_day_today_and_is_not_renewed(people, evening):
    old, scope = people.town.hotspot, scope_of(people.reviewer)
    proposing.end(people.reviewer, scope, old.id, evening)
    assert proposing.end(people.reviewer, scope, old.id, evening + timedelta(days=3)).valid_to == TODAY
    with pytest.raises(Conflict):
        proposing.renew(people.reviewer, scope, old.id, evening)
    with pytest.raises(NotFound):
        proposing.end(people.reviewer, scope, people.other.hotspot.id, evening)
