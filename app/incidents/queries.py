"""Questions about reports: the same thing at the same place, who may see which, what waits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from geoalchemy2 import Geography
from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    and_,
    case,
    cast,
    func,
    not_,
    or_,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from app.accounts.models import Person
from app.areas.models import Area
from app.db import db
from app.errors import NotFound
from app.geo import TILE_OF_SHAPES, as_drawn, lon_lat, meets
from app.incidents.models import EVENTS, Incident, IncidentPhoto, RecordedIncident
from app.teams.models import Team, TeamMember
from app.teams.scope import Scope, own_rows, reach_row, steered_rows, township_rows

# The desk's lists: what stands under each tab.
TABS: dict[str, tuple[str, ...]] = {
    "open": ("new", "triaged"),
    "passed_on": ("passed_on",),
    "closed": ("closed",),
}


def point_of(lon: float, lat: float) -> ColumnElement[object]:
    return func.ST_SetSRID(func.ST_MakePoint(lon, lat), 4326)


# --- taking ---------------------------------------------------------------------------------------


def incident_by_id(township_id: int, incident_id: UUID, *, to_change: bool = False) -> Incident | None:
    return db.session.get(Incident, (township_id, incident_id), with_for_update=to_change or None)


def team_of_member(township_id: int, person_id: int) -> int | None:
    """The team of a report that belongs to no shift: the first that the member joined."""
    return db.session.scalar(
        select(Team.id)
        .join(TeamMember, TeamMember.team_id == Team.id)
        .where(TeamMember.person_id == person_id, TeamMember.left_on.is_(None), Team.active)
        .where(Team.township_id == township_id)
        .order_by(TeamMember.joined_on, Team.id)
        .limit(1)
    )


def lock_places(township_id: int, category: str) -> None:
    """Two reports of one category are looked at one after the other, so that each finds the other."""
    key = func.hashtextextended(f"incidents:{township_id}:{category}", 0)
    db.session.execute(select(func.pg_advisory_xact_lock(key)))


def same_place(incident: Incident, within_m: float, within: timedelta) -> list[Incident]:
    """Other reports of the category so near in place and time. What was closed before this one was made is over."""
    here = select(Incident.place).where(
        Incident.township_id == incident.township_id, Incident.id == incident.id
    )
    mine = cast(here.scalar_subquery(), Geography)
    return list(
        db.session.scalars(
            select(Incident).where(
                Incident.township_id == incident.township_id, Incident.category == incident.category,
                Incident.id != incident.id, Incident.place.is_not(None),
                Incident.reported_at.between(incident.reported_at - within, incident.reported_at + within),
                or_(Incident.closed_at.is_(None), Incident.closed_at > incident.reported_at),
                func.ST_DWithin(cast(Incident.place, Geography), mine, within_m),
            )
        )
    )  # fmt: skip


def counted_with(incident: Incident) -> list[Incident]:
    """The later reports of the same."""
    return list(
        db.session.scalars(
            select(Incident)
            .where(Incident.township_id == incident.township_id, Incident.duplicate_of == incident.id)
            .order_by(Incident.reported_at, Incident.id)
        )
    )


# --- who may see which ----------------------------------------------------------------------------


def steered_by(scope: Scope, report: Any = Incident) -> ColumnElement[bool]:
    """Reports of the teams led, or of the townships reviewed or administered."""
    return steered_rows(scope, report.township_id, func.coalesce(report.team_id, 0))


def firsts_of(scope: Scope) -> ColumnElement[bool]:
    """Reports with a finding within the caller's sight; of several of the same the first, or the only one in sight."""
    first = aliased(Incident)
    seen = (
        select(first.id)
        .where(
            first.township_id == Incident.township_id,
            first.id == Incident.duplicate_of,
            steered_by(scope, first),
        )
        .exists()
    )
    return and_(steered_by(scope), Incident.category != "nothing", not_(seen))


def reach_incident(scope: Scope, incident_id: UUID, *, to_change: bool = False) -> Incident:
    """One report with a finding that the caller may steer, or NotFound."""
    one = select(Incident).where(
        Incident.id == incident_id, Incident.category != "nothing", steered_by(scope)
    )
    return reach_row(one, to_change=Incident if to_change else None)


