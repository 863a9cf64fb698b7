"""Programs that may read: a token is made with the password once more, shown once, listed, revoked."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app import clock
from app.accounts import operations as accounts
from app.accounts import tokens
from app.accounts.models import AccessToken, Audit
from app.db import db
from tests.browserless import PASSWORD, cheap_hash

PAGE = "/desk/programs"


@pytest.fixture
def reviewer(people: Any, evening: Any, monkeypatch: Any) -> Any:
    from app import gate

    monkeypatch.setattr(gate.csrf, "protect", lambda: None)
    people.reviewer.password_hash = cheap_hash(PASSWORD)
    db.session.commit()
    return people.reviewer


def made(caller: Any, **more: Any) -> Any:
    return caller.post(PAGE, data={"name": "办公室的 QGIS", "days": "90", "password": PASSWORD, **more})


def test_a_token_is_shown_once_and_lies_there_as_a_hash(reviewer: Any, as_person: Any, client: Any) -> None:
    caller = as_person(reviewer)
    page = made(caller).get_data(as_text=True)
    (token,) = re.findall(r"xf_[\w-]{43}", page)
    row = db.session.scalar(select(AccessToken))
    assert row is not None and bytes(row.token_sha256) == accounts.digest(token)
    assert row.expires_at - row.made_at == timedelta(days=90)
    listed = caller.get(PAGE).get_data(as_text=True)
    assert "办公室的 QGIS" in listed and token not in listed
    assert client.get("/ogc", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    db.session.expire_all()
    assert db.session.scalar(select(AccessToken.used_at)) == clock.now()


def test_without_the_right_password_none_is_made_and_the_try_counts(reviewer: Any, as_person: Any) -> None:
    caller = as_person(reviewer)
    answers = [made(caller, password="wrong").status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]
    assert made(caller, password="").status_code == 422
    assert db.session.scalar(select(AccessToken)) is None


@pytest.mark.parametrize("wrong", [{"name": ""}, {"name": "x" * 61}, {"days": "400"}, {"days": "x"}])
def test_a_wrong_form_is_said(reviewer: Any, as_person: Any, wrong: dict[str, str]) -> None:
    answer = made(as_person(reviewer), **wrong)
    assert answer.status_code == 422
    assert db.session.scalar(select(AccessToken)) is None


def test_a_revoked_one_is_gone_and_both_acts_are_in_the_audit(
    reviewer: Any, people: Any, as_person: Any
) -> None:
    caller = as_person(reviewer)
    made(caller)
    number = db.session.scalar(select(AccessToken.id))
    assert as_person(people.leader).post(f"{PAGE}/{number}/revoke").status_code == 404
    for _ in range(2):  # safe to repeat
        assert caller.post(f"{PAGE}/{number}/revoke").status_code == 302
    assert tokens.tokens_of(reviewer, clock.now()) == []
    acts = db.session.execute(
        select(Audit.action, Audit.actor_id, Audit.detail).where(Audit.action.like("token.%"))
    )
    assert sorted(tuple(a)[:2] for a in acts) == [("token.made", reviewer.id), ("token.revoked", reviewer.id)]


def test_there_is_an_end_to_how_many(reviewer: Any, as_person: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(tokens, "MOST", 1)
    caller = as_person(reviewer)
    assert [made(caller).status_code for _ in range(2)] == [200, 409]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_pages_have_words(reviewer: Any, as_person: Any, lang: str) -> None:
    caller = as_person(reviewer)
    caller.set_cookie("lang", lang, domain="localhost")
    for page in (caller.get(PAGE), made(caller)):
        assert "tokens." not in page.get_data(as_text=True).replace("tokens.css", "")
