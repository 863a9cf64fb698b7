"""Retention of reports with the rights of its own role: words and photos go, place and outcome stay."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from app.db import db
from app.field import retention
from app.incidents import forgetting, media, operations
from app.incidents.models import Incident, IncidentPhoto
from app.teams.scope import scope_of
from tests.field.forgetful import open_town
from tests.phone import Phone

CANARY = "第三根灯杆"
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def ground():
    with open_town() as found:
        yield found


@pytest.fixture
def town(ground, at):
    for table in ("incident_photos", "incidents"):
        ground.owner.execute(f"DELETE FROM {table}")
    ground.begin_anew(at)
    yield ground
    db.session.rollback()


@pytest.fixture
def closed(town, tmp_path):
    """A report with words and a photo, closed an hour after it was made: (report, photo)."""
    person, photo_id = town.people.member, uuid4()
    body = {"category": "road", "phrase": "light_out", "text": CANARY, "photo_ids": [str(photo_id)]}
    item = Phone(person, town.starts_at).item("report", body)
    town.send(person, [item], town.starts_at)
    photo = db.session.get(IncidentPhoto, (town.people.town.township.id, photo_id))
    media.write(str(tmp_path), photo.township_id, photo.id, b"jpg")
    operations.keep_photo(photo, b"jpg", 1, 1, town.starts_at)
    leader = town.people.leader
    operations.decide(leader, scope_of(leader), UUID(item["id"]), "close", "mended", town.starts_at + HOUR)
    db.session.commit()
    return (photo.township_id, UUID(item["id"])), (photo.township_id, photo_id)


def test_words_and_photo_go_90_days_after_closing_and_the_rest_stays(town, closed, tmp_path):
    report, photo = closed
    town.forget(90)
    assert db.session.get(Incident, report).text == CANARY
    counts = town.forget(91)
    assert counts[retention.REPORT.where] == 1 and counts[retention.PHOTO.where] == 1
    db.session.expire_all()
    found, picture = db.session.get(Incident, report), db.session.get(IncidentPhoto, photo)
    assert (found.text, found.phrase, found.closing) == (None, "light_out", "mended")
    assert (picture.state, picture.sha256) == ("forgotten", None)
    assert CANARY not in town.dump()
    with town.narrow.app_context():
        assert forgetting.sweep(str(tmp_path), town.starts_at + timedelta(days=40_000)) == 1
        db.session.remove()
    assert media.read(str(tmp_path), *photo) is None


def test_looking_only_changes_nothing(town, closed):
    def undo():
        db.session.rollback()

    assert town.forget(91, undo)[retention.REPORT.where] == 1
    assert db.session.get(Incident, closed[0]).text == CANARY


def test_a_photo_whose_report_never_came_goes_after_seven_days(town, closed):
    db.session.get(IncidentPhoto, closed[1]).incident_id = None
    db.session.commit()
    town.forget(7)
    assert town.count("incident_photos") == 1
    town.forget(7.1)
    assert town.count("incident_photos") == 0
