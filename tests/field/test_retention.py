"""Retention: after 30 days (90 while contested) nothing says where a person was; what was judged stays."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts import tokens
from app.accounts.operations import open_session
from app.accounts.signing import make_code
from app.areas.policies import place_of
from app.coverage import queries, streets
from app.db import db
from app.duty.models import Duty
from app.field import retention
from app.field.operations import settle_duty
from app.field.rules import body_sha256
from app.routes.models import Checkpoint
from tests import make, places
from tests.databases import ROOT
from tests.field.forgetful import CANARY_M, open_town, patrol, street_days, what_stays
from tests.phone import Phone

TRAILS = ("segments", "street_presences", "route_presences")


@pytest.fixture(scope="module")
def ground():
    with open_town() as found:
        yield found


@pytest.fixture
def town(ground, at):
    ground.begin_anew(at)
    yield ground
    db.session.rollback()


def canaries() -> list[str]:
    """The canary's coordinates as the phone writes them and as degrees."""
    found = []
    for e7 in places.here_e7(*CANARY_M):
        found += [str(e7), f"{e7 // 10**7}.{e7 % 10**7:07d}"[:-1]]
    return found


def walked(town, *, mocked: bool = False):
    items = patrol(town, town.people.member, mocked=mocked)
    town.send(town.people.member, items, town.starts_at + timedelta(minutes=61))
    return items


def test_after_31_days_no_canary_is_left_and_what_was_judged_is(town):
    items = walked(town)
    other = {**items[2], "body": items[2]["body"] | {"method": "nfc"}}
    other["sha256"] = body_sha256(other["body"])
    (conflict,) = town.send(town.people.member, [other], town.starts_at + timedelta(minutes=70))
    assert conflict["result"] == "conflict"
    before, dump = what_stays(), town.dump()
    assert all(canary in dump for canary in canaries())
    for table in ("segments", "checkins", "inbox_items", "quarantine_items"):
        assert any(
            canary in line for line in dump.splitlines() if line.startswith(table) for canary in canaries()
        )
    town.forget(31)
    left = town.dump()
    assert not [canary for canary in canaries() if canary in left]
    assert [town.count(table) for table in TRAILS] == [0, 0, 0]
    assert town.count("inbox_items", "body IS NOT NULL OR sha256 IS NULL") == 0
    assert town.count("quarantine_items", "content IS NULL AND code = 'conflict'") == 1
    assert what_stays() == before
    assert before["points"] == 46 and before["hotspots"]


def test_on_the_29th_day_everything_is_there(town):
    walked(town)
    dump = town.dump().splitlines()
    town.forget(29)
    assert town.dump().splitlines() == [line for line in dump if not line.startswith("rate_counts")]


def test_a_contested_duty_keeps_its_evidence_90_days_and_nobody_else_s(town):
    mate = patrol(town, town.people.mate, beside_m=3)
    town.send(town.people.mate, mate, town.starts_at + timedelta(minutes=61))
    walked(town, mocked=True)
    assert town.count("checkins", "verdict = 'held'") == 1
    mine = f"duty_id = (SELECT id FROM duties WHERE person_id = {town.people.member.id})"
    kept = {table: town.count(table, mine) for table in TRAILS}
    town.forget(31)
    assert {table: town.count(table) for table in TRAILS} == kept
    assert town.count("checkins", "position IS NOT NULL") == town.count("checkins", mine) == 3
    author = f"author_id = {town.people.member.id}"
    assert town.count("inbox_items", "body IS NOT NULL") == town.count("inbox_items", author)
    town.forget(89)
    assert {table: town.count(table) for table in TRAILS} == kept
    days = street_days()
    town.forget(91)
    assert not [canary for canary in canaries() if canary in town.dump()]
    # The same shift on the same streets: its second part counts no second time.
    db.session.rollback()
    assert [(street, n) for street, n, _ in street_days()] == [(street, n) for street, n, _ in days]


def test_a_contest_that_was_decided_keeps_nothing_longer(town):
    walked(town, mocked=True)
    town.owner.execute(
        "UPDATE checkins SET reviewed_at = now(), reviewed_by = %s, review_verdict = 'not_counted',"
        " verdict = 'not_counted' WHERE verdict = 'held'",
        [town.people.leader.id],
    )
    town.forget(31)
    assert not [canary for canary in canaries() if canary in town.dump()]


def test_an_item_sent_again_after_retention_is_a_duplicate(town):
    items = walked(town)
    town.forget(31)
    dump = town.dump()
    again = town.send(town.people.member, items, town.starts_at + timedelta(days=31, hours=1))
    assert {r["result"] for r in again} == {"duplicate"}
    assert [town.count(table) for table in TRAILS] == [0, 0, 0]
    lines = [line for line in town.dump().splitlines() if line not in dump]
    assert {line.split(":")[0] for line in lines} <= {"sessions", "rate_counts"}


def test_folded_streets_measure_as_before(town):
    mate = patrol(town, town.people.mate)[:6]
    town.send(town.people.mate, mate, town.starts_at + timedelta(minutes=50))
    walked(town)
    later = make.make_shift(
        town.people.town.team, town.people.town.route, [town.people.leader],
        starts_at=town.starts_at + timedelta(hours=2), hours=1,
    )  # fmt: skip
    phone = Phone(town.people.leader, later.starts_at)
    track = [(100 + 15 * n, 500, later.starts_at + timedelta(seconds=15 * n)) for n in range(20)]
    items = [
        phone.start(later, later.starts_at),
        phone.segment(later, track),
        phone.end(later, later.ends_at),
    ]
    town.send(town.people.leader, items, later.ends_at + timedelta(minutes=1))
    network = queries.network_of(town.people.town.network.id)
    period = queries.Period(make.DAY, make.DAY)
    before = streets.street_figures(network, period)
    assert before.covered.sum() > 0 and before.shifts.max() == 2
    town.forget(31)
    after = streets.street_figures(network, period)
    assert after.covered == pytest.approx(before.covered)
    assert list(after.shifts) == list(before.shifts)
    assert (
        town.count("information_schema.columns", "table_name = 'street_days' AND column_name ~ 'duty|hour'")
        == 0
    )


