"""Beats on the desk: asked for a team and a shift, solved by the worker, shown as a proposal; from it to a shift."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import DateField, IntegerField, SelectField, TimeField

from app import clock
from app.areas.policies import place_of
from app.coverage.queries import bounds_of
from app.db import db
from app.duty.choices import led_teams
from app.errors import DomainError, NotFound
from app.gate import allow, me, my_scope, shows_map
from app.hotspots import queries as hotspots
from app.hotspots.models import Hotspot
from app.planning import beats, crews, runs
from app.planning import queries as plans
from app.planning.models import PlanRun
from app.teams.models import Team
from app.web.forms import DeskForm, needed, span_of
from app.web.hotspots import TONES, feature_of
from app.web.planning import blame
from app.web.words import local, today, use_zone

pages = Blueprint("beats", __name__)
ASKERS = ("leader", "reviewer", "admin")
LISTED = 10


class BeatForm(DeskForm):
    team = SelectField(coerce=int)
    day = DateField(validators=[needed()])
    starts = TimeField(validators=[needed()])
    minutes = IntegerField(validators=[needed()])
    pairs = IntegerField(validators=[needed()])


@pages.get("/desk/hotspots/beats")
@allow(*ASKERS)
def show() -> ResponseReturnValue:
    teams = teams_in_zone()
    form = BeatForm(formdata=None, data={"day": today(), "starts": time(20), "minutes": 120, "pairs": 1})
    return list_page(teams, form)


@pages.post("/desk/hotspots/beats")
@allow(*ASKERS)
def ask() -> ResponseReturnValue:
    teams = teams_in_zone()
    form = offer(BeatForm(), teams)
    if not form.validate():
        return list_page(teams, form), 422
    team = next(one for one in teams if one.id == form.team.data)
    starts_at, _ends_at = span_of(
        form.day.data, form.starts.data, form.starts.data, place_of(team.township_id).zone
    )
    try:
        asked = beats.Asked(starts_at, form.minutes.data, form.pairs.data)
        run = beats.ask(me(), team, asked, clock.now())
    except DomainError as refused:
        problem = blame(form, refused)
        db.session.rollback()
        return list_page(teams_in_zone(), form, problem), refused.status
    address = url_for("beats.one", beat_id=run.id)
    db.session.commit()
    return redirect(address)


@pages.get("/desk/hotspots/beats/<uuid:beat_id>")
@allow(*ASKERS)
def one(beat_id: UUID) -> ResponseReturnValue:
    run = runs.reach(my_scope(), "beats", beat_id)
    use_zone(place_of(run.township_id).zone)
    asked = beats.asked_in(run)
    named = names_in(run)
    shows_map()
    return render_template(
        "desk/beat.html", run=run, asked=asked, day=local(asked.starts_at).date(), tone=TONES[run.state],
        team=db.session.get_one(Team, run.team_id),
        pairs=[pair_lines(pair, asked, named) for pair in (run.result or {}).get("pairs", [])],
        left=[{**line, "name": named.get(line["hotspot"], "–")} for line in (run.result or {}).get("left", [])],
        start=start_words(run), given=given_lines(run, asked, named), weeks_usual=crews.WEEKS_BACK,
        shapes=features_of(run, named), bounds=bounds_of([run.township_id]), is_judge=False,
        asked_by=hotspots.names_of([run.asked_by]).get(run.asked_by, ""), shift_address=shift_address(run, asked),
        result_address=url_for("beats.one", beat_id=run.id), weeks=beats.WEEKS_BACK,
    )  # fmt: skip


@pages.get("/desk/hotspots/beats/<uuid:beat_id>/progress")
@allow(*ASKERS)
def progress(beat_id: UUID) -> ResponseReturnValue:
    """How far it is: fetched while somebody waits."""
    run = runs.reach(my_scope(), "beats", beat_id)
    address = url_for("beats.one", beat_id=run.id)
    return render_template("desk/plan_progress.html", run=run, tone=TONES[run.state], result_address=address)


# --- pages --------------------------------------------------------------------------------------------------------


def teams_in_zone() -> list[Team]:
    """The teams that the caller may ask for; the page writes its times in their zone."""
    teams = runs.teams_for(my_scope())
    if not teams:
        raise NotFound()
    use_zone(place_of(teams[0].township_id).zone)
    return teams


def offer(form: BeatForm, teams: list[Team]) -> BeatForm:
    form.team.choices = [(team.id, team.name) for team in teams]
    return form


def list_page(teams: list[Team], form: BeatForm, problem: str = "") -> str:
    teams_by_id = {team.id: team.name for team in teams}
    lines = [
        {"run": run, "asked": beats.asked_in(run), "team": teams_by_id.get(run.team_id, "")}
        for run in runs.latest(my_scope(), "beats", LISTED)
    ]
    return render_template(
        "desk/beats.html",
        form=offer(form, teams),
        problem=problem,
        lines=lines,
        tones=TONES,
        weeks=beats.WEEKS_BACK,
    )


def names_in(run: PlanRun) -> dict[int, str]:
    result = run.result or {}
    ids = {stop["hotspot"] for pair in result.get("pairs", []) for stop in pair["stops"]}
    ids |= {line["hotspot"] for line in (*result.get("left", []), *result.get("given", []))}
    rows = db.session.execute(db.select(Hotspot.id, Hotspot.name).where(Hotspot.id.in_(ids)))
    return {row[0]: row[1] for row in rows}


def pair_lines(pair: dict[str, Any], asked: beats.Asked, named: dict[int, str]) -> dict[str, Any]:
    """The stops with clock times; `wait_min` where the pair comes before the hours of the place begin."""
    lines: list[dict[str, Any]] = []
    free_at = 0.0
    for stop in pair["stops"]:
        arrives = asked.starts_at + timedelta(minutes=stop["arrive_min"])
        wait = stop["arrive_min"] - free_at - stop["way_min"]
        lines.append(
            {**stop, "name": named.get(stop["hotspot"], "–"), "arrives": arrives, "wait_min": round(wait)}
        )
        free_at = stop["arrive_min"] + stop["stay_min"]
    return {"stops": lines, "proved": pair["proved"]}


def start_words(run: PlanRun) -> dict[str, Any] | None:
    """What was taken as the beginning; None in answers from before that was asked for."""
    start = (run.result or {}).get("start")
    if start is None:
        return None
    return {**start, "names": plans.beginning_names(start["kind"], start["ids"])}


def given_lines(run: PlanRun, asked: beats.Asked, named: dict[int, str]) -> list[dict[str, Any]]:
    """The visits of other crews that were taken as given, with clock times."""
    return [
        {
            "name": named.get(one["hotspot"], "–"), "by": one["by"],
            "start": asked.starts_at + timedelta(minutes=one["from_min"]),
            "end": asked.starts_at + timedelta(minutes=one["to_min"]),
        }
        for one in (run.result or {}).get("given", [])
    ]  # fmt: skip


def features_of(run: PlanRun, named: dict[int, str]) -> dict[str, Any]:
    """The start as a point, visited places with "pair–stop" before their name; what is left fades."""
    result = run.result or {}
    labels: dict[int, list[str]] = {}
    for p, pair in enumerate(result.get("pairs", []), 1):
        for n, stop in enumerate(pair["stops"], 1):
            labels.setdefault(stop["hotspot"], []).append(f"{p}–{n}")
    found = []
    for hotspot_id, shape in hotspots.shapes_of(Hotspot, list(named)).items():
        order = ", ".join(labels.get(hotspot_id, []))
        kind = "hotspot" if order else "overdue"
        found.append(feature_of(shape, kind, f"{order} {named[hotspot_id]}".strip()))
    start = result.get("start")
    point = plans.beginning_shape(start["kind"], start["ids"]) if start else None
    if found and point:
        found.append(feature_of(point, "start", _("beats.start")))
    return {"type": "FeatureCollection", "features": found}


def shift_address(run: PlanRun, asked: beats.Asked) -> str:
    """The form of a shift at these hours, for who leads the team; nothing for others."""
    if run.team_id not in {team.id for team in led_teams(my_scope())}:
        return ""
    start, end = local(asked.starts_at), local(asked.ends_at)
    return url_for(
        "shifts.new", team=run.team_id, day=start.date(), starts=f"{start:%H:%M}", ends=f"{end:%H:%M}"
    )
