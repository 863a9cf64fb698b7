"""Points by month on the desk: what each person's month holds, who submitted and approved it, and the audits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import clock
from app.approval import auditing, operations, queries
from app.approval.models import RESULTS, SET_ASIDE
from app.approval.months import Month, PersonMonth, month_state
from app.approval.operations import Outcome
from app.approval.rules import DECIDED, points
from app.areas.models import Area
from app.db import db
from app.errors import BadRequest, DomainError
from app.gate import allow, me, my_scope
from app.money import liability
from app.problems import sentence
from app.web.planning import sentence_of
from app.web.words import MONTHS, moment, names, use_zone

pages = Blueprint("approvals", __name__)
SEERS = ("leader", "reviewer", "admin")
JUDGES = ("reviewer", "admin")
MONTHS_BACK = 12
TONES = {
    "unsettled": "wait", "to_submit": "need", "submitted": "wait", "changed": "need", "differs": "need",
    "returned": "need", "approved": "good", "set_aside": "idle", "debt": "idle", "nothing": "idle",
}  # fmt: skip
STEP_TONES = {"done": "good", "now": "wait", "later": "idle"}
CAN_SUBMIT = ("to_submit", "changed", "differs", "returned", "set_aside")


@dataclass(frozen=True)
class Line:
    """A person's month as the caller sees it. `submits`, `approves`: what the caller may do about it now."""

    it: PersonMonth
    name: str
    url: str
    submits: bool
    approves: bool
    why_not: str


@dataclass(frozen=True)
class Step:
    """One of the month's way: how far it is, in words, who did it and when."""

    name: str
    state: str
    words: str


@pages.get("/desk/points")
@allow(*SEERS)
def show() -> ResponseReturnValue:
    township = queries.reach_township(my_scope(), request.args.get("area"))
    return page_of(township, month_asked(request.args.get("month"), township))


@pages.post("/desk/points/submit")
@allow(*SEERS)
def submit() -> ResponseReturnValue:
    township = queries.reach_township(my_scope(), request.form.get("area"))
    month = month_asked(request.form.get("month"), township)
    ids = [person_id for person_id, _half in persons_asked()]
    told(operations.submit(me(), my_scope(), township, month, ids, clock.now()), "notices.submitted_done")
    return back_to(township, month)


@pages.post("/desk/points/approve")
@allow(*JUDGES)
def approve() -> ResponseReturnValue:
    township = queries.reach_township(my_scope(), request.form.get("area"), to_judge=True)
    month = month_asked(request.form.get("month"), township)
    asked, now = persons_asked(), clock.now()
    spend = liability.budget_of(township.id, clock.local_day(now, township.time_zone))
    told(operations.approve(me(), township, month, asked, now, spend), "notices.approved_done")
    return back_to(township, month)


@pages.post("/desk/points/set-aside")
@allow(*JUDGES)
def set_aside() -> ResponseReturnValue:
    township = queries.reach_township(my_scope(), request.form.get("area"), to_judge=True)
    month, reason = month_asked(request.form.get("month"), township), request.form.get("reason", "")
    try:
        operations.set_aside(me(), township, month, whole(request.form.get("person")), reason, clock.now())
    except DomainError as refused:
        return refuse(township, month, refused)
    flash(_("notices.set_aside_done"), "done")
    return back_to(township, month)


@pages.post("/desk/points/audit")
@allow(*JUDGES)
def audit() -> ResponseReturnValue:
    township = queries.reach_township(my_scope(), request.form.get("area"), to_judge=True)
    month = month_asked(request.form.get("month"), township)
    note = " ".join(request.form.get("note", "").split())
    try:
        auditing.finish(
            me(), my_scope(), township, month, whole(request.form.get("person")), request.form.get("result", ""),
            note, clock.now(),
        )  # fmt: skip
    except DomainError as refused:
        return refuse(township, month, refused)
    flash(_("notices.audited_done"), "done")
    return back_to(township, month)


# --- what was asked -------------------------------------------------------------------------------


