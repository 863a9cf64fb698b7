"""Evidence beyond a check-in's own row: codes used before, co-signatures, what the checkpoint asks for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app.checkins.evidence import CodeUse, Vouching, is_cosigned, reused_codes
from app.checkins.rules import Policy
from tests.checkins.test_checkin_rules import DUTY, START, claim, judge, reasons

MINUTE = timedelta(minutes=1)
POLICY = Policy()


def use(id: str, after_min: float = 0, *, place: int = 1, step: int = 7, near: bool = True) -> CodeUse:
    return CodeUse(id, place, step, START + after_min * MINUTE, near)


@pytest.mark.parametrize(
    ("own", "others", "reused"),
    [
        ([use("a")], [], set()),
        ([use("a"), use("b", 9)], [], set()),
        ([use("a"), use("b", 10.5)], [], {"b"}),
        ([use("a"), use("b", 5), use("c", 10.5)], [], {"c"}),
        ([use("a", 1)], [use("z", 0)], {"a"}),
        ([use("a", 1)], [use("z", 2)], set()),
        ([use("a", 1)], [use("z", 0, near=False)], set()),
        ([use("a", 1)], [use("z", 0, step=8)], set()),
        ([use("a", 1)], [use("z", 0, place=2)], set()),
        ([use("b", 1)], [use("a", 1)], {"b"}),
        ([use("a", 1)], [use("b", 1)], set()),
    ],
)
def test_a_minutes_code_is_used_again_by_another_crew_or_much_later(own, others, reused):
    assert reused_codes(own, others, POLICY) == reused
    assert reused_codes(reversed(own), reversed(others), POLICY) == reused


@pytest.mark.parametrize(
    ("said_min", "changes", "good"),
    [
        (60, {}, True),
        (75, {}, True),
        (76, {}, False),
        (45, {}, True),
        (60, {"started_at": None}, False),
        (60, {"started_at": START + 90 * MINUTE}, False),
        (60, {"ended_at": START + 30 * MINUTE}, False),
        (60, {"pauses": ((START + 20 * MINUTE, START + 100 * MINUTE),)}, False),
    ],
)
def test_a_co_signature_needs_somebody_on_duty_at_that_time(said_min, changes, good):
    word = Vouching(START + said_min * MINUTE, replace(DUTY, **changes))
    assert is_cosigned(START + 60 * MINUTE, [word], POLICY) is good


def test_one_good_word_of_two_is_enough():
    absent = Vouching(START + 60 * MINUTE, replace(DUTY, started_at=None))
    here = Vouching(START + 61 * MINUTE, DUTY)
    assert is_cosigned(START + 60 * MINUTE, [absent, here], POLICY)
    assert not is_cosigned(START + 60 * MINUTE, [], POLICY)


def test_a_co_signature_is_the_highest_level_and_lifts_no_reason():
    found = judge(claim(cosigned=True, mocked=True))["a"]
    assert (found.evidence_level, found.outcome, found.reasons) == (4, "held", ("mocked_position",))


@pytest.mark.parametrize("asked", ["code", "nfc"])
@pytest.mark.parametrize(
    ("changes", "weaker"),
    [
        ({}, True),
        ({"method": "code"}, True),
        ({"method": "code", "code_ok": True}, False),
        ({"method": "nfc", "code_ok": True}, False),
        ({"method": "code", "code_ok": False}, False),
        ({"cosigned": True}, False),
    ],
)
def test_a_position_where_a_code_is_asked_is_marked_and_counts(asked, changes, weaker):
    found = judge(claim(asked=asked, **changes))["a"]
    assert ("weaker_than_asked" in found.reasons) is weaker
    assert (found.outcome == "held") is (changes.get("code_ok") is False)


@pytest.mark.parametrize("asked", ["gps", "photo"])
def test_where_no_code_is_asked_none_is_missed(asked):
    assert reasons(claim(asked=asked)) == ()


def test_a_right_code_from_afar_is_still_too_far():
    found = judge(claim(method="code", code_ok=True, distance_m=500))["a"]
    assert (found.outcome, found.evidence_level) == ("not_counted", 2)
