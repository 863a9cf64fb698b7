"""The export: every row of one's own, nothing of others, nothing secret; and tables that run nothing when opened."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.accounts import feeds, signing
from app.api.parcel import gpx_of, table_of
from app.db import db
from app.duty.models import Duty
from app.exports.spreadsheets import safe
from app.field import export
from app.field.export import Sheet, Trail
from app.geofiles.gpx import read_gpx
from app.routes.models import Checkpoint
from app.tracks.rules import Fix
from tests import make
from tests.fairness.planted import add_flag
from tests.phone import Phone, walk

MINUTE = timedelta(minutes=1)
EXPORT = "/api/v1/me/export"


def parcel_of(caller):
    with caller.get(EXPORT) as answer:
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return zipfile.ZipFile(io.BytesIO(answer.get_data()))


def data_of(caller):
    return json.loads(parcel_of(caller).read("data.json"))


@pytest.fixture
def walked(people, evening, as_person, sync):
    """Two members out; the first with a gap of five minutes in the track."""
    at0 = people.shift.starts_at
    checkpoint = db.session.scalar(
        select(Checkpoint.id).where(Checkpoint.route_version_id == people.town.route.id).limit(1)
    )
    for person, beside in ((people.member, 0), (people.mate, 4)):
        phone = Phone(person, at0)
        one = walk([(100, 500 + beside), (400, 500 + beside)], at0, 1.0)
        two = walk([(400, 500 + beside), (600, 500 + beside)], one[-1][2] + 5 * MINUTE, 1.0)
        note = {"shift_id": people.shift.id, "phrase": "all_quiet"}
        items = [
            phone.start(people.shift, at0), phone.checkin(people.shift, checkpoint, 105, 500 + beside, at0 + MINUTE),
            phone.segment(people.shift, one), phone.segment(people.shift, two),
            phone.item("note", note | {"text": f"=note of {person.login}"}),
            phone.end(people.shift, at0 + 60 * MINUTE),
        ]  # fmt: skip
        sync(as_person(person), items, at0 + 61 * MINUTE)
    return people


# --- what is in it --------------------------------------------------------------------------------


def test_it_holds_the_five_files(walked, as_person):
    answer = as_person(walked.member).get(EXPORT)
    assert answer.content_type == "application/zip"
    assert answer.headers["Content-Disposition"] == "attachment; filename=xunfang-20261124.zip"
    assert answer.headers["Cache-Control"] == "no-store"
    names = zipfile.ZipFile(io.BytesIO(answer.get_data())).namelist()
    assert sorted(names) == ["checkins.csv", "data.json", "duties.csv", "points.csv", "tracks.gpx"]


def test_every_row_of_mine_is_in_it(walked, as_person):
    caller = as_person(walked.member)
    caller.put("/api/v1/me/consents/push", json={"given": True, "version": 1})
    data = data_of(caller)
    assert data["person"]["login"] == "member" and data["person"]["name"] == "王队员"
    assert len(data["duties"]) == 1 and len(data["checkins"]) == 1 and data["point_entries"]
    assert {one["kind"] for one in data["sent"]} == {"duty.start", "checkin", "segment", "note", "duty.end"}
    assert [i["body"]["text"] for i in data["sent"] if i["kind"] == "note"] == ["=note of member"]
    assert len(data["item_states"]) == 6 and len(data["duty_events"]) == 2
    assert [c["purpose"] for c in data["consents"]] == ["push"]
    assert data["sessions"] and data["team_members"] and data["assignments"]
    assert {line["action"] for line in data["account"]} >= {"consent.given", "data.exported"}
    assert data["checkins"][0]["position"]["type"] == "Point"


def test_nothing_of_others_is_in_it(walked, as_person):
    caller = as_person(walked.member)
    parcel = parcel_of(caller)
    text = "".join(parcel.read(name).decode() for name in parcel.namelist())
    for word in ("李队员", "note of mate", "mate", "陈队长", "镇审核员"):
        assert word not in text
    data = json.loads(parcel.read("data.json"))
    theirs = db.session.scalar(select(Duty.id).where(Duty.person_id == walked.mate.id))
    assert {row.get("duty_id") for name in export.OF_DUTIES for row in data[name]} & {theirs} == set()
    people = {walked.mate.id, walked.leader.id}
    assert not [
        k for k, v in walk_json(data) if k.endswith(("person_id", "author_id", "_by")) and v in people
    ]


def walk_json(node, key=""):
    if isinstance(node, dict):
        for name, below in node.items():
            yield from walk_json(below, name)
    elif isinstance(node, list):
        for below in node:
            yield from walk_json(below, key)
    else:
        yield key, node


def test_no_secret_is_in_it(people, evening, as_person):
    person = people.leader
    person.password_hash = "$argon2id$something"
    caller = as_person(person)
    secret = caller.post("/api/v1/me/totp").get_json()["secret"]
    token = feeds.make_token(person, make.EVENING)
    code, _ = signing.make_code(person, person, make.EVENING)
    db.session.commit()
    parcel = parcel_of(caller)
    text = parcel.read("data.json").decode()
    for hidden in (secret, token, code, "argon2id", caller.get_cookie("xunfang").value):
        assert hidden not in text
    keys = {key for key, _ in walk_json(json.loads(text))}
    assert not [
        key for key in keys if "secret" in key or "sha256" in key or key in ("sealed", "nonce", "code_mac")
    ]


def test_who_looked_is_named(walked, as_person):
    member = as_person(walked.member)
    checkin = data_of(member)["checkins"][0]["id"]
    as_person(walked.leader).get(f"/desk/review/{checkin}")
    assert [(look["who"], look["what"]) for look in data_of(member)["looks"]] == [("陈队长", "checkin")]


def test_what_shows_a_pin_is_not_in_it(walked, as_person, sync):
    phone = Phone(walked.member, make.EVENING)
    ok = phone.item("ok", {"shift_id": walked.shift.id, "proof": "a" * 64, "nonce": "b" * 32})
    caller = as_person(walked.member)
    sync(caller, [ok], make.EVENING + 62 * MINUTE)
    sent = next(i for i in data_of(caller)["sent"] if i["kind"] == "ok")
    assert sent["body"] == {"shift_id": walked.shift.id}


def test_without_a_home_township_there_is_little_and_no_error(people, evening, as_person):
    data = data_of(as_person(people.admin))
    assert data["person"]["login"] == "admin" and data["duties"] == [] and data["role_grants"]


# --- who may have it, and how often ---------------------------------------------------------------


def test_it_is_limited(people, evening, as_person, at):
    caller = as_person(people.member)
    for _ in range(5):
        parcel_of(caller)
    stopped = caller.get(EXPORT)
    assert (stopped.status_code, stopped.get_json()["code"]) == (429, "too_many_exports")
    assert int(stopped.headers["Retry-After"]) > 0
    parcel_of(as_person(people.mate))
    at(make.EVENING + timedelta(hours=1))
    parcel_of(caller)


def test_flags_about_me_are_in_it_without_the_other_one(walked, as_person):
    add_flag(walked.town.team, (walked.member, walked.mate), note="一直同路", duty_ids=[1, 2])
    add_flag(walked.town.team, (walked.mate, walked.leader), "closed_for")
    for person, n in ((walked.member, 1), (walked.mate, 2), (walked.leader, 1)):
        rows = data_of(as_person(person))["fairness_flags"]
        assert len(rows) == n
        for row in rows:
            assert {"kind", "month", "figures", "state", "note"} <= set(row)
            others = {
                "subject",
                "person_a",
                "person_b",
                "duty_ids",
                "checkin_ids",
                "report_ids",
                "decided_by",
            }
            assert not others & set(row)


# --- the closed list ------------------------------------------------------------------------------


def test_every_table_that_names_somebody_is_decided():
    decided = {*export.OWN, *export.OF_DUTIES, *export.LEFT_OUT}
    own = {"person_id", "author_id", "duty_id", "session_person_id", "actor_id"}
    names = {
        t.name
        for t in db.metadata.sorted_tables
        if own & set(t.columns.keys()) or any(k.column.table.name == "people" for k in t.foreign_keys)
    }
    assert not names - decided, "say in app/field/export.py whose rows these are, or why they are left out"
    assert not decided - {t.name for t in db.metadata.sorted_tables}


def test_no_list_of_other_people_is_exported():
    """A list of ids is somebody's until it is decided that it is not."""
    lists = {
        (t.name, c.name)
        for t in db.metadata.sorted_tables
        if t.name in export.OWN or t.name in export.OF_DUTIES
        for c in t.columns
        if type(c.type).__name__ == "ARRAY" and type(c.type.item_type).__name__ == "BigInteger"
    }
    assert lists == export.OTHERS


