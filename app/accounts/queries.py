"""Questions about people, their devices and their attempts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, exists, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from app.accounts.models import Person, RateCount, UserSession
from app.db import db


def person_by_login(login: str) -> Person | None:
    return db.session.scalar(select(Person).where(Person.login == login))


def live_session(secret_sha256: bytes, now: datetime) -> tuple[Person, UserSession] | None:
    row = db.session.execute(
        select(Person, UserSession)
        .join(UserSession, UserSession.person_id == Person.id)
        .where(
            UserSession.secret_sha256 == secret_sha256, UserSession.revoked_at.is_(None),
            UserSession.expires_at > now, Person.active,
        )
    ).first()  # fmt: skip
    return (row[0], row[1]) if row else None


def sessions_of(person_id: int, now: datetime) -> list[UserSession]:
    return list(
        db.session.scalars(
            select(UserSession)
            .where(
                UserSession.person_id == person_id, UserSession.revoked_at.is_(None), UserSession.expires_at > now
            )
            .order_by(UserSession.seen_at.desc())
        )
    )  # fmt: skip


def is_device_of(person_id: int, secret_sha256: bytes) -> bool:
    """Has this device been signed in to the account before (even if that session has ended)?"""
    found = exists().where(UserSession.secret_sha256 == secret_sha256, UserSession.person_id == person_id)
    return bool(db.session.scalar(select(found)))


def window_start(window_s: int, now: datetime) -> datetime:
    epoch = int(now.timestamp())
    return datetime.fromtimestamp(epoch - epoch % window_s, UTC)


def attempts(key: str, window_s: int, now: datetime) -> tuple[int, int]:
    """Attempts in the present window, and the seconds until it ends."""
    start = window_start(window_s, now)
    n = db.session.scalar(select(RateCount.n).where(RateCount.key == key, RateCount.window_at == start)) or 0
    return n, max(1, int((start + timedelta(seconds=window_s) - now).total_seconds()))


def count_attempt(key: str, window_s: int, now: datetime) -> int:
    """One more attempt, by one upsert; answers the count in the present window."""
    row = insert(RateCount).values(key=key, window_at=window_start(window_s, now), n=1)
    row = row.on_conflict_do_update(index_elements=["key", "window_at"], set_={"n": RateCount.n + 1})
    return int(db.session.scalar(row.returning(RateCount.n)) or 1)


def uncount_attempt(key: str, window_s: int, now: datetime) -> None:
    """Take an attempt back: it was the right password."""
    row = (RateCount.key == key) & (RateCount.window_at == window_start(window_s, now))
    db.session.execute(update(RateCount).where(row).values(n=RateCount.n - 1))


def forget_old_counts(now: datetime) -> None:
    db.session.execute(delete(RateCount).where(RateCount.window_at < now - timedelta(days=1)))


def person_count() -> int:
    return int(db.session.scalar(select(func.count()).select_from(Person)) or 0)


def schema_revision() -> str | None:
    return db.session.execute(text("SELECT version_num FROM alembic_version")).scalar()


def queue_is_there() -> bool:
    return bool(db.session.execute(text("SELECT to_regclass('procrastinate_jobs') IS NOT NULL")).scalar())
