"""Review: one check-in at a time beside the list, its reasons as sentences, to count or to return."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import clock
from app.accounts.operations import record_look
from app.areas.policies import policies_in_force
from app.checkins import board as checkins
from app.checkins import rules
from app.checkins.answers import PHRASES, answers_on, duty_answers, is_open
from app.checkins.board import Waiting
from app.checkins.models import Answer, Checkin
from app.checkins.review import RETURN_REASONS
from app.db import db
from app.duty import choices
from app.errors import DomainError, NotFound
from app.field import received
from app.field.reviewing import review_checkin, see_answer
from app.gate import allow, me, my_scope
from app.web.forms import ReviewForm
from app.web.planning import blame
from app.web.words import hhmm, names, use_zone

pages = Blueprint("review", __name__)
TONES = {"held": "wait", "counted": "good", "not_counted": "need"}


@pages.get("/desk/review", defaults={"checkin_id": None})
@pages.get("/desk/review/<uuid:checkin_id>")
@allow("leader", "admin")
def show(checkin_id: UUID | None) -> ResponseReturnValue:
    page = review_page(checkin_id, empty_form())
    db.session.commit()  # that somebody looked
    return page


@pages.post("/desk/review/<uuid:checkin_id>")
@allow("leader", "admin")
def decide(checkin_id: UUID) -> ResponseReturnValue:
    form = offer_reasons(ReviewForm())
    decision = request.form.get("decision", "")
    try:
        review_checkin(
            me(), my_scope(), checkin_id, decision, form.reason.data, clock.now(),
            seen=read_moment(form.seen.data),
        )  # fmt: skip
    except NotFound:
        raise
    except DomainError as refused:
        problem = blame(form, refused)
        db.session.rollback()
        return review_page(checkin_id, form, problem=problem), refused.status
    item = checkins.checkin_of(my_scope(), checkin_id)
    words = "desk.review.counted" if decision == "counted" else "desk.review.returned"
    flash(_(words, name=item.name, place=item.place), "done")
    db.session.commit()
    return redirect(url_for("review.show", others=request.form.get("others") or None))


@pages.post("/desk/answers/<uuid:answer_id>/seen")
@allow("leader", "admin")
def see(answer_id: UUID) -> ResponseReturnValue:
    """What a member said about a duty has been read; it stands on the shift's page until then."""
    see_answer(me(), my_scope(), answer_id, clock.now())
    flash(_("answers.desk.seen_done"), "done")
    shift_id = request.form.get("shift", type=int)
    target = url_for("shifts.show", shift_id=shift_id) if shift_id else url_for("review.show")
    db.session.commit()
    return redirect(target)


def review_page(checkin_id: UUID | None, form: ReviewForm, *, problem: str = "") -> str:
    scope, now = my_scope(), clock.now()
    teams = choices.led_teams(scope)
    if teams:
        use_zone(teams[0].zone)
    others = bool(request.values.get("others"))
    queue = checkins.other_checkins(scope, now) if others else checkins.held_checkins(scope)
    one = checkins.checkin_of(scope, checkin_id) if checkin_id else (queue[0] if queue else None)
    if one is not None and not form.is_submitted():
        form.seen.data = one.checkin.reviewed_at.isoformat() if one.checkin.reviewed_at else ""
    if one is not None and one.checkin.position is not None:
        c = one.checkin
        record_look(me(), c.person_id, c.township_id, "checkin", c.id, one.day, now)
    decided = checkins.decided_checkins(scope, me().id, now - timedelta(hours=12))
    return render_template(
        "desk/review.html", queue=queue, item=one and item_of(one), form=form, problem=problem, others=others,
        opens_shifts="leader" in scope.roles,
        n_held=checkins.waiting_count(scope), n_others=checkins.other_count(scope, now), decided=decided,
        n_received=received.count(scope, now),
    )  # fmt: skip


def empty_form() -> ReviewForm:
    return offer_reasons(ReviewForm(formdata=None))


def offer_reasons(form: ReviewForm) -> ReviewForm:
    form.reason.choices = [(code, _(f"desk.return.{code}")) for code in RETURN_REASONS]
    return form


def read_moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text or "")
    except ValueError:
        return None


# --- one check-in in words ------------------------------------------------------------------------


def item_of(one: Waiting) -> dict[str, object]:
    c = one.checkin
    policy = rules.policy_from(policies_in_force(c.township_id, one.day).body("checkins"))
    offset = checkins.offset_from_place(c)
    return {
        "id": c.id, "name": one.name, "place": one.place, "verdict": c.verdict, "tone": TONES[c.verdict],
        "effective_at": c.effective_at, "time_quality": c.time_quality, "phase": c.phase, "method": c.method,
        "shift_id": one.shift_id, "day": one.day, "starts_at": one.starts_at, "ends_at": one.ends_at,
        "route": one.route, "beside_words": beside_words(one),
        "sentences": [reason_words(code, one, policy) for code in c.reasons],
        "where_words": where_words(one, offset), "drawing": drawing_of(one, offset, policy),
        "decided": c.review_verdict, "is_mine": c.person_id == me().id,
        "decided_why": c.review_reason and _(f"desk.return.{c.review_reason}"),
        "level": c.evidence_level, "code_words": code_words(c), "cosigned_words": cosigned_words(c),
        "answers": [answer_of(answer) for answer in answers_on(c)],
        "plays_back": c.duty_id if may_play_back(c) else None,
    }  # fmt: skip


