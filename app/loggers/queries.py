"""Questions about native loggers: whose a token is, what is set up, which of the person's duties a moment lies in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update

from app.accounts.models import Person
from app.accounts.queries import refuses_tracks
from app.db import db
from app.duty.models import Duty
from app.loggers.models import Logger


def logger_by_token(token_sha256: bytes) -> tuple[Logger, Person] | None:
    """The live logger of a token and its member; revoked ones and those of closed accounts are nobody's."""
    row = db.session.execute(
        select(Logger, Person)
        .join(Person, Person.id == Logger.person_id)
        .where(Logger.token_sha256 == token_sha256, Logger.revoked_at.is_(None), Person.active)
    ).first()
    return (row[0], row[1]) if row else None


def loggers_of(person_id: int) -> list[Logger]:
    """The live ones, the newest first."""
    return list(
        db.session.scalars(
            select(Logger)
            .where(Logger.person_id == person_id, Logger.revoked_at.is_(None))
            .order_by(Logger.id.desc())
        )
    )


def own_logger(person_id: int, logger_id: int) -> Logger | None:
    return db.session.scalar(
        select(Logger).where(
            Logger.id == logger_id, Logger.person_id == person_id, Logger.revoked_at.is_(None)
        )
    )


def logger_by_id(logger_id: int) -> Logger | None:
    return db.session.get(Logger, logger_id)


def count_live(person_id: int) -> int:
    live = (Logger.person_id == person_id) & Logger.revoked_at.is_(None)
    return db.session.scalar(select(func.count()).select_from(Logger).where(live)) or 0


def has_loggers(person_id: int) -> bool:
    """Any at all, revoked ones too: what they recorded is cut like the rest."""
    return bool(db.session.scalar(select(select(Logger.id).where(Logger.person_id == person_id).exists())))


def note(logger_id: int, **values: object) -> None:
    db.session.execute(update(Logger).where(Logger.id == logger_id).values(**values))


def duties_around(person: Person, low_s: int, high_s: int) -> list[Duty]:
    """The person's own begun duties of the days around these seconds; one that a leader wrote in is no beginning."""
    first = datetime.fromtimestamp(low_s, UTC).date() - timedelta(days=2)
    last = datetime.fromtimestamp(high_s, UTC).date() + timedelta(days=2)
    return list(
        db.session.scalars(
            select(Duty)
            .where(
                Duty.township_id == person.home_township_id, Duty.person_id == person.id,
                Duty.day.between(first, last), Duty.entered_by.is_(None), Duty.started_at.is_not(None),
            )
            .order_by(Duty.id)
        )
    )  # fmt: skip


def duties_on(person: Person, shift_ids: Iterable[int]) -> list[Duty]:
    return list(
        db.session.scalars(
            select(Duty)
            .where(
                Duty.township_id == person.home_township_id, Duty.person_id == person.id,
                Duty.shift_id.in_(list(shift_ids)),
            )
            .order_by(Duty.shift_id)
        )
    )  # fmt: skip


def may_track(person_id: int) -> bool:
    """Whether the member agrees to tracks being kept."""
    return not refuses_tracks(person_id)