@dataclass(frozen=True)
class Listed:
    """A first report with what the list shows of it."""

    incident: Incident
    team: str | None
    village: str | None
    times: int
    photos: int


def listed(scope: Scope, tab: str, limit: int = 200) -> list[Listed]:
    """First reports under a tab, the newest first; later ones are counted with them."""
    rows = db.session.execute(
        select(Incident, Team.name, _village(), _later(), _photos())
        .outerjoin(Team, Team.id == Incident.team_id)
        .where(firsts_of(scope), Incident.state.in_(TABS[tab]))
        .order_by(Incident.reported_at.desc(), Incident.id.desc())
        .limit(limit)
    ).all()  # fmt: skip
    return [Listed(row[0], row[1], row[2], 1 + row[3], row[4]) for row in rows]


def tab_counts(scope: Scope) -> dict[str, int]:
    rows = db.session.execute(
        select(Incident.state, func.count()).where(firsts_of(scope)).group_by(Incident.state)
    )
    by_state = {row[0]: row[1] for row in rows}
    return {tab: sum(by_state.get(state, 0) for state in states) for tab, states in TABS.items()}


def new_count(scope: Scope) -> int:
    """What nobody has looked at yet."""
    waiting = select(func.count(Incident.id)).where(firsts_of(scope), Incident.state == "new")
    return int(db.session.scalar(waiting) or 0)


def _later() -> ColumnElement[int]:
    later = aliased(Incident)
    with_it = and_(later.township_id == Incident.township_id, later.duplicate_of == Incident.id)
    return select(func.count(later.id)).where(with_it).correlate(Incident).scalar_subquery()


def _photos() -> ColumnElement[int]:
    mine = and_(
        IncidentPhoto.township_id == Incident.township_id, IncidentPhoto.incident_id == Incident.id,
        IncidentPhoto.state == "stored",
    )  # fmt: skip
    return select(func.count(IncidentPhoto.id)).where(mine).correlate(Incident).scalar_subquery()


def _village() -> ColumnElement[str | None]:
    inside = and_(
        Area.township_id == Incident.township_id, Area.level == "village", meets(Area.geom, Incident.place)
    )
    return select(Area.name).where(inside).limit(1).correlate(Incident).scalar_subquery()


def village_of(incident: Incident) -> str | None:
    which = and_(Incident.township_id == incident.township_id, Incident.id == incident.id)
    return db.session.scalar(select(_village()).select_from(Incident).where(which))


def lon_lat_of(incident: Incident) -> tuple[float, float] | None:
    which = and_(
        Incident.township_id == incident.township_id, Incident.id == incident.id, Incident.place.is_not(None)
    )
    row = db.session.execute(select(*lon_lat(Incident.place)).where(which)).first()
    return (float(row[0]), float(row[1])) if row else None


def names_of(person_ids: Iterable[int | None]) -> dict[int | None, str]:
    wanted = {one for one in person_ids if one is not None}
    rows = db.session.execute(select(Person.id, Person.name).where(Person.id.in_(wanted)))
    return {row[0]: row[1] for row in rows}


# --- my own, on the phone -------------------------------------------------------------------------


def reports_of(township_id: int, person_id: int, since: datetime, limit: int = 60) -> list[Incident]:
    """Own reports with a finding, the newest first."""
    return list(
        db.session.scalars(
            select(Incident)
            .where(
                Incident.township_id == township_id, Incident.reporter_id == person_id,
                Incident.reported_at >= since, Incident.category != "nothing",
            )
            .order_by(Incident.reported_at.desc(), Incident.id.desc())
            .limit(limit)
        )
    )  # fmt: skip


# --- photos ---------------------------------------------------------------------------------------


def photos_of(keys: Sequence[tuple[int, UUID]]) -> dict[UUID, list[IncidentPhoto]]:
    """By report, in the order in which they were named; `keys` are (township, report)."""
    found: dict[UUID, list[IncidentPhoto]] = {}
    for photo in db.session.scalars(
        select(IncidentPhoto)
        .where(tuple_(IncidentPhoto.township_id, IncidentPhoto.incident_id).in_(list(keys)))
        .order_by(IncidentPhoto.named_at, IncidentPhoto.id)
    ):
        if photo.incident_id is not None:
            found.setdefault(photo.incident_id, []).append(photo)
    return found


