"""Playback: for a duty's own members, and for a reviewer while something on it waits; every look is written down."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from app.accounts.models import Audit
from app.api import playback as endpoint
from app.checkins.contests import open_questions
from app.checkins.forgetting import contested_duties
from app.checkins.models import Checkin
from app.db import db
from app.duty.models import Assignment, Duty
from app.field import playback, retention
from app.routes.models import Checkpoint
from app.teams.scope import scope_of
from tests import make, places
from tests.field.test_export import data_of
from tests.phone import Phone, walk

MINUTE = timedelta(minutes=1)
AFTER = make.EVENING + 90 * MINUTE


def points(town):
    which = select(Checkpoint.id).where(Checkpoint.route_version_id == town.route.id).order_by(Checkpoint.seq)
    return list(db.session.scalars(which))


def patrol(people, person, beside=0, shift=None, first=0, last=60, **fix):
    """Out from minute `first` to `last`: two stretches with five minutes of silence between, a pause of five minutes,
    and a check-in at the first checkpoint in the first stretch."""
    shift = shift or people.shift
    at0 = shift.starts_at + first * MINUTE
    one = walk([(100, 500 + beside), (400, 500 + beside)], at0, 1.0)
    two = walk([(400, 500 + beside), (600, 500 + beside)], one[-1][2] + 5 * MINUTE, 1.0)
    phone = Phone(person, at0)
    items = [
        phone.start(shift, at0),
        phone.checkin(shift, points(people.town)[0], 105, 500 + beside, at0 + MINUTE, **fix),
        phone.segment(shift, one), phone.segment(shift, two),
        phone.mark("pause", shift, at0 + 20 * MINUTE), phone.mark("resume", shift, at0 + 25 * MINUTE),
    ]  # fmt: skip
    return [*items, phone.end(shift, shift.starts_at + last * MINUTE)] if last else items


def checkin_in(items):
    return next(UUID(item["id"]) for item in items if item["kind"] == "checkin")


def duty_of(person):
    which = select(Duty).where(Duty.person_id == person.id).execution_options(populate_existing=True)
    return db.session.scalars(which).one()


def play(caller, duty):
    return caller.get(f"/api/v1/duties/{duty.id}/playback")


def refusal(answer):
    return answer.status_code, answer.get_json()["code"]


def looks_at(person):
    db.session.expire_all()
    which = select(Audit).where(Audit.action == "look.playback", Audit.object_id == str(person.id))
    return [
        (line.actor_id, line.detail["why"], line.detail["of"])
        for line in db.session.scalars(which.order_by(Audit.at))
    ]


@pytest.fixture
def held(people, evening, as_person, sync):
    """The member's duty is over, with a check-in that is held; its id."""
    items = patrol(people, people.member, mocked=True)
    sync(as_person(people.member), items, AFTER)
    return checkin_in(items)


@pytest.fixture
def calm(people, evening, as_person, sync):
    """The member's duty is over, and nothing on it waits; its check-in's id."""
    items = patrol(people, people.member)
    sync(as_person(people.member), items, AFTER)
    return checkin_in(items)


@pytest.fixture
def member(people, as_person):
    return as_person(people.member)


@pytest.fixture
def reviewer(people, as_person):
    return as_person(people.reviewer)


def contest(people, caller, item_id, at, sync, phrase="was_there"):
    answer = Phone(people.member, at).item("answer", {"item_id": str(item_id), "phrase": phrase}, at)
    sync(caller, [answer], at)
    return answer["id"]


def decide(people, checkin_id, now):
    from app.field.reviewing import review_checkin

    review_checkin(people.leader, scope_of(people.leader), checkin_id, "counted", None, now)
    db.session.commit()


# --- what is shown --------------------------------------------------------------------------------


def test_a_member_sees_the_own_duty_with_gaps_as_gaps_and_nobody_is_told(people, member, calm):
    seen = play(member, duty_of(people.member)).get_json()
    assert (seen["seen_as"], seen["member"], seen["track"]["state"]) == ("self", "王队员", "kept")
    (line,) = seen["track"]["lines"]
    assert len(line["steps"]) == len(line["points"]) - 1
    assert line["steps"].count("gap") == 1 and set(line["steps"]) == {"walked", "gap"}
    lon, lat, second = line["points"][0]
    assert (lon, lat) == pytest.approx(places.here(100, 500), abs=1e-6)
    assert second == make.EVENING.timestamp()
    kinds = [event["kind"] for event in seen["events"]]
    assert kinds == ["start", "checkin", "gap", "pause", "end"]
    gap = seen["events"][2]
    assert (gap["at"], gap["until"]) == ("2026-11-24T12:05:00.000Z", "2026-11-24T12:10:00.000Z")
    claim = seen["events"][1]["checkin"]
    assert (claim["place"], claim["verdict"]) == ("点1", "counted")
    assert claim["position"] == pytest.approx(places.here(105, 500), abs=1e-6)
    assert [c["name"] for c in seen["route"]["checkpoints"]] == ["点1", "点2", "点3"]
    assert looks_at(people.member) == []


