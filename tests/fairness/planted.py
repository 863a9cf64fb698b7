"""A flag as the checks would leave it."""

from __future__ import annotations

import secrets
from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.accounts.models import Person
from app.accounts.rules import uuid7
from app.fairness.models import FairnessFlag
from app.teams.models import Team
from tests import make

MONTH = date(2026, 11, 1)


def add_flag(team: Team, people: tuple[Person, ...], kind: str = "same_pair", **more: Any) -> FairnessFlag:
    now: datetime = more.pop("now", make.EVENING)
    ids = sorted(person.id for person in people)
    values: dict[str, Any] = {
        "month": MONTH, "weight": 4, "figures": {"times": 4, "most": 3, "together": 4}, "team_id": team.id,
        "subject": "-".join(map(str, ids)) or f"team:{team.id}", "person_a": ids[0] if ids else None,
        "person_b": ids[1] if len(ids) > 1 else None, "first_seen_at": now, "seen_at": now, "state": "open",
    }  # fmt: skip
    id_: UUID = uuid7(now, secrets.token_bytes(10))
    return make.save(FairnessFlag(township_id=team.township_id, id=id_, kind=kind, **{**values, **more}))
