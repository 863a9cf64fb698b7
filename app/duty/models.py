"""Shifts (planned), assignments, and duties (one person's presence on a shift). Distributed by township."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    UniqueConstraint,
    text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import ARRAY, TSTZMULTIRANGE, TSTZRANGE, ExcludeConstraint
from sqlalchemy.dialects.postgresql import TEXT as PG_TEXT
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db


class Shift(db.Model):
    """A planned shift of a team on a route version. `version` counts changes; an edit names the one it saw.

    `bonus` are points for a shift that is hard to fill: set before anybody began, and seen by all.
    `crew_secret` makes the rotating code that the crew's leader shows (crews.py); the database makes it, once.
    """

    __tablename__ = "shifts"
    township_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), primary_key=True)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"))
    route_version_id: Mapped[int | None] = mapped_column(ForeignKey("route_versions.id"))
    day: Mapped[date]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    meeting_place: Mapped[str] = mapped_column(server_default="")
    fit_for_one: Mapped[bool] = mapped_column(server_default=text("false"))
    crew_wanted: Mapped[int] = mapped_column(server_default=text("2"))
    bonus: Mapped[int] = mapped_column(server_default=text("0"))
    status: Mapped[str] = mapped_column(server_default="planned")
    cancel_reason: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    made_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    changed_at: Mapped[datetime]
    crew_secret: Mapped[bytes] = mapped_column(
        LargeBinary, server_default=text("uuid_send(gen_random_uuid())"), deferred=True
    )
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="order"),
        CheckConstraint("ends_at <= starts_at + interval '16 hours'", name="length"),
        CheckConstraint("status IN ('planned','cancelled')", name="status"),
        CheckConstraint("crew_wanted BETWEEN 1 AND 20", name="crew"),
        CheckConstraint("bonus = 0 OR bonus BETWEEN 5 AND 10", name="bonus"),
        Index("ix_shifts_team_day", "township_id", "team_id", "day"),
        Index("ix_shifts_starts_at", "township_id", "starts_at"),
    )


class Assignment(db.Model):
    """A person planned for a shift. Two at the same time are impossible for one person (EXCLUDE)."""

    __tablename__ = "assignments"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    shift_id: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    during: Mapped[Any] = mapped_column(TSTZRANGE)
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    made_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    made_at: Mapped[datetime]
    __table_args__ = (
        ForeignKeyConstraint(
            ["township_id", "shift_id"], ["shifts.township_id", "shifts.id"], name="fk_assignments_shift"
        ),
        UniqueConstraint("township_id", "shift_id", "person_id"),
        ExcludeConstraint(
            ("township_id", "="), ("person_id", "="), ("during", "&&"),
            where=text("active"), name="ex_assignments_double_booking",
        ),
        Index("ix_assignments_person", "township_id", "person_id"),
    )  # fmt: skip


class Duty(db.Model):
    """One person's presence on a shift. Its times are a pure function of its events (or the leader's entry).

    `first_item_id` and `last_item_id` bound the ids of everything stored for the duty: tables partitioned by id are
    asked for that range only, so a question about one duty opens one month and not three years.
    `track_spans` are the spans (epoch seconds) that the stored track presence was measured in.
    `worked` is the judged span once the duty has ended; two of one person never overlap (EXCLUDE).
    `tick_id` is the crew tick that a declared duty follows; None where a leader entered it by hand.
    `on_roster` is whether the person was planned when the duty was last settled; a change of the crew settles it.
    `with_crew` says that the start carried the right code of the crew's leader.
    `voided_at`: two persons found its check-ins false. It is no valid duty then and worth nothing; what came in stays.
    `changes` counts how often what is stored for the duty changed, here or elsewhere: who kept a figure looks at it.
    """

    __tablename__ = "duties"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    shift_id: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"))
    day: Mapped[date]
    entered_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    on_roster: Mapped[bool]
    tick_id: Mapped[UUID | None]
    with_crew: Mapped[bool] = mapped_column(server_default=text("false"))
    state: Mapped[str] = mapped_column(server_default="on")
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    pauses: Mapped[Any | None] = mapped_column(TSTZMULTIRANGE)
    worked: Mapped[Any | None] = mapped_column(TSTZRANGE)
    worked_s: Mapped[int] = mapped_column(server_default=text("0"))
    flags: Mapped[list[str]] = mapped_column(ARRAY(PG_TEXT), server_default=text("'{}'"))
    last_item_at: Mapped[datetime | None]
    first_item_id: Mapped[UUID | None]
    last_item_id: Mapped[UUID | None]
    track_m: Mapped[float] = mapped_column(server_default=text("0"))
    near_m: Mapped[float] = mapped_column(server_default=text("0"))
    fixes: Mapped[int] = mapped_column(server_default=text("0"))
    track_spans: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    changes: Mapped[int] = mapped_column(server_default=text("0"))
    voided_at: Mapped[datetime | None]
    __table_args__ = (
        ForeignKeyConstraint(
            ["township_id", "shift_id"], ["shifts.township_id", "shifts.id"], name="fk_duties_shift"
        ),
        UniqueConstraint("township_id", "shift_id", "person_id"),
        CheckConstraint("state IN ('on','paused','ended','attended')", name="state"),
        ExcludeConstraint(
            ("township_id", "="), ("person_id", "="), ("worked", "&&"),
            where=text("worked IS NOT NULL"), name="ex_duties_overlap",
        ),
        Index("ix_duties_day", "township_id", "day"),
        Index("ix_duties_person", "township_id", "person_id", "day"),
    )  # fmt: skip

    @property
    def is_declared(self) -> bool:
        return self.entered_by is not None

    def widen(self, item_id: UUID) -> None:
        """Take an item's id into the bounds."""
        self.first_item_id = min(self.first_item_id or item_id, item_id)
        self.last_item_id = max(self.last_item_id or item_id, item_id)


