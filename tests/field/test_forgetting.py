""" "Delete my tracks": at once nothing says where I was; what was judged stays, and nobody else is touched."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import select

from app.accounts.models import Audit
from app.db import db
from app.field.forgetting import forget_tracks
from app.field.operations import settle_duty
from app.field.rules import body_sha256
from tests import make, places
from tests.databases import env_for
from tests.field.forgetful import CANARY_M, open_town, patrol, street_days, what_stays
from tests.phone import Phone

TRAILS = ("segments", "street_presences", "route_presences")
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def ground():
    with open_town() as found:
        yield found


@pytest.fixture
def town(ground, at):
    ground.begin_anew(at)
    yield ground
    db.session.rollback()


def canaries():
    found = []
    for e7 in places.here_e7(*CANARY_M):
        found += [str(e7), f"{e7 // 10**7}.{e7 % 10**7:07d}"[:-1]]
    return found


def walked(town, person=None, **more):
    person = person or town.people.member
    items = patrol(town, person, **more)
    town.send(person, items, town.starts_at + 61 * MINUTE)
    return items


def forget(town, minutes=62):
    """As the application does it, with its role and one commit."""
    found = forget_tracks(town.people.member, town.starts_at + minutes * MINUTE)
    db.session.commit()
    return found


def test_at_once_no_place_of_mine_is_left_anywhere(town):
    items = walked(town)
    other = {**items[2], "body": items[2]["body"] | {"method": "nfc"}}
    other["sha256"] = body_sha256(other["body"])
    town.send(town.people.member, [other], town.starts_at + 61 * MINUTE)
    before = what_stays()
    assert all(canary in town.dump() for canary in canaries())
    gone = forget(town)
    left = town.dump()
    assert not [canary for canary in canaries() if canary in left]
    assert [town.count(table) for table in TRAILS] == [0, 0, 0]
    assert town.count("inbox_items", "body IS NOT NULL OR sha256 IS NULL") == 0
    assert town.count("quarantine_items", "content IS NOT NULL") == 0
    assert what_stays() == before and before["points"] == 46
    assert gone.segments == sum(i["kind"] == "segment" for i in items) and gone.positions == 3
    assert gone.streets > 0 and gone.routes > 0 and gone.bodies == len(items) + 1 and gone.kept_until_end == 0


def test_streets_are_folded_exactly_as_retention_folds_them(town, at):
    walked(town)
    forget(town)
    mine = street_days()
    town.begin_anew(at)
    walked(town)
    town.forget(31)
    db.session.rollback()
    assert mine and [d[1:] for d in mine] == [d[1:] for d in street_days()]


def test_no_join_leads_from_me_to_a_street(town):
    walked(town)
    forget(town)
    for table in ("street_presences", "route_presences", "segments"):
        join = f"duty_id IN (SELECT id FROM duties WHERE person_id = {town.people.member.id})"
        assert town.count(table, join) == 0
    assert (
        town.count("information_schema.columns", "table_name = 'street_days' AND column_name ~ 'duty|person'")
        == 0
    )


def test_nobody_elses_trail_is_touched(town):
    walked(town)
    walked(town, town.people.mate, beside_m=3)
    mates = f"duty_id = (SELECT id FROM duties WHERE person_id = {town.people.mate.id})"
    kept = {table: town.count(table, mates) for table in TRAILS}
    bodies = town.count("inbox_items", f"body IS NOT NULL AND author_id = {town.people.mate.id}")
    before = what_stays()
    forget(town)
    assert {table: town.count(table) for table in TRAILS} == kept and all(kept.values())
    assert town.count("inbox_items", "body IS NOT NULL") == bodies
    assert town.count("checkins", "position IS NOT NULL") == 3
    assert what_stays() == before


def test_twice_changes_nothing_more(town):
    walked(town)
    forget(town)
    days = street_days()
    again = forget(town, 63)
    assert (again.segments, again.positions, again.streets, again.routes, again.bodies) == (0, 0, 0, 0, 0)
    assert street_days() == days


def test_settling_the_duty_again_changes_nothing(town):
    walked(town)
    before = what_stays()
    forget(town)
    for (duty_id,) in town.owner.execute("SELECT id FROM duties").fetchall():
        settle_duty(town.people.town.township.id, duty_id, town.starts_at + timedelta(days=3))
    db.session.commit()
    assert what_stays() == before


def test_a_duty_that_is_on_keeps_its_track_until_its_end_and_then_it_goes(town):
    *items, end = patrol(town, town.people.member)
    town.send(town.people.member, items, town.starts_at + 50 * MINUTE)
    before = [town.count(table) for table in TRAILS]
    gone = forget(town, 51)
    assert gone.kept_until_end == 1 and gone.segments == gone.bodies == 0
    assert [town.count(table) for table in TRAILS] == before and all(before)
    town.send(town.people.member, [end], town.starts_at + 61 * MINUTE)
    gone = forget(town)
    assert gone.kept_until_end == 0 and gone.segments > 0
    assert not [canary for canary in canaries() if canary in town.dump()]


def test_what_still_waits_to_be_judged_is_judged_later_and_a_waiting_piece_of_track_is_let_go(town):
    start, checkin, *rest = patrol(town, town.people.member)
    segment = next(i for i in rest if i["kind"] == "segment")
    town.send(town.people.member, [checkin, segment], town.starts_at + 5 * MINUTE)
    gone = forget(town, 6)
    assert gone.bodies == 1
    (receipt,) = town.send(town.people.member, [segment], town.starts_at + 7 * MINUTE)
    assert (receipt["result"], receipt["reasons"]) == ("rejected", ["tracks_deleted"])
    town.send(town.people.member, [start], town.starts_at + 8 * MINUTE)
    assert town.count("checkins", "verdict = 'counted'") == 1


def test_what_comes_in_later_goes_the_next_time(town):
    items = walked(town)
    forget(town)
    phone = Phone(town.people.member, town.starts_at)
    late = phone.segment(
        town.people.shift, [(100, 300, town.starts_at + 2 * MINUTE), (150, 300, town.starts_at + 3 * MINUTE)]
    )
    town.send(town.people.member, [late, *items], town.starts_at + 70 * MINUTE)
    assert town.count("segments") == 1
    assert forget(town, 71).segments == 1
    assert town.count("segments") == 0


def test_it_stands_in_the_audit_without_a_place(town):
    walked(town)
    gone = forget(town)
    line = db.session.scalars(select(Audit).where(Audit.action == "tracks.deleted")).one()
    assert line.actor_id == town.people.member.id and line.object_id == str(town.people.member.id)
    assert line.detail == {"segments": gone.segments}


def test_the_application_may_forget_bodies_by_this_way_only(ground):
    url = env_for(ground.owner.info.dbname)["DATABASE_URL"].replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as app:
        assert app.execute("SELECT forget_bodies_of(1, 1, '{}')").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("UPDATE inbox_items SET body = NULL")
    for role in ("WORKER_DATABASE_URL", "RETENTION_DATABASE_URL"):
        url = env_for(ground.owner.info.dbname)[role].replace("+psycopg", "")
        with (
            psycopg.connect(url, autocommit=True) as other,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            other.execute("SELECT forget_bodies_of(1, 1, '{}')")


def test_by_the_api_the_answer_counts_what_is_gone(people, as_person, sync, phone, evening):
    caller = as_person(people.member)
    track = [(100 + 20 * n, 500, make.EVENING + n * MINUTE / 3) for n in range(6)]
    end = phone.end(people.shift, make.EVENING + 30 * MINUTE)
    items = [phone.start(people.shift), phone.segment(people.shift, track), end]
    sync(caller, items, make.EVENING + 31 * MINUTE)
    answer = caller.delete("/api/v1/me/tracks")
    assert answer.status_code == 200
    doc = answer.get_json()
    assert doc["segments"] == 1 and doc["bodies"] == 3 and doc["streets"] > 0 and doc["kept_until_end"] == 0
    assert set(caller.delete("/api/v1/me/tracks").get_json().values()) == {0}
