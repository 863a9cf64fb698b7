"""Programs that may read: tokens for /ogc, made with the password once more, listed, revoked."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import PasswordField, SelectChoice, SelectField, StringField
from wtforms.validators import Length

from app import clock, gate
from app.accounts import operations as accounts
from app.accounts import tokens
from app.db import db
from app.errors import DomainError, TooMany
from app.gate import allow, me, settings
from app.problems import sentence
from app.web.forms import DeskForm, needed

pages = Blueprint("tokens", __name__)
# Who reads figures on the coverage page.
READERS = ("leader", "reviewer", "admin")


class TokenForm(DeskForm):
    name = StringField(validators=[needed(), Length(max=60, message="errors.too_long")])
    days = SelectField(coerce=int, choices=[SelectChoice(n, "") for n in tokens.LIVES_DAYS])
    password = PasswordField(validators=[needed(), Length(max=200, message="errors.field_invalid")])


@pages.get("/desk/programs")
@allow(*READERS)
def show() -> ResponseReturnValue:
    return page(TokenForm(formdata=None))


@pages.post("/desk/programs")
@allow(*READERS)
def make() -> ResponseReturnValue:
    """The page with the token is the answer itself: it is shown this once, and no address leads back to it."""
    form, now = TokenForm(), clock.now()
    if not form.validate():
        return page(form), 422
    try:
        confirm_password(form.password.data)
        token = tokens.make(me(), form.name.data.strip(), form.days.data, now)
    except DomainError as refused:
        db.session.commit()  # a failed try is counted
        response = make_response(
            page(form, sentence(f"errors.{refused.code}", refused.figures)), refused.status
        )
        if isinstance(refused, TooMany):
            response.headers["Retry-After"] = str(refused.retry_after_s)
        return response
    shown = render_template(
        "desk/tokens_made.html", name=form.name.data, token=token, address=f"{settings().public_url}/ogc"
    )
    db.session.commit()
    return shown


@pages.post("/desk/programs/<int:token_id>/revoke")
@allow(*READERS)
def revoke(token_id: int) -> ResponseReturnValue:
    tokens.revoke(me(), token_id, clock.now())
    flash(_("tokens.revoked"), "done")
    db.session.commit()
    return redirect(url_for("tokens.show"))


def confirm_password(password: str) -> None:
    """The caller once more, as at the sign-in page and under its limits. Raises what that raises."""
    accounts.check_password(
        me().login, password, address=request.remote_addr or "", known_secret=request.cookies.get(gate.cookie_name()),
        now=clock.now(), is_demo=settings().demo,
    )  # fmt: skip


def page(form: TokenForm, problem: str = "") -> str:
    form.days.choices = [(n, _("tokens.days_n", n=n)) for n in tokens.LIVES_DAYS]
    return render_template(
        "desk/tokens.html", form=form, problem=problem, listed=tokens.tokens_of(me(), clock.now()),
        address=f"{settings().public_url}/ogc",
    )  # fmt: skip
