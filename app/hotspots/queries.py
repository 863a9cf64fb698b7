"""Questions about hotspots."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, text

from app.accounts.models import Person
from app.areas.models import Area
from app.clock import day_span
from app.db import db
from app.errors import NotFound
from app.geo import as_geojson, as_wkb
from app.hotspots.models import AnalysisRun, Hotspot, HotspotProposal, RiskWindow
from app.teams.models import TeamArea
from app.teams.scope import Scope, descendants, reviewed_township_rows, within


@dataclass(frozen=True)
class Measured:
    """What PostGIS says of a polygon: its size, whether it touches the township, and its village if any."""

    area_m2: float
    in_township: bool
    village_id: int | None


def measure_polygons(township_id: int, wkbs: Sequence[bytes]) -> list[Measured]:
    """One answer for each polygon (WGS-84), in the order given. The village is the one at a point inside."""
    rows = db.session.execute(_MEASURE, {"id": township_id, "shapes": list(wkbs)})
    return [Measured(float(row.area_m2), bool(row.in_township), row.village_id) for row in rows]


def person_ids_by_login(logins: set[str]) -> dict[str, int]:
    """Active people with these logins (lower case)."""
    rows = db.session.execute(select(Person.login, Person.id).where(Person.login.in_(logins), Person.active))
    return {row.login: row.id for row in rows}


def open_hotspots_by_name(township_id: int) -> dict[str, Hotspot]:
    """The township's hotspots that have no end yet."""
    rows = db.session.scalars(
        select(Hotspot)
        .where(Hotspot.township_id == township_id, Hotspot.valid_to.is_(None))
        .order_by(Hotspot.valid_from)
    )
    return {hotspot.name: hotspot for hotspot in rows}


@dataclass(frozen=True)
class Looked:
    """What PostGIS says of an outline by hand: its size, whether all of it lies in the township, the events in it."""

    area_m2: float
    inside: bool
    n: int


def look_at(township_id: int, wkb: bytes, since: date, until: date, zone: str) -> Looked:
    """Of imported events of any kind those that ended within these days."""
    first, last = day_span(since, until, zone)
    row = db.session.execute(_LOOK, {"id": township_id, "wkb": wkb, "since": first, "until": last}).one()
    return Looked(float(row.area_m2), bool(row.inside), int(row.n))


_LOOK = text("""
    SELECT ST_Area(s.geom::geography) AS area_m2, ST_CoveredBy(s.geom, t.geom) AS inside,
           (SELECT count(*) FROM recorded_incidents r
            WHERE r.township_id = t.id AND r.happened_to >= :since AND r.happened_to < :until
              AND ST_Intersects(s.geom, r.place)) AS n
    FROM (SELECT ST_GeomFromWKB(:wkb, 4326) AS geom) s, areas t WHERE t.id = :id
""")
_MEASURE = text("""
    SELECT ST_Area(s.geom::geography) AS area_m2, ST_Intersects(t.geom, s.geom) AS in_township,
           (SELECT v.id FROM areas v
            WHERE v.township_id = t.id AND v.level = 'village' AND v.valid_to IS NULL
              AND ST_Intersects(v.geom, ST_PointOnSurface(s.geom)) ORDER BY v.code LIMIT 1) AS village_id
    FROM (SELECT i, ST_GeomFromWKB(wkb, 4326) AS geom
          FROM unnest(CAST(:shapes AS bytea[])) WITH ORDINALITY AS u(wkb, i)) s, areas t
    WHERE t.id = :id ORDER BY s.i
""")


# --- searches and proposals ---------------------------------------------------------------------------------------

QUEUE = "default"
_DEFER = text("""
    SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(
        :queue, :task, 0, :lock, NULL, CAST(:args AS jsonb), NULL
    )::procrastinate_job_to_defer_v1])
""")
_CLUSTERS = text("""
    SELECT ST_ClusterDBSCAN(ST_MakePoint(x, y), eps => :eps, minpoints => :least) OVER () AS label
    FROM unnest(CAST(:xs AS float8[]), CAST(:ys AS float8[])) WITH ORDINALITY AS p(x, y, i) ORDER BY i
""")


