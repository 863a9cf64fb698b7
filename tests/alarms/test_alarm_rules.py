"""Known answers of the judgements about calls for help."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from app.alarms import rules
from app.alarms.rules import Policy

T0 = datetime(2026, 11, 24, 12, tzinfo=UTC)
P = Policy()


@pytest.mark.parametrize(
    ("seconds", "stage"), [(0, 0), (29.9, 0), (30, 1), (89, 1), (90, 2), (179, 2), (180, 3), (10_000, 3)]
)
def test_the_stage_follows_the_seconds_since_it_was_received(seconds, stage):
    assert rules.stage_at(T0, T0 + timedelta(seconds=seconds), P) == stage


def test_a_township_may_set_its_own_seconds_and_numbers():
    policy = rules.policy_from({"escalate_s": [10, 20, 30], "ok_every_min": 15, "what": 1})
    assert policy.escalate_s == (10, 20, 30) and policy.ok_every_min == 15
    assert [t - T0 for t in rules.due_times(T0, policy)] == [timedelta(seconds=s) for s in (0, 5, 10, 20, 30)]


@pytest.mark.parametrize(
    ("stage", "silent", "test", "text_drills", "used"),
    [
        (1, False, False, False, False), (2, False, False, False, True), (3, False, False, False, True),
        (3, False, True, False, False), (2, False, True, True, True), (0, True, False, False, True),
    ],
)  # fmt: skip
def test_texts_come_with_the_second_stage_a_silent_ones_at_once_and_a_drills_only_if_wanted(
    stage, silent, test, text_drills, used
):
    assert rules.uses_texts(stage, silent, test, Policy(text_drills=text_drills)) is used


@pytest.mark.parametrize(
    ("told", "failed", "has_push", "waited_s", "unreached"),
    [
        ((), (), False, 0, False), ((), (), False, 4.9, False), ((), (), False, 5, True),
        (("desk",), (), False, 5, False), (("desk",), ("push",), False, 60, False),
        ((), (), True, 5, False), (("push",), (), True, 60, False), ((), ("push",), True, 5, True),
        (("push",), ("push",), True, 60, False), (("sms",), (), False, 60, True),
    ],
)  # fmt: skip
def test_who_has_neither_a_browser_that_takes_it_nor_a_desk_that_shows_it_is_unreached(
    told, failed, has_push, waited_s, unreached
):
    assert rules.is_unreached(told, failed, has_push, timedelta(seconds=waited_s), P) is unreached


@pytest.mark.parametrize(
    ("channel", "waited_min", "again_min"),
    [("push", 5, 3), ("sms", 5, 10), ("wecom", 59, 10), ("push", 60, 60), ("sms", 60 * 24 * 7, 60)],
)
def test_who_was_told_is_told_again_as_long_as_nobody_takes_it(channel, waited_min, again_min):
    wait = rules.again_after(channel, timedelta(minutes=waited_min), P)
    assert wait == timedelta(minutes=again_min)


def test_a_proof_is_an_hmac_under_a_key_of_pbkdf2():
    """Computed once more by other means, as the phone's WebCrypto does."""
    salt, nonce = b"0123456789abcdef", "00112233445566778899aabbccddeeff"
    key = hashlib.pbkdf2_hmac("sha256", b"2580", salt, 1000, 32)
    assert rules.pin_key("2580", salt, 1000) == key
    assert rules.proof_of(key, nonce) == hmac.new(key, nonce.encode(), "sha256").hexdigest()


def test_each_pin_is_known_by_its_proof_and_no_other_is():
    keys = rules.pin_key("2580", b"s", 10) + rules.pin_key("1379", b"s", 10)
    said = {
        pin: rules.judge_proof(keys, "n" * 32, rules.proof_of(rules.pin_key(pin, b"s", 10), "n" * 32))
        for pin in ("2580", "1379", "0000")
    }
    assert said == {"2580": "valid", "1379": "duress", "0000": "wrong"}
    assert (
        rules.judge_proof(keys, "m" * 32, rules.proof_of(rules.pin_key("2580", b"s", 10), "n" * 32))
        == "wrong"
    )


@pytest.mark.parametrize(
    ("proof", "has_pin", "after_s", "ending"),
    [
        ("valid", True, 9999, "cancelled"), ("duress", True, 1, "duress"), ("wrong", True, 1, "doubted"),
        (None, True, 1, "doubted"), (None, False, 5, "cancelled"), (None, False, 5.1, "claimed"),
    ],
)  # fmt: skip
def test_what_a_cancel_does(proof, has_pin, after_s, ending):
    assert rules.judge_cancel(proof, has_pin, timedelta(seconds=after_s), P) == ending


@pytest.mark.parametrize(
    ("proof", "has_pin", "ending"),
    [("valid", True, "cancelled"), ("duress", True, "duress"), ("wrong", True, "doubted"), (None, False, "claimed")],
)  # fmt: skip
def test_from_a_borrowed_phone_only_a_pin_ends_a_call(proof, has_pin, ending):
    assert rules.judge_cancel(proof, has_pin, timedelta(seconds=1), P, is_borrowed=True) == ending


@pytest.mark.parametrize(
    ("proof", "has_pin", "counts"),
    [
        ("valid", True, True),
        ("duress", True, True),
        ("wrong", True, False),
        (None, True, False),
        (None, False, True),
    ],
)
def test_an_ok_counts_with_either_pin_or_where_there_is_none(proof, has_pin, counts):
    assert rules.is_sign_of_life(proof, has_pin) is counts


@pytest.mark.parametrize(
    ("on_duty", "fit_for_one", "lone"),
    [
        (0, False, False),
        (1, False, True),
        (2, False, False),
        (0, True, True),
        (1, True, True),
        (2, True, False),
    ],
)
def test_who_is_alone(on_duty, fit_for_one, lone):
    assert rules.is_lone(on_duty, fit_for_one) is lone


def test_the_last_sign_of_life_counts_and_five_minutes_more():
    due = rules.answer_due([T0, None, T0 + timedelta(minutes=20)], P)
    assert due == T0 + timedelta(minutes=50)
    assert not rules.is_overdue(due, due + timedelta(minutes=4, seconds=59), P)
    assert rules.is_overdue(due, due + timedelta(minutes=5), P)
    assert not rules.is_overdue(rules.answer_due([None], P), T0, P)
