"""Plans of villages with a low grade, and when notices hung out: said by one person, confirmed by another."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import DateField, IntegerField, SelectField, StringField
from wtforms.validators import Length, NumberRange, Optional

from app import clock
from app.areas.models import Area
from app.areas.policies import policies_in_force
from app.assessment import figures, plans, queries, rules
from app.assessment.measuring import is_on_time
from app.assessment.models import ACTIONS, CHANNELS, OWNERS, Assessment, AssessmentNotice, AssessmentPlanItem
from app.assessment.plans import Hung, Wanted
from app.assessment.rules import INDICATORS, PLANNED, Policy, Quarter
from app.db import db
from app.errors import DomainError
from app.gate import allow, me, my_scope
from app.web import assessment_words as words
from app.web.assessment import READERS, phase_of, quarter_asked, quarters_of, township_asked, words_of
from app.web.forms import DeskForm, needed
from app.web.planning import blame
from app.web.words import use_zone

pages = Blueprint("assessment_plans", __name__)
NUMBER = Length(max=40, message="errors.assessment_paper")
ROW = NumberRange(1, 2**63 - 1, message="errors.field_needed")


class ItemForm(DeskForm):
    village = IntegerField(validators=[needed(), ROW])
    indicator = SelectField(validate_choice=False, validators=[needed()])
    action = SelectField(validate_choice=False, validators=[needed()])
    owner = SelectField(validate_choice=False, validators=[needed()])
    due_on = DateField(validators=[needed()])


class DoneForm(DeskForm):
    done_on = DateField(validators=[needed()])
    paper = StringField(validators=[needed(), NUMBER])


class NoticeForm(DeskForm):
    """Without a day and a place it says that nothing hung out."""

    village = IntegerField(validators=[needed(), ROW])
    month = StringField(validators=[needed()])
    published_on = DateField(validators=[Optional()])
    channel = SelectField(validate_choice=False, validators=[Optional()])
    paper = StringField(validators=[Optional(), NUMBER])


# --- plans --------------------------------------------------------------------------------------------------------


@pages.get("/desk/assessment/<uuid:assessment_id>/plans")
@allow(*READERS)
def show(assessment_id: UUID) -> ResponseReturnValue:
    return plans_page(queries.reach(my_scope(), assessment_id), item_form(blank=True))


@pages.post("/desk/assessment/<uuid:assessment_id>/plans")
@allow(*READERS)
def add(assessment_id: UUID) -> ResponseReturnValue:
    one, form = queries.reach(my_scope(), assessment_id), item_form()
    if not form.validate():
        return plans_page(one, form), 422
    wanted = Wanted(
        form.village.data or 0, form.indicator.data, form.action.data, form.owner.data, form.due_on.data or date.min
    )  # fmt: skip
    try:
        plans.add_item(me(), my_scope(), assessment_id, wanted, clock.now())
    except DomainError as refused:
        problem = blame(form, refused)
        db.session.rollback()
        return plans_page(queries.reach(my_scope(), assessment_id), form, problem), refused.status
    flash(_("assessment.done.plan"), "done")
    db.session.commit()
    return redirect(url_for("assessment_plans.show", assessment_id=assessment_id))


@pages.post("/desk/assessment/plans/<uuid:plan_item_id>")
@allow(*READERS)
def decide(plan_item_id: UUID) -> ResponseReturnValue:
    """Done, with the number of the paper that shows it; or confirmed by another person."""
    item = queries.reach_row(my_scope(), AssessmentPlanItem, plan_item_id)
    back = redirect(url_for("assessment_plans.show", assessment_id=item.assessment_id))
    try:
        _act(plan_item_id)
    except DomainError as refused:
        db.session.rollback()
        flash(words_of(refused), "need")
        return back
    flash(_("assessment.done.kept"), "done")
    db.session.commit()
    return back


def _act(item_id: UUID) -> None:
    if request.form.get("decision") == "confirm":
        plans.confirm_item(me(), my_scope(), item_id, clock.now())
        return
    form = DoneForm()
    if not form.validate() or form.done_on.data is None:
        raise DomainError("assessment_done_needs")
    plans.finish(me(), my_scope(), item_id, form.done_on.data, form.paper.data or "", clock.now())


def plans_page(one: Assessment, form: ItemForm, problem: str = "") -> str:
    township = db.session.get_one(Area, one.township_id)
    use_zone(township.time_zone)
    found, items = figures.read(one.figures), queries.plan_items_of(one)
    return render_template(
        "desk/assessment_plans.html", one=one, township=township, quarter=Quarter(one.quarter), form=form,
        problem=problem, w=words, phase=phase_of(one), items=items, mine=me().id,
        villages=[v for v in found.result.villages if v.grade in PLANNED],
        today=clock.local_day(clock.now(), township.time_zone),
        restored={id_: rules.restored(plan, found.policy) for id_, plan in plans.plans_of(one).items()},
        names_of_people=queries.names_of(i for item in items for i in (item.made_by, item.done_by, item.confirmed_by)),
    )  # fmt: skip


def item_form(*, blank: bool = False) -> ItemForm:
    form = ItemForm(formdata=None) if blank else ItemForm()
    form.indicator.choices = [(key, _(f"assessment.indicator.{key}")) for key in INDICATORS]
    form.action.choices = [(key, _(f"assessment.action.{key}")) for key in ACTIONS]
    form.owner.choices = [(key, _(f"assessment.owner.{key}")) for key in OWNERS]
    return form


# --- notices ------------------------------------------------------------------------------------------------------


@pages.get("/desk/assessment/notices")
@allow(*READERS)
def notices() -> ResponseReturnValue:
    township = township_asked(request.args.get("area"))
    quarter = quarter_asked(request.args.get("quarter"), township)
    return notices_page(township, quarter, notice_form(blank=True))


@pages.post("/desk/assessment/notices")
@allow(*READERS)
def enter() -> ResponseReturnValue:
    township = township_asked(request.form.get("area"))
    quarter, form = quarter_asked(request.form.get("quarter"), township), notice_form()
    month = month_of(form.month.data)
    if not form.validate() or month is None:
        if month is None:
            form.month.errors = [_("errors.field_needed")]
        return notices_page(township, quarter, form), 422
    hung = Hung(
        form.village.data or 0, month, form.published_on.data, form.channel.data or None, form.paper.data or None
    )  # fmt: skip
    try:
        plans.enter_notice(me(), township, hung, clock.now())
    except DomainError as refused:
        problem = blame(form, refused)
        db.session.rollback()
        township = township_asked(request.form.get("area"))
        return notices_page(township, quarter, form, problem), refused.status
    flash(_("assessment.done.notice"), "wait")
    db.session.commit()
    return redirect(_notices_of(township, quarter))


@pages.post("/desk/assessment/notices/<uuid:hung_id>")
@allow(*READERS)
def confirm(hung_id: UUID) -> ResponseReturnValue:
    found = queries.reach_row(my_scope(), AssessmentNotice, hung_id)
    township = db.session.get_one(Area, found.township_id)
    back = redirect(_notices_of(township, rules.quarter_of(found.month)))
    try:
        plans.confirm_notice(me(), my_scope(), hung_id, clock.now())
    except DomainError as refused:
        db.session.rollback()
        flash(words_of(refused), "need")
        return back
    flash(_("assessment.done.kept"), "done")
    db.session.commit()
    return back


def _notices_of(township: Area, quarter: Quarter) -> str:
    return url_for("assessment_plans.notices", area=township.code, quarter=words.quarter_code(quarter.first))


def notices_page(township: Area, quarter: Quarter, form: NoticeForm, problem: str = "") -> str:
    use_zone(township.time_zone)
    today = clock.local_day(clock.now(), township.time_zone)
    villages = queries.villages_of(township.id)
    places = {v.id: n for n, v in enumerate(villages)}
    newest_first = queries.notices_of(township.id, quarter.months)
    entries = sorted(newest_first, key=lambda e: (e.month, places.get(e.village_id, len(places))))
    policy = _policy(township, quarter)
    return render_template(
        "desk/assessment_notices.html", township=township, townships=queries.townships_for(my_scope()), quarter=quarter,
        quarters=quarters_of([township]), form=form, problem=problem, w=words, mine=me().id,
        months=plans.months_to_enter(quarter, today), villages=villages, entries=entries,
        due={month: rules.due_for(month, policy) for month in quarter.months},
        on_time={e.id: is_on_time(e, policy) for e in entries},
        village_names={v.id: v.name for v in villages},
        names_of_people=queries.names_of(i for e in entries for i in (e.entered_by, e.confirmed_by)),
    )  # fmt: skip


def _policy(township: Area, quarter: Quarter) -> Policy:
    return rules.policy_from(policies_in_force(township.id, quarter.last).body("assessment"))


def notice_form(*, blank: bool = False) -> NoticeForm:
    form = NoticeForm(formdata=None) if blank else NoticeForm()
    form.channel.choices = [("", "–"), *((key, _(f"assessment.channel.{key}")) for key in CHANNELS)]
    return form


def month_of(text: str | None) -> date | None:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
