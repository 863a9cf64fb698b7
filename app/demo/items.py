"""The envelopes that the phones of an outing send: made here, taken in by the product like any phone's. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import numpy as np

from app.accounts.rules import uuid7
from app.demo.duties import CLOCK_AHEAD_S, SILENT_S, WHERE, Outing
from app.demo.walk import Fix, Motion, Stay, cut_segments, take_fixes
from app.demo.world import World
from app.field.operations import Item
from app.field.rules import body_sha256

DEVICES = UUID("5e0e0c2a-6f3b-4d0e-9a52-6d0c6f1f7a01")
EVERY_S = 25
SEGMENT_FIXES = 150
OFFSET_MIN = 480
BOOTED_AT = datetime(2026, 1, 1, tzinfo=UTC)
# The plan was read shortly before the start: its answer carried the server's time.
SEEN_BEFORE = timedelta(minutes=5)
TOO_FAR_M = 130.0


@dataclass(frozen=True)
class Ids:
    """What the database calls the things of the world."""

    people: dict[str, int]
    checkpoints: dict[tuple[str, int], int]  # (route key, seq)
    hotspots: dict[str, int]


@dataclass(frozen=True)
class Claim:
    """One thing a phone writes down at true second `at_s` of the outing."""

    at_s: float
    kind: str
    body: dict[str, Any]


def carries_track(world: World, outing: Outing, person: str) -> bool:
    """The first of a crew records the way; every third time the second does too. Refusing costs nothing."""
    if outing.team == WHERE["no_tracks"]:
        return False
    if person == WHERE["teleports"] or person in world.teams[outing.team].without_phone:
        return False
    if person == outing.crew[0]:
        return True
    return outing.crew[0] != WHERE["track_gaps"] and outing.rng("second").random() < 0.33


def device_of(person: str) -> UUID:
    return uuid5(DEVICES, person)


def clock_ahead_s(person: str) -> int:
    return CLOCK_AHEAD_S if person == WHERE["wrong_clock"] else 0


def claims_of(
    world: World, ids: Ids, outing: Outing, motion: Motion, person: str, shift_id: int
) -> list[Claim]:
    """Everything one person's phone says during an outing, in the order of its happening."""
    rng = outing.rng(person)
    say = _Phone(world, ids, outing, motion, person, shift_id, rng)
    claims = [Claim(0.0, "duty.start", {"shift_id": shift_id}), *say.checkins()]
    if carries_track(world, outing, person):
        claims += say.segments()
    if not (person == WHERE["forgotten_ends"] and rng.random() < 0.7):
        claims.append(Claim(motion.seconds, "duty.end", {"shift_id": shift_id}))
    return sorted(claims, key=lambda c: c.at_s)


