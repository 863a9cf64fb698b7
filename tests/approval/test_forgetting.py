"""Retention with the rights of its own role: the words of an objection go, its answer stays."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from app.approval.models import PointNotice, PointObjection
from app.db import db
from app.field import retention
from tests import make
from tests.approval.worked import NOVEMBER
from tests.field.forgetful import open_town

CANARY = "第三班少算了半小时"
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def ground():
    with open_town() as found:
        yield found


@pytest.fixture
def town(ground, at):
    for table in ("point_objections", "point_notices"):
        ground.owner.execute(f"DELETE FROM {table}")
    ground.begin_anew(at)
    yield ground
    db.session.rollback()


def add(town, **more):
    people, at = town.people, town.starts_at
    where = {"township_id": people.town.township.id, "month": NOVEMBER}
    if db.session.get(PointNotice, tuple(where.values())) is None:
        make.save(
            PointNotice(
                **where, opened_by=people.reviewer.id, opened_at=at, last_on=make.DAY, closes_at=at + HOUR,
                working_days=5,
            )
        )  # fmt: skip
    values = {"id": uuid4(), "person_id": people.member.id, "text": CANARY, "made_at": at, "due_on": make.DAY}
    return make.save(PointObjection(**where, **values, **more)).id


def test_the_words_go_90_days_after_the_answer_and_the_answer_stays(town):
    town_id = town.people.town.township.id
    answered = {"state": "rejected", "answer": "已核对", "answered_by": town.people.reviewer.id}
    done, waits = add(town, **answered, answered_at=town.starts_at + HOUR), add(town)
    town.forget(90)
    assert db.session.get(PointObjection, (town_id, done)).text == CANARY
    counts = town.forget(91)
    assert counts[retention.OBJECTION.where] == 1
    db.session.expire_all()
    found, open_ = (db.session.get(PointObjection, (town_id, one)) for one in (done, waits))
    assert (found.text, found.answer, open_.text) == (None, "已核对", CANARY)
    assert town.forget(92)[retention.OBJECTION.where] == 0
