"""What pricing needs to know, and what the journal holds now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from geoalchemy2 import Geography
from sqlalchemy import and_, cast, func, literal, or_, select, tuple_
from sqlalchemy.dialects.postgresql import TSTZMULTIRANGE
from sqlalchemy.dialects.postgresql import Range as Between
from sqlalchemy.orm import aliased

from app.areas.models import Area, PolicyVersion
from app.coverage.models import PlacePresence
from app.db import db
from app.duty.models import Duty
from app.incentives.models import FrozenMonth, PointEntry, SettledVisit, VerifiedHazard
from app.incidents.models import Incident

Range = tuple[datetime, datetime]
ISSUE = "issue"
LOOK_BACK = timedelta(hours=2)
# What lines of earlier releases name besides and no sentence tells: they are no other lines by it.
UNTOLD = {"hotspot_ids"}


def lock_journal(township_id: int, person_id: int) -> None:
    """Two postings for one person wait for each other until the transaction ends. The township's months come first,
    everywhere: what is read from here on stands until then, and nobody who waits for the months holds a journal."""
    _share(township_id)
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"points:{township_id}:{person_id}"))))


def share_months(township_id: int) -> set[date]:
    """The frozen months; until the transaction ends none is added. Postings do not wait for one another."""
    _share(township_id)
    return frozen_months(township_id)


def _share(township_id: int) -> None:
    db.session.execute(select(func.pg_advisory_xact_lock_shared(func.hashtext(f"months:{township_id}"))))


def lock_months(township_id: int) -> None:
    """Wait for the postings under way, and let new ones wait until the transaction ends: for what changes the month of
    people who are not known before. Comes before any journal."""
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"months:{township_id}"))))


def frozen_months(township_id: int) -> set[date]:
    which = select(FrozenMonth.month).where(FrozenMonth.township_id == township_id)
    return set(db.session.scalars(which))


def last_booked(township_id: int, first: date, last: date) -> datetime | None:
    """When the latest entry that a month (the days first..last) has taken was made."""
    own = and_(PointEntry.booked_in.is_(None), PointEntry.earned_on.between(first, last))
    which = and_(PointEntry.township_id == township_id, or_(own, PointEntry.booked_in == first))
    return db.session.scalar(select(func.max(PointEntry.made_at)).where(which))


def last_end(township_id: int, first: date, last: date) -> tuple[bool, datetime | None]:
    """Of the duties of the days first..last: whether one is still on, and when the last of the others ended."""
    row = db.session.execute(
        select(func.bool_or(Duty.state.in_(["on", "paused"])), func.max(Duty.ended_at)).where(
            Duty.township_id == township_id, Duty.day.between(first, last)
        )
    ).one()
    return bool(row[0]), row[1]


def settled_visits(township_id: int, duty_ids: Sequence[int]) -> dict[int, list[SettledVisit]]:
    """What was settled 72 h after a duty about its visits; an empty list where a duty's visits are still open."""
    rows = db.session.scalars(
        select(SettledVisit)
        .where(SettledVisit.township_id == township_id, SettledVisit.duty_id.in_(duty_ids))
        .order_by(SettledVisit.starts_at)
    )
    found: dict[int, list[SettledVisit]] = {}
    for row in rows:
        found.setdefault(row.duty_id, []).append(row)
    return found


def stays_of(township_id: int, duty_ids: Sequence[int]) -> dict[int, dict[int, list[Range]]]:
    """Hotspot presence of duties, both grades: duty → hotspot → ranges."""
    rows = db.session.execute(
        select(PlacePresence.duty_id, PlacePresence.place_id, PlacePresence.during).where(
            PlacePresence.township_id == township_id, PlacePresence.duty_id.in_(duty_ids),
            PlacePresence.place_kind == "hotspot",
        )
    )  # fmt: skip
    found: dict[int, dict[int, list[Range]]] = {}
    for duty_id, place_id, during in rows:
        found.setdefault(duty_id, {}).setdefault(place_id, []).extend((r.lower, r.upper) for r in during)
    return found


