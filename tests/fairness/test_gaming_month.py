"""A month with cheaters among honest members, on the real database: each cheat is asked about, nobody honest is."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select

from app.db import db
from app.fairness import operations
from app.fairness.models import FairnessFlag
from app.incentives.models import PointEntry
from tests.fairness.played import AFTER, FIRST, HONEST, play
from tests.web.conftest import send, text_of

EXPECTED = {
    ("shared_phone", ("借机甲", "借机乙")), ("same_walk", ("抄走甲", "抄走乙")), ("two_places", ("两地",)),
    ("thin_visits", ("蹲点",)), ("paid_rhythm", ("蹲点",)), ("month_end_rush", ("月末",)), ("self_closed", ("自结",)),
    ("same_pair", ("常伴甲", "常伴乙")), ("cosign_pair", ("互签甲", "互签乙")), ("split_reports", ("拆报",)),
}  # fmt: skip


def flags(month=FIRST):
    return list(db.session.scalars(select(FairnessFlag).where(FairnessFlag.month == month)))


def named(found, names):
    return {(f.kind, tuple(sorted(names[w] for w in (f.person_a, f.person_b) if w))) for f in found}


def decided_by_the_leader(people, as_person, month):
    """The pair is on the leader's page; an answer is given there, told to both, and costs nobody a point."""
    pair = next(f for f in flags() if f.kind == "same_pair")
    leader, before = as_person(people.leader), points()
    page = f"/desk/points/checks?team={people.town.team.id}&month=2026-11"
    assert "常伴甲" in text_of(leader.get(page))
    fields = {"reason": "no_choice", "note": ""}
    assert send(leader, page, f"/desk/points/checks/{pair.id}", **fields).status_code == 302
    for name in ("常伴甲", "常伴乙"):
        told = as_person(month.who[name]).get("/api/v1/me/flags").get_json()["flags"]
        assert [(one["kind"], one["state"], one["reason"]) for one in told] == [
            ("same_pair", "explained", "no_choice")
        ]
    assert points() == before > 0


def points():
    return db.session.scalar(select(func.sum(PointEntry.amount_half)))


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
    decided_by_the_leader(people, as_person, month)
    # Another township's month has none of it, and the month before has no duty.
    assert operations.look(people.other.township.id, FIRST, now) == 0
    assert operations.look(town, date(2026, 10, 1), now) == 0 == len(flags(date(2026, 10, 1)))
