"""Answers that stand: given again, without asking the application, for as long as nothing they were made from changed.

The application makes a tile of streets or hexagons, or a page of streets, once, and says what it was made from, stamped
before it was read (app/api/made.py). Every later request reads the stamps anew, in one statement that also says who
is calling: a session that was ended, a role that was taken away, a walk that came in are seen at the next request. Of
whatever is not known here, or does not stand any more, the application is asked, which knows all the rules; so nothing
is refused here, and nothing counted.

This lies in front of Flask, since what Flask does for a request costs several times such an answer.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.http import parse_etags

from app import clock
from app.api.made import MADE, MadeFrom
from app.config import Settings
from app.coverage.cutting import Tile
from app.coverage.kept import Cut, Newest
from app.coverage.sheets import Atlas, Sheet
from app.coverage.tiles import FIRST_ZOOM, SHEETS
from app.gate import TILE as TILE_TYPE
from app.standing import queries
from app.standing.queries import Credential, Ground, Reach

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
TILES, PAGES = "/api/v1/tiles/", "/ogc/collections/streets/items"
TILE = re.compile(rf"{TILES}({'|'.join(SHEETS)})/(\d{{1,2}})/(\d{{1,7}})/(\d{{1,7}})\.mvt")
# Said anew with every answer.
ITS_OWN = {"etag", "content-length", "content-type", "date", "x-xunfang-anchor"}
MOST_CALLERS, MOST_ATLASES, MOST_SHEETS, MOST_PAGE_BYTES = 10_000, 64, 64, 32_000_000
CONNECTIONS = 4


@dataclass(frozen=True)
class Answer:
    status: str
    headers: Headers
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name), None)


@dataclass(frozen=True)
class Caller:
    """Who shows these headers, and what they reach, while caller and areas have these stamps."""

    shown: Credential
    reach: Reach
    sees: bytes
    language: str
    stamps: tuple[str, str]


@dataclass(frozen=True)
class KeptSheet:
    sheet: Sheet
    ground: Ground
    stamp: str
    until: datetime


@dataclass(frozen=True)
class KeptAtlas:
    """A map's query and its sheets by the networks on them, while areas and networks have these stamps."""

    atlas: Atlas
    datum: str
    headers: Headers
    stamps: tuple[str, str]
    sheets: Newest[KeptSheet] = field(default_factory=lambda: Newest(MOST_SHEETS))


@dataclass(frozen=True)
class KeptPage:
    answer: Answer
    ground: Ground
    stamps: tuple[str, str, str]
    until: datetime


class Links:
    """Connections to PostgreSQL itself and not through a pooler, so that statements are prepared once in each. Every
    statement is a transaction of its own."""

    def __init__(self, url: str) -> None:
        self._url = url

    @cached_property
    def _engine(self) -> Engine:
        return create_engine(
            self._url, isolation_level="AUTOCOMMIT", pool_size=CONNECTIONS, max_overflow=0, pool_timeout=5,
            hide_parameters=True,
            connect_args={"prepare_threshold": 0, "options": "-c statement_timeout=30000"},
        )  # fmt: skip

    @contextmanager
    def cursor(self) -> Iterator[Any]:
        """Of the driver; a connection that has failed is not given again."""
        link = self._engine.raw_connection()
        try:
            with link.cursor() as cursor:
                yield cursor
        except BaseException:
            link.invalidate()
            raise
        finally:
            link.close()

    def scalar(self, *asked: Any) -> Any:
        with self._engine.connect() as on:
            return on.scalar(*asked)

    def execute(self, *asked: Any) -> Any:
        with self._engine.connect() as on:
            return on.execute(*asked).freeze()()


