"""Taking what phones send: register first, judge after. Safe to repeat for ever; any order ends in the same state.

Each item is registered in its own savepoint. Then each duty that was touched is settled once, in a savepoint of its
own: span, verdicts, presence and points together or not at all. The caller commits once for the whole batch.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import null
from sqlalchemy.exc import OperationalError

from app.accounts.models import Person
from app.accounts.queries import refuses_tracks
from app.db import db
from app.duty import queries as duty_queries
from app.duty.models import Shift
from app.errors import DomainError, trace_of
from app.field import answers as words
from app.field import quarantine, queries, reports, settling
from app.field.alarms import WAITING_FOR_SOS, is_of_same_phone
from app.field.kinds import offered_kinds, taker_of
from app.field.models import InboxItem, ItemState
from app.field.rules import EffectiveTime, Policy, body_sha256, effective_time, holds_nul, policy_from

log = logging.getLogger("xunfang.field")
OFFERED = ("duty.start", "duty.pause", "duty.resume", "duty.end", "checkin", "segment", "note")
WAITING = ("waiting_for_start", "waiting_for_shift")
MOST_TRIES = 5


def is_offered(kind: str) -> bool:
    """Whether this release takes the kind; others are stored and wait."""
    return kind in OFFERED or taker_of(kind) is not None


@dataclass(frozen=True)
class Item:
    """An envelope whose shape is right. `anchor_at` is the time of a token that we signed, if it carried one."""

    id: UUID
    schema: int
    device_id: UUID
    device_seq: int
    author_id: int
    kind: str
    body: dict[str, Any]
    device_at: datetime
    utc_offset_min: int
    monotonic_ms: int
    anchor_at: datetime | None
    sha256: str


@dataclass(frozen=True)
class Broken:
    """Something in the batch that is no usable item, for ever: kept in quarantine where a person sees it."""

    id: str
    code: str
    content: Any


@dataclass(frozen=True)
class Receipt:
    id: str
    result: str
    verdict: str | None = None
    reasons: tuple[str, ...] = ()
    effective_at: datetime | None = None
    changed_at: datetime | None = None
    evidence_level: int | None = None


@dataclass
class Batch:
    """One request's items: who sent them, when by their clock and by ours, and the duties they touched."""

    person: Person
    sent_at: datetime
    now: datetime
    known: dict[UUID, queries.Known]
    touched: dict[settling.DutyKey, list[UUID]] = field(default_factory=dict)
    segments: dict[settling.DutyKey, list[UUID]] = field(default_factory=dict)
    policies: dict[int, Policy] = field(default_factory=dict)
    grounds: settling.Grounds = field(default_factory=settling.Grounds)
    refusals: dict[int, bool] = field(default_factory=dict)
    came: set[str] = field(default_factory=set)

    def refuses(self, kind: str, author_id: int) -> bool:
        """Whether the author has said no to a track, and this is a piece of one."""
        if kind != "segment":
            return False
        if author_id not in self.refusals:
            self.refusals[author_id] = refuses_tracks(author_id)
        return self.refusals[author_id]

    def time_policy(self, township_id: int) -> Policy:
        """The numbers of the time rule in the author's township, on the day of arrival."""
        if township_id not in self.policies:
            self.policies[township_id] = policy_from(
                self.grounds.at(township_id, self.now).in_force.body("field")
            )
        return self.policies[township_id]

    def why_not_kept(self, kind: str, author_id: int, body: Any) -> str | None:
        return "tracks_refused" if self.refuses(kind, author_id) else reports.why_not_kept(kind, body)

    def touch(self, key: settling.DutyKey | None, item_id: UUID, kind: str) -> None:
        if key is None:
            return
        self.touched.setdefault(key, []).append(item_id)
        if kind == "segment":
            self.segments.setdefault(key, []).append(item_id)


def take_batch(
    person: Person, items: Sequence[Item | Broken], sent_at: datetime, now: datetime
) -> list[Receipt]:
    """One receipt per item, in order. Flushes, never commits."""
    ids = [item.id for item in items if isinstance(item, Item)]
    batch = Batch(person, sent_at, now, queries.known_items(ids))
    answers: list[Receipt | None] = [None] * len(items)
    # Starts and calls first, then by id: two batches with the same items take their locks in the same order.
    for n in sorted(range(len(items)), key=lambda n: _turn(items[n])):
        answers[n] = _take_safely(batch, items[n])
    _release_words(batch)
    _touch_after_gaps(batch, items)
    settle_touched(batch)
    return _with_states(items, answers)


