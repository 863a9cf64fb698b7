"""Telling people: who gets what on which channel at which stage, what is written down, and what is done again."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from uuid import UUID

import http_ece
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from app.alarms import operations
from app.alarms.models import AlarmStep, PushAddress
from app.alarms.push import subscribe
from app.config import Channels
from app.db import db
from app.jobs import alarms as jobs
from tests import make
from tests.alarms.cries import alarm, alarms, kinds, sos
from tests.phone import Phone

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


# --- the other side: a gateway, a group's robot, a push service -----------------------------------


@dataclass
class Far:
    """An HTTP server that notes what it gets and answers as told, by path."""

    url: str = ""
    port: int = 0
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)

    def bodies(self, path: str) -> list[Any]:
        return [json.loads(body) for got, _, body in self.got if got.split("?")[0] == path]


@contextmanager
def far_side() -> Iterator[Far]:
    far = Far()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            far.got.append((self.path, headers, body))
            status, text = far.answers.get(self.path.split("?")[0], (200, '{"errcode": 0}'))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    far.port = server.server_address[1]
    far.url = f"http://127.0.0.1:{far.port}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield far
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def far():
    with far_side() as one:
        yield one


@pytest.fixture
def channels(app, monkeypatch):
    """channels(sms_url=…): the settings of the app are these for this test."""

    def use(**values: Any) -> None:
        settings = app.extensions["settings"]
        monkeypatch.setitem(app.extensions, "settings", replace(settings, channels=Channels(**values)))

    return use


@pytest.fixture
def call(people, evening, as_person, phone, sync):
    item = sos(phone, people.shift)
    sync(as_person(people.member), [item], evening)
    return item


def work(item, at, instant):
    at(instant)
    jobs.work_on(alarm(item).township_id, UUID(item["id"]))


def steps(one) -> list[tuple[Any, ...]]:
    rows = select(AlarmStep).where(AlarmStep.alarm_id == one.id).order_by(AlarmStep.id)
    return [(s.kind, s.stage, s.channel, s.person_id, s.code) for s in db.session.scalars(rows)]


# --- stages ---------------------------------------------------------------------------------------


def test_each_stage_is_reached_in_its_time_and_written_down_once(call, at, evening, channels):
    channels()
    for seconds in (0, 10, 30, 31, 90, 180, 200):
        work(call, at, evening + seconds * SECOND)
    assert [s[:2] for s in steps(alarm(call)) if s[0] == "escalated"] == [("escalated", n) for n in (1, 2, 3)]


def test_a_worker_that_was_away_goes_to_the_stage_that_is_due(call, at, evening, channels):
    channels()
    work(call, at, evening + 10 * MINUTE)
    assert alarm(call).stage == 3
    assert [s[:2] for s in steps(alarm(call)) if s[0] == "escalated"] == [("escalated", 3)]


def test_once_somebody_has_taken_it_nobody_is_told_any_more(call, at, evening, channels, tmp_path, people):
    from app.teams.scope import scope_of

    channels(outbox_file=str(tmp_path / "out.jsonl"))
    operations.acknowledge(people.leader, scope_of(people.leader), alarm(call).id, evening)
    work(call, at, evening + 10 * MINUTE)
    assert alarm(call).stage == 0 and not (tmp_path / "out.jsonl").exists()


def lines(path) -> list[dict[str, Any]]:
    return (
        [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
    )


def test_the_file_gets_a_line_for_each_leader_at_90_s_and_for_the_township_at_180_s(
    call, at, evening, channels, tmp_path, people
):
    operations.note_shown(people.leader, [alarm(call)], evening)
    out = tmp_path / "outbox" / "out.jsonl"
    channels(outbox_file=str(out))
    told = {}
    for seconds in (0, 30, 90, 91, 180, 181):
        work(call, at, evening + seconds * SECOND)
        told[seconds] = sorted(line["to"] for line in lines(out))
    assert told[0] == told[30] == []
    assert told[90] == told[91] == ["leader"]
    assert told[180] == told[181] == ["admin", "leader", "reviewer"]
    (first, *_) = lines(out)
    assert "王队员" in first["body"] and first["url"].endswith(f"/desk/alarms/{call['id']}")
    assert "114." not in out.read_text() and "30.58" not in out.read_text(), "no position leaves the house"


def test_a_leader_with_neither_push_nor_an_open_desk_is_texted_at_once_and_not_again_at_90_s(
    call, at, evening, channels, tmp_path, people
):
    out = tmp_path / "out.jsonl"
    channels(outbox_file=str(out))
    told = {}
    for seconds in (0, 4, 5, 30, 90):
        work(call, at, evening + seconds * SECOND)
        told[seconds] = [line["to"] for line in lines(out)]
    assert told == {0: [], 4: [], 5: ["leader"], 30: ["leader"], 90: ["leader"]}
    assert ("told", 0, "file", people.leader.id, None) in steps(alarm(call))


def test_a_leader_whose_browser_took_it_is_not_texted_before_90_s(
    call, at, evening, channels, far, people, tmp_path
):
    out = tmp_path / "out.jsonl"
    channels(outbox_file=str(out), push_hosts=("127.0.0.1",))
    sign_up(people.leader, far, evening)
    for seconds in (0, 5, 30):
        work(call, at, evening + seconds * SECOND)
    assert lines(out) == [] and len(far.got) == 2
    work(call, at, evening + 90 * SECOND)
    assert [line["to"] for line in lines(out)] == ["leader"]


def test_a_leader_whose_browser_did_not_take_it_is_texted_at_once(
    call, at, evening, channels, far, people, tmp_path
):
    out = tmp_path / "out.jsonl"
    channels(outbox_file=str(out), push_hosts=("127.0.0.1",))
    sign_up(people.leader, far, evening)
    far.answers["/push"] = (500, "")
    for seconds in (0, 5):
        work(call, at, evening + seconds * SECOND)
    assert [line["to"] for line in lines(out)] == ["leader"]


def test_a_push_that_hangs_over_the_five_seconds_holds_no_text_up(
    call, at, evening, channels, far, people, tmp_path, monkeypatch
):
    out = tmp_path / "out.jsonl"
    channels(outbox_file=str(out), push_hosts=("127.0.0.1",))
    sign_up(people.leader, far, evening)
    far.answers["/push"] = (500, "")
    real = jobs.carry

    def slow(*all: Any) -> str | None:
        at(evening + 10 * SECOND)
        return real(*all)

    monkeypatch.setattr(jobs, "carry", slow)
    work(call, at, evening)
    assert [line["to"] for line in lines(out)] == ["leader"]


def test_where_only_a_group_can_be_texted_it_is_told_at_once_for_who_is_unreached(
    call, at, evening, channels, far
):
    channels(wecom_url=f"{far.url}/wecom")
    for seconds in (5, 90):
        work(call, at, evening + seconds * SECOND)
    assert len(far.bodies("/wecom")) == 1


def test_nobody_reached_and_no_text_channel_is_said_to_the_sender_at_once(
    call, at, evening, channels, people
):
    from app.alarms.phone import alarms_for

    channels()
    work(call, at, evening + 5 * SECOND)
    (mine,) = alarms_for(people.member, evening)
    assert mine["undeliverable"] == ["push", "text"]


def test_a_drill_texts_nobody_at_once(people, at, evening, as_person, phone, sync, channels, tmp_path):
    channels(outbox_file=str(tmp_path / "out.jsonl"))
    drill = sos(phone, people.shift, test=True)
    sync(as_person(people.member), [drill], evening)
    work(drill, at, evening + 5 * SECOND)
    assert lines(tmp_path / "out.jsonl") == []


def test_without_a_text_channel_that_is_said_once(call, at, evening, channels):
    channels()
    for seconds in (90, 100, 200):
        work(call, at, evening + seconds * SECOND)
    assert [s for s in steps(alarm(call)) if s[2] == "text"] == [("failed", 2, "text", None, "not_set_up")]


def test_a_drill_does_not_go_out_by_text_unless_the_township_wants_it(
    people, at, evening, as_person, phone, sync, channels, tmp_path
):
    out = tmp_path / "out.jsonl"
    channels(outbox_file=str(out))
    drill = sos(phone, people.shift, test=True)
    sync(as_person(people.member), [drill], evening)
    work(drill, at, evening + 200 * SECOND)
    assert lines(out) == [] and alarm(drill).stage == 3
    make.make_policy(people.town.township, "alarms", {"text_drills": True})
    work(drill, at, evening + 201 * SECOND)
    assert len(lines(out)) == 3 and all("演练" in line["title"] for line in lines(out))


# --- channels -------------------------------------------------------------------------------------


def test_the_sms_gateway_gets_logins_and_words(call, at, evening, channels, far):
    channels(sms_url=f"{far.url}/sms")
    work(call, at, evening + 90 * SECOND)
    (body,) = far.bodies("/sms")
    assert body["to"] == ["leader"] and body["id"] == call["id"] and "紧急求助" in body["text"]


@pytest.mark.parametrize("channel", ["wecom", "dingtalk"])
def test_a_group_is_told_once_and_believed_only_when_its_robot_says_so(
    call, at, evening, channels, far, channel
):
    channels(**{f"{channel}_url": f"{far.url}/robot?key=1"})
    far.answers["/robot"] = (200, '{"errcode": 93000, "errmsg": "invalid"}')
    work(call, at, evening + 90 * SECOND)
    far.answers["/robot"] = (200, '{"errcode": 0}')
    for seconds in (150, 200, 260):
        work(call, at, evening + seconds * SECOND)
    assert [s[0] for s in steps(alarm(call)) if s[2] == channel] == ["failed", "told"]
    assert all(body["msgtype"] == "text" for body in far.bodies("/robot"))


def test_dingtalk_is_signed(call, at, evening, channels, far):
    channels(dingtalk_url=f"{far.url}/robot?access_token=t", dingtalk_secret="SEC1")
    work(call, at, evening + 90 * SECOND)
    (path, _, _) = far.got[0]
    assert path.startswith("/robot?access_token=t&timestamp=") and "&sign=" in path


def test_what_cannot_be_delivered_is_tried_five_times_a_stage_and_said(call, at, evening, channels):
    channels(sms_url="http://127.0.0.1:9/none")
    for n in range(8):
        work(call, at, evening + (90 + n) * SECOND)
    failed = [s for s in steps(alarm(call)) if s[2] == "sms"]
    assert failed == [("failed", 2, "sms", alarm(call) and failed[0][3], "unreachable")] * 5


def test_a_gateway_that_comes_back_after_an_hour_still_brings_the_call_to_everybody(
    call, at, evening, channels, far
):
    channels(sms_url=f"{far.url}/sms")
    far.answers["/sms"] = (503, "")
    for minutes in range(3, 63):
        work(call, at, evening + minutes * MINUTE)
    assert not [s for s in steps(alarm(call)) if s[0] == "told" and s[2] == "sms"]
    far.answers["/sms"] = (200, "")
    for minutes in range(63, 125):
        work(call, at, evening + minutes * MINUTE)
    told = {s[3] for s in steps(alarm(call)) if s[0] == "told" and s[2] == "sms"}
    assert len(told) == 3, "leader, reviewer and admin"


def test_texts_come_again_every_ten_minutes_until_somebody_takes_it(call, at, evening, channels, tmp_path):
    out = tmp_path / "out.jsonl"
    channels(outbox_file=str(out))
    n = []
    for minutes in (3, 4, 12, 13, 14, 24):
        work(call, at, evening + minutes * MINUTE)
        n.append(len(lines(out)))
    assert n == [3, 3, 3, 6, 6, 9]


def test_a_call_of_yesterday_that_nobody_took_is_not_let_go(call, at, evening, channels, tmp_path):
    out = tmp_path / "out.jsonl"
    channels(outbox_file=str(out))
    at(evening + 20 * 60 * MINUTE)
    jobs.alarm_round(0)
    assert {line["to"] for line in lines(out)} == {"admin", "leader", "reviewer"}


def test_a_stage_that_becomes_due_while_a_dead_gateway_holds_the_worker_is_told_in_the_same_go(
    call, at, evening, channels, monkeypatch
):
    channels(sms_url="http://127.0.0.1:9/none")
    real = jobs.carry

    def slow(*all: Any) -> str | None:
        at(evening + 181 * SECOND)
        return real(*all)

    monkeypatch.setattr(jobs, "carry", slow)
    work(call, at, evening + 90 * SECOND)
    assert alarm(call).stage == 3
    assert len({s[3] for s in steps(alarm(call)) if s[:3] == ("failed", 3, "sms")}) == 3


def test_a_redirect_of_a_gateway_is_not_followed(call, at, evening, channels, far):
    channels(sms_url=f"{far.url}/sms")
    far.answers["/sms"] = (302, "")
    work(call, at, evening + 90 * SECOND)
    assert [s[4] for s in steps(alarm(call)) if s[2] == "sms"] == ["refused"]


def test_a_worker_killed_after_sending_and_before_writing_it_down_sends_again_and_leaves_nobody_out(
    call, at, evening, channels, tmp_path, monkeypatch
):
    out = tmp_path / "out.jsonl"
    channels(outbox_file=str(out))
    with monkeypatch.context() as dying:
        dying.setattr(jobs.delivery, "record", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            work(call, at, evening + 180 * SECOND)
    db.session.rollback()
    work(call, at, evening + 190 * SECOND)
    assert {line["to"] for line in lines(out)} == {"admin", "leader", "reviewer"}


# --- push -----------------------------------------------------------------------------------------


@dataclass
class BrowserKeys:
    """A browser's end of Web Push: it can read what is sent to it."""

    private: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = b"0123456789abcdef"

    def keys(self) -> dict[str, str]:
        public = self.private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return {"p256dh": b64(public), "auth": b64(self.auth)}

    def read(self, body: bytes) -> Any:
        return json.loads(http_ece.decrypt(body, private_key=self.private, auth_secret=self.auth))


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def sign_up(person, far, at_now, path="/push"):
    """A signed-in browser of that person with a push address."""
    from app import clock
    from app.accounts import operations as accounts

    secret = accounts.open_session(person, "tests", 1, clock.now())
    session = accounts.person_of_secret(secret, clock.now())[1]
    browser = BrowserKeys()
    subscribe(
        person, session.id, f"{far.url}{path}", browser.keys(), Channels(push_hosts=("127.0.0.1",)), at_now
    )
    db.session.commit()
    return browser, session


