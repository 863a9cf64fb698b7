"""Hotspots on the desk: the list with review dates, searches and what they found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import DateField, IntegerField, SelectField
from wtforms.validators import Optional

from app import clock
from app.areas.models import Area
from app.config import DATUMS
from app.coverage.queries import bounds_of
from app.db import db
from app.errors import DomainError, NotFound
from app.gate import allow, me, my_scope, shows_map
from app.hotspots import proposing, queries, rules
from app.hotspots.models import Hotspot, HotspotProposal
from app.hotspots.windows import clock_of
from app.incidents.models import EVENTS
from app.incidents.queries import REPORTED, events_tile
from app.web.forms import DeskForm, Picks, needed
from app.web.planning import blame
from app.web.words import today, use_zone

pages = Blueprint("hotspots", __name__)
SEERS, JUDGES = ("leader", "reviewer", "admin"), ("reviewer", "admin")
TONES = {"queued": "wait", "running": "wait", "done": "good", "failed": "need"}
MAP_TYPE = "application/vnd.mapbox-vector-tile"
LAST_ZOOM = 20


class SearchForm(DeskForm):
    method = SelectField(validators=[needed()])
    first = DateField(validators=[needed()])
    last = DateField(validators=[needed()])
    categories = Picks()
    distance_m = IntegerField(validators=[Optional()])
    least = IntegerField(validators=[Optional()])
    days = IntegerField(validators=[Optional()])


@pages.get("/desk/hotspots")
@allow(*SEERS)
def show() -> ResponseReturnValue:
    return list_page(township_asked(), search_form(formdata=None))


@pages.post("/desk/hotspots/searches")
@allow(*JUDGES)
def search() -> ResponseReturnValue:
    township, form = township_asked(judged=True), search_form()
    if not form.validate():
        return list_page(township, form), 422
    numbers = {name: form[name].data for name in ("distance_m", "least", "days")}
    question = proposing.Question(
        form.method.data, form.first.data, form.last.data, tuple(form.categories.data or ()), numbers
    )
    try:
        run = proposing.ask(me(), township, question, clock.now())
    except DomainError as refused:
        problem = blame(form, refused)
        db.session.rollback()
        return list_page(township, form, problem), refused.status
    address = url_for("hotspots.one_search", run_id=run.id)
    db.session.commit()
    return redirect(address)


@pages.get("/desk/hotspots/searches/<uuid:run_id>")
@allow(*JUDGES)
def one_search(run_id: UUID) -> ResponseReturnValue:
    run = queries.reach_run(my_scope(), run_id)
    township = db.session.get_one(Area, run.township_id)
    use_zone(township.time_zone)
    proposals = queries.proposals_of(run.township_id, run.id)
    shapes = features_of(proposals=proposals, steps=(run.result or {}).get("steps"))
    # What a method has no figure for reads as nothing.
    result = defaultdict(lambda: None, run.result or {})
    shows_map()
    return render_template(
        "desk/hotspot_search.html",
        run=run,
        r=result,
        tone=TONES[run.state],
        proposals=lines_of(proposals),
        shapes=shapes,
        bounds=bounds_of([run.township_id]),
        asked_by=queries.names_of([run.asked_by]).get(run.asked_by, ""),
    )


@pages.get("/desk/hotspots/searches/<uuid:run_id>/progress")
@allow(*JUDGES)
def progress(run_id: UUID) -> ResponseReturnValue:
    """How far it is: fetched while somebody waits."""
    run = queries.reach_run(my_scope(), run_id)
    return render_template("desk/hotspot_progress.html", run=run, tone=TONES[run.state], waited=True)


@pages.get("/desk/hotspots/incidents/<int:z>/<int:x>/<int:y>.mvt")
@allow(*JUDGES)
def incidents_tile(z: int, x: int, y: int) -> ResponseReturnValue:
    """The points of the last twelve months, from zoom 13 on, for reviewers and admins of their townships."""
    datum = request.args.get("datum", "wgs84")
    if z > LAST_ZOOM or max(x, y) >= 2**z or datum not in DATUMS:
        raise NotFound()
    now = clock.now()
    body = events_tile(my_scope(), {"z": z, "x": x, "y": y}, now - rules.YEAR, now, datum)
    response = Response(body, status=200 if body else 204, content_type=MAP_TYPE)
    response.headers["Cache-Control"] = "private, no-store"
    return response


# --- pages --------------------------------------------------------------------------------------------------------


def township_asked(*, judged: bool = False) -> Area:
    """The township named in the address or the form, or the first; `judged`: one that the caller reviews."""
    scope = my_scope()
    found = [one for one in queries.townships_for(scope) if not judged or one.id in scope.township_ids]
    code = request.values.get("township")
    chosen = next((one for one in found if code in (None, "", one.code)), None)
    if chosen is None:
        raise NotFound()
    use_zone(chosen.time_zone)
    return chosen


def search_form(**options: Any) -> SearchForm:
    form = SearchForm(**options)
    form.method.choices = [(code, _(f"hotspots.method.{code}")) for code in rules.NUMBERS]
    form.categories.choices = [(code, _(f"hotspots.event.{code}")) for code in (*EVENTS, *REPORTED)]
    if options:
        form.last.data = today()
        form.first.data = form.last.data - timedelta(days=364)
        form.categories.data = [code for code in EVENTS if code.startswith(("theft", "burglary"))]
    return form


def list_page(township: Area, form: SearchForm, problem: str = "") -> str:
    scope = my_scope()
    is_judge = township.id in scope.township_ids
    found = queries.seen_hotspots(scope, township.id, today())
    proposals = queries.proposals_of(township.id) if is_judge else []
    shows_map()
    return render_template(
        "desk/hotspots.html", township=township, townships=queries.townships_for(scope), form=form, problem=problem,
        is_judge=is_judge, hotspots=hotspot_lines(found), proposals=lines_of(proposals),
        runs=queries.runs_of(township.id, 8) if is_judge else [], tones=TONES, numbers=rules.NUMBERS,
        shapes=features_of(hotspots=found, proposals=proposals), bounds=bounds_of([township.id]),
    )  # fmt: skip


def hotspot_lines(found: Sequence[Hotspot]) -> list[dict[str, Any]]:
    windows = queries.windows_of([one.id for one in found])
    people = queries.names_of(i for one in found for i in (one.proposed_by, one.approved_by))
    return [
        {
            "hotspot": one,
            "overdue": rules.has_passed(one.review_by, today()),
            "windows": windows_words(windows[one.id]),
            "proposer": people.get(one.proposed_by, ""),
            "approver": people.get(one.approved_by, ""),
        }
        for one in found
    ]


def lines_of(proposals: Sequence[HotspotProposal]) -> list[dict[str, Any]]:
    return [
        {"proposal": one, "title": title_of(one), "windows": windows_words(one.windows)} for one in proposals
    ]


def title_of(proposal: HotspotProposal) -> str:
    """Its name; before it has one, how many events lie there and how large it is."""
    if proposal.name:
        return proposal.name
    return _("hotspots.unnamed", n=proposal.n, hectares=f"{proposal.area_m2 / 1e4:.1f}")


def windows_words(windows: Iterable[Sequence[int]]) -> str:
    """周五 22:00-01:00；…, as it can be typed in again."""
    return _("hotspots.windows_comma").join(
        f"{_(f'desk.weekday.{day}')} {clock_of(start)}-{clock_of(end)}" for day, start, end in windows
    )


def features_of(
    hotspots: Sequence[Hotspot] = (), proposals: Sequence[HotspotProposal] = (), steps: Any = None
) -> dict[str, Any]:
    """What the page's map draws, as GeoJSON; a hotspot whose review is overdue fades."""
    found = list(steps["features"]) if steps else []
    for feature in found:
        feature["properties"]["kind"] = "step"
    shapes = queries.shapes_of(Hotspot, [one.id for one in hotspots])
    for hotspot in hotspots:
        kind = "overdue" if rules.has_passed(hotspot.review_by, today()) else "hotspot"
        found.append(feature_of(shapes[hotspot.id], kind, hotspot.name, f"#hotspot-{hotspot.id}"))
    shapes = queries.shapes_of(HotspotProposal, [one.id for one in proposals])
    for one in proposals:
        address = url_for("proposals.one", proposal_id=one.id)
        found.append(feature_of(shapes[one.id], one.state, title_of(one), address))
    return {"type": "FeatureCollection", "features": found}


def with_township(township: Area, shapes: dict[str, Any]) -> dict[str, Any]:
    """Beneath the rest the township's edge: what is drawn has to lie within."""
    outline = queries.shapes_of(Area, [township.id])[township.id]
    return {**shapes, "features": [feature_of(outline, "township", township.name), *shapes["features"]]}


def feature_of(geometry: Any, kind: str, name: str, address: str = "") -> dict[str, Any]:
    properties = {"kind": kind, "name": name, "address": address}
    return {"type": "Feature", "properties": properties, "geometry": geometry}
