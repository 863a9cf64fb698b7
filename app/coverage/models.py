"""Presence: unions that may be written late, twice or out of order and stay right."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.dialects.postgresql import BIT, TSTZMULTIRANGE
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db


def _duty_key(table: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["township_id", "duty_id"], ["duties.township_id", "duties.id"], name=f"fk_{table}_duty"
    )


class PlacePresence(db.Model):
    """Where a duty was at a hotspot or checkpoint, and when: grade `track` or `pair` (arrive and leave).

    `during` is a union: during = presence.during + excluded.during; half-open, never empty. A single check-in is
    an instant: it gives freshness (read from the check-ins) and never minutes.
    """

    __tablename__ = "place_presences"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    place_kind: Mapped[str] = mapped_column(primary_key=True)
    place_id: Mapped[int] = mapped_column(primary_key=True)
    duty_id: Mapped[int] = mapped_column(primary_key=True)
    grade: Mapped[str] = mapped_column(primary_key=True)
    during: Mapped[Any] = mapped_column(TSTZMULTIRANGE)
    __table_args__ = (
        _duty_key("place_presences"),
        CheckConstraint("place_kind IN ('hotspot','checkpoint')", name="place_kind"),
        CheckConstraint("grade IN ('track','pair')", name="grade"),
        CheckConstraint("NOT isempty(during)", name="not_empty"),
        Index("ix_place_presences_duty", "township_id", "duty_id"),
    )


class StreetPresence(db.Model):
    """Which pieces of a network version a duty covered in a UTC hour; bits of `pieces` length, joined by or."""

    __tablename__ = "street_presences"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    duty_id: Mapped[int] = mapped_column(primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    network_version_id: Mapped[int] = mapped_column(ForeignKey("network_versions.id"), primary_key=True)
    bits: Mapped[Any] = mapped_column(BIT(varying=True))
    __table_args__ = (
        _duty_key("street_presences"),
        Index("ix_street_presences_hour", "township_id", "network_version_id", "hour"),
    )


class RoutePresence(db.Model):
    """Which pieces of a route version a duty covered in a UTC hour."""

    __tablename__ = "route_presences"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    duty_id: Mapped[int] = mapped_column(primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    route_version_id: Mapped[int] = mapped_column(ForeignKey("route_versions.id"), primary_key=True)
    bits: Mapped[Any] = mapped_column(BIT(varying=True))
    __table_args__ = (
        _duty_key("route_presences"),
        Index("ix_route_presences_route", "township_id", "route_version_id"),
    )


class StreetDay(db.Model):
    """What street presence becomes after 30 days: a day's shifts and covered share, without duty or hour."""

    __tablename__ = "street_days"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    street_id: Mapped[int] = mapped_column(ForeignKey("streets.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    shifts: Mapped[int]
    covered_share: Mapped[float]
    __table_args__ = (CheckConstraint("covered_share BETWEEN 0 AND 1 AND shifts > 0", name="share"),)
