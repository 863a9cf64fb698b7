"""The leader's page of swaps, leave and places left open: confirm, refuse, and what nobody can do to the roster."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import Audit
from app.db import db
from app.duty.models import Assignment, Leave, Shift, Swap
from tests import make
from tests.phone import Phone
from tests.web.conftest import send, text_of

DAY = timedelta(days=1)


@pytest.fixture
def tomorrow(people, evening):
    """王队员's shift; 李队员 is free."""
    return make.make_shift(
        people.town.team, people.town.route, [people.member, people.leader], starts_at=make.EVENING + DAY
    )


@pytest.fixture
def say(people, as_person, sync, evening):
    """say("member", kind, body) → the item's id."""
    phones = {who: Phone(getattr(people, who), evening) for who in ("member", "mate", "leader", "outsider")}

    def told(who, kind, body, **more):
        item = phones[who].item(kind, body, evening, **more)
        receipt = sync(as_person(getattr(people, who)), [item], evening)[item["id"]]
        assert receipt["result"] == "stored", receipt
        return item["id"]

    return told


@pytest.fixture
def asked(say, tomorrow):
    return say("member", "swap.ask", {"shift_id": tomorrow.id, "phrase": "ill"})


@pytest.fixture
def offered(say, asked):
    say("mate", "swap.offer", {"ask_id": asked})
    return asked


def field(swap_id, name):
    return f"a{swap_id.replace('-', '')}-{name}"


def confirm(caller, swap_id, taker, **more):
    fields = {field(swap_id, "taker"): str(taker.id), **{field(swap_id, k): v for k, v in more.items()}}
    return send(caller, "/desk/swaps", f"/desk/swaps/{swap_id}", decision="confirm", **fields)


def refuse(caller, swap_id, reason="nobody_fits"):
    fields = {field(swap_id, "reason"): reason}
    return send(caller, "/desk/swaps", f"/desk/swaps/{swap_id}", decision="refuse", **fields)


def decide_leave(caller, leave_id, decision="confirm", **more):
    fields = {field(leave_id, k): v for k, v in more.items()}
    return send(caller, "/desk/swaps", f"/desk/swaps/leave/{leave_id}", decision=decision, **fields)


def crew_of(shift):
    db.session.expire_all()
    which = select(Assignment.person_id).where(Assignment.shift_id == shift.id, Assignment.active)
    return set(db.session.scalars(which))


def swap_of(swap_id):
    db.session.expire_all()
    return db.session.scalar(select(Swap).where(Swap.id == swap_id))


# --- what the page shows --------------------------------------------------------------------------


def test_an_empty_page_says_what_will_stand_here(leader):
    assert "现在没有要您定的" in text_of(leader.get("/desk/swaps"))


def test_the_page_shows_who_asks_why_and_who_offers_and_the_rail_counts_it(leader, offered):
    page = leader.get("/desk/swaps")
    words = text_of(page)
    assert (
        "王队员 · 11月25日" in words and "身体不适" in words and "有人愿意接" in words and "李队员" in words
    )
    assert 'aria-label="1 条待核">1</span>' in page.get_data(as_text=True)


def test_the_shifts_own_page_names_the_asking(leader, offered, tomorrow):
    assert "王队员 想换班：有人愿意接" in text_of(leader.get(f"/desk/shifts/{tomorrow.id}"))


def test_the_page_needs_sign_in_and_the_role_of_a_leader(client, people, as_person, evening):
    """Both posts stand in tests/api/test_authorization_matrix.py."""
    assert "/sign-in" in client.get("/desk/swaps").location
    assert as_person(people.mate).get("/desk/swaps").status_code == 403


def test_a_leader_of_elsewhere_sees_and_decides_nothing(outsider, offered, people):
    assert "王队员" not in text_of(outsider.get("/desk/swaps"))
    assert confirm_blind(outsider, offered, people.mate).status_code == 404
    assert swap_of(offered).decision is None


def confirm_blind(caller, swap_id, taker):
    """Their own page holds a token too."""
    return send(
        caller, "/desk/shifts/new", f"/desk/swaps/{swap_id}", decision="confirm",
        **{field(swap_id, "taker"): str(taker.id)},
    )  # fmt: skip


# --- confirming -----------------------------------------------------------------------------------


def test_confirmed_the_two_change_places_in_one_go(leader, offered, tomorrow, people, as_person):
    assert confirm(leader, offered, people.mate).status_code == 302
    assert crew_of(tomorrow) == {people.mate.id, people.leader.id}
    swap = swap_of(offered)
    assert (swap.decision, swap.taken_by, swap.decided_by) == ("confirmed", people.mate.id, people.leader.id)
    shift = db.session.scalar(select(Shift).where(Shift.id == tomorrow.id))
    assert shift.version == 2 and shift.changed_by == people.leader.id
    actions = set(db.session.scalars(select(Audit.action)))
    assert {"swap.confirmed", "shift.swap"} <= actions
    for who, mine in (("member", False), ("mate", True)):
        plan = as_person(getattr(people, who)).get("/api/v1/field/plan").get_json()
        there = next(s for s in plan["shifts"] if s["id"] == tomorrow.id)
        assert there["mine"] is mine and there["swaps"][0]["state"] == "confirmed"
        assert there["swaps"][0]["taken_by_me"] is mine


