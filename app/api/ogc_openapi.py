"""OpenAPI 3.0 of what lies under /ogc, as GDAL, QGIS and ArcGIS read it: parameters, limits, how a token is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _

from app.api.ogc_asked import CRS84, DEFAULT_LIMIT, MOST
from app.api.ogc_documents import GEOJSON, HTML, JSON, MATRIX_SET, MVT, OPENAPI
from app.exports.features import COLLECTIONS

PROBLEM = "application/problem+json"
NUMBERS = {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}


def _parameter(
    name: str, schema: dict[str, Any], words: str, where: str = "query", **more: Any
) -> dict[str, Any]:
    needed = where == "path"
    return {"name": name, "in": where, "required": needed, "description": words, "schema": schema, **more}


def parameters() -> dict[str, Any]:
    listed = {"style": "form", "explode": False}
    whole = {"type": "integer"}
    return {
        "bbox": _parameter("bbox", NUMBERS, "west,south,east,north", **listed),
        "crs": _parameter("crs", {"type": "string", "enum": [CRS84]}, "WGS 84"),
        "bbox-crs": _parameter("bbox-crs", {"type": "string", "enum": [CRS84]}, "WGS 84"),
        "datetime": _parameter("datetime", {"type": "string"}, _("ogc.datetime"), style="form", explode=False),
        "limit": _parameter(
            "limit", {**whole, "minimum": 1, "maximum": MOST, "default": DEFAULT_LIMIT}, _("ogc.limit"), **listed
        ),
        "offset": _parameter("offset", {**whole, "minimum": 0, "default": 0}, _("ogc.offset"), **listed),
        "f": _parameter("f", {"type": "string", "enum": ["json", "html"]}, _("ogc.format")),
        "token": _parameter("token", {"type": "string"}, _("ogc.token")),
        "collectionId": _parameter("collectionId", {"type": "string", "enum": list(COLLECTIONS)}, "", "path"),
        "featureId": _parameter("featureId", {"type": "string"}, "", "path"),
        **{
            name: _parameter(name, {"type": kind}, "", "path")
            for name, kind in (("tileMatrix", "string"), ("tileRow", "integer"), ("tileCol", "integer"))
        },
    }  # fmt: skip


def _get(name: str, words: str, kinds: Sequence[str], *asked: str) -> dict[str, Any]:
    every = ("f", "token") if MVT not in kinds else ("token",)
    good = {"description": words, "content": {kind: {"schema": _shape(kind)} for kind in kinds}}
    wrong = {"$ref": "#/components/responses/Problem"}
    return {
        "get": {
            "operationId": name, "summary": words, "tags": ["OGC API"],
            "parameters": [{"$ref": f"#/components/parameters/{p}"} for p in (*asked, *every)],
            "responses": {
                "200": good, **({"204": {"description": words}} if MVT in kinds else {}), "400": wrong, "401": wrong,
                "404": wrong, "429": wrong,
            },
        }
    }  # fmt: skip


def _shape(kind: str) -> dict[str, Any]:
    if kind == MVT:
        return {"type": "string", "format": "binary"}
    return {"type": "string"} if kind == HTML else {"type": "object"}


def description(server: str) -> dict[str, Any]:
    page, geo = (JSON, HTML), (GEOJSON, HTML)
    one, tiles = "/collections/{collectionId}", "/collections/{collectionId}/tiles"
    figures = ("bbox", "bbox-crs", "crs", "datetime", "limit", "offset")
    paths = {
        "/": _get("getLandingPage", _("ogc.title"), page),
        "/api": _get("getDescription", _("ogc.api"), (OPENAPI, HTML)),
        "/conformance": _get("getConformance", _("ogc.conformance"), page),
        "/collections": _get("getCollections", _("ogc.collections"), page),
        one: _get("describeCollection", _("ogc.collections"), page, "collectionId"),
        f"{one}/items": _get("getFeatures", _("ogc.items"), geo, "collectionId", *figures),
        f"{one}/items/{{featureId}}": _get(
            "getFeature", _("ogc.items"), geo, "collectionId", "featureId", "datetime", "crs"
        ),
        tiles: _get("getTileSets", _("ogc.tiles"), page, "collectionId"),
        f"{tiles}/{MATRIX_SET}": _get("getTileSet", _("ogc.tiles"), page, "collectionId"),
        f"{tiles}/{MATRIX_SET}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}": _get(
            "getTile", _("ogc.tiles"), (MVT,), "collectionId", "tileMatrix", "tileRow", "tileCol", "datetime"
        ),
    }  # fmt: skip
    for name in COLLECTIONS:  # some clients look for the limit at the collection's own address
        words = _(f"ogc.collection.{name}")
        paths[f"/collections/{name}/items"] = _get(f"get{name.title()}", words, geo, *figures)
    return {
        "openapi": "3.0.3", "info": {"title": _("ogc.title"), "version": "1", "description": _("ogc.words")},
        "servers": [{"url": server}], "paths": paths,
        "security": [{"bearer": []}, {"basic": []}, {"address": []}],
        "components": {
            "parameters": parameters(),
            "responses": {"Problem": {"description": "RFC 9457", "content": {PROBLEM: {"schema": {"type": "object"}}}}},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"}, "basic": {"type": "http", "scheme": "basic"},
                "address": {"type": "apiKey", "in": "query", "name": "token"},
            },
        },
    }  # fmt: skip