def test_the_leaders_browser_gets_it_at_once_encrypted_and_urgent(call, at, evening, channels, far, people):
    channels(push_hosts=("127.0.0.1",))
    browser, _ = sign_up(people.leader, far, evening)
    work(call, at, evening)
    ((_, headers, body),) = far.got
    assert headers["urgency"] == "high" and headers["authorization"].startswith("vapid")
    assert b"\xe6\xb1\x82" not in body
    said = browser.read(body)
    assert said["id"] == call["id"] and said["kind"] == "sos" and "王队员" in said["body"]
    assert ("told", 0, "push", people.leader.id, None) in steps(alarm(call))


def test_while_nobody_takes_it_browsers_are_told_at_each_stage_and_every_three_minutes(
    call, at, evening, channels, far, people
):
    channels(push_hosts=("127.0.0.1",))
    sign_up(people.leader, far, evening)
    n = []
    for seconds in (0, 1, 30, 90, 180, 300, 361):
        work(call, at, evening + seconds * SECOND)
        n.append(len(far.got))
    assert n == [1, 1, 2, 3, 4, 4, 5]


def test_who_has_no_push_is_said_once(call, at, evening, channels, people):
    channels()
    for seconds in (0, 30):
        work(call, at, evening + seconds * SECOND)
    assert [s for s in steps(alarm(call)) if s[2] == "push"] == [
        ("failed", 0, "push", people.leader.id, "no_address")
    ]


