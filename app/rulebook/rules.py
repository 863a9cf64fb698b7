"""What a change of rules may say: types, hard ranges, a county's bounds, days. Pure; `topics.py` has the topics."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

Number = int | float
Bounds = Mapping[str, Sequence[Number]]
# Since when a topic's numbers may count at the earliest: the running month is priced again as a whole; what judges a
# day's work is known before the day begins.
Starts = Literal["month", "tomorrow"]
LATEST_DAYS = 366
MOST_IN_LIST = 8
NOTE_LETTERS = 200


@dataclass(frozen=True)
class Key:
    """A setting: its unit (`points`, `minutes`, `clock` = minute of the day, `fen`, …), the hard range beyond which it
    means nothing, or the words to choose from."""

    unit: str
    low: Number = 0
    high: Number = 0
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Topic:
    """`policy` is the frozen dataclass of the topic's rules: its fields are the keys, its defaults what counts where
    nobody has said anything."""

    name: str
    policy: type
    keys: Mapping[str, Key]
    starts: Starts = "tomorrow"
    # What must hold of several keys together: (key, code of the fault) of a body with all of them.
    together: Callable[[Mapping[str, Any]], Iterable[tuple[str, str]]] = lambda body: ()

    @property
    def defaults(self) -> dict[str, Any]:
        found = {f.name: f.default for f in fields(self.policy) if f.name in self.keys}
        return {key: list(value) if isinstance(value, tuple) else value for key, value in found.items()}

    def type_of(self, name: str) -> type:
        """int, float, bool or str; of a list its items'."""
        said = _types_of(self.policy)[name]
        return get_args(said)[0] if get_origin(said) is tuple else said

    def is_list(self, name: str) -> bool:
        return get_origin(_types_of(self.policy)[name]) is tuple

    def body_in_force(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """A stored body with what it leaves to the defaults; keys that nobody knows any more are left out."""
        return {key: body.get(key, value) for key, value in self.defaults.items()}


@cache
def _types_of(policy: type) -> dict[str, Any]:
    return get_type_hints(policy)


@dataclass(frozen=True)
class Fault:
    key: str
    code: str
    figures: dict[str, Any] = field(default_factory=dict)


def body_faults(topic: Topic, body: Mapping[str, Any]) -> list[Fault]:
    """One a key: unknown, of the wrong type, out of its hard range; where there is none, what does not go together."""
    found = []
    for name, value in body.items():
        key = topic.keys.get(name)
        fault = (
            Fault(name, "rule_key_unknown", {"key": name})
            if key is None
            else _value_fault(topic, name, key, value)
        )
        if fault:
            found.append(fault)
    return found or [Fault(*one) for one in topic.together(topic.body_in_force(body))]


def _value_fault(topic: Topic, name: str, key: Key, value: Any) -> Fault | None:
    if key.choices:
        return None if value in key.choices else Fault(name, "rule_choice_unknown")
    values, wanted = value if topic.is_list(name) else [value], topic.type_of(name)
    if not isinstance(values, list) or not 0 < len(values) <= MOST_IN_LIST:
        return Fault(name, "rule_type_wrong")
    if not all(is_of_type(one, wanted) for one in values):
        return Fault(name, "rule_whole_number" if wanted is int else "rule_type_wrong")
    if wanted is bool or all(key.low <= one <= key.high for one in values):
        return None
    return Fault(name, "rule_out_of_range", {"low": key.low, "high": key.high, "unit": key.unit})


def is_of_type(value: Any, wanted: type) -> bool:
    """Strictly: true is no number, 1.5 no whole one; where fractions may be, a whole number may be too. No NaN."""
    if wanted is bool or isinstance(value, bool):
        return wanted is bool and isinstance(value, bool)
    return isinstance(value, int) or (wanted is float and isinstance(value, float) and value == value)


def can_be_bound(topic: Topic, name: str) -> bool:
    """Bounds are for single numbers; no list, no word, no time of the day, which goes round."""
    is_number = not topic.is_list(name) and topic.type_of(name) in (int, float)
    return is_number and topic.keys[name].unit != "clock"


def bounds_faults(topic: Topic, body: Mapping[str, Any]) -> list[Fault]:
    return [fault for name, pair in body.items() if (fault := _pair_fault(topic, name, pair))]


def _pair_fault(topic: Topic, name: str, pair: Any) -> Fault | None:
    if name not in topic.keys or not can_be_bound(topic, name):
        return Fault(name, "rule_key_unknown", {"key": name})
    if not isinstance(pair, list) or len(pair) != 2:
        return Fault(name, "rule_type_wrong")
    wrong = [fault for one in pair if (fault := _value_fault(topic, name, topic.keys[name], one))]
    if wrong:
        return wrong[0]
    return None if pair[0] <= pair[1] else Fault(name, "rule_bounds_crossed")


def outside(topic: Topic, body: Mapping[str, Any], bounds: Bounds) -> list[Fault]:
    """The numbers of a township that lie outside its county's bounds, those that it leaves to the defaults too."""
    found = []
    for name, value in topic.body_in_force(body).items():
        if name in bounds and not bounds[name][0] <= value <= bounds[name][1]:
            figures = {"low": bounds[name][0], "high": bounds[name][1], "unit": topic.keys[name].unit}
            found.append(Fault(name, "rule_out_of_bounds", figures))
    return found


def changed_keys(
    topic: Topic, before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[tuple[str, Any, Any]]:
    """(key, before, after) of what differs, defaults filled in."""
    old, new = topic.body_in_force(before), topic.body_in_force(after)
    return [(key, old[key], new[key]) for key in old if old[key] != new[key]]


# --- days ---------------------------------------------------------------------------------------------------------


def earliest(starts: Starts, today: date) -> date:
    return today.replace(day=1) if starts == "month" else today + timedelta(days=1)


def day_fault(starts: Starts, valid_from: date, today: date, frozen: set[date]) -> Fault | None:
    """A change counts from the first of the running month or from tomorrow, at most a year ahead, and never in a month
    whose points are frozen."""
    first = earliest(starts, today)
    if valid_from < first:
        return Fault("valid_from", "rule_day_past", {"day": first.isoformat()})
    if valid_from > today + timedelta(days=LATEST_DAYS):
        return Fault("valid_from", "rule_day_far")
    if valid_from.replace(day=1) in frozen:
        return Fault("valid_from", "rule_day_frozen", {"month": f"{valid_from:%Y-%m}"})
    return None


# --- periods ------------------------------------------------------------------------------------------------------

_PERIOD = re.compile(r"(20\d\d)(?:-(0[1-9]|1[0-2])|-q([1-4]))?")


def span_of(period: str) -> tuple[date, date] | None:
    """First and last day of `2026-11`, `2026-q4` or `2026`; None for anything else."""
    found = _PERIOD.fullmatch(period)
    if found is None:
        return None
    year, month, quarter = int(found[1]), found[2], found[3]
    first = int(month) if month else 3 * int(quarter) - 2 if quarter else 1
    last = first + (0 if month else 2 if quarter else 11)
    following = date(year + last // 12, last % 12 + 1, 1)
    return date(year, first, 1), following - timedelta(days=1)


def periods_before(today: date) -> list[str]:
    """What a draft may be tried on: this month and the five before, this quarter and the three before, this year and
    the one before."""
    n = today.year * 12 + today.month - 1
    months = [f"{m // 12}-{m % 12 + 1:02d}" for m in range(n, n - 6, -1)]
    q = today.year * 4 + (today.month - 1) // 3
    quarters = [f"{k // 4}-q{k % 4 + 1}" for k in range(q, q - 4, -1)]
    return [*months, *quarters, str(today.year), str(today.year - 1)]


# --- differences --------------------------------------------------------------------------------------------------

# Half points before and after.
Pair = tuple[int, int]
Halves = Mapping[str, int]


def pairs_of(before: Halves, after: Halves) -> dict[str, Pair]:
    return {key: (before.get(key, 0), after.get(key, 0)) for key in sorted({*before, *after})}


def cost_fen(half: int, fen_a_point: int) -> int:
    """What half points are worth in goods, in whole fen, rounded down."""
    return half * fen_a_point // 2


def sums(values: Mapping[Any, int], by: Callable[[Any], str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for key, value in values.items():
        found[by(key)] = found.get(by(key), 0) + value
    return found
