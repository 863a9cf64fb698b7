"""What a village with a low grade will do, and when its notices hung out: entered by one, confirmed by another."""

from __future__ import annotations

import re
import secrets
from dataclasses import asdict, dataclass
from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.accounts.rules import uuid7
from app.areas.models import Area
from app.assessment import queries, rules
from app.assessment.models import (
    ACTIONS,
    CHANNELS,
    INDICATORS,
    OWNERS,
    Assessment,
    AssessmentNotice,
    AssessmentPlanItem,
)
from app.assessment.rules import Plan, PlanItem, Quarter
from app.clock import local_day
from app.db import db
from app.errors import Conflict, DomainError, FieldError, NotFound
from app.teams.scope import Scope

PAPER = re.compile(r"[0-9A-Za-z〔〕（）()第号年/._-]{1,40}")
LONGEST_DAYS = 366


# --- plans --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    village_id: int
    indicator: str
    action: str
    owner: str
    due_on: date


def add_item(
    person: Person, scope: Scope, assessment_id: UUID, wanted: Wanted, now: datetime
) -> AssessmentPlanItem:
    """To the plan of a village whose grade was frozen as C or D. The same again is the same."""
    one = queries.reach(scope, assessment_id)
    queries.lock_quarter(one.township_id, one.quarter)
    known = next((i for i in queries.plan_items_of(one, wanted.village_id) if _is_same(i, wanted)), None)
    if known is not None:
        return known
    if queries.freeze_of(one) is None:
        raise Conflict("assessment_not_frozen")
    faults = _faults(one, wanted, _today(one, now))
    if faults:
        raise DomainError("invalid", faults)
    item = AssessmentPlanItem(
        township_id=one.township_id, id=uuid7(now, secrets.token_bytes(10)), assessment_id=one.id,
        made_by=person.id, made_at=now, **asdict(wanted),
    )  # fmt: skip
    db.session.add(item)
    db.session.flush()
    _audit("assessment.plan", person, item.township_id, item.id, now)
    return item


def _is_same(item: AssessmentPlanItem, wanted: Wanted) -> bool:
    return (item.indicator, item.action) == (wanted.indicator, wanted.action)


def _faults(one: Assessment, wanted: Wanted, today: date) -> list[FieldError]:
    grades = {v["id"]: v["grade"] for v in one.figures["villages"]}
    faults = []
    if grades.get(wanted.village_id) not in rules.PLANNED:
        faults.append(FieldError("/village", "assessment_no_plan"))
    for pointer, value, known in (
        ("/indicator", wanted.indicator, INDICATORS),
        ("/action", wanted.action, ACTIONS),
        ("/owner", wanted.owner, OWNERS),
    ):
        if value not in known:
            faults.append(FieldError(pointer, "field_needed"))
    if not 0 < (wanted.due_on - today).days <= LONGEST_DAYS:
        faults.append(FieldError("/due_on", "assessment_due", {"days": LONGEST_DAYS}))
    return faults


def finish(
    person: Person, scope: Scope, item_id: UUID, done_on: date, paper: str, now: datetime
) -> AssessmentPlanItem:
    """Done on a day, with the number of the paper that shows it. Until it is confirmed it may be said again."""
    item: AssessmentPlanItem = queries.reach_row(scope, AssessmentPlanItem, item_id)
    if item.confirmed_by is not None:
        raise Conflict("assessment_confirmed")
    faults = paper_faults(paper)
    made_on = local_day(item.made_at, _zone(item.township_id))
    if not made_on <= done_on <= local_day(now, _zone(item.township_id)):
        faults.append(FieldError("/done_on", "assessment_done_on"))
    if faults:
        raise DomainError("invalid", faults)
    item.done_on, item.paper, item.done_by = done_on, paper, person.id
    db.session.flush()
    _audit("assessment.done", person, item.township_id, item.id, now)
    return item


def confirm_item(person: Person, scope: Scope, item_id: UUID, now: datetime) -> AssessmentPlanItem:
    item: AssessmentPlanItem = queries.reach_row(scope, AssessmentPlanItem, item_id)
    if item.confirmed_by is not None:
        return item
    if item.done_by is None:
        raise Conflict("assessment_not_done")
    if item.done_by == person.id:
        raise DomainError("assessment_own")
    item.confirmed_by, item.confirmed_at = person.id, now
    db.session.flush()
    _audit("assessment.confirm", person, item.township_id, item.id, now)
    return item