@pytest.mark.parametrize(
    ("status", "code", "left"), [(410, "gone", 0), (404, "gone", 0), (500, "refused", 1)]
)
def test_a_browser_that_is_gone_is_forgotten(call, at, evening, channels, far, people, status, code, left):
    channels(push_hosts=("127.0.0.1",))
    sign_up(people.leader, far, evening)
    far.answers["/push"] = (status, "")
    work(call, at, evening)
    assert ("failed", 0, "push", people.leader.id, code) in steps(alarm(call))
    assert db.session.scalar(select(db.func.count()).select_from(PushAddress)) == left


def test_a_browser_that_was_signed_out_gets_nothing(call, at, evening, channels, far, people):
    channels(push_hosts=("127.0.0.1",))
    _, session = sign_up(people.leader, far, evening)
    session.revoked_at = evening
    db.session.commit()
    work(call, at, evening)
    assert far.got == []


def test_an_address_that_is_not_on_the_list_any_more_gets_nothing(call, at, evening, channels, far, people):
    channels(push_hosts=("fcm.googleapis.com",))
    sign_up(people.leader, far, evening)
    work(call, at, evening)
    assert far.got == [] and ("failed", 0, "push", people.leader.id, "not_allowed") in steps(alarm(call))


# --- silent ---------------------------------------------------------------------------------------


