"""The tests of the browser's pure code are run by Node itself, one file a test here."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
INSIDE = REPO / ".venv" / "bin" / "node"
DIST = REPO / "static" / "dist"
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


def needs(name):
    """A script of the build and all that it imports at once."""
    found, left = set(), [name]
    while left:
        one = left.pop()
        if one in found:
            continue
        found.add(one)
        text = (DIST / one).read_text()
        for other in re.findall(r"""(?:\bfrom|\bimport)\s*["'](\./[^"']+|\.\./[^"']+)["']""", text):
            left.append(os.path.normpath(os.path.join(os.path.dirname(one), other)))
    return found


def over_the_wire(names, ending):
    """Bytes; a file under 1,000 lies there unpacked only."""
    packed = [DIST / (name + ending) for name in names]
    return sum((p if p.exists() else p.with_suffix("")).stat().st_size for p in packed)


def test_the_check_in_screen_comes_in_forty_kilobytes_of_script():
    """A cheap phone on a poor line waits for each of them. On duty it also fetches its hotspots and its stream;
    the map comes when one is shown."""
    late = [
        f"chunks/{path.name}"
        for name in ("hotspots", "stream")
        for path in (DIST / "chunks").glob(f"{name}-*.js")
    ]
    assert len(late) == 2
    first = needs("phone.js")
    whole = first.union(*(needs(name) for name in late))
    assert not [name for name in whole if "maplibre" in (DIST / name).read_text()[:2000]]
    assert over_the_wire(first, ".gz") <= 40_000
    assert over_the_wire(whole, ".br") <= 40_000
