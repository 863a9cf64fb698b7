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


BASE = {**GOOD, "BASE_MAP_DATUM": "gcj02", "BASE_MAP_CREDIT": "© Maps"}
XYZ = "https://t.example/{z}/{x}/{y}.png"


def test_nothing_lies_under_the_maps_unless_it_is_set_up():
    assert read_settings(GOOD).base_map is None and read_settings(BASE).base_map is None


@pytest.mark.parametrize(
    ("given", "kind", "hosts"),
    [
        ({"BASE_MAP": XYZ}, "raster", ["https://t.example"]),
        ({"BASE_MAP": f"{XYZ} https://u.example:8443/a?{{z}}{{x}}{{y}}"}, "raster", ["https://t.example", "https://u.example:8443"]),
        ({"BASE_MAP": "https://t.example/map.json"}, "style", ["https://t.example"]),
        ({"BASE_MAP": "https://t.example/styles/day?k={key}", "BASE_MAP_KEY": "a b"}, "style", ["https://t.example"]),
        ({"BASE_MAP": XYZ, "BASE_MAP_HOSTS": "*.U.example t.example"}, "raster", ["https://t.example", "https://*.u.example"]),
        ({"BASE_MAP": "http://127.0.0.1:9000/{z}/{x}/{y}"}, "raster", ["http://127.0.0.1:9000"]),
    ],
)  # fmt: skip
def test_a_base_map_is_told_by_its_address(given, kind, hosts):
    base = read_settings({**BASE, **given}).base_map
    assert (base.kind, list(base.hosts)) == (kind, hosts)
    assert (base.datum, base.credit, base.last_zoom) == ("gcj02", "© Maps", 18)
    assert all("{key}" not in one and " " not in one for one in base.addresses)


def test_a_base_map_may_be_a_file_of_ours(tmp_path):
    (tmp_path / "a b.pmtiles").write_bytes(b"PMTiles\x03" + bytes(119))
    base = read_settings({**BASE, "BASE_MAP": str(tmp_path / "a b.pmtiles")}).base_map
    assert base.kind == "pmtiles" and base.hosts == () and base.file == tmp_path / "a b.pmtiles"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"BASE_MAP_DATUM": "gcj"}, "BASE_MAP_DATUM is wgs84"),
        ({"BASE_MAP_DATUM": ""}, "BASE_MAP_DATUM is wgs84"),
        ({"BASE_MAP_CREDIT": " "}, "BASE_MAP_CREDIT is missing"),
        ({"BASE_MAP_LAST_ZOOM": "23"}, "BASE_MAP_LAST_ZOOM is a whole number"),
        ({"BASE_MAP": "/none/such.pmtiles"}, "cannot be read"),
        ({"BASE_MAP": __file__}, "no PMTiles archive"),
        ({"BASE_MAP": "/"}, "cannot be read"),
        ({"BASE_MAP": "https://t.example/{z}/{x}.png"}, "needs {z}, {x} and {y}"),
        ({"BASE_MAP": "https://t.example/tiles"}, "needs {z}, {x} and {y}"),
        ({"BASE_MAP": f"{XYZ} https://t.example/style.json"}, "needs {z}, {x} and {y}"),
        ({"BASE_MAP": "http://t.example/{z}/{x}/{y}"}, "must be an https address"),
        ({"BASE_MAP": XYZ + "?k={key}"}, "BASE_MAP_KEY is missing"),
        ({"BASE_MAP": "https://me:word@t.example/{z}/{x}/{y}"}, "no plain host name"),
        ({"BASE_MAP": "https://t.example;script-src/{z}/{x}/{y}"}, "no plain host name"),
        ({"BASE_MAP": XYZ, "BASE_MAP_HOSTS": "https://t.example"}, "without https://"),
        ({"BASE_MAP": XYZ, "BASE_MAP_HOSTS": "* 'unsafe-inline'"}, "without https://"),
    ],
)
def test_a_base_map_that_cannot_be_is_said_in_a_sentence(given, said):
    with pytest.raises(BadSetting) as refused:
        read_settings({"BASE_MAP": XYZ, **BASE, **given})
    assert said in str(refused.value)


def test_the_key_of_a_base_map_stands_in_nothing_that_is_printed():
    given = {"BASE_MAP": XYZ + "?tk={key}", "BASE_MAP_KEY": "canary-key"}
    settings = read_settings({**BASE, **given})
    assert settings.base_map.addresses == (XYZ + "?tk=canary-key",)
    assert "canary-key" not in repr(settings)
    with pytest.raises(BadSetting) as refused:
        read_settings({**BASE, **given, "BASE_MAP": "http://t.example/{z}/{x}/{y}?tk={key}"})
    assert "canary-key" not in str(refused.value)


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
