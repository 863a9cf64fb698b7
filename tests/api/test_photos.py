"""One photo of a place: what is taken, what leaves it, and what is refused within its limits."""

from __future__ import annotations

import io
import struct
import zlib
from uuid import uuid4

import pytest
from PIL import Image
from sqlalchemy import func, select, text

from app.clock import rfc3339
from app.db import db
from app.geofiles import photos
from app.incidents.models import IncidentPhoto
from tests import make
from tests.phone import Phone

JPEG = {"Content-Type": "image/jpeg"}


@pytest.fixture(autouse=True)
def media(app, tmp_path, monkeypatch):
    """Files go to a folder of the test."""
    from dataclasses import replace

    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], media=str(tmp_path)))
    return tmp_path


def picture(width=800, height=600, kind="JPEG", colour=(200, 40, 40), **more):
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, kind, **more)
    return out.getvalue()


def with_position():
    """A JPEG whose EXIF says where it was taken, and on what."""
    exif = Image.Exif()
    exif[0x010F] = "Canary Phone"
    exif.get_ifd(0x8825).update({1: "N", 2: (30.0, 35.0, 12.0), 3: "E", 4: (114.0, 18.0, 33.0)})
    return picture(exif=exif, icc_profile=b"canary profile", comment=b"canary comment")


def address(photo_id=None):
    return f"/api/v1/field/photos/{photo_id or uuid4()}"


def put(caller, data, photo_id=None, kind="image/jpeg", **more):
    return caller.put(address(photo_id), data=data, headers={"Content-Type": kind}, **more)


def code_of(answer):
    assert answer.content_type == "application/problem+json", answer.get_data(as_text=True)
    return answer.status_code, answer.get_json()["code"]


@pytest.fixture
def member(people, evening, as_person):
    return as_person(people.member)


def reported(people, sync, caller, person, photo_ids):
    phone = Phone(person, make.EVENING)
    body = {"category": "road", "phrase": "light_out", "photo_ids": [str(one) for one in photo_ids]}
    item = phone.item("report", body)
    assert sync(caller, [item], make.EVENING)[item["id"]]["result"] == "stored"
    return item["id"]


# --- what is taken --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "kind"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")]
)
def test_a_photo_of_each_kind_is_kept_as_jpeg(member, form, kind):
    photo_id = uuid4()
    answer = put(member, picture(kind=form), photo_id, kind)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.get_json() == {"id": str(photo_id), "state": "stored", "width": 800, "height": 600}
    back = member.get(address(photo_id))
    assert back.content_type == "image/jpeg" and back.headers["Cache-Control"] == "private, no-store"
    seen = Image.open(io.BytesIO(back.get_data()))
    assert seen.format == "JPEG" and seen.getpixel((400, 300))[0] > 180


def test_position_device_profile_and_comment_are_gone(member, media):
    photo_id = uuid4()
    data = with_position()
    assert Image.open(io.BytesIO(data)).getexif().get_ifd(0x8825), (
        "the picture says nothing: the test is blind"
    )
    put(member, data, photo_id)
    (file,) = media.rglob("*.jpg")
    kept = Image.open(file)
    assert not dict(kept.getexif()) and "exif" not in kept.info and "icc_profile" not in kept.info
    assert "comment" not in kept.info and b"anary" not in file.read_bytes()


def test_a_picture_taken_on_its_side_stands_upright_without_its_note(member):
    exif = Image.Exif()
    exif[0x0112] = 6
    answer = put(member, picture(800, 600, exif=exif))
    assert (answer.get_json()["width"], answer.get_json()["height"]) == (600, 800)


def test_a_large_picture_is_made_smaller(member):
    answer = put(member, picture(5000, 4000))
    assert (answer.get_json()["width"], answer.get_json()["height"]) == (1600, 1280)


