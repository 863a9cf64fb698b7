"""The edge of `/i/`: a wrong token, too much, rubbish. Never a page, never a 500, never a token in the log."""

from __future__ import annotations

import io
import logging
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from app.api import loggers as edge
from app.db import db
from app.loggers import clients, operations
from app.loggers.rules import APPS, Sent, instant, number, place
from tests import make
from tests.loggers.replay import new_logger

FIX = "lat=30.5845&lon=114.3041&timestamp=1795521930&accuracy=5"
NO_HTML = ("<html", "<!doctype", "<body")


def is_plain(answer):
    text = answer.get_data(as_text=True).lower()
    return "html" not in (answer.content_type or "") and not any(tag in text for tag in NO_HTML)


@pytest.mark.parametrize("app_name", [*APPS, "g"])
def test_a_wrong_token_is_refused_without_a_word(client, people, evening, app_name):
    answer = client.post(f"/i/{app_name}/{'a' * 32}?{FIX}", bare=True)
    assert (answer.status_code, answer.data) == (401, b"") and is_plain(answer)


def test_the_token_is_taken_in_capitals_as_well(client, people, evening):
    _, token = new_logger(people.member)
    assert client.get(f"/i/traccar/{token.upper()}?{FIX}", bare=True).status_code == 200


def test_a_token_works_at_every_apps_address(client, people, evening):
    """Overland can speak OwnTracks: how a request is read is said by its address."""
    _, token = new_logger(people.member, "overland")
    assert client.post(f"/i/owntracks/{token}", data="", bare=True).data == b"[]"


def test_a_revoked_token_and_a_closed_account_are_nobodys(client, people, evening):
    logger, token = new_logger(people.member)
    _, mates = new_logger(people.mate)
    operations.revoke_logger(people.member, logger.id, make.EVENING)
    people.mate.active = False
    db.session.commit()
    assert client.get(f"/i/traccar/{token}?{FIX}", bare=True).status_code == 401
    assert client.get(f"/i/traccar/{mates}?{FIX}", bare=True).status_code == 401


def test_who_tries_many_tokens_waits_and_real_loggers_beside_him_do_not(client, people, evening):
    _, token = new_logger(people.member)
    codes = [
        client.get(f"/i/traccar/{n:032d}", bare=True).status_code
        for n in range(edge.WRONG_TOKENS_AN_HOUR + 1)
    ]
    assert set(codes[:-1]) == {401} and codes[-1] == 429
    refused = client.get("/i/traccar/nobody", bare=True)
    assert (
        refused.status_code == 429 and 1 <= int(refused.headers["Retry-After"]) <= 3600 and is_plain(refused)
    )
    assert client.get(f"/i/traccar/{token}?{FIX}", bare=True).status_code == 200


def test_a_logger_that_floods_waits_and_loses_nothing(client, people, evening, monkeypatch):
    monkeypatch.setattr(edge, "MOST_A_MINUTE", 3)
    _, token = new_logger(people.member)
    codes = [client.get(f"/i/traccar/{token}?{FIX}", bare=True).status_code for _ in range(5)]
    assert codes == [200, 200, 200, 429, 429]


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_beyond_the_limit_is_refused(client, people, evening, declared):
    _, token = new_logger(people.member, "overland")
    body = io.BytesIO(b" " * (edge.MOST_BYTES + 1))
    more = (
        {"content_length": edge.MOST_BYTES + 1}
        if declared
        else {"environ_overrides": {"wsgi.input_terminated": True}}
    )
    answer = client.post(f"/i/overland/{token}", input_stream=body, bare=True, **more)
    assert answer.status_code == 413 and is_plain(answer)


@pytest.mark.parametrize("path", ["/i/nothing/abc", "/i/traccar", "/i/traccar/", "/i/traccar/a/b", "/i/"])
def test_an_address_that_is_none_is_answered_without_a_page(client, people, evening, path):
    answer = client.get(path, bare=True)
    assert answer.status_code == 404 and is_plain(answer)


