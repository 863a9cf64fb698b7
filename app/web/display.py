"""A screen at a checkpoint: whoever has the link sees the code of this minute and nothing else."""

from __future__ import annotations

from flask import Blueprint, jsonify, render_template
from flask.typing import ResponseReturnValue

from app import clock
from app.errors import NotFound
from app.gate import public
from app.routes import codes
from app.web.codes import in_halves, picture_of

pages = Blueprint("display", __name__)


@pages.get("/display/<link>")
@public
def show(link: str) -> ResponseReturnValue:
    """The page asks for its code by itself; a link that was taken back is as if it had never been."""
    shown = reach(link)
    return render_template("display.html", name=shown.name, link=link)


@pages.get("/display/<link>/code")
@public
def code(link: str) -> ResponseReturnValue:
    """The code now, and in how many seconds the next one comes: the screen's own clock is not asked."""
    shown = reach(link)
    return jsonify(
        name=shown.name, code=in_halves(shown.code), picture=picture_of(shown.text), next_s=shown.next_s
    )


def reach(link: str) -> codes.Shown:
    shown = codes.shown_by(link, clock.now())
    if shown is None:
        raise NotFound()
    return shown
