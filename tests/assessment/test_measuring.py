"""Each indicator of a quarter, with known answers; and that nothing else can come in."""

from __future__ import annotations

import re
from datetime import date, timedelta
from fractions import Fraction as F
from typing import Any

import pytest
from sqlalchemy import event

from app.assessment import figures, measuring, rules
from app.assessment.measuring import INPUTS
from app.assessment.rules import INDICATORS, Policy
from app.db import db
from tests import make
from tests.api.test_coverage import walked  # noqa: F401
from tests.assessment import planted
from tests.assessment.planted import AFTER, QUARTER
from tests.hotspots.planted import add_event

POLICY = Policy()


@pytest.fixture
def quarter(walked: Any) -> Any:  # noqa: F811
    """An evening walked, hazards, notices, the team's west village."""
    planted.look_after(walked)
    planted.hazards(walked)
    west, east = walked.town.villages
    planted.notice(walked, west, date(2026, 10, 1), date(2026, 11, 10))
    planted.notice(walked, west, date(2026, 11, 1), date(2026, 12, 11))
    planted.notice(walked, west, date(2026, 12, 1), date(2027, 1, 5), confirmed=False)
    planted.notice(walked, east, date(2026, 10, 1), None)
    make.keep()
    return walked


def survey(people: Any, now: Any = AFTER) -> Any:
    township, villages = measuring.survey(people.town.township, QUARTER, POLICY, now)
    return township, {one.place.name[-2:]: one for one in villages}


def said(one: Any, key: str) -> tuple[F, F, int]:
    m = one.place.measured[key]
    return m.num, m.den, m.n


def test_hazards_count_as_they_were_closed_and_what_came_again_was_not(quarter):
    township, villages = survey(quarter)
    assert said(villages["西村"], "hazards") == (2, 4, 4), (
        "mended and the second telling; late and reopened not"
    )
    assert said(villages["东村"], "hazards") == (0, 1, 1), (
        "passed on is not closed; what was no hazard is none"
    )
    assert said(township, "hazards") == (2, 5, 5)


def test_a_hazard_told_twice_was_followed_up_within_two_days(quarter):
    township, villages = survey(quarter)
    assert said(villages["东村"], "near_repeat") == (1, 1, 1)
    assert villages["西村"].place.measured["near_repeat"].why == "no_repeat"
    assert said(township, "near_repeat") == (1, 1, 1)


def test_mending_is_more_than_closing(quarter):
    _, villages = survey(quarter)
    assert said(villages["西村"], "environment") == (2, 3, 3), "the fourth has time until 2 January"
    assert said(villages["东村"], "environment") == (0, 1, 1)


def test_what_may_still_come_right_is_not_counted_against_anybody(quarter):
    _, villages = survey(quarter, make.EVENING + timedelta(days=3))
    assert villages["东村"].place.measured["hazards"].why == "no_hazard"
    assert villages["东村"].place.measured["environment"].why == "no_hazard"


def test_each_hazard_is_judged_once_when_its_time_is_over_good_or_bad(walked):  # noqa: F811
    """Three of one evening: one closed well at once, one badly, one left open. Before their time is over none counts
    for or against anybody, so that nobody is better off with one left open; then all three do, in one quarter."""
    start = make.EVENING + timedelta(
        days=32
    )  # on 26 December: 7 days end in the next quarter, and 30 later in it
    where = [(200, 900), (200, 700), (200, 500)]
    ids = [planted.report(walked, start, at, phrase=p)
           for at, p in zip(where, ("light_out", "sign_down", "surface_broken"), strict=True)]  # fmt: skip
    planted.decide(walked, ids[0], "close", "mended", start + timedelta(hours=3))
    planted.decide(walked, ids[1], "close", "gone", start + timedelta(hours=3))
    make.keep()
    following = rules.Quarter(date(2027, 1, 1))

    def of(quarter: rules.Quarter, now: Any, key: str) -> tuple[int, F]:
        township, _ = measuring.survey(walked.town.township, quarter, POLICY, now)
        return said(township, key)[2], said(township, key)[0]

    for key, good in (("hazards", 2), ("environment", 1)):
        assert of(QUARTER, start + timedelta(days=1), key) == (0, 0)
        assert of(QUARTER, AFTER, key) == (0, 0), key
        assert of(following, AFTER, key) == (3, good), key


def test_a_shift_still_to_come_is_no_empty_place(walked):  # noqa: F811
    begins = make.EVENING + timedelta(hours=6)
    make.make_shift(walked.town.team, None, starts_at=begins, hours=2)
    make.keep()
    township, _ = survey(walked, begins - timedelta(hours=1))
    assert said(township, "roster") == (1, 2, 1)
    township, _ = survey(walked, begins + timedelta(hours=3))
    assert said(township, "roster")[2] == 2


