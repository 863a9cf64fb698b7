"""Every line of points in words: codes of sentences with their figures, which the desk and the phone say in the
reader's language. A rule that is not known here gets a plain sentence; figures that lack leave the short one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

# Of each rule the figures that its sentence needs; a line without them says the rule's name alone.
NEEDS: dict[str, tuple[str, ...]] = {
    "base": ("minutes",),
    "night": ("minutes", "factor"),
    "holiday": ("minutes", "factor"),
    "all_checkpoints": ("counted", "required"),
    "hotspot_visits": ("visits", "qualified"),
    "hard_to_fill": ("bonus",),
    "hazard": ("severity", "nth"),
    "training": ("minutes", "sessions"),
    "on_time_month": ("shifts", "punctual", "percent"),
    "no_show": (),
    "false_checkin": ("points",),
    "approval": ("month",),
    "redemption": (),
    "donation": (),
    "expiry": ("month",),
}
SEVERITIES = ("low", "medium", "high")
WHYS = ("came_late", "facts_changed", "rule_changed", "cap_moved")


@dataclass(frozen=True)
class Sentence:
    """A code of the catalogue (subject `statements`) with what its blanks take; the same in every language."""

    code: str
    figures: dict[str, str]


def explain(
    rule: str, amount_half: int, detail: Mapping[str, Any], why: str | None = None, n: int = 1
) -> tuple[Sentence, ...]:
    """What a line is for, what of it a cap took, and why it is no longer what it was at first."""
    said = [_what(rule, amount_half, detail)]
    full = detail.get("uncapped_half")
    if isinstance(full, int) and full < amount_half < 0:
        figures = {"full": points_words(full), "points": points_words(amount_half)}
        said.append(Sentence("says.floor", figures))
    if isinstance(full, int) and full > amount_half:
        figures = {"full": points_words(full), "points": points_words(amount_half)}
        said.append(Sentence(f"says.cut_by.{_cap(detail)}", figures))
    if why is not None:
        code = why if why in WHYS else "other"
        said.append(Sentence(f"says.why.{code}", {"n": str(n)}))
    return tuple(said)


def _what(rule: str, amount_half: int, detail: Mapping[str, Any]) -> Sentence:
    full = detail.get("uncapped_half", amount_half)
    points = points_words(full if isinstance(full, int) else amount_half)
    needed = NEEDS.get(rule)
    if needed is None:
        return Sentence("says.other", {"rule": rule, "points": points})
    if any(detail.get(key) is None for key in needed):
        return Sentence(f"says.{rule}.short", {"points": points})
    figures = {key: str(detail[key]) for key in needed}
    if rule == "hazard":
        code = (
            "says.hazard" if figures["severity"] not in SEVERITIES else f"says.hazard.{figures['severity']}"
        )
        return Sentence(code, {"nth": figures["nth"], "points": points})
    if "factor" in figures:
        figures["beyond"] = _plain(Fraction(figures["factor"]) - 1)
    return Sentence(f"says.{rule}", {**figures, "points": points})


def _cap(detail: Mapping[str, Any]) -> str:
    cap = detail.get("cap")
    return cap if cap in ("month", "year", "quarter") else "any"


def points_words(half: int) -> str:
    """Half points as points: 15 → 7.5, 20 → 10, −3 → −1.5 with a true minus."""
    return ("−" if half < 0 else "") + _plain(Fraction(abs(half), 2))


def _plain(number: Fraction) -> str:
    return f"{float(number):g}"
