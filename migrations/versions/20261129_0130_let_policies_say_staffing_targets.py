"""Let policies say how many members and volunteers a township wants

Revision ID: 202611290130
Revises: 202611290120
"""

from alembic import op

revision = "202611290130"
down_revision = "202611290120"
branch_labels = None
depends_on = None

TOPICS = ("field", "checkins", "tracks", "duty", "coverage", "incentives", "alarms")
NAME = "ck_policy_versions_topic"


def upgrade() -> None:
    _allow((*TOPICS, "staffing"))


def downgrade() -> None:
    """Not while a policy says it: what was in force is never made something else."""
    _allow(TOPICS)


def _allow(topics: tuple[str, ...]) -> None:
    op.drop_constraint(op.f(NAME), "policy_versions")
    op.create_check_constraint(op.f(NAME), "policy_versions", f"topic IN {topics!r}")
