"""The same over a real server and a bare socket, as phones reach it: statuses, bodies and headers byte by byte."""

from __future__ import annotations

import re
import socket
import time

import pytest
from sqlalchemy import func, select

from app import clock
from app.accounts.models import Person
from app.db import db
from app.duty.models import Duty
from app.loggers import operations
from app.tracks.models import LoggerFix, Segment
from tests.browserless import Browser
from tests.loggers.replay import fixture
from tests.phone import Phone

SAMPLES = [
    "traccar_10_form", "traccar_10_json_array", "osmand_template", "owntracks_location", "owntracks_empty_body",
    "gpslogger_all", "overland_batch", "traccar_query_by_post",
]  # fmt: skip


class Named:
    def __init__(self, number):
        self.id = number


def ask(live, raw):
    """One request over a socket of its own; (status, headers, body)."""
    port = int(live.url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(raw.replace(b"HTTP/1.1\r\n", b"HTTP/1.1\r\nConnection: close\r\n", 1))
        said = b""
        while part := line.recv(65536):
            said += part
    head, body = said.split(b"\r\n\r\n", 1)
    first, *rest = head.decode().split("\r\n")
    return int(first.split()[1]), {k.lower(): v for k, v in (r.split(": ", 1) for r in rest)}, body.decode()


@pytest.fixture(scope="module")
def on_duty(live):
    """The member has begun a moment ago; (logger id, token)."""
    browser = Browser(live.url)
    browser.sign_in("member")
    phone = Phone(Named(live.ids["member"]), clock.now())
    start = phone.start(Named(live.ids["shift"]), clock.now())
    status, body, _ = browser.call(
        "POST", "/api/v1/field/sync", {"sent_at": clock.rfc3339(clock.now()), "items": [start]}
    )
    assert status == 200 and body["receipts"][0]["result"] == "stored"
    with live.app.app_context():
        person = db.session.get(Person, live.ids["member"])
        logger, token = operations.make_logger(person, "traccar", clock.now())
        db.session.commit()
        yield logger.id, token
        db.session.remove()


def shifted(raw, now_s):
    """The fixture's times, moved so that its first point is now."""
    away = now_s - 1795521930
    raw = re.sub(rb"17955219(\d\d)", lambda m: str(int(m[0]) + away).encode(), raw)
    length = len(raw.split(b"\r\n\r\n", 1)[1])
    return re.sub(rb"Content-Length: \d+", f"Content-Length: {length}".encode(), raw)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_real_request_gets_the_answer_to_the_letter(live, on_duty, name):
    sample = fixture(name)
    status, headers, body = ask(live, shifted(sample.raw(on_duty[1]), int(time.time())))
    assert (status, body) == (sample.status, sample.body)
    assert headers["content-type"].split(";")[0] == sample.kind and "set-cookie" not in headers
    assert int(headers["content-length"]) == len(sample.body)


def test_points_in_chunks_and_split_in_the_middle_arrive(live, on_duty):
    _logger_id, token = on_duty
    body = f'[{{"lat":30.58,"lon":114.301,"timestamp":{int(time.time()) + 1},"accuracy":5}}]'.encode()
    head = (
        f"POST /i/traccar/{token} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    )
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in (body[:7], body[7:])) + b"0\r\n\r\n"
    status, _, _ = ask(live, head.encode() + chunks)
    assert status == 200
    db.session.rollback()
    seen = db.session.scalar(
        select(func.count()).select_from(LoggerFix).where(LoggerFix.lon_e7 == 1_143_010_000)
    )
    assert seen + db.session.scalar(select(func.count()).select_from(Segment)) >= 1


def test_what_is_cut_off_in_the_middle_is_no_success(live, on_duty):
    """The app still has it, and sends it again."""
    head = f"POST /i/traccar/{on_duty[1]} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    raw = (head + "Content-Length: 500\r\n\r\n[").encode()
    port = int(live.url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(raw)
        line.shutdown(socket.SHUT_WR)
        said = line.recv(65536)
    assert not said.startswith(b"HTTP/1.1 2")


def test_the_same_request_from_eight_sides_at_once_is_kept_once(live, on_duty):
    import threading

    logger_id, token = on_duty
    now_s = int(time.time())
    points = [
        {"lat": 30.57 + n * 1e-5, "lon": 114.302, "timestamp": now_s - n, "accuracy": 5} for n in range(3)
    ]
    body = str(points).replace("'", '"').encode()
    raw = (
        f"POST /i/traccar/{token} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body
    codes = []
    crowd = [threading.Thread(target=lambda: codes.append(ask(live, raw)[0])) for _ in range(8)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert codes == [200] * 8
    db.session.rollback()
    duty = db.session.scalar(select(Duty))
    operations.pack(duty.township_id, duty.id, logger_id, clock.now())
    db.session.commit()
    db.session.refresh(duty)
    stored = db.session.scalar(select(func.sum(Segment.n)))
    assert duty.fixes == stored
    lone = db.session.scalar(
        select(func.count()).select_from(LoggerFix).where(LoggerFix.lon_e7 == 1_143_020_000)
    )
    assert lone == 0
