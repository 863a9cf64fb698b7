"""Give every transfer an id, a place in its township's hash chain and a mirror for its reversal; let months be frozen

Revision ID: 202611290120
Revises: 202611290110

The release before posts entries without a seal: the database refuses its commit, and the phone sends again, until the
new release is there. Nothing is lost meanwhile.
"""

import hashlib
import json
from datetime import UTC, date, datetime
from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision = "202611290120"
down_revision = "202611290110"
branch_labels = None
depends_on = None

MIRRORED = ("person_id", "rule", "cause", "amount_half")
NEW = ("transfer_id", "rule_version", "booked_in", "why", "settles_at", "posted", "undoes")
CONTENT = (
    "township_id", "id", "transfer_id", "person_id", "rule", "rule_version", "cause", "n", "reverses_id", "amount_half",
    "debit_account", "credit_account", "policy_version_id", "earned_on", "booked_in", "why", "settles_at", "detail",
    "made_at",
)  # fmt: skip


def upgrade() -> None:
    add_columns()
    add_tables()
    tell_what_is_known()
    seal_what_is_there()
    constrain()
    grant()


def add_columns() -> None:
    for column in (
        sa.Column("transfer_id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("rule_version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("booked_in", sa.Date(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("settles_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("posted", sa.Boolean(), sa.Computed("reverses_id IS NULL", persisted=True), nullable=False),
        sa.Column(
            "undoes", sa.Boolean(), sa.Computed("reverses_id IS NOT NULL", persisted=True), nullable=False
        ),
    ):
        op.add_column("point_entries", column)


def add_tables() -> None:
    op.create_table(
        "point_seals",
        sa.Column("township_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "seq >= 1 AND octet_length(previous) = 32 AND octet_length(hash) = 32",
            name=op.f("ck_point_seals_seal"),
        ),
        sa.PrimaryKeyConstraint("township_id", "seq", name=op.f("pk_point_seals")),
        sa.UniqueConstraint("township_id", "entry_id", name=op.f("uq_point_seals_township_id_entry_id")),
    )
    op.create_table(
        "frozen_months",
        sa.Column("township_id", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("frozen_by", sa.BigInteger(), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("extract(day FROM month) = 1", name=op.f("ck_frozen_months_month")),
        sa.ForeignKeyConstraint(["township_id"], ["areas.id"], name=op.f("fk_frozen_months_township_id")),
        sa.ForeignKeyConstraint(["frozen_by"], ["people.id"], name=op.f("fk_frozen_months_frozen_by")),
        sa.PrimaryKeyConstraint("township_id", "month", name=op.f("pk_frozen_months")),
    )
    op.create_table(
        "settled_visits",
        sa.Column("township_id", sa.BigInteger(), nullable=False),
        sa.Column("duty_id", sa.BigInteger(), nullable=False),
        sa.Column("hotspot_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since_last_min", sa.Float(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_at >= starts_at", name=op.f("ck_settled_visits_span")),
        sa.ForeignKeyConstraint(["hotspot_id"], ["hotspots.id"], name=op.f("fk_settled_visits_hotspot_id")),
        sa.ForeignKeyConstraint(
            ["township_id", "duty_id"], ["duties.township_id", "duties.id"], name="fk_settled_visits_duty"
        ),
        sa.PrimaryKeyConstraint(
            "township_id", "duty_id", "hotspot_id", "starts_at", name=op.f("pk_settled_visits")
        ),
    )


def tell_what_is_known() -> None:
    """Of entries from before: when they settle, and that a reversal came of changed facts. A reversal whose day or
    account says otherwise than what it reverses does not exist: no release wrote one."""
    op.execute("""
        UPDATE point_entries e SET settles_at = d.ended_at + interval '72 hours'
        FROM duties d WHERE d.township_id = e.township_id AND e.cause = 'duty:' || d.id
    """)
    op.execute("UPDATE point_entries SET why = 'facts_changed' WHERE reverses_id IS NOT NULL OR n > 1")


def seal_what_is_there() -> None:
    """Frozen as the release of this migration seals (app/incentives/chain.py)."""
    link = op.get_bind()
    heads: dict[int, tuple[int, bytes]] = {}
    rows = link.execute(sa.text(f"SELECT {', '.join(CONTENT)} FROM point_entries ORDER BY township_id, id"))
    for row in rows.mappings().all():
        seq, previous = heads.get(row["township_id"], (0, bytes(32)))
        said = {name: plain(value) for name, value in row.items() if value is not None}
        words = json.dumps(
            {**said, "seq": seq + 1}, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        hashed = hashlib.sha256(previous + words.encode()).digest()
        link.execute(
            sa.text("INSERT INTO point_seals VALUES (:township, :seq, :entry, :previous, :hash)"),
            {"township": row["township_id"], "seq": seq + 1, "entry": row["id"], "previous": previous, "hash": hashed},
        )  # fmt: skip
        heads[row["township_id"]] = (seq + 1, hashed)


def plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def constrain() -> None:
    op.create_unique_constraint(
        "uq_point_entries_township_id_transfer_id", "point_entries", ["township_id", "transfer_id"]
    )
    op.create_unique_constraint(
        "uq_point_entries_mirror", "point_entries",
        ["township_id", "id", *MIRRORED, "debit_account", "credit_account", "posted"],
    )  # fmt: skip
    op.create_foreign_key(
        "fk_point_entries_mirror", "point_entries", "point_entries",
        ["township_id", "reverses_id", *MIRRORED, "credit_account", "debit_account", "undoes"],
        ["township_id", "id", *MIRRORED, "debit_account", "credit_account", "posted"],
    )  # fmt: skip
    op.create_foreign_key(
        "fk_point_entries_seal", "point_entries", "point_seals", ["township_id", "id"], ["township_id", "entry_id"],
        deferrable=True, initially="DEFERRED",
    )  # fmt: skip
    op.create_check_constraint(
        op.f("ck_point_entries_why"),
        "point_entries",
        "why IN ('came_late','facts_changed','rule_changed','cap_moved')",
    )
    op.create_check_constraint(
        op.f("ck_point_entries_booked"), "point_entries",
        "booked_in IS NULL OR (why IS NOT NULL AND booked_in > earned_on AND extract(day FROM booked_in) = 1)",
    )  # fmt: skip


def grant() -> None:
    """Who posts seals; nobody changes or removes either, nor what was frozen or settled."""
    op.execute(
        "GRANT SELECT, INSERT ON point_seals, frozen_months, settled_visits TO xunfang_app, xunfang_worker"
    )
    op.execute("GRANT SELECT ON point_seals, frozen_months TO xunfang_readonly")
    op.execute("GRANT SELECT ON point_seals, frozen_months, settled_visits TO xunfang_retention")


def downgrade() -> None:
    for name in (op.f("ck_point_entries_booked"), op.f("ck_point_entries_why")):
        op.drop_constraint(name, "point_entries", type_="check")
    for name in ("fk_point_entries_seal", "fk_point_entries_mirror"):
        op.drop_constraint(name, "point_entries", type_="foreignkey")
    for name in ("uq_point_entries_mirror", "uq_point_entries_township_id_transfer_id"):
        op.drop_constraint(name, "point_entries", type_="unique")
    for table in ("settled_visits", "frozen_months", "point_seals"):
        op.drop_table(table)
    for column in reversed(NEW):
        op.drop_column("point_entries", column)
