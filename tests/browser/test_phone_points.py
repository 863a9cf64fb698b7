"""The phone's page of points: a month of real duties, line by line in words, with a signal and without one, by keyboard
and in both languages; in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from app import clock
from app.accounts.models import Person
from app.api.field import parse
from app.areas.models import Area
from app.clock import local_day
from app.db import db
from app.duty import bonus
from app.duty.models import Duty, Shift
from app.field.operations import take_batch
from app.incentives import cases, hazards, holidays, no_shows, recomputing, training
from app.incidents.operations import Report, record_report
from app.routes.models import Checkpoint, RouteVersion
from app.teams.models import Team
from app.teams.scope import scope_of
from tests import make, places
from tests.browser.phone_page import SPOTS, Handset, new_member, no_server, until
from tests.browser.reading import CODES, Reader, speaks, unfold
from tests.browser.test_phone_me import turn_to
from tests.phone import Phone

pytestmark = pytest.mark.browser
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ZONE = "Asia/Shanghai"


@dataclass
class Told:
    login: str
    first: date

    @property
    def month(self) -> str:
        return f"{self.first:%Y-%m}"


class Month:
    """Last month of one member, day by day, by the operations that phones, leaders and the worker use."""

    def __init__(self, live: Any, person_id: int, first: date) -> None:
        self.live, self.first = live, first
        self.person = db.session.get_one(Person, person_id)
        self.leader, self.reviewer, self.admin = (
            db.session.get_one(Person, live.ids[name]) for name in ("leader", "reviewer", "admin")
        )
        self.township = db.session.get_one(Area, live.ids["township"])
        self.team = db.session.scalars(select(Team).where(Team.township_id == self.township.id)).one()
        self.route = db.session.get_one(RouteVersion, live.ids["route"])
        self.phone = Phone(SimpleNamespace(id=person_id), clock.now())  # type: ignore[arg-type]

    def day(self, n: int) -> date:
        return self.first + (n - 1) * DAY

    def at(self, n: int, hour: int) -> datetime:
        """That hour in Shanghai."""
        return datetime(self.first.year, self.first.month, n, tzinfo=UTC) + (hour - 8) * HOUR

    def shift(self, n: int, hour: int, hours: float, *, on_route: bool = False) -> Shift:
        route = self.route if on_route else None
        return make.make_shift(
            self.team, route, [self.person], starts_at=self.at(n, hour), hours=hours, crew_wanted=1
        )

    def sends(self, *items: Any) -> None:
        """Much later, as a phone that was away."""
        now = clock.now()
        take_batch(self.person, [parse(one) for one in items], now, now)
        db.session.commit()

    def works(self, shift: Shift, hours: float, *between: Any) -> Duty:
        at0 = shift.starts_at
        self.sends(self.phone.start(shift, at0), *between, self.phone.end(shift, at0 + hours * HOUR))
        found = db.session.scalar(select(Duty).where(Duty.shift_id == shift.id))
        assert found is not None
        return found

    def a_false_duty(self) -> None:
        """Said by one, time for an answer, upheld by another: the duty is void."""
        duty = self.works(self.shift(3, 9, 2), 1)
        case = cases.open_case(self.leader, scope_of(self.leader), duty.id, "not_there", self.at(4, 9))
        cases.decide(self.reviewer, scope_of(self.reviewer), case.id, "upheld", self.at(10, 9))

    def a_night_on_the_route(self) -> None:
        """All checkpoints, half an hour after ten, and a hazard that the leader saw, too."""
        shift = self.shift(6, 21, 3, on_route=True)
        spots = db.session.scalars(
            select(Checkpoint.id).where(Checkpoint.route_version_id == self.route.id).order_by(Checkpoint.seq)
        ).all()
        checks = [
            self.phone.checkin(shift, spot, SPOTS[n][0] + 4, 500, shift.starts_at + (5 + 20 * n) * MINUTE)
            for n, spot in enumerate(spots)
        ]
        self.works(shift, 2.5, *checks)
        seen_at = shift.starts_at + HOUR
        seen = Report(
            self.township.id, uuid4(), self.person.id, self.team.id, shift.id, "road", None, None,
            places.here(900, 500), "here", 8, None, (), seen_at,
        )  # fmt: skip
        record_report(seen, seen_at)
        hazards.verify(self.leader, scope_of(self.leader), seen.id, "medium", seen_at + DAY)

    def a_shift_with_a_bonus(self) -> None:
        shift, before = self.shift(9, 9, 2), self.at(8, 9)
        bonus.set_bonus(self.leader, scope_of(self.leader), shift.id, shift.version, 8, before)
        self.works(shift, 1)

    def a_duty_that_is_corrected(self) -> None:
        """The phone had given an end; later it sends a second one."""
        shift = self.shift(12, 9, 3)
        self.works(shift, 1)
        self.sends(self.phone.end(shift, shift.starts_at + 2 * HOUR))

    def a_duty_on_a_holiday(self) -> None:
        holidays.set_day(
            self.admin, scope_of(self.admin), self.township.code, self.day(13), "holiday", "节日", clock.now()
        )
        self.works(self.shift(13, 9, 2), 1)

    def two_trainings(self) -> None:
        for n, minutes in ((20, 90), (22, 60)):
            wanted = training.Wanted("training", self.day(n), minutes, (self.person.id,))
            one = training.enter(self.leader, scope_of(self.leader), self.team.id, wanted, self.at(n, 18))
            training.confirm(self.reviewer, scope_of(self.reviewer), one.id, self.at(n, 19))

    def two_no_shows(self) -> None:
        """One of them is excused."""
        for n in (25, 26):
            shift = self.shift(n, 9, 2)
            no_shows.record(
                no_shows.Missed(self.township.id, shift.id, self.person.id, shift.day),
                self.at(n, 9) + 5 * DAY,
            )
        no_shows.excuse(self.leader, scope_of(self.leader), shift.id, self.person.id, "ill", clock.now())

    def told_again_alike(self) -> bool:
        return list(recomputing.recompute(self.township.id, ZONE, clock.now() + DAY)) == []


@pytest.fixture(scope="module")
def told(live: Any) -> Iterator[Told]:
    """Caps that leave 110 points, and a member whose month had more."""
    login, person_id = new_member(live, "看积分的人")
    first = (local_day(clock.now(), ZONE).replace(day=1) - DAY).replace(day=1)
    with live.app.app_context():
        month = Month(live, person_id, first)
        make.make_policy(month.township, "incentives", {"month_cap": 110}, first)
        month.a_false_duty()
        month.a_night_on_the_route()
        month.a_shift_with_a_bonus()
        month.a_duty_that_is_corrected()
        month.a_duty_on_a_holiday()
        month.two_trainings()
        month.two_no_shows()
        db.session.commit()
        assert month.told_again_alike()
        db.session.remove()
    yield Told(login, first)


def opened(handset: Handset, told: Told, language: str = "zh") -> None:
    """Signed in, at the page, at last month."""
    speaks(handset, language)
    handset.open()
    handset.sign_in(told.login)
    handset.page.wait_for_selector("[data-name=duty-card]")
    turn_to(handset, "points")
    chosen(handset, told)


def chosen(handset: Handset, told: Told) -> None:
    handset.page.select_option("[data-name=month]", told.month)
    handset.page.wait_for_selector("[data-name=points][data-state=fresh] [data-name=line]")


def lines(handset: Handset) -> list[list[str]]:
    """What each line says, folded first, then what it opens to; in the order of the page."""
    found = []
    for line in handset.page.locator("[data-name=line]").all():
        summary = line.locator("summary")
        assert line.locator("p").first.is_hidden()
        summary.click()
        found.append(
            [summary.inner_text().strip(), *(one.strip() for one in line.locator("p").all_inner_texts())]
        )
    return found


def in_words(language: str, first: date) -> list[list[str]]:
    """The month as the table of rules has it, the latest day first."""
    if language == "zh":
        by = f"按 清禾镇 {first:%Y-%m-%d} 起的规则"
        settled = f"{by} · 已定。"
        return [
            ["未到且未提前告知 → −10 分", by],
            ["培训或演练 90 分钟 → 15 分", "当月已到上限：原为 15 分，计 4.5 分。", by],
            ["计时 60 分钟 → 10 分", settled],
            ["节假日 60 分钟 × 0.5（倍数 1.5 中超出的部分）→ 5 分", settled],
            ["计时 120 分钟 → 20 分", "事实有更正，因此改过。", settled],
            ["计时 60 分钟 → 10 分", settled],
            ["难排班次，事先定好加 8 分 → 8 分", settled],
            ["计时 150 分钟 → 25 分", settled],
            ["夜间 90 分钟 × 0.5（倍数 1.5 中超出的部分）→ 7.5 分", settled],
            ["巡查点 3/3 到达 → 10 分", settled],
            ["较大隐患，已核实（本班第 1 处）→ 10 分", settled],
            ["经申辩和两人核定的不实签到 → −50 分", by],
        ]
    by = f"by the rules of 清禾镇 since {first:%Y-%m-%d}"
    settled = f"{by} · Settled."
    return [
        ["No-show without notice → −10 points", by],
        [
            "Training or drill: 90 minutes → 15 points",
            "The month's cap is reached: 15 would have been due, 4.5 are counted.", by,
        ],
        ["60 minutes counted → 10 points", settled],
        ["Public holiday: 60 minutes × 0.5 (what factor 1.5 adds) → 5 points", settled],
        ["120 minutes counted → 20 points", "It was corrected: the facts changed.", settled],
        ["60 minutes counted → 10 points", settled],
        ["Hard-to-fill shift, bonus of 8 set before → 8 points", settled],
        ["150 minutes counted → 25 points", settled],
        ["Night: 90 minutes × 0.5 (what factor 1.5 adds) → 7.5 points", settled],
        ["Checkpoints 3 of 3 reached → 10 points", settled],
        ["Middling hazard, verified, number 1 of the shift → 10 points", settled],
        ["False check-in, after the right of reply and by two persons: −50 points", by],
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["zh", "en"])
def test_balance_and_month_are_shown_and_each_line_opens_in_words(
    handset: Handset, live: Any, told: Told, language: str
) -> None:
    opened(handset, told, language)
    page = handset.page
    assert page.inner_text("[data-name=approved]") == "−50"
    assert page.inner_text("[data-name=pending]") == "100"
    month = {"zh": "当月 50 分", "en": "50 points in the month"}[language]
    assert page.inner_text("[data-name=sum]") == month
    assert lines(handset) == in_words(language, told.first)
    assert page.evaluate(CODES) == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_was_taken_back_or_cut_altogether_is_explained(
    handset: Handset, live: Any, told: Told, language: str
) -> None:
    """The duty that is void, the no-show that was excused, and the training that the cap left nothing of."""
    opened(handset, told, language)
    said = {
        name: [one.split(" · ")[1] for one in handset.page.locator(f"[data-name={name}] p").all_inner_texts()]
        for name in ("taken_back", "cut")
    }
    if language == "zh":
        why = "事实有更正，因此改过。"
        assert said == {
            "taken_back": [f"计时 60 分钟 → 10 分 {why}", f"未到且未提前告知 → −10 分 {why}"],
            "cut": ["培训或演练 60 分钟 → 10 分 已到上限，未计入：10 分"],
        }
    else:
        why = "It was corrected: the facts changed."
        assert said == {
            "taken_back": [
                f"60 minutes counted → 10 points {why}",
                f"No-show without notice → −10 points {why}",
            ],
            "cut": ["Training or drill: 60 minutes → 10 points A cap is reached, not counted: 10 points"],
        }


def test_a_month_without_points_says_so_and_the_balance_stays(
    handset: Handset, live: Any, told: Told
) -> None:
    opened(handset, told)
    page = handset.page
    page.select_option("[data-name=month]", index=0)  # the present one
    page.locator("[data-name=points][data-state=fresh]", has_text="这个月没有积分。").wait_for()
    assert (
        page.inner_text("[data-name=sum]") == "当月 0 分" and page.inner_text("[data-name=pending]") == "100"
    )
    assert page.locator("[data-name=line]").count() == 0


def test_without_a_signal_the_last_visit_is_shown_with_its_moment_and_brought_up_to_date_later(
    handset: Handset, live: Any, told: Told
) -> None:
    opened(handset, told)
    page = handset.page
    handset.keep_shell()
    fetched, sum_ = page.inner_text("[data-name=fetched]"), page.inner_text("[data-name=sum]")
    assert fetched.startswith("最近一次取得：") and any(sign.isdigit() for sign in fetched)
    assert page.locator("[data-name=points-kept]").count() == 0
    with no_server(live):
        page.reload()
        page.select_option("[data-name=month]", told.month)
        page.wait_for_selector("[data-name=points-kept]")
        assert "现在连不上" in page.inner_text("[data-name=points-kept]")
        assert (page.inner_text("[data-name=fetched]"), page.inner_text("[data-name=sum]")) == (fetched, sum_)
        assert lines(handset) == in_words("zh", told.first)
    page.evaluate("() => window.dispatchEvent(new Event('online'))")
    until(page, "() => !document.querySelector('[data-name=points-kept]')")
    assert page.inner_text("[data-name=sum]") == sum_


def test_a_first_visit_without_a_signal_says_kindly_what_to_do(
    handset: Handset, live: Any, told: Told
) -> None:
    speaks(handset, "zh")
    handset.open()
    handset.sign_in(told.login)
    handset.page.wait_for_selector("[data-name=duty-card]")
    handset.keep_shell()
    page = handset.page
    with no_server(live):
        turn_to(handset, "points")
        page.wait_for_selector("[data-name=not-fetched]")
        assert (
            page.inner_text("[data-name=not-fetched]") == "还没有取得过这个月的明细。有网络时打开一次即可。"
        )
        assert page.locator("[data-name=sum]").count() == 0, "nothing is made up"
        page.click("[data-name=points] a[href='#/me']")
        page.wait_for_selector(".page-me")
    turn_to(handset, "points")
    page.wait_for_selector("[data-name=points][data-state=fresh] [data-name=sum]")


def test_while_it_is_asked_for_nobody_is_told_that_there_is_no_signal(
    handset: Handset, live: Any, told: Told
) -> None:
    opened(handset, told)
    page, held = handset.page, list[Any]()
    page.route("**/api/v1/field/points?*", lambda route: held.append(route))
    page.select_option("[data-name=month]", index=2)
    page.locator("[data-name=points][data-state=asking] [role=status]", has_text="正在打开").wait_for()
    assert page.locator("[data-name=not-fetched], [data-name=line]").count() == 0
    for route in held:
        route.continue_()
    page.locator("[data-name=points][data-state=fresh]", has_text="这个月没有积分。").wait_for()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_everybody_can_read_and_touch_it(handset: Handset, live: Any, told: Told, language: str) -> None:
    """Axe in light and dark, 48 px, nothing cut or wider than 360 px, in normal and double size; folded and open."""
    opened(handset, told, language)
    reader = Reader(handset.page, language)
    reader.look("folded")
    unfold(handset.page)
    reader.look("open")
    assert reader.faults == []


def test_by_keyboard_each_line_is_reached_and_opened(handset: Handset, live: Any, told: Told) -> None:
    opened(handset, told)
    page = handset.page
    page.focus("[data-name=month]")
    for n in range(page.locator("[data-name=line]").count()):
        page.keyboard.press("Tab")
        at = page.evaluate(
            "() => [...document.querySelectorAll('[data-name=line] > summary')].indexOf(document.activeElement)"
        )
        assert at == n
        page.keyboard.press("Enter")
        line = page.locator("[data-name=line]").nth(n)
        assert line.get_attribute("open") is not None and line.locator("p").last.is_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.getAttribute('href')") == "#/me"
    page.keyboard.press("Enter")
    page.wait_for_selector(".page-me")


def test_me_leads_there(handset: Handset, live: Any, told: Told) -> None:
    opened(handset, told)
    turn_to(handset, "me")
    handset.page.click("[data-name=to-points]")
    handset.page.wait_for_selector(".page-points [data-name=points][data-state=fresh]")
    assert handset.page.inner_text("#title") == "积分明细"