class DutyEvent(db.Model):
    """A start, pause, resume or end as the phone said it, at its effective time. Keyed by the item's id.

    `code_right` is of a start that carried a crew's code; None where it carried none."""

    __tablename__ = "duty_events"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    duty_id: Mapped[int]
    kind: Mapped[str]
    effective_at: Mapped[datetime]
    time_quality: Mapped[str]
    code_right: Mapped[bool | None]
    __table_args__ = (
        ForeignKeyConstraint(
            ["township_id", "duty_id"], ["duties.township_id", "duties.id"], name="fk_duty_events_duty"
        ),
        CheckConstraint("kind IN ('start','pause','resume','end')", name="kind"),
        Index("ix_duty_events_duty", "township_id", "duty_id"),
        {"postgresql_partition_by": "RANGE (id)"},
    )


def _of_shift(table: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["township_id", "shift_id"], ["shifts.township_id", "shifts.id"], name=f"fk_{table}_shift"
    )


class CrewTick(db.Model):
    """Who is here without a phone, as the crew's leader sees it. The last one of a shift by its time stands."""

    __tablename__ = "crew_ticks"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    shift_id: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    present: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    said_at: Mapped[datetime]
    __table_args__ = (
        _of_shift("crew_ticks"),
        Index("ix_crew_ticks_shift", "township_id", "shift_id"),
    )


class Handover(db.Model):
    """What the next crew on the route should know. `text` goes after 90 days; the phrase stays."""

    __tablename__ = "handovers"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    shift_id: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    phrase: Mapped[str]
    text: Mapped[str | None]
    said_at: Mapped[datetime]
    __table_args__ = (
        _of_shift("handovers"),
        Index("ix_handovers_shift", "township_id", "shift_id"),
    )


class Swap(db.Model):
    """Somebody cannot come and asks one colleague, or the team (`to_person_id` None). Its id is the item's.

    What became of it follows from its steps, the roster and the leader's decision (rules.swap_state).
    """

    __tablename__ = "swaps"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    shift_id: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    to_person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    phrase: Mapped[str | None]
    asked_at: Mapped[datetime]
    decision: Mapped[str | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    decided_at: Mapped[datetime | None]
    decided_why: Mapped[str | None]
    taken_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    __table_args__ = (
        _of_shift("swaps"),
        CheckConstraint("decision IN ('confirmed','refused')", name="decision"),
        Index("ix_swaps_shift", "township_id", "shift_id"),
    )


class SwapStep(db.Model):
    """An offer to take an asked shift, or something taken back: the asking by its asker, an offer by its offerer.

    `ask_id` is the id of the swap or leave it is about. It may come before that, so no key points there.
    """

    __tablename__ = "swap_steps"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    ask_id: Mapped[UUID]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[str]
    said_at: Mapped[datetime]
    __table_args__ = (
        CheckConstraint("kind IN ('offer','withdraw')", name="kind"),
        Index("ix_swap_steps_ask", "township_id", "ask_id"),
    )


class Decline(db.Model):
    """A planned member does not take a shift. `freed` says whether it freed the place (not once they had begun)."""

    __tablename__ = "declines"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    shift_id: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    phrase: Mapped[str]
    said_at: Mapped[datetime]
    freed: Mapped[bool]
    __table_args__ = (
        _of_shift("declines"),
        Index("ix_declines_shift", "township_id", "shift_id"),
    )


class Leave(db.Model):
    """Away from one day to another, both included. While approved, no roster takes the person."""

    __tablename__ = "leaves"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    from_on: Mapped[date]
    to_on: Mapped[date]
    phrase: Mapped[str]
    asked_at: Mapped[datetime]
    withdrawn: Mapped[bool] = mapped_column(server_default=text("false"))
    decision: Mapped[str | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    decided_at: Mapped[datetime | None]
    decided_why: Mapped[str | None]
    __table_args__ = (
        CheckConstraint("to_on >= from_on", name="order"),
        CheckConstraint("decision IN ('approved','refused')", name="decision"),
        Index("ix_leaves_person", "township_id", "person_id", "to_on"),
    )
