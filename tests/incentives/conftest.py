"""One database for all races of rows; each test has a cast of its own in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from app.db import db
from tests.racing import World, new_world, room


@pytest.fixture(scope="module")
def rows_room() -> Iterator[tuple[Flask, str]]:
    with room("rows") as found:
        yield found


@pytest.fixture
def world(rows_room: tuple[Flask, str]) -> Iterator[World]:
    yield new_world(*rows_room)
    db.session.remove()
