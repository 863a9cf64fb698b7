"""create the tables of the first release"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "202611240001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.create_geospatial_table(
        "areas",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("county_id", sa.BigInteger(), nullable=True),
        sa.Column("township_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("population", sa.BigInteger(), nullable=True),
        sa.Column("population_source", sa.Text(), nullable=True),
        sa.Column("population_on", sa.Date(), nullable=True),
        sa.Column("households", sa.BigInteger(), nullable=True),
        sa.Column(
            "priority_weight", sa.Numeric(precision=4, scale=2), server_default=sa.text("1.0"), nullable=False
        ),
        sa.Column("time_zone", sa.Text(), server_default="Asia/Shanghai", nullable=False),
        sa.Column("metres_crs", sa.Text(), server_default="EPSG:4547", nullable=False),
        sa.Column("valid_from", sa.Date(), server_default=sa.text("'2000-01-01'"), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("successor_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(parent_id IS NULL) = (level = 'county')", name=op.f("ck_areas_parent")),
        sa.CheckConstraint(
            "level IN ('county','township') OR township_id IS NOT NULL", name=op.f("ck_areas_township")
        ),
        sa.CheckConstraint("level IN ('county','township','village','grid')", name=op.f("ck_areas_level")),
        sa.CheckConstraint("population >= 0 AND priority_weight > 0", name=op.f("ck_areas_figures")),
        sa.ForeignKeyConstraint(["county_id"], ["areas.id"], name=op.f("fk_areas_county_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["areas.id"], name=op.f("fk_areas_parent_id")),
        sa.ForeignKeyConstraint(["successor_id"], ["areas.id"], name=op.f("fk_areas_successor_id")),
        sa.ForeignKeyConstraint(["township_id"], ["areas.id"], name=op.f("fk_areas_township_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_areas")),
        sa.UniqueConstraint("code", name=op.f("uq_areas_code")),
    )
    op.create_geospatial_index(
        "ix_areas_geom", "areas", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index(op.f("ix_areas_parent_id"), "areas", ["parent_id"], unique=False)
    op.create_index(op.f("ix_areas_township_id"), "areas", ["township_id"], unique=False)
    op.create_table(
        "audits",
        sa.Column("township_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object_kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column(
            "detail", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_audits")),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index("ix_audits_object", "audits", ["township_id", "object_kind", "object_id"], unique=False)
    op.create_table(
        "inbox_items",
        sa.Column("township_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("schema", sa.BigInteger(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("device_seq", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("session_person_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("device_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("utc_offset_min", sa.BigInteger(), nullable=False),
        sa.Column("monotonic_ms", sa.BigInteger(), nullable=False),
        sa.Column("anchor_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_inbox_items")),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index(
        "ix_inbox_items_device", "inbox_items", ["township_id", "device_id", "device_seq"], unique=False
    )
    op.create_index("ix_inbox_items_id", "inbox_items", ["id"], unique=False)
    op.create_table(
        "item_states",
        sa.Column("township_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("shift_id", sa.BigInteger(), nullable=True),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("reasons", postgresql.ARRAY(sa.TEXT()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("time_quality", sa.Text(), nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("result IN ('stored','held','rejected')", name=op.f("ck_item_states_result")),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_item_states")),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index(
        "ix_item_states_author", "item_states", ["township_id", "author_id", "changed_at"], unique=False
    )
    op.create_index(
        "ix_item_states_held",
        "item_states",
        ["township_id", "shift_id", "author_id"],
        unique=False,
        postgresql_where=sa.text("result = 'held'"),
    )
    op.create_table(
        "quarantine_items",
        sa.Column("township_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("session_person_id", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_quarantine_items")),
    )
    op.create_index(
        "uq_quarantine_items_content", "quarantine_items", ["township_id", "item_id", "sha256"], unique=True
    )
    op.create_table(
        "rate_counts",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("window_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("n", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("key", "window_at", name=op.f("pk_rate_counts")),
    )
    op.create_index(op.f("ix_rate_counts_window_at"), "rate_counts", ["window_at"], unique=False)
    op.create_table(
        "server_epochs",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_server_epochs")),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), server_default="zh", nullable=False),
        sa.Column("home_township_id", sa.BigInteger(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["home_township_id"], ["areas.id"], name=op.f("fk_people_home_township_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("login", name=op.f("uq_people_login")),
    )
    op.create_table(
        "teams",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("township_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint("kind IN ('full_time','volunteer')", name=op.f("ck_teams_kind")),
        sa.ForeignKeyConstraint(["township_id"], ["areas.id"], name=op.f("fk_teams_township_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teams")),
        sa.UniqueConstraint("township_id", "name", name=op.f("uq_teams_township_id_name")),
    )
    op.create_index(op.f("ix_teams_township_id"), "teams", ["township_id"], unique=False)
    op.create_geospatial_table(
        "hotspots",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("township_id", sa.BigInteger(), nullable=False),
        sa.Column("village_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("area_m2", sa.Double(), nullable=False),
        sa.Column("weight", sa.Numeric(precision=4, scale=2), server_default=sa.text("1.0"), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.BigInteger(), nullable=True),
        sa.Column("approved_by", sa.BigInteger(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("review_by", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "category IN ('market', 'school_gate', 'station', 'night_economy', 'square', 'park', 'parking', 'waterside', 'road_danger', 'works', 'fire_risk', 'theft_prone_street')",
            name=op.f("ck_hotspots_category"),
        ),
        sa.CheckConstraint("area_m2 >= 2000", name=op.f("ck_hotspots_at_least_0_2_ha")),
        sa.CheckConstraint(
            "proposed_by IS DISTINCT FROM approved_by OR approved_by IS NULL",
            name=op.f("ck_hotspots_four_eyes"),
        ),
        sa.CheckConstraint("review_by <= valid_from + 90", name=op.f("ck_hotspots_review_within_90_days")),
        sa.ForeignKeyConstraint(["approved_by"], ["people.id"], name=op.f("fk_hotspots_approved_by")),
        sa.ForeignKeyConstraint(["proposed_by"], ["people.id"], name=op.f("fk_hotspots_proposed_by")),
        sa.ForeignKeyConstraint(["township_id"], ["areas.id"], name=op.f("fk_hotspots_township_id")),
        sa.ForeignKeyConstraint(["village_id"], ["areas.id"], name=op.f("fk_hotspots_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hotspots")),
        sa.UniqueConstraint(
            "township_id", "name", "valid_from", name=op.f("uq_hotspots_township_id_name_valid_from")
        ),
    )
    op.create_geospatial_index(
        "ix_hotspots_geom", "hotspots", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index(op.f("ix_hotspots_village_id"), "hotspots", ["village_id"], unique=False)
    op.create_table(
        "network_versions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("township_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("pieces", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("pieces >= 0", name=op.f("ck_network_versions_pieces")),
        sa.ForeignKeyConstraint(["made_by"], ["people.id"], name=op.f("fk_network_versions_made_by")),
        sa.ForeignKeyConstraint(["township_id"], ["areas.id"], name=op.f("fk_network_versions_township_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_versions")),
        sa.UniqueConstraint("township_id", "version", name=op.f("uq_network_versions_township_id_version")),
    )
    op.create_table(
        "policy_versions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "topic IN ('field','checkins','tracks','duty','coverage','incentives')",
            name=op.f("ck_policy_versions_topic"),
        ),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_policy_versions_area_id")),
        sa.ForeignKeyConstraint(["made_by"], ["people.id"], name=op.f("fk_policy_versions_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_versions")),
        sa.UniqueConstraint(
            "area_id", "topic", "valid_from", name=op.f("uq_policy_versions_area_id_topic_valid_from")
        ),
    )
    op.create_table(
        "role_grants",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("area_id", sa.BigInteger(), nullable=True),
        sa.Column("granted_by", sa.BigInteger(), nullable=True),
        sa.Column("granted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(role <> 'leader') = (area_id IS NOT NULL)", name=op.f("ck_role_grants_area")),
        sa.CheckConstraint("(role = 'leader') = (team_id IS NOT NULL)", name=op.f("ck_role_grants_team")),
        sa.CheckConstraint("role IN ('leader','reviewer','admin')", name=op.f("ck_role_grants_role")),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_role_grants_area_id")),
        sa.ForeignKeyConstraint(["granted_by"], ["people.id"], name=op.f("fk_role_grants_granted_by")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_role_grants_person_id")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_role_grants_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grants")),
    )
    op.create_index(op.f("ix_role_grants_person_id"), "role_grants", ["person_id"], unique=False)
    op.create_table(
        "routes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("township_id", sa.BigInteger(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_routes_team_id")),
        sa.ForeignKeyConstraint(["township_id"], ["areas.id"], name=op.f("fk_routes_township_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routes")),
        sa.UniqueConstraint("township_id", "name", name=op.f("uq_routes_township_id_name")),
    )
    op.create_index(op.f("ix_routes_team_id"), "routes", ["team_id"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("secret_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_sessions_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("secret_sha256", name=op.f("uq_sessions_secret_sha256")),
    )
    op.create_index(op.f("ix_sessions_person_id"), "sessions", ["person_id"], unique=False)
    op.create_table(
        "team_areas",
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_team_areas_area_id")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_team_areas_team_id")),
        sa.PrimaryKeyConstraint("team_id", "area_id", name=op.f("pk_team_areas")),
    )
    op.create_index(op.f("ix_team_areas_area_id"), "team_areas", ["area_id"], unique=False)
    op.create_table(
        "team_members",
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("adult", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("insured", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("insured_until", sa.Date(), nullable=True),
        sa.Column("trained_on", sa.Date(), nullable=True),
        sa.Column("has_phone", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("joined_on", sa.Date(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_team_members_person_id")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_team_members_team_id")),
        sa.PrimaryKeyConstraint("team_id", "person_id", name=op.f("pk_team_members")),
    )
    op.create_index(op.f("ix_team_members_person_id"), "team_members", ["person_id"], unique=False)
    op.create_table(
        "point_entries",
        sa.Column("township_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("reverses_id", sa.BigInteger(), nullable=True),
        sa.Column("amount_half", sa.BigInteger(), nullable=False),
        sa.Column("debit_account", sa.Text(), nullable=False),
        sa.Column("credit_account", sa.Text(), nullable=False),
        sa.Column("policy_version_id", sa.BigInteger(), nullable=True),
        sa.Column("earned_on", sa.Date(), nullable=False),
        sa.Column(
            "detail", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "amount_half > 0 AND debit_account <> credit_account AND n >= 1",
            name=op.f("ck_point_entries_transfer"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_point_entries_person_id")),
        sa.ForeignKeyConstraint(
            ["policy_version_id"], ["policy_versions.id"], name=op.f("fk_point_entries_policy_version_id")
        ),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_point_entries")),
        sa.UniqueConstraint(
            "township_id", "reverses_id", name=op.f("uq_point_entries_township_id_reverses_id")
        ),
        sa.UniqueConstraint(
            "township_id", "rule", "cause", "n", name=op.f("uq_point_entries_township_id_rule_cause_n")
        ),
    )
    op.create_index("ix_point_entries_cause", "point_entries", ["township_id", "cause"], unique=False)
    op.create_index(
        "ix_point_entries_person", "point_entries", ["township_id", "person_id", "earned_on"], unique=False
    )
    op.create_table(
        "risk_windows",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("hotspot_id", sa.BigInteger(), nullable=False),
        sa.Column("weekday", sa.BigInteger(), nullable=False),
        sa.Column("from_min", sa.BigInteger(), nullable=False),
        sa.Column("to_min", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "from_min BETWEEN 0 AND 1439 AND to_min > from_min", name=op.f("ck_risk_windows_minutes")
        ),
        sa.CheckConstraint("to_min - from_min <= 1440", name=op.f("ck_risk_windows_a_day_at_most")),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_risk_windows_weekday")),
        sa.ForeignKeyConstraint(["hotspot_id"], ["hotspots.id"], name=op.f("fk_risk_windows_hotspot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_windows")),
    )
    op.create_index(op.f("ix_risk_windows_hotspot_id"), "risk_windows", ["hotspot_id"], unique=False)
    op.create_geospatial_table(
        "route_versions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("route_id", sa.BigInteger(), nullable=False),
        sa.Column("township_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="LINESTRING",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("length_m", sa.Double(), nullable=False),
        sa.Column("n_pieces", sa.BigInteger(), nullable=False),
        sa.Column("ordered", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("n_pieces > 0 AND length_m > 0", name=op.f("ck_route_versions_pieces")),
        sa.ForeignKeyConstraint(["made_by"], ["people.id"], name=op.f("fk_route_versions_made_by")),
        sa.ForeignKeyConstraint(["route_id"], ["routes.id"], name=op.f("fk_route_versions_route_id")),
        sa.ForeignKeyConstraint(["township_id"], ["areas.id"], name=op.f("fk_route_versions_township_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_route_versions")),
        sa.UniqueConstraint("route_id", "version", name=op.f("uq_route_versions_route_id_version")),
    )
    op.create_geospatial_index(
        "ix_route_versions_geom",
        "route_versions",
        ["geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_geospatial_table(
        "streets",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("network_version_id", sa.BigInteger(), nullable=False),
        sa.Column("township_id", sa.BigInteger(), nullable=False),
        sa.Column("village_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("highway", sa.Text(), nullable=True),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="LINESTRING",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("length_m", sa.Double(), nullable=False),
        sa.Column("first_piece", sa.BigInteger(), nullable=False),
        sa.Column("n_pieces", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "n_pieces > 0 AND first_piece >= 0 AND length_m > 0", name=op.f("ck_streets_pieces")
        ),
        sa.ForeignKeyConstraint(
            ["network_version_id"], ["network_versions.id"], name=op.f("fk_streets_network_version_id")
        ),
        sa.ForeignKeyConstraint(["township_id"], ["areas.id"], name=op.f("fk_streets_township_id")),
        sa.ForeignKeyConstraint(["village_id"], ["areas.id"], name=op.f("fk_streets_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_streets")),
        sa.UniqueConstraint(
            "network_version_id", "first_piece", name=op.f("uq_streets_network_version_id_first_piece")
        ),
    )
    op.create_geospatial_index(
        "ix_streets_geom", "streets", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index(op.f("ix_streets_network_version_id"), "streets", ["network_version_id"], unique=False)
    op.create_index(op.f("ix_streets_village_id"), "streets", ["village_id"], unique=False)
    op.create_geospatial_table(
        "checkpoints",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("route_version_id", sa.BigInteger(), nullable=False),
        sa.Column("township_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), server_default="street", nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("radius_m", sa.BigInteger(), server_default=sa.text("40"), nullable=False),
        sa.Column("method", sa.Text(), server_default="gps", nullable=False),
        sa.Column("required", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("window_from_min", sa.BigInteger(), nullable=True),
        sa.Column("window_to_min", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "category IN ('street', 'crossing', 'gate', 'market', 'school', 'clinic', 'station', 'square', 'bridge', 'waterside', 'park', 'parking', 'works', 'office', 'shop_row')",
            name=op.f("ck_checkpoints_category"),
        ),
        sa.CheckConstraint("method IN ('gps','code','nfc','photo')", name=op.f("ck_checkpoints_method")),
        sa.CheckConstraint("radius_m BETWEEN 10 AND 200", name=op.f("ck_checkpoints_radius")),
        sa.ForeignKeyConstraint(
            ["route_version_id"], ["route_versions.id"], name=op.f("fk_checkpoints_route_version_id")
        ),
        sa.ForeignKeyConstraint(["township_id"], ["areas.id"], name=op.f("fk_checkpoints_township_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkpoints")),
        sa.UniqueConstraint("route_version_id", "seq", name=op.f("uq_checkpoints_route_version_id_seq")),
    )
    op.create_table(
        "shifts",
        sa.Column("township_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("route_version_id", sa.BigInteger(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("meeting_place", sa.Text(), server_default="", nullable=False),
        sa.Column("fit_for_one", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("crew_wanted", sa.BigInteger(), server_default=sa.text("2"), nullable=False),
        sa.Column("status", sa.Text(), server_default="planned", nullable=False),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("changed_by", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_at <= starts_at + interval '16 hours'", name=op.f("ck_shifts_length")),
        sa.CheckConstraint("status IN ('planned','cancelled')", name=op.f("ck_shifts_status")),
        sa.CheckConstraint("crew_wanted BETWEEN 1 AND 20", name=op.f("ck_shifts_crew")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_shifts_order")),
        sa.ForeignKeyConstraint(["changed_by"], ["people.id"], name=op.f("fk_shifts_changed_by")),
        sa.ForeignKeyConstraint(["made_by"], ["people.id"], name=op.f("fk_shifts_made_by")),
        sa.ForeignKeyConstraint(
            ["route_version_id"], ["route_versions.id"], name=op.f("fk_shifts_route_version_id")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_shifts_team_id")),
        sa.ForeignKeyConstraint(["township_id"], ["areas.id"], name=op.f("fk_shifts_township_id")),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_shifts")),
    )
    op.create_index("ix_shifts_starts_at", "shifts", ["township_id", "starts_at"], unique=False)
    op.create_index("ix_shifts_team_day", "shifts", ["township_id", "team_id", "day"], unique=False)
    op.create_table(
        "street_days",
        sa.Column("township_id", sa.BigInteger(), nullable=False),
        sa.Column("street_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("shifts", sa.BigInteger(), nullable=False),
        sa.Column("covered_share", sa.Double(), nullable=False),
        sa.CheckConstraint("covered_share BETWEEN 0 AND 1 AND shifts > 0", name=op.f("ck_street_days_share")),
        sa.ForeignKeyConstraint(["street_id"], ["streets.id"], name=op.f("fk_street_days_street_id")),
        sa.PrimaryKeyConstraint("township_id", "street_id", "day", name=op.f("pk_street_days")),
    )
    op.create_table(
        "assignments",
        sa.Column("township_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("shift_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("township_id"), "="),
            (sa.column("person_id"), "="),
            (sa.column("during"), "&&"),
            where=sa.text("active"),
            using="gist",
            name="ex_assignments_double_booking",
        ),
        sa.ForeignKeyConstraint(["made_by"], ["people.id"], name=op.f("fk_assignments_made_by")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_assignments_person_id")),
        sa.ForeignKeyConstraint(
            ["township_id", "shift_id"], ["shifts.township_id", "shifts.id"], name="fk_assignments_shift"
        ),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_assignments")),
        sa.UniqueConstraint(
            "township_id", "shift_id", "person_id", name=op.f("uq_assignments_township_id_shift_id_person_id")
        ),
    )
    op.create_index("ix_assignments_person", "assignments", ["township_id", "person_id"], unique=False)
    op.create_table(
        "duties",
        sa.Column("township_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("shift_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("entered_by", sa.BigInteger(), nullable=True),
        sa.Column("on_roster", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), server_default="on", nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pauses", postgresql.TSTZMULTIRANGE(), nullable=True),
        sa.Column("worked", postgresql.TSTZRANGE(), nullable=True),
        sa.Column("worked_s", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("flags", postgresql.ARRAY(sa.TEXT()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("last_item_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_item_id", sa.Uuid(), nullable=True),
        sa.Column("last_item_id", sa.Uuid(), nullable=True),
        sa.Column("track_m", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("near_m", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "track_spans",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("fixes", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("township_id"), "="),
            (sa.column("person_id"), "="),
            (sa.column("worked"), "&&"),
            where=sa.text("worked IS NOT NULL"),
            using="gist",
            name="ex_duties_overlap",
        ),
        sa.CheckConstraint("state IN ('on','paused','ended','attended')", name=op.f("ck_duties_state")),
        sa.ForeignKeyConstraint(["entered_by"], ["people.id"], name=op.f("fk_duties_entered_by")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_duties_person_id")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_duties_team_id")),
        sa.ForeignKeyConstraint(
            ["township_id", "shift_id"], ["shifts.township_id", "shifts.id"], name="fk_duties_shift"
        ),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_duties")),
        sa.UniqueConstraint(
            "township_id", "shift_id", "person_id", name=op.f("uq_duties_township_id_shift_id_person_id")
        ),
    )
    op.create_index("ix_duties_day", "duties", ["township_id", "day"], unique=False)
    op.create_index("ix_duties_person", "duties", ["township_id", "person_id", "day"], unique=False)
    op.create_geospatial_table(
        "checkins",
        sa.Column("township_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("duty_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("device_seq", sa.BigInteger(), nullable=False),
        sa.Column("checkpoint_id", sa.BigInteger(), nullable=True),
        sa.Column("hotspot_id", sa.BigInteger(), nullable=True),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column(
            "position",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column("accuracy_m", sa.BigInteger(), nullable=False),
        sa.Column("age_ms", sa.BigInteger(), nullable=False),
        sa.Column("mocked", sa.Boolean(), nullable=False),
        sa.Column("distance_m", sa.Double(), nullable=True),
        sa.Column("route_distance_m", sa.Double(), nullable=True),
        sa.Column("inside_area", sa.Boolean(), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("time_quality", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reasons", postgresql.ARRAY(sa.TEXT()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("evidence_level", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("speed_kmh", sa.Double(), nullable=True),
        sa.Column("reviewed_by", sa.BigInteger(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review_verdict", sa.Text(), nullable=True),
        sa.Column("review_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("phase IN ('here','arrive','leave')", name=op.f("ck_checkins_phase")),
        sa.CheckConstraint("review_verdict IN ('counted','not_counted')", name=op.f("ck_checkins_review")),
        sa.CheckConstraint("verdict IN ('counted','held','not_counted')", name=op.f("ck_checkins_verdict")),
        sa.CheckConstraint(
            "(checkpoint_id IS NULL) <> (hotspot_id IS NULL)", name=op.f("ck_checkins_one_place")
        ),
        sa.ForeignKeyConstraint(
            ["checkpoint_id"], ["checkpoints.id"], name=op.f("fk_checkins_checkpoint_id")
        ),
        sa.ForeignKeyConstraint(["hotspot_id"], ["hotspots.id"], name=op.f("fk_checkins_hotspot_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_checkins_person_id")),
        sa.ForeignKeyConstraint(["reviewed_by"], ["people.id"], name=op.f("fk_checkins_reviewed_by")),
        sa.ForeignKeyConstraint(
            ["township_id", "duty_id"], ["duties.township_id", "duties.id"], name="fk_checkins_duty"
        ),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_checkins")),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index("ix_checkins_duty", "checkins", ["township_id", "duty_id"], unique=False)
    op.create_index("ix_checkins_time", "checkins", ["township_id", "effective_at"], unique=False)
    op.create_index(
        "ix_checkins_waiting",
        "checkins",
        ["township_id", "effective_at"],
        unique=False,
        postgresql_where=sa.text("verdict <> 'counted' AND reviewed_at IS NULL"),
    )
    op.create_table(
        "duty_events",
        sa.Column("township_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("duty_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("time_quality", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('start','pause','resume','end')", name=op.f("ck_duty_events_kind")),
        sa.ForeignKeyConstraint(
            ["township_id", "duty_id"], ["duties.township_id", "duties.id"], name="fk_duty_events_duty"
        ),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_duty_events")),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index("ix_duty_events_duty", "duty_events", ["township_id", "duty_id"], unique=False)
    op.create_table(
        "place_presences",
        sa.Column("township_id", sa.BigInteger(), nullable=False),
        sa.Column("place_kind", sa.Text(), nullable=False),
        sa.Column("place_id", sa.BigInteger(), nullable=False),
        sa.Column("duty_id", sa.BigInteger(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("during", postgresql.TSTZMULTIRANGE(), nullable=False),
        sa.CheckConstraint("grade IN ('track','pair')", name=op.f("ck_place_presences_grade")),
        sa.CheckConstraint(
            "place_kind IN ('hotspot','checkpoint')", name=op.f("ck_place_presences_place_kind")
        ),
        sa.CheckConstraint("NOT isempty(during)", name=op.f("ck_place_presences_not_empty")),
        sa.ForeignKeyConstraint(
            ["township_id", "duty_id"], ["duties.township_id", "duties.id"], name="fk_place_presences_duty"
        ),
        sa.PrimaryKeyConstraint(
            "township_id", "place_kind", "place_id", "duty_id", "grade", name=op.f("pk_place_presences")
        ),
    )
    op.create_index("ix_place_presences_duty", "place_presences", ["township_id", "duty_id"], unique=False)
    op.create_table(
        "route_presences",
        sa.Column("township_id", sa.BigInteger(), nullable=False),
        sa.Column("duty_id", sa.BigInteger(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("route_version_id", sa.BigInteger(), nullable=False),
        sa.Column("bits", postgresql.BIT(varying=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["route_version_id"], ["route_versions.id"], name=op.f("fk_route_presences_route_version_id")
        ),
        sa.ForeignKeyConstraint(
            ["township_id", "duty_id"], ["duties.township_id", "duties.id"], name="fk_route_presences_duty"
        ),
        sa.PrimaryKeyConstraint(
            "township_id", "duty_id", "hour", "route_version_id", name=op.f("pk_route_presences")
        ),
    )
    op.create_index(
        "ix_route_presences_route", "route_presences", ["township_id", "route_version_id"], unique=False
    )
    op.create_table(
        "segments",
        sa.Column("township_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("duty_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("head_s", sa.BigInteger(), nullable=False),
        sa.Column("tail_s", sa.BigInteger(), nullable=False),
        sa.Column("shift_s", sa.BigInteger(), nullable=False),
        sa.Column("track", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["township_id", "duty_id"], ["duties.township_id", "duties.id"], name="fk_segments_duty"
        ),
        sa.PrimaryKeyConstraint("township_id", "id", name=op.f("pk_segments")),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index("ix_segments_duty", "segments", ["township_id", "duty_id", "head_s"], unique=False)
    op.create_index("ix_segments_tail", "segments", ["township_id", "tail_s"], unique=False)
    op.create_table(
        "street_presences",
        sa.Column("township_id", sa.BigInteger(), nullable=False),
        sa.Column("duty_id", sa.BigInteger(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("network_version_id", sa.BigInteger(), nullable=False),
        sa.Column("bits", postgresql.BIT(varying=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["network_version_id"],
            ["network_versions.id"],
            name=op.f("fk_street_presences_network_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["township_id", "duty_id"], ["duties.township_id", "duties.id"], name="fk_street_presences_duty"
        ),
        sa.PrimaryKeyConstraint(
            "township_id", "duty_id", "hour", "network_version_id", name=op.f("pk_street_presences")
        ),
    )
    op.create_index(
        "ix_street_presences_hour",
        "street_presences",
        ["township_id", "network_version_id", "hour"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index("ix_street_presences_hour", table_name="street_presences")
    op.drop_table("street_presences")
    op.drop_index("ix_segments_tail", table_name="segments")
    op.drop_index("ix_segments_duty", table_name="segments")
    op.drop_table("segments")
    op.drop_index("ix_route_presences_route", table_name="route_presences")
    op.drop_table("route_presences")
    op.drop_index("ix_place_presences_duty", table_name="place_presences")
    op.drop_table("place_presences")
    op.drop_index("ix_duty_events_duty", table_name="duty_events")
    op.drop_table("duty_events")
    op.drop_index(
        "ix_checkins_waiting",
        table_name="checkins",
        postgresql_where=sa.text("verdict <> 'counted' AND reviewed_at IS NULL"),
    )
    op.drop_index("ix_checkins_time", table_name="checkins")
    op.drop_index("ix_checkins_duty", table_name="checkins")
    op.drop_geospatial_table("checkins")
    op.drop_index("ix_duties_person", table_name="duties")
    op.drop_index("ix_duties_day", table_name="duties")
    op.drop_table("duties")
    op.drop_index("ix_assignments_person", table_name="assignments")
    op.drop_table("assignments")
    op.drop_table("street_days")
    op.drop_index("ix_shifts_team_day", table_name="shifts")
    op.drop_index("ix_shifts_starts_at", table_name="shifts")
    op.drop_table("shifts")
    op.drop_geospatial_table("checkpoints")
    op.drop_index(op.f("ix_streets_village_id"), table_name="streets")
    op.drop_index(op.f("ix_streets_network_version_id"), table_name="streets")
    op.drop_geospatial_index(
        "ix_streets_geom", table_name="streets", postgresql_using="gist", column_name="geom"
    )
    op.drop_geospatial_table("streets")
    op.drop_geospatial_index(
        "ix_route_versions_geom", table_name="route_versions", postgresql_using="gist", column_name="geom"
    )
    op.drop_geospatial_table("route_versions")
    op.drop_index(op.f("ix_risk_windows_hotspot_id"), table_name="risk_windows")
    op.drop_table("risk_windows")
    op.drop_index("ix_point_entries_person", table_name="point_entries")
    op.drop_index("ix_point_entries_cause", table_name="point_entries")
    op.drop_table("point_entries")
    op.drop_index(op.f("ix_team_members_person_id"), table_name="team_members")
    op.drop_table("team_members")
    op.drop_index(op.f("ix_team_areas_area_id"), table_name="team_areas")
    op.drop_table("team_areas")
    op.drop_index(op.f("ix_sessions_person_id"), table_name="sessions")
    op.drop_table("sessions")
    op.drop_index(op.f("ix_routes_team_id"), table_name="routes")
    op.drop_table("routes")
    op.drop_index(op.f("ix_role_grants_person_id"), table_name="role_grants")
    op.drop_table("role_grants")
    op.drop_table("policy_versions")
    op.drop_table("network_versions")
    op.drop_index(op.f("ix_hotspots_village_id"), table_name="hotspots")
    op.drop_geospatial_index(
        "ix_hotspots_geom", table_name="hotspots", postgresql_using="gist", column_name="geom"
    )
    op.drop_geospatial_table("hotspots")
    op.drop_index(op.f("ix_teams_township_id"), table_name="teams")
    op.drop_table("teams")
    op.drop_table("people")
    op.drop_table("server_epochs")
    op.drop_index(op.f("ix_rate_counts_window_at"), table_name="rate_counts")
    op.drop_table("rate_counts")
    op.drop_index("uq_quarantine_items_content", table_name="quarantine_items")
    op.drop_table("quarantine_items")
    op.drop_index(
        "ix_item_states_held", table_name="item_states", postgresql_where=sa.text("result = 'held'")
    )
    op.drop_index("ix_item_states_author", table_name="item_states")
    op.drop_table("item_states")
    op.drop_index("ix_inbox_items_id", table_name="inbox_items")
    op.drop_index("ix_inbox_items_device", table_name="inbox_items")
    op.drop_table("inbox_items")
    op.drop_index("ix_audits_object", table_name="audits")
    op.drop_table("audits")
    op.drop_index(op.f("ix_areas_township_id"), table_name="areas")
    op.drop_index(op.f("ix_areas_parent_id"), table_name="areas")
    op.drop_geospatial_index("ix_areas_geom", table_name="areas", postgresql_using="gist", column_name="geom")
    op.drop_geospatial_table("areas")
