"""make run and its end: however it is stopped, nothing is left behind. A stub stands for the application."""

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow

APP = """
import os, time
import click
from flask import Flask, Response

def create_app():
    from gevent import monkey
    app = Flask(__name__)

    @app.get("/")
    def home():
        return {"patched": monkey.is_module_patched("socket"), "db": os.environ["DATABASE_URL"]}

    @app.get("/stream")
    def stream():
        def lines():
            while True:
                yield "x\\n"
                time.sleep(0.2)
        return Response(lines())

    @app.cli.group("db")
    def db():
        pass

    @db.command()
    def upgrade():
        click.echo("upgraded")

    @app.cli.command("demo")
    def demo():
        click.echo("filled")

    @app.cli.command("worker")
    def worker():
        while True:
            time.sleep(1)

    return app
"""


@pytest.fixture
def stub(tmp_path):
    for name in ("setup", "deploy"):
        shutil.copytree(REPO / name, tmp_path / name)
    for name in ("Makefile", "wsgi.py"):
        shutil.copy(REPO / name, tmp_path)
    (tmp_path / ".venv").symlink_to(REPO / ".venv")
    (tmp_path / "setup/prepare.py").write_text("")
    (tmp_path / "app").mkdir()
    (tmp_path / "app/__init__.py").write_text(APP)
    return tmp_path


@pytest.fixture
def server(stub):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = stub / "words"
    env = {
        **os.environ,
        "DATABASE_URL": "postgresql+psycopg://me@db.example/patrol",
        "XUNFANG_GRACE_S": "1",
        "XUNFANG_DEMO": "1",
        "SECRET_KEY": "x" * 40,
    }
    with words.open("w") as out:
        make = subprocess.Popen(
            ["make", "run", f"PORT={port}"], cwd=stub, env=env, stdin=subprocess.DEVNULL,
            stdout=out, stderr=out, start_new_session=True,
        )  # fmt: skip
    make.port, make.words, make.folder = port, words, stub
    until(lambda: "Ctrl-C stops it" in words.read_text(), words)
    yield make
    if make.poll() is None:
        make.terminate()
        make.wait(20)


def until(true, words, seconds=40):
    for _ in range(seconds * 10):
        if true():
            return
        time.sleep(0.1)
    pytest.fail("waited in vain: " + words.read_text())


def left_over(folder):
    """Processes whose working directory is the stub's."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{entry}/cwd") == str(folder):
                found.append(Path(f"/proc/{entry}/cmdline").read_bytes())
        except OSError:
            pass
    return found


def test_it_says_who_can_sign_in_and_serves(server):
    said = server.words.read_text()
    assert said.index("upgraded") < said.index("filled") < said.index(f"http://127.0.0.1:{server.port}/")
    assert "member · leader · reviewer · admin · outsider" in said
    assert "xunfang-demo" in said
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/") as answer:
        assert b'"patched":true' in answer.read()


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGKILL])
def test_ending_make_ends_the_server_and_its_worker_even_with_a_stream_open(server, sign):
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/stream") as stream:
        assert stream.readline() == b"x\n"
        assert len(left_over(server.folder)) >= 4  # make, script, gunicorn and its workers, queue worker
        os.kill(server.pid, sign)
        server.wait(20)
        until(lambda: not left_over(server.folder), server.words)


def test_ctrl_c_ends_everything(server):
    os.killpg(server.pid, signal.SIGINT)
    server.wait(20)
    until(lambda: not left_over(server.folder), server.words)
    assert "stopped. The database goes on" in server.words.read_text()


def test_when_the_worker_dies_the_server_is_stopped_too(server):
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            here = os.readlink(f"/proc/{entry}/cwd") == str(server.folder)
            if here and b"flask\0worker" in Path(f"/proc/{entry}/cmdline").read_bytes():
                os.kill(int(entry), signal.SIGKILL)
        except OSError:
            pass
    assert server.wait(20) != 0
    assert "a process stopped by itself" in server.words.read_text()
    until(lambda: not left_over(server.folder), server.words)
