"""News for open pages and phones: told inside a transaction, heard by every process when it commits.

`tell` is PostgreSQL's NOTIFY, so nothing is heard of what was rolled back. One LISTEN per process hands it to the
streams that are open there. News carries ids and codes only; whoever hears it asks for the rest through the API, which
knows what the caller may see.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select

from app.db import db

CHANNEL = "xunfang"


def tell(kind: str, *, people: Iterable[int] = (), teams: Iterable[int] = (), **data: Any) -> None:
    """`kind` is "plan", "verdict", "sos", …; to these people, and to the leaders of these teams."""
    news = {"kind": kind, "people": sorted(set(people)), "teams": sorted(set(teams)), "data": data}
    db.session.execute(select(func.pg_notify(CHANNEL, json.dumps(news))))
