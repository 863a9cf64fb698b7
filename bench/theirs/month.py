"""A month's street coverage and route completion with movingpandas and geopandas, from the fixes in the database.

Run by the peers' own Python, a process for one answer: month.py DSN TOWNSHIP FIRST LAST CRS. Importing is not counted,
loading is. Prints {"seconds", "street_coverage", "route_completion", "fixes"}.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import timedelta
from itertools import pairwise

import geopandas
import movingpandas
import pandas
import psycopg2
import shapely
from sqlalchemy import create_engine, text

REACH_M, MAX_GAP, MAX_ACCURACY_M = 25, timedelta(seconds=120), 50
FIXES = text("""
    SELECT d.id AS duty_id, d.shift_id, ST_X(p.geom) AS lon, ST_Y(p.geom) AS lat, ST_Z(p.geom) AS accuracy_m,
        to_timestamp(ST_M(p.geom)) AT TIME ZONE 'UTC' AS t
    FROM duties d JOIN segments s ON s.township_id = d.township_id AND s.duty_id = d.id,
        LATERAL ST_DumpPoints(ST_GeomFromTWKB(s.track)) p
    WHERE d.township_id = :township AND d.day BETWEEN :first AND :last
""")
STREETS = text("""
    SELECT id, ST_AsBinary(geom) AS geom FROM streets WHERE network_version_id = (
        SELECT id FROM network_versions WHERE township_id = :township ORDER BY version DESC LIMIT 1)
""")
ROUTES = text("""
    SELECT s.id AS shift_id, v.id AS version_id, ST_AsBinary(v.geom) AS geom
    FROM shifts s JOIN route_versions v ON v.id = s.route_version_id
    WHERE s.township_id = :township AND s.day BETWEEN :first AND :last
""")


def shapes(link, statement, asked, crs):
    found = pandas.read_sql(statement, link, params=asked)
    geometry = shapely.from_wkb(found.pop("geom").map(bytes).to_numpy())
    return geopandas.GeoDataFrame(found, geometry=geometry, crs=4326).to_crs(crs)


def lines_of(link, asked, crs):
    """The stretches of every duty without a gap, in metres, with the shift they belong to."""
    fixes = pandas.read_sql(FIXES, link, params=asked)
    fixes = fixes[(fixes.accuracy_m >= 0) & (fixes.accuracy_m <= MAX_ACCURACY_M)]
    fixes = fixes.drop_duplicates(["duty_id", "t"]).sort_values(["duty_id", "t"])
    points = geopandas.points_from_xy(fixes.lon, fixes.lat, crs=4326)
    frame = geopandas.GeoDataFrame(fixes[["duty_id", "shift_id", "t"]], geometry=points).to_crs(crs)
    tracks = movingpandas.TrajectoryCollection(frame, traj_id_col="duty_id", t="t")
    tracks = movingpandas.ObservationGapSplitter(tracks).split(gap=MAX_GAP)
    lines = tracks.to_traj_gdf(agg={"shift_id": "mode"})
    return lines.rename(columns={"shift_id_mode": "shift_id"}), len(fixes)


def street_coverage(lines, streets):
    """Percent of the streets' metres within reach of any track, ends cut flat."""
    reach = shapely.union_all(lines.geometry.buffer(REACH_M, cap_style="flat").to_numpy())
    parts = geopandas.GeoDataFrame(geometry=list(shapely.get_parts(reach)), crs=streets.crs)
    covered = geopandas.overlay(streets, parts, how="intersection", keep_geom_type=True)
    return 100 * float(covered.length.sum() / streets.length.sum())


def route_completion(lines, routes):
    """Of the shifts with a track: percent of their routes' metres within reach of it."""
    reach = (
        lines.assign(geometry=lines.geometry.buffer(REACH_M, cap_style="flat")).dissolve("shift_id").geometry
    )
    walked = routes[routes.shift_id.isin(reach.index)].set_index("shift_id")
    legs = geopandas.GeoSeries(walked.geometry.map(legs_of).explode(), crs=routes.crs)
    inside = legs.intersection(reach.reindex(legs.index), align=False)
    return 100 * float(inside.length.sum() / legs.length.sum())


def legs_of(line):
    """A way that is walked twice counts twice."""
    ends = shapely.get_coordinates(line)
    return [shapely.LineString(pair) for pair in pairwise(ends)]


def main(dsn, township, first, last, crs):
    asked = {"township": int(township), "first": first, "last": last}
    begun = time.perf_counter()
    with create_engine("postgresql+psycopg2://", creator=lambda: psycopg2.connect(dsn)).connect() as link:
        lines, n = lines_of(link, asked, crs)
        streets, routes = (shapes(link, statement, asked, crs) for statement in (STREETS, ROUTES))
    answer = {
        "street_coverage": street_coverage(lines, streets),
        "route_completion": route_completion(lines, routes),
    }
    print(json.dumps({"seconds": time.perf_counter() - begun, **answer, "fixes": n}))


if __name__ == "__main__":
    main(*sys.argv[1:])
