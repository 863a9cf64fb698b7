"""flask import streets: every import is a new network version, numbered in pieces."""

from pathlib import Path

import libpysal
import pytest
import shapely
from sqlalchemy import select

from app.coverage.pieces import PieceIndex
from app.db import db
from app.geo import projector
from app.routes.models import NetworkVersion, Street
from tests import make, places
from tests.cli.conftest import codes, feature

TEMPE = Path(libpysal.examples.get_path("streets.shp"))


def networks(township):
    return db.session.scalars(
        select(NetworkVersion)
        .where(NetworkVersion.township_id == township.id)
        .order_by(NetworkVersion.version)
    ).all()


def streets_of(network):
    rows = db.session.execute(
        select(Street, Street.geom.ST_AsBinary())
        .where(Street.network_version_id == network.id)
        .order_by(Street.first_piece)
    )
    return [(street, shapely.from_wkb(bytes(wkb))) for street, wkb in rows]


def grid():
    return [feature(line, name=f"{i}号路", highway="residential", width=4) for i, line in
            enumerate(places.street_grid(100, 100, 3, 200))]  # fmt: skip


def test_streets_come_in_with_pieces_villages_and_source(into_town, people, geojson):
    result = into_town(
        "streets", geojson(*grid()), "--by", "admin", "--source", "OpenStreetMap", "--licence", "ODbL 1.0"
    )
    assert result.exit_code == 0, result.output
    before, network = networks(people.town.township)
    assert network.version == before.version + 1
    assert (network.source, network.licence, network.made_by) == (
        "OpenStreetMap",
        "ODbL 1.0",
        people.admin.id,
    )
    rows = streets_of(network)
    assert len(rows) == 12
    assert all(
        street.length_m == pytest.approx(200, abs=0.01) and street.n_pieces in (40, 41) for street, _ in rows
    )
    assert {street.village_id for street, _ in rows} == {people.town.villages[0].id}
    assert "width" in result.output
    assert rows[0][0].name == "0号路"


def test_the_pieces_are_numbered_exactly_as_presence_numbers_them(into_town, people, geojson):
    into_town("streets", geojson(*grid()))
    network = networks(people.town.township)[-1]
    to_xy = projector(places.CRS)
    rows = streets_of(network)
    index = PieceIndex.build(
        [(street.id, shapely.LineString(list(zip(*to_xy(*shapely.get_coordinates(line).T), strict=True))))
         for street, line in rows]
    )  # fmt: skip
    assert [street.first_piece for street, _ in rows] == index.first_piece.tolist()
    assert [street.n_pieces for street, _ in rows] == index.n_pieces.tolist()
    assert network.pieces == index.n


def test_a_second_import_is_a_second_version_and_the_first_stays(into_town, people, geojson):
    into_town("streets", geojson(*grid()))
    into_town("streets", geojson(*grid()[:5]))
    assert [len(streets_of(network)) for network in networks(people.town.township)][-2:] == [12, 5]


def test_streets_outside_are_refused_or_left_out_when_told_so(into_town, people, geojson):
    path = geojson(*grid(), feature(places.way((5000, 100), (5200, 100)), name="远路"))
    result = into_town("streets", path)
    assert (result.exit_code, codes(result)) == (1, [(13, "outside_township")])
    assert into_town("streets", path, "--skip-outside").exit_code == 0
    assert len(streets_of(networks(people.town.township)[-1])) == 12


def test_a_street_in_two_parts_becomes_two_streets(into_town, people, geojson):
    parts = shapely.MultiLineString([places.way((100, 100), (200, 100)), places.way((300, 100), (400, 100))])
    assert into_town("streets", geojson(feature(parts, name="断桥路"))).exit_code == 0
    assert [street.name for street, _ in streets_of(networks(people.town.township)[-1])] == [
        "断桥路",
        "断桥路",
    ]


def test_nothing_is_written_when_one_line_is_bad(into_town, people, geojson):
    before = len(networks(people.town.township))
    spot = shapely.LineString([places.here(1, 1), places.here(1, 1)])
    result = into_town("streets", geojson(*grid(), feature(spot, name="x"), feature(spot.centroid, name="y")))
    assert result.exit_code == 1
    assert [line for line, _ in codes(result)] == [13, 14]
    assert len(networks(people.town.township)) == before


def test_an_empty_file_and_an_unknown_township_are_said(run_import, geojson):
    options = ("--source", "x", "--licence", "y", "--township", "999999999999")
    assert codes(run_import("streets", geojson(*grid()), *options)) == [(0, "township_unknown")]


def test_a_real_network_in_feet_comes_in_as_metres(run_import, people):
    county = make.make_area(
        "county", "Maricopa", shapely.MultiPolygon([shapely.box(-112.5, 33.0, -111.5, 34.0)])
    )
    tempe = make.make_area(
        "township", "Tempe", shapely.MultiPolygon([shapely.box(-112.0, 33.3, -111.7, 33.5)]), county
    )
    tempe.metres_crs = "ESRI:102649"
    db.session.commit()
    where = ("--crs", "ESRI:102649", "--township", tempe.code)
    result = run_import("streets", TEMPE, *where, "--source", "libpysal geodanet", "--licence", "public")
    assert result.exit_code == 0, result.output
    rows = streets_of(networks(tempe)[-1])
    assert len(rows) == 293
    total_ft = sum(row.length for row in shapely.from_wkb(_raw_lines()))
    assert sum(street.length_m for street, _ in rows) == pytest.approx(total_ft * 0.304800609601, rel=1e-6)


def _raw_lines():
    import pyogrio

    return pyogrio.raw.read(TEMPE)[2]
