"""The migrations: up, down and up again, on an empty database and with rows; nothing left for autogenerate to do."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import flask_migrate
import procrastinate
import psycopg
import pytest

from app import create_app
from app.accounts.rules import uuid7
from app.config import read_settings
from app.db import db
from app.incentives import hazards
from app.incidents.operations import Report, record_report
from app.jobs.queue import enqueue
from app.teams.scope import scope_of
from tests import cast, make, places
from tests.approval.worked import approve, submit, work
from tests.databases import ROOT, database, env_for

PARTITIONED = {"audits", "inbox_items", "item_states", "checkins", "segments", "duty_events"}


@pytest.fixture(scope="module")
def ready() -> Iterator[str]:
    """A database with every migration."""
    with database("migr") as name:
        yield name


@contextmanager
def inside(name: str) -> Iterator[None]:
    """An application context of the database, for flask_migrate's commands; its connections are closed at the end."""
    app = create_app(read_settings(env_for(name)))
    with app.app_context():
        yield
        db.session.remove()
        db.engine.dispose()


def connect(name: str) -> psycopg.Connection[Any]:
    url = env_for(name)["OWNER_DATABASE_URL"].replace("+psycopg", "")
    return psycopg.connect(url, autocommit=True)


def things(name: str) -> list[tuple[Any, ...]]:
    """Columns, indexes, functions, types and grants, so that two schemas can be compared."""
    with connect(name) as c:
        return c.execute("""
            SELECT 'column', table_name::text, column_name::text, data_type::text, is_nullable::text
              FROM information_schema.columns WHERE table_schema = 'public'
            UNION ALL SELECT 'index', tablename::text, indexname::text, indexdef, '' FROM pg_indexes
              WHERE schemaname = 'public'
            UNION ALL SELECT 'function', p.oid::regprocedure::text, coalesce(proacl::text, ''), '', '' FROM pg_proc p
              JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = 'public' AND proname ~ '^(procr|uuid7|ensure)'
            UNION ALL SELECT 'grant', table_name::text, grantee::text, privilege_type::text, ''
              FROM information_schema.role_table_grants WHERE grantee LIKE 'xunfang%'
            ORDER BY 1, 2, 3, 4, 5""").fetchall()


def left_behind(name: str) -> list[tuple[Any, ...]]:
    with connect(name) as c:
        return c.execute("""
            SELECT relname::text FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
            WHERE nspname = 'public' AND relkind IN ('r', 'p', 'S')
              AND relname NOT IN ('spatial_ref_sys', 'alembic_version')
            UNION ALL SELECT typname::text FROM pg_type WHERE typname ~ '^procr'
            UNION ALL SELECT proname::text FROM pg_proc WHERE proname ~ '^(procr|uuid7_floor|ensure_part)'
            """).fetchall()


def test_down_and_up_again_ends_where_it_began():
    with database("scratch") as name, inside(name):
        before = things(name)
        flask_migrate.downgrade(revision="base")
        assert left_behind(name) == []
        flask_migrate.upgrade()
        assert things(name) == before


def test_with_rows_the_queue_s_step_keeps_ours_and_the_whole_way_works():
    with database("scratch") as name, inside(name):
        member_id = cast.make_cast().member.id
        enqueue("nothing", n=1)
        db.session.commit()
        db.session.remove()
        flask_migrate.downgrade(revision="202611240002")
        flask_migrate.upgrade()
        with connect(name) as c:
            assert c.execute("SELECT login FROM people WHERE id = %s", [member_id]).fetchone() == ("member",)
            assert c.execute("SELECT count(*) FROM procrastinate_jobs").fetchone() == (0,)
        db.engine.dispose()
        flask_migrate.downgrade(revision="base")
        assert left_behind(name) == []
        flask_migrate.upgrade()


