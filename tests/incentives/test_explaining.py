"""Every line of points in words, in both languages."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale, gettext
from hypothesis import given
from hypothesis import strategies as st

from app.incentives import rules
from app.incentives.explaining import NEEDS, WHYS, Sentence, explain, points_words
from tests.test_translations import catalogue, figures

HALF = st.integers(-4000, 4000)


def told(app: Flask, language: str, *line: Any) -> list[str]:
    with app.test_request_context(), force_locale(language):
        return [gettext(one.code, **one.figures) for one in explain(*line)]


CASES = [
    ("night", 15, {"minutes": 90, "factor": "1.5"}, "夜间 90 分钟 × 0.5（倍数 1.5 中超出的部分）→ 7.5 分",
     "Night: 90 minutes × 0.5 (what factor 1.5 adds) → 7.5 points"),
    ("base", 50, {"minutes": 150}, "计时 150 分钟 → 25 分", "150 minutes counted → 25 points"),
    ("all_checkpoints", 20, {"counted": 7, "required": 8}, "巡查点 7/8 到达 → 10 分",
     "Checkpoints 7 of 8 reached → 10 points"),
    ("hotspot_visits", 12, {"visits": 2, "qualified": 3}, "重点部位有效到访 3 次，其中 2 次计分 → 6 分",
     "Qualified hotspot visits: 3, of them paid: 2 → 6 points"),
    ("hazard", 20, {"incident_id": "x7", "severity": "medium", "nth": 1}, "较大隐患，已核实（本班第 1 处）→ 10 分",
     "Middling hazard, verified, number 1 of the shift → 10 points"),
    ("on_time_month", 40, {"shifts": 10, "punctual": 9, "percent": 90}, "全月 10 班，准时 9 班（百分之 90）→ 20 分",
     "On time in 9 of 10 shifts of the month (90 percent) → 20 points"),
    ("training", 50, {"minutes": 150, "sessions": 1}, "培训或演练 150 分钟 → 25 分",
     "Training or drill: 150 minutes → 25 points"),
    ("false_checkin", -100, {"points": 50}, "经申辩和两人核定的不实签到 → −50 分",
     "False check-in, after the right of reply and by two persons: −50 points"),
    ("no_show", -20, {"shift_id": 4}, "未到且未提前告知 → −10 分",
     "No-show without notice → −10 points"),
    ("snow", 6, {"cm": 3}, "按规则“snow” → 3 分", "By the rule snow → 3 points"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "half", "detail", "zh", "en"), CASES)
def test_a_line_says_how_it_came_about(
    app: Flask, rule: str, half: int, detail: dict[str, Any], zh: str, en: str
) -> None:
    assert told(app, "zh", rule, half, detail) == [zh]
    assert told(app, "en", rule, half, detail) == [en]


def test_what_a_cap_took_and_which_is_told_and_why_a_line_was_changed(app: Flask) -> None:
    detail = {"minutes": 90, "factor": "1.5", "uncapped_half": 15, "cap": "year"}
    assert told(app, "en", "night", 5, detail, "cap_moved", 3) == [
        "Night: 90 minutes × 0.5 (what factor 1.5 adds) → 7.5 points",
        "The year's cap is reached: 7.5 would have been due, 2.5 are counted.",
        "It changed because something else moved what the limit leaves.",
    ]


def test_what_the_limit_of_a_quarters_training_took_is_told(app: Flask) -> None:
    line = (
        "training",
        30,
        {"minutes": 150, "sessions": 1, "uncapped_half": 50, "cap": "quarter"},
        "cap_moved",
        3,
    )
    assert told(app, "en", *line) == [
        "Training or drill: 150 minutes → 25 points",
        "The quarter's limit for training is reached: 25 would have been due, 15 are counted.",
        "It changed because something else moved what the limit leaves.",
    ]
    assert told(app, "zh", *line)[1] == "本季培训已到上限：原为 25 分，计 15 分。"


def test_what_the_floor_of_a_month_left_is_told(app: Flask) -> None:
    assert told(app, "zh", "no_show", -10, {"shift_id": 4, "uncapped_half": -20}) == [
        "未到且未提前告知 → −10 分", "本应 −10 分；当月不低于 0，记 −5 分。",
    ]  # fmt: skip


def test_of_an_older_line_it_is_not_known_which_cap_cut_it() -> None:
    assert explain("base", 5, {"minutes": 60, "uncapped_half": 20})[1].code == "says.cut_by.any"


def test_what_pricing_makes_is_explained_with_its_figures() -> None:
    """With all its figures: none falls back to the short sentence."""
    assert set(rules.RULE_VERSIONS) <= set(NEEDS)
    for rule, detail in DETAILS.items():
        assert explain(rule, 10, detail)[0].code == f"says.{rule}"


DETAILS: dict[str, dict[str, Any]] = {
    "base": {"minutes": 60}, "night": {"minutes": 60, "factor": "1.5"}, "holiday": {"minutes": 60, "factor": "1.5"},
    "all_checkpoints": {"counted": 3, "required": 3},
    "hotspot_visits": {"visits": 1, "qualified": 1},
    "hard_to_fill": {"bonus": 5}, "training": {"minutes": 60, "sessions": 1}, "no_show": {"shift_id": 4},
    "on_time_month": {"shifts": 4, "punctual": 4, "percent": 100}, "false_checkin": {"points": 50},
}  # fmt: skip


@given(
    rule=st.sampled_from([*NEEDS, "other", ""]),
    half=HALF,
    detail=st.dictionaries(
        st.sampled_from(["minutes", "factor", "visits", "uncapped_half", "cap", "qualified", "bonus", "month", "item"]),
        st.one_of(st.none(), st.integers(0, 500), st.sampled_from(["1.5", "2"])), max_size=9,
    ),
    why=st.one_of(st.none(), st.sampled_from([*WHYS, "later"])),
)  # fmt: skip
def test_no_line_is_without_words(rule: str, half: int, detail: dict[str, Any], why: str | None) -> None:
    for language in ("zh", "en"):
        words = catalogue("statements", language)
        for sentence in explain(rule, half, detail, why):
            assert figures(words[sentence.code][0]) <= set(sentence.figures)


@given(HALF)
def test_half_points_are_written_with_their_half_and_a_true_minus(half: int) -> None:
    text = points_words(half)
    assert float(text.replace("−", "-")) * 2 == half and "-" not in text


def test_a_sentence_is_the_same_in_every_language() -> None:
    assert explain("base", 20, {"minutes": 60}) == (Sentence("says.base", {"minutes": "60", "points": "10"}),)