def test_a_silent_alarm_goes_to_officials_one_by_one_and_never_to_a_group(
    people, at, evening, channels, far, tmp_path
):
    channels(
        wecom_url=f"{far.url}/wecom", dingtalk_url=f"{far.url}/ding", sms_url=f"{far.url}/sms",
        outbox_file=str(tmp_path / "out.jsonl"),
    )  # fmt: skip
    sender = operations.Sender(people.town.township.id, UUID(int=7), people.member.id, evening, evening)
    operations._raise_silent(sender, people.shift.id, None)
    db.session.commit()
    (one,) = alarms(silent=True)
    for seconds in (0, 30, 90, 180):
        at(evening + seconds * SECOND)
        jobs.work_on(one.township_id, one.id)
    assert {body["to"][0] for body in far.bodies("/sms")} == {"admin", "reviewer"}
    assert far.bodies("/wecom") == far.bodies("/ding") == []
    assert {line["to"] for line in lines(tmp_path / "out.jsonl")} == {"admin", "reviewer"}


# --- the round of every minute --------------------------------------------------------------------


@pytest.fixture
def alone(people, evening, as_person, sync):
    """The member is out alone since 20:00."""
    lone = Phone(people.member, evening)
    sync(as_person(people.member), [lone.start(people.shift)], evening)
    return lone


