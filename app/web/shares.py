"""Public money, publicly: how a township's pot is split, and what each village was granted and why. Nobody is named."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import force_locale

from app.areas.models import Area
from app.errors import NotFound
from app.gate import public
from app.money import queries, rules
from app.money.models import GrantAward, GrantRound, Pot
from app.web.money import asked_of
from app.web.money_words import quarters_words

pages = Blueprint("shares", __name__)
CACHED_S = 600


@pages.get("/shares/<code>")
@public
def show(code: str) -> ResponseReturnValue:
    """Of the year asked for, else the latest that is open. NotFound where none is. The language stands in the address:
    anybody may keep the answer for everybody."""
    township = queries.township_of_code(code)
    years = queries.opened_years(township.id)
    year = asked_of(township, request.args.get("year", "")).year
    if year not in years:
        year = next(iter(years), year) if "year" not in request.args else year
    pot = queries.opened_pot(township.id, year)
    if pot is None:
        raise NotFound()
    lang = "en" if request.args.get("lang") == "en" else "zh"
    with force_locale(lang):
        response = make_response(page_of(township, years, pot, lang))
    response.headers["Cache-Control"] = f"public, max-age={CACHED_S}"
    return response


def page_of(township: Area, years: list[int], pot: Pot, lang: str) -> str:
    rounds = [r for r in queries.rounds_of(township.id, pot.year) if r.state == "approved"]
    awards = queries.awards_of(township.id, [r.id for r in rounds])
    lines = queries.lines_of(township.id, pot.year)
    restored = queries.restored_of(township.id, pot.year)
    return render_template(
        "shares.html", township=township, year=pot.year, years=years, pot=pot, rounds=rounds, awards=awards,
        lines=[lines[line] for line in rules.POT_LINES], quarters_words=quarters_words, yuan=rules.yuan,
        names_of_villages=queries.area_names([*restored, *(a.village_id for each in awards.values() for a in each)]),
        restored=restored,
        sums=sums_of(rounds, awards, restored), lang=lang,
    )  # fmt: skip


def sums_of(
    rounds: list[GrantRound], awards: dict[UUID, list[GrantAward]], restored: dict[int, int]
) -> dict[int, int]:
    """Village → what it was granted in the year, all rounds and what was restored together."""
    found: dict[int, int] = {}
    for row in rounds:
        for award in awards.get(row.id, []):
            found[award.village_id] = found.get(award.village_id, 0) + award.fen
    for village_id, fen in restored.items():
        found[village_id] = found.get(village_id, 0) + fen
    return found
