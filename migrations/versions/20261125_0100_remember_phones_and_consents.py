"""remember phones, second factors, consents and feeds"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "202611250001"
down_revision = "202611240003"
branch_labels = None
depends_on = None

TABLES = ("sign_in_codes", "second_factors", "consents", "calendar_feeds")
AT = sa.DateTime(timezone=True)
# "Delete my tracks": the application may not change what phones sent, and gets no right to. This takes the bodies of one
# author, whole rows never; not those of the duties meant to stay, nor of what still waits to be judged (a track aside).
FORGET_BODIES = """
CREATE FUNCTION forget_bodies_of(township bigint, author bigint, kept_shifts bigint[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE taken bigint;
BEGIN
  UPDATE inbox_items i SET body = NULL
  WHERE i.township_id = township AND i.author_id = author AND i.body IS NOT NULL
    AND NOT EXISTS (SELECT FROM item_states s WHERE s.township_id = i.township_id AND s.id = i.id
                    AND (s.shift_id = ANY (kept_shifts) OR (s.result = 'held' AND s.kind <> 'segment')));
  GET DIAGNOSTICS taken = ROW_COUNT;
  RETURN taken;
END $$
"""
SIGNATURE = "forget_bodies_of(bigint, bigint, bigint[])"


def upgrade() -> None:
    op.add_column("sessions", sa.Column("slide_days", sa.BigInteger(), nullable=True))
    add_codes()
    add_second_factors()
    add_consents()
    add_feeds()
    op.execute(FORGET_BODIES)
    grant()


def add_codes() -> None:
    op.create_table(
        "sign_in_codes",
        *about_a_person("sign_in_codes"),
        sa.Column("code_mac", sa.LargeBinary(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("expires_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["people.id"], name=op.f("fk_sign_in_codes_made_by")),
        sa.UniqueConstraint("code_mac", name=op.f("uq_sign_in_codes_code_mac")),
    )
    op.create_index(op.f("ix_sign_in_codes_expires_at"), "sign_in_codes", ["expires_at"])


def add_second_factors() -> None:
    nothing = sa.text("'{}'")
    op.create_table(
        "second_factors",
        *about_a_person("second_factors"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("confirmed_at", AT, nullable=True),
        sa.Column("last_step", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "recovery_sha256", postgresql.ARRAY(sa.LargeBinary()), server_default=nothing, nullable=False
        ),
    )


def add_consents() -> None:
    op.create_table(
        "consents",
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("given_at", AT, nullable=True),
        sa.Column("withdrawn_at", AT, nullable=True),
        sa.CheckConstraint(
            "purpose IN ('tracks','push','name_in_notice','ranking')", name=op.f("ck_consents_purpose")
        ),
        sa.CheckConstraint("given_at IS NOT NULL OR withdrawn_at IS NOT NULL", name=op.f("ck_consents_said")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_consents_person_id")),
        sa.PrimaryKeyConstraint("person_id", "purpose", name=op.f("pk_consents")),
    )


def add_feeds() -> None:
    op.create_table(
        "calendar_feeds",
        *about_a_person("calendar_feeds"),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_calendar_feeds_token_sha256")),
    )


def about_a_person(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f(f"fk_{table}_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f(f"pk_{table}")),
    ]


def grant() -> None:
    """The worker judges by the consents and has no business with the rest; nobody who only reads sees any of it."""
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(TABLES)} TO xunfang_app")
    op.execute("GRANT SELECT ON consents TO xunfang_worker")
    op.execute("GRANT SELECT (person_id, expires_at), DELETE ON sign_in_codes TO xunfang_retention")
    op.execute(f"REVOKE ALL ON FUNCTION {SIGNATURE} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {SIGNATURE} TO xunfang_app")


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {SIGNATURE}")
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_column("sessions", "slide_days")