def plans_of(one: Assessment) -> dict[int, Plan]:
    """Village → its plan, for those whose grade asks for one."""
    found: dict[int, Plan] = {}
    items = queries.plan_items_of(one)
    for village in one.figures["villages"]:
        if village["grade"] in rules.PLANNED:
            mine = [i for i in items if i.village_id == village["id"]]
            found[village["id"]] = Plan(
                village["grade"], [PlanItem(i.due_on, i.done_on, i.confirmed_by is not None) for i in mine]
            )
    return found


@dataclass(frozen=True)
class Restored:
    """What of the factor a village's plan gives back so far, and the version that asked for the plan."""

    assessment_id: UUID
    plan: Plan
    part: Fraction


def restored_of(township_id: int, quarter: date) -> dict[int, Restored]:
    """Village → what its plan gives back, for the version that counts. What grants ask."""
    one = queries.frozen_version(township_id, quarter)
    if one is None:
        return {}
    policy = rules.policy_from(one.figures["policy"])
    return {v: Restored(one.id, plan, rules.restored(plan, policy)) for v, plan in plans_of(one).items()}


# --- notices ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hung:
    """`published_on` None: it did not hang out."""

    village_id: int
    month: date
    published_on: date | None
    channel: str | None
    paper: str | None


def enter_notice(person: Person, township: Area, hung: Hung, now: datetime) -> AssessmentNotice:
    """What somebody saw; it counts once another person has confirmed it. The same again is the same."""
    today = local_day(now, township.time_zone)
    faults = _notice_faults(township, hung, today)
    if faults:
        raise DomainError("invalid", faults)
    queries.lock_quarter(township.id, rules.quarter_of(hung.month).first)
    known = [n for n in queries.notices_of(township.id, [hung.month]) if n.village_id == hung.village_id]
    if known and Hung(*(getattr(known[0], key) for key in asdict(hung))) == hung:
        return known[0]
    made = AssessmentNotice(
        township_id=township.id, id=uuid7(now, secrets.token_bytes(10)), entered_by=person.id, entered_at=now,
        **asdict(hung),
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    _audit("assessment.notice", person, township.id, made.id, now)
    return made


def _notice_faults(township: Area, hung: Hung, today: date) -> list[FieldError]:
    faults = []
    if queries.village_in(township.id, hung.village_id) is None:
        faults.append(FieldError("/village", "field_needed"))
    if hung.month.day != 1 or hung.month >= today.replace(day=1) or hung.month.year < rules.FIRST_YEAR:
        faults.append(FieldError("/month", "assessment_month"))
    if hung.published_on is None:
        return faults + [
            FieldError(f"/{key}", "assessment_not_hung") for key in ("channel", "paper") if getattr(hung, key)
        ]
    if not hung.month <= hung.published_on <= today:
        faults.append(FieldError("/published_on", "assessment_hung_on"))
    if hung.channel not in CHANNELS:
        faults.append(FieldError("/channel", "field_needed"))
    return faults + paper_faults(hung.paper or "")


def confirm_notice(person: Person, scope: Scope, notice_id: UUID, now: datetime) -> AssessmentNotice:
    found: AssessmentNotice = queries.reach_row(scope, AssessmentNotice, notice_id)
    if found.confirmed_by is not None:
        return found
    if found.entered_by == person.id:
        raise DomainError("assessment_own")
    found.confirmed_by, found.confirmed_at = person.id, now
    db.session.flush()
    _audit("assessment.confirm", person, found.township_id, found.id, now)
    return found


def paper_faults(paper: str) -> list[FieldError]:
    """The number of a document: signs of a number and nothing of a sentence."""
    return [] if PAPER.fullmatch(paper) else [FieldError("/paper", "assessment_paper")]


def months_to_enter(quarter: Quarter, today: date) -> list[date]:
    return [month for month in quarter.months if month < today.replace(day=1)]


def _zone(township_id: int) -> str:
    township = db.session.get(Area, township_id)
    if township is None:
        raise NotFound()
    return township.time_zone


def _today(one: Assessment, now: datetime) -> date:
    return local_day(now, _zone(one.township_id))


def _audit(action: str, person: Person, township_id: int, row_id: UUID, now: datetime) -> None:
    record_audit(township_id, person.id, action, "assessment", row_id, now)