def defer(task: str, **args: Any) -> None:
    """A job that exists only if the caller's transaction commits; one of its kind at a time."""
    db.session.execute(_DEFER, {"queue": QUEUE, "task": task, "lock": task, "args": json.dumps(args)})


def clusters(xs: Sequence[float], ys: Sequence[float], eps_m: float, least: int) -> list[int | None]:
    """The DBSCAN cluster of each point (metres), or None."""
    rows = db.session.scalars(_CLUSTERS, {"xs": list(xs), "ys": list(ys), "eps": eps_m, "least": least})
    return [None if label is None else int(label) for label in rows]


def run_by_id(township_id: int, run_id: UUID) -> AnalysisRun | None:
    return db.session.get(AnalysisRun, (township_id, run_id), populate_existing=True)


def reach_run(scope: Scope, run_id: UUID) -> AnalysisRun:
    """A search of a township that the caller reviews or administers, or NotFound."""
    mine = reviewed_township_rows(scope, AnalysisRun.township_id)
    found = db.session.scalar(select(AnalysisRun).where(AnalysisRun.id == run_id, mine))
    if found is None:
        raise NotFound()
    return found


def runs_of(township_id: int, limit: int = 20) -> list[AnalysisRun]:
    """The township's last searches, the newest first."""
    newest = AnalysisRun.asked_at.desc()
    return list(
        db.session.scalars(
            select(AnalysisRun).where(AnalysisRun.township_id == township_id).order_by(newest).limit(limit)
        )
    )


def waiting_runs(township_id: int) -> int:
    waits = AnalysisRun.state.in_(("queued", "running"))
    count = select(func.count(AnalysisRun.id)).where(AnalysisRun.township_id == township_id, waits)
    return int(db.session.scalar(count) or 0)


def reach_proposal(scope: Scope, proposal_id: UUID, *, to_change: bool = False) -> HotspotProposal:
    """A proposal of a township that the caller reviews or administers, or NotFound."""
    mine = reviewed_township_rows(scope, HotspotProposal.township_id)
    one = select(HotspotProposal).where(HotspotProposal.id == proposal_id, mine)
    if to_change:
        one = one.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalar(one)
    if found is None:
        raise NotFound()
    return found


def proposals_of(township_id: int, run_id: UUID | None = None) -> list[HotspotProposal]:
    """Of one search all of them; else those that wait for a person. The strongest first."""
    rows = select(HotspotProposal).where(HotspotProposal.township_id == township_id)
    if run_id is None:
        rows = rows.where(HotspotProposal.state.in_(("found", "proposed")))
    else:
        rows = rows.where(HotspotProposal.run_id == run_id)
    order = (HotspotProposal.state != "proposed", HotspotProposal.n.desc(), HotspotProposal.id)
    return list(db.session.scalars(rows.order_by(*order)))


def reach_hotspot(scope: Scope, hotspot_id: int) -> Hotspot:
    """A hotspot of a township that the caller reviews or administers, or NotFound; held against others meanwhile."""
    mine = reviewed_township_rows(scope, Hotspot.township_id)
    found = db.session.scalar(select(Hotspot).where(Hotspot.id == hotspot_id, mine).with_for_update())
    if found is None:
        raise NotFound()
    return found


def open_hotspot_by_id(hotspot_id: int | None) -> Hotspot | None:
    """One that has no end yet, held against others meanwhile."""
    open_yet = select(Hotspot).where(Hotspot.id == hotspot_id, Hotspot.valid_to.is_(None))
    return db.session.scalar(open_yet.with_for_update())


def listed_hotspots(criterion: ColumnElement[bool], today: date) -> list[Hotspot]:
    """The hotspots that have not ended, the review that is due first on top."""
    open_yet = or_(Hotspot.valid_to.is_(None), Hotspot.valid_to >= today)
    return list(
        db.session.scalars(
            select(Hotspot).where(criterion, open_yet).order_by(Hotspot.review_by, Hotspot.name)
        )
    )


