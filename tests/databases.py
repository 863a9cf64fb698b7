"""A database for whoever asks: one template per schema, kept between runs; clones of it, dropped after use."""

from __future__ import annotations

import hashlib
import os
import secrets
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

ROOT = Path(__file__).resolve().parent.parent


def admin_connection() -> psycopg.Connection[Any]:
    url = make_url(os.environ["ADMIN_DATABASE_URL"])
    info = {"host": url.query.get("host") or url.host, "port": url.query.get("port") or url.port}
    return psycopg.connect(
        user=url.username, password=url.password, dbname=url.database, autocommit=True, **info
    )


def url_of(name: str, role_url: str) -> str:
    return make_url(role_url).set(database=name).render_as_string(hide_password=False)


def schema_hash() -> str:
    files = sorted((ROOT / "migrations" / "versions").glob("*.py"))
    return hashlib.sha256(b"".join(f.read_bytes() for f in files)).hexdigest()[:12]


def ensure_template() -> str:
    """A database with every migration applied, kept between runs for as long as the migrations are the same."""
    name = f"xunfang_tmpl_{schema_hash()}"
    with admin_connection() as admin:
        admin.execute("SELECT pg_advisory_lock(720)")
        if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return name
        for (old,) in admin.execute(OLD_TEMPLATES).fetchall():
            admin.execute(f'DROP DATABASE IF EXISTS "{old}" WITH (FORCE)')
        draft = f"{name}_draft"
        admin.execute(f'DROP DATABASE IF EXISTS "{draft}" WITH (FORCE)')
        new_database(admin, draft)
        migrate(draft)
        admin.execute(f'ALTER DATABASE "{draft}" RENAME TO "{name}"')
        admin.execute(f"COMMENT ON DATABASE \"{name}\" IS '{date.today().isoformat()}'")
    return name


# Not today's: another checkout beside this one may have other migrations.
OLD_TEMPLATES = """
    SELECT datname FROM pg_database WHERE datname LIKE 'xunfang_tmpl_%'
      AND shobj_description(oid, 'pg_database') IS DISTINCT FROM CURRENT_DATE::text
"""


def new_database(admin: psycopg.Connection[Any], name: str, template: str | None = None) -> None:
    source = f'TEMPLATE "{template}"' if template else ""
    admin.execute(f'CREATE DATABASE "{name}" OWNER xunfang_owner {source}')
    if template:
        return
    url = make_url(os.environ["ADMIN_DATABASE_URL"])
    info = {"host": url.query.get("host") or url.host, "port": url.query.get("port") or url.port}
    with psycopg.connect(
        user=url.username, password=url.password, dbname=name, autocommit=True, **info
    ) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")
        connection.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")


def env_for(name: str) -> dict[str, str]:
    """The environment of a process that works on the database of that name. A second factor is wanted only in the tests
    of that."""
    urls = ("DATABASE_URL", "OWNER_DATABASE_URL", "WORKER_DATABASE_URL", "RETENTION_DATABASE_URL")
    found = {key: url_of(name, os.environ[key]) for key in urls if key in os.environ}
    return {**os.environ, **found, "REQUIRE_SECOND_FACTOR": "0"}


def migrate(name: str) -> None:
    subprocess.run(
        ["flask", "--app", "wsgi", "db", "upgrade"],
        cwd=ROOT,
        env=env_for(name),
        check=True,
        capture_output=True,
    )


@contextmanager
def database(prefix: str) -> Iterator[str]:
    """A fresh database with the schema, dropped some time after its end."""
    template = ensure_template()
    name = f"xunfang_{prefix}_{os.getpid()}_{secrets.token_hex(3)}"
    with admin_connection() as admin:
        new_database(admin, name, template)
    try:
        yield name
    finally:
        let_go(name)


# A drop writes all that any database has changed to the disk and waits for it: so they go some together, behind the
# tests that come next.
TOGETHER = 8
_used: list[str] = []
_behind = ThreadPoolExecutor(1)
_drops: list[Future[None]] = []


def let_go(name: str) -> None:
    _used.append(name)
    if len(_used) >= TOGETHER:
        drop_the_used()


def drop_the_used() -> None:
    _drops.append(_behind.submit(drop, _used.copy()))
    _used.clear()


def drop(names: list[str]) -> None:
    with admin_connection() as admin:
        for name in names:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def drop_the_last() -> None:
    """At the end of the run; what went wrong on the way is said here."""
    if _used:
        drop_the_used()
    for one in _drops:
        one.result()