def test_a_method_that_is_none_is_answered_without_a_page(client, people, evening):
    answer = client.open("/i/traccar/abc", method="TRACE", bare=True)
    assert answer.status_code == 405 and is_plain(answer)


def test_no_cookie_is_set_and_none_is_looked_at(client, people, as_person, evening):
    _, token = new_logger(people.member)
    answer = as_person(people.outsider).get(f"/i/traccar/{token}?{FIX}", bare=True)
    assert answer.status_code == 200 and "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


def test_while_the_database_is_away_the_app_is_told_to_come_again(client, people, evening, monkeypatch):
    def away(*_):
        raise OperationalError("SELECT", {}, Exception("away"))

    monkeypatch.setattr(operations, "logger_of_token", away)
    answer = client.get(f"/i/traccar/{'a' * 32}?{FIX}", bare=True)
    assert answer.status_code == 503 and answer.headers["Retry-After"] and is_plain(answer)


def test_no_token_and_no_position_is_logged_whatever_goes_wrong(client, people, evening, monkeypatch, caplog):
    _, token = new_logger(people.member)

    def broken(*_):
        raise RuntimeError(f"{token} 114.3041")

    monkeypatch.setattr(clients, "read", broken)
    with caplog.at_level(logging.DEBUG):
        answer = client.get(f"/i/traccar/{token}?{FIX}", bare=True)
    assert answer.status_code == 500 and is_plain(answer)
    assert caplog.text and token not in caplog.text and "114.3041" not in caplog.text


# --- rubbish --------------------------------------------------------------------------------------

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20),
    st.sampled_from([
        "NaN", "Infinity", "1e999", "-1", "30,5", "1_0", "9" * 400, "2026-13-45T99:99:99Z", "%LAT", "{0}", "\x00",
        10**400, -(10**400), "٣٠.٥",
    ]),
)  # fmt: skip
KEYS = st.sampled_from(
    [
        "lat", "lon", "timestamp", "time", "accuracy", "acc", "hdop", "speed", "spd", "location", "alarm", "valid",
        "mock",
        "_", "_type", "tst", "t", "data", "locations", "geometry", "properties", "coordinates", "coords", "latitude",
        "longitude", "horizontal_accuracy", "type", "extras",
    ]
)  # fmt: skip
NESTED = st.recursive(
    SCALARS,
    lambda below: st.one_of(st.lists(below, max_size=4), st.dictionaries(KEYS, below, max_size=6)),
    max_leaves=20,
)
LIKELY = st.fixed_dictionaries(
    {},
    optional={
        "_type": st.sampled_from(["location", "encrypted", "transition", 7]), "type": st.just("Feature"),
        "lat": SCALARS, "lon": SCALARS, "tst": SCALARS, "timestamp": SCALARS, "location": NESTED, "data": SCALARS,
        "locations": st.lists(NESTED, max_size=3), "alarm": SCALARS, "_": SCALARS,
    },
)  # fmt: skip


def as_json(value):
    import json

    return json.dumps(value, default=str).encode()


BODIES = st.one_of(
    st.binary(max_size=200),
    NESTED.map(as_json),
    LIKELY.map(as_json),
    st.lists(LIKELY, max_size=3).map(as_json),
    st.sampled_from([b"[" * 100_000, b"{" * 1000, b"\xff\xfe{}", b"null", b"1", b'"x"', b"lat=1&" * 5000]),
)
QUERIES = st.one_of(
    st.text(max_size=120),
    st.dictionaries(KEYS, SCALARS, max_size=6).map(lambda d: "&".join(f"{k}={v}" for k, v in d.items())),
)
TYPES = st.sampled_from(
    ["application/json", "application/x-www-form-urlencoded", "text/plain", "", "multipart/form-data"]
)


