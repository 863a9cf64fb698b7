"""The inbox and the present answer to each item."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Integer,
    Text,
    Uuid,
    and_,
    cast,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from app.accounts.models import Person
from app.checkins.models import Checkin
from app.db import db
from app.duty.models import Assignment, Duty, DutyEvent, Shift
from app.duty.queries import of_duty
from app.field.models import InboxItem, ItemState, QuarantineItem, ServerEpoch
from app.teams.models import TeamMember

Known = tuple[int, int, bytes]


def known_items(ids: Iterable[UUID]) -> dict[UUID, Known]:
    """By id alone, over all townships: (township, author, sha256), so that one id never stands under two."""
    rows = db.session.execute(
        select(InboxItem.id, InboxItem.township_id, InboxItem.author_id, InboxItem.sha256).where(
            InboxItem.id.in_(list(ids))
        )
    )
    return {r[0]: (r[1], r[2], bytes(r[3])) for r in rows}


def home_township_of(person_id: int) -> int | None:
    return db.session.scalar(select(Person.home_township_id).where(Person.id == person_id))


def add_inbox(values: dict[str, Any]) -> bool:
    """Insert-only; False when the id is already there."""
    row = insert(InboxItem).values(**values).on_conflict_do_nothing().returning(InboxItem.id)
    return db.session.scalar(row) is not None


def add_state(values: dict[str, Any]) -> None:
    db.session.execute(insert(ItemState).values(**values).on_conflict_do_nothing())


def set_state(township_id: int, item_id: UUID, now: datetime, **values: Any) -> None:
    db.session.execute(
        update(ItemState)
        .where(ItemState.township_id == township_id, ItemState.id == item_id)
        .values(changed_at=now, **values)
    )


def release_held(township_id: int, item_id: UUID, reason: str, now: datetime) -> None:
    """What waited for just this reason is stored now."""
    db.session.execute(
        update(ItemState)
        .where(
            ItemState.township_id == township_id, ItemState.id == item_id, ItemState.result == "held",
            ItemState.reasons == [reason],
        )
        .values(changed_at=now, result="stored", reasons=[])
    )  # fmt: skip


def set_verdict(
    township_id: int, item_id: UUID, verdict: str, reasons: list[str], now: datetime, level: int | None = None
) -> bool:
    """The answer to a check-in; untouched, and so no news to the phone, when it stays the same. True when the phone may
    have heard another answer before."""
    before = aliased(ItemState)
    is_news = or_(
        ItemState.verdict.is_distinct_from(verdict), ItemState.reasons.is_distinct_from(reasons),
        ItemState.evidence_level.is_distinct_from(level), ItemState.result == "held",
    )  # fmt: skip
    was = db.session.execute(
        update(ItemState)
        .where(
            ItemState.township_id == township_id, ItemState.id == item_id, is_news,
            before.township_id == ItemState.township_id, before.id == ItemState.id, before.township_id == township_id,
            before.id == item_id,
        )
        .values(changed_at=now, result="stored", verdict=verdict, reasons=reasons, evidence_level=level)
        .returning(before.verdict)
        .execution_options(synchronize_session=False)
    ).first()  # fmt: skip
    return was is not None and was[0] is not None


def add_quarantine(
    township_id: int, item_id: str, code: str, content: Any, sha256: bytes, person_id: int, now: datetime
) -> None:
    db.session.execute(
        insert(QuarantineItem)
        .values(
            township_id=township_id, item_id=item_id[:80], code=code, content=content, sha256=sha256,
            session_person_id=person_id, received_at=now,
        )
        .on_conflict_do_nothing()
    )  # fmt: skip


def states_of(ids: Sequence[UUID]) -> dict[UUID, ItemState]:
    rows = db.session.scalars(
        select(ItemState).where(ItemState.id.in_(list(ids))).execution_options(populate_existing=True)
    )
    return {row.id: row for row in rows}


def changed_states(township_id: int, author_id: int, since: datetime, limit: int) -> list[ItemState]:
    """Receipts of an author that changed at or after `since`, oldest change first."""
    return list(
        db.session.scalars(
            select(ItemState)
            .where(
                ItemState.township_id == township_id, ItemState.author_id == author_id, ItemState.changed_at >= since
            )
            .order_by(ItemState.changed_at, ItemState.id)
            .limit(limit)
            .execution_options(populate_existing=True)
        )
    )  # fmt: skip


def held_for(township_id: int, shift_id: int, author_id: int, codes: Sequence[str]) -> list[InboxItem]:
    """Held items of an author and shift that wait for one of the reasons, oldest id first."""
    return list(
        db.session.scalars(
            select(InboxItem)
            .join(ItemState, and_(ItemState.township_id == InboxItem.township_id, ItemState.id == InboxItem.id))
            .where(
                ItemState.township_id == township_id, ItemState.shift_id == shift_id,
                ItemState.author_id == author_id, ItemState.result == "held",
                ItemState.reasons.overlap(list(codes)), InboxItem.body.is_not(None),
            )
            .order_by(InboxItem.id)
        )
    )  # fmt: skip


def held_by(township_id: int, author_id: int, code: str) -> list[InboxItem]:
    """Held items of an author that wait for one reason, whatever their shift, oldest id first."""
    return list(
        db.session.scalars(
            select(InboxItem)
            .join(ItemState, and_(ItemState.township_id == InboxItem.township_id, ItemState.id == InboxItem.id))
            .where(
                ItemState.township_id == township_id, ItemState.author_id == author_id,
                ItemState.result == "held", ItemState.reasons.overlap([code]), InboxItem.body.is_not(None),
            )
            .order_by(InboxItem.id)
        )
    )  # fmt: skip


def held_words(township_id: int, codes: Sequence[str]) -> list[InboxItem]:
    """Held items of a township that wait for an item of whoever's, oldest id first."""
    return list(
        db.session.scalars(
            select(InboxItem)
            .join(ItemState, and_(ItemState.township_id == InboxItem.township_id, ItemState.id == InboxItem.id))
            .where(
                ItemState.township_id == township_id, ItemState.result == "held",
                ItemState.reasons.overlap(list(codes)), InboxItem.body.is_not(None),
            )
            .order_by(InboxItem.id)
        )
    )  # fmt: skip


