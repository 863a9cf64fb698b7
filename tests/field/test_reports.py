"""Reports about places through the real endpoint: stored once, in any order the same, never with words about people."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text

from app.accounts.models import Audit
from app.db import db
from app.field import kinds
from app.field.models import InboxItem, ItemState, QuarantineItem
from app.field.operations import retry_failed
from app.geo import lon_lat
from app.incidents import operations
from app.incidents.models import Incident, IncidentPhoto
from app.routes.models import Checkpoint
from app.teams.scope import scope_of
from tests import make, places

CANARY = "13912345678"
HOUR = timedelta(hours=1)


@pytest.fixture
def member(people, as_person, evening):
    return as_person(people.member)


def spot(x_m, y_m, how="here", **more):
    lon, lat = places.here_e7(x_m, y_m)
    return {"lon_e7": lon, "lat_e7": lat, "how": how, **more}


def body(shift=None, category="road", phrase="light_out", **more):
    found = {"category": category, **({"phrase": phrase} if phrase else {}), **more}
    return found if shift is None else {"shift_id": shift.id, **found}


def incidents():
    db.session.expire_all()
    return list(db.session.scalars(select(Incident).order_by(Incident.reported_at, Incident.id)))


def only():
    (found,) = incidents()
    return found


# --- stored ---------------------------------------------------------------------------------------


def test_a_report_is_stored_with_its_place_team_and_time(people, phone, member, sync, evening):
    item = phone.item("report", body(people.shift, place=spot(350, 500, accuracy_m=8), text="第三根灯杆"))
    receipt = sync(member, [item], evening)[item["id"]]
    assert (receipt["result"], receipt["reasons"]) == ("stored", [])
    found = only()
    assert str(found.id) == item["id"] and found.state == "new" and found.reported_at == evening
    assert (found.category, found.phrase, found.text) == ("road", "light_out", "第三根灯杆")
    assert (found.team_id, found.shift_id, found.reporter_id) == (
        people.town.team.id, people.shift.id, people.member.id
    )  # fmt: skip
    lon, lat = db.session.execute(select(*lon_lat(Incident.place))).one()
    assert (round(lon * 1e7), round(lat * 1e7)) == places.here_e7(350, 500)


def test_the_same_report_eight_times_is_one(people, phone, member, sync, evening):
    item = phone.item("report", body(people.shift, place=spot(350, 500)))
    results = [sync(member, [item], evening)[item["id"]]["result"] for _ in range(8)]
    assert results == ["stored"] + ["duplicate"] * 7
    assert only().duplicate_of is None


def test_nothing_found_is_a_row_without_place_words_or_photo_and_complete(
    people, phone, member, sync, evening
):
    said = body(people.shift, "nothing", None, place=spot(350, 500), text="都好", photo_ids=[str(uuid4())])
    item = phone.item("report", said)
    assert sync(member, [item], evening)[item["id"]]["result"] == "stored"
    found = only()
    assert (found.state, found.place, found.text, found.phrase, found.how) == (
        "closed",
        None,
        None,
        None,
        None,
    )
    assert db.session.scalar(select(func.count()).select_from(IncidentPhoto)) == 0
    assert member.get("/api/v1/field/reports").get_json() == {"reports": []}


def test_a_checkpoint_gives_its_own_place(people, phone, member, sync, evening):
    point = db.session.scalar(
        select(Checkpoint).where(Checkpoint.route_version_id == people.town.route.id, Checkpoint.seq == 2)
    )
    item = phone.item("report", body(people.shift, checkpoint_id=point.id))
    sync(member, [item], evening)
    found = only()
    assert (found.how, found.checkpoint_id) == ("checkpoint", point.id)
    lon, lat = db.session.execute(select(*lon_lat(Incident.place))).one()
    assert (round(lon * 1e7), round(lat * 1e7)) == places.here_e7(600, 500)
    (mine,) = member.get("/api/v1/field/reports").get_json()["reports"]
    assert mine["checkpoint"] == "点2"


def test_off_duty_without_a_shift_it_goes_to_the_members_team(people, phone, member, sync, evening):
    item = phone.item("report", body(place=spot(350, 500, "dragged")))
    assert sync(member, [item], evening)[item["id"]]["result"] == "stored"
    assert (only().team_id, only().shift_id) == (people.town.team.id, None)


def test_a_shift_or_checkpoint_of_another_township_means_nothing(people, phone, member, sync, evening):
    stranger = db.session.scalar(
        select(Checkpoint.id).where(Checkpoint.route_version_id == people.other.route.id).limit(1)
    )
    other = make.make_shift(people.other.team, people.other.route, [people.outsider])
    item = phone.item("report", body(other, checkpoint_id=stranger, place=spot(350, 500)))
    assert sync(member, [item], evening)[item["id"]]["result"] == "stored"
    found = only()
    assert (found.shift_id, found.checkpoint_id, found.team_id) == (None, None, people.town.team.id)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"category": "petition", "phrase": "other"}, "unknown_category"),
        ({"category": "road", "phrase": "gas_smell"}, "unknown_phrase"),
        ({"category": "Road!"}, "malformed_body"),
        ({"category": "road", "place": {"lon_e7": 1.5, "lat_e7": 0, "how": "here"}}, "malformed_body"),
        ({"category": "road", "place": {"lon_e7": 1, "lat_e7": 2, "how": "guessed"}}, "malformed_body"),
        ({"category": "road", "photo_ids": ["x"]}, "malformed_body"),
        ({"category": "road", "photo_ids": [str(uuid4()) for _ in range(5)]}, "malformed_body"),
        ({"category": "road", "text": "长" * 281}, "malformed_body"),
        ({}, "malformed_body"),
    ],
)
def test_a_bad_shape_is_rejected_with_its_code(phone, member, sync, evening, said, code):
    item = {**phone.item("report", {"category": "road"}), "body": said}
    if code != "malformed_body":
        item = phone.item("report", said)
    receipt = sync(member, [item], evening)[item["id"]]
    assert (receipt["result"], receipt["reasons"]) == ("rejected", [code])
    assert incidents() == []


def test_it_needs_a_sign_in(client, phone, evening):
    sent = {"sent_at": "2026-11-24T12:00:00Z", "items": [phone.item("report", body())]}
    assert client.post("/api/v1/field/sync", json=sent).status_code == 401
    assert client.get("/api/v1/field/reports").status_code == 401


def test_what_an_older_server_stored_is_taken_once_reports_are_offered(
    people, phone, member, sync, evening, monkeypatch
):
    item = phone.item("report", body(people.shift, place=spot(350, 500)))
    with monkeypatch.context() as older:
        takers = {kind: taker for kind, taker in kinds._takers().items() if kind != "report"}
        older.setattr(kinds, "_takers", lambda: takers)
        assert sync(member, [item], evening)[item["id"]]["reasons"] == ["kind_not_offered"]
    assert incidents() == [] and retry_failed(evening) == 1
    assert str(only().id) == item["id"]


# --- words about people ---------------------------------------------------------------------------


def everything():
    """Each row of the inbox, of quarantine and of the reports as text."""
    rows = []
    for table in ("inbox_items", "quarantine_items", "incidents", "item_states", "audits"):
        rows += list(db.session.scalars(text(f"SELECT t::text FROM {table} t")))
    return "\n".join(rows)


def test_words_about_a_person_are_kept_nowhere_and_the_phone_is_told(people, phone, member, sync, evening):
    item = phone.item("report", body(people.shift, place=spot(350, 500), text=f"找王某，{CANARY}"))
    receipt = sync(member, [item], evening)[item["id"]]
    assert (receipt["result"], receipt["reasons"]) == ("rejected", ["text_names_a_person"])
    assert incidents() == [] and CANARY not in everything() and "王某" not in everything()
    row = db.session.scalar(select(InboxItem).where(InboxItem.id == UUID(item["id"])))
    assert row.body is None, "its number stays, so that no item looks missing"


def test_a_note_is_held_to_the_same(people, phone, member, sync, evening):
    item = phone.item("note", {"shift_id": people.shift.id, "phrase": "other", "text": f"找王某，{CANARY}"})
    receipt = sync(member, [item], evening)[item["id"]]
    assert (receipt["result"], receipt["reasons"]) == ("rejected", ["text_names_a_person"])
    assert CANARY not in everything()


def test_sent_again_it_is_rejected_again_and_never_taken_for_sent(people, phone, member, sync, evening):
    """Else a phone that missed the first answer would let go of a report that nobody has."""
    item = phone.item("report", body(people.shift, text=CANARY))
    for _ in range(3):
        receipt = sync(member, [item], evening)[item["id"]]
        assert (receipt["result"], receipt["reasons"]) == ("rejected", ["text_names_a_person"])
    assert CANARY not in everything()


def test_the_edited_report_is_a_new_item_with_the_same_photos(people, phone, member, sync, evening):
    photo = str(uuid4())
    sync(member, [phone.item("report", body(people.shift, text=CANARY, photo_ids=[photo]))], evening)
    good = phone.item("report", body(people.shift, text="第三根灯杆", photo_ids=[photo]))
    assert sync(member, [good], evening)[good["id"]]["result"] == "stored"
    assert [str(row) for row in db.session.scalars(select(IncidentPhoto.id))] == [photo]


def test_neither_conflict_nor_a_broken_item_brings_the_words_into_quarantine(
    people, phone, member, sync, evening
):
    first = phone.item("report", body(people.shift))
    clash = phone.item("report", body(people.shift, text=f"打{CANARY}"), id=first["id"])
    broken = phone.item("report", body(people.shift, text=f"{CANARY}" + "长" * 300))
    forged = phone.item("report", body(people.shift, text=CANARY), sha256="0" * 64)
    receipts = sync(member, [first, broken, forged], evening)
    assert sync(member, [clash], evening)[first["id"]]["result"] == "conflict"
    assert {receipts[one["id"]]["result"] for one in (broken, forged)} == {"rejected"}
    kept = list(db.session.scalars(select(QuarantineItem.content)))
    assert len(kept) >= 2 and CANARY not in everything()
    assert any(json.dumps(one).find("text_withheld") >= 0 for one in kept)


def test_a_note_about_a_place_is_taken_as_before(people, phone, member, sync, evening):
    item = phone.item("note", {"shift_id": people.shift.id, "phrase": "light_out", "text": "第三根灯杆"})
    assert sync(member, [item], evening)[item["id"]]["result"] == "stored"


# --- the same again -------------------------------------------------------------------------------


def told(phone, x_m, hours, category="road"):
    when = make.EVENING + hours * HOUR
    phrase = "light_out" if category == "road" else "wires_bare"
    return phone.item("report", body(category=category, phrase=phrase, place=spot(x_m, 500)), when)


@pytest.fixture
def later(people, as_person, at, sync):
    """later(items, hours) sends them in a session of that time."""

    def send(items, hours):
        at(make.EVENING + hours * HOUR)
        return sync(as_person(people.member), items, make.EVENING + hours * HOUR)

    return send


def test_the_same_within_50_m_and_7_days_is_counted_with_the_first(phone, later):
    for item in [told(phone, 350, 0), told(phone, 395, 1), told(phone, 350, 6 * 24)]:
        later([item], 7 * 24)
    first, *again = incidents()
    assert first.duplicate_of is None and [one.duplicate_of for one in again] == [first.id, first.id]


@pytest.mark.parametrize(
    ("x_m", "hours", "category"), [(405, 1, "road"), (350, 7 * 24 + 1, "road"), (350, 1, "fire")],
    ids=["55 m away", "a week later", "another kind"],
)  # fmt: skip
def test_what_is_farther_later_or_something_else_stands_for_itself(phone, later, x_m, hours, category):
    later([told(phone, 350, 0), told(phone, x_m, hours, category)], 8 * 24)
    assert [one.duplicate_of for one in incidents()] == [None, None]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_in_whatever_order_they_come_the_first_told_stands_for_all(people, phone, member, sync, order):
    items = [told(phone, 350, 0), told(phone, 380, 1), told(phone, 390, 2)]
    for n in order:
        sync(member, [items[n]], make.EVENING + 5 * HOUR)
    found = incidents()
    assert [str(one.id) for one in found] == [one["id"] for one in items]
    assert [one.duplicate_of for one in found] == [None, found[0].id, found[0].id]


def test_what_comes_back_after_it_was_mended_is_new(people, phone, member, sync):
    sync(member, [told(phone, 350, 0)], make.EVENING)
    decide(people, only().id, "close", "mended", make.EVENING + HOUR)
    sync(member, [told(phone, 350, 2)], make.EVENING + 2 * HOUR)
    assert [(one.state, one.duplicate_of) for one in incidents()] == [("closed", None), ("new", None)]


# --- deciding -------------------------------------------------------------------------------------


def decide(people, report_id, decision, which, now, who="leader"):
    person = getattr(people, who)
    found = operations.decide(person, scope_of(person), report_id, decision, which, now)
    db.session.commit()
    return found


def test_a_decision_holds_for_all_of_the_same_and_the_member_sees_it(people, phone, member, sync):
    items = [told(phone, 350, 0), told(phone, 360, 1)]
    sync(member, items, make.EVENING + HOUR)
    decide(people, incidents()[1].id, "pass_on", "power", make.EVENING + 2 * HOUR)
    assert [(one.state, one.passed_to, one.decided_by) for one in incidents()] == [
        ("passed_on", "power", people.leader.id)
    ] * 2
    mine = member.get("/api/v1/field/reports").get_json()["reports"]
    assert [(one["state"], one["passed_to"]) for one in mine] == [("passed_on", "power")] * 2
    assert db.session.scalar(select(func.count()).where(Audit.action == "report.passed_on")) == 1


def test_a_first_report_that_comes_late_takes_over_what_was_decided(people, phone, member, sync):
    early, late = told(phone, 350, 0), told(phone, 360, 1)
    sync(member, [late], make.EVENING + HOUR)
    decide(people, only().id, "pass_on", "power", make.EVENING + 2 * HOUR)
    sync(member, [early], make.EVENING + 3 * HOUR)
    assert [(one.state, one.passed_to) for one in incidents()] == [("passed_on", "power")] * 2


def test_reports_of_the_outsider_are_not_seen_and_mine_are_not_theirs(
    people, phone, member, sync, as_person, evening
):
    sync(member, [phone.item("report", body(people.shift, place=spot(350, 500)))], evening)
    assert as_person(people.mate).get("/api/v1/field/reports").get_json() == {"reports": []}
    assert as_person(people.outsider).get("/api/v1/field/reports").get_json() == {"reports": []}


def test_a_borrowed_phones_report_waits_for_its_author(people, phone, as_person, sync, evening):
    item = phone.item("report", body(people.shift, place=spot(350, 500)))
    receipt = sync(as_person(people.mate), [item], evening)[item["id"]]
    assert (receipt["result"], receipt["reasons"]) == ("held", ["other_author"]) and incidents() == []
    sync(as_person(people.member), [item], evening)
    assert only().reporter_id == people.member.id
    state = db.session.scalar(select(ItemState).where(ItemState.id == UUID(item["id"])))
    assert state.result == "stored"