def test_with_rows_what_was_taken_back_goes_with_the_step_and_what_stands_stays():
    with database("scratch") as name, inside(name):
        people, now = cast.make_cast(), make.EVENING
        make.attended(people.shift, people.member, people.leader)
        one = Report(
            people.town.township.id, uuid4(), people.member.id, people.town.team.id, people.shift.id, "road", None,
            None, places.here(100, 500), "here", 8, None, (), now,
        )  # fmt: skip
        record_report(one, now)
        scope = scope_of(people.reviewer)
        hazards.verify(people.reviewer, scope, one.id, "high", now)
        hazards.take_back(people.reviewer, scope, one.id, "wrong_severity", now)
        hazards.verify(people.reviewer, scope, one.id, "low", now)
        db.session.commit()
        db.session.remove()
        flask_migrate.downgrade(revision="202611290280")
        with connect(name) as c:
            assert c.execute("SELECT severity FROM verified_hazards").fetchall() == [("low",)]
        flask_migrate.upgrade()
        with connect(name) as c:
            kept = c.execute("SELECT n, severity, taken_back_why FROM verified_hazards").fetchall()
            assert kept == [(1, "low", None)]
        db.engine.dispose()


def test_with_rows_an_audit_of_before_names_who_had_a_part_in_it():
    with database("scratch") as name, inside(name):
        people = cast.make_cast()
        work(people, people.member, 97)
        submit(people, people.leader, people.member)
        approve(people, people.reviewer, people.member)
        leader_id = people.leader.id
        db.session.remove()
        flask_migrate.downgrade(revision="202611290320")
        flask_migrate.upgrade()
        with connect(name) as c:
            assert c.execute("SELECT had_part FROM point_audits").fetchall() == [([leader_id],)]
        db.engine.dispose()


def test_autogenerate_finds_nothing_to_do(ready):
    with inside(ready):
        flask_migrate.check()  # raises when there is anything


def test_the_queue_s_schema_is_that_of_the_pinned_version():
    pinned = [
        line for line in (ROOT / "requirements.txt").read_text().splitlines() if "procrastinate==" in line
    ]
    assert pinned == [f"procrastinate=={procrastinate.__version__}"]
    # A newer one brings migrations of its own: freeze this schema in ours first.
    assert procrastinate.__version__.startswith("3.10.")


def test_each_partitioned_table_has_its_months_and_a_default(ready):
    with connect(ready) as c:
        rows = c.execute("""
            SELECT p.relname, array_agg(k.relname::text) FROM pg_inherits JOIN pg_class p ON p.oid = inhparent
            JOIN pg_class k ON k.oid = inhrelid WHERE p.relkind = 'p' GROUP BY 1""").fetchall()
        this = c.execute("SELECT date_trunc('month', now() AT TIME ZONE 'UTC')::date").fetchone()
    found = {row[0]: set(row[1]) for row in rows}
    assert set(found) == PARTITIONED and this is not None
    first = this[0].year * 12 + this[0].month - 1
    months = [f"{n // 12}{n % 12 + 1:02d}" for n in range(first - 12, first + 25)]
    for table, partitions in found.items():
        assert partitions >= {f"{table}_p{month}" for month in months} | {f"{table}_p_other"}


def test_an_absurd_id_goes_to_the_default_partition_and_an_ordinary_one_does_not(ready):
    absurd = uuid7(datetime(2099, 5, 1, tzinfo=UTC), secrets.token_bytes(10))
    ordinary = uuid7(datetime.now(UTC), secrets.token_bytes(10))
    with connect(ready) as c:
        for one in (absurd, ordinary):
            c.execute(
                "INSERT INTO audits (township_id, id, at, action, object_kind, object_id) "
                "VALUES (1, %s, now(), 'x', 'x', 'x')",
                [one],
            )
        rows = dict(c.execute("SELECT id, tableoid::regclass::text FROM audits").fetchall())
    assert rows[absurd] == "audits_p_other"
    assert rows[ordinary] == f"audits_p{datetime.now(UTC):%Y%m}"
