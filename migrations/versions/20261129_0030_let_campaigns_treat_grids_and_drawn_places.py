"""let campaigns treat grids and drawn places"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "202611290030"
down_revision = "202611290020"
branch_labels = None
depends_on = None

KINDS = ("hotspot", "square", "grid", "drawn", "ring")
CHECKS = {
    "kind": f"kind IN {KINDS!r}",
    "hotspot": "(kind = 'hotspot') = (hotspot_id IS NOT NULL)",
    "grid": "(kind = 'grid') = (area_id IS NOT NULL)",
    "treated": "role <> 'treated' OR kind IN ('hotspot', 'grid', 'drawn')",
}
WAS = "role <> 'treated' OR hotspot_id IS NOT NULL"


def upgrade() -> None:
    op.add_column("campaign_areas", sa.Column("kind", sa.Text()))
    op.execute("""
        UPDATE campaign_areas SET kind = CASE WHEN role IN ('ring', 'control_ring') THEN 'ring'
            WHEN hotspot_id IS NULL THEN 'square' ELSE 'hotspot' END
    """)
    op.alter_column("campaign_areas", "kind", nullable=False)
    op.add_column("campaign_areas", sa.Column("area_id", sa.BigInteger()))
    op.create_foreign_key(op.f("fk_campaign_areas_area_id"), "campaign_areas", "areas", ["area_id"], ["id"])
    op.drop_constraint(op.f("ck_campaign_areas_treated_is_a_hotspot"), "campaign_areas")
    for name, rule in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_campaign_areas_{name}"), "campaign_areas", rule)


def downgrade() -> None:
    """Not where a campaign treats something else: what was compared is never made something else."""
    op.create_check_constraint(op.f("ck_campaign_areas_treated_is_a_hotspot"), "campaign_areas", WAS)
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_campaign_areas_{name}"), "campaign_areas")
    op.drop_column("campaign_areas", "area_id")
    op.drop_column("campaign_areas", "kind")
