"""The product's measures of the demo's duties, held against what the generator knows happened.

The truth is of the walk, the product sees a phone that is some metres off: tolerances are for that alone.
"""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from sqlalchemy import select

from app.areas.models import Area
from app.checkins.models import Checkin
from app.coverage import attendance, facts, lists, queries, series, streets
from app.coverage.attendance import HotspotFigures
from app.coverage.queries import Period
from app.coverage.rules import Policy
from app.coverage.streets import StreetFigures
from app.db import db
from app.demo.duties import FRIDAY, WHERE, motion_of
from app.demo.items import claims_of
from app.demo.plan import Todo
from app.demo.truth import NEAR_M, merged, seen_path
from app.demo.world import TIME_ZONE, load_streets
from app.duty.models import Duty
from app.incentives.queries import standing_entries
from app.planning import staffing
from tests.demo.conftest import NOW, Told

PERIOD = Period((NOW - timedelta(days=28)).date(), NOW.date())


def street_figures(told: Told) -> StreetFigures:
    """Streets come in the order of the file."""
    network = queries.networks_in_force({told.township_id}, NOW.date())[0]
    return streets.street_figures(network, PERIOD)


def true_street_m(todo: list[Todo], told: Told) -> float:
    """Metres of street within reach of what the outings' tracks could show."""
    paths = [seen_path(told.world, t.outing, motion_of(told.world, t.outing)) for t in todo]
    reach = shapely.union_all(paths).buffer(NEAR_M)
    return float(sum(s.metres.intersection(reach).length for s in load_streets("qinghe")))


def street_m_by_shift(told: Told) -> dict[int, float]:
    """Covered metres of street, shift by shift."""
    network = queries.networks_in_force({told.township_id}, NOW.date())[0]
    rows = queries.streets_of(network.id)
    first, n, length_m = (
        np.array([getattr(r, c) for r in rows]) for c in ("first_piece", "n_pieces", "length_m")
    )
    return {
        shift_id: float((streets.pieces_covered([bits], first, n, network.pieces) / n * length_m).sum())
        for shift_id, bits in queries.bits_by_shift(network, PERIOD)
    }


def route_shares(told: Told) -> dict[int, float | None]:
    found = facts.shifts_of(facts.shifts_in(frozenset([told.township_id])), PERIOD, PERIOD.first)
    return {fact.id: fact.route_share for fact in found}


def hotspot_figures(told: Told) -> dict[str, HotspotFigures]:
    names = {id_: key for key, id_ in told.book.ids.hotspots.items()}
    spots = facts.hotspots_of(facts.hotspots_within(frozenset([told.township_id])), PERIOD)
    figures = attendance.hotspot_figures(spots, PERIOD, {told.township_id: Policy()}, NOW)
    return {names[f.hotspot.id]: f for f in figures}


def duty_of(todo: Todo, person_id: int) -> Duty | None:
    return db.session.scalar(select(Duty).where(Duty.shift_id == todo.shift_id, Duty.person_id == person_id))


def checkins_of(todo: Todo, person_id: int) -> list[Checkin]:
    rows = select(Checkin).join(Duty, Duty.id == Checkin.duty_id)
    mine = rows.where(Duty.shift_id == todo.shift_id, Duty.person_id == person_id)
    return list(db.session.scalars(mine.order_by(Checkin.effective_at)))


# --- streets ------------------------------------------------------------------------------------------------------


def test_covered_metres_are_those_within_reach_of_the_true_walk(told: Told) -> None:
    assert abs(street_figures(told).covered_m / true_street_m(told.todo, told) - 1) < 0.03


def test_a_street_walked_from_end_to_end_is_covered_and_the_planted_one_is_not(told: Told) -> None:
    figures = street_figures(told)
    covered = dict(zip([s.id for s in load_streets("qinghe")], figures.covered, strict=True))
    assert min(covered[i] for i in told.truth.streets_walked) >= 0.9
    never = told.world.never_walked[WHERE["street_never_walked"]]["id"]
    # Only its mouth lies within reach of the street that it leaves.
    assert covered[never] * 268 < NEAR_M + 10


