"""OGC API – Features and Tiles at /ogc: the map's figures for QGIS, ArcGIS and other programs. Read-only.

A program shows a token of its person (made at the desk), a person at the desk needs none. Both see what the coverage
page shows them: places and their figures of a period, never a member, a duty or a position.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from flask_login import current_user

from app import clock
from app.accounts import queries as accounts
from app.accounts.operations import count_or_refuse
from app.api import made
from app.api import ogc_asked as asked
from app.api import ogc_documents as documents
from app.api import tiles as mvt
from app.api.ogc_openapi import description
from app.coverage import tiles
from app.coverage.queries import Box, measured_ids, zone_of
from app.db import db
from app.errors import DomainError, NotFound, NotSignedIn, TooMany
from app.exports import features, queries
from app.exports.features import COLLECTIONS, Asked, Feature
from app.gate import allow, me, my_scope, settings, token_in

bp = Blueprint("ogc", __name__, url_prefix="/ogc")
READERS = ("leader", "reviewer", "admin")
# A map that is dragged asks for many tiles; a program that pages, for ten pages a second.
MOST_A_MINUTE = 600
WRONG_TOKENS_AN_HOUR = 60
ITEMS = ("bbox", "bbox-crs", "crs", "datetime", "limit", "offset")


@bp.before_request
def know_the_caller() -> None:
    """Counted before anything is read: by person, and by address where a token opens nothing."""
    now = clock.now()
    if current_user.is_authenticated:
        count_or_refuse(f"ogc:{me().id}", 60, MOST_A_MINUTE, "too_many", now)
        db.session.commit()
    elif token_in(request) is not None:
        refuse_token(f"ogc:from:{request.remote_addr}")


def refuse_token(key: str) -> None:
    n = accounts.count_attempt(key, 3600, clock.now())
    db.session.commit()
    if n > WRONG_TOKENS_AN_HOUR:
        raise TooMany("too_many", accounts.attempts(key, 3600, clock.now())[1])
    raise NotSignedIn("unknown_token")


@bp.after_request
def ask_for_a_token(response: Response) -> Response:
    """Some programs send name and password only once they were asked for them."""
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="Xunfang", charset="UTF-8"'
    response.headers["Vary"] = "Accept, Accept-Language, Authorization, Cookie"
    return response


# --- documents ------------------------------------------------------------------------------------


@bp.get("", strict_slashes=False)
@allow(*READERS)
def landing() -> Any:
    """What there is, and where its description lies."""
    shown = read()
    return answer(shown, documents.landing(links(), shown))


@bp.get("/api")
@allow(*READERS)
def api() -> Any:
    """OpenAPI 3.0 of these addresses."""
    shown = read()
    about = description(f"{settings().public_url}/ogc")
    if shown == "html":
        return answer(shown, {**documents.landing(links(), shown), "paths": sorted(about["paths"])})
    return answer(shown, about, documents.OPENAPI)


@bp.get("/conformance")
@allow(*READERS)
def conformance() -> Any:
    """The classes of the standards that these addresses keep to."""
    shown = read()
    return answer(shown, documents.conformance(links(), shown))


@bp.get("/collections")
@allow(*READERS)
def collections() -> Any:
    """Areas, hotspots, routes and streets, with where they lie."""
    shown = read()
    return answer(shown, documents.collections(links(), shown, extent()))


@bp.get("/collections/<name>")
@allow(*READERS)
def collection(name: str) -> Any:
    """One of them."""
    shown = read()
    return answer(shown, documents.collection(links(), shown, known(name), extent()))


# --- features -------------------------------------------------------------------------------------


@bp.get("/collections/<name>/items")
@allow(*READERS)
def items(name: str) -> Any:
    """Features with their figures: of an area on the map, of a period, page by page."""
    shown = read(*ITEMS)
    limit, offset = (
        asked.limit_of(request.args.get("limit")),
        asked.offset_of(request.args.get("offset")),
    )
    asked.only_wgs84(request.args)
    boxes = asked.boxes_of(request.args.get("bbox"))
    wanted = about(boxes)
    seen = made.page_of_streets(wanted.scope, wanted.period, wanted.now) if name == "streets" else None
    page = features.page_of(known(name), wanted, offset, limit)
    if seen is not None and page.until is not None:
        made.stands(seen, zone_of(measured_ids(wanted.scope)), page.until)
    returned = len(page.features)
    more = documents.paging(links(), shown, name, request.args, offset, limit, returned, page.matched)
    figures = {
        "numberMatched": page.matched,
        "numberReturned": returned,
        "timeStamp": clock.rfc3339(clock.now()),
    }
    if shown == "html":
        return answer(
            shown, {**documents.collection(links(), shown, name, None), **figures, "links": more}, page=page
        )
    return as_geojson(geojson(page.features, {**figures, "links": more}))


@bp.get("/collections/<name>/items/<fid>")
@allow(*READERS)
def item(name: str, fid: str) -> Any:
    """One feature."""
    shown = read("datetime", "crs")
    asked.only_wgs84(request.args)
    found = features.feature_of(known(name), about(None), fid)
    if found is None:
        raise NotFound()
    more = documents.item(links(), shown, name, found.id, request.args)
    if shown == "html":
        title = {"title": str(found.properties.get("name") or found.id), "links": more}
        return answer(shown, title, page=features.Page(1, [found]))
    return as_geojson(as_text(found, {"links": more}))


def as_geojson(text: str) -> Response:
    response = Response(text, content_type=documents.GEOJSON)
    response.headers["Content-Crs"] = f"<{asked.CRS84}>"
    return response


def geojson(found: list[Feature], more: dict[str, Any]) -> str:
    """Put together as text: the shapes come as text from PostGIS, and are most of it."""
    listed = ",".join(as_text(feature, {}) for feature in found)
    return f'{{"type":"FeatureCollection",{written(more)[1:-1]},"features":[{listed}]}}'


def as_text(feature: Feature, more: dict[str, Any]) -> str:
    rest = f",{written(more)[1:-1]}" if more else ""
    return (
        f'{{"type":"Feature","id":{written(feature.id)},"geometry":{feature.shape},'
        f'"properties":{written(feature.properties)}{rest}}}'
    )


def written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# --- tiles ----------------------------------------------------------------------------------------


@bp.get("/collections/<name>/tiles")
@allow(*READERS)
def tilesets(name: str) -> Any:
    """The sets of tiles there are: one."""
    shown = read()
    return answer(shown, documents.tilesets(links(), shown, known(name)))


@bp.get("/collections/<name>/tiles/WebMercatorQuad")
@allow(*READERS)
def tileset(name: str) -> Any:
    """Zooms, and the addresses of the tiles as a template."""
    shown = read()
    return answer(shown, documents.tileset(links(), shown, known(name)))


@bp.get("/collections/<name>/tiles/WebMercatorQuad/<int:z>/<int:y>/<int:x>")
@allow(*READERS)
def tile(name: str, z: int, y: int, x: int) -> Any:
    """The same tile as the map's own, row before column as the standard has it."""
    asked.only(request.args, repeated(), ("datetime", "token", "f"))
    if request.args.get("f", "mvt") != "mvt":
        raise asked.refusal("bad_parameter", "f")
    wanted = about(None)
    try:
        where = mvt.checked(z, x, y)
    except DomainError as outside:
        raise NotFound() from outside
    return mvt.answer(tiles.tile_of(known(name), wanted.scope, where, wanted.period, wanted.now))


