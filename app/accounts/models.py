"""People who use Xunfang (members and officials, never residents), their sessions, limits and the audit."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Identity, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db


class Person(db.Model):
    """A patrol member, leader or official. Reference table."""

    __tablename__ = "people"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str | None]
    language: Mapped[str] = mapped_column(server_default="zh")
    home_township_id: Mapped[int | None] = mapped_column(ForeignKey("areas.id"))
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    # what Flask-Login asks of whoever is signed in
    is_authenticated = True
    is_anonymous = False

    @property
    def is_active(self) -> bool:
        return self.active

    def get_id(self) -> str:
        return str(self.id)


class UserSession(db.Model):
    """A signed-in device. The cookie holds the secret, the row its SHA-256 only.

    `slide_days` is of a phone that was opened by a code: it stays known for so many days since it was last seen.
    """

    __tablename__ = "sessions"
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    secret_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    device: Mapped[str]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    slide_days: Mapped[int | None]


class SignInCode(db.Model):
    """A code that opens a member's phone, once. One a person: a new one voids the old, and its use deletes the row.

    A code is short, so the row holds no plain hash of it but one under the server's key.
    """

    __tablename__ = "sign_in_codes"
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    code_mac: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    made_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class SecondFactor(db.Model):
    """The seed of a person's authenticator app, sealed, in force once confirmed.

    `last_step` is the newest 30-second step that was used: no code opens anything twice. Recovery codes are long enough
    for a plain hash, and one that is used is taken out.
    """

    __tablename__ = "second_factors"
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(server_default=text("0"))
    recovery_sha256: Mapped[list[bytes]] = mapped_column(ARRAY(LargeBinary), server_default=text("'{}'"))


class Consent(db.Model):
    """What a person said yes or no to, of which version of the words. No row: never asked. The audit keeps history."""

    __tablename__ = "consents"
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    purpose: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    given_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("purpose IN ('tracks','push','name_in_notice','ranking')", name="purpose"),
        CheckConstraint("given_at IS NOT NULL OR withdrawn_at IS NOT NULL", name="said"),
    )


class CalendarFeed(db.Model):
    """The address at which a person's calendar fetches the own shifts. Its token is made of `nonce` under the server's
    key, so that the owner can be shown it again; the row alone opens nothing."""

    __tablename__ = "calendar_feeds"
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    nonce: Mapped[bytes] = mapped_column(LargeBinary)
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    made_at: Mapped[datetime]


class RateCount(db.Model):
    """Attempts per key and window, counted by one upsert (PostgreSQL is the only shared store). Of keys whose limit
    slides, the window is the instant of the try itself."""

    __tablename__ = "rate_counts"
    key: Mapped[str] = mapped_column(primary_key=True)
    window_at: Mapped[datetime] = mapped_column(primary_key=True, index=True)
    n: Mapped[int] = mapped_column(server_default=text("1"))


class Audit(db.Model):
    """Append-only: who did or looked at what. The application may insert and read, nothing else."""

    __tablename__ = "audits"
    township_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor_id: Mapped[int | None]
    action: Mapped[str]
    object_kind: Mapped[str]
    object_id: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    __table_args__ = (
        Index("ix_audits_object", "township_id", "object_kind", "object_id"),
        {"postgresql_partition_by": "RANGE (id)"},
    )


class AccessToken(db.Model):
    """Lets a program (QGIS, ArcGIS) read what its person may read at /ogc, and nothing else. The row holds the token's
    SHA-256 only; `name` is what its person calls the program."""

    __tablename__ = "access_tokens"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    name: Mapped[str]
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint(
            "expires_at > made_at AND expires_at <= made_at + interval '366 days'", name="a_year_at_most"
        ),
    )
