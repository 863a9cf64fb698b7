"""Proposals of the planner: asked at the desk, solved by the worker. Places, shifts and minutes; never an order."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db

PLAN_KINDS = ("beats", "roster")
PLAN_STATES = ("queued", "running", "done", "failed")


class PlanRun(db.Model):
    """One question to the planner and its answer.

    `parameters` are the figures that were asked with. `result` of beats: hotspot ids, minutes and why a place is left
    out; of a roster: ids of shifts and of the members proposed for them.
    """

    __tablename__ = "plan_runs"
    township_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"))
    parameters: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(server_default="queued")
    progress: Mapped[int] = mapped_column(server_default=sql("0"))
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    fault: Mapped[str | None]
    asked_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    asked_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint(f"kind IN {PLAN_KINDS!r}", name="kind"),
        CheckConstraint(f"state IN {PLAN_STATES!r}", name="state"),
        CheckConstraint("progress BETWEEN 0 AND 100", name="progress"),
        CheckConstraint("(state = 'done') = (result IS NOT NULL)", name="done_has_a_result"),
        Index("ix_plan_runs_asked", "township_id", "asked_at"),
    )
