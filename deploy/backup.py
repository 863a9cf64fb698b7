#!/usr/bin/env python3
"""Back up the database, and prove that the backup can be restored.

    backup.py dump  FOLDER [--keep-days N]   FOLDER/xunfang-<time>.dump with a .json of every table's rows and hash
    backup.py drill FILE|FOLDER              restore it (the newest of a folder) beside, compare, drop the copy

Reads OWNER_DATABASE_URL; the drill also ADMIN_DATABASE_URL, which may create a database. The hashes are taken in the
dump's own snapshot, so they are equal although the server goes on taking check-ins. Dumps hold positions of people:
keep them where only the backup's user reads, encrypted when they leave the machine, and not longer than --keep-days.
"""

import argparse
import glob
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg import sql

# PostGIS fills this one itself.
NOT_OURS = {"public.spatial_ref_sys"}


def libpq(name):
    value = os.environ.get(name)
    if not value:
        sys.exit(f"✗ {name} is not set")
    return value.replace("postgresql+psycopg://", "postgresql://", 1)


def tool(name, server):
    """pg_dump must not be older than the server: Debian's of that version, or the one on the PATH."""
    ours = glob.glob(f"/usr/lib/postgresql/{server}/bin/{name}")
    return ours[0] if ours else name


def hashes(connection):
    """{table: [rows, hash]}: a sum over the rows, so their order does not matter and nothing is held in memory."""
    tables = connection.execute(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
        " AND n.nspname NOT LIKE 'pg_toast%' ORDER BY 1, 2"
    ).fetchall()
    found = {}
    for schema, table in tables:
        if f"{schema}.{table}" in NOT_OURS:
            continue
        question = sql.SQL(
            "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text FROM {} t"
        ).format(sql.Identifier(schema, table))
        found[f"{schema}.{table}"] = list(connection.execute(question).fetchone())
    return found


def steady(connection):
    """The text of a row must not hang on who asks."""
    connection.execute(
        "SET timezone = 'UTC'; SET datestyle = 'ISO'; SET extra_float_digits = 1; SET bytea_output = 'hex'"
    )


def dump(folder, keep_days):
    os.umask(0o077)
    folder.mkdir(parents=True, exist_ok=True)
    url = libpq("OWNER_DATABASE_URL")
    target = folder / f"xunfang-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.dump"
    part = target.with_suffix(".part")
    with psycopg.connect(url, autocommit=True) as connection:
        steady(connection)
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        snapshot = connection.execute("SELECT pg_export_snapshot()").fetchone()[0]
        server = connection.info.server_version // 10000
        command = [tool("pg_dump", server), "--format=custom", "--no-owner", f"--snapshot={snapshot}"]
        subprocess.run([*command, f"--file={part}", f"--dbname={url}"], check=True)
        tables = hashes(connection)
        connection.execute("ROLLBACK")
    note = {"server": server, "tables": tables}
    target.with_suffix(".json").write_text(json.dumps(note, indent=1) + "\n")
    part.rename(target)  # a dump with this name is a whole one
    rows = sum(count for count, _ in tables.values())
    print(f"✓ {target}: {target.stat().st_size / 1e6:.1f} MB, {len(tables)} tables, {rows} rows")
    if keep_days:
        forget(folder, keep_days)


def forget(folder, keep_days):
    """Old dumps hold what retention has deleted since: they go."""
    for path in folder.glob("xunfang-*"):
        if (
            path.suffix in (".dump", ".json", ".part")
            and time.time() - path.stat().st_mtime > keep_days * 86400
        ):
            path.unlink()
            print(f"· removed {path.name}")


def newest(place):
    if place.is_file():
        return place
    dumps = sorted(place.glob("xunfang-*.dump"))
    if not dumps:
        sys.exit(f"✗ no dump in {place}")
    return dumps[-1]


def drill(place):
    path = newest(place)
    note = json.loads(path.with_suffix(".json").read_text())
    admin = libpq("ADMIN_DATABASE_URL")
    copy = f"xunfang_drill_{os.getpid()}"
    with psycopg.connect(admin, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(copy)))
        try:
            copy_url = psycopg.conninfo.make_conninfo(admin, dbname=copy)
            command = [
                tool("pg_restore", note["server"]),
                "--exit-on-error",
                "--no-owner",
                f"--dbname={copy_url}",
            ]
            began = time.monotonic()
            subprocess.run([*command, str(path)], check=True)
            with psycopg.connect(copy_url) as connection:
                steady(connection)
                there = hashes(connection)
        finally:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(copy)))
    wrong = sorted(t for t in note["tables"].keys() | there.keys() if note["tables"].get(t) != there.get(t))
    if wrong:
        sys.exit(f"✗ {path.name}: the copy differs in {', '.join(wrong)}")
    print(f"✓ {path.name}: restored in {time.monotonic() - began:.0f} s, {len(there)} tables equal")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    actions = parser.add_subparsers(dest="action", required=True)
    making = actions.add_parser("dump")
    making.add_argument("folder", type=Path)
    making.add_argument("--keep-days", type=int, default=0)
    proving = actions.add_parser("drill")
    proving.add_argument("place", type=Path)
    chosen = parser.parse_args()
    try:
        if chosen.action == "dump":
            dump(chosen.folder, chosen.keep_days)
        else:
            drill(chosen.place)
    except (subprocess.CalledProcessError, psycopg.Error, OSError) as error:
        sys.exit(f"✗ {chosen.action} failed: {error}")


if __name__ == "__main__":
    main()
