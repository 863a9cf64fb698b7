"""Swaps, declines and leave as phones say them: in any order, twice, for the wrong shift."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.db import db
from app.duty import swaps
from app.duty.models import Assignment, Decline, Leave, Shift, Swap
from app.field.models import ItemState
from app.teams.scope import scope_of
from tests import make
from tests.phone import Phone

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def tomorrow(people, evening):
    """A shift of 王队员 and 陈队长; 李队员 is free."""
    return make.make_shift(
        people.town.team, people.town.route, [people.member, people.leader], starts_at=make.EVENING + DAY
    )


@pytest.fixture
def phones(people, evening):
    return {who: Phone(getattr(people, who), evening) for who in ("member", "mate", "leader", "outsider")}


def ask(phone, shift, at, **more):
    return phone.item("swap.ask", {"shift_id": shift.id, **more}, at)


def step(phone, kind, ask_item, at):
    return phone.item(f"swap.{kind}", {"ask_id": ask_item["id"]}, at)


def swaps_in(caller, shift):
    plan = caller.get("/api/v1/field/plan").get_json()
    return next(s for s in plan["shifts"] if s["id"] == shift.id)["swaps"]


def crew_of(shift):
    return set(
        db.session.scalars(
            select(Assignment.person_id).where(Assignment.shift_id == shift.id, Assignment.active)
        )
    )


def found_by(people, now):
    db.session.expire_all()
    return [(a.state, a.offers) for a in swaps.led_askings(scope_of(people.leader), now)]


# --- asking and offering --------------------------------------------------------------------------


def test_an_asking_reaches_the_team_and_an_offer_its_asker(
    people, as_person, sync, phones, tomorrow, evening
):
    asked = ask(phones["member"], tomorrow, evening, phrase="ill")
    sync(as_person(people.member), [asked], evening)
    [heard] = swaps_in(as_person(people.mate), tomorrow)
    assert (heard["name"], heard["state"], heard["offers"]) == ("王队员", "asked", [])
    assert "phrase" not in heard, "why somebody cannot come is the leader's to know"
    sync(as_person(people.mate), [step(phones["mate"], "offer", asked, evening)], evening)
    [mine] = swaps_in(as_person(people.member), tomorrow)
    assert (mine["state"], mine["offers"]) == ("offered", [{"id": people.mate.id, "name": "李队员"}])


def test_an_asking_of_one_colleague_is_seen_by_no_other(people, as_person, sync, phones, tomorrow, evening):
    third = make.make_person("何队员", people.town.township)
    make.join_team(third, people.town.team)
    asked = ask(phones["member"], tomorrow, evening, to_person_id=people.mate.id)
    sync(as_person(people.member), [asked], evening)
    assert swaps_in(as_person(people.mate), tomorrow)[0]["to_me"] is True
    assert swaps_in(as_person(third), tomorrow) == []


def test_any_order_of_ask_offers_and_withdrawals_ends_in_the_same_state(
    people, as_person, sync, phones, tomorrow, evening, aside
):
    member, mate, leader = phones["member"], phones["mate"], phones["leader"]
    asked = ask(member, tomorrow, evening)
    items = [
        (people.member, asked), (people.mate, step(mate, "offer", asked, evening + MINUTE)),
        (people.mate, step(mate, "withdraw", asked, evening + 2 * MINUTE)),
        (people.leader, step(leader, "offer", asked, evening + 3 * MINUTE)),
    ]  # fmt: skip
    now, found = evening + 10 * MINUTE, set()
    for order in permutations(items):
        with aside():
            for person, item in order:
                sync(as_person(person), [item], now)
            for person, item in order:  # all of it again
                assert sync(as_person(person), [item], now)[item["id"]]["result"] == "duplicate"
            results = set(db.session.scalars(select(ItemState.result)))
            found.add((str(found_by(people, now)), frozenset(results)))
    assert found == {(str([("offered", ((people.leader.id, "陈队长"),))]), frozenset({"stored"}))}


def test_an_offer_before_its_asking_waits_and_is_released(people, as_person, sync, phones, tomorrow, evening):
    asked = ask(phones["member"], tomorrow, evening)
    offer = step(phones["mate"], "offer", asked, evening)
    receipt = sync(as_person(people.mate), [offer], evening)[offer["id"]]
    assert (receipt["result"], receipt["reasons"]) == ("held", ["waiting_for_ask"])
    sync(as_person(people.member), [asked], evening + MINUTE)
    told = as_person(people.mate).get("/api/v1/field/receipts").get_json()["receipts"]
    assert [(r["id"], r["result"], r["reasons"]) for r in told] == [(offer["id"], "stored", [])]


def test_taken_back_it_is_gone_everywhere(people, as_person, sync, phones, tomorrow, evening):
    asked = ask(phones["member"], tomorrow, evening)
    sync(as_person(people.mate), [step(phones["mate"], "offer", asked, evening)], evening)
    items = [asked, step(phones["member"], "withdraw", asked, evening + MINUTE)]
    sync(as_person(people.member), items, evening + MINUTE)
    assert swaps_in(as_person(people.member), tomorrow) == swaps_in(as_person(people.mate), tomorrow) == []
    assert found_by(people, evening) == []


def test_somebody_of_another_team_who_offers_is_no_offer_in_any_order(
    people, as_person, sync, phones, tomorrow, evening, aside
):
    stranger = make.make_person("别队", people.town.township)
    make.join_team(stranger, make.make_team(people.town.township))
    asked = ask(phones["member"], tomorrow, evening)
    offer = step(Phone(stranger, evening), "offer", asked, evening)
    for order in permutations([(people.member, asked), (stranger, offer)]):
        with aside():
            for person, item in order:
                sync(as_person(person), [item], evening)
            assert found_by(people, evening) == [("asked", ())]


def test_an_offer_from_another_township_waits_for_ever(people, as_person, sync, phones, tomorrow, evening):
    asked = ask(phones["member"], tomorrow, evening)
    sync(as_person(people.member), [asked], evening)
    offer = step(phones["outsider"], "offer", asked, evening)
    assert sync(as_person(people.outsider), [offer], evening)[offer["id"]]["reasons"] == ["waiting_for_ask"]
    assert found_by(people, evening) == [("asked", ())]


def test_a_shift_that_has_begun_closes_the_asking(people, as_person, sync, phones, tomorrow, evening, at):
    sync(as_person(people.member), [ask(phones["member"], tomorrow, evening)], evening)
    at(tomorrow.starts_at)
    assert swaps_in(as_person(people.mate), tomorrow) == []
    assert found_by(people, tomorrow.starts_at) == []


def test_asking_a_stranger_is_refused(people, as_person, sync, phones, tomorrow, evening):
    for nobody in (people.outsider.id, people.member.id, 999_999):
        item = ask(phones["member"], tomorrow, evening, to_person_id=nobody)
        assert sync(as_person(people.member), [item], evening)[item["id"]]["reasons"] == ["no_colleague"]
    assert db.session.scalar(select(Swap)) is None


def test_asking_about_another_townships_shift_waits_like_one_about_none(
    people, as_person, sync, phones, evening
):
    theirs = make.make_shift(people.other.team, people.other.route, [people.outsider])
    for shift_id in (theirs.id, 999_999):
        item = phones["member"].item("swap.ask", {"shift_id": shift_id}, evening)
        assert sync(as_person(people.member), [item], evening)[item["id"]]["reasons"] == ["waiting_for_shift"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("swap.ask", {}), ("swap.ask", {"shift_id": "7"}), ("swap.offer", {"ask_id": "x"}), ("swap.withdraw", {}),
        ("decline", {"shift_id": 7}), ("decline", {"shift_id": 7, "phrase": "long words here"}),
        ("leave.ask", {"from_on": "2026-13-01", "to_on": "2026-12-02", "phrase": "rest"}),
        ("leave.withdraw", {"leave_id": 7}),
    ],
)  # fmt: skip
def test_a_bad_shape_is_not_taken(people, as_person, sync, phones, evening, kind, body):
    item = phones["member"].item(kind, body, evening)
    assert sync(as_person(people.member), [item], evening)[item["id"]]["reasons"] == ["malformed_body"]


# --- declining ------------------------------------------------------------------------------------


def decline(phone, shift, at):
    return phone.item("decline", {"shift_id": shift.id, "phrase": "family"}, at)


def test_who_declines_frees_the_place_for_the_leader_to_see(
    people, as_person, sync, phones, tomorrow, evening
):
    item = decline(phones["member"], tomorrow, evening)
    assert sync(as_person(people.member), [item], evening)[item["id"]]["result"] == "stored"
    db.session.expire_all()
    assert crew_of(tomorrow) == {people.leader.id}
    [gap] = swaps.gaps(scope_of(people.leader), evening)
    assert (gap.name, gap.decline.phrase, gap.shift.version) == ("王队员", "family", 2)


def test_said_again_after_the_leader_planned_them_again_it_changes_nothing(
    people, as_person, sync, phones, tomorrow, evening
):
    item = decline(phones["member"], tomorrow, evening)
    sync(as_person(people.member), [item], evening)
    row = db.session.scalar(
        select(Assignment).where(Assignment.shift_id == tomorrow.id, Assignment.person_id == people.member.id)
    )
    row.active = True
    db.session.commit()
    sync(as_person(people.member), [item], evening + MINUTE)
    assert people.member.id in crew_of(tomorrow)
    assert swaps.gaps(scope_of(people.leader), evening) == []


def test_a_decline_that_comes_after_the_shift_began_is_told_and_frees_nothing(
    people, as_person, sync, phones, evening
):
    late = evening + 10 * MINUTE
    item = decline(phones["member"], people.shift, evening - DAY)
    sync(as_person(people.member), [item], late)
    assert people.member.id in crew_of(people.shift)
    [(said, name)] = swaps.declines_of(scope_of(people.leader), people.shift.id)
    assert (said.freed, name) == (False, "王队员")


def test_who_is_not_planned_declines_nothing(people, as_person, sync, phones, tomorrow, evening):
    sync(as_person(people.mate), [decline(phones["mate"], tomorrow, evening)], evening)
    assert len(crew_of(tomorrow)) == 2
    assert db.session.scalar(select(Decline.freed)) is False


def test_declining_closes_ones_own_asking(people, as_person, sync, phones, tomorrow, evening):
    items = [ask(phones["member"], tomorrow, evening), decline(phones["member"], tomorrow, evening)]
    sync(as_person(people.member), items, evening)
    assert found_by(people, evening) == []


# --- leave ----------------------------------------------------------------------------------------


def away(phone, at, first="2026-11-25", last="2026-11-27"):
    return phone.item("leave.ask", {"from_on": first, "to_on": last, "phrase": "family"}, at)


def leaves_in(caller):
    return [one["state"] for one in caller.get("/api/v1/field/plan").get_json()["leave"]]


def test_leave_is_in_the_plan_of_its_asker_alone(people, as_person, sync, phones, evening):
    sync(as_person(people.member), [away(phones["member"], evening)], evening)
    assert leaves_in(as_person(people.member)) == ["asked"]
    assert leaves_in(as_person(people.mate)) == []


def test_leave_and_its_withdrawal_in_any_order(people, as_person, sync, phones, evening, aside):
    asked = away(phones["member"], evening)
    back = phones["member"].item("leave.withdraw", {"leave_id": asked["id"]}, evening + MINUTE)
    for order in permutations([asked, back]):
        with aside():
            for item in order:
                sync(as_person(people.member), [item], evening + MINUTE)
            assert leaves_in(as_person(people.member)) == ["withdrawn"]
            assert set(db.session.scalars(select(ItemState.result))) == {"stored"}


def test_nobody_takes_back_the_leave_of_another(people, as_person, sync, phones, evening):
    asked = away(phones["member"], evening)
    sync(as_person(people.member), [asked], evening)
    back = phones["mate"].item("leave.withdraw", {"leave_id": asked["id"]}, evening)
    sync(as_person(people.mate), [back], evening)
    assert leaves_in(as_person(people.member)) == ["asked"]


@pytest.mark.parametrize(("first", "last"), [("2026-11-27", "2026-11-25"), ("2026-11-25", "2028-01-01")])
def test_days_that_make_no_leave_are_refused(people, as_person, sync, phones, evening, first, last):
    item = away(phones["member"], evening, first, last)
    assert sync(as_person(people.member), [item], evening)[item["id"]]["reasons"] == ["leave_days"]
    assert db.session.scalar(select(Leave)) is None


# --- everything at once ---------------------------------------------------------------------------


def test_a_batch_of_all_of_it_sent_three_times_is_stored_once(
    people, as_person, sync, phones, tomorrow, evening
):
    member = phones["member"]
    asked, gone = ask(member, tomorrow, evening), away(member, evening)
    items = [
        member.item("swap.withdraw", {"ask_id": str(uuid4())}, evening), asked, gone,
        step(member, "withdraw", asked, evening), member.item("leave.withdraw", {"leave_id": gone["id"]}, evening),
    ]  # fmt: skip
    for _ in range(3):
        sync(as_person(people.member), items, evening)
    assert [len(list(db.session.scalars(select(m)))) for m in (Swap, Leave, Shift)] == [1, 1, 2]
