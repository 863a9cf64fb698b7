"""Check-in by code on the phone: the camera, the reader in wasm, typed figures, co-signature, contest, repeat taps.

The camera is Chromium's own make-believe one, which plays a film of a printed code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest
import segno
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from sqlalchemy import select

from app import clock
from app.accounts.models import Person
from app.checkins.models import Checkin
from app.db import db
from app.field.reviewing import review_checkin
from app.routes import codes
from app.routes.models import Checkpoint
from app.teams.scope import scope_of
from tests.browser.phone_page import CHROMIUM, FLAGS, PASSWORD, SPOTS, Handset, inbox, new_member, until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def sheet(live: Any) -> list[str]:
    """What stands on the day's printed cards, in the route's order; the second checkpoint asks for a code."""
    with live.app.app_context():
        leader = db.session.get(Person, live.ids["leader"])
        points = db.session.scalars(
            select(Checkpoint)
            .where(Checkpoint.route_version_id == live.ids["route"])
            .order_by(Checkpoint.seq)
        ).all()
        points[1].method = "code"
        now = clock.now()
        route_id = db.session.scalar(
            select(codes.queries.RouteVersion.route_id).where(
                codes.queries.RouteVersion.id == live.ids["route"]
            )
        )
        found = codes.sheet_of(scope_of(leader), route_id, clock.local_day(now, "Asia/Shanghai"), now)
        db.session.commit()
        texts = [text for _, _, text in found]
        db.session.remove()
        return texts


def film(path: Path, text: str) -> Path:
    """A still film of a code, as a camera sees it: 640 × 480, grey, in YUV4MPEG2."""
    rows = numpy.array(
        [[cell & 1 for cell in row] for row in segno.make(text, error="m").matrix_iter(scale=10, border=4)]
    )
    picture = numpy.full((480, 640), 200, numpy.uint8)
    high, wide = rows.shape
    picture[(480 - high) // 2 :, (640 - wide) // 2 :][:high, :wide] = numpy.where(rows, 30, 220)
    frame = b"FRAME\n" + picture.tobytes() + bytes([128]) * (640 * 480 // 2)
    path.write_bytes(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420\n" + frame * 10)
    return path


@pytest.fixture
def with_camera(playwright: Any, live: Any, tmp_path: Path) -> Iterator[Callable[[str], Handset]]:
    """with_camera(text): a phone whose camera sees a code with this text."""
    opened = []

    def make(text: str) -> Handset:
        flags = [
            "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-video-capture={film(tmp_path / 'code.y4m', text)}",
        ]  # fmt: skip
        phone = Handset(playwright, tmp_path / f"profile{len(opened)}", live.url, flags=flags)
        phone.context.grant_permissions(["geolocation", "background-sync", "camera"], origin=live.url)
        opened.append(phone)
        return phone

    yield make
    for phone in opened:
        phone.kill()
        assert phone.said == []


def on_patrol(handset: Handset, live: Any, name: str) -> int:
    login, person = new_member(live, name)
    handset.open()
    handset.sign_in(login)
    handset.page.wait_for_selector("[data-name=duty-card]")
    handset.start_duty()
    handset.wait_sent()
    to(handset, "patrol")
    return person


def to(handset: Handset, address: str) -> Page:
    handset.page.evaluate("(to) => { location.hash = `#/${to}` }", address)
    handset.page.wait_for_selector(f".page-{address.split('?')[0]}")
    return handset.page


def walk_to(handset: Handset, spot: int, **more: Any) -> None:
    handset.stand(*SPOTS[spot], **more)
    handset.page.locator(".dots button").nth(spot).click()
    handset.page.wait_for_selector(f".dots li:nth-child({spot + 1}) .is-target")


def findings(page: Page) -> list[str]:
    result = Axe().run(page)
    serious = [v for v in result.response["violations"] if v["impact"] in ("serious", "critical")]
    return [f"{v['id']} {v['nodes'][0]['html'][:160]}" for v in serious]


def checkins(live: Any, person: int) -> list[Checkin]:
    with live.app.app_context():
        rows = list(db.session.scalars(select(Checkin).where(Checkin.person_id == person)))
        for row in rows:
            db.session.expunge(row)
        db.session.remove()
        return rows


# --- the camera -----------------------------------------------------------------------------------


def test_the_camera_reads_the_printed_code_and_checks_in(
    live: Any, sheet: list[str], with_camera: Any
) -> None:
    handset = with_camera(sheet[1])
    person = on_patrol(handset, live, "扫码的")
    handset.keep_shell()
    walk_to(handset, 1)
    page = handset.page
    page.locator(".target-where", has_text="可以签到").wait_for()
    assert page.get_attribute("button.checkin", "data-name") == "scan"
    page.click("[data-name=scan]")
    page.wait_for_selector(".page-patrol [data-name=result][data-standing=counted]", timeout=60_000)
    assert page.get_attribute("[data-name=result]", "data-level") == "2"
    assert page.evaluate("() => location.hash") == "#/patrol"
    row = checkins(live, person)[0]
    assert (row.method, row.code_form, row.code_right, row.reasons) == ("code", "day", True, [])
    kept = "async () => (await (await caches.open('xunfang-map')).keys()).some((k) => k.url.includes('zxing_reader'))"
    until(page, kept)


def test_the_reader_is_no_part_of_what_every_phone_keeps(
    live: Any, sheet: list[str], handset: Handset
) -> None:
    worker = handset.context.request.get(f"{live.url}/sw.js").text()
    shell, later = (
        json.loads(re.search(rf"self\.__{name}=(\[.*?\]);", worker)[1]) for name in ("SHELL", "MAP")
    )
    names = [[piece["url"] for piece in pieces if "reader" in piece["url"]] for pieces in (shell, later)]
    assert names[0] == [] and len(names[1]) == 2, "its script and its wasm, when they are first needed"


def test_the_reader_opens_without_signal_once_it_is_kept(
    live: Any, sheet: list[str], with_camera: Any
) -> None:
    handset = with_camera(sheet[1])
    person = on_patrol(handset, live, "没有信号的")
    handset.keep_shell()
    page = to(handset, "scan?for=cosign")
    page.wait_for_selector(".page-patrol")  # it goes where the code belongs, whatever it was opened for
    handset.context.set_offline(True)
    page.reload()
    to(handset, "patrol")
    walk_to(handset, 1)
    page.locator(".target-where", has_text="可以签到").wait_for()
    page.click("[data-name=scan]")
    page.wait_for_selector(".page-patrol [data-name=result][data-standing=waiting]", timeout=60_000)
    handset.context.set_offline(False)
    handset.send_now()
    assert [(r.method, r.code_right) for r in checkins(live, person)] == [("code", True)]


def test_a_strange_code_is_said_to_be_none_of_ours(live: Any, sheet: list[str], with_camera: Any) -> None:
    handset = with_camera("https://example.com/buy")
    on_patrol(handset, live, "扫错的")
    page = to(handset, "scan?for=checkin")
    page.locator("[data-name=scan] .state", has_text="这不是巡防的码").wait_for(timeout=60_000)
    assert page.get_attribute("section[data-name=scan]", "data-reader") in ("wasm", "native")
    assert findings(page) == []
    page.click(".bar a:nth-child(2)")
    until(page, "() => !document.querySelector('video')")


# --- without a camera -----------------------------------------------------------------------------


def test_the_figures_can_always_be_typed(handset: Handset, live: Any, sheet: list[str]) -> None:
    person = on_patrol(handset, live, "输入的")
    walk_to(handset, 1)
    handset.page.click("[data-name=scan]")
    page = handset.page
    page.locator(
        "section[data-name=scan][data-state=denied], section[data-name=scan][data-state=none]"
    ).wait_for()
    assert findings(page) == []
    page.fill("[name=digits]", f"{sheet[1][-6:-3]} {sheet[1][-3:]}")
    page.click("[data-name=typed-go]")
    page.wait_for_selector("[data-name=result][data-standing=counted][data-level='2']")
    assert [(r.method, r.code_right) for r in checkins(live, person)] == [("code", True)]


def test_a_link_with_a_code_does_nothing_until_it_is_tapped(
    handset: Handset, live: Any, sheet: list[str]
) -> None:
    person = on_patrol(handset, live, "点链接的")
    handset.stand(*SPOTS[0])
    page = to(handset, "today")
    page = to(handset, f"patrol?code={sheet[0]}")
    page.wait_for_selector("[data-name=checkin-code]")
    page.wait_for_timeout(500)
    assert [r for r in inbox(live, person) if r.kind == "checkin"] == []
    page.reload()
    page.wait_for_selector("[data-name=checkin]")
    page = to(handset, "today")
    to(handset, f"patrol?code={sheet[0]}").click("[data-name=checkin-code]")
    page.wait_for_selector("[data-name=result][data-standing=counted][data-level='2']")


def test_without_a_code_where_one_is_asked_it_counts_and_says_so(
    handset: Handset, live: Any, sheet: list[str]
) -> None:
    on_patrol(handset, live, "没扫的")
    walk_to(handset, 1)
    page = handset.page
    page.locator(".target-where", has_text="可以签到").wait_for()
    page.click("[data-name=checkin]")
    page.wait_for_selector("[data-name=result][data-standing=counted]")
    assert "要扫码或碰卡" in page.inner_text("[data-name=result]")


# --- words, taps, figures -------------------------------------------------------------------------


def test_a_weak_position_is_said_in_words_and_asked_about(
    handset: Handset, live: Any, sheet: list[str]
) -> None:
    person = on_patrol(handset, live, "信号弱的")
    walk_to(handset, 0, accuracy_m=180)
    page = handset.page
    page.locator("[data-name=accuracy][data-word=poor]", has_text="180 米，请走到开阔处").wait_for()
    page.click("[data-name=checkin]")
    page.wait_for_selector("[data-name=ask][data-reach=vague]")
    assert [r for r in inbox(live, person) if r.kind == "checkin"] == []
    assert findings(page) == []
    handset.stand(*SPOTS[0], accuracy_m=8)
    page.locator("[data-name=accuracy][data-word=good]").wait_for()


def test_repeated_taps_are_one_check_in(handset: Handset, live: Any, sheet: list[str]) -> None:
    person = on_patrol(handset, live, "手抖的")
    walk_to(handset, 0)
    page = handset.page
    page.locator(".target-where", has_text="可以签到").wait_for()
    page.evaluate(
        "() => { for (let n = 0; n < 5; n++) document.querySelector('[data-name=checkin]').click() }"
    )
    page.wait_for_selector("[data-name=result]")
    page.evaluate(
        "() => { for (let n = 0; n < 5; n++) document.querySelector('[data-name=checkin]')?.click() }"
    )
    handset.send_now()
    assert len([r for r in inbox(live, person) if r.kind == "checkin"]) == 1


# --- contest --------------------------------------------------------------------------------------


def test_not_counted_says_why_and_can_be_contested_until_a_leader_decides(
    handset: Handset, live: Any, sheet: list[str]
) -> None:
    person = on_patrol(handset, live, "不服的")
    walk_to(handset, 0)
    handset.stand(SPOTS[0][0], SPOTS[0][1] + 86)
    page = handset.page
    page.locator(".target-where", has_text="40 米内有效").wait_for()
    page.click("[data-name=checkin]")
    page.click("[data-name=checkin-anyway]")
    page.wait_for_selector("[data-name=result][data-standing=not_counted]")
    words = page.inner_text("[data-name=result]")
    assert "点1" in words and "40 米内有效，信号弱时放宽不超过 30 米" in words
    elsewhere = to(handset, "outbox")  # on the next day it stands only there
    elsewhere.locator("[data-kind=checkin][data-standing=not_counted]").wait_for()
    elsewhere.click("[data-name=contest-open]")
    page.check("input[value=was_there]")
    page.fill("[name=text]", "手机号13800138000的人看到我了")
    page.wait_for_selector("[data-name=gentle]")
    assert page.is_disabled("[data-name=contest-save]")
    assert findings(page) == []
    page.fill("[name=text]", "门口在施工，绕了一下")
    page.click("[data-name=contest-save]")
    page.wait_for_selector("[data-name=contest][data-state=waiting], [data-name=contest][data-state=open]")
    handset.wait_sent()
    page.wait_for_selector("[data-name=contest][data-state=open]")
    with live.app.app_context():
        leader = db.session.get(Person, live.ids["leader"])
        row = db.session.scalar(select(Checkin).where(Checkin.person_id == person))
        review_checkin(leader, scope_of(leader), row.id, "counted", None, clock.now())
        db.session.commit()
        db.session.remove()
    page.wait_for_selector(
        "[data-kind=checkin][data-standing=counted]", state="attached"
    )  # told by the stream
    to(handset, "patrol").locator(".dots button").first.click()
    page.wait_for_selector("[data-name=contest][data-state=counted]")


# --- co-signature ---------------------------------------------------------------------------------


@pytest.fixture
def mate(playwright: Any, live: Any, tmp_path: Path) -> Iterator[Handset]:
    phone = Handset(playwright, tmp_path / "mate", live.url)
    yield phone
    phone.kill()
    assert phone.said == []


def test_a_mate_co_signs_by_the_code_on_the_first_phone(
    handset: Handset, mate: Handset, live: Any, sheet: list[str]
) -> None:
    for phone, login in ((handset, "member"), (mate, "mate")):
        phone.open()
        phone.sign_in(login)
        phone.page.wait_for_selector("[data-name=duty-card]")
        phone.start_duty()
        phone.wait_sent()
    to(handset, "patrol")
    handset.check_in(0)
    page = handset.page
    page.click("[data-name=ask-cosign]")
    page.wait_for_selector("[data-name=cosign-code]")
    code = page.get_attribute("[data-name=cosign-code]", "data-code")
    assert findings(page) == []
    theirs = to(mate, f"cosign?id={code}")
    assert findings(theirs) == []
    theirs.click("[data-name=cosign-yes]")
    theirs.wait_for_selector("[data-name=cosigned]")
    mate.wait_sent()
    page.locator("[data-name=cosign-code] .state", has_text="已见证").wait_for()  # told by the stream
    assert [r.evidence_level for r in checkins(live, live.ids["member"])] == [4]
    to(handset, f"cosign?id={code}")
    page.locator(".empty", has_text="这是您自己的签到").wait_for()


# --- the screen at a checkpoint, and the leader's page --------------------------------------------


def test_the_screen_shows_a_code_that_turns_and_goes_when_it_is_ended(
    live: Any, playwright: Any, sheet: list[str]
) -> None:
    with live.app.app_context():
        leader = db.session.get(Person, live.ids["leader"])
        point = db.session.scalar(
            select(Checkpoint)
            .where(Checkpoint.route_version_id == live.ids["route"])
            .order_by(Checkpoint.seq)
        )
        _, link = codes.make_display(leader, scope_of(leader), point.id, clock.now())
        db.session.commit()
        db.session.remove()
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    page = browser.new_page(viewport={"width": 800, "height": 1280})
    said: list[str] = []
    page.on("console", lambda m: said.append(m.text) if m.type == "error" else None)
    page.goto(f"{live.url}/display/{link}")
    page.wait_for_selector("[data-picture]:not([hidden])")
    assert len(page.inner_text("[data-figures]").replace(" ", "")) == 6
    assert page.evaluate("() => document.querySelector('[data-picture]').naturalWidth") > 0
    assert findings(page) == [] and said == []
    browser.close()


def test_the_leaders_page_of_codes_reads_for_everybody(live: Any, playwright: Any, sheet: list[str]) -> None:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{live.url}/sign-in?next=/desk/codes")
    page.fill("[name=login]", "leader")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_selector(".code-cards")
    assert page.locator(".code-card").count() == 3 and findings(page) == []
    page.emulate_media(media="print")
    assert not page.is_visible(".rail") and not page.is_visible("#more")
    browser.close()