def test_confirmed_twice_is_confirmed_once(leader, offered, tomorrow, people):
    confirm(leader, offered, people.mate)
    again = send(
        leader, "/desk/shifts/new", f"/desk/swaps/{offered}", decision="confirm",
        **{field(offered, "taker"): str(people.mate.id)},
    )  # fmt: skip
    assert again.status_code == 302
    assert db.session.scalar(select(Shift.version).where(Shift.id == tomorrow.id)) == 2


def test_a_second_leader_who_decides_otherwise_is_told(leader, second_leader, offered, people):
    refuse(leader, offered)
    answer = confirm_blind(second_leader, offered, people.mate)
    assert answer.status_code == 409 and "刚才已经定了" in text_of(answer)
    assert swap_of(offered).decision == "refused"


def test_somebody_who_does_not_offer_cannot_be_chosen(leader, asked, tomorrow, people):
    answer = confirm_blind(leader, asked, people.mate)
    assert answer.status_code == 422 and people.mate.id not in crew_of(tomorrow)
    assert confirm_blind(leader, asked, people.outsider).status_code == 422


def test_a_double_booking_is_refused_with_who_and_when(leader, offered, tomorrow, people):
    make.make_shift(
        people.town.team, None, [people.mate], starts_at=make.EVENING + DAY + timedelta(hours=1), hours=1
    )
    answer = confirm(leader, offered, people.mate)
    assert answer.status_code == 409
    assert "李队员" in text_of(answer) and "21:00–22:00" in text_of(answer)
    assert crew_of(tomorrow) == {people.member.id, people.leader.id}
    assert swap_of(offered).decision is None


def test_too_little_rest_is_shown_and_the_leader_may_decide_all_the_same(leader, offered, tomorrow, people):
    make.make_shift(
        people.town.team, None, [people.mate], starts_at=make.EVENING + DAY - timedelta(hours=8), hours=2
    )
    answer = confirm(leader, offered, people.mate)
    assert answer.status_code == 422 and field(offered, "accepted") in answer.get_data(as_text=True)
    assert people.mate.id not in crew_of(tomorrow)
    assert confirm(leader, offered, people.mate, accepted="y").status_code == 302
    assert people.mate.id in crew_of(tomorrow)


def test_a_shift_that_has_begun_cannot_be_swapped(as_person, offered, tomorrow, people, at):
    at(tomorrow.starts_at)
    answer = confirm_blind(as_person(people.leader), offered, people.mate)
    assert answer.status_code == 409 and "已经开始" in text_of(answer)
    assert people.mate.id not in crew_of(tomorrow)


def test_a_crew_that_started_early_has_begun_too(leader, offered, tomorrow, people, as_person, sync):
    phone = Phone(people.leader, tomorrow.starts_at)
    early = tomorrow.starts_at - timedelta(minutes=10)
    sync(as_person(people.leader), [phone.start(tomorrow, early)], early)
    assert confirm_blind(leader, offered, people.mate).status_code == 409


def test_taken_back_it_cannot_be_confirmed(leader, offered, say, people):
    say("member", "swap.withdraw", {"ask_id": offered})
    answer = confirm_blind(leader, offered, people.mate)
    assert answer.status_code == 409 and "已经撤回" in text_of(answer)


def test_refused_with_a_phrase_the_asker_reads_it(leader, offered, people, as_person, tomorrow):
    assert refuse(leader, offered, "needed_here").status_code == 302
    plan = as_person(people.member).get("/api/v1/field/plan").get_json()
    [swap] = next(s for s in plan["shifts"] if s["id"] == tomorrow.id)["swaps"]
    assert (swap["state"], swap["why"]) == ("refused", "needed_here")


@pytest.mark.parametrize("reason", ["", "because I say so"])
def test_a_refusal_needs_one_of_the_phrases(leader, offered, reason):
    assert refuse(leader, offered, reason).status_code == 422
    assert swap_of(offered).decision is None


@pytest.mark.parametrize("taker", ["", "x", "-1", "9" * 30])
def test_a_taker_of_a_bad_shape_is_no_taker(leader, offered, taker):
    answer = send(
        leader,
        "/desk/swaps",
        f"/desk/swaps/{offered}",
        decision="confirm",
        **{field(offered, "taker"): taker},
    )
    assert answer.status_code == 422


# --- places left open -----------------------------------------------------------------------------


