"""Members of the demo who joined over the last year and have not been out yet, and some who left. Invented.

They are why a township's strength has gaps in training and insurance, and a trend. Nothing here commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from app.accounts.models import Person
from app.db import db
from app.teams.models import Team, TeamMember


@dataclass(frozen=True)
class Newcomer:
    """Days before today. `insured`: for so many more days, None where never; below zero it ran out."""

    team: str
    name: str
    joined: int
    trained: int | None = None
    insured: int | None = None
    left: int | None = None


NEWCOMERS = (
    Newcomer("qinghe.t00", "邹正明", 330, 300, 30, 70),
    Newcomer("qinghe.t00", "汪春生", 320, 300, 30, 100),
    Newcomer("qinghe.t00", "雷立新", 40),
    Newcomer("qinghe.t00", "龚晓东", 25, None, 340),
    Newcomer("qinghe.t02", "石桂英", 280, 250, -12),
    Newcomer("qinghe.t02", "侯志强", 200, 180, 160),
    Newcomer("qinghe.t02", "白玉梅", 45, None, 320),
    Newcomer("qinghe.t03", "孟素云", 150, 140),
    Newcomer("qinghe.t03", "熊长青", 20),
    Newcomer("qinghe.t04", "秦月娥", 230, 200, -40),
    Newcomer("qinghe.t05", "江家兴", 110, 90, 250),
    Newcomer("qinghe.t08", "尹冬梅", 85, None, None),
    Newcomer("qinghe.t08", "黎大勇", 80, 60, 280),
    Newcomer("qinghe.t10", "段红霞", 310, 290, 50, 30),
    Newcomer("qinghe.t11", "万世杰", 15),
    Newcomer("yundu.t01", "钱文斌", 60, None, 300),
)


def add_newcomers(teams: dict[str, Team], today: date) -> None:
    """`teams` by their keys in the world. Nobody of them can sign in."""
    for n, one in enumerate(NEWCOMERS, start=1):
        team = teams[one.team]
        person = Person(login=f"{one.team}.n{n:02d}", name=one.name, home_township_id=team.township_id)
        db.session.add(person)
        db.session.flush()
        db.session.add(
            TeamMember(
                team_id=team.id, person_id=person.id, adult=True, insured=one.insured is not None,
                insured_until=None if one.insured is None else today + timedelta(days=one.insured),
                trained_on=_before(today, one.trained), joined_on=today - timedelta(days=one.joined),
                left_on=_before(today, one.left),
            )
        )  # fmt: skip
    db.session.flush()


def _before(today: date, days: int | None) -> date | None:
    return None if days is None else today - timedelta(days=days)