class Standing:
    """The WSGI application in front of another."""

    def __init__(self, app: Callable[..., Iterable[bytes]], settings: Settings) -> None:
        self._app = app
        self._callers: Newest[Caller] = Newest(MOST_CALLERS)
        self._atlases: Newest[KeptAtlas] = Newest(MOST_ATLASES)
        self._pages: Newest[KeptPage] = Newest(MOST_PAGE_BYTES, lambda page: len(page.answer.body))
        self._links = Links(settings.stream_database_url)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "GET" or not environ["PATH_INFO"].startswith((TILES, PAGES)):
            return self._app(environ, start_response)
        answer = self.stands(environ) or self.ask(environ)
        status, headers, body = answer.status, answer.headers, answer.body
        if is_known_already(answer, environ):
            status, body = "304 NOT MODIFIED", b""
            headers = [(key, value) for key, value in headers if not key.lower().startswith("content-")]
        start_response(status, headers)
        return [body]

    # --- asked again ---

    def stands(self, environ: Environ) -> Answer | None:
        """None where the application has to be asked."""
        caller = self._callers.get(caller_key(environ))
        if caller is None:
            return None
        try:
            if environ["PATH_INFO"].startswith(TILES):
                return self._tile(environ, caller)
            return self._page(environ, caller)
        except (SQLAlchemyError, psycopg.Error):
            return None  # the application says what is wrong, in the caller's language

    def _tile(self, environ: Environ, caller: Caller) -> Answer | None:
        kept = self._atlases.get((caller.sees, environ["QUERY_STRING"]))
        asked = TILE.fullmatch(environ["PATH_INFO"])
        if kept is None or asked is None:
            return None
        layer, (z, x, y) = asked[1], map(int, asked.groups()[1:])
        tile = Tile(z, x, y, kept.datum)
        if z < FIRST_ZOOM[layer] or max(x, y) >= 2**z:
            return None
        sheet = kept.sheets.get(kept.atlas.around(layer, tile))
        if sheet is None or not self._is_same(caller, sheet.ground, (*kept.stamps, sheet.stamp), sheet.until):
            return None
        return tile_answer(sheet.sheet.cut(layer, tile, self._links), kept.headers)

    def _page(self, environ: Environ, caller: Caller) -> Answer | None:
        page = self._pages.get(page_key(environ, caller.sees, caller.language))
        if page is None or not self._is_same(caller, page.ground, page.stamps, page.until):
            return None
        return page.answer

    def _is_same(self, caller: Caller, ground: Ground, stamps: tuple[str, str, str], until: datetime) -> bool:
        """Nothing has changed: neither caller and areas, nor areas, networks and figures."""
        now = clock.now()
        if now >= until:
            return False
        with self._links.cursor() as cursor:
            found = queries.stamps(cursor, caller.shown, caller.reach, ground, now)
        return found is not None and found[:2] == caller.stamps and found[1:] == stamps

    # --- asked for the first time ---

    def ask(self, environ: Environ) -> Answer:
        """The application's own answer, whole; kept where the application says that it stands."""
        asked = {**environ, MADE: []}
        asked.pop("HTTP_IF_NONE_MATCH", None)
        answer = heard(self._app, asked)
        if asked[MADE] and answer.status[:3] in ("200", "204") and answer.header("set-cookie") is None:
            self._keep(environ, asked[MADE][0], answer)
        return answer

    def _keep(self, environ: Environ, made: MadeFrom, answer: Answer) -> None:
        stamps = made.stamps
        assert made.until is not None
        caller = Caller(made.shown, made.reach, made.sees, made.language, (stamps.caller, stamps.areas))
        if made.map is None:
            page = KeptPage(answer, made.ground, (stamps.areas, stamps.networks, stamps.ground), made.until)
            self._pages.put(page_key(environ, made.sees, made.language), page)
        else:
            key = (made.sees, environ["QUERY_STRING"])
            kept = self._atlases.get(key)
            if kept is None or kept.stamps != (stamps.areas, stamps.networks):
                kept = KeptAtlas(
                    made.map.atlas, made.map.datum, headers_of(answer), (stamps.areas, stamps.networks)
                )
                self._atlases.put(key, kept)
            sheet = KeptSheet(made.map.sheet, made.ground, stamps.ground, made.until)
            kept.sheets.put(made.map.networks, sheet)
        self._callers.put(caller_key(environ), caller)


def init_app(app: Flask) -> None:
    standing = Standing(app.wsgi_app, app.extensions["settings"])
    app.extensions["standing"] = standing
    app.wsgi_app = standing  # type: ignore[method-assign]


# --- what is the same -------------------------------------------------------------------------------------------------


def caller_key(environ: Environ) -> bytes:
    """All that may say who is calling, as it came; of a token only where tokens are looked at."""
    query = environ["QUERY_STRING"] if "token=" in environ["QUERY_STRING"] else ""
    shown = (environ.get("HTTP_COOKIE", ""), environ.get("HTTP_AUTHORIZATION", ""), query)
    return hashlib.sha256(repr((environ["PATH_INFO"][:5], shown)).encode()).digest()


def page_key(environ: Environ, sees: bytes, language: str) -> tuple[Any, ...]:
    """The query may hold a token, which then stands in the page's links."""
    wants = (environ.get("HTTP_ACCEPT", ""), environ.get("HTTP_ACCEPT_LANGUAGE", ""))
    return sees, language, environ["PATH_INFO"], environ["QUERY_STRING"], wants


def is_known_already(answer: Answer, environ: Environ) -> bool:
    etag, asked = answer.header("etag"), environ.get("HTTP_IF_NONE_MATCH")
    if not etag or not asked or not answer.status.startswith("200"):
        return False
    return asked == etag or parse_etags(asked).contains_weak(etag.strip('"'))


# --- answers ----------------------------------------------------------------------------------------------------------


def heard(app: Callable[..., Iterable[bytes]], environ: Environ) -> Answer:
    told: list[Any] = []

    def start(status: str, headers: Headers, _error: Any = None) -> Callable[[bytes], None]:
        told[:] = status, headers
        return lambda _: None

    chunks = app(environ, start)
    try:
        body = b"".join(chunks)
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    return Answer(told[0], told[1], body)


def headers_of(answer: Answer) -> Headers:
    return [(key, value) for key, value in answer.headers if key.lower() not in ITS_OWN]


def tile_answer(cut: Cut, headers: Headers) -> Answer:
    if not cut.body:
        return Answer("204 NO CONTENT", headers, b"")
    its_own = [("Content-Type", TILE_TYPE), ("Content-Length", str(len(cut.body))), ("ETag", f'"{cut.etag}"')]
    return Answer("200 OK", [*headers, *its_own], cut.body)
