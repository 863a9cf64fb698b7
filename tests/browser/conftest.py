"""Debian's Chromium for the browser tests. `make test` installs it; where it is missing the tests fail and say so."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.phone_page import CHROMIUM, NO_MAP, Handset

FAILED = pytest.StashKey[bool]()
RERUNS = int(os.environ.get("XUNFANG_RERUNS", "2"))


@pytest.fixture(scope="module")
def playwright() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.fail("no Chromium on this machine: `make test` installs it")
    with sync_playwright() as running:
        yield running


@pytest.fixture
def handset(request: pytest.FixtureRequest, playwright: Any, live: Any, tmp_path: Path) -> Iterator[Handset]:
    """A phone of its own at the running server; what its console says is a failure."""
    live.be_there()
    flags = [] if request.node.get_closest_marker("shows_map") else NO_MAP
    phone = Handset(playwright, tmp_path / "profile", live.url, flags=flags)
    yield phone
    if request.node.stash.get(FAILED, False):
        with suppress(Exception):  # a browser that a test has killed shows nothing
            print(phone.page.url, phone.said, phone.page.inner_text("body"), sep="\n")
    phone.kill()
    assert phone.said == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test in Chromium waits for what people would wait for; on a machine that does much else at once it may give up
    too early. Only then is it asked again, twice at most, and pytest's last line says how often (`rerun`). What it
    asserts is asked once: a phone that loses something has lost it."""
    for item in items:
        if item.nodeid.startswith("tests/browser/"):
            item.add_marker(pytest.mark.flaky(reruns=RERUNS, only_rerun=["TimeoutError"]))
