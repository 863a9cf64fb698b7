"""TOTP: set up, asked at sign-in, no code twice, recovery codes, turned off; by JSON and by the page."""

from __future__ import annotations

from dataclasses import replace

import pyotp
import pytest
from sqlalchemy import select

from app.accounts import signing
from app.accounts.models import SecondFactor
from app.db import db
from tests import make
from tests.browserless import cheap_hash
from tests.web.conftest import send, text_of

ME, SESSION = "/api/v1/me/totp", "/api/v1/session"
WORD = "ein gutes Wort"


@pytest.fixture(scope="module")
def hashed():
    return cheap_hash(WORD)


@pytest.fixture
def cast(app, people, hashed, evening, monkeypatch):
    for person in (people.member, people.leader, people.reviewer, people.admin):
        person.password_hash = hashed
    db.session.commit()
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], demo=False))
    return people


@pytest.fixture
def leader(cast, as_person):
    return as_person(cast.leader)


def digits(secret, at=make.EVENING):
    return pyotp.TOTP(secret).at(at)


@pytest.fixture
def secret(leader):
    return leader.post(ME).get_json()["secret"]


@pytest.fixture
def spare(leader, secret, at):
    """Turned on; the recovery codes. The clock is half a minute later, so that the next digits are new ones."""
    codes = leader.put(ME, json={"code": digits(secret)}).get_json()["recovery_codes"]
    at(make.EVENING + make.timedelta(seconds=60))
    return codes


NOW = make.EVENING + make.timedelta(seconds=60)


def sign_in(client, login="leader", password=WORD, **more):
    return client.post(SESSION, json={"login": login, "password": password, **more})


# --- set up ---------------------------------------------------------------------------------------


def test_setting_up_gives_a_secret_its_address_and_a_picture(leader):
    doc = leader.post(ME).get_json()
    assert pyotp.parse_uri(doc["uri"]).secret == doc["secret"] and "issuer=Xunfang" in doc["uri"]
    assert doc["svg"].startswith("<svg") and 'xmlns="http://www.w3.org/2000/svg"' in doc["svg"]
    assert leader.get("/api/v1/me").get_json()["totp"] == {"on": False, "asked": True}


def test_confirming_turns_it_on_and_gives_eight_codes_once(leader, secret):
    answer = leader.put(ME, json={"code": digits(secret)})
    codes = answer.get_json()["recovery_codes"]
    assert len(set(codes)) == 8 and all(len(code) == 19 for code in codes)
    assert leader.get("/api/v1/me").get_json()["totp"] == {"on": True, "asked": True}
    again = leader.put(ME, json={"code": digits(secret)})
    assert (again.status_code, again.get_json()["code"]) == (409, "totp_is_on")


def test_wrong_digits_confirm_nothing_and_do_not_sign_out(leader, secret, client):
    answer = leader.put(ME, json={"code": "000000" if digits(secret) != "000000" else "111111"})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "totp_wrong")
    assert leader.get("/api/v1/me").get_json()["totp"]["on"] is False
    assert sign_in(client).status_code == 200, "not asked for before it is confirmed"


def test_until_confirmed_a_new_secret_takes_the_place_of_the_old(leader, secret):
    newer = leader.post(ME).get_json()["secret"]
    assert newer != secret
    assert leader.put(ME, json={"code": digits(newer)}).status_code == 200


def test_when_on_it_is_not_begun_again(leader, spare):
    assert leader.post(ME).get_json()["code"] == "totp_is_on"


def test_confirming_nothing_is_refused(leader):
    assert leader.put(ME, json={"code": "123456"}).get_json()["code"] == "totp_not_begun"


@pytest.mark.parametrize(
    ("who", "status"), [("member", 403), ("leader", 200), ("reviewer", 200), ("admin", 200)]
)
def test_it_is_for_those_who_hold_a_role(cast, as_person, who, status):
    caller = as_person(getattr(cast, who))
    assert caller.post(ME).status_code == status
    assert caller.get("/api/v1/me").get_json()["totp"]["asked"] is (who != "member")


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_it_needs_somebody_who_is_signed_in(client, cast, method):
    assert getattr(client, method)(ME, json={"code": "123456"}).status_code == 401


@pytest.mark.parametrize("body", [{}, {"code": ""}, {"code": "1" * 41}, {"code": 123456}])
def test_a_bad_shape_is_said_to_be_one(leader, secret, body):
    assert leader.put(ME, json=body).status_code == 422
    assert leader.delete(ME, json=body).status_code == 422


def test_the_secret_is_sealed_in_the_database(cast, leader, secret):
    row = db.session.scalars(select(SecondFactor)).one()
    assert secret.encode() not in bytes(row.sealed)
    assert pyotp.TOTP(secret).byte_secret() not in bytes(row.sealed)


# --- signing in -----------------------------------------------------------------------------------


def test_the_password_alone_is_not_enough(client, spare):
    answer = sign_in(client)
    assert (answer.status_code, answer.get_json()["code"]) == (401, "totp_needed")
    assert not answer.headers.getlist("Set-Cookie")


def test_a_leaders_own_code_is_not_enough_either_and_stays_good_until_the_digits_come(
    client, cast, spare, secret
):
    code, _ = signing.make_code(cast.admin, cast.leader, NOW)
    db.session.commit()
    for more in ({}, {"totp": "000000"}):
        answer = client.post(f"{SESSION}/code", json={"code": code, **more})
        assert (answer.status_code, answer.get_json()["code"]) == (
            401, "totp_wrong" if more else "totp_needed"
        )  # fmt: skip
        assert not answer.headers.getlist("Set-Cookie")
    opened = client.post(f"{SESSION}/code", json={"code": code, "totp": digits(secret, NOW)})
    assert opened.status_code == 200 and opened.get_json()["person"]["login"] == "leader"
    assert client.post(f"{SESSION}/code", json={"code": code}).status_code == 401


