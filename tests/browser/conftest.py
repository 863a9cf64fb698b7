"""Debian's Chromium for the browser tests. `make test` installs it; where it is missing the tests fail and say so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.phone_page import CHROMIUM, Handset


@pytest.fixture(scope="module")
def playwright() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.fail("no Chromium on this machine: `make test` installs it")
    with sync_playwright() as running:
        yield running


@pytest.fixture
def handset(playwright: Any, live: Any, tmp_path: Path) -> Iterator[Handset]:
    """A phone of its own at the running server; what its console says is a failure."""
    phone = Handset(playwright, tmp_path / "profile", live.url)
    yield phone
    phone.kill()
    assert phone.said == []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test in Chromium waits for what people would wait for; on a machine that does much else at once it may give up
    too early. It is asked again, twice at most, and pytest's last line says how often (`rerun`)."""
    for item in items:
        if item.nodeid.startswith("tests/browser/"):
            item.add_marker(pytest.mark.flaky(reruns=2))
