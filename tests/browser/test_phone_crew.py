"""Two phones and a desk: a crew starts together without signal, a swap goes round, a changed order is seen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from sqlalchemy import select

from app import clock
from app.accounts.models import Person
from app.checkins.models import Answer
from app.db import db
from app.duty.models import Assignment, Duty, Shift
from app.routes.models import RouteVersion
from app.teams.models import Team
from tests import make
from tests.browser.phone_page import CHROMIUM, FLAGS, Handset, inbox, new_member, no_server, until

pytestmark = pytest.mark.browser


@pytest.fixture
def second(playwright: Any, live: Any, tmp_path: Path) -> Iterator[Handset]:
    phone = Handset(playwright, tmp_path / "second", live.url)
    yield phone
    phone.kill()
    assert phone.said == []


@pytest.fixture
def desk(playwright: Any, live: Any) -> Iterator[Page]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, "--disable-gpu"])
    page = browser.new_context(
        viewport={"width": 1280, "height": 800}, locale="zh-CN", base_url=live.url
    ).new_page()
    page.goto("/desk/swaps")
    page.get_by_label("登录名").fill("leader")
    page.get_by_label("密码").fill("xunfang-demo")
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url("**/desk/swaps")
    yield page
    browser.close()


def signed_in(handset: Handset, login: str) -> Page:
    page = handset.open()
    handset.sign_in(login)
    page.wait_for_selector("[data-name=to-swaps]")
    return page


def goto(handset: Handset, address: str, name: str) -> Page:
    handset.page.evaluate("(to) => { location.hash = to }", address)
    handset.page.wait_for_selector(f"[data-name={name}]")
    return handset.page


def a_shift(live: Any, later: timedelta, *person_ids: int, **more: Any) -> int:
    """A shift of these people on the cast's route, so much later than now."""
    with live.app.app_context():
        team = db.session.scalar(select(Team).where(Team.township_id == live.ids["township"]))
        people = [db.session.get(Person, person_id) for person_id in person_ids]
        route = db.session.get(RouteVersion, live.ids["route"])
        assert team is not None
        shift = make.make_shift(team, route, people, starts_at=clock.now() + later, hours=2, **more)  # type: ignore[arg-type]
        shift_id = int(shift.id)
        db.session.remove()
        return shift_id


def alone(live: Any, name: str, **more: Any) -> tuple[str, int]:
    """Somebody of the team who is planned for nothing."""
    login, person_id = new_member(live, name)
    with live.app.app_context():
        for row in db.session.scalars(select(Assignment).where(Assignment.person_id == person_id)):
            row.active = False
        db.session.commit()
        db.session.remove()
    return login, person_id


def duty(live: Any, shift_id: int, person_id: int) -> Duty:
    with live.app.app_context():
        found = db.session.scalar(select(Duty).where(Duty.shift_id == shift_id, Duty.person_id == person_id))
        assert found is not None
        db.session.expunge(found)
        db.session.remove()
        return found


def hold(page: Page, name: str) -> None:
    page.click(f"[data-name={name}]")
    page.click(f"[data-name={name}-yes]")


def serious(page: Page) -> list[Any]:
    found = [v for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]
    return [(v["id"], [n["html"] for n in v["nodes"]][:3]) for v in found]


# --- the crew -------------------------------------------------------------------------------------


def test_the_leader_shows_a_code_and_another_types_it_all_without_signal(
    handset: Handset, second: Handset, live: Any
) -> None:
    login, first_id = alone(live, "领班")
    mate_login, mate_id = alone(live, "跟班")
    shift_id = a_shift(live, -timedelta(minutes=5), first_id, mate_id)
    page, other = signed_in(handset, login), signed_in(second, mate_login)
    for phone in (handset, second):
        phone.page.wait_for_selector(f"[data-shift='{shift_id}']")
        phone.keep_shell()
    with no_server(live):
        goto(handset, f"#/crew?shift={shift_id}", "crew-start")
        hold(page, "crew-start")
        code = page.wait_for_selector("[data-name=crew-code]").get_attribute("data-code") or ""
        assert re.fullmatch(rf"XC1\.{shift_id}\.\d{{6}}", code)
        digits = page.inner_text("[data-name=crew-digits]")
        goto(second, f"#/crew?shift={shift_id}", "crew-enter")
        other.fill("[name=digits]", digits)
        other.click("[data-name=crew-typed]")
        hold(other, "join")
        other.wait_for_selector("[data-name=recording]")
        assert handset.unsent() > 0 and second.unsent() > 0
    second.send_now()
    handset.send_now()
    assert duty(live, shift_id, mate_id).with_crew
    assert not duty(live, shift_id, first_id).with_crew
    goto(handset, f"#/crew?shift={shift_id}", "mates")
    page.wait_for_selector(f"[data-person='{mate_id}'][data-state=on]")


