"""Signing in and out by JSON: the cookie, the limits, one's own devices, and the end of a session."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app import flask_settings
from app.accounts import operations as accounts
from app.db import db
from app.gate import settings
from tests import make
from tests.browserless import cheap_hash

SESSION = "/api/v1/session"
WORD = "ein gutes Wort"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def cast(people, evening):
    hashed = cheap_hash(WORD)
    for person in (people.member, people.mate, people.leader, people.reviewer, people.admin, people.outsider):
        person.password_hash = hashed
    db.session.commit()
    return people


def sign_in(client, login="member", password=WORD, address="192.0.2.1", **more):
    body = {"login": login, "password": password}
    return client.post(SESSION, json=body, environ_overrides={"REMOTE_ADDR": address}, **more)


def fail(client, times, login="member", address="192.0.2.1"):
    return [sign_in(client, login, "wrong", address).status_code for _ in range(times)]


def cookie_of(answer, name):
    return next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith(f"{name}="))


# --- in, who, out ---------------------------------------------------------------------------------


@pytest.mark.parametrize("demo", [True, False])
def test_the_password_of_every_demo_opens_nothing_once_the_demo_is_over(
    client, app, people, evening, monkeypatch, demo
):
    people.admin.password_hash = accounts.hash_password(accounts.DEMO_PASSWORD)
    db.session.commit()
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], demo=demo))
    assert sign_in(client, "admin", accounts.DEMO_PASSWORD).status_code == (200 if demo else 401)


def test_signing_in_says_who_one_is_and_the_cookie_is_the_session(client, cast):
    cast.member.password_hash = accounts.hash_password(WORD)
    db.session.commit()
    answer = sign_in(client)
    assert answer.status_code == 200
    assert answer.get_json()["person"] == {
        "id": cast.member.id, "name": "王队员", "login": "member", "language": "zh",
    }  # fmt: skip
    assert client.get(SESSION).get_json() == answer.get_json()


@pytest.mark.parametrize(
    ("login", "roles", "where"),
    [
        ("member", ["member"], "town"),
        ("leader", ["member", "leader"], "town"),
        ("reviewer", ["reviewer"], "town"),
        ("admin", ["admin"], "county"),
        ("outsider", ["member"], "other"),
    ],
)
def test_roles_and_areas_are_those_held(client, cast, login, roles, where):
    areas = {"town": cast.town.township, "other": cast.other.township, "county": cast.county}
    doc = sign_in(client, login).get_json()
    assert doc["roles"] == roles
    assert {a["code"] for a in doc["areas"]} == {areas[where].code}
    assert {a["role"] for a in doc["areas"]} == set(roles)


def test_a_login_is_read_without_case_and_spaces(client, cast):
    assert sign_in(client, "  Member ").status_code == 200


def test_without_a_session_nobody_is_signed_in(client, cast):
    answer = client.get(SESSION)
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"
    assert answer.get_json()["code"] == "sign_in_needed"


def test_signing_out_ends_the_session_and_takes_the_cookie_back(client, cast):
    first = sign_in(client)
    secret = cookie_of(first, "xunfang").split(";")[0].split("=", 1)[1]
    answer = client.delete(SESSION)
    assert answer.status_code == 204
    assert "Max-Age=0" in cookie_of(answer, "xunfang")
    assert client.get(SESSION).status_code == 401
    client.set_cookie("xunfang", secret, domain="localhost")
    assert client.get(SESSION).status_code == 401, "the secret itself is worth nothing any more"


@pytest.mark.parametrize(
    "body", [{}, {"login": "member"}, {"login": "", "password": "x"}, [], "member", None]
)
def test_a_bad_shape_is_refused_field_by_field(client, cast, body):
    answer = client.post(SESSION, json=body)
    assert answer.status_code in (400, 422)
    assert answer.content_type == "application/problem+json"


# --- the cookie -----------------------------------------------------------------------------------


def test_on_loopback_the_cookie_has_a_plain_name(client, cast):
    cookie = cookie_of(sign_in(client), "xunfang")
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie
    assert "Secure" not in cookie and "Domain" not in cookie


def test_on_https_the_cookie_is_bound_to_the_host_and_secure(app, client, cast, monkeypatch):
    https = replace(app.extensions["settings"], public_url="https://xunfang.example", demo=False)
    monkeypatch.setitem(app.extensions, "settings", https)
    answer = sign_in(client, base_url="https://localhost")
    cookie = cookie_of(answer, "__Host-xunfang")
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
    # a plain cookie that another page of the host has set is not looked at
    secret = cookie.split(";")[0].split("=", 1)[1]
    assert client.get(SESSION, base_url="https://localhost").status_code == 200
    stranger = client.__class__(app)
    stranger.set_cookie("xunfang", secret, domain="localhost")
    assert stranger.get(SESSION, base_url="https://localhost").status_code == 401


def test_the_cookie_of_the_forms_is_as_strict(app):
    here = flask_settings(replace(app.extensions["settings"], public_url="http://127.0.0.1:8000"))
    https = flask_settings(replace(app.extensions["settings"], public_url="https://xunfang.example"))
    assert (here["SESSION_COOKIE_NAME"], here["SESSION_COOKIE_SECURE"]) == ("form", False)
    assert (https["SESSION_COOKIE_NAME"], https["SESSION_COOKIE_SECURE"]) == ("__Host-form", True)
    assert https["SESSION_COOKIE_HTTPONLY"] is True and https["SESSION_COOKIE_SAMESITE"] == "Lax"


def test_the_database_holds_no_secret(client, cast):
    cookie = cookie_of(sign_in(client), "xunfang").split(";")[0].split("=", 1)[1]
    row = next(s for s in accounts.queries.sessions_of(cast.member.id, make.EVENING))
    assert row.secret_sha256 == accounts.digest(cookie) and cookie.encode() not in row.secret_sha256


# --- our header -----------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [None, "", "pwa", "a b/1", "pwa/1/2", "<x>/1"])
@pytest.mark.parametrize("method", ["post", "delete"])
def test_a_write_without_our_header_is_refused(client, cast, method, header):
    sign_in(client)
    headers = {} if header is None else {"X-Xunfang-Client": header}
    answer = getattr(client, method)(
        SESSION, json={"login": "member", "password": WORD}, headers=headers, bare=True
    )
    assert answer.status_code == 400
    assert answer.get_json()["code"] == "client_header_missing"
    assert client.get(SESSION, bare=True).status_code == 200, "reading needs no header, and nothing was ended"


# --- limits ---------------------------------------------------------------------------------------


def test_unknown_and_known_logins_get_the_same_words(client, cast):
    known, unknown = sign_in(client, "member", "wrong"), sign_in(client, "nobody-here", "wrong")
    assert known.status_code == unknown.status_code == 401
    assert known.get_json() == unknown.get_json()
    assert known.get_json()["code"] == "wrong_credentials"
    assert not known.headers.getlist("Set-Cookie")


def test_unknown_logins_cost_a_hash_too(client, cast, monkeypatch):
    """So that the time does not tell who exists."""
    hashed_for = []
    verify = accounts._hasher.verify

    class Counting:
        def verify(self, hash_, password):
            hashed_for.append(hash_)
            return verify(hash_, password)

    monkeypatch.setattr(accounts, "_hasher", Counting())
    sign_in(client, "nobody-here", "wrong")
    sign_in(client, "member", "wrong")
    assert len(hashed_for) == 2


def test_somebody_who_has_left_reads_as_a_wrong_password(client, cast):
    cast.member.active = False
    db.session.commit()
    answer = sign_in(client)
    assert answer.status_code == 401 and answer.get_json()["code"] == "wrong_credentials"


def test_after_five_failures_an_account_waits_half_an_hour(client, cast, at):
    assert fail(client, 5) == [401] * 5
    answer = sign_in(client, address="198.51.100.7")
    assert answer.status_code == 429, "the right word, and from elsewhere: the account itself is closed"
    assert answer.get_json()["code"] == "too_many_sign_ins"
    assert 0 < int(answer.headers["Retry-After"]) <= 1800
    assert sign_in(client, "mate").status_code == 200, "others are not concerned"
    at(make.EVENING + 31 * MINUTE)
    assert sign_in(client).status_code == 200


@pytest.mark.parametrize("begins_min", [0, 1, 15, 29])
def test_no_half_hour_holds_more_than_five_failures_wherever_it_begins(client, cast, at, begins_min):
    """Also across a half and a full hour of the clock."""
    first = at(make.EVENING + begins_min * MINUTE)
    assert fail(client, 3) == [401] * 3
    at(first + 10 * MINUTE)
    assert fail(client, 2) == [401] * 2
    at(first + 29 * MINUTE)
    answer = sign_in(client, password="wrong")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
    at(first + 30 * MINUTE)
    assert fail(client, 4) == [401] * 3 + [429], "the first three are half an hour old, and no more than they"
    assert sign_in(client, password="wrong").headers["Retry-After"] == "600"
    at(first + 40 * MINUTE)
    assert sign_in(client).status_code == 200, "what was refused has not made the wait any longer"


def test_no_hour_holds_more_than_twenty_failures_of_an_address(client, cast, at):
    at(make.EVENING + 50 * MINUTE)
    assert [sign_in(client, f"name-{n}", "wrong").status_code for n in range(20)] == [401] * 20
    at(make.EVENING + 61 * MINUTE)
    answer = sign_in(client, "name-20", "wrong")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, str(49 * 60))


def test_four_failures_close_nothing(client, cast):
    fail(client, 4)
    assert sign_in(client).status_code == 200


def test_logins_that_do_not_exist_are_closed_alike(client, cast):
    """Else the sixth answer would tell who exists."""
    assert fail(client, 5, "nobody-here") == [401] * 5
    assert sign_in(client, "nobody-here", "wrong").status_code == 429


def test_after_twenty_failures_an_address_waits_an_hour(client, cast, at):
    spray = [sign_in(client, f"name-{n}", "wrong").status_code for n in range(20)]
    assert spray == [401] * 20
    assert sign_in(client).status_code == 429
    assert sign_in(client, address="198.51.100.7").status_code == 200, "another address is not concerned"
    at(make.EVENING + HOUR + MINUTE)
    client.delete_cookie("xunfang")
    assert sign_in(client).status_code == 200


def test_the_owners_known_device_is_not_locked_out(app, client, cast):
    """A stranger who fails on purpose does not keep the owner out, whose device has signed in before."""
    assert sign_in(client, address="203.0.113.5").status_code == 200
    stranger = client.__class__(app)
    assert fail(stranger, 5) == [401] * 5
    assert sign_in(stranger).status_code == 429
    assert sign_in(client, address="203.0.113.5").status_code == 200


def test_a_known_device_has_its_own_limit(client, cast):
    sign_in(client)
    assert fail(client, 5) == [401] * 5
    assert sign_in(client).status_code == 429


def test_somebody_elses_device_is_not_known_to_the_account(client, cast):
    sign_in(client, "mate")
    fail(client, 5, "leader")
    assert sign_in(client, "leader").status_code == 429


def test_the_device_of_a_revoked_session_is_still_known(app, client, cast):
    sign_in(client)
    other = client.__class__(app)
    sign_in(other)
    for row in other.get("/api/v1/sessions").get_json()["sessions"]:
        if not row["current"]:
            assert other.delete(f"/api/v1/sessions/{row['id']}").status_code == 204
    fail(client.__class__(app), 5)
    assert sign_in(client).status_code == 200


# --- devices, and the end of a session ------------------------------------------------------------


def test_the_list_shows_ones_own_devices_only(app, cast, as_person):
    mine, elsewhere, mates = as_person(cast.member), as_person(cast.member), as_person(cast.mate)
    listed = mine.get("/api/v1/sessions").get_json()["sessions"]
    assert len(listed) == 2
    assert [row["current"] for row in listed].count(True) == 1
    assert set(listed[0]) == {"id", "device", "created_at", "seen_at", "current"}, "no secret, no address"
    assert len(mates.get("/api/v1/sessions").get_json()["sessions"]) == 1
    assert {r["id"] for r in elsewhere.get("/api/v1/sessions").get_json()["sessions"]} == {
        r["id"] for r in listed
    }


def test_a_revoked_device_is_out_at_its_next_request(cast, as_person):
    here, lost = as_person(cast.member), as_person(cast.member)
    assert lost.get(SESSION).status_code == 200
    lost_id = next(r["id"] for r in here.get("/api/v1/sessions").get_json()["sessions"] if not r["current"])
    assert here.delete(f"/api/v1/sessions/{lost_id}").status_code == 204
    assert lost.get(SESSION).status_code == 401
    assert here.get(SESSION).status_code == 200
    assert here.delete(f"/api/v1/sessions/{lost_id}").status_code == 204, "safe to repeat"


@pytest.mark.parametrize("who", ["mate", "leader", "reviewer", "admin", "outsider"])
def test_nobody_ends_somebody_elses_session(cast, as_person, who):
    owner = as_person(cast.member)
    theirs = owner.get("/api/v1/sessions").get_json()["sessions"][0]["id"]
    assert as_person(getattr(cast, who)).delete(f"/api/v1/sessions/{theirs}").status_code == 404
    assert owner.get(SESSION).status_code == 200


def test_a_session_ends_by_itself(client, cast, at):
    sign_in(client)
    days = timedelta(days=settings().session_days)
    at(make.EVENING + days - MINUTE)
    assert client.get(SESSION).status_code == 200
    at(make.EVENING + days)
    assert client.get(SESSION).status_code == 401


def test_somebody_who_leaves_is_out_at_the_next_request(client, cast):
    sign_in(client)
    cast.member.active = False
    db.session.commit()
    assert client.get(SESSION).status_code == 401


def test_a_forged_cookie_is_nobody(client, cast):
    for forged in ("", "x", "a" * 5000, "0" * 43, "';--"):
        client.set_cookie("xunfang", forged, domain="localhost")
        assert client.get(SESSION).status_code == 401
