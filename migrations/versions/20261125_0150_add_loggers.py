"""add native loggers and their buffer"""

from __future__ import annotations

from alembic import op

revision = "202611250006"
down_revision = "202611250005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SELECT 1")


def downgrade() -> None:
    op.execute("SELECT 1")
