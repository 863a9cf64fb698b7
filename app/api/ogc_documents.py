"""The documents under /ogc as plain values: landing page, conformance, collections, tilesets. Links are absolute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from flask_babel import gettext as _

from app.api.ogc_asked import CRS84
from app.coverage.queries import Box
from app.coverage.tiles import FIRST_ZOOM
from app.exports.features import COLLECTIONS

JSON, GEOJSON, HTML = "application/json", "application/geo+json", "text/html"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
MVT = "application/vnd.mapbox-vector-tile"
FEATURES_SPEC = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf"
TILES_SPEC = "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf"
CONFORMS_TO = [
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    *[f"{FEATURES_SPEC}/{part}" for part in ("core", "geojson", "html", "oas30")],
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    *[f"{TILES_SPEC}/{part}" for part in ("core", "tileset", "tilesets-list", "mvt")],
]
MATRIX_SET = "WebMercatorQuad"
MATRIX_SET_URI = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
TILES_REL = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"
LAST_ZOOM = 20


class Links:
    """Absolute addresses. `kept` goes into every one of them: a token that came in the address, or the next request of
    a client that cannot send headers would be refused."""

    def __init__(self, base: str, kept: Mapping[str, str]) -> None:
        self.base, self.kept = base, dict(kept)

    def address(self, path: str, **more: Any) -> str:
        query = {**{k.replace("_", "-"): v for k, v in more.items() if v is not None}, **self.kept}
        return f"{self.base}/ogc{path}" + (f"?{urlencode(query, safe=',:/')}" if query else "")

    def link(self, rel: str, kind: str, path: str, title: str = "", **more: Any) -> dict[str, Any]:
        made = {"rel": rel, "type": kind, "href": self.address(path, **more)}
        return {**made, "title": title} if title else made

    def itself(self, path: str, shown: str, kind: str = JSON, **more: Any) -> list[dict[str, Any]]:
        """self and alternate: this document as it was asked for, and the other way it can be had."""
        ways = {"json": kind, "html": HTML}
        other = "html" if shown == "json" else "json"
        return [
            self.link("self", ways[shown], path, _("ogc.this"), **more, f=shown),
            self.link("alternate", ways[other], path, _(f"ogc.as.{other}"), **more, f=other),
        ]


def landing(links: Links, shown: str) -> dict[str, Any]:
    return {
        "title": _("ogc.title"), "description": _("ogc.words"),
        "links": [
            *links.itself("", shown),
            links.link("service-desc", OPENAPI, "/api", _("ogc.api"), f="json"),
            links.link("service-doc", HTML, "/api", _("ogc.api"), f="html"),
            links.link("conformance", JSON, "/conformance", _("ogc.conformance"), f="json"),
            links.link("data", JSON, "/collections", _("ogc.collections"), f="json"),
        ],
    }  # fmt: skip


def conformance(links: Links, shown: str) -> dict[str, Any]:
    return {
        "title": _("ogc.conformance"), "conformsTo": CONFORMS_TO, "links": links.itself("/conformance", shown)
    }  # fmt: skip


def collections(links: Links, shown: str, box: Box | None) -> dict[str, Any]:
    return {
        "title": _("ogc.collections"), "links": links.itself("/collections", shown),
        "collections": [collection(links, "json", name, box, inside=True) for name in COLLECTIONS],
    }  # fmt: skip


def collection(
    links: Links, shown: str, name: str, box: Box | None, *, inside: bool = False
) -> dict[str, Any]:
    path = f"/collections/{name}"
    title = _(f"ogc.collection.{name}")
    about = {
        "id": name, "title": title, "description": _(f"ogc.collection.{name}.words"), "itemType": "feature",
        "crs": [CRS84], "storageCrs": CRS84,
        "links": [
            *(links.itself(path, shown) if not inside else [links.link("self", JSON, path, title, f="json")]),
            links.link("items", GEOJSON, f"{path}/items", title, f="json"),
            links.link("items", HTML, f"{path}/items", title, f="html"),
            links.link(TILES_REL, JSON, f"{path}/tiles", _("ogc.tiles"), f="json"),
        ],
    }  # fmt: skip
    if box is not None:
        about["extent"] = {"spatial": {"bbox": [list(box)], "crs": CRS84}}
    return about


def paging(
    links: Links, shown: str, name: str, asked: Mapping[str, str], offset: int, limit: int, returned: int, matched: int
) -> list[dict[str, Any]]:  # fmt: skip
    """self, alternate, the collection, and `next` and `prev` where there is more; both keep all that was asked."""
    path = f"/collections/{name}/items"
    kept = {k.replace("-", "_"): v for k, v in asked.items() if k not in ("f", "token", "offset", "limit")}
    kind = GEOJSON if shown == "json" else HTML
    here = {**kept, **{k: asked[k] for k in ("limit", "offset") if k in asked}}
    found = [*links.itself(path, shown, GEOJSON, **here)]
    found.append(
        links.link("collection", JSON, f"/collections/{name}", _(f"ogc.collection.{name}"), f="json")
    )
    if offset + returned < matched and returned:
        found.append(
            links.link("next", kind, path, _("ogc.next"), **kept, limit=limit, offset=offset + limit, f=shown)
        )
    if offset > 0:
        before = max(0, offset - limit)
        found.append(
            links.link("prev", kind, path, _("ogc.prev"), **kept, limit=limit, offset=before, f=shown)
        )
    return found


def item(
    links: Links, shown: str, name: str, fid: int | str, asked: Mapping[str, str]
) -> list[dict[str, Any]]:
    path = f"/collections/{name}/items/{quote(str(fid), safe='')}"
    return [
        *links.itself(path, shown, GEOJSON, datetime=asked.get("datetime")),
        links.link("collection", JSON, f"/collections/{name}", _(f"ogc.collection.{name}"), f="json"),
    ]


def tilesets(links: Links, shown: str, name: str) -> dict[str, Any]:
    return {
        "title": _("ogc.tiles"), "links": links.itself(f"/collections/{name}/tiles", shown),
        "tilesets": [tileset(links, "json", name, inside=True)],
    }  # fmt: skip


def tileset(links: Links, shown: str, name: str, *, inside: bool = False) -> dict[str, Any]:
    """Tiles of the same figures; a template of addresses, each empty where the caller sees nothing."""
    path = f"/collections/{name}/tiles/{MATRIX_SET}"
    here = (
        links.itself(path, shown)
        if not inside
        else [links.link("self", JSON, path, _("ogc.tiles"), f="json")]
    )
    tile = links.link("item", MVT, f"{path}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}", _("ogc.tiles"))
    return {
        "title": _(f"ogc.collection.{name}"), "dataType": "vector", "crs": "http://www.opengis.net/def/crs/EPSG/0/3857",
        "tileMatrixSetURI": MATRIX_SET_URI, "tileMatrixSetId": MATRIX_SET,
        "tileMatrixSetLimits": [
            {
                "tileMatrix": str(z), "minTileRow": 0, "maxTileRow": 2**z - 1, "minTileCol": 0, "maxTileCol": 2**z - 1,
            }
            for z in range(FIRST_ZOOM[name], LAST_ZOOM + 1)
        ],
        "links": [*here, {**tile, "templated": True}],
    }  # fmt: skip


def shown_values(properties: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    return [(key, "–" if value is None else value) for key, value in properties.items()]
