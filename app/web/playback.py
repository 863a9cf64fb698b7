"""Playing a duty back at the desk: for a reviewer, while something on the duty waits; who looks is told so before."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import clock
from app.areas.policies import place_of
from app.db import db
from app.field import playback
from app.gate import allow, me, my_scope, shows_map
from app.web.words import hhmm, known_words, use_zone

pages = Blueprint("playback_desk", __name__)
TONES = {"held": "wait", "counted": "good", "not_counted": "need"}


@pages.get("/desk/playback")
@allow("reviewer")
def show() -> ResponseReturnValue:
    """Duties on which something waits: days, teams and routes, and no name."""
    return render_template("desk/playback_list.html", duties=playback.waiting(my_scope()))


@pages.get("/desk/playback/<int:duty_id>")
@allow("reviewer")
def ask(duty_id: int) -> ResponseReturnValue:
    """What waits on one of them, and the button; nothing is looked at yet."""
    look = playback.reach(me(), my_scope(), duty_id)
    use_zone(place_of(look.duty.township_id).zone)
    return render_template("desk/playback_ask.html", look=look)


@pages.get("/desk/playback/<int:duty_id>/look")
@allow("reviewer")
def look(duty_id: int) -> ResponseReturnValue:
    seen = playback.play(me(), my_scope(), duty_id, clock.now())
    shows_map()
    use_zone(seen["zone"])
    page = render_template(
        "desk/playback.html", seen=seen, lines=[line_of(event, seen) for event in seen["events"]]
    )
    db.session.commit()  # who looked is written down before anything is sent
    return page


def line_of(event: dict[str, Any], seen: dict[str, Any]) -> dict[str, Any]:
    """An event in words; `is_asked`: it is what waits."""
    at, until = _moment(event["at"]), _moment(event["until"])
    claim = event.get("checkin")
    return {
        "at": hhmm(at), "second": at and int(at.timestamp()), "until": hhmm(until), "kind": event["kind"],
        "words": _(f"playback.event.{event['kind']}", place=(claim or {}).get("place") or ""),
        "tone": claim and TONES[claim["verdict"]], "verdict": claim and _(f"desk.verdict.{claim['verdict']}"),
        "reasons": [known_words(f"reasons.{code}", code) for code in (claim or {}).get("reasons", ())],
        "is_asked": bool(claim) and claim["id"] in seen["questioned"],
    }  # fmt: skip


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
