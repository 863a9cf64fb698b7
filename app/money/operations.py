"""A year's money comes to be: the pot, its sources, and what of them goes into which line. Two people each time.

Forms carry the id of what they make: the same form sent twice makes one row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.areas.models import Area
from app.areas.policies import policies_in_force
from app.clock import local_day
from app.db import db
from app.errors import Conflict, DomainError, FieldError
from app.money import lines, queries, rules
from app.money.models import SOURCE_KINDS, Allocation, AllocationPart, BudgetLine, MoneySource, Pot
from app.money.rules import LINES, Policy
from app.strength.queries import villages_of
from app.teams.scope import Scope

LETTERS = 80
# Of a row that a form makes: when and how it goes on. All else was said in the form, or by whom.
NOT_SAID = ("state", "proposed_at", "entered_at", "recorded_at", "numbers", "pool_fen")
# A number as long as those by which people or their accounts are known. Receipts have fields of their own.
LONG_NUMBER = re.compile(r"\d(?:[ -]?\d){10}")


def policy_on(township: Area, now: datetime) -> tuple[Policy, int | None]:
    """The settings in force today, and the id of their version (None: the defaults)."""
    found = policies_in_force(township.id, local_day(now, township.time_zone))
    return rules.policy_from(found.body("money")), found.ids.get("money")


# --- the pot ------------------------------------------------------------------------------------------------------


def propose_pot(person: Person, township: Area, year: int, now: datetime) -> Pot:
    """By the villages' totals and the settings of today. Raises pot_opened, pot_no_people."""
    refuse_year(township, year, now)
    found = queries.pots_of(township.id, year)
    if any(pot.approved_by is not None for pot in found):
        raise Conflict("pot_opened")
    policy, version_id = policy_on(township, now)
    people = sum(v.population or 0 for v in villages_of(township.id))
    if not people or not policy.fen_a_person_a_year:
        raise DomainError("pot_no_people")
    key = {"township_id": township.id, "year": year, "n": found[0].n + 1 if found else 1}
    if not add_once(
        Pot,
        key,
        people=people,
        fen_a_person=policy.fen_a_person_a_year,
        fen=rules.pot_of(people, policy),
        policy_version_id=version_id,
        proposed_by=person.id,
        proposed_at=now,
    ):
        raise Conflict("conflict")  # somebody else proposes it at this moment
    pot = db.session.get_one(Pot, tuple(key.values()))
    audit(person, township.id, "money.pot_proposed", "pot", year, now, fen=pot.fen, people=people)
    return pot


def open_pot(person: Person, township: Area, year: int, now: datetime, seen_n: str | None = None) -> Pot:
    """The latest proposal, by another person: the one that was `seen`, where that is said (proposal_changed). Its lines
    are there from now on, with nothing in them yet."""
    pot = next(iter(queries.pots_of(township.id, year)), None)
    if pot is None or queries.opened_pot(township.id, year) is not None:
        raise Conflict("pot_opened" if pot else "proposal_gone")
    if pot.proposed_by == person.id:
        raise DomainError("proposal_own")
    refuse_unseen(seen_n, str(pot.n))
    which = Pot.township_id == township.id, Pot.year == year, Pot.n == pot.n, Pot.approved_by.is_(None)
    if not decided(update(Pot).where(*which).values(approved_by=person.id, approved_at=now)):
        raise Conflict("pot_opened")
    planned = rules.split(pot.fen, rules.policy_from(_body_of(pot)))
    db.session.add_all(
        BudgetLine(township_id=township.id, year=year, line=line, planned_fen=planned.get(line, 0))
        for line in LINES
    )
    db.session.flush()
    audit(person, township.id, "money.pot_opened", "pot", year, now, fen=pot.fen)
    return pot


def _body_of(pot: Pot) -> dict[str, Any]:
    """The settings that it was proposed by, whatever is in force when it is opened."""
    return queries.policy_body(pot.policy_version_id) if pot.policy_version_id else {}


def refuse_year(township: Area, year: int, now: datetime) -> None:
    """This year's, the last's and the next."""
    if abs(year - local_day(now, township.time_zone).year) > 1:
        raise DomainError("invalid", [FieldError("/year", "field_invalid")])


# --- sources ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Source:
    """What somebody says of money that came or is promised by a document."""

    id: UUID
    fund: str
    kind: str
    name: str
    document: str
    fen: int


