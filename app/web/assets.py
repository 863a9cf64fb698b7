"""Addresses of built style sheets and scripts, with their hash, so that a browser may keep them."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from flask import current_app

SOURCES = {".css": "css", ".js": "js"}


def asset(name: str) -> str:
    """`desk.css` → /static/dist/desk.css?v=<hash>; the source itself where nothing was built (tests)."""
    manifest = Path(current_app.static_folder or "") / "dist" / "manifest.json"
    built = _hashes(manifest, manifest.stat().st_mtime) if manifest.exists() else {}
    if name in built:
        return f"/static/dist/{name}?v={built[name]}"
    return f"/static/{SOURCES[Path(name).suffix]}/{name}"


@lru_cache(maxsize=2)
def _hashes(manifest: Path, changed: float) -> dict[str, str]:
    return dict(json.loads(manifest.read_text()))
