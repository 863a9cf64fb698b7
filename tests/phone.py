"""A phone in Python: makes envelopes as the phone does and sends them through the real HTTP endpoint."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from app.accounts.models import Person
from app.accounts.rules import uuid7
from app.clock import rfc3339
from app.duty.models import Shift
from app.field.rules import body_sha256
from tests import places

CLIENT = {"X-Xunfang-Client": "tests/1"}


@dataclass
class Phone:
    """`clock` is what the phone believes; `off` is how far that is from the truth."""

    person: Person
    clock: datetime
    off: timedelta = timedelta()
    anchor: str | None = None
    device_id: str = field(default_factory=lambda: str(uuid4()))
    seq: int = 0

    def item(
        self, kind: str, body: dict[str, Any], at: datetime | None = None, **more: Any
    ) -> dict[str, Any]:
        self.seq += 1
        device_at = (at or self.clock) + self.off
        envelope = {
            "id": str(uuid7(device_at, secrets.token_bytes(10))), "schema": 1, "device_id": self.device_id,
            "device_seq": self.seq, "author_id": self.person.id, "kind": kind, "body": body,
            "device_at": rfc3339(device_at), "utc_offset_min": 480, "monotonic_ms": 1000 * self.seq,
            "anchor": self.anchor, "sha256": body_sha256(body),
        }  # fmt: skip
        return {**envelope, **more}

    def start(self, shift: Shift, at: datetime | None = None) -> dict[str, Any]:
        return self.item("duty.start", {"shift_id": shift.id}, at)

    def end(self, shift: Shift, at: datetime | None = None) -> dict[str, Any]:
        return self.item("duty.end", {"shift_id": shift.id}, at)

    def mark(self, kind: str, shift: Shift, at: datetime | None = None) -> dict[str, Any]:
        return self.item(f"duty.{kind}", {"shift_id": shift.id}, at)

    def checkin(
        self, shift: Shift, checkpoint_id: int, x_m: float, y_m: float, at: datetime | None = None, **fix: Any
    ) -> dict[str, Any]:
        body = {
            "shift_id": shift.id, "phase": "here", "checkpoint_id": checkpoint_id, "method": "gps",
            "fix": self.fix(x_m, y_m, **fix),
        }  # fmt: skip
        return self.item("checkin", body, at)

    def at_hotspot(
        self, shift: Shift, hotspot_id: int, phase: str, x_m: float, y_m: float, at: datetime | None = None
    ) -> dict[str, Any]:
        body = {
            "shift_id": shift.id, "phase": phase, "hotspot_id": hotspot_id, "method": "gps",
            "fix": self.fix(x_m, y_m),
        }  # fmt: skip
        return self.item("checkin", body, at)

    def fix(
        self, x_m: float, y_m: float, accuracy_m: int = 8, age_ms: int = 900, **more: Any
    ) -> dict[str, Any]:
        lon, lat = places.here_e7(x_m, y_m)
        return {"lon_e7": lon, "lat_e7": lat, "accuracy_m": accuracy_m, "age_ms": age_ms, **more}

    def segment(
        self, shift: Shift, track: Sequence[tuple[float, float, datetime]], **more: Any
    ) -> dict[str, Any]:
        """`track` is (x, y, true time); accuracy 8 m."""
        fixes = [[*places.here_e7(x, y), 8, ms(at + self.off)] for x, y, at in track]
        body = {"shift_id": shift.id, "source": "pwa", "fixes": fixes}
        return self.item("segment", body, track[-1][2], **more)


def ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def walk(
    points: Sequence[tuple[float, float]], starts_at: datetime, m_per_s: float = 1.2, every_s: int = 15
) -> list[tuple[float, float, datetime]]:
    """Fixes every `every_s` along the points at an even pace, the last point included."""
    from shapely.geometry import LineString

    line = LineString(points)
    seconds = line.length / m_per_s
    times = [*range(0, int(seconds), every_s), seconds]
    spots = [line.interpolate(t * m_per_s) for t in times]
    return [(p.x, p.y, starts_at + timedelta(seconds=round(t))) for p, t in zip(spots, times, strict=True)]


def cut_up(track: Sequence[Any], size: int) -> list[list[Any]]:
    """Segments of at most `size` fixes; each repeats the last fix of the one before."""
    return [list(track[i : i + size]) for i in range(0, len(track) - 1, size - 1)]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
