"""A second factor set up at the desk: a picture for the authenticator app, a code that proves it, spare codes once."""

from __future__ import annotations

import segno
from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.accounts import second_factor
from app.accounts.operations import Refused
from app.accounts.rules import shown_code
from app.db import db
from app.errors import Conflict, TooMany
from app.gate import allow, me, my_roles, needs_set_up, settings
from app.problems import sentence
from app.web.forms import SecondFactorForm
from app.web.shell import own_path

pages = Blueprint("second_factor", __name__)
STEERS = ("leader", "reviewer", "admin")


@pages.get("/desk/second-factor")
@allow(*STEERS, before_set_up=True)
def show() -> ResponseReturnValue:
    return page(SecondFactorForm(formdata=None))


@pages.post("/desk/second-factor")
@allow(*STEERS, before_set_up=True)
def begin() -> ResponseReturnValue:
    """A new seed; what was begun before is void. One that is on stays as it is."""
    if not second_factor.is_on(me()):
        second_factor.begin(me(), clock.now())
    db.session.commit()
    return redirect(url_for("second_factor.show", next=target() or None))


@pages.post("/desk/second-factor/confirm")
@allow(*STEERS, before_set_up=True)
def confirm() -> ResponseReturnValue:
    form = SecondFactorForm()
    if not form.validate():
        return page(form), 422
    try:
        codes = second_factor.confirm(me(), form.totp.data or "", clock.now())
    except Conflict:  # sent twice, or never begun: the page says how it stands
        return redirect(url_for("second_factor.show", next=target() or None))
    except (Refused, TooMany) as refused:
        db.session.commit()  # the failed try is counted
        return refusal(form, refused)
    db.session.commit()
    return render_template("desk/second_factor_codes.html", codes=codes, next=target())


def refusal(form: SecondFactorForm, refused: Refused | TooMany) -> ResponseReturnValue:
    """A wrong code is a bad value here, no end of the session."""
    many = isinstance(refused, TooMany)
    words = sentence(f"errors.{refused.code}", refused.figures)
    response = make_response(page(form, words), 429 if many else 422)
    if isinstance(refused, TooMany):
        response.headers["Retry-After"] = str(refused.retry_after_s)
    return response


def page(form: SecondFactorForm, problem: str = "") -> str:
    draft = second_factor.draft_of(me(), clock.now())
    return render_template(
        "desk/second_factor.html", form=form, problem=problem, next=target(), is_on=second_factor.is_on(me()),
        must=needs_set_up(), secret=draft and shown_code(draft.secret), picture=draft and picture_of(draft.uri),
    )  # fmt: skip


def picture_of(uri: str) -> str:
    return str(segno.make(uri, error="m").svg_data_uri(border=3, light="#fff", omitsize=True))


def target() -> str:
    """Where somebody wanted to go before this."""
    return own_path(request.values.get("next"), "")


def is_offered() -> bool:
    """To those who steer; a demo never asks for a code."""
    return bool(my_roles() & set(STEERS)) and not settings().demo


pages.app_context_processor(lambda: {"offers_second_factor": is_offered})
