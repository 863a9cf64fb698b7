"""The tests of the browser's pure code are run by Node itself, one file a test here."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
INSIDE = REPO / ".venv" / "bin" / "node"
NODE = str(INSIDE) if INSIDE.exists() else shutil.which("node")


@pytest.mark.parametrize("file", sorted(path.name for path in (REPO / "tests" / "js").glob("*.test.js")))
def test_node_agrees(file):
    done = subprocess.run(
        [NODE, "--test", f"tests/js/{file}"],
        cwd=REPO,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]


def test_the_built_worker_knows_the_phones_files_and_keeps_the_map_apart():
    worker = REPO / "static" / "dist" / "sw.js"
    assert worker.exists(), "`make test` builds the pages first"
    text = worker.read_text()
    shell, later = text.split("self.__MAP=")[:2]
    assert '"/static/dist/phone.js"' in shell
    assert '"/static/dist/i18n/phone.zh.json"' in shell
    assert "maplibre" not in shell
    assert '"/static/dist/maplibre-gl-worker.mjs"' in later
