"""The drawer of a drawn area: its corners stand in the address, so that the view can be kept and sent on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.coverage import drawn
from app.coverage.drawn import Drawn
from app.coverage.queries import Period
from app.errors import DomainError
from app.problems import sentence
from app.teams.scope import Scope

KIND = "drawn:"
SIDES = ("west", "south", "east", "north")
Corner = tuple[float, float]


@dataclass(frozen=True)
class Outline:
    """What was drawn, and its figures or the sentence that says why there are none."""

    text: str
    found: Drawn | None
    problem: str


def outline(scope: Scope, text: str, period: Period, now: datetime) -> Outline:
    """`text` is lon,lat;lon,lat;… without the first corner again."""
    try:
        corners = _corners(text)
        found = drawn.measure(scope, [[*corners, corners[0]]], period, now)
    except DomainError as wrong:
        return Outline(text, None, sentence(f"errors.{wrong.code}", wrong.figures))
    return Outline(text, found, "")


def _corners(text: str) -> list[Corner]:
    try:
        pairs = [tuple(float(part) for part in corner.split(",")) for corner in text.split(";")]
        return [(lon, lat) for lon, lat in pairs]
    except ValueError as wrong:
        raise drawn.refused("polygon_unusable") from wrong


def rectangle(args: Mapping[str, str]) -> str | None:
    """The four sides that the form sends, as corners; None where it sent none."""
    if not all(side in args for side in SIDES):
        return None
    west, south, east, north = (args[side].strip() for side in SIDES)
    return f"{west},{south};{east},{south};{east},{north};{west},{north}"
