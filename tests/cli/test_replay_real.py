"""Real input, sent as a phone would: figures against an independent computation, and every way of sending the same."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import libpysal
import numpy as np
import pytest
import shapely
from sqlalchemy import select

from app.checkins.models import Checkin
from app.coverage.models import PlacePresence, RoutePresence, StreetPresence
from app.coverage.pieces import from_bits
from app.db import db
from app.duty.models import Duty
from app.geofiles.gpx import read_gpx
from app.incentives.models import PointEntry
from app.routes.models import Street
from tests.browserless import Browser
from tests.cli import county as c
from tests.cli import recordings

# Late in the evening of 24 November 2026 in Shanghai: there is room before it for a run of two hours.
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
DAY = "2026-11-24"
REACH_M = 25.0


@pytest.fixture
def tools(app, rolled_back, at, run_import, monkeypatch):
    """(a server's address, a function that replays); the clock stands at NOW."""
    at(NOW)
    monkeypatch.setenv("XUNFANG_PASSWORD", c.PASSWORD)
    with c.serving(app) as url:

        def replay(path: Path, login: str = "member", *options: object) -> str:
            db.session.commit()
            args = ["replay", path, "--as", login, "--route", c.ROUTE, "--date", DAY, "--url", url, *options]
            result = app.test_cli_runner().invoke(args=[str(arg) for arg in args])
            if result.exception is not None and not isinstance(result.exception, SystemExit):
                raise result.exception
            assert result.exit_code == 0, result.output
            return result.output

        yield url, replay


def measures(url: str) -> dict[str, float]:
    db.session.commit()
    reviewer = Browser(url)
    reviewer.sign_in("reviewer")
    status, body, _ = reviewer.call("GET", f"/api/v1/coverage/areas/{c.TOWN}?from={DAY}&to={DAY}")
    assert status == 200, body
    return {key: measure["value"] for key, measure in body["measures"].items()}


# --- the independent computation: shapely and arithmetic, none of the application's own


def walked(path: Path, crs: str) -> tuple[np.ndarray, np.ndarray]:
    """Places in metres and times in seconds of a recording, without repeated or decreasing times."""
    fixes = [fix for trace in read_gpx(path).traces for part in trace.parts for fix in part]
    kept = [fixes[0]]
    for fix in fixes[1:]:
        if fix.at > kept[-1].at:
            kept.append(fix)
    line = c.metres(shapely.LineString([(fix.lon, fix.lat) for fix in kept]), crs)
    return shapely.get_coordinates(line), np.array([fix.at.timestamp() for fix in kept])


def unbroken(xy: np.ndarray, t: np.ndarray) -> list[shapely.LineString]:
    """The track's parts between gaps and jumps."""
    metres, seconds = np.hypot(*np.diff(xy, axis=0).T), np.diff(t)
    broken = np.flatnonzero((seconds > 120) | (metres > 15 * seconds)) + 1
    return [shapely.LineString(part) for part in np.split(xy, broken) if len(part) > 1]


def reached(xy: np.ndarray, t: np.ndarray) -> shapely.Geometry:
    """Where the track reaches: 25 m around its unbroken parts, with flat ends."""
    return shapely.unary_union([around(part) for part in unbroken(xy, t)])


def around(line: shapely.LineString) -> shapely.Geometry:
    return line.buffer(REACH_M, cap_style="flat", quad_segs=16)


def adherence(xy: np.ndarray, t: np.ndarray, route: shapely.LineString) -> float:
    """F1 of the route's share beside the track and the track's share beside the route."""
    completion = share([route], reached(xy, t))[0]
    beside = share(unbroken(xy, t), around(route))[0]
    return 2 * completion * beside / (completion + beside)


def share(lines: list[shapely.LineString], area: shapely.Geometry) -> tuple[float, list[float]]:
    """The share of all lines inside, and of each."""
    inside = [line.intersection(area).length for line in lines]
    total = sum(line.length for line in lines)
    return sum(inside) / total, [a / line.length for a, line in zip(inside, lines, strict=True)]


def minutes_inside(xy: np.ndarray, t: np.ndarray, polygon: shapely.Geometry) -> float:
    """Observed minutes of the visits of at least 3 minutes; stays at most 120 s apart are one visit."""
    stays: list[list[float]] = []
    for a, b, start, end in zip(xy[:-1], xy[1:], t[:-1], t[1:], strict=True):
        step = shapely.LineString([a, b])
        inside = (
            polygon.contains(shapely.Point(a))
            if step.length == 0
            else step.intersection(polygon).length / step.length
        )
        if not inside or end - start > 120 or math.dist(a, b) > 15 * (end - start):
            continue
        if stays and start - stays[-1][1] <= 120:
            stays[-1][1], stays[-1][2] = end, stays[-1][2] + (end - start) * inside
        else:
            stays.append([start, end, (end - start) * inside])
    return sum(seconds for _, _, seconds in stays if seconds >= 180) / 60


# --- the county of the recordings


def county_of(run_import: Callable, folder: Path, watch: Path) -> shapely.Geometry:
    """The watch's line as streets and route, a hotspot around its middle; the hotspot in metres."""
    line = c.line_of(watch)
    west, south, east, north = line.buffer(0.01).bounds
    streets = c.pieces_of(line, recordings.METRES_CRS, 180)
    c.import_county(run_import, folder, recordings.METRES_CRS, (west, south, east, north), streets)
    flat = c.metres(line, recordings.METRES_CRS)
    hotspot = flat.interpolate(0.5, normalized=True).buffer(350, quad_segs=8)
    c.import_hotspot(run_import, folder, c.degrees(hotspot, recordings.METRES_CRS))
    c.import_route(run_import, watch)
    return hotspot


def street_shares(crs: str) -> list[tuple[shapely.LineString, float]]:
    """Each street of the newest network in metres with the share of its pieces that presence holds."""
    rows = db.session.execute(
        select(Street, Street.geom.ST_AsBinary()).order_by(
            Street.network_version_id.desc(), Street.first_piece
        )
    ).all()
    newest = rows[0][0].network_version_id
    bits = [
        from_bits(b)
        for b in db.session.scalars(
            select(StreetPresence.bits).where(StreetPresence.network_version_id == newest)
        )
    ]
    found = np.logical_or.reduce(bits)
    return [
        (
            c.metres(shapely.from_wkb(bytes(wkb)), crs),
            float(found[s.first_piece : s.first_piece + s.n_pieces].mean()),
        )
        for s, wkb in rows
        if s.network_version_id == newest
    ]


@pytest.mark.parametrize(("run", "offset"), [("FC2", 0), ("FC", 7200)])
def test_one_receivers_line_walked_by_the_other(tools, run_import, tmp_path, run, offset):
    """Route completion, streets and minutes agree with shapely within 1 %, a phone's clock two hours wrong included."""
    url, replay = tools
    watch, receiver = recordings.pair(tmp_path, run)
    hotspot = county_of(run_import, tmp_path, watch)
    walk = thinned(receiver, tmp_path / "walk.gpx", 3)
    report = replay(walk, "member", "--make-shift", "--clock-offset", offset, "--segment-fixes", 60)
    assert "rejected" not in report and "conflict" not in report

    xy, t = walked(walk, recordings.METRES_CRS)
    area = reached(xy, t)
    route = c.metres(c.line_of(watch), recordings.METRES_CRS)
    got = measures(url)
    assert got["route_completion"] == pytest.approx(100 * share([route], area)[0], abs=1)
    assert got["adherence"] == pytest.approx(100 * adherence(xy, t, route), abs=1)
    streets = street_shares(recordings.METRES_CRS)
    total, each = share([line for line, _ in streets], area)
    assert got["street_coverage"] == pytest.approx(100 * total, abs=1)
    for (line, ours), theirs in zip(streets, each, strict=True):
        assert abs(ours - theirs) <= max(0.10, 3 / line.length)
    assert got["dosage_observed"] == pytest.approx(minutes_inside(xy, t, hotspot), rel=0.01)
    assert got["checkpoint_completion"] > 80


def test_the_watchs_own_line_is_complete_though_its_clock_is_two_hours_wrong(tools, run_import, tmp_path):
    url, replay = tools
    watch, _ = recordings.pair(tmp_path)
    county_of(run_import, tmp_path, watch)
    replay(watch, "member", "--make-shift", "--clock-offset", 7200)
    got = measures(url)
    assert got["route_completion"] == pytest.approx(100, abs=0.5)
    assert got["street_coverage"] == pytest.approx(100, abs=0.5)
    assert got["checkpoint_completion"] == 100


def standing_of(login: str) -> dict[str, object]:
    """What this person's one duty has come to: presence by place and hour, worked time, verdicts, points by rule."""
    person = c.make.Person.id == Duty.person_id
    duty = db.session.scalar(select(Duty).join(c.make.Person, person).where(c.make.Person.login == login))
    assert duty is not None
    found = {
        "routes": rows_of(duty, RoutePresence.route_version_id, RoutePresence.hour, RoutePresence.bits),
        "streets": rows_of(duty, StreetPresence.network_version_id, StreetPresence.hour, StreetPresence.bits),
        "places": rows_of(
            duty, PlacePresence.place_kind, PlacePresence.place_id, PlacePresence.grade, PlacePresence.during
        ),
        "verdicts": rows_of(
            duty, Checkin.checkpoint_id, Checkin.effective_at, Checkin.verdict, Checkin.reasons, Checkin.evidence_level
        ),
        "worked": (str(duty.worked), duty.state),
        # Sums of the same metres in another order differ far behind the comma.
        "metres": (round(duty.track_m, 6), round(duty.near_m, 6)),
        "points": points_of(duty.person_id),
    }  # fmt: skip
    db.session.commit()
    return found


def rows_of(duty: Duty, *columns: Any) -> list[str]:
    """The rows of a duty in a table, in an order of their own."""
    rows = db.session.execute(select(*columns).where(columns[0].class_.duty_id == duty.id))
    return sorted(str(tuple(row)) for row in rows)


def points_of(person_id: int) -> dict[str, int]:
    """Half points by rule: what was put right by another entry comes out as if it had been right at once."""
    sums: Counter[str] = Counter()
    for entry in db.session.scalars(select(PointEntry).where(PointEntry.person_id == person_id)):
        sums[entry.rule] += entry.amount_half if entry.debit_account == "issue" else -entry.amount_half
    return {rule: half for rule, half in sums.items() if half}


def thinned(source: Path, target: Path, every: int, most: int | None = None) -> Path:
    """The recording with every n-th fix, as a phone would have kept it; of `most` fixes, those in the middle."""
    trace = read_gpx(source).traces[0]
    fixes = [fix for part in trace.parts for fix in part][::every]
    first = 0 if most is None else (len(fixes) - most) // 2
    fixes = fixes[first : first + (most or len(fixes))]
    return recordings.write_gpx(target, np.array([(f.lon, f.lat) for f in fixes]), fixes[0].at, every)


@pytest.mark.slow
def test_every_way_of_sending_the_same_walk_ends_in_the_same_state(tools, aside, run_import, tmp_path):
    """Segments of small, even, odd and whole size, each shuffled and sent twice; each undone before the next."""
    _, replay = tools
    watch, receiver = recordings.pair(tmp_path)
    county_of(run_import, tmp_path, watch)
    # Twenty minutes: enough for the first quarter of an hour that earns points.
    walk = thinned(receiver, tmp_path / "walk.gpx", 20, most=60)
    with aside():
        replay(walk, "member", "--make-shift")
        expected = standing_of("member")
    assert all(expected.values()), expected
    for size in (*range(2, 14), 16, 17, 23, 29, 30, 31, 47, 59, 60):
        with aside():
            report = replay(
                walk, "member", "--make-shift", "--segment-fixes", size, "--shuffle", size, "--twice"
            )
            assert "rejected" not in report and "conflict" not in report
            assert standing_of("member") == expected, size


def test_sending_everything_twice_answers_only_duplicates_the_second_time(tools, run_import, tmp_path):
    _, replay = tools
    watch, receiver = recordings.pair(tmp_path)
    county_of(run_import, tmp_path, watch)
    walk = thinned(receiver, tmp_path / "walk.gpx", 15)
    once = replay(walk, "member", "--make-shift", "--twice", "--lang", "en")
    rows = [line.split() for line in once.splitlines()]
    stored = sum(int(row[-1]) for row in rows if "stored" in row)
    again = sum(int(row[-1]) for row in rows if "duplicate" in row)
    assert stored == again > 5


# --- a real network in feet, walked by a track with a known answer


def test_the_real_streets_of_tempe_walked_to_a_known_answer(tools, run_import, tmp_path):
    url, replay = tools
    crs = "ESRI:102649"
    path = Path(libpysal.examples.get_path("streets.shp"))
    c.import_county(run_import, tmp_path, crs, (-111.95, 33.35, -111.78, 33.47), path, "--crs", crs)
    streets = [
        shapely.from_wkb(bytes(wkb))
        for wkb in db.session.scalars(select(Street.geom.ST_AsBinary()).order_by(Street.first_piece))
    ]
    longest = max(streets, key=lambda street: c.metres(street, crs).length)
    flat = c.metres(longest, crs)
    # A walk of 1.2 m/s along the whole of the longest street, a fix every 5 s, in this county's feet.
    step = 1.2 * 5 / 0.304800609601
    along = [flat.interpolate(d) for d in [*np.arange(0, flat.length, step), flat.length]]
    lonlat = shapely.get_coordinates(c.degrees(shapely.LineString(along), crs))
    walk = recordings.write_gpx(tmp_path / "walk.gpx", lonlat, datetime(2026, 1, 1, tzinfo=UTC), 5)
    c.import_route(run_import, walk)
    replay(walk, "member", "--make-shift")
    got = measures(url)
    assert got["route_completion"] == pytest.approx(100, abs=0.1)
    lines = [c.metres(street, crs) for street in streets]
    # 25 m are 82.02 feet.
    area = shapely.LineString(along).buffer(REACH_M / 0.304800609601, cap_style="flat")
    assert got["street_coverage"] == pytest.approx(100 * share(lines, area)[0], abs=0.05)
    assert got["street_km_total"] == pytest.approx(
        sum(line.length for line in lines) * 0.3048006 / 1000, abs=0.001
    )
