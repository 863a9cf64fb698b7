"""All topics that people may edit, in one place: a topic is its rules' dataclass and a `Key` for each of its fields.
Their words are `rules.topic.<topic>` and `rules.key.<topic>.<key>` in the subject `rules`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from app.approval import rules as approval
from app.assessment import rules as assessment
from app.checkins import rules as checkins
from app.coverage import rules as coverage
from app.duty import rules as duty
from app.fairness import rules as fairness
from app.incentives import rules as incentives
from app.money import rules as money
from app.redemption import rules as redemption
from app.rulebook.rules import Key, Topic
from app.strength import rules as staffing

# (key, code of the fault) of a whole body.
Together = Callable[[Mapping[str, Any]], Iterable[tuple[str, str]]]


def _points(high: int) -> Key:
    return Key("points", 0, high)


def _minutes(high: int, low: int = 0) -> Key:
    return Key("minutes", low, high)


def _times(high: int, low: int = 0) -> Key:
    return Key("times", low, high)


CLOCK = Key("clock", 0, 1439)
FACTOR = Key("factor", 1, 3)

INCENTIVES = Topic(
    "incentives", incentives.Policy, {
        "base_per_hour": _points(100), "step_min": _minutes(60, 1), "shift_max_min": _minutes(720),
        "day_max_min": _minutes(1440), "night_from_min": CLOCK, "night_to_min": CLOCK, "night_factor": FACTOR,
        "holiday_factor": FACTOR, "factor_cap": FACTOR, "all_checkpoints": _points(100),
        "checkpoints_may_miss": _times(10), "checkpoints_least": _times(50, 1), "visit": _points(50),
        "visits_a_shift": _times(20),
        # Not above what pricing looks back for anybody's last visit (app/incentives/queries.py, LOOK_BACK).
        "visit_gap_min": _minutes(120),
        "hard_to_fill_max": _points(50), "hazard_low": _points(100), "hazard_medium": _points(100),
        "hazard_high": _points(100), "hazards_a_shift": _times(20), "training_per_hour": _points(100),
        "training_a_quarter": _points(1000), "on_time_month": _points(200), "on_time_shifts": _times(60, 1),
        "on_time_percent": Key("percent", 0, 100), "late_min": _minutes(120), "no_show": _points(100),
        "notice_min": _minutes(2880), "false_checkin": _points(500), "reply_days": Key("days", 1, 30),
        "month_cap": _points(2000), "year_cap": _points(20_000),
    }, starts="month",
)  # fmt: skip
STAFFING = Topic(
    "staffing", staffing.Settings, {
        "full_time_per_mille": Key("per_mille", 0, 20), "joint_below": _times(20),
        "volunteer_percent": Key("percent", 0, 100), "volunteer_base": Key("choice", choices=staffing.BASES),
        "active_days": Key("days", 1, 365), "outings_a_month": _times(60), "outing_h": Key("hours", 0, 12),
        "wage_fen_a_month": Key("fen", 0, 5_000_000), "allowance_fen_a_month": Key("fen", 0, 1_000_000),
        "volunteer_allowance_fen_an_outing": Key("fen", 0, 100_000), "insurance_fen_a_year": Key("fen", 0, 1_000_000),
        "points_a_month": _points(2000),
    },
)  # fmt: skip
DUTY = Topic(
    "duty", duty.Policy, {
        "late_after_min": _minutes(120), "grace_min": _minutes(60), "min_crew": _times(10, 1),
        "forgotten_end_after_min": _minutes(720, 10), "volunteer_shift_max_min": _minutes(720, 60),
        "rest_min": _minutes(1440), "nights_a_week": _times(7), "pair_in_a_row": _times(50, 1),
        "night_from_min": CLOCK, "night_to_min": CLOCK,
    },
)  # fmt: skip
CHECKINS = Topic(
    "checkins", checkins.Policy, {
        "allowance_m": Key("metres", 0, 200), "max_accuracy_m": Key("metres", 5, 1000), "grace_min": _minutes(60),
        "open_duty_min": _minutes(720), "flag_speed_kmh": Key("kmh", 5, 200), "hold_speed_kmh": Key("kmh", 10, 500),
        "old_fix_s": Key("seconds", 1, 600), "window_grace_min": _minutes(120), "repeated_n": _times(50, 2),
        "repeated_span_s": Key("seconds", 10, 86_400), "constant_accuracy_n": _times(200, 2),
        "constant_accuracy_span_s": Key("seconds", 10, 86_400), "constant_offset_n": _times(50, 2),
        "constant_offset_min_m": Key("metres", 1, 10_000), "constant_offset_spread_m": Key("metres", 1, 1000),
        "pair_max_min": _minutes(1440), "code_reuse_min": _minutes(240), "cosign_within_min": _minutes(240),
        "min_level_for_points": _times(4),
    },
)  # fmt: skip
COVERAGE = Topic(
    "coverage", coverage.Policy, {
        "merge_gap_s": Key("seconds", 0, 3600), "visit_min_s": Key("seconds", 0, 3600),
        "visit_qualified_min": _minutes(120, 1), "visit_credit_min": _minutes(240, 1), "slot_min": _minutes(1440, 10),
        "slot_rest_min": _minutes(1440), "max_idle_min": _minutes(1440), "worst_gap_min": _minutes(1440, 1),
        "cell_min": _minutes(120), "cell_street_m": Key("metres", 1, 1000),
        "walk_m_per_min": Key("metres_a_minute", 10, 500), "punctual_min": _minutes(120),
        "fresh_days": Key("days", 1, 365), "few_incidents": _times(1000),
    },
)  # fmt: skip
APPROVAL = Topic(
    "approval", approval.Policy, {
        "audit_percent": Key("percent", 0, 100), "outlier_z": Key("times", 1, 20), "outlier_least": _times(100, 3),
        "flags_least": _times(100, 1), "flags_per_shift": Key("times", 0, 20),
        "notice_working_days": Key("days", 1, 30), "objection_working_days": Key("days", 1, 60),
    },
)  # fmt: skip
REDEMPTION = Topic(
    "redemption", redemption.Policy, {
        "mode": Key("choice", choices=("shop", "time_bank")), "fen_per_point": Key("fen", 1, 1000),
        "collect_days": Key("days", 1, 90), "expiry_months": Key("months", 1, 120), "warn_days": Key("days", 1, 365),
        "time_bank_from_h": Key("hours", 0, 10_000), "time_bank_cap_h": Key("hours", 1, 100_000),
    },
)  # fmt: skip


def _grades_rise(best: str, good: str, fair: str) -> Together:
    def faults(body: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
        if not body[fair] < body[good] < body[best]:
            yield best, "rule_grades_rise"

    return faults


MONEY = Topic(
    "money", money.Policy, {
        "fen_a_person_a_year": Key("fen", 0, 100_000),
        **{f"{line}_percent": Key("percent", 0, 100) for line in money.POT_LINES},
        "a_from": _points(100), "b_from": _points(100), "c_from": _points(100),
        **{f"{grade}_factor": Key("factor", 0, 3) for grade in "abcd"}, "restored_most": Key("factor", 0, 1),
        "stop_percent": Key("percent", 0, 100),
    }, together=_grades_rise("a_from", "b_from", "c_from"),
)  # fmt: skip


def _scorecard_holds(body: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for column in assessment.COLUMNS:
        if (
            sum(assessment.exact(body[f"{one}_{column}"]) for one in assessment.INDICATORS)
            != assessment.HUNDRED
        ):
            yield f"{assessment.INDICATORS[0]}_{column}", "rule_weights_hundred"
    for one in assessment.INDICATORS:
        if body[f"{one}_floor"] >= body[f"{one}_target"]:
            yield f"{one}_target", "rule_target_above_floor"
    yield from _grades_rise("grade_a", "grade_b", "grade_c")(body)


ASSESSMENT = Topic(
    "assessment", assessment.Policy, {
        **{f"{one}_{column}": Key("points", 0, assessment.HEAVIEST)
           for one in assessment.INDICATORS for column in assessment.COLUMNS},
        **{f"{one}_{end}": Key("percent", 0, 100) for one in assessment.INDICATORS for end in ("floor", "target")},
        "few_below": _times(1000, 1), "township_percent": Key("percent", 0, 100),
        "lowest_percent": Key("percent", 0, 100),
        "own_percent": Key("percent", 0, 100), "grade_a": _points(100), "grade_b": _points(100),
        "grade_c": _points(100),
        "restored_percent": Key("percent", 0, 100), "hazard_days": Key("days", 1, 365),
        "reopen_days": Key("days", 1, 365),
        "mend_days": Key("days", 1, 365), "follow_up_h": Key("hours", 1, 1000), "publicity_day": Key("times", 1, 28),
        "notice_days": Key("days", 1, 90), "term_days": Key("days", 1, 365),
    }, together=_scorecard_holds,
)  # fmt: skip
FAIRNESS = Topic(
    "fairness", fairness.Policy, {
        "same_m": Key("metres", 0, 50), "same_s": Key("seconds", 0, 60), "same_walk_taps": _times(50, 1),
        "same_walk_spots": _times(50, 1), "same_walk_percent": Key("percent", 0, 100),
        "shared_phone_times": _times(50, 1),
        "shared_phone_min": _minutes(1440), "two_places_kmh": Key("kmh", 10, 1000),
        "two_places_m": Key("metres", 0, 50_000),
        "self_closed_least": _times(100, 1), "closed_for_least": _times(100, 1),
        "closed_for_times": Key("times", 1, 20),
        "split_m": Key("metres", 0, 1000), "split_days": Key("days", 1, 90), "split_least": _times(100, 2),
        "pair_team": _times(100, 2), "cosign_least": _times(100, 1), "cosign_percent": Key("percent", 0, 100),
        "cosign_above": Key("percent", 0, 100), "rush_days": Key("days", 1, 15),
        "rush_percent": Key("percent", 0, 100),
        "rush_above": Key("percent", 0, 100), "rush_points": _points(2000), "rush_visits": _times(500, 1),
        "thin_min": _minutes(60), "thin_least": _times(500, 1), "thin_percent": Key("percent", 0, 100),
        "rhythm_min": _minutes(60), "rhythm_least": _times(500, 1), "rhythm_percent": Key("percent", 0, 100),
        "standing_percent": Key("percent", 0, 100), "standing_duty_min": _minutes(1440),
        "standing_duties": _times(100, 1),
        "again_percent": Key("percent", 1, 1000), "rank_least": _times(50, 3),
    },
)  # fmt: skip
TOPICS: dict[str, Topic] = {
    one.name: one
    for one in (
        INCENTIVES, APPROVAL, REDEMPTION, MONEY, ASSESSMENT, FAIRNESS, STAFFING, DUTY, CHECKINS, COVERAGE,
    )
}  # fmt: skip
