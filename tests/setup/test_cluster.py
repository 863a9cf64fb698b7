"""The private cluster: where it lies, that it starts twice without harm, and comes back after a crash."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]


@pytest.fixture
def cluster():
    spec = importlib.util.spec_from_file_location("setup_cluster", REPO / "setup" / "cluster.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def lie_in(cluster, monkeypatch, folder):
    monkeypatch.setattr(cluster, "REPO", folder)
    monkeypatch.setattr(cluster, "VAR", folder / "var")
    monkeypatch.setattr(cluster, "can_enter", lambda _: True)


def test_the_socket_lies_in_the_checkout(cluster, monkeypatch):
    lie_in(cluster, monkeypatch, Path("/srv/xunfang"))
    assert cluster.socket_dir() == Path("/srv/xunfang/var/run")


@pytest.mark.parametrize("length", range(60, 140))
def test_a_long_checkout_path_still_gives_a_socket_that_the_kernel_takes(cluster, monkeypatch, length):
    lie_in(cluster, monkeypatch, Path("/" + "x" * length))
    assert len(str(cluster.socket_dir() / ".s.PGSQL.65535")) <= 107


def test_two_checkouts_with_long_paths_do_not_meet(cluster, monkeypatch):
    lie_in(cluster, monkeypatch, Path("/" + "x" * 120))
    first = cluster.socket_dir()
    lie_in(cluster, monkeypatch, Path("/" + "x" * 121))
    assert cluster.socket_dir() != first


def test_a_checkout_that_postgres_may_not_enter_has_its_cluster_outside(cluster, monkeypatch):
    lie_in(cluster, monkeypatch, Path("/root") / "xunfang")
    monkeypatch.setattr(cluster, "server_user", lambda: "postgres")
    monkeypatch.setattr(cluster, "can_enter", lambda _: False)
    assert cluster.data_dir().parent == Path(f"/var/tmp/xunfang-{cluster.fingerprint()}")


def test_a_folder_that_somebody_else_made_first_is_refused(cluster, monkeypatch, tmp_path):
    real = os.lstat(tmp_path)
    stolen = os.stat_result((real.st_mode, *real[1:4], real.st_uid + 12345, *real[5:10]))
    monkeypatch.setattr(cluster.os, "lstat", lambda _: stolen)
    with pytest.raises(cluster.Trouble, match="belongs to another user"):
        cluster.own(tmp_path, 0o700)


def test_the_callers_server_is_used_and_not_ours(cluster, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://me@db.example/patrol")
    monkeypatch.delenv("OWNER_DATABASE_URL", raising=False)
    monkeypatch.delenv("WORKER_DATABASE_URL", raising=False)
    monkeypatch.setenv("SECRET_KEY", "theirs")
    values = cluster.settings()
    assert values["DATABASE_URL"] == values["OWNER_DATABASE_URL"] == values["WORKER_DATABASE_URL"]
    assert values["DATABASE_URL"] == "postgresql+psycopg://me@db.example/patrol"
    assert values["SECRET_KEY"] == "theirs"


def test_our_own_settings_in_the_environment_are_still_ours(cluster, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", cluster.own_urls()["DATABASE_URL"])
    assert not cluster.foreign_server()


def test_settings_survive_the_shell(cluster):
    odd = {"A": "with 'quotes' & $HOME; spaces"}
    done = subprocess.run(
        ["bash", "-c", 'eval "$1"; printf %s "$A"', "-", cluster.lines_for_shell(odd)],
        capture_output=True,
        text=True,
    )
    assert done.stdout == odd["A"]


@pytest.fixture
def checkout(tmp_path):
    """A bare checkout with nothing but the script, stopped and removed at the end."""
    (tmp_path / "setup").mkdir()
    shutil.copy(REPO / "setup" / "cluster.py", tmp_path / "setup")
    env = {k: v for k, v in os.environ.items() if not k.endswith("DATABASE_URL") and k != "DB_PORT"}

    def command(word):
        return subprocess.run(
            [sys.executable, str(tmp_path / "setup" / "cluster.py"), word],
            cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120,
        )  # fmt: skip

    yield command
    command("stop")
    data = Path(command("where").stdout.split("\n")[0].split()[1])
    if data.parent.parent == Path("/var/tmp"):
        shutil.rmtree(data.parent)


@pytest.mark.slow
def test_start_start_crash_start_stop_stop(checkout):
    first = checkout("start")
    assert first.returncode == 0, first.stderr
    assert "making a private PostgreSQL cluster" in first.stderr
    again = checkout("start")
    assert again.returncode == 0
    assert "making" not in again.stderr

    data = Path(checkout("where").stdout.split("\n")[0].split()[1])
    pid_file = data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    os.kill(int(lines[0]), signal.SIGKILL)
    for _ in range(100):
        if "running no" in checkout("where").stdout:
            break
        time.sleep(0.1)
    # As after a restart of the machine: the number is a stranger's now.
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    crashed = checkout("start")
    assert crashed.returncode == 0, crashed.stderr
    assert "removed postmaster.pid of a server that is gone" in crashed.stderr
    assert "PostgreSQL runs" in crashed.stderr

    assert "stopped" in checkout("stop").stderr
    twice = checkout("stop")
    assert twice.returncode == 0
    assert "not running" in twice.stderr
