"""The crew's code and what becomes of a swap: pure judgements."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from app.duty import rules
from app.duty.rules import Step, Window

AT = datetime(2026, 11, 24, 12, 0, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SECRET = bytes.fromhex("00112233445566778899aabbccddeeff")


def test_the_code_is_the_one_that_the_phone_shows():
    """tests/js/crew.test.js has the same."""
    assert rules.crew_code(SECRET, 7, AT) == "XC1.7.581402"


@pytest.mark.parametrize(
    ("minutes", "right"), [(-4, False), (-3, True), (-1, True), (0, True), (3, True), (4, False)]
)
def test_a_code_is_right_for_three_steps_either_side(minutes, right):
    code = rules.crew_code(SECRET, 7, AT + minutes * MINUTE)
    assert rules.is_crew_code(code, SECRET, 7, AT, AT) is right


def test_a_code_of_another_shift_or_secret_is_wrong():
    code = rules.crew_code(SECRET, 7, AT)
    assert not rules.is_crew_code(code, SECRET, 8, AT, AT)
    assert not rules.is_crew_code(code, b"another", 7, AT, AT)
    assert not rules.is_crew_code("码", SECRET, 7, AT, AT)


def test_where_only_a_bracket_is_known_the_code_is_tried_over_it_but_not_over_weeks():
    code = rules.crew_code(SECRET, 7, AT)
    assert rules.is_crew_code(code, SECRET, 7, AT - timedelta(hours=2), AT + timedelta(hours=5))
    assert not rules.is_crew_code(code, SECRET, 7, AT - timedelta(hours=2), AT + timedelta(days=3))


# --- somebody without a phone ---------------------------------------------------------------------

PAID = (AT - 15 * MINUTE, AT + 135 * MINUTE)


def author(**over):
    values = {
        "started_at": AT, "ended_at": AT + 120 * MINUTE, "open_until": None, "pauses": (), "worked": (),
        "worked_s": 0, "state": "ended", "flags": (), **over,
    }  # fmt: skip
    return Window(**values)


def test_who_was_ticked_has_the_authors_minutes():
    pause = (AT + 30 * MINUTE, AT + 40 * MINUTE)
    window = rules.followed_window(author(pauses=(pause,)), PAID)
    assert (window.started_at, window.ended_at, window.worked_s) == (AT, AT + 120 * MINUTE, 110 * 60)
    assert window.flags == ("declared",)


def test_nothing_is_earned_before_the_author_ends_or_outside_the_plan():
    assert rules.followed_window(author(ended_at=None, state="on"), PAID).worked_s == 0
    late = rules.followed_window(author(ended_at=AT + 200 * MINUTE), PAID)
    assert late.worked_s == 135 * 60


def test_without_the_authors_start_there_is_no_window():
    assert rules.followed_window(author(started_at=None, ended_at=None), PAID).state == "not_started"


# --- swaps ----------------------------------------------------------------------------------------

ASKER, ONE, OTHER = 1, 2, 3


def step(n, person, kind):
    return Step(f"s{n}", person, kind, AT + n * MINUTE)


CASES = [
    ([], "asked", ()),
    ([step(1, ONE, "offer")], "offered", (ONE,)),
    ([step(1, ONE, "offer"), step(2, OTHER, "offer")], "offered", (ONE, OTHER)),
    ([step(1, ONE, "offer"), step(2, ONE, "withdraw")], "asked", ()),
    ([step(1, ONE, "offer"), step(2, ONE, "withdraw"), step(3, ONE, "offer")], "offered", (ONE,)),
    ([step(1, ONE, "offer"), step(2, ASKER, "withdraw"), step(3, OTHER, "offer")], "withdrawn", (ONE, OTHER)),
    ([step(1, ASKER, "offer")], "asked", ()),
]


@pytest.mark.parametrize(("steps", "state", "offers"), CASES)
def test_any_order_of_the_steps_ends_in_the_same_state(steps, state, offers):
    for order in permutations(steps):
        assert rules.swap_state(ASKER, None, None, order, is_open=True) == state
        assert rules.standing_offers(ASKER, None, order) == offers


def test_only_the_colleague_who_was_asked_can_offer():
    steps = [step(1, ONE, "offer"), step(2, OTHER, "offer")]
    assert rules.standing_offers(ASKER, OTHER, steps) == (OTHER,)


def test_a_decision_stands_whatever_comes_after_it():
    steps = [step(1, ONE, "offer"), step(2, ASKER, "withdraw")]
    assert rules.swap_state(ASKER, None, "confirmed", steps, is_open=False) == "confirmed"
    assert rules.swap_state(ASKER, None, "refused", steps, is_open=True) == "refused"


def test_a_shift_that_has_begun_closes_the_asking():
    assert rules.swap_state(ASKER, None, None, [step(1, ONE, "offer")], is_open=False) == "closed"
