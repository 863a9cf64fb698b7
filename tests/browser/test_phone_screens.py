"""Every screen that the phone can show, in its less usual states too, is there for everybody: see reading.py."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Route
from sqlalchemy import select

from app import clock
from app.accounts.models import Person
from app.db import db
from app.duty import swaps
from app.duty.models import Shift
from app.teams.models import Team
from tests import make
from tests.browser.phone_page import Handset, end_sessions, new_member, no_server, takes_nothing, until
from tests.browser.reading import Reader, speaks, unfold
from tests.browser.sos import PIN, calls_of, confirm, see, take_it, type_pin, with_pins
from tests.browser.test_phone_crew import a_shift, alone

pytestmark = pytest.mark.browser
both = pytest.mark.parametrize("language", ["zh", "en"])


def to(reader: Reader, address: str, name: str) -> None:
    """Go there; `name` is what the screen is known by."""
    reader.page.evaluate("(to) => { location.hash = `#/${to}` }", address)
    reader.page.wait_for_selector(f".page-{address.split('?')[0]} {name}")


def signed_in(handset: Handset, login: str, language: str) -> Reader:
    speaks(handset, language)
    handset.open()
    handset.sign_in(login)
    handset.page.wait_for_selector("[data-name=duty-card], .page-today .empty")
    return Reader(handset.page, language)


# --- who is it --------------------------------------------------------------------------------------


@both
def test_signing_in_second_step_calendar_and_loggers(handset: Handset, live: Any, language: str) -> None:
    login = new_leader(live)
    speaks(handset, language)
    reader, page = Reader(handset.open(), language), handset.page
    page.wait_for_selector("[data-name=signin-code]")
    reader.look("sign-in by code")
    page.click("[data-name=by-password]")
    reader.look("sign-in by password")
    to(reader, "scan?for=signin", "[data-name=scan][data-state=none], [data-state=denied]")
    reader.look("camera for signing in")
    to(reader, "help", "[data-name=install]")
    unfold(page)
    reader.look("help")
    handset.open()
    handset.sign_in(login)
    page.wait_for_selector("[data-name=duty-card]")
    second_step(reader)
    to(reader, "calendar", "[data-name=calendar-make]")
    page.click("[data-name=calendar-make]")
    page.wait_for_selector("[data-name=calendar-on]")
    page.click("[data-name=calendar-stop]")
    reader.look("calendar with an address")
    loggers(reader)
    to(reader, "devices", "[data-name=to-totp]")
    reader.look("devices of who steers")
    to(reader, "me", "[data-name=sign-out]")
    page.click("[data-name=sign-out]")
    reader.look("signing out")
    page.click("[data-name=sign-out-yes]")
    page.wait_for_selector("[data-name=signin]")
    page.route("**/api/v1/session", asks_for_the_second_step)
    handset.sign_in(login)
    page.wait_for_selector("[data-name=signin-totp]")
    reader.look("second step of signing in")
    assert reader.faults == []


def asks_for_the_second_step(route: Route) -> None:
    """As a server that is no demo says it to who has a second step."""
    if route.request.method == "POST":
        route.fulfill(status=401, content_type="application/problem+json", body='{"code": "totp_needed"}')
    else:
        route.continue_()


def new_leader(live: Any) -> str:
    login, person_id = new_member(live, "看屏幕的队长")
    with live.app.app_context():
        person = db.session.get(Person, person_id)
        team = db.session.scalar(select(Team).where(Team.township_id == live.ids["township"]))
        assert person is not None
        make.grant(person, "leader", team=team)
        db.session.remove()
    return login


def second_step(reader: Reader) -> None:
    page = reader.page
    to(reader, "totp", "[data-name=totp-begin]")
    page.click("[data-name=totp-begin]")
    until(page, "() => document.querySelector('.qr')?.naturalWidth > 0")
    reader.look("second step with its picture")
    secret = page.inner_text("[data-name=totp-secret]").replace(" ", "")
    page.fill("[name=code]", pyotp.TOTP(secret).now())
    page.click("[data-name=totp-confirm] button")
    page.wait_for_selector("[data-name=totp-spare]")
    reader.look("spare codes")
    page.click("[data-name=totp-written]")
    page.wait_for_selector("[data-name=totp-on]")
    reader.look("second step is on")


def loggers(reader: Reader) -> None:
    page = reader.page
    for app in ("traccar", "gpslogger", "owntracks", "overland", "osmand"):
        to(reader, f"loggers?app={app}", "[data-name=set-up-1]")
        page.click("[data-name=make]")
        page.wait_for_selector("[data-name=set-up-2]")
        reader.look(f"{app} with its picture")
    page.click("[data-name=next]")
    page.wait_for_selector("[data-name=set-up-3] [data-name=heard]")
    reader.look("is the logger heard")
    page.click("[data-name=next]")
    page.locator("[data-name=revoke]").first.click()
    reader.look("loggers")


# --- off duty ---------------------------------------------------------------------------------------


@both
def test_colleagues_crew_codes_and_pins_off_duty(
    handset: Handset, live: Any, language: str, tmp_path: Path
) -> None:
    login, me = alone(live, "不在班上的")
    _, other = alone(live, "来不了的同事")
    mine = a_shift(live, timedelta(days=1), me)
    running = a_shift(live, -timedelta(minutes=5), other)
    asked_for(live, a_shift(live, timedelta(days=2), other), other)
    reader = signed_in(handset, login, language)
    page = handset.page
    page.wait_for_selector(".ways .count")
    moved(live, mine)
    page.reload()
    page.wait_for_selector("[data-name=changed]")
    reader.look("today: a changed order, a colleague's asking")
    to(reader, "patrol", ".empty")
    reader.look("no duty")
    to(reader, "swaps", "[data-name=call]")
    reader.look("a colleague asks")
    page.click("[data-name=offer]")
    page.wait_for_selector("[data-name=offer-back]")
    reader.look("offered")
    to(reader, f"swaps?shift={mine}", "[data-name=ask-swap]")
    page.check("[name=why][value=ill]")
    page.click("[data-name=decline]")
    reader.look("cannot come")
    page.click("[data-name=ask-send]")
    page.wait_for_selector("[data-name=my-ask]")
    reader.look("my asking")
    to(reader, "swaps?leave=new", "[data-name=ask-leave]")
    page.check("[name=why][value=ill]")
    page.click("[data-name=leave-send]")
    page.wait_for_selector("[data-name=leave]")
    reader.look("swaps and leave")
    for address, name in (
        ("crew", "[data-name=crew-enter]"), ("crew?code=XC9", ".button.main"),
        ("crew?code=XC1.99999.123456", "[data-name=crew-unknown]"),
        (f"crew?code=XC1.{running}.123456", "[data-name=join]"), ("cosign", "[data-name=cosign-scan]"),
        (f"cosign?id=XK1.{running}.{uuid.uuid4()}", ".empty"), ("scan?for=checkin", "[data-name=typed]"),
        ("scan?for=crew", "[data-name=type-instead]"), ("scan?for=cosign", "[data-name=scan]"),
        ("note", ".empty"), ("code", "[data-name=signin]"), ("data?part=delete", "[data-name=delete-tracks]"),
        ("sos", "[data-name=practise]"),
    ):  # fmt: skip
        to(reader, address, name)
        if name in ("[data-name=join]", "[data-name=delete-tracks]", "[data-name=practise]"):
            page.click(name)
        reader.look(address)
    nothing_to_open(reader, tmp_path)
    pins(reader)
    assert reader.faults == []


def asked_for(live: Any, shift_id: int, person_id: int) -> None:
    with live.app.app_context():
        shift = db.session.scalar(select(Shift).where(Shift.id == shift_id))
        assert shift is not None
        swaps.record_ask(shift, person_id, uuid.uuid4(), None, "family", clock.now())
        db.session.commit()
        db.session.remove()


def moved(live: Any, shift_id: int) -> None:
    with live.app.app_context():
        shift = db.session.scalar(select(Shift).where(Shift.id == shift_id))
        assert shift is not None
        shift.meeting_place, shift.version = "西门岗亭", shift.version + 1
        db.session.commit()
        db.session.remove()


def nothing_to_open(reader: Reader, tmp_path: Path) -> None:
    file = tmp_path / "copy.xfcopy"
    file.write_text("not a copy")
    to(reader, "restore", "[data-name=restore]")
    reader.page.set_input_files("[name=copy]", file)
    reader.page.fill("[name=phrase]", "AAAA-AAAA-AAAA-AAAA")
    reader.page.click("[data-name=restore-open]")
    reader.page.wait_for_selector("[data-name=restore] .trouble:not(:empty)")
    reader.look("a file that is no copy")


def pins(reader: Reader) -> None:
    page = reader.page
    to(reader, "pin", "[data-name=pin-begin]")
    reader.look("why a PIN")
    page.click("[data-name=pin-begin]")
    type_pin(page, "1111")
    type_pin(page, "1112")
    page.wait_for_selector("[role=alert]")
    reader.look("the PIN, typed otherwise")
    type_pin(page, PIN)
    type_pin(page, PIN)
    page.wait_for_selector("[data-name=pin-next]")
    reader.look("why a second PIN")
    page.click("[data-name=pin-next]")
    type_pin(page, "2468")
    type_pin(page, "2468")
    page.wait_for_selector("[data-name=pin-save-card]")
    reader.look("save both")
    page.click("[data-name=pin-save]")
    page.wait_for_selector("[data-name=pin-set]")
    reader.look("both are set")


# --- on duty ----------------------------------------------------------------------------------------


@both
def test_a_duty_from_its_start_to_the_word_for_the_next_crew(
    handset: Handset, live: Any, language: str
) -> None:
    login, me = alone(live, "在班上的")
    _, mate = alone(live, "同班的")
    shift = a_shift(live, -timedelta(minutes=40), me, mate)
    reader = signed_in(handset, login, language)
    page = handset.page
    page.click("[data-name=start]")
    reader.look("late, and asked whether to start")
    page.click("[data-name=start-yes]")
    page.wait_for_selector("[data-name=recording][data-recording=true]")
    check_in_far_and_near(handset, reader)
    vouched_for(reader, shift)
    to(reader, f"crew?shift={shift}", "[data-name=crew-code]")
    page.wait_for_selector("[data-name=ticks]")
    reader.look("the crew's code, and who is here")
    to(reader, "note", "[data-name=note]")
    page.check("[name=phrase][value=other]")
    page.fill("[name=text]", "有个人说打 13912345678")
    page.wait_for_selector("[data-name=gentle]")
    reader.look("a note about somebody")
    refused(handset, reader)
    waiting(handset, live, me, login, reader)
    at_the_end(handset, reader)
    assert reader.faults == []


def check_in_far_and_near(handset: Handset, reader: Reader) -> None:
    page = handset.page
    page.wait_for_selector("[data-name=here]")
    reader.look("patrol")
    page.locator(".dots button").nth(1).click()
    page.click("[data-name=checkin]")
    page.wait_for_selector("[data-name=ask]")
    reader.look("too far: asked")
    page.click("[data-name=checkin-anyway]")
    page.wait_for_selector("[data-name=result][data-standing=not_counted]")
    reader.look("not counted")
    to(reader, "outbox", "[data-name=contest-open]")
    page.click("[data-name=contest-open]")
    page.check("input[value=was_there]")
    page.fill("[name=text]", "打 13912345678")
    page.wait_for_selector("[data-name=gentle]")
    unfold(page)
    reader.look("contesting")
    to(reader, "patrol", ".dots")
    page.locator(".dots button").nth(0).click()
    page.click("[data-name=checkin]")
    page.wait_for_selector("[data-name=result][data-standing=counted]")
    unfold(page)
    reader.look("counted, with the list")
    page.click("[data-name=pause]")
    page.wait_for_selector("[data-name=resume]")
    reader.look("paused")
    page.click("[data-name=resume]")
    page.wait_for_selector("[data-name=pause]")


def vouched_for(reader: Reader, shift: int) -> None:
    page = reader.page
    page.locator(".dots button").nth(0).click()
    page.locator("[data-name=ask-cosign]").first.click()
    page.wait_for_selector("[data-name=cosign-code]")
    reader.look("a code for who is here too")
    to(reader, f"cosign?id=XK1.{shift}.{uuid.uuid4()}", "[data-name=vouch]")
    reader.look("vouching")
    page.click("[data-name=cosign-yes]")
    page.wait_for_selector("[data-name=cosigned]")
    reader.look("vouched")


def refused(handset: Handset, reader: Reader) -> None:
    """As if a stricter server did not take the note."""
    page = handset.page
    handset.wait_sent()
    page.route("**/api/v1/field/sync", takes_nothing)
    page.fill("[name=text]", "第三根灯杆")
    page.click("[data-name=note-save]")
    to(reader, "outbox", "[data-standing=refused]")
    reader.look("refused")
    page.unroute("**/api/v1/field/sync")


def waiting(handset: Handset, live: Any, me: int, login: str, reader: Reader) -> None:
    page = handset.page
    to(reader, "patrol", ".dots")
    with no_server(live):
        page.click("[data-name=pause]")
        page.click("[data-name=resume]")
        to(reader, "outbox", "[data-standing=waiting]")
        reader.look("not sent")
        to(reader, "copy", "[data-name=copy-begin]")
        page.click("[data-name=copy-begin]")
        with page.expect_download():
            page.click("[data-name=copy-save]")
        page.wait_for_selector("[data-name=copy] [role=status]:not(:empty)")
        reader.look("a copy of what waits")
        end_sessions(live, me)
    page.evaluate("() => dispatchEvent(new Event('online'))")
    page.wait_for_selector("[data-name=expired]")
    reader.look("signed out by the server")
    to(reader, "outbox", "[data-name=sign-in-again]")
    reader.look("sign in again to send")
    handset.sign_in(login)
    handset.wait_sent()


def at_the_end(handset: Handset, reader: Reader) -> None:
    page = handset.page
    to(reader, "patrol", "[data-name=end]")
    page.click("[data-name=end]")
    reader.look("asked whether to end")
    page.click("[data-name=end-yes]")
    page.click("[data-name=handover] summary")
    page.check("[name=handover][value=other]")
    page.fill("[name=handover-text]", "打 13912345678")
    page.wait_for_selector("[data-name=gentle]")
    reader.look("summary, and a word about somebody")
    page.check("[name=handover][value=light_out]")
    page.fill("[name=handover-text]", "第三根灯杆")
    page.click("[data-name=handover-save]")
    page.wait_for_selector("[data-name=handed-over]")
    handset.wait_sent()
    page.wait_for_selector("[data-name=judged]", timeout=30_000)
    reader.look("summary, judged")
    to(reader, "today", "[data-name=duty-card]")
    reader.look("today, after the duty")


@both
def test_a_forgotten_end_and_who_left_things_behind(handset: Handset, live: Any, language: str) -> None:
    login, me = alone(live, "忘了结束的")
    shift_id = a_shift(live, -timedelta(minutes=100), me)
    reader = signed_in(handset, login, language)
    page = handset.page
    handset.start_duty()
    handset.wait_sent()
    for minutes_ago, name in ((20, "forgotten-end"), (61, "forgotten")):
        with live.app.app_context():
            shift = db.session.scalar(select(Shift).where(Shift.id == shift_id))
            assert shift is not None
            shift.ends_at = clock.now() - timedelta(minutes=minutes_ago)
            db.session.commit()
            db.session.remove()
        page.reload()
        page.wait_for_selector(f"[data-name={name}]")
        reader.look(name)
    with no_server(live):
        page.fill("[name=when]", "21:30 左右")
        page.click("[data-name=left-earlier]")
        page.wait_for_selector("[data-name=forgotten] .state >> nth=1")
        reader.look("said when it ended")
        to(reader, "me", "[data-name=sign-out]")
        page.click("[data-name=sign-out]")
        reader.look("signing out with something not sent")
        page.click("[data-name=sign-out-yes]")
        page.wait_for_selector("[data-name=others]")
        reader.look("sign-in where another's rows wait")
    assert reader.faults == []


# --- calls for help, and what stands above every page ------------------------------------------------


@both
def test_a_call_for_help_that_is_answered_and_ended_with_a_pin(
    handset: Handset, live: Any, language: str
) -> None:
    login, person = new_member(live, "求助的")
    with_pins(live, person)
    reader = signed_in(handset, login, language)
    page = handset.page
    handset.start_duty()
    handset.wait_sent()
    to(reader, "sos", "[data-name=fine]")
    page.click("[data-name=fine]")
    page.wait_for_selector("[data-name=pin]")
    reader.look("I am fine, with a PIN")
    with no_server(live):
        confirm(page)
        reader.look("counting")
        see(page, "waiting")
        reader.look("not sent")
        to(reader, "today", "[data-name=duty-card]")
        reader.look("today, while a call waits")
    page.evaluate("() => dispatchEvent(new Event('online'))")
    to(reader, "sos", "[data-name=sos]")
    see(page, "sent")
    take_it(live, calls_of(live, person)[0].id)
    see(page, "answered")
    reader.look("answered")
    page.click("[data-name=sos-end]")
    page.wait_for_selector("[data-name=pin]")
    reader.look("ended with a PIN")
    type_pin(page, PIN)
    page.wait_for_selector("[data-name=sos-over]")
    reader.look("over")
    assert reader.faults == []


WECHAT = "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 Chrome/116.0 Mobile Safari/537.36 MicroMessenger/8.0.47"
# Little room is left, and a newer release waits.
NEARLY_FULL = "navigator.storage.estimate = async () => ({ quota: 1e9, usage: 1e9 - 5e6 });"
NEWER = """navigator.serviceWorker.register = async () => ({ waiting: { postMessage() {} },
  addEventListener() {}, update: async () => {} });"""


@both
def test_every_notice_at_once(playwright: Any, live: Any, tmp_path: Path, language: str) -> None:
    live.be_there()
    handset = Handset(playwright, tmp_path / "wechat", live.url, user_agent=WECHAT)
    handset.context.add_init_script(NEARLY_FULL + NEWER)
    login, _ = new_member(live, "看提示的")
    try:
        reader = signed_in(handset, login, language)
        page = handset.page
        for name in ("wechat", "room-low"):
            page.wait_for_selector(f"[data-name={name}]")
        page.wait_for_selector(".notices .button")
        reader.look("notices")
        to(reader, "outbox", "[data-name=room]")
        reader.look("room on the phone")
        to(reader, "help", "[data-name=from-wechat]")
        reader.look("out of WeChat")
    finally:
        handset.kill()
    assert reader.faults == [] and handset.said == []
