"""A month of a team with cheaters among honest members, played through the phones' endpoint. Each cheat is one that the
rules of points invite; the honest walk as people do: with their own receivers, at their own pace, in changing pairs."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select

from app.accounts.models import Person
from app.accounts.rules import uuid7
from app.db import db
from app.duty.models import Shift
from app.incidents.operations import Report, decide, record_report
from app.routes.models import Checkpoint
from app.teams.scope import scope_of
from tests import make, places
from tests.phone import Phone

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)
AFTER = datetime(2026, 12, 4, 2, 0, tzinfo=UTC)
HONEST = ("诚一", "诚二", "诚三", "诚四", "诚五", "诚六")
CHEATS = (
    "借机甲",
    "借机乙",
    "抄走甲",
    "抄走乙",
    "蹲点",
    "月末",
    "自结",
    "两地",
    "常伴甲",
    "常伴乙",
    "互签甲",
    "互签乙",
    "拆报",
)


@dataclass
class Month:
    """`send` is the tests' sync; `who` finds people by name."""

    people: Any
    as_person: Callable[[Person], Any]
    send: Callable[..., Any]
    set_clock: Callable[[datetime], datetime]
    who: dict[str, Person] = field(default_factory=dict)
    luck: random.Random = field(default_factory=lambda: random.Random(7))
    points: list[int] = field(default_factory=list)

    def at(self, day: int, hour: float) -> datetime:
        """By the clock in Shanghai."""
        return datetime(2026, 11, day, tzinfo=UTC) + timedelta(hours=hour - 8)

    def shift(self, day: int, hour: float, crew: Sequence[str] = (), hours: float = 2) -> Shift:
        crew_of = [self.who[name] for name in crew]
        return make.make_shift(
            self.people.town.team, self.people.town.route, crew_of, starts_at=self.at(day, hour), hours=hours,
            fit_for_one=True,
        )  # fmt: skip

    def out(
        self, name: str, shift: Shift, taps: Sequence[dict[str, Any]], phone: Phone, minutes: float
    ) -> None:
        items = [
            phone.start(shift, shift.starts_at),
            *taps,
            phone.end(shift, shift.starts_at + minutes * MINUTE),
        ]
        self.bring(self.who[name], items, shift.starts_at + (minutes + 1) * MINUTE)

    def bring(self, person: Person, items: list[dict[str, Any]], now: datetime) -> None:
        """Signed in at that moment: a session does not outlast a month."""
        self.set_clock(now)
        self.send(self.as_person(person), items, now)

    def honest(self, name: str, shift: Shift, minutes: float = 110) -> None:
        """Three checkpoints and the hotspot for 12 to 16 minutes, a few metres and seconds off as receivers are."""
        phone, at = Phone(self.who[name], shift.starts_at), shift.starts_at
        taps = []
        for n, x in enumerate((100, 600, 1100)):
            when = at + timedelta(minutes=5 + 30 * n, seconds=self.luck.uniform(0, 90))
            x_m, y_m = x + self.luck.gauss(0, 5), 500 + self.luck.gauss(0, 5)
            taps.append(phone.checkin(shift, self.points[n], x_m, y_m, when))
        taps += self.visit(phone, shift, at + 15 * MINUTE, self.luck.uniform(12.5, 16))
        self.out(name, shift, taps, phone, minutes)

    def visit(self, phone: Phone, shift: Shift, at: datetime, minutes: float) -> list[dict[str, Any]]:
        spot = (400 + self.luck.gauss(0, 5), 500 + self.luck.gauss(0, 5))
        hotspot = self.people.town.hotspot.id
        return [
            phone.at_hotspot(shift, hotspot, "arrive", *spot, at),
            phone.at_hotspot(shift, hotspot, "leave", *spot, at + minutes * MINUTE),
        ]

    def report(self, name: str, at: datetime, x: float, y: float, closed_by: str | None = None) -> None:
        id_ = uuid7(at, self.luck.randbytes(10))
        town = self.people.town
        told = Report(
            township_id=town.township.id, id=id_, category="road", reporter_id=self.who[name].id,
            team_id=town.team.id, shift_id=None, phrase="light_out", text=None, place=places.here(x, y), how="here",
            accuracy_m=5, checkpoint_id=None, photo_ids=(), reported_at=at,
        )  # fmt: skip
        record_report(told, at)
        if closed_by:
            person = self.who[closed_by]
            decide(person, scope_of(person), id_, "close", "mended", at + HOUR)
        db.session.commit()


def play(people: Any, as_person: Any, send: Any, set_clock: Any) -> Month:
    month = Month(people, as_person, send, set_clock)
    with make.together():
        for name in (*HONEST, *CHEATS):
            person = make.make_person(name, people.town.township)
            make.join_team(person, people.town.team)
            month.who[name] = person
        make.grant(month.who["自结"], "leader", team=people.town.team)
    month.who["队长"] = people.leader
    month.points = list(
        db.session.scalars(
            select(Checkpoint.id)
            .where(Checkpoint.route_version_id == people.town.route.id)
            .order_by(Checkpoint.seq)
        )
    )
    for part in (
        _honest,
        _shared_phone,
        _copied,
        _camper,
        _rusher,
        _two_places,
        _always,
        _vouching,
        _reports,
    ):
        part(month)
    return month


