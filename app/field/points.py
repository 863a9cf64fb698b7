"""A person's points of a month, line by line in words: for the member's own phone, and the same on the desk."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any

from app.accounts.models import Person
from app.areas.policies import PoliciesOf, place_of
from app.clock import local_day, rfc3339
from app.incentives import ledger, queries, rows, statements
from app.incentives.explaining import NEEDS, Sentence, explain, points_words
from app.incentives.models import PointEntry
from app.incentives.operations import earned_before, facts_of, month_of, price


def points_of(person: Person, month: date) -> dict[str, Any]:
    """The contract of GET /api/v1/field/points. `month` is that of the work; a line that its frozen month could not
    take says where it is booked. Balances are of now."""
    first, last = month_of(month)
    township_id = person.home_township_id or 0
    entries = sorted(
        filter(_is_told, queries.standing_of_month(township_id, person.id, first, last)), key=_order
    )
    versions = queries.versions_by_id([e.policy_version_id for e in entries if e.policy_version_id])
    lines = [_line_doc(entry, person.id, versions) for entry in entries]
    cut = _cut(township_id, person.id, first, last, entries) if township_id else []
    return {
        "month": f"{first:%Y-%m}",
        "points": sum(_half(e, person.id) for e in entries if _is_earned(e)) / 2,
        **_balances(township_id, person.id),
        "lines": lines,
        "cut": cut,
        "taken_back": _taken_back(
            township_id, person.id, first, last, {(c["rule"], c["cause"]) for c in cut}
        ),
    }


def _balances(township_id: int, person_id: int) -> dict[str, float]:
    held = statements.balances(township_id, person_id=person_id)
    return {
        "pending": held.get(ledger.pending(person_id), 0) / 2,
        "approved": held.get(ledger.approved(person_id), 0) / 2,
    }


def _is_earned(entry: PointEntry) -> bool:
    """Comes from, or goes back to, the township's source."""
    return ledger.ISSUE in (entry.debit_account, entry.credit_account)


def _half(entry: PointEntry, person_id: int) -> int:
    """What it makes of the points that the person has: those that are approved stay theirs, ordered ones are spent."""
    theirs = (ledger.pending(person_id), ledger.approved(person_id))
    leaves = entry.debit_account in theirs and entry.credit_account not in theirs
    return -entry.amount_half if leaves else entry.amount_half


def _order(entry: PointEntry) -> tuple[date, str, int]:
    """By day and cause; within one as the table of rules has them, the minutes first."""
    return entry.earned_on, entry.cause, list(NEEDS).index(entry.rule) if entry.rule in NEEDS else len(NEEDS)


def _is_told(entry: PointEntry) -> bool:
    """The order has told already what its collection closes."""
    return entry.rule != "collection"


def _line_doc(entry: PointEntry, person_id: int, versions: dict[int, tuple[str, date]]) -> dict[str, Any]:
    half = _half(entry, person_id)
    version = versions.get(entry.policy_version_id or 0)
    is_moved = entry.booked_in is not None
    return {
        "rule": entry.rule, "cause": entry.cause, "day": entry.earned_on.isoformat(), "points": half / 2,
        "is_earned": _is_earned(entry),
        "says": [_said(one) for one in explain(entry.rule, half, entry.detail, entry.why, entry.n)],
        "version": {"area": version[0], "since": version[1].isoformat()} if version else None,
        "settles_at": rfc3339(entry.settles_at), "booked_in": f"{entry.booked_in:%Y-%m}" if is_moved else None,
    }  # fmt: skip


def _said(sentence: Sentence) -> dict[str, Any]:
    return {"code": sentence.code, "figures": sentence.figures}


def _cut(
    township_id: int, person_id: int, first: date, last: date, entries: Sequence[PointEntry]
) -> list[dict[str, Any]]:
    """Lines of which a cap, or the floor of the month, left nothing: they are in no ledger, and told all the same."""
    policies = PoliciesOf(township_id, first, last)
    facts = facts_of(township_id, person_id, first, last, place_of(township_id).zone, policies)
    month = price(facts, policies, earned_before(township_id, person_id, first))
    posted = {(entry.rule, entry.cause) for entry in entries}
    return [
        {
            "rule": line.rule, "cause": line.cause, "day": facts.about[line.cause].day.isoformat(),
            "says": [_said(explain(line.rule, line.amount_half, line.detail)[0]),
                     {"code": "says.gone" if line.amount_half > 0 else "says.gone.floor",
                      "figures": {"points": points_words(line.amount_half)}}],
        }
        for key, line in month.full.items() if key not in month.lines and key not in posted
    ]  # fmt: skip


def _taken_back(
    township_id: int, person_id: int, first: date, last: date, cut: Collection[tuple[str, str]]
) -> list[dict[str, Any]]:
    """Lines that stood once and were undone altogether, with the reason; `cut` tells of its own."""
    zone = place_of(township_id).zone if township_id else ""
    reasons = {
        (one.rule, one.cause): Sentence(
            f"says.taken_back.{one.why}", {"day": local_day(one.at, zone).isoformat()}
        )
        for one in rows.taken_back_of(township_id, person_id, first, last)
    }
    return [
        _undone(line, undoing, reasons.get((line.rule, line.cause)))
        for line, undoing in queries.taken_back(township_id, person_id, first, last)
        if (line.rule, line.cause) not in cut
    ]


def _undone(line: PointEntry, undoing: PointEntry, reason: Sentence | None) -> dict[str, Any]:
    """What a person said is the reason; else what the ledger says of the reversal."""
    half = _half(line, line.person_id)
    told = explain(line.rule, half, line.detail, undoing.why, undoing.n)
    return {
        "rule": line.rule, "cause": line.cause, "day": line.earned_on.isoformat(), "points": half / 2,
        "says": [_said(one) for one in ([told[0], reason] if reason else told)],
        "booked_in": f"{undoing.booked_in:%Y-%m}" if undoing.booked_in else None,
    }  # fmt: skip


def month_before(month: date) -> date:
    return (month.replace(day=1) - timedelta(days=1)).replace(day=1)


def month_after(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)
