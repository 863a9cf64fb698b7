"""Service certificates at the desk, and the page on which anybody who holds one can check it."""

from __future__ import annotations

from urllib.parse import quote

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import BooleanField, DateField, SelectField
from wtforms.validators import Optional

from app import clock
from app.accounts.operations import count_or_refuse
from app.areas.models import Area
from app.db import db
from app.errors import Conflict, DomainError, NotFound, TooMany
from app.gate import LANGUAGES, allow, language, me, my_scope, public
from app.problems import sentence
from app.redemption import certificates, queries, rules
from app.redemption.certificates import Asked
from app.redemption.models import REFUSALS, WITHDRAWALS, Certificate
from app.web.forms import DeskForm, needed
from app.web.planning import blame
from app.web.shop import KEEPERS, code_of, township_at, township_kept
from app.web.words import today

pages = Blueprint("certificates", __name__)
TONES = {"asked": "wait", "issued": "good", "refused": "idle", "withdrawn": "need"}
# So many codes may be looked at from one address in ten minutes: enough for a counter, too few to try codes out.
CHECKS, CHECKS_S = 60, 600
LOOK_AGAIN_S = "5"


class AskForm(DeskForm):
    person = SelectField(coerce=int, validators=[Optional()])
    first_on = DateField(validators=[needed()])
    last_on = DateField(validators=[needed()])
    language = SelectField(choices=[(one, one) for one in LANGUAGES])
    stars = BooleanField()


@pages.get("/desk/points/shop/certificates")
@allow(*KEEPERS)
def show() -> ResponseReturnValue:
    return page_of(township_kept(), None)


@pages.post("/desk/points/shop/certificates")
@allow(*KEEPERS)
def ask() -> ResponseReturnValue:
    """For a member who has no phone."""
    township = township_kept()
    form = form_of(township)
    if not form.validate():
        return page_of(township, form), 422
    asked = Asked(form.first_on.data, form.last_on.data, form.language.data, bool(form.stars.data))
    try:
        certificates.ask_for(me(), my_scope(), township.id, form.person.data or 0, asked, clock.now())
    except NotFound:
        raise
    except DomainError as refused:
        problem = blame(form, refused)
        db.session.rollback()
        return page_of(township_at(township.id), form, problem), refused.status
    return done("certificate.asked_done", township.id)


@pages.post("/desk/points/shop/certificates/<int:certificate_id>")
@allow(*KEEPERS)
def decide(certificate_id: int) -> ResponseReturnValue:
    row = queries.reach_certificate(my_scope(), certificate_id)
    township_id, decision = row.township_id, request.form.get("decision", "")
    try:
        act(decision, row)
    except Conflict as late:
        db.session.rollback()
        flash(_(f"errors.{late.code}"), "wait")
        return redirect(url_for("certificates.show", township=code_of(township_id)))
    except DomainError as refused:
        db.session.rollback()
        words = sentence(f"errors.{refused.code}", refused.figures)
        return page_of(township_at(township_id), None, words), refused.status
    return done(f"certificate.{decision}_done", township_id)


def act(decision: str, row: Certificate) -> None:
    person, scope, now, reason = me(), my_scope(), clock.now(), request.form.get("reason", "")
    if decision == "issue":
        certificates.issue(person, scope, row.township_id, row.id, now)
    elif decision == "refuse":
        certificates.refuse(person, scope, row.township_id, row.id, reason, now)
    elif decision == "withdraw":
        certificates.withdraw(person, scope, row.township_id, row.id, reason, now)
    else:
        raise DomainError("invalid")


@pages.get("/desk/points/shop/certificates/<int:certificate_id>.pdf")
@allow(*KEEPERS)
def paper(certificate_id: int) -> ResponseReturnValue:
    row = queries.reach_certificate(my_scope(), certificate_id)
    if row.pdf is None:
        raise NotFound()
    response = Response(bytes(row.pdf), content_type="application/pdf")
    name = quote(f"{_('certificate.title')}_{row.year}-{row.number}.pdf")
    response.headers["Content-Disposition"] = f"inline; filename=certificate.pdf; filename*=UTF-8''{name}"
    return response


def done(words: str, township_id: int) -> ResponseReturnValue:
    flash(_(words), "done")
    target = url_for("certificates.show", township=code_of(township_id))
    db.session.commit()
    return redirect(target)


def form_of(township: Area, *, fresh: bool = False) -> AskForm:
    form = AskForm(formdata=None) if fresh else AskForm()
    form.person.choices = [(one.id, one.name) for one in queries.members_of(township.id) if one.id != me().id]
    form.language.choices = [(one, _(f"certificate.in_{one}")) for one in LANGUAGES]
    if fresh:
        form.last_on.data = today() - today().resolution
        form.first_on.data = form.last_on.data.replace(month=1, day=1)
        form.language.data = language()
    return form


def page_of(township: Area, form: AskForm | None, problem: str = "") -> ResponseReturnValue:
    """While something is being printed the page comes again by itself."""
    lines = queries.certificates_of(township.id)
    words = render_template(
        "desk/certificates.html", township=township, lines=lines, tones=TONES, refusals=REFUSALS,
        townships=[one for one in queries.desks_of(my_scope()) if one.id in my_scope().township_ids],
        form=form or form_of(township, fresh=True), problem=problem, withdrawals=WITHDRAWALS, me_id=me().id,
        in_groups=rules.in_groups, hours=rules.hours_words,
    )  # fmt: skip
    response = make_response(words)
    if not problem and any(line.certificate.state == "issued" and not line.is_printed for line in lines):
        response.headers["Refresh"] = LOOK_AGAIN_S
    return response


# --- for whoever holds the paper ------------------------------------------------------------------


@pages.get("/verify")
@public
def ask_code() -> ResponseReturnValue:
    """Where a code is typed in."""
    text = rules.read_code(request.args.get("code", ""))
    if text:
        return redirect(url_for("certificates.verify", check=text))
    return unlisted(render_template("verify.html", found=None, text="", problem=""), 200)


@pages.get("/verify/<check>")
@public
def verify(check: str) -> ResponseReturnValue:
    """Whether a certificate stands; nothing that is not on the paper, and the name masked."""
    try:
        count_or_refuse(f"verify:{request.remote_addr}", CHECKS_S, CHECKS, "too_many", clock.now())
        db.session.commit()
    except TooMany as refused:
        words = sentence(f"errors.{refused.code}", refused.figures)
        response = unlisted(render_template("verify.html", found=None, text=check[:40], problem=words), 429)
        response.headers["Retry-After"] = str(refused.retry_after_s)
        return response
    found = certificates.shown_by(check)
    problem = "" if found else _("verify.unknown")
    page = render_template(
        "verify.html", found=found, text=check[:40], problem=problem, hours=rules.hours_words
    )
    return unlisted(page, 200 if found else 404)


def unlisted(page: str, status: int) -> Response:
    response = make_response(page, status)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
