"""Why a score is what it is: the measure behind an indicator with its evidence; and what other weights would do."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.areas.models import Area
from app.assessment import figures, queries, rules
from app.assessment.models import Assessment
from app.assessment.rules import COLUMNS, HEAVIEST, HUNDRED, INDICATORS, Policy, Quarter, Result
from app.db import db
from app.errors import NotFound
from app.gate import allow, my_scope
from app.web import assessment_words as words
from app.web.assessment import READERS, phase_of, shown_of
from app.web.words import use_zone

pages = Blueprint("assessment_why", __name__)


@pages.get("/desk/assessment/<uuid:assessment_id>/why/<indicator>")
@allow(*READERS)
def why(assessment_id: UUID, indicator: str) -> ResponseReturnValue:
    one = queries.reach(my_scope(), assessment_id)
    if indicator not in INDICATORS:
        raise NotFound()
    found, township = figures.read(one.figures), township_of(one)
    shown = shown_of(found, request.args.get("place"))
    row = next(
        r for r in words.rows_of(shown.place, shown.card, found.policy.few_below) if r.indicator == indicator
    )
    return render_template(
        "desk/assessment_why.html", one=one, township=township, quarter=Quarter(one.quarter), shown=shown, row=row,
        found=found, limits=found.policy.limits(indicator), w=words, phase=phase_of(one), p=found.policy,
        common=found.result.township.measured[indicator].value,
        evidence=[
            (words.evidence_words(indicator, e), e, words.link_of(e, shown.place, one))
            for e in found.evidence[shown.place.id][indicator]
        ],
    )  # fmt: skip


def township_of(one: Assessment) -> Area:
    township = db.session.get_one(Area, one.township_id)
    use_zone(township.time_zone)
    return township


# --- other weights ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tried:
    """The weights somebody tries: as written, their sums, and the policy where they are one."""

    said: dict[str, str]
    sums: dict[str, Any]
    policy: Policy | None


@pages.get("/desk/assessment/<uuid:assessment_id>/weights")
@allow(*READERS)
def weights(assessment_id: UUID) -> ResponseReturnValue:
    """Scores by other weights, from the stored figures. Nothing is kept: a proposal goes the way of every rule."""
    one = queries.reach(my_scope(), assessment_id)
    found, township = figures.read(one.figures), township_of(one)
    tried = tried_of(found.policy)
    result = (
        rules.judge(found.result.township, found.places, tried.policy) if tried.policy is not None else None
    )
    return render_template(
        "desk/assessment_weights.html", one=one, township=township, quarter=Quarter(one.quarter), tried=tried,
        found=found, indicators=INDICATORS, columns=COLUMNS, w=words, heaviest=HEAVIEST,
        lines=compared(found.result, result) if result else [], result=result,
        moved=rules.difference(found.result, result) if result else None,
        sensitivity=rules.sensitivity(found.result.township, found.places, tried.policy or found.policy),
        body=body_of(tried.policy) if tried.policy and tried.policy != found.policy else None,
    )  # fmt: skip


def tried_of(policy: Policy) -> Tried:
    names = [f"{key}_{column}" for key in INDICATORS for column in COLUMNS]
    said = {name: request.args.get(name) or f"{getattr(policy, name):.10g}" for name in names}
    numbers = {name: number_of(text) for name, text in said.items()}
    sums = {
        column: sum(
            (rules.exact(n) for key in INDICATORS if (n := numbers[f"{key}_{column}"]) is not None), rules.NOTHING
        )
        for column in COLUMNS
    }  # fmt: skip
    fine = None not in numbers.values() and set(sums.values()) == {HUNDRED}
    return Tried(said, sums, Policy(**{**asdict(policy), **numbers}) if fine else None)  # type: ignore[arg-type]


def number_of(text: str) -> float | None:
    """0 to 40, as precise as somebody may set it."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value <= HEAVIEST else None


def compared(now: Result, other: Result) -> list[dict[str, Any]]:
    """Each village before and after, by the rank it has now."""
    pairs = zip(now.villages, other.villages, strict=True)
    lines = [
        {
            "before": a, "after": b,
            "moved": (a.rank or 0) - (b.rank or 0),
            "changed": a.grade != b.grade,
        }
        for a, b in pairs
    ]  # fmt: skip
    return sorted(lines, key=lambda line: (line["before"].rank or 10**6, line["before"].place.code))


def body_of(policy: Policy) -> str:
    """What a proposal to change the rules would say: only what differs from the defaults."""
    differs = {
        k: int(v) if v == int(v) else v for k, v in asdict(policy).items() if v != getattr(rules.DEFAULTS, k)
    }
    return json.dumps({"topic": "assessment", "body": differs}, ensure_ascii=False, indent=2)
