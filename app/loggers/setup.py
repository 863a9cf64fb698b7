"""How each app is told where to send: the link it opens, the template to paste, the settings that suit a patrol."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import segno

# Fine enough for a patrol, and a sign of life well inside the two minutes that make a gap.
EVERY_S, EVERY_M, HEARTBEAT_S = 15, 20, 60
GPSLOGGER = "?lat=%LAT&lon=%LON&timestamp=%TIMESTAMP&acc=%ACC&spd=%SPD&dir=%DIR&alt=%ALT&batt=%BATT"
OSMAND = "?lat={0}&lon={1}&timestamp={2}&hdop={3}&altitude={4}&speed={5}&bearing={6}"


@dataclass(frozen=True)
class Setup:
    """`copy` is what is pasted into the app or scanned by it; `link` opens the app by itself where it can be opened."""

    copy: str
    link: str | None = None
    passphrase: str | None = None


def setup_of(app: str, logger_id: int, url: str, passphrase: str) -> Setup:
    name = f"xunfang-{logger_id}"
    if app == "traccar":
        return Setup(f"{url}?{_traccar(name)}")
    if app == "osmand":
        return Setup(url + OSMAND)
    if app == "gpslogger":
        return Setup(url.replace("/i/gpslogger/", "/i/g/") + GPSLOGGER)
    if app == "overland":
        asked = {"url": url, "device_id": name, "unique_id": "yes"}
        return Setup(url, f"overland://setup?{urlencode(asked, quote_via=quote)}")
    packed = base64.b64encode(json.dumps(_owntracks(name, url, passphrase)).encode()).decode()
    return Setup(url, f"owntracks:///config?inline={quote(packed, safe='')}", passphrase)


def _traccar(name: str) -> str:
    """The client reads a scanned address as the server's (without the query) and the query as its settings."""
    return urlencode(
        {
            "id": name, "accuracy": "highest", "distance": EVERY_M, "interval": EVERY_S, "angle": 30,
            "heartbeat": HEARTBEAT_S, "buffer": "true", "wakelock": "true", "stop_detection": "false",
            "prefer_platform_providers": "true",
        }
    )  # fmt: skip


def _owntracks(name: str, url: str, passphrase: str) -> dict[str, object]:
    """Move mode, since a patrol moves; `mode` 3 is HTTP."""
    return {
        "_type": "configuration", "mode": 3, "url": url, "deviceId": name, "tid": "xf", "encryptionKey": passphrase,
        "monitoring": 2, "locatorInterval": EVERY_S, "locatorDisplacement": EVERY_M, "moveModeLocatorInterval": EVERY_S,
        "remoteConfiguration": False, "cmd": False,
    }  # fmt: skip


def qr_of(text: str) -> str:
    """A QR code as an address of its own (`data:`), which a page may show without making HTML of a string."""
    return str(segno.make(text, error="m").svg_data_uri(scale=4, border=4, dark="#000", light="#fff"))
