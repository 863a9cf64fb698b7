"""A month with cheaters among honest members, on the real database: each cheat is asked about, nobody honest is."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from app.db import db
from app.fairness import operations
from app.fairness.models import FairnessFlag
from tests.fairness.played import AFTER, FIRST, HONEST, play

EXPECTED = {
    ("shared_phone", ("借机甲", "借机乙")), ("same_walk", ("抄走甲", "抄走乙")), ("two_places", ("两地",)),
    ("thin_visits", ("蹲点",)), ("paid_rhythm", ("蹲点",)), ("month_end_rush", ("月末",)), ("self_closed", ("自结",)),
    ("same_pair", ("常伴甲", "常伴乙")), ("cosign_pair", ("互签甲", "互签乙")), ("split_reports", ("拆报",)),
}  # fmt: skip


def flags(month=FIRST):
    return list(db.session.scalars(select(FairnessFlag).where(FairnessFlag.month == month)))


def named(found, names):
    return {(f.kind, tuple(sorted(names[w] for w in (f.person_a, f.person_b) if w))) for f in found}


def test_each_cheat_is_asked_about_once_and_nobody_honest_is(people, as_person, sync, at):
    month = play(people, as_person, sync, at)
    now = at(AFTER)
    names = {person.id: name for name, person in month.who.items()}
    town = people.town.township.id
    assert operations.look(town, FIRST, now) == len(EXPECTED)
    expected = {(kind, tuple(sorted(who))) for kind, who in EXPECTED}
    assert named(flags(), names) == expected
    honest = {month.who[name].id for name in HONEST} | {people.leader.id}
    assert not honest & {w for f in flags() for w in (f.person_a, f.person_b)}
    for flag in flags():
        assert flag.state == "open" and flag.team_id == people.town.team.id and flag.weight > 0
        assert flag.duty_ids or flag.report_ids, flag.kind
    # Again finds the same, and makes nothing twice.
    assert operations.look(town, FIRST, now) == 0
    assert named(flags(), names) == expected and len(flags()) == len(expected)
    # Another township's month has none of it, and the month before has no duty.
    assert operations.look(people.other.township.id, FIRST, now) == 0
    assert operations.look(town, date(2026, 10, 1), now) == 0 == len(flags(date(2026, 10, 1)))
