"""A quarter is computed, published to its township, returned or accepted there, and frozen by another person.

Nothing is edited: what was mended is a new version. Every deed is safe to repeat; what comes too late is refused.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.accounts.rules import uuid7
from app.areas.models import Area
from app.areas.policies import policies_in_force
from app.assessment import figures, measuring, queries, rules
from app.assessment.models import (
    CORRECTIONS,
    INDICATORS,
    OUTCOMES,
    REASONS,
    Assessment,
    AssessmentFreeze,
    AssessmentReturn,
    AssessmentReview,
)
from app.assessment.rules import Policy, Quarter
from app.clock import local_day
from app.db import db
from app.errors import Conflict, DomainError, FieldError, NotFound
from app.teams.scope import Scope

# --- versions -----------------------------------------------------------------------------------------------------


def compute(
    person: Person, township: Area, quarter: Quarter, reason: str | None, now: datetime
) -> Assessment:
    """A new version, or the newest one where nothing has changed. After a version was frozen it says why."""
    if quarter.first > local_day(now, township.time_zone) or quarter.first.year < rules.FIRST_YEAR:
        raise DomainError("assessment_no_quarter")
    queries.lock_quarter(township.id, quarter.first)
    newest = queries.latest(township.id, quarter.first)
    said = figures_now(township, quarter, now)
    if newest is not None and newest.figures == said.figures and not _is_to_change(newest, township, now):
        return newest
    _need_reason(township.id, quarter, reason)
    made = Assessment(
        township_id=township.id, id=uuid7(now, secrets.token_bytes(10)), quarter=quarter.first,
        n=newest.n + 1 if newest else 1, rules=rules.RULES, policy_id=said.policy_id, figures=said.figures,
        reason=reason, computed_by=person.id, computed_at=now,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    _audit("assessment.compute", person, made, now, n=made.n, reason=reason)
    return made


def _is_to_change(one: Assessment, township: Area, now: datetime) -> bool:
    """Somebody answered a return by "changed", or the quarter ran out since it was computed: a new version follows,
    even one that says the same."""
    if any(r.outcome == "changed" for r in queries.returns_of(one)):
        return True
    is_over = local_day(now, township.time_zone) > Quarter(one.quarter).last
    return is_over and not is_of_whole(one, township.time_zone)


@dataclass(frozen=True)
class Said:
    figures: dict[str, Any]
    policy_id: int | None


def figures_now(township: Area, quarter: Quarter, now: datetime) -> Said:
    """As a version made now would keep them; the settings are those of the quarter's last day."""
    last = min(quarter.last, local_day(now, township.time_zone))
    in_force = policies_in_force(township.id, last)
    policy = rules.policy_from(in_force.body("assessment"))
    whole, villages = measuring.survey(township, quarter, policy, now)
    return Said(figures.stored(whole, villages, policy, last.isoformat()), in_force.ids.get("assessment"))


def _need_reason(township_id: int, quarter: Quarter, reason: str | None) -> None:
    if reason is not None and reason not in CORRECTIONS:
        raise DomainError("invalid", [FieldError("/reason", "field_invalid")])
    if reason is None and queries.frozen_version(township_id, quarter.first) is not None:
        raise DomainError("invalid", [FieldError("/reason", "field_needed")])


# --- published ----------------------------------------------------------------------------------------------------


def publish(person: Person, scope: Scope, assessment_id: UUID, now: datetime) -> AssessmentReview:
    """To the township, once its quarter is over. Again changes nothing."""
    one, zone = _newest(scope, assessment_id)
    found = queries.review_of(one)
    if found is not None:
        return found
    today = local_day(now, zone)
    if today <= Quarter(one.quarter).last:
        raise DomainError("assessment_not_over")
    if not is_of_whole(one, zone):
        raise Conflict("assessment_stale")
    policy = policy_of(one)
    notice = today + timedelta(days=policy.notice_days)
    found = AssessmentReview(
        township_id=one.township_id, assessment_id=one.id, computed_by=one.computed_by, published_by=person.id,
        published_at=now, notice_until=notice, until=max(notice, today + timedelta(days=policy.term_days)),
    )  # fmt: skip
    db.session.add(found)
    db.session.flush()
    _audit("assessment.publish", person, one, now, n=one.n)
    return found


