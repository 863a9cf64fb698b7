"""A person's points of a month: on the desk and by the phone's own endpoint."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from app.db import db
from app.incentives import ledger, no_shows, training
from app.incentives.models import HAZARD_WRONG, TRAINING_WRONG, FrozenMonth, PointEntry
from app.incentives.operations import post_month
from app.teams.scope import scope_of
from tests import make
from tests.incentives.test_rows import a_session, confirm, find_missed, told_again_alike
from tests.rulebook.test_trials import DAY, HOUR, ZONE, an_hour
from tests.test_translations import catalogue
from tests.web.conftest import text_of

API = "/api/v1/field/points"


@pytest.fixture
def worked(people: Any, as_person: Any, sync: Any, phone: Any, at: Any) -> Any:
    sync(as_person(people.member), an_hour(phone, people.shift), make.EVENING + 3 * HOUR)
    return people


def page_of(caller: Any, person: Any, month: str = "2026-11", lang: str = "en") -> str:
    caller.set_cookie("lang", lang, domain="localhost")
    answer = caller.get(f"/desk/points/people/{person.id}/{month}")
    assert answer.status_code == 200
    return text_of(answer)


def reprice(people: Any, body: dict[str, Any]) -> None:
    make.make_policy(people.town.township, "incentives", body, make.DAY.replace(day=1))
    reprice_member(people)


def reprice_member(people: Any) -> None:
    post_month(people.town.township.id, people.member.id, make.DAY, ZONE, make.EVENING + 3 * HOUR)
    db.session.commit()


@pytest.mark.parametrize("who", ["leader", "reviewer", "admin"])
def test_who_answers_for_a_member_reads_each_line_in_words(worked: Any, as_person: Any, who: str) -> None:
    page = page_of(as_person(getattr(worked, who)), worked.member)
    assert (
        "60 minutes counted → 10 points by the default rules · It may change until 27 Nov 21:00. 10" in page
    )
    assert "10 points in the month" in page and "waiting for approval 10 approved 0" in page


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_it_is_whole_in_both_languages(worked: Any, as_person: Any, lang: str) -> None:
    reprice(worked, {"month_cap": 8})
    page = page_of(as_person(worked.leader), worked.member, lang=lang)
    assert "says." not in page and "statement." not in page and "%(" not in page


def test_a_cap_a_change_and_the_rules_of_whom_are_told(worked: Any, as_person: Any, at: Any) -> None:
    reprice(worked, {"month_cap": 8})
    at(make.EVENING + 5 * DAY)
    page = page_of(as_person(worked.leader), worked.member)
    assert "The month's cap is reached: 10 would have been due, 8 are counted." in page
    assert "It was priced again: the rule changed. by the rules of 清禾镇 since 2026-11-01 · Settled." in page


def test_what_a_cap_took_altogether_is_told_though_no_ledger_has_it(worked: Any, as_person: Any) -> None:
    reprice(worked, {"month_cap": 0})
    page = page_of(as_person(worked.leader), worked.member)
    assert "No points in this month." in page
    assert "60 minutes counted → 10 points A cap is reached, not counted: 10 points" in page


def test_what_was_taken_back_altogether_is_told_with_its_reason(worked: Any, as_person: Any) -> None:
    """An excused no-show is in no sum, and neither is it forgotten. What a cap took is told once, by the cap."""
    missed = make.make_shift(worked.town.team, None, [worked.member], starts_at=make.EVENING - 4 * DAY)
    one = no_shows.Missed(worked.town.township.id, missed.id, worked.member.id, missed.day)
    no_shows.record(one, make.EVENING)
    leader = as_person(worked.leader)
    assert "Taken back" not in page_of(leader, worked.member)
    no_shows.excuse(
        worked.leader, scope_of(worked.leader), missed.id, worked.member.id, "ill", make.EVENING + HOUR
    )
    db.session.commit()
    told = "No-show without notice → −10 points It was corrected: the facts changed."
    assert told in page_of(leader, worked.member).split("Taken back, counts no longer")[1]
    reprice(worked, {"month_cap": 0})
    found = as_person(worked.member).get(f"{API}?month=2026-11").get_json()
    assert found["points"] == 0 and [one["rule"] for one in found["cut"]] == ["base"]
    assert [(one["rule"], one["day"]) for one in found["taken_back"]] == [("no_show", missed.day.isoformat())]


def test_what_was_taken_back_and_posted_again_stands_among_the_lines(worked: Any, as_person: Any) -> None:
    """Nothing was left of it under the first numbers, eight points are under the next."""
    reprice(worked, {"month_cap": 0})
    make.make_policy(worked.town.township, "incentives", {"month_cap": 8}, make.DAY)
    reprice_member(worked)
    found = as_person(worked.member).get(f"{API}?month=2026-11").get_json()
    assert (found["points"], found["taken_back"], found["cut"]) == (8, [], [])


def test_a_frozen_months_correction_says_where_it_is_booked(worked: Any, as_person: Any) -> None:
    month = make.DAY.replace(day=1)
    frozen = FrozenMonth(
        township_id=worked.town.township.id, month=month, frozen_by=worked.admin.id, frozen_at=make.EVENING
    )
    db.session.add(frozen)
    reprice(worked, {"base_per_hour": 12})
    page = page_of(as_person(worked.leader), worked.member)
    assert "Booked in 2026-12: the month of the work is frozen." in page and "→ 12 points" in page


def test_nobody_else_reads_it(worked: Any, as_person: Any) -> None:
    path = f"/desk/points/people/{worked.member.id}/2026-11"
    stranger = make.make_person("外镇审核员", worked.other.township)
    make.grant(stranger, "reviewer", area=worked.other.township)
    assert as_person(worked.mate).get(path).status_code == 403
    assert as_person(stranger).get(path).status_code == 404
    for month in ("2026-13", "x", "2026"):
        assert (
            as_person(worked.leader).get(f"/desk/points/people/{worked.member.id}/{month}").status_code == 404
        )


def test_the_phone_gets_the_same_lines_as_codes_and_figures(worked: Any, as_person: Any) -> None:
    found = as_person(worked.member).get(f"{API}?month=2026-11").get_json()
    (line,) = found["lines"]
    assert (found["month"], found["points"], found["pending"], found["approved"]) == ("2026-11", 10, 10, 0)
    assert line["says"] == [{"code": "says.base", "figures": {"minutes": "60", "points": "10"}}]
    assert (line["version"], line["booked_in"], line["points"]) == (None, None, 10)
    assert as_person(worked.mate).get(f"{API}?month=2026-11").get_json()["lines"] == []
    assert as_person(worked.member).get(f"{API}?month=2026-10").get_json()["points"] == 0
    assert as_person(worked.member).get(f"{API}?month=x").status_code == 422


def test_what_moves_earned_points_is_told_and_not_added(worked: Any, as_person: Any) -> None:
    """Approved, and some of them redeemed: the month's sum is what work earned."""
    who, township = worked.member.id, worked.town.township.id
    moves = [
        ("approval", ledger.pending(who), ledger.approved(who), 20, {"month": "2026-11"}),
        ("redemption", ledger.approved(who), "shop", 6, {"item": "雨衣"}),
    ]  # fmt: skip
    for rule, debit, credit, half, detail in moves:
        one = ledger.Transfer(
            township, who, rule, f"{rule}:1", 1, half, debit, credit, make.DAY, detail=detail
        )
        ledger.post(one, make.EVENING)
    db.session.commit()
    found = as_person(worked.member).get(f"{API}?month=2026-11").get_json()
    assert (found["points"], found["pending"], found["approved"]) == (10, 0, 7)
    assert sorted((line["rule"], line["points"], line["is_earned"]) for line in found["lines"]) == [
        ("approval", 10, False), ("base", 10, True), ("redemption", -3, False),
    ]  # fmt: skip


