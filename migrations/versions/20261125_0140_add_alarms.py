"""add alarms, their steps and channels"""

from __future__ import annotations

from alembic import op

revision = "202611250005"
down_revision = "202611250004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SELECT 1")


def downgrade() -> None:
    op.execute("SELECT 1")
