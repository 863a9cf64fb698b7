"""flask import routes: lines, checkpoints on public ways, versions kept."""

from pathlib import Path

import pyogrio
import pytest
import shapely
from sqlalchemy import select

from app.db import db
from app.routes.models import Checkpoint, Route, RouteVersion
from tests import places
from tests.cli.conftest import codes, feature

TEAM = "清禾镇志愿队"
GPX = "<gpx version='1.1' xmlns='http://www.topografix.com/GPX/1/1'>{}</gpx>"


def line(*points, **properties):
    values = {"name": "河街线", "team": TEAM, **properties}
    return feature(places.way(*(points or ((100, 300), (1100, 300)))), **values)


def point(x, y, seq, **properties):
    return feature(
        shapely.Point(places.here(x, y)), **{"name": f"点{seq}", "route": "河街线", "seq": seq, **properties}
    )


def versions(name="河街线"):
    return db.session.scalars(
        select(RouteVersion).join(Route, Route.id == RouteVersion.route_id).where(Route.name == name)
        .order_by(RouteVersion.version)
    ).all()  # fmt: skip


def checkpoints(version):
    return db.session.scalars(
        select(Checkpoint).where(Checkpoint.route_version_id == version.id).order_by(Checkpoint.seq)
    ).all()


def as_gpx(tmp_path, content):
    path = tmp_path / "route.gpx"
    path.write_text(GPX.format(content))
    return path


def tags(kind, *points):
    return "".join(f"<{kind} lat='{lat}' lon='{lon}'/>" for lon, lat in (places.here(*p) for p in points))


def test_a_route_comes_in_with_its_checkpoints_in_order(into_town, people, geojson):
    gate = point(1100, 305, 2, category="gate", window="20:00-22:00", radius_m=60)
    result = into_town("routes", geojson(line(ordered="是"), gate, point(100, 300, 1)), "--by", "leader")
    assert result.exit_code == 0, result.output
    (version,) = versions()
    assert version.length_m == pytest.approx(1000, abs=0.01)
    assert (version.n_pieces, version.ordered, version.made_by) == (200, True, people.leader.id)
    first, second = checkpoints(version)
    assert (first.seq, first.name, first.radius_m, first.method, first.category) == (
        1,
        "点1",
        40,
        "gps",
        "street",
    )
    assert (second.name, second.category, second.radius_m, second.window_from_min, second.window_to_min) == (
        "点2", "gate", 60, 1200, 1320,
    )  # fmt: skip


def test_the_same_name_again_is_the_next_version_and_the_old_one_stays(into_town, people, geojson):
    into_town("routes", geojson(line(), point(100, 300, 1)))
    assert into_town("routes", geojson(line((100, 500), (900, 500)), point(100, 500, 1))).exit_code == 0
    old, new = versions()
    assert (old.version, new.version, old.route_id) == (1, 2, new.route_id)
    assert (round(old.length_m), round(new.length_m)) == (1000, 800)
    assert len(checkpoints(old)) == len(checkpoints(new)) == 1


def test_checkpoints_may_lie_in_a_second_layer(into_town, people, tmp_path):
    path = tmp_path / "routes.gpkg"
    for layer, shapes, fields in (
        ("lines", [places.way((100, 300), (1100, 300))], {"name": ["河街线"], "team": [TEAM]}),
        ("points", [shapely.Point(places.here(100, 300))], {"name": ["东门"], "route": ["河街线"]}),
    ):
        pyogrio.raw.write(
            path, shapely.to_wkb(shapes), [_objects(v) for v in fields.values()], list(fields), layer=layer,
            crs="EPSG:4326", geometry_type=shapes[0].geom_type,
        )  # fmt: skip
    result = into_town("routes", path, "--layer", "lines", "--checkpoints-layer", "points")
    assert result.exit_code == 0, result.output
    assert [c.name for c in checkpoints(versions()[0])] == ["东门"]


def _objects(values):
    import numpy as np

    return np.array(values, dtype=object)


def test_checkpoints_are_made_only_when_asked_for(into_town, people, geojson):
    into_town("routes", geojson(line()))
    assert checkpoints(versions()[0]) == []
    into_town("routes", geojson(line()), "--checkpoints-every", 240)
    made = checkpoints(versions()[1])
    assert [c.seq for c in made] == [1, 2, 3, 4, 5]
    spots = [
        shapely.from_wkb(bytes(c))
        for c in db.session.scalars(
            select(Checkpoint.geom.ST_AsBinary())
            .where(Checkpoint.route_version_id == versions()[1].id)
            .order_by(Checkpoint.seq)
        )
    ]
    assert [
        spot.distance(shapely.Point(places.here(100 + 250 * i, 300))) < 1e-6 for i, spot in enumerate(spots)
    ] == [True] * 5


