"""Questions about campaigns: who sees them, what lies where, how many events there were."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, text

from app.areas.models import Area
from app.campaigns.models import ROLES, Campaign, CampaignArea
from app.db import db
from app.errors import NotFound
from app.geo import as_geojson, as_wkb, meets
from app.hotspots.models import Hotspot
from app.incidents.models import RecordedIncident
from app.teams.models import TeamArea
from app.teams.scope import Scope, descendants, reviewed_township_rows, within

# --- who sees -----------------------------------------------------------------------------------------------------


def _seen(scope: Scope) -> ColumnElement[bool]:
    """Of the townships reviewed or administered all; for leaders what is approved in the areas of their teams."""
    led = descendants(
        list(db.session.scalars(select(TeamArea.area_id).where(TeamArea.team_id.in_(scope.led_team_ids))))
    )
    treated = and_(
        CampaignArea.township_id == Campaign.township_id, CampaignArea.campaign_id == Campaign.id,
        CampaignArea.role == "treated",
    )  # fmt: skip
    at_hotspot = exists().where(
        treated, CampaignArea.hotspot_id == Hotspot.id,
        or_(within(Hotspot.township_id, led), within(Hotspot.village_id, led)),
    )  # fmt: skip
    middle = func.ST_PointOnSurface(CampaignArea.geom)  # an area next door touches it too
    lies_there = exists().where(within(Area.id, led), meets(Area.geom, middle))
    elsewhere = exists().where(treated, CampaignArea.hotspot_id.is_(None), lies_there)
    return or_(
        reviewed_township_rows(scope, Campaign.township_id),
        and_(Campaign.approved_by.is_not(None), or_(at_hotspot, elsewhere)),
    )


def campaigns_seen(scope: Scope, township_id: int) -> list[Campaign]:
    """The newest first."""
    return list(
        db.session.scalars(
            select(Campaign)
            .where(Campaign.township_id == township_id, _seen(scope))
            .order_by(Campaign.first_on.desc(), Campaign.proposed_at.desc())
        )
    )


def see_campaign(scope: Scope, campaign_id: UUID) -> Campaign:
    """One that the caller may read, or NotFound."""
    return _found(select(Campaign).where(Campaign.id == campaign_id, _seen(scope)))


def reach_campaign(scope: Scope, campaign_id: UUID) -> Campaign:
    """One of a township that the caller reviews or administers, held against others meanwhile; or NotFound."""
    mine = reviewed_township_rows(scope, Campaign.township_id)
    one = select(Campaign).where(Campaign.id == campaign_id, mine).with_for_update()
    return _found(one.execution_options(populate_existing=True))


def _found(one: Any) -> Campaign:
    found = db.session.scalar(one)
    if found is None:
        raise NotFound()
    return found  # type: ignore[no-any-return]


def waiting_for(scope: Scope, now: datetime) -> int:
    """Proposed campaigns that wait for the caller as the second person, and still can be approved."""
    mine = reviewed_township_rows(scope, Campaign.township_id)
    today = func.date(func.timezone(Area.time_zone, now))
    waits = (
        select(func.count(Campaign.id))
        .join(Area, Area.id == Campaign.township_id)
        .where(
            mine,
            Campaign.proposed_by != scope.person_id,
            Campaign.state == "proposed",
            Campaign.first_on > today,
        )
    )
    return int(db.session.scalar(waits) or 0)


def is_name_taken(township_id: int, name: str) -> bool:
    taken = select(Campaign.id).where(
        Campaign.township_id == township_id, Campaign.name == name, Campaign.state != "called_off"
    )
    return db.session.scalar(taken.limit(1)) is not None


# --- areas --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """A place that may be treated or compared with; `kind` as in models.KINDS."""

    key: str
    name: str
    hotspot_id: int | None
    wkb: bytes
    area_m2: float
    kind: str = "hotspot"
    area_id: int | None = None


@dataclass(frozen=True)
class Ground:
    """What PostGIS says of a place: its size, whether it lies in the township, clear of the treated ones and their
    rings, on a hotspot, on what another campaign compares meanwhile; and its village's name."""

    area_m2: float
    inside: bool
    clear: bool
    on_hotspot: bool
    taken: bool
    village: str | None