def test_the_planted_street_is_a_blind_spot_although_its_mouth_is_passed(told: Told) -> None:
    figures = street_figures(told)
    unseen = figures.length_m * (1 - figures.covered)
    blind = (figures.covered < lists.BLIND_SHARE) & (figures.length_m >= lists.BLIND_M)
    never = told.world.never_walked[WHERE["street_never_walked"]]["id"]
    at = [s.id for s in load_streets("qinghe")].index(never)
    assert blind[at] and unseen[at] > 200


# --- routes -------------------------------------------------------------------------------------------------------


def test_route_completion_is_the_true_share_gaps_and_turning_back_included(told: Told) -> None:
    shares = route_shares(told)
    walked = [t for t in told.todo if t.outing.key in told.truth.completion]
    off = [abs((shares[t.shift_id] or 0) - told.truth.completion[t.outing.key]) for t in walked]
    assert max(off) < 0.04 and float(np.mean(off)) < 0.01


def test_the_route_that_is_never_finished_shows_as_such(told: Told) -> None:
    shares = route_shares(told)
    unfinished = told.with_fault("never_finished")
    assert unfinished and all(0.65 < (shares[t.shift_id] or 0) < 0.78 for t in unfinished)


def test_a_gap_in_a_track_is_not_bridged(told: Told) -> None:
    """A bridge would lie across the blocks and cover streets where nobody was."""
    cut = [t for t in told.with_fault("track_gaps") if t.outing.key in told.truth.silent]
    covered, true = street_m_by_shift(told), {t.shift_id: true_street_m([t], told) for t in cut}
    assert cut and max(abs(covered[i] / m - 1) for i, m in true.items()) < 0.025
    assert all((route_shares(told)[t.shift_id] or 0) < 0.95 for t in cut)


# --- hotspots -----------------------------------------------------------------------------------------------------


def test_visits_and_minutes_at_hotspots_are_the_true_ones(told: Told) -> None:
    true, seen = merged(told.truth.visits), hotspot_figures(told)
    assert sum(map(len, true.values())) > 12
    for key, spans in true.items():
        minutes = sum((b - a).total_seconds() for a, b in spans) / 60
        assert abs(len(seen[key].visits) - len(spans)) <= 1
        # A pair is tapped up to 25 s after arriving and before leaving, for each stay of a visit; a track needs two
        # fixes to enter.
        assert abs(seen[key].observed_min - minutes) <= 1.5 * len(spans)


def test_every_true_visit_is_found_at_its_time(told: Told) -> None:
    true, seen = merged(told.truth.visits), hotspot_figures(told)
    lost = [
        (key, a)
        for key, spans in true.items()
        for a, b in spans
        if (b - a) > timedelta(minutes=4) and not any(v.start < b and v.end > a for v in seen[key].visits)
    ]
    assert lost == []


def test_the_night_markets_friday_window_is_the_one_that_nobody_visited(told: Told) -> None:
    spot = hotspot_figures(told)[WHERE["no_friday_nights"]]
    windows = series.windows_of(spot, PERIOD, NOW)
    fridays = [w for w in windows if w.window.weekday == FRIDAY and w.times]
    assert fridays and all(w.is_neglected for w in fridays)
    assert any(w.attended for w in windows if w.window.weekday != FRIDAY)


def test_nobody_was_at_the_night_market_on_a_friday_night_and_somebody_on_others(told: Told) -> None:
    zone = ZoneInfo(TIME_ZONE)
    starts = [v.start.astimezone(zone) for v in hotspot_figures(told)[WHERE["no_friday_nights"]].visits]
    assert starts and not any(s.weekday() == FRIDAY and s.hour >= 18 for s in starts)


