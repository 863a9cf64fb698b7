"""Each real client's quirks (loggers.md 4.1–4.6), one fixture each: the exact answer, and what is kept of it."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import nacl.secret
import nacl.utils
import pytest

from app.db import db
from app.loggers import operations
from tests.loggers.replay import (
    ANCHOR,
    ARRIVES,
    NAMES,
    STARTED,
    begin,
    fixture,
    kept_of,
    new_logger,
    pack_all,
    point,
    send,
    waiting_of,
)


@pytest.fixture
def on_duty(people, as_person, sync, at):
    begin(sync, as_person(people.member), people.member, people.shift)
    at(ARRIVES)
    return people.member


@pytest.mark.parametrize("name", NAMES)
def test_a_clients_request_is_answered_as_it_expects_and_kept_as_it_means(client, on_duty, name):
    sample = fixture(name)
    logger, token = new_logger(on_duty, name.split("_")[0])
    assert point(client, token, ANCHOR).status_code == 200
    answer = send(client, sample, token)
    assert (answer.status_code, answer.get_data(as_text=True)) == (sample.status, sample.body)
    assert answer.content_type.split(";")[0] == sample.kind
    db.session.refresh(logger)
    assert (logger.fault, logger.simulated) == (sample.fault, sample.simulated)
    pack_all(ARRIVES + timedelta(minutes=1))
    kept = kept_of(logger)
    assert kept == ([ANCHOR, *sample.kept] if sample.kept else [])
    assert [(f.t_s, f.lon_e7) for f in waiting_of(logger)] == (
        [] if sample.kept else [(ANCHOR.t_s, ANCHOR.lon_e7)]
    )


@pytest.mark.parametrize("name", NAMES)
def test_off_duty_the_answer_is_the_same_and_nothing_is_kept(client, people, at, name):
    sample = fixture(name)
    logger, token = new_logger(people.member, name.split("_")[0])
    at(ARRIVES)
    answer = send(client, sample, token)
    assert (answer.status_code, answer.get_data(as_text=True)) == (sample.status, sample.body)
    assert not waiting_of(logger) and not kept_of(logger)
    db.session.refresh(logger)
    assert logger.heard_at == ARRIVES and logger.kept_at is None


def boxed(message, passphrase):
    """As OwnTracks closes it: the passphrase filled with zeros to 32 bytes, nonce and box together as base64."""
    key = passphrase.encode() + b"\0" * (32 - len(passphrase.encode()))
    nonce = nacl.utils.random(24)
    return base64.b64encode(nacl.secret.SecretBox(key).encrypt(json.dumps(message).encode(), nonce)).decode()


def test_an_encrypted_owntracks_message_is_opened_with_the_loggers_passphrase(client, as_person, on_duty):
    made = as_person(on_duty).post("/api/v1/me/loggers", json={"app": "owntracks"}).get_json()
    token = made["url"].rsplit("/", 1)[1]
    point(client, token, ANCHOR)
    inside = {"_type": "location", "lat": 30.584512, "lon": 114.304432, "tst": STARTED + 330, "acc": 12}
    outside = {"_type": "encrypted", "data": boxed(inside, made["passphrase"])}
    answer = client.post(f"/i/owntracks/{token}", json=outside, bare=True)
    assert (answer.status_code, answer.data) == (200, b"[]")
    pack_all(ARRIVES + timedelta(minutes=1))
    logger, _ = operations.logger_of_token(token)
    assert [f.t_s for f in kept_of(logger)] == [ANCHOR.t_s, STARTED + 330]


def test_a_box_within_a_box_is_not_opened(client, on_duty, app):
    logger, token = new_logger(on_duty, "owntracks")
    passphrase = operations.passphrase_of(token, app.extensions["settings"].secret_key)
    inner = {"_type": "encrypted", "data": boxed({"_type": "location"}, passphrase)}
    answer = client.post(
        f"/i/owntracks/{token}", json={"_type": "encrypted", "data": boxed(inner, passphrase)}, bare=True
    )
    assert (answer.status_code, answer.data) == (200, b"[]")
    assert not waiting_of(logger)


def test_a_batch_of_a_thousand_is_kept_whole(client, on_duty):
    logger, token = new_logger(on_duty, "overland")
    times = [STARTED - 700 + n for n in range(1000)]
    features = [
        {
            "type": "Feature", "geometry": {"type": "Point", "coordinates": [114.304 + n * 1e-5, 30.5845]},
            "properties": {"timestamp": t, "horizontal_accuracy": 5},
        }
        for n, t in enumerate(times)
    ]  # fmt: skip
    answer = client.post(f"/i/overland/{token}", json={"locations": features}, bare=True)
    assert answer.data == b'{"result":"ok"}'
    assert [f.t_s for f in kept_of(logger)] == [t for t in times if t >= STARTED]