def test_what_is_transparent_becomes_white_and_tells_nothing_of_what_was_under_it(member):
    photo_id, out = uuid4(), io.BytesIO()
    Image.new("RGBA", (50, 50), (10, 200, 30, 0)).save(out, "PNG")
    put(member, out.getvalue(), photo_id, "image/png")
    seen = Image.open(io.BytesIO(member.get(address(photo_id)).get_data()))
    assert all(value > 250 for value in seen.getpixel((25, 25)))


def test_the_same_photo_twice_is_one_and_the_first_stays(member, media):
    photo_id = uuid4()
    first = put(member, picture(colour=(255, 0, 0)), photo_id)
    again = put(member, picture(colour=(0, 0, 255)), photo_id)
    assert (first.status_code, again.status_code) == (200, 200) and first.get_json() == again.get_json()
    seen = Image.open(io.BytesIO(member.get(address(photo_id)).get_data()))
    assert seen.getpixel((400, 300))[0] > 200
    assert db.session.scalar(select(func.count()).select_from(IncidentPhoto)) == 1
    assert len(list(media.rglob("*.jpg"))) == 1


@pytest.mark.parametrize("first", ["photo", "report"])
def test_photo_and_report_find_each_other_whichever_comes_first(people, member, sync, first):
    photo_id = uuid4()
    if first == "photo":
        put(member, picture(), photo_id)
    report_id = reported(people, sync, member, people.member, [photo_id])
    if first == "report":
        assert member.get(address(photo_id)).status_code == 404
        put(member, picture(), photo_id)
    (report,) = member.get("/api/v1/field/reports").get_json()["reports"]
    assert report["id"] == report_id and report["photos"] == [{"id": str(photo_id), "state": "stored"}]


# --- what is refused ------------------------------------------------------------------------------


