"""News over NOTIFY: heard after the commit by those it is meant for, and by nobody after a cut until they come back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from app import create_app
from app.config import read_settings
from app.db import db
from app.stream import Hub, Listener, lines, tell
from tests.databases import database, env_for


@pytest.fixture(scope="module")
def place() -> Iterator[dict[str, Any]]:
    """A database of its own: NOTIFY is heard only after a real commit."""
    with database("stream") as name:
        env = env_for(name)
        app = create_app(read_settings(env))
        yield {"app": app, "url": env["DATABASE_URL"]}
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def hub(place) -> Iterator[Hub]:
    """Ends by itself when the last listener has left."""
    one = Hub(place["url"])
    yield one
    one._end_all()


def say(place, kind: str, *, commit: bool = True, **whom: Any) -> None:
    with place["app"].app_context():
        tell(kind, **whom)
        if commit:
            db.session.commit()
        else:
            db.session.rollback()


def listener(person_id: int, teams: tuple[int, ...] = (), session: str = "s") -> Listener:
    return Listener(person_id, frozenset(teams), session)


def test_news_is_heard_by_the_people_and_by_the_leaders_of_the_teams_it_is_for(place, hub):
    person, leader, stranger = listener(1), listener(2, (7,), "t"), listener(3, (8,), "u")
    assert all(hub.join(one) for one in (person, leader, stranger))
    say(place, "plan", people=[1], teams=[7], shift_id=5)
    say(place, "swap", people=[3])
    for one in (person, leader):
        heard = one.next(10)
        assert (heard.kind, heard.data) == ("plan", {"shift_id": 5})
        assert one.next(0) is None
    assert stranger.next(10).kind == "swap"


def test_what_was_rolled_back_is_not_heard(place, hub):
    one = listener(1)
    hub.join(one)
    say(place, "plan", people=[1], commit=False)
    say(place, "verdict", people=[1])
    assert one.next(10).kind == "verdict"


def test_news_for_nobody_is_not_told(place, hub):
    one = listener(1)
    hub.join(one)
    say(place, "plan", people=[], teams=[])
    say(place, "verdict", people=[1])
    assert one.next(10).kind == "verdict"


def test_a_fourth_stream_of_a_session_ends_the_oldest_and_no_other_session_s(place, hub):
    mine = [listener(1) for _ in range(3)]
    other = listener(1, session="other")
    for one in (*mine, other):
        assert hub.join(one)
    newest = listener(1)
    assert hub.join(newest)
    assert mine[0].full and mine[0].next(0).kind == ""
    say(place, "plan", people=[1])
    assert all(one.next(10).kind == "plan" for one in (*mine[1:], other, newest))


def test_who_does_not_read_is_ended_and_holds_nobody_up(place, hub):
    slow, quick = listener(1), listener(1, session="t")
    hub.join(slow)
    hub.join(quick)
    heard = 0
    for n in range(230):
        say(place, "plan", people=[1], n=n)
        heard += quick.next(10) is not None
    assert heard == 230
    kinds = []
    while (news := slow.next(0)) is not None:
        kinds.append(news.kind)
    assert kinds[-1] == ""


def test_when_the_connection_is_cut_every_stream_ends_and_whoever_comes_back_hears_again(place, hub):
    one = listener(1)
    assert hub.join(one)
    with psycopg.connect(place["url"].replace("+psycopg", ""), autocommit=True) as same_role:
        same_role.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
        )
    assert one.next(30).kind == ""
    again = listener(1)
    for _ in range(50):
        if hub.join(again):
            break
        time.sleep(0.1)
    say(place, "plan", people=[1])
    assert again.next(10).kind == "plan"


def test_without_a_database_a_stream_ends_at_once_and_says_when_to_come_back():
    nowhere = Hub("postgresql+psycopg://nobody@127.0.0.1:9/none")
    one = listener(1)
    assert not nowhere.join(one, 0.2)
    said = list(lines(nowhere, listener(1), 0, lambda: True))
    assert len(said) == 1 and said[0].startswith("retry: ")


def test_a_stream_says_hello_news_and_ends_when_the_session_is_over(place, hub, monkeypatch):
    from app import stream

    monkeypatch.setattr(stream, "BEAT_S", 0.2)
    one, lives = listener(1), [True]
    said = lines(hub, one, 60, lambda: lives[0])
    assert next(said).startswith("retry: ") and next(said) == ": hello\n\n"
    say(place, "sos", people=[1], id="x")
    assert next(line for line in said if line != ": beat\n\n") == 'event: sos\ndata: {"id": "x"}\n\n'
    assert next(said) == ": beat\n\n"
    lives[0] = False
    assert list(said) == []
    assert one not in hub._listeners


def test_a_stream_ends_after_its_time(place, hub):
    said = list(lines(hub, listener(1), 0.3, lambda: True))
    assert said[0].startswith("retry: ") and said[1] == ": hello\n\n"