def enter_source(person: Person, township: Area, year: int, source: Source, now: datetime) -> MoneySource:
    """Raises pot_not_open, and `invalid` with what is wrong. Nothing can be spent of it before it is allocated."""
    needs_pot(township, year)
    faults = text_faults(name=source.name, document=source.document) + fen_faults(source.fen)
    if source.kind not in SOURCE_KINDS or source.fund not in rules.FUNDS:
        faults.append(FieldError("/kind", "field_needed"))
    refuse_faults(faults)
    if add_once(
        MoneySource, {"township_id": township.id, "id": source.id}, year=year, fund=source.fund, kind=source.kind,
        name=source.name, document=source.document, fen=source.fen, entered_by=person.id, entered_at=now,
    ):  # fmt: skip
        audit(
            person,
            township.id,
            "money.source_entered",
            "source",
            source.id,
            now,
            fen=source.fen,
            fund=source.fund,
        )
    return db.session.get_one(MoneySource, (township.id, source.id))


# --- allocations --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wish:
    """From a source or a line into lines. Empty `parts` of a source: split as the pot is."""

    id: UUID
    source_id: UUID | None
    from_line: str | None
    parts: Mapping[str, int]
    reason: str


def propose_allocation(
    person: Person, township: Area, year: int, wish: Wish, now: datetime
) -> Allocation:  # fmt: skip
    known = db.session.get(Allocation, (township.id, wish.id))
    if known is not None:
        return _same_wish(known, person, year, wish)
    needs_pot(township, year)
    source = _source_of(township, year, wish.source_id)
    fund = source.fund if source else "pot"
    parts = _parts_of(township, wish, source, now)
    refuse_faults(_wish_faults(wish, fund, parts))
    if add_once(
        Allocation, {"township_id": township.id, "id": wish.id}, year=year, fund=fund, source_id=wish.source_id,
        from_line=wish.from_line, fen=sum(parts.values()), reason=wish.reason, state="proposed",
        proposed_by=person.id, proposed_at=now,
    ):  # fmt: skip
        _add_parts(township, year, fund, wish.id, parts)
        audit(
            person,
            township.id,
            "money.allocation_proposed",
            "allocation",
            wish.id,
            now,
            fen=sum(parts.values()),
        )
    return db.session.get_one(Allocation, (township.id, wish.id))


def _same_wish(known: Allocation, person: Person, year: int, wish: Wish) -> Allocation:
    parts = queries.parts_of(known.township_id, [known.id]).get(known.id, {})
    said = year, person.id, wish.source_id, wish.from_line, wish.reason, dict(wish.parts) or parts
    if said != (known.year, known.proposed_by, known.source_id, known.from_line, known.reason, parts):
        raise Conflict("money_form_used")
    return known


def _add_parts(township: Area, year: int, fund: str, allocation_id: UUID, parts: Mapping[str, int]) -> None:
    db.session.add_all(
        AllocationPart(
            township_id=township.id, allocation_id=allocation_id, line=line, year=year, fund=fund, fen=fen
        )
        for line, fen in parts.items()
    )  # fmt: skip
    db.session.flush()


def _source_of(township: Area, year: int, source_id: UUID | None) -> MoneySource | None:
    if source_id is None:
        return None
    source = db.session.get(MoneySource, (township.id, source_id), populate_existing=True)
    if source is None or source.year != year:
        raise DomainError("invalid", [FieldError("/origin", "field_needed")])
    return source


def _parts_of(township: Area, wish: Wish, source: MoneySource | None, now: datetime) -> dict[str, int]:
    if wish.parts or source is None:
        return dict(wish.parts)
    rest = source.fen - source.allocated_fen
    if source.fund != "pot":
        return {source.fund: rest} if rest > 0 else {}
    pot = queries.opened_pot(township.id, source.year)
    shared = rules.split(rest, rules.policy_from(_body_of(pot) if pot else {}))
    return {line: fen for line, fen in shared.items() if fen}


def _wish_faults(wish: Wish, fund: str, parts: Mapping[str, int]) -> list[FieldError]:
    faults = text_faults(reason=wish.reason)
    if not parts or (wish.source_id is None) == (wish.from_line is None):
        faults.append(FieldError("/origin", "field_needed"))
    if any(not 0 < fen <= rules.MOST_FEN for fen in parts.values()):
        faults.append(FieldError("/amount", "money_amount"))
    apart = {*parts, *([wish.from_line] if wish.from_line else [])}
    if not apart <= set(rules.lines_of(fund)):
        faults.append(FieldError("/target", "money_funds_apart"))
    elif wish.from_line in parts:
        faults.append(FieldError("/target", "money_same_line"))
    return faults


