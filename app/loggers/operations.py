"""Native loggers as a second source: set up and revoked by the member, their fixes kept on the member's duties only.

A fix is kept by the time it was made: inside the member's own begun duty, not in a pause, not after its end, and only
while the member agrees to tracks. Everything else is answered kindly and forgotten. What is kept waits in a buffer
until there is enough for a segment; a logger's part of a duty is a function of the set of its fixes, whatever the
order, the batches and the repeats in which they came.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import secrets
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from sqlalchemy.exc import OperationalError

from app.accounts.models import Person
from app.accounts.rules import uuid7
from app.alarms import operations as alarms
from app.db import db
from app.duty import queries as duty_queries
from app.duty.models import Duty
from app.errors import Conflict, DomainError, NotFound, trace_of
from app.field import settling
from app.loggers import queries, rules
from app.loggers.models import Logger
from app.loggers.rules import Heard, Policy, Position
from app.tracks import operations as tracks
from app.tracks import queries as track_queries
from app.tracks.rules import Fix
from app.tracks.rules import Policy as TrackPolicy

log = logging.getLogger("xunfang.loggers")
POLICY = Policy()
# A segment is made when so many fixes wait, or when the oldest has waited so long (the job of every minute).
ENOUGH = 20
LONGEST_WAIT = timedelta(seconds=45)
SEGMENT_FIXES = 40
MOST_LOGGERS = 8
AT_ONCE = 1000
TOKEN_BYTES = 20
OLDEST_CALL = timedelta(hours=12)


# --- setting up -----------------------------------------------------------------------------------


def make_logger(person: Person, app: str, now: datetime) -> tuple[Logger, str]:
    """A new logger and its token, which is shown once and kept as a hash."""
    if app not in rules.APPS:
        raise DomainError("unknown_logger_app")
    if queries.count_live(person.id) >= MOST_LOGGERS:
        raise Conflict("too_many_loggers", most=MOST_LOGGERS)
    # Lower-case letters and digits: it can be typed, and no app's template changes it.
    token = base64.b32encode(secrets.token_bytes(TOKEN_BYTES)).decode().lower()
    logger = Logger(person_id=person.id, app=app, token_sha256=_digest(token), made_at=now)
    db.session.add(logger)
    db.session.flush()
    return logger, token


def revoke_logger(person: Person, logger_id: int, now: datetime) -> None:
    """Its address is nobody's from now on. Raises NotFound for anybody else's."""
    logger = queries.own_logger(person.id, logger_id)
    if logger is None:
        raise NotFound()
    logger.revoked_at = now
    db.session.flush()


def logger_of_token(token: str) -> tuple[Logger, Person] | None:
    return queries.logger_by_token(_digest(token.lower()))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def passphrase_of(token: str, secret_key: str) -> str:
    """What OwnTracks encrypts with: made from the token and our secret, so that it is stored nowhere."""
    made = hmac.digest(
        secret_key.encode(), b"owntracks:" + token.lower().encode("utf-8", "replace"), "sha256"
    )
    return base64.b32encode(made).decode().lower()[:26]


def opened(data: str, passphrase: str) -> bytes | None:
    """An OwnTracks box: base64 of nonce and ciphertext, the key is the passphrase filled up with zeros."""
    try:
        box = SecretBox(passphrase.encode()[:32].ljust(32, b"\0"))
        return box.decrypt(base64.b64decode(data, validate=False))
    except (CryptoError, ValueError, TypeError):
        return None


# --- taking ---------------------------------------------------------------------------------------


def take(logger: Logger, person: Person, heard: Heard, now: datetime) -> int:
    """Keep what lies on a duty of the person; answers how many fixes were new. Flushes, never commits."""
    positions, late = rules.in_time(heard.positions, int(now.timestamp()), POLICY)
    by_duty = _by_duty(person, positions) if positions and queries.may_track(person.id) else {}
    new = _keep(logger, person, by_duty, now) if by_duty else 0
    _note(logger, heard, late, [p for kept in by_duty.values() for p in kept], now)
    if heard.sos_s is not None:
        _call_for_help(logger, person, heard, heard.sos_s, now)
    return new


def _by_duty(person: Person, positions: Sequence[Position]) -> dict[int, list[Position]]:
    """Each position at the duty in which it was made; the others are left out here, and with that forgotten."""
    seconds = [p.t_s for p in positions]
    duties = queries.duties_around(person, min(seconds), max(seconds)) if person.home_township_id else []
    found: dict[int, list[Position]] = {}
    for position in positions:
        duty = next((d for d in duties if is_on_duty(d.track_spans, position.t_s)), None)
        if duty is not None:
            found.setdefault(duty.id, []).append(position)
    return found


def is_on_duty(spans: Sequence[Sequence[float]], t_s: int) -> bool:
    """The whole second lies in a span: begun, not paused, not after the end."""
    return any(start <= t_s and t_s + 1 <= end for start, end in spans)


def _keep(logger: Logger, person: Person, by_duty: dict[int, list[Position]], now: datetime) -> int:
    township_id = person.home_township_id
    assert township_id is not None
    new = 0
    for duty_id, kept in sorted(by_duty.items()):
        for i in range(0, len(kept), AT_ONCE):
            fixes = [p.fix for p in kept[i : i + AT_ONCE]]
            new += track_queries.add_logger_fixes(logger.id, township_id, {duty_id: fixes}, now)
    for duty_id in sorted(by_duty) if new else ():
        duty = duty_queries.duty_by_id(township_id, duty_id)
        is_over = duty is not None and duty.state == "ended"
        if is_over or track_queries.count_waiting(township_id, duty_id, logger.id) >= ENOUGH:
            pack_safely(township_id, duty_id, logger.id, now)
    return new


def _note(logger: Logger, heard: Heard, late: Sequence[str], kept: Sequence[Position], now: datetime) -> None:
    """When it was last heard and what was of no use; never where. The member sees it while setting up."""
    codes = [*heard.unused, *late]
    fault = codes[-1] if codes else None
    if kept and all(p.accuracy_m < 0 for p in kept):
        fault = "no_accuracy"
    values: dict[str, Any] = {"heard_at": now, "fault": fault}
    if kept:
        values["kept_at"] = now
    if codes:
        values["unused"] = Logger.unused + len(codes)
    simulated = sum(p.simulated for p in kept)
    if simulated:
        values["simulated"] = Logger.simulated + simulated
    queries.note(logger.id, **values)


def _call_for_help(logger: Logger, person: Person, heard: Heard, sos_s: int, now: datetime) -> None:
    """The app's own SOS key: a real call, on duty or not, with its position; pressed twice in a minute it is one."""
    at = min(datetime.fromtimestamp(sos_s, UTC), now)
    if person.home_township_id is None or now - at > OLDEST_CALL:
        return
    called = next((p for p in heard.positions if p.t_s == sos_s), None)
    fix = alarms.Fix(called.lon_e7 / 1e7, called.lat_e7 / 1e7, max(called.accuracy_m, 0)) if called else None
    alarm_id = uuid5(NAMESPACE_URL, f"xunfang:logger-sos:{logger.id}:{sos_s // 60}")
    sender = alarms.Sender(person.home_township_id, alarm_id, person.id, at, now)
    alarms.raise_sos(sender, None, fix, test=False, sent_by_id=None)