def test_a_declined_shift_is_work_until_somebody_is_planned(leader, say, tomorrow, people):
    say("member", "decline", {"shift_id": tomorrow.id, "phrase": "travel"})
    assert "王队员来不了：人在外地" in text_of(leader.get("/desk/swaps"))
    assert "王队员来不了：人在外地" in text_of(leader.get(f"/desk/shifts/{tomorrow.id}"))
    shift = db.session.scalar(select(Shift).where(Shift.id == tomorrow.id))
    crew = [people.mate.id, people.leader.id]
    send(
        leader,
        f"/desk/shifts/{tomorrow.id}",
        f"/desk/shifts/{tomorrow.id}/crew",
        crew=crew,
        version=shift.version,
    )
    assert crew_of(tomorrow) == set(crew)
    assert "王队员来不了" not in text_of(leader.get("/desk/swaps"))


# --- leave ----------------------------------------------------------------------------------------


@pytest.fixture
def away(say):
    return say("member", "leave.ask", {"from_on": "2026-11-26", "to_on": "2026-11-28", "phrase": "family"})


def plan_shift(caller, people, **other):
    plan = {
        "team": people.town.team.id, "day": "2026-11-26", "starts": "20:00", "ends": "22:30",
        "route": people.town.route.id, "meeting_place": "东门", "crew_wanted": "2",
        "crew": [people.member.id, people.mate.id], "version": "1", **other,
    }  # fmt: skip
    return send(caller, "/desk/shifts/new", "/desk/shifts/new", **plan)


def test_while_leave_is_agreed_the_roster_refuses_the_person(leader, away, people):
    assert decide_leave(leader, away).status_code == 302
    answer = plan_shift(leader, people)
    assert answer.status_code == 422 and "王队员 请假（11-26 至 11-28）" in text_of(answer)
    assert plan_shift(leader, people, day="2026-11-29").status_code == 302


def test_the_night_before_the_leave_runs_into_it(leader, away, people):
    decide_leave(leader, away)
    assert plan_shift(leader, people, day="2026-11-25", starts="21:00", ends="00:30").status_code == 422
    assert plan_shift(leader, people, day="2026-11-25", starts="21:00", ends="00:00").status_code == 302


def test_leave_that_waits_or_was_taken_back_does_not_keep_anybody_off(leader, away, people, say):
    assert plan_shift(leader, people).status_code == 302
    decide_leave(leader, away)
    say("member", "leave.withdraw", {"leave_id": away})
    assert plan_shift(leader, people, day="2026-11-27", starts="14:00", ends="16:00").status_code == 302


def test_who_is_on_leave_cannot_take_a_swap(leader, offered, say, people, tomorrow):
    one = say("mate", "leave.ask", {"from_on": "2026-11-25", "to_on": "2026-11-25", "phrase": "rest"})
    decide_leave(leader, one)
    answer = confirm(leader, offered, people.mate)
    assert answer.status_code == 422 and "李队员 请假" in text_of(answer)
    assert people.mate.id not in crew_of(tomorrow)


def test_the_page_shows_which_shifts_lie_in_the_leave(leader, people, say, tomorrow):
    say("member", "leave.ask", {"from_on": "2026-11-25", "to_on": "2026-11-28", "phrase": "family"})
    words = text_of(leader.get("/desk/swaps"))
    assert "家里有事" in words and "11月25日" in words and "20:00–23:00" in words


def test_leave_is_decided_once_and_safe_to_repeat(leader, away):
    assert decide_leave(leader, away, "refuse", reason="too_few_people").status_code == 302
    again = send(
        leader, "/desk/shifts/new", f"/desk/swaps/leave/{away}", decision="refuse",
        **{field(away, "reason"): "too_few_people"},
    )  # fmt: skip
    assert again.status_code == 302
    other = send(leader, "/desk/shifts/new", f"/desk/swaps/leave/{away}", decision="confirm")
    assert other.status_code == 409
    db.session.expire_all()
    assert db.session.scalar(select(Leave.decision)) == "refused"


@pytest.mark.parametrize(("decision", "reason"), [("refuse", ""), ("refuse", "x"), ("perhaps", ""), ("", "")])
def test_a_leave_needs_a_yes_or_a_no_with_a_phrase(leader, away, decision, reason):
    assert decide_leave(leader, away, decision, reason=reason).status_code == 422


def test_a_leader_of_elsewhere_decides_no_leave(outsider, away):
    answer = send(outsider, "/desk/shifts/new", f"/desk/swaps/leave/{away}", decision="confirm")
    assert answer.status_code == 404


# --- news -----------------------------------------------------------------------------------------


def test_every_change_is_told_to_those_whom_it_concerns(leader, offered, people, monkeypatch):
    from app import stream

    news = []
    monkeypatch.setattr(
        stream,
        "tell",
        lambda kind, *, people=(), teams=(), **data: news.append((kind, set(people), set(teams))),
    )
    confirm(leader, offered, people.mate)
    told = {kind: set().union(*(who for k, who, _ in news if k == kind)) for kind in ("swap", "plan")}
    assert {people.member.id, people.mate.id} <= told["swap"]
    assert {people.member.id, people.mate.id, people.leader.id} <= told["plan"]
    assert all(people.town.team.id in teams for _, _, teams in news)
