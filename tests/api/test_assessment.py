"""A township's scorecard over JSON: the version that counts, else the newest."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest

from app.assessment import operations
from app.assessment.rules import INDICATORS
from app.db import db
from app.teams.scope import scope_of
from tests import make
from tests.api.test_coverage import walked  # noqa: F401
from tests.assessment import planted
from tests.assessment.planted import AFTER, QUARTER


@pytest.fixture
def town(walked: Any, at: Any) -> Any:  # noqa: F811
    planted.look_after(walked)
    planted.hazards(walked)
    at(AFTER)
    return walked


def path(town: Any, query: str = "") -> str:
    return f"/api/v1/areas/{town.town.township.code}/scorecard{query}"


def compute(town: Any, reason: str | None = None) -> Any:
    one = operations.compute(town.admin, town.town.township, QUARTER, reason, AFTER)
    db.session.commit()
    return one


def test_a_reviewer_reads_scores_with_what_they_rest_on(town: Any, as_person: Any) -> None:
    one = compute(town)
    doc = as_person(town.reviewer).get(path(town, "?quarter=2026-Q4")).get_json()
    assert (doc["quarter"], doc["version"], doc["phase"]) == ("2026-Q4", 1, "draft")
    assert doc["measured_until"] == "2026-12-31" and doc["settings"]["few_below"] == 20
    for said, kept in zip(doc["villages"], one.figures["villages"], strict=True):
        assert (
            said["final"] == pytest.approx(float(Fraction(kept["final"]))) and said["grade"] == kept["grade"]
        )
        assert [line["indicator"] for line in said["indicators"]] == list(INDICATORS)
        assert sum(line["weight"] for line in said["indicators"]) == pytest.approx(100, abs=0.01)
    hazards = next(line for line in doc["township"]["indicators"] if line["indicator"] == "hazards")
    assert (hazards["num"], hazards["den"], hazards["n"], hazards["value_percent"]) == (2, 5, 5, 40)
    assert len(hazards["evidence"]) == 5 and hazards["missing"] is None
    publicity = next(line for line in doc["township"]["indicators"] if line["indicator"] == "publicity")
    assert publicity["missing"] == "no_notice" and publicity["points"] is None


def test_what_counts_is_read_until_a_correction_is_frozen(town: Any, as_person: Any, at: Any) -> None:
    one = compute(town)
    operations.publish(town.admin, scope_of(town.admin), one.id, AFTER)
    operations.freeze(town.reviewer, scope_of(town.reviewer), one.id, AFTER + timedelta(days=16))
    id_ = planted.report(town, make.EVENING, (250, 1000), phrase="sign_down")
    planted.decide(town, id_, "close", "mended", make.EVENING + timedelta(days=1))
    assert compute(town, "late_data").n == 2
    doc = as_person(town.reviewer).get(path(town)).get_json()
    assert (doc["version"], doc["phase"]) == (1, "frozen")


def test_without_a_version_there_is_nothing_and_a_quarter_has_its_form(town: Any, as_person: Any) -> None:
    caller = as_person(town.reviewer)
    assert caller.get(path(town)).status_code == 404
    for odd in ("2026-Q5", "2026", "2026-Q4%0A", "x"):
        answer = caller.get(path(town, f"?quarter={odd}"))
        assert answer.status_code == 422 and answer.get_json()["code"] == "invalid", odd
    assert caller.get(path(town, "?quarter=2026-Q4")).status_code == 404
