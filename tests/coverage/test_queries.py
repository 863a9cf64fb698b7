"""Reading presence: unions over the crew, distinct shifts, the fold after 30 days, and the known answers of measures.md
as the database gives them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import MultiRange, Range

from app.coverage import attendance, facts, queries, streets
from app.coverage.models import PlacePresence, StreetDay, StreetPresence
from app.coverage.pieces import to_bits
from app.coverage.queries import Period
from app.coverage.rules import Policy
from app.db import db
from app.duty.models import Duty, Shift
from app.hotspots.models import Hotspot
from app.routes.models import NetworkVersion
from tests import make, places

DAY = make.DAY
ONE_DAY = Period(DAY, DAY)


def make_duty(shift: Shift, person: Any, **more: Any) -> Duty:
    values = {
        "on_roster": True,
        "state": "ended",
        "started_at": shift.starts_at,
        "ended_at": shift.ends_at,
        **more,
    }
    return make.save(
        Duty(
            township_id=shift.township_id, shift_id=shift.id, person_id=person.id, team_id=shift.team_id,
            day=shift.day, fixes=10, **values,
        )
    )  # fmt: skip


def walk(duty: Duty, network: NetworkVersion, pieces: Any, hour: datetime = make.EVENING) -> None:
    bits = to_bits(np.array(list(pieces)), network.pieces)
    make.save(
        StreetPresence(
            township_id=duty.township_id, duty_id=duty.id, hour=hour, network_version_id=network.id, bits=bits
        )
    )


def figures_of(network: NetworkVersion, period: Period = ONE_DAY) -> dict[int, tuple[float, int, int]]:
    """Place in the network → (share covered, shifts, epoch second last walked)."""
    f = streets.street_figures(queries.network_of(network.id), period)
    return dict(enumerate(zip(f.covered.tolist(), f.shifts.tolist(), f.last_s.tolist(), strict=True)))


@pytest.fixture
def network(people: Any) -> NetworkVersion:
    """Three streets of 100 m: 20 pieces each."""
    lines = [places.way((x, 100), (x + 100, 100)) for x in (0, 100, 200)]
    return make.make_network(people.town.township, lines)


def test_the_crew_is_a_union_and_one_shift(people: Any, network: NetworkVersion) -> None:
    walk(make_duty(people.shift, people.member), network, range(0, 10))
    walk(make_duty(people.shift, people.mate), network, range(5, 15))
    assert figures_of(network)[0] == (0.75, 1, make.EVENING.timestamp())
    assert figures_of(network)[1] == (0.0, 0, 0)


def test_n_times_counts_distinct_shifts(people: Any, network: NetworkVersion) -> None:
    later = make.make_shift(people.town.team, None, starts_at=make.EVENING + timedelta(hours=3))
    first, second = make_duty(people.shift, people.member), make_duty(later, people.member)
    for n in range(3):
        walk(first, network, range(15, 25), make.EVENING + timedelta(hours=n))
    walk(second, network, [19], make.EVENING + timedelta(hours=3))
    found = figures_of(network)
    assert found[0] == (0.25, 2, (make.EVENING + timedelta(hours=3)).timestamp())
    assert found[1] == (0.25, 1, (make.EVENING + timedelta(hours=2)).timestamp())


def test_at_least_n_times_counts_pieces_that_so_many_shifts_walked(
    people: Any, network: NetworkVersion
) -> None:
    """Three shifts on the first street of 20 pieces: 0–9, 5–14 (its crew in two parts), 8–19."""
    shifts = [people.shift]
    shifts += [
        make.make_shift(people.town.team, None, starts_at=make.EVENING + timedelta(hours=n)) for n in (1, 2)
    ]
    walk(make_duty(shifts[0], people.member), network, range(0, 10))
    walk(make_duty(shifts[1], people.member), network, range(5, 12))
    walk(make_duty(shifts[1], people.mate), network, range(8, 15))
    walk(make_duty(shifts[2], people.mate), network, range(8, 20))
    shares = [figures_of(network, Period(DAY, DAY, times))[0][:2] for times in (1, 2, 3, 4, 20)]
    # twice: 5–14; three times: 8 and 9. How many shifts came there at all is another question.
    assert shares == [(1.0, 3), (0.5, 3), (0.1, 3), (0.0, 3), (0.0, 3)]


def test_at_least_n_times_of_folded_days_is_what_is_certain(people: Any, network: NetworkVersion) -> None:
    street = queries.streets_of(network.id)[0]
    for n, share in enumerate((0.8, 1.0, 0.9)):
        make.save(
            StreetDay(
                township_id=network.township_id, street_id=street.id, day=DAY + timedelta(days=n), shifts=2,
                covered_share=share,
            )
        )  # fmt: skip
    later = make.make_shift(people.town.team, None, starts_at=make.EVENING + timedelta(days=4))
    walk(make_duty(later, people.member), network, range(0, 15), make.EVENING + timedelta(days=4))

    def share(times: int, last: int) -> float:
        return figures_of(network, Period(DAY, DAY + timedelta(days=last), times))[0][0]

    # 0.8, 1 and 0.9 have 0.9 in common two by two at best known, and 0.7 all three
    assert [share(n, 2) for n in (1, 2, 3, 4)] == pytest.approx([1.0, 0.9, 0.7, 0.0])
    # a walk of 0.75 more: twice 0.9 still, three times max(0.7, 0.75 + 0.9 - 1), four times 0.7 + 0.75 - 1
    assert [share(n, 4) for n in (1, 2, 3, 4, 5)] == pytest.approx([1.0, 0.9, 0.7, 0.45, 0.0])


def test_a_night_shift_belongs_to_its_duty_day(people: Any, network: NetworkVersion) -> None:
    night = make.make_shift(people.town.team, None, starts_at=make.EVENING + timedelta(hours=2), hours=8)
    walk(make_duty(night, people.member), network, range(0, 20), make.EVENING + timedelta(hours=6))
    assert figures_of(network)[0][:2] == (1.0, 1)
    assert figures_of(network, Period(DAY + timedelta(days=1), DAY + timedelta(days=1)))[0][:2] == (0.0, 0)


def test_last_walked_looks_back_beyond_the_period(people: Any, network: NetworkVersion) -> None:
    walk(make_duty(people.shift, people.member), network, range(0, 20))
    after = Period(DAY + timedelta(days=5), DAY + timedelta(days=9))
    assert figures_of(network, after)[0] == (0.0, 0, make.EVENING.timestamp())


def test_measures_hold_before_and_after_the_fold(people: Any, network: NetworkVersion) -> None:
    later = make.make_shift(people.town.team, None, starts_at=make.EVENING + timedelta(hours=24))
    walk(make_duty(people.shift, people.member), network, range(0, 15))
    walk(make_duty(later, people.member), network, range(0, 20), make.EVENING + timedelta(hours=24))
    both = Period(DAY, DAY + timedelta(days=1))
    before = figures_of(network, both)
    street = queries.streets_of(network.id)[0]
    db.session.execute(delete(StreetPresence))
    for n, share in enumerate((0.75, 1.0)):
        make.save(
            StreetDay(
                township_id=network.township_id, street_id=street.id, day=DAY + timedelta(days=n), shifts=1,
                covered_share=share,
            )
        )  # fmt: skip
    after = figures_of(network, both)
    assert {k: v[:2] for k, v in after.items()} == {k: v[:2] for k, v in before.items()}
    midnight = datetime(2026, 11, 25, tzinfo=UTC)
    assert after[0][2] == midnight.timestamp()
    assert figures_of(network)[0][:2] == (0.75, 1)


def test_a_rewritten_bitmap_is_seen_at_once(people: Any, network: NetworkVersion) -> None:
    walk(make_duty(people.shift, people.member), network, range(0, 10))
    assert figures_of(network)[0][0] == 0.5
    db.session.execute(update(StreetPresence).values(bits=to_bits(np.arange(10, 30), network.pieces)))
    db.session.commit()
    assert (figures_of(network)[0][0], figures_of(network)[1][0]) == (0.5, 0.5)
    db.session.execute(delete(StreetPresence))
    assert figures_of(network)[0][0] == 0.0


def test_packed_bitmaps_agree_with_counting_by_hand() -> None:
    chance = np.random.default_rng(7)
    n = chance.integers(1, 12, 50)
    first = np.concatenate(([0], np.cumsum(n)[:-1]))
    pieces = int(n.sum())
    bits = chance.random((300, pieces)) < 0.02
    rows = [np.packbits(row).tobytes() for row in bits]
    by_hand = [[bool(row[f : f + k].any()) for f, k in zip(first, n, strict=True)] for row in bits]
    assert (streets.touched(rows, first, n, pieces) == by_hand).all()
    union = bits.any(axis=0)
    covered = [union[f : f + k].sum() for f, k in zip(first, n, strict=True)]
    assert (streets.pieces_covered(rows, first, n, pieces) == covered).all()
    assert streets.touched([], first, n, pieces).shape == (0, 50)


def test_the_network_of_a_period_is_the_newest_of_its_last_day(people: Any) -> None:
    township = people.town.township.id
    line = [places.way((0, 0), (50, 0))]
    old, new = people.town.network, make.make_network(people.town.township, line)
    new.made_at = make.EVENING + timedelta(days=5)
    db.session.commit()

    def on(day: date) -> int:
        return queries.networks_in_force([township], day)[0].id

    assert on(DAY) == old.id
    assert on(DAY + timedelta(days=5)) == new.id
    assert on(DAY - timedelta(days=30)) == old.id


# --- hotspots ---------------------------------------------------------------------------------------------------


def at(text: str, day: date = DAY) -> datetime:
    hour, minute = map(int, text.split(":"))
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


def attend(duty: Duty, hotspot: Hotspot, *spans: tuple[str, str], grade: str = "track") -> None:
    ranges = [Range(at(a), at(b), bounds="[)") for a, b in spans]
    make.save(
        PlacePresence(
            township_id=duty.township_id, place_kind="hotspot", place_id=hotspot.id, duty_id=duty.id, grade=grade,
            during=MultiRange(ranges),
        )
    )  # fmt: skip


def attended(hotspot: Hotspot, now: datetime, period: Period = ONE_DAY) -> attendance.HotspotFigures:
    found = facts.hotspots_of(Hotspot.id == hotspot.id, period)
    return attendance.hotspot_figures(found, period, {hotspot.township_id: Policy()}, now)[0]


@pytest.fixture
def hotspot(people: Any) -> Hotspot:
    """Wanted from 08:00 to 16:00 UTC, which is 16:00 to 24:00 there, on Tuesdays."""
    return make.make_hotspot(
        people.town.township, places.square(600, 600, 700, 700), people.reviewer, people.admin,
        windows=[(1, 16 * 60, 24 * 60)], village_id=people.town.villages[1].id,
    )  # fmt: skip


def test_dosage_of_the_known_case_is_a_union_over_the_crew(people: Any, hotspot: Hotspot) -> None:
    mine, mates = make_duty(people.shift, people.member), make_duty(people.shift, people.mate)
    attend(mine, hotspot, ("08:00", "08:12"), ("09:00", "09:04"), ("10:30", "10:50"))
    attend(mates, hotspot, ("08:05", "08:12"), ("08:14", "08:18"), ("10:40", "10:55"))
    found = attended(hotspot, at("20:00"))
    assert (len(found.visits), found.qualified) == (3, 2)
    assert (found.observed_min, found.credited_min) == (45, 40)
    assert [v.observed_min for v in found.visits] == [16, 4, 25]
    # of four two-hour slots the first and the second
    assert (found.slots, found.attained, found.attainment) == (4, 2, 0.5)
    assert found.grade == "track"


def test_two_hour_compliance_of_the_known_case(people: Any, hotspot: Hotspot) -> None:
    duty = make_duty(people.shift, people.member)
    attend(duty, hotspot, *[(f"08:{m:02d}", f"08:{m + 1:02d}") for m in range(0, 60, 5)])
    found = attended(hotspot, at("20:00"))
    assert found.risk_min == 480
    # until 10:56, two hours after the last of them
    assert found.fresh_min == pytest.approx(176, abs=0.01)


def test_slots_still_to_come_are_not_missed_yet(people: Any, hotspot: Hotspot) -> None:
    attend(make_duty(people.shift, people.member), hotspot, ("08:30", "08:45"))
    found = attended(hotspot, at("10:30"))
    assert (found.slots, found.attained) == (1, 1)
    assert found.risk_min == 150
    tomorrow = Period(DAY + timedelta(days=7), DAY + timedelta(days=7))
    assert attended(hotspot, at("10:30"), tomorrow).attainment is None


def test_idleness_has_the_periods_ends(people: Any, hotspot: Hotspot) -> None:
    attend(make_duty(people.shift, people.member), hotspot, ("04:00", "08:00"), grade="pair")
    found = attended(hotspot, datetime(2026, 11, 25, tzinfo=UTC))
    # a day of 24 h there from 16:00 UTC the day before: 12 h before, 8 h after
    assert found.idle_worst_min == 720
    assert found.idle_mean_min == pytest.approx((720**2 + 480**2) / (2 * 1200))
    assert found.grade == "pair"


def test_many_days_judged_together_are_as_each_by_itself(people: Any, hotspot: Hotspot) -> None:
    """The slots of a month are judged in groups that do not touch; the answer is that of all at once."""
    from app.coverage import rules

    chance = np.random.default_rng(3)
    start = at("00:00", DAY - timedelta(days=20))
    ranges = rules.union(
        (start + timedelta(minutes=int(m)), start + timedelta(minutes=int(m + k)))
        for m, k in zip(chance.integers(0, 20 * 1440, 90), chance.integers(1, 200, 90), strict=True)
    )
    windows = [rules.RiskWindow(d, 20 * 60, 2 * 60) for d in range(7)]
    slots = rules.risk_slots(windows, DAY - timedelta(days=20), DAY, "Asia/Shanghai", Policy())
    assert attendance.attained_count(ranges, slots, Policy()) == len(
        rules.attained_slots(ranges, slots, Policy())
    )
    spans = rules.risk_windows(windows, DAY - timedelta(days=20), DAY, "Asia/Shanghai")
    whole = rules.two_hour_compliance(ranges, spans, Policy())
    assert attendance.fresh_minutes(ranges, spans, Policy()) == pytest.approx(
        (whole or 0) * rules.total_min(spans)
    )