def areas_of(campaign: Campaign) -> list[CampaignArea]:
    return list(
        db.session.scalars(
            select(CampaignArea)
            .where(CampaignArea.township_id == campaign.township_id, CampaignArea.campaign_id == campaign.id)
            .order_by(CampaignArea.n)
        )
    )


def shapes_of(campaign: Campaign) -> dict[int, Any]:
    """n → GeoJSON geometry."""
    rows = db.session.execute(
        select(CampaignArea.n, as_geojson(CampaignArea.geom)).where(
            CampaignArea.township_id == campaign.township_id, CampaignArea.campaign_id == campaign.id
        )
    )
    return {row[0]: json.loads(row[1]) for row in rows}


def hotspots_in_force(township_id: int, on: date) -> list[Place]:
    """By name; the key is h and the hotspot's number."""
    rows = db.session.execute(
        select(Hotspot.id, Hotspot.name, as_wkb(Hotspot.geom), Hotspot.area_m2)
        .where(
            Hotspot.township_id == township_id, Hotspot.approved_by.is_not(None), Hotspot.valid_from <= on,
            or_(Hotspot.valid_to.is_(None), Hotspot.valid_to >= on),
        )
        .order_by(Hotspot.name)
    )  # fmt: skip
    return [Place(f"h{row[0]}", row[1], row[0], bytes(row[2]), row[3]) for row in rows]


def grids_of(township_id: int, on: date) -> list[Place]:
    """The township's areas of the level grid, by code; the key is g and the area's number."""
    rows = db.session.execute(
        select(Area.id, Area.name, as_wkb(Area.geom))
        .where(
            Area.township_id == township_id, Area.level == "grid", Area.valid_from <= on,
            or_(Area.valid_to.is_(None), Area.valid_to >= on),
        )
        .order_by(Area.code)
    )  # fmt: skip
    return [Place(f"g{row[0]}", row[1], None, bytes(row[2]), 0.0, "grid", row[0]) for row in rows]


def ground_of(
    township_id: int,
    wkbs: Sequence[bytes],
    treated: Sequence[bytes],
    ring_m: int,
    days: tuple[date, date],
    on: date,
) -> list[Ground]:
    """One answer a place, in the order given. Rings that don't touch lie twice their width apart."""
    values = {
        "id": township_id, "shapes": list(wkbs), "treated": list(treated), "apart_m": 2 * ring_m, "first": days[0],
        "last": days[1], "on": on,
    }  # fmt: skip
    rows = db.session.execute(_GROUND, values)
    return [Ground(float(r.area_m2), r.inside, r.clear, r.on_hotspot, r.taken, r.village) for r in rows]


def rings_of(
    township_id: int, treated: Sequence[bytes], control: Sequence[bytes], ring_m: int
) -> list[tuple[bytes, float]]:
    """(WKB, m²) of the land so far around the treated places, and around those compared with, inside the township."""
    values = {"id": township_id, "treated": list(treated), "control": list(control), "ring_m": ring_m}
    return [(bytes(row.wkb), float(row.area_m2)) for row in db.session.execute(_RINGS, values)]


