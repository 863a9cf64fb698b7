"""Streets and routes come in by import: all of a file or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from geoalchemy2.shape import from_shape
from sqlalchemy import insert

from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.areas.models import Area
from app.db import db
from app.errors import DomainError, FieldError
from app.routes import queries
from app.routes.models import Checkpoint, NetworkVersion, Route, RouteVersion, Street
from app.routes.rules import is_beside_route, is_on_public_way


@dataclass(frozen=True)
class StreetRow:
    """One street of a file. `shape` is a LineString in WGS-84; lengths are metres in the county's system."""

    line: int
    shape: Any
    length_m: float
    n_pieces: int
    name: str | None = None
    highway: str | None = None


@dataclass(frozen=True)
class CheckpointRow:
    """A checkpoint of a route; windows are minutes of the local day."""

    line: int
    name: str
    shape: Any
    category: str = "street"
    radius_m: int = 40
    method: str = "gps"
    required: bool = True
    window_from_min: int | None = None
    window_to_min: int | None = None


@dataclass(frozen=True)
class RouteRow:
    """One route of a file with its checkpoints in order. `team` is the team's name in the township."""

    line: int
    name: str
    team: str
    shape: Any
    length_m: float
    n_pieces: int
    ordered: bool
    checkpoints: tuple[CheckpointRow, ...]


@dataclass(frozen=True)
class StreetImport:
    """What an import of streets made. `by_village` counts streets by the village's name; None lies in no village."""

    network: NetworkVersion
    rows: list[StreetRow]
    skipped: int
    by_village: dict[str | None, int]


def import_streets(
    township: Area, rows: Sequence[StreetRow], source: str, licence: str, skip_outside: bool,
    person: Person | None, now: datetime,
) -> StreetImport:  # fmt: skip
    """A new network version of the township: pieces numbered in the order of the file, villages by location.

    The version before stays as it is, and so does the presence that was recorded on it. Streets that don't touch the
    township are faults, or are left out when `skip_outside`. Raises DomainError `import_refused`.
    """
    outside = queries.indexes_outside(township.id, [row.shape.wkb for row in rows])
    if not skip_outside:
        _refuse([_fault(rows[i].line, "outside_township", township=township.name) for i in outside])
    kept = [row for i, row in enumerate(rows) if i not in outside]
    if not kept:
        raise DomainError("import_refused", [_fault(0, "nothing_to_import")])
    network = NetworkVersion(
        township_id=township.id, version=queries.last_network_number(township.id) + 1,
        pieces=sum(row.n_pieces for row in kept), source=source, licence=licence, made_at=now,
        made_by=person.id if person else None,
    )  # fmt: skip
    db.session.add(network)
    db.session.flush()
    db.session.execute(insert(Street), _street_values(network, kept))
    queries.place_streets_in_villages(network.id)
    _audit(township, person, "streets.import", "network_version", network.id, now, streets=len(kept))
    return StreetImport(network, kept, len(outside), queries.street_counts(network.id))


def _street_values(network: NetworkVersion, rows: Sequence[StreetRow]) -> list[dict[str, Any]]:
    values, first_piece = [], 0
    for row in rows:
        values.append(
            {
                "network_version_id": network.id, "township_id": network.township_id, "name": row.name,
                "highway": row.highway, "geom": from_shape(row.shape, srid=4326), "length_m": row.length_m,
                "first_piece": first_piece, "n_pieces": row.n_pieces,
            }
        )  # fmt: skip
        first_piece += row.n_pieces
    return values


def import_routes(
    township: Area, rows: Sequence[RouteRow], person: Person | None, now: datetime
) -> list[RouteVersion]:
    """A version for each route: the first of a new one, or the next of one with the same name, which keeps the old.

    Raises DomainError `import_refused`: unknown team, a name twice, a route outside the township, a checkpoint more
    than 15 m from a street of the township's newest network or far from its route.
    """
    teams = queries.team_ids_by_name(township.id)
    _refuse(_name_faults(rows, teams) + _place_faults(township, rows))
    versions = [_add_version(township, row, teams[row.team], person, now) for row in rows]
    db.session.flush()
    for version, row in zip(versions, rows, strict=True):
        _audit(township, person, "routes.import", "route_version", version.id, now, name=row.name)
    return versions


def _name_faults(rows: Sequence[RouteRow], teams: dict[str, int]) -> list[FieldError]:
    faults = []
    first: dict[str, int] = {}
    for row in rows:
        if first.setdefault(row.name, row.line) != row.line:
            faults.append(_fault(row.line, "route_twice", name=row.name, first=first[row.name]))
        if row.team not in teams:
            faults.append(_fault(row.line, "team_unknown", team=row.team or "-"))
    return faults


def _place_faults(township: Area, rows: Sequence[RouteRow]) -> list[FieldError]:
    outside = queries.indexes_outside(township.id, [row.shape.wkb for row in rows])
    faults = [_fault(rows[i].line, "outside_township", township=township.name) for i in sorted(outside)]
    points = [(point, row) for row in rows for point in row.checkpoints]
    if points and queries.last_network_number(township.id) == 0:
        return [*faults, _fault(0, "no_streets", township=township.name)]
    metres = queries.checkpoint_metres(
        township.id, [(point.shape.wkb, row.shape.wkb) for point, row in points]
    )
    for (point, _), (to_street, to_route) in zip(points, metres, strict=True):
        if not is_on_public_way(to_street):
            away = "-" if to_street is None else f"{to_street:.0f}"
            faults.append(_fault(point.line, "checkpoint_off_street", name=point.name, metres=away))
        if not is_beside_route(to_route):
            faults.append(
                _fault(point.line, "checkpoint_off_route", name=point.name, metres=f"{to_route:.0f}")
            )
    return faults


def _add_version(
    township: Area, row: RouteRow, team_id: int, person: Person | None, now: datetime
) -> RouteVersion:
    route = queries.route_by_name(township.id, row.name)
    if route is None:
        route = Route(township_id=township.id, team_id=team_id, name=row.name)
        db.session.add(route)
    route.team_id, route.active = team_id, True
    db.session.flush()
    version = RouteVersion(
        route_id=route.id, township_id=township.id, version=queries.last_route_number(route.id) + 1,
        geom=from_shape(row.shape, srid=4326), length_m=row.length_m, n_pieces=row.n_pieces, ordered=row.ordered,
        made_at=now, made_by=person.id if person else None,
    )  # fmt: skip
    db.session.add(version)
    db.session.flush()
    for seq, point in enumerate(row.checkpoints, start=1):
        db.session.add(_checkpoint(version, seq, point))
    return version


def _checkpoint(version: RouteVersion, seq: int, point: CheckpointRow) -> Checkpoint:
    return Checkpoint(
        route_version_id=version.id, township_id=version.township_id, seq=seq, name=point.name,
        category=point.category, geom=from_shape(point.shape, srid=4326), radius_m=point.radius_m,
        method=point.method, required=point.required, window_from_min=point.window_from_min,
        window_to_min=point.window_to_min,
    )  # fmt: skip


def _audit(
    township: Area,
    person: Person | None,
    action: str,
    kind: str,
    object_id: int,
    now: datetime,
    **detail: Any,
) -> None:
    record_audit(township.id, person.id if person else None, action, kind, object_id, now, **detail)


def _refuse(faults: list[FieldError]) -> None:
    if faults:
        raise DomainError("import_refused", faults)


def _fault(line: int, code: str, /, **figures: Any) -> FieldError:
    return FieldError(str(line), code, figures)
