"""Clients of a bench: light ones, since they compute on the machine that is measured."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit


class Client:
    """One connection that is kept, the same headers with every request."""

    def __init__(self, url: str, **headers: str) -> None:
        self._address = urlsplit(url).netloc
        self._headers = headers
        self._link = http.client.HTTPConnection(self._address, timeout=120)

    def get(self, path: str, **more: str) -> tuple[int, Any, bytes]:
        """(status, headers, body); a connection that the server has closed meanwhile is opened again."""
        headers = {**self._headers, **{name.replace("_", "-"): value for name, value in more.items()}}
        for last in (False, True):
            try:
                self._link.request("GET", path, headers=headers)
                answer = self._link.getresponse()
                return answer.status, answer.headers, answer.read()
            except (http.client.RemoteDisconnected, ConnectionError):
                self._link.close()
                if last:
                    raise
        raise AssertionError("unreachable")

    def ok(self, path: str, status: int = 200, **more: str) -> bytes:
        """The body of an answer with this status; anything else ends the bench."""
        got, _, body = self.get(path, **more)
        if got != status:
            raise SystemExit(f"✗ {got} instead of {status} for {path}: {body[:300]!r}")
        return body

    def json(self, path: str) -> Any:
        return json.loads(self.ok(path))


def together(jobs: Sequence[Callable[[], Any]]) -> float:
    """Seconds until all jobs, begun at once, are done. What one of them raised is raised here."""
    barrier, wrong = threading.Barrier(len(jobs) + 1), []

    def run(job: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            job()
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    barrier.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - begun
    if wrong:
        raise wrong[0]
    return took


def times(jobs: Sequence[Callable[[], Any]], each: int) -> list[float]:
    """Seconds of every call, when all jobs are called `each` times side by side."""
    found: list[float] = []

    def repeated(job: Callable[[], Any]) -> None:
        for _ in range(each):
            begun = time.perf_counter()
            job()
            found.append(time.perf_counter() - begun)

    together([lambda job=job: repeated(job) for job in jobs])  # type: ignore[misc]
    return found
