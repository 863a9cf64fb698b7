"""90 days after closing the words and photos of a report are gone, from the tables and from the disk."""

from __future__ import annotations

import os
from datetime import timedelta
from uuid import uuid4

import pytest

from app.db import db
from app.incidents import forgetting, media
from app.incidents.models import Incident, IncidentPhoto
from tests import make

DAY = timedelta(days=1)


@pytest.fixture
def closed(people, evening):
    """A closed report with words and a stored photo."""
    town = people.town.township.id
    incident = make.save(
        Incident(
            township_id=town, id=uuid4(), category="road", phrase="light_out", text="第三根灯杆", state="closed",
            closing="mended", closed_at=evening, reporter_id=people.member.id, reported_at=evening, received_at=evening,
        )
    )  # fmt: skip
    photo = make.save(
        IncidentPhoto(
            township_id=town, id=uuid4(), incident_id=incident.id, author_id=people.member.id, state="stored",
            sha256=b"x" * 32, bytes=3, width=1, height=1, named_at=evening, stored_at=evening,
        )
    )  # fmt: skip
    return incident, photo


def forget(town, now):
    before = now - 90 * DAY
    counts = forgetting.forget_words(town, before), forgetting.forget_photos(town, before)
    db.session.commit()
    db.session.expire_all()
    return counts


def test_after_90_days_words_and_photo_are_gone_and_the_place_stays(closed, evening):
    incident, photo = closed
    assert forget(incident.township_id, evening + 90 * DAY) == (0, 0)
    assert forget(incident.township_id, evening + 91 * DAY) == (1, 1)
    assert (incident.text, incident.phrase, incident.closing) == (None, "light_out", "mended")
    assert (photo.state, photo.sha256, photo.bytes) == ("forgotten", None, None)
    assert forget(incident.township_id, evening + 91 * DAY) == (0, 0)


def test_what_nobody_closed_keeps_its_words_for_a_year(closed, evening):
    incident, _ = closed
    incident.state, incident.closed_at, incident.closing = "new", None, None
    db.session.commit()
    assert forget(incident.township_id, evening + 360 * DAY) == (0, 0)
    assert forget(incident.township_id, evening + 366 * DAY) == (1, 1)


def test_the_sweep_deletes_each_file_that_no_row_says_is_stored(closed, evening, tmp_path):
    incident, photo = closed
    folder, town = str(tmp_path), incident.township_id
    strange = uuid4()
    for one in (photo.id, strange):
        media.write(folder, town, one, b"jpg")
    left = media.path_of(folder, town, photo.id).with_suffix(".7.part")
    left.write_bytes(b"half")
    young = media.path_of(folder, town, uuid4())
    young.parent.mkdir(parents=True, exist_ok=True)
    young.write_bytes(b"jpg")
    for path in tmp_path.rglob("*.*"):
        age = evening if path == young else evening - 2 * DAY
        os.utime(path, (age.timestamp(), age.timestamp()))
    assert forgetting.sweep(folder, evening) == 2
    assert media.read(folder, town, photo.id) == b"jpg" and young.exists()
    assert media.read(folder, town, strange) is None and not left.exists()
    photo.state, photo.sha256 = "forgotten", None
    db.session.commit()
    assert forgetting.sweep(folder, evening) == 1 and media.read(folder, town, photo.id) is None


def test_a_sweep_of_a_folder_that_is_not_there_does_nothing(people, evening, tmp_path):
    assert forgetting.sweep(str(tmp_path / "none"), evening) == 0
