"""A client over urllib with cookies, for tests against a real server."""

from __future__ import annotations

import http.client
import http.cookiejar
import json
import time
import urllib.error
import urllib.request
from typing import Any

from argon2 import PasswordHasher

PASSWORD = "xunfang-demo"
# As cheap as Argon2 gets. Sign-in itself is tested at its full price (tests/api/test_session.py).
cheap_hash = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash


class Browser:
    """Cookies, JSON and the client header over urllib."""

    def __init__(self, url: str) -> None:
        self.url = url
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(jar)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, Any]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.url + path, data=data, method=method)
        sent = {"Content-Type": "application/json", "X-Xunfang-Client": "journey/1", **headers}
        for key, value in sent.items():
            request.add_header(key.replace("_", "-"), value)
        try:
            with self.opener.open(request, timeout=60) as answer:
                return answer.status, parsed(answer.read(), answer.headers), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, parsed(error.read(), error.headers), error.headers

    def sign_in(self, login: str) -> Any:
        status, body, _ = self.call("POST", "/api/v1/session", {"login": login, "password": PASSWORD})
        assert status == 200, body
        return body

    def sync_until_answered(self, batch: Any, tries: int = 60) -> Any:
        """As a phone does: whatever is not a 200 with receipts is sent again."""
        for _ in range(tries):
            try:
                status, body, headers = self.call("POST", "/api/v1/field/sync", batch)
            except (OSError, http.client.HTTPException):
                time.sleep(0.2)
                continue
            if status == 200:
                return body["receipts"]
            assert status in (429, 502, 503), (status, body)
            time.sleep(min(2.0, float(headers.get("Retry-After", 1))))
        raise AssertionError("never answered")


def parsed(data: bytes, headers: Any) -> Any:
    return json.loads(data) if "json" in headers.get("Content-Type", "") else data
