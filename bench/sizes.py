"""Bytes a fix as stored, beside a row a fix."""

from __future__ import annotations

from bench.figures import Bench, Line
from bench.sync import raw_fixes
from bench.world import World, batch, raw_connection
from tests.phone import walk


def bytes_a_fix(ground: World) -> tuple[float, float]:
    """The packed column of a segment of 40 fixes with its row, beside the heap and index of bench_fixes."""
    (one,) = ground.phones(1)
    track = walk([(100, 500), (1100, 500)], one.shift.starts_at, 1.7, 15)[:40]
    one.browser.sync_until_answered(batch([one.phone.segment(one.shift, track)]))
    raw_fixes(ground, 40)
    with raw_connection(ground) as link:
        mine = link.execute("SELECT sum(pg_column_size(s.*)) / sum(n)::float FROM segments s").fetchone()
        theirs = link.execute(
            "SELECT pg_total_relation_size('bench_fixes') / greatest(count(*), 1)::float FROM bench_fixes"
        ).fetchone()
    assert mine and theirs
    return float(mine[0]), float(theirs[0])


BENCHES = (
    Bench(
        (Line("bytes.fix", "B/fix", "raw PostGIS: a row a fix, heap and GiST index"),),
        lambda ground: (bytes_a_fix(ground),),
    ),
)