def is_of_whole(one: Assessment, zone: str) -> bool:
    """It was measured once the quarter was over: on its last day an evening is still to come."""
    return local_day(one.computed_at, zone) > Quarter(one.quarter).last


def policy_of(one: Assessment) -> Policy:
    return rules.policy_from(one.figures["policy"])


@dataclass(frozen=True)
class Figure:
    """What somebody returns: an indicator of a village, or of the township."""

    area_id: int
    indicator: str
    reason: str


def send_back(
    person: Person, scope: Scope, assessment_id: UUID, figure: Figure, now: datetime
) -> AssessmentReturn:
    """Within the term, by somebody who did not publish it; each figure once."""
    one, zone = _newest(scope, assessment_id)
    review = _open_review(one)
    _check_figure(one, figure)
    known = next((r for r in queries.returns_of(one) if _is_about(r, figure)), None)
    if known is not None:
        return known
    if review.accepted_by is not None:
        raise Conflict("assessment_accepted")
    if local_day(now, zone) > review.until:
        raise Conflict("assessment_term_over")
    if review.published_by == person.id:
        raise DomainError("assessment_own")
    made = AssessmentReturn(
        township_id=one.township_id, id=uuid7(now, secrets.token_bytes(10)), assessment_id=one.id,
        published_by=review.published_by, returned_by=person.id, returned_at=now, **asdict(figure),
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    _audit("assessment.return", person, one, now, **asdict(figure))
    return made


def _is_about(known: AssessmentReturn, figure: Figure) -> bool:
    return (known.area_id, known.indicator) == (figure.area_id, figure.indicator)


def _check_figure(one: Assessment, figure: Figure) -> None:
    faults = []
    if figure.area_id not in {one.township_id, *(v["id"] for v in one.figures["villages"])}:
        faults.append(FieldError("/area", "field_needed"))
    if figure.indicator not in INDICATORS:
        faults.append(FieldError("/indicator", "field_needed"))
    if figure.reason not in REASONS:
        faults.append(FieldError("/reason", "field_needed"))
    if faults:
        raise DomainError("invalid", faults)


def answer(person: Person, scope: Scope, return_id: UUID, outcome: str, now: datetime) -> AssessmentReturn:
    """By somebody else than who returned it: it stands, or it is changed, and then a new version follows."""
    if outcome not in OUTCOMES:
        raise DomainError("invalid", [FieldError("/outcome", "field_needed")])
    found: AssessmentReturn = queries.reach_row(scope, AssessmentReturn, return_id)
    if found.outcome is not None:
        if (found.outcome, found.decided_by) == (outcome, person.id):
            return found
        raise Conflict("assessment_answered")
    if found.returned_by == person.id:
        raise DomainError("assessment_own")
    found.outcome, found.decided_by, found.decided_at = outcome, person.id, now
    db.session.flush()
    one = queries.reach(scope, found.assessment_id)
    _audit("assessment.answer", person, one, now, outcome=outcome, indicator=found.indicator)
    return found


def accept(person: Person, scope: Scope, assessment_id: UUID, now: datetime) -> AssessmentReview:
    """The township accepts: nothing returned is open, and it may not be returned any more."""
    one, _ = _newest(scope, assessment_id)
    review = _open_review(one)
    if review.accepted_by is not None:
        return review
    if review.published_by == person.id:
        raise DomainError("assessment_own")
    _all_answered(one)
    review.accepted_by, review.accepted_at = person.id, now
    db.session.flush()
    _audit("assessment.accept", person, one, now)
    return review


# --- frozen -------------------------------------------------------------------------------------------------------


def freeze(person: Person, scope: Scope, assessment_id: UUID, now: datetime) -> AssessmentFreeze:
    """By a person who neither computed nor published it, once notice and objections are over. Again changes nothing."""
    one, zone = _newest(scope, assessment_id)
    found = queries.freeze_of(one)
    if found is not None:
        return found
    review = queries.review_of(one)
    if review is None:
        raise Conflict("assessment_not_published")
    if person.id in (one.computed_by, review.published_by):
        raise DomainError("assessment_own")
    _all_answered(one)
    over_on = freezes_from(review)
    if local_day(now, zone) < over_on:
        raise DomainError("assessment_waits", day=over_on.isoformat())
    found = AssessmentFreeze(
        township_id=one.township_id, assessment_id=one.id, computed_by=one.computed_by,
        published_by=review.published_by, frozen_by=person.id, frozen_at=now,
    )  # fmt: skip
    db.session.add(found)
    db.session.flush()
    _audit("assessment.freeze", person, one, now, n=one.n)
    return found


def freezes_from(review: AssessmentReview) -> date:
    """The first day on which notice and objections are over: an acceptance ends the term, never the notice."""
    last = review.notice_until if review.accepted_by is not None else review.until
    return last + timedelta(days=1)


def _all_answered(one: Assessment) -> None:
    returns = queries.returns_of(one)
    if any(r.outcome is None for r in returns):
        raise Conflict("assessment_open_returns")
    if any(r.outcome == "changed" for r in returns):
        raise Conflict("assessment_to_compute")


def _open_review(one: Assessment) -> AssessmentReview:
    if queries.freeze_of(one) is not None:
        raise Conflict("assessment_frozen")
    review = queries.review_of(one)
    if review is None:
        raise Conflict("assessment_not_published")
    return review


def _newest(scope: Scope, assessment_id: UUID) -> tuple[Assessment, str]:
    """The version and its township's zone, held until the transaction ends; Conflict where a newer one stands."""
    one = queries.reach(scope, assessment_id)
    queries.lock_quarter(one.township_id, one.quarter)
    newest = queries.latest(one.township_id, one.quarter)
    if newest is None or newest.id != one.id:
        raise Conflict("assessment_superseded")
    township = db.session.get(Area, one.township_id)
    if township is None:
        raise NotFound()
    return one, township.time_zone


# --- how it stands ------------------------------------------------------------------------------------------------


def phase_of(one: Assessment, newest_n: int) -> str:
    """superseded (unless it was frozen) · draft · published · returned · accepted · frozen."""
    if queries.freeze_of(one) is not None:
        return "frozen"
    if one.n != newest_n:
        return "superseded"
    return phase_open(queries.review_of(one), queries.returns_of(one))


def phase_open(review: AssessmentReview | None, returns: Sequence[AssessmentReturn]) -> str:
    """Of the newest version, not frozen."""
    if review is None:
        return "draft"
    if any(r.outcome != "stands" for r in returns):
        return "returned"
    return "published" if review.accepted_by is None else "accepted"


@dataclass(frozen=True)
class Change:
    """A figure that differs between two versions, as text of exact numbers."""

    area: str
    what: str
    before: str | None
    after: str | None


def changes(before: Assessment, after: Assessment) -> list[Change]:
    """What a newer version says otherwise: measures, grades, and settings."""
    found = [
        Change("", f"policy.{f.name}", str(old), str(new))
        for f in fields(Policy)
        if (old := before.figures["policy"].get(f.name)) != (new := after.figures["policy"].get(f.name))
    ]
    were = {v["id"]: v for v in [before.figures["township"], *before.figures["villages"]]}
    for now in [after.figures["township"], *after.figures["villages"]]:
        found += _changed(now, were.pop(now["id"], None))
    return found + [Change(gone["name"], "area_gone", gone["code"], None) for gone in were.values()]


def _changed(now: dict[str, Any], was: dict[str, Any] | None) -> list[Change]:
    if was is None:
        return [Change(now["name"], "area", None, now["code"])]
    found = [
        Change(now["name"], key, _measure(was["indicators"][key]), _measure(now["indicators"][key]))
        for key in rules.INDICATORS
        if _measure(was["indicators"][key]) != _measure(now["indicators"][key])
    ]
    return found + [
        Change(now["name"], key, was[key], now[key])
        for key in ("weight", "final", "grade")
        if was.get(key) != now.get(key)
    ]


def _measure(one: dict[str, Any]) -> str | None:
    return None if one["why"] else f"{one['num']} / {one['den']}"


def _audit(action: str, person: Person, one: Assessment, now: datetime, **detail: Any) -> None:
    about = {k: v for k, v in detail.items() if v is not None}
    record_audit(one.township_id, person.id, action, "assessment", one.id, now, **about)
