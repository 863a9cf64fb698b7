"""add the shop, donations and service certificates"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "202611290250"
down_revision = "202611290240"
branch_labels = None
depends_on = None

TABLES = ("shop_items", "shop_orders", "donation_purposes", "donations", "certificates")
SEQUENCES = ("shop_items_id_seq", "donation_purposes_id_seq", "certificates_id_seq")
# What becomes of a row; what it says stays as it was written.
ITEM = "name_zh, name_en, price, fen, supplied, stock, month_quota, total_quota, first_on, last_on, version"
ORDER = "state, closed_at, collected_by, cancelled_by, reason"
CERTIFICATE = (
    "state, year, number, code, minutes, duties, lines, stars, decided_by, decided_at, withdrawn_by, withdrawn_at, "
    "reason, pdf"
)


def upgrade() -> None:
    add_shop_items()
    add_shop_orders()
    add_donation_purposes()
    add_donations()
    add_certificates()
    grant()


def add_shop_items() -> None:
    op.create_table(
        "shop_items",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("supplied", sa.BigInteger(), nullable=False),
        sa.Column("stock", sa.BigInteger(), nullable=False),
        sa.Column("month_quota", sa.BigInteger(), nullable=True),
        sa.Column("total_quota", sa.BigInteger(), nullable=True),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint("unit IN ('points', 'hours')", name=op.f("ck_shop_items_unit")),
        sa.CheckConstraint("last_on >= first_on", name=op.f("ck_shop_items_days")),
        sa.CheckConstraint("month_quota > 0 AND total_quota > 0", name=op.f("ck_shop_items_quota")),
        sa.CheckConstraint("price > 0 AND fen >= 0", name=op.f("ck_shop_items_price")),
        sa.CheckConstraint("stock BETWEEN 0 AND supplied", name=op.f("ck_shop_items_stock")),
        sa.ForeignKeyConstraint(["township_id"], ["areas.id"], name=op.f("fk_shop_items_township_id")),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_shop_items")),
    )


def add_shop_orders() -> None:
    op.create_table(
        "shop_orders",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default="ordered", nullable=False),
        sa.Column("code_mac", sa.LargeBinary(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=True),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("collect_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("collected_by", sa.BigInteger(), nullable=True),
        sa.Column("cancelled_by", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'cancelled') = (cancelled_by IS NOT NULL AND reason IS NOT NULL)",
            name=op.f("ck_shop_orders_cancelled"),
        ),
        sa.CheckConstraint(
            "(state = 'collected') = (collected_by IS NOT NULL)", name=op.f("ck_shop_orders_collected")
        ),
        sa.CheckConstraint("(state = 'ordered') = (closed_at IS NULL)", name=op.f("ck_shop_orders_closed")),
        sa.CheckConstraint("(unit = 'points') = (entry_id IS NOT NULL)", name=op.f("ck_shop_orders_entry")),
        sa.CheckConstraint(
            "reason IN ('by_member', 'goods_missing', 'goods_damaged', 'wrong_item')",
            name=op.f("ck_shop_orders_reason"),
        ),
        sa.CheckConstraint(
            "state IN ('ordered', 'collected', 'cancelled', 'lapsed')", name=op.f("ck_shop_orders_state")
        ),
        sa.CheckConstraint("unit IN ('points', 'hours')", name=op.f("ck_shop_orders_unit")),
        sa.CheckConstraint("collected_by <> person_id", name=op.f("ck_shop_orders_four_eyes")),
        sa.CheckConstraint("price > 0 AND collect_by > ordered_at", name=op.f("ck_shop_orders_price")),
        sa.ForeignKeyConstraint(["cancelled_by"], ["people.id"], name=op.f("fk_shop_orders_cancelled_by")),
        sa.ForeignKeyConstraint(["collected_by"], ["people.id"], name=op.f("fk_shop_orders_collected_by")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_shop_orders_person_id")),
        sa.ForeignKeyConstraint(
            ["township_id", "entry_id"],
            ["point_entries.township_id", "point_entries.id"],
            name="fk_shop_orders_entry",
        ),
        sa.ForeignKeyConstraint(
            ["township_id", "item_id"],
            ["shop_items.township_id", "shop_items.id"],
            name="fk_shop_orders_item",
        ),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_shop_orders")),
    )
    op.create_index(
        "ix_shop_orders_open",
        "shop_orders",
        ["township_id", "collect_by"],
        unique=False,
        postgresql_where=sa.text("state = 'ordered'"),
    )
    op.create_index("ix_shop_orders_person", "shop_orders", ["township_id", "person_id", "day"], unique=False)
    op.create_index(
        "uq_shop_orders_code",
        "shop_orders",
        ["township_id", "code_mac"],
        unique=True,
        postgresql_where=sa.text("state = 'ordered'"),
    )


def add_donation_purposes() -> None:
    op.create_table(
        "donation_purposes",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["made_by"], ["people.id"], name=op.f("fk_donation_purposes_made_by")),
        sa.ForeignKeyConstraint(["township_id"], ["areas.id"], name=op.f("fk_donation_purposes_township_id")),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_donation_purposes")),
    )


def add_donations() -> None:
    op.create_table(
        "donations",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purpose_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(unit = 'points') = (entry_id IS NOT NULL)", name=op.f("ck_donations_entry")),
        sa.CheckConstraint("unit IN ('points', 'hours')", name=op.f("ck_donations_unit")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_donations_amount")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_donations_person_id")),
        sa.ForeignKeyConstraint(
            ["township_id", "entry_id"],
            ["point_entries.township_id", "point_entries.id"],
            name="fk_donations_entry",
        ),
        sa.ForeignKeyConstraint(
            ["township_id", "purpose_id"],
            ["donation_purposes.township_id", "donation_purposes.id"],
            name="fk_donations_purpose",
        ),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_donations")),
    )
    op.create_index("ix_donations_person", "donations", ["township_id", "person_id"], unique=False)


def add_certificates() -> None:
    op.create_table(
        "certificates",
        sa.Column("township_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("with_stars", sa.Boolean(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), server_default="asked", nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("minutes", sa.BigInteger(), nullable=True),
        sa.Column("duties", sa.BigInteger(), nullable=True),
        sa.Column("lines", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("stars", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("pdf", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(state = 'asked') = (decided_by IS NULL AND decided_at IS NULL)",
            name=op.f("ck_certificates_decided"),
        ),
        sa.CheckConstraint(
            "(state = 'withdrawn') = (withdrawn_by IS NOT NULL AND withdrawn_at IS NOT NULL)",
            name=op.f("ck_certificates_withdrawn"),
        ),
        sa.CheckConstraint(
            "(state IN ('issued', 'withdrawn')) = (code IS NOT NULL AND number IS NOT NULL AND year IS NOT NULL AND minutes IS NOT NULL AND duties IS NOT NULL AND lines IS NOT NULL)",
            name=op.f("ck_certificates_issued"),
        ),
        sa.CheckConstraint(
            "(state IN ('refused', 'withdrawn')) = (reason IS NOT NULL)",
            name=op.f("ck_certificates_reasoned"),
        ),
        sa.CheckConstraint("language IN ('zh', 'en')", name=op.f("ck_certificates_language")),
        sa.CheckConstraint(
            "reason IN ('wrong_period', 'no_service', 'not_needed', 'wrong_hours', 'wrong_name', 'by_member')",
            name=op.f("ck_certificates_reason"),
        ),
        sa.CheckConstraint(
            "state IN ('asked', 'issued', 'refused', 'withdrawn')", name=op.f("ck_certificates_state")
        ),
        sa.CheckConstraint(
            "decided_by <> person_id AND withdrawn_by <> person_id", name=op.f("ck_certificates_four_eyes")
        ),
        sa.CheckConstraint("last_on >= first_on", name=op.f("ck_certificates_days")),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_certificates_asked_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["people.id"], name=op.f("fk_certificates_decided_by")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_certificates_person_id")),
        sa.ForeignKeyConstraint(["township_id"], ["areas.id"], name=op.f("fk_certificates_township_id")),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["people.id"], name=op.f("fk_certificates_withdrawn_by")),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_certificates")),
        sa.UniqueConstraint("township_id", "code", name="uq_certificates_code"),
        sa.UniqueConstraint("township_id", "year", "number", name="uq_certificates_number"),
    )
    op.create_index("ix_certificates_code", "certificates", ["code"], unique=False)
    op.create_index(
        "uq_certificates_asked",
        "certificates",
        ["township_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("state = 'asked'"),
    )


def grant() -> None:
    """The worker closes orders that nobody came for, and prints. Nobody deletes, and a donation is never changed."""
    op.execute(f"GRANT SELECT, INSERT ON {', '.join(TABLES)} TO xunfang_app")
    op.execute(f"GRANT UPDATE ({ITEM}) ON shop_items TO xunfang_app")
    op.execute(f"GRANT UPDATE ({ORDER}) ON shop_orders TO xunfang_app, xunfang_worker")
    op.execute("GRANT UPDATE (closed_at) ON donation_purposes TO xunfang_app")
    op.execute(f"GRANT UPDATE ({CERTIFICATE}) ON certificates TO xunfang_app")
    op.execute(f"GRANT SELECT ON {', '.join(TABLES)} TO xunfang_worker")
    op.execute("GRANT UPDATE (stock) ON shop_items TO xunfang_worker")
    op.execute("GRANT UPDATE (pdf) ON certificates TO xunfang_worker")
    op.execute(f"GRANT USAGE ON SEQUENCE {', '.join(SEQUENCES)} TO xunfang_app")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
