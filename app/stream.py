"""News for open pages and phones: told inside a transaction, heard by every process when it commits.

`tell` is PostgreSQL's NOTIFY, so nothing is heard of what was rolled back. One LISTEN per process hands it to the
streams that are open there. News carries ids and codes only; whoever hears it asks for the rest through the API, which
knows what the caller may see.

Nothing is kept: when the LISTEN is cut, every stream ends, and who was listening comes back and asks for everything.
"""

from __future__ import annotations

import json
import logging
import queue
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from app.db import db

CHANNEL = "xunfang"
LISTEN = f"LISTEN {CHANNEL}"
ALIVE = "SELECT 1"
LONGEST_WAIT_S = 15.0
# How often the connection is asked whether it still lives, and whether anybody still listens.
LOOK_S = 5.0
MOST_NEWS = 200
BEAT_S = 20.0
log = logging.getLogger("xunfang.stream")


def tell(kind: str, *, people: Iterable[int] = (), teams: Iterable[int] = (), **data: Any) -> None:
    """`kind` is "plan", "verdict", "sos", …; to these people, and to the leaders of these teams."""
    news = {"kind": kind, "people": sorted(set(people)), "teams": sorted(set(teams)), "data": data}
    if news["people"] or news["teams"]:
        db.session.execute(select(func.pg_notify(CHANNEL, json.dumps(news))))


@dataclass(frozen=True)
class News:
    kind: str
    data: dict[str, Any]


ENDED = News("", {})


@dataclass(eq=False)
class Listener:
    """One open stream. `full` says that it was ended to make room for a newer one of the same session."""

    person_id: int
    team_ids: frozenset[int]
    session_key: str
    full: bool = False
    box: queue.Queue[News] = field(default_factory=lambda: queue.Queue(MOST_NEWS))

    def wants(self, news: dict[str, Any]) -> bool:
        return self.person_id in news["people"] or bool(self.team_ids.intersection(news["teams"]))

    def next(self, within_s: float) -> News | None:
        """The next news; None when there was none in time."""
        try:
            return self.box.get(timeout=max(0.0, within_s))
        except queue.Empty:
            return None

    def end(self) -> None:
        while True:
            try:
                self.box.put_nowait(ENDED)
                return
            except queue.Full:
                self.box.get_nowait()


class Hub:
    """The LISTEN of this process and the streams that hang on it. Threads become greenlets under gevent."""

    def __init__(self, database_url: str, most_per_session: int = 3) -> None:
        self._url = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._most = most_per_session
        self._lock = threading.Lock()
        self._listeners: list[Listener] = []
        self._hears = threading.Event()
        self._thread: threading.Thread | None = None

    def join(self, listener: Listener, within_s: float = 5.0) -> bool:
        """Hang a stream on; False when the database cannot be listened to. The oldest of the session makes room."""
        with self._lock:
            mine = [one for one in self._listeners if one.session_key == listener.session_key]
            for old in mine[: max(0, len(mine) + 1 - self._most)]:
                old.full = True
                self._listeners.remove(old)
                old.end()
            self._listeners.append(listener)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="stream-hub", daemon=True)
                self._thread.start()
        if self._hears.wait(within_s):
            return True
        self.leave(listener)
        return False

    def leave(self, listener: Listener) -> None:
        with self._lock:
            if listener in self._listeners:
                self._listeners.remove(listener)

    def _run(self) -> None:
        """Listens while anybody does; comes back after a cut, each time a little later."""
        wait_s = 0.5
        while True:
            try:
                with psycopg.connect(self._url, autocommit=True, connect_timeout=5) as connection:
                    connection.execute(LISTEN)
                    self._hears.set()
                    wait_s = 0.5
                    if self._listen(connection):
                        return
            except psycopg.Error as error:
                log.warning("news cannot be heard: %s", type(error).__name__)
            self._hears.clear()
            self._end_all()
            time.sleep(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)
            if self._is_left_alone():
                return

    def _listen(self, connection: psycopg.Connection[Any]) -> bool:
        """True when nobody listens any more; raises when the connection is cut."""
        while True:
            for notify in connection.notifies(timeout=LOOK_S):
                self._hand_out(notify.payload)
            connection.execute(ALIVE)
            if self._is_left_alone():
                return True

    def _is_left_alone(self) -> bool:
        """Nobody listens any more: the thread may end, and the next who joins starts another."""
        with self._lock:
            if self._listeners:
                return False
            self._hears.clear()
            self._thread = None
            return True

    def _hand_out(self, payload: str) -> None:
        try:
            news = json.loads(payload)
            one = News(str(news["kind"]), dict(news["data"]))
            with self._lock:
                wanting = [listener for listener in self._listeners if listener.wants(news)]
        except (ValueError, KeyError, TypeError):
            return
        for listener in wanting:
            try:
                listener.box.put_nowait(one)
            except queue.Full:  # it does not read: let it come back and ask for everything
                listener.end()

    def _end_all(self) -> None:
        with self._lock:
            for listener in self._listeners:
                listener.end()
            self._listeners.clear()


def lines(hub: Hub, listener: Listener, lasts_s: float, is_live: Callable[[], bool]) -> Iterator[str]:
    """A stream of server-sent events: news as it comes, a comment every 20 s, a clean end after `lasts_s`, or sooner
    when the session is not `is_live` any more. The client comes back by itself and asks for everything again."""
    yield f"retry: {2000 + secrets.randbelow(3000)}\n\n"
    if lasts_s <= 0:  # streams are off: a client asks now and then
        return
    if not hub.join(listener):
        return
    try:
        yield ": hello\n\n"  # from here on nothing is missed
        end = time.monotonic() + lasts_s
        while (left := end - time.monotonic()) > 0:
            news = listener.next(min(BEAT_S, left))
            if news is ENDED:
                yield "event: full\ndata: {}\n\n" if listener.full else ": again\n\n"
                return
            if news is not None:
                yield f"event: {news.kind}\ndata: {json.dumps(news.data)}\n\n"
            elif not is_live():
                return
            else:
                yield ": beat\n\n"
    finally:
        hub.leave(listener)


_hubs: dict[str, Hub] = {}


def hub_of(database_url: str) -> Hub:
    """The one hub of this process for a database."""
    return _hubs.setdefault(database_url, Hub(database_url))
