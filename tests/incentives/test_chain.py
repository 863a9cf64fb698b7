"""The chain on a database of its own, where commits are commits: each entry is sealed with the transaction that posted
it, and what the owner's role changes past Xunfang is named by the verifier."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import flask_migrate
import psycopg
import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app import create_app
from app.config import read_settings
from app.db import db
from app.incentives import chain, ledger
from app.incentives.models import PointEntry, PointSeal
from tests import cast, make
from tests.databases import database, env_for

MADE = 8


class Yard:
    """`app` has the rights of the application, `owner` may do everything."""

    def __init__(self, name: str, owner: psycopg.Connection[Any]) -> None:
        self.name, self.owner = name, owner
        self.app: Flask = create_app(read_settings(env_for(name)))
        with self.app.app_context():
            people = cast.make_cast()
            self.town, self.code = people.town.township.id, people.town.township.code
            self.member, self.reviewer = people.member.id, people.reviewer.id
            for n in range(1, MADE + 1):
                self.post(n)
            db.session.remove()

    def post(self, n: int, cause: str = "test:1") -> int:
        entry_id = ledger.post(
            ledger.Transfer(
                self.town, self.member, "base", cause, n, 20 + n, ledger.ISSUE, ledger.pending(self.member), make.DAY,
                detail={"minutes": 60, "note": "一小时"},
            ),
            make.EVENING + n * timedelta(minutes=1),
        )  # fmt: skip
        db.session.commit()
        return entry_id

    def run(self, *args: str) -> Any:
        return self.app.test_cli_runner().invoke(args=["ledger", *args])


@contextmanager
def yard_on(prefix: str) -> Iterator[Yard]:
    with database(prefix) as name:
        url = env_for(name)["OWNER_DATABASE_URL"].replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True) as owner:
            found = Yard(name, owner)
            try:
                yield found
            finally:
                with found.app.app_context():
                    db.session.remove()
                    db.engine.dispose()


@pytest.fixture(scope="module")
def place() -> Iterator[Yard]:
    with yard_on("chain") as found:
        yield found


@pytest.fixture
def yard(place: Yard) -> Iterator[Yard]:
    """What a test does to the rows as the owner is put back from a copy."""
    owner = place.owner
    for table in ("point_entries", "point_seals", "frozen_months"):
        owner.execute(f"CREATE TABLE kept_{table} AS TABLE {table}")
    yield place
    with owner.transaction():
        columns = ", ".join(c.name for c in chain.CONTENT)
        owner.execute("TRUNCATE point_entries, point_seals, frozen_months CASCADE")
        owner.execute("INSERT INTO point_seals SELECT * FROM kept_point_seals")
        owner.execute(f"INSERT INTO point_entries ({columns}) SELECT {columns} FROM kept_point_entries")
    for table in ("point_entries", "point_seals", "frozen_months"):
        owner.execute(f"DROP TABLE kept_{table}")


def test_all_is_well_is_said_plainly(yard):
    result = yard.run("verify")
    assert result.exit_code == 0, result.output
    assert f"{MADE} entries, whole; head {MADE}:" in result.output
    assert result.output.endswith("the ledger is as it was posted\n")


def test_each_entry_is_sealed_gap_free_over_the_one_before(yard):
    rows = yard.owner.execute("SELECT seq, entry_id, previous, hash FROM point_seals ORDER BY seq").fetchall()
    assert [row[0] for row in rows] == list(range(1, MADE + 1))
    assert [row[2] for row in rows] == [bytes(32), *(row[3] for row in rows[:-1])]
    assert sorted({row[3] for row in rows}) == sorted(row[3] for row in rows)


def entry_at(yard, seq):
    return yard.owner.execute(
        "SELECT e.id, e.transfer_id FROM point_entries e JOIN point_seals s ON s.entry_id = e.id WHERE s.seq = %s",
        [seq],
    ).fetchone()


ALTERED = [
    ("amount_half", "amount_half + 1"), ("detail", "'{\"minutes\": 61}'"), ("earned_on", "earned_on + 1"),
    ("made_at", "made_at + interval '1 microsecond'"), ("rule_version", "2"), ("why", "'cap_moved'"),
    ("credit_account", "'person:1:approved'"), ("transfer_id", "gen_random_uuid()"), ("settles_at", "made_at"),
    ("n", "n + 100"), ("cause", "'test:2'"), ("rule", "'night'"),
]  # fmt: skip


@pytest.mark.parametrize(("column", "value"), ALTERED, ids=[a[0] for a in ALTERED])
def test_an_altered_row_is_named(yard, column, value):
    entry_id, transfer_id = entry_at(yard, 5)
    yard.owner.execute(f"UPDATE point_entries SET {column} = {value} WHERE id = %s", [entry_id])
    _, transfer_id = entry_at(yard, 5)
    result = yard.run("verify", "--township", yard.code)
    assert result.exit_code == 1
    assert "NOT WHOLE: the entry of link 5 was altered" in result.output
    assert str(transfer_id) in result.output and "sound up to link 4" in result.output
    assert "as it was posted" not in result.output


UNREADABLE = [
    ("made_at", "'infinity'"), ("earned_on", "'infinity'"), 
    ("settles_at", "'-infinity'"), ("earned_on", "'20000-01-01'"),
    ("earned_on", "'0044-03-15 BC'"), ("detail", f"'{{\"minutes\": {'9' * 5000}}}'"),
]  # fmt: skip


@pytest.mark.parametrize(("column", "value"), UNREADABLE, ids=[f"{n} {v[:12]}" for n, v in UNREADABLE])
def test_a_row_altered_to_what_cannot_be_read_is_named_too(yard, column, value):
    entry_id, transfer_id = entry_at(yard, 5)
    yard.owner.execute(f"UPDATE point_entries SET {column} = {value} WHERE id = %s", [entry_id])
    result = yard.run("verify", "--township", yard.code)
    assert result.exit_code == 1, result.exception
    assert f"the entry of link 5 was altered: entry {entry_id}, transfer {transfer_id}" in result.output
    assert "sound up to link 4" in result.output
    yard.owner.execute("UPDATE point_entries SET amount_half = 1 WHERE id = %s", [entry_at(yard, 3)[0]])
    assert "the entry of link 3 was altered" in yard.run("verify").output


@pytest.mark.parametrize(
    "detail",
    ['{"minutes": 60.0}', '{"minutes": "60"}', '{"minutes": 6e1, "cap": null}', '{"minutes": [60]}', "null"],
)
def test_an_equal_value_of_another_type_in_the_explanation_is_named(yard, detail):
    """The note is kept; what is written otherwise and read alike is the same."""
    entry_id, _ = entry_at(yard, 5)
    kept = "detail || %s::jsonb" if detail.startswith("{") else "%s::jsonb"
    yard.owner.execute(f"UPDATE point_entries SET detail = {kept} WHERE id = %s", [detail, entry_id])
    assert "the entry of link 5 was altered" in yard.run("verify").output


def test_swapped_entries_and_a_seal_of_another_township_are_named(yard):
    four, five = (entry_at(yard, seq)[0] for seq in (4, 5))
    with yard.owner.transaction():
        for entry, seq in ((-1, 4), (four, 5), (five, 4)):
            yard.owner.execute("UPDATE point_seals SET entry_id = %s WHERE seq = %s", [entry, seq])
    assert "the entry of link 4 was altered" in yard.run("verify").output
    with yard.owner.transaction():
        for entry, seq in ((-1, 4), (five, 5), (four, 4)):
            yard.owner.execute("UPDATE point_seals SET entry_id = %s WHERE seq = %s", [entry, seq])
    assert yard.run("verify").exit_code == 0
    other = yard.owner.execute(
        "SELECT id FROM areas WHERE level = 'township' AND id <> %s ORDER BY id", [yard.town]
    ).fetchone()[0]
    with yard.owner.transaction():
        for table in ("point_entries", "point_seals"):
            key = "entry_id" if table == "point_seals" else "id"
            yard.owner.execute(f"UPDATE {table} SET township_id = %s WHERE {key} = %s", [other, four])
    output = yard.run("verify").output
    assert "link 4 is missing" in output and "link 1 is missing" in output


def test_the_first_of_several_is_named(yard):
    for seq in (7, 3):
        yard.owner.execute("UPDATE point_entries SET amount_half = 1 WHERE id = %s", [entry_at(yard, seq)[0]])
    assert "the entry of link 3 was altered" in yard.run("verify").output


def test_a_missing_row_is_named(yard):
    entry_id, _ = entry_at(yard, 4)
    yard.owner.execute("DELETE FROM point_entries WHERE id = %s", [entry_id])
    result = yard.run("verify")
    assert result.exit_code == 1
    assert f"the entry of link 4 is missing: entry {entry_id}" in result.output


def test_a_row_taken_out_with_its_seal_is_named(yard):
    entry_id, _ = entry_at(yard, 4)
    yard.owner.execute("DELETE FROM point_entries WHERE id = %s", [entry_id])
    yard.owner.execute("DELETE FROM point_seals WHERE seq = 4")
    assert "link 4 is missing" in yard.run("verify").output
    # Closing the gap does not hide it: the next link knows the hash of the one that went.
    move(yard, 5, MADE, -1)
    assert "link 4 was altered or put in" in yard.run("verify").output


def move(yard, first, last, by):
    """Links first..last get other numbers, in two steps, so that none meets another."""
    yard.owner.execute("UPDATE point_seals SET seq = seq + 5000 WHERE seq BETWEEN %s AND %s", [first, last])
    yard.owner.execute("UPDATE point_seals SET seq = seq - 5000 + %s WHERE seq > 5000", [by])


def a_row(yard):
    return (
        "INSERT INTO point_entries (township_id, person_id, rule, cause, n, amount_half, debit_account, "
        f"credit_account, earned_on, made_at) VALUES ({yard.town}, {yard.member}, 'base', 'duty:999', 1, 200, "
        f"'issue', 'person:{yard.member}:pending', '2026-11-24', '2026-11-24T12:03:30Z') RETURNING id"
    )


def test_a_row_without_a_seal_is_refused_at_commit_even_to_the_owner(yard):
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="fk_point_entries_seal"):
        yard.owner.execute(a_row(yard))


def test_an_inserted_row_is_named(yard):
    """By an owner who takes the key away, and by one who makes a seal at the end or in the middle."""
    yard.owner.execute("ALTER TABLE point_entries DROP CONSTRAINT fk_point_entries_seal")
    row = yard.owner.execute(a_row(yard)).fetchone()
    result = yard.run("verify")
    assert result.exit_code == 1
    assert f"an entry has no link, so it was put in past Xunfang: entry {row[0]}" in result.output
    last = yard.owner.execute("SELECT hash FROM point_seals ORDER BY seq DESC LIMIT 1").fetchone()[0]
    yard.owner.execute(
        "INSERT INTO point_seals VALUES (%s, %s, %s, %s, %s)", [yard.town, MADE + 1, row[0], last, bytes(32)]
    )
    assert f"the entry of link {MADE + 1} was altered" in yard.run("verify").output
    move(yard, MADE + 1, MADE + 1, 1000)
    move(yard, 4, MADE, 1)
    yard.owner.execute(
        "UPDATE point_seals SET seq = 4, previous = (SELECT hash FROM point_seals WHERE seq = 3) WHERE seq > 1000"
    )
    assert "the entry of link 4 was altered" in yard.run("verify").output
    yard.owner.execute("DELETE FROM point_seals WHERE seq = 4")
    move(yard, 5, MADE + 1, -1)
    yard.owner.execute("DELETE FROM point_entries WHERE id = %s", [row[0]])
    yard.owner.execute(
        "ALTER TABLE point_entries ADD CONSTRAINT fk_point_entries_seal FOREIGN KEY (township_id, id)"
        " REFERENCES point_seals (township_id, entry_id) DEFERRABLE INITIALLY DEFERRED"
    )
    assert yard.run("verify").exit_code == 0


def test_an_end_that_was_cut_off_is_seen_by_a_head_that_was_noted(yard):
    head = yard.run("verify").output.split("head ")[1].split()[0]
    args = ("verify", "--township", yard.code, "--head", head)
    assert yard.run(*args).exit_code == 0
    entry_id, _ = entry_at(yard, MADE)
    yard.owner.execute("DELETE FROM point_entries WHERE id = %s", [entry_id])
    yard.owner.execute("DELETE FROM point_seals WHERE seq = %s", [MADE])
    assert yard.run("verify").exit_code == 0
    result = yard.run(*args)
    assert result.exit_code == 1 and "the head that was noted is not in the chain" in result.output
    forged = f"{MADE - 1}:{'0' * 64}"
    assert yard.run("verify", "--township", yard.code, "--head", forged).exit_code == 1


def test_an_entry_made_in_a_month_that_was_frozen_is_named(yard):
    yard.owner.execute(
        "INSERT INTO frozen_months VALUES (%s, '2026-11-01', %s, '2026-11-24T12:06:30Z')", [yard.town, yard.reviewer]
    )  # fmt: skip
    assert "the entry of link 7 was made in a month that was frozen already" in yard.run("verify").output


@pytest.mark.parametrize("args", [("--township", "nowhere"), ("--head", "1:ab"), ("--head", "1:" + "0" * 64)])
def test_what_cannot_be_asked_is_said(yard, args):
    assert yard.run("verify", *args).exit_code == 2


# --- sealing --------------------------------------------------------------------------------------


def test_what_a_savepoint_undid_is_not_sealed_and_leaves_no_gap(yard):
    with yard.app.app_context():
        with pytest.raises(IntegrityError), db.session.begin_nested():
            _post(yard, 50)
            _post(yard, 50)
        _post(yard, 51)
        db.session.commit()
        _post(yard, 52)
        db.session.rollback()
        db.session.commit()
        seqs = db.session.scalars(select(PointSeal.seq).order_by(PointSeal.seq)).all()
        assert seqs == list(range(1, MADE + 2))
        assert chain.verify(yard.town).fault is None
        db.session.remove()


def _post(yard, n):
    ledger.post(
        ledger.Transfer(
            yard.town, yard.member, "base", "save:1", n, 2, ledger.ISSUE, ledger.pending(yard.member), make.DAY
        ),
        make.EVENING,
    )  # fmt: skip


def test_many_at_once_make_one_chain_without_a_gap(yard):
    at_once, each = 8, 5
    start = threading.Barrier(at_once)

    def post_some(who: int) -> None:
        with yard.app.app_context():
            start.wait()
            for n in range(1, each + 1):
                yard.post(n, cause=f"thread:{who}")
            db.session.remove()

    threads = [threading.Thread(target=post_some, args=(who,)) for who in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with yard.app.app_context():
        found = chain.verify(yard.town)
        assert (found.fault, found.seq) == (None, MADE + at_once * each)
        assert len(db.session.scalars(select(PointEntry.id)).all()) == found.seq
        db.session.remove()


def test_the_migration_seals_what_is_there_as_the_verifier_reads_it():
    """With rows: down, up, and the chain that the migration made is whole; a reversal is told as one."""
    with yard_on("chainup") as yard, yard.app.app_context():
        first = db.session.scalars(select(PointEntry).order_by(PointEntry.id)).first()
        assert first is not None
        ledger.reverse(first, 99, "facts_changed", None, make.EVENING)
        db.session.commit()
        db.session.remove()
        flask_migrate.downgrade(revision="202611290110")
        assert yard.owner.execute("SELECT count(*), sum(n) FROM point_entries").fetchone() == (MADE + 1, 135)
        flask_migrate.upgrade()
        found = chain.verify(yard.town)
        assert (found.fault, found.seq) == (None, MADE + 1)
        rows = yard.owner.execute("SELECT why FROM point_entries WHERE n = 99").fetchall()
        assert rows == [("facts_changed",)]
