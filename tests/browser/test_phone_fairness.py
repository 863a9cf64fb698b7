"""On the phone: what the checks asked about me, and a ranking that I choose to stand in, or not."""

from __future__ import annotations

from typing import Any

import pytest

from app import clock
from app.accounts.models import Person
from app.db import db
from app.fairness import operations
from app.teams.models import Team
from app.teams.scope import scope_of
from tests.browser.phone_page import Handset, new_member, until
from tests.browser.test_phone_me import signed_in, turn_to
from tests.fairness.planted import add_flag

pytestmark = pytest.mark.browser


def plant(live: Any, member: int, others: list[int]) -> None:
    """A flag about two that the leader has explained; a team that shows a ranking, and two who are in it."""
    now = clock.now()
    with live.app.app_context():
        leader = db.session.get_one(Person, live.ids["leader"])
        team = db.session.get_one(Team, next(iter(scope_of(leader).led_team_ids)))
        people = tuple(db.session.get_one(Person, one) for one in (member, others[0]))
        flag = add_flag(team, people, now=now, month=now.date().replace(day=1))
        operations.decide(leader, scope_of(leader), flag.id, "explained", "roster_so", "只有你们有空", now)
        operations.set_ranking(leader, scope_of(leader), team.id, shown=True, measure="points", now=now)
        for one in others:
            operations.be_ranked(db.session.get_one(Person, one), True, now)
        db.session.commit()
        db.session.remove()


def test_a_member_reads_what_was_asked_and_chooses_to_be_ranked_and_not(handset: Handset, live: Any) -> None:
    login, person = new_member(live, "看排行的人")
    others = [new_member(live, name)[1] for name in ("同意的甲", "同意的乙")]
    plant(live, person, others)
    signed_in(handset, login)
    page = handset.page
    turn_to(handset, "data?part=noticed")
    card = page.locator("[data-name=flag][data-kind=same_pair][data-state=explained]")
    card.wait_for()
    words = card.inner_text()
    assert (
        "排班就是这样" in words
        and "只有你们有空" in words
        and "连续搭班 4 次" in words
        and "同意的甲" not in words
    )
    turn_to(handset, "data?part=ranking")
    page.wait_for_selector("[data-name=team-ranking][data-state=few]")
    assert page.locator("[data-name=ranking-choice]").get_attribute("data-given") == "null"
    page.click("[data-name=ranked-yes]")
    ranking = page.locator("[data-name=team-ranking][data-state=shown]")
    ranking.wait_for()
    assert ranking.locator("li").count() == 3 and "看排行的人 · 我" in ranking.inner_text()
    page.click("[data-name=ranked-no]")
    page.wait_for_selector("[data-name=team-ranking][data-state=few]")
    page.reload()
    page.wait_for_selector("[data-name=ranking-choice][data-given=false]")


def test_a_no_without_a_signal_takes_the_ranking_off_the_screen_at_once(handset: Handset, live: Any) -> None:
    """What was fetched before still names who has just said no; it is not shown any more, and the no is sent later."""
    login, person = new_member(live, "退出的人")
    others = [new_member(live, name)[1] for name in ("留下的甲", "留下的乙", "留下的丙")]
    plant(live, person, others)
    signed_in(handset, login)
    page = handset.page
    turn_to(handset, "data?part=ranking")
    page.locator("[data-name=team-ranking][data-state=shown]").wait_for()
    page.click("[data-name=ranked-yes]")
    page.locator("[data-name=team-ranking] strong", has_text="退出的人").wait_for()
    page.context.set_offline(True)
    page.click("[data-name=ranked-no]")
    page.wait_for_selector("[data-name=ranking-choice][data-given=false]")
    until(page, "document.querySelector('[data-name=ranking] .trouble').textContent")
    assert page.locator("[data-name=team-ranking]").count() == 0
    page.context.set_offline(False)
