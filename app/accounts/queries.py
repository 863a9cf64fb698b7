"""Questions about people, their devices and their attempts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, exists, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from app.accounts.models import (
    Audit,
    CalendarFeed,
    Consent,
    Person,
    RateCount,
    SecondFactor,
    SignInCode,
    UserSession,
)  # fmt: skip
from app.db import db


def person_by_login(login: str) -> Person | None:
    return db.session.scalar(select(Person).where(Person.login == login))


def live_session(secret_sha256: bytes, now: datetime) -> tuple[Person, UserSession] | None:
    row = db.session.execute(_live(), {"secret": secret_sha256, "now": now}).first()
    return (row[0], row[1]) if row else None


@cache
def _live() -> Any:
    """Put together once: every request begins with it."""
    return (
        select(Person, UserSession)
        .join(UserSession, UserSession.person_id == Person.id)
        .where(
            UserSession.secret_sha256 == bindparam("secret"), UserSession.revoked_at.is_(None),
            UserSession.expires_at > bindparam("now"), Person.active,
        )
    )  # fmt: skip


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


# Tries are kept by their instant instead, so that the last half hour is looked at and not the one on the clock.


def lock_tries(key: str) -> None:
    """Tries of one key side by side wait for each other until the transaction ends."""
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"tries:{key}", 0))))


def tries_since(key: str, since: datetime) -> list[tuple[datetime, int]]:
    """When it was tried after an instant, and how often; the newest first."""
    rows = db.session.execute(
        select(RateCount.window_at, RateCount.n)
        .where(RateCount.key == key, RateCount.window_at > since, RateCount.n > 0)
        .order_by(RateCount.window_at.desc())
    )
    return [(row[0], row[1]) for row in rows]


def add_try(key: str, now: datetime) -> None:
    row = insert(RateCount).values(key=key, window_at=now, n=1)
    db.session.execute(
        row.on_conflict_do_update(index_elements=["key", "window_at"], set_={"n": RateCount.n + 1})
    )


def take_back_try(key: str, now: datetime) -> None:
    """It was the right password."""
    row = (RateCount.key == key) & (RateCount.window_at == now)
    db.session.execute(update(RateCount).where(row).values(n=RateCount.n - 1))


def person_count() -> int:
    return int(db.session.scalar(select(func.count()).select_from(Person)) or 0)


def schema_revision() -> str | None:
    return db.session.execute(text("SELECT version_num FROM alembic_version")).scalar()


def queue_is_there() -> bool:
    return bool(db.session.execute(text("SELECT to_regclass('procrastinate_jobs') IS NOT NULL")).scalar())


# --- codes, second factors, consents, feeds -------------------------------------------------------


def put_code(person_id: int, code_mac: bytes, made_by: int, now: datetime, expires_at: datetime) -> None:
    """The person's one code; the one before is void."""
    new = {"code_mac": code_mac, "made_by": made_by, "made_at": now, "expires_at": expires_at}
    row = insert(SignInCode).values(person_id=person_id, **new)
    db.session.execute(row.on_conflict_do_update(index_elements=["person_id"], set_=new))


def owner_of_code(code_mac: bytes, now: datetime) -> Person | None:
    """Whose code it is; it stays good."""
    which = select(SignInCode.person_id).where(SignInCode.code_mac == code_mac, SignInCode.expires_at > now)
    return db.session.scalar(select(Person).where(Person.id.in_(which), Person.active))


def take_code(code_mac: bytes, now: datetime) -> Person | None:
    """Use a code up: whoever deletes its row has it, and nobody else. Answers whose it was."""
    used = delete(SignInCode).where(SignInCode.code_mac == code_mac, SignInCode.expires_at > now)
    person_id = db.session.scalar(used.returning(SignInCode.person_id))
    person = db.session.get(Person, person_id) if person_id is not None else None
    return person if person is not None and person.active else None


def codes_waiting(person_ids: Collection[int], now: datetime) -> dict[int, datetime]:
    """By person: until when an unused code opens their phone."""
    rows = db.session.execute(
        select(SignInCode.person_id, SignInCode.expires_at).where(
            SignInCode.person_id.in_(person_ids), SignInCode.expires_at > now
        )
    )
    return {row[0]: row[1] for row in rows}


def devices_of(person_ids: Collection[int], now: datetime) -> dict[int, tuple[int, datetime]]:
    """By person: how many devices are signed in, and when the last of them was seen."""
    rows = db.session.execute(
        select(UserSession.person_id, func.count(), func.max(UserSession.seen_at))
        .where(
            UserSession.person_id.in_(person_ids), UserSession.revoked_at.is_(None), UserSession.expires_at > now
        )
        .group_by(UserSession.person_id)
    )  # fmt: skip
    return {row[0]: (row[1], row[2]) for row in rows}