def seen_hotspots(scope: Scope, township_id: int, today: date) -> list[Hotspot]:
    """Of the township, for reviewers and admins; of the areas of the teams led, for their leaders."""
    led = descendants(
        list(db.session.scalars(select(TeamArea.area_id).where(TeamArea.team_id.in_(scope.led_team_ids))))
    )
    mine = or_(
        reviewed_township_rows(scope, Hotspot.township_id), within(Hotspot.township_id, led),
        within(Hotspot.village_id, led),
    )  # fmt: skip
    return listed_hotspots(and_(Hotspot.township_id == township_id, mine), today)


def waiting_for(scope: Scope) -> int:
    """Proposals that wait for the caller as the second person."""
    mine = reviewed_township_rows(scope, HotspotProposal.township_id)
    others = HotspotProposal.proposed_by != scope.person_id
    waits = select(func.count(HotspotProposal.id)).where(mine, others, HotspotProposal.state == "proposed")
    return int(db.session.scalar(waits) or 0)


def names_of(person_ids: Iterable[int | None]) -> dict[int | None, str]:
    wanted = {one for one in person_ids if one is not None}
    return {
        row[0]: row[1]
        for row in db.session.execute(select(Person.id, Person.name).where(Person.id.in_(wanted)))
    }


def townships_for(scope: Scope) -> list[Area]:
    """Where the caller reads hotspots: what is reviewed or administered, and where teams are led."""
    home = {scope.township_id} if scope.led_team_ids and scope.township_id else set()
    wanted = within(Area.id, frozenset(scope.township_ids | home))
    return list(db.session.scalars(select(Area).where(wanted, Area.level == "township").order_by(Area.code)))


def windows_of(hotspot_ids: Sequence[int]) -> dict[int, list[tuple[int, int, int]]]:
    """hotspot → (weekday, from minute, to minute) in the order of the week."""
    found: dict[int, list[tuple[int, int, int]]] = {hotspot_id: [] for hotspot_id in hotspot_ids}
    rows = db.session.scalars(
        select(RiskWindow)
        .where(RiskWindow.hotspot_id.in_(hotspot_ids))
        .order_by(RiskWindow.weekday, RiskWindow.from_min)
    )
    for row in rows:
        found[row.hotspot_id].append((row.weekday, row.from_min, row.to_min))
    return found


def in_force_on(township_id: int, day: date) -> list[tuple[int, bytes]]:
    """(id, WKB) of the hotspots in force on a day."""
    rows = db.session.execute(
        select(Hotspot.id, as_wkb(Hotspot.geom)).where(
            Hotspot.township_id == township_id, Hotspot.valid_from <= day,
            or_(Hotspot.valid_to.is_(None), Hotspot.valid_to >= day),
        )
    )  # fmt: skip
    return [(row[0], bytes(row[1])) for row in rows]


def shapes_of(model: Any, ids: Sequence[Any]) -> dict[Any, Any]:
    """id → GeoJSON geometry of hotspots or proposals."""
    rows = db.session.execute(select(model.id, as_geojson(model.geom)).where(model.id.in_(list(ids))))
    return {row[0]: json.loads(row[1]) for row in rows}


def open_proposal_renewing(township_id: int, hotspot_id: int) -> HotspotProposal | None:
    return db.session.scalar(
        select(HotspotProposal).where(
            HotspotProposal.township_id == township_id, HotspotProposal.renews == hotspot_id,
            HotspotProposal.state.in_(("found", "proposed")),
        )
    )  # fmt: skip


def events_inside(hotspot_id: int, since: date, until: date, zone: str) -> int:
    """Imported events in a hotspot that ended within these days."""
    first, last = day_span(since, until, zone)
    values = {"id": hotspot_id, "since": first, "until": last}
    return int(db.session.scalar(_INSIDE, values) or 0)


_INSIDE = text("""
    SELECT count(*) FROM recorded_incidents r JOIN hotspots h ON h.township_id = r.township_id
    WHERE h.id = :id AND r.happened_to >= :since AND r.happened_to < :until AND ST_Intersects(h.geom, r.place)
""")