def photo_by_id(photo_id: UUID, *, to_change: bool = False) -> IncidentPhoto | None:
    """By id alone, over all townships, so that one id never stands under two."""
    one = select(IncidentPhoto).where(IncidentPhoto.id == photo_id)
    if to_change:
        one = one.with_for_update().execution_options(populate_existing=True)
    return db.session.scalar(one)


def lock_photo(photo_id: UUID) -> None:
    """Whoever names or brings a photo does so alone, whichever township comes first."""
    key = func.hashtextextended(f"photo:{photo_id}", 0)
    db.session.execute(select(func.pg_advisory_xact_lock(key)))


def add_photo(township_id: int, photo_id: UUID, author_id: int, named_at: datetime) -> None:
    db.session.execute(
        insert(IncidentPhoto)
        .values(township_id=township_id, id=photo_id, author_id=author_id, named_at=named_at)
        .on_conflict_do_nothing()
    )


def seen_photo(scope: Scope, photo_id: UUID) -> IncidentPhoto:
    """A stored photo that the caller made, or of a report that the caller may steer; else NotFound."""
    report = and_(Incident.township_id == IncidentPhoto.township_id, Incident.id == IncidentPhoto.incident_id)
    found = db.session.scalar(
        select(IncidentPhoto)
        .outerjoin(Incident, report)
        .where(
            IncidentPhoto.id == photo_id, IncidentPhoto.state == "stored",
            or_(own_rows(scope, IncidentPhoto.author_id), and_(Incident.id.is_not(None), steered_by(scope))),
        )
    )  # fmt: skip
    if found is None:
        raise NotFound()
    return found


# --- events at places, imported -------------------------------------------------------------------

# Reports of the phone that may stand beside them: about the order of a place, fire, the way.
REPORTED = {"report_order": "order", "report_fire": "fire", "report_road": "road"}
SEEN_FROM_ZOOM = 13
# A point takes some 15 bytes of a tile, which stays well under 500 kB; of more, the newest are shown.
MOST_POINTS = 20_000
BLUR_M = 50.0


@dataclass(frozen=True)
class PlaceEvent:
    """One event at a place, in degrees."""

    category: str
    lon: float
    lat: float
    start: datetime
    end: datetime
    street_id: int | None = None
    number: bytes | None = None


def outside(township_id: int, lons: Sequence[float], lats: Sequence[float]) -> set[int]:
    """Which of the points lie outside the township, by their index."""
    rows = db.session.scalars(_OUTSIDE, {"id": township_id, "lons": list(lons), "lats": list(lats)})
    return {int(i) - 1 for i in rows}


def recorded_between(
    township_id: int, since: datetime, until: datetime, categories: Sequence[str] = EVENTS
) -> list[PlaceEvent]:
    """Imported events that touch the span."""
    rows = db.session.execute(
        select(
            RecordedIncident.category, *lon_lat(RecordedIncident.place), RecordedIncident.happened_from,
            RecordedIncident.happened_to, RecordedIncident.street_id, RecordedIncident.source_hash,
        )
        .where(
            RecordedIncident.township_id == township_id, RecordedIncident.happened_to >= since,
            RecordedIncident.happened_from < until, RecordedIncident.category.in_(categories),
        )
        .order_by(RecordedIncident.happened_from, RecordedIncident.id)
    )  # fmt: skip
    return [PlaceEvent(*row) for row in rows]


def reported_between(
    township_id: int, since: datetime, until: datetime, categories: Sequence[str]
) -> list[PlaceEvent]:
    """First reports of the phone with a place, under their names among the events (REPORTED)."""
    names = {REPORTED[one]: one for one in categories if one in REPORTED}
    rows = db.session.execute(
        select(Incident.category, *lon_lat(Incident.place), Incident.reported_at)
        .where(
            Incident.township_id == township_id, Incident.category.in_(names), Incident.place.is_not(None),
            Incident.duplicate_of.is_(None), Incident.reported_at >= since, Incident.reported_at < until,
            func.coalesce(Incident.closing, "") != "no_hazard",
        )
        .order_by(Incident.reported_at, Incident.id)
    )  # fmt: skip
    return [PlaceEvent(names[row[0]], row[1], row[2], row[3], row[3]) for row in rows]


