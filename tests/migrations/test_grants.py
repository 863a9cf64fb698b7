"""Each role of the database may do its own and nothing else; partitions are no way round their table."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psycopg
import pytest

from tests.databases import database, url_of


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
        "UPDATE verified_hazards SET severity = 'high'", "DELETE FROM verified_hazards",
        "UPDATE verified_hazards SET verified_by = 1", "UPDATE verified_hazards SET n = 2",
        "UPDATE training_sessions SET minutes = 480", "DELETE FROM training_sessions",
        "UPDATE training_attendances SET entered_by = 1", "DELETE FROM training_attendances",
        "UPDATE no_shows SET day = '2026-01-01'", "DELETE FROM no_shows", "DELETE FROM ended_months",
        "UPDATE false_checkins SET answer_until = now()", "DELETE FROM false_checkins",
        "ALTER TABLE point_entries DROP CONSTRAINT fk_point_entries_seal", "DROP TABLE point_seals",
        "ALTER TABLE point_entries DISABLE TRIGGER ALL", "SET session_replication_role = 'replica'",
        "TRUNCATE frozen_months", "UPDATE policy_versions SET body = '{}'", "DELETE FROM policy_versions",
        "UPDATE policy_versions SET valid_from = '2026-01-01'", "TRUNCATE policy_versions",
        "UPDATE audits SET action = 'x'", "DELETE FROM audits", "DELETE FROM audits_p_other",
        "UPDATE inbox_items_p_other SET body = NULL", "CREATE TABLE mine (id int)", "TRUNCATE audits",
        "UPDATE alarm_steps SET kind = 'x'", "DELETE FROM alarm_steps", "DELETE FROM alarms",
        "UPDATE cosigns SET said_at = now()", "DELETE FROM cosigns", "DELETE FROM answers",
        "DELETE FROM checkpoint_codes", "UPDATE recorded_incidents SET source = ''", "DELETE FROM recorded_incidents",
        "DELETE FROM hotspot_proposals", "DELETE FROM analysis_runs",
        "DELETE FROM checkpoint_codes", "DELETE FROM access_tokens", "DELETE FROM monthly_reports",
        "UPDATE campaigns SET first_on = '2026-01-01'", "UPDATE campaigns SET before_last = '2026-01-01'",
        "UPDATE campaigns SET categories = '{fire}'", "UPDATE campaigns SET dosage_min = 1", "DELETE FROM campaigns",
        "UPDATE point_approvals SET half = 1", "DELETE FROM point_approvals", "DELETE FROM point_submissions",
        "UPDATE point_audits SET reasons = '{}'", "DELETE FROM point_audits", "UPDATE point_audits SET approved_by = 1",
        "UPDATE point_notices SET closes_at = now()", "DELETE FROM point_notices", "DELETE FROM point_notice_lines",
        "UPDATE point_notice_lines SET half = 1", "UPDATE point_objections SET text = ''",
        "UPDATE point_objections SET approved_by = NULL", "DELETE FROM point_objections",
        "UPDATE campaign_areas SET geom = NULL", "DELETE FROM campaign_areas", "DELETE FROM plan_runs",
        "UPDATE policy_changes SET body = '{}'", "UPDATE policy_changes SET proposed_by = 1",
        "DELETE FROM policy_changes", "UPDATE policy_bounds SET body = '{}'", "DELETE FROM policy_bounds",
        "DELETE FROM repricings", "DELETE FROM policy_trials", "UPDATE fairness_flags SET person_a = 1",
        "UPDATE fairness_flags SET kind = 'same_pair'", "DELETE FROM fairness_flags", "DELETE FROM team_rankings",
        "UPDATE assessments SET figures = '{}'", "UPDATE assessments SET n = 2", "DELETE FROM assessments",
        "TRUNCATE assessments", "UPDATE assessment_freezes SET frozen_by = 1", "DELETE FROM assessment_freezes",
        "UPDATE assessment_reviews SET until = '2026-01-01'", "UPDATE assessment_reviews SET published_by = 1",
        "DELETE FROM assessment_reviews", "UPDATE assessment_returns SET reason = 'papers'",
        "UPDATE assessment_returns SET returned_by = 1", "DELETE FROM assessment_returns",
        "UPDATE assessment_notices SET published_on = NULL", "UPDATE assessment_notices SET entered_by = 1",
        "DELETE FROM assessment_notices", "UPDATE assessment_plan_items SET due_on = '2030-01-01'",
        "DELETE FROM assessment_plan_items", "DELETE FROM shop_items", "UPDATE shop_orders SET price = 1",
        "UPDATE shop_orders SET person_id = 1", "DELETE FROM shop_orders", "UPDATE donations SET amount = 1",
        "DELETE FROM donations", "UPDATE donation_purposes SET name_zh = ''",
        "UPDATE certificates SET person_id = 1", "DELETE FROM certificates", "UPDATE pots SET fen = 1",
        "DELETE FROM pots", "UPDATE budget_lines SET planned_fen = 1", "DELETE FROM budget_lines",
        "UPDATE money_sources SET fen = 1", "UPDATE money_sources SET document = ''",
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
        "ALTER TABLE point_entries DISABLE TRIGGER ALL", "SET session_replication_role = 'replica'",
        "INSERT INTO policy_versions DEFAULT VALUES", "UPDATE policy_versions SET body = '{}'",
        "DELETE FROM policy_versions",
        "UPDATE inbox_items_p_other SET body = NULL", "CREATE TABLE mine (id int)",
        "INSERT INTO checkpoint_codes DEFAULT VALUES", "SELECT * FROM code_displays",
        "INSERT INTO recorded_incidents DEFAULT VALUES", "DELETE FROM recorded_incidents",
        "SELECT * FROM access_tokens", "DELETE FROM monthly_reports", "DELETE FROM report_schedules",
        "SELECT * FROM campaigns", "DELETE FROM plan_runs", "UPDATE policy_changes SET state = 'approved'",
        "INSERT INTO policy_bounds DEFAULT VALUES", "DELETE FROM fairness_flags", "SELECT * FROM team_rankings",
        "SELECT * FROM assessments", "INSERT INTO assessment_freezes DEFAULT VALUES",
        "INSERT INTO holidays DEFAULT VALUES", "UPDATE no_shows SET excuse = 'ill'",
        "UPDATE false_checkins SET outcome = 'upheld'", "INSERT INTO verified_hazards DEFAULT VALUES",
        "INSERT INTO point_approvals DEFAULT VALUES", "UPDATE shop_items SET price = 1",
        "INSERT INTO shop_orders DEFAULT VALUES", "UPDATE certificates SET state = 'issued'",
        "INSERT INTO donations DEFAULT VALUES", "SELECT * FROM commitments",
        "UPDATE budget_lines SET committed_fen = 0",
    ),
    "xunfang_readonly": (
        "SELECT place FROM recorded_incidents", "SELECT * FROM hotspot_proposals", "SELECT * FROM analysis_runs",
        "SELECT * FROM access_tokens", "SELECT * FROM monthly_reports", "SELECT * FROM campaign_areas",
        "SELECT * FROM plan_runs", "SELECT * FROM policy_changes", "SELECT * FROM policy_trials",
        "SELECT * FROM fairness_flags", "SELECT * FROM team_rankings", "SELECT * FROM assessments",
        "SELECT * FROM assessment_returns", "SELECT * FROM false_checkins", "SELECT * FROM no_shows",
        "SELECT * FROM point_approvals", "SELECT * FROM point_notice_lines", "SELECT * FROM point_objections",
        "SELECT * FROM shop_orders", "SELECT * FROM certificates", "SELECT * FROM commitments",
        "SELECT * FROM disbursements",
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
        "UPDATE plan_runs SET state = 'done'", "UPDATE fairness_flags SET state = 'open'",
        "SELECT * FROM team_rankings", "SELECT * FROM commitments",
        "SELECT * FROM checkpoint_codes", "UPDATE answers SET phrase = 'x'", "DELETE FROM answers",
        "UPDATE false_checkins SET outcome = 'upheld'", "SELECT * FROM no_shows",
        "DELETE FROM point_entries", "INSERT INTO point_entries DEFAULT VALUES", "DELETE FROM audits",
        "UPDATE point_entries SET detail = '{}'", "TRUNCATE point_entries", "SET session_replication_role = 'replica'",
        "UPDATE policy_versions SET body = '{}'", "DELETE FROM frozen_months",
        "INSERT INTO point_seals DEFAULT VALUES", "DELETE FROM point_seals", "DELETE FROM settled_visits",
        "UPDATE item_states SET result = 'held'", "UPDATE sessions SET revoked_at = NULL",
        "SELECT password_hash FROM people", "UPDATE people SET active = false", "CREATE TABLE mine (id int)",
        "UPDATE point_objections SET answer = ''", "DELETE FROM point_objections", "SELECT * FROM point_approvals",
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
