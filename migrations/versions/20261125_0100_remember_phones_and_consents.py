"""remember phones, second factors, consents and feeds"""

from __future__ import annotations

from alembic import op

revision = "202611250001"
down_revision = "202611240003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SELECT 1")


def downgrade() -> None:
    op.execute("SELECT 1")
