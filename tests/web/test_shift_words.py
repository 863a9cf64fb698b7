"""What phones sent about a shift, on the leader's page of it: notes, and what cannot be judged yet."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.field.operations import retry_failed
from tests import make
from tests.phone import Phone

MINUTE = timedelta(minutes=1)


@pytest.fixture
def page(people, as_person):
    """page(shift) → its text as the leader reads it."""
    leader = as_person(people.leader)
    return lambda: leader.get(f"/desk/shifts/{people.shift.id}").get_data(as_text=True)


def test_a_note_stands_on_the_page_of_its_shift(people, as_person, sync, phone, evening, page):
    note = phone.item("note", {"shift_id": people.shift.id, "phrase": "light_out", "text": "第三根<灯杆>"})
    sync(as_person(people.member), [note], evening)
    assert "路灯不亮" in page() and "第三根&lt;灯杆&gt;" in page() and people.member.name in page()


def test_a_start_of_somebody_who_is_not_on_the_shift_is_seen_until_they_are(
    people, as_person, sync, evening, page
):
    helper = make.make_person("临时帮手", people.town.township)
    make.join_team(helper, make.make_team(people.town.township))
    start = Phone(helper, evening).start(people.shift, evening)
    sync(as_person(helper), [start], evening)
    assert "临时帮手" in page() and "还没核定的记录" in page() and "开始值勤" in page()
    make.assign(people.shift, helper)
    retry_failed(evening + MINUTE)
    assert "还没核定的记录" not in page()


def test_a_call_for_help_is_not_among_them(people, as_person, sync, phone, evening, page):
    """Nor a sign of life with a PIN: whoever stands beside the leader's desk must not learn of it here."""
    ok = phone.item("ok", {"shift_id": people.shift.id + 1000})
    sync(as_person(people.member), [ok], evening)
    assert "还没核定的记录" not in page()


def test_of_another_township_nothing_is_shown(people, as_person, sync, phone, evening):
    note = phone.item("note", {"shift_id": people.shift.id, "phrase": "other", "text": "金丝雀"})
    sync(as_person(people.member), [note], evening)
    other = make.make_shift(people.other.team, people.other.route, [people.outsider])
    leader = make.make_person("那边队长", people.other.township)
    make.grant(leader, "leader", team=people.other.team)
    assert "金丝雀" not in as_person(leader).get(f"/desk/shifts/{other.id}").get_data(as_text=True)
    assert as_person(leader).get(f"/desk/shifts/{people.shift.id}").status_code == 404
