"""add the queue"""

from __future__ import annotations

from alembic import op
from procrastinate.schema import SchemaManager

revision = "202611240003"
down_revision = "202611240002"
branch_labels = None
depends_on = None

# The schema is that of the version pinned in requirements.txt. When the pin is raised, this text is copied here first
# and the package's own migrations follow in a migration of ours: a step that has been taken never changes.
ENQUEUE = "procrastinate_defer_jobs_v1(procrastinate_job_to_defer_v1[])"
TABLES = (
    "procrastinate_events",
    "procrastinate_periodic_defers",
    "procrastinate_jobs",
    "procrastinate_workers",
)
TYPES = ("procrastinate_job_to_defer_v1", "procrastinate_job_event_type", "procrastinate_job_status")


def upgrade() -> None:
    # The driver's own cursor: the text holds several statements, percent signs and colons, and takes no values.
    op.get_bind().connection.cursor().execute(SchemaManager.get_schema())
    grant()
    # A partition's grants are a way round its parent's: who may not read bodies read them there.
    op.execute(CLOSE_PARTITIONS)


def grant() -> None:
    """The application puts jobs in and sees them; the worker runs them; nobody else reads what they are about."""
    op.execute(EACH_FUNCTION.format(verb="REVOKE ALL ON FUNCTION", role="FROM PUBLIC"))
    op.execute(EACH_FUNCTION.format(verb="GRANT EXECUTE ON FUNCTION", role="TO xunfang_worker"))
    op.execute(f"GRANT EXECUTE ON FUNCTION {ENQUEUE} TO xunfang_app")
    op.execute("GRANT SELECT, INSERT ON procrastinate_jobs, procrastinate_events TO xunfang_app")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(TABLES)} TO xunfang_worker")
    op.execute(
        "GRANT USAGE ON SEQUENCE procrastinate_jobs_id_seq, procrastinate_events_id_seq TO xunfang_app, xunfang_worker"
    )
    op.execute(
        "GRANT USAGE ON SEQUENCE procrastinate_periodic_defers_id_seq, procrastinate_workers_id_seq TO xunfang_worker"
    )


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TABLE {table} CASCADE")
    op.execute(EACH_FUNCTION.format(verb="DROP FUNCTION", role=""))
    for kind in TYPES:
        op.execute(f"DROP TYPE {kind}")


# Not undone by the downgrade: nobody is meant to have them.
CLOSE_PARTITIONS = """
DO $$ DECLARE part text; BEGIN
  FOR part IN SELECT inhrelid::regclass::text FROM pg_inherits JOIN pg_class c ON c.oid = inhparent
              WHERE c.relkind = 'p' LOOP
    EXECUTE format('REVOKE ALL ON %s FROM xunfang_app, xunfang_worker, xunfang_readonly, xunfang_retention', part);
  END LOOP;
END $$
"""
EACH_FUNCTION = """
DO $$ DECLARE f text; BEGIN
  FOR f IN SELECT oid::regprocedure::text FROM pg_proc WHERE proname LIKE 'procrastinate\\_%' LOOP
    EXECUTE '{verb} ' || f || ' {role}';
  END LOOP;
END $$
"""
