"""QGIS itself, without a screen, where it is installed (Debian: python3-qgis): it reads every collection."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.api.test_ogc_live import COLLECTIONS, HERE, shown  # noqa: F401

PYTHON = "/usr/bin/python3"
READS = Path(__file__).with_name("qgis_reads.py")


def is_there() -> bool:
    if not Path(PYTHON).exists():
        return False
    return subprocess.run([PYTHON, "-c", "import qgis.core"], capture_output=True).returncode == 0


pytestmark = pytest.mark.skipif(not is_there(), reason="QGIS is not installed (python3-qgis)")


def reads(live: Any, token: str, home: Path) -> dict[str, Any]:
    """What QGIS says of each collection; its settings lie in a folder of their own."""
    box = ",".join(str(n) for n in HERE)
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "HOME": str(home), "XDG_RUNTIME_DIR": str(home)}
    for name in ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV"):
        env.pop(name, None)
    command = [PYTHON, str(READS), f"{live.url}/ogc", token, ",".join(COLLECTIONS), box]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=180, cwd=home)
    assert done.returncode == 0, done.stderr[-2000:]
    return {one["name"]: one for one in map(json.loads, done.stdout.splitlines())}


def test_qgis_reads_every_collection_past_page_one(live: Any, shown: Any, tmp_path: Path) -> None:  # noqa: F811
    found = reads(live, shown["ours"], tmp_path)
    assert {name: len(one["read"]) for name, one in found.items()} == COLLECTIONS
    assert all(one["valid"] for one in found.values())
    assert {"covered_percent", "grade"} <= set(found["streets"]["fields"])
    assert 0 < found["streets"]["in_box"] < COLLECTIONS["streets"]


def test_the_next_townships_token_shows_qgis_nothing_here(live: Any, shown: Any, tmp_path: Path) -> None:  # noqa: F811
    found = reads(live, shown["theirs"], tmp_path)
    assert {name: one["in_box"] for name, one in found.items()} == dict.fromkeys(COLLECTIONS, 0)