@pytest.fixture
def taken_back(people: Any, at: Any) -> Any:
    """A training of 90 minutes, confirmed by mistake."""
    at(make.EVENING + 3 * HOUR)
    wanted = training.Wanted("drill", make.DAY, 90, (people.member.id,))
    leader, reviewer = people.leader, people.reviewer
    one = training.enter(leader, scope_of(leader), people.town.team.id, wanted, make.EVENING)
    training.confirm(reviewer, scope_of(reviewer), one.id, make.EVENING)
    training.take_back(reviewer, scope_of(reviewer), one.id, "wrong_minutes", make.EVENING + HOUR)
    db.session.commit()
    return people


def test_what_was_taken_back_is_told_with_its_reason_and_counts_nowhere(
    taken_back: Any, as_person: Any
) -> None:
    english = page_of(as_person(taken_back.leader), taken_back.member)
    assert "Taken back" in english and "0 points in the month" in english
    assert "90 minutes → 15 points Taken back on 2026-11-24: the minutes were wrong." in english
    chinese = page_of(as_person(taken_back.leader), taken_back.member, lang="zh")
    assert "2026-11-24 撤回：时长不对。" in chinese
    doc = as_person(taken_back.member).get(f"{API}?month=2026-11").get_json()
    (line,) = doc["taken_back"]
    assert (doc["points"], doc["lines"], line["points"], line["booked_in"]) == (0, [], 15, None)
    assert [one["code"] for one in line["says"]] == ["says.training", "says.taken_back.wrong_minutes"]


