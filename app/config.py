"""Environment → settings; refuses to start on a missing or bad value. Each setting stands in docs/configuration.md."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit


class BadSetting(RuntimeError):
    """A setting is missing or unusable; the message names it and says what it takes."""


@dataclass(frozen=True)
class Channels:
    """How alarms leave the house. Empty: that channel is not set up, and the alarm's page says so."""

    sms_url: str = ""
    wecom_url: str = ""
    dingtalk_url: str = ""
    dingtalk_secret: str = ""
    outbox_file: str = ""
    vapid_private_key: str = ""
    vapid_contact: str = ""
    push_hosts: tuple[str, ...] = ()


@dataclass(frozen=True)
class BaseMap:
    """What lies under our own maps, its datum and whom it wants named. A key may stand in an address: never shown."""

    kind: str  # "pmtiles", "raster" (several lie one on another) or "style"
    addresses: tuple[str, ...] = field(repr=False)
    datum: str
    credit: str
    last_zoom: int
    hosts: tuple[str, ...] = ()  # as the Content-Security-Policy names them

    @property
    def file(self) -> Path:
        return Path(self.addresses[0]).resolve()


DATUMS = ("wgs84", "gcj02")
HOST = re.compile(r"(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?")
PUSH_HOSTS = (
    "fcm.googleapis.com updates.push.services.mozilla.com *.push.services.mozilla.com web.push.apple.com "
    "*.push.apple.com *.notify.windows.com"
)


@dataclass(frozen=True)
class Settings:
    database_url: str
    owner_database_url: str
    worker_database_url: str
    retention_database_url: str
    secret_key: str
    public_url: str
    demo: bool
    trusted_proxies: int
    pool_size: int
    hash_slots: int
    session_days: int
    phone_session_days: int

    stream_database_url: str = ""
    stream_seconds: int = 600
    channels: Channels = Channels()
    media: str = "var/media"
    require_second_factor: bool = True
    base_map: BaseMap | None = None

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def is_loopback(self) -> bool:
        return (urlsplit(self.public_url).hostname or "") in ("127.0.0.1", "localhost", "::1")


def read_settings(env: Mapping[str, str] | None = None) -> Settings:
    env = os.environ if env is None else env
    database_url = _url(env, "DATABASE_URL", None)
    settings = Settings(
        database_url=database_url,
        owner_database_url=_url(env, "OWNER_DATABASE_URL", database_url),
        worker_database_url=_url(env, "WORKER_DATABASE_URL", database_url),
        retention_database_url=_url(env, "RETENTION_DATABASE_URL", database_url),
        secret_key=_secret(env),
        public_url=env.get("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/"),
        demo=_flag(env, "XUNFANG_DEMO"),
        trusted_proxies=_number(env, "TRUSTED_PROXIES", 0, 0, 5),
        pool_size=_number(env, "DB_POOL_SIZE", 10, 1, 200),
        hash_slots=_number(env, "HASH_SLOTS", 2, 1, 64),
        session_days=_number(env, "SESSION_DAYS", 90, 1, 400),
        phone_session_days=_number(env, "PHONE_SESSION_DAYS", 180, 1, 400),
        stream_database_url=_url(env, "STREAM_DATABASE_URL", database_url),
        stream_seconds=_number(env, "STREAM_SECONDS", 600, 0, 3600),
        channels=_channels(env),
        media=_text(env, "XUNFANG_MEDIA", "var/media") or "var/media",
        require_second_factor=_flag(env, "REQUIRE_SECOND_FACTOR", "0" if _flag(env, "XUNFANG_DEMO") else "1"),
        base_map=_base_map(env),
    )
    if settings.demo and not settings.is_loopback:
        raise BadSetting("XUNFANG_DEMO=1 is for loopback only, but PUBLIC_URL is another address")
    if settings.demo and settings.require_second_factor:
        raise BadSetting("REQUIRE_SECOND_FACTOR=1 is not for XUNFANG_DEMO=1: a demo never asks for a code")
    return settings


def _url(env: Mapping[str, str], name: str, default: str | None) -> str:
    value = env.get(name) or default
    if not value:
        raise BadSetting(
            f"{name} is missing: a PostgreSQL address, e.g. postgresql+psycopg://user@host/xunfang"
        )
    if value.startswith(("postgres://", "postgresql://")):
        value = "postgresql+psycopg://" + value.split("://", 1)[1]
    if not value.startswith("postgresql+psycopg://"):
        raise BadSetting(f"{name} must be a PostgreSQL address")
    return value


