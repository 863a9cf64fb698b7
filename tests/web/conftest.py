"""Pages as a leader reads and sends them."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from jinja2 import StrictUndefined
from jinja2.utils import LRUCache

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
# Pages of a strict environment, apart from the others': both are compiled once a run.
STRICT = LRUCache(400)


@pytest.fixture(autouse=True)
def no_undefined(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that names something it was not given fails here, and shows nothing in its place elsewhere."""
    if "app" not in request.fixturenames:
        return
    app = request.getfixturevalue("app")
    monkeypatch.setattr(app.jinja_env, "undefined", StrictUndefined)
    monkeypatch.setattr(app.jinja_env, "cache", STRICT)


def text_of(answer: Any) -> str:
    """The page without its tags, spaces folded."""
    html = re.sub(r"<(script|style)\b.*?</\1>", " ", answer.get_data(as_text=True), flags=re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def send(caller: Any, page: str, address: str, **fields: Any) -> Any:
    """Open the page, then post a form with its token to the address. Lists become several values."""
    token = TOKEN.search(caller.get(page).get_data(as_text=True))
    assert token, page
    return caller.post(address, data={"csrf_token": token[1], **fields})


@pytest.fixture
def leader(people: Any, evening: Any, as_person: Any) -> Any:
    return as_person(people.leader)


@pytest.fixture
def second_leader(people: Any, evening: Any, as_person: Any) -> Any:
    from tests import make

    other = make.make_person("何队长", people.town.township)
    make.grant(other, "leader", team=people.town.team)
    return as_person(other)


@pytest.fixture
def outsider(people: Any, evening: Any, as_person: Any) -> Any:
    """A leader of the other township: everything of the first is outside."""
    from tests import make

    stranger = make.make_person("外镇队长", people.other.township)
    make.grant(stranger, "leader", team=people.other.team)
    return as_person(stranger)
