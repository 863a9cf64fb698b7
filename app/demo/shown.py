"""What a trier finds beside the duties: something to look at and to act upon on every page. Nothing here commits;
whoever calls can, after each step."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from app.demo.assessment import add_assessments
from app.demo.fairness import add_checks
from app.demo.incidents import add_campaigns, add_incidents
from app.demo.money import add_money
from app.demo.notices import add_notices
from app.demo.plan import Book
from app.demo.quarter import add_frozen_month, add_frozen_scorecards
from app.demo.redemption import add_shop
from app.demo.reports import add_hazards, add_reports
from app.demo.rows import add_rows
from app.demo.world import World


def add_all(world: World, book: Book, now: datetime, media: str) -> Iterator[str]:
    """Gives after each step what was added, in words; nothing where it was there already. Each step stands on those
    before: a month is frozen before anything is priced again today, the shop's orders are paid with its points, grants
    are of frozen scorecards."""
    ids = book.ids
    reports = add_reports(world, ids, now, media)
    yield f"{reports} reports about places" if reports else ""
    hazards = add_hazards(ids, now)
    yield f"{hazards} hazards seen on duty, of which one is to be graded" if hazards else ""
    checks = add_checks(world, ids, book.teams, now)
    yield f"{checks} things to look at, and a team with a ranking" if checks else ""
    events, campaigns = add_incidents(world, now), add_campaigns(world, now)
    said = f"{events} invented events at places, a campaign that is over and one that runs"
    yield said if events or campaigns else ""
    frozen = add_frozen_month(ids, now)
    yield f"a frozen month with the points of {frozen} persons" if frozen else ""
    yield "public holidays, a training, a drill, a bonus, cases, a no-show" if add_rows(ids, now) else ""
    over = add_frozen_scorecards(ids, now)
    yield "scorecards of a quarter that is over, frozen with plans, and returned" if over else ""
    drafts = add_assessments(ids, now)
    yield f"scorecards of {len(drafts)} townships, as drafts" if drafts else ""
    shown = add_notices(world, ids, now)
    yield f"{shown} persons in a notice of points that runs" if shown else ""
    yield "a shop with goods, orders, and service certificates" if add_shop(ids, now) else ""
    yield "a year's money: pot, grants, goods, wages" if add_money(now) else ""
