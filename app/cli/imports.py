"""`flask import …`: data from files, all-or-nothing, with a report line by line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
import pyproj
from flask import Flask
from flask.cli import AppGroup
from pyproj.exceptions import CRSError

from app import clock
from app.accounts.models import Person
from app.accounts.queries import person_by_login
from app.areas.models import Area
from app.areas.operations import import_areas
from app.areas.queries import area_of_level
from app.cli import import_areas as areas_file
from app.cli import import_hotspots as hotspots_file
from app.cli import import_routes as routes_file
from app.cli import import_streets as streets_file
from app.cli.import_report import Report, show
from app.db import db
from app.errors import DomainError
from app.geofiles.gpx import read_gpx
from app.geofiles.problems import FileRefused, Problem
from app.geofiles.reader import Reading, read
from app.hotspots.operations import import_hotspots
from app.incidents import files as incidents_file
from app.incidents.recorded import import_events
from app.routes.operations import import_routes, import_streets
from app.routes.queries import nearest_streets

commands = AppGroup(
    "import", help="Take in areas, streets, routes, hotspots and incidents from files, all or nothing."
)
Command = Callable[..., None]


def register(app: Flask) -> None:
    """Add `flask import` to the application."""
    app.cli.add_command(commands)


def _options(*more: Callable[[Any], Any]) -> Callable[[Command], Command]:
    """What every import takes: FILE, its system and layer, who imports, a rehearsal, the language of the report."""
    common: list[Callable[[Any], Any]] = [
        click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False)),
        click.option(
            "--crs", help="EPSG:4549, ESRI:102649, …, gcj02 or bd09; without it, what the file says."
        ),
        click.option("--layer", help="The layer of a file that has several."),
        click.option("--by", "login", help="The login of the person who imports, for the record."),
        click.option("--dry-run", is_flag=True, help="Check everything, write nothing."),
        click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True),
    ]

    def decorate(command: Command) -> Command:
        for option in reversed([*common, *more]):
            command = option(command)
        return command

    return decorate


TOWNSHIP = click.option("--township", "code", required=True, help="The township's 12-digit code.")


@commands.command("areas")
@_options(click.option("--county-crs", help="The county's projected system for metres, e.g. EPSG:4549."))
def areas(file: Path, crs: str | None, layer: str | None, county_crs: str | None, **how: Any) -> None:
    """Counties, townships, villages and grids (polygons with code, name, level, parent_code, population …)."""

    def work(report: Report, person: Person | None) -> None:
        metres_crs = _metres_crs(county_crs)
        reading = _read(report, file, layer, crs, areas_file.TYPES, areas_file.FIELDS)
        rows, problems = areas_file.area_rows(reading)
        _stop(report, reading.problems + problems)
        done, made = import_areas(rows, metres_crs, person, clock.now())
        report.fact("areas_made", made=made, changed=len(done) - made)
        report.accepted += [(row.line, f"{row.code} {row.name}") for row in rows]

    _run(file, work, **how)


@commands.command("streets")
@_options(
    TOWNSHIP,
    click.option("--source", required=True, help="Whose data this is; shown wherever the streets are."),
    click.option("--licence", required=True, help='Its licence, e.g. "ODbL 1.0".'),
    click.option("--skip-outside", is_flag=True, help="Leave out streets that don't touch the township."),
)
def streets(
    file: Path,
    crs: str | None,
    layer: str | None,
    code: str,
    source: str,
    licence: str,
    skip_outside: bool,
    **how: Any,
) -> None:
    """A new version of a township's street network (lines; name and highway are kept)."""

    def work(report: Report, person: Person | None) -> None:
        township = _township(code)
        reading = _read(report, file, layer, crs, streets_file.TYPES, streets_file.FIELDS)
        rows, problems = streets_file.street_rows(reading, township.metres_crs)
        _stop(report, reading.problems + problems)
        done = import_streets(township, rows, source, licence, skip_outside, person, clock.now())
        report.fact(
            "network_made", version=done.network.version, streets=len(done.rows), skipped=done.skipped,
            pieces=done.network.pieces,
        )  # fmt: skip
        for village, n in done.by_village.items():
            report.fact("streets_in_village" if village else "streets_in_no_village", village=village, n=n)
        report.accepted += [
            (row.line, f"{row.name or row.highway or '-'} {row.length_m:.0f} m") for row in done.rows
        ]

    _run(file, work, **how)


