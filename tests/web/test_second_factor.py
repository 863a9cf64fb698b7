"""A second factor that is demanded: what opens before it is set up, and setting it up at the desk."""

from __future__ import annotations

import re
from dataclasses import replace

import pyotp
import pytest

from app.accounts import operations as accounts
from app.db import db
from app.gate import allow
from tests import make
from tests.alarms.cries import alarm, sos
from tests.phone import Phone
from tests.web.conftest import TOKEN, send, text_of

PAGE, CONFIRM = "/desk/second-factor", "/desk/second-factor/confirm"
SECRET = re.compile(r'totp-secret">([A-Z2-7-]+)<')
SPARE = re.compile(r'totp-secret">([0-9A-Z-]{19})<')
STEERS = ("leader", "reviewer", "admin")
MINUTE = make.timedelta(minutes=1)


def set_to(app, monkeypatch, **values):
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], **values))


@pytest.fixture
def demanded(app, people, evening, monkeypatch):
    set_to(app, monkeypatch, require_second_factor=True, demo=False)
    return people


@pytest.fixture
def caller(demanded, as_person):
    return as_person(demanded.leader)


def begun(caller, **more):
    """The page with the picture, and the secret on it."""
    assert send(caller, PAGE, PAGE, **more).status_code == 302
    page = caller.get(PAGE).get_data(as_text=True)
    return page, SECRET.search(page)[1].replace("-", "")


def digits(secret, at=make.EVENING):
    return pyotp.TOTP(secret).at(at)


def wrong(secret):
    return "000000" if digits(secret) != "000000" else "111111"


def set_up(caller, **more):
    _, secret = begun(caller)
    return send(caller, PAGE, CONFIRM, totp=digits(secret), **more)


# --- before it is set up --------------------------------------------------------------------------


@pytest.mark.parametrize("who", STEERS)
@pytest.mark.parametrize("page", ["/desk/coverage", "/desk/reports"])
def test_a_page_of_a_role_leads_to_setting_it_up(demanded, as_person, who, page):
    answer = as_person(getattr(demanded, who)).get(f"{page}?day=2026-11-24")
    assert answer.status_code == 302
    assert answer.location == f"{PAGE}?next={page}?day%3D2026-11-24"


def test_every_address_that_is_for_roles_alone_is_shut(demanded, app, as_person):
    """Whatever is added later is shut too; the setting up itself is not, nor are calls for help."""
    caller, open_ones = as_person(demanded.admin), set()
    for rule in app.url_map.iter_rules():
        access = app.view_functions[rule.endpoint].access
        if access == "public" or "member" in access or "admin" not in access or rule.arguments:
            continue
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            answer = caller.open(rule.rule, method=method, json={}) if "/api/" in rule.rule else (
                caller.open(rule.rule, method=method, data={"csrf_token": token_of(caller)}))  # fmt: skip
            shut = answer.status_code == 403 or (answer.status_code == 302 and PAGE in answer.location)
            if not shut or rule.rule == PAGE:
                open_ones.add((method, rule.rule))
    set_up = {
        ("GET", PAGE),
        ("POST", PAGE),
        ("POST", CONFIRM),
        ("POST", "/api/v1/me/totp"),
        ("PUT", "/api/v1/me/totp"),
    }
    help_ = {("GET", "/desk/alarms"), ("GET", "/desk/alarms/open"), ("GET", "/desk/stream")}
    assert open_ones == set_up | help_


def token_of(caller):
    return TOKEN.search(caller.get("/desk/sessions").get_data(as_text=True))[1]


def test_json_for_roles_alone_says_what_is_missing(demanded, app, as_person, monkeypatch):
    monkeypatch.setitem(app.view_functions, "session_api.devices", allow("admin")(lambda: "figures"))
    answer = as_person(demanded.admin).get("/api/v1/sessions")
    assert (answer.status_code, answer.get_json()["code"]) == (403, "second_factor_needed")


def test_where_members_may_ask_too_a_role_adds_nothing_until_then(demanded, app, as_person, monkeypatch):
    figures = f"/api/v1/coverage/areas/{demanded.county.code}"
    assert as_person(demanded.admin).get(figures).status_code == 404
    set_to(app, monkeypatch, require_second_factor=False)
    assert as_person(demanded.admin).get(figures).status_code == 200


def test_the_first_page_leads_there_and_a_phone_stays_a_phone(demanded, as_person, caller):
    assert caller.get("/").location == "/desk/board"
    assert caller.get("/desk/board").location.startswith(PAGE)
    assert as_person(demanded.member).get("/").location == "/m/"


def test_sessions_and_signing_out_stay_open(caller):
    assert caller.get("/api/v1/session").get_json()["roles"] == ["member", "leader"]
    page = caller.get("/desk/sessions")
    assert page.status_code == 200 and 'href="/desk/second-factor"' in page.get_data(as_text=True)
    assert 'id="alarm-bar"' in page.get_data(as_text=True)  # a call for help waits for no set-up
    assert send(caller, "/desk/sessions", "/sign-out").status_code == 302


def test_the_phone_is_told_to_offer_it(caller):
    doc = caller.get("/api/v1/me").get_json()
    assert doc["totp"] == {"on": False, "asked": True} and doc["roles"] == ["member", "leader"]