def month_asked(text: str | None, township: Area) -> date:
    """The month named, or the last that is over. Raises BadRequest for what is none."""
    use_zone(township.time_zone)
    if not text:
        return months_of(township)[1]
    month = clock.month_named(text)
    if month is None:
        raise BadRequest("bad_request")
    return month


def months_of(township: Area) -> list[date]:
    """This month and those before it, the newest first."""
    found = [clock.local_day(clock.now(), township.time_zone).replace(day=1)]
    while len(found) <= MONTHS_BACK:
        found.append((found[-1] - timedelta(days=1)).replace(day=1))
    return found


def persons_asked() -> list[tuple[int, int]]:
    """(person, half points as they were shown) of each that is ticked."""
    found = []
    for value in request.form.getlist("person"):
        person_id, _colon, half = value.partition(":")
        found.append((whole(person_id), whole(half)))
    return found


def whole(text: str | None) -> int:
    try:
        number = int(text or "")
    except ValueError as wrong:
        raise BadRequest("bad_request") from wrong
    if abs(number) >= 2**53:
        raise BadRequest("bad_request")
    return number


def told(outcomes: Sequence[Outcome], done: str) -> None:
    """Kept, and said: how many, and who not and why."""
    db.session.commit()
    n = sum(outcome.refusal is None for outcome in outcomes)
    if n or not outcomes:
        flash(_(done, n=n) if outcomes else _("notices.nobody_ticked"), "done" if n else "wait")
    called = queries.names_of([outcome.person_id for outcome in outcomes])
    for code in sorted({outcome.refusal for outcome in outcomes if outcome.refusal}):
        whose = names(called[one.person_id] for one in outcomes if one.refusal == code)
        figures = next(one.figures for one in outcomes if one.refusal == code)
        flash(_("notices.not_done", names=whose, why=sentence(f"errors.{code}", figures)), "need")


def back_to(township: Area, month: date) -> ResponseReturnValue:
    db.session.commit()
    return redirect(url_for("approvals.show", area=township.code, month=f"{month:%Y-%m}"))


def refuse(township: Area, month: date, refused: DomainError) -> ResponseReturnValue:
    """The page again with what stood in the way. Nothing that was typed is kept, for it may name somebody."""
    code = township.code
    db.session.rollback()
    words = [sentence_of(fault) for fault in refused.fields] or [
        sentence(f"errors.{refused.code}", refused.figures)
    ]
    return page_of(queries.reach_township(my_scope(), code), month, " ".join(words)), refused.status


# --- the page -------------------------------------------------------------------------------------


def page_of(township: Area, month: date, problem: str = "") -> str:
    use_zone(township.time_zone)
    scope, found = my_scope(), month_state(township, month, clock.now())
    is_judge = township.id in scope.township_ids
    seen = queries.people_seen(scope, township.id)
    persons = [one for one in found.persons if seen is None or one.person_id in seen]
    called = queries.names_of(people_named(found))
    lines = [line_of(one, found, called, is_judge=is_judge) for one in persons]
    return render_template(
        "desk/point_months.html", township=township, townships=queries.townships_for(scope), months=months_of(township),
        month=found.month, found=found, lines=lines, groups=grouped(lines, scope, township), is_judge=is_judge,
        problem=problem, steps=steps_of(found, persons, called), tones=TONES, step_tones=STEP_TONES, points=points,
        month_words=month_words, called=called, reasons=SET_ASIDE, results=RESULTS,
        audits=[one for one in found.audits if is_judge], not_third=auditing.not_third,
        all_ticked=request.args.get("all") == "1",
        asides=[one for one in lines if may_set_aside(one, found)] if is_judge else [],
    )  # fmt: skip


def people_named(found: Month) -> list[int | None]:
    ids: list[int | None] = [one.person_id for one in found.persons]
    for one in found.persons:
        ids += [one.submission.submitted_by] if one.submission else []
        ids += [one.decided.last.decided_by, one.decided.last.submitted_by] if one.decided else []
    ids += [one.audited_by for one in found.audits]
    return [
        *ids, found.notice.opened_by if found.notice else None, found.frozen.frozen_by if found.frozen else None
    ]  # fmt: skip


