"""Vector tiles of the map, scoped to the caller: an outsider's are empty, for a tile's address names no area."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Response, request
from flask_smorest import Blueprint
from marshmallow import fields, validate

from app import clock
from app.api import made
from app.api.coverage import TimesQuery
from app.config import DATUMS
from app.coverage import queries
from app.coverage.cutting import Tile
from app.coverage.kept import Cut
from app.coverage.measures import period_of
from app.coverage.tiles import LAYERS
from app.errors import DomainError, FieldError, NotFound
from app.gate import TILE as MEDIA_TYPE
from app.gate import allow, my_scope

bp = Blueprint("tiles_api", __name__, url_prefix="/api/v1/tiles", description="Mapbox vector tiles")
LAST_ZOOM = 20
ANSWERS = {
    200: {
        "description": "The tile, with a strong ETag",
        "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    },
    204: {"description": "Nothing that the caller may see lies here"},
    304: {"description": "Unchanged since the ETag sent in If-None-Match"},
}


class TileQuery(TimesQuery):
    """The period of the figures, and how often a street or hexagon has to be walked in it. `datum`: of the map that
    the tile is laid over; what is drawn is moved, nothing is measured there. `v` is for caches only."""

    datum = fields.String(load_default="wgs84", validate=validate.OneOf(DATUMS))
    v = fields.String(load_default=None)


@bp.route("/<layer>/<int:z>/<int:x>/<int:y>.mvt")
@bp.doc(responses={str(code): answer for code, answer in ANSWERS.items()})
@allow()
@bp.arguments(TileQuery, location="query")
def tile(query: dict[str, Any], layer: str, z: int, x: int, y: int) -> Any:
    """A tile of streets, cells, hotspots, routes or areas. Members get shapes and names without figures."""
    if layer not in LAYERS:
        raise NotFound()
    wanted = replace(checked(z, x, y), datum=query["datum"])
    now, scope = clock.now(), my_scope()
    # The zone says which day is today: of no matter where the last day is named.
    zone = queries.DEFAULT_ZONE if query["last"] else queries.zone_of(scope.visible_area_ids)
    period = period_of(query["first"], query["last"], zone, now, query["times"])
    return answer(made.tile_of(layer, scope, wanted, period, now, zone))


def checked(z: int, x: int, y: int) -> Tile:
    """Raises DomainError naming the number that is out of range."""
    if z > LAST_ZOOM:
        raise DomainError("zoom_out_of_range", [FieldError("/z", "zoom_out_of_range", {"most": LAST_ZOOM})],
                          most=LAST_ZOOM)  # fmt: skip
    wrong = [FieldError(f"/{name}", "tile_out_of_range") for name, at in (("x", x), ("y", y)) if at >= 2**z]
    if wrong:
        raise DomainError("tile_out_of_range", wrong)
    return Tile(z, x, y)


def answer(cut: Cut) -> Response:
    response = Response(cut.body, status=200 if cut.body else 204, content_type=MEDIA_TYPE)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Cookie"
    if not cut.body:
        del response.headers["Content-Type"]
        return response
    response.set_etag(cut.etag)
    return response.make_conditional(request)
