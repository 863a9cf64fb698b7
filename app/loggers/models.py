"""Native loggers of a member: an app on the phone that may send positions for the member's own duties."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db


class Logger(db.Model):
    """The address holds the token, the row its SHA-256 only. No position stands here, only when one was last heard.

    `heard_at`: the app last sent anything; `kept_at`: a point of it was last kept, which is on duty only; `fault`: the
    code of what was last of no use, none when the last was. Reference table.
    """

    __tablename__ = "loggers"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    app: Mapped[str]
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    made_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    heard_at: Mapped[datetime | None]
    kept_at: Mapped[datetime | None]
    unused: Mapped[int] = mapped_column(server_default=text("0"))
    simulated: Mapped[int] = mapped_column(server_default=text("0"))
    fault: Mapped[str | None]
    __table_args__ = (
        CheckConstraint("app IN ('traccar','osmand','owntracks','gpslogger','overland')", name="app"),
    )
