"""Setting up a checkout: what is said when something is missing, and that nothing is done twice."""

import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
REQUIREMENTS = (
    "requirements.txt",
    "requirements-worker.txt",
    "requirements-dev.txt",
    "requirements-bench.txt",
)
TARGETS = (
    "help",
    "run",
    "test",
    "lint",
    "format",
    "bench",
    "demo",
    "migrate",
    "shots",
    "db-start",
    "db-stop",
    "clean",
)


def load(name):
    spec = importlib.util.spec_from_file_location(f"setup_{name}", REPO / "setup" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def prepare():
    return load("prepare")


@pytest.fixture
def cluster():
    return load("cluster")


@pytest.fixture
def taken_port():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def shell(*words, cwd=REPO, **env):
    return subprocess.run(
        words, cwd=cwd, env={**os.environ, **env}, capture_output=True, text=True, timeout=60
    )


# ---------------------------------------------------------------- make


@pytest.mark.parametrize("target", TARGETS)
def test_make_knows_the_target(target):
    assert shell("make", "-n", target).returncode == 0


def test_make_alone_lists_every_target():
    words = shell("make").stdout
    assert [t for t in TARGETS if f"make {t}" not in words] == []


def test_a_taken_port_is_said_before_anything_is_set_up(taken_port, tmp_path):
    shutil.copy(REPO / "Makefile", tmp_path)
    shutil.copytree(REPO / "setup", tmp_path / "setup")
    done = shell("make", "run", f"PORT={taken_port}", cwd=tmp_path)
    assert done.returncode != 0
    assert f"Port {taken_port} is taken by process {os.getpid()}" in done.stderr
    assert f"make run PORT={taken_port + 1}" in done.stderr
    assert not (tmp_path / ".venv").exists()
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("word", ["", "eighty", "0", "65536", "-1", "80 80"])
def test_a_port_that_is_no_port_is_said(word):
    assert "PORT must be a number" in load("free_port").trouble(word)


def test_an_old_python_is_told_which_one_is_needed(tmp_path):
    for name in ("python3", "python3.11", "python3.12", "python3.13"):
        old = tmp_path / name
        old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2\nexit 1\n')
        old.chmod(0o755)
    done = shell("make", "test", PATH=f"{tmp_path}:/usr/bin:/bin", PYTHON="python3")
    assert done.returncode != 0
    assert "needs Python 3.11 or newer; python3 is Python 3.9.2" in done.stderr


# ---------------------------------------------------------------- Debian packages


def test_nothing_is_asked_of_apt_when_all_is_there(prepare, monkeypatch):
    monkeypatch.setattr(prepare, "missing", lambda purpose: [])
    monkeypatch.setattr(prepare, "quietly", lambda *_, **__: pytest.fail("apt was called"))
    prepare.install_packages("test")


def test_a_missing_package_without_sudo_says_what_to_type(prepare, monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(prepare, "postgres_is_there", lambda: False)
    monkeypatch.setattr(prepare, "chromium", lambda: None)
    monkeypatch.setattr(prepare.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(prepare, "can_sudo", lambda: False)
    monkeypatch.setattr(prepare.shutil, "which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(prepare.Trouble) as trouble:
        prepare.install_packages("test")
    assert "postgis for the database, chromium for the browser tests" in str(trouble.value)
    assert "apt-get install postgresql-15-postgis-3 chromium" in str(trouble.value)


def test_the_browser_is_wanted_for_tests_and_not_for_running(prepare, monkeypatch):
    monkeypatch.setattr(prepare, "chromium", lambda: None)
    monkeypatch.setattr(prepare, "chinese_fonts_are_there", lambda: False)
    assert "chromium" not in [name for name, _ in prepare.missing("run")]
    assert {"chromium", "fonts-noto-cjk"} <= {name for name, _ in prepare.missing("test")}


def test_what_reports_are_drawn_with_is_asked_of_the_loader(prepare, monkeypatch):
    drawn = {"libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0"}
    for found, wanted in ((None, drawn), ("lib.so", set())):
        monkeypatch.setattr(prepare, "find_library", lambda name, found=found: found)
        assert {name for name, _ in prepare.missing("run")} & drawn == wanted
    monkeypatch.setattr(prepare, "find_library", lambda name: None)
    assert not {name for name, _ in prepare.missing("lint")} & drawn


def test_apt_waits_for_another_apt_and_asks_nothing(prepare, monkeypatch):
    seen = []
    monkeypatch.setattr(prepare, "quietly", lambda words, *_, **__: seen.append(" ".join(words)))
    prepare.apt("install", "chromium")
    assert "DPkg::Lock::Timeout=" in seen[0]
    assert "DEBIAN_FRONTEND=noninteractive" in seen[0]


# ---------------------------------------------------------------- stamps


@pytest.fixture
def bare(prepare, tmp_path, monkeypatch):
    """prepare.py in an empty checkout, with every command recorded and none run."""
    commands = []
    for name in ("REPO", "VAR", "VENV", "PYTHON", "DIST"):
        monkeypatch.setattr(prepare, name, tmp_path / Path(getattr(prepare, name)).relative_to(REPO))
    for name in (*REQUIREMENTS, "package.json", "package-lock.json"):
        shutil.copy(REPO / name, tmp_path)
    for folder in (".venv", "node_modules", "static/dist", "static/js", "setup"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("build.mjs", "i18n.py"):
        shutil.copy(REPO / "setup" / name, tmp_path / "setup")
    (tmp_path / "static/js/phone.js").write_text("1\n")
    monkeypatch.setattr(prepare, "quietly", lambda words, what, **_: commands.append(what))
    monkeypatch.setattr(prepare, "venv_works", lambda *_: True)
    monkeypatch.setattr(prepare, "node_and_npm", lambda: ("/usr/bin/node", ["npm"]))
    prepare.commands = commands
    return prepare


def all_steps(prepare, purpose):
    prepare.commands.clear()
    prepare.python_packages(purpose)
    prepare.browser_libraries()
    prepare.built_pages()
    return list(prepare.commands)


def test_the_second_run_does_nothing(bare):
    assert all_steps(bare, "run") == ["pip", "npm", "build"]
    assert all_steps(bare, "run") == []


def test_what_the_tests_installed_serves_the_server_too(bare):
    all_steps(bare, "test")
    assert all_steps(bare, "run") == []


def test_a_change_of_what_only_tests_need_does_not_touch_the_server(bare):
    all_steps(bare, "test")
    with (bare.REPO / "requirements-dev.txt").open("a") as out:
        out.write("six==1.17.0\n")
    assert all_steps(bare, "run") == []
    assert all_steps(bare, "test") == ["pip"]


def test_the_tests_add_to_what_the_server_installed(bare):
    all_steps(bare, "run")
    assert all_steps(bare, "test") == ["pip"]


def test_a_changed_requirement_is_installed(bare):
    all_steps(bare, "run")
    with (bare.REPO / "requirements.txt").open("a") as out:
        out.write("six==1.17.0\n")
    assert all_steps(bare, "run") == ["pip"]


def test_a_changed_or_removed_source_is_built_again(bare):
    all_steps(bare, "run")
    (bare.REPO / "static/js/phone.js").write_text("2\n")
    assert all_steps(bare, "run") == ["build"]
    (bare.REPO / "static/js/phone.js").unlink()
    assert all_steps(bare, "run") == ["build"]


def test_a_failed_install_is_tried_again(bare, monkeypatch):
    def fail(*_, **__):
        raise bare.Trouble("no network")

    all_steps(bare, "run")
    (bare.REPO / "requirements.txt").write_text("six==1.17.0\n")
    recording = bare.quietly
    monkeypatch.setattr(bare, "quietly", fail)
    with pytest.raises(bare.Trouble):
        bare.python_packages("run")
    monkeypatch.setattr(bare, "quietly", recording)
    assert all_steps(bare, "run") == ["pip"]


def test_what_benches_measure_beside_has_an_environment_of_its_own_made_once(bare):
    (bare.VAR / "peers/.venv").mkdir(parents=True)
    all_steps(bare, "test")
    bare.commands.clear()
    bare.peer_packages()
    assert bare.commands == ["venv-peers", "pip-peers"]


def test_a_moved_checkout_gets_a_new_venv(prepare, tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/pip").write_text("#!/somewhere/else/.venv/bin/python\n")
    monkeypatch.setattr(prepare, "VENV", tmp_path)
    monkeypatch.setattr(prepare, "PYTHON", Path(sys.executable))
    assert not prepare.venv_works()
    (tmp_path / "bin/pip").write_text(f"#!{tmp_path}/bin/python\n")
    assert prepare.venv_works()


def test_a_failing_command_shows_the_end_of_its_log(prepare, tmp_path, monkeypatch):
    monkeypatch.setattr(prepare, "VAR", tmp_path)
    with pytest.raises(prepare.Trouble, match=r"pip failed \(3\)(.|\n)*no such package"):
        prepare.quietly(["sh", "-c", "echo no such package; exit 3"], "pip")


# ---------------------------------------------------------------- pins


def test_every_requirement_is_pinned_exactly():
    for name in REQUIREMENTS:
        for line in (REPO / name).read_text().splitlines():
            if line and not line.startswith(("#", "-r ")):
                assert re.fullmatch(r"[A-Za-z0-9_.\-]+(\[[a-z,]+\])?==[0-9][0-9a-z.]*", line), line


def test_the_lock_file_names_no_registry_and_pins_exactly():
    text = (REPO / "package-lock.json").read_text()
    assert '"resolved"' not in text
    package = json.loads((REPO / "package.json").read_text())
    for versions in (package["dependencies"], package["devDependencies"]):
        assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions.values())


# ---------------------------------------------------------------- catalogues


PO = """msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "phone.waiting"
msgstr "等待发送"

msgid "phone.untranslated"
msgstr ""

#, fuzzy
msgid "phone.guessed"
msgstr "猜"
"""


def test_the_phone_gets_codes_with_words_and_only_those_that_are_translated(tmp_path):
    i18n = load("i18n")
    folder = tmp_path / "phone/zh/LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "messages.po").write_text(PO, encoding="utf-8")
    assert i18n.bundle(("phone", "errors"), "zh", tmp_path) == {"phone.waiting": "等待发送"}
    assert i18n.bundle(("phone",), "en", tmp_path) == {}
    i18n.compile_mo(tmp_path)
    assert (folder / "messages.mo").exists()
