"""The week of shifts, one shift, and the forms that plan, change, cancel and copy."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import clock
from app.checkins.board import progress_of, waiting_on
from app.db import db
from app.duty import attendance, board, choices, roster, swaps
from app.duty.board import CrewShift
from app.duty.objections import duty_policy
from app.errors import Conflict, DomainError, NotFound
from app.field import shown as sent
from app.field.operations import follow_roster, settle_duty
from app.gate import allow, me, my_scope
from app.web import planning
from app.web.board import needs_of, state_and_tone
from app.web.forms import AttendForm, CancelForm, CrewForm, DeskForm, span_of
from app.web.review import duty_answers_of
from app.web.words import hhmm, local, minutes_words, short_day, span, today, use_zone

pages = Blueprint("shifts", __name__)
MATE_TONES = {"on": "good", "paused": "wait", "ended": "idle", "attended": "idle"}


@pages.get("/desk/shifts")
@allow("leader")
def week() -> ResponseReturnValue:
    teams = lead_zone()
    monday = monday_of(request.args.get("week"))
    shifts = board.crews_between(my_scope(), monday, monday + timedelta(days=6))
    days = [
        {"day": day, "shifts": [s for s in shifts if s.day == day]}
        for day in (monday + timedelta(days=n) for n in range(7))
    ]
    now = clock.now()
    policies = {key: duty_policy(*key) for key in {(s.township_id, s.day) for s in shifts}}
    begun = {
        s.id: state_and_tone(s, policies[s.township_id, s.day], now)[1:] for s in shifts if s.starts_at <= now
    }
    return render_template(
        "desk/shifts.html", begun=begun, days=days, any_shift=bool(shifts), many_teams=len(teams) > 1,
        week=week_code(monday), today=today(), before=week_code(monday - timedelta(days=7)),
        after=week_code(monday + timedelta(days=7)),
        open_places=sum(s.open_places for s in shifts if s.day >= today()),
        can_copy=monday + timedelta(days=6) >= today(),
        teams_with_places={s.team_id: s.team for s in shifts if s.open_places and s.starts_at > now},
    )  # fmt: skip


@pages.route("/desk/shifts/new", methods=["GET", "POST"])
@allow("leader")
def new() -> ResponseReturnValue:
    teams = lead_zone()
    team = next(
        (t for t in teams if t.id == request.values.get("team", type=int)), teams[0] if teams else None
    )
    if team is None:
        raise NotFound()
    form = planning.new_form(team, teams, request.args.get("day"))
    if request.method == "GET" or not form.validate():
        status = 200 if request.method == "GET" else 422
        return planning.page(form, team, None), status
    try:
        plan = planning.plan_from(form, team)
        shift = roster.plan_shift(me(), my_scope(), team.id, plan, clock.now(), accepted=form.accepted.data)
    except (DomainError, Conflict) as refused:
        return planning.refused_page(form, team, None, refused)
    flash(_("desk.new.done"), "done")
    target = url_for("shifts.show", shift_id=shift.id)
    db.session.commit()
    return redirect(target)


@pages.route("/desk/shifts/<int:shift_id>/change", methods=["GET", "POST"])
@allow("leader")
def change(shift_id: int) -> ResponseReturnValue:
    shift = reach(shift_id)
    team = team_of(shift)
    form = planning.change_form(team, shift)
    if request.method == "GET" or not form.validate():
        return planning.page(form, team, shift), 200 if request.method == "GET" else 422
    try:
        plan = planning.plan_from(form, team)
        roster.change_shift(
            me(), my_scope(), shift_id, form.seen_version(), plan, clock.now(), accepted=form.accepted.data
        )
    except (DomainError, Conflict) as refused:
        return planning.refused_page(form, team, shift, refused)
    flash(_("desk.change.done"), "done")
    db.session.commit()
    return redirect(url_for("shifts.show", shift_id=shift_id))


@pages.get("/desk/shifts/<int:shift_id>")
@allow("leader")
def show(shift_id: int) -> ResponseReturnValue:
    return shift_page(reach(shift_id))


@pages.post("/desk/shifts/<int:shift_id>/crew")
@allow("leader")
def crew(shift_id: int) -> ResponseReturnValue:
    shift = reach(shift_id)
    form = planning.crew_form(team_of(shift), shift)
    if not form.validate():
        return shift_page(shift, crew_form=form), 422
    try:
        now = clock.now()
        planned = roster.assign(
            me(),
            my_scope(),
            shift_id,
            form.seen_version(),
            form.crew.data,
            now,
            accepted=form.accepted.data,
        )
        follow_roster(planned, now)
    except DomainError as refused:
        problem = planning.blame(form, refused)
        db.session.rollback()
        return shift_page(reach(shift_id), crew_form=form, crew_problem=problem), refused.status
    flash(_("desk.crew.done"), "done")
    db.session.commit()
    return redirect(url_for("shifts.show", shift_id=shift_id))


@pages.post("/desk/shifts/<int:shift_id>/cancel")
@allow("leader")
def cancel(shift_id: int) -> ResponseReturnValue:
    shift = reach(shift_id)
    form = planning.cancel_form(shift)
    if not form.validate():
        return shift_page(shift, cancel_form=form), 422
    try:
        roster.cancel_shift(me(), my_scope(), shift_id, form.seen_version(), form.reason.data, clock.now())
    except DomainError as refused:
        problem = planning.blame(form, refused)
        db.session.rollback()
        return shift_page(reach(shift_id), cancel_form=form, cancel_problem=problem), refused.status
    flash(_("desk.cancel.done"), "done")
    db.session.commit()
    return redirect(url_for("shifts.show", shift_id=shift_id))


@pages.post("/desk/shifts/<int:shift_id>/attendance/<int:person_id>")
@allow("leader")
def attend(shift_id: int, person_id: int) -> ResponseReturnValue:
    shift = reach(shift_id)
    form = AttendForm()
    if not form.validate():
        return shift_page(shift, attend_forms={person_id: form}), 422
    first = local(shift.starts_at)
    start, end = span_of(first.date(), form.started.data, form.ended.data, shift.zone)
    if start < shift.starts_at - timedelta(hours=12):
        start, end = start + timedelta(days=1), end + timedelta(days=1)
    now = clock.now()
    try:
        duty = attendance.enter_attendance(me(), my_scope(), shift_id, person_id, start, end, now)
        settle_duty(duty.township_id, duty.id, now)
    except NotFound:
        raise
    except DomainError as refused:
        problem = planning.blame(form, refused)
        db.session.rollback()
        return shift_page(
            reach(shift_id), attend_forms={person_id: form}, attend_problem=problem
        ), refused.status
    name = next(
        (m.name for m in choices.members_of(my_scope(), shift.team_id) if m.person_id == person_id), ""
    )
    flash(_("desk.attend.done", name=name, start=hhmm(start), end=hhmm(end)), "done")
    db.session.commit()
    return redirect(url_for("shifts.show", shift_id=shift_id))


@pages.post("/desk/shifts/copy")
@allow("leader")
def copy() -> ResponseReturnValue:
    lead_zone()
    monday = monday_of(request.form.get("week"))
    done = roster.copy_week(me(), my_scope(), monday, clock.now())
    flash(
        _("desk.copy.done", n=done.shifts) if done.shifts else _("desk.copy.nothing"),
        "done" if done.shifts else "wait",
    )
    for old, objection in done.left_out[:8]:
        words = planning.sentence_of(objection.as_field_error())
        day = short_day(old.day + timedelta(days=7))
        flash(
            _(
                "desk.copy.left_out",
                day=day,
                time=span(old.starts_at, old.ends_at),
                name=objection.name,
                why=words,
            ),
            "wait",
        )
    if len(done.left_out) > 8:
        flash(_("desk.copy.left_out_more", n=len(done.left_out) - 8), "wait")
    db.session.commit()
    return redirect(url_for("shifts.week", week=week_code(monday)))


# --- one shift's page -----------------------------------------------------------------------------


def shift_page(
    shift: CrewShift, *, crew_form: CrewForm | None = None, crew_problem: str = "",
    cancel_form: CancelForm | None = None, cancel_problem: str = "",
    attend_forms: dict[int, AttendForm] | None = None, attend_problem: str = "",
) -> str:  # fmt: skip
    now = clock.now()
    found, state, tone = state_and_tone(shift, duty_policy(shift.township_id, shift.day), now)
    needs = needs_of(shift, found, now) if shift.status == "planned" else []
    open_to_change = shift.status == "planned"
    team = team_of(shift)
    return render_template(
        "desk/shift.html", shift=shift, state=state, tone=tone, needs=needs, progress=progress_of([shift])[shift.id],
        mates=mates_of(shift, attend_forms or {}, now >= shift.starts_at), week=week_code(shift.day),
        can_change=open_to_change and not shift.has_begun, attend_problem=attend_problem,
        attend_errors=any(f.errors for f in (attend_forms or {}).values()),
        crew_form=(crew_form or planning.crew_form(team, shift)) if open_to_change else None, crew_problem=crew_problem,
        cancel_form=(cancel_form or planning.cancel_form(shift)) if open_to_change and not shift.has_begun else None,
        askings=swaps.led_askings(my_scope(), now, shift.id), declines=swaps.declines_of(my_scope(), shift.id),
        answers=duty_answers_of(shift.id),
        said=sent.notes_on(shift.township_id, shift.id), stuck=sent.stuck_on(shift.township_id, shift.id),
        waiting=waiting_on(my_scope(), shift.id), cancel_problem=cancel_problem, notes=planning.notes(team, shift.day),
    )  # fmt: skip


def mates_of(shift: CrewShift, forms: dict[int, AttendForm], is_time: bool) -> list[dict[str, object]]:
    """The crew with state and times in words; a form for those whom no phone has recorded."""
    shown = []
    for mate in shift.mates:
        state = mate.state if mate.started_at else ("none" if is_time else "planned")
        form: DeskForm | None = None
        if is_time and shift.status == "planned" and (not mate.started_at or mate.declared):
            form = forms.get(mate.person_id) or attend_form(shift, mate)
        shown.append(
            {
                "person_id": mate.person_id, "name": mate.name, "off_roster": not mate.planned,
                "tone": MATE_TONES.get(str(state), "wait" if is_time else "idle"), "words": _(f"desk.mate.{state}"),
                "times": times_of(mate), "form": form, "remarks": remarks_of(mate), "case_of": case_of(mate),
            }
        )  # fmt: skip
    return shown


def case_of(mate: board.Mate) -> int | None:
    """The duty that a case may be opened about: a finished one of somebody else."""
    return mate.duty_id if mate.ended_at and mate.person_id != me().id else None


def remarks_of(mate: board.Mate) -> list[str]:
    """How somebody's being here is known: by the crew's code, or a wrong one that the leader may ask about."""
    if mate.with_crew:
        return [_("desk.shift.with_crew")]
    return [_("desk.shift.code_wrong")] if "crew_code_wrong" in mate.flags else []


def attend_form(shift: CrewShift, mate: board.Mate) -> AttendForm:
    start, end = mate.started_at or shift.starts_at, mate.ended_at or shift.ends_at
    form = AttendForm(formdata=None, data={"started": local(start).time(), "ended": local(end).time()})
    return form


def times_of(mate: board.Mate) -> str:
    if not mate.started_at:
        return ""
    if not mate.ended_at:
        return _("desk.shift.times_open", start=hhmm(mate.started_at))
    worked = minutes_words(mate.worked_s // 60)
    words = _("desk.shift.times", start=hhmm(mate.started_at), end=hhmm(mate.ended_at), worked=worked)
    return f"{words} · {_('desk.shift.declared')}" if mate.declared else words


# --- addresses and zones --------------------------------------------------------------------------


def lead_zone() -> list[choices.LedTeam]:
    """The teams that the caller leads; the page writes its times in their zone."""
    teams = choices.led_teams(my_scope())
    if teams:
        use_zone(teams[0].zone)
    return teams


def reach(shift_id: int) -> CrewShift:
    shift = board.crew_of(my_scope(), shift_id)
    use_zone(shift.zone)
    return shift


def team_of(shift: CrewShift) -> choices.LedTeam:
    return next(team for team in choices.led_teams(my_scope()) if team.id == shift.team_id)


def week_code(day: date) -> str:
    year, number, _weekday = day.isocalendar()
    return f"{year}-W{number:02d}"


def monday_of(code: str | None) -> date:
    """The Monday of 2026-W48; of the present week where the code is missing or makes no sense."""
    try:
        year, number = (code or "").split("-W")
        return date.fromisocalendar(int(year), int(number), 1)
    except ValueError:
        return today() - timedelta(days=today().weekday())
