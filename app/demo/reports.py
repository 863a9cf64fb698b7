"""A handful of reports about places, as phones send them, what the leader made of some, and two hazards seen on duty:
one is still to be graded. Nothing here commits."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from PIL import Image, ImageDraw
from sqlalchemy import select

from app.accounts.models import Person
from app.accounts.rules import uuid7
from app.db import db
from app.demo.items import DEVICES, OFFSET_MIN, Ids
from app.demo.world import LEADER, MEMBER, World
from app.duty.models import Duty, Shift
from app.field.operations import Item, take_batch
from app.field.rules import body_sha256
from app.geofiles.photos import redraw
from app.incentives import hazards
from app.incentives.models import VerifiedHazard
from app.incidents import media, operations
from app.incidents.models import Incident
from app.routes.models import Checkpoint
from app.teams.scope import scope_of

ROUTE = "qinghe.r12"
MATE = "qinghe.t03.p02"


@dataclass(frozen=True)
class Seen:
    """What somebody saw so long ago at a checkpoint of the route, and what the leader decided."""

    who: str
    hours_ago: float
    seq: int
    category: str
    phrase: str
    text: str = ""
    decided: tuple[str, str | None] | None = None
    with_photo: bool = False


SEEN = (
    Seen(MEMBER, 3, 1, "road", "light_out", "第三根灯杆，靠桥一侧", None, True),
    Seen(MATE, 2, 1, "road", "light_out"),
    Seen(MATE, 26, 2, "fire", "exit_blocked", "通道口堆了纸箱", ("pass_on", "safety")),
    Seen(MEMBER, 50, 3, "weather", "road_flooded", "", ("close", "mended")),
    Seen(MEMBER, 75, 2, "order", "gate_open", "", ("close", "no_hazard")),
)


def add_reports(world: World, ids: Ids, now: datetime, folder: str) -> int:
    """Once: where somebody has reported already, nothing is added. Answers how many."""
    if db.session.scalar(select(Incident.id).limit(1)) is not None:
        return 0
    for n, seen in enumerate(SEEN, start=1):
        _report(world, ids, n, seen, now, folder)
    return len(SEEN)


def _report(world: World, ids: Ids, n: int, seen: Seen, now: datetime, folder: str) -> None:
    at = now - timedelta(hours=seen.hours_ago)
    person = db.session.get_one(Person, ids.people[seen.who])
    item = _item(person.id, n, at, _body(world, ids, n, seen))
    take_batch(person, [item], at + timedelta(seconds=20), at + timedelta(seconds=20))
    if seen.with_photo:
        _add_photo(person, photo_id(n), at, folder)
    if seen.decided:
        leader = db.session.get_one(Person, ids.people[LEADER])
        operations.decide(leader, scope_of(leader), item.id, *seen.decided, at + timedelta(hours=1))


# What was seen on the last duty, at which checkpoint of its route; the first is graded.
ON_DUTY = (("weather", "tree_down", 4), ("fire", "wires_bare", 5))


def add_hazards(ids: Ids, now: datetime) -> int:
    """Once: hazards that a member told of while on duty, as the points count them. Answers how many."""
    leader = db.session.get_one(Person, ids.people[LEADER])
    duty = _last_walk([ids.people[who] for who in (MEMBER, MATE)])
    if (
        duty is None
        or duty.started_at is None
        or duty.ended_at is None
        or db.session.scalar(select(VerifiedHazard.incident_id).limit(1)) is not None
    ):
        return 0
    items = [_on_duty(duty, duty.started_at, n, *seen) for n, seen in enumerate(ON_DUTY, len(SEEN) + 1)]
    person = db.session.get_one(Person, duty.person_id)
    take_batch(person, items, duty.ended_at, duty.ended_at)
    hazards.verify(leader, scope_of(leader), items[0].id, "medium", now)
    return len(items)


def _last_walk(people: list[int]) -> Duty | None:
    """The last duty with a route of the first of them who has one."""
    on_a_route = (Shift.township_id == Duty.township_id) & (Shift.id == Duty.shift_id)
    mine = (
        select(Duty)
        .join(Shift, on_a_route)
        .where(Duty.state == "ended", Shift.route_version_id.is_not(None), Duty.person_id.in_(people))
        .order_by(Duty.ended_at.desc())
    )
    found = {duty.person_id: duty for duty in reversed(db.session.scalars(mine).all())}
    return next((found[who] for who in people if who in found), None)


def _on_duty(duty: Duty, begun: datetime, n: int, category: str, phrase: str, seq: int) -> Item:
    version = select(Shift.route_version_id).where(
        Shift.township_id == duty.township_id, Shift.id == duty.shift_id
    )
    spot = select(Checkpoint.id).where(
        Checkpoint.route_version_id == version.scalar_subquery(), Checkpoint.seq == seq
    )
    body = {
        "category": category, "phrase": phrase, "shift_id": duty.shift_id,
        "checkpoint_id": db.session.scalars(spot).one(),
    }  # fmt: skip
    return _item(duty.person_id, n, begun + timedelta(minutes=5 * n), body)


def _body(world: World, ids: Ids, n: int, seen: Seen) -> dict[str, Any]:
    """A few metres beside the checkpoint; a photo where one was taken."""
    spot = next(c for c in world.routes[ROUTE].checkpoints if c.seq == seen.seq)
    lon, lat = spot.lonlat
    body: dict[str, Any] = {
        "category": seen.category, "phrase": seen.phrase, "checkpoint_id": ids.checkpoints[ROUTE, seen.seq],
        "place": {
            "lon_e7": round(lon * 1e7) + 400 + 50 * n, "lat_e7": round(lat * 1e7) + 300, "how": "here", "accuracy_m": 9,
        },
    }  # fmt: skip
    if seen.text:
        body["text"] = seen.text
    if seen.with_photo:
        body["photo_ids"] = [str(photo_id(n))]
    return body


def photo_id(n: int) -> UUID:
    return uuid5(DEVICES, f"photo {n}")


def _item(author_id: int, n: int, at: datetime, body: dict[str, Any]) -> Item:
    """From a phone of its own, so that the numbers of the members' phones stay whole."""
    return Item(
        id=uuid7(at, random.Random(n).randbytes(10)), schema=1, device_id=uuid5(DEVICES, f"reports {author_id}"),
        device_seq=n, author_id=author_id, kind="report", body=body, device_at=at, utc_offset_min=OFFSET_MIN,
        monotonic_ms=1000 * n, anchor_at=at - timedelta(minutes=5), sha256=body_sha256(body),
    )  # fmt: skip