@dataclass(frozen=True)
class _Phone:
    world: World
    ids: Ids
    outing: Outing
    motion: Motion
    person: str
    shift_id: int
    rng: random.Random

    def checkins(self) -> list[Claim]:
        """At checkpoints once each (one of the crew does most of it); at hotspots a pair, arriving and leaving."""
        out: list[Claim] = []
        done: set[str] = set()
        alone = not carries_track(self.world, self.outing, self.person)
        keen = 0.97 if self.person == self.outing.crew[0] else 0.4
        for stay in self.motion.stays:
            if stay.place.startswith("c"):
                if stay.place not in done and self.rng.random() < keen:
                    out.append(self._here(stay))
                done.add(stay.place)
            elif alone or self.rng.random() < 0.5:
                out += self._pair(stay)
        if self.person == WHERE["teleports"]:
            out += self._teleport()
        return out

    def segments(self) -> list[Claim]:
        silent = [SILENT_S] if self.person == WHERE["track_gaps"] else []
        fixes = take_fixes(self.motion, EVERY_S, self.rng, silent)
        return [self._segment(part) for part in cut_segments(fixes, SEGMENT_FIXES) if len(part) >= 2]

    def _segment(self, part: Any) -> Claim:
        lonlat = np.round(self.world.plane.to_degrees([(f.x, f.y) for f in part]) * 1e7).astype(int)
        rows = [
            [int(lon), int(lat), f.accuracy_m, self._device_ms(f.t_s)]
            for f, (lon, lat) in zip(part, lonlat, strict=True)
        ]
        return Claim(part[-1].t_s + 1, "segment", {"shift_id": self.shift_id, "source": "pwa", "fixes": rows})

    def _device_ms(self, at_s: float) -> int:
        at = self.outing.began_at + timedelta(seconds=at_s + clock_ahead_s(self.person))
        return int(at.timestamp() * 1000)

    def _here(self, stay: Stay) -> Claim:
        at_s = (stay.from_s + stay.to_s) / 2
        if self.person == WHERE["out_of_range"] and self.rng.random() < 0.5:
            # Too early: the tap comes on the way, well before the checkpoint is reached.
            at_s = max(1.0, stay.from_s - TOO_FAR_M / 0.9)
        return self._claim(
            at_s, "here", checkpoint_id=self.ids.checkpoints[self.outing.route, int(stay.place[1:])]
        )

    def _pair(self, stay: Stay) -> list[Claim]:
        place = self.ids.hotspots[stay.place]
        return [
            self._claim(stay.from_s + self.rng.randint(5, 25), "arrive", hotspot_id=place),
            self._claim(stay.to_s - self.rng.randint(5, 25), "leave", hotspot_id=place),
        ]

    def _teleport(self) -> list[Claim]:
        """Ten seconds after the first check-in, one from the checkpoint farthest away."""
        first = next((s for s in self.motion.stays if s.place.startswith("c")), None)
        if first is None:
            return []
        points = self.world.routes[self.outing.route].checkpoints
        here = next(c for c in points if f"c{c.seq}" == first.place)
        far = max(points, key=lambda c: abs(c.xy[0] - here.xy[0]) + abs(c.xy[1] - here.xy[1]))
        at_s = (first.from_s + first.to_s) / 2 + 10
        place = self.ids.checkpoints[self.outing.route, far.seq]
        return [self._claim(at_s, "here", where=far.xy, checkpoint_id=place)]

    def _claim(
        self, at_s: float, phase: str, where: tuple[float, float] | None = None, **place: int
    ) -> Claim:
        x, y = where or tuple(self.motion.at(np.array([at_s]))[0])
        fix = Fix(
            0, float(x) + self.rng.gauss(0, 4), float(y) + self.rng.gauss(0, 4), self.rng.randint(4, 18)
        )
        lon, lat = np.round(self.world.plane.to_degrees([(fix.x, fix.y)])[0] * 1e7).astype(int)
        said = {"lon_e7": int(lon), "lat_e7": int(lat), "accuracy_m": fix.accuracy_m,
                "age_ms": self.rng.randint(300, 6000)}  # fmt: skip
        body = {"shift_id": self.shift_id, "phase": phase, "method": "gps", "fix": said, **place}
        return Claim(at_s, "checkin", body)


def items_of(outing: Outing, person: str, author_id: int, claims: list[Claim], first_seq: int) -> list[Item]:
    """The claims as a phone queues them; ids are seeded, so that a second run sends the same ones."""
    rng = outing.rng(f"{person}:ids")
    ahead = timedelta(seconds=clock_ahead_s(person))
    out = []
    for k, claim in enumerate(claims):
        at = outing.began_at + timedelta(seconds=round(claim.at_s, 3))
        out.append(
            Item(
                id=uuid7(at, rng.randbytes(10)), schema=1, device_id=device_of(person), device_seq=first_seq + k,
                author_id=author_id, kind=claim.kind, body=claim.body, device_at=at + ahead,
                utc_offset_min=OFFSET_MIN, monotonic_ms=int((at - BOOTED_AT).total_seconds() * 1000),
                anchor_at=outing.began_at - SEEN_BEFORE, sha256=body_sha256(claim.body),
            )
        )  # fmt: skip
    return out
