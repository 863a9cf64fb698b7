"""Has the demo's duties taken in as from phones: by the function that the sync endpoint calls, or by another way of
sending. Nothing here commits: `tell` gives back after every outing, so that whoever calls can."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from app.accounts.models import Person
from app.db import db
from app.demo.duties import WHERE, Outing, motion_of
from app.demo.items import Claim, claims_of, clock_ahead_s, device_of, items_of
from app.demo.plan import TOLD_AFTER, Book, Todo
from app.demo.world import World
from app.duty.attendance import enter_attendance
from app.field.operations import Item, settle_duty, take_batch
from app.teams.scope import scope_of

BATCH = 50
# A phone sends a little after the end.
SENT_AFTER = timedelta(seconds=40)
# (whose phone, its items, when by the phone's clock, when by ours)
Send = Callable[[Person, list[Item], datetime, datetime], object]


def tell(world: World, book: Book, todo: list[Todo], send: Send = take_batch) -> Iterator[int]:
    """Takes in one outing after another; gives the number of its items. In process unless told otherwise: quicker."""
    for one in todo:
        outing, taken = one.outing, 0
        motion = motion_of(world, outing)
        for who in outing.crew:
            if who in world.teams[outing.team].without_phone:
                _declare(world, book, outing, one.shift_id, who)
            else:
                claims = claims_of(world, book.ids, outing, motion, who, one.shift_id)
                taken += _send(book, outing, who, claims, send)
        yield taken


def share_out(todo: list[Todo], parts: int) -> list[list[Todo]]:
    """Even parts by team: people of one team stay in one part, so that two parts never write about one person."""
    heaps: list[list[Todo]] = [[] for _ in range(parts)]
    for team, _ in Counter(t.outing.team for t in todo).most_common():
        min(heaps, key=len).extend(t for t in todo if t.outing.team == team)
    return [sorted(heap, key=lambda t: t.outing.starts_at) for heap in heaps if heap]


def _declare(world: World, book: Book, outing: Outing, shift_id: int, who: str) -> None:
    """No phone: the leader enters the times by the watch, and the duty is settled as the desk does."""
    leader = db.session.get_one(Person, book.ids.people[world.teams[outing.team].leader])
    began, ended, at = outing.began_at, outing.ended_at, outing.ended_at + TOLD_AFTER
    duty = enter_attendance(leader, scope_of(leader), shift_id, book.ids.people[who], began, ended, at)
    settle_duty(duty.township_id, duty.id, at)


def _send(book: Book, outing: Outing, who: str, claims: list[Claim], send: Send) -> int:
    """One phone's items, as the sync endpoint takes them: at most 50 at a time, stamped by the phone's clock."""
    person = db.session.get_one(Person, book.ids.people[who])
    device = str(device_of(who))
    items = items_of(outing, who, person.id, claims, book.seqs.get(device, 0) + 1)
    book.seqs[device] = book.seqs.get(device, 0) + len(items)
    ahead = timedelta(seconds=clock_ahead_s(who))
    for n in range(2 if who == WHERE["sent_twice"] else 1):
        received_at = outing.ended_at + SENT_AFTER * (n + 1)
        for k in range(0, len(items), BATCH):
            send(person, items[k : k + BATCH], received_at + ahead, received_at)
    return len(items)
