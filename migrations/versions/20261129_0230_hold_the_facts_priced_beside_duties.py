"""Hold the facts that are priced beside duties: holidays, hazards, training, no-shows, false check-ins

Revision ID: 202611290230
Revises: 202611290220
"""

import sqlalchemy as sa
from alembic import op

revision = "202611290230"
down_revision = "202611290220"
branch_labels = None
depends_on = None

TABLES = (
    "holidays", "verified_hazards", "training_sessions", "training_attendances", "ended_months", "no_shows",
    "false_checkins",
)  # fmt: skip


def upgrade() -> None:
    op.add_column("shifts", sa.Column("bonus", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.create_check_constraint(op.f("ck_shifts_bonus"), "shifts", "bonus = 0 OR bonus BETWEEN 5 AND 10")
    op.add_column("duties", sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True))
    add_tables()
    grant()


def add_tables() -> None:
    op.create_table(
        "holidays",
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('holiday', 'workday')", name=op.f("ck_holidays_kind")),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_holidays_area_id")),
        sa.ForeignKeyConstraint(["made_by"], ["people.id"], name=op.f("fk_holidays_made_by")),
        sa.PrimaryKeyConstraint("area_id", "day", name=op.f("pk_holidays")),
    )
    op.create_table(
        "verified_hazards",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("shift_id", sa.BigInteger(), nullable=False),
        sa.Column("reporter_id", sa.BigInteger(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("verified_by", sa.BigInteger(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "severity IN ('low', 'medium', 'high')", name=op.f("ck_verified_hazards_severity")
        ),
        sa.CheckConstraint("verified_by <> reporter_id", name=op.f("ck_verified_hazards_four_eyes")),
        sa.ForeignKeyConstraint(["reporter_id"], ["people.id"], name=op.f("fk_verified_hazards_reporter_id")),
        sa.ForeignKeyConstraint(
            ["township_id", "incident_id"],
            ["incidents.township_id", "incidents.id"],
            name="fk_verified_hazards_incident",
        ),
        sa.ForeignKeyConstraint(["verified_by"], ["people.id"], name=op.f("fk_verified_hazards_verified_by")),
        sa.PrimaryKeyConstraint("township_id", "incident_id", name=op.f("pk_verified_hazards")),
    )
    op.create_index(
        "ix_verified_hazards_reporter",
        "verified_hazards",
        ["township_id", "reporter_id", "shift_id"],
        unique=False,
    )
    op.create_table(
        "training_sessions",
        sa.Column("township_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("entered_by", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('training', 'drill')", name=op.f("ck_training_sessions_kind")),
        sa.CheckConstraint("minutes BETWEEN 15 AND 480", name=op.f("ck_training_sessions_minutes")),
        sa.ForeignKeyConstraint(["entered_by"], ["people.id"], name=op.f("fk_training_sessions_entered_by")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_training_sessions_team_id")),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_training_sessions")),
        sa.UniqueConstraint(
            "township_id", "id", "entered_by", name=op.f("uq_training_sessions_township_id_id_entered_by")
        ),
    )
    op.create_index("ix_training_sessions_day", "training_sessions", ["township_id", "day"], unique=False)
    op.create_table(
        "training_attendances",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("session_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("entered_by", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_by", sa.BigInteger(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(confirmed_by IS NULL) = (confirmed_at IS NULL)", name=op.f("ck_training_attendances_confirmed")
        ),
        sa.CheckConstraint(
            "confirmed_by <> person_id AND confirmed_by <> entered_by",
            name=op.f("ck_training_attendances_four_eyes"),
        ),
        sa.ForeignKeyConstraint(
            ["confirmed_by"], ["people.id"], name=op.f("fk_training_attendances_confirmed_by")
        ),
        sa.ForeignKeyConstraint(
            ["entered_by"], ["people.id"], name=op.f("fk_training_attendances_entered_by")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_training_attendances_person_id")),
        sa.ForeignKeyConstraint(
            ["township_id", "session_id", "entered_by"],
            ["training_sessions.township_id", "training_sessions.id", "training_sessions.entered_by"],
            name="fk_training_attendances_session",
        ),
        sa.PrimaryKeyConstraint(
            "township_id", "session_id", "person_id", name=op.f("pk_training_attendances")
        ),
    )
    op.create_index(
        "ix_training_attendances_person", "training_attendances", ["township_id", "person_id"], unique=False
    )
    op.create_table(
        "ended_months",
        sa.Column("township_id", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("extract(day FROM month) = 1", name=op.f("ck_ended_months_month")),
        sa.ForeignKeyConstraint(["township_id"], ["areas.id"], name=op.f("fk_ended_months_township_id")),
        sa.PrimaryKeyConstraint("township_id", "month", name=op.f("pk_ended_months")),
    )
    op.create_table(
        "no_shows",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("shift_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("excuse", sa.Text(), nullable=True),
        sa.Column("excused_by", sa.BigInteger(), nullable=True),
        sa.Column("excused_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "excuse IN ('ill', 'family', 'work', 'weather', 'wrong_roster', 'was_there', 'other')",
            name=op.f("ck_no_shows_excuse"),
        ),
        sa.CheckConstraint(
            "(excuse IS NULL) = (excused_by IS NULL) AND (excuse IS NULL) = (excused_at IS NULL)",
            name=op.f("ck_no_shows_excused"),
        ),
        sa.CheckConstraint("excused_by <> person_id", name=op.f("ck_no_shows_four_eyes")),
        sa.ForeignKeyConstraint(["excused_by"], ["people.id"], name=op.f("fk_no_shows_excused_by")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_no_shows_person_id")),
        sa.ForeignKeyConstraint(
            ["township_id", "shift_id"], ["shifts.township_id", "shifts.id"], name="fk_no_shows_shift"
        ),
        sa.PrimaryKeyConstraint("township_id", "shift_id", "person_id", name=op.f("pk_no_shows")),
    )
    op.create_index("ix_no_shows_day", "no_shows", ["township_id", "day"], unique=False)
    op.create_index("ix_no_shows_person", "no_shows", ["township_id", "person_id", "day"], unique=False)
    op.create_table(
        "false_checkins",
        sa.Column("township_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("duty_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answer_text", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("outcome IN ('upheld', 'dismissed')", name=op.f("ck_false_checkins_outcome")),
        sa.CheckConstraint(
            "reason IN ('not_there', 'another_carried_phone', 'position_made', 'code_passed_on')",
            name=op.f("ck_false_checkins_reason"),
        ),
        sa.CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL)", name=op.f("ck_false_checkins_answered")
        ),
        sa.CheckConstraint(
            "(outcome IS NULL) = (decided_by IS NULL) AND (outcome IS NULL) = (decided_at IS NULL)",
            name=op.f("ck_false_checkins_decided"),
        ),
        sa.CheckConstraint(
            "answer_until > opened_at AND decided_at >= answer_until", name=op.f("ck_false_checkins_reply")
        ),
        sa.CheckConstraint("length(answer_text) <= 280", name=op.f("ck_false_checkins_text")),
        sa.CheckConstraint(
            "opened_by <> person_id AND decided_by <> person_id AND decided_by <> opened_by",
            name=op.f("ck_false_checkins_four_eyes"),
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["people.id"], name=op.f("fk_false_checkins_decided_by")),
        sa.ForeignKeyConstraint(["opened_by"], ["people.id"], name=op.f("fk_false_checkins_opened_by")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_false_checkins_person_id")),
        sa.ForeignKeyConstraint(
            ["township_id", "duty_id"], ["duties.township_id", "duties.id"], name="fk_false_checkins_duty"
        ),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_false_checkins")),
    )
    op.create_index("ix_false_checkins_person", "false_checkins", ["township_id", "person_id"], unique=False)
    op.create_index(
        "uq_false_checkins_duty",
        "false_checkins",
        ["township_id", "duty_id"],
        unique=True,
        postgresql_where=sa.text("outcome IS DISTINCT FROM 'dismissed'"),
    )


def grant() -> None:
    """What was said stays; the application adds to it, and the worker finds no-shows and ends of months."""
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON holidays TO xunfang_app")
    op.execute(
        "GRANT SELECT, INSERT ON verified_hazards, training_sessions, training_attendances, ended_months, no_shows, "
        "false_checkins TO xunfang_app"
    )
    op.execute("GRANT UPDATE (confirmed_by, confirmed_at) ON training_attendances TO xunfang_app")
    op.execute("GRANT UPDATE (excuse, excused_by, excused_at) ON no_shows TO xunfang_app")
    op.execute(
        "GRANT UPDATE (answer, answer_text, answered_at, outcome, decided_by, decided_at) ON false_checkins "
        "TO xunfang_app"
    )
    op.execute(f"GRANT SELECT ON {', '.join(TABLES)} TO xunfang_worker")
    op.execute("GRANT INSERT ON ended_months, no_shows TO xunfang_worker")
    op.execute("GRANT SELECT, UPDATE (answer_text) ON false_checkins TO xunfang_retention")
    op.execute("GRANT SELECT ON holidays, ended_months TO xunfang_readonly")
    op.execute("GRANT SELECT (bonus) ON shifts TO xunfang_readonly, xunfang_retention")


def downgrade() -> None:
    op.execute("REVOKE SELECT (bonus) ON shifts FROM xunfang_readonly, xunfang_retention")
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_column("duties", "voided_at")
    op.drop_constraint(op.f("ck_shifts_bonus"), "shifts", type_="check")
    op.drop_column("shifts", "bonus")
