"""Let the database keep audits to a third person: who submitted or entered it finds nothing right"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "202611290330"
down_revision = "202611290320"
branch_labels = None
depends_on = None

CHECK = "ck_point_audits_had_no_part"


def upgrade() -> None:
    """Audits of before that rule stay, and name everybody but who audited."""
    op.add_column(
        "point_audits", sa.Column("had_part", sa.ARRAY(sa.BigInteger()), server_default="{}", nullable=False)
    )
    op.execute("""
        UPDATE point_audits u
        SET had_part = array_remove(array_remove(a.entered_by || a.submitted_by, u.audited_by), NULL)
        FROM point_approvals a
        WHERE (a.township_id, a.month, a.person_id, a.n) = (u.township_id, u.month, u.person_id, u.n)
    """)
    op.create_check_constraint(op.f(CHECK), "point_audits", "audited_by <> ALL (had_part)")


def downgrade() -> None:
    op.drop_constraint(op.f(CHECK), "point_audits")
    op.drop_column("point_audits", "had_part")
