"""Checks on the desk: what a person should look at, how points and hard shifts are spread, and a ranking of those who
said yes. A flag is a question; what is answered here has no consequence by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import BooleanField, RadioField, StringField
from wtforms.validators import Length, Optional

from app import clock
from app.areas.policies import policies_in_force
from app.db import db
from app.errors import Conflict, DomainError, NotFound
from app.fairness import months, operations, queries, rules
from app.fairness.models import MEASURES, REASONS, FairnessFlag
from app.fairness.months import Facts, TeamMonth
from app.fairness.operations import EXPLAINED, NOTE_LETTERS
from app.fairness.queries import Choice
from app.fairness.spread import Value
from app.gate import allow, me, my_roles, my_scope
from app.web.forms import DeskForm
from app.web.planning import blame
from app.web.words import short_day, use_zone

pages = Blueprint("fairness", __name__)
READERS = ("leader", "reviewer", "admin")
MONTHS = 6
MOST_LINKS = 12
TONES = {"open": "need", "explained": "good", "passed_on": "wait"}
CHART = 200.0


class FlagForm(DeskForm):
    reason = RadioField(validators=[Optional()], validate_choice=False)
    note = StringField(validators=[Length(max=NOTE_LETTERS, message="errors.too_long")])


class RankingForm(DeskForm):
    shown = BooleanField()
    measure = RadioField(validators=[Optional()], validate_choice=False)


@dataclass(frozen=True)
class Asked:
    """One team, or (None) the whole township that is reviewed; and a month."""

    township_id: int
    township: str
    zone: str
    team: Choice | None
    month: date
    months: list[date]
    offers: list[Choice]

    @property
    def key(self) -> str:
        return str(self.team.id) if self.team else f"t{self.township_id}"

    def address(self, endpoint: str = "fairness.show", **more: Any) -> str:
        return url_for(endpoint, team=self.key, month=f"{self.month:%Y-%m}", **more)


@dataclass(frozen=True)
class Shown:
    """A flag with names, the pages of its evidence, and the form of who may decide."""

    flag: FairnessFlag
    people: list[str]
    links: list[tuple[str, str]]
    decided_by: str
    form: FlagForm | None


@pages.get("/desk/points/checks")
@allow(*READERS)
def show() -> ResponseReturnValue:
    return page_of(asked_for())


@pages.post("/desk/points/checks/<uuid:flag_id>")
@allow(*READERS)
def decide(flag_id: UUID) -> ResponseReturnValue:
    scope, form = my_scope(), flag_form()
    flag = queries.reach_flag(scope, flag_id)
    asked = asked_of(flag)
    reason = form.reason.data or ""
    state = "explained" if reason in EXPLAINED else "passed_on"
    try:
        operations.decide(me(), scope, flag_id, state, reason, form.note.data or "", clock.now())
    except Conflict as late:
        db.session.rollback()
        flash(_(f"errors.{late.code}"), "wait")
        return redirect(asked.address())
    except DomainError as refused:
        problem = blame(form, refused)
        db.session.rollback()
        return page_of(asked, form, flag_id, problem), refused.status
    flash(_(f"fairness.done.{state}"), "done")
    db.session.commit()
    return redirect(asked.address())


@pages.post("/desk/points/checks/teams/<int:team_id>/ranking")
@allow("leader", "admin")
def ranking(team_id: int) -> ResponseReturnValue:
    form = ranking_form()
    operations.set_ranking(
        me(),
        my_scope(),
        team_id,
        shown=bool(form.shown.data),
        measure=form.measure.data or "",
        now=clock.now(),
    )
    flash(_("fairness.ranking.on" if form.shown.data else "fairness.ranking.off"), "done")
    db.session.commit()
    return redirect(url_for("fairness.show", team=team_id) + "#ranking")


# --- what is asked for ----------------------------------------------------------------------------


def asked_for() -> Asked:
    """The team or township named, or the first on offer: a reviewer's township, else a leader's team."""
    offers, scope = queries.choices(my_scope()), my_scope()
    keys = {str(one.id): (one.township_id, one) for one in offers}
    wholes = {
        f"t{one.township_id}": (one.township_id, None)
        for one in offers
        if one.township_id in scope.township_ids
    }
    wanted = request.args.get("team") or next(iter((*wholes, *keys)), "")
    found = {**keys, **wholes}.get(wanted)
    if found is None:
        raise NotFound()
    return asked(*found, offers, request.args.get("month"))


def asked_of(flag: FairnessFlag) -> Asked:
    offers = queries.choices(my_scope())
    team = next((one for one in offers if one.id == flag.team_id), None)
    is_whole = flag.township_id in my_scope().township_ids
    return asked(flag.township_id, None if is_whole else team, offers, f"{flag.month:%Y-%m}")


def asked(township_id: int, team: Choice | None, offers: list[Choice], month: str | None) -> Asked:
    town = next((one for one in offers if one.township_id == township_id), None)
    if town is None:
        raise NotFound()
    use_zone(town.zone)
    known = months.months_before(clock.local_day(clock.now(), town.zone), MONTHS)
    wanted = next((one for one in known if f"{one:%Y-%m}" == month), None)
    if wanted is None and month:
        raise NotFound()
    return Asked(township_id, town.township, town.zone, team, wanted or known[0], known, offers)


# --- the page -------------------------------------------------------------------------------------


def page_of(asked: Asked, form: FlagForm | None = None, wrong: UUID | None = None, problem: str = "") -> str:
    found = queries.flags_seen(
        my_scope(), asked.township_id, asked.month, asked.team.id if asked.team else None
    )
    facts = months.facts_of(asked.township_id, asked.month, asked.zone, clock.now())
    own = months.team_months(facts, [asked.team.id])[asked.team.id] if asked.team else None
    today = clock.local_day(clock.now(), asked.zone)
    policy = rules.policy_from(policies_in_force(asked.township_id, today).body("fairness"))
    return render_template(
        "desk/checks.html", asked=asked, flags=shown_of(asked, found, form, wrong), form=form, problem=problem,
        tones=TONES, wholes=wholes_of(asked), reasons=(REASONS[:6], REASONS[6:]),
        lines=[] if asked.team else lines_of(asked, facts, found), few=policy.rank_least,
        month=own, lorenz=lorenz_path, share=percent,
        best=best_of, seen=seen_words,
        standing=standing_of(asked), setting=ranking_form(formdata=None, asked=asked), number=number, chart=CHART,
    )  # fmt: skip


def wholes_of(asked: Asked) -> list[tuple[str, str]]:
    """(key, name) of the townships that may be looked at as a whole."""
    mine = my_scope().township_ids
    return sorted({(f"t{one.township_id}", one.township) for one in asked.offers if one.township_id in mine})


def shown_of(
    asked: Asked, found: Sequence[FairnessFlag], form: FlagForm | None, wrong: UUID | None
) -> list[Shown]:
    scope = my_scope()
    names = queries.names_of({i for f in found for i in (f.person_a, f.person_b, f.decided_by)})
    shifts = queries.shifts_of_duties(asked.township_id, {i for f in found for i in f.duty_ids})
    lines = []
    for flag in found:
        concerned = [names[i] for i in (flag.person_a, flag.person_b) if i]
        own = None
        if flag.state == "open" and operations.may_decide(scope, flag):
            own = told_apart(form if form and flag.id == wrong else flag_form(formdata=None), flag.id)
        lines.append(
            Shown(flag, concerned, links_of(asked, flag, shifts), names.get(flag.decided_by or 0, ""), own)
        )
    return lines


class Known(dict[str, Any]):
    """Figures as they were seen; one that an older release did not keep is a dash."""

    def __missing__(self, key: str) -> str:
        return "–"


def seen_words(flag: FairnessFlag) -> str:
    return str(_(f"fairness.seen.{flag.kind}")) % Known(flag.figures)


def told_apart(form: FlagForm, flag_id: UUID) -> FlagForm:
    """Several stand on one page: each label finds its own field."""
    form.reason.id, form.note.id = f"reason-{flag_id}", f"note-{flag_id}"
    return form


def links_of(
    asked: Asked, flag: FairnessFlag, shifts: dict[int, tuple[int, date, int]]
) -> list[tuple[str, str]]:
    """(words, address) of what the caller may open: shifts and check-ins for who leads the team, reports for all."""
    leads = any(one.leads for one in asked.offers if one.id == flag.team_id)
    links = [(_("fairness.evidence.report", n=n), url_for("desk_reports.one", report_id=id_))
             for n, id_ in enumerate(flag.report_ids, 1)]  # fmt: skip
    days = sorted(
        {(day, shift_id) for shift_id, day, _who in (shifts[d] for d in flag.duty_ids if d in shifts)}
    )
    if leads and "leader" in my_roles():
        links += [
            (_("fairness.evidence.shift", day=short_day(day)), url_for("shifts.show", shift_id=id_))
            for day, id_ in days
        ]
    else:
        links += [(_("fairness.evidence.shift", day=short_day(day)), "") for day, _id in days]
    if leads:
        links += [(_("fairness.evidence.checkin", n=n), url_for("review.show", checkin_id=id_))
                  for n, id_ in enumerate(flag.checkin_ids, 1)]  # fmt: skip
    return links[:MOST_LINKS]


@dataclass(frozen=True)
class Line:
    """A team in the table of the township."""

    team: Choice
    month: TeamMonth
    open: int


def lines_of(asked: Asked, facts: Facts, found: Sequence[FairnessFlag]) -> list[Line]:
    teams = [one for one in asked.offers if one.township_id == asked.township_id]
    of = months.team_months(facts, [one.id for one in teams])
    return [
        Line(one, of[one.id], sum(f.team_id == one.id and f.state == "open" for f in found)) for one in teams
    ]


def standing_of(asked: Asked) -> months.TeamStanding | None:
    if asked.team is None:
        return None
    return months.standing_of(
        asked.township_id, asked.team.id, asked.team.name, asked.month, asked.zone, clock.now()
    )


def best_of(values: Sequence[Value]) -> float:
    """What the longest bar stands for."""
    return max((value.points_an_hour or 0 for value in values), default=0) or 1


def lorenz_path(curve: Sequence[tuple[float, float]]) -> str:
    """The curve as the points of a polyline, upwards."""
    return " ".join(f"{x * CHART:.1f},{(1 - y) * CHART:.1f}" for x, y in curve)


def percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.0f}" if whole else "–"


def number(value: float | None, places: int = 0) -> str:
    return "–" if value is None else f"{value:.{places}f}"


# --- forms ----------------------------------------------------------------------------------------


def flag_form(**options: Any) -> FlagForm:
    form = FlagForm(**options)
    form.reason.choices = [(code, _(f"fairness.reason.{code}")) for code in REASONS]
    return form


def ranking_form(asked: Asked | None = None, **options: Any) -> RankingForm:
    form = RankingForm(**options)
    form.measure.choices = [(code, _(f"fairness.measure.{code}")) for code in MEASURES]
    team = asked.team if asked else None
    row = queries.rankings_of([team.id]).get(team.id) if team else None
    if "formdata" in options:
        form.shown.data, form.measure.data = bool(row and row.shown), row.measure if row else MEASURES[0]
    return form
