"""Teams, who is in them, and roles held on a team or an area. Reference tables."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db

ROLES = ("leader", "reviewer", "admin")


class Team(db.Model):
    __tablename__ = "teams"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    township_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), index=True)
    name: Mapped[str]
    kind: Mapped[str]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    __table_args__ = (
        UniqueConstraint("township_id", "name"),
        CheckConstraint("kind IN ('full_time','volunteer')", name="kind"),
    )


class TeamArea(db.Model):
    """The villages (or the township) a team looks after; a joint team has several."""

    __tablename__ = "team_areas"
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"), primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), primary_key=True, index=True)


class TeamMember(db.Model):
    """Being in a team. Adult and insured are the leader's yes or no; no birth date is kept."""

    __tablename__ = "team_members"
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)
    adult: Mapped[bool] = mapped_column(server_default=text("false"))
    insured: Mapped[bool] = mapped_column(server_default=text("false"))
    insured_until: Mapped[date | None]
    trained_on: Mapped[date | None]
    has_phone: Mapped[bool] = mapped_column(server_default=text("true"))
    joined_on: Mapped[date]
    left_on: Mapped[date | None]


class RoleGrant(db.Model):
    """leader on a team; reviewer or admin on an area and everything below it."""

    __tablename__ = "role_grants"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    role: Mapped[str]
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))
    area_id: Mapped[int | None] = mapped_column(ForeignKey("areas.id"))
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    granted_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    revoked_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("role IN ('leader','reviewer','admin')", name="role"),
        CheckConstraint("(role = 'leader') = (team_id IS NOT NULL)", name="team"),
        CheckConstraint("(role <> 'leader') = (area_id IS NOT NULL)", name="area"),
    )