def png_of(width, height, rows=b""):
    """A PNG whose header promises more than it is."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(rows, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def text_bomb():
    packed = zlib.compress(b"0" * 80_000_000, 9)
    data = b"Comment\0\0" + packed
    chunk = struct.pack(">I", len(data)) + b"zTXt" + data + struct.pack(">I", zlib.crc32(b"zTXt" + data))
    whole = png_of(10, 10, b"\0" + b"\0" * 30)
    return whole[:33] + chunk + whole[33:]


REFUSED = {
    "no picture": (b"%PDF-1.7 hello", "image/jpeg", 415, "photo_no_picture"),
    "nothing": (b"", "image/jpeg", 415, "photo_no_picture"),
    "a page that calls itself a picture": (b"<svg onload=alert(1)>", "image/png", 415, "photo_no_picture"),
    "a GIF": (picture(kind="GIF"), "image/jpeg", 415, "photo_no_picture"),
    "a TIFF": (picture(kind="TIFF"), "image/jpeg", 415, "photo_no_picture"),
    "another type of body": (picture(), "application/octet-stream", 415, "photo_no_picture"),
    "a form": (picture(), "multipart/form-data; boundary=x", 415, "photo_no_picture"),
    "cut off": (picture(2000, 2000, quality=95)[:-4000], "image/jpeg", 422, "photo_unreadable"),
    "a header and nothing behind": (picture()[:640], "image/jpeg", 422, "photo_unreadable"),
    "25.01 megapixels": (png_of(5001, 5001), "image/png", 422, "photo_too_many_pixels"),
    "a bomb of 2,500 megapixels": (png_of(50_000, 50_000), "image/png", 422, "photo_too_many_pixels"),
    "a picture of no height": (png_of(0, 100), "image/png", 415, "photo_no_picture"),
    "one that unpacks to more than its size": (png_of(1000, 1000, b"\0" * 60_000_000), "image/png", 0, ""),
    "a comment that unpacks to 80 MB": (text_bomb(), "image/png", 0, ""),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_good_photo_is_refused_with_its_code(member, media, name):
    data, kind, status, code = REFUSED[name]
    answer = put(member, data, kind=kind)
    if status:
        assert code_of(answer) == (status, code)
    else:  # refused, or taken for the little picture that it is: never a 500, and within the limits
        assert answer.status_code in (200, 415, 422)
    if answer.status_code != 200:
        assert not list(media.rglob("*.jpg"))
        assert db.session.scalar(select(func.count()).select_from(IncidentPhoto)) == 0


def test_more_than_six_megabytes_are_not_even_looked_at(member, monkeypatch):
    monkeypatch.setattr(photos, "Child", None)
    answer = put(member, b"\xff\xd8\xff" + b"0" * 6_000_000)
    assert code_of(answer) == (413, "photo_too_large")


def test_a_picture_that_takes_too_much_memory_dies_in_the_child(monkeypatch):
    monkeypatch.setitem(photos.LIMITS, "memory_mb", 90)
    with pytest.raises(photos.PhotoRefused) as refused:
        photos.redraw(picture(4900, 5000, "PNG"))
    assert refused.value.code == "photo_unreadable"


def test_a_full_disk_is_said_so_that_the_phone_tries_again(app, member, media, monkeypatch):
    from dataclasses import replace

    blocked = media / "blocked"
    blocked.write_text("a file where the folder should be")
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], media=str(blocked)))
    assert code_of(put(member, picture())) == (503, "unavailable")
    assert db.session.scalar(select(func.count()).where(IncidentPhoto.state == "stored")) == 0


def test_the_hundred_and_twenty_first_in_an_hour_waits(member, people, evening):
    db.session.execute(
        text(
            "INSERT INTO rate_counts (key, window_at, n)"
            " VALUES (:k, date_trunc('hour', CAST(:t AS timestamptz)), 120)"
        ),
        {"k": f"photos:{people.member.id}", "t": rfc3339(evening)},
    )  # fmt: skip
    answer = put(member, picture())
    assert code_of(answer) == (429, "too_many_photos") and int(answer.headers["Retry-After"]) > 0


# --- who ------------------------------------------------------------------------------------------


def test_it_needs_a_sign_in_and_our_header(client, member):
    assert put(client, picture()).status_code == 401
    assert put(member, picture(), bare=True).status_code == 400
    assert client.get(address()).status_code == 401


def test_an_id_of_somebody_else_is_not_there_and_stays_theirs(people, member, as_person, sync):
    photo_id = uuid4()
    put(member, picture(colour=(255, 0, 0)), photo_id)
    reported(people, sync, member, people.member, [photo_id])
    for stranger in (people.mate, people.outsider):
        caller = as_person(stranger)
        assert code_of(put(caller, picture(), photo_id)) == (404, "not_found")
        assert caller.get(address(photo_id)).status_code == 404
        # Naming it in an own report does not help.
        reported(people, sync, caller, stranger, [photo_id])
        assert caller.get(address(photo_id)).status_code == 404
    assert member.get("/api/v1/field/reports").get_json()["reports"][0]["photos"][0]["state"] == "stored"


def test_the_teams_leader_and_the_townships_reviewer_see_it_once_its_report_is_there(
    people, member, as_person, sync
):
    photo_id = uuid4()
    put(member, picture(), photo_id)
    above = [as_person(people.leader), as_person(people.reviewer), as_person(people.admin)]
    assert [caller.get(address(photo_id)).status_code for caller in above] == [404, 404, 404]
    reported(people, sync, member, people.member, [photo_id])
    assert [caller.get(address(photo_id)).status_code for caller in above] == [200, 200, 200]


def test_a_leader_of_elsewhere_does_not_see_it(people, member, as_person, sync):
    photo_id = uuid4()
    put(member, picture(), photo_id)
    reported(people, sync, member, people.member, [photo_id])
    stranger = make.make_person("外镇队长", people.other.township)
    make.grant(stranger, "leader", team=people.other.team)
    assert as_person(stranger).get(address(photo_id)).status_code == 404


def test_an_id_that_is_no_id_is_not_found(member):
    assert (
        member.put("/api/v1/field/photos/../../etc/passwd", data=picture(), headers=JPEG).status_code == 404
    )
    assert member.get("/api/v1/field/photos/1").status_code == 404