def may_play_back(c: Checkin) -> bool:
    """For a leader who is a reviewer here as well, while this check-in is what waits."""
    waits = (c.verdict == "held" and c.reviewed_at is None) or is_open(c.township_id, c.id)
    return waits and c.township_id in my_scope().reviewed and c.person_id != me().id


def duty_answers_of(shift_id: int | None = None) -> list[dict[str, object]]:
    """What members of the caller's teams said about their duties and nobody has read; of one shift, or of all."""
    return [
        {**answer_of(answer), "id": answer.id, "name": name, "shift_id": found, "is_mine": answer.person_id == me().id}
        for found, answer, name in duty_answers(my_scope(), shift_id)
    ]  # fmt: skip


def code_words(c: Checkin) -> str:
    if c.code_form is None:
        return ""
    return _(f"codes.result.right.{c.code_form}") if c.code_right else _("codes.result.wrong")


def cosigned_words(c: Checkin) -> str:
    by = checkins.cosigners_of(c)
    if not by:
        return ""
    return _(
        "desk.review.cosigned_by" if c.evidence_level == 4 else "desk.review.cosigned_weak", names=names(by)
    )


def answer_of(answer: Answer) -> dict[str, object]:
    """The phrase as a sentence, and the member's own words where there are some."""
    phrase = answer.phrase if answer.phrase in PHRASES else "other"
    return {
        "words": _(f"answer.phrase.{phrase}"), "text": answer.text, "at": answer.said_at,
        "is_open": answer.closed_at is None,
    }  # fmt: skip


def reason_words(code: str, one: Waiting, policy: rules.Policy) -> str:
    """The reason with its figures where they are known, else the sentence without."""
    c = one.checkin
    figures: dict[str, object] = {
        "place": one.place, "distance": c.distance_m is not None and round(c.distance_m), "radius": one.radius_m,
        "allowance": policy.allowance_m, "accuracy": c.accuracy_m, "max_accuracy": policy.max_accuracy_m,
        "speed": c.speed_kmh is not None and round(c.speed_kmh), "age": c.age_ms // 1000, "grace": policy.grace_min,
        "limit": round(policy.hold_speed_kmh if code == "impossible_speed" else policy.flag_speed_kmh),
    }  # fmt: skip
    for with_figures in (f"reasons.{code}.review", f"reasons.{code}.figures"):
        words = _(with_figures)
        if words == with_figures:
            continue
        try:
            if not any(f"%({name})s" in words and value is False for name, value in figures.items()):
                return words % figures
        except KeyError:
            pass
    return _(f"reasons.{code}")


def beside_words(one: Waiting) -> str:
    near = checkins.neighbours_of(one.checkin)
    parts = []
    if near.before:
        parts.append(_("desk.review.before", place=near.before[0], at=hhmm(near.before[1])))
    if near.after:
        parts.append(_("desk.review.later", place=near.after[0], at=hhmm(near.after[1])))
    return _("desk.review.between").join(parts) or _("desk.review.alone")


def where_words(one: Waiting, offset: tuple[float, float] | None) -> str:
    c = one.checkin
    if c.distance_m is None:
        return ""
    if offset is None or c.distance_m < 5:
        return _(
            "desk.review.where_near", place=one.place, distance=round(c.distance_m), accuracy=c.accuracy_m
        )
    toward = _(f"desk.toward.{eighth(offset)}")
    return _(
        "desk.review.where",
        place=one.place,
        distance=round(c.distance_m),
        direction=toward,
        accuracy=c.accuracy_m,
    )


def eighth(offset: tuple[float, float]) -> int:
    """0 north, 1 north-east … 7 north-west."""
    return round(math.degrees(math.atan2(offset[0], offset[1])) / 45) % 8


def drawing_of(
    one: Waiting, offset: tuple[float, float] | None, policy: rules.Policy
) -> dict[str, float] | None:
    """Radii and the claim's place in a square of 200, north up; None where no position is left to draw."""
    if offset is None or not one.radius_m:
        return None
    far = math.hypot(*offset)
    allowed = one.radius_m + min(one.checkin.accuracy_m, policy.allowance_m)
    scale = 78 / max(far, allowed)
    return {
        "radius": round(one.radius_m * scale, 1), "allowed": round(allowed * scale, 1),
        "x": round(100 + offset[0] * scale, 1), "y": round(100 - offset[1] * scale, 1),
    }  # fmt: skip
