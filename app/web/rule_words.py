"""Settings as people read and write them: minutes of the day as a time, fen as yuan, lists with commas."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from app.rulebook.rules import Fault, Key, Topic

TIME = re.compile(r"([01]?\d|2[0-3])[:：]([0-5]\d)")


def label(topic: Topic, name: str) -> str:
    return _(f"rules.key.{topic.name}.{name}")


def written(key: Key, value: Any) -> str:
    """As it stands in an input."""
    if isinstance(value, list):
        return ", ".join(written(key, one) for one in value)
    if key.unit == "clock" and isinstance(value, int):
        return f"{value // 60:02d}:{value % 60:02d}"
    if key.unit == "fen" and isinstance(value, int):
        return f"{Decimal(value) / 100:f}"
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def said(key: Key, value: Any) -> str:
    """With its unit; words to choose from in the reader's language."""
    if key.choices:
        return _(f"rules.choice.{value}")
    if key.unit == "fen" and isinstance(value, int):
        return _("rules.unit.fen", n=f"{Decimal(value) / 100:,.2f}")
    return _(f"rules.unit.{key.unit}", n=written(key, value))


def range_words(key: Key, low: Any, high: Any) -> str:
    return _("rules.range", low=said(key, low), high=said(key, high))


def hint(key: Key) -> str:
    return "" if key.choices or key.unit == "clock" else range_words(key, key.low, key.high)


def read(topic: Topic, name: str, text: str) -> Any:
    """What somebody wrote, as its kind of value; what is none stays a text, and is refused as one."""
    key, kind, text = topic.keys[name], topic.type_of(name), text.strip()
    if key.choices:
        return text
    if topic.is_list(name):
        return [_number(one, kind) for one in re.split(r"[,，、\s]+", text) if one]
    if key.unit == "clock":
        found = TIME.fullmatch(text)
        return int(found[1]) * 60 + int(found[2]) if found else text
    return _fen(text) if key.unit == "fen" else _number(text, kind)


def _number(text: str, kind: type) -> Any:
    if re.fullmatch(r"-?\d{1,9}", text):
        return int(text)
    if kind is float and re.fullmatch(r"-?\d{1,9}[.,]\d{1,6}", text):
        value = float(text.replace(",", "."))
        return value if math.isfinite(value) else text
    return text


def _fen(text: str) -> Any:
    plain = text.replace(",", "")
    if not re.fullmatch(r"-?\d{1,10}(\.\d{1,6})?", plain):
        return text
    fen = Decimal(plain) * 100
    return int(fen) if fen == fen.to_integral_value() else text


def fault_words(topic: Topic, fault: Fault | Any, name: str) -> str:
    """The sentence of a fault, its bounds written with the setting's unit."""
    key, figures = topic.keys.get(name), fault.figures
    shown = {k: said(key, v) if key and k in ("low", "high") else v for k, v in figures.items()}
    return _(f"errors.{fault.code}", **shown)


def period_words(period: str) -> str:
    year, _dash, rest = period.partition("-")
    if not rest:
        return _("rules.period.year", year=year)
    kind = "quarter" if rest.startswith("q") else "month"
    return _(f"rules.period.{kind}", year=year, n=rest.lstrip("q"))