# --- the work on the phone ------------------------------------------------------------------------


def test_a_leaders_own_work_and_call_for_help_are_never_held_up(demanded, as_person, sync, evening):
    shift = make.make_shift(demanded.town.team, demanded.town.route)
    make.assign(shift, demanded.leader)
    phone, caller = Phone(demanded.leader, evening), as_person(demanded.leader)
    start, call = phone.start(shift), sos(phone, shift)
    receipts = sync(caller, [start, call], evening)
    assert [receipts[one["id"]]["result"] for one in (start, call)] == ["stored", "stored"]
    assert alarm(call).state == "open"
    for path in (
        "field/plan",
        "field/alarms",
        "field/receipts",
        "field/hours?month=2026-11",
        "me",
        "me/push",
    ):
        assert caller.get(f"/api/v1/{path}").status_code == 200, path


def test_a_call_for_help_rings_opens_and_is_taken_all_the_same(demanded, as_person, sync, evening):
    phone, caller = Phone(demanded.member, evening), as_person(demanded.leader)
    call = sos(phone, demanded.shift)
    sync(as_person(demanded.member), [phone.start(demanded.shift), call], evening)
    page = f"/desk/alarms/{call['id']}"
    assert demanded.member.name in caller.get("/desk/alarms/open").get_data(as_text=True)
    assert caller.get(page).status_code == 200
    assert send(caller, page, f"{page}/take").status_code == 302
    assert alarm(call).acknowledged_by == demanded.leader.id


# --- setting it up --------------------------------------------------------------------------------


def test_it_is_set_up_at_the_desk_and_everything_opens(caller):
    page, secret = begun(caller, next="/desk/shifts")
    assert "data:image/svg+xml" in page and "两分钟" in page
    assert caller.get("/desk/board").status_code == 302, "not by having begun"
    answer = send(caller, PAGE, CONFIRM, totp=digits(secret), next="/desk/shifts")
    assert answer.status_code == 200
    assert len(set(SPARE.findall(answer.get_data(as_text=True)))) == 8
    assert 'href="/desk/shifts"' in answer.get_data(as_text=True)
    assert caller.get("/desk/board").status_code == 200
    again = text_of(caller.get(PAGE))
    assert "两步登录已打开" in again and secret not in again.replace("-", "")


def test_a_wrong_code_is_said_and_opens_nothing(caller):
    _, secret = begun(caller)
    answer = send(caller, PAGE, CONFIRM, totp=wrong(secret))
    assert answer.status_code == 422 and "验证码不对" in text_of(answer)
    assert SECRET.search(answer.get_data(as_text=True))[1].replace("-", "") == secret, "the picture stays"
    assert caller.get("/desk/board").status_code == 302
    assert send(caller, PAGE, CONFIRM, totp="").status_code == 422


def test_guessing_is_stopped(caller):
    _, secret = begun(caller)
    said = [send(caller, PAGE, CONFIRM, totp=wrong(secret)).status_code for _ in range(6)]
    assert said == [422] * 5 + [429]


def test_sent_twice_it_stays_as_it_is(caller):
    _, secret = begun(caller)
    token = token_of(caller)
    first, second = (
        caller.post(CONFIRM, data={"csrf_token": token, "totp": digits(secret)}) for _ in range(2)
    )
    assert (first.status_code, second.status_code) == (200, 302)
    assert caller.post(PAGE, data={"csrf_token": token}).status_code == 302
    assert caller.get("/desk/board").status_code == 200


def test_what_was_begun_and_left_lying_is_shown_no_more(caller, at):
    begun(caller)
    at(make.EVENING + 31 * MINUTE)
    assert SECRET.search(caller.get(PAGE).get_data(as_text=True)) is None


def test_it_goes_on_to_no_other_site(caller):
    answer = set_up(caller, next="https://elsewhere.example/")
    assert "elsewhere" not in answer.get_data(as_text=True)


def test_turned_off_it_is_demanded_again(caller, at):
    _, secret = begun(caller)
    send(caller, PAGE, CONFIRM, totp=digits(secret))
    later = at(make.EVENING + 2 * MINUTE)
    assert caller.delete("/api/v1/me/totp", json={"code": digits(secret, later)}).status_code == 204
    assert caller.get("/desk/board").location.startswith(PAGE)


# --- where it is not demanded ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "values", [{"demo": True, "require_second_factor": False}, {"require_second_factor": False}]
)
def test_in_the_demo_and_where_it_is_only_offered_everything_opens(
    app, people, evening, as_person, monkeypatch, values
):
    set_to(app, monkeypatch, **values)
    for who in STEERS:
        assert as_person(getattr(people, who)).get("/desk/coverage").status_code == 200


def test_from_signing_in_to_the_board(demanded, client):
    demanded.leader.password_hash = accounts.hash_password("ein gutes Wort")
    db.session.commit()
    answer = send(
        client, "/sign-in", "/sign-in", login="leader", password="ein gutes Wort", next="/desk/board"
    )
    asked = client.get(answer.location)
    assert asked.location == f"{PAGE}?next=/desk/board"
    assert "先设置好" in text_of(client.get(asked.location))