def test_a_step_that_is_not_to_be_believed_is_dropped_and_not_drawn_as_walked(people, evening, member, sync):
    at0 = make.EVENING
    phone = Phone(people.member, at0)
    leap = [
        (100, 500, at0),
        (110, 500, at0 + timedelta(seconds=15)),
        (1100, 500, at0 + timedelta(seconds=30)),
    ]
    sync(
        member,
        [phone.start(people.shift, at0), phone.segment(people.shift, leap), phone.end(people.shift, AFTER)],
        AFTER,
    )
    (line,) = play(member, duty_of(people.member)).get_json()["track"]["lines"]
    assert line["steps"] == ["walked", "dropped"]


def test_nothing_from_before_the_start_in_a_pause_or_after_the_end_is_shown(people, evening, member, sync):
    at0 = make.EVENING
    phone = Phone(people.member, at0)
    track = walk([(100, 500), (1000, 500)], at0 - 5 * MINUTE, 0.5)  # 30 minutes
    items = [
        phone.start(people.shift, at0), phone.segment(people.shift, track),
        phone.mark("pause", people.shift, at0 + 5 * MINUTE), phone.mark("resume", people.shift, at0 + 6 * MINUTE),
        phone.end(people.shift, at0 + 15 * MINUTE),
    ]  # fmt: skip
    sync(member, items, AFTER)
    (line,) = play(member, duty_of(people.member)).get_json()["track"]["lines"]
    minutes = [(t - at0.timestamp()) / 60 for _, _, t in line["points"]]
    assert min(minutes) >= 0 and max(minutes) <= 15
    assert not [m for m in minutes if 5 < m < 6]
    # A minute's pause is shorter than what makes a gap; the line is not drawn through it all the same.
    assert line["steps"].count("gap") == 1


def test_it_is_kept_in_no_cache(people, member, calm):
    assert play(member, duty_of(people.member)).headers["Cache-Control"] == "no-store"


# --- the reviewer ---------------------------------------------------------------------------------


def test_a_reviewer_plays_back_while_a_check_in_is_held_and_the_member_sees_that(
    people, member, reviewer, held
):
    duty = duty_of(people.member)
    seen = play(reviewer, duty).get_json()
    assert (seen["seen_as"], seen["because"], seen["questioned"]) == ("reviewer", ["held"], [str(held)])
    assert seen["track"]["lines"] and seen["crew"] == []
    assert looks_at(people.member) == [(people.reviewer.id, "held", str(duty.id))]
    (look,) = member.get("/api/v1/me/looks").get_json()["looks"]
    assert (look["who"], look["what"], look["day"], look["why"]) == (
        "镇审核员",
        "playback",
        "2026-11-24",
        "held",
    )
    (exported,) = data_of(member)["looks"]
    assert (exported["who"], exported["what"], exported["why"]) == ("镇审核员", "playback", "held")


def test_what_is_written_down_holds_no_place(people, reviewer, held):
    play(reviewer, duty_of(people.member))
    (line,) = db.session.scalars(select(Audit).where(Audit.action == "look.playback"))
    assert set(line.detail) == {"of", "day", "why", "about"} and line.detail["about"] == [str(held)]


def test_without_a_question_a_reviewer_sees_nothing_and_nothing_is_written_down(people, reviewer, calm):
    answer = play(reviewer, duty_of(people.member))
    assert refusal(answer) == (403, "playback_not_open")
    assert "lines" not in answer.get_data(as_text=True) and looks_at(people.member) == []


def test_a_remark_on_what_counts_is_no_question(people, evening, member, reviewer, sync):
    sync(member, patrol(people, people.member, age_ms=90_000), AFTER)
    row = db.session.scalars(select(Checkin)).one()
    assert (row.verdict, row.reasons) == ("counted", ["old_fix"])
    assert refusal(play(reviewer, duty_of(people.member))) == (403, "playback_not_open")


def test_when_the_question_closes_so_does_the_playback(people, reviewer, held, at):
    duty = duty_of(people.member)
    assert play(reviewer, duty).status_code == 200
    decide(people, held, at(AFTER + MINUTE))
    assert refusal(play(reviewer, duty_of(people.member))) == (403, "playback_not_open")


