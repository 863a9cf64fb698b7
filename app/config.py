"""Environment → settings; refuses to start on a missing or bad value. Each setting stands in docs/configuration.md."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit


class BadSetting(RuntimeError):
    """A setting is missing or unusable; the message names it and says what it takes."""


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
    )
    if settings.demo and not settings.is_loopback:
        raise BadSetting("XUNFANG_DEMO=1 is for loopback only, but PUBLIC_URL is another address")
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


def _secret(env: Mapping[str, str]) -> str:
    value = env.get("SECRET_KEY", "")
    if len(value) < 32:
        raise BadSetting("SECRET_KEY is missing or shorter than 32 characters")
    return value


def _flag(env: Mapping[str, str], name: str) -> bool:
    value = env.get(name, "0").lower()
    if value not in ("0", "1", "true", "false", ""):
        raise BadSetting(f"{name} is 0 or 1")
    return value in ("1", "true")


def _number(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    raw = env.get(name, str(default))
    if not raw.isdigit() or not low <= int(raw) <= high:
        raise BadSetting(f"{name} is a whole number from {low} to {high}")
    return int(raw)
