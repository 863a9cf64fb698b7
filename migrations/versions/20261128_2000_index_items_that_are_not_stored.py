"""index items that wait or were refused: few among many, asked for by when they changed"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "202611280001"
down_revision = "202611250006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_item_states_not_stored",
        "item_states",
        ["changed_at"],
        postgresql_where=sa.text("result <> 'stored'"),
    )


def downgrade() -> None:
    op.drop_index("ix_item_states_not_stored", table_name="item_states")
