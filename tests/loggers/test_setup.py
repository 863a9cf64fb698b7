"""GET, POST, DELETE /api/v1/me/loggers: the address is shown once, and belongs to one member."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from app.db import db
from app.loggers import operations
from app.loggers.models import Logger
from app.loggers.rules import APPS
from tests.loggers.replay import begin, new_logger, point
from tests.loggers.test_taking import fixes_of

URL = "/api/v1/me/loggers"


def made(caller, app_name):
    answer = caller.post(URL, json={"app": app_name})
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return answer.get_json()


@pytest.mark.parametrize("app_name", APPS)
def test_a_logger_is_made_and_its_address_works(client, people, as_person, evening, app_name):
    shown = made(as_person(people.member), app_name)
    path = urlsplit(shown["url"]).path
    assert shown["url"].startswith("http://127.0.0.1:8000/i/") and path.startswith(f"/i/{app_name}/")
    assert client.post(path, bare=True).status_code == 200
    assert shown["qr_svg"].startswith("data:image/svg+xml")
    assert shown["heard_at"] is None and shown["fault"] is None


def test_the_token_is_stored_as_a_hash_only(people, as_person, evening):
    token = made(as_person(people.member), "traccar")["url"].rsplit("/", 1)[1]
    row = db.session.scalar(select(Logger))
    assert len(token) == 32 and token.encode() not in row.token_sha256
    assert len(row.token_sha256) == 32


def test_traccars_settings_stand_in_the_query_and_the_token_in_the_path(people, as_person, evening):
    """The client takes origin and path as its server, and strips the query."""
    shown = made(as_person(people.member), "traccar")
    parts = urlsplit(shown["copy"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == shown["url"]
    wanted = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert wanted.pop("id") == f"xunfang-{shown['id']}"
    assert wanted == {
        "accuracy": "highest", "distance": "20", "interval": "15", "angle": "30", "heartbeat": "60", "buffer": "true",
        "wakelock": "true", "stop_detection": "false", "prefer_platform_providers": "true",
    }  # fmt: skip


def test_overlands_and_owntracks_links_carry_everything(people, as_person, evening):
    overland = made(as_person(people.member), "overland")
    asked = parse_qs(urlsplit(overland["link"]).query)
    assert overland["link"].startswith("overland://setup?")
    assert asked["url"] == [overland["url"]] and asked["unique_id"] == ["yes"]
    owntracks = made(as_person(people.member), "owntracks")
    inline = parse_qs(urlsplit(owntracks["link"]).query)["inline"][0]
    settings = json.loads(base64.b64decode(inline))
    assert (settings["mode"], settings["url"]) == (3, owntracks["url"])
    assert settings["encryptionKey"] == owntracks["passphrase"] and len(owntracks["passphrase"]) == 26


def test_templates_say_what_each_app_fills_in(people, as_person, evening):
    caller = as_person(people.member)
    gps = made(caller, "gpslogger")["copy"]
    assert "/i/g/" in gps and "lat=%LAT&lon=%LON&timestamp=%TIMESTAMP&acc=%ACC" in gps and "%DESC" not in gps
    osmand = made(caller, "osmand")["copy"]
    assert "lat={0}&lon={1}&timestamp={2}&hdop={3}" in osmand and "'" not in osmand


def test_the_list_says_when_each_was_heard_and_never_where(client, people, as_person, sync, at):
    caller = as_person(people.member)
    at0 = people.shift.starts_at
    begin(sync, caller, people.member, people.shift)
    _, token = new_logger(people.member)
    new_logger(people.mate)
    (a,) = fixes_of([(100, 500, at0 + timedelta(seconds=60))])
    at(at0 + timedelta(seconds=90))
    point(client, token, a)
    answer = caller.get(URL)
    (row,) = answer.get_json()["loggers"]
    assert row["heard_at"] == row["kept_at"] == "2026-11-24T12:01:30.000Z"
    assert set(answer.get_json()["apps"]) == set(APPS)
    text = answer.get_data(as_text=True)
    assert token not in text and "114." not in text and "30.58" not in text


def test_a_revoked_logger_is_gone_from_the_list_and_its_address_is_nobodys(
    client, people, as_person, evening
):
    caller = as_person(people.member)
    shown = made(caller, "traccar")
    assert caller.delete(f"{URL}/{shown['id']}").status_code == 204
    assert caller.get(URL).get_json()["loggers"] == []
    assert client.post(urlsplit(shown["url"]).path, bare=True).status_code == 401
    assert caller.delete(f"{URL}/{shown['id']}").status_code == 404, "twice is once"


def test_setting_up_needs_sign_in(client, people):
    for answer in (client.get(URL), client.post(URL, json={"app": "traccar"}), client.delete(f"{URL}/1")):
        assert answer.status_code == 401 and answer.get_json()["code"] == "sign_in_needed"


def test_somebody_elses_logger_does_not_exist(people, as_person, evening):
    logger, _ = new_logger(people.member)
    for other in (people.mate, people.leader, people.outsider):
        assert as_person(other).delete(f"{URL}/{logger.id}").status_code == 404
        assert as_person(other).get(URL).get_json()["loggers"] == []
    db.session.refresh(logger)
    assert logger.revoked_at is None


@pytest.mark.parametrize("body", [{}, {"app": "telegram"}, {"app": 7}, {"app": None}, []])
def test_an_app_that_there_is_not_is_refused(people, as_person, body):
    answer = as_person(people.member).post(URL, json=body)
    assert answer.status_code == 422 and answer.content_type == "application/problem+json"


def test_two_of_one_app_are_two_and_eight_are_enough(people, as_person, evening):
    caller = as_person(people.member)
    tokens = {made(caller, "traccar")["url"] for _ in range(operations.MOST_LOGGERS)}
    assert len(tokens) == operations.MOST_LOGGERS
    answer = caller.post(URL, json={"app": "traccar"})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "too_many_loggers")


def test_the_passphrase_is_the_same_each_time_and_another_for_another_token(app):
    key = app.extensions["settings"].secret_key
    a, b = (operations.passphrase_of(token, key) for token in ("a" * 32, "b" * 32))
    assert a != b and a == operations.passphrase_of("A" * 32, key)
    assert a != operations.passphrase_of("a" * 32, key + "x")
