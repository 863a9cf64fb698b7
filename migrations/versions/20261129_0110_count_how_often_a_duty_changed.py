"""Count how often what is stored for a duty changed, so that a kept map knows by the duty's row alone

Revision ID: 202611290110
Revises: 202611290030
"""

import sqlalchemy as sa
from alembic import op

revision = "202611290110"
down_revision = "202611290030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "duties", sa.Column("changes", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
    )
    # Folding a day's streets changes what the map shows of its duties.
    op.execute("GRANT UPDATE (changes) ON duties TO xunfang_retention")


def downgrade() -> None:
    op.execute("REVOKE UPDATE (changes) ON duties FROM xunfang_retention")
    op.drop_column("duties", "changes")