def test_a_member_who_contests_opens_it_until_somebody_has_decided(people, member, reviewer, calm, sync, at):
    contest(people, member, calm, AFTER + MINUTE, sync)
    assert play(reviewer, duty_of(people.member)).get_json()["because"] == ["contested"]
    decide(people, calm, at(AFTER + 2 * MINUTE))
    assert refusal(play(reviewer, duty_of(people.member))) == (403, "playback_not_open")


def test_a_question_on_one_duty_opens_no_other(people, reviewer, held, as_person, sync):
    """Not the mate's on the same shift, and not the same member's the day before."""
    sync(as_person(people.mate), patrol(people, people.mate, beside=6), AFTER)
    assert refusal(play(reviewer, duty_of(people.mate))) == (403, "playback_not_open")
    before = make.make_shift(
        people.town.team, people.town.route, [people.member], starts_at=make.EVENING - timedelta(days=1)
    )
    sync(as_person(people.member), patrol(people, people.member, shift=before), AFTER)
    other = db.session.scalars(select(Duty).where(Duty.shift_id == before.id)).one()
    assert refusal(play(reviewer, other)) == (403, "playback_not_open")


def test_nobody_is_followed_while_a_duty_is_on(people, evening, member, reviewer, sync):
    sync(member, patrol(people, people.member, mocked=True, last=None), make.EVENING + 30 * MINUTE)
    duty = duty_of(people.member)
    assert duty.state == "on" and contested_duties() == [(duty.township_id, duty.id)]
    assert refusal(play(reviewer, duty)) == (403, "playback_still_on")
    assert play(member, duty).status_code == 200
    assert looks_at(people.member) == []


def test_whoever_hangs_up_has_looked_all_the_same(people, reviewer, held, monkeypatch):
    """It is written down for good before the answer is even made."""

    def break_off(*_args, **_more):
        raise ConnectionError

    monkeypatch.setattr(endpoint.PlaybackOut, "dump", break_off)
    assert play(reviewer, duty_of(people.member)).status_code == 500
    assert [who for who, _, _ in looks_at(people.member)] == [people.reviewer.id]


def test_the_same_look_is_one_line_and_one_later_is_another(people, reviewer, held, at):
    for minute, lines in ((1, 1), (5, 1), (20, 2)):
        at(AFTER + minute * MINUTE)
        play(reviewer, duty_of(people.member))
        assert len(looks_at(people.member)) == lines


# --- everybody else -------------------------------------------------------------------------------


def test_neither_leader_nor_admin_plays_back_whatever_waits(people, as_person, held):
    for person in (people.leader, people.admin):
        assert refusal(play(as_person(person), duty_of(people.member))) == (403, "playback_not_yours")
    assert looks_at(people.member) == []


def test_for_others_and_other_townships_the_duty_does_not_exist(people, as_person, held):
    stranger = make.make_person("邻镇审核员", people.other.township)
    make.grant(stranger, "reviewer", area=people.other.township)
    in_team = make.make_person("没上班的", people.town.township)
    make.join_team(in_team, people.town.team)
    village = make.make_person("村审核员", people.town.township)
    make.grant(village, "reviewer", area=people.town.villages[0])
    for person in (people.outsider, stranger, in_team, people.mate, village):
        assert refusal(play(as_person(person), duty_of(people.member))) == (404, "not_found")
    assert refusal(as_person(people.reviewer).get("/api/v1/duties/999999999/playback")) == (404, "not_found")


def test_a_former_reviewer_sees_nothing(people, reviewer, held):
    from app.teams.models import RoleGrant

    db.session.scalars(
        select(RoleGrant).where(RoleGrant.person_id == people.reviewer.id)
    ).one().revoked_at = AFTER
    db.session.commit()
    assert refusal(play(reviewer, duty_of(people.member))) == (404, "not_found")


# --- mates ----------------------------------------------------------------------------------------


def test_a_mate_sees_the_time_both_were_out_without_doubts_pauses_or_claims(
    people, as_person, member, held, sync
):
    mate = as_person(people.mate)
    sync(mate, patrol(people, people.mate, beside=6, first=10), AFTER)
    seen = play(mate, duty_of(people.member)).get_json()
    assert seen["seen_as"] == "mate" and seen["because"] == [] and seen["crew"] == []
    first = min(t for line in seen["track"]["lines"] for _, _, t in line["points"])
    assert first >= (make.EVENING + 10 * MINUTE).timestamp()
    assert {event["kind"] for event in seen["events"]} <= {"gap", "checkin"}
    assert "mocked_position" not in json.dumps(seen)
    (look,) = member.get("/api/v1/me/looks").get_json()["looks"]
    assert (look["who"], look["what"], look["why"]) == ("李队员", "playback", "crew")