@pytest.mark.parametrize("code", [*HAZARD_WRONG, *TRAINING_WRONG])
def test_every_reason_has_its_words(code: str) -> None:
    for language in ("zh", "en"):
        assert f"says.taken_back.{code}" in catalogue("statements", language)
        assert f"rows.back.why.{code}" in catalogue("pointrows", language)


def test_what_the_limit_of_a_quarters_training_took_is_told(people: Any, as_person: Any, at: Any) -> None:
    """25 points, 15 of 25, and nothing of a third session, which no ledger has."""
    for day in (10, 12, 20):
        confirm(people, a_session(people, day=date(2026, 11, day), minutes=150))
    at(make.EVENING + DAY)
    page = page_of(as_person(people.leader), people.member)
    assert "Training or drill: 150 minutes → 25 points by the default rules" in page
    assert "The quarter's limit for training is reached: 25 would have been due, 15 are counted." in page
    assert "150 minutes → 25 points A cap is reached, not counted: 25 points" in page
    assert told_again_alike(people)


def test_a_months_cap_on_top_of_the_quarters_limit_says_what_the_minutes_would_be_worth(
    people: Any, as_person: Any, at: Any
) -> None:
    make.make_policy(people.town.township, "incentives", {"month_cap": 30}, make.DAY.replace(day=1))
    for day in (10, 12):
        confirm(people, a_session(people, day=date(2026, 11, day), minutes=150))
    at(make.EVENING + DAY)
    page = page_of(as_person(people.leader), people.member)
    assert "The month's cap is reached: 25 would have been due, 5 are counted." in page
    assert told_again_alike(people)


def test_a_session_that_moves_anothers_share_of_the_quarter_says_so(people: Any) -> None:
    for day in (12, 10):
        confirm(people, a_session(people, day=date(2026, 11, day), minutes=150))
    whys = db.session.scalars(select(PointEntry.why).order_by(PointEntry.id)).all()
    assert sorted(why or "" for why in whys) == ["", "", "cap_moved", "cap_moved"]


def test_a_no_show_that_found_nothing_to_take_is_not_told_as_a_cap(
    people: Any, as_person: Any, at: Any
) -> None:
    missed = make.make_shift(people.town.team, None, [people.member], starts_at=make.EVENING - 6 * DAY)
    now = missed.ends_at + 73 * HOUR
    assert find_missed(now)
    at(now)
    page = page_of(as_person(people.leader), people.member)
    assert "No-show without notice → −10 points A month does not fall below nothing: not taken." in page
    assert "A cap is reached" not in page