# --- what was asked, how it is answered -----------------------------------------------------------


def read(*more: str) -> str:
    """Refuses what is not known here; answers whether JSON or a page is wanted."""
    asked.only(request.args, repeated(), (*more, *asked.EVERYWHERE))
    return shown_as(request.args.get("f"))


def repeated() -> Iterator[str]:
    return (name for name, values in request.args.lists() if len(values) > 1)


def shown_as(wanted: str | None) -> str:
    """By `f`, else by what the client says that it reads."""
    if wanted is not None:
        if wanted not in asked.FORMATS:
            raise asked.refusal("bad_parameter", "f")
        return wanted
    accepted = request.accept_mimetypes
    best = accepted.best_match([*asked.JSON_NAMES, "text/html"]) if accepted else None
    return "html" if best == "text/html" and str(accepted) != "*/*" else "json"


def links() -> documents.Links:
    """A token that came in the address goes into every link of the answer."""
    kept = {"token": request.args["token"]} if "token" in request.args else {}
    return documents.Links(settings().public_url, kept)


def about(boxes: Any) -> Asked:
    now, scope = clock.now(), my_scope()
    period = asked.period_asked(request.args.get("datetime"), zone_of(measured_ids(scope)), now)
    return Asked(scope, period, now, boxes)


def known(name: str) -> str:
    if name not in COLLECTIONS:
        raise NotFound()
    return name


def extent() -> Box | None:
    return queries.extent_of(my_scope())


def answer(shown: str, doc: dict[str, Any], kind: str = documents.JSON, page: Any = None) -> Response:
    if shown == "json":
        return Response(written(doc), content_type=kind)
    words = render_template(
        "ogc.html", doc=doc, page=page, values=documents.shown_values, columns=columns(page)
    )
    return make_response(words)


def columns(page: Any) -> list[str]:
    return list(page.features[0].properties) if page is not None and page.features else []
