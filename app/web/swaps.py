"""Swaps, leave, and places that somebody left: what members ask, and the leader's yes or no."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import clock
from app.db import db
from app.duty import choices, leave, swaps
from app.duty.swaps import Asking
from app.errors import DomainError, NotFound
from app.gate import allow, me, my_scope
from app.web.forms import LeaveForm, SwapForm
from app.web.planning import blame
from app.web.words import use_zone

pages = Blueprint("swaps", __name__)
TONES = {"asked": "wait", "offered": "need", "confirmed": "good", "refused": "idle", "approved": "good"}


@pages.get("/desk/swaps")
@allow("leader")
def show() -> ResponseReturnValue:
    return page()


@pages.post("/desk/swaps/<uuid:swap_id>")
@allow("leader")
def decide(swap_id: UUID) -> ResponseReturnValue:
    form = SwapForm(prefix=prefix_of(swap_id))
    now = clock.now()
    try:
        if request.form.get("decision") == "confirm":
            taker = form.taker.data if str(form.taker.data or "").isdigit() else None
            swaps.confirm_swap(
                me(),
                my_scope(),
                swap_id,
                int(taker) if taker else None,
                now,
                accepted=bool(form.accepted.data),
            )
            words = "desk.swaps.confirmed_done"
        else:
            swaps.refuse_swap(me(), my_scope(), swap_id, form.reason.data, now)
            words = "desk.swaps.refused_done"
    except NotFound:
        raise
    except DomainError as refused:
        problem = blame(form, refused)
        db.session.rollback()
        return page(swap_id=swap_id, form=form, problem=problem), refused.status
    flash(_(words), "done")
    db.session.commit()
    return redirect(url_for("swaps.show"))


@pages.post("/desk/swaps/leave/<uuid:leave_id>")
@allow("leader")
def decide_leave(leave_id: UUID) -> ResponseReturnValue:
    form = LeaveForm(prefix=prefix_of(leave_id))
    decision = {"confirm": "approved", "refuse": "refused"}.get(request.form.get("decision", ""), "")
    try:
        leave.decide_leave(me(), my_scope(), leave_id, decision, form.reason.data, clock.now())
    except NotFound:
        raise
    except DomainError as refused:
        problem = blame(form, refused)
        db.session.rollback()
        return page(leave_id=leave_id, form=form, problem=problem), refused.status
    flash(_(f"desk.leave.{decision}_done"), "done")
    db.session.commit()
    return redirect(url_for("swaps.show"))


def prefix_of(ask_id: UUID) -> str:
    """Several forms stand on one page: each has names and ids of its own."""
    return f"a{ask_id.hex}"


def page(
    *, swap_id: UUID | None = None, leave_id: UUID | None = None, form: SwapForm | LeaveForm | None = None,
    problem: str = "",
) -> str:  # fmt: skip
    """`form` is the one that was refused, with its sentences; every other stands as new."""
    now, scope = clock.now(), my_scope()
    teams = choices.led_teams(scope)
    if teams:
        use_zone(teams[0].zone)
    askings = swaps.led_askings(scope, now)
    away = leave.leave_asks(scope, now)
    swap_forms = {
        a.swap.id: form if a.swap.id == swap_id and isinstance(form, SwapForm)
        else SwapForm(formdata=None, prefix=prefix_of(a.swap.id))
        for a in askings if a.is_open
    }  # fmt: skip
    leave_forms = {
        a.leave.id: form if a.leave.id == leave_id and isinstance(form, LeaveForm)
        else LeaveForm(formdata=None, prefix=prefix_of(a.leave.id))
        for a in away if a.leave.decision is None
    }  # fmt: skip
    for asking in askings:
        if asking.swap.id in swap_forms:
            offer(swap_forms[asking.swap.id], asking)
    for one in leave_forms.values():
        one.reason.choices = [(code, _(f"leave.refusal.{code}")) for code in leave.REFUSALS]
    return render_template(
        "desk/swaps.html", askings=askings, gaps=swaps.gaps(scope, now), leaves=away, swap_forms=swap_forms,
        leave_forms=leave_forms, problem=problem, problem_at=swap_id or leave_id, tones=TONES,
        problem_of_gone=problem if (swap_id or leave_id) not in {*swap_forms, *leave_forms} else "",
    )  # fmt: skip


def offer(form: SwapForm, asking: Asking) -> None:
    """Who may be chosen; the first to offer is chosen already."""
    form.taker.choices = [(str(person_id), name) for person_id, name in asking.offers]
    form.reason.choices = [(code, _(f"swap.refusal.{code}")) for code in swaps.REFUSALS]
    if not form.taker.data and asking.offers:
        form.taker.data = str(asking.offers[0][0])
