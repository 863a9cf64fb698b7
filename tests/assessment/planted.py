"""A quarter whose figures are known, because everything was put where it counts."""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from app.accounts.rules import uuid7
from app.assessment.models import AssessmentNotice
from app.assessment.rules import Quarter
from app.db import db
from app.incidents import operations as incidents
from app.incidents.operations import Report
from app.teams.scope import scope_of
from tests import cast, make, places

QUARTER = Quarter(date(2026, 10, 1))
# The quarter is over, and every term in it.
AFTER = datetime.fromisoformat("2027-02-05T02:00Z")
WEST, EAST = (200, 900), (900, 900)


def report(
    people: cast.Cast,
    at: datetime,
    where: tuple[float, float],
    category: str = "road",
    phrase: str = "light_out",
) -> UUID:
    """A hazard as a member tells it."""
    id_ = uuid7(at, secrets.token_bytes(10))
    told = Report(
        people.town.township.id, id_, people.member.id, people.town.team.id, None, category, phrase, None,
        places.here(*where), "here", 8, None, (), at,
    )  # fmt: skip
    incidents.record_report(told, at)
    return id_


def decide(people: cast.Cast, id_: UUID, decision: str, which: str | None, at: datetime) -> None:
    incidents.decide(people.leader, scope_of(people.leader), id_, decision, which, at)


def hazards(people: cast.Cast) -> None:
    """West: one mended in 2 days, one closed too late, one that came again. East: one passed on within a day of being
    told twice, never closed; one that was none; an event of order."""
    start = make.EVENING
    day = timedelta(days=1)
    mended = report(people, start, WEST)
    decide(people, mended, "close", "mended", start + 2 * day)
    late = report(people, start, (200, 700), phrase="surface_broken")
    decide(people, late, "take", None, start + day)
    decide(people, late, "close", "gone", start + 9 * day)
    again = report(people, start, (200, 300), "fire", "wires_bare")
    decide(people, again, "close", "mended", start + day)
    third = report(people, start + 9 * day, (205, 300), "fire", "wires_bare")
    decide(people, third, "close", "handled", start + 10 * day)
    twice = report(people, start, EAST, "weather", "tree_down")
    report(people, start + day, (905, 900), "weather", "tree_down")
    decide(people, twice, "pass_on", "roads", start + 2 * day)
    none = report(people, start, (900, 300), "fire", "smoke_or_fire")
    decide(people, none, "close", "no_hazard", start + day)
    report(people, start, (900, 500), "order", "fight")


def look_after(people: cast.Cast) -> None:
    """The team is the west village's too."""
    from app.teams.models import TeamArea

    make.save(TeamArea(team_id=people.town.team.id, area_id=people.town.villages[0].id))


def notice(
    people: cast.Cast, village: Any, month: date, published_on: date | None, confirmed: bool = True
) -> AssessmentNotice:
    row = AssessmentNotice(
        township_id=people.town.township.id, id=uuid7(make.EVENING, secrets.token_bytes(10)),
        village_id=village.id, month=month, published_on=published_on,
        channel="board" if published_on else None, paper="第2026-3号" if published_on else None,
        entered_by=people.reviewer.id, entered_at=make.EVENING,
        confirmed_by=people.admin.id if confirmed else None, confirmed_at=make.EVENING if confirmed else None,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row
