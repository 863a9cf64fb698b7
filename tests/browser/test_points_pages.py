"""Months of points, notices at the desk and in public, in Chromium: narrow and wide, light and dark, both languages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from app import clock
from app.accounts.models import Person
from app.approval import notices, operations
from app.areas.models import Area
from app.db import db
from tests.approval.worked import approve, give, pass_audits, submit
from tests.browser.test_desk_screens import chromium, desk_of, faults  # noqa: F401
from tests.money.books import second_reviewer

pytestmark = pytest.mark.browser


def month_before(day: date) -> date:
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


@pytest.fixture(scope="module")
def months(live: Any) -> Iterator[dict[str, str]]:
    """A month in its notice with an objection, audited; after it one that is half-way, with somebody set aside."""
    with live.app.app_context():
        township = db.session.get_one(Area, live.ids["township"])
        people = SimpleNamespace(town=SimpleNamespace(township=township))
        who = {
            name: db.session.get_one(Person, live.ids[name])
            for name in ("member", "mate", "leader", "reviewer")
        }
        admin, now = db.session.get_one(Person, live.ids["admin"]), clock.now()
        last = month_before(clock.local_day(now, township.time_zone))
        first = month_before(last)
        for n, month in enumerate((first, last)):
            for name, half in (("member", 97), ("mate", 40), ("leader", 61)):
                give(people, who[name], half, f"test:{n}:{name}", month.replace(day=10))
        db.session.commit()
        submit(people, who["reviewer"], who["leader"], month=first, now=now)
        approve(people, admin, who["leader"], month=first, now=now)
        submit(people, who["leader"], who["member"], who["mate"], month=first, now=now)
        approve(people, who["reviewer"], who["member"], who["mate"], month=first, now=now)
        pass_audits(people, second_reviewer(people), first, now)  # whoever was drawn: had no part in it
        notice = notices.open_notice(who["reviewer"], township, first, now)
        notices.object_to(notice, township, "", "少算了一班", who["member"], "", now)
        submit(people, who["leader"], who["member"], month=last, now=now)
        approve(people, who["reviewer"], who["member"], month=last, now=now)
        submit(people, who["leader"], who["mate"], month=last, now=now)
        operations.set_aside(who["reviewer"], township, last, who["leader"].id, "duty_unclear", now)
        db.session.commit()
        found = {"code": township.code, "first": f"{first:%Y-%m}", "last": f"{last:%Y-%m}"}
        db.session.remove()
    yield found


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("login", ["leader", "reviewer", "admin"])
def test_the_desks_pages(chromium: Any, live: Any, months: Any, login: str, language: str) -> None:  # noqa: F811
    area = f"area={months['code']}"
    pages = [f"/desk/points?{area}&month={months[name]}" for name in ("first", "last")]
    pages += [f"/desk/points/notices?{area}"] if login != "leader" else []
    with desk_of(chromium, live, login, language) as page:
        wrong = {}
        for address in pages:
            page.goto(address)
            page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            wrong[address] = faults(page)
        assert not {address: found for address, found in wrong.items() if found}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_public_pages(chromium: Any, live: Any, months: Any, language: str) -> None:  # noqa: F811
    context = chromium.new_context(base_url=live.url, reduced_motion="reduce")
    context.add_cookies([{"name": "lang", "value": language, "url": live.url}])
    page = context.new_page()
    for address in ("/notices", f"/notices/{months['code']}/{months['first']}"):
        page.goto(address)
        assert faults(page) == [], address
    page.fill("textarea", "找张师傅")
    page.locator("form button.btn-primary").last.click()
    page.locator("#text-error").wait_for()
    assert faults(page) == []
    assert page.input_value("textarea") == ""
    context.close()
