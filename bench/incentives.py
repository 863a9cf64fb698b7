"""A year of the demo's town priced and posted from an empty ledger, and once more after a rule change.

A week of its duties is taken in as from phones; the weeks before are copies of it by two crews: as many check-ins as a
township has in a year. Beside it one SQL
statement that reckons the base points of the same duties and writes them as plain rows: no other rule, no caps of month
and year, no explanation, no chain. Both sides' base points are held together, duty by duty.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

from flask import Flask
from sqlalchemy import func, select, text

from app import clock
from app.areas.models import Area, PolicyVersion
from app.db import db
from app.incentives.models import PointEntry
from app.incentives.operations import post_span
from app.jobs.rulebook import reprice_points
from app.rulebook import queries, runs
from app.rulebook.models import PolicyChange
from bench.figures import Bench, Line, Pair, must_be_same, run_s
from bench.history import app_of, copy_weeks, owner_of, tell_a_week
from bench.town import TOWN, forget
from tests import databases

# With two crews 54 weeks have the 52,000 check-ins of a township's year.
WEEKS, CREWS = 54, 2
# The caps of a month and a year out of the way, so that base points of both sides can be held together.
UNCAPPED = {"month_cap": 2000, "year_cap": 20_000}
TABLE = (
    "CREATE TABLE IF NOT EXISTS base_rows (person_id bigint, cause text, day date, half bigint, detail jsonb)"
)
# Worked time inside the plan and 15 minutes around it, without pauses; steps of 15 minutes, 4 h a shift, 6 h a day.
BASE = """
INSERT INTO base_rows
WITH worked AS (
    SELECT d.person_id, d.id, d.day, d.started_at, (
        SELECT coalesce(sum(extract(epoch FROM upper(r) - lower(r))), 0)
        FROM unnest(
            tstzmultirange(d.worked * CASE WHEN d.entered_by IS NULL OR d.tick_id IS NOT NULL
                THEN tstzrange(s.starts_at - interval '15 min', s.ends_at + interval '15 min')
                ELSE tstzrange(NULL, NULL) END)
            - coalesce((SELECT range_agg(p) FROM unnest(d.pauses) p), '{}')) r
    ) AS seconds
    FROM duties d JOIN shifts s USING (township_id)
    WHERE s.id = d.shift_id AND d.township_id = %(town)s AND d.state IN ('ended', 'attended')
), shifts_of_day AS (
    SELECT *, least(240, floor(seconds / 60))::int / 15 * 15 AS minutes,
        row_number() OVER (PARTITION BY person_id, day ORDER BY started_at, id) AS nth FROM worked
), day_sums AS (
    SELECT *, coalesce(sum(minutes) OVER (PARTITION BY person_id, day ORDER BY nth
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before FROM shifts_of_day
)
SELECT person_id, 'duty:' || id, day, credited * 20 / 60, jsonb_build_object('minutes', credited)
FROM (SELECT *, least(minutes, greatest(0, 360 - before))::int AS credited FROM day_sums) c
WHERE credited * 20 / 60 > 0
"""


@dataclass
class Year:
    """A database with a year of the town's duties behind it."""

    app: Flask
    name: str
    township_id: int
    zone: str
    first: date
    last: date


@contextmanager
def year() -> Iterator[Year]:
    with databases.database("bench_year") as name:
        tell_a_week(name)
        with owner_of(name) as link:
            copy_weeks(link, WEEKS, CREWS)
            link.execute(TABLE)
            counted = [link.execute(f"SELECT count(*) FROM {t}").fetchone() for t in ("checkins", "duties")]
        app = app_of(name)
        with app.app_context():
            town = db.session.scalars(select(Area).where(Area.code == TOWN)).one()
            last = clock.local_day(clock.now(), town.time_zone)
            found = Year(app, name, town.id, town.time_zone, last - timedelta(days=7 * WEEKS + 8), last)
            people = len(queries.people_of(town.id, found.first, last))
            db.session.remove()
        n = [row[0] for row in counted if row]
        print(f"a year: {n[0]} check-ins, {n[1]} duties, {people} people", file=sys.stderr)
        yield found
        forget(app)


def price_and_reprice(ground: Year) -> tuple[Pair, ...]:
    """Processor seconds of Python and PostgreSQL: the year posted, and posted again after a change, each beside the one
    statement. What the clock said is printed: with other work on the machine it says little."""
    empty(ground)
    with ground.app.app_context():
        set_rules(ground, ground.first, UNCAPPED)
        priced = seconds_of(lambda: post_everybody(ground))
        theirs, rows = by_one_statement(ground)
        must_be_same(base_of(ground), rows)
        again = seconds_of(lambda: reprice(ground))
        n = db.session.scalar(select(func.count(PointEntry.id)))
        print(f"  {n} entries after the change", file=sys.stderr)
        db.session.remove()
    return (priced, theirs), (again, theirs)


def seconds_of(act: Callable[[], None]) -> float:
    pid = backend()
    began, before = time.perf_counter(), (time.thread_time(), run_s(pid))
    act()
    python, database = time.thread_time() - before[0], run_s(pid) - before[1]
    if pid != backend():
        raise SystemExit("✗ the points were posted over more than one connection")
    wall = time.perf_counter() - began
    print(f"  {wall:.1f} s by the clock: Python {python:.1f} s, PostgreSQL {database:.1f} s", file=sys.stderr)
    return python + database


def backend() -> int:
    return int(db.session.scalar(text("SELECT pg_backend_pid()")) or 0)


def empty(ground: Year) -> None:
    with owner_of(ground.name) as link:
        # What points at an entry (approvals, orders) goes with it.
        link.execute(
            "TRUNCATE point_entries, point_seals, settled_visits, repricings, policy_trials, base_rows CASCADE"
        )
        link.execute("DELETE FROM policy_bounds")
        link.execute("DELETE FROM policy_changes")
        link.execute("DELETE FROM policy_versions WHERE topic = 'incentives'")


def set_rules(ground: Year, day: date, body: dict[str, int]) -> PolicyVersion:
    version = PolicyVersion(area_id=ground.township_id, topic="incentives", valid_from=day, body=body)
    db.session.add(version)
    db.session.commit()
    return version


def post_everybody(ground: Year) -> None:
    for person_id in queries.people_of(ground.township_id, ground.first, ground.last):
        post_span(ground.township_id, person_id, ground.first, ground.last, ground.zone, clock.now())
        db.session.commit()


def base_of(ground: Year) -> dict[str, int]:
    asked = select(PointEntry.cause, PointEntry.amount_half).where(PointEntry.rule == "base")
    return {row[0]: row[1] for row in db.session.execute(asked)}


def by_one_statement(ground: Year) -> tuple[float, dict[str, int]]:
    with owner_of(ground.name) as link:
        began = run_s(link.info.backend_pid)
        link.execute(BASE, {"town": ground.township_id})
        spent = run_s(link.info.backend_pid) - began
        rows = link.execute("SELECT cause, half FROM base_rows").fetchall()
    return spent, {str(cause): int(str(half)) for cause, half in rows}


def reprice(ground: Year) -> None:
    """As after an approval, but for the whole year: the job, with its difference at the end."""
    change = PolicyChange(
        area_id=ground.township_id, kind="numbers", topic="incentives", valid_from=ground.first + timedelta(days=1),
        body={**UNCAPPED, "base_per_hour": 12}, note="bench", state="approved", proposed_by=two_people()[0],
        proposed_at=clock.now(), decided_by=two_people()[1], decided_at=clock.now(),
        policy_version_id=set_rules(ground, ground.first + timedelta(days=1), {**UNCAPPED, "base_per_hour": 12}).id,
    )  # fmt: skip
    db.session.add(change)
    db.session.flush()
    runs.ask_repricing(change, [db.session.get_one(Area, ground.township_id)], clock.now())
    change_id = change.id
    db.session.commit()
    reprice_points(ground.township_id, change_id)
    (run,) = queries.repricings_of(change_id)
    if run.state != "done" or not run.result:
        raise SystemExit("✗ pricing again did not come to its end")


def two_people() -> list[int]:
    return list(db.session.scalars(text("SELECT id FROM people ORDER BY id LIMIT 2")))


BENCHES = (
    Bench(
        (
            Line(
                "incentives.year",
                "s",
                "one SQL statement that writes the base points alone, uncapped and unsealed",
            ),
            Line("incentives.year.again", "s", "the same statement; ours after a change of the base points"),
        ),
        price_and_reprice,
    ),
)
