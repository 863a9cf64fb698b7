"""Keep numbers in force as they were: who may add versions may no longer change or remove one

Revision ID: 202611290320
Revises: 202611290310
"""

from alembic import op

revision = "202611290320"
down_revision = "202611290310"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Every line of points names the version that it was priced by; the worker prices by them and sets none."""
    op.execute("REVOKE UPDATE, DELETE ON policy_versions FROM xunfang_app")
    op.execute("REVOKE INSERT, UPDATE, DELETE ON policy_versions FROM xunfang_worker")


def downgrade() -> None:
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON policy_versions TO xunfang_app, xunfang_worker")
