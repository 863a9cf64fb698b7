"""The demo's phones over a real socket: each signed in as its member, each with the anchor that its plan came with."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from app.accounts import operations as accounts
from app.accounts.models import Person
from app.clock import rfc3339
from app.db import db
from app.field.operations import Item
from tests.browserless import Browser


@dataclass
class Phones:
    """`stand_at` sets the server's clock. Nothing of the test's own session is open while a request runs."""

    url: str
    stand_at: Callable[[datetime], object]
    sessions: dict[int, str] = field(default_factory=dict)
    anchors: dict[tuple[int, datetime], str] = field(default_factory=dict)
    receipts: dict[UUID, list[str]] = field(default_factory=dict)

    def send(self, person: Person, items: list[Item], sent_at: datetime, received_at: datetime) -> None:
        """One batch: stored when it comes for the first time, and nothing but duplicates ever after."""
        person_id = person.id
        anchor = self._anchor_of(person, items[0].anchor_at or received_at)
        batch = {"sent_at": rfc3339(sent_at), "items": [envelope(item, anchor) for item in items]}
        packed = gzip.compress(json.dumps(batch).encode())
        self.stand_at(received_at)
        answer, _ = self._call("POST", "/api/v1/field/sync", person_id, packed, Content_Encoding="gzip")
        assert [receipt["id"] for receipt in answer["receipts"]] == [str(item.id) for item in items]
        for item, receipt in zip(items, answer["receipts"], strict=True):
            before = self.receipts.setdefault(item.id, [])
            assert receipt["result"] == ("duplicate" if before else "stored"), receipt
            before.append(receipt["result"])

    def _anchor_of(self, person: Person, seen_at: datetime) -> str:
        """The server's signed time, as it came with the plan that was read before the start."""
        key = person.id, seen_at
        if key not in self.anchors:
            self.stand_at(seen_at)
            if person.id not in self.sessions:
                self.sessions[person.id] = accounts.open_session(person, "tests", 60, seen_at)
            _, headers = self._call("GET", "/api/v1/field/plan", key[0])
            self.anchors[key] = headers["X-Xunfang-Anchor"]
        return self.anchors[key]

    def _call(
        self, method: str, path: str, person_id: int, body: bytes | None = None, **more: str
    ) -> tuple[Any, Any]:
        db.session.commit()
        cookie = f"xunfang={self.sessions[person_id]}"
        status, answer, headers = Browser(self.url).call(method, path, body, Cookie=cookie, **more)
        assert status == 200, answer
        return answer, headers


def envelope(item: Item, anchor: str) -> dict[str, Any]:
    """The item as it travels."""
    travels = {**vars(item), "id": str(item.id), "device_id": str(item.device_id), "anchor": anchor}
    del travels["anchor_at"]
    return {**travels, "device_at": rfc3339(item.device_at)}
