"""The phone's shell: one page for everybody (no word about the caller in it), its worker and its manifest.

The worker keeps the page, so it must be the same for all and change its revision when it changes. The bundle's own
list of files is in static/dist/sw.js (setup/build.mjs); this adds the two pages that the server renders.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

from flask import Blueprint, Response, abort, current_app, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app.gate import public, settings, shows_map

pages = Blueprint("phone", __name__)
MAY_COMPILE = (
    "1"  # since the reader of QR codes came; another number makes every phone fetch the page's headers anew
)


@pages.get("/m/")
@public
def shell() -> ResponseReturnValue:
    g.may_compile = True
    shows_map()
    return revalidated(page(), "text/html; charset=utf-8")


@pages.get("/m")
@public
def shell_without_slash() -> ResponseReturnValue:
    return redirect("/m/", 308)


@pages.get("/manifest.webmanifest")
@public
def manifest() -> ResponseReturnValue:
    return revalidated(
        render_template("phone/manifest.webmanifest"), "application/manifest+json; charset=utf-8"
    )


@pages.get("/sw.js")
@public
def worker() -> ResponseReturnValue:
    built = Path(current_app.static_folder or "") / "dist" / "sw.js"
    if not built.is_file():
        abort(404)
    rendered = {
        "/m/": page(),
        "/manifest.webmanifest": render_template("phone/manifest.webmanifest"),
    }
    # The shell is kept with its headers: what its page may do belongs to its revision.
    base = settings().base_map
    may = MAY_COMPILE + " ".join(base.hosts if base else ())
    kept = [
        {"url": url, "revision": revision_of(text + (may if url == "/m/" else ""))}
        for url, text in rendered.items()
    ]
    response = revalidated(
        f"self.__PAGES={json.dumps(kept)};\n{built.read_text()}", "text/javascript; charset=utf-8"
    )
    response.headers["Service-Worker-Allowed"] = "/"
    return response


def page() -> str:
    return render_template("phone/shell.html", has_base=settings().base_map is not None)


def revision_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


def revalidated(text: str, mimetype: str) -> Response:
    """May be kept, must be asked about: 304 when it is still the same."""
    response = Response(text, content_type=mimetype)
    response.headers["Cache-Control"] = "no-cache"
    response.set_etag(revision_of(text))
    response.make_conditional(request)
    return response