def shift_stays(
    township_id: int, hotspot_ids: Sequence[int], starts: Sequence[datetime], *, are_void: bool = False
) -> dict[tuple[int, int], tuple[int, list[Range]]]:
    """Presence at the hotspots within the 2 h before one of the visits, together for each crew: (shift, hotspot) →
    ranges. No visit has to wait longer for the next than that (app/rulebook/topics.py, `visit_gap_min`). Of duties
    that stand, or of those that were found false instead."""
    if not starts:
        return {}
    windows = [Between(at - LOOK_BACK, at, bounds="[]") for at in starts]
    span = literal(windows, TSTZMULTIRANGE)
    rows = db.session.execute(
        select(Duty.shift_id, PlacePresence.place_id, PlacePresence.during)
        .join(Duty, and_(Duty.township_id == PlacePresence.township_id, Duty.id == PlacePresence.duty_id))
        .where(
            PlacePresence.township_id == township_id, PlacePresence.place_kind == "hotspot",
            PlacePresence.place_id.in_(hotspot_ids), PlacePresence.during.op("&&")(span),
            Duty.voided_at.is_not(None) if are_void else Duty.voided_at.is_(None),
        )
    )  # fmt: skip
    found: dict[tuple[int, int], tuple[int, list[Range]]] = {}
    for shift_id, hotspot_id, during in rows:
        found.setdefault((shift_id, hotspot_id), (hotspot_id, []))[1].extend(
            (r.lower, r.upper) for r in during
        )
    return found


def there_after(duty: Duty, stays: Mapping[int, Sequence[Range]]) -> set[tuple[int, date]]:
    """(person, day) of others' duties at one of these hotspots while this one was there, or within the 2 h after."""
    windows = [
        Between(start, end + LOOK_BACK, bounds="[]") for ranges in stays.values() for start, end in ranges
    ]
    rows = db.session.execute(
        select(Duty.person_id, Duty.day)
        .join(
            PlacePresence,
            and_(PlacePresence.township_id == Duty.township_id, PlacePresence.duty_id == Duty.id),
        )
        .where(
            Duty.township_id == duty.township_id, Duty.id != duty.id, PlacePresence.place_kind == "hotspot",
            PlacePresence.place_id.in_(list(stays)),
            PlacePresence.during.op("&&")(literal(windows, TSTZMULTIRANGE)),
        )
    )  # fmt: skip
    return {(row.person_id, row.day) for row in rows}


def same_hazard(incident: Incident, within_m: float, within: timedelta, not_one: Collection[str]) -> bool:
    """Whether the hazard was reported before, by anybody, so near in place and time, and was one; or a report of it,
    earlier or later, has been verified already."""
    here = select(Incident.place).where(
        Incident.township_id == incident.township_id, Incident.id == incident.id
    )
    paid = select(VerifiedHazard.incident_id).where(
        VerifiedHazard.township_id == incident.township_id, VerifiedHazard.incident_id == Incident.id,
        VerifiedHazard.taken_back_at.is_(None),
    )  # fmt: skip
    earlier = and_(
        tuple_(Incident.reported_at, Incident.id) < tuple_(literal(incident.reported_at), literal(incident.id)),
        func.coalesce(Incident.closing, "").not_in(not_one),
    )  # fmt: skip
    same = select(Incident.id).where(
        Incident.township_id == incident.township_id, Incident.category == incident.category,
        Incident.id != incident.id, Incident.place.is_not(None), or_(earlier, paid.exists()),
        Incident.reported_at.between(incident.reported_at - within, incident.reported_at + within),
        func.ST_DWithin(cast(Incident.place, Geography), cast(here.scalar_subquery(), Geography), within_m),
    )  # fmt: skip
    return bool(db.session.scalar(select(same.exists())))


@dataclass(frozen=True)
class Standing:
    """A posting that has not been reversed; what it took is below nothing."""

    id: int
    rule: str
    cause: str
    n: int
    amount_half: int
    detail: dict[str, Any]
    policy_version_id: int | None
    person_id: int
    earned_on: date
    settles_at: datetime | None
    township_id: int
    debit_account: str
    credit_account: str
    why: str | None
    booked_in: date | None


def standing_entries(township_id: int, causes: Sequence[str]) -> dict[tuple[str, str], Standing]:
    """By (rule, cause): the posting in force."""
    reversal = select(PointEntry.reverses_id).where(
        PointEntry.township_id == township_id,
        PointEntry.cause.in_(causes),
        PointEntry.reverses_id.is_not(None),
    )
    rows = db.session.scalars(
        select(PointEntry).where(
            PointEntry.township_id == township_id, PointEntry.cause.in_(causes), PointEntry.reverses_id.is_(None),
            PointEntry.id.not_in(reversal),
        )
    )  # fmt: skip
    return {(e.rule, e.cause): _standing(e) for e in rows}


def standing_of_person(
    township_id: int, person_id: int, kinds: Collection[str], rules: Collection[str]
) -> dict[tuple[str, str], Standing]:
    """The same for all of a person's causes of these kinds, by these rules."""
    kind = func.split_part(PointEntry.cause, ":", 1)
    causes = select(PointEntry.cause).where(
        PointEntry.township_id == township_id, PointEntry.person_id == person_id, kind.in_(kinds),
        PointEntry.rule.in_(rules),
    )  # fmt: skip
    found = standing_entries(township_id, list(db.session.scalars(causes.distinct())))
    return {key: posted for key, posted in found.items() if key[0] in rules}


