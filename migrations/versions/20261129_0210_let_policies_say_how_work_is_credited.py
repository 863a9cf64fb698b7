"""Let policies say how work is credited: approval, redemption, money, assessment, fairness

Revision ID: 202611290210
Revises: 202611290130
"""

from alembic import op

revision = "202611290210"
down_revision = "202611290130"
branch_labels = None
depends_on = None

TOPICS = ("field", "checkins", "tracks", "duty", "coverage", "incentives", "alarms", "staffing")
NEW = ("approval", "redemption", "money", "assessment", "fairness")
NAME = "ck_policy_versions_topic"


def upgrade() -> None:
    _allow((*TOPICS, *NEW))


def downgrade() -> None:
    """Not while a policy says it: what was in force is never made something else."""
    _allow(TOPICS)


def _allow(topics: tuple[str, ...]) -> None:
    op.drop_constraint(op.f(NAME), "policy_versions")
    op.create_check_constraint(op.f(NAME), "policy_versions", f"topic IN {topics!r}")