def test_a_round_has_no_second_checkpoint_where_it_began(into_town, people, geojson):
    ring = line((100, 100), (500, 100), (500, 500), (100, 500), (100, 100))
    assert into_town("routes", geojson(ring), "--checkpoints-every", 400).exit_code == 0
    assert len(checkpoints(versions()[0])) == 4


def test_gpx_routes_and_tracks_come_in_with_waypoints(into_town, people, tmp_path):
    path = as_gpx(tmp_path, tags("wpt", (100, 300), (1100, 300)).replace("/>", "><name>门</name></wpt>")
                  + f"<rte><name>河街线</name>{tags('rtept', (100, 300), (1100, 300))}</rte>")  # fmt: skip
    result = into_town("routes", path, "--team", TEAM)
    assert result.exit_code == 0, result.output
    assert [c.name for c in checkpoints(versions()[0])] == ["门", "门"]
    track = as_gpx(
        tmp_path, f"<trk><trkseg>{tags('trkpt', (100, 300), (100, 300), (900, 300))}</trkseg></trk>"
    )
    assert into_town("routes", track, "--team", TEAM, "--name", "河街线").exit_code == 0
    assert round(versions()[1].length_m) == 800


REFUSED = {
    "a checkpoint in a yard": ([line(), point(600, 320, 1)], [(2, "checkpoint_off_street")]),
    "a checkpoint of another place": ([line(), point(600, 900, 1)], [(2, "checkpoint_off_route")]),
    "a checkpoint of no route": (
        [line(), point(600, 300, 1, route="别的线")],
        [(2, "checkpoint_route_unknown")],
    ),
    "an unknown team": ([line(team="江南队")], [(1, "team_unknown")]),
    "another township's team": ([line(team="云渡镇志愿队")], [(1, "team_unknown")]),
    "no name": ([line(name="")], [(1, "value_missing")]),
    "a name twice": ([line(), line()], [(2, "route_twice")]),
    "far away": ([line((9000, 300), (9900, 300))], [(1, "outside_township")]),
    "a wide radius": ([line(), point(100, 300, 1, radius_m=900)], [(2, "number_wrong")]),
    "a dwelling": ([line(), point(100, 300, 1, category="dwelling")], [(2, "choice_wrong")]),
    "a window nobody can read": ([line(), point(100, 300, 1, window="evening")], [(2, "window_unreadable")]),
    "a formula": ([line(name="+1+1")], [(1, "text_not_allowed")]),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_allowed_is_refused(into_town, people, geojson, what):
    features, expected = REFUSED[what]
    result = into_town("routes", geojson(*features))
    assert result.exit_code == 1
    assert codes(result) == expected
    assert not versions()


def test_a_route_in_parts_is_refused_never_joined(into_town, people, geojson, tmp_path):
    parts = shapely.MultiLineString([places.way((100, 300), (300, 300)), places.way((500, 300), (900, 300))])
    assert codes(into_town("routes", geojson(feature(parts, name="河街线", team=TEAM)))) == [
        (1, "route_in_parts")
    ]
    two = "".join(f"<trkseg>{tags('trkpt', (x, 300), (x + 100, 300))}</trkseg>" for x in (100, 400))
    assert codes(
        into_town("routes", as_gpx(tmp_path, f"<trk>{two}</trk>"), "--team", TEAM, "--name", "x")
    ) == [(1, "route_in_parts")]


def test_a_township_without_streets_cannot_say_what_is_public(run_import, people, geojson):
    from app.routes.models import NetworkVersion, Street

    db.session.query(Street).delete()
    db.session.query(NetworkVersion).delete()
    db.session.commit()
    result = run_import(
        "routes", geojson(line(), point(100, 300, 1)), "--township", people.town.township.code
    )
    assert codes(result) == [(0, "no_streets")]


def test_a_hostile_gpx_is_refused_by_the_command_too(into_town, people, tmp_path):
    path = Path(tmp_path / "bomb.gpx")
    path.write_text('<!DOCTYPE gpx [<!ENTITY a "aaaa">]><gpx><trk><name>&a;</name></trk></gpx>')
    assert codes(into_town("routes", path)) == [(0, "xml_dtd")]
