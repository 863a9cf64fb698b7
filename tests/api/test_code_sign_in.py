"""POST /session/code: a phone is opened by its leader's code, once, and stays known as long as it is used."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts import operations as accounts
from app.accounts import signing
from app.accounts.models import Audit, SignInCode, UserSession
from app.db import db
from app.gate import settings
from tests import make
from tests.phone import Phone

CODE = "/api/v1/session/code"
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@pytest.fixture
def cast(people, evening):
    return people


def code_for(people, person=None):
    code, _ = signing.make_code(people.leader, person or people.member, make.EVENING)
    db.session.commit()
    return code


def open_phone(client, code, address="192.0.2.1", **more):
    return client.post(CODE, json={"code": code}, environ_overrides={"REMOTE_ADDR": address}, **more)


def cookie_of(answer):
    return next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("xunfang="))


def test_a_code_opens_its_members_phone(client, cast):
    answer = open_phone(client, code_for(cast))
    assert answer.status_code == 200
    assert answer.get_json() == client.get("/api/v1/session").get_json()
    assert answer.get_json()["person"]["id"] == cast.member.id
    assert answer.get_json()["roles"] == ["member"]
    assert f"Max-Age={180 * 86400}" in cookie_of(answer) and "HttpOnly" in cookie_of(answer)


def test_it_needs_no_password_and_no_earlier_sign_in(client, cast):
    assert cast.member.password_hash is None
    assert open_phone(client, code_for(cast)).status_code == 200


@pytest.mark.parametrize(
    "how", [str.lower, lambda c: f" {c[:4]}-{c[4:]} ", lambda c: c.replace("0", "o").replace("1", "l")]
)
def test_it_is_taken_however_it_is_typed(client, cast, how):
    assert open_phone(client, how(code_for(cast))).status_code == 200


def test_it_works_once(app, client, cast):
    code = code_for(cast)
    assert open_phone(client, code).status_code == 200
    again = open_phone(client.__class__(app), code)
    assert (again.status_code, again.get_json()["code"]) == (401, "code_wrong")
    assert not again.headers.getlist("Set-Cookie")


def test_wrong_used_expired_and_nonsense_read_the_same(app, client, cast, at):
    used, late = code_for(cast), code_for(cast, cast.mate)
    open_phone(client, used)
    answers = [open_phone(client, c) for c in (used, "ZZZZZZZZ", "?", "x" * 40)]
    at(make.EVENING + DAY)
    answers.append(open_phone(client, late))
    assert [a.status_code for a in answers] == [401] * 5
    assert len({str(a.get_json()) for a in answers}) == 1


def test_it_is_good_to_the_last_minute_of_its_day(client, cast, at):
    code = code_for(cast)
    at(make.EVENING + DAY - MINUTE)
    assert open_phone(client, code).status_code == 200


def test_a_new_code_voids_the_old_one(app, client, cast):
    old, new = code_for(cast), code_for(cast)
    assert open_phone(client, old).status_code == 401
    assert open_phone(client, new).status_code == 200


def test_the_code_of_somebody_who_left_opens_nothing(client, cast):
    code = code_for(cast)
    cast.member.active = False
    db.session.commit()
    assert open_phone(client, code).status_code == 401


def test_the_database_holds_neither_the_code_nor_a_plain_hash_of_it(cast):
    code = code_for(cast)
    row = db.session.scalars(select(SignInCode)).one()
    assert row.code_mac != accounts.digest(code)
    assert code.encode() not in row.code_mac


def test_both_the_making_and_the_use_stand_in_the_audit(client, cast):
    open_phone(client, code_for(cast))
    lines = db.session.execute(
        select(Audit.action, Audit.actor_id, Audit.object_kind, Audit.object_id).where(
            Audit.action.like("code.%")
        )
    ).all()
    who = str(cast.member.id)
    assert {tuple(line) for line in lines} == {
        ("code.made", cast.leader.id, "person", who), ("code.used", cast.member.id, "person", who),
    }  # fmt: skip


@pytest.mark.parametrize("body", [{}, {"code": ""}, {"code": 7}, {"code": "x" * 41}, {"code": None}, []])
def test_a_bad_shape_is_said_to_be_one(client, cast, body):
    assert client.post(CODE, json=body).status_code == 422


def test_an_address_that_guesses_is_stopped(client, cast, at):
    assert [open_phone(client, "ZZZZZZZZ").status_code for _ in range(20)] == [401] * 20
    code = code_for(cast)
    stopped = open_phone(client, code)
    assert (stopped.status_code, stopped.get_json()["code"]) == (429, "too_many_attempts")
    assert 0 < int(stopped.headers["Retry-After"]) <= 3600
    assert open_phone(client, code, address="198.51.100.7").status_code == 200, (
        "another address is not concerned"
    )


def test_a_whole_team_behind_one_address_signs_in(app, client, cast):
    for _ in range(25):
        assert open_phone(client.__class__(app), code_for(cast)).status_code == 200


def test_signing_in_again_on_the_same_phone_touches_nothing_else(app, client, cast, sync):
    open_phone(client, code_for(cast))
    elsewhere = client.__class__(app)
    open_phone(elsewhere, code_for(cast))
    phone = Phone(cast.member, make.EVENING)
    items = [
        phone.start(cast.shift),
        phone.segment(cast.shift, [(100, 500, make.EVENING), (110, 500, make.EVENING + MINUTE)]),
    ]
    before = sync(client, items, make.EVENING + 2 * MINUTE)
    assert open_phone(client, code_for(cast)).status_code == 200
    again = sync(client, items, make.EVENING + 3 * MINUTE)
    assert {r["result"] for r in before.values()} == {"stored"}
    assert {r["result"] for r in again.values()} == {"duplicate"}
    assert elsewhere.get("/api/v1/session").status_code == 200


# --- how long -------------------------------------------------------------------------------------


def test_a_phone_stays_known_as_long_as_it_is_used(client, cast, at):
    open_phone(client, code_for(cast))
    days = timedelta(days=settings().phone_session_days)
    now = make.EVENING
    for _ in range(3):
        now = at(now + days - DAY)
        answer = client.get("/api/v1/session")
        assert answer.status_code == 200
        assert f"Max-Age={settings().phone_session_days * 86400}" in cookie_of(answer)
    at(now + days + MINUTE)
    assert client.get("/api/v1/session").status_code == 401


def test_a_session_by_password_does_not_slide(people, evening, as_person, at):
    caller = as_person(people.member)  # for a day
    at(make.EVENING + DAY - MINUTE)
    answer = caller.get("/api/v1/session")
    assert answer.status_code == 200 and not answer.headers.getlist("Set-Cookie")
    at(make.EVENING + DAY + MINUTE)
    assert caller.get("/api/v1/session").status_code == 401


def test_everywhere_else_is_signed_out_by_one_tap(client, cast, as_person):
    here, there, mates = as_person(cast.member), as_person(cast.member), as_person(cast.mate)
    open_phone(client, code_for(cast))
    assert here.delete("/api/v1/sessions").status_code == 204
    assert here.get("/api/v1/session").status_code == 200
    assert there.get("/api/v1/session").status_code == client.get("/api/v1/session").status_code == 401
    assert mates.get("/api/v1/session").status_code == 200
    assert here.delete("/api/v1/sessions").status_code == 204, "safe to repeat"
    assert db.session.scalar(select(Audit.detail).where(Audit.action == "sessions.ended")) == {"n": 2}


def test_signing_out_everywhere_asks_to_sign_in(client, cast):
    assert client.delete("/api/v1/sessions").status_code == 401


# --- at once, on a real server --------------------------------------------------------------------


def test_of_two_phones_with_one_code_one_gets_in(live):
    import json
    import urllib.error
    import urllib.request

    from app.accounts.models import Person

    with live.app.app_context():
        leader, member = (db.session.get(Person, live.ids[n]) for n in ("leader", "member"))
        from app import clock

        code, _ = signing.make_code(leader, member, clock.now())
        db.session.commit()
        db.session.remove()
    answers, gate = [], threading.Barrier(6, timeout=60)

    def try_it():
        request = urllib.request.Request(
            f"{live.url}{CODE}", json.dumps({"code": code}).encode(),
            {"Content-Type": "application/json", "X-Xunfang-Client": "tests/1"},
        )  # fmt: skip
        gate.wait()
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                answers.append(answer.status)
        except urllib.error.HTTPError as error:
            answers.append(error.code)

    threads = [threading.Thread(target=try_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] + [401] * 5
    with live.app.app_context():
        phones = db.session.scalars(select(UserSession).where(UserSession.slide_days.is_not(None))).all()
        assert len(phones) == 1
        db.session.remove()
