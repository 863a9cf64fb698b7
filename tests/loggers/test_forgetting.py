"""What a logger sent off duty is nowhere kept; what waits goes after two days; roles may do their own only."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app import clock
from app.db import db
from app.field.forgetting import forget_tracks
from app.jobs import tasks
from app.loggers import operations
from tests import places
from tests.conftest import Caller
from tests.field.forgetful import open_town
from tests.loggers.test_taking import MINUTE, fixes_of
from tests.phone import Phone, walk

# Far from everything else of the town.
HOME = (111, 1111)
APPS = {
    "traccar": "/i/traccar/{t}?lat={lat}&lon={lon}&timestamp={s}&accuracy=5",
    "osmand": "/i/osmand/{t}?lat={lat}&lon={lon}&timestamp={s}000&hdop=5",
    "gpslogger": "/i/g/{t}?lat={lat}&lon={lon}&timestamp={s}&acc=5",
}


@pytest.fixture(scope="module")
def town():
    with open_town() as town:
        yield town


@pytest.fixture
def fresh(town, monkeypatch):
    for table in ("logger_fixes", "loggers"):
        town.owner.execute(f"DELETE FROM {table}")
    town.begin_anew(lambda instant: monkeypatch.setattr(clock, "now", lambda: instant) or instant)
    return town


def traces_of_home(town):
    """Its coordinates in any spelling that a row could hold them in."""
    lon, lat = places.here(*HOME)
    dump = town.dump()
    words = [f"{degrees:.6f}"[:-1] for degrees in (lon, lat)]
    return [w for word in words for w in (word, word.replace(".", "")) if w in dump]


def at_home(town, caller, token, app_name, when):
    lon, lat = places.here(*HOME)
    town.set_clock(when)
    path = APPS[app_name].format(t=token, lat=f"{lat:.6f}", lon=f"{lon:.6f}", s=int(when.timestamp()))
    assert caller.get(path, bare=True).status_code == 200


def make(town, person, app_name):
    _, token = operations.make_logger(person, app_name, town.starts_at)
    db.session.commit()
    return token


@pytest.mark.parametrize("app_name", APPS)
def test_a_place_sent_before_between_and_after_is_nowhere_in_the_database(fresh, app_name):
    town, person, at0 = fresh, fresh.people.member, fresh.starts_at
    token, caller, phone = make(town, person, app_name), Caller(fresh.app), Phone(person, at0)
    at_home(town, caller, token, app_name, at0 - 30 * MINUTE)
    town.send(person, [phone.start(town.people.shift, at0)], at0)
    town.send(person, [phone.mark("pause", town.people.shift, at0 + 10 * MINUTE)], at0 + 10 * MINUTE)
    at_home(town, caller, token, app_name, at0 + 12 * MINUTE)
    town.send(person, [phone.mark("resume", town.people.shift, at0 + 20 * MINUTE)], at0 + 20 * MINUTE)
    town.send(person, [phone.end(town.people.shift, at0 + 30 * MINUTE)], at0 + 30 * MINUTE)
    at_home(town, caller, token, app_name, at0 + 40 * MINUTE)
    assert traces_of_home(town) == []
    assert town.count("loggers", "heard_at IS NOT NULL AND kept_at IS NULL") == 1


def test_the_canary_is_found_where_it_may_be(fresh):
    """Else the test above would pass on a blind search."""
    town, person, at0 = fresh, fresh.people.member, fresh.starts_at
    token, caller, phone = make(town, person, "traccar"), Caller(fresh.app), Phone(person, at0)
    town.send(person, [phone.start(town.people.shift, at0)], at0)
    at_home(town, caller, token, "traccar", at0 + 5 * MINUTE)
    assert traces_of_home(town)
    at_home(town, caller, token, "traccar", at0 + 6 * MINUTE)
    town.set_clock(at0 + 8 * MINUTE)
    with town.app.app_context():
        tasks.pack_loggers.func(0)
    assert town.count("segments") == 1 and town.count("logger_fixes") == 0
    assert traces_of_home(town)


def test_after_a_late_end_nothing_of_what_came_after_it_is_left(fresh):
    town, person, at0 = fresh, fresh.people.member, fresh.starts_at
    token, caller, phone = make(town, person, "traccar"), Caller(fresh.app), Phone(person, at0)
    town.send(person, [phone.start(town.people.shift, at0)], at0)
    walked = fixes_of(walk([(100, 500), (400, 500)], at0 + MINUTE, 1.0))
    town.set_clock(at0 + 8 * MINUTE)
    body = [{"lat": f.lat_e7 / 1e7, "lon": f.lon_e7 / 1e7, "timestamp": f.t_s, "accuracy": 5} for f in walked]
    caller.post(f"/i/traccar/{token}", json=body, bare=True)
    for n in range(30):
        at_home(town, caller, token, "traccar", at0 + 12 * MINUTE + n * timedelta(seconds=10))
    assert traces_of_home(town)
    town.send(person, [phone.end(town.people.shift, at0 + 10 * MINUTE)], at0 + 30 * MINUTE)
    assert traces_of_home(town) == []
    assert town.count("segments") >= 1


def test_a_point_without_a_neighbour_goes_after_two_days(fresh):
    town, person, at0 = fresh, fresh.people.member, fresh.starts_at
    token, caller, phone = make(town, person, "traccar"), Caller(fresh.app), Phone(person, at0)
    town.send(person, [phone.start(town.people.shift, at0)], at0)
    at_home(town, caller, token, "traccar", at0 + 5 * MINUTE)
    assert town.forget(1.9).get("logger_fixes") == 0 and town.count("logger_fixes") == 1
    assert town.forget(2.1)["logger_fixes"] == 1 and town.count("logger_fixes") == 0


def test_deleting_my_tracks_takes_a_loggers_points_too(fresh):
    town, person, at0 = fresh, fresh.people.member, fresh.starts_at
    token, caller, phone = make(town, person, "traccar"), Caller(fresh.app), Phone(person, at0)
    town.send(person, [phone.start(town.people.shift, at0)], at0)
    walked = fixes_of(walk([(100, 500), (700, 500)], at0 + MINUTE, 1.0))
    body = [{"lat": f.lat_e7 / 1e7, "lon": f.lon_e7 / 1e7, "timestamp": f.t_s, "accuracy": 5} for f in walked]
    town.set_clock(at0 + 15 * MINUTE)
    caller.post(f"/i/traccar/{token}", json=body, bare=True)
    at_home(town, caller, token, "traccar", at0 + 16 * MINUTE)
    assert town.count("segments") and town.count("logger_fixes")
    town.send(person, [phone.end(town.people.shift, at0 + 17 * MINUTE)], at0 + 17 * MINUTE)
    forget_tracks(person, at0 + 20 * MINUTE)
    db.session.commit()
    assert (town.count("segments"), town.count("logger_fixes")) == (0, 0)
    town.set_clock(at0 + 21 * MINUTE)
    caller.post(f"/i/traccar/{token}", json=body, bare=True)
    assert (town.count("segments"), town.count("logger_fixes")) == (0, 0), "they do not come back"


@pytest.mark.parametrize("role", ["xunfang_readonly", "xunfang_retention"])
@pytest.mark.parametrize(
    "statement", ["SELECT token_sha256 FROM loggers", "UPDATE logger_fixes SET duty_id = 1"]
)
def test_a_role_that_needs_no_logger_reaches_none(fresh, role, statement):
    row = fresh.owner.execute(
        "SELECT has_table_privilege(%s, 'loggers', 'SELECT'), has_table_privilege(%s, 'logger_fixes', 'UPDATE')",
        [role, role],
    ).fetchone()
    assert row[0 if "loggers" in statement else 1] is False
