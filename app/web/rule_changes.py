"""One draft of a change: what it says, its dry run on real duties, and the decision of a second person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import SelectField

from app import clock
from app.areas.models import Area
from app.db import db
from app.errors import Conflict, DomainError, NotFound
from app.gate import allow, me, my_scope
from app.incentives.explaining import points_words
from app.rulebook import operations, queries, rules, runs, trials
from app.rulebook.models import PolicyChange
from app.rulebook.topics import TOPICS
from app.web import rule_words
from app.web.forms import DeskForm
from app.web.rules import READERS, TONES, bounds_words, changed_words
from app.web.words import known_words, today, use_zone

pages = Blueprint("rule_changes", __name__)
DONE = {
    "approve": "rules.approved_done", "refuse": "rules.refused_done", "withdraw": "rules.withdrawn_done",
    "try": "rules.try_done",
}  # fmt: skip
MOST_SHOWN = 200


class TrialForm(DeskForm):
    period = SelectField(validate_choice=False)


@dataclass(frozen=True)
class Line:
    """A name with its half points before and after, and how long its two bars are, in hundredths."""

    name: str
    before: int
    after: int
    before_bar: float = 0
    after_bar: float = 0
    fen: int | None = None


@pages.get("/desk/points/rules/<int:change_id>")
@allow(*READERS)
def one(change_id: int) -> ResponseReturnValue:
    return page_of(queries.reach_change(my_scope(), change_id), trial_form(formdata=None))


@pages.post("/desk/points/rules/<int:change_id>")
@allow(*READERS)
def decide(change_id: int) -> ResponseReturnValue:
    change = queries.reach_change(my_scope(), change_id)
    use_zone(db.session.get_one(Area, change.area_id).time_zone)
    form, decision = trial_form(), request.form.get("decision", "")
    try:
        act(decision, change, form)
    except Conflict as late:
        db.session.rollback()
        flash(_(f"errors.{late.code}"), "wait")
        return redirect(url_for("rule_changes.one", change_id=change_id))
    except DomainError as refused:
        db.session.rollback()
        problem = blame(form, change.topic, refused)
        return page_of(queries.reach_change(my_scope(), change_id), form, problem), refused.status
    db.session.commit()
    flash(_(DONE[decision]), "done")
    return redirect(url_for("rule_changes.one", change_id=change_id))


def act(decision: str, change: PolicyChange, form: TrialForm) -> None:
    person, scope, now = me(), my_scope(), clock.now()
    if decision == "approve":
        operations.approve(person, scope, change.id, TOPICS, now)
    elif decision == "refuse":
        operations.refuse(person, scope, change.id, now)
    elif decision == "withdraw":
        operations.withdraw(person, scope, change.id, now)
    elif decision == "try":
        runs.ask_trial(person, change, form.period.data or "", now)
    else:
        raise DomainError("invalid")


def blame(form: TrialForm, topic: str, refused: DomainError) -> str:
    """Of a draft that can no longer come into force the reasons, one after the other."""
    words = [rule_words.fault_words(TOPICS[topic], one, one.pointer.strip("/")) for one in refused.fields]
    return " ".join(words) or _(f"errors.{refused.code}", **refused.figures)


@pages.get("/desk/points/rules/<int:change_id>/progress")
@allow(*READERS)
def progress(change_id: int) -> ResponseReturnValue:
    change = queries.reach_change(my_scope(), change_id)
    trial = queries.trial_of(change.id)
    if trial is None:
        raise NotFound()
    return render_template("desk/rules_progress.html", change=change, trial=trial)


def trial_form(**options: Any) -> TrialForm:
    form = TrialForm(**options)
    form.period.choices = [(one, rule_words.period_words(one)) for one in rules.periods_before(today())]
    return form


def page_of(change: PolicyChange, form: TrialForm, problem: str = "") -> str:
    area, topic = db.session.get_one(Area, change.area_id), TOPICS.get(change.topic)
    if topic is None:
        raise NotFound()
    use_zone(area.time_zone)
    trial, repricings = queries.trial_of(change.id), queries.repricings_of(change.id)
    names_of = queries.areas_named(one.township_id for one in repricings)
    return render_template(
        "desk/rules_change.html", change=change, area=area, topic=topic, form=form, problem=problem, tones=TONES,
        words=said_of(change, area), names_of_people=queries.names_of([change.proposed_by, change.decided_by]),
        own=change.proposed_by == me().id, may_decide=queries.may_decide(my_scope(), area.id), trial=trial,
        stale=trial is not None and runs.is_stale(change, trial), told=told_of(trial.result) if trial else None,
        repricings=[(names_of[r.township_id], r, told_of(r.result)) for r in repricings],
        can_try=change.kind == "numbers" and topic.name == "incentives", period_words=rule_words.period_words,
        points=points_words, yuan=yuan, signed=signed, most=MOST_SHOWN,
    )  # fmt: skip


def said_of(change: PolicyChange, area: Area) -> list[tuple[str, str, str]]:
    """What changes in words: against the version that it replaced, or that counts until its day."""
    topic = TOPICS[change.topic]
    if change.kind == "bounds":
        bounds = dict(bounds_words(topic, queries.bounds_on(area.id, topic.name, change.valid_from)))
        old = {} if change.state == "approved" else bounds
        return [
            (label, old.get(label, _("rules.unbound")), words)
            for label, words in bounds_words(topic, change.body)
        ]
    before = queries.version_before(area, topic.name, change)
    return changed_words(topic, before.body if before else {}, change.body)


# --- differences --------------------------------------------------------------------------------------------------


def told_of(result: dict[str, Any] | None) -> dict[str, Any] | None:
    """A difference as the page shows it: totals, rules with bars, months, townships with their cost, members."""
    if result is None:
        return None
    people = lines_of(result["people"], queries.names_of(int(i) for i in result["people"]))
    before, after = trials.total(result["people"])
    fen = {i: rules.cost_fen(pair[1], result["fen_a_point"][i]) for i, pair in result["townships"].items()}
    was = {i: rules.cost_fen(pair[0], result["fen_a_point"][i]) for i, pair in result["townships"].items()}
    return {
        "before": before, "after": after, "fen": (sum(was.values()), sum(fen.values())),
        "more": sum(one.after > one.before for one in people), "less": sum(one.after < one.before for one in people),
        "same": sum(one.after == one.before for one in people),
        "people": sorted((one for one in people if one.after != one.before), key=lambda o: o.after - o.before),
        "rules": lines_of(result["rules"], {r: known_words(f"rules.rule.{r}", r) for r in result["rules"]}),
        "months": lines_of(result["months"], {m: rule_words.period_words(m) for m in result["months"]}),
        "townships": [Line(one.name, one.before, one.after, fen=fen[key]) for key, one in zip(
            result["townships"], lines_of(result["townships"], areas_named(result["townships"])), strict=True)],
    }  # fmt: skip


def areas_named(ids: Any) -> dict[str, str]:
    return {str(key): area.name for key, area in queries.areas_named(map(int, ids)).items()}


def lines_of(pairs: dict[str, list[int]], names: dict[Any, str]) -> list[Line]:
    longest = max((max(pair) for pair in pairs.values()), default=0) or 1
    return [
        Line(names.get(key) or names.get(int(key) if key.isdigit() else key, key), pair[0], pair[1],
             *(100 * max(0, half) / longest for half in pair))
        for key, pair in pairs.items()
    ]  # fmt: skip


def signed(half: int) -> str:
    return ("+" if half > 0 else "") + points_words(half)


def yuan(fen: int) -> str:
    return ("−" if fen < 0 else "") + f"{abs(fen) // 100:,}.{abs(fen) % 100:02d}"
