"""Redemption by itself: orders that nobody came for, points that come to their end, certificates on paper."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import segno
from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from app import clock
from app.accounts.models import Person
from app.areas.models import Area
from app.db import db
from app.exports.paper import pdf_of
from app.jobs.queue import BACK_OFF, QUEUE, queue
from app.jobs.tasks import _one_by_one, every
from app.redemption import operations, queries, rules
from app.redemption.models import Certificate

LAPSES_AT_ONCE = 500
TEMPLATE = "print/certificate.html"


@every("21 * * * *", "lapse_orders")
def lapse_orders(timestamp: int) -> None:
    """What was not collected in time goes back: points to the member, the piece to the shelf."""
    now = clock.now()
    _one_by_one(
        queries.orders_not_collected(now, LAPSES_AT_ONCE), lambda key: operations.lapse(key[0], key[1], now)
    )


@every("34 19 * * *", "expire_points")
def expire_points(timestamp: int) -> None:
    """Every night: points whose months are over."""
    now = clock.now()
    _one_by_one(operations.may_expire(now), lambda key: operations.expire(key[0], key[1], now))


@queue.task(name=queries.PRINT, queue=QUEUE, retry=BACK_OFF, lock="print_certificate")
def print_certificate(township_id: int, certificate_id: int) -> None:
    """Once; what it says was fixed when it was issued."""
    row = queries.certificate_at(township_id, certificate_id)
    if row is None or row.code is None or row.pdf is not None:
        return
    with force_locale(row.language):
        row.pdf = pdf_of(page_of(row), "certificate.css")
    db.session.commit()


def page_of(row: Certificate) -> str:
    """The certificate as one page of HTML, whole in itself."""
    township = db.session.get_one(Area, row.township_id)
    person = db.session.get_one(Person, row.person_id)
    address = f"{current_app.extensions['settings'].public_url}/verify/{row.code}"
    assert row.code is not None and row.decided_at is not None
    issued_on = row.decided_at.astimezone(ZoneInfo(township.time_zone)).date()
    return current_app.jinja_env.get_template(TEMPLATE).render(
        row=row, language=row.language, township=township, person=person, hours=rules.hours_words, day=day_words,
        issued_on=issued_on, address=address, picture=picture_of(address), code=rules.in_groups(row.code),
        number=_("certificate.number_of", name=township.name, year=row.year, number=row.number),
    )  # fmt: skip


def day_words(day: date) -> str:
    return _("certificate.day", year=day.year, month=day.month, day=day.day)


def picture_of(text: str) -> str:
    """A QR code as a picture inside the page."""
    return str(segno.make(text, error="m", micro=False).svg_data_uri(border=2, light="#fff", scale=4))