def missed_words(limit: int, codes: Sequence[str]) -> list[tuple[int, UUID]]:
    """Held items that wait for a check-in, or a tap of a duty, which is there."""
    about = cast(func.coalesce(InboxItem.body["checkin_id"].astext, InboxItem.body["item_id"].astext), Uuid)
    rows = db.session.execute(
        select(ItemState.township_id, ItemState.id)
        .join(InboxItem, and_(InboxItem.township_id == ItemState.township_id, InboxItem.id == ItemState.id))
        .where(
            ItemState.result == "held", ItemState.reasons.overlap(list(codes)),
            or_(*[
                select(model.id).where(model.township_id == ItemState.township_id, model.id == about).exists()
                for model in (Checkin, DutyEvent)
            ]),
        )
        .limit(limit)
    )  # fmt: skip
    return [(r[0], r[1]) for r in rows]


def stranded_items(limit: int) -> list[tuple[int, UUID]]:
    """Held items whose duty or shift can be reached by now: the leader has put the person on it since, or both came at
    the same moment and neither saw the other."""
    duty = select(Duty.id).where(
        Duty.township_id == ItemState.township_id, Duty.shift_id == ItemState.shift_id,
        Duty.person_id == ItemState.author_id,
    )  # fmt: skip
    assigned = select(Assignment.id).where(
        Assignment.township_id == ItemState.township_id, Assignment.shift_id == ItemState.shift_id,
        Assignment.person_id == ItemState.author_id, Assignment.active,
    )  # fmt: skip
    joined = (
        select(Shift.id)
        .join(TeamMember, TeamMember.team_id == Shift.team_id)
        .where(
            Shift.township_id == ItemState.township_id, Shift.id == ItemState.shift_id,
            TeamMember.person_id == ItemState.author_id, TeamMember.left_on.is_(None),
        )
    )  # fmt: skip
    waits = ItemState.reasons.overlap
    rows = db.session.execute(
        select(ItemState.township_id, ItemState.id)
        .where(
            ItemState.result == "held",
            or_(
                and_(waits(["waiting_for_start"]), duty.exists()),
                and_(
                    waits(["waiting_for_shift"]),
                    ItemState.kind == "duty.start",
                    or_(assigned.exists(), joined.exists()),
                ),
            ),
        )
        .order_by(ItemState.id)
        .limit(limit)
    )
    return [(r[0], r[1]) for r in rows]