# --- packing --------------------------------------------------------------------------------------


def pack_safely(township_id: int, duty_id: int, logger_id: int, now: datetime) -> None:
    """What cannot be judged now stays in the buffer, and the job tries again: the app has had its answer."""
    try:
        with db.session.begin_nested():
            pack(township_id, duty_id, logger_id, now)
    except OperationalError:
        raise
    except Exception as error:
        log.error("packing failed: %s", trace_of(error))


def pack(township_id: int, duty_id: int, logger_id: int, now: datetime) -> None:
    """Bring a logger's segments of a duty in line with what it sent and with the duty's span, and settle the duty."""
    key = settling.key_of(township_id, duty_id)
    found = duty_queries.lock_duty(key.township_id, key.shift_id, key.person_id) if key else None
    if key is None or found is None:
        return
    duty = found[0]
    stored = tracks.logger_track(duty, logger_id)
    waiting = _usable(duty, track_queries.waiting_fixes(duty, logger_id))
    both = [f for f in (*stored, *waiting) if is_on_duty(duty.track_spans, f.t_s)]
    runs = rules.runs(rules.best_by_second(both), TrackPolicy().max_gap_s)
    kept = [f for run in runs if len(run) > 1 for f in run]
    if kept != stored:
        _store(duty, key, logger_id, stored, kept, now)
    track_queries.keep_lone(duty, logger_id, [run[0] for run in runs if len(run) == 1])


def _usable(duty: Duty, waiting: list[Fix]) -> list[Fix]:
    """Nothing once the member has taken the consent back, or has had the tracks of this duty deleted."""
    is_gone = duty.fixes > 0 and track_queries.extent_of(duty) is None
    return [] if is_gone or not queries.may_track(duty.person_id) else waiting


def _store(
    duty: Duty,
    key: settling.DutyKey,
    logger_id: int,
    stored: Sequence[Fix],
    kept: Sequence[Fix],
    now: datetime,
) -> None:
    """Add at the end, which is the usual; or, when something came in between or fell out, all of it anew."""
    goes_on = list(kept[: len(stored)]) == list(stored)
    if not goes_on:
        duty.fixes -= track_queries.drop_logger_segments(duty, logger_id)
    fresh = kept[max(0, len(stored) - 1) :] if goes_on else kept
    logger = queries.logger_by_id(logger_id)
    assert logger is not None
    ids = []
    for run in rules.runs(fresh, TrackPolicy().max_gap_s):
        for part in rules.cut(run, SEGMENT_FIXES):
            ids.append(uuid7(now, secrets.token_bytes(10)))
            duty.widen(ids[-1])
            duty.fixes += tracks.store_logger_segment(duty, ids[-1], logger.app, logger_id, part, now)
    duty.last_item_at = max(duty.last_item_at or now, now)
    db.session.flush()
    settling.settle(key, now, new_segments=ids, measure_all=not goes_on)


def waiting_for_long(now: datetime, limit: int = 200) -> list[tuple[int, int, int]]:
    """(township, duty, logger) that have waited long enough to be packed as they are."""
    return track_queries.waiting_since(now - LONGEST_WAIT, limit)


def follow_duties(person: Person, shift_ids: Collection[int], now: datetime) -> None:
    """The person's phone has begun, paused or ended these duties: what a logger sent meanwhile is cut to that."""
    if not shift_ids or not queries.has_loggers(person.id):
        return
    for duty in queries.duties_on(person, shift_ids):
        for logger_id in sorted(track_queries.loggers_of(duty)):
            pack_safely(duty.township_id, duty.id, logger_id, now)


def shifts_marked(items: Iterable[Any]) -> set[int]:
    """Shifts whose span the items may change. Anything else in a batch leaves it."""
    marks = ("duty.start", "duty.pause", "duty.resume", "duty.end")
    named = {i.body.get("shift_id") for i in items if getattr(i, "kind", "") in marks}
    return {shift_id for shift_id in named if type(shift_id) is int}
