"""Signing in and out by page, one's own devices, and the language."""

from datetime import timedelta

import pytest

from app.accounts import operations as accounts
from app.db import db
from tests import make
from tests.web.conftest import send, text_of


@pytest.fixture
def with_password(people, evening):
    people.leader.password_hash = accounts.hash_password("ein gutes Wort")
    people.member.password_hash = people.leader.password_hash
    db.session.commit()
    return people


def sign_in(client, login, password, **more):
    return send(client, "/sign-in", "/sign-in", login=login, password=password, **more)


def test_a_leader_signs_in_and_lands_on_the_board(client, with_password):
    answer = sign_in(client, " Leader ", "ein gutes Wort")
    assert answer.status_code == 302
    assert client.get(answer.location).location == "/desk/board"
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("xunfang="))
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie


def test_a_member_lands_on_the_phone(client, with_password):
    sign_in(client, "member", "ein gutes Wort")
    assert client.get("/").location == "/m/"


@pytest.mark.parametrize("login", ["leader", "nobody-of-this-name"])
def test_a_wrong_password_and_an_unknown_login_read_the_same(client, with_password, login):
    answer = sign_in(client, login, "wrong")
    assert answer.status_code == 401
    assert "登录名或密码不对" in text_of(answer)
    assert f'value="{login}"' in answer.get_data(as_text=True)
    assert "wrong" not in answer.get_data(as_text=True)


def test_after_five_failures_the_page_says_how_many_minutes(client, with_password):
    for _ in range(5):
        sign_in(client, "leader", "wrong")
    answer = sign_in(client, "leader", "ein gutes Wort")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) <= 1800
    assert "分钟再试" in text_of(answer)


def test_an_empty_form_says_what_is_needed(client, people):
    answer = sign_in(client, "", "")
    assert answer.status_code == 422
    assert text_of(answer).count("这一项要填") == 2


def test_without_the_token_nothing_is_done(client, with_password):
    answer = client.post("/sign-in", data={"login": "leader", "password": "ein gutes Wort"})
    assert answer.status_code == 400
    assert not any(c.startswith("xunfang=") for c in answer.headers.getlist("Set-Cookie"))


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\t/evil.example"],
)
def test_next_leads_only_to_our_own_pages(client, with_password, target):
    assert sign_in(client, "leader", "ein gutes Wort", next=target).location == "/"


def test_next_leads_to_the_page_that_was_wanted(client, with_password):
    wanted = client.get("/desk/shifts?week=2026-W48").location
    assert wanted.startswith("/sign-in?next=")
    assert sign_in(client, "leader", "ein gutes Wort", next="/desk/shifts?week=2026-W48").location.endswith(
        "W48"
    )


def test_signing_out_ends_the_session_on_the_server(people, evening, as_person, app):
    caller = as_person(people.leader)
    secret = caller.get_cookie("xunfang").value
    assert send(caller, "/desk/sessions", "/sign-out").location == "/sign-in"
    caller.set_cookie("xunfang", secret)
    assert caller.get("/desk/board").location.startswith("/sign-in")


def test_a_lost_device_is_signed_out_at_its_next_request(people, evening, as_person):
    here, lost = as_person(people.leader), as_person(people.leader)
    page = here.get("/desk/sessions")
    assert page.status_code == 200 and "这台设备" in text_of(page)
    address = page.get_data(as_text=True).split('action="/desk/sessions/')[1].split('"')[0]
    assert send(here, "/desk/sessions", f"/desk/sessions/{address}").status_code == 302
    assert lost.get("/desk/board").status_code == 302
    assert here.get("/desk/board").status_code == 200


def test_nobody_signs_out_anothers_device(people, evening, as_person, outsider):
    theirs = as_person(people.leader).get("/desk/sessions").get_data(as_text=True)
    secret = accounts.open_session(people.leader, "phone", 1, make.EVENING)
    found = accounts.person_of_secret(secret, make.EVENING + timedelta(minutes=1))
    assert found and theirs
    assert send(outsider, "/desk/sessions", f"/desk/sessions/{found[1].id}/revoke").status_code == 404


def test_the_language_is_chosen_by_a_cookie(client, people):
    assert "登录" in text_of(client.get("/sign-in"))
    answer = send(client, "/sign-in", "/language", lang="en", next="/sign-in")
    assert answer.location == "/sign-in"
    page = client.get("/sign-in")
    assert "Sign in" in text_of(page) and '<html lang="en">' in page.get_data(as_text=True)


def test_the_demo_logins_are_shown_in_demo_mode_only(client, people, app):
    import dataclasses

    shown = app.extensions["settings"]
    try:
        for demo in (True, False):
            app.extensions["settings"] = dataclasses.replace(shown, demo=demo)
            assert ("xunfang-demo" in client.get("/sign-in").get_data(as_text=True)) is demo
    finally:
        app.extensions["settings"] = shown


@pytest.mark.parametrize("address", ["/desk/board", "/desk/shifts", "/desk/shifts/new", "/desk/review"])
def test_a_member_is_told_that_the_page_is_not_theirs(people, evening, as_person, address):
    assert as_person(people.member).get(address).status_code == 403


@pytest.mark.parametrize(
    "address", ["/", "/desk/board", "/desk/board/lines", "/desk/shifts", "/desk/review", "/desk/sessions"]
)
def test_a_page_asks_to_sign_in(client, people, address):
    assert client.get(address).location.startswith("/sign-in?next=")


def test_pages_have_no_inline_style_or_handler(leader, people):
    for address in (
        "/desk/board",
        "/desk/shifts",
        "/desk/shifts/new",
        f"/desk/shifts/{people.shift.id}",
        "/desk/review",
    ):
        html = leader.get(address).get_data(as_text=True)
        assert " style=" not in html and " onclick=" not in html and "<style" not in html