def _honest(month: Month) -> None:
    """Every third evening, the pairs go round."""
    for n, day in enumerate(range(1, 31, 3)):
        pair = (HONEST[n % 6], HONEST[(n + 1 + n // 6) % 6])
        shift = month.shift(day, 19, pair)
        for name in pair:
            month.honest(name, shift)


def _shared_phone(month: Month) -> None:
    """Two evenings for two, by one who carries the phone and signs in by turns."""
    for day in (4, 11):
        pair, device = ("借机甲", "借机乙"), str(uuid4())
        shift = month.shift(day, 15, pair)
        for k, name in enumerate(pair):
            phone = Phone(month.who[name], shift.starts_at, device_id=device, seq=1000 * k + 100 * day)
            taps = [
                phone.checkin(
                    shift, month.points[n], x + month.luck.gauss(0, 5), 500 + month.luck.gauss(0, 5),
                    shift.starts_at + (5 + 20 * n + 4 * k) * MINUTE,
                )
                for n, x in enumerate((100, 600, 1100))
            ]  # fmt: skip
            month.out(name, shift, taps, phone, 70)


def _copied(month: Month) -> None:
    """What one phone recorded, given out as another's two days later: the same places, the same seconds."""
    spots = [(100 + month.luck.gauss(0, 4), 500 + month.luck.gauss(0, 4), 4), (602, 497, 27), (1098, 503, 51),
             (603, 505, 77), (96, 495, 99)]  # fmt: skip
    for day, name in ((6, "抄走甲"), (8, "抄走乙")):
        shift = month.shift(day, 15, [name])
        phone = Phone(month.who[name], shift.starts_at)
        taps = [
            phone.checkin(shift, month.points[n], x, y, shift.starts_at + minute * MINUTE)
            for n, (x, y, minute) in zip((0, 1, 2, 1, 0), spots, strict=True)
        ]
        month.out(name, shift, taps, phone, 110)


def _camper(month: Month) -> None:
    """Four times ten minutes and a half, each three quarters of an hour after the last, and nothing else."""
    for day in (5, 12, 19):
        shift = month.shift(day, 9, ["蹲点"], hours=4)
        phone = Phone(month.who["蹲点"], shift.starts_at)
        taps = [
            tap
            for n in range(4)
            for tap in month.visit(phone, shift, shift.starts_at + (2 + 56 * n) * MINUTE, 10.5)
        ]
        month.out("蹲点", shift, taps, phone, 230)


def _rusher(month: Month) -> None:
    """Planned all month, there for half an hour; and in the last three days four hours each."""
    for day in (2, 7, 12, 17, 22):
        shift = month.shift(day, 13, ["月末"])
        if day < 15:
            month.out("月末", shift, [], Phone(month.who["月末"], shift.starts_at), 30)
    for day in (28, 29, 30):
        shift = month.shift(day, 13, hours=4)
        month.out("月末", shift, [], Phone(month.who["月末"], shift.starts_at), 240)


def _two_places(month: Month) -> None:
    """At one end of town, and twenty seconds later, on the next shift, at the other."""
    for hour, second, spot in ((9, 3590, (5, 5)), (10, 10, (1190, 1190))):
        shift = month.shift(9, hour, ["两地"], hours=1)
        phone = Phone(month.who["两地"], shift.starts_at)
        tap = phone.checkin(shift, month.points[0], *spot, shift.starts_at + timedelta(seconds=second))
        month.out("两地", shift, [tap], phone, 60 if second > 60 else 50)


def _always(month: Month) -> None:
    """The same two, five times in a row."""
    for day in (3, 8, 13, 18, 23):
        shift = month.shift(day, 7, ("常伴甲", "常伴乙"))
        for name in ("常伴甲", "常伴乙"):
            month.honest(name, shift)


def _vouching(month: Month) -> None:
    """Each also goes with others, and signs for the other one only."""
    for n, day in enumerate((10, 20)):
        shift = month.shift(day, 7, ("互签甲", "互签乙"))
        a, b = (Phone(month.who[name], shift.starts_at) for name in ("互签甲", "互签乙"))
        for own, other in ((a, b), (b, a)):
            taps = [
                own.checkin(shift, month.points[k], x + month.luck.gauss(0, 6), 500 + month.luck.gauss(0, 6),
                            shift.starts_at + timedelta(minutes=5 + 25 * k, seconds=month.luck.uniform(0, 90)))
                for k, x in enumerate((100, 600, 1100))
            ]  # fmt: skip
            signs = [
                other.item(
                    "cosign", {"shift_id": shift.id, "checkin_id": tap["id"]}, shift.starts_at + 60 * MINUTE
                )
                for tap in taps
            ]
            month.out(own.person.name, shift, taps, own, 100)
            month.bring(other.person, signs, shift.starts_at + 110 * MINUTE)
        for name, mate in (("互签甲", HONEST[n]), ("互签乙", HONEST[n + 2])):
            shift = month.shift(day + 4, 9 + 3 * (name == "互签乙"), (name, mate))
            for one in (name, mate):
                month.honest(one, shift)


def _reports(month: Month) -> None:
    """The leader closes what members tell; one who also leads closes own ones; one tells of each lamp of a street."""
    for n, name in enumerate(HONEST):
        month.report(name, month.at(3 + n, 20), 100 + 180 * n, 900, "队长")
    for n in range(3):
        month.report("自结", month.at(14 + n, 20), 150 + 200 * n, 1100, "自结")
    for n in range(4):
        month.report("拆报", month.at(21, 19 + n / 10), 200 + 60 * n, 200, "队长" if n < 3 else None)
