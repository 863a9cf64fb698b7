"""Signing in by code, Me and its pages, Sent / not sent, a saved copy, large type: in a real browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from sqlalchemy import select

from app import clock
from app.accounts import consents, signing
from app.accounts.models import Person
from app.approval.models import PointNotice, PointNoticeLine, PointObjection
from app.db import db
from tests import make
from tests.browser.phone_page import (
    WHOLE,
    Handset,
    end_sessions,
    inbox,
    kept_ids,
    new_member,
    no_server,
    until,
)

pytestmark = pytest.mark.browser

MINE = (
    "me", "data", "data?part=kept", "data?part=consents", "data?part=looks", "data?part=noticed", "data?part=ranking",
    "data?part=export", "data?part=delete",
    "devices", "settings", "calendar", "help", "outbox", "copy", "restore", "totp", "loggers",
    "redeem", "redeem?part=certificates",
)  # fmt: skip
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
# What a thumb has to hit is 48 px high and wide, or a line of its own (a link in a sentence is none of ours).
SMALL = """() => [...document.querySelectorAll('main :is(button, a[href], input, select, summary), .bar a, .top a')]
  .filter((e) => { const r = e.getBoundingClientRect(); return r.width && (r.height < 47.5 || r.width < 47.5); })
  .map((e) => `${location.hash} ${e.tagName} ${e.className} ${e.textContent.slice(0, 20)}`)"""
CUT = """() => [...document.querySelectorAll('main *, .top *, .bar *')]
  .filter((e) => !e.closest('svg') && e.clientWidth && e.scrollWidth > e.clientWidth + 1
    && getComputedStyle(e).overflowX !== 'visible' && !e.matches('input, .map, .map *'))
  .map((e) => `${location.hash} ${e.tagName} ${e.className}`)"""


def signed_in(handset: Handset, login: str) -> None:
    handset.open()
    handset.sign_in(login)
    handset.page.wait_for_selector("[data-name=duty-card]")


def turn_to(handset: Handset, page: str) -> None:
    handset.page.evaluate("(name) => { location.hash = `#/${name}` }", page)
    handset.page.wait_for_selector(f".page-{page.split('?')[0]} > *:not(.opening)")
    handset.page.wait_for_timeout(150)


def code_for(live: Any, person_id: int) -> str:
    """What the leader shows: made as the desk makes it."""
    with live.app.app_context():
        leader, person = db.session.get(Person, live.ids["leader"]), db.session.get(Person, person_id)
        assert leader is not None and person is not None
        code, _until = signing.make_code(leader, person, clock.now())
        db.session.commit()
        db.session.remove()
        return code


@pytest.fixture
def second(playwright: Any, live: Any, tmp_path: Path) -> Iterator[Handset]:
    """Another phone, with another profile."""
    phone = Handset(playwright, tmp_path / "second", live.url)
    yield phone
    phone.kill()
    assert phone.said == []


# --- signing in -----------------------------------------------------------------------------------


def test_the_leaders_code_typed_in_small_letters_opens_the_phone_once(
    handset: Handset, second: Handset, live: Any
) -> None:
    _login, person = new_member(live, "用口令的人")
    code = code_for(live, person)
    page = handset.open()
    page.wait_for_selector("[data-name=code-enter][disabled]")
    page.locator("[name=code]").press_sequentially(f"{code[:4].lower()}-{code[4:].lower()}")
    page.click("[data-name=code-enter]")
    page.wait_for_selector("[data-name=duty-card]")
    page.reload()
    page.wait_for_selector("[data-name=duty-card]")
    other = second.open()
    other.fill("[name=code]", code)
    other.click("[data-name=code-enter]")
    other.locator("[data-name=signin-code] .trouble").filter(has_text="码").wait_for()
    assert other.locator("[data-name=duty-card]").count() == 0


def test_the_link_of_the_qr_code_signs_in_after_one_tap_and_leaves_no_code_behind(
    handset: Handset, live: Any
) -> None:
    _login, person = new_member(live, "扫码的人")
    code = code_for(live, person)
    page = handset.page
    page.goto(f"{live.url}/m/#/code?c={code}")
    page.wait_for_selector("[data-name=code-yes]")
    assert page.request.get(f"{live.url}/api/v1/session").status == 401
    page.click("[data-name=code-yes]")
    page.wait_for_selector("[data-name=duty-card]")
    assert code not in page.url
    page.go_back()
    page.wait_for_timeout(200)
    assert code not in page.url


def test_a_code_read_on_somebody_elses_phone_names_them_and_changes_nothing_by_itself(
    handset: Handset, live: Any
) -> None:
    login, first = new_member(live, "手机的主人")
    _other, second_person = new_member(live, "后来的组员")
    signed_in(handset, login)
    handset.keep_shell()
    with no_server(live):
        handset.start_duty()
    code = code_for(live, second_person)
    handset.page.evaluate("(c) => { location.hash = `#/code?c=${c}` }", code)
    handset.page.wait_for_selector("[data-name=code]")
    assert "手机的主人" in handset.page.inner_text("[data-name=code]")
    handset.page.click("[data-name=code-yes]")
    handset.page.wait_for_selector("[data-name=duty-card][data-state=none]")
    turn_to(handset, "outbox")
    text = handset.page.inner_text("main")
    assert "手机的主人" in text or inbox(live, first)  # sent before the change, or kept in the old name
    assert inbox(live, second_person) == []


def test_an_expired_session_is_renewed_by_a_new_code_and_loses_nothing(handset: Handset, live: Any) -> None:
    login, person = new_member(live, "过期换码")
    signed_in(handset, login)
    handset.start_duty()
    handset.wait_sent()
    end_sessions(live, person)
    handset.check_in(0)
    handset.page.click("[data-name=expired]")
    handset.page.click("[data-name=by-code]")
    handset.page.fill("[name=code]", code_for(live, person))
    handset.page.click("[data-name=code-enter]")
    handset.wait_sent()
    assert len(inbox(live, person, "checkin")) == 1


# --- the pages ------------------------------------------------------------------------------------


@pytest.mark.parametrize("look", ["zh-light", "en-dark", "zh-night-more", "en-light-more"])
def test_no_page_of_mine_has_serious_axe_findings_and_every_target_is_large(
    handset: Handset, live: Any, look: str
) -> None:
    language, theme, *sharp = look.split("-")
    choose(handset, lang=language, theme=theme, contrast="more" if sharp else "auto")
    handset.open()
    handset.page.wait_for_selector("[data-name=signin-code]")
    faults = findings(handset, "sign-in by code")
    handset.page.goto(f"{live.url}/m/#/code?c=ABCD2345")
    handset.page.wait_for_selector("[data-name=code]")
    faults += findings(handset, "code")
    login, _ = new_member(live, "逐页看")
    handset.open()
    handset.sign_in(login)
    handset.page.wait_for_selector("[data-name=duty-card]")
    for page in MINE:
        turn_to(handset, page)
        faults += findings(handset, page) + handset.page.evaluate(SMALL)
    assert faults == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_text_twice_as_large_cuts_nothing_and_never_scrolls_sideways(
    handset: Handset, live: Any, language: str
) -> None:
    choose(handset, lang=language, text="double")
    login, _ = new_member(live, "大字")
    handset.open()
    handset.page.wait_for_selector("[data-name=signin-code]")
    assert handset.page.evaluate("() => getComputedStyle(document.documentElement).fontSize") == "36px"
    wide = {"sign-in": handset.page.evaluate(WIDER)}
    handset.sign_in(login)
    handset.page.wait_for_selector("[data-name=duty-card]")
    cut = []
    for page in ("today", *MINE):
        turn_to(handset, page)
        wide[page] = handset.page.evaluate(WIDER)
        cut += handset.page.evaluate(CUT)
    handset.page.evaluate("() => { location.hash = '#/today' }")
    handset.start_duty()
    handset.page.wait_for_timeout(300)
    wide["patrol"] = handset.page.evaluate(WIDER)
    cut += handset.page.evaluate(CUT)
    assert {page: px for page, px in wide.items() if px > 0} == {} and cut == []


def test_choices_hold_at_once_and_after_a_new_start(handset: Handset, live: Any) -> None:
    login, _ = new_member(live, "设置")
    signed_in(handset, login)
    turn_to(handset, "settings")
    for name in ("text-larger", "theme-night", "contrast-more", "hand-left"):
        handset.page.click(f"[data-name={name}]")
        assert handset.page.get_attribute(f"[data-name={name}]", "aria-pressed") == "true"
    handset.page.click("[data-name=switch-sound]")
    assert handset.page.get_attribute("[data-name=switch-sound]", "aria-checked") == "false"
    handset.page.reload()
    handset.page.wait_for_selector("[data-name=switch-sound][aria-checked=false]")
    look = handset.page.evaluate("() => ({ ...document.documentElement.dataset })")
    assert look | {"text": "larger", "theme": "night", "contrast": "more", "hand": "left"} == look


def test_in_the_left_hand_the_controls_are_mirrored(handset: Handset, live: Any) -> None:
    choose(handset, hand="left")
    login, _ = new_member(live, "左手")
    signed_in(handset, login)
    box = handset.page.locator("[data-name=sending]").bounding_box()
    assert box is not None and box["x"] < 100
    handset.start_duty()
    pause = handset.page.locator("[data-name=pause]").bounding_box()
    assert pause is not None and pause["x"] < 100


def test_what_is_done_is_spoken_only_where_it_was_chosen(handset: Handset, live: Any) -> None:
    handset.context.add_init_script(
        "window.__said = []; speechSynthesis.speak = (words) => window.__said.push([words.text, words.lang])"
    )
    login, _ = new_member(live, "读出来")
    signed_in(handset, login)
    handset.start_duty()
    assert handset.page.evaluate("() => window.__said") == []
    turn_to(handset, "settings")
    handset.page.click("[data-name=switch-speak]")
    handset.page.evaluate("() => { location.hash = '#/patrol' }")
    handset.page.wait_for_selector("[data-name=recording]")
    handset.check_in(0)
    until(handset.page, "() => window.__said.some(([text]) => text === '已存在手机上')")
    assert {lang for _text, lang in handset.page.evaluate("() => window.__said")} == {"zh-CN"}


def test_by_keyboard_the_order_is_title_state_entries_and_bar(handset: Handset, live: Any) -> None:
    login, _ = new_member(live, "键盘顺序")
    signed_in(handset, login)
    turn_to(handset, "me")
    handset.page.wait_for_selector("[data-name=to-help]")
    stops = []
    handset.page.evaluate("() => document.getElementById('title').focus()")
    for _ in range(20):
        handset.page.keyboard.press("Tab")
        stops.append(
            handset.page.evaluate(
                "() => document.activeElement.dataset.name ?? document.activeElement.getAttribute('href') ?? ''"
            )
        )
    wanted = [
        "sending", "to-redeem", "to-data", "to-devices", "to-settings", "to-calendar", "to-swaps", "to-loggers",
        "to-pin", "to-help", "sign-out", "#/today",
    ]  # fmt: skip
    assert [s for s in stops if s in wanted][: len(wanted)] == wanted
    turn_to(handset, "data")
    expect(handset.page.locator("#title")).to_be_focused()


# --- my data --------------------------------------------------------------------------------------


def test_refusing_tracks_keeps_none_and_check_ins_go_on(handset: Handset, live: Any) -> None:
    login, person = new_member(live, "不记轨迹")
    signed_in(handset, login)
    handset.start_duty()
    handset.page.click("[data-name=tracks-no]")
    handset.page.locator("[data-name=recording]", has_text="不记轨迹").wait_for()
    for x in (100, 160, 220, 280, 340):
        handset.stand(x, 500)
        handset.page.wait_for_timeout(1200)
    handset.check_in(1)
    handset.end_duty()
    handset.wait_sent()
    kinds = [r.kind for r in inbox(live, person)]
    assert "checkin" in kinds and "segment" not in kinds


def test_a_no_that_is_said_without_signal_holds_and_is_told_later(handset: Handset, live: Any) -> None:
    login, _person = new_member(live, "没信号也算")
    signed_in(handset, login)
    handset.keep_shell()
    turn_to(handset, "data?part=consents")
    handset.page.wait_for_selector("[data-name=consent-tracks]")
    with no_server(live):
        handset.page.click("[data-name=tracks-no]")
        handset.page.wait_for_selector("[data-name=consent-tracks][data-given=false]")
    assert "false" not in [given_on_server(handset, "tracks")]
    handset.page.reload()
    until_server(handset, "tracks", False)


def test_a_track_that_was_refused_from_another_device_is_not_kept_here_either(
    handset: Handset, live: Any
) -> None:
    """The phone has recorded without signal; meanwhile its member has said no elsewhere."""
    login, person = new_member(live, "别处说了不")
    signed_in(handset, login)
    handset.start_duty()
    handset.wait_sent()
    with no_server(live):
        for x in (100, 160, 220, 280, 340):
            handset.stand(x, 500)
            handset.page.wait_for_timeout(1200)
        handset.end_duty()
        assert "segment" in kept_ids(handset).values()
        with live.app.app_context():
            member = db.session.get(Person, person)
            assert member is not None
            consents.set_consent(member, "tracks", False, 1, clock.now())
            db.session.commit()
            db.session.remove()
    answers: list[Any] = []
    handset.page.on("response", lambda r: answers.append(r) if r.url.endswith("/field/sync") else None)
    handset.send_now()
    assert "segment" not in kept_ids(handset).values()
    assert all(row.body is None for row in inbox(live, person, "segment")), "nor on the server"
    assert {"duty.start", "duty.end"} <= set(kept_ids(handset).values()), "the duty stays"
    assert "tracks_refused" in json.dumps([r.json() for r in answers if r.status == 200]), (
        "sent, and not taken"
    )


def given_on_server(handset: Handset, purpose: str) -> bool | None:
    said = handset.page.request.get(f"{handset.url}/api/v1/me").json()["consents"]
    one = next(c for c in said if c["purpose"] == purpose)
    if not one["given_at"] and not one["withdrawn_at"]:
        return None
    return bool(one["given_at"] and not one["withdrawn_at"])


def until_server(handset: Handset, purpose: str, wanted: bool) -> None:
    for _ in range(100):
        if given_on_server(handset, purpose) is wanted:
            return
        handset.page.wait_for_timeout(100)
    raise AssertionError(f"the server never heard {wanted} about {purpose}")


def test_a_zip_of_my_data_is_saved_and_tracks_go_after_a_second_tap(handset: Handset, live: Any) -> None:
    login, person = new_member(live, "我的数据")
    signed_in(handset, login)
    handset.start_duty()
    for x in (100, 200, 300):
        handset.stand(x, 500)
        handset.page.wait_for_timeout(1200)
    handset.end_duty()
    handset.wait_sent()
    assert "segment" in kept_ids(handset).values() and inbox(live, person, "segment")
    turn_to(handset, "data?part=export")
    with handset.page.expect_download() as coming:
        handset.page.click("[data-name=export-now]")
    kept = Path(coming.value.path())
    assert kept.read_bytes()[:2] == b"PK" and coming.value.suggested_filename.endswith(".zip")
    turn_to(handset, "data?part=delete")
    handset.page.click("[data-name=delete-tracks]")
    assert "找不回来" in handset.page.inner_text(".ask")
    handset.page.click("[data-name=delete-tracks-yes]")
    handset.page.wait_for_selector("[data-name=deleted]")
    assert "会留下" in handset.page.inner_text("[data-name=deleted]")
    assert all(row.body is None for row in inbox(live, person, "segment"))
    assert "segment" not in kept_ids(handset).values(), "nor on the phone"


def test_another_device_is_signed_out_from_here(handset: Handset, second: Handset, live: Any) -> None:
    login, _ = new_member(live, "两台设备")
    signed_in(handset, login)
    signed_in(second, login)
    turn_to(handset, "devices")
    handset.page.wait_for_selector("[data-name=sessions] li >> nth=1")
    handset.page.click("[data-name=sessions-all]")
    handset.page.click("[data-name=sessions-all-yes]")
    until(handset.page, "() => document.querySelectorAll('[data-name=sessions] li').length === 1")
    assert second.page.request.get(f"{live.url}/api/v1/session").status == 401
    assert handset.page.request.get(f"{live.url}/api/v1/session").status == 200


def test_the_second_step_is_set_up_with_a_picture_and_spare_codes_are_shown_once(
    handset: Handset, live: Any
) -> None:
    import pyotp

    signed_in_as(handset, "leader")
    turn_to(handset, "devices")
    handset.page.click("[data-name=to-totp]")
    handset.page.click("[data-name=totp-begin]")
    handset.page.wait_for_selector("[data-name=totp-new] img")
    until(handset.page, "() => document.querySelector('.qr').naturalWidth > 0")
    secret = handset.page.inner_text("[data-name=totp-secret]").replace(" ", "")
    handset.page.fill("[name=code]", pyotp.TOTP(secret).now())
    handset.page.click("[data-name=totp-confirm] button")
    handset.page.wait_for_selector("[data-name=totp-spare]")
    codes = handset.page.locator(".spare li").all_inner_texts()
    assert len(codes) == len(set(codes)) >= 6
    handset.page.click("[data-name=totp-written]")
    handset.page.wait_for_selector("[data-name=totp-on]")
    assert codes[0] not in handset.page.content()
    handset.page.fill("[name=code]", codes[0])
    handset.page.click("[data-name=totp-stop] button")
    handset.page.wait_for_selector("[data-name=totp-off]")


def signed_in_as(handset: Handset, login: str) -> None:
    handset.open()
    handset.sign_in(login)
    handset.page.wait_for_selector(".bar")


def test_the_calendars_address_is_made_copied_and_stopped(handset: Handset, live: Any) -> None:
    login, _ = new_member(live, "日历")
    signed_in(handset, login)
    turn_to(handset, "calendar")
    handset.page.click("[data-name=calendar-make]")
    handset.page.wait_for_selector("[data-name=calendar-on]")
    address = handset.page.inner_text("[data-name=address]")
    assert "BEGIN:VCALENDAR" in handset.page.request.get(address).text()
    handset.page.click("[data-name=calendar-stop]")
    handset.page.click("[data-name=calendar-stop-yes]")
    handset.page.wait_for_selector("[data-name=calendar-off]")
    assert handset.page.request.get(address).status == 404


# --- points in a public notice --------------------------------------------------------------------


@pytest.fixture
def noticed(live: Any) -> tuple[str, int, str]:
    """A member whose points of last month are in a notice that runs: login, id, pseudonym."""
    login, person_id = new_member(live, "公示里的人")
    with live.app.app_context():
        now, township = clock.now(), live.ids["township"]
        month = (clock.local_day(now, "Asia/Shanghai").replace(day=1) - timedelta(days=1)).replace(day=1)
        if db.session.get(PointNotice, (township, month)) is None:
            make.save(
                PointNotice(
                    township_id=township, month=month, opened_by=live.ids["reviewer"], opened_at=now,
                    last_on=now.date() + timedelta(days=6), closes_at=now + timedelta(days=6), working_days=5,
                )
            )  # fmt: skip
        pseudonym = f"K{person_id:04d}"
        make.save(
            PointNoticeLine(
                township_id=township, month=month, person_id=person_id, pseudonym=pseudonym, half=97, shifts=3,
                approved_by=live.ids["reviewer"],
            )
        )  # fmt: skip
        db.session.remove()
    return login, person_id, pseudonym


def test_my_line_in_a_notice_is_shown_and_objected_to(handset: Handset, noticed: Any, live: Any) -> None:
    login, person_id, pseudonym = noticed
    signed_in(handset, login)
    turn_to(handset, "me")
    page = handset.page
    page.locator("[data-name=shown-as]", has_text=pseudonym).wait_for()
    assert "48 分，3 班" in page.inner_text("[data-name=my-notice]")
    page.click("[data-name=object]")
    page.fill("[data-name=objection] textarea", "张师傅没有来")
    assert page.is_disabled("[data-name=objection-send]")
    page.fill("[data-name=objection] textarea", "有一班少算了半小时")
    assert page.evaluate(SMALL) == []
    page.click("[data-name=objection-send]")
    page.locator("[data-name=my-objection]", has_text="有一班少算了半小时").wait_for()
    with live.app.app_context():
        row = db.session.scalars(select(PointObjection).where(PointObjection.objector_id == person_id)).one()
        assert (row.person_id, row.state, row.text) == (person_id, "open", "有一班少算了半小时")
        db.session.remove()


# --- sent / not sent ------------------------------------------------------------------------------


def test_a_copy_saved_on_one_phone_arrives_once_from_another(
    handset: Handset, second: Handset, live: Any, tmp_path: Path
) -> None:
    login, person = new_member(live, "坏掉的手机")
    signed_in(handset, login)
    handset.keep_shell()
    handset.start_duty()
    handset.wait_sent()
    file = tmp_path / "copy.xfcopy"
    with no_server(live):
        handset.check_in(0)
        handset.check_in(1)
        turn_to(handset, "copy")
        handset.page.click("[data-name=copy-begin]")
        phrase = handset.page.inner_text("[data-name=phrase]")
        with handset.page.expect_download() as coming:
            handset.page.click("[data-name=copy-save]")
        coming.value.save_as(file)
        assert json.loads(file.read_text())["cipher"] == "AES-256-GCM"
        handset.switch_off()
    assert inbox(live, person, "checkin") == []
    other_login, other = new_member(live, "借手机的人")
    signed_in(second, other_login)
    assert opened(second, file, "AAAA-AAAA-AAAA-AAAA") == "wrong"
    back = int(opened(second, file, phrase))
    assert back >= 2
    second.page.click("[data-name=restored] a")
    second.page.wait_for_selector("[data-name=others]")
    assert "坏掉的手机" in second.page.inner_text("[data-name=others]")  # named, and not sent by the borrower
    assert inbox(live, person, "checkin") == [] and inbox(live, other) == []
    assert opened(second, file, phrase) == "0"
    second.open("me")
    second.page.click("[data-name=sign-out]")
    second.page.click("[data-name=sign-out-yes]")
    second.sign_in(login)
    second.page.wait_for_selector("[data-name=sending][data-count='0']", timeout=30_000)
    handset.switch_on()  # the first phone lives after all, and sends the same
    handset.open("outbox")
    handset.wait_sent()
    rows = inbox(live, person, "checkin")
    assert len(rows) == 2 and {r.author_id for r in rows} == {person}


def opened(phone: Handset, file: Path, phrase: str) -> str:
    """How many came back, or "wrong"."""
    turn_to(phone, "outbox")
    phone.page.click("[data-name=to-restore]")
    phone.page.set_input_files("[name=copy]", file)
    phone.page.fill("[name=phrase]", phrase)
    phone.page.click("[data-name=restore-open]")
    phone.page.wait_for_selector("[data-name=restored], [data-name=restore] .trouble:not(:empty)")
    done = phone.page.locator("[data-name=restored]")
    return str(done.get_attribute("data-back")) if done.count() else "wrong"


def test_a_nearly_full_phone_says_so_and_gives_back_what_can_be_had_again(
    handset: Handset, live: Any
) -> None:
    login, _ = new_member(live, "快满了")
    handset.context.add_init_script(
        "navigator.storage.estimate = async () => ({ quota: 1e9, usage: 1e9 - 5e6 })"
    )
    signed_in(handset, login)
    handset.page.wait_for_selector("[data-name=room-low]")
    handset.page.evaluate(
        """async () => {
             const canvas = new OffscreenCanvas(2400, 1800), pen = canvas.getContext('2d');
             for (let i = 0; i < 4000; i++) {
               pen.fillStyle = `hsl(${(i * 47) % 360} 80% 50%)`;
               pen.fillRect((i * 733) % 2400, (i * 389) % 1800, 90, 60);
             }
             const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.95 });
             const open = indexedDB.open('xunfang');
             await new Promise((done) => { open.onsuccess = done; });
             const tx = open.result.transaction('photos', 'readwrite');
             tx.objectStore('photos').put({ id: 'p', author_id: 1, blob });
             await new Promise((done) => { tx.oncomplete = done; });
             open.result.close();
             window.__before = blob.size;
           }"""
    )
    handset.page.click("[data-name=room-low]")
    handset.page.click("[data-name=make-room]")
    until(handset.page, "() => !document.querySelector('[data-name=make-room]').disabled")
    after = handset.page.evaluate(
        """() => new Promise((done) => {
             const open = indexedDB.open('xunfang');
             open.onsuccess = () => {
               const get = open.result.transaction('photos').objectStore('photos').get('p');
               get.onsuccess = () => { open.result.close(); done(get.result.blob.size); };
             };
           })"""
    )
    assert 0 < after < handset.page.evaluate("() => window.__before") * 0.8


# --- WeChat's browser -----------------------------------------------------------------------------


def test_in_wechats_browser_a_banner_leads_to_the_way_out(playwright: Any, live: Any, tmp_path: Path) -> None:
    agent = "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 Chrome/116.0 Mobile Safari/537.36 MicroMessenger/8.0.47"
    phone = Handset(playwright, tmp_path / "wechat", live.url, user_agent=agent)
    try:
        page = phone.open()
        page.click("[data-name=wechat]")
        page.wait_for_selector("[data-name=from-wechat]")
        assert page.inner_text("[data-name=address]") == f"{live.url}/m/"
        phone.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=live.url)
        page.click("[data-name=copy-text]")
        page.locator("[data-name=from-wechat] [role=status]", has_text="已复制").wait_for()
        assert page.evaluate("() => navigator.clipboard.readText()") == f"{live.url}/m/"
    finally:
        phone.kill()
    assert phone.said == []


def choose(handset: Handset, **settings: str) -> None:
    lines = [f"localStorage.setItem('xunfang.{name}', '{value}')" for name, value in settings.items()]
    handset.context.add_init_script(";".join(lines))


def findings(handset: Handset, page: str) -> list[str]:
    result = Axe().run(handset.page)
    return [
        f"{page}: {v['id']} {v['nodes'][0]['html'][:160]}"
        for v in result.response["violations"]
        if v["impact"] in ("serious", "critical")
    ]


# --- messages to this browser ---------------------------------------------------------------------

# Chromium here has no push service to ask; what such a service answers stands in for it, the rest is real.
PUSH_SERVICE = """
PushManager.prototype.getSubscription = async function () { return window.__push ?? null; };
PushManager.prototype.subscribe = async function (options) {
  window.__asked = options.applicationServerKey.byteLength;
  window.__push = {
    options,
    unsubscribe: async () => { window.__push = null; return true; },
    toJSON: () => ({ endpoint: 'https://fcm.googleapis.com/fcm/send/abc', expirationTime: null,
      keys: { p256dh: 'B'.repeat(87), auth: 'A'.repeat(22) } }),
  };
  return window.__push;
};
"""


def test_a_yes_to_notices_gives_this_browsers_address_and_a_no_takes_it_back(
    handset: Handset, live: Any
) -> None:
    handset.context.add_init_script(PUSH_SERVICE)
    handset.context.grant_permissions(["notifications", "geolocation"], origin=live.url)
    login, _ = new_member(live, "要通知")
    signed_in(handset, login)
    handset.keep_shell()
    turn_to(handset, "data?part=consents")
    handset.page.click("[data-name=push-yes]")
    handset.page.locator("[data-name=consents] [role=status]", has_text="已记下").wait_for()
    assert subscribed(handset) is True and given_on_server(handset, "push") is True
    assert handset.page.evaluate("() => window.__asked") == 65
    handset.page.click("[data-name=push-no]")
    handset.page.wait_for_selector("[data-name=consent-push][data-given=false]")
    until(handset.page, "() => window.__push === null")
    assert subscribed(handset) is False and given_on_server(handset, "push") is False


def subscribed(handset: Handset) -> bool:
    return bool(handset.page.request.get(f"{handset.url}/api/v1/me/push").json()["subscribed"])


@pytest.mark.parametrize(
    "said",
    ['{"kind": "sos", "id": "a1", "title": "李队员求助", "body": "东门附近", "url": "/m/#/today"}', "odd"],
)
def test_a_message_is_shown_in_the_words_of_the_server(
    playwright: Any, live: Any, tmp_path: Path, said: str
) -> None:
    handset = Handset(playwright, tmp_path / "whole", live.url, executable=WHOLE)
    try:
        shows(handset, live, said)
    finally:
        handset.kill()
    assert handset.said == []


def shows(handset: Handset, live: Any, said: str) -> None:
    handset.context.grant_permissions(["notifications", "geolocation"], origin=live.url)
    handset.open()
    handset.keep_shell()
    devtools = handset.context.new_cdp_session(handset.page)
    workers: list[dict[str, Any]] = []
    devtools.on("ServiceWorker.workerRegistrationUpdated", lambda e: workers.extend(e["registrations"]))
    devtools.send("ServiceWorker.enable")
    while not workers:  # the browser says which there are
        handset.page.wait_for_timeout(100)
    shown = """async () => {
      const all = await (await navigator.serviceWorker.ready).getNotifications();
      return all.map((n) => [n.title, n.body]);
    }"""
    push = {"origin": live.url, "registrationId": workers[-1]["registrationId"], "data": said}
    for _ in range(
        10
    ):  # a browser that has only just started lets a message pass; the next with its tag takes its place
        devtools.send("ServiceWorker.deliverPushMessage", push)
        handset.page.wait_for_timeout(2_000)
        if handset.page.evaluate(shown):
            break
    wanted = ["李队员求助", "东门附近"] if said != "odd" else ["巡防", ""]
    assert handset.page.evaluate(shown) == [wanted]
