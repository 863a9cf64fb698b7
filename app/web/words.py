"""How times, days and lists read on a page, in the caller's language and the township's zone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import Flask, g
from flask_babel import gettext as _

from app import clock, gate
from app.web import assets

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DEFAULT_ZONE = "Asia/Shanghai"


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(
        asset=assets.asset, hhmm=hhmm, span=span, day_words=day_words, short_day=short_day,
        weekday_words=weekday_words, moment=moment, names=names, minutes_words=minutes_words,
        kind_words=kind_words, reason_words=reason_words, phrase_words=phrase_words,
    )  # fmt: skip
    app.context_processor(lambda: {"lang": gate.language(), "me": gate.me()})


def use_zone(zone: str) -> None:
    """The zone in which this request's page writes its times."""
    g.zone = zone


def zone() -> str:
    return str(g.get("zone", DEFAULT_ZONE))


def local(at: datetime) -> datetime:
    return at.astimezone(ZoneInfo(zone()))


def today() -> date:
    return clock.local_day(clock.now(), zone())


def hhmm(at: datetime | None) -> str:
    return "" if at is None else local(at).strftime("%H:%M")


def span(start: datetime, end: datetime) -> str:
    """20:00–22:30, and 22:00–次日 06:00 past midnight."""
    key = "desk.span" if local(start).date() == local(end).date() else "desk.span_next_day"
    return _(key, start=hhmm(start), end=hhmm(end))


def weekday_words(day: date) -> str:
    return _(f"desk.weekday.{day.weekday()}")


def short_day(day: date) -> str:
    return _("desk.short_day", month=day.month, day=day.day, month_name=MONTHS[day.month - 1])


def day_words(day: date) -> str:
    return _(
        "desk.day", month=day.month, day=day.day, month_name=MONTHS[day.month - 1], weekday=weekday_words(day)
    )


def moment(at: datetime | None) -> str:
    if at is None:
        return ""
    return _("desk.moment", day=short_day(local(at).date()), time=hhmm(at))


def kind_words(kind: str) -> str:
    """What a phone sent, by its kind; a newer phone's has no words here yet."""
    return known_words(f"kind.{kind.replace('.', '_')}", _("kind.other"))


def reason_words(code: str) -> str:
    """Why something waits or was refused: said for a third person, else as its sender is told."""
    return known_words(f"reasons.{code}", known_words(f"errors.{code}", code))


def phrase_words(phrase: str) -> str:
    return known_words(f"phrase.{phrase}", phrase)


def known_words(code: str, otherwise: str) -> str:
    words = _(code)
    return otherwise if words == code else words


def names(several: Iterable[object]) -> str:
    """「甲、乙」; things with a `name` are called by it."""
    words = [str(getattr(one, "name", one)) for one in several]
    return _("desk.comma").join(words) or _("desk.nobody")


def minutes_words(minutes: int) -> str:
    hours, rest = divmod(max(0, minutes), 60)
    if not hours:
        return _("desk.minutes", n=rest)
    return _("desk.hours_minutes", h=hours, n=rest) if rest else _("desk.hours", h=hours)