def _add_photo(person: Person, its_id: UUID, at: datetime, folder: str) -> None:
    photo = operations.expect_photo(person, its_id, at)
    picture = redraw(_lamp_at_night())
    media.write(folder, photo.township_id, photo.id, picture.jpeg)
    operations.keep_photo(photo, picture.jpeg, picture.width, picture.height, at)


def _lamp_at_night() -> bytes:
    """Drawn, so that no picture of a real place is committed: a dark street, a lamp that is out, something blurred."""
    sheet = Image.new("RGB", (1200, 900), (24, 30, 44))
    draw = ImageDraw.Draw(sheet)
    draw.polygon([(420, 900), (560, 420), (640, 420), (860, 900)], fill=(52, 56, 64))
    draw.rectangle((0, 380, 420, 640), fill=(38, 44, 58))
    draw.rectangle((820, 340, 1200, 660), fill=(34, 40, 52))
    draw.rectangle((690, 180, 704, 700), fill=(120, 126, 132))
    draw.rectangle((600, 176, 700, 188), fill=(120, 126, 132))
    draw.ellipse((570, 184, 640, 214), fill=(70, 74, 82))
    for column in range(6):
        for row in range(3):
            tone = 70 + (column * 37 + row * 53) % 60
            draw.rectangle(
                (120 + 43 * column, 560 + 43 * row, 162 + 43 * column, 602 + 43 * row),
                fill=(tone, tone, tone + 8),
            )
    out = io.BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()