def test_presence_is_what_the_coverage_page_says(quarter):
    township, villages = survey(quarter)
    west = villages["西村"]
    assert said(west, "dosage")[0] == 1, "12 minutes in one slot"
    assert (
        said(west, "dosage") == said(township, "dosage")
        and said(west, "dosage")[1] == said(west, "dosage")[2]
    )
    assert said(west, "worst_gap")[0] == 1 < said(west, "worst_gap")[1], (
        "two hours without anybody are no short gap"
    )
    assert villages["东村"].place.measured["dosage"].why == "no_hotspot"
    assert west.place.measured["route"].value == pytest.approx(0.62, abs=0.005)
    assert villages["东村"].place.measured["route"].why == "no_track"
    assert said(township, "cells")[1] >= said(west, "cells")[1] > 0
    (spot,) = west.evidence["dosage"]
    assert (spot["kind"], spot["id"], spot["num"]) == ("hotspot", quarter.town.hotspot.id, 1)


def test_crews_are_counted_against_what_was_wanted_and_checkins_by_their_verdict(quarter):
    township, villages = survey(quarter)
    assert said(township, "roster") == (1, 2, 1), "one of two came"
    assert said(villages["西村"], "roster") == (1, 2, 1)
    assert villages["东村"].place.measured["roster"].why == "no_shift"
    assert said(township, "checkins") == (3, 3, 3)


def test_the_teams_own_people_are_counted_never_named(quarter):
    township, villages = survey(quarter)
    members = township.place.measured["training"]
    assert members.den == 6 and members.num == 3, "three members, insured and not trained"
    assert township.place.measured["staffing"].den == 9 + 0, "1.5 per mille of 6,000"
    names = [p.name for p in (quarter.member, quarter.mate, quarter.leader, quarter.reviewer, quarter.admin)]
    kept = str(figures.stored(township, list(villages.values()), POLICY, "2026-12-31"))
    assert not any(name in kept for name in names)


def test_a_notice_counts_once_another_person_has_confirmed_it(quarter):
    township, villages = survey(quarter)
    assert said(villages["西村"], "publicity") == (1, 2, 2), "the tenth is in time, the eleventh is not"
    assert said(villages["东村"], "publicity") == (0, 1, 1)
    assert said(township, "publicity") == (1, 3, 3)


def test_what_is_stored_reads_back_and_judges_the_same(quarter):
    township, villages = survey(quarter)
    kept = figures.stored(township, list(villages.values()), POLICY, "2026-12-31")
    back = figures.read(kept)
    assert back.result == rules.judge(township.place, [v.place for v in villages.values()], POLICY)
    assert rules.judge(back.result.township, back.places, back.policy) == back.result
    assert set(back.evidence[township.place.id]) == set(INDICATORS)
    assert all(one.final is not None for one in back.result.villages)


# --- what is never in it ------------------------------------------------------------------------------------------

TABLE = re.compile(r"\b(?:FROM|JOIN)\s+(?:ONLY\s+)?\(?\s*([a-z_][a-z_0-9]*)", re.I)
NOT_TABLES = {"lateral", "unnest", "select", "now", "anon_1", "anon_2", "tree"}


def tables_read(statements: list[str]) -> set[str]:
    tables = set(db.metadata.tables)
    words = {
        word for statement in statements for word in re.findall(r"\b[a-z_][a-z_0-9]*\b", statement.lower())
    }
    named = {name.lower() for s in statements for name in TABLE.findall(s)}
    return (words | named) & tables


def listened(act: Any) -> list[str]:
    statements: list[str] = []

    def hear(connection, cursor, statement, *rest):
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", hear)
    try:
        act()
    finally:
        event.remove(db.engine, "before_cursor_execute", hear)
    return statements


def test_only_the_listed_tables_are_read(quarter):
    statements = listened(lambda: survey(quarter))
    found = tables_read(statements)
    assert {"incidents", "duties", "hotspots", "checkins", "team_members", "assessment_notices"} <= found
    assert found <= INPUTS, f"not an input of an assessment: {found - INPUTS}"
    assert not {"recorded_incidents", "answers", "people", "swaps", "alarms", "point_entries"} & INPUTS


def test_a_table_that_is_no_input_would_be_seen():
    assert tables_read(["SELECT 1 FROM recorded_incidents r JOIN duties d ON true"]) == {
        "recorded_incidents",
        "duties",
    }
    assert not tables_read(["SELECT 1 FROM recorded_incidents"]) <= INPUTS


def scores(people: Any) -> Any:
    township, villages = survey(people)
    return rules.judge(township.place, [v.place for v in villages.values()], POLICY)


@pytest.mark.parametrize("n", [1, 60])
def test_events_and_objections_change_no_score_however_many(quarter, n):
    before = scores(quarter)
    for k in range(n):
        add_event(quarter, 100 + k, 500 + k % 7, make.EVENING + timedelta(minutes=k))
        add_event(quarter, 900 + k % 9, 500, make.EVENING - timedelta(days=k), "burglary_shop")
        planted.report(
            quarter,
            make.EVENING + timedelta(days=8 * (k % 4), minutes=k),
            (150 + 60 * k % 800, 600),
            "order",
            "noise",
        )
    assert scores(quarter) == before


def test_what_does_count_changes_the_score(quarter):
    """The other way round, so that the test above is not blind."""
    before = scores(quarter)
    id_ = planted.report(quarter, make.EVENING, (300, 1000), "road", "sign_down")
    planted.decide(quarter, id_, "close", "mended", make.EVENING + timedelta(days=1))
    assert scores(quarter) != before
