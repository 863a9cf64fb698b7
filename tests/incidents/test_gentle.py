"""Words about places pass, words about people are named; the phone holds the same table (tests/js/gentle.test.js)."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.incidents import models, rules
from app.incidents.rules import FOUND, words_about_people

CASES = json.loads(Path(__file__).with_name("gentle_cases.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("words", "found"), CASES)
def test_what_is_about_a_person_is_found_and_what_is_about_a_place_is_not(words, found):
    assert list(words_about_people(words)) == found


def test_each_kind_has_cases_on_both_sides():
    assert {code for _, found in CASES for code in found} == set(FOUND)
    assert sum(not found for _, found in CASES) >= 20


@given(
    st.from_regex(re.compile(r"\A1[3-9][0-9]{9}\Z", re.ASCII)), st.sampled_from(["", " ", "-", "\u3000", "·"])
)
def test_a_mobile_number_is_found_however_it_is_broken_up(number, gap):
    spaced = gap.join((number[:3], number[3:7], number[7:]))
    assert "call_number" in words_about_people(f"请打{spaced}。")


@given(st.text(max_size=280))
def test_any_words_get_an_answer(words):
    assert set(words_about_people(words)) <= set(FOUND)


def test_the_longest_words_are_looked_at_in_linear_time():
    """Built to make a careless pattern try for ever; it would not come back."""
    for words in ("有个" + "的" * 278, "1" * 280, "a " * 140, "他家" * 140, "鄂A" * 140):
        words_about_people(words)


def test_the_lists_of_rules_and_table_are_the_same():
    for name in ("CATEGORIES", "HOW", "STATES", "OFFICES", "CLOSINGS"):
        assert getattr(models, name) == getattr(rules, name)