def line_of(one: PersonMonth, found: Month, called: dict[int, str], *, is_judge: bool) -> Line:
    mine, is_open = me().id, not found.frozen and (not found.notice or is_returned(one))
    submits = is_open and one.state in CAN_SUBMIT and one.person_id != mine
    why_not = ""
    if is_open and is_judge and one.state == "submitted" and one.submission:
        if one.person_id == mine:
            why_not = "approval_own"
        elif one.submission.submitted_by == mine:
            why_not = "approval_submitted_by_you"
        elif mine in one.work.entered_by:
            why_not = "approval_entered_by_you"
    approves = is_open and is_judge and one.state == "submitted" and not why_not
    return Line(one, called[one.person_id], statement_of(one, found.month), submits, approves, why_not)


def is_returned(one: PersonMonth) -> bool:
    return one.decided is not None and one.decided.last.kind == "returned"


def may_set_aside(line: Line, found: Month) -> bool:
    is_open = not found.frozen and (not found.notice or is_returned(line.it)) and clock.now() >= found.ends_at
    was_approved = line.it.decided is not None and line.it.decided.last.kind == "approved"
    return is_open and line.it.state not in DECIDED and not was_approved and line.it.person_id != me().id


def statement_of(one: PersonMonth, month: date) -> str:
    """The page that explains the person's points."""
    return url_for("statements.show", person_id=one.person_id, month=f"{month:%Y-%m}")


def grouped(lines: Sequence[Line], scope: Any, township: Area) -> list[tuple[str, list[Line]]]:
    """By team, those without one last."""
    teams = queries.team_names(scope, township.id)
    found: dict[str, list[Line]] = {}
    for line in sorted(lines, key=lambda one: one.name):
        found.setdefault(teams.get(line.it.team_id or 0, ""), []).append(line)
    return sorted(found.items(), key=lambda one: (not one[0], one[0]))


def steps_of(found: Month, persons: Sequence[PersonMonth], called: dict[int, str]) -> list[Step]:
    """The way of the month, with who and when where one person did it."""
    decided = sum(one.state in DECIDED for one in persons)
    submitted = decided + sum(one.state == "submitted" for one in persons)
    audits = len(found.audits) - len(found.audits_open)
    done = bool(persons) and decided == len(persons)
    return [
        _step("submitted", submitted, len(persons), now=True),
        _step("approved", decided, len(persons), now=submitted > 0),
        _step("audited", audits, len(found.audits), now=bool(found.audits)),
        _notice_step(found, called, now=done and not found.audits_open),
        _objection_step(found),
        _frozen_step(found, called),
    ]


def _step(name: str, n: int, of: int, *, now: bool) -> Step:
    state = "done" if of and n == of else "now" if now else "later"
    return Step(name, state, _("notices.step.of", n=n, of=of) if of else _("notices.step.none"))


def _notice_step(found: Month, called: dict[int, str], *, now: bool) -> Step:
    notice = found.notice
    if notice is None:
        return Step("notice", "now" if now else "later", _("notices.step.not_yet"))
    words = _(
        "notices.step.notice_words", who=called[notice.opened_by], at=moment(notice.opened_at),
        until=moment(notice.closes_at - timedelta(minutes=1)),
    )  # fmt: skip
    return Step("notice", "done" if clock.now() >= notice.closes_at else "now", words)


def _objection_step(found: Month) -> Step:
    total = sum(found.objections.values())
    if found.notice is None:
        return Step("objections", "later", _("notices.step.not_yet"))
    open_ = found.objections.get("open", 0)
    over = clock.now() >= found.notice.closes_at and not open_ and not found.returned
    words = _("notices.step.objections_words", n=total, open=open_, returned=found.returned)
    return Step("objections", "done" if over else "now", words)


def _frozen_step(found: Month, called: dict[int, str]) -> Step:
    if found.frozen is None:
        return Step("frozen", "later", _("notices.step.not_yet"))
    words = _(
        "notices.step.frozen_words", who=called[found.frozen.frozen_by], at=moment(found.frozen.frozen_at)
    )
    return Step("frozen", "done", words)


def month_words(month: date) -> str:
    return _("notices.month", year=month.year, month=month.month, month_name=MONTHS[month.month - 1])
