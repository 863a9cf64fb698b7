"""Answers that stand, held against the application at every one of them: a kept one that differs ends the test.

Every test in process runs so, and every server of a test.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask

from app.api.standing import Answer, Links, Standing
from app.db import db

# When a page was made: the one thing that a fresh one says otherwise.
MADE_AT = re.compile(rb'"timeStamp":"[^"]*"')


class Verified(Standing):
    def stands(self, environ: dict[str, Any]) -> Answer | None:
        kept = super().stands(environ)
        if kept is not None:
            fresh = self.ask(environ)
            assert said(kept) == said(fresh), f"out of date: {environ['PATH_INFO']}?{environ['QUERY_STRING']}"
        return kept


def said(answer: Answer) -> tuple[Any, ...]:
    names = ("content-type", "etag", "cache-control", "vary", "content-crs", "x-content-type-options")
    return answer.status[:3], MADE_AT.sub(b"", answer.body), *map(answer.header, names)


class Inside(Links):
    """The transaction of a test, which no other connection sees into."""

    def __init__(self) -> None:
        super().__init__("")

    @contextmanager
    def cursor(self) -> Iterator[Any]:
        with db.session.connection().connection.cursor() as cursor:
            yield cursor

    def scalar(self, *asked: Any) -> Any:
        return db.session.scalar(*asked)

    def execute(self, *asked: Any) -> Any:
        return db.session.execute(*asked)


def verify(app: Flask) -> Flask:
    app.extensions["standing"].__class__ = Verified
    return app
