"""What is earned or lost beside duties: hazards to verify, trainings, no-shows, false check-ins, bonuses, holidays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import DateField, IntegerField, RadioField, SelectField, StringField, widgets

from app import clock
from app.areas.models import Area
from app.db import db
from app.duty import bonus, choices
from app.errors import Conflict, DomainError, NotFound
from app.gate import allow, me, my_scope
from app.hotspots.queries import townships_for
from app.incentives import cases, hazards, holidays, no_shows, training
from app.incentives.models import (
    CASE_REASONS,
    DAY_KINDS,
    EXCUSES,
    HAZARD_WRONG,
    OUTCOMES,
    SESSION_KINDS,
    SEVERITIES,
    TRAINING_WRONG,
)
from app.incentives.operations import month_of
from app.incidents.models import Incident
from app.incidents.queries import reach_incident, village_of
from app.web.forms import DeskForm, Picks, needed
from app.web.hotspots import township_asked
from app.web.planning import blame
from app.web.reports import title_of, where_of
from app.web.words import today, use_zone

pages = Blueprint("point_rows", __name__)
SEERS = ("leader", "reviewer", "admin")
RECENT = timedelta(days=92)
AHEAD = timedelta(days=14)
CASE_TONES = {"asked": "wait", "waits": "need", "upheld": "idle", "dismissed": "idle"}


class SessionForm(DeskForm):
    team = SelectField(coerce=int)
    kind = RadioField(validators=[needed()])
    day = DateField(validators=[needed()])
    minutes = IntegerField(validators=[needed()], widget=widgets.NumberInput(min=15, max=480, step=15))
    people = Picks(coerce=int)

    def wanted(self) -> training.Wanted:
        return training.Wanted(
            self.kind.data, self.day.data, self.minutes.data, tuple(self.people.data or ())
        )


class HolidayForm(DeskForm):
    area = SelectField()
    day = DateField(validators=[needed()])
    kind = RadioField(validators=[needed()])
    name = StringField(validators=[needed()])


@pages.get("/desk/points/rows")
@allow(*SEERS)
def show() -> ResponseReturnValue:
    return page_of(township_asked())


@pages.post("/desk/points/rows/sessions")
@allow("leader", "admin")
def enter_session() -> ResponseReturnValue:
    township = _township_of(request.form.get("team", type=int))
    form = session_form()
    assert form is not None
    if not form.validate():
        return page_of(township, session=form), 422
    try:
        training.enter(me(), my_scope(), form.team.data, form.wanted(), clock.now())
    except DomainError as refused:
        if isinstance(refused, NotFound):
            raise
        problem = blame(form, refused)
        db.session.rollback()
        return page_of(township, session=form, problem=problem), refused.status
    return _done(township, "rows.session.entered")


def _township_of(team_id: int | None) -> Area:
    team = next((one for one in choices.led_teams(my_scope()) if one.id == team_id), None)
    if team is None:
        raise NotFound()
    return db.session.get_one(Area, team.township_id)


@pages.post("/desk/points/rows/sessions/<int:training_id>/confirm")
@allow(*SEERS)
def confirm_session(training_id: int) -> ResponseReturnValue:
    township = training.reach(my_scope(), training_id).township_id
    return deed(
        township,
        "rows.session.confirmed",
        lambda: training.confirm(me(), my_scope(), training_id, clock.now()),
    )


@pages.post("/desk/points/rows/hazards/<uuid:incident_id>")
@allow(*SEERS)
def verify_hazard(incident_id: UUID) -> ResponseReturnValue:
    township = reach_incident(my_scope(), incident_id).township_id
    severity = request.form.get("severity", "")
    return deed(
        township, "rows.hazard.verified",
        lambda: hazards.verify(me(), my_scope(), incident_id, severity, clock.now()),
    )  # fmt: skip


@pages.post("/desk/points/rows/no-shows/<int:shift_id>/<int:person_id>")
@allow(*SEERS)
def excuse(shift_id: int, person_id: int) -> ResponseReturnValue:
    township = no_shows.reach(my_scope(), shift_id, person_id).township_id
    why = request.form.get("excuse", "")
    return deed(
        township, "rows.no_show.excused",
        lambda: no_shows.excuse(me(), my_scope(), shift_id, person_id, why, clock.now()),
    )  # fmt: skip


@pages.post("/desk/points/rows/shifts/<int:shift_id>/bonus")
@allow(*SEERS)
def set_bonus(shift_id: int) -> ResponseReturnValue:
    township = bonus.reach(my_scope(), shift_id).township_id
    seen, wanted = (request.form.get(name, -1, type=int) for name in ("version", "bonus"))
    return deed(
        township, "rows.bonus.set",
        lambda: bonus.set_bonus(me(), my_scope(), shift_id, seen, wanted, clock.now()),
    )  # fmt: skip


@pages.post("/desk/points/rows/holidays")
@allow("admin")
def set_holiday() -> ResponseReturnValue:
    """`take_out` names a day to be taken out of the list."""
    form, township = holiday_form(), township_asked()
    gone = request.form.get("take_out")
    if gone:
        code = form.area.data or ""
        return deed(
            township.id, "rows.holiday.taken_out",
            lambda: holidays.take_out(me(), my_scope(), code, _day(gone), clock.now()),
        )  # fmt: skip
    if not form.validate():
        return page_of(township, holiday=form), 422
    try:
        holidays.set_day(
            me(), my_scope(), form.area.data, form.day.data, form.kind.data, form.name.data, clock.now()
        )
    except NotFound:
        raise
    except DomainError as refused:
        problem = blame(form, refused)
        db.session.rollback()
        return page_of(township, holiday=form, problem=problem), refused.status
    return _done(township, "rows.holiday.set")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as wrong:
        raise NotFound() from wrong


# --- false check-ins ------------------------------------------------------------------------------


@pages.get("/desk/points/duties/<int:duty_id>/case")
@allow(*SEERS)
def ask_case(duty_id: int) -> ResponseReturnValue:
    return _ask_page(duty_id)


@pages.post("/desk/points/duties/<int:duty_id>/case")
@allow(*SEERS)
def open_case(duty_id: int) -> ResponseReturnValue:
    try:
        case = cases.open_case(me(), my_scope(), duty_id, request.form.get("reason", ""), clock.now())
    except NotFound:
        raise
    except DomainError as refused:
        db.session.rollback()
        return _ask_page(duty_id, blame(DeskForm(), refused) or _("errors.choose_one")), refused.status
    flash(_("rows.case.opened"), "done")
    target = url_for("point_rows.case", case_id=case.id)
    db.session.commit()
    return redirect(target)


@pages.get("/desk/points/cases/<int:case_id>")
@allow(*SEERS)
def case(case_id: int) -> ResponseReturnValue:
    return _case_page(case_id)


@pages.post("/desk/points/cases/<int:case_id>")
@allow(*SEERS)
def decide_case(case_id: int) -> ResponseReturnValue:
    cases.reach_case(my_scope(), case_id)
    try:
        cases.decide(me(), my_scope(), case_id, request.form.get("outcome", ""), clock.now())
    except Conflict as late:
        db.session.rollback()
        flash(_(f"errors.{late.code}"), "wait")
        return redirect(url_for("point_rows.case", case_id=case_id))
    except DomainError as refused:
        db.session.rollback()
        return _case_page(case_id, blame(DeskForm(), refused) or _("errors.choose_one")), refused.status
    flash(_("rows.case.decided"), "done")
    db.session.commit()
    return redirect(url_for("point_rows.case", case_id=case_id))


def _ask_page(duty_id: int, problem: str = "") -> str:
    duty = cases.reach_duty(my_scope(), duty_id)
    use_zone(db.session.get_one(Area, duty.township_id).time_zone)
    return render_template(
        "desk/point_case_new.html", about=cases.about(duty), duty=duty, problem=problem, reasons=CASE_REASONS,
        own=duty.person_id == me().id, live=cases.live_case(duty), over=duty.state in cases.FINISHED,
    )  # fmt: skip


def _case_page(case_id: int, problem: str = "") -> str:
    shown, now = cases.shown(my_scope(), case_id), clock.now()
    use_zone(db.session.get_one(Area, shown.case.township_id).time_zone)
    mine = shown.case.person_id == me().id
    return render_template(
        "desk/point_case.html", one=shown, state=shown.state(now), tones=CASE_TONES, problem=problem, mine=mine,
        opener=shown.case.opened_by == me().id, outcomes=OUTCOMES,
    )  # fmt: skip


# --- the page -------------------------------------------------------------------------------------


def deed(township_id: int, words: str, act: Callable[[], Any]) -> ResponseReturnValue:
    """One button of the page: done, or the page again with why not."""
    township = db.session.get_one(Area, township_id)
    try:
        act()
    except NotFound:
        raise
    except DomainError as refused:
        problem = blame(DeskForm(), refused) or _("errors.choose_one")
        db.session.rollback()
        return page_of(db.session.get_one(Area, township_id), problem=problem), refused.status
    return _done(township, words)


def _done(township: Area, words: str) -> ResponseReturnValue:
    flash(_(words), "done")
    target = url_for("point_rows.show", township=township.code)
    db.session.commit()
    return redirect(target)


def page_of(
    township: Area,
    *,
    session: SessionForm | None = None,
    holiday: HolidayForm | None = None,
    problem: str = "",
) -> str:
    use_zone(township.time_zone)
    scope, now = my_scope(), clock.now()
    first, last = month_of(month_asked())
    areas = holidays.areas_for(scope)
    return render_template(
        "desk/point_rows.html", township=township, townships=townships_for(scope), problem=problem,
        now_day=today(),
        hazards=[_hazard(one) for one in hazards.waiting(scope, township.id, now)], severities=SEVERITIES,
        verified=[_verified(one) for one in hazards.verified(scope, township.id, now - RECENT)],
        hazard_wrong=HAZARD_WRONG, training_wrong=TRAINING_WRONG, scope=scope,
        sessions=training.seen(scope, township.id, today() - RECENT),
        session_form=session or session_form(formdata=None),
        missed=no_shows.seen(scope, township.id, first, last), first=first, excuses=EXCUSES,
        before=(first - timedelta(days=1)).strftime("%Y-%m"), after=(last + timedelta(days=1)).strftime("%Y-%m"),
        cases=[(one, one.state(now)) for one in cases.seen(scope, township.id, now - RECENT)], tones=CASE_TONES,
        shifts=bonus.to_come(scope, township.id, now, now + AHEAD), bonuses=bonus.CHOICES,
        days=holidays.seen(township, date(today().year, 1, 1), date(today().year + 1, 12, 31)),
        holiday_form=(holiday or holiday_form(formdata=None)) if areas else None,
        administered={area.code for area in areas},
    )  # fmt: skip


def month_asked() -> date:
    return clock.month_named(request.args.get("month", "")) or today()


def _hazard(one: hazards.Waiting) -> dict[str, Any]:
    return {**_report(one.incident), "reporter": one.reporter, "is_mine": one.is_mine}


def _report(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.id, "title": title_of(incident), "where": where_of(incident, village_of(incident)),
        "at": incident.reported_at,
    }  # fmt: skip


def _verified(one: hazards.Verified) -> dict[str, Any]:
    return {**_report(one.incident), "one": one, "row": one.row}


def session_form(**options: Any) -> SessionForm | None:
    """For who leads a team; its people are of the team that is chosen."""
    teams = choices.led_teams(my_scope())
    if not teams:
        return None
    asked = request.values.get("team", type=int)
    team = next((one for one in teams if one.id == asked), teams[0])
    form = SessionForm(**options)
    form.team.choices = [(one.id, one.name) for one in teams]
    form.kind.choices = [(kind, _(f"rows.session.kind.{kind}")) for kind in SESSION_KINDS]
    form.people.choices = list(training.members_on(team.id, today()))
    if "formdata" in options:
        form.team.data, form.day.data, form.minutes.data, form.kind.data = team.id, today(), 60, "training"
    return form


def holiday_form(**options: Any) -> HolidayForm:
    form = HolidayForm(**options)
    form.area.choices = [(area.code, area.name) for area in holidays.areas_for(my_scope())]
    form.kind.choices = [(kind, _(f"rows.holiday.kind.{kind}")) for kind in DAY_KINDS]
    if "formdata" in options:
        form.kind.data = "holiday"
    return form
