"""A backup is one only when it comes back equal."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

REPO = Path(__file__).resolve().parents[2]
ADMIN = os.environ.get("ADMIN_DATABASE_URL", "").replace("+psycopg", "", 1)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not ADMIN, reason="needs a server where databases can be made"),
]


@pytest.fixture
def little_database():
    name = f"backup_test_{os.getpid()}"
    with psycopg.connect(ADMIN, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        url = psycopg.conninfo.make_conninfo(ADMIN, dbname=name)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE EXTENSION postgis")
            connection.execute(
                "CREATE TABLE fixes (id int PRIMARY KEY, at timestamptz, place geometry, note text)"
            )
            connection.execute(
                "INSERT INTO fixes SELECT n, now() - n * interval '1 s', ST_Point(n / 7.0, n / 11.0, 4326), '巡' || n"
                " FROM generate_series(1, 500) n"
            )
        yield url
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def backup(url, *words):
    env = {**os.environ, "OWNER_DATABASE_URL": url, "ADMIN_DATABASE_URL": ADMIN}
    return subprocess.run(
        [sys.executable, str(REPO / "deploy" / "backup.py"), *map(str, words)],
        env=env, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_what_was_dumped_comes_back_equal(little_database, tmp_path):
    made = backup(little_database, "dump", tmp_path)
    assert made.returncode == 0, made.stderr
    (dump,) = tmp_path.glob("*.dump")
    assert dump.stat().st_mode & 0o077 == 0  # positions of people
    proved = backup(little_database, "drill", tmp_path)
    assert proved.returncode == 0, proved.stderr
    assert "1 tables equal" in proved.stdout


def test_a_copy_that_differs_in_one_row_is_caught(little_database, tmp_path):
    backup(little_database, "dump", tmp_path)
    (note,) = tmp_path.glob("*.json")
    said = json.loads(note.read_text())
    rows, total = said["tables"]["public.fixes"]
    said["tables"]["public.fixes"] = [rows, str(int(total) + 1)]
    note.write_text(json.dumps(said))
    proved = backup(little_database, "drill", tmp_path)
    assert proved.returncode != 0
    assert "differs in public.fixes" in proved.stderr


def test_a_torn_dump_is_caught_and_leaves_no_copy_behind(little_database, tmp_path):
    backup(little_database, "dump", tmp_path)
    (dump,) = tmp_path.glob("*.dump")
    dump.write_bytes(dump.read_bytes()[: dump.stat().st_size // 2])
    assert backup(little_database, "drill", dump).returncode != 0
    with psycopg.connect(ADMIN) as admin:
        names = admin.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE 'xunfang_drill_%'"
        ).fetchall()
    assert names == []


def test_dumps_past_their_day_are_removed(little_database, tmp_path):
    old = tmp_path / "xunfang-20200101T000000Z.dump"
    old.write_text("old")
    os.utime(old, (0, 0))
    stranger = tmp_path / "notes.txt"
    stranger.write_text("kept")
    os.utime(stranger, (0, 0))
    backup(little_database, "dump", tmp_path, "--keep-days", "14")
    assert not old.exists()
    assert stranger.exists()
