"""Addresses of built style sheets and scripts, with their hash, so that a browser may keep them."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, current_app, request
from werkzeug.utils import safe_join

SOURCES = {".css": "css", ".js": "js"}
# What setup/build.mjs lays beside a built file, the smallest first; the ending tells Flask the Content-Encoding.
PACKED = {"br": ".br", "gzip": ".gz"}


def init_app(app: Flask) -> None:
    app.view_functions["static"] = send_static


def send_static(filename: str) -> Response:
    """A file of ours, packed when it lies there packed and the browser can unpack it."""
    folder = current_app.static_folder or ""
    for encoding, ending in PACKED.items():
        beside = safe_join(folder, filename + ending)
        if request.accept_encodings[encoding] and beside and Path(beside).is_file():
            filename += ending
            break
    response = current_app.send_static_file(filename)
    response.vary.add("Accept-Encoding")
    return response


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