@settings(max_examples=300)
@given(app_name=st.sampled_from(APPS), query=QUERIES, body=BODIES, kind=TYPES)
def test_no_reader_falls_over_whatever_comes(app_name, query, body, kind):
    heard = clients.read(app_name, Sent(query, body, kind, 1795521960), lambda data: body)
    for p in heard.positions:
        assert (
            abs(p.lon_e7) <= 1_800_000_000 and abs(p.lat_e7) <= 900_000_000 and (p.lon_e7, p.lat_e7) != (0, 0)
        )
        assert -1 <= p.accuracy_m <= 1_000_000 and 978_307_200 <= p.t_s < 4_102_444_800
        assert p.speed_m_s is None or p.speed_m_s >= 0


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(app_name=st.sampled_from(APPS), body=BODIES, kind=TYPES)
def test_an_authentic_request_is_a_success_whatever_it_says(client, people, evening, app_name, body, kind):
    """Else the app would send it again for ever, and everything behind it would wait."""
    token = known_token(people)
    answer = client.post(f"/i/{app_name}/{token}", data=body, headers={"Content-Type": kind}, bare=True)
    assert (answer.status_code, answer.get_data(as_text=True)) == (200, edge.ANSWERS[app_name][0])


def known_token(people, made={}):  # noqa: B006  one for all the examples of a test
    key = people.member.id
    if key not in made:
        made[key] = new_logger(people.member)[1]
    return made[key]


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (1795521930, 1795521930), ("1795521930", 1795521930), (1795521930999, 1795521930), 
        ("1795521930.75", 1795521930),
        ("2026-11-24T12:05:30.999Z", 1795521930), ("2026-11-24T20:05:30+08:00", 1795521930),
        ("2026-11-24T04:05:30-0800", 1795521930), ("2026-11-24 20:05:30", 1795521930), ("", 7), (None, 7),
        (0, None), (-1, None), ("yesterday", None), (10**20, None), (True, None), ("0001-01-01T00:00:00+14:00", None),
        ([], None), ({}, None),
    ],
)  # fmt: skip
def test_an_instant_is_read_in_every_way_that_a_client_writes_it(value, wanted):
    assert instant(value, 7) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [("30,5", 30.5), ("30.5", 30.5), (" 7 ", 7), ("1,234.5", None), ("nan", None), ("inf", None), (True, None),
     ("", None)],
)  # fmt: skip
def test_a_number_is_read_with_a_decimal_comma_and_never_as_infinity(value, wanted):
    assert number(value) == wanted


def test_a_place_is_kept_to_eleven_centimetres():
    assert place(114.30443201, 30.58451199) == place("114.304432", "30.584512") == (1143044320, 305845120)
    assert (
        place(181, 0) is None and place(0, 91) is None and place("0.0", 0) is None and place(None, 1) is None
    )


def test_a_speeds_unit_is_the_endpoints():
    def speed_at(app_name, query="", body=b""):
        (p,) = clients.read(app_name, Sent(query, body, "", 1795521960), lambda _: None).positions
        return p.speed_m_s

    assert speed_at("traccar", f"{FIX}&speed=2.35") == pytest.approx(2.35 * 0.514444, rel=1e-5)
    assert speed_at("osmand", f"{FIX}&speed=2.35") == 2.35
    assert speed_at("gpslogger", f"{FIX}&spd=2.35") == 2.35
    body = b'{"_type":"location","lat":30.5,"lon":114.3,"tst":1795521930,"vel":4}'
    assert speed_at("owntracks", body=body) == pytest.approx(4 / 3.6)
    nested = b'{"location":{"timestamp":1795521930,"coords":{"latitude":30.5,"longitude":114.3,"speed":1.5}}}'
    assert speed_at("traccar", body=nested) == 1.5
    assert speed_at("traccar", f"{FIX}&speed=-1") is None


def test_a_fix_a_little_ahead_of_our_clock_is_one(client, people, at):
    logger, token = new_logger(people.member)
    at(make.EVENING)
    for ahead, fault in ((100, None), (130, "in_the_future")):
        t_s = int((make.EVENING + timedelta(seconds=ahead)).timestamp())
        client.get(f"/i/traccar/{token}?lat=30.5&lon=114.3&timestamp={t_s}&accuracy=5", bare=True)
        db.session.refresh(logger)
        assert logger.fault == fault
