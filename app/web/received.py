"""Received, but not counted: who sent it, of what kind, and why, in words; never what was in it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import clock
from app.checkins import board as checkins
from app.db import db
from app.duty import board, choices
from app.field import received
from app.field.received import Row
from app.field.sending import missing_by_phone
from app.gate import allow, me, my_scope
from app.web.words import known_words, names, reason_words, today, use_zone

pages = Blueprint("received", __name__)
TONES = {"held": "wait", "rejected": "need", "conflict": "need"}
LAST_PAGE = 1000
MISSING_FOR = timedelta(days=6)


@pages.get("/desk/review/received")
@allow("leader", "admin")
def show() -> ResponseReturnValue:
    scope, now, page = my_scope(), clock.now(), page_asked()
    teams = choices.led_teams(scope)
    if teams:
        use_zone(teams[0].zone)
    rows = received.rows(scope, now, page)
    return render_template(
        "desk/received.html", lines=[line_of(row) for row in rows[: received.AT_ONCE]], page=page,
        has_more=len(rows) > received.AT_ONCE, missing=missing_words() if page == 1 else [],
        opens_shifts="leader" in scope.roles, n_received=received.count(scope, now),
        n_held=checkins.waiting_count(scope), n_others=checkins.other_count(scope, now),
    )  # fmt: skip


@pages.post("/desk/review/received/<uuid:item_id>/again")
@allow("leader", "admin")
def again(item_id: UUID) -> ResponseReturnValue:
    """Only for what the job has given up; everything else is judged by itself, or not at all."""
    result = received.try_again(me(), my_scope(), item_id, clock.now())
    flash(_(f"received.again.{result or 'over'}"), "wait" if result == "held" else "done")
    target = url_for("received.show", page=page_asked())
    db.session.commit()
    return redirect(target)


def page_asked() -> int:
    return min(max(1, request.values.get("page", 1, type=int)), LAST_PAGE)


def line_of(row: Row) -> dict[str, object]:
    return {
        "at": row.at, "tone": TONES[row.result], "result": row.result, "kind": row.kind, "who": who_words(row),
        "by_words": by_words(row), "why_words": why_words(row), "next_words": next_words(row), "shift": row.shift,
        "item_id": row.item_id,
    }  # fmt: skip


def who_words(row: Row) -> str:
    """Whose it is; where it does not say so, who brought it."""
    if not row.author_known:
        return _("received.brought", name=row.brought_by or _("received.somebody"))
    return row.author or _("received.somebody")


def by_words(row: Row) -> str:
    if not row.author_known or not row.is_borrowed:
        return ""
    return _("received.by", name=row.brought_by or _("received.somebody"))


def why_words(row: Row) -> str:
    """The reason; for the leader in other words where its own speak to the sender."""
    return known_words(f"received.why.{why_code(row)}", reason_words(row.code))


def why_code(row: Row) -> str:
    return "given_up" if row.given_up else row.code


def next_words(row: Row) -> str:
    """What becomes of it, and why there is nothing to press."""
    code = "emptied" if row.is_emptied else why_code(row)
    return known_words(f"received.next.{code}", _(f"received.next.{row.result}"))


def missing_words() -> list[dict[str, object]]:
    """Phones of the last days' shifts with holes in their numbers."""
    shifts = {s.id: s for s in board.crews_between(my_scope(), today() - MISSING_FOR, today())}
    found = []
    for one in missing_by_phone(list(shifts.values())):
        shift = shifts[one.shift_id]
        who = names(mate for mate in shift.mates if mate.person_id in one.people)
        found.append({"words": _("received.missing", name=who, n=one.n), "shift": shift})
    return found
