"""What the rest of this folder measures came over HTTP, as from phones."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from app.db import db
from app.demo.duties import CLOCK_AHEAD_S, WHERE
from app.field.models import InboxItem
from tests.demo.conftest import Told


def test_every_item_was_stored_once_and_a_duplicate_when_it_came_again(told: Told) -> None:
    twice = told.book.ids.people[WHERE["sent_twice"]]
    authors = {row.id: row.author_id for row in inbox()}
    assert twice in authors.values()
    assert told.phones.receipts == {
        id_: ["stored", "duplicate"] if author == twice else ["stored"] for id_, author in authors.items()
    }


def test_each_phone_was_signed_in_as_its_member_and_carried_the_anchor_of_its_plan(told: Told) -> None:
    assert all(row.session_person_id == row.author_id and row.anchor_at is not None for row in inbox())


def test_a_batch_says_when_it_was_sent_by_the_phones_own_clock(told: Told) -> None:
    wrong = told.book.ids.people[WHERE["wrong_clock"]]
    ahead = {(row.author_id == wrong, row.sent_at - row.received_at) for row in inbox()}
    assert ahead == {(False, timedelta()), (True, timedelta(seconds=CLOCK_AHEAD_S))}


def inbox() -> list[InboxItem]:
    return list(db.session.scalars(select(InboxItem)))
