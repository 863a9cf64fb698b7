"""Signing in and out, and one's own signed-in devices."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app import clock, gate
from app.accounts import operations as accounts
from app.accounts import queries
from app.db import db
from app.errors import TooMany
from app.gate import allow, public
from app.problems import sentence
from app.web.forms import SignInForm
from app.web.shell import own_path

pages = Blueprint("session", __name__)

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
    if not form.validate():
        return sign_in_page(form, target), 422
    try:
        _person, secret = accounts.sign_in(
            form.login.data, form.password.data, device=device_words(request.user_agent.string),
            address=request.remote_addr or "", known_secret=request.cookies.get(gate.cookie_name()),
            days=gate.settings().session_days, now=clock.now(),
        )  # fmt: skip
    except accounts.WrongCredentials as refused:
        db.session.commit()  # the failed try is counted
        return sign_in_page(form, target, sentence(f"errors.{refused.code}", refused.figures)), refused.status
    except TooMany as refused:
        page = make_response(sign_in_page(form, target, sentence(f"errors.{refused.code}", refused.figures)))
        page.headers["Retry-After"] = str(refused.retry_after_s)
        return page, refused.status
    response = make_response(redirect(target or "/"))
    gate.set_session_cookie(response, secret)
    db.session.commit()
    return response


def sign_in_page(form: SignInForm, target: str, problem: str = "") -> str:
    return render_template("sign_in.html", form=form, next=target, problem=problem, demo=gate.settings().demo)


@pages.post("/sign-out")
@allow()
def sign_out() -> ResponseReturnValue:
    session = gate.my_session()
    if session is not None:
        accounts.revoke_session(gate.me(), session.id, clock.now())
    response = make_response(redirect(url_for("session.sign_in")))
    gate.clear_session_cookie(response)
    db.session.commit()
    return response


@pages.get("/desk/sessions")
@allow()
def devices() -> ResponseReturnValue:
    session = gate.my_session()
    mine = queries.sessions_of(gate.me().id, clock.now())
    return render_template("desk/sessions.html", devices=mine, current=session and session.id)


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
