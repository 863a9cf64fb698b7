"""What a report may become, as a table."""

from __future__ import annotations

import pytest

from app.incidents.rules import CATEGORIES, PHRASES, Standing, after, is_phrase_of

NEW, TAKEN = Standing("new"), Standing("triaged")
PASSED = Standing("passed_on", "power")
CLOSED = Standing("closed", "power", "mended")


@pytest.mark.parametrize(
    ("now", "decision", "which", "wanted"),
    [
        (NEW, "take", None, TAKEN),
        (TAKEN, "take", None, TAKEN),
        (PASSED, "take", None, PASSED),
        (NEW, "pass_on", "power", PASSED),
        (PASSED, "pass_on", "power", PASSED),
        (PASSED, "pass_on", "roads", Standing("passed_on", "roads")),
        (NEW, "close", "gone", Standing("closed", None, "gone")),
        (PASSED, "close", "mended", CLOSED),
        (CLOSED, "close", "mended", CLOSED),
        (CLOSED, "take", None, CLOSED),
        (CLOSED, "close", "gone", None),
        (CLOSED, "pass_on", "roads", None),
    ],
)
def test_a_decision_leads_where_the_table_says(now, decision, which, wanted):
    assert after(now, decision, which) == wanted


@pytest.mark.parametrize(
    ("decision", "which"), [("pass_on", None), ("pass_on", "court"), ("close", "x"), ("burn", None)]
)
def test_what_is_on_no_list_is_no_decision(decision, which):
    with pytest.raises(ValueError, match=decision):
        after(NEW, decision, which)


def test_phrases_belong_to_their_category():
    assert is_phrase_of("road", "light_out") and is_phrase_of("road", None)
    assert not is_phrase_of("road", "gas_smell") and not is_phrase_of("nothing", "other")
    assert not is_phrase_of("petition", "other")
    assert set(PHRASES) == set(CATEGORIES)