_SHAPES = "SELECT ST_GeomFromWKB(wkb, 4326) AS geom FROM unnest(CAST(:{name} AS bytea[])) AS u(wkb)"
_GROUND = text(f"""
    SELECT ST_Area(s.geom::geography) AS area_m2, ST_Covers(t.geom, s.geom) AS inside,
           NOT EXISTS (SELECT FROM ({_SHAPES.format(name="treated")}) x
                       WHERE ST_DWithin(x.geom::geography, s.geom::geography, :apart_m)) AS clear,
           EXISTS (SELECT FROM hotspots h WHERE h.township_id = t.id AND h.valid_from <= :on
                   AND (h.valid_to IS NULL OR h.valid_to >= :on) AND ST_Intersects(h.geom, s.geom)) AS on_hotspot,
           EXISTS (SELECT FROM campaigns c
                   JOIN campaign_areas a ON (a.township_id, a.campaign_id) = (c.township_id, c.id)
                   WHERE c.township_id = t.id AND c.first_on <= :last AND c.last_on >= :first
                   AND (c.state = 'approved' OR c.state = 'proposed' AND c.first_on > :on)
                   AND ST_Intersects(a.geom, s.geom) AND NOT ST_Touches(a.geom, s.geom)) AS taken,
           (SELECT v.name FROM areas v
            WHERE v.township_id = t.id AND v.level = 'village' AND v.valid_to IS NULL
              AND ST_Intersects(v.geom, ST_PointOnSurface(s.geom)) ORDER BY v.code LIMIT 1) AS village
    FROM (SELECT i, ST_GeomFromWKB(wkb, 4326) AS geom
          FROM unnest(CAST(:shapes AS bytea[])) WITH ORDINALITY AS u(wkb, i)) s, areas t
    WHERE t.id = :id ORDER BY s.i
""")
_RINGS = text(f"""
    SELECT ST_AsBinary(r.geom) AS wkb, ST_Area(r.geom::geography) AS area_m2
    FROM areas t, LATERAL (VALUES
        (1, (SELECT ST_Union(geom) FROM ({_SHAPES.format(name="treated")}) x)),
        (2, (SELECT ST_Union(geom) FROM ({_SHAPES.format(name="control")}) x))
    ) m(i, geom), LATERAL (SELECT ST_Multi(ST_CollectionExtract(ST_Difference(
        ST_Intersection(ST_Buffer(m.geom::geography, :ring_m)::geometry, t.geom), m.geom), 3)) AS geom) r
    WHERE t.id = :id ORDER BY m.i
""")


# --- events -------------------------------------------------------------------------------------------------------


def counts_by_block(
    township_id: int, wkbs: Sequence[bytes], edges: Sequence[datetime], categories: Sequence[str]
) -> list[list[int]]:
    """For each place the imported events that ended in each block of time."""
    found = [[0] * (len(edges) - 1) for _ in wkbs]
    values = {
        "id": township_id, "shapes": list(wkbs), "edges": list(edges), "first": edges[0], "last": edges[-1],
        "categories": list(categories),
    }  # fmt: skip
    for i, block, n in db.session.execute(_BLOCKS, values):
        found[i - 1][block - 1] = n
    return found


def counts_of(
    campaign: Campaign, before: tuple[datetime, datetime], after: tuple[datetime, datetime]
) -> list[tuple[int, int]]:
    """(before, after) of each role, in the order of ROLES; an event counts once."""
    values = {
        "township": campaign.township_id, "id": campaign.id, "categories": list(campaign.categories),
        "b0": before[0], "b1": before[1], "a0": after[0], "a1": after[1], "roles": list(ROLES),
    }  # fmt: skip
    rows = {row.role: (row.before, row.after) for row in db.session.execute(_COUNTS, values)}
    return [rows.get(role, (0, 0)) for role in ROLES]


def last_told(township_id: int) -> datetime | None:
    """When a file with events of the township came in last."""
    return db.session.scalar(
        select(func.max(RecordedIncident.imported_at)).where(RecordedIncident.township_id == township_id)
    )


_BLOCKS = text("""
    SELECT s.i, width_bucket(r.happened_to, CAST(:edges AS timestamptz[])) AS block, count(*) AS n
    FROM (SELECT i, ST_GeomFromWKB(wkb, 4326) AS geom
          FROM unnest(CAST(:shapes AS bytea[])) WITH ORDINALITY AS u(wkb, i)) s
    JOIN recorded_incidents r ON ST_Intersects(s.geom, r.place)
    WHERE r.township_id = :id AND r.category = ANY(:categories) AND r.happened_to >= :first AND r.happened_to < :last
    GROUP BY 1, 2
""")
_COUNTS = text("""
    SELECT z.role, count(*) FILTER (WHERE r.happened_to >= :b0 AND r.happened_to < :b1) AS before,
           count(*) FILTER (WHERE r.happened_to >= :a0 AND r.happened_to < :a1) AS after
    FROM recorded_incidents r, LATERAL (
        SELECT a.role FROM campaign_areas a
        WHERE a.township_id = r.township_id AND a.campaign_id = :id AND ST_Intersects(a.geom, r.place)
        ORDER BY array_position(CAST(:roles AS text[]), a.role) LIMIT 1
    ) z
    WHERE r.township_id = :township AND r.category = ANY(:categories) AND r.happened_to >= :b0 AND r.happened_to < :a1
    GROUP BY z.role
""")
