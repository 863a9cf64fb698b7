"""Settings come from the environment; a missing or bad one stops the start and is named."""

from __future__ import annotations

import pytest

from app.config import BadSetting, read_settings

GOOD = {"DATABASE_URL": "postgresql+psycopg://app@db/xunfang", "SECRET_KEY": "s" * 32}


def test_two_settings_are_enough():
    settings = read_settings(GOOD)
    assert settings.database_url == settings.owner_database_url == settings.worker_database_url
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.is_loopback and not settings.is_https and not settings.demo
    assert settings.trusted_proxies == 0, "nobody's X-Forwarded-For is believed unless told so"


@pytest.mark.parametrize("name", sorted(GOOD))
def test_a_missing_setting_is_named(name):
    with pytest.raises(BadSetting, match=name):
        read_settings({key: value for key, value in GOOD.items() if key != name})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "sqlite:///x.db"),
        ("DATABASE_URL", "mysql://x"),
        ("OWNER_DATABASE_URL", "xunfang"),
        ("WORKER_DATABASE_URL", "http://db"),
        ("RETENTION_DATABASE_URL", "db"),
        ("SECRET_KEY", "s" * 31),
        ("XUNFANG_DEMO", "yes"),
        ("REQUIRE_SECOND_FACTOR", "maybe"),
        ("TRUSTED_PROXIES", "-1"),
        ("TRUSTED_PROXIES", "6"),
        ("DB_POOL_SIZE", "0"),
        ("DB_POOL_SIZE", "ten"),
        ("HASH_SLOTS", "65"),
        ("SESSION_DAYS", "401"),
        ("SESSION_DAYS", "1.5"),
    ],
)
def test_a_bad_value_stops_the_start_and_says_which(name, value):
    with pytest.raises(BadSetting, match=name):
        read_settings({**GOOD, name: value})


def test_a_bad_secret_is_not_repeated():
    with pytest.raises(BadSetting) as refused:
        read_settings({**GOOD, "SECRET_KEY": "short-secret"})
    assert "short-secret" not in str(refused.value)


@pytest.mark.parametrize("given", ["postgres://a@b/c", "postgresql://a@b/c", "postgresql+psycopg://a@b/c"])
def test_every_way_to_write_a_postgresql_address_is_understood(given):
    assert read_settings({**GOOD, "DATABASE_URL": given}).database_url == "postgresql+psycopg://a@b/c"


@pytest.mark.parametrize("url", ["https://xunfang.example", "http://10.0.0.5:8000", "http://0.0.0.0:8000"])
def test_the_demo_is_for_loopback_only(url):
    with pytest.raises(BadSetting, match="XUNFANG_DEMO"):
        read_settings({**GOOD, "XUNFANG_DEMO": "1", "PUBLIC_URL": url})


@pytest.mark.parametrize("url", ["http://127.0.0.1:8123", "http://localhost:8000/", "http://[::1]:8000"])
def test_the_demo_runs_on_loopback(url):
    settings = read_settings({**GOOD, "XUNFANG_DEMO": "1", "PUBLIC_URL": url})
    assert settings.demo and settings.is_loopback and not settings.public_url.endswith("/")


def test_https_is_read_from_the_public_address():
    assert read_settings({**GOOD, "PUBLIC_URL": "https://xunfang.example/"}).is_https


@pytest.mark.parametrize(
    ("given", "required"),
    [
        ({}, True), ({"REQUIRE_SECOND_FACTOR": "0"}, False), ({"REQUIRE_SECOND_FACTOR": "1"}, True),
        ({"XUNFANG_DEMO": "1"}, False), ({"XUNFANG_DEMO": "1", "REQUIRE_SECOND_FACTOR": "0"}, False),
    ],
)  # fmt: skip
def test_a_second_factor_is_demanded_unless_told_otherwise_and_never_in_the_demo(given, required):
    assert read_settings({**GOOD, **given}).require_second_factor is required
    with pytest.raises(BadSetting, match="REQUIRE_SECOND_FACTOR"):
        read_settings({**GOOD, "XUNFANG_DEMO": "1", "REQUIRE_SECOND_FACTOR": "1"})