def approve_allocation(person: Person, scope: Scope, allocation_id: UUID, now: datetime) -> Allocation:
    """Raises proposal_own, proposal_decided, source_short, budget_short."""
    row: Allocation = queries.mine(Allocation, scope, allocation_id)
    if row.state == "proposed" and row.proposed_by == person.id:
        raise DomainError("proposal_own")
    decide(row, person, "approved", now)
    parts = queries.parts_of(row.township_id, [row.id])[row.id]
    if row.from_line is not None:
        parts[row.from_line] = -row.fen
    else:
        lines.draw(db.session.get_one(MoneySource, (row.township_id, row.source_id)), row.fen)
    lines.allocate(row.township_id, row.year, parts)
    audit(person, row.township_id, "money.allocation_approved", "allocation", row.id, now, fen=row.fen)
    return row


def refuse_allocation(person: Person, scope: Scope, allocation_id: UUID, now: datetime) -> Allocation:
    """Also by whoever proposed it, who then takes it back."""
    row: Allocation = queries.mine(Allocation, scope, allocation_id)
    decide(row, person, "refused", now)
    audit(person, row.township_id, "money.allocation_refused", "allocation", row.id, now)
    return row


# --- what all of them need ----------------------------------------------------------------------------------------


def decide(row: Any, person: Person, state: str, now: datetime, *, before: str = "proposed") -> None:
    """By one conditional statement: of two who decide at once, one does. Raises proposal_decided."""
    model, who = type(row), "approved" if state == "approved" else "ended"
    statement = update(model).where(
        model.township_id == row.township_id, model.id == row.id, model.state == before
    )
    if not decided(statement.values({"state": state, f"{who}_by": person.id, f"{who}_at": now})):
        raise Conflict("proposal_decided")
    db.session.refresh(row)


def refuse_unseen(seen: str | None, there: str) -> None:
    """Nobody approves what came after the page was shown. None: nobody said what was seen."""
    if seen not in (None, there):
        raise Conflict("proposal_changed")


def decided(statement: Any) -> bool:
    done: Any = db.session.execute(statement, execution_options=lines.IN_PLACE)
    return bool(done.rowcount == 1)


def add_once(model: Any, key: Mapping[str, Any], **values: Any) -> bool:
    """Unless it, or what may be there once only, is there already: a form sent twice, even at once, makes one row.
    Raises money_form_used where its id made something else: nobody is told that a changed form was kept."""
    statement = insert(model).values(**key, **values).on_conflict_do_nothing()
    if db.session.execute(statement.returning(model.township_id)).first() is not None:
        return True
    if "id" in key:
        _refuse_other(db.session.get(model, tuple(key.values()), populate_existing=True), values)
    return False


def _refuse_other(row: Any, values: Mapping[str, Any]) -> None:
    if row is not None and any(getattr(row, name) != values[name] for name in values if name not in NOT_SAID):
        raise Conflict("money_form_used")


def needs_pot(township: Area, year: int) -> None:
    if queries.opened_pot(township.id, year) is None:
        raise Conflict("pot_not_open")


def text_faults(**texts: str) -> list[FieldError]:
    """Each is needed and short; none but a document or receipt holds a number as long as a person's."""
    faults = []
    for name, words in texts.items():
        if not words.strip():
            faults.append(FieldError(f"/{name}", "field_needed"))
        elif len(words) > LETTERS:
            faults.append(FieldError(f"/{name}", "too_long"))
        elif name not in ("document", "receipt", "evidence") and LONG_NUMBER.search(words):
            faults.append(FieldError(f"/{name}", "money_long_number"))
    return faults


def fen_faults(fen: int) -> list[FieldError]:
    return [] if 0 < fen <= rules.MOST_FEN else [FieldError("/fen", "money_amount")]


def refuse_faults(faults: list[FieldError]) -> None:
    if faults:
        raise DomainError("invalid", faults)


def audit(
    person: Person, township_id: int, action: str, kind: str, object_id: object, now: datetime, **more: Any
) -> None:
    record_audit(township_id, person.id, action, kind, object_id, now, **more)
