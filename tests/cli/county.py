"""A test county around a recorded line, made by the import commands alone, and a server for it in this process."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from click.testing import Result
from flask import Flask
from pyproj import Transformer
from werkzeug.serving import make_server

from app.areas.models import Area
from app.db import db
from app.geofiles.gpx import Trace, read_gpx
from tests import make
from tests.browserless import cheap_hash
from tests.cli.conftest import feature

COUNTY, TOWN, VILLAGE = "420299000000", "420299101000", "420299101201"
PASSWORD = "xunfang-demo"
ROUTE = "河街线"
TEAM = "志愿一队"


def line_of(path: Path) -> shapely.LineString:
    """The recorded line in degrees."""
    trace: Trace = next(trace for trace in read_gpx(path).traces)
    return shapely.LineString([(fix.lon, fix.lat) for part in trace.parts for fix in part])


def metres(shape: Any, crs: str) -> Any:
    to_metres = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    return shapely.transform(shape, lambda xy: np.column_stack(to_metres.transform(xy[:, 0], xy[:, 1])))


def degrees(shape: Any, crs: str) -> Any:
    back = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    return shapely.transform(shape, lambda xy: np.column_stack(back.transform(xy[:, 0], xy[:, 1])))


def pieces_of(line: shapely.LineString, crs: str, every_m: float) -> list[shapely.LineString]:
    """The line as streets of about `every_m` metres, in degrees; a stand-still makes no street."""
    flat = metres(shapely.remove_repeated_points(line), crs)
    ends = [*np.arange(0, flat.length, every_m), flat.length]
    cut = [shapely.ops.substring(flat, a, b) for a, b in itertools.pairwise(ends)]
    return [degrees(street, crs) for street in cut if street.length > 1]


def import_county(
    run_import: Callable[..., Result], folder: Path, crs: str, bounds: tuple[float, float, float, float],
    streets: Path | list[shapely.LineString], *street_options: str,
) -> None:  # fmt: skip
    """County, township, one village, streets; a team with a leader and a member, and a reviewer of the township."""
    west, south, east, north = bounds
    township, around = (
        shapely.box(west, south, east, north),
        shapely.box(west - 0.1, south - 0.1, east + 0.1, north + 0.1),
    )
    areas = _write(
        folder / "areas.geojson",
        feature(around, code=COUNTY, name="试县", level="county"),
        feature(township, code=TOWN, name="试镇", level="township", parent_code=COUNTY),
        feature(township, code=VILLAGE, name="试村", level="village", parent_code=TOWN),
    )
    _ok(run_import("areas", areas, "--county-crs", crs))
    if isinstance(streets, list):
        streets = _write(folder / "streets.geojson", *(feature(street) for street in streets))
    _ok(
        run_import(
            "streets", streets, "--township", TOWN, "--source", "test", "--licence", "none", *street_options
        )
    )
    town = db.session.query(Area).filter_by(code=TOWN).one()
    team = make.make_team(town, TEAM)
    hashed = cheap_hash(PASSWORD)
    for login in ("proposer", "approver"):
        make.make_person(login, town, login)
    reviewer = make.make_person("reviewer", town, "reviewer", password_hash=hashed)
    make.grant(reviewer, "reviewer", area=town)
    leader, member = (
        make.make_person(login, town, login, password_hash=hashed) for login in ("leader", "member")
    )
    make.join_team(leader, team)
    make.join_team(member, team)
    make.grant(leader, "leader", team=team)
    db.session.commit()


def import_hotspot(run_import: Callable[..., Result], folder: Path, shape: Any) -> None:
    """A hotspot at risk all the time."""
    row = feature(
        shape, name="公园", category="park", evidence="试", proposer="proposer", approver="approver",
        valid_from="2026-11-01", windows="每天 00:00-24:00",
    )  # fmt: skip
    _ok(run_import("hotspots", _write(folder / "hotspot.geojson", row), "--township", TOWN))


def import_route(run_import: Callable[..., Result], path: Path, *options: str) -> None:
    """The recorded line as the route, with checkpoints every 500 m."""
    where = ("--township", TOWN, "--team", TEAM, "--name", ROUTE, "--checkpoints-every", "500")
    _ok(run_import("routes", path, *where, *options))


def _ok(result: Result) -> None:
    db.session.commit()
    assert result.exit_code == 0, result.output


def _write(path: Path, *features: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False))
    return path


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """The application behind a real socket, in a thread, one request at a time: it shares the test's transaction.

    Nothing may be open in the test's own session while a request runs.
    """
    server = make_server("127.0.0.1", 0, app, threaded=False)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