# --- the track ------------------------------------------------------------------------------------


def test_the_track_has_a_trk_a_duty_and_a_trkseg_a_run_without_gap(walked, as_person, tmp_path):
    gpx = parcel_of(as_person(walked.member)).read("tracks.gpx")
    assert gpx.count(b"<trk>") == 1 and gpx.count(b"<trkseg>") == 2
    path = tmp_path / "tracks.gpx"
    path.write_bytes(gpx)
    (trace,) = read_gpx(path).traces
    assert [len(part) for part in trace.parts] == [21, 15]


def test_a_point_of_the_gpx_is_its_fix():
    fix = Fix(1143214567, 305123456, 8, int(datetime(2026, 11, 24, 12, 0, tzinfo=UTC).timestamp()))
    text = "".join(gpx_of([Trail("2026-11-24 甲 & 乙 <队>", [[fix, fix]])]))
    assert '<trkpt lat="30.5123456" lon="114.3214567"><time>2026-11-24T12:00:00Z</time>' in text
    assert "甲 &amp; 乙 &lt;队&gt;" in text


def test_two_recorders_of_one_duty_are_not_woven_into_one_line(walked):
    from app.tracks.rules import Policy

    t0 = 1_800_000_000
    a = [Fix(1_140_000_000 + n, 300_000_000, 5, t0 + 15 * n) for n in range(4)]
    runs = export._runs([*a[2:], *a[:3]], Policy())
    assert runs == [a]