def test_a_visit_takes_as_long_as_it_took_and_the_week_wants_what_its_windows_say(told: Told) -> None:
    """Slots counted by hand: eleven hotspots with two on every day, the school's five afternoons."""
    township = db.session.get_one(Area, told.township_id)
    found = staffing.staffing_of(township, staffing.period_of(None, None, TIME_ZONE, NOW), NOW)
    wanted = {p.hotspot.name: len(p.slots) for p in found.places}
    assert {told.world.hotspots[key].name for key in told.world.hotspots if key.startswith("qinghe")} <= set(
        wanted
    )
    assert wanted["实验小学门口"] == 5 and sum(n == 14 for n in wanted.values()) >= 11
    took = [(v.to_at - v.from_at).total_seconds() / 60 for v in told.truth.visits if v.observable]
    true = float(np.median([minutes for minutes in took if minutes >= 10]))
    assert found.any_visit.basis == "township"
    assert abs(found.any_visit.minutes - true) < 1.5
    assert found.planned.sum() > 0


# --- planted faults -----------------------------------------------------------------------------------------------


def test_a_check_in_ten_seconds_from_the_last_and_far_away_is_held(told: Told) -> None:
    who = told.book.ids.people[WHERE["teleports"]]
    for todo in told.with_fault("teleports"):
        assert any("impossible_speed" in c.reasons and c.verdict == "held" for c in checkins_of(todo, who))


def test_a_clock_five_hours_ahead_is_put_right(told: Told) -> None:
    who, world = WHERE["wrong_clock"], told.world
    for todo in told.with_fault("wrong_clock"):
        outing = todo.outing
        claims = claims_of(world, told.book.ids, outing, motion_of(world, outing), who, todo.shift_id)
        true = sorted(outing.began_at + timedelta(seconds=c.at_s) for c in claims if c.kind == "checkin")
        found = checkins_of(todo, told.book.ids.people[who])
        assert all("clock_corrected" in c.reasons for c in found)
        off = [abs((c.effective_at - at).total_seconds()) for c, at in zip(found, true, strict=True)]
        assert max(off) < 1


def test_a_check_in_far_from_its_checkpoint_is_not_counted(told: Told) -> None:
    who = told.book.ids.people[WHERE["out_of_range"]]
    found = [c for todo in told.with_fault("out_of_range") for c in checkins_of(todo, who)]
    far = [c for c in found if c.distance_m and c.distance_m > 100]
    assert far and all(c.reasons == ["too_far_from_checkpoint"] for c in far)
    assert all(c.verdict == "not_counted" for c in far)


def test_what_was_sent_twice_is_there_once(told: Told) -> None:
    who = WHERE["sent_twice"]
    for todo in told.with_fault("sent_twice"):
        outing = todo.outing
        claims = claims_of(
            told.world, told.book.ids, outing, motion_of(told.world, outing), who, todo.shift_id
        )
        found = checkins_of(todo, told.book.ids.people[who])
        assert len(found) == sum(c.kind == "checkin" for c in claims)


def test_a_forgotten_end_is_closed_and_flagged(told: Told) -> None:
    who = told.book.ids.people[WHERE["forgotten_ends"]]
    duties = [duty_of(todo, who) for todo in told.with_fault("forgotten_ends")]
    assert any(d is not None and "forgotten_end" in d.flags for d in duties)
    assert all(d is not None and d.state == "ended" for d in duties)


def test_who_has_no_phone_is_entered_by_the_leader_with_the_true_times(told: Told) -> None:
    seen = 0
    for todo in told.todo:
        for who in set(todo.outing.crew) & told.world.teams[todo.outing.team].without_phone:
            duty = duty_of(todo, told.book.ids.people[who])
            assert duty is not None and duty.is_declared
            assert (duty.started_at, duty.ended_at) == (todo.outing.began_at, todo.outing.ended_at)
            seen += 1
    assert seen


def test_who_has_no_phone_earns_for_the_hours_that_the_leader_entered(told: Told) -> None:
    declared = db.session.scalars(select(Duty).where(Duty.entered_by.is_not(None))).all()
    assert declared
    for duty in declared:
        lines = standing_entries(duty.township_id, [f"duty:{duty.id}"])
        assert lines[("base", f"duty:{duty.id}")].amount_half > 0
