"""The demo's scorecards: measured from what its phones told, with most indicators there, and made once."""

from __future__ import annotations

from app.assessment import figures
from app.assessment.rules import INDICATORS
from app.demo.assessment import add_assessments
from tests.demo.conftest import NOW, Told


def test_the_demos_townships_have_scorecards_that_say_something(told: Told) -> None:
    made = add_assessments(told.book.ids, NOW)
    assert [one.quarter.isoformat() for one in made] == ["2026-10-01"] * 2
    found = figures.read(made[0].figures)
    there = {line.indicator for line in found.result.card.lines if line.points is not None}
    assert {"dosage", "worst_gap", "route", "cells", "staffing", "roster", "checkins", "training"} <= there
    assert there | {"hazards", "near_repeat", "environment"} == set(INDICATORS)
    assert len(found.result.villages) == 16 and all(v.grade for v in found.result.villages)
    assert len({v.final for v in found.result.villages}) > 5
    assert add_assessments(told.book.ids, NOW) == []
