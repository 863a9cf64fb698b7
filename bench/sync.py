"""Taking in check-ins and segments through gunicorn, beside plain INSERTs of such rows, each committed by itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.clients import together
from bench.figures import Bench, Line
from bench.world import Carried, World, batch, raw_connection
from tests.phone import walk

CLIENTS = 8
REQUESTS = 24
ROW = "CREATE TABLE IF NOT EXISTS bench_rows (id uuid PRIMARY KEY, township_id bigint, body jsonb, at timestamptz)"
INSERT = "INSERT INTO bench_rows VALUES (gen_random_uuid(), 1, %s, now())"


def checkins(ground: World) -> tuple[float, float]:
    return ours(ground, 1), raw(ground)


def batches_of_16(ground: World) -> tuple[float, float]:
    return ours(ground, 16), raw(ground)


def ours(ground: World, size: int) -> float:
    """Check-ins a second that CLIENTS phones get receipts for."""
    phones = ground.phones(CLIENTS)
    work = [[checkin_batch(ground, one, size) for _ in range(REQUESTS // size + 2)] for one in phones]
    jobs = senders(phones, work)
    sent = sum(len(batches) for batches in work) * size
    return sent / together(jobs)


def senders(phones: Sequence[Carried], work: Sequence[Sequence[Any]]) -> list[Callable[[], Any]]:
    """A job a phone: send its batches one after the other until each has receipts."""

    def job(one: Carried, batches: Sequence[Any]) -> Callable[[], Any]:
        return lambda: [one.browser.sync_until_answered(b) for b in batches]

    return [job(one, batches) for one, batches in zip(phones, work, strict=True)]


def checkin_batch(ground: World, one: Carried, size: int) -> dict[str, Any]:
    now = datetime.now(UTC)
    items = []
    for _ in range(size):
        ground.sent += 1
        at = now - timedelta(seconds=ground.sent % 500)
        items.append(
            one.phone.checkin(
                one.shift, ground.points[0], 100.3 + ground.sent % 31, 500.2 + ground.sent * 0.37 % 20, at
            )
        )
    return batch(items)


def raw(ground: World) -> float:
    """Rows a second: CLIENTS plain connections, one INSERT of a body of the same size a transaction."""
    body = json.dumps(
        {"shift_id": 1, "fix": {"lon_e7": 1143000000, "lat_e7": 305800000, "accuracy_m": 8}, "pad": "x" * 120}
    )
    links = [raw_connection(ground) for _ in range(CLIENTS)]
    links[0].execute(ROW)
    n = 200
    jobs = [lambda c=c: [c.execute(INSERT, [body]) for _ in range(n)] for c in links]
    rate = CLIENTS * n / together(jobs)
    for link in links:
        link.close()
    return rate


def segments(ground: World) -> tuple[float, float]:
    """Fixes a second in segments of 40, beside one plain row a fix in the same number of transactions."""
    phones = ground.phones(CLIENTS)
    track = walk([(100, 500), (1100, 500)], phones[0].shift.starts_at, 1.7, 15)[:40]
    work = [[batch([one.phone.segment(one.shift, track)]) for _ in range(REQUESTS)] for one in phones]
    jobs = senders(phones, work)
    mine = CLIENTS * REQUESTS * len(track) / together(jobs)
    return mine, raw_fixes(ground, len(track))


def raw_fixes(ground: World, n: int) -> float:
    links = [raw_connection(ground) for _ in range(CLIENTS)]
    links[0].execute(
        "CREATE TABLE IF NOT EXISTS bench_fixes "
        "(duty_id bigint, at timestamptz, geom geometry(Point, 4326), accuracy int)"
    )
    links[0].execute("CREATE INDEX IF NOT EXISTS bench_fixes_geom ON bench_fixes USING gist (geom)")
    row = "(1, now(), ST_SetSRID(ST_MakePoint(114.3, 30.58), 4326), 8)"
    statement = "INSERT INTO bench_fixes VALUES " + ",".join([row] * n)
    jobs = [lambda c=c: [c.execute(statement) for _ in range(REQUESTS)] for c in links]
    rate = CLIENTS * REQUESTS * n / together(jobs)
    for link in links:
        link.close()
    return rate


BENCHES = (
    Bench(
        (
            Line(
                "sync.checkins",
                "check-ins/s",
                "raw PostgreSQL: one INSERT of a row that size a transaction, 8 clients",
            ),
        ),
        lambda ground: (checkins(ground),),
    ),
    Bench(
        (Line("sync.batch16", "check-ins/s", "raw PostgreSQL: one INSERT a transaction, 8 clients"),),
        lambda ground: (batches_of_16(ground),),
    ),
    Bench(
        (
            Line(
                "sync.segments",
                "fixes/s",
                "raw PostGIS: a row a fix with a GiST index, 40 a transaction, 8 clients",
            ),
        ),
        lambda ground: (segments(ground),),
    ),
)
