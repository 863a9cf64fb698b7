"""Each role of the database may do its own and nothing else; partitions are no way round their table."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psycopg
import pytest

from tests.conftest import database, url_of


@pytest.fixture(scope="module")
def ready() -> Iterator[str]:
    """A database with every migration."""
    with database("roles") as name:
        yield name


REFUSED = {
    "xunfang_app": (
        "UPDATE inbox_items SET body = NULL", "DELETE FROM inbox_items", "UPDATE inbox_items SET kind = 'x'",
        "UPDATE point_entries SET amount_half = 1", "DELETE FROM point_entries", "TRUNCATE point_entries",
        "UPDATE point_entries SET detail = '{}'", "UPDATE point_seals SET seq = 1", "DELETE FROM point_seals",
        "TRUNCATE point_seals", "UPDATE frozen_months SET month = '2026-01-01'", "DELETE FROM frozen_months",
        "UPDATE settled_visits SET since_last_min = 0", "DELETE FROM settled_visits",
        "ALTER TABLE point_entries DROP CONSTRAINT fk_point_entries_seal", "DROP TABLE point_seals",
        "UPDATE audits SET action = 'x'", "DELETE FROM audits", "DELETE FROM audits_p_other",
        "UPDATE inbox_items_p_other SET body = NULL", "CREATE TABLE mine (id int)", "TRUNCATE audits",
        "UPDATE alarm_steps SET kind = 'x'", "DELETE FROM alarm_steps", "DELETE FROM alarms",
        "UPDATE cosigns SET said_at = now()", "DELETE FROM cosigns", "DELETE FROM answers",
        "DELETE FROM checkpoint_codes", "UPDATE recorded_incidents SET source = ''", "DELETE FROM recorded_incidents",
        "DELETE FROM hotspot_proposals", "DELETE FROM analysis_runs",
        "DELETE FROM checkpoint_codes", "DELETE FROM access_tokens", "DELETE FROM monthly_reports",
        "UPDATE campaigns SET first_on = '2026-01-01'", "UPDATE campaigns SET before_last = '2026-01-01'",
        "UPDATE campaigns SET categories = '{fire}'", "UPDATE campaigns SET dosage_min = 1", "DELETE FROM campaigns",
        "UPDATE campaign_areas SET geom = NULL", "DELETE FROM campaign_areas", "DELETE FROM plan_runs",
        "UPDATE pots SET fen = 1", "DELETE FROM pots", "UPDATE budget_lines SET planned_fen = 1",
        "DELETE FROM budget_lines", "UPDATE money_sources SET fen = 1", "UPDATE money_sources SET document = ''",
        "UPDATE allocations SET fen = 1", "UPDATE allocations SET proposed_by = 1", "DELETE FROM allocations",
        "UPDATE allocation_parts SET fen = 1", "DELETE FROM allocation_parts", "UPDATE commitments SET fen = 1",
        "UPDATE commitments SET payee = ''", "UPDATE commitments SET proposed_by = 1", "DELETE FROM commitments",
        "UPDATE disbursements SET fen = 1", "UPDATE disbursements SET receipt = ''", "DELETE FROM disbursements",
        "UPDATE village_grades SET f = 100", "DELETE FROM village_grades", "UPDATE grant_rounds SET pool_fen = 1",
        "DELETE FROM grant_rounds", "UPDATE grant_awards SET fen = 1", "DELETE FROM grant_awards",
    ),
    "xunfang_worker": (
        "UPDATE inbox_items SET body = NULL", "DELETE FROM point_entries", "DELETE FROM audits",
        "UPDATE point_entries SET amount_half = 1", "TRUNCATE point_entries", "UPDATE point_seals SET seq = 1",
        "DELETE FROM point_seals", "DELETE FROM frozen_months", "DELETE FROM settled_visits",
        "UPDATE inbox_items_p_other SET body = NULL", "CREATE TABLE mine (id int)",
        "INSERT INTO checkpoint_codes DEFAULT VALUES", "SELECT * FROM code_displays",
        "INSERT INTO recorded_incidents DEFAULT VALUES", "DELETE FROM recorded_incidents",
        "SELECT * FROM access_tokens", "DELETE FROM monthly_reports", "DELETE FROM report_schedules",
        "SELECT * FROM campaigns", "DELETE FROM plan_runs",
        "SELECT * FROM commitments", "UPDATE budget_lines SET committed_fen = 0",
    ),
    "xunfang_readonly": (
        "SELECT place FROM recorded_incidents", "SELECT * FROM hotspot_proposals", "SELECT * FROM analysis_runs",
        "SELECT * FROM access_tokens", "SELECT * FROM monthly_reports", "SELECT * FROM campaign_areas",
        "SELECT * FROM plan_runs", "SELECT * FROM commitments", "SELECT * FROM disbursements",
        "SELECT * FROM pins", "SELECT * FROM alarms", "SELECT * FROM alarm_steps", "SELECT * FROM push_addresses",
        "SELECT * FROM sessions", "SELECT body FROM inbox_items", "SELECT * FROM segments", "SELECT * FROM rate_counts",
        "SELECT content FROM quarantine_items", "SELECT password_hash FROM people", "SELECT * FROM procrastinate_jobs",
        "SELECT * FROM checkpoint_codes", "SELECT * FROM code_displays", "SELECT * FROM answers",
        "DELETE FROM duties", "SELECT body FROM inbox_items_p_other", "SELECT track FROM segments_p_other",
    ),
    "xunfang_retention": (
        "UPDATE access_tokens SET revoked_at = NULL", "SELECT * FROM monthly_reports",
        "UPDATE inbox_items SET sha256 = ''", "UPDATE inbox_items SET author_id = 1", "DELETE FROM inbox_items",
        "UPDATE alarms SET state = 'open'", "DELETE FROM alarms", "SELECT * FROM pins", "DELETE FROM alarm_steps",
        "UPDATE checkins SET verdict = 'counted'", "DELETE FROM checkins", "UPDATE quarantine_items SET code = 'x'",
        "DELETE FROM quarantine_items", "DELETE FROM place_presences", "UPDATE street_presences SET bits = B'1'",
        "DELETE FROM street_days", "UPDATE duties SET worked_s = 0", "DELETE FROM duties",
        "UPDATE recorded_incidents SET source = ''", "UPDATE hotspot_proposals SET state = 'approved'",
        "UPDATE plan_runs SET state = 'done'", "SELECT * FROM commitments",
        "SELECT * FROM checkpoint_codes", "UPDATE answers SET phrase = 'x'", "DELETE FROM answers",
        "DELETE FROM point_entries", "INSERT INTO point_entries DEFAULT VALUES", "DELETE FROM audits",
        "INSERT INTO point_seals DEFAULT VALUES", "DELETE FROM point_seals", "DELETE FROM settled_visits",
        "UPDATE item_states SET result = 'held'", "UPDATE sessions SET revoked_at = NULL",
        "SELECT password_hash FROM people", "UPDATE people SET active = false", "CREATE TABLE mine (id int)",
    ),
}  # fmt: skip


SETTINGS = {
    "xunfang_app": "DATABASE_URL", "xunfang_worker": "WORKER_DATABASE_URL",
    "xunfang_readonly": "READONLY_DATABASE_URL", "xunfang_retention": "RETENTION_DATABASE_URL",
}  # fmt: skip


@pytest.mark.parametrize("role", REFUSED)
def test_each_role_may_do_only_its_own(ready, role):
    url = url_of(ready, os.environ[SETTINGS[role]]).replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        assert connection.info.user == role
        for statement in REFUSED[role]:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
                pytest.fail(f"{role} may: {statement}")
