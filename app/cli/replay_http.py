"""The server as a phone reaches it: signs in, asks for the plan, posts batches, waits when it is told to."""

from __future__ import annotations

import gzip
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from datetime import datetime
from http.cookiejar import CookieJar
from typing import Any

from app.cli.envelope import Item
from app.clock import rfc3339
from app.geofiles.problems import FileRefused

CLIENT = "replay/1"
SYNC = "/api/v1/field/sync"
MOST_ITEMS = 50
# The limit is 1 MiB; the envelope of the batch itself needs a little.
MOST_BYTES = 1_000_000
TRIES = 8
LONGEST_WAIT_S = 65.0
TIMEOUT_S = 120.0


class ReplayFailed(FileRefused):
    """The track can't be sent; the words are under `replay.problem`."""


class Server:
    """One signed-in client of the field protocol at `url`. Raises ReplayFailed."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        # No proxy from the environment: what is replayed goes where it was told to.
        self._open = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
        ).open

    def sign_in(self, login: str, password: str) -> dict[str, Any]:
        """The session document."""
        status, answer = self._call("POST", "/api/v1/session", {"login": login, "password": password})
        if status != 200:
            raise ReplayFailed("sign_in_failed", status=status, code=answer.get("code", "-"))
        return answer

    def plan(self) -> dict[str, Any]:
        """What the phone would carry."""
        return self._needed("GET", "/api/v1/field/plan")

    def send(self, items: list[Item], sent_at: datetime) -> list[dict[str, Any]]:
        """The receipts of one batch, in its order."""
        body = {"sent_at": rfc3339(sent_at), "items": items}
        receipts: list[dict[str, Any]] = self._needed("POST", SYNC, body)["receipts"]
        return receipts

    def _needed(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """An answer of 200. 429 and 503 are waited for and tried again: resending is harmless."""
        for _ in range(TRIES):
            status, answer = self._call(method, path, body)
            if status == 200:
                return answer
            if status not in (429, 503):
                break
            time.sleep(min(LONGEST_WAIT_S, float(answer.get("retry_after") or 2)))
        raise ReplayFailed("server_answers", status=status, code=answer.get("code", "-"))

    def _call(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        request = urllib.request.Request(self._url + path, method=method)
        request.add_header("X-Xunfang-Client", CLIENT)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        if path == SYNC and data is not None:
            data = gzip.compress(data)
            request.add_header("Content-Encoding", "gzip")
        try:
            with self._open(request, data, TIMEOUT_S) as answer:
                return answer.status, _document(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                document = _document(error.read())
            return error.code, {**document, "retry_after": error.headers.get("Retry-After")}
        except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
            raise ReplayFailed("server_away", url=self._url) from error


def batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    """At most 50 items and 1 MB each."""
    batch: list[Item] = []
    size = 0
    for item in items:
        length = len(json.dumps(item, ensure_ascii=False).encode()) + 1
        if batch and (len(batch) == MOST_ITEMS or size + length > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += length
    if batch:
        yield batch


def _document(raw: bytes) -> dict[str, Any]:
    try:
        document = json.loads(raw or b"{}")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