def _turn(item: Item | Broken) -> tuple[int, str]:
    if isinstance(item, Broken):
        return 2, item.id
    return (0 if item.kind in ("duty.start", "sos") else 1), str(item.id)


def _take_safely(batch: Batch, item: Item | Broken) -> Receipt | None:
    """A poison item never holds back the rest: what cannot be judged is stored all the same."""
    try:
        with db.session.begin_nested():
            return take_item(batch, item)
    except OperationalError:
        raise  # the database is away or asks for another try: the whole batch is sent again
    except DomainError as error:
        return _reject(batch, item, error.code)
    except Exception as error:
        log.error("judging failed: %s", trace_of(error))
        with db.session.begin_nested():
            return _hold_unjudged(batch, item)


def take_item(batch: Batch, item: Item | Broken) -> Receipt | None:
    """Register one item and let its domain take it. None means: the answer is the item's state."""
    if isinstance(item, Broken):
        return _reject(batch, item, item.code)
    known = batch.known.get(item.id)
    if known is not None:
        return _seen_before(batch, item, known)
    if item.sha256 != _sha256(item):
        return _reject(batch, item, "wrong_hash")
    return register(batch, item)


def _sha256(item: Item) -> str:
    try:
        digest = body_sha256(item.body)
    except ValueError as error:
        raise DomainError("malformed_body") from error
    if holds_nul(item.body):  # PostgreSQL's texts cannot hold U+0000
        raise DomainError("malformed_body")
    return digest


def register(batch: Batch, item: Item) -> Receipt | None:
    township_id = _township_of(batch, item.author_id)
    if township_id is None:
        return _reject(batch, item, "unknown_author")
    effective = effective_time(
        item.device_at, batch.sent_at, batch.now, item.anchor_at, batch.time_policy(township_id)
    )
    if not queries.add_inbox(_inbox_values(batch, item, township_id)):
        # Another request put it there between our look and our insert.
        batch.known.update(queries.known_items([item.id]))
        return _seen_before(batch, item, batch.known[item.id])
    batch.known[item.id] = (township_id, item.author_id, bytes.fromhex(item.sha256))
    queries.add_state(_state_values(item, township_id, effective, batch.now))
    refused = batch.why_not_kept(item.kind, item.author_id, item.body)
    if refused is not None:
        # Its number and hash stay, so that nothing looks missing; its content is not kept.
        queries.set_state(township_id, item.id, batch.now, result="rejected", reasons=[refused])
        return None
    if not _is_heard(batch, item, township_id):
        queries.set_state(township_id, item.id, batch.now, result="held", reasons=["other_author"])
        return None
    _apply(batch, township_id, item.id, item.kind, item.body, effective, item)
    return None


def _is_heard(batch: Batch, item: Item, township_id: int) -> bool:
    """One's own item; or a call for help from a borrowed phone, which is heard like any other, with who brought it
    beside it; or the end of that call from the same phone."""
    if item.author_id == batch.person.id or item.kind == "sos":
        return True
    return item.kind == "sos.cancel" and is_of_same_phone(
        township_id, item.author_id, item.device_id, item.body
    )


def _township_of(batch: Batch, author_id: int) -> int | None:
    """The author's home township: where the item stays for ever."""
    own = author_id == batch.person.id
    return batch.person.home_township_id if own else queries.home_township_of(author_id)


def _inbox_values(batch: Batch, item: Item, township_id: int) -> dict[str, Any]:
    refused = batch.why_not_kept(item.kind, item.author_id, item.body)
    body = item.body if refused is None else null()  # SQL null, not JSON's
    return {
        "township_id": township_id, "id": item.id, "schema": item.schema, "device_id": item.device_id,
        "device_seq": item.device_seq, "author_id": item.author_id, "session_person_id": batch.person.id,
        "kind": item.kind, "body": body, "sha256": bytes.fromhex(item.sha256), "device_at": item.device_at,
        "utc_offset_min": item.utc_offset_min, "monotonic_ms": item.monotonic_ms, "anchor_at": item.anchor_at,
        "sent_at": batch.sent_at, "received_at": batch.now,
    }  # fmt: skip


