"""Calls for help on the desk: the bar on every page, the list, one call with all that happened to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import RadioField

from app import clock
from app.alarms import operations, queries
from app.alarms.models import CLOSE_PHRASES, Alarm, AlarmStep
from app.alarms.phone import failed_channels
from app.alarms.rules import Policy
from app.areas.policies import place_of
from app.db import db
from app.errors import Conflict, DomainError
from app.gate import allow, me, my_roles, my_scope, public, settings, shows_map, stream_news
from app.web.forms import DeskForm, needed
from app.web.phone import revalidated
from app.web.planning import blame
from app.web.words import local, names, use_zone

pages = Blueprint("alarms", __name__)
HEARERS = ("leader", "reviewer", "admin")
LISTED_FOR = timedelta(days=30)


class CloseForm(DeskForm):
    phrase = RadioField(validators=[needed()])


@pages.get("/desk/stream")
@allow(*HEARERS, before_set_up=True)
def stream() -> ResponseReturnValue:
    """News for open desk pages: that something happened, by ids only."""
    return stream_news()


@pages.get("/desk/sw.js")
@public
def worker() -> ResponseReturnValue:
    """The desk's worker: it shows messages while every page is closed, and keeps no file."""
    built = Path(current_app.static_folder or "") / "dist" / "deskworker.js"
    if not built.is_file():
        abort(404)
    return revalidated(built.read_text(), "text/javascript; charset=utf-8")


@pages.get("/desk/alarms/open")
@allow(*HEARERS, before_set_up=True)
def ringing() -> ResponseReturnValue:
    """What rings on this desk, as the bar that every page holds. That it was shown here is written down."""
    now = clock.now()
    alarms = operations.ringing(my_scope(), now)
    page = render_template("desk/_alarm_bar.html", alarms=in_words(alarms))
    if operations.note_shown(me(), alarms, now):
        db.session.commit()
    return Response(page, content_type="text/html; charset=utf-8")


@pages.get("/desk/alarms")
@allow(*HEARERS, before_set_up=True)
def show() -> ResponseReturnValue:
    now = clock.now()
    scope = my_scope()
    alarms = queries.listed_alarms(scope, operations.sight(scope, now), now - LISTED_FOR)
    return render_template("desk/alarms.html", alarms=in_words(alarms))


@pages.get("/desk/alarms/<uuid:alarm_id>")
@allow(*HEARERS, before_set_up=True)
def one(alarm_id: UUID) -> ResponseReturnValue:
    alarm = operations.look_at(me(), my_scope(), alarm_id, clock.now())
    page = alarm_page(alarm, closing_form(formdata=None))
    db.session.commit()
    return page


@pages.post("/desk/alarms/<uuid:alarm_id>/take")
@allow(*HEARERS, before_set_up=True)
def take(alarm_id: UUID) -> ResponseReturnValue:
    """I take it: the bar goes from every other desk, and the phone shows who is coming."""
    try:
        operations.acknowledge(me(), my_scope(), alarm_id, clock.now())
        flash(_("alarm.taken"), "done")
    except Conflict as taken:
        flash(_("alarm.taken_already", name=taken.figures.get("name", "")), "wait")
    db.session.commit()
    return redirect(url_for("alarms.one", alarm_id=alarm_id))


@pages.post("/desk/alarms/<uuid:alarm_id>/close")
@allow(*HEARERS, before_set_up=True)
def close(alarm_id: UUID) -> ResponseReturnValue:
    form, now = closing_form(), clock.now()
    try:
        operations.close(me(), my_scope(), alarm_id, form.phrase.data or "", now)
    except DomainError as refused:
        if refused.status in (403, 404):
            raise
        problem = blame(form, refused)
        db.session.rollback()
        alarm = operations.look_at(me(), my_scope(), alarm_id, now)
        return alarm_page(alarm, form, problem=problem), refused.status
    flash(_("alarm.closed"), "done")
    db.session.commit()
    return redirect(url_for("alarms.show"))


def closing_form(**options: Any) -> CloseForm:
    form = CloseForm(**options)
    form.phrase.choices = [(code, _(f"alarm.close.{code}")) for code in CLOSE_PHRASES]
    return form


def alarm_page(alarm: Alarm, form: CloseForm, *, problem: str = "") -> str:
    steps = queries.steps_of([alarm])[alarm.id]
    (item,) = in_words([alarm])
    policy = operations.policy_of(alarm.township_id, clock.now())
    shows_map()
    return render_template(
        "desk/alarm.html", item=item, form=form, problem=problem, steps=steps_in_words(steps, alarm),
        reached=reach_words(steps), numbers=numbers_of(policy), point=queries.lon_lat_of(alarm),
        is_mine=alarm.person_id == me().id, opens_shift=alarm.team_id in my_scope().led_team_ids,
    )  # fmt: skip


