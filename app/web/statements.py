"""A person's points of a month on the desk, each line in words: for leaders of the team, reviewers and admins."""

from __future__ import annotations

from datetime import date, datetime
from itertools import groupby
from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import clock
from app.areas.policies import place_of
from app.errors import NotFound
from app.field.points import month_after, month_before, points_of
from app.gate import allow, my_scope
from app.incentives.explaining import points_words
from app.teams.people import reach_member
from app.web.words import hhmm, local, short_day, today, use_zone

pages = Blueprint("statements", __name__)


@pages.get("/desk/points/people/<int:person_id>/<month>")
@allow("leader", "reviewer", "admin")
def show(person_id: int, month: str) -> ResponseReturnValue:
    person, first = reach_member(my_scope(), person_id), month_named(month)
    if person.home_township_id is None:
        raise NotFound()
    use_zone(place_of(person.home_township_id).zone)
    found = points_of(person, first)
    return render_template(
        "desk/statement.html", person=person, found=found, first=first, said=said, version_words=version_words,
        settled_words=settled_words, points=points_words, days=days_of(found["lines"]), before=month_before(first),
        after=month_after(first) if month_after(first) <= today() else None, short_day=short_day,
        date_of=date.fromisoformat,
    )  # fmt: skip


def month_named(text: str) -> date:
    month = clock.month_named(text)
    if month is None:
        raise NotFound()
    return month


def days_of(lines: list[dict[str, Any]]) -> list[tuple[date, list[dict[str, Any]]]]:
    """Lines by the day of the work."""
    return [
        (date.fromisoformat(day), list(part)) for day, part in groupby(lines, key=lambda line: line["day"])
    ]


def said(sentences: list[dict[str, Any]]) -> list[str]:
    return [_(one["code"], **one["figures"]) for one in sentences]


def version_words(line: dict[str, Any]) -> str:
    version = line["version"]
    return (
        _("says.rules_from", area=version["area"], day=version["since"])
        if version
        else _("says.rules_default")
    )


def settled_words(line: dict[str, Any]) -> str:
    """Whether others' phones may still change it."""
    if line["settles_at"] is None:
        return ""
    at = datetime.fromisoformat(line["settles_at"])
    if at <= clock.now():
        return _("says.settled")
    return _("says.open_until", day=short_day(local(at).date()), time=hhmm(at))
