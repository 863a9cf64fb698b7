"""Check-ins by code and tag, and co-signatures, through the phone's own endpoint: any order, the same state."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.secrets import unseal
from app.checkins.models import Checkin, Cosign
from app.db import db
from app.field import operations
from app.field.models import ItemState
from app.incentives.models import PointEntry
from app.routes import codes, queries, rules
from app.routes.models import Checkpoint, CheckpointCode
from app.teams.scope import scope_of
from tests import make
from tests.phone import Phone

MINUTE = timedelta(minutes=1)
AT = make.EVENING + 10 * MINUTE


@pytest.fixture
def points(people):
    route = people.town.route.id
    return list(
        db.session.scalars(
            select(Checkpoint).where(Checkpoint.route_version_id == route).order_by(Checkpoint.seq)
        )
    )


@pytest.fixture
def sheet(people, evening):
    """The day's printed codes of the cast's route, as its leader gets them."""
    found = codes.sheet_of(scope_of(people.leader), people.town.route.route_id, make.DAY, evening)
    db.session.commit()
    return {checkpoint.id: text for checkpoint, _, text in found}


def secret_of(checkpoint):
    return unseal(
        db.session.scalar(select(CheckpointCode).where(CheckpointCode.name == checkpoint.name)).sealed
    )


def display_text(checkpoint, at):
    return rules.printed(checkpoint.id, rules.display_code(secret_of(checkpoint), rules.step_of(at)))


def tag_text(checkpoint):
    return rules.on_tag(checkpoint.id, rules.tag_token(secret_of(checkpoint)))


def by_code(phone, shift, checkpoint, code, at=AT, *, x=105, method="code", y=500):
    body = {
        "shift_id": shift.id, "phase": "here", "checkpoint_id": checkpoint.id, "method": method, "code": code,
        "fix": phone.fix(x, y),
    }  # fmt: skip
    return phone.item("checkin", body, at)


def row(item):
    return db.session.scalar(
        select(Checkin).where(Checkin.id == item["id"]).execution_options(populate_existing=True)
    )


def state(item):
    return db.session.scalar(
        select(ItemState).where(ItemState.id == item["id"]).execution_options(populate_existing=True)
    )


@pytest.fixture
def member(people, phone, sync, as_person):
    """member(item, …) → the receipts, after the start of the duty."""
    caller = as_person(people.member)
    start = phone.start(people.shift, make.EVENING)

    def send(*items, now=AT + MINUTE, sent_at=None):
        return sync(caller, [start, *items], now, sent_at)

    return send


def test_a_printed_code_makes_the_second_level(people, phone, member, points, sheet):
    item = by_code(phone, people.shift, points[0], sheet[points[0].id])
    receipt = member(item)[item["id"]]
    assert (receipt["verdict"], receipt["reasons"], receipt["evidence_level"]) == ("counted", [], 2)
    assert (row(item).code_form, row(item).code_right, row(item).code_step) == ("day", True, None)


def test_a_displays_code_is_right_at_its_minute_and_its_digits_may_be_typed(
    people, phone, member, points, sheet
):
    scanned = by_code(phone, people.shift, points[0], display_text(points[0], AT))
    typed = by_code(phone, people.shift, points[1], display_text(points[1], AT)[-6:], AT + 2 * MINUTE, x=600)
    receipts = member(scanned, typed, now=AT + 3 * MINUTE)
    assert [receipts[i["id"]]["evidence_level"] for i in (scanned, typed)] == [2, 2]
    assert row(scanned).code_step == rules.step_of(AT)


def test_a_tag_makes_the_third_level(people, phone, member, points, sheet):
    item = by_code(phone, people.shift, points[0], tag_text(points[0]), method="nfc")
    assert member(item)[item["id"]]["evidence_level"] == 3


@pytest.mark.parametrize("wrong", ["000000", "another place's", "yesterday's", "an old minute's"])
def test_a_wrong_code_is_held_for_a_person_and_never_void(people, phone, member, points, sheet, wrong):
    code = {
        "000000": "000000",
        "another place's": sheet[points[1].id],
        "yesterday's": rules.day_code(secret_of(points[0]), make.DAY - timedelta(days=1)),
        "an old minute's": display_text(points[0], AT - 9 * MINUTE),
    }[wrong]
    item = by_code(phone, people.shift, points[0], code)
    receipt = member(item)[item["id"]]
    assert (receipt["verdict"], receipt["reasons"]) == ("held", ["wrong_code"])
    assert receipt["evidence_level"] == 0


def test_a_code_from_afar_is_judged_by_its_distance(people, phone, member, points, sheet):
    item = by_code(phone, people.shift, points[0], sheet[points[0].id], x=400)
    receipt = member(item)[item["id"]]
    assert (receipt["verdict"], receipt["reasons"]) == ("not_counted", ["too_far_from_checkpoint"])


def test_a_checkpoint_that_never_had_a_code_has_no_right_one(people, phone, member, points):
    item = by_code(phone, people.shift, points[0], "123456")
    assert member(item)[item["id"]]["reasons"] == ["wrong_code"]


def test_where_a_code_is_asked_a_position_alone_counts_and_is_marked(people, phone, member, points, sheet):
    for point in points:
        point.method = "code"
    db.session.commit()
    alone = phone.checkin(people.shift, points[0].id, 105, 500, AT)
    coded = by_code(phone, people.shift, points[1], sheet[points[1].id], AT + 8 * MINUTE, x=600)
    receipts = member(alone, coded, now=AT + 9 * MINUTE)
    assert receipts[alone["id"]]["reasons"] == ["weaker_than_asked"]
    assert receipts[alone["id"]]["verdict"] == "counted" and receipts[coded["id"]]["reasons"] == []


def test_a_night_shift_keeps_its_days_sheet_past_midnight(people, phone, as_person, sync, points, sheet):
    night = make.make_shift(
        people.town.team,
        people.town.route,
        [people.member],
        starts_at=make.EVENING + timedelta(hours=3),
        hours=6,
    )
    late = make.EVENING + timedelta(hours=6)  # 02:00 of the next day
    items = [phone.start(night, night.starts_at), by_code(phone, night, points[0], sheet[points[0].id], late)]
    receipts = sync(as_person(people.member), items, late + MINUTE)
    assert (night.day, receipts[items[1]["id"]]["reasons"]) == (make.DAY, [])
    new = rules.day_code(secret_of(points[1]), make.DAY + timedelta(days=1))
    after = by_code(phone, night, points[1], new, late + 8 * MINUTE, x=600)
    assert sync(as_person(people.member), [after], late + 9 * MINUTE)[after["id"]]["reasons"] == []


def test_a_phone_with_a_wrong_clock_is_tried_over_what_can_be_proved(
    people, phone, member, points, sheet, as_person
):
    anchor = as_person(people.member).get("/api/v1/field/plan").headers["X-Xunfang-Anchor"]
    item = by_code(phone, people.shift, points[0], display_text(points[0], AT), AT)
    wrong = {**item, "device_at": "2026-11-24T20:00:00Z", "anchor": anchor}
    receipt = member(wrong, now=AT + 40 * MINUTE, sent_at=AT + 40 * MINUTE)[item["id"]]
    assert (receipt["verdict"], receipt["reasons"]) == ("held", ["time_bracket_only"])
    assert row(item).code_right and row(item).time_quality == "bracket_only"


def other_crew(people):
    """Another shift of the team at the same time, with one member on duty."""
    third = make.make_person("赵队员", people.town.township)
    make.join_team(third, people.town.team)
    shift = make.make_shift(people.town.team, people.town.route, [third])
    return third, shift


@pytest.mark.parametrize("first", ["earlier", "later"])
def test_a_minutes_code_that_another_crew_used_before_is_held(
    people, phone, member, points, sheet, sync, as_person, first
):
    third, shift = other_crew(people)
    code = display_text(points[0], AT)
    mine = by_code(phone, people.shift, points[0], code, AT + MINUTE)
    theirs = by_code(Phone(third, AT), shift, points[0], code, AT, x=104, y=503)
    start = Phone(third, AT).start(shift, make.EVENING)

    def send_theirs():
        sync(as_person(third), [start, theirs], AT + 3 * MINUTE)

    if first == "earlier":
        send_theirs()
    member(mine, now=AT + 3 * MINUTE)
    if first == "later":
        send_theirs()
    assert (row(mine).verdict, row(mine).reasons) == ("held", ["code_already_used"])
    assert (row(theirs).verdict, row(theirs).reasons) == ("counted", [])


def test_a_printed_code_is_for_every_crew_of_the_day(people, phone, member, points, sheet, sync, as_person):
    third, shift = other_crew(people)
    theirs = by_code(Phone(third, AT), shift, points[0], sheet[points[0].id], AT, x=104, y=503)
    sync(as_person(third), [Phone(third, AT).start(shift, make.EVENING), theirs], AT + 3 * MINUTE)
    mine = by_code(phone, people.shift, points[0], sheet[points[0].id], AT + MINUTE)
    assert member(mine, now=AT + 3 * MINUTE)[mine["id"]]["reasons"] == []


def test_who_used_a_code_from_afar_takes_nothing_from_who_was_there(
    people, phone, member, points, sheet, sync, as_person
):
    third, shift = other_crew(people)
    code = display_text(points[0], AT)
    theirs = by_code(Phone(third, AT), shift, points[0], code, AT, x=900)
    sync(as_person(third), [Phone(third, AT).start(shift, make.EVENING), theirs], AT + 3 * MINUTE)
    mine = by_code(phone, people.shift, points[0], code, AT + MINUTE)
    assert member(mine, now=AT + 3 * MINUTE)[mine["id"]]["verdict"] == "counted"


def test_what_was_seen_before_the_secret_was_changed_stays_right(people, phone, member, points, sheet):
    codes.change_secret(people.leader, scope_of(people.leader), points[0].id, AT + 30 * MINUTE)
    db.session.commit()
    before = by_code(phone, people.shift, points[0], sheet[points[0].id], AT)
    after = by_code(phone, people.shift, points[0], sheet[points[0].id], AT + 60 * MINUTE, x=107)
    receipts = member(before, after, now=AT + 70 * MINUTE)
    assert receipts[before["id"]]["reasons"] == [] and receipts[after["id"]]["reasons"] == ["wrong_code"]


def test_a_new_version_of_a_route_keeps_its_codes(people, sheet, points, evening):
    line = make.RouteVersion(
        route_id=people.town.route.route_id, township_id=people.town.township.id, version=2,
        geom=people.town.route.geom, length_m=1000, n_pieces=200, made_at=evening,
    )  # fmt: skip
    make.save(line)
    make.save(
        Checkpoint(
            route_version_id=line.id,
            township_id=line.township_id,
            seq=1,
            name=points[0].name,
            geom=points[0].geom,
        )
    )
    again = codes.sheet_of(scope_of(people.leader), line.route_id, make.DAY, evening)
    assert [text.split(".")[2] for _, _, text in again] == [sheet[points[0].id].split(".")[2]]
    assert queries.code_of_checkpoint(points[0].id).id == queries.code_of_checkpoint(again[0][0].id).id


@pytest.mark.parametrize(("least", "bonus"), [(0, True), (2, False)])
def test_a_township_says_which_evidence_earns_points(people, phone, member, points, sheet, least, bonus):
    make.make_policy(people.town.township, "checkins", {"min_level_for_points": least})
    items = [
        phone.checkin(people.shift, p.id, x, 500 + n, AT + 10 * n * MINUTE)
        for n, (p, x) in enumerate(zip(points, (101, 601, 1101), strict=True))
    ]
    items.append(phone.end(people.shift, AT + 60 * MINUTE))
    receipts = member(*items, now=AT + 61 * MINUTE)
    assert {receipts[i["id"]]["verdict"] for i in items[:3]} == {"counted"}
    rules_paid = {e.rule for e in db.session.scalars(select(PointEntry))}
    assert ("all_checkpoints" in rules_paid) is bonus


def test_the_plan_says_what_is_asked_and_no_secret(people, as_person, points, sheet, evening):
    points[0].method = "code"
    db.session.commit()
    answer = as_person(people.member).get("/api/v1/field/plan")
    plan = answer.get_json()
    assert plan["routes"][0]["checkpoints"][0]["method"] == "code"
    assert plan["policy"]["min_level_for_points"] == 0
    for point in points:
        secret = secret_of(point)
        spelled = [secret.hex(), rules.tag_token(secret), rules.day_code(secret, make.DAY)]
        assert not [word for word in spelled if word in answer.get_data(as_text=True)]


# --- co-signatures --------------------------------------------------------------------------------


@pytest.fixture
def pair(people, phone, points):
    """Items of the member (start, a check-in) and of the mate (start, a co-signature of it)."""
    mate = Phone(people.mate, make.EVENING)
    checkin = phone.checkin(people.shift, points[0].id, 105, 500, AT)
    cosign = mate.item("cosign", {"shift_id": people.shift.id, "checkin_id": checkin["id"]}, AT + MINUTE)
    return {
        "start": ("member", phone.start(people.shift, make.EVENING)), "checkin": ("member", checkin),
        "mate": ("mate", mate.start(people.shift, make.EVENING)), "cosign": ("mate", cosign),
    }  # fmt: skip


def send_in_order(pair, people, sync, as_person, order):
    callers = {name: as_person(getattr(people, name)) for name in ("member", "mate")}
    for name in order:
        who, item = pair[name]
        sync(callers[who], [item], AT + 5 * MINUTE)


ORDERS = [
    ("start", "checkin", "mate", "cosign"),
    ("mate", "cosign", "start", "checkin"),
    ("cosign", "checkin", "mate", "start"),
    ("cosign", "start", "checkin", "mate"),
    ("start", "mate", "cosign", "checkin"),
]


@pytest.mark.parametrize("order", ORDERS, ids=["-".join(order) for order in ORDERS])
def test_a_second_members_word_makes_the_fourth_level_whichever_comes_first(
    pair, people, sync, as_person, order
):
    send_in_order(pair, people, sync, as_person, order)
    checkin, cosign = pair["checkin"][1], pair["cosign"][1]
    assert (row(checkin).verdict, row(checkin).evidence_level) == ("counted", 4)
    assert (state(cosign).result, state(cosign).reasons) == ("stored", [])
    assert state(checkin).evidence_level == 4
    assert len(list(db.session.scalars(select(Cosign)))) == 1


def test_until_the_check_in_is_there_the_word_waits_and_says_so(pair, people, sync, as_person):
    receipts = sync(as_person(people.mate), [pair["mate"][1], pair["cosign"][1]], AT + 5 * MINUTE)
    assert receipts[pair["cosign"][1]["id"]]["reasons"] == ["waiting_for_checkin"]


def test_words_that_crossed_with_their_check_in_are_found_by_the_job(pair, people, sync, as_person):
    send_in_order(pair, people, sync, as_person, ("start", "checkin", "mate", "cosign"))
    waits = state(pair["cosign"][1])
    waits.result, waits.reasons = "held", ["waiting_for_checkin"]
    db.session.commit()
    assert operations.retry_failed(AT + 6 * MINUTE) == 1
    assert state(pair["cosign"][1]).result == "stored"
    assert operations.retry_failed(AT + 7 * MINUTE) == 0


@pytest.mark.parametrize("how", ["own", "another shift", "not on duty", "long after"])
def test_a_word_that_is_worth_nothing_raises_no_level(pair, people, phone, sync, as_person, how, points):
    checkin = pair["checkin"][1]
    body = {"shift_id": people.shift.id, "checkin_id": checkin["id"]}
    sync(as_person(people.member), [pair["start"][1], checkin], AT + 5 * MINUTE)
    before = row(checkin).evidence_level
    mate, at = Phone(people.mate, make.EVENING), AT + MINUTE
    if how == "own":
        sync(as_person(people.member), [phone.item("cosign", body, at)], AT + 6 * MINUTE)
    elif how == "another shift":
        third, shift = other_crew(people)
        theirs = Phone(third, make.EVENING)
        items = [theirs.start(shift, make.EVENING), theirs.item("cosign", {**body, "shift_id": shift.id}, at)]
        sync(as_person(third), items, AT + 6 * MINUTE)
    elif how == "not on duty":
        items = [mate.start(people.shift, AT + 60 * MINUTE), mate.item("cosign", body, at)]
        sync(as_person(people.mate), items, AT + 61 * MINUTE)
    else:
        items = [mate.start(people.shift, make.EVENING), mate.item("cosign", body, AT + 40 * MINUTE)]
        sync(as_person(people.mate), items, AT + 61 * MINUTE)
    assert row(checkin).evidence_level == before < 4
    assert row(checkin).verdict == "counted"


def test_a_word_of_the_other_township_waits_for_ever_and_learns_nothing(pair, people, sync, as_person):
    sync(as_person(people.member), [pair["start"][1], pair["checkin"][1]], AT + 5 * MINUTE)
    shift = make.make_shift(people.other.team, people.other.route, [people.outsider])
    phone = Phone(people.outsider, make.EVENING)
    word = phone.item("cosign", {"shift_id": shift.id, "checkin_id": pair["checkin"][1]["id"]}, AT)
    receipts = sync(as_person(people.outsider), [phone.start(shift), word], AT + 6 * MINUTE)
    assert receipts[word["id"]]["reasons"] == ["waiting_for_checkin"]
    assert row(pair["checkin"][1]).evidence_level < 4


def test_a_mate_whose_end_came_late_and_was_earlier_takes_the_word_back(
    people, phone, points, sync, as_person
):
    checkin = phone.checkin(people.shift, points[0].id, 105, 500, AT + 40 * MINUTE)
    mate = Phone(people.mate, make.EVENING)
    word = {"shift_id": people.shift.id, "checkin_id": checkin["id"]}
    start, cosign = mate.start(people.shift), mate.item("cosign", word, AT + 41 * MINUTE)
    sync(as_person(people.member), [phone.start(people.shift, make.EVENING), checkin], AT + 42 * MINUTE)
    sync(as_person(people.mate), [start, cosign], AT + 42 * MINUTE)
    assert row(checkin).evidence_level == 4
    sync(as_person(people.mate), [mate.end(people.shift, AT)], AT + 60 * MINUTE)
    assert row(checkin).evidence_level < 4


def test_a_word_tells_the_other_phone(pair, people, sync, as_person, monkeypatch):
    told = []
    monkeypatch.setattr("app.stream.tell", lambda kind, **more: told.append((kind, more.get("people"))))
    send_in_order(pair, people, sync, as_person, ("start", "checkin", "mate"))
    assert ("verdict", [people.member.id]) not in told
    send_in_order(pair, people, sync, as_person, ("cosign",))
    assert ("verdict", [people.member.id]) in told


def test_any_order_and_any_repeat_ends_in_the_same_state(
    pair, people, phone, points, sheet, sync, as_person, aside
):
    more = {
        f"code{n}": ("member", by_code(phone, people.shift, p, sheet[p.id], AT + 10 * (n + 1) * MINUTE, x=x))
        for n, (p, x) in enumerate(zip(points[1:], (600, 1100), strict=True))
    }
    items = {**pair, **more}
    found = []
    for seed in range(4):
        with aside():
            order = [*items, *random.Random(seed).sample(list(items), 3)]
            random.Random(seed).shuffle(order)
            send_in_order(items, people, sync, as_person, order)
            rows = {name: row(item) for name, (_, item) in items.items() if item["kind"] == "checkin"}
            found.append({name: (r.verdict, r.reasons, r.evidence_level) for name, r in rows.items()})
    assert all(one == found[0] for one in found)
    assert {level for _, _, level in found[0].values()} == {4, 2}
