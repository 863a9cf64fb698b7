"""Makers: one row with sensible defaults, committed. Each answers the row it made.

`with together():` what is made inside is committed once, at its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from geoalchemy2.shape import from_shape
from shapely.geometry import LineString, MultiPolygon, Point
from sqlalchemy.dialects.postgresql import Range

from app.accounts.models import Person
from app.areas.models import Area, PolicyVersion
from app.coverage.pieces import cut
from app.db import db
from app.duty.models import Assignment, Duty, Shift
from app.geo import projector
from app.hotspots.models import Hotspot, RiskWindow
from app.routes.models import Checkpoint, NetworkVersion, Route, RouteVersion, Street
from app.teams.models import RoleGrant, Team, TeamArea, TeamMember
from tests import places

_serial = count(1)
# Tuesday 24 November 2026, 20:00 in Shanghai: the tests' evening.
EVENING = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DAY = date(2026, 11, 24)


_together = False


@contextmanager
def together() -> Iterator[None]:
    """A commit makes the session forget what it read; twenty in a row are most of the time that a cast takes."""
    global _together
    _together = True
    try:
        yield
        db.session.commit()
    finally:
        _together = False


def save(row: Any) -> Any:
    db.session.add(row)
    keep()
    return row


def keep() -> None:
    if _together:
        db.session.flush()
    else:
        db.session.commit()


def metres(line: LineString) -> LineString:
    x, y = projector(places.CRS)([c[0] for c in line.coords], [c[1] for c in line.coords])
    return LineString(list(zip(x, y, strict=True)))


def make_area(level: str, name: str, shape: MultiPolygon, parent: Area | None = None, **more: Any) -> Area:
    code = more.pop("code", f"4201{next(_serial):08d}")
    township_id = None
    if parent is not None:
        township_id = parent.id if parent.level == "township" else parent.township_id
    area = Area(
        code=code, name=name, level=level, parent_id=parent.id if parent else None,
        county_id=(parent.county_id or parent.id) if parent else None, township_id=township_id,
        geom=from_shape(shape, srid=4326), metres_crs=places.CRS, **more,
    )  # fmt: skip
    save(area)
    if level == "township":
        area.township_id = area.id
        save(area)
    return area


def make_team(
    township: Area, name: str | None = None, kind: str = "volunteer", areas: Sequence[Area] = ()
) -> Team:
    team = save(Team(township_id=township.id, name=name or f"第{next(_serial)}队", kind=kind))
    for area in areas or (township,):
        save(TeamArea(team_id=team.id, area_id=area.id))
    return team


def make_person(name: str, township: Area | None, login: str | None = None, **more: Any) -> Person:
    login = login or f"p{next(_serial)}"
    return save(Person(login=login, name=name, home_township_id=township.id if township else None, **more))


def join_team(person: Person, team: Team, **more: Any) -> TeamMember:
    values = {"adult": True, "insured": True, "joined_on": date(2026, 1, 1), **more}
    return save(TeamMember(team_id=team.id, person_id=person.id, **values))


def grant(person: Person, role: str, *, team: Team | None = None, area: Area | None = None) -> RoleGrant:
    ids = {"team_id": team.id if team else None, "area_id": area.id if area else None}
    return save(RoleGrant(person_id=person.id, role=role, **ids))


def make_network(
    township: Area, lines: Sequence[LineString], villages: Sequence[int | None] = ()
) -> NetworkVersion:
    """Streets as an import numbers them: pieces in the order of the lines, at most 5 m each."""
    lengths = [metres(line).length for line in lines]
    pieces = [cut(length) for length in lengths]
    version = save(
        NetworkVersion(
            township_id=township.id, version=next(_serial), pieces=sum(pieces), source="test", licence="none",
            made_at=EVENING,
        )
    )  # fmt: skip
    first = 0
    for n, line in enumerate(lines):
        db.session.add(
            Street(
                network_version_id=version.id, township_id=township.id, name=f"街{n}", highway="residential",
                village_id=villages[n] if villages else None, geom=from_shape(line, srid=4326),
                length_m=lengths[n], first_piece=first, n_pieces=pieces[n],
            )
        )  # fmt: skip
        first += pieces[n]
    keep()
    return version


def make_route(
    team: Team,
    line: LineString,
    checkpoints: Sequence[tuple[float, float]] = (),
    name: str | None = None,
    **more: Any,
) -> RouteVersion:
    """A route with one version; checkpoints are (lon, lat), radius 40 m unless told."""
    radius_m = more.pop("radius_m", 40)
    route = save(Route(township_id=team.township_id, team_id=team.id, name=name or f"路线{next(_serial)}"))
    length = metres(line).length
    version = save(
        RouteVersion(
            route_id=route.id, township_id=team.township_id, version=1, geom=from_shape(line, srid=4326),
            length_m=length, n_pieces=cut(length), made_at=EVENING, **more,
        )
    )  # fmt: skip
    for seq, point in enumerate(checkpoints, start=1):
        save(
            Checkpoint(
                route_version_id=version.id, township_id=team.township_id, seq=seq, name=f"点{seq}",
                geom=from_shape(Point(point), srid=4326), radius_m=radius_m,
            )
        )  # fmt: skip
    return version


def make_hotspot(
    township: Area, shape: MultiPolygon, by: Person, approved_by: Person, windows: Sequence[tuple[int, int, int]] = (),
    **more: Any,
) -> Hotspot:  # fmt: skip
    """A hotspot in force; windows are (weekday, from minute, to minute)."""
    from_on = more.pop("valid_from", DAY - timedelta(days=30))
    hotspot = save(
        Hotspot(
            township_id=township.id, name=more.pop("name", f"部位{next(_serial)}"), category="market",
            geom=from_shape(shape, srid=4326), area_m2=more.pop("area_m2", 10_000), evidence="test",
            proposed_by=by.id, approved_by=approved_by.id, valid_from=from_on,
            review_by=from_on + timedelta(days=60), **more,
        )
    )  # fmt: skip
    for weekday, from_min, to_min in windows:
        save(RiskWindow(hotspot_id=hotspot.id, weekday=weekday, from_min=from_min, to_min=to_min))
    return hotspot


def make_shift(
    team: Team, route: RouteVersion | None, crew: Sequence[Person] = (), *, starts_at: datetime = EVENING,
    hours: float = 3, **more: Any,
) -> Shift:  # fmt: skip
    ends_at = starts_at + timedelta(hours=hours)
    shift = save(
        Shift(
            township_id=team.township_id, team_id=team.id, route_version_id=route.id if route else None,
            day=(starts_at + timedelta(hours=8)).date(), starts_at=starts_at, ends_at=ends_at,
            meeting_place="镇政府门口", changed_at=starts_at - timedelta(days=1), **more,
        )
    )  # fmt: skip
    for person in crew:
        assign(shift, person)
    return shift


def assign(shift: Shift, person: Person) -> Assignment:
    return save(
        Assignment(
            township_id=shift.township_id, shift_id=shift.id, person_id=person.id,
            during=Range(shift.starts_at, shift.ends_at, bounds="[)"), made_at=shift.changed_at,
        )
    )  # fmt: skip


def attended(shift: Shift, person: Person, by: Person, hours: float | None = None) -> Duty:
    """A duty as the leader entered it: all of the shift, or so many hours from its start."""
    ends_at = shift.ends_at if hours is None else shift.starts_at + timedelta(hours=hours)
    return save(
        Duty(
            township_id=shift.township_id, shift_id=shift.id, person_id=person.id, team_id=shift.team_id,
            day=shift.day, entered_by=by.id, on_roster=True, state="attended", started_at=shift.starts_at,
            ended_at=ends_at, worked=Range(shift.starts_at, ends_at, bounds="[)"),
            worked_s=int((ends_at - shift.starts_at).total_seconds()),
        )
    )  # fmt: skip


def make_policy(
    area: Area, topic: str, body: dict[str, Any], valid_from: date = date(2026, 1, 1)
) -> PolicyVersion:
    return save(PolicyVersion(area_id=area.id, topic=topic, body=body, valid_from=valid_from))
