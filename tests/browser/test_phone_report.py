"""A report in a real browser: in a few taps, offline, through kills; no photo leaves before somebody has looked it
through, no position is asked for off duty, no words about a person are sent."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.db import db
from app.incidents import media
from app.incidents.models import Incident, IncidentPhoto
from tests.browser.phone_page import Handset, inbox, new_member, no_server, nothing_lost, takes_nothing, until
from tests.browser.test_phone_me import CUT, SMALL, WIDER
from tests.browser.test_phone_offline import settled
from tests.browser.test_phone_pages import findings, positions, signed_in

pytestmark = pytest.mark.browser
# The worker would send as well, and its requests pass by no route of the test's.
NO_WORKER_SYNC = "delete ServiceWorkerRegistration.prototype.sync; delete window.SyncManager;"

NO_WEBGL = """(() => {
  const real = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
    return /webgl/.test(kind) ? null : real.call(this, kind, ...more);
  };
})();"""


@pytest.fixture
def picture(tmp_path: Path) -> str:
    """A checkerboard of 8 px, larger than the phone keeps, whose EXIF says where it was taken."""
    rows, columns = np.indices((1500, 2000)) // 8
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (30.0, 35.0, 12.0), 3: "E", 4: (114.0, 18.0, 33.0)})
    path = tmp_path / "checkers.jpg"
    Image.fromarray((((rows + columns) % 2) * 255).astype(np.uint8)).convert("RGB").save(
        path, exif=exif, quality=92
    )
    return str(path)


def on_duty(handset: Handset, live: Any, name: str) -> int:
    login, person = new_member(live, name)
    signed_in(handset, login)
    handset.start_duty()
    handset.wait_sent()
    handset.keep_shell()
    return person


def to(page: Page, part: str) -> None:
    page.evaluate("(hash) => { location.hash = hash }", f"#/report{part}")


def as_far_as_the_end(page: Page) -> None:
    """Three taps: what kind, which, where."""
    to(page, "")
    page.click("[data-name=kind-road]")
    page.click("[data-name=phrase-light_out]")
    page.wait_for_selector("[data-name=place-here]:not([disabled])")
    page.click("[data-name=place-here]")
    page.wait_for_selector("[data-name=report-sum]")


def take(page: Page, picture: str) -> None:
    page.set_input_files("[data-name=camera]", picture)
    page.wait_for_selector("[data-name=blur]")
    until(page, "() => document.querySelector('[data-name=blur]').width > 1000")


def rub(page: Page) -> None:
    """A finger from the middle to the right."""
    box = page.locator("[data-name=blur]").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y, steps=6)
    page.mouse.up()


def kept(page: Page, store: str) -> list[Any]:
    """What the phone keeps, without the pictures themselves."""
    return page.evaluate(  # type: ignore[no-any-return]
        """(store) => new Promise((done, failed) => {
             const open = indexedDB.open("xunfang");
             open.onerror = () => failed(open.error);
             open.onsuccess = () => {
               const all = open.result.transaction(store).objectStore(store).getAll();
               all.onsuccess = () => {
                 open.result.close();
                 done(all.result.map((r) => ({ ...r, blob: r.blob?.size })));
               };
             };
           })""",
        store,
    )


def reports_of(live: Any, person: int) -> list[tuple[Any, list[Any]]]:
    """What the server has: each report with its photos."""
    with live.app.app_context():
        found = []
        for one in db.session.scalars(select(Incident).where(Incident.reporter_id == person)):
            photos = list(
                db.session.scalars(select(IncidentPhoto).where(IncidentPhoto.incident_id == one.id))
            )
            db.session.expunge(one)
            for photo in photos:
                db.session.expunge(photo)
            found.append((one, photos))
        db.session.remove()
        return found


def pixels(live: Any, photo: Any) -> Any:
    data = media.read(live.env["XUNFANG_MEDIA"], photo.township_id, photo.id)
    assert data is not None
    opened = Image.open(io.BytesIO(data))
    assert not dict(opened.getexif()), "the picture says where it was taken"
    return np.asarray(opened.convert("L")).astype(float)


# --- the whole way --------------------------------------------------------------------------------


def test_offline_blurred_killed_and_reloaded_it_arrives_once_with_blurred_pixels(
    handset: Handset, live: Any, picture: str
) -> None:
    login, person = new_member(live, "上报")
    settled(handset, login)  # a sign-in of a moment ago does not survive a kill
    handset.start_duty()
    handset.wait_sent()
    with no_server(live):
        page = handset.page
        as_far_as_the_end(page)
        take(page, picture)
        assert page.locator("[data-name=blur]").evaluate("(c) => [c.width, c.height]") == [1600, 1200]
        rub(page)
        page.click("[data-name=blur-done]")
        page.wait_for_selector("[data-name=shot][data-state=cleared]")
        handset.kill()
        handset.switch_on()
        page = handset.open("report?part=finish")
        page.wait_for_selector("[data-name=shot][data-state=cleared]")
        page.fill("[name=text]", "第三根灯杆")
        page.click("[data-name=report-save]")
        page.wait_for_selector("[data-name=report-saved]")
        until(page, "() => document.querySelector('[data-name=sending]').dataset.count === '2'")
        handset.kill()
        handset.switch_on()
        page = handset.open("report")
        page.wait_for_selector("[data-name=my-report][data-state=waiting]")
        assert handset.unsent() == 2, "the report and its photo"
    handset.send_now()
    ((report, photos),) = reports_of(live, person)
    assert (report.category, report.phrase, report.text, report.how) == (
        "road",
        "light_out",
        "第三根灯杆",
        "here",
    )
    assert [photo.state for photo in photos] == ["stored"]
    grey = pixels(live, photos[0])
    assert grey.shape == (1200, 1600)
    assert grey[590:610, 800:900].std() < 12, "rubbed: one grey"
    assert grey[100:200, 100:200].std() > 60, "the rest is as it was"
    assert kept(handset.page, "photos") == [] and kept(handset.page, "drafts") == []
    nothing_lost(handset, live, person)


def test_nothing_found_is_one_tap(handset: Handset, live: Any) -> None:
    person = on_duty(handset, live, "没有发现")
    page = handset.page
    page.click(".bar a:nth-child(3)")
    page.click("[data-name=nothing]")
    page.wait_for_selector("[data-name=report-saved]")
    handset.wait_sent()
    (item,) = inbox(live, person, "report")
    assert item.body["category"] == "nothing" and set(item.body) == {"category", "shift_id"}
    ((report, photos),) = reports_of(live, person)
    assert report.state == "closed" and photos == []


def test_what_may_be_urgent_shows_the_numbers_first(handset: Handset, live: Any) -> None:
    on_duty(handset, live, "急")
    page = handset.page
    for kind, numbers in (("fire", ["119", "110", "120"]), ("order", ["110", "120", "119"])):
        to(page, "")
        page.click(f"[data-name=kind-{kind}]")
        page.wait_for_selector("[data-name=call-first]")
        links = page.eval_on_selector_all(
            "[data-name=call-first] a", "(all) => all.map((a) => a.getAttribute('href'))"
        )
        assert links == [f"tel:{number}" for number in numbers]
        assert page.locator("[data-name^=phrase-]").count() == 0
        page.click("[data-name=no-danger]")
        page.wait_for_selector("[data-name=phrase-other]")


# --- photos ---------------------------------------------------------------------------------------


def test_a_photo_that_nobody_looked_through_holds_the_report_back_and_never_leaves(
    handset: Handset, live: Any, picture: str
) -> None:
    person = on_duty(handset, live, "未看")
    page = handset.page
    sent: list[str] = []
    page.on("request", lambda r: sent.append(r.url) if "/field/photos/" in r.url else None)
    as_far_as_the_end(page)
    take(page, picture)
    page.reload()
    page.wait_for_selector("[data-name=blur]")
    to(page, "?part=finish")
    page.wait_for_selector("[data-name=shot][data-state=raw]")
    assert page.is_disabled("[data-name=report-save]") and "没有看过" in page.inner_text(
        "[data-name=lacking]"
    )
    handset.send_now()
    assert sent == [] and [p["state"] for p in kept(page, "photos")] == ["raw"]
    to(page, "?part=finish")
    page.click("[data-name=shot]")
    page.click("[data-name=blur-none]")
    page.wait_for_selector("[data-name=report-save]:not([disabled])")
    page.click("[data-name=report-save]")
    page.wait_for_selector("[data-name=report-saved]")
    handset.wait_sent()
    ((_, photos),) = reports_of(live, person)
    assert [photo.state for photo in photos] == ["stored"]
    assert pixels(live, photos[0])[590:610, 700:900].std() > 60


def test_a_photo_counts_as_not_sent_until_the_server_has_it(
    handset: Handset, live: Any, picture: str
) -> None:
    handset.context.add_init_script(NO_WORKER_SYNC)
    person = on_duty(handset, live, "补发")
    page = handset.page
    handset.context.route("**/api/v1/field/photos/*", lambda route: route.abort())
    as_far_as_the_end(page)
    take(page, picture)
    page.click("[data-name=blur-none]")
    page.wait_for_selector("[data-name=report-save]:not([disabled])")
    page.click("[data-name=report-save]")
    until(page, "() => document.querySelector('[data-name=sending]').dataset.count === '1'")
    ((_, photos),) = reports_of(live, person)
    assert [photo.state for photo in photos] == ["awaited"]
    to(page, "")
    page.evaluate("() => { location.hash = '#/outbox' }")
    page.wait_for_selector("[data-name=photos-waiting]")
    handset.context.unroute("**/api/v1/field/photos/*")
    handset.send_now()
    ((_, photos),) = reports_of(live, person)
    assert [photo.state for photo in photos] == ["stored"]


def test_arrows_and_space_blur_without_a_finger(handset: Handset, live: Any, picture: str) -> None:
    on_duty(handset, live, "键盘")
    page = handset.page
    as_far_as_the_end(page)
    take(page, picture)
    page.focus("[data-name=blur]")
    for key in ("ArrowRight", "ArrowDown", "Space"):
        page.keyboard.press(key)
    page.wait_for_selector("[data-name=blur-done]")
    page.click("[data-name=blur-undo]")
    page.wait_for_selector("[data-name=blur-none]")
    page.click("[data-name=blur-drop]")
    page.wait_for_selector("[data-name=report-sum]")
    assert kept(page, "photos") == []


def test_a_full_phone_says_so_before_the_camera_and_takes_the_report_without(
    handset: Handset, live: Any
) -> None:
    handset.context.add_init_script(
        "navigator.storage.estimate = async () => ({ quota: 10_000_000, usage: 9_900_000 });"
    )
    person = on_duty(handset, live, "存满")
    page = handset.page
    as_far_as_the_end(page)
    page.wait_for_selector("[data-name=no-room]")
    assert page.locator("[data-name=camera]").count() == 0
    page.click("[data-name=report-save]")
    page.wait_for_selector("[data-name=report-saved]")
    handset.wait_sent()
    assert len(reports_of(live, person)) == 1


def a_month_later(page: Page) -> None:
    """As if what became of each report had been said 31 days ago."""
    page.evaluate(
        """() => new Promise((done) => {
             const open = indexedDB.open("xunfang");
             open.onsuccess = () => {
               const tx = open.result.transaction("items", "readwrite");
               tx.objectStore("items").getAll().onsuccess = (e) => {
                 for (const row of e.target.result) {
                   if (row.kind === "report") {
                     tx.objectStore("items").put({ ...row, state_at: Date.now() - 31 * 86_400_000 });
                   }
                 }
               };
               tx.oncomplete = () => { open.result.close(); done(); };
             };
           })"""
    )


def test_the_photos_of_a_refused_report_count_as_nothing_and_go_with_it(
    handset: Handset, live: Any, picture: str
) -> None:
    """They wait for second thoughts, for as long as the report itself is shown."""
    handset.context.add_init_script(NO_WORKER_SYNC)
    on_duty(handset, live, "不收")
    page = handset.page
    sent: list[str] = []
    page.on("request", lambda r: sent.append(r.url) if "/field/photos/" in r.url else None)
    handset.context.route("**/api/v1/field/sync", takes_nothing)
    as_far_as_the_end(page)
    take(page, picture)
    page.click("[data-name=blur-none]")
    page.click("[data-name=report-save]:not([disabled])")
    page.wait_for_selector("[data-name=report-saved]")
    to(page, "")
    page.wait_for_selector("[data-name=my-report][data-state=refused]")
    handset.wait_sent()
    assert [photo["state"] for photo in kept(page, "photos")] == ["cleared"] and sent == []
    a_month_later(page)
    page.reload()
    for _ in range(300):
        if not kept(page, "photos"):
            break
        page.wait_for_timeout(100)
    assert kept(page, "photos") == [] and sent == []
    assert [row for row in kept(page, "items") if row["kind"] == "report"] == []


# --- where ----------------------------------------------------------------------------------------


def test_off_duty_no_position_is_asked_for_and_the_list_does(handset: Handset, live: Any) -> None:
    login, person = new_member(live, "下班")
    signed_in(handset, login)
    page = handset.page
    page.click(".bar a:nth-child(3)")
    page.click("[data-name=kind-road]")
    page.click("[data-name=phrase-cover_missing]")
    page.wait_for_selector("[data-name=spot]")
    assert page.locator("[data-name=place-here]").count() == 0
    page.locator("[data-name=spot]").nth(1).click()
    page.click("[data-name=report-save]")
    page.wait_for_selector("[data-name=report-saved]")
    handset.wait_sent()
    assert positions(handset) == {"asked": 0, "watched": 0, "heard": 0, "open": 0}
    (item,) = inbox(live, person, "report")
    assert set(item.body) == {"category", "phrase", "checkpoint_id"}
    ((report, _),) = reports_of(live, person)
    assert report.how == "checkpoint" and report.place is not None


@pytest.mark.shows_map
def test_a_place_is_chosen_under_the_pin_of_the_map(handset: Handset, live: Any) -> None:
    person = on_duty(handset, live, "地图")
    page = handset.page
    to(page, "")
    page.click("[data-name=kind-road]")
    page.click("[data-name=phrase-rail_broken]")
    page.click("[data-name=place-map]")
    page.wait_for_selector("[data-name=place-map-box][data-state=shown]", timeout=40_000)
    box = page.locator("[data-name=place-map-box]").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 200, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 100, steps=5)
    page.mouse.up()
    page.click("[data-name=map-take]")
    page.click("[data-name=report-save]")
    page.wait_for_selector("[data-name=report-saved]")
    handset.wait_sent()
    (item,) = inbox(live, person, "report")
    assert item.body["place"]["how"] == "dragged" and "accuracy_m" not in item.body["place"]


def test_without_a_map_the_list_is_offered(handset: Handset, live: Any) -> None:
    handset.context.add_init_script(NO_WEBGL)
    on_duty(handset, live, "无图")
    page = handset.page
    to(page, "")
    page.click("[data-name=kind-road]")
    page.click("[data-name=phrase-rail_broken]")
    page.click("[data-name=place-map]")
    page.wait_for_selector("[data-name=no-map]")
    page.click("main .button.main")
    page.wait_for_selector("[data-name=spot]")
    handset.said.clear()  # the map library says that there is no WebGL


# --- words ----------------------------------------------------------------------------------------


def test_words_about_a_person_are_not_saved_and_the_report_is(handset: Handset, live: Any) -> None:
    person = on_duty(handset, live, "文明")
    page = handset.page
    as_far_as_the_end(page)
    page.fill("[name=text]", "有个人说打 13912345678")
    page.wait_for_selector("[data-name=gentle][data-found='call_number person']")
    assert page.locator("[data-name=report-save]").count() == 0
    page.click("[data-name=edit-words]")
    expect(page.locator("[name=text]")).to_be_focused()
    page.fill("[name=text]", "第三根灯杆")
    page.wait_for_selector("[data-name=report-save]")
    page.fill("[name=text]", "打 13912345678")
    page.click("[data-name=save-without]")
    page.wait_for_selector("[data-name=report-saved]")
    handset.wait_sent()
    (item,) = inbox(live, person, "report")
    assert "text" not in item.body
    assert "13912345678" not in json.dumps([kept(page, store) for store in ("items", "drafts")])


def test_a_report_that_the_server_did_not_take_is_edited_and_sent_anew(handset: Handset, live: Any) -> None:
    handset.context.add_init_script(NO_WORKER_SYNC)
    person = on_duty(handset, live, "改写")
    page = handset.page
    handset.context.route("**/api/v1/field/sync", takes_nothing)
    as_far_as_the_end(page)
    page.fill("[name=text]", "第三根灯杆")
    page.click("[data-name=report-save]")
    page.wait_for_selector("[data-name=report-saved]")
    to(page, "")
    page.wait_for_selector("[data-name=my-report][data-state=refused]")
    handset.context.unroute("**/api/v1/field/sync")
    page.click("[data-name=edit-report]")
    page.wait_for_selector("[data-name=report-sum]")
    assert page.input_value("[name=text]") == "第三根灯杆"
    page.fill("[name=text]", "第四根灯杆")
    page.click("[data-name=report-save]")
    page.wait_for_selector("[data-name=report-saved]")
    handset.wait_sent()
    assert [row["state"] for row in kept(page, "items") if row["kind"] == "report"] == ["acked"]
    assert [item.body["text"] for item in inbox(live, person, "report")] == ["第四根灯杆"]


# --- for everybody --------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark", "night"])
def test_no_part_has_serious_axe_findings_and_nothing_is_cut_at_200_percent(
    handset: Handset, live: Any, picture: str, theme: str
) -> None:
    handset.context.add_init_script(f"localStorage.setItem('xunfang.theme', '{theme}')")
    on_duty(handset, live, "可读")
    page = handset.page
    page.on("dialog", lambda d: d.accept())
    as_far_as_the_end(page)
    take(page, picture)
    parts = ("?part=blur&photo=" + page.url.split("photo=")[1], "", "?part=call", "?part=phrase", "?part=place",
             "?part=place&how=list", "?part=finish", "?part=saved")  # fmt: skip
    page.evaluate("() => { location.hash = '#/report?part=finish' }")
    page.wait_for_selector("[name=text]")
    page.fill("[name=text]", "有个人在这里")
    found: list[str] = []
    for size in ("normal", "double"):
        page.evaluate("(size) => { document.documentElement.dataset.text = size }", size)
        for part in parts:
            to(page, part)
            page.wait_for_timeout(400)
            if size == "normal":
                found += findings(handset, part)
            found += page.evaluate(SMALL) + page.evaluate(CUT)
            wider = page.evaluate(WIDER)
            assert wider <= 0, f"{part} at {size}: {wider} px too wide"
    assert not found, "\n".join(found)
