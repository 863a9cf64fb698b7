"""Rules on the desk: what counts here since when and by whom, what townships set otherwise, and a draft of a change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import DateField, SelectField, StringField

from app import clock
from app.areas.models import Area, PolicyVersion
from app.db import db
from app.errors import DomainError, NotFound
from app.gate import allow, me, my_scope
from app.rulebook import operations, queries, rules
from app.rulebook.models import KINDS, PolicyChange
from app.rulebook.operations import Draft
from app.rulebook.rules import Topic
from app.rulebook.topics import TOPICS
from app.web import rule_words
from app.web.forms import DeskForm, needed
from app.web.words import today, use_zone

pages = Blueprint("rules", __name__)
READERS = ("reviewer", "admin")
TONES = {"proposed": "wait", "approved": "good", "refused": "need", "withdrawn": "idle"}


class DraftForm(DeskForm):
    """Its settings are fields of their own, by the topic (`form_for`)."""

    valid_from = DateField(validators=[needed()])
    note = StringField()


# --- what counts --------------------------------------------------------------------------------------------------


@pages.get("/desk/points/rules")
@allow(*READERS)
def show() -> ResponseReturnValue:
    area, topic = area_asked(), topic_asked()
    versions = queries.versions_of([area.id, area.county_id or area.id], topic.name)
    in_force = queries.version_on(area, topic.name, today())
    areas = queries.areas_named(v.area_id for v in versions)
    changes = queries.changes_of([area.id], topic.name)
    return render_template(
        "desk/rules.html", area=area, areas=queries.areas_for(my_scope()), topic=topic, topics=TOPICS,
        in_force=in_force, rows=rows_of(area, topic, in_force), versions=versions, areas_by_id=areas,
        upcoming=[v for v in versions if v.valid_from > today()], tones=TONES, changes=changes,
        by=by_words(changes, versions), compared=compare(area, topic), changed=changed_words, tops=rules,
        bounds_words=bounds_words,
    )  # fmt: skip


def area_asked() -> Area:
    """The area named, or the township first on offer."""
    offered = queries.areas_for(my_scope())
    code = request.values.get("area") or next((a.code for a in offered if a.level == "township"), None)
    area = queries.reach_area(my_scope(), code or (offered[0].code if offered else ""))
    use_zone(area.time_zone)
    return area


def topic_asked() -> Topic:
    topic = TOPICS.get(request.values.get("topic") or "incentives")
    if topic is None:
        raise NotFound()
    return topic


@dataclass(frozen=True)
class Row:
    key: str
    label: str
    value: str
    default: str
    bounds: str
    differs: bool


def rows_of(area: Area, topic: Topic, in_force: PolicyVersion | None) -> list[Row]:
    body = topic.body_in_force(in_force.body if in_force else {})
    bounds = queries.bounds_on(area.county_id or area.id, topic.name, today())
    return [
        Row(
            name, rule_words.label(topic, name), rule_words.said(key, body[name]),
            rule_words.said(key, topic.defaults[name]),
            rule_words.range_words(key, *bounds[name]) if name in bounds else "", body[name] != topic.defaults[name],
        )
        for name, key in topic.keys.items()
    ]  # fmt: skip


def by_words(changes: list[PolicyChange], versions: list[PolicyVersion]) -> dict[int, str]:
    """Of each version, who drafted and who approved it."""
    made = {c.policy_version_id: c for c in changes if c.policy_version_id}
    names = queries.names_of(
        [*(c.proposed_by for c in changes), *(c.decided_by for c in changes), *(v.made_by for v in versions)]
    )
    found = {}
    for version in versions:
        change = made.get(version.id)
        if change is not None and change.decided_by is not None:
            found[version.id] = _(
                "rules.by_two", proposer=names[change.proposed_by], decider=names[change.decided_by]
            )
        elif version.made_by is not None:
            found[version.id] = _("rules.by_one", name=names[version.made_by])
        else:
            found[version.id] = _("rules.by_nobody")
    return found


def changed_words(topic: Topic, before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(setting, before, after) in words."""
    return [
        (rule_words.label(topic, name), rule_words.said(topic.keys[name], old), rule_words.said(topic.keys[name], new))
        for name, old, new in rules.changed_keys(topic, before, after)
    ]  # fmt: skip


def bounds_words(topic: Topic, body: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (rule_words.label(topic, name), rule_words.range_words(topic.keys[name], *pair))
        for name, pair in body.items()
        if name in topic.keys
    ]


