"""Points: an append-only ledger. Each row is one transfer between two accounts, so that approval, redemption and
reversal are further rows and never an edit; each has its seal in the township's chain before its transaction ends.

Below the ledger stand the facts that are priced beside duties: who entered them, and who else confirmed them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    UniqueConstraint,
    text,
)  # fmt: skip
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db

DAY_KINDS = ("holiday", "workday")
SEVERITIES = ("low", "medium", "high")
SESSION_KINDS = ("training", "drill")
EXCUSES = ("ill", "family", "work", "weather", "wrong_roster", "was_there", "other")
CASE_REASONS = ("not_there", "another_carried_phone", "position_made", "code_passed_on")
OUTCOMES = ("upheld", "dismissed")
# Why a confirmation was taken back.
HAZARD_WRONG = ("wrong_severity", "no_hazard", "known_before", "other")
TRAINING_WRONG = ("not_held", "wrong_people", "wrong_minutes", "wrong_day", "entered_twice", "other")
TAKEN_BACK = (
    "(taken_back_by IS NULL) = (taken_back_at IS NULL) AND (taken_back_by IS NULL) = (taken_back_why IS NULL)"
)
# Why an entry is not simply what its month was first worth.
WHY = ("came_late", "facts_changed", "rule_changed", "cap_moved")
MIRRORED = ("person_id", "rule", "cause", "amount_half")


class PointEntry(db.Model):
    """`amount_half` half points (48.5 points = 97) from `debit_account` to `credit_account`.

    Accounts: `issue` (the township's source of points), `person:<id>:pending`, `person:<id>:approved` …
    A reversal names the transfer it reverses, once only, and mirrors it; a re-posting takes the next `n`.
    `earned_on` is the day of the work. `booked_in` is the month that takes it, where that is not the month of the work:
    a frozen month is corrected in the next open one. `why` says what made a change.
    `settles_at`: what depends on others is settled then; None where nothing does.
    `rule_version` is the version of the rule's function, `policy_version_id` that of its numbers (None: the defaults).
    """

    __tablename__ = "point_entries"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    transfer_id: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    rule: Mapped[str]
    rule_version: Mapped[int] = mapped_column(server_default=text("1"))
    cause: Mapped[str]
    n: Mapped[int]
    reverses_id: Mapped[int | None]
    amount_half: Mapped[int]
    debit_account: Mapped[str]
    credit_account: Mapped[str]
    policy_version_id: Mapped[int | None] = mapped_column(ForeignKey("policy_versions.id"))
    earned_on: Mapped[date]
    booked_in: Mapped[date | None]
    why: Mapped[str | None]
    settles_at: Mapped[datetime | None]
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    made_at: Mapped[datetime]
    # A reversal undoes what was posted: the key below finds no reversal to undo.
    posted: Mapped[bool] = mapped_column(Computed("reverses_id IS NULL", persisted=True))
    undoes: Mapped[bool] = mapped_column(Computed("reverses_id IS NOT NULL", persisted=True))
    __table_args__ = (
        UniqueConstraint("township_id", "rule", "cause", "n"),
        UniqueConstraint("township_id", "reverses_id"),
        UniqueConstraint("township_id", "transfer_id"),
        UniqueConstraint(
            "township_id", "id", *MIRRORED, "debit_account", "credit_account", "posted",
            name="uq_point_entries_mirror",
        ),
        # Credit and debit change places: that is what makes a reversal one.
        ForeignKeyConstraint(
            ["township_id", "reverses_id", *MIRRORED, "credit_account", "debit_account", "undoes"],
            [
                f"point_entries.{name}"
                for name in ("township_id", "id", *MIRRORED, "debit_account", "credit_account", "posted")
            ],
            name="fk_point_entries_mirror",
        ),
        # No transaction ends with an entry that has no place in the chain.
        ForeignKeyConstraint(
            ["township_id", "id"], ["point_seals.township_id", "point_seals.entry_id"],
            name="fk_point_entries_seal", deferrable=True, initially="DEFERRED",
        ),
        CheckConstraint("amount_half > 0 AND debit_account <> credit_account AND n >= 1", name="transfer"),
        CheckConstraint("why IN ('came_late','facts_changed','rule_changed','cap_moved')", name="why"),
        CheckConstraint(
            "booked_in IS NULL OR (why IS NOT NULL AND booked_in > earned_on AND extract(day FROM booked_in) = 1)",
            name="booked",
        ),
        Index("ix_point_entries_person", "township_id", "person_id", "earned_on"),
        Index("ix_point_entries_cause", "township_id", "cause"),
    )  # fmt: skip


class PointSeal(db.Model):
    """An entry's place in its township's chain: gap-free `seq`, the hash of the seal before (32 zero bytes at the
    first), and its own over that, the seq and all that the entry says (chain.py)."""

    __tablename__ = "point_seals"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int]
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    __table_args__ = (
        UniqueConstraint("township_id", "entry_id"),
        CheckConstraint("seq >= 1 AND octet_length(previous) = 32 AND octet_length(hash) = 32", name="seal"),
    )


class FrozenMonth(db.Model):
    """A month (its first day) of a township that takes no further entry."""

    __tablename__ = "frozen_months"
    township_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    frozen_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    frozen_at: Mapped[datetime]
    __table_args__ = (CheckConstraint("extract(day FROM month) = 1", name="month"),)


class SettledVisit(db.Model):
    """A hotspot visit of a duty as it stood 72 h after it, with the minutes since anybody's last visit that count from
    then on: whose phone comes back later takes nothing from others."""

    __tablename__ = "settled_visits"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    duty_id: Mapped[int] = mapped_column(primary_key=True)
    hotspot_id: Mapped[int] = mapped_column(ForeignKey("hotspots.id"), primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(primary_key=True)
    ends_at: Mapped[datetime]
    since_last_min: Mapped[float | None]
    settled_at: Mapped[datetime]
    __table_args__ = (
        ForeignKeyConstraint(
            ["township_id", "duty_id"], ["duties.township_id", "duties.id"], name="fk_settled_visits_duty"
        ),
        CheckConstraint("ends_at >= starts_at", name="span"),
    )


# --- facts beside duties --------------------------------------------------------------------------


class Holiday(db.Model):
    """A public holiday, or a day that is none although it lies among them (`workday`), of a county or a township; the
    township's word goes before its county's."""

    __tablename__ = "holidays"
    area_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    made_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    made_at: Mapped[datetime]
    __table_args__ = (CheckConstraint(f"kind IN {DAY_KINDS!r}", name="kind"),)


class VerifiedHazard(db.Model):
    """A reported hazard that somebody other than its reporter saw to be one. It was the first report of its kind within
    50 m and 7 days when that was said; nothing that comes later changes it. Taken back, again by another than its
    reporter, it may be verified anew: a further row with the next `n`. One at a time stands."""

    __tablename__ = "verified_hazards"
    township_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    incident_id: Mapped[UUID] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, server_default=text("1"))
    shift_id: Mapped[int]
    reporter_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    reported_at: Mapped[datetime]
    severity: Mapped[str]
    verified_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    verified_at: Mapped[datetime]
    taken_back_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    taken_back_at: Mapped[datetime | None]
    taken_back_why: Mapped[str | None]
    __table_args__ = (
        ForeignKeyConstraint(
            ["township_id", "incident_id"], ["incidents.township_id", "incidents.id"],
            name="fk_verified_hazards_incident",
        ),
        CheckConstraint("verified_by <> reporter_id", name="four_eyes"),
        CheckConstraint(f"severity IN {SEVERITIES!r}", name="severity"),
        CheckConstraint("n >= 1", name="n"),
        CheckConstraint("taken_back_by <> reporter_id", name="taken_back_four_eyes"),
        CheckConstraint(TAKEN_BACK, name="taken_back"),
        CheckConstraint(f"taken_back_why IN {HAZARD_WRONG!r}", name="taken_back_why"),
        Index(
            "uq_verified_hazards_live", "township_id", "incident_id", unique=True,
            postgresql_where=text("taken_back_at IS NULL"),
        ),
        Index("ix_verified_hazards_reporter", "township_id", "reporter_id", "shift_id"),
    )  # fmt: skip


class TrainingSession(db.Model):
    """A training or a drill of a team, entered by its leader; who was there is said in `attendances`."""

    __tablename__ = "training_sessions"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"))
    kind: Mapped[str]
    day: Mapped[date]
    minutes: Mapped[int]
    entered_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    entered_at: Mapped[datetime]
    __table_args__ = (
        CheckConstraint(f"kind IN {SESSION_KINDS!r}", name="kind"),
        CheckConstraint("minutes BETWEEN 15 AND 480", name="minutes"),
        UniqueConstraint("township_id", "id", "entered_by"),
        Index("ix_training_sessions_day", "township_id", "day"),
    )


class TrainingAttendance(db.Model):
    """Somebody was at a session. It counts once another person than the member and than who entered it confirms it,
    until the session is taken back, again by neither of the two."""

    __tablename__ = "training_attendances"
    township_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    session_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    entered_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    confirmed_at: Mapped[datetime | None]
    taken_back_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    taken_back_at: Mapped[datetime | None]
    taken_back_why: Mapped[str | None]
    __table_args__ = (
        ForeignKeyConstraint(
            ["township_id", "session_id", "entered_by"],
            ["training_sessions.township_id", "training_sessions.id", "training_sessions.entered_by"],
            name="fk_training_attendances_session",
        ),
        CheckConstraint("confirmed_by <> person_id AND confirmed_by <> entered_by", name="four_eyes"),
        CheckConstraint("(confirmed_by IS NULL) = (confirmed_at IS NULL)", name="confirmed"),
        CheckConstraint(
            "taken_back_by <> person_id AND taken_back_by <> entered_by", name="taken_back_four_eyes"
        ),
        CheckConstraint(TAKEN_BACK, name="taken_back"),
        CheckConstraint(f"taken_back_why IN {TRAINING_WRONG!r}", name="taken_back_why"),
        Index("ix_training_attendances_person", "township_id", "person_id"),
    )


class EndedMonth(db.Model):
    """A month (its first day) of a township that is over: from now on its on-time bonus is priced."""

    __tablename__ = "ended_months"
    township_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    ended_at: Mapped[datetime]
    __table_args__ = (CheckConstraint("extract(day FROM month) = 1", name="month"),)


class NoShow(db.Model):
    """Somebody was planned for a shift, said nothing in time, and had no duty 72 hours after it. A duty that comes
    later, or an excuse by somebody else, makes it worth nothing."""

    __tablename__ = "no_shows"
    township_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    shift_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    day: Mapped[date]
    found_at: Mapped[datetime]
    excuse: Mapped[str | None]
    excused_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    excused_at: Mapped[datetime | None]
    __table_args__ = (
        ForeignKeyConstraint(
            ["township_id", "shift_id"], ["shifts.township_id", "shifts.id"], name="fk_no_shows_shift"
        ),
        CheckConstraint("excused_by <> person_id", name="four_eyes"),
        CheckConstraint(
            "(excuse IS NULL) = (excused_by IS NULL) AND (excuse IS NULL) = (excused_at IS NULL)",
            name="excused",
        ),
        CheckConstraint(f"excuse IN {EXCUSES!r}", name="excuse"),
        Index("ix_no_shows_person", "township_id", "person_id", "day"),
        Index("ix_no_shows_day", "township_id", "day"),
    )


class FalseCheckin(db.Model):
    """Somebody says that a duty's check-ins were false. The member is told and may answer until `answer_until`; only
    then a second person decides. One case a duty, unless it was dismissed."""

    __tablename__ = "false_checkins"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    duty_id: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    reason: Mapped[str]
    opened_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    opened_at: Mapped[datetime]
    answer_until: Mapped[datetime]
    answer: Mapped[str | None]
    answer_text: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    decided_at: Mapped[datetime | None]
    __table_args__ = (
        ForeignKeyConstraint(
            ["township_id", "duty_id"], ["duties.township_id", "duties.id"], name="fk_false_checkins_duty"
        ),
        CheckConstraint(
            "opened_by <> person_id AND decided_by <> person_id AND decided_by <> opened_by", name="four_eyes"
        ),
        CheckConstraint("answer_until > opened_at AND decided_at >= answer_until", name="reply"),
        CheckConstraint(f"reason IN {CASE_REASONS!r}", name="reason"),
        CheckConstraint(f"outcome IN {OUTCOMES!r}", name="outcome"),
        CheckConstraint("length(answer_text) <= 280", name="text"),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered"),
        CheckConstraint(
            "(outcome IS NULL) = (decided_by IS NULL) AND (outcome IS NULL) = (decided_at IS NULL)",
            name="decided",
        ),
        Index("ix_false_checkins_person", "township_id", "person_id"),
        Index(
            "uq_false_checkins_duty", "township_id", "duty_id", unique=True,
            postgresql_where=text("outcome IS DISTINCT FROM 'dismissed'"),
        ),
    )  # fmt: skip
