"""From the attributes of a feature to plain values; each fault becomes a problem of its line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from app.geofiles.problems import Problem

# A spreadsheet would run these; nothing that comes in may begin with one.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ].*)?")
MOMENT = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ]*(\d{1,2})[:：时](\d{1,2})?分?(?::(\d{1,2})(?:\.\d+)?秒?)?"
    r"(Z|[+-]\d{2}:?\d{2})?)?"
)
YES = {"1", "true", "yes", "y", "是", "t"}
NO = {"0", "false", "no", "n", "否", "f"}


class Values:
    """The attributes of one line. A missing or bad value is noted in `problems` and reads as None or the default."""

    def __init__(self, line: int, attributes: Mapping[str, Any], problems: list[Problem]) -> None:
        self.line, self._attributes, self._problems = line, attributes, problems

    def fault(self, code: str, /, **values: Any) -> None:
        """Note what is wrong with this line."""
        self._problems.append(Problem(self.line, code, values))

    def raw(self, name: str) -> str | None:
        """The value as text without its margins; a whole number without a decimal point; None when empty."""
        value = self._attributes.get(name)
        if value is None or isinstance(value, dict | list):
            return None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return str(value).strip() or None

    def text(self, name: str, most: int = 80) -> str | None:
        """A line of text, or None. Control characters, formulas and what is too long are faults."""
        value = self.raw(name)
        if value is None:
            return None
        if len(value) > most:
            return self._bad("text_too_long", field=name, most=most)
        if value.startswith(FORMULA_STARTS) or any(not _is_plain(letter) for letter in value):
            return self._bad("text_not_allowed", field=name)
        return unicodedata.normalize("NFC", value)

    def needed(self, name: str, most: int = 80) -> str:
        """As `text`; an empty one is a fault."""
        value = self.text(name, most)
        if value is None and self.raw(name) is None:
            self.fault("value_missing", field=name)
        return value or ""

    def whole(self, name: str, least: int, most: int) -> int | None:
        """A whole number in the range, or None when empty."""
        value = self.raw(name)
        if value is None:
            return None
        if not re.fullmatch(r"-?\d{1,12}", value) or not least <= int(value) <= most:
            self.fault("number_wrong", field=name, found=value[:40], least=least, most=most)
            return None
        return int(value)

    def decimal(self, name: str, default: str, least: str, most: str) -> Decimal:
        """A decimal number in the range, two places kept."""
        value = self.raw(name)
        if value is None:
            return Decimal(default)
        try:
            number = Decimal(value)
            if Decimal(least) <= number <= Decimal(most):
                return round(number, 2)
        except InvalidOperation:
            pass
        self.fault("number_wrong", field=name, found=value[:40], least=least, most=most)
        return Decimal(default)

    def day(self, name: str) -> date | None:
        """A date, written 2026-01-31, 2026/1/31 or 2026年1月31日."""
        value = self.raw(name)
        if value is None:
            return None
        if match := DAY.fullmatch(value):
            try:
                return date(*(int(part) for part in match.groups()))
            except ValueError:
                pass
        self.fault("date_wrong", field=name, found=value[:40])
        return None

    def moment(self, name: str, zone: str) -> tuple[datetime, datetime] | None:
        """A time on the clocks of `zone` unless it says otherwise, as (from, to): the same instant twice, or a whole
        day where the file has no hour."""
        value = self.raw(name)
        if value is None:
            return None
        if match := MOMENT.fullmatch(value):
            try:
                return _span_of(match, ZoneInfo(zone))
            except ValueError:
                pass
        self.fault("date_wrong", field=name, found=value[:40])
        return None

    def flag(self, name: str, default: bool) -> bool:
        """Yes or no, also 是 or 否."""
        value = (self.raw(name) or "").lower()
        if value in YES | NO:
            return value in YES
        if value:
            self.fault("flag_wrong", field=name, found=value[:40])
        return default

    def choice(self, name: str, choices: Mapping[str, str], default: str | None = None) -> str:
        """One of a closed list, by its word in either language."""
        value = self.raw(name)
        if value is None and default is not None:
            return default
        if (value or "").lower() not in choices:
            self.fault("choice_wrong", field=name, found=(value or "-")[:40], wanted=", ".join(choices))
            return default or ""
        return choices[(value or "").lower()]

    def _bad(self, code: str, /, **values: Any) -> None:
        self.fault(code, **values)


def _span_of(match: re.Match[str], zone: ZoneInfo) -> tuple[datetime, datetime]:
    day = date(*(int(part) for part in match.groups()[:3]))
    hour, minute, second, offset = match.groups()[3:]
    if hour is None:
        start = datetime(day.year, day.month, day.day, tzinfo=zone)
        return start, start + timedelta(days=1)
    clock = (int(hour), int(minute or 0), int(second or 0))
    at = datetime(day.year, day.month, day.day, *clock, tzinfo=zone)
    if offset:
        at = datetime.fromisoformat(f"{at:%Y-%m-%dT%H:%M:%S}{offset}")
    return at, at


def _is_plain(letter: str) -> bool:
    """No control, format (also the ones that turn the direction of text), private or half characters."""
    return unicodedata.category(letter) not in ("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp")
