"""Ways out of the house, each behind one small interface: a text to a person, a text to a group, a push to a browser.

A sender says what became of a message by raising `Undelivered` with a code, or by not raising. Xunfang knows nobody's
phone number: the SMS gateway is given logins and keeps the numbers itself.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

import requests
from pywebpush import WebPushException, webpush

from app.alarms.models import PushAddress
from app.alarms.push import is_allowed, vapid_of
from app.config import Channels, Settings

TIMEOUT_S = 10
PUSH_TTL_S = 600


class Undelivered(Exception):
    """`code`: unreachable, refused, gone, not_allowed."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Message:
    """`to` is a login, empty for a group. Words are in the receiver's language and hold no position."""

    alarm_id: str
    kind: str
    title: str
    body: str
    url: str
    to: str = ""
    at: datetime | None = None

    @property
    def text(self) -> str:
        return f"{self.title}\n{self.body}\n{self.url}"


class Sender(Protocol):
    """`personal`: to one person by login; else to a group, which a silent alarm never goes to."""

    code: str
    personal: bool

    def send(self, message: Message) -> None: ...


class Sms:
    """POST {"to": [login], "text", "id"} to the county's SMS gateway."""

    code, personal = "sms", True

    def __init__(self, url: str) -> None:
        self.url = url

    def send(self, message: Message) -> None:
        post_json(self.url, {"to": [message.to], "text": message.text, "id": message.alarm_id})


class Group:
    """The robot of a WeCom or DingTalk group: both take the same body and answer `errcode` 0."""

    personal = False

    def __init__(self, code: str, url: str, secret: str = "") -> None:
        self.code, self.url, self.secret = code, url, secret

    def send(self, message: Message) -> None:
        body = {"msgtype": "text", "text": {"content": message.text}}
        answer = post_json(self._signed(message), body)
        if answer.get("errcode") != 0:
            raise Undelivered("refused")

    def _signed(self, message: Message) -> str:
        """DingTalk's signature: the time in ms and an HMAC of it, both in the address."""
        if not self.secret or message.at is None:
            return self.url
        ms = str(int(message.at.timestamp() * 1000))
        digest = hmac.new(self.secret.encode(), f"{ms}\n{self.secret}".encode(), hashlib.sha256).digest()
        mark = "&" if "?" in self.url else "?"
        return f"{self.url}{mark}timestamp={ms}&sign={quote(base64.b64encode(digest), safe='')}"


class Outbox:
    """Messages as lines of JSON at the end of a file: for the demo, and where something else carries them on."""

    code, personal = "file", True

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def send(self, message: Message) -> None:
        line = json.dumps(
            {
                "at": message.at.isoformat() if message.at else None, "to": message.to, "kind": message.kind,
                "alarm": message.alarm_id, "title": message.title, "body": message.body, "url": message.url,
            },
            ensure_ascii=False,
        )  # fmt: skip
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as out:
                out.write(line + "\n")
                out.flush()
                os.fsync(out.fileno())
        except OSError as error:
            raise Undelivered("unreachable") from error


def text_senders(channels: Channels) -> list[Sender]:
    """Those that are set up."""
    found: list[Sender] = []
    if channels.sms_url:
        found.append(Sms(channels.sms_url))
    if channels.wecom_url:
        found.append(Group("wecom", channels.wecom_url))
    if channels.dingtalk_url:
        found.append(Group("dingtalk", channels.dingtalk_url, channels.dingtalk_secret))
    if channels.outbox_file:
        found.append(Outbox(channels.outbox_file))
    return found


class WebPush:
    """To one browser. The body is encrypted for it, so that the push service reads nothing."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.hosts = settings.channels.push_hosts

    def send(self, address: PushAddress, message: Message) -> None:
        if not is_allowed(address.endpoint, self.hosts):  # the list may have become shorter
            raise Undelivered("not_allowed")
        body = {"kind": message.kind, "id": message.alarm_id, "title": message.title, "body": message.body,
                "url": message.url}  # fmt: skip
        session = requests.Session()
        session.max_redirects = 0
        try:
            webpush(
                {"endpoint": address.endpoint, "keys": {"p256dh": address.p256dh, "auth": address.auth}},
                json.dumps(body, ensure_ascii=False), vapid_private_key=vapid_of(self.settings),
                vapid_claims={"sub": contact_of(self.settings)},
                ttl=PUSH_TTL_S, headers={"Urgency": "high"}, timeout=TIMEOUT_S, requests_session=session,
            )  # fmt: skip
        except WebPushException as error:
            status = getattr(error.response, "status_code", None)
            raise Undelivered("gone" if status in (404, 410) else "refused") from error
        except (requests.RequestException, ValueError) as error:
            raise Undelivered("unreachable") from error


def contact_of(settings: Settings) -> str:
    """Whom a push service may write to about our messages: a mailto: or https: address."""
    host = urlsplit(settings.public_url).hostname or "localhost"
    return settings.channels.vapid_contact or f"mailto:xunfang@{host}"


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def post_json(url: str, body: dict[str, Any]) -> dict[str, Any]:
    """The answer's JSON object, or an empty one; anything but 2xx is a refusal."""
    data = json.dumps(body, ensure_ascii=False).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json; charset=utf-8"})
    try:
        with urllib.request.build_opener(_NoRedirects).open(request, timeout=TIMEOUT_S) as answer:
            raw = answer.read(65536)
    except urllib.error.HTTPError as error:
        raise Undelivered("refused") from error
    except OSError as error:
        raise Undelivered("unreachable") from error
    try:
        found = json.loads(raw or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