def failed_items(limit: int, most_tries: int, offered: Sequence[str]) -> list[tuple[int, UUID]]:
    """Items whose judging failed, and those of a kind that an older release stored and this one takes."""
    waiting_for_us = and_(ItemState.reasons.overlap(["kind_not_offered"]), ItemState.kind.in_(list(offered)))
    rows = db.session.execute(
        select(ItemState.township_id, ItemState.id)
        .where(
            ItemState.result == "held",
            or_(ItemState.reasons.overlap(["judging_failed"]), waiting_for_us),
            ItemState.tries < most_tries,
        )
        .order_by(ItemState.changed_at)
        .limit(limit)
    )
    return [(r[0], r[1]) for r in rows]


def is_not_stored() -> Any:
    """Written out, so that the index on just these rows answers (`ix_item_states_not_stored`)."""
    return ItemState.result != literal_column("'stored'")


def inbox_item(township_id: int, item_id: UUID) -> InboxItem | None:
    return db.session.get(InboxItem, (township_id, item_id))


def forget_bodies(township_id: int, author_id: int, kept_shifts: Sequence[int]) -> int:
    """Null the bodies of an author's items, through the function that may; answers how many."""
    kept = cast(list(kept_shifts), ARRAY(BigInteger))
    return int(db.session.scalar(select(func.forget_bodies_of(township_id, author_id, kept))) or 0)


def gaps_of(duty: Duty) -> frozenset[UUID]:
    """Check-ins of a duty whose device's item just before never came, nor lies in quarantine."""
    rows = db.session.execute(
        select(Checkin.id, Checkin.device_id, Checkin.device_seq).where(
            of_duty(Checkin, duty), Checkin.device_seq > 1
        )
    ).all()
    if not rows:
        return frozenset()
    numbers = {r[2] - 1 for r in rows}
    before = select(cast(InboxItem.device_id, Text), InboxItem.device_seq).where(
        InboxItem.township_id == duty.township_id, InboxItem.device_id.in_({r[1] for r in rows}),
        InboxItem.device_seq.in_(numbers),
    )  # fmt: skip
    device, number = said_device(), said_number()
    aside = select(device, number).where(
        QuarantineItem.township_id == duty.township_id,
        device.in_({str(r[1]) for r in rows}),
        number.in_(numbers),
    )
    came = {(r[0], r[1]) for r in db.session.execute(before.union_all(aside))}
    return frozenset(item_id for item_id, device, seq in rows if (str(device), seq - 1) not in came)


def said_device() -> ColumnElement[str]:
    """The phone that something in quarantine says it is from."""
    return QuarantineItem.content["device_id"].astext


def said_number() -> ColumnElement[int]:
    """The number that something in quarantine says it has from its phone; null where that is none."""
    return cast(func.substring(QuarantineItem.content["device_seq"].astext, "^[0-9]{1,9}$"), Integer)


def flagged_for_gap(
    townships: Collection[int], sent: Collection[tuple[UUID, int]]
) -> list[tuple[int, int, int]]:
    """Of check-ins by their device and number: the duties (township, shift, person) of those flagged for a gap."""
    if not sent:
        return []
    rows = db.session.execute(
        select(Duty.township_id, Duty.shift_id, Duty.person_id)
        .join(Checkin, and_(Checkin.township_id == Duty.township_id, Checkin.duty_id == Duty.id))
        .join(InboxItem, and_(InboxItem.township_id == Checkin.township_id, InboxItem.id == Checkin.id))
        .where(
            InboxItem.township_id.in_(list(townships)),
            tuple_(InboxItem.device_id, InboxItem.device_seq).in_(list(sent)),
            Checkin.reasons.overlap(["sequence_gap"]),
        )
        .distinct()
    )  # fmt: skip
    return [(r[0], r[1], r[2]) for r in rows]


def epoch() -> str:
    """The newest history marker of this server."""
    newest = select(ServerEpoch.id).order_by(ServerEpoch.made_at.desc()).limit(1)
    return str(db.session.scalar(newest) or "")
