"""A version's figures as stored and read back: exact numbers as text, and nothing that has to be judged again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from app.assessment import rules
from app.assessment.measuring import Surveyed
from app.assessment.rules import Card, Line, Measured, Place, Policy, Result, Village


@dataclass(frozen=True)
class Figures:
    """`policy` and `rules`: what it was judged by. `evidence`: place → indicator → what it rests on."""

    policy: Policy
    result: Result
    evidence: Mapping[int, Mapping[str, Sequence[Mapping[str, Any]]]]
    last: str

    @property
    def places(self) -> list[Place]:
        return [v.place for v in self.result.villages]


def stored(township: Surveyed, villages: Sequence[Surveyed], policy: Policy, last: str) -> dict[str, Any]:
    """All that a version keeps. `last`: the day up to which it was measured."""
    result = rules.judge(township.place, [v.place for v in villages], policy)
    return {
        "last": last,
        "policy": asdict(policy),
        "bundle": _text(result.bundle),
        "township": _place(township, result.card),
        "villages": [
            {
                **_place(one, v.card), "final": _text(v.final), "grade": v.grade, "rank": v.rank,
                "weight": str(v.place.weight),
            }
            for one, v in zip(villages, result.villages, strict=True)
        ],
    }  # fmt: skip


def read(figures: Mapping[str, Any]) -> Figures:
    township = _read_place(figures["township"])
    villages = [
        Village(_read_place(v), _read_card(v), _number(v["final"]), v["grade"], v["rank"])
        for v in figures["villages"]
    ]
    places = [figures["township"], *figures["villages"]]
    return Figures(
        rules.policy_from(figures["policy"]),
        Result(township, _read_card(figures["township"]), _number(figures["bundle"]), tuple(villages)),
        {p["id"]: {key: one["evidence"] for key, one in p["indicators"].items()} for p in places},
        figures["last"],
    )


def _place(one: Surveyed, card: Card) -> dict[str, Any]:
    place = one.place
    lines = {line.indicator: line for line in card.lines}
    return {
        "id": place.id, "code": place.code, "name": place.name, "tier": place.tier, "score": _text(card.score),
        "indicators": {
            key: {**_measured(place.measured[key]), **_line(lines[key]), "evidence": list(one.evidence[key])}
            for key in rules.INDICATORS
        },
    }  # fmt: skip


def _measured(m: Measured) -> dict[str, Any]:
    return {"num": str(m.num), "den": str(m.den), "n": m.n, "why": m.why}


def _line(line: Line) -> dict[str, Any]:
    return {
        "used": _text(line.used), "points": _text(line.points), "given": str(line.given),
        "weight": str(line.weight),
    }  # fmt: skip


def _text(value: Fraction | None) -> str | None:
    return None if value is None else str(value)


def _number(text: str | None) -> Fraction | None:
    return None if text is None else Fraction(text)


def _read_place(one: Mapping[str, Any]) -> Place:
    measured = {
        key: Measured(Fraction(m["num"]), Fraction(m["den"]), m["n"], m["why"]) for key, m in _in_order(one)
    }
    return Place(one["id"], one["code"], one["name"], one["tier"], Fraction(one.get("weight", 0)), measured)


def _read_card(one: Mapping[str, Any]) -> Card:
    lines = tuple(
        Line(
            key, Measured(Fraction(m["num"]), Fraction(m["den"]), m["n"], m["why"]).value, _number(m["used"]),
            _number(m["points"]), Fraction(m["given"]), Fraction(m["weight"]),
        )
        for key, m in _in_order(one)
    )  # fmt: skip
    return Card(lines, _number(one["score"]))


def _in_order(one: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """The database keeps no order of keys."""
    return [(key, one["indicators"][key]) for key in rules.INDICATORS if key in one["indicators"]]