def earned_by(township_id: int, person_id: int) -> list[Standing]:
    """Whatever of a person's came from the township's source or went back to it, and stands, by whatever cause."""
    which = (PointEntry.township_id == township_id, PointEntry.person_id == person_id)
    undone = select(PointEntry.reverses_id).where(*which, PointEntry.reverses_id.is_not(None))
    rows = db.session.scalars(
        select(PointEntry)
        .where(
            *which, or_(PointEntry.debit_account == ISSUE, PointEntry.credit_account == ISSUE),
            PointEntry.reverses_id.is_(None), PointEntry.id.not_in(undone),
        )
        .order_by(PointEntry.id)
    )  # fmt: skip
    return [_standing(e) for e in rows]


def standing_of_month(township_id: int, person_id: int, first: date, last: date) -> list[PointEntry]:
    """A person's transfers of the days first..last that no reversal has undone, in the order of days."""
    which = (PointEntry.township_id == township_id, PointEntry.person_id == person_id)
    undone = select(PointEntry.reverses_id).where(*which, PointEntry.reverses_id.is_not(None))
    return list(
        db.session.scalars(
            select(PointEntry)
            .where(
                *which, PointEntry.earned_on.between(first, last), PointEntry.reverses_id.is_(None),
                PointEntry.id.not_in(undone),
            )
            .order_by(PointEntry.earned_on, PointEntry.cause, PointEntry.id)
        )
    )  # fmt: skip


def taken_back(
    township_id: int, person_id: int, first: date, last: date
) -> list[tuple[PointEntry, PointEntry]]:
    """Of the days first..last, what a reversal has undone and nothing was posted for since: each with its reversal."""
    undoing, later = aliased(PointEntry), aliased(PointEntry)
    again = select(later.id).where(
        later.township_id == undoing.township_id, later.rule == undoing.rule, later.cause == undoing.cause,
        later.n > undoing.n,
    )  # fmt: skip
    rows = db.session.execute(
        select(PointEntry, undoing)
        .join(
            undoing,
            and_(undoing.township_id == PointEntry.township_id, undoing.reverses_id == PointEntry.id),
        )
        .where(
            PointEntry.township_id == township_id, PointEntry.person_id == person_id,
            PointEntry.earned_on.between(first, last), ~again.exists(),
        )
        .order_by(PointEntry.earned_on, PointEntry.cause, PointEntry.id)
    )  # fmt: skip
    return [(row[0], row[1]) for row in rows]


def versions_by_id(version_ids: Sequence[int]) -> dict[int, tuple[str, date]]:
    """Of versions of numbers the area that set them and since when they count."""
    rows = db.session.execute(
        select(PolicyVersion.id, Area.name, PolicyVersion.valid_from)
        .join(Area, Area.id == PolicyVersion.area_id)
        .where(PolicyVersion.id.in_(set(version_ids)))
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def _standing(e: PointEntry) -> Standing:
    half = -e.amount_half if e.credit_account == ISSUE else e.amount_half
    detail = {key: value for key, value in e.detail.items() if key not in UNTOLD}
    return Standing(
        e.id, e.rule, e.cause, e.n, half, detail, e.policy_version_id, e.person_id, e.earned_on,
        e.settles_at, e.township_id, e.debit_account, e.credit_account, e.why, e.booked_in,
    )  # fmt: skip


def last_n(township_id: int, causes: Sequence[str]) -> dict[tuple[str, str], int]:
    rows = db.session.execute(
        select(PointEntry.rule, PointEntry.cause, func.max(PointEntry.n))
        .where(PointEntry.township_id == township_id, PointEntry.cause.in_(causes))
        .group_by(PointEntry.rule, PointEntry.cause)
    )
    return {(r[0], r[1]): r[2] for r in rows}


def earned_half(township_id: int, person_id: int, first: date, last: date) -> int:
    """Net half points that came to the person's pending account from the township's source for work of the days
    first..last, whatever became of them since."""
    account = f"person:{person_id}:pending"
    comes = and_(PointEntry.debit_account == ISSUE, PointEntry.credit_account == account)
    goes = and_(PointEntry.debit_account == account, PointEntry.credit_account == ISSUE)
    into = func.sum(PointEntry.amount_half).filter(comes)
    out = func.sum(PointEntry.amount_half).filter(goes)
    net = select(func.coalesce(into, 0) - func.coalesce(out, 0)).where(
        PointEntry.township_id == township_id, PointEntry.person_id == person_id,
        PointEntry.earned_on.between(first, last),
    )  # fmt: skip
    return int(db.session.scalar(net) or 0)