def test_a_code_from_the_camera_lets_somebody_who_is_not_planned_join(
    handset: Handset, second: Handset, live: Any
) -> None:
    login, first_id = alone(live, "班长")
    guest_login, guest_id = alone(live, "来帮忙")
    shift_id = a_shift(live, -timedelta(minutes=5), first_id)
    page = signed_in(handset, login)
    goto(handset, f"#/crew?shift={shift_id}", "crew-start")
    hold(page, "crew-start")
    code = page.wait_for_selector("[data-name=crew-code]").get_attribute("data-code")
    signed_in(second, guest_login)
    guest = goto(second, f"#/crew?code={code}", "join")
    hold(guest, "join")
    guest.wait_for_selector("[data-name=recording]")
    second.wait_sent()
    found = duty(live, shift_id, guest_id)
    assert found.with_crew and not found.on_roster
    goto(second, "#/today", "duty-card")
    assert guest.get_attribute("[data-name=duty-card]", "data-shift") == str(shift_id)


def test_who_has_no_phone_is_ticked_and_credited(handset: Handset, live: Any) -> None:
    login, first_id = alone(live, "带队的")
    _, aunt_id = alone(live, "没有手机的赵阿姨")
    with live.app.app_context():
        from app.teams.models import TeamMember

        db.session.execute(
            TeamMember.__table__.update().where(TeamMember.person_id == aunt_id).values(has_phone=False)
        )
        db.session.commit()
        db.session.remove()
    shift_id = a_shift(live, -timedelta(minutes=5), first_id)
    page = signed_in(handset, login)
    goto(handset, f"#/crew?shift={shift_id}", "crew-start")
    hold(page, "crew-start")
    page.wait_for_selector("[data-name=ticks]")
    page.check(f"[name=present][value='{aunt_id}']")
    page.click("[data-name=ticks-save]")
    page.wait_for_selector("[data-name=ticks] [role=status]")
    handset.wait_sent()
    found = duty(live, shift_id, aunt_id)
    assert (found.entered_by, found.state) == (first_id, "on")
    page.wait_for_selector(f"[data-person='{aunt_id}'][data-state=on]")


# --- a swap goes round ----------------------------------------------------------------------------


def test_asked_without_signal_offered_confirmed_and_both_plans_change(
    handset: Handset, second: Handset, desk: Page, live: Any
) -> None:
    login, asker_id = alone(live, "来不了的")
    other_login, taker_id = alone(live, "能来的")
    shift_id = a_shift(live, timedelta(days=2), asker_id)
    page = signed_in(handset, login)
    handset.keep_shell()
    with no_server(live):
        goto(handset, f"#/swaps?shift={shift_id}", "ask-swap")
        page.check("[name=why][value=family]")
        page.select_option("[name=to]", str(taker_id))
        page.click("[data-name=ask-send]")
        page.wait_for_selector("[data-name=my-ask]")
        assert "有信号就发出去" in page.inner_text("[data-name=my-ask]")
    handset.send_now()
    signed_in(second, other_login)
    other = goto(second, "#/swaps", "call")
    other.click("[data-name=offer]")
    other.wait_for_selector("[data-name=call][data-offered=true]")
    second.wait_sent()
    desk.goto("/desk/swaps")
    desk.get_by_role("article").filter(has_text="来不了的").get_by_role("button", name="同意换班").click()
    desk.wait_for_selector(".notice-done")
    with live.app.app_context():
        rows = select(Assignment.person_id).where(Assignment.shift_id == shift_id, Assignment.active)
        assert set(db.session.scalars(rows)) == {taker_id}
        db.session.remove()
    goto(handset, "#/swaps", "my-ask")
    page.wait_for_selector("[data-name=my-ask] [data-state=confirmed]", timeout=30_000)
    assert "能来的" in page.inner_text("[data-name=my-ask]")
    other.get_by_text("这一班归您了").wait_for(timeout=30_000)


def test_a_decline_and_a_leave_made_without_signal_arrive(handset: Handset, live: Any) -> None:
    login, person_id = alone(live, "请假的")
    shift_id = a_shift(live, timedelta(days=1), person_id)
    page = signed_in(handset, login)
    handset.keep_shell()
    with no_server(live):
        goto(handset, f"#/swaps?shift={shift_id}", "ask-swap")
        page.check("[name=why][value=ill]")
        page.click("[data-name=decline]")
        page.click("[data-name=decline-yes]")
        page.get_by_text("已告诉队长您来不了").wait_for()
        goto(handset, "#/swaps?leave=new", "ask-leave")
        page.check("[name=why][value=ill]")
        page.click("[data-name=leave-send]")
        page.wait_for_selector("[data-name=leave]")
    handset.send_now()
    assert sorted(row.kind for row in inbox(live, person_id)) == ["decline", "leave.ask"]
    with live.app.app_context():
        rows = select(Assignment.active).where(Assignment.shift_id == shift_id)
        assert list(db.session.scalars(rows)) == [False]
        db.session.remove()


