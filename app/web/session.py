"""Signing in and out, and one's own signed-in devices."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app import clock, gate
from app.accounts import operations as accounts
from app.accounts import queries, second_factor
from app.accounts.models import Person
from app.db import db
from app.errors import DomainError, TooMany
from app.gate import allow, public
from app.problems import sentence
from app.web.forms import SecondFactorForm, SignInForm
from app.web.shell import own_path

pages = Blueprint("session", __name__)
# Between the password and the digits of the second factor.
HALF, HALF_LIVES = "half_signed_in", timedelta(minutes=5)

# In this order: Edge also calls itself Chrome, and Chrome Safari.
BROWSERS = (
    ("MicroMessenger", "WeChat"), ("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"),
    ("Windows", "Windows"), ("Mac OS", "Mac"), ("Linux", "Linux"),
)  # fmt: skip


@pages.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> ResponseReturnValue:
    form = SignInForm()
    target = own_path(request.values.get("next"), "")
    if request.method == "GET":
        if current_user.is_authenticated:
            return redirect(target or "/")
        return sign_in_page(form, target)
    if "totp" in request.form:
        return second_step(target)
    if not form.validate():
        return sign_in_page(form, target), 422
    return first_step(form, target)


def first_step(form: SignInForm, target: str) -> ResponseReturnValue:
    known_secret, now = request.cookies.get(gate.cookie_name()), clock.now()
    try:
        first = accounts.check_password(
            form.login.data, form.password.data, address=request.remote_addr or "", known_secret=known_secret, now=now,
            is_demo=gate.settings().demo,
        )  # fmt: skip
    except (accounts.Refused, TooMany) as refused:
        return refusal(refused, lambda words: sign_in_page(form, target, words))
    if not gate.settings().demo and second_factor.is_on(first.person):
        session[HALF] = [first.person.id, first.is_known_device, int((now + HALF_LIVES).timestamp())]
        db.session.commit()
        return second_page(SecondFactorForm(formdata=None), target)
    return let_in(first.person, target)


def second_step(target: str) -> ResponseReturnValue:
    """The digits of somebody whose password was right a moment ago: our signed cookie of the forms remembers that."""
    form = SecondFactorForm()
    person_id, is_known, until = session.get(HALF) or (0, False, 0)
    person = db.session.get(Person, person_id)
    if person is None or not person.active or clock.now().timestamp() > until:
        session.pop(HALF, None)
        return sign_in_page(SignInForm(formdata=None), target, _("desk.sign_in.took_too_long")), 401
    if not form.validate():
        return second_page(form, target), 422
    try:
        second_factor.check(person, form.totp.data, is_known, clock.now())
    except (accounts.Refused, TooMany) as refused:
        return refusal(refused, lambda words: second_page(form, target, words))
    session.pop(HALF, None)
    return let_in(person, target)


def refusal(refused: DomainError, page: Callable[[str], str]) -> ResponseReturnValue:
    response = make_response(page(sentence(f"errors.{refused.code}", refused.figures)), refused.status)
    if isinstance(refused, TooMany):
        response.headers["Retry-After"] = str(refused.retry_after_s)
    else:
        db.session.commit()  # the failed try is counted
    return response


def let_in(person: Person, target: str) -> ResponseReturnValue:
    words = device_words(request.user_agent.string)
    secret = accounts.open_session(person, words, gate.settings().session_days, clock.now())
    response = make_response(redirect(target or "/"))
    gate.set_session_cookie(response, secret)
    db.session.commit()
    return response


def sign_in_page(form: SignInForm, target: str, problem: str = "") -> str:
    return render_template("sign_in.html", form=form, next=target, problem=problem, demo=gate.settings().demo)


def second_page(form: SecondFactorForm, target: str, problem: str = "") -> str:
    return render_template("sign_in_second.html", form=form, next=target, problem=problem)


@pages.post("/sign-out")
@allow()
def sign_out() -> ResponseReturnValue:
    here = gate.my_session()
    if here is not None:
        accounts.revoke_session(gate.me(), here.id, clock.now())
    response = make_response(redirect(url_for("session.sign_in")))
    gate.clear_session_cookie(response)
    db.session.commit()
    return response


@pages.get("/desk/sessions")
@allow()
def devices() -> ResponseReturnValue:
    here = gate.my_session()
    mine = queries.sessions_of(gate.me().id, clock.now())
    return render_template("desk/sessions.html", devices=mine, current=here and here.id)


@pages.post("/desk/sessions/<uuid:session_id>/revoke")
@allow()
def revoke(session_id: UUID) -> ResponseReturnValue:
    accounts.revoke_session(gate.me(), session_id, clock.now())
    flash(_("desk.sessions.revoked"), "done")
    db.session.commit()
    return redirect(url_for("session.devices"))


def device_words(user_agent: str) -> str:
    """ "Chrome · Android": enough to know one's own device by, and no more."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return " · ".join(filter(None, (browser, system))) or user_agent[:40]