def _state_values(item: Item, township_id: int, effective: EffectiveTime, now: datetime) -> dict[str, Any]:
    shift_id = item.body.get("shift_id")
    return {
        "township_id": township_id, "id": item.id, "author_id": item.author_id, "kind": item.kind,
        "shift_id": shift_id if type(shift_id) is int else None, "result": "stored", "reasons": [],
        "effective_at": effective.at, "time_quality": effective.quality, "changed_at": now,
    }  # fmt: skip


def _apply(
    batch: Batch, township_id: int, item_id: UUID, kind: str, body: dict[str, Any], effective: EffectiveTime,
    item: Item | InboxItem,
) -> None:  # fmt: skip
    if batch.refuses(kind, item.author_id):
        raise DomainError("tracks_refused")
    outcome = settling.apply(township_id, kind, body, effective, item, batch.now)
    batch.touch(outcome.duty, item_id, kind)
    if outcome.duty is not None and kind in ("checkin", *settling.EVENTS):
        batch.came.add(str(item_id))
    if outcome.held:
        queries.set_state(township_id, item_id, batch.now, result="held", reasons=[outcome.held])
    if kind == "duty.start" and outcome.duty is not None:
        _release_waiting(batch, outcome.duty)
    if kind == "sos":
        for row in queries.held_by(township_id, item.author_id, WAITING_FOR_SOS):
            judge_again(batch, row)


def _release_waiting(batch: Batch, key: settling.DutyKey) -> None:
    """What came before its start is judged now."""
    for row in queries.held_for(key.township_id, key.shift_id, key.person_id, WAITING):
        judge_again(batch, row)


def judge_again(batch: Batch, row: InboxItem) -> bool:
    """Take a stored item that was held once more, at the effective time it was registered with."""
    state = queries.states_of([row.id])[row.id]
    assert row.body is not None
    effective = EffectiveTime(state.effective_at, state.time_quality)  # type: ignore[arg-type]
    try:
        with db.session.begin_nested():
            queries.set_state(row.township_id, row.id, batch.now, result="stored", reasons=[])
            _apply(batch, row.township_id, row.id, row.kind, row.body, effective, row)
    except OperationalError:
        raise
    except DomainError as error:
        queries.set_state(row.township_id, row.id, batch.now, result="rejected", reasons=[error.code])
    except Exception as error:
        log.error("judging again failed: %s", trace_of(error))
        _mark_failed(row.township_id, row.id, batch.now)
        return False
    return True


def _release_words(batch: Batch) -> None:
    """Co-signatures and answers that came before what they are about are taken now."""
    if not batch.came or batch.person.home_township_id is None:
        return
    for row in queries.held_words(batch.person.home_township_id, words.WAITING):
        if words.what_it_waits_for(row.body or {}) in batch.came:
            judge_again(batch, row)


def _touch_after_gaps(batch: Batch, items: Sequence[Item | Broken]) -> None:
    """A check-in that was flagged because its device's item just before it was missing is judged again when that one
    comes, whatever it is about and even if it is refused."""
    came = {number for item in items if (number := _number_of(item))}
    townships = {township_id for township_id, _, _ in batch.known.values()} | {
        batch.person.home_township_id or 0
    }
    for row in queries.flagged_for_gap(townships, {(device, seq + 1) for device, seq in came} - came):
        batch.touched.setdefault(settling.DutyKey(*row), [])


def _number_of(item: Item | Broken) -> tuple[UUID, int] | None:
    if isinstance(item, Item):
        return item.device_id, item.device_seq
    return quarantine.number_of(item.content)


def _mark_failed(township_id: int, item_id: UUID, now: datetime) -> None:
    tries = ItemState.tries + 1
    queries.set_state(township_id, item_id, now, result="held", reasons=["judging_failed"], tries=tries)


def _seen_before(batch: Batch, item: Item, known: queries.Known) -> Receipt | None:
    township_id, author_id, sha256 = known
    if author_id != item.author_id or sha256.hex() != item.sha256:
        _quarantine(batch, township_id if author_id == batch.person.id else None, item, "conflict")
        return Receipt(str(item.id), "conflict", reasons=("id_taken",))
    if _is_heard(batch, item, township_id):
        _release_brought(batch, item.id)
    return Receipt(str(item.id), "duplicate")


def _release_brought(batch: Batch, item_id: UUID) -> None:
    """An item that a stranger's session brought first is judged when it comes from where it is heard."""
    state = queries.states_of([item_id]).get(item_id)
    if state is None or state.result != "held" or "other_author" not in state.reasons:
        return
    row = queries.inbox_item(state.township_id, item_id)
    if row is not None and row.body is not None:
        judge_again(batch, row)