@commands.command("routes")
@_options(
    TOWNSHIP,
    click.option("--team", help="The team of routes that name none (GPX never does)."),
    click.option("--name", help="The name of the file's only route."),
    click.option("--ordered", is_flag=True, help="Checkpoints are to be visited in their order."),
    click.option(
        "--checkpoints", type=click.Path(path_type=Path, exists=True), help="A second file with points."
    ),
    click.option("--checkpoints-layer", help="The layer with points, of --checkpoints or of FILE."),
    click.option(
        "--checkpoints-every", type=click.IntRange(50, 5000), help="Make some every N metres if none."
    ),
)
def routes(
    file: Path, crs: str | None, layer: str | None, code: str, team: str | None, name: str | None, ordered: bool,
    checkpoints: Path | None, checkpoints_layer: str | None, checkpoints_every: int | None, **how: Any,
) -> None:  # fmt: skip
    """Routes (lines with name and team, points as checkpoints) from a GIS file or GPX; a known name: next version."""
    defaults = routes_file.Defaults(team, name, ordered, checkpoints_every)

    def work(report: Report, person: Person | None) -> None:
        township = _township(code)
        if file.suffix.lower() == ".gpx":
            gpx = read_gpx(file, crs)
            report.facts += gpx.notes
            rows, problems = routes_file.gpx_rows(gpx, defaults, township.metres_crs)
        else:
            sources = [(file, layer)]
            if checkpoints or checkpoints_layer:
                sources.append((checkpoints or file, checkpoints_layer))
            readings = [
                _read(report, *source, crs, routes_file.TYPES, routes_file.FIELDS) for source in sources
            ]
            rows, problems = routes_file.route_rows(readings, defaults, township.metres_crs)
            problems = [problem for reading in readings for problem in reading.problems] + problems
        _stop(report, problems)
        versions = import_routes(township, rows, person, clock.now())
        for row, version in zip(rows, versions, strict=True):
            n = len(row.checkpoints)
            report.accepted.append((row.line, f"{row.name} v{version.version} {row.length_m:.0f} m / {n}"))

    _run(file, work, **how)


@commands.command("hotspots")
@_options(TOWNSHIP)
def hotspots(file: Path, crs: str | None, layer: str | None, code: str, **how: Any) -> None:
    """Hotspots (polygons of 0.2 ha and more with category, windows, evidence, proposer, approver, review_by)."""

    def work(report: Report, person: Person | None) -> None:
        township = _township(code)
        today = clock.local_day(clock.now(), township.time_zone)
        reading = _read(report, file, layer, crs, hotspots_file.TYPES, hotspots_file.FIELDS)
        rows, problems = hotspots_file.hotspot_rows(reading, today)
        _stop(report, reading.problems + problems)
        made = import_hotspots(township, rows, person, clock.now())
        for row, hotspot in zip(rows, made, strict=True):
            report.accepted.append((row.line, f"{row.name} {hotspot.area_m2 / 1e4:.2f} ha"))

    _run(file, work, **how)


@commands.command("incidents")
@_options(
    TOWNSHIP, click.option("--source", required=True, help="Whose list this is; kept beside each event.")
)
def incidents(file: Path, crs: str | None, layer: str | None, code: str, source: str, **how: Any) -> None:
    """Events at places (CSV, XLSX, GeoJSON, GeoPackage: category, happened_from, happened_to, a point; no more)."""

    def work(report: Report, person: Person | None) -> None:
        township = _township(code)
        reading = _read(report, file, layer, crs, incidents_file.TYPES, incidents_file.FIELDS, tables=True)
        rows, problems = incidents_file.event_rows(reading, township.time_zone)
        _stop(report, reading.problems + problems)
        taken = import_events(township, rows, source[:80], nearest_streets, person, clock.now())
        report.fact("events_taken", n=len(taken.rows), streets=taken.on_street)
        for line, why in taken.known.items():
            report.fact(why, line=line)
        report.accepted += [(row.line, f"{row.category} {row.start:%Y-%m-%d %H:%M}") for row in taken.rows]

    _run(file, work, **how)


class _Stopped(Exception):
    """The report holds what is wrong; nothing more is tried."""


def _run(
    file: Path, work: Callable[[Report, Person | None], None], login: str | None, dry_run: bool, lang: str
) -> None:
    """Do the work in one transaction: commit once when all is right, else write nothing and exit with 1."""
    report = Report(file)
    try:
        work(report, _person(login))
    except FileRefused as refused:
        report.problems.append(refused.problem)
    except DomainError as refused:
        report.refuse(refused.fields)
    except _Stopped:
        pass
    if report.problems or dry_run:
        db.session.rollback()
    else:
        db.session.commit()
    show(report, dry_run, lang)
    if report.problems:
        raise SystemExit(1)


def _stop(report: Report, problems: list[Problem]) -> None:
    report.problems += problems
    if problems:
        raise _Stopped


def _read(
    report: Report, file: Path, layer: str | None, crs: str | None, types: tuple[str, ...],
    fields: Mapping[str, tuple[str, ...]], tables: bool = False,
) -> Reading:  # fmt: skip
    reading = read(file, crs, layer, types, fields, tables)
    report.fact("file_read", file=file.name, crs=reading.crs, encoding=reading.encoding, n=reading.features)
    if reading.dropped:
        names = ", ".join(sorted(reading.dropped))
        report.fact("attributes_dropped", n=len(reading.dropped), names=names[:200])
    if not reading.features:
        raise FileRefused("nothing_to_import")
    return reading


def _township(code: str) -> Area:
    area = area_of_level(code, "township")
    if area is None:
        raise FileRefused("township_unknown", township=code[:20])
    return area


def _person(login: str | None) -> Person | None:
    person = person_by_login(login.strip().lower()) if login else None
    if login and person is None:
        raise FileRefused("person_unknown", login=login[:60])
    return person


def _metres_crs(code: str | None) -> str | None:
    """The county's system: projected, or lengths would be in degrees."""
    if code is None:
        return None
    try:
        is_projected = pyproj.CRS.from_user_input(code).is_projected
    except CRSError:
        is_projected = False
    if not is_projected:
        raise FileRefused("county_crs_wrong", found=code[:60])
    return code
