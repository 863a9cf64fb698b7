"""Campaigns at the desk in Chromium: axe, width and targets of the list, the choice, one of each phase, and paper."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from geoalchemy2.shape import from_shape
from playwright.sync_api import expect

from app.areas.models import Area
from app.campaigns.models import ROLES, Campaign, CampaignArea
from app.db import db
from tests import make, places
from tests.browser.test_coverage_page import SOFTWARE_GL, browser_with, desk  # noqa: F401
from tests.browser.test_desk_screens import chromium, desk_of, faults  # noqa: F401

pytestmark = pytest.mark.browser
# Metres from the corner of the township: what is treated, what is like it, and around each.
SPOTS = {"treated": (350, 450, 450, 550), "control": (850, 450, 950, 550)}


def make_campaign(live: Any, name: str, begins_in_days: int, **more: Any) -> Campaign:
    """Of four weeks, as the desk would leave it."""
    now = datetime.now(UTC)
    first = (now + timedelta(days=begins_in_days)).date()
    campaign = make.save(
        Campaign(
            township_id=live.ids["township"], id=uuid4(), name=name, categories=["theft_public"],
            before_first=first - timedelta(days=28), before_last=first - timedelta(days=1), first_on=first,
            last_on=first + timedelta(days=27), ring_m=50, dosage_min=20,
            proposed_by=live.ids["admin"], proposed_at=now - timedelta(days=60), **more,
        )
    )  # fmt: skip
    for n, role in enumerate(ROLES, start=1):
        box = SPOTS[role.replace("control_ring", "control").replace("ring", "treated")]
        at = {
            "name": "" if "ring" in role else f"{role}地点",
            "geom": from_shape(places.square(*box), srid=4326),
            "area_m2": 1e4,
        }
        spot = live.ids["hotspot"] if role == "treated" else None
        kind = "hotspot" if spot else "square" if role == "control" else "ring"
        make.save(
            CampaignArea(
                township_id=campaign.township_id,
                campaign_id=campaign.id,
                n=n,
                role=role,
                kind=kind,
                hotspot_id=spot,
                **at,
            )
        )
    return campaign


@pytest.fixture(scope="module")
def addresses(live: Any) -> Iterator[dict[str, str]]:
    now = datetime.now(UTC)
    approved = {
        "state": "approved", "approved_by": live.ids["reviewer"], "approved_at": now - timedelta(days=59),
    }  # fmt: skip
    with live.app.app_context():
        township = db.session.get_one(Area, live.ids["township"])
        make.make_hotspot(
            township, places.square(850, 450, 950, 550), db.session.get_one(make.Person, live.ids["admin"]),
            db.session.get_one(make.Person, live.ids["leader"]), name="东村广场",
        )  # fmt: skip
        made = {
            "proposed": make_campaign(live, "等另一位批准", 7),
            "running": make_campaign(live, "正在进行", -10, **approved),
            "over": make_campaign(live, "已经结束", -40, **approved),
        }
        found = {name: f"/desk/campaigns/{one.id}" for name, one in made.items()}
        db.session.commit()
        db.session.remove()
    yield {"list": "/desk/campaigns", "new": "/desk/campaigns/new", **found}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_of_campaigns(
    chromium: Any,  # noqa: F811
    live: Any,
    addresses: dict[str, str],
    language: str,
) -> None:
    with desk_of(chromium, live, "reviewer", language) as page:
        wrong = {}
        for name, address in addresses.items():
            page.goto(address)
            wrong[name] = faults(page)
        assert {name: found for name, found in wrong.items() if found} == {}


def test_like_places_are_offered_and_what_is_missing_is_said(
    chromium: Any,  # noqa: F811
    live: Any,
    addresses: dict[str, str],
) -> None:
    with desk_of(chromium, live, "reviewer") as page:
        page.goto(addresses["new"])
        page.get_by_role("button", name="找相似的地点").click()
        summary = page.locator(".summary, [role=alert]").first
        expect(summary).to_be_visible()
        assert faults(page) == []


def test_on_paper_there_is_a_plan_instead_of_the_map(
    browser_with: Any,  # noqa: F811
    live: Any,
    addresses: dict[str, str],
) -> None:
    with desk(browser_with(SOFTWARE_GL), live) as page:
        page.goto(addresses["running"])
        expect(page.locator("#hotspot-map canvas")).to_be_visible()
        assert page.locator(".campaign-plan").is_hidden()
        page.emulate_media(media="print")
        assert page.locator("#hotspot-map canvas").is_hidden()
        assert page.locator(".campaign-plan svg path").count() == 5  # four areas and the scale
        assert page.get_by_role("navigation").first.is_hidden()
