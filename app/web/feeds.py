"""Calendars: the own shifts at an address of one's own, which any calendar can fetch (RFC 5545, 7986)."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _
from icalendar import Calendar, Event

from app import clock
from app.accounts import queries
from app.accounts.models import Person
from app.accounts.operations import LIMITS, count_or_refuse, digest
from app.db import db
from app.duty.calendar import Entry, entries_of
from app.errors import NotFound
from app.gate import public

pages = Blueprint("feeds", __name__)
RENEWED = timedelta(hours=1)


@pages.get("/ical/<feed>.ics")
@public
def calendar(feed: str) -> ResponseReturnValue:
    """An unknown address is counted by who asks, a known one by itself."""
    now = clock.now()
    person = queries.person_of_feed(digest(feed))
    key = f"ical:{person.id}" if person else f"ical:from:{request.remote_addr}"
    count_or_refuse(key, LIMITS.feed_window_s, LIMITS.feed_reads, "too_many_attempts", now)
    db.session.commit()
    if person is None:
        raise NotFound()
    with force_locale(person.language):
        text = calendar_of(person, entries_of(person.id, person.home_township_id or 0, now))
    response = Response(text, content_type="text/calendar; charset=utf-8")
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Disposition"] = 'inline; filename="xunfang.ics"'
    response.set_etag(sha256(text).hexdigest()[:32])
    return response.make_conditional(request)


def calendar_of(person: Person, entries: list[Entry]) -> bytes:
    """CRLF, folded at 75 bytes; the same shifts, the same bytes."""
    feed = Calendar()
    feed.add("prodid", "-//Xunfang//shifts//ZH" if person.language == "zh" else "-//Xunfang//shifts//EN")
    feed.add("version", "2.0")
    feed.add("x-wr-calname", _("calendar.feed.name"))
    feed.add("name", _("calendar.feed.name"))
    feed.add("refresh-interval", RENEWED, parameters={"VALUE": "DURATION"})
    feed.add("x-published-ttl", "PT1H")
    for entry in entries:
        feed.add_component(event_of(entry))
    return feed.to_ical()  # type: ignore[no-any-return]


def event_of(entry: Entry) -> Event:
    event = Event()
    event.add("uid", f"shift-{entry.shift_id}.{entry.township}@xunfang")
    event.add("dtstamp", entry.changed_at.replace(microsecond=0))
    event.add("last-modified", entry.changed_at.replace(microsecond=0))
    event.add("sequence", entry.version)
    event.add("dtstart", entry.starts_at)
    event.add("dtend", entry.ends_at)
    words = "calendar.feed.cancelled" if entry.cancelled else "calendar.feed.duty"
    event.add("summary", _(words, team=entry.team))
    if entry.meeting_place:
        event.add("location", entry.meeting_place)
    event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if entry.cancelled else "OPAQUE")
    event.add("class", "PRIVATE")
    return event
