"""Playing a duty back at the desk: for a reviewer, while something on the duty waits; who looks is told so before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import clock
from app.areas.policies import place_of
from app.checkins.contests import Question
from app.db import db
from app.field import playback
from app.gate import allow, me, my_scope, shows_map
from app.web.words import hhmm, known_words, use_zone

pages = Blueprint("playback_desk", __name__)
TONES = {"held": "wait", "counted": "good", "not_counted": "need"}
# What the map draws, in the order of its legend.
DRAWN = ("walked", "gap", "dropped", "here", "route", "checkpoint", "checkin", "asked")


@pages.get("/desk/playback")
@allow("reviewer")
def show() -> ResponseReturnValue:
    """Duties on which something waits: days, teams and routes, and no name."""
    duties = playback.waiting(my_scope())
    return render_template("desk/playback_list.html", duties=duties, whys=whys)


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
        "desk/playback.html", seen=seen, lines=[line_of(event, seen) for event in seen["events"]],
        day=date.fromisoformat(seen["day"]), legend=[kind for kind in DRAWN if kind in drawn_in(seen)],
    )  # fmt: skip
    db.session.commit()  # who looked is written down before anything is sent
    return page


def whys(questions: Iterable[Question]) -> list[str]:
    """What waits on a duty, each kind once: how many of them is said in words."""
    counts = Counter(question.why for question in questions)
    return [
        _(f"desk.playback.why.{why}") if n == 1 else _(f"desk.playback.why_many.{why}", n=n)
        for why, n in counts.items()
    ]


def drawn_in(seen: dict[str, Any]) -> set[str]:
    """The kinds that the map of this duty has: its legend explains nothing that is not there."""
    steps = {kind for line in seen["track"]["lines"] for kind in line["steps"]}
    claims = [event["checkin"] for event in seen["events"] if event.get("checkin")]
    points = {
        "asked" if claim["id"] in seen["questioned"] else "checkin" for claim in claims if claim["position"]
    }
    route = seen["route"]
    way = {"route"} | ({"checkpoint"} if route["checkpoints"] else set()) if route else set()
    return steps | points | way | ({"here"} if seen["track"]["lines"] else set())


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
