"""Two PINs in a real browser: nothing that the phone shows, keeps or sends tells which one it was."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page

from app.alarms import pins
from app.db import db
from tests.browser.phone_page import (
    Handset,
    new_member,
    no_server,
)
from tests.browser.sos import (
    PIN,
    SECOND,
    WRONG,
    calls_of,
    confirm,
    dump,
    see,
    type_pin,
    with_pins,
)
from tests.browser.test_phone_pages import findings, signed_in

pytestmark = pytest.mark.browser


# --- the PIN --------------------------------------------------------------------------------------

COUNT_BUZZES = "window.__buzzed = []; navigator.vibrate = (p) => { window.__buzzed.push(p); return true }"


RANDOM = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}", "uuid"),
    (r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+\d\d:\d\d)", "time"),
    (r"\bv\d+\.\d+\.[\w-]+", "anchor"),
    (r"\bp[0-9a-f]{8}\b", "login"),
    (r"[0-9a-f]{32,}", lambda found: f"hex({len(found[0])})"),
    (r"\d+(?!\d*\))", "0"),
)


def shape(value: Any) -> Any:
    """What is left when everything random, counted or timed is covered."""
    if isinstance(value, dict):
        return {shape(key): shape(inner) for key, inner in sorted(value.items())}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return "number"
    for sign, cover in RANDOM:
        value = re.sub(sign, cover, value)
    return value


def seen(page: Page) -> list[str]:
    """All words of the screen and of Sent / not sent."""
    found = [page.inner_text("body")]
    page.evaluate("() => { location.hash = '#/outbox' }")
    page.wait_for_selector("[data-name=outbox]")
    page.evaluate("() => { for (const d of document.querySelectorAll('details')) d.open = true }")
    found.append(page.inner_text("body"))
    found.append(page.evaluate("() => document.title + document.getElementById('spoken').textContent"))
    return found


def phone_after(handset: Handset, login: str, pin: str) -> tuple[Any, list[str]]:
    """A call ended and an OK said with this PIN; then everything that can be found on the phone."""
    handset.context.add_init_script(
        "window.__buzzed = []; navigator.vibrate = (p) => { window.__buzzed.push(p); return true }"
    )
    signed_in(handset, login)
    handset.start_duty()
    handset.wait_sent()
    page = handset.page
    handset.open("sos")
    page.click("[data-name=fine]")
    type_pin(page, pin)
    page.locator("main [role=status]", has_text="已记下").wait_for()
    handset.wait_sent()
    confirm(page)
    see(page, "sent")
    page.click("[data-name=sos-end]")
    type_pin(page, pin)
    page.wait_for_selector("[data-name=sos-over]")
    handset.wait_sent()
    words = [page.inner_text("body"), json.dumps(page.evaluate("() => window.__buzzed"))]
    with page.expect_response("**/api/v1/field/alarms"):  # what the server says of it later, too
        page.reload()
    page.wait_for_selector("[data-name=sos-over]")
    page.wait_for_timeout(1_000)
    words += seen(page)
    return dump(page), [re.sub(r"\d+", "0", text) for text in words]


def covered(found: dict[str, Any]) -> Any:
    """Tracks and positions go their own way; counts of fixes say nothing about a PIN."""
    kept = {name: rows for name, rows in found.items() if name != "track"}
    for _, row in kept["plan"]:  # the other phones' shifts are in the same team
        row["plan"]["shifts"] = [shift for shift in row["plan"]["shifts"] if shift["mine"]]
        ids = {str(shift["id"]) for shift in row["plan"]["shifts"]}
        row["plan"]["alarm"]["lone"] = {k: v for k, v in row["plan"]["alarm"]["lone"].items() if k in ids}
    kept["items"] = [
        row for _, row in sorted(kept["items"], key=lambda r: r[1]["seq"]) if row["kind"] != "segment"
    ]
    return shape(kept)


def lines(found: Any) -> list[str]:
    return json.dumps(found, ensure_ascii=False, indent=0, sort_keys=True).splitlines()


def test_nothing_on_the_phone_says_which_pin_was_typed(live: Any, playwright: Any, tmp_path: Any) -> None:
    shapes, words = {}, {}
    members = {pin: new_member(live, "密码") for pin in (PIN, SECOND, WRONG)}
    for pin, (login, person) in members.items():
        with_pins(live, person)
        phone = Handset(playwright, tmp_path / pin, live.url)
        try:
            found, words[pin] = phone_after(phone, login, pin)
            shapes[pin] = covered(found)
            assert phone.said == []
        finally:
            phone.kill()
        assert len(calls_of(live, person, "duress")) == (1 if pin == SECOND else 0) * 2
        assert [c.state for c in calls_of(live, person)] == ["open" if pin == WRONG else "cancelled"]
    text = json.dumps(shapes[PIN], ensure_ascii=False)
    assert "hex(64)" in text and '"sos.cancel"' in text, "the reader is blind"
    (said,) = [row for row in shapes[PIN]["items"] if row["kind"] == "ok"]
    assert "fix" in said["envelope"]["body"], "an OK does not say where"
    for other in (SECOND, WRONG):
        assert lines(shapes[other]) == lines(shapes[PIN])
    assert words[PIN] == words[SECOND] == words[WRONG]
    assert any("您在 0 结束" in text.replace("0:0", "0") for text in words[PIN])


def test_both_pins_are_set_one_step_a_screen(handset: Handset, live: Any) -> None:
    login, person = new_member(live, "设密码")
    signed_in(handset, login)
    page = handset.open("pin")
    page.click("[data-name=pin-begin]")
    type_pin(page, "1111")
    type_pin(page, "1112")
    page.locator("[role=alert]", has_text="两次不一样").wait_for()
    type_pin(page, PIN)
    type_pin(page, PIN)
    page.click("[data-name=pin-next]")
    type_pin(page, PIN)
    page.locator("[role=alert]", has_text="不同").wait_for()
    type_pin(page, SECOND)
    type_pin(page, SECOND)
    assert findings(handset, "pin") == []
    with no_server(live):
        page.click("[data-name=pin-save]")
        page.locator("[role=alert]", has_text="没有信号").wait_for()
    page.click("[data-name=pin-save]")
    page.wait_for_selector("[data-name=pin-set]")
    text = json.dumps(dump(page))
    assert PIN not in re.findall(r"\b\d{4}\b", text) and SECOND not in re.findall(r"\b\d{4}\b", text)
    with live.app.app_context():
        assert pins.derivation_of(person) is not None
        db.session.remove()
    handset.open("today")
    handset.start_duty()
    handset.open("pin")
    page.wait_for_selector("[data-name=pin-on-duty]")