def add_recorded(rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        db.session.execute(insert(RecordedIncident), list(rows))


def blurred(scope: Scope, since: datetime, until: datetime) -> Sequence[Row[Any]]:
    """(category, street_id, lon, lat, month) of the events in the caller's townships: what anybody who is no reviewer
    may be told of them. The street without a point, or else the middle of a 50 m square; the month, never the hour."""
    x, y = lon_lat(func.ST_Transform(func.ST_SnapToGrid(_flat(), BLUR_M), 4326))
    here = RecordedIncident.street_id.is_(None)
    return db.session.execute(
        select(
            RecordedIncident.category, RecordedIncident.street_id, case((here, x)).label("lon"),
            case((here, y)).label("lat"), func.to_char(RecordedIncident.happened_from, "YYYY-MM").label("month"),
        )
        .where(
            township_rows(scope, RecordedIncident.township_id), RecordedIncident.happened_to >= since,
            RecordedIncident.happened_from < until,
        )
        .order_by(RecordedIncident.category, "month", RecordedIncident.street_id, "lon", "lat")
    ).all()  # fmt: skip


def _flat() -> Any:
    """The place in metres: the UTM zone of its longitude, which is near enough for a square of 50 m."""
    zone = func.floor((func.ST_X(RecordedIncident.place) + 180) / 6) + 32601
    return func.ST_Transform(RecordedIncident.place, cast(zone, Integer))


def events_tile(
    scope: Scope, where: dict[str, int], since: datetime, until: datetime, datum: str = "wgs84"
) -> bytes:
    """The points of a tile for reviewers and admins, from zoom 13 on; empty for everybody else."""
    if where["z"] < SEEN_FROM_ZOOM or not scope.township_ids:
        return b""
    values = {
        **where,
        "townships": list(scope.township_ids),
        "since": since,
        "until": until,
        "most": MOST_POINTS,
    }
    if datum == "wgs84":
        return bytes(db.session.scalar(_TILE, values) or b"")
    rows = db.session.execute(_POINTS, values).all()
    moved = {"known": [row.known for row in rows], "shapes": as_drawn([row.wkb for row in rows])}
    return (
        bytes(db.session.scalar(TILE_OF_SHAPES, {**where, "layer": "incidents", **moved}) or b"")
        if rows
        else b""
    )


_OUTSIDE = text("""
    SELECT i FROM unnest(CAST(:lons AS float8[]), CAST(:lats AS float8[])) WITH ORDINALITY AS p(lon, lat, i), areas a
    WHERE a.id = :id AND NOT ST_Intersects(a.geom, ST_SetSRID(ST_MakePoint(p.lon, p.lat), 4326))
""")
# For a GCJ-02 base map: what lies within 0.02 degrees of the tile may be moved into it.
_POINTS = text("""
    SELECT CAST(jsonb_build_object('category', r.category) AS text) AS known, ST_AsBinary(r.place) AS wkb
    FROM recorded_incidents r
    WHERE r.township_id = ANY(:townships) AND r.happened_to >= :since AND r.happened_from < :until
      AND r.place && ST_Expand(ST_Transform(ST_TileEnvelope(:z, :x, :y), 4326), 0.02)
    ORDER BY r.happened_from DESC LIMIT :most
""")
_TILE = text("""
    SELECT ST_AsMVT(t, 'incidents', 4096, 'geom') FROM (
        SELECT ST_AsMVTGeom(ST_Transform(r.place, 3857), ST_TileEnvelope(:z, :x, :y), 4096, 16) AS geom, r.category
        FROM recorded_incidents r
        WHERE r.township_id = ANY(:townships) AND r.happened_to >= :since AND r.happened_from < :until
          AND r.place && ST_Transform(ST_TileEnvelope(:z, :x, :y, margin => 0.004), 4326)
        ORDER BY r.happened_from DESC LIMIT :most
    ) t WHERE t.geom IS NOT NULL HAVING count(*) > 0
""")
