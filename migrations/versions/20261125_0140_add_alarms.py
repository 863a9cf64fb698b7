"""add alarms, their steps and channels"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "202611250005"
down_revision = "202611250004"
branch_labels = None
depends_on = None

TOPICS = ("field", "checkins", "tracks", "duty", "coverage", "incentives")
TABLES = ("alarms", "alarm_steps", "watches", "pins", "pin_uses", "push_addresses")
AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    add_alarms()
    add_watches()
    add_pins()
    allow_topics((*TOPICS, "alarms"))
    grant()


def add_alarms() -> None:
    op.create_table(
        "alarms",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("silent", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("test", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("sent_by_id", sa.BigInteger()),
        sa.Column("team_id", sa.BigInteger()),
        sa.Column("shift_id", sa.BigInteger()),
        sa.Column(
            "kept_from", postgresql.ARRAY(sa.BigInteger()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("called_at", AT, nullable=False),
        sa.Column("received_at", AT, nullable=False),
        sa.Column("position", Geometry("POINT", srid=4326, spatial_index=False)),
        sa.Column("accuracy_m", sa.BigInteger()),
        sa.Column("stage", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("acknowledged_by", sa.BigInteger()),
        sa.Column("acknowledged_at", AT),
        sa.Column("ended_by", sa.BigInteger()),
        sa.Column("ended_at", AT),
        sa.Column("close_phrase", sa.Text()),
        sa.CheckConstraint("kind IN ('sos', 'no_answer', 'duress')", name=op.f("ck_alarms_kind")),
        sa.CheckConstraint(
            "state IN ('open', 'acknowledged', 'cancelled', 'closed')", name=op.f("ck_alarms_state")
        ),
        sa.CheckConstraint(
            "close_phrase IN ('safe', 'helped', 'handed_over', 'mistake', 'drill_done', 'not_found')",
            name=op.f("ck_alarms_close_phrase"),
        ),
        sa.CheckConstraint("(kind = 'duress') = silent", name=op.f("ck_alarms_silent")),
        sa.CheckConstraint(
            "(state IN ('cancelled','closed')) = (ended_at IS NOT NULL)", name=op.f("ck_alarms_ended")
        ),
        *[
            sa.ForeignKeyConstraint([column], ["people.id"], name=op.f(f"fk_alarms_{column}"))
            for column in ("person_id", "sent_by_id", "acknowledged_by", "ended_by")
        ],
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_alarms_team_id")),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_alarms")),
    )
    op.create_index("ix_alarms_person", "alarms", ["township_id", "person_id", "received_at"])
    op.create_index(
        "ix_alarms_open", "alarms", ["township_id", "received_at"], postgresql_where=sa.text("ended_at IS NULL")
    )  # fmt: skip
    op.create_table(
        "alarm_steps",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("alarm_id", sa.Uuid(), nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("stage", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text()),
        sa.Column("person_id", sa.BigInteger()),
        sa.Column("code", sa.Text()),
        sa.ForeignKeyConstraint(
            ["township_id", "alarm_id"], ["alarms.township_id", "alarms.id"], name="fk_alarm_steps_alarm"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_alarm_steps_person_id")),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_alarm_steps")),
    )
    op.create_index("ix_alarm_steps_alarm", "alarm_steps", ["township_id", "alarm_id", "id"])


def add_watches() -> None:
    op.create_table(
        "watches",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("shift_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ok_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_watches_person_id")),
        sa.PrimaryKeyConstraint("township_id", "shift_id", "person_id", name=op.f("pk_watches")),
    )


def add_pins() -> None:
    op.create_table(
        "pins",
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("rounds", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("set_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_pins_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_pins")),
    )
    op.create_table(
        "pin_uses",
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("used_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_pin_uses_person_id")),
        sa.PrimaryKeyConstraint("person_id", "nonce", name=op.f("pk_pin_uses")),
    )
    op.create_index(op.f("ix_pin_uses_used_at"), "pin_uses", ["used_at"])
    op.create_table(
        "push_addresses",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("p256dh", sa.Text(), nullable=False),
        sa.Column("auth", sa.Text(), nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_push_addresses_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_addresses")),
        sa.UniqueConstraint("endpoint", name=op.f("uq_push_addresses_endpoint")),
    )
    op.create_index(op.f("ix_push_addresses_person_id"), "push_addresses", ["person_id"])


def allow_topics(topics: tuple[str, ...]) -> None:
    name = op.f("ck_policy_versions_topic")
    op.drop_constraint(name, "policy_versions", type_="check")
    op.create_check_constraint(name, "policy_versions", f"topic IN {topics!r}")


def grant() -> None:
    """Steps are append-only. The read-only role sees neither keys, nor addresses, nor who was kept from what."""
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(TABLES)} TO xunfang_app, xunfang_worker")
    op.execute("REVOKE UPDATE, DELETE ON alarm_steps FROM xunfang_app, xunfang_worker")
    op.execute("REVOKE DELETE ON alarms FROM xunfang_app, xunfang_worker")
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO xunfang_app, xunfang_worker")
    op.execute("GRANT SELECT ON watches TO xunfang_readonly")
    op.execute("GRANT SELECT ON alarms, pin_uses, push_addresses TO xunfang_retention")
    op.execute("GRANT UPDATE (position) ON alarms TO xunfang_retention")
    op.execute("GRANT DELETE ON pin_uses, push_addresses TO xunfang_retention")


def downgrade() -> None:
    op.execute("DELETE FROM policy_versions WHERE topic = 'alarms'")
    allow_topics(TOPICS)
    for table in reversed(TABLES):
        op.drop_table(table)