def round_at(at, instant):
    at(instant)
    jobs.alarm_round.func(0)


def test_who_is_alone_and_does_not_answer_for_35_minutes_is_told_about_once(alone, at, evening, people):
    round_at(at, evening + timedelta(minutes=34, seconds=59))
    assert alarms() == []
    for minutes in (35, 36, 60):
        round_at(at, evening + minutes * MINUTE)
    (one,) = alarms()
    assert (one.kind, one.person_id, one.called_at) == ("no_answer", people.member.id, evening + 30 * MINUTE)


def test_an_ok_and_a_check_in_are_signs_of_life_and_a_track_is_not(
    alone, at, evening, people, as_person, sync
):
    caller = as_person(people.member)
    ok = alone.item("ok", {"shift_id": people.shift.id}, evening + 20 * MINUTE)
    track = alone.segment(
        people.shift, [(100 + n, 500, evening + timedelta(minutes=40, seconds=15 * n)) for n in range(5)]
    )
    sync(caller, [ok, track], evening + 42 * MINUTE)
    round_at(at, evening + 54 * MINUTE)
    assert alarms() == []
    round_at(at, evening + 55 * MINUTE)
    assert len(alarms()) == 1


def test_a_check_in_that_comes_afterwards_ends_it(alone, at, evening, people, as_person, sync):
    from tests.field.test_sync import checkpoint_ids

    round_at(at, evening + 35 * MINUTE)
    item = alone.checkin(people.shift, checkpoint_ids(people)[0], 105, 500, evening + 29 * MINUTE)
    sync(as_person(people.member), [item], evening + 50 * MINUTE)
    round_at(at, evening + 51 * MINUTE)
    (one,) = alarms()
    assert one.state == "cancelled" and kinds(one)[-1] == "cancelled"


def test_two_who_are_out_together_are_not_asked(alone, at, evening, people, as_person, sync):
    sync(as_person(people.mate), [Phone(people.mate, evening).start(people.shift)], evening + MINUTE)
    round_at(at, evening + 50 * MINUTE)
    assert alarms() == []


def test_in_a_pause_and_after_the_end_nobody_is_asked(alone, at, evening, people, as_person, sync):
    caller = as_person(people.member)
    sync(caller, [alone.mark("pause", people.shift, evening + 5 * MINUTE)], evening + 5 * MINUTE)
    round_at(at, evening + 50 * MINUTE)
    assert alarms() == []
    resume = alone.mark("resume", people.shift, evening + 60 * MINUTE)
    sync(caller, [resume], evening + 60 * MINUTE)
    round_at(at, evening + 94 * MINUTE)
    assert alarms() == []
    round_at(at, evening + 95 * MINUTE)
    assert len(alarms()) == 1


def test_the_round_takes_up_what_a_killed_worker_left_and_one_alarm_holds_back_no_other(
    people, at, evening, as_person, sync, channels, tmp_path, monkeypatch
):
    channels(outbox_file=str(tmp_path / "out.jsonl"))
    calls = []
    for person in (people.member, people.mate):
        item = sos(Phone(person, evening), people.shift)
        sync(as_person(person), [item], evening)
        calls.append(item)
    real = jobs.delivery.errands_for

    def broken(one, *rest):
        if str(one.id) == calls[0]["id"]:
            raise ValueError("as always")
        return real(one, *rest)

    monkeypatch.setattr(jobs.delivery, "errands_for", broken)
    with pytest.raises(ValueError, match="as always"):
        round_at(at, evening + 200 * SECOND)
    assert {line["alarm"] for line in lines(tmp_path / "out.jsonl")} == {calls[1]["id"]}
    monkeypatch.setattr(jobs.delivery, "errands_for", real)
    round_at(at, evening + 260 * SECOND)
    assert {line["alarm"] for line in lines(tmp_path / "out.jsonl")} == {c["id"] for c in calls}
