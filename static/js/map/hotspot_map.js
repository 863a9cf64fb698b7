// @ts-check
// Hotspots, proposed places, outlines and the steps of a density over our own streets. Loaded only where it is shown.
import { Map as MapLibre, NavigationControl, ScaleControl, setWorkerUrl } from "maplibre-gl";
import { boxOf, nameBase, openBase, tilesOf, wordsOf } from "./base.js";

// A point says where something happened: it is shown from this zoom on, and the server sends none before.
const POINTS_FROM = 13;

/** @typedef {{choose: (id: number) => void, map: MapLibre, base: import("./base.js").Base, ready: Promise<unknown>, fit: (bounds: number[]) => void}} HotspotMap */

/**
 * @param {HTMLElement} box with data-bounds and perhaps data-incidents @param {any} given GeoJSON
 * @param {(address: string) => void} open
 * @returns {Promise<HotspotMap>} rejects when there is no WebGL
 */
export async function openHotspotMap(box, given, open) {
  setWorkerUrl("/static/dist/maplibre-gl-worker.mjs");
  const base = await openBase();
  const shapes = base.move(given);
  const map = new MapLibre({
    container: box,
    style: base.under(style(base, shapes, box.dataset.incidents)),
    transformRequest: base.request,
    bounds: /** @type {any} */ (boundsOf(shapes) ?? boxOf(base, (box.dataset.bounds ?? "").split(",").map(Number))),
    fitBoundsOptions: { padding: 40, maxZoom: 16 },
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    locale: wordsOf(box),
  });
  const ready = map.once("load");
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new ScaleControl({ maxWidth: 120 }), "bottom-left");
  nameBase(map, base);
  map.on("error", () => {}); // a tile that failed is asked for again when it is next needed
  map.on("click", "shapes", (event) => {
    const address = event.features?.[0]?.properties.address;
    if (address) open(address);
  });
  return {
    map,
    base,
    ready,
    fit: (bounds) => void map.fitBounds(boxOf(base, bounds), { padding: 60, maxZoom: 17, animate: false }),
    choose(id) {
      const show = () => map.setFilter("chosen", ["==", ["id"], id]);
      if (map.isStyleLoaded()) show();
      else map.once("load", show);
    },
  };
}

/** @param {any} shapes @returns {number[]|null} */
function boundsOf(shapes) {
  const found = [180, 90, -180, -90];
  /** @param {any} part */
  const look = (part) => {
    if (typeof part[0] !== "number") return part.forEach(look);
    const [lon, lat] = part;
    found.splice(0, 4, Math.min(found[0], lon), Math.min(found[1], lat), Math.max(found[2], lon), Math.max(found[3], lat));
  };
  for (const one of shapes.features) look(one.geometry.coordinates);
  return shapes.features.length ? found : null;
}

/** @param {import("./base.js").Base} base @param {any} shapes @param {string|undefined} incidents @returns {any} */
function style(base, shapes, incidents) {
  const css = getComputedStyle(document.documentElement);
  const of = (/** @type {string} */ name) => css.getPropertyValue(name).trim();
  const kind = ["get", "kind"];
  const colour = ["match", kind, ["found", "proposed", "outline", "control", "control_ring"], of("--wait-edge"), "step", of("--need-edge"), of("--accent")];
  return {
    version: 8,
    sources: {
      streets: { type: "vector", tiles: [tilesOf(base, "/api/v1/tiles/streets/{z}/{x}/{y}.mvt")], minzoom: 10, maxzoom: 16 },
      shapes: { type: "geojson", data: shapes },
      ...(incidents ? { incidents: { type: "vector", tiles: [tilesOf(base, incidents)], minzoom: POINTS_FROM, maxzoom: 16 } } : {}),
    },
    layers: [
      { id: "land", type: "background", paint: { "background-color": of("--map-land") } },
      { id: "streets", type: "line", source: "streets", "source-layer": "streets", layout: { "line-cap": "round" },
        paint: { "line-color": of("--map-street"), "line-width": ["interpolate", ["linear"], ["zoom"], 12, 0.7, 17, 5] } },
      { id: "township", type: "line", source: "shapes", filter: ["==", kind, "township"], paint: { "line-color": of("--map-edge"), "line-width": 1.6, "line-opacity": 0.7, "line-dasharray": [4, 3] } },
      { id: "shapes", type: "fill", source: "shapes", filter: ["!=", kind, "township"], paint: { "fill-color": colour,
        "fill-opacity": ["match", kind, "overdue", 0.06, "step", 0.16, "outline", 0.08, ["ring", "control_ring"], 0.05, 0.3] } },
      // A hotspot that is overdue fades: its line is thin and broken as well.
      { id: "edges", type: "line", source: "shapes", filter: ["!", ["in", kind, ["literal", ["overdue", "step", "ring", "control_ring", "township"]]]], paint: { "line-color": colour, "line-width": 2 } },
      { id: "overdue", type: "line", source: "shapes", filter: ["==", kind, "overdue"], paint: { "line-color": of("--map-edge"), "line-width": 1.2, "line-opacity": 0.6, "line-dasharray": [3, 2] } },
      { id: "rings", type: "line", source: "shapes", filter: ["in", kind, ["literal", ["ring", "control_ring"]]], paint: { "line-color": colour, "line-width": 1.4, "line-dasharray": [2, 2] } },
      { id: "chosen", type: "line", source: "shapes", filter: ["==", ["id"], -1], paint: { "line-color": of("--need-edge"), "line-width": 4 } },
      ...(incidents
        ? [{ id: "incidents", type: "circle", source: "incidents", "source-layer": "incidents", minzoom: POINTS_FROM,
            paint: { "circle-radius": 4, "circle-color": of("--ink"), "circle-opacity": 0.75, "circle-stroke-width": 1, "circle-stroke-color": of("--card") } }]
        : []),
      // Where a beat begins: a ring, and its word below it.
      { id: "start", type: "circle", source: "shapes", filter: ["==", kind, "start"], paint: { "circle-radius": 6, "circle-color": of("--card"), "circle-stroke-width": 3, "circle-stroke-color": of("--ink") } },
      { id: "names", type: "symbol", source: "shapes", filter: ["in", kind, ["literal", ["hotspot", "overdue", "treated", "control", "start"]]],
        layout: { "text-field": ["get", "name"], "text-size": 13, "text-offset": ["case", ["==", kind, "start"], ["literal", [0, 1.2]], ["literal", [0, 0]]] },
        paint: { "text-color": of("--ink"), "text-halo-color": of("--card"), "text-halo-width": 1.6, "text-opacity": ["match", kind, "overdue", 0.7, 1] } },
    ],
  };
}
