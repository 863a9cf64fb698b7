"""Keys of the tables: what grows is distributed by township, what is looked up is a reference table."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ForeignKeyConstraint, MetaData, Table

# Decided once per table; a new table has to be put on one of the two lists (architecture.md, "Scale").
DISTRIBUTED = {
    "shifts", "assignments", "duties", "duty_events", "checkins", "segments", "place_presences", "street_presences",
    "route_presences", "street_days", "point_entries", "point_seals", "frozen_months", "settled_visits",
    "verified_hazards", "training_sessions", "training_attendances", "ended_months", "no_shows", "false_checkins",
    "inbox_items", "item_states", "quarantine_items", "audits",
    "alarms", "alarm_steps", "watches",
    "crew_ticks", "handovers", "swaps", "swap_steps", "declines", "leaves",
    "logger_fixes", "cosigns", "answers", "incidents", "incident_photos",
    "recorded_incidents", "analysis_runs", "hotspot_proposals", "campaigns", "campaign_areas",
    "monthly_reports", "report_schedules", "plan_runs", "repricings", "fairness_flags", "team_rankings",
    "assessments", "assessment_reviews", "assessment_freezes", "assessment_returns", "assessment_notices",
    "assessment_plan_items", "point_submissions", "point_approvals", "point_audits", "point_notices",
    "point_notice_lines", "point_objections", "shop_items", "shop_orders", "donation_purposes", "donations",
    "certificates", "pots", "budget_lines", "money_sources", "allocations", "allocation_parts", "commitments",
    "disbursements", "village_grades", "grant_rounds", "grant_awards",
}  # fmt: skip
REFERENCE = {
    "checkpoint_codes", "code_displays",
    "pins", "pin_uses", "push_addresses",
    "people", "sessions", "rate_counts", "areas", "policy_versions", "teams", "team_areas", "team_members",
    "role_grants", "network_versions", "streets", "routes", "route_versions", "checkpoints", "hotspots",
    "risk_windows", "server_epochs", "sign_in_codes", "second_factors", "consents", "calendar_feeds", "loggers",
    "access_tokens", "policy_changes", "policy_bounds", "policy_trials", "holidays",
}  # fmt: skip
# What must be unique by its phone-made id for ever: one key (township_id, id), partitioned by the id itself.
PARTITIONED = {"inbox_items", "item_states", "checkins", "segments", "duty_events", "audits"}
# Dropped by month, so nothing may point at them.
DROPPED = PARTITIONED


def keys(metadata: MetaData) -> Iterator[str]:
    for table in metadata.sorted_tables:
        if table.name not in DISTRIBUTED | REFERENCE:
            yield f"{table.name}: put it on DISTRIBUTED or REFERENCE in tests/architecture/tables.py"
        elif table.name in DISTRIBUTED:
            yield from _distributed(table)


def _distributed(table: Table) -> Iterator[str]:
    key = [column.name for column in table.primary_key.columns]
    if not key or key[0] != "township_id":
        yield f"{table.name}: primary key {key} does not begin with township_id, the distribution column"
    by_id = table.dialect_options["postgresql"].get("partition_by") == "RANGE (id)"
    if table.name in PARTITIONED and (not by_id or key != ["township_id", "id"]):
        yield f"{table.name}: key (township_id, id), partitioned by RANGE (id)"
    for constraint in table.constraints:
        if isinstance(constraint, ForeignKeyConstraint):
            yield from _reference(table, constraint)


def _reference(table: Table, constraint: ForeignKeyConstraint) -> Iterator[str]:
    other = constraint.referred_table.name
    if other in DROPPED:
        yield f"{table.name} → {other}: nothing has a foreign key to a partition that is dropped"
    elif other in DISTRIBUTED and "township_id" not in constraint.column_keys:
        yield f"{table.name} → {other}: the foreign key carries township_id, or rows cannot live side by side"
