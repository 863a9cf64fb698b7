"""flask replay: what it makes of a track, and what it says when it can't."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from app.cli.envelope import Device
from app.cli.replay_http import batches
from app.cli.replay_track import items_of, moved, walk_of
from app.field.rules import body_sha256
from app.geofiles.gpx import Fix, Trace
from tests import make, places
from tests.cli import county as c

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SHIFT = {"id": 7}


def trace(*parts):
    """Parts of (x, y, seconds); None for a missing time."""
    made = tuple(
        tuple(
            Fix(*places.here(x, y), None if s is None else START + timedelta(seconds=s)) for x, y, s in part
        )
        for part in parts
    )
    return Trace(1, "track", "walk", made)


def straight(n=100, first=0):
    return [(i * 10.0, 500.0, first + i * 5) for i in range(n)]


def checkpoint(i, x, y, radius_m=40):
    return {"id": i, "position": list(places.here(x, y)), "radius_m": radius_m}


def kinds(items):
    return [item["kind"] for item in items]


@pytest.mark.parametrize("size", [2, 3, 40, 500])
def test_each_segment_repeats_the_last_fix_of_the_one_before(size):
    segments = [i["body"]["fixes"] for i in items_of(walk_of(trace(straight())), Device(1), SHIFT, [], size)
                if i["kind"] == "segment"]  # fmt: skip
    assert all(2 <= len(fixes) <= size for fixes in segments)
    assert all(before[-1] == after[0] for before, after in pairwise(segments))
    assert sum(len(fixes) - 1 for fixes in segments) == 99


def test_a_gap_between_parts_is_never_bridged():
    items = items_of(walk_of(trace(straight(10), straight(10, 900))), Device(1), SHIFT, [], 40)
    first, second = (item["body"]["fixes"] for item in items if item["kind"] == "segment")
    assert (len(first), len(second)) == (10, 10)


def test_points_without_a_later_time_are_left_out():
    walk = walk_of(trace([(0, 0, 0), (1, 0, None), (2, 0, 10), (3, 0, 10), (4, 0, 5), (5, 0, 15)]))
    assert (len(walk.fixes), walk.dropped) == (3, 3)


def test_a_checkin_is_made_at_the_nearest_fix_of_each_checkpoint_that_was_passed():
    points = [checkpoint(1, 203, 510), checkpoint(2, 600, 500), checkpoint(3, 600, 700)]
    items = items_of(walk_of(trace(straight())), Device(1), SHIFT, points, 40)
    checkins = [item for item in items if item["kind"] == "checkin"]
    assert [item["body"]["checkpoint_id"] for item in checkins] == [1, 2]
    assert checkins[0]["device_at"] == "2026-11-24T12:01:40.000Z"
    assert kinds(items)[0] == "duty.start" and kinds(items)[-1] == "duty.end"


def test_envelopes_count_up_and_carry_the_hash_of_their_body():
    device = Device(5, timedelta(hours=2))
    items = items_of(walk_of(trace(straight())), device, SHIFT, [], 40)
    assert [item["device_seq"] for item in items] == list(range(1, len(items) + 1))
    assert all(item["sha256"] == body_sha256(item["body"]) for item in items)
    assert len({item["id"] for item in items}) == len(items)
    assert {item["author_id"] for item in items} == {5}
    assert items[0]["device_at"] == "2026-11-24T14:00:00.000Z"
    assert items[1]["body"]["fixes"][0][3] == int((START + timedelta(hours=2)).timestamp() * 1000)
    assert all(a["monotonic_ms"] <= b["monotonic_ms"] for a, b in pairwise(items))


def test_the_walk_begins_when_the_shift_does():
    later = moved(walk_of(trace(straight())), START + timedelta(days=3))
    assert later.fixes[0].at == START + timedelta(days=3)
    assert later.fixes[-1].at - later.fixes[0].at == timedelta(seconds=495)


def test_batches_hold_at_most_50_items_and_one_megabyte():
    small, large = {"body": "x"}, {"body": "x" * 400_000}
    assert [len(batch) for batch in batches([small] * 120)] == [50, 50, 20]
    assert [len(batch) for batch in batches([large] * 5)] == [2, 2, 1]


# --- what it says when it can't


@pytest.fixture
def ask(app, people, at, monkeypatch, tmp_path):
    """ask(*options) → click's result of a replay of a walk on 清禾镇一路线, with the server behind a real socket."""
    at(make.EVENING + timedelta(minutes=30))
    monkeypatch.setenv("XUNFANG_PASSWORD", c.PASSWORD)
    people.member.password_hash = c.cheap_hash(c.PASSWORD)
    c.db.session.commit()
    path = tmp_path / "walk.gpx"
    points = "".join(
        f'<trkpt lat="{lat}" lon="{lon}"><time>2021-01-01T00:{i // 60:02d}:{i % 60:02d}Z</time></trkpt>'
        for i, (lon, lat) in ((i, places.here(100 + i * 1.25, 500)) for i in range(0, 801, 10))
    )
    path.write_text(f'<gpx version="1.1"><trk><trkseg>{points}</trkseg></trk></gpx>')
    with c.serving(app) as url:

        def run(*options, day="2026-11-24", route="清禾镇一路线", login="member", url=url):
            args = [
                "replay",
                path,
                "--as",
                login,
                "--route",
                route,
                "--date",
                day,
                "--url",
                url,
                "--lang",
                "en",
                *options,
            ]
            result = app.test_cli_runner().invoke(args=[str(arg) for arg in args])
            if result.exception is not None and not isinstance(result.exception, SystemExit):
                raise result.exception
            return result

        yield run


def test_a_walk_is_sent_and_the_receipts_are_counted(ask):
    result = ask()
    assert result.exit_code == 0, result.output
    assert [line.split() for line in result.output.splitlines()[-4:]] == [
        ["checkin", "stored", "counted", "3"],
        ["duty.end", "stored", "-", "1"],
        ["duty.start", "stored", "-", "1"],
        ["segment", "stored", "-", "3"],
    ]


def test_a_shift_that_is_not_there_is_said_with_those_that_are(ask):
    result = ask(route="江边线")
    assert result.exit_code == 1
    assert "no_shift" in result.stderr and "2026-11-24 清禾镇一路线" in result.stderr


def test_a_shift_of_tomorrow_can_not_have_been_walked(ask, people):
    tomorrow = make.EVENING + timedelta(days=1)
    make.make_shift(people.town.team, people.town.route, [people.member], starts_at=tomorrow)
    assert "in_the_future" in ask(day=str(date(2026, 11, 25))).stderr


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"login": "stranger"}, "sign_in_failed"),
        ({"url": "http://127.0.0.1:9"}, "server_away"),
        ({"options": ("--track", "2")}, "nothing_to_import"),
        ({"options": ("--password-env", "NOTHING_THERE")}, "no_password"),
        ({"options": ("--make-shift",), "route": "江边线"}, "route_unknown"),
    ],
)
def test_what_is_missing_is_said(ask, how, code):
    result = ask(*how.get("options", ()), **{key: value for key, value in how.items() if key != "options"})
    assert result.exit_code == 1
    assert code in result.stderr


def test_a_shift_can_be_made_for_the_walk(ask, people):
    # The one that is planned covers the evening; a walk that has just ended lies inside it.
    people.shift.status = "cancelled"
    for row in c.db.session.query(make.Assignment).filter_by(shift_id=people.shift.id):
        c.db.session.delete(row)
    c.db.session.commit()
    result = ask("--make-shift")
    assert result.exit_code == 0, result.output
    assert "counted" in result.output
