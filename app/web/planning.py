"""The forms of a plan: filled from a shift, read into a Plan, and shown again with what was refused."""

from __future__ import annotations

from datetime import date, time, timedelta

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.db import db
from app.duty import board, choices
from app.duty.board import CrewShift
from app.duty.choices import LedTeam
from app.duty.objections import Plan, duty_policy
from app.duty.roster import CANCEL_REASONS
from app.errors import DomainError, FieldError, NotFound
from app.gate import my_scope
from app.problems import sentence
from app.web.forms import CancelForm, CrewForm, DeskForm, ShiftForm
from app.web.words import day_words, local, names, span, today


def new_form(team: LedTeam, teams: list[LedTeam], day: str | None) -> ShiftForm:
    """An empty plan for a day, with the hours of the address or usual evening ones."""
    form = ShiftForm(data={"crew_wanted": 2, "team": team.id}) if request.method == "GET" else ShiftForm()
    offer(form, team, None)
    form.team.choices = [(t.id, t.name) for t in teams]
    if request.method == "GET":
        form.day.data = read_day(day)
        form.starts.data = read_time(request.args.get("starts"), time(20))
        form.ends.data = read_time(request.args.get("ends"), time(22, 30))
    return form


def read_day(day: str | None) -> date:
    try:
        return date.fromisoformat(day or "")
    except ValueError:
        return today()


def read_time(said: str | None, usual: time) -> time:
    try:
        return time.fromisoformat(said or "")
    except ValueError:
        return usual


def change_form(team: LedTeam, shift: CrewShift) -> ShiftForm:
    if request.method == "GET":
        form = ShiftForm(
            data={
                "version": shift.version, "team": team.id, "day": shift.day, "starts": local(shift.starts_at).time(),
                "ends": local(shift.ends_at).time(), "route": shift.route_version_id or 0,
                "meeting_place": shift.meeting_place, "crew_wanted": shift.crew_wanted,
                "fit_for_one": shift.fit_for_one, "crew": [mate.person_id for mate in shift.planned_mates],
            }
        )  # fmt: skip
    else:
        form = ShiftForm()
    offer(form, team, shift)
    del form.team
    return form


def offer(form: ShiftForm, team: LedTeam, shift: CrewShift | None) -> None:
    """The routes and people to choose from; an older version of a route stays on offer while the shift has it."""
    routes = choices.routes_of(my_scope(), team.id)
    form.route.choices = [(0, _("desk.form.no_route"))] + [
        (r.version_id, _("desk.form.route_choice", name=r.name, km=f"{r.length_m / 1000:.1f}"))
        for r in routes
    ]
    if shift and shift.route_version_id and shift.route_version_id not in {r.version_id for r in routes}:
        form.route.choices.append((shift.route_version_id, shift.route or ""))
    offer_crew(form, team, shift)


def offer_crew(form: CrewForm, team: LedTeam, shift: CrewShift | None) -> None:
    members = {m.person_id: m.name for m in choices.members_of(my_scope(), team.id)}
    members |= {m.person_id: m.name for m in (shift.planned_mates if shift else ())}
    form.crew.choices = list(members.items())


def crew_form(team: LedTeam, shift: CrewShift) -> CrewForm:
    """The crew's form: as posted to its own address, else as the shift stands."""
    if request.method == "POST" and request.endpoint == "shifts.crew":
        form = CrewForm()
    else:
        crew = [mate.person_id for mate in shift.planned_mates]
        form = CrewForm(formdata=None, data={"version": shift.version, "crew": crew})
    offer_crew(form, team, shift)
    return form


def cancel_form(shift: CrewShift) -> CancelForm:
    posted = request.method == "POST" and request.endpoint == "shifts.cancel"
    form = CancelForm() if posted else CancelForm(formdata=None, data={"version": shift.version})
    form.reason.choices = [(code, _(f"desk.cancel.reason.{code}")) for code in CANCEL_REASONS]
    return form


def notes(team: LedTeam, day: date) -> dict[int, str]:
    """Small words under a name: what speaks against planning somebody, or what to bear in mind."""
    found = {}
    for member in choices.members_of(my_scope(), team.id):
        words = []
        if not member.adult:
            words.append(_("desk.form.note.not_adult"))
        if not member.is_insured_on(day):
            words.append(_("desk.form.note.no_insurance"))
        elif member.insured_until and member.insured_until < day + timedelta(days=30):
            words.append(_("desk.form.note.insured_until", day=day_words(member.insured_until)))
        if not member.has_phone:
            words.append(_("desk.form.note.no_phone"))
        found[member.person_id] = " · ".join(words)
    return found