def second_factor_of(person_id: int) -> SecondFactor | None:
    return db.session.get(SecondFactor, person_id, populate_existing=True)


def use_step(person_id: int, step: int) -> bool:
    """Whether this is the first use of the step, or of any after it."""
    row = (SecondFactor.person_id == person_id) & (SecondFactor.last_step < step)
    done = db.session.execute(update(SecondFactor).where(row).values(last_step=step))
    return bool(done.rowcount)  # type: ignore[attr-defined]


def use_recovery(person_id: int, sha256: bytes) -> bool:
    """Take a recovery code out; whether it was there."""
    row = (SecondFactor.person_id == person_id) & SecondFactor.recovery_sha256.any(sha256)  # type: ignore[arg-type]
    left = func.array_remove(SecondFactor.recovery_sha256, sha256)
    done = db.session.execute(
        update(SecondFactor)
        .where(row)
        .values(recovery_sha256=left)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


def consents_of(person_id: int) -> dict[str, Consent]:
    rows = db.session.scalars(
        select(Consent).where(Consent.person_id == person_id).execution_options(populate_existing=True)
    )
    return {row.purpose: row for row in rows}


def put_consent(person_id: int, purpose: str, version: int, said: dict[str, datetime | None]) -> None:
    new = {"version": version, **said}
    row = insert(Consent).values(person_id=person_id, purpose=purpose, **new)
    db.session.execute(row.on_conflict_do_update(index_elements=["person_id", "purpose"], set_=new))


def refuses_tracks(person_id: int) -> bool:
    """Whether the person has said no to a track. Who was never asked has not."""
    said = exists().where(
        Consent.person_id == person_id, Consent.purpose == "tracks", Consent.withdrawn_at.is_not(None)
    )
    return bool(db.session.scalar(select(said)))


def put_feed(person_id: int, nonce: bytes, token_sha256: bytes, now: datetime) -> None:
    new = {"nonce": nonce, "token_sha256": token_sha256, "made_at": now}
    row = insert(CalendarFeed).values(person_id=person_id, **new)
    db.session.execute(row.on_conflict_do_update(index_elements=["person_id"], set_=new))


def drop_feed(person_id: int) -> bool:
    gone = db.session.execute(delete(CalendarFeed).where(CalendarFeed.person_id == person_id))
    return bool(gone.rowcount)  # type: ignore[attr-defined]


def feed_of(person_id: int) -> CalendarFeed | None:
    return db.session.get(CalendarFeed, person_id, populate_existing=True)


def person_of_feed(token_sha256: bytes) -> Person | None:
    return db.session.scalar(
        select(Person)
        .join(CalendarFeed, CalendarFeed.person_id == Person.id)
        .where(CalendarFeed.token_sha256 == token_sha256, Person.active)
    )


# --- looks ----------------------------------------------------------------------------------------


def looked_since(
    township_id: int, actor_id: int, member_id: int, action: str, of: str, since: datetime
) -> bool:
    found = exists().where(
        _about(township_id, member_id), Audit.action == action, Audit.actor_id == actor_id, Audit.at > since,
        Audit.detail["of"].astext == of,
    )  # fmt: skip
    return bool(db.session.scalar(select(found)))


@dataclass(frozen=True)
class Look:
    """Who saw where a member was, when, of which day, and what for (empty where that is not written down)."""

    at: datetime
    who: str
    what: str
    day: str
    why: str


def looks_of(member: Person, limit: int = 200) -> list[Look]:
    """Newest first. They stand under the member's township, as the duties do."""
    rows = db.session.execute(
        select(Audit.at, Person.name, Audit.action, Audit.detail)
        .outerjoin(Person, Person.id == Audit.actor_id)
        .where(_about(member.home_township_id or 0, member.id), Audit.action.like("look.%"))
        .order_by(Audit.at.desc(), Audit.id.desc())
        .limit(limit)
    )
    return [
        Look(r[0], r[1] or "", r[2].removeprefix("look."), str(r[3].get("day", "")), str(r[3].get("why", "")))
        for r in rows
    ]


ACCOUNT_ACTS = ("code.", "sessions.", "consent.", "totp.", "calendar.", "tracks.", "data.", "token.")


def account_trail(member: Person, limit: int = 1000) -> list[Audit]:
    """What was done with a person's account, newest first; no name of whoever did it."""
    acts = or_(*(Audit.action.like(f"{act}%") for act in ACCOUNT_ACTS))
    return list(
        db.session.scalars(
            select(Audit)
            .where(_about(member.home_township_id or 0, member.id), acts)
            .order_by(Audit.at.desc(), Audit.id.desc())
            .limit(limit)
        )
    )


def _about(township_id: int, member_id: int) -> ColumnElement[bool]:
    return and_(
        Audit.township_id == township_id, Audit.object_kind == "person", Audit.object_id == str(member_id)
    )