def test_with_the_digits_one_is_in(client, spare, secret):
    assert sign_in(client, totp=digits(secret, NOW)).status_code == 200


def test_no_digits_work_twice(client, spare, secret):
    assert sign_in(client, totp=digits(secret, NOW)).status_code == 200
    again = sign_in(client, totp=digits(secret, NOW))
    assert (again.status_code, again.get_json()["code"]) == (401, "totp_wrong")


def test_the_digits_that_confirmed_it_are_used_up(leader, client, secret):
    leader.put(ME, json={"code": digits(secret)})
    assert sign_in(client, totp=digits(secret)).get_json()["code"] == "totp_wrong"


def test_a_recovery_code_works_once_however_it_is_typed(client, spare):
    assert sign_in(client, totp=spare[0].lower().replace("-", " ")).status_code == 200
    assert sign_in(client, totp=spare[0]).status_code == 401
    assert sign_in(client, totp=spare[1]).status_code == 200


def test_a_wrong_password_says_nothing_of_a_second_factor(client, spare, secret):
    answer = sign_in(client, password="wrong", totp=digits(secret, NOW))
    assert answer.get_json()["code"] == "wrong_credentials"


def test_guessing_digits_is_stopped(client, spare, secret):
    wrong = "000000" if digits(secret, NOW) != "000000" else "111111"
    assert [sign_in(client, totp=wrong).status_code for _ in range(5)] == [401] * 5
    stopped = sign_in(client, totp=digits(secret, NOW))
    assert (stopped.status_code, stopped.get_json()["code"]) == (429, "too_many_attempts")


def test_asking_for_the_digits_is_no_failed_try(client, spare, secret):
    for _ in range(8):
        assert sign_in(client).get_json()["code"] == "totp_needed"
    assert sign_in(client, totp=digits(secret, NOW)).status_code == 200


def test_others_are_not_asked(client, spare):
    assert sign_in(client, "member").status_code == 200


def test_in_the_demo_nobody_is_asked(app, client, spare, monkeypatch):
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], demo=True))
    assert sign_in(client).status_code == 200


def test_after_the_servers_key_changed_only_a_recovery_code_helps(app, client, spare, secret):
    from app.accounts import secrets as sealing

    try:
        sealing.use_key("another key of thirty-two letters and more")
        assert sign_in(client, totp=digits(secret, NOW)).get_json()["code"] == "totp_wrong"
        assert sign_in(client, totp=spare[0]).status_code == 200
    finally:
        sealing.use_key(app.extensions["settings"].secret_key)


# --- off ------------------------------------------------------------------------------------------


def test_it_is_turned_off_with_its_digits(leader, client, spare, secret):
    assert leader.delete(ME, json={"code": "000000"}).status_code in (204, 422)
    assert leader.delete(ME, json={"code": digits(secret, NOW)}).status_code == 204
    assert sign_in(client).status_code == 200
    assert leader.delete(ME, json={"code": "123456"}).status_code == 204, "safe to repeat"


def test_a_borrowed_phone_does_not_turn_it_off(leader, client, spare, secret):
    wrong = "000000" if digits(secret, NOW) != "000000" else "111111"
    answer = leader.delete(ME, json={"code": wrong})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "totp_wrong")
    assert sign_in(client).get_json()["code"] == "totp_needed"


# --- the page -------------------------------------------------------------------------------------


def first_step(client, **more):
    return send(client, "/sign-in", "/sign-in", login="leader", password=WORD, **more)


def second_step(client, page, **fields):
    from tests.web.conftest import TOKEN

    token = TOKEN.search(page.get_data(as_text=True))[1]
    return client.post("/sign-in", data={"csrf_token": token, **fields})


def test_the_page_asks_for_the_digits_as_a_second_step(client, spare, secret):
    page = first_step(client, next="/desk/shifts")
    assert page.status_code == 200 and "六位数字" in text_of(page)
    assert WORD not in page.get_data(as_text=True)
    assert client.get("/desk/board").status_code == 302, "not in yet"
    answer = second_step(client, page, totp=digits(secret, NOW), next="/desk/shifts")
    assert answer.status_code == 302 and answer.location == "/desk/shifts"
    assert client.get("/desk/board").status_code == 200


def test_wrong_digits_on_the_page_are_said_and_tried_again(client, spare, secret):
    page = first_step(client)
    wrong = second_step(client, page, totp="000000" if digits(secret, NOW) != "000000" else "111111")
    assert wrong.status_code == 401 and "验证码不对" in text_of(wrong)
    assert second_step(client, wrong, totp=digits(secret, NOW)).status_code == 302


def test_the_second_step_alone_opens_nothing(client, spare, secret):
    page = client.get("/sign-in")
    answer = second_step(client, page, totp=digits(secret, NOW))
    assert answer.status_code == 401 and client.get("/desk/board").status_code == 302


def test_who_waits_too_long_begins_again(client, spare, secret, at):
    page = first_step(client)
    later = at(NOW + make.timedelta(minutes=6))
    answer = second_step(client, page, totp=digits(secret, later))
    assert answer.status_code == 401 and "等得太久" in text_of(answer)
