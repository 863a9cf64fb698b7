"""What is walked: the street network, routes with their versions, and checkpoints. Reference tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db


class NetworkVersion(db.Model):
    """One import of a township's streets. Presence bitmaps have the length `pieces` of their version."""

    __tablename__ = "network_versions"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    township_id: Mapped[int] = mapped_column(ForeignKey("areas.id"))
    version: Mapped[int]
    pieces: Mapped[int]
    source: Mapped[str]
    licence: Mapped[str]
    made_at: Mapped[datetime]
    made_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    __table_args__ = (
        UniqueConstraint("township_id", "version"),
        CheckConstraint("pieces >= 0", name="pieces"),
    )


class Street(db.Model):
    """An edge of the network. Its pieces are first_piece .. first_piece + n_pieces − 1 of the version's bitmap."""

    __tablename__ = "streets"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    network_version_id: Mapped[int] = mapped_column(ForeignKey("network_versions.id"), index=True)
    township_id: Mapped[int] = mapped_column(ForeignKey("areas.id"))
    village_id: Mapped[int | None] = mapped_column(ForeignKey("areas.id"), index=True)
    name: Mapped[str | None]
    highway: Mapped[str | None]
    geom: Mapped[Any] = mapped_column(Geometry("LINESTRING", srid=4326, spatial_index=False))
    length_m: Mapped[float]
    first_piece: Mapped[int]
    n_pieces: Mapped[int]
    __table_args__ = (
        UniqueConstraint("network_version_id", "first_piece"),
        CheckConstraint("n_pieces > 0 AND first_piece >= 0 AND length_m > 0", name="pieces"),
        Index("ix_streets_geom", "geom", postgresql_using="gist"),
    )


class Route(db.Model):
    __tablename__ = "routes"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    township_id: Mapped[int] = mapped_column(ForeignKey("areas.id"))
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"), index=True)
    name: Mapped[str]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    __table_args__ = (UniqueConstraint("township_id", "name"),)


class RouteVersion(db.Model):
    """A line as it was at one time; shifts point at the version they were planned for."""

    __tablename__ = "route_versions"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    route_id: Mapped[int] = mapped_column(ForeignKey("routes.id"))
    township_id: Mapped[int] = mapped_column(ForeignKey("areas.id"))
    version: Mapped[int]
    geom: Mapped[Any] = mapped_column(Geometry("LINESTRING", srid=4326, spatial_index=False))
    length_m: Mapped[float]
    n_pieces: Mapped[int]
    ordered: Mapped[bool] = mapped_column(server_default=text("false"))
    made_at: Mapped[datetime]
    made_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    __table_args__ = (
        UniqueConstraint("route_id", "version"),
        CheckConstraint("n_pieces > 0 AND length_m > 0", name="pieces"),
        Index("ix_route_versions_geom", "geom", postgresql_using="gist"),
    )


CHECKPOINT_CATEGORIES = (
    "street", "crossing", "gate", "market", "school", "clinic", "station", "square",
    "bridge", "waterside", "park", "parking", "works", "office", "shop_row",
)  # fmt: skip


class Checkpoint(db.Model):
    """A place on a public way (≤ 15 m from a street), never a dwelling; windows are minutes of the local day."""

    __tablename__ = "checkpoints"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    route_version_id: Mapped[int] = mapped_column(ForeignKey("route_versions.id"))
    township_id: Mapped[int] = mapped_column(ForeignKey("areas.id"))
    seq: Mapped[int]
    name: Mapped[str]
    category: Mapped[str] = mapped_column(server_default="street")
    geom: Mapped[Any] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))
    radius_m: Mapped[int] = mapped_column(server_default=text("40"))
    method: Mapped[str] = mapped_column(server_default="gps")
    required: Mapped[bool] = mapped_column(server_default=text("true"))
    window_from_min: Mapped[int | None]
    window_to_min: Mapped[int | None]
    __table_args__ = (
        UniqueConstraint("route_version_id", "seq"),
        CheckConstraint("radius_m BETWEEN 10 AND 200", name="radius"),
        CheckConstraint("method IN ('gps','code','nfc','photo')", name="method"),
        CheckConstraint(f"category IN {CHECKPOINT_CATEGORIES!r}", name="category"),
    )


class CheckpointCode(db.Model):
    """The secret behind a checkpoint's codes and tags. It belongs to the place, by its name on the route, so that a new
    version of the route keeps it. `sealed_before` is the one until `changed_at`: phones may be offline for days."""

    __tablename__ = "checkpoint_codes"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    township_id: Mapped[int] = mapped_column(ForeignKey("areas.id"))
    route_id: Mapped[int] = mapped_column(ForeignKey("routes.id"))
    name: Mapped[str]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_before: Mapped[bytes | None] = mapped_column(LargeBinary)
    changed_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("route_id", "name"),)


class CodeDisplay(db.Model):
    """A screen at a checkpoint. Whoever has its link sees the code of the moment; of its token we keep the hash."""

    __tablename__ = "code_displays"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    code_id: Mapped[int] = mapped_column(ForeignKey("checkpoint_codes.id"), index=True)
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    made_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    made_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
