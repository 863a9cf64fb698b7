"""The canonical form of a body and the time of an item."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.field.rules import Policy, body_sha256, canonical_json, effective_time, policy_from

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
POLICY = Policy()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-7, "-7"),
        (2**53 - 1, "9007199254740991"),
        ("清禾", '"清禾"'),
        ('a"\\/\b\f\n\r\t\x1f\x7f', '"a\\"\\\\/\\b\\f\\n\\r\\t\\u001f\x7f"'),
        ([1, [], {}], "[1,[],{}]"),
        ({"b": 1, "a": {"d": None, "c": [True]}}, '{"a":{"c":[true],"d":null},"b":1}'),
        # RFC 8785, 3.2.3: by UTF-16 code units the smiley (a surrogate pair) comes before U+FB33.
        ({"\ufb33": 1, "\U0001f600": 2, "\u20ac": 3, "1": 4}, '{"1":4,"\u20ac":3,"\U0001f600":2,"\ufb33":1}'),
    ],
)
def test_a_value_has_its_rfc_8785_form(value, expected):
    assert canonical_json(value) == expected.encode("utf-8")


@pytest.mark.parametrize(
    "value", [1.0, 0.5, float("nan"), {"a": [1, 2.5]}, 2**53, -(2**53), {1: 2}, "\ud800", b"x", {"a": {1, 2}}]
)
def test_what_differs_between_languages_is_refused(value):
    with pytest.raises(ValueError):
        canonical_json(value)


def test_a_body_nested_too_deeply_is_refused():
    value: list = []
    for _ in range(100):
        value = [value]
    with pytest.raises(ValueError, match="deeply"):
        canonical_json(value)


def test_the_hash_is_sha256_of_the_canonical_bytes():
    body = {"shift_id": 7, "phase": "here"}
    assert body_sha256(body) == hashlib.sha256(b'{"phase":"here","shift_id":7}').hexdigest()


BODIES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(BODIES)
def test_a_canonical_form_reads_back_and_is_its_own_canonical_form(body):
    once = canonical_json(body)
    assert json.loads(once) == body
    assert canonical_json(json.loads(once)) == once


@given(st.dictionaries(st.text(max_size=4), st.integers(0, 9), max_size=6), st.randoms())
def test_the_order_of_keys_never_changes_the_hash(body, random):
    keys = list(body)
    random.shuffle(keys)
    assert body_sha256({key: body[key] for key in keys}) == body_sha256(body)


def seconds(value: float) -> timedelta:
    return timedelta(seconds=value)


HOUR = 3600


@pytest.mark.parametrize(
    ("device", "sent", "anchor", "expected", "quality"),
    [
        # All offsets in seconds from the moment of receipt.
        pytest.param(-60, -1, None, -60, "good", id="a right clock is believed"),
        pytest.param(-3 * 24 * HOUR, -1, None, -3 * 24 * HOUR, "good", id="three days offline is good"),
        pytest.param(-60, -120, None, -60, "good", id="drift of just two minutes is not corrected"),
        pytest.param(-60, -121, None, 0, "corrected", id="corrected beyond now is clamped to the receipt"),
        pytest.param(5 * HOUR - 600, 5 * HOUR, None, -600, "corrected", id="five hours fast"),
        pytest.param(-5 * HOUR - 600, -5 * HOUR, -900, -600, "corrected", id="five hours slow"),
        pytest.param(5 * HOUR, -1, None, 0, "bracket_only", id="one wrong item in a right batch, ahead"),
        pytest.param(
            -5 * HOUR, -1, -HOUR, -HOUR, "bracket_only", id="one wrong item in a right batch, behind"
        ),
        pytest.param(-HOUR - 100, -1, -HOUR, -HOUR, "good", id="a small clamp is silent"),
        pytest.param(-HOUR - 120, -1, -HOUR, -HOUR, "good", id="a clamp of the tolerance is silent"),
        pytest.param(-HOUR - 121, -1, -HOUR, -HOUR, "bracket_only", id="a larger one is not"),
        pytest.param(90, -1, None, 0, "good", id="a fix a little ahead of the server"),
        pytest.param(-60, -1, 30, 0, "good", id="an anchor after the receipt is no bracket upside down"),
    ],
)
def test_effective_time(device, sent, anchor, expected, quality):
    anchor_at = None if anchor is None else NOON + seconds(anchor)
    found = effective_time(NOON + seconds(device), NOON + seconds(sent), NOON, anchor_at, POLICY)
    assert (found.at, found.quality) == (NOON + seconds(expected), quality)


OFFSETS = st.integers(-(10**7), 10**7)


@given(OFFSETS, OFFSETS, st.none() | st.integers(-(10**6), 0))
def test_the_effective_time_is_always_inside_the_provable_bracket(device, sent, anchor):
    anchor_at = None if anchor is None else NOON + seconds(anchor)
    found = effective_time(NOON + seconds(device), NOON + seconds(sent), NOON, anchor_at, POLICY)
    assert found.at <= NOON
    assert anchor_at is None or found.at >= anchor_at


@given(OFFSETS, st.integers(-7200, 0))
def test_a_clock_that_is_wrong_all_along_does_not_move_what_happened(wrong, ago):
    found = effective_time(NOON + seconds(ago + wrong), NOON + seconds(wrong), NOON, None, POLICY)
    assert abs(found.at - (NOON + seconds(ago))) <= seconds(120)


def test_a_clock_in_the_year_9999_is_clamped_and_not_crashed_into():
    late = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
    assert effective_time(late, NOON - seconds(9000), NOON, None, POLICY).quality == "bracket_only"


def test_a_policy_ignores_keys_it_does_not_know():
    assert policy_from({"drift_tolerance_s": 60, "colour": "green"}) == Policy(drift_tolerance_s=60)