def numbers_of(policy: Policy) -> list[dict[str, str]]:
    return [
        {"name": one.get("name") or _(one.get("label_code", "")), "number": one["number"]}
        for one in policy.call_numbers
        if one.get("number")
    ]


# --- in words -------------------------------------------------------------------------------------


def in_words(alarms: Sequence[Alarm]) -> list[dict[str, object]]:
    """Alarms as pages show them. Times are in the zone of the newest one's township."""
    if alarms:
        use_zone(place_of(alarms[0].township_id).zone)
    people = queries.names_of(
        [p for a in alarms for p in (a.person_id, a.sent_by_id, a.acknowledged_by, a.ended_by)]
    )
    teams = queries.team_names([a.team_id for a in alarms])
    return [
        {
            "id": a.id, "kind": "drill" if a.test else a.kind, "silent": a.silent, "test": a.test, "state": a.state,
            "title": _(f"alarm.title.{a.kind}"), "name": people.get(a.person_id, ""), "team": teams.get(a.team_id, ""),
            "where": where_words(a), "called_at": a.called_at, "received_at": a.received_at,
            "late_min": int((a.received_at - a.called_at).total_seconds() // 60) if a.kind == "sos" else 0,
            "sent_by": people.get(a.sent_by_id), "taken_by": people.get(a.acknowledged_by),
            "taken_at": a.acknowledged_at, "ended_by": people.get(a.ended_by), "ended_at": a.ended_at,
            "close_phrase": a.close_phrase, "shift_id": a.shift_id, "accuracy_m": a.accuracy_m,
            "tone": {"open": "need", "acknowledged": "wait"}.get(a.state, "idle"),
        }
        for a in alarms
    ]  # fmt: skip


def where_words(alarm: Alarm) -> str:
    """Street and checkpoint nearest to the call, in metres; said as what is missing when it had no position."""
    near = queries.nearest_to(alarm)
    said = []
    if near.checkpoint:
        said.append(_("alarm.where.checkpoint", name=near.checkpoint, m=near.checkpoint_m))
    if near.street:
        said.append(_("alarm.where.street", name=near.street, m=near.street_m))
    if said:
        return names(said)
    return _("alarm.where.elsewhere") if queries.lon_lat_of(alarm) else _("alarm.where.none")


def steps_in_words(steps: Sequence[AlarmStep], alarm: Alarm) -> list[dict[str, object]]:
    people = queries.names_of([step.person_id for step in steps])
    return [
        {
            "at": step.at, "time": local(step.at).strftime("%H:%M:%S"), "kind": step.kind,
            "words": step_words(step, people.get(step.person_id, ""), alarm),
        }
        for step in steps
    ]  # fmt: skip


def step_words(step: AlarmStep, name: str, alarm: Alarm) -> str:
    if step.kind in ("told", "failed"):
        channel = _(f"alarm.channel.{step.channel}")
        whom = name or _("alarm.step.everybody")
        why = _(f"alarm.code.{step.code}") if step.code else ""
        return _(f"alarm.step.{step.kind}", channel=channel, name=whom, why=why)
    if step.kind == "escalated":
        return _(f"alarm.step.escalated.{'silent' if alarm.silent else step.stage}")
    if step.kind == "closed":
        return _("alarm.step.closed", name=name, how=_(f"alarm.close.{step.code}"))
    if step.kind == "cancelled":
        return _(f"alarm.step.cancelled.{step.code}", name=name)
    key = f"{step.kind}.{alarm.kind}" if step.kind == "raised" else step.kind
    return _(f"alarm.step.{key}", name=name)


def reach_words(steps: Sequence[AlarmStep]) -> list[str]:
    """How many desks show it, and which channels reached nobody."""
    desks = len({step.person_id for step in steps if step.channel == "desk"})
    said = [_("alarm.reach.desks", n=desks) if desks else _("alarm.reach.no_desk")]
    codes = {step.channel: step.code for step in steps if step.kind == "failed"}
    for channel in failed_channels(steps):
        why = _(f"alarm.code.{codes[channel]}")
        said.append(_("alarm.reach.failed", channel=_(f"alarm.channel.{channel}"), why=why))
    return said


def offers_push() -> bool:
    """Whether this server may send to any push service at all."""
    return bool(settings().channels.push_hosts)


pages.app_context_processor(
    lambda: {"hears_alarms": lambda: bool(my_roles() & set(HEARERS)), "offers_push": offers_push}
)
