"""A township's books for tests: the pot of 2026 is open and, where wanted, funded by a county's document."""

from __future__ import annotations

from datetime import date, datetime
from itertools import count
from typing import Any
from uuid import UUID

from app.incentives import ledger
from app.money import commitments, operations, queries
from app.money.commitments import Wish
from app.money.operations import Source
from app.teams.scope import scope_of
from tests import make

YEAR = 2026
NOW = make.EVENING
_serial = count(1)


def new_id() -> UUID:
    return UUID(int=next(_serial))


def second_reviewer(people: Any, name: str = "副审核员") -> Any:
    person = make.make_person(name, people.town.township)
    make.grant(person, "reviewer", area=people.town.township)
    return person


def open_pot(people: Any, year: int = YEAR) -> None:
    operations.propose_pot(people.reviewer, people.town.township, year, NOW)
    operations.open_pot(people.admin, people.town.township, year, NOW)


def fund(people: Any, fen: int, lines: dict[str, int] | None = None, fund: str = "pot") -> UUID:
    """A source, and its allocation into the lines (as the pot is split, unless told)."""
    town, source = people.town.township, Source(new_id(), fund, "county", "县财政局", "财〔2026〕7号", fen)
    operations.enter_source(people.reviewer, town, YEAR, source, NOW)
    wish = operations.Wish(new_id(), source.id, None, lines or {}, "年初安排")
    operations.propose_allocation(people.reviewer, town, YEAR, wish, NOW)
    operations.approve_allocation(people.admin, scope_of(people.admin), wish.id, NOW)
    return source.id


def wish(people: Any, fen: int, line: str = "points_shop", **more: Any) -> Wish:
    kinds = {
        "points_shop": "shop",
        "insurance_equipment": "insurer",
        "wages": "wage",
        "allowances": "allowance",
    }
    kind = more.pop("payee_kind", kinds.get(line, "village"))
    values: dict[str, Any] = {
        "id": new_id(), "line": line, "payee_kind": kind,
        "payee": "供销社" if kind in ("shop", "insurer", "supplier") else "",
        "village_id": people.town.villages[0].id if kind == "village" else None,
        "person_id": people.member.id if kind in ("wage", "allowance") else None,
        "what": "积分兑换物品", "fen": fen,
    }  # fmt: skip
    return Wish(**values | more)


def propose(people: Any, fen: int, line: str = "points_shop", **more: Any) -> UUID:
    asked = wish(people, fen, line, **more)
    commitments.propose(people.reviewer, people.town.township, YEAR, asked, NOW)
    return asked.id


def approve(people: Any, commitment_id: UUID, person: Any = None) -> Any:
    who = person or people.admin
    return commitments.approve(who, scope_of(who), commitment_id, NOW)


def payment(fen: int, **more: Any) -> commitments.Payment:
    values = {"id": new_id(), "fen": fen, "paid_on": date(2026, 11, 20), "receipt": "票 0001"}
    return commitments.Payment(**values | more)


def pay(people: Any, commitment_id: UUID, fen: int, **more: Any) -> Any:
    """By the reviewer, who proposed; the admin approved."""
    scope = scope_of(people.reviewer)
    return commitments.pay(people.reviewer, scope, commitment_id, payment(fen, **more), NOW)


def give_points(
    person: Any, township_id: int, half: int, account: str = "pending", n: int = 1, now: datetime = NOW
) -> None:
    """Half points out of the township's source, as a duty brings them."""
    into = {"pending": ledger.pending, "approved": ledger.approved}[account](person.id)
    ledger.post(
        ledger.Transfer(
            township_id, person.id, "base", f"test:{person.id}:{account}:{next(_serial)}", n, half, ledger.ISSUE,
            into, now.date(),
        ),
        now,
    )  # fmt: skip


def commitments_of(people: Any) -> Any:
    return queries.commitments_of(people.town.township.id, YEAR)
