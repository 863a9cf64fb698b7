"""Plans the demo's shifts: the four weeks behind us, the week ahead, and one that covers now. Nothing here commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range

from app.areas.models import Area
from app.db import db
from app.demo.duties import DAYS_BACK, Outing, outings
from app.demo.items import Ids
from app.demo.load import read_ids, read_route_versions
from app.demo.world import LEADER, MEMBER, TIME_ZONE, World
from app.duty.models import Assignment, Duty, Shift
from app.field.models import InboxItem
from app.teams.models import Team

DAYS_AHEAD = 7
SHIFT_NOW, LEAST_LEFT = timedelta(hours=4), timedelta(minutes=30)
NOW_TEAM, NOW_ROUTE = "qinghe.t03", "qinghe.r12"
# The leader enters an attendance later in the evening; before that an outing is not told.
TOLD_AFTER = timedelta(minutes=25)


@dataclass(frozen=True)
class Planned:
    """A shift that is in the database."""

    id: int
    version: int
    status: str


@dataclass
class Book:
    """What is in the database already, so that a run adds only what is missing."""

    ids: Ids
    versions: dict[str, int]
    teams: dict[str, tuple[int, int]]  # team → id, township
    shifts: dict[tuple[int, datetime], Planned]
    walked: set[int]
    booked: dict[int, list[tuple[datetime, datetime]]]  # person → start, end
    seqs: dict[str, int]  # device → the last number it used

    def is_free(self, person_id: int, starts_at: datetime, ends_at: datetime) -> bool:
        return all(ends_at <= a or b <= starts_at for a, b in self.booked.get(person_id, []))


@dataclass(frozen=True)
class Todo:
    """An outing that is over and whose duties nobody has told yet."""

    outing: Outing
    shift_id: int


def open_book(world: World) -> Book:
    teams = {(t.township_id, t.name): t.id for t in db.session.scalars(select(Team))}
    codes = {code: id_ for id_, code in db.session.execute(select(Area.id, Area.code))}
    booked: dict[int, list[tuple[datetime, datetime]]] = {}
    for person_id, during in db.session.execute(
        select(Assignment.person_id, Assignment.during).where(Assignment.active)
    ):
        if not during.isempty:  # that of a cancelled shift keeps nobody
            booked.setdefault(person_id, []).append((during.lower, during.upper))
    last = func.max(InboxItem.device_seq)
    seqs = db.session.execute(select(InboxItem.device_id, last).group_by(InboxItem.device_id))
    return Book(
        ids=read_ids(world),
        versions=read_route_versions(world),
        teams={t.key: (teams[codes[t.township], t.name], codes[t.township]) for t in world.teams.values()},
        shifts={
            (s.team_id, s.starts_at): Planned(s.id, s.version, s.status)
            for s in db.session.scalars(select(Shift))
        },
        walked=set(db.session.scalars(select(Duty.shift_id).distinct())),
        booked=booked,
        seqs={str(device): seq for device, seq in seqs},
    )


def plan_all(world: World, book: Book, now: datetime) -> list[Todo]:
    """The shift that covers now first, then every outing that has no shift yet; gives those still to be told.

    A second run finds what is there; a later day adds the days since, up to four weeks back.
    """
    today = now.astimezone(ZoneInfo(TIME_ZONE)).date()
    ensure_shift_now(world, book, now)
    wanted = outings(world, today - timedelta(days=DAYS_BACK), today + timedelta(days=DAYS_AHEAD))
    found = (plan_outing(world, book, outing, now) for outing in wanted)
    return [todo for todo in found if todo is not None]


def ensure_shift_now(world: World, book: Book, now: datetime) -> int | None:
    """A shift of the member and the leader that covers now, unless the member has one; it lasts up to four hours."""
    crew = (MEMBER, LEADER)
    mine = book.booked.get(book.ids.people[MEMBER], [])
    if any(a <= now and now + LEAST_LEFT <= b for a, b in mine):
        return None
    taken = [span for who in crew for span in book.booked.get(book.ids.people[who], [])]
    quarter = now - timedelta(minutes=now.minute % 15 + 15, seconds=now.second, microseconds=now.microsecond)
    # One that is nearly over is followed by the next without a break.
    starts = max([quarter, *(b for a, b in taken if a <= now and b > quarter)])
    ends = min([starts + SHIFT_NOW, *(a for a, _ in taken if a > starts)])
    day = starts.astimezone(ZoneInfo(TIME_ZONE)).date()
    outing = Outing(f"{day.isoformat()}/now", day, NOW_TEAM, NOW_ROUTE, starts, ends, crew, 0, 0)
    return _add_shift(world, book, outing, now).id


def plan_outing(world: World, book: Book, outing: Outing, now: datetime) -> Todo | None:
    """What the leader has changed or cancelled stays as it is, and nobody is booked twice."""
    shift = book.shifts.get((book.teams[outing.team][0], outing.starts_at))
    is_over = outing.ended_at + TOLD_AFTER < now
    if shift is None:
        people = [book.ids.people[who] for who in outing.crew]
        is_running = outing.starts_at <= now and not is_over
        if is_running or not all(book.is_free(p, outing.starts_at, outing.ends_at) for p in people):
            return None
        shift = _add_shift(world, book, outing, min(now, outing.starts_at - timedelta(days=3)))
    if not is_over or shift.id in book.walked or shift.version != 1 or shift.status != "planned":
        return None
    return Todo(outing, shift.id)


def _add_shift(world: World, book: Book, outing: Outing, at: datetime) -> Planned:
    team_id, township_id = book.teams[outing.team]
    leader = book.ids.people[world.teams[outing.team].leader]
    shift = Shift(
        township_id=township_id, team_id=team_id, route_version_id=book.versions[outing.route], day=outing.day,
        starts_at=outing.starts_at, ends_at=outing.ends_at, crew_wanted=2, status="planned", version=1,
        meeting_place=world.routes[outing.route].checkpoints[0].name, made_by=leader, changed_by=leader,
        changed_at=at,
    )  # fmt: skip
    db.session.add(shift)
    db.session.flush()
    planned = Planned(shift.id, 1, "planned")
    book.shifts[team_id, outing.starts_at] = planned
    during = Range(outing.starts_at, outing.ends_at, bounds="[)")
    for who in outing.crew:
        person_id = book.ids.people[who]
        book.booked.setdefault(person_id, []).append((outing.starts_at, outing.ends_at))
        db.session.add(
            Assignment(
                township_id=township_id, shift_id=shift.id, person_id=person_id, during=during, active=True,
                made_by=leader, made_at=at,
            )
        )  # fmt: skip
    return planned
