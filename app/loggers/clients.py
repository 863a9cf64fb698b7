"""One reader for each client: from a request's bytes to what it said. Pure; whatever comes in, none of them raises.

Every edge is from the client's own source (loggers.md 4.1–4.6), and has a fixture under tests/loggers/fixtures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.loggers.rules import (
    KMH_M_S,
    KNOT_M_S,
    Heard,
    Position,
    Reading,
    Sent,
    accuracy,
    called_at,
    document,
    fields_of,
    first,
    flat,
    instant,
    joined,
    pairs,
    place,
    speed,
    text_of,
    truth,
)

# Opens an OwnTracks box (base64 of nonce and ciphertext); None when the passphrase does not fit.
Opener = Callable[[str], bytes | None]
UNREADABLE = Heard(unused=("unreadable",))
# Traccar's form and its forerunner's speak knots; OsmAnd and GPSLogger hand on Android's metres a second.
TRACCAR = Reading(KNOT_M_S)
# OsmAnd calls it hdop and means metres.
OSMAND = Reading(1.0, accuracy=("hdop", "accuracy"))
GPSLOGGER = Reading(1.0, accuracy=("acc", "accuracy"), speed=("spd", "speed"))


def traccar(sent: Sent) -> Heard:
    """Client ≥ 10: a form, before that a query, or up to a hundred of the same as JSON; client 9: nested JSON."""
    if _is_json(sent):
        root = document(sent.body)
        if isinstance(root, list):
            return joined(flat(_lower(fields_of(one)), TRACCAR, sent.received_s) for one in root)
        return _client_9(fields_of(root), sent) if isinstance(root, dict) else UNREADABLE
    return flat(pairs(sent.query) or pairs(text_of(sent.body)), TRACCAR, sent.received_s)


def _client_9(root: Mapping[str, Any], sent: Sent) -> Heard:
    """transistorsoft's shape: `location.coords`, in Dawarich's variant without `coords`; `_` may hold a query."""
    if isinstance(root.get("_"), str):
        return flat(pairs(root["_"].split("?")[-1]), TRACCAR, sent.received_s)
    listed = root.get("location")
    if listed is None:
        return flat(_lower(root), TRACCAR, sent.received_s)  # one flat message, not in a list
    every = listed if isinstance(listed, list) else [listed]
    return joined(_nested(fields_of(one), root, sent.received_s) for one in every)


def _nested(location: Mapping[str, Any], root: Mapping[str, Any], received_s: int) -> Heard:
    coords = fields_of(location.get("coords")) or location
    t_s = instant(first(location, ("timestamp",)) or root.get("timestamp"), None)
    calls = [
        called_at(part, t_s or received_s) for part in (location, root, fields_of(location.get("extras")))
    ]
    sos_s = next((s for s in calls if s is not None), None)
    spot = place(coords.get("longitude"), coords.get("latitude"))
    if spot is None or t_s is None:
        return Heard(unused=() if spot is None else ("no_time",), sos_s=sos_s)
    simulated = True in (truth(location.get("mock")), truth(root.get("mock")))
    metres = accuracy(coords.get("accuracy"))
    return Heard((Position(*spot, metres, t_s, speed(coords.get("speed"), 1.0), simulated),), sos_s=sos_s)


def osmand(sent: Sent) -> Heard:
    """A query; the body only where the query is empty. Milliseconds, whatever OsmAnd was told to call them."""
    return flat(pairs(sent.query) or pairs(text_of(sent.body)), OSMAND, sent.received_s)


def gpslogger(sent: Sent) -> Heard:
    """The member's own template: query, form or JSON, by any method, in any spelling."""
    values: Mapping[str, Any] = pairs(sent.query)
    if sent.body:
        root = document(sent.body)
        body = _lower(root) if isinstance(root, dict) else pairs(text_of(sent.body))
        values = {**body, **values}
    return flat(values, GPSLOGGER, sent.received_s)


def owntracks(sent: Sent, opened: Opener) -> Heard:
    """A message or several; an empty body is none. Only `location` says where somebody is."""
    if not sent.body.strip():
        return Heard()
    root = document(sent.body)
    if root is None:
        return UNREADABLE
    return joined(
        _owntracks_message(fields_of(one), opened) for one in (root if isinstance(root, list) else [root])
    )


def _owntracks_message(message: Mapping[str, Any], opened: Opener, is_inner: bool = False) -> Heard:
    kind = message.get("_type")
    if kind == "encrypted" and not is_inner:
        inside = opened(str(message.get("data", "")))
        if inside is None:
            return Heard(unused=("wrong_passphrase",))
        return _owntracks_message(fields_of(document(inside)), opened, is_inner=True)
    if kind != "location":
        return Heard()
    if message.get("t") == "p":
        # A ping says that the phone lives: its time is now, its place the last that was known, however old.
        return Heard(unused=("ping",))
    spot = place(message.get("lon"), message.get("lat"))
    t_s = instant(first(message, ("tst",)), None)
    if spot is None or t_s is None:
        return Heard(unused=("no_position" if spot is None else "no_time",))
    # A zero is left out: no `acc` is zero metres, no `vel` is standing still.
    return Heard(
        (Position(*spot, accuracy(message.get("acc"), 0), t_s, speed(message.get("vel", 0), KMH_M_S)),)
    )


def overland(sent: Sent) -> Heard:
    """A batch of GeoJSON features; some have no geometry. `current` and `trip` repeat what the batch says."""
    root = document(sent.body)
    listed = fields_of(root).get("locations")
    if not isinstance(listed, list):
        return UNREADABLE
    return joined(_feature(fields_of(one)) for one in listed)


def _feature(feature: Mapping[str, Any]) -> Heard:
    shape, properties = fields_of(feature.get("geometry")), fields_of(feature.get("properties"))
    at = shape.get("coordinates")
    if shape.get("type") != "Point" or not isinstance(at, list) or len(at) < 2:
        return Heard()
    spot, t_s = place(at[0], at[1]), instant(properties.get("timestamp"), None)
    if spot is None or t_s is None:
        return Heard(unused=("no_position" if spot is None else "no_time",))
    metres = accuracy(properties.get("horizontal_accuracy"))
    return Heard((Position(*spot, metres, t_s, speed(properties.get("speed"), 1.0)),))


READERS: dict[str, Callable[[Sent], Heard]] = {
    "traccar": traccar, "osmand": osmand, "gpslogger": gpslogger, "overland": overland,
}  # fmt: skip


def read(app: str, sent: Sent, opened: Opener) -> Heard:
    """What the request of this client said."""
    return owntracks(sent, opened) if app == "owntracks" else READERS[app](sent)


def _is_json(sent: Sent) -> bool:
    return "json" in sent.content_type or sent.body.lstrip()[:1] in (b"{", b"[")


def _lower(values: Mapping[str, Any]) -> dict[str, Any]:
    return {str(key).lower(): value for key, value in values.items()}
