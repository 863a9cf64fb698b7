"""The coverage numbers in force (policies of the topic `coverage`)."""

from __future__ import annotations

from collections.abc import Collection

from app.areas.policies import policies_in_force
from app.coverage import rules
from app.coverage.queries import Period
from app.coverage.rules import Policy


def policies_of(township_ids: Collection[int], period: Period) -> dict[int, Policy]:
    """Those in force at the end of the period, by township."""
    return {
        t: rules.policy_from(policies_in_force(t, period.last).body("coverage")) for t in set(township_ids)
    }