def plan_from(form: ShiftForm, team: LedTeam) -> Plan:
    starts_at, ends_at = form.times(team.zone)
    return Plan(
        form.day.data, starts_at, ends_at, form.route.data or None, form.meeting_place.data or "",
        form.crew_wanted.data, bool(form.fit_for_one.data), tuple(sorted(form.crew.data)),
    )  # fmt: skip


# --- what was refused -----------------------------------------------------------------------------


def page(
    form: ShiftForm,
    team: LedTeam,
    shift: CrewShift | None,
    *,
    problem: str = "",
    theirs: dict[str, object] | None = None,
) -> str:
    policy = duty_policy(team.township_id, form.day.data or today())
    day_from, day_to = (f"{m // 60:02d}:{m % 60:02d}" for m in (policy.night_to_min, policy.night_from_min))
    return render_template(
        "desk/shift_form.html", form=form, shift=shift, problem=problem, theirs=theirs, day_from=day_from,
        day_to=day_to, notes=notes(team, form.day.data or today()),
    )  # fmt: skip


def refused_page(
    form: ShiftForm, team: LedTeam, shift: CrewShift | None, refused: DomainError
) -> ResponseReturnValue:
    """The form once more, nothing lost, with sentences by the fields; both versions where somebody was first."""
    if isinstance(refused, NotFound):
        raise refused
    problem = blame(form, refused)
    db.session.rollback()
    theirs = None
    if shift is not None and refused.code == "changed_meanwhile":
        shift = board.crew_of(my_scope(), shift.id)
        theirs = both_versions(form, team, shift)
        # "Keep mine" sends the version that the leader has now seen.
        form.version.data = str(shift.version)
    return page(form, team, shift, problem=problem, theirs=theirs), refused.status


def blame(form: DeskForm, refused: DomainError) -> str:
    """Put the sentences by the fields; the sentence above the form is of the whole."""
    form.warned = refused.code == "crew_warned"
    for wrong in refused.fields:
        name = wrong.pointer.strip("/").split("/")[0]
        if name in form._fields:
            field = form._fields[name]
            field.errors = [*field.errors, sentence_of(wrong)]
    return (
        ""
        if refused.code == "invalid" and refused.fields
        else sentence(f"errors.{refused.code}", refused.figures)
    )


def sentence_of(wrong: FieldError) -> str:
    figures = dict(wrong.figures)
    if "starts_at" in figures:
        start, end = figures.pop("starts_at"), figures.pop("ends_at")
        figures["time"] = f"{day_words(local(start).date())} {span(start, end)}"
        figures["team"] = figures.get("team") or _("desk.other_team")
    return sentence(f"errors.{wrong.code}", figures)


def both_versions(form: ShiftForm, team: LedTeam, theirs: CrewShift) -> dict[str, object]:
    """The two plans, line by line."""
    mine = plan_from(form, team)
    routes, people = dict(form.route.choices), dict(form.crew.choices)
    people |= {mate.person_id: mate.name for mate in theirs.planned_mates}
    pairs = [
        (_("desk.form.day"), day_words(theirs.day), day_words(mine.day)),
        (_("desk.both.time"), span(theirs.starts_at, theirs.ends_at), span(mine.starts_at, mine.ends_at)),
        (_("desk.form.route"), routes.get(theirs.route_version_id or 0), routes.get(mine.route_version_id or 0)),
        (_("desk.form.meeting_place"), theirs.meeting_place, mine.meeting_place),
        (_("desk.form.crew_wanted"), str(theirs.crew_wanted), str(mine.crew_wanted)),
        (_("desk.form.crew"), names(theirs.planned_mates), names(sorted(people[p] for p in mine.crew))),
    ]  # fmt: skip
    if theirs.status == "cancelled":
        pairs.insert(0, (_("desk.both.state"), _("desk.state.cancelled"), ""))
    rows = [
        {"label": label, "theirs": a or "–", "mine": b or "–", "differs": a != b} for label, a, b in pairs
    ]
    return {"by": theirs.changed_by or _("desk.somebody"), "at": theirs.changed_at, "rows": rows}