def _channels(env: Mapping[str, str]) -> Channels:
    kept = "var/outbox/messages.jsonl" if _flag(env, "XUNFANG_DEMO") else ""
    return Channels(
        sms_url=_web("SMS_URL", _text(env, "SMS_URL", "")),
        wecom_url=_web("WECOM_URL", _text(env, "WECOM_URL", "")),
        dingtalk_url=_web("DINGTALK_URL", _text(env, "DINGTALK_URL", "")),
        dingtalk_secret=_text(env, "DINGTALK_SECRET", ""),
        outbox_file=_text(env, "OUTBOX_FILE", kept),
        vapid_private_key=_text(env, "VAPID_PRIVATE_KEY", ""),
        vapid_contact=_contact(env),
        push_hosts=tuple(_text(env, "PUSH_HOSTS", PUSH_HOSTS).lower().split()),
    )


def _contact(env: Mapping[str, str]) -> str:
    value = _text(env, "VAPID_CONTACT", "")
    if value and not value.startswith(("mailto:", "https://")):
        raise BadSetting("VAPID_CONTACT begins with mailto: or https://")
    return value


def _web(name: str, value: str) -> str:
    """An address that messages are posted to; plain http only on this machine."""
    parts = urlsplit(value)
    near = (parts.hostname or "") in ("127.0.0.1", "localhost", "::1")
    if value and not (parts.scheme == "https" or (parts.scheme == "http" and near)):
        raise BadSetting(f"{name} must be an https address")
    return value


def _base_map(env: Mapping[str, str]) -> BaseMap | None:
    value = _text(env, "BASE_MAP", "")
    if not value:
        return None
    datum, credit = _text(env, "BASE_MAP_DATUM", ""), _text(env, "BASE_MAP_CREDIT", "")
    if datum not in DATUMS:
        raise BadSetting("BASE_MAP_DATUM is wgs84 (CGCS2000 too) or gcj02: what the base map is drawn in")
    if not credit:
        raise BadSetting(
            "BASE_MAP_CREDIT is missing: the words that the owner of the base map wants to be shown"
        )
    last_zoom = _number(env, "BASE_MAP_LAST_ZOOM", 18, 1, 22)
    if not value.startswith(("https:", "http:")):
        return BaseMap("pmtiles", (_archive(value),), datum, credit, last_zoom)
    addresses = _with_key(value.split(), _text(env, "BASE_MAP_KEY", ""))
    hosts = dict.fromkeys([*map(_origin, addresses), *_more_hosts(_text(env, "BASE_MAP_HOSTS", ""))])
    return BaseMap(_kind_of(addresses), addresses, datum, credit, last_zoom, tuple(hosts))


def _archive(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise BadSetting(
            "BASE_MAP is no web address, and as a file it cannot be read: is it there, and may this user read it?"
        ) from error
    if head != b"PMTiles\x03":
        raise BadSetting("BASE_MAP is a file, but no PMTiles archive of version 3")
    return path


def _with_key(addresses: list[str], key: str) -> tuple[str, ...]:
    if not key and any("{key}" in one for one in addresses):
        raise BadSetting("BASE_MAP_KEY is missing, though {key} stands in BASE_MAP")
    return tuple(one.replace("{key}", quote(key, safe="")) for one in addresses)


def _kind_of(addresses: tuple[str, ...]) -> str:
    """Raster tiles have a place for each number; a style is one address that says that it is one."""
    if all(all(part in one for part in ("{z}", "{x}", "{y}")) for one in addresses):
        return "raster"
    path = urlsplit(addresses[0]).path.lower()
    if len(addresses) == 1 and "{" not in addresses[0] and ("style" in path or path.endswith(".json")):
        return "style"
    raise BadSetting(
        "BASE_MAP needs {z}, {x} and {y} in each address of tiles, or is one address of a style (.json)"
    )


def _origin(address: str) -> str:
    """https://host of an address, as a Content-Security-Policy names it."""
    parts = urlsplit(_web("BASE_MAP", address))
    if not HOST.fullmatch(parts.netloc.lower()):
        raise BadSetting("BASE_MAP has an address whose host is no plain host name")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _more_hosts(text: str) -> list[str]:
    hosts = text.lower().split()
    if not all(map(HOST.fullmatch, hosts)):
        raise BadSetting("BASE_MAP_HOSTS are host names, separated by spaces, without https://")
    return [f"https://{host}" for host in hosts]


def _text(env: Mapping[str, str], name: str, default: str) -> str:
    return env.get(name, default).strip()


def _secret(env: Mapping[str, str]) -> str:
    value = env.get("SECRET_KEY", "")
    if len(value) < 32:
        raise BadSetting("SECRET_KEY is missing or shorter than 32 characters")
    return value


def _flag(env: Mapping[str, str], name: str, default: str = "0") -> bool:
    value = env.get(name, default).lower()
    if value not in ("0", "1", "true", "false", ""):
        raise BadSetting(f"{name} is 0 or 1")
    return value in ("1", "true")


def _number(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    raw = env.get(name, str(default))
    if not raw.isdigit() or not low <= int(raw) <= high:
        raise BadSetting(f"{name} is a whole number from {low} to {high}")
    return int(raw)
