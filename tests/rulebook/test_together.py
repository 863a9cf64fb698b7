"""What must hold of several keys of a topic together."""

from __future__ import annotations

from typing import Any

import pytest

from app.rulebook.rules import body_faults
from app.rulebook.topics import TOPICS


@pytest.mark.parametrize("name", TOPICS)
def test_the_defaults_go_together(name: str) -> None:
    assert body_faults(TOPICS[name], TOPICS[name].defaults) == []


@pytest.mark.parametrize(
    ("name", "body", "key", "code"),
    [
        ("money", {"b_from": 95}, "a_from", "rule_grades_rise"),
        ("assessment", {"grade_c": 75}, "grade_a", "rule_grades_rise"),
        ("assessment", {"dosage_priority": 19}, "dosage_priority", "rule_weights_hundred"),
        ("assessment", {"cells_floor": 70}, "cells_target", "rule_target_above_floor"),
    ],
)
def test_what_does_not_go_together_is_named(name: str, body: dict[str, Any], key: str, code: str) -> None:
    assert [(fault.key, fault.code) for fault in body_faults(TOPICS[name], body)] == [(key, code)]


def test_weights_may_move_within_a_column() -> None:
    assert body_faults(TOPICS["assessment"], {"dosage_priority": 19, "route_priority": 13}) == []


def test_a_key_that_is_wrong_in_itself_is_told_first() -> None:
    faults = body_faults(TOPICS["assessment"], {"dosage_priority": 1000})
    assert [fault.code for fault in faults] == ["rule_out_of_range"]