# --- orders that change ---------------------------------------------------------------------------


def test_an_order_that_changes_while_i_am_out_is_marked_until_i_have_looked(
    handset: Handset, live: Any
) -> None:
    login, person_id = alone(live, "改单的")
    shift_id = a_shift(live, -timedelta(minutes=5), person_id)
    page = signed_in(handset, login)
    handset.start_duty()
    handset.wait_sent()
    with live.app.app_context():
        shift = db.session.scalar(select(Shift).where(Shift.id == shift_id))
        assert shift is not None
        shift.meeting_place, shift.version = "西门岗亭", shift.version + 1
        from app import stream

        stream.tell("plan", people=[person_id])
        db.session.commit()
        db.session.remove()
    page.wait_for_selector("[data-name=changed-notice]", timeout=30_000)
    page.click("[data-name=changed-notice]")
    changed = page.wait_for_selector("[data-name=changed]")
    assert changed.get_attribute("data-what") == "place"
    assert "西门岗亭" in changed.inner_text() and "镇政府门口" in changed.inner_text()
    page.click("[data-name=changed-seen]")
    until(page, "() => !document.querySelector('[data-name=changed]')")
    page.reload()
    page.wait_for_selector("[data-name=duty-card]")
    assert page.locator("[data-name=changed]").count() == 0


# --- the end --------------------------------------------------------------------------------------


def test_the_summary_shows_what_counts_and_hands_over_to_the_next(
    handset: Handset, second: Handset, live: Any
) -> None:
    login, person_id = alone(live, "交班的")
    next_login, next_id = alone(live, "接班的")
    a_shift(live, -timedelta(minutes=50), person_id)
    a_shift(live, timedelta(hours=3), next_id)
    page = signed_in(handset, login)
    assert "已过开始时间" in page.inner_text("[data-name=late]")
    handset.start_duty()
    handset.end_duty()
    page.click("[data-name=handover] summary")
    page.check("[name=handover][value=light_out]")
    page.fill("[name=handover-text]", "第三根灯杆")
    page.click("[data-name=handover-save]")
    page.wait_for_selector("[data-name=handed-over]")
    handset.wait_sent()
    judged = page.wait_for_selector("[data-name=judged]", timeout=30_000)
    assert judged.get_attribute("data-points") == "0"
    reader = signed_in(second, next_login)
    note = reader.wait_for_selector("[data-name=handover-note]")
    assert "路灯不亮" in note.inner_text() and "第三根灯杆" in note.inner_text()


def test_a_forgotten_end_is_asked_about_and_then_closed(handset: Handset, live: Any) -> None:
    login, person_id = alone(live, "忘了的")
    shift_id = a_shift(live, -timedelta(minutes=100), person_id)
    page = signed_in(handset, login)
    handset.start_duty()
    handset.wait_sent()

    def ends(minutes_ago: int) -> None:
        with live.app.app_context():
            shift = db.session.scalar(select(Shift).where(Shift.id == shift_id))
            assert shift is not None
            shift.ends_at = clock.now() - timedelta(minutes=minutes_ago)
            db.session.commit()
            db.session.remove()
        page.reload()

    ends(20)
    page.wait_for_selector("[data-name=forgotten-end]")
    ends(61)
    page.wait_for_selector("[data-name=forgotten]")
    assert page.locator("[data-name=recording]").count() == 0
    page.fill("[name=when]", "21:30 左右")
    page.click("[data-name=left-earlier]")
    page.get_by_text("已告诉队长").wait_for()
    handset.wait_sent()
    with live.app.app_context():
        answer = db.session.scalar(select(Answer).where(Answer.person_id == person_id))
        assert answer is not None and (answer.about, answer.phrase) == ("duty", "ended_early")
        db.session.remove()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_the_crew_are_free_of_serious_axe_findings(
    handset: Handset, live: Any, scheme: str
) -> None:
    login, person_id = alone(live, "无障碍")
    shift_id = a_shift(live, -timedelta(minutes=5), person_id)
    later = a_shift(live, timedelta(days=1), person_id)
    handset.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page = signed_in(handset, login)
    goto(handset, f"#/crew?shift={shift_id}", "crew-start")
    assert serious(page) == []
    hold(page, "crew-start")
    for address, name in (
        (f"#/crew?shift={shift_id}", "crew-code"), ("#/today", "duty-card"), ("#/swaps", "my-swaps"),
        (f"#/swaps?shift={later}", "ask-swap"), ("#/swaps?leave=new", "ask-leave"),
    ):  # fmt: skip
        goto(handset, address, name)
        assert serious(page) == [], address