def compare(area: Area, topic: Topic) -> list[tuple[Area, date, list[tuple[str, str, str]]]]:
    """Of a county: townships with numbers of their own, since when, and what differs."""
    if area.level != "county":
        return []
    county = queries.version_on(area, topic.name, today())
    townships = queries.townships_of(area)
    own = queries.own_versions_on([one.id for one in townships], topic.name, today())
    return [
        (one, own[one.id].valid_from, changed_words(topic, county.body if county else {}, own[one.id].body))
        for one in townships
        if one.id in own
    ]


# --- a draft ------------------------------------------------------------------------------------------------------


@pages.get("/desk/points/rules/new")
@allow(*READERS)
def new() -> ResponseReturnValue:
    area, topic, kind = area_asked(), topic_asked(), kind_asked()
    first = rules.earliest(topic.starts, today())
    form = form_for(topic, kind, formdata=None, data={"valid_from": first, **filled(area, topic, kind)})
    return form_page(area, topic, kind, form)


@pages.post("/desk/points/rules")
@allow(*READERS)
def propose() -> ResponseReturnValue:
    area, topic, kind = area_asked(), topic_asked(), kind_asked()
    form = form_for(topic, kind)
    if not form.validate():
        return form_page(area, topic, kind, form), 422
    draft = Draft(kind, form.valid_from.data, body_of(topic, kind, form), form.note.data or "")
    try:
        change = operations.propose(me(), area, topic, draft, clock.now())
    except DomainError as refused:
        db.session.rollback()
        problem = blame(topic, form, refused)
        return form_page(area, topic, kind, form, problem), refused.status
    db.session.commit()
    flash(_("rules.proposed_done"), "done")
    return redirect(url_for("rule_changes.one", change_id=change.id))


def kind_asked() -> str:
    kind = request.values.get("kind") or "numbers"
    if kind not in KINDS:
        raise NotFound()
    return kind


def form_for(topic: Topic, kind: str, **options: Any) -> Any:
    """A form with a field for each setting; of bounds with two."""
    fields: dict[str, Any] = {}
    for name, key in topic.keys.items():
        if kind == "bounds":
            if rules.can_be_bound(topic, name):
                fields |= {f"low_{name}": StringField(), f"high_{name}": StringField()}
        elif key.choices:
            choices = [(one, _(f"rules.choice.{one}")) for one in key.choices]
            fields[f"key_{name}"] = SelectField(choices=choices, validate_choice=False)
        else:
            fields[f"key_{name}"] = StringField()
    return type("TopicForm", (DraftForm,), fields)(**options)


def filled(area: Area, topic: Topic, kind: str) -> dict[str, str]:
    """What counts now, as it is written."""
    if kind == "bounds":
        bounds = queries.bounds_on(area.id, topic.name, date.max)
        pairs = {name: bounds.get(name) for name in topic.keys}
        return {
            f"{end}_{name}": rule_words.written(topic.keys[name], pair[n])
            for name, pair in pairs.items() if pair
            for n, end in enumerate(("low", "high"))
        }  # fmt: skip
    version = queries.version_on(area, topic.name, today())
    body = topic.body_in_force(version.body if version else {})
    return {f"key_{name}": rule_words.written(topic.keys[name], value) for name, value in body.items()}


def body_of(topic: Topic, kind: str, form: Any) -> dict[str, Any]:
    data = {name: str(value or "") for name, value in form.data.items()}
    if kind == "numbers":
        return {name: rule_words.read(topic, name, data[f"key_{name}"]) for name in topic.keys}
    found = {}
    for name in topic.keys:
        low, high = data.get(f"low_{name}", "").strip(), data.get(f"high_{name}", "").strip()
        if low or high:
            found[name] = [rule_words.read(topic, name, low), rule_words.read(topic, name, high)]
    return found


def blame(topic: Topic, form: Any, refused: DomainError) -> str:
    """Put the sentences by the fields; the sentence above the form is of the whole."""
    for wrong in refused.fields:
        name = wrong.pointer.strip("/")
        words = rule_words.fault_words(topic, wrong, name)
        for field in (form._fields.get(one) for one in (f"key_{name}", f"low_{name}", name)):
            if field is not None:
                field.errors = [*field.errors, words]
                break
    return "" if refused.fields else _(f"errors.{refused.code}", **refused.figures)


def form_page(area: Area, topic: Topic, kind: str, form: Any, problem: str = "") -> str:
    bound = [name for name in topic.keys if rules.can_be_bound(topic, name)]
    bounds = queries.bounds_on(area.county_id or 0, topic.name, today())
    return render_template(
        "desk/rules_new.html", area=area, topic=topic, kind=kind, form=form, problem=problem, words=rule_words,
        names=bound if kind == "bounds" else list(topic.keys), bounds=bounds,
    )  # fmt: skip