def test_a_mates_check_in_is_a_place_and_a_time(people, as_person, held, sync):
    mate = as_person(people.mate)
    sync(mate, patrol(people, people.mate, beside=6), AFTER)
    events = play(mate, duty_of(people.member)).get_json()["events"]
    (claim,) = [event["checkin"] for event in events if event["kind"] == "checkin"]
    assert (claim["place"], claim["reasons"], claim["position"]) == ("点1", [], None)


def test_the_own_duty_names_the_mates_one_may_look_at(people, as_person, member, calm, sync):
    assert play(member, duty_of(people.member)).get_json()["crew"] == []
    sync(as_person(people.mate), patrol(people, people.mate, beside=6), AFTER)
    crew = play(member, duty_of(people.member)).get_json()["crew"]
    assert crew == [{"duty_id": duty_of(people.mate).id, "name": "李队员"}]
    assert play(member, duty_of(people.mate)).status_code == 200


@pytest.mark.parametrize("how", ["no_track", "off_roster", "entered", "elsewhen"])
def test_who_was_not_there_with_a_track_of_their_own_sees_nobodys(people, as_person, calm, sync, how):
    items = patrol(people, people.mate, beside=6, first=70 if how == "elsewhen" else 0, last=85)
    if how == "off_roster":
        planned = db.session.scalars(select(Assignment).where(Assignment.person_id == people.mate.id)).one()
        planned.active = False
        db.session.commit()
    kept = [item for item in items if how not in ("no_track", "entered") or item["kind"] != "segment"]
    sync(as_person(people.mate), kept, AFTER)
    if how == "entered":
        duty_of(people.mate).entered_by = people.leader.id
        db.session.commit()
    assert refusal(play(as_person(people.mate), duty_of(people.member))) == (403, "playback_not_yours")
    assert looks_at(people.member) == []


# --- what is gone ---------------------------------------------------------------------------------


def test_after_deletion_there_is_no_position_and_the_check_ins_remain(people, member, reviewer, held):
    member.delete("/api/v1/me/tracks")
    for caller in (member, reviewer):
        seen = play(caller, duty_of(people.member)).get_json()
        assert seen["track"] == {"state": "gone", "lines": []}
        (claim,) = [event["checkin"] for event in seen["events"] if event["kind"] == "checkin"]
        assert (claim["place"], claim["position"]) == ("点1", None)
        assert "gap" not in [event["kind"] for event in seen["events"]]


def test_after_thirty_days_it_is_gone_but_for_what_is_contested(people, as_person, member, held, sync):
    sync(as_person(people.mate), patrol(people, people.mate, beside=6), AFTER)
    for days, states in ((31, ("kept", "gone")), (91, ("gone", "gone"))):
        for where, forget in retention.portions(AFTER + timedelta(days=days)):
            if where in (retention.TRACK.where, retention.POSITION.where):
                forget()
        found = [
            play(as_person(person), duty_of(person)).get_json()["track"]["state"]
            for person in (people.member, people.mate)
        ]
        assert tuple(found) == states, days


def test_who_never_had_a_track_is_told_that(people, evening, member, sync):
    sync(member, [item for item in patrol(people, people.member) if item["kind"] != "segment"], AFTER)
    assert play(member, duty_of(people.member)).get_json()["track"] == {"state": "none", "lines": []}


# --- one meaning of what waits --------------------------------------------------------------------


def test_what_opens_a_playback_is_what_keeps_the_track_longer(people, member, held, sync, at):
    duty = duty_of(people.member)
    for step in ("held", "both", "closed", "contested again"):
        if step == "both":
            contest(people, member, held, AFTER + MINUTE, sync)
        if step == "closed":
            decide(people, held, at(AFTER + 2 * MINUTE))
        if step == "contested again":
            contest(people, member, held, AFTER + 3 * MINUTE, sync)
        waits = (duty.township_id, duty.id) in contested_duties()
        assert bool(open_questions(Duty.id == duty.id)) == waits == (step != "closed"), step


def test_the_reviewers_list_has_what_may_be_played_back_and_nothing_else(people, held, as_person, sync):
    sync(
        as_person(people.mate),
        patrol(people, people.mate, beside=6, mocked=True, last=None),
        make.EVENING + 30 * MINUTE,
    )
    scope = scope_of(people.reviewer)
    (one,) = playback.waiting(scope)
    assert (one.duty_id, one.team, one.route, one.questions[0].why) == (
        duty_of(people.member).id, "清禾镇志愿队", "清禾镇一路线", "held",
    )  # fmt: skip
    assert playback.waiting_count(scope) == 1
    for other in (people.leader, people.outsider, people.member):
        assert playback.waiting(scope_of(other)) == [] and playback.waiting_count(scope_of(other)) == 0
