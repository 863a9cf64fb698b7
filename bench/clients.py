"""Clients of a bench: light ones, since they compute on the machine that is measured."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit


class Headers:
    """Of an answer, as they came; read when asked for."""

    def __init__(self, told: bytes) -> None:
        self._told = told

    def __getitem__(self, name: str) -> str:
        for line in self._told.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.strip().lower() == name.lower().encode():
                return value.strip().decode()
        raise KeyError(name)

    @property
    def length(self) -> int:
        """Of the body in bytes. Servers that do not say so are not read here."""
        return int(self["Content-Length"])

    @property
    def closes(self) -> bool:
        return b"\r\nconnection: close" in self._told.lower()


class Client:
    """One connection that is kept, the same headers with every request. It reads no more of an answer than it must:
    Python's own client takes longer over the headers than a server over a tile."""

    def __init__(self, url: str, **headers: str) -> None:
        address = urlsplit(url)
        self._address = address.hostname, address.port or 80
        self._headers = {"Host": address.netloc, "Accept-Encoding": "identity", **headers}
        self._link: socket.socket | None = None

    def get(self, path: str, **more: str) -> tuple[int, Headers, bytes]:
        """(status, headers, body); a connection that the server has closed meanwhile is opened again."""
        headers = {**self._headers, **{name.replace("_", "-"): value for name, value in more.items()}}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        request = f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode()
        for last in (False, True):
            try:
                return self._answer(request)
            except ConnectionError:
                self._link = None
                if last:
                    raise
        raise AssertionError("unreachable")

    def _answer(self, request: bytes) -> tuple[int, Headers, bytes]:
        if self._link is None:
            self._link = socket.create_connection(self._address, timeout=120)
            self._link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._link.sendall(request)
        told = self._more(b"")
        while (end := told.find(b"\r\n\r\n")) < 0:
            told = self._more(told)
        headers = Headers(told[:end])
        status, rest = int(told[9:12]), told[end + 4 :]
        missing = (0 if status in (204, 304) else headers.length) - len(rest)
        parts = [rest]
        while missing > 0:
            parts.append(self._more(b""))
            missing -= len(parts[-1])
        if headers.closes:
            self._link = None
        return status, headers, b"".join(parts)

    def _more(self, told: bytes) -> bytes:
        assert self._link is not None
        more = self._link.recv(262_144)
        if not more:
            raise ConnectionResetError
        return told + more

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
