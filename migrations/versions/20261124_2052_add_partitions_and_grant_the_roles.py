"""add partitions and grant the roles"""

from __future__ import annotations

from alembic import op

revision = "202611240002"
down_revision = "202611240001"
branch_labels = None
depends_on = None

PARTITIONED = ("audits", "inbox_items", "item_states", "checkins", "segments", "duty_events")
APPEND_ONLY = ("inbox_items", "point_entries", "audits")
SECRET = ("sessions", "inbox_items", "quarantine_items", "segments", "rate_counts")

# A month's partition holds the UUIDv7 ids made in it: the first 48 bits of an id are its milliseconds.
MONTH_FLOOR = """
CREATE FUNCTION uuid7_floor(month timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT (lpad(to_hex((extract(epoch FROM month) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$
"""
# Runs as its owner, so that the worker may make next month's partitions without having DDL rights.
ENSURE = """
CREATE FUNCTION ensure_partitions(from_month date, to_month date) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE t text; m timestamptz; part text; made int := 0;
BEGIN
  FOREACH t IN ARRAY ARRAY[%s] LOOP
    FOR m IN SELECT generate_series(date_trunc('month', from_month::timestamp),
                                    date_trunc('month', to_month::timestamp), '1 month') AT TIME ZONE 'UTC' LOOP
      part := t || '_p' || to_char(m AT TIME ZONE 'UTC', 'YYYYMM');
      IF to_regclass(part) IS NULL THEN
        EXECUTE format('CREATE TABLE %%I PARTITION OF %%I FOR VALUES FROM (%%L) TO (%%L)', part, t,
          uuid7_floor(m), uuid7_floor((m AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC'));
        made := made + 1;
      END IF;
    END LOOP;
  END LOOP;
  RETURN made;
END $$
"""
ROLES = """
DO $$ DECLARE r text; BEGIN
  FOREACH r IN ARRAY ARRAY['xunfang_app','xunfang_worker','xunfang_readonly','xunfang_retention'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN
      EXECUTE format('CREATE ROLE %I', r);
    END IF;
  END LOOP;
END $$
"""


def upgrade() -> None:
    op.execute(MONTH_FLOOR)
    op.execute(ENSURE % ", ".join(f"'{t}'" for t in PARTITIONED))
    for table in PARTITIONED:
        op.execute(f"CREATE TABLE {table}_p_other PARTITION OF {table} DEFAULT")
    op.execute(
        "SELECT ensure_partitions((now() - interval '12 months')::date, (now() + interval '24 months')::date)"
    )
    op.execute("INSERT INTO server_epochs DEFAULT VALUES")
    op.execute(ROLES)
    grant()


def grant() -> None:
    """app and worker: no DDL, no change to inbox, ledger and audit; retention: bodies and what is past its day."""
    everybody = "xunfang_app, xunfang_worker, xunfang_readonly, xunfang_retention"
    op.execute(f"GRANT USAGE ON SCHEMA public TO {everybody}")
    op.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    op.execute(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO xunfang_app, xunfang_worker"
    )
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO xunfang_app, xunfang_worker")
    for table in APPEND_ONLY:
        op.execute(f"REVOKE UPDATE, DELETE ON {table} FROM xunfang_app, xunfang_worker")
    op.execute(PARTITION_REVOKES)
    op.execute("REVOKE ALL ON alembic_version FROM xunfang_worker")
    op.execute("REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM xunfang_app")
    op.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO xunfang_readonly, xunfang_retention")
    for table in SECRET:
        op.execute(f"REVOKE SELECT ON {table} FROM xunfang_readonly")
    op.execute("REVOKE SELECT ON people FROM xunfang_readonly, xunfang_retention")
    op.execute("GRANT SELECT (id, name, language, home_township_id, active) ON people TO xunfang_readonly")
    op.execute("GRANT UPDATE (body) ON inbox_items TO xunfang_retention")
    op.execute("GRANT UPDATE (content) ON quarantine_items TO xunfang_retention")
    op.execute("GRANT UPDATE (position) ON checkins TO xunfang_retention")
    op.execute(
        "GRANT DELETE ON segments, street_presences, route_presences, rate_counts, sessions TO xunfang_retention"
    )
    op.execute("GRANT INSERT, UPDATE ON street_days TO xunfang_retention")
    op.execute("GRANT INSERT ON audits TO xunfang_retention")
    op.execute("REVOKE ALL ON FUNCTION ensure_partitions(date, date) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION ensure_partitions(date, date) TO xunfang_worker")


# Partitions are reached through their parents only: a grant on a partition would be a way round the parent's.
PARTITION_REVOKES = """
DO $$ DECLARE part text; BEGIN
  FOR part IN SELECT inhrelid::regclass::text FROM pg_inherits JOIN pg_class c ON c.oid = inhparent
              WHERE c.relkind = 'p' LOOP
    EXECUTE format('REVOKE ALL ON %s FROM xunfang_app, xunfang_worker', part);
  END LOOP;
END $$
"""


def downgrade() -> None:
    for table in PARTITIONED:
        op.execute(DROP_PARTITIONS.format(table=table))
    op.execute("DELETE FROM server_epochs")
    op.execute("DROP FUNCTION ensure_partitions(date, date)")
    op.execute("DROP FUNCTION uuid7_floor(timestamptz)")
    for role in ("xunfang_app", "xunfang_worker", "xunfang_readonly", "xunfang_retention"):
        op.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}")
        op.execute(f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {role}")
        op.execute(f"REVOKE ALL (id, name, language, home_township_id, active) ON people FROM {role}")
        op.execute(f"REVOKE USAGE ON SCHEMA public FROM {role}")


DROP_PARTITIONS = """
DO $$ DECLARE part text; BEGIN
  FOR part IN SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = '{table}'::regclass LOOP
    EXECUTE format('DROP TABLE %s', part);
  END LOOP;
END $$
"""
