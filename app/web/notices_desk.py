"""Notices of points on the desk: opened, objections answered by another person, the month frozen; and on paper."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import quote
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import clock
from app.approval import months, notices, published, queries, rules
from app.approval.models import PointNotice
from app.areas.models import Area
from app.db import db
from app.errors import DomainError, NotFound
from app.exports.paper import pdf_of
from app.gate import allow, language, me, my_scope
from app.problems import sentence
from app.web.approvals import JUDGES, month_asked, month_words, months_of
from app.web.planning import sentence_of
from app.web.words import use_zone

pages = Blueprint("notices_desk", __name__)
OBJECTION_TONES = {"open": "wait", "upheld": "need", "rejected": "good"}


@pages.get("/desk/points/notices")
@allow(*JUDGES)
def show() -> ResponseReturnValue:
    return page_of(township_asked())


@pages.post("/desk/points/notices")
@allow(*JUDGES)
def begin() -> ResponseReturnValue:
    township = township_asked()
    month = month_asked(request.form.get("month"), township)
    try:
        notices.open_notice(me(), township, month, clock.now())
    except DomainError as refused:
        return refuse(township, refused)
    flash(_("notices.opened_done"), "done")
    return back_to(township)


@pages.post("/desk/points/notices/freeze")
@allow(*JUDGES)
def freeze() -> ResponseReturnValue:
    township = township_asked()
    month = month_asked(request.form.get("month"), township)
    try:
        notices.freeze(me(), township, month, clock.now())
    except DomainError as refused:
        return refuse(township, refused)
    flash(_("notices.frozen_done", month=month_words(month)), "done")
    return back_to(township)


@pages.post("/desk/points/notices/objections/<uuid:objection_id>")
@allow(*JUDGES)
def answer(objection_id: UUID) -> ResponseReturnValue:
    township = db.session.get_one(Area, published.reach_objection(my_scope(), objection_id).township_id)
    verdict, words = request.form.get("verdict", ""), request.form.get("answer", "")
    try:
        notices.answer(me(), my_scope(), objection_id, verdict, words, clock.now())
    except DomainError as refused:
        return refuse(township, refused)
    flash(_("notices.answered_done"), "done")
    return back_to(township)


@pages.get("/desk/points/notices/<code>/<month>.pdf")
@allow(*JUDGES)
def paper(code: str, month: str) -> ResponseReturnValue:
    """What hangs on the board outside the office, while it may hang there."""
    township = queries.reach_township(my_scope(), code, to_judge=True)
    notice = published.notice_of(township.id, month_asked(month, township))
    if notice is None:
        raise NotFound()
    public = notices.read(code, notice.month, clock.now())
    title = f"{township.name} {_('notices.public_title')} {month_words(notice.month)}"
    page = render_template(
        "print/notice.html", public=public, title=title, language=language(), points=rules.points,
        month_words=month_words, opener=queries.names_of([notice.opened_by])[notice.opened_by],
        opened_on=clock.local_day(notice.opened_at, township.time_zone),
    )  # fmt: skip
    response = Response(pdf_of(page), content_type="application/pdf")
    name = quote(f"{title}.pdf")
    response.headers["Content-Disposition"] = f"inline; filename=notice.pdf; filename*=UTF-8''{name}"
    response.headers["Cache-Control"] = "no-store"
    return response


def township_asked() -> Area:
    return queries.reach_township(my_scope(), request.values.get("area"), to_judge=True)


def back_to(township: Area) -> ResponseReturnValue:
    db.session.commit()
    return redirect(url_for("notices_desk.show", area=township.code))


def refuse(township: Area, refused: DomainError) -> ResponseReturnValue:
    code = township.code
    db.session.rollback()
    words = [sentence_of(fault) for fault in refused.fields] or [
        sentence(f"errors.{refused.code}", refused.figures)
    ]
    township = queries.reach_township(my_scope(), code, to_judge=True)
    return page_of(township, " ".join(dict.fromkeys(words))), refused.status


def page_of(township: Area, problem: str = "") -> str:
    use_zone(township.time_zone)
    now = clock.now()
    found = [one_of(township, notice) for notice in published.notices_of([township.id])]
    told = {one["notice"].month for one in found}
    ready = [month for month in months_of(township)[1:4] if month not in told]
    waiting = [state for month in ready if (state := months.month_state(township, month, now)).persons]
    people = {id_ for one in found for id_ in one["people"]}
    return render_template(
        "desk/point_notices.html", township=township, found=found, problem=problem, now=now, points=rules.points,
        townships=[one for one in queries.townships_for(my_scope()) if one.id in my_scope().township_ids],
        month_words=month_words, called=queries.names_of(people), tones=OBJECTION_TONES,
        ready=[(state.month, why_not_open(state, now)) for state in waiting if state.frozen is None],
    )  # fmt: skip


def why_not_open(state: months.Month, now: Any) -> str | None:
    return rules.why_not_open(
        [one.state for one in state.persons],
        len(state.audits_open),
        is_over=now >= state.ends_at,
        is_open=False,
    )


def one_of(township: Area, notice: PointNotice) -> dict[str, Any]:
    """A notice with its objections and what still stands in the way of freezing its month."""
    now, objections = clock.now(), published.objections_of(township.id, notice.month)
    frozen = published.frozen_of(township.id, notice.month)
    waiting = months.month_state(township, notice.month, now).waiting if frozen is None else None
    lines = {
        line.person_id: line.pseudonym
        for line, _name, _wants in published.lines_of(township.id, notice.month)
    }
    people = [notice.opened_by, frozen.frozen_by if frozen else None]
    decided = queries.deciders(township.id, notice.month) if objections else {}
    for one in objections:
        people += [one.person_id, one.objector_id, one.answered_by]
    return {
        "notice": notice, "objections": objections, "lines": lines, "frozen": frozen, "people": people,
        "runs": now < notice.closes_at, "why_not": rules.why_not_final(waiting, now) if waiting else None,
        "today": clock.local_day(now, township.time_zone),
        "not_mine": {one.id for one in objections if me().id in notices.not_another(one, decided)},
    }  # fmt: skip


def month_of_address(text: str) -> date:
    """YYYY-MM of an address, or NotFound."""
    month = clock.month_named(text)
    if month is None:
        raise NotFound()
    return month