# --- tables ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "＝1", "＋1", "－1", "＠x", "\n=1"])
def test_text_that_looks_like_a_formula_stays_text(text):
    assert safe(text) == f"'{text}"


def test_numbers_stay_numbers_and_other_text_as_it_is():
    rows = list(
        csv.reader(
            io.StringIO(
                table_of(Sheet(("a",), [(-2.0,), ("平安",), (None,)]), "UTC", str).decode("utf-8-sig")
            )
        )
    )
    assert rows == [["a"], ["-2.0"], ["平安"], [""]]


def test_the_tables_open_in_excel_and_wps(walked, as_person):
    raw = parcel_of(as_person(walked.member)).read("duties.csv")
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    assert rows[0][:2] == ["日期", "队伍"]
    assert rows[1][0] == "2026-11-24" and rows[1][4] == "2026-11-24 20:00:00" and rows[1][6] == "60"


def test_a_team_called_like_a_formula_does_no_harm(walked, as_person):
    walked.town.team.name = "=HYPERLINK(1)"
    db.session.commit()
    raw = parcel_of(as_person(walked.member)).read("duties.csv").decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(raw)))[1][1] == "'=HYPERLINK(1)"


def test_points_that_were_taken_back_stand_with_a_minus(walked, as_person):
    raw = parcel_of(as_person(walked.member)).read("points.csv").decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(raw)))[1:]
    hours = as_person(walked.member).get("/api/v1/field/hours?month=2026-11").get_json()
    assert sum(float(line[2]) for line in lines) == hours["points_pending"]
