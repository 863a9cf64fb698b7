"""The people of a leader's teams: who has a phone that is known, a code for who has not, and a lost phone's end."""

from __future__ import annotations

import segno
from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import clock
from app.accounts import signing
from app.accounts.models import Person
from app.accounts.operations import end_sessions
from app.accounts.rules import may_be_sent_a_code, shown_code
from app.db import db
from app.duty import choices
from app.errors import Conflict
from app.gate import allow, me, my_scope, settings
from app.teams.people import people_of, reach_mate, roles_of
from app.web.words import today, use_zone

pages = Blueprint("people", __name__)


@pages.get("/desk/people")
@allow("leader")
def show() -> ResponseReturnValue:
    lead_zone()
    teams = people_of(my_scope(), clock.now())
    return render_template("desk/people.html", teams=teams, may=may_be_sent_a_code, month=f"{today():%Y-%m}")


@pages.post("/desk/people/<int:person_id>/code")
@allow("leader")
def make_code(person_id: int) -> ResponseReturnValue:
    """The page with the code is the answer itself: it is shown this once, and no address leads back to it."""
    lead_zone()
    person = reach_phone(person_id)
    code, until = signing.make_code(me(), person, clock.now())
    address = f"{settings().public_url}/m/#/code?c={code}"
    picture = segno.make(address, error="m").svg_data_uri(border=3, light="#fff", omitsize=True)
    page = render_template(
        "desk/people_code.html", person=person, code=shown_code(code), until=until, picture=picture,
        address=f"{settings().public_url}/m/",
    )  # fmt: skip
    db.session.commit()
    return page


@pages.post("/desk/people/<int:person_id>/sign-out")
@allow("leader")
def sign_out(person_id: int) -> ResponseReturnValue:
    """Every phone of a member who lost one is out at its next request; what is unsent on it stays there."""
    person = reach_phone(person_id)
    n = end_sessions(person, me(), clock.now())
    flash(
        _("people.signed_out", name=person.name, n=n) if n else _("people.none_in", name=person.name), "done"
    )
    db.session.commit()
    return redirect(url_for("people.show"))


def reach_phone(person_id: int) -> Person:
    """A mate whose phone is the leader's to open and to close."""
    person = reach_mate(my_scope(), person_id)
    if not may_be_sent_a_code(roles_of({person.id}).get(person.id, frozenset()), person.id == me().id):
        raise Conflict("has_a_role")
    return person


def lead_zone() -> None:
    teams = choices.led_teams(my_scope())
    if teams:
        use_zone(teams[0].zone)
