"""Requests of real clients, byte by byte: fixtures/*.txt, and what each is to answer and to leave behind.

A fixture begins with lines of `#` (why it is there) and `#=` (what is expected); then comes the request as it goes over
the wire. Its fixes lie 330 s and more after the duty's start, when it is sent 360 s after it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.db import db
from app.duty.models import Duty
from app.loggers import operations
from app.loggers.models import Logger
from app.tracks import operations as tracks
from app.tracks import queries as track_queries
from app.tracks.models import LoggerFix
from app.tracks.rules import Fix
from tests import make
from tests.phone import Phone

FOLDER = Path(__file__).parent / "fixtures"
NAMES = sorted(path.stem for path in FOLDER.glob("*.txt"))
STARTED = int(make.EVENING.timestamp())
ARRIVES = make.EVENING + timedelta(seconds=360)
# One known fix before each fixture, so that a single one of it makes a step and with that a segment.
ANCHOR = Fix(1143041000, 305843000, 9, STARTED + 300)


@dataclass(frozen=True)
class Fixture:
    name: str
    status: int
    kind: str
    body: str
    kept: tuple[Fix, ...]
    simulated: int
    fault: str | None
    head: str
    payload: str

    def raw(self, token: str) -> bytes:
        """As it goes over the wire."""
        payload = self.payload.encode()
        head = self.head.format(token=token)
        if payload:
            head += f"\r\nContent-Length: {len(payload)}"
        return head.replace("\n", "\r\n").replace("\r\r", "\r").encode() + b"\r\n\r\n" + payload


def fixture(name: str) -> Fixture:
    lines = (FOLDER / f"{name}.txt").read_text().split("\n")
    wanted = [line[2:].strip() for line in lines if line.startswith("#=")]
    request = "\n".join(line for line in lines if not line.startswith("#"))
    head, _, payload = request.partition("\n\n")
    says = dict(line.split(" ", 1) for line in wanted if not line.startswith("kept"))
    (status, (kind, body)) = next((key, value.split(" ", 1)) for key, value in says.items() if key.isdigit())
    return Fixture(
        name, int(status), kind, body[1:-1], tuple(_fix(w) for w in wanted if w.startswith("kept") and "noth" not in w),
        int(says.get("simulated", 0)), says.get("fault"), head, payload.rstrip("\n"),
    )  # fmt: skip


def _fix(words: str) -> Fix:
    _, lat, lon, after_s, accuracy = words.split()
    return Fix(round(float(lon) * 1e7), round(float(lat) * 1e7), int(accuracy), STARTED + int(after_s))


def send(caller: Any, sample: Fixture, token: str) -> Any:
    """Through the test client; the header that our own clients send is left out."""
    first, *rest = sample.head.format(token=token).split("\n")
    method, path, _ = re.match(r"(\S+) (\S+) (\S+)", first).groups()
    headers = dict(line.split(": ", 1) for line in rest)
    headers.pop("Content-Length", None)
    return caller.open(path, method=method, headers=headers, data=sample.payload.encode() or None, bare=True)


def new_logger(person: Any, app: str = "traccar") -> tuple[Logger, str]:
    logger, token = operations.make_logger(person, app, make.EVENING)
    db.session.commit()
    return logger, token


def begin(sync: Any, caller: Any, person: Any, shift: Any, at: Any = None) -> Phone:
    """The member's phone starts the duty."""
    phone = Phone(person, at or shift.starts_at)
    sync(caller, [phone.start(shift, at or shift.starts_at)], (at or shift.starts_at) + timedelta(seconds=5))
    return phone


def point(caller: Any, token: str, fix: Fix, app: str = "traccar") -> Any:
    """One fix, by the plainest of requests."""
    query = (
        f"lat={fix.lat_e7 / 1e7:.7f}&lon={fix.lon_e7 / 1e7:.7f}&timestamp={fix.t_s}&accuracy={fix.accuracy_m}"
    )
    return caller.get(f"/i/{app}/{token}?{query}", bare=True)


def pack_all(now: Any) -> None:
    """What the job of every minute does."""
    for key in operations.waiting_for_long(now):
        operations.pack(*key, now)
    db.session.commit()


def kept_of(logger: Logger) -> list[Fix]:
    """Every fix of a logger in the duties' segments, in time order."""
    db.session.expire_all()
    found: list[Fix] = []
    for duty in db.session.scalars(select(Duty).order_by(Duty.id)):
        found += tracks.logger_track(duty, logger.id)
    return found


def waiting_of(logger: Logger) -> list[LoggerFix]:
    return list(db.session.scalars(select(LoggerFix).where(LoggerFix.logger_id == logger.id)))


def segments_of(duty: Duty) -> list[track_queries.Stored]:
    db.session.expire_all()
    return track_queries.segments_of(duty)
