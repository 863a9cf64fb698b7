"""What lies under our maps, where something is set up: told to whoever is signed in, and a PMTiles archive in parts."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, send_file
from flask_smorest import Blueprint

from app.config import BaseMap
from app.errors import NotFound
from app.gate import allow, settings

bp = Blueprint("basemap_api", __name__, url_prefix="/api/v1/base-map", description="What lies under the maps")
ARCHIVE = "/api/v1/base-map/archive.pmtiles"


@bp.get("")
@bp.doc(responses={"200": {"description": "kind, addresses, datum, credit, last_zoom"}})
@allow()
def told() -> Any:
    """The base map that is set up: where it comes from, in which datum, whom it wants named. 404: there is none."""
    base = known()
    return jsonify(
        kind=base.kind, addresses=[ARCHIVE] if base.kind == "pmtiles" else base.addresses, datum=base.datum,
        credit=base.credit, last_zoom=base.last_zoom,
    )  # fmt: skip


@bp.get("/archive.pmtiles")
@bp.doc(
    responses={
        "200": {"description": "The whole archive", "content": {"application/vnd.pmtiles": {}}},
        "206": {"description": "The bytes asked for by Range"},
        "304": {"description": "Unchanged since the ETag sent in If-None-Match"},
    }
)
@allow()
def archive() -> Response:
    """A PMTiles archive on this server, with Range and a strong ETag. 404: none is set up."""
    base = known()
    if base.kind != "pmtiles" or not base.file.is_file():
        raise NotFound()
    response = send_file(base.file, mimetype="application/vnd.pmtiles", conditional=True)
    response.headers["Cache-Control"] = "private, max-age=3600"
    response.headers["Vary"] = "Cookie"
    return response


def known() -> BaseMap:
    """Raises NotFound where nothing lies under our maps."""
    base = settings().base_map
    if base is None:
        raise NotFound()
    return base