def test_streets_from_check_ins_alone_measure_as_before(town):
    """One shift with a track and check-ins, one with check-ins alone: the fold takes the first's hours alone."""
    walked(town)
    later = make.make_shift(
        town.people.town.team, town.people.town.route, [town.people.leader],
        starts_at=town.starts_at + timedelta(hours=3), hours=1,
    )  # fmt: skip
    phone = Phone(town.people.leader, later.starts_at)
    ids = db.session.scalars(
        select(Checkpoint.id)
        .where(Checkpoint.route_version_id == later.route_version_id)
        .order_by(Checkpoint.seq)
    )
    taps = [
        phone.checkin(later, i, x, 503, later.starts_at + timedelta(minutes=15 * n))
        for n, (i, x) in enumerate(zip(ids, (100, 600, 1100), strict=True))
    ]
    town.send(
        town.people.leader,
        [phone.start(later, later.starts_at), *taps, phone.end(later, later.ends_at)],
        later.ends_at,
    )
    network = queries.network_of(town.people.town.network.id)
    periods = [queries.Period(make.DAY, make.DAY, times) for times in (1, 2)]
    before = [streets.street_figures(network, period) for period in periods]
    assert 99 < before[1].covered_m < 201 and before[1].shifts.max() == 2
    town.forget(31)
    after = [streets.street_figures(network, period) for period in periods]
    assert town.count("street_presences") == 0 and town.count("checkins", "position IS NOT NULL") == 0
    assert after[0].covered == pytest.approx(before[0].covered)
    assert [f.shifts.tolist() for f in after] == [f.shifts.tolist() for f in before]
    assert after[0].grades == before[0].grades
    # Where the folded day covered a street whole, what the other shift walked of it was walked twice.
    whole = before[0].tracked == 1
    assert after[1].covered[whole] == pytest.approx(before[1].covered[whole])
    assert (after[1].covered <= before[1].covered + 1e-9).all()


def test_what_comes_in_late_is_added_and_counts_its_shift_once(town):
    walked(town)
    town.forget(31)
    days = street_days()
    mate = patrol(town, town.people.mate)
    town.send(town.people.mate, mate, town.starts_at + timedelta(days=33))
    assert town.count("street_presences") > 0
    town.forget(34)
    db.session.rollback()
    assert street_days() == days
    assert [town.count(table) for table in TRAILS] == [0, 0, 0]


def test_twice_changes_nothing(town):
    walked(town)
    first = town.forget(31)
    dump = town.dump()
    again = town.forget(31)
    assert first["segments"] and set(again.values()) == {0}
    assert town.dump() == dump


def test_killed_at_any_point_it_begins_where_it_stopped(town):
    walked(town)
    portions: list[int] = []
    town.forget(31, lambda: (portions.append(1), db.session.rollback()))
    for n in range(len(portions)):
        done: list[int] = []

        def stop(done=done, n=n) -> None:
            if len(done) == n:
                db.session.rollback()
                raise KeyboardInterrupt
            done.append(1)
            db.session.commit()

        with suppress(KeyboardInterrupt):
            town.forget(31, stop)
    town.forget(31)
    db.session.rollback()
    assert [town.count(table) for table in TRAILS] == [0, 0, 0]
    assert street_days() and {n for _, n, _ in street_days()} == {1}


def test_a_dry_run_counts_and_changes_nothing(town):
    walked(town)
    dump = town.dump()
    counts = town.forget(31, db.session.rollback)
    assert counts["segments"] > 0 and counts["street_presences"] > 0 and counts["checkins.position"] == 3
    assert town.dump() == dump


def test_settling_a_forgotten_duty_again_changes_nothing(town):
    walked(town)
    before = what_stays()
    town.forget(31)
    duty = db.session.scalars(select(Duty)).one()
    settle_duty(duty.township_id, duty.id, town.starts_at + timedelta(days=31))
    db.session.commit()
    assert what_stays() == before


def test_sessions_and_counts_go_when_they_are_over(town):
    open_session(town.people.member, "tests", 1, town.starts_at)
    db.session.commit()
    town.owner.execute("INSERT INTO rate_counts (key, window_at) VALUES ('x', %s)", [town.starts_at])
    town.forget(1.5)
    assert town.count("rate_counts", "key = 'x'") == 1 and town.count("sessions") == 1
    town.forget(3)
    assert town.count("rate_counts", "key = 'x'") == 0 and town.count("sessions") == 1
    town.forget(32)
    assert town.count("sessions") == 0


def test_a_code_that_nobody_used_goes_a_day_after_its_day(town):
    make_code(town.people.leader, town.people.member, town.starts_at)
    db.session.commit()
    town.forget(1.9)
    assert town.count("sign_in_codes") == 1
    town.forget(2.1)
    assert town.count("sign_in_codes") == 0


def test_a_programs_token_goes_some_time_after_its_end(town):
    tokens.make(town.people.leader, "GIS", 30, town.starts_at)
    db.session.commit()
    town.forget(119)
    assert town.count("access_tokens") == 1
    town.forget(121)
    assert town.count("access_tokens") == 0


def test_the_privacy_page_holds_the_table():
    page = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
    assert retention.table() in page


def test_every_zone_has_its_night(town):
    assert retention.zones() == [place_of(town.people.town.township.id).zone]