def _reject(batch: Batch, item: Item | Broken, code: str) -> Receipt:
    if isinstance(item, Item):
        batch.known.pop(item.id, None)  # its savepoint is gone, and with it the row
    _quarantine(batch, None, item, code)
    return Receipt(str(item.id), "rejected", reasons=(code,))


def _quarantine(batch: Batch, township_id: int | None, item: Item | Broken, code: str) -> None:
    home = township_id or batch.person.home_township_id or 0
    content = item.content if isinstance(item, Broken) else _content(item)
    quarantine.put(home, str(item.id), code, content, batch.person.id, batch.now)


def _content(item: Item) -> dict[str, Any]:
    return {key: value if key == "body" else str(value) for key, value in item.__dict__.items()}


def _hold_unjudged(batch: Batch, item: Item | Broken) -> Receipt | None:
    if isinstance(item, Broken):
        return Receipt(item.id, "rejected", reasons=(item.code,))
    township_id = _township_of(batch, item.author_id)
    assert township_id is not None
    effective = effective_time(
        item.device_at, batch.sent_at, batch.now, item.anchor_at, batch.time_policy(township_id)
    )
    queries.add_inbox(_inbox_values(batch, item, township_id))
    queries.add_state(_state_values(item, township_id, effective, batch.now))
    _mark_failed(township_id, item.id, batch.now)
    batch.known[item.id] = (township_id, item.author_id, bytes.fromhex(item.sha256))
    return None


def settle_touched(batch: Batch) -> None:
    """Settle each touched duty once; what cannot be settled now is tried again by a job."""
    for key in sorted(batch.touched):
        try:
            with db.session.begin_nested():
                settling.settle(key, batch.now, batch.grounds, batch.segments.get(key, ()))
        except OperationalError:
            raise
        except Exception as error:
            log.error("settling failed: %s", trace_of(error))
            for item_id in batch.touched[key]:
                _mark_failed(key.township_id, item_id, batch.now)


def _with_states(items: Sequence[Item | Broken], answers: Sequence[Receipt | None]) -> list[Receipt]:
    states = queries.states_of([item.id for item in items if isinstance(item, Item)])
    receipts = []
    for item, answer in zip(items, answers, strict=True):
        state = states.get(item.id) if isinstance(item, Item) else None
        if answer is not None and (answer.result != "duplicate" or state is None):
            receipts.append(answer)
        elif state is not None:
            # What was rejected is rejected every time: a phone that missed the first answer must not take it for sent.
            again = answer.result if answer and state.result != "rejected" else None
            receipts.append(receipt_of(state, again))
    return receipts


def receipt_of(state: ItemState, result: str | None = None) -> Receipt:
    return Receipt(
        str(state.id), result or state.result, state.verdict, tuple(state.reasons), state.effective_at,
        state.changed_at, state.evidence_level,
    )  # fmt: skip


def retry_failed(now: datetime, limit: int = 100) -> int:
    """The job's part: items whose judging failed are tried again, at most five times; then a person sees them. And
    words that crossed with what they are about: each came while the other's batch was not committed yet. And what
    waited for a shift or a start that is there now."""
    done = 0
    failed = queries.failed_items(limit, MOST_TRIES, offered_kinds())
    crossed = queries.missed_words(limit, words.WAITING)
    for township_id, item_id in [*failed, *crossed, *queries.stranded_items(limit)]:
        done += take_once_more(township_id, item_id, now)
    return done


def take_once_more(township_id: int, item_id: UUID, now: datetime) -> bool:
    """Judge a stored item again and settle its duty; False when it fails again, or nothing of it is left to judge."""
    row = queries.inbox_item(township_id, item_id)
    person = db.session.get(Person, row.author_id) if row is not None else None
    if row is None or row.body is None or person is None:
        return False
    batch = Batch(person, row.sent_at, now, {})
    if not judge_again(batch, row):
        return False
    settle_touched(batch)
    return True


def follow_roster(shift: Shift, now: datetime) -> None:
    """Judge again those whom the leader has put on a shift that they had begun, or taken off one."""
    for duty in duty_queries.planned_otherwise(shift):
        settle_duty(duty.township_id, duty.id, now)


def settle_duty(township_id: int, duty_id: int, now: datetime) -> None:
    """Judge a duty's set once more, after a review, an attendance or a correction."""
    key = settling.key_of(township_id, duty_id)
    if key is not None:
        settling.settle(key, now)
