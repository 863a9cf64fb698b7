// @ts-check
// A duty's line over our own streets: what was walked, gaps dashed, what is not to be believed dotted, what waits
// highlighted, and a dot at the moment that is looked at. Loaded only where a duty is played back.
import { Map as MapLibre, NavigationControl, setWorkerUrl } from "maplibre-gl";
import { drawn } from "../domain/playback.js";
import { nameBase, openBase, tilesOf, wordsOf } from "./base.js";

/**
 * @typedef {import("../domain/geo.js").LonLat} LonLat
 * @typedef {{show: (at: LonLat|null) => void, credit: string, close: () => void}} PlaybackMap
 */

/**
 * @param {HTMLElement} box @param {import("../domain/playback.js").Played} seen
 * @returns {Promise<PlaybackMap>} rejects when there is no WebGL
 */
export async function openPlaybackMap(box, seen) {
  setWorkerUrl("/static/dist/maplibre-gl-worker.mjs");
  const [base] = await Promise.all([openBase(), withSheet()]);
  const shapes = base.move(drawn(seen));
  const bounds = boundsOf(shapes);
  const map = new MapLibre({
    container: box,
    style: base.under(style(base, shapes)),
    transformRequest: base.request,
    ...(bounds ? { bounds, fitBoundsOptions: { padding: 36, maxZoom: 17 } } : { center: [114.29, 30.59], zoom: 12 }),
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    fadeDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 200,
    locale: wordsOf(box),
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  nameBase(map, base);
  map.on("error", () => {}); // a tile that failed is asked for again when it is next needed
  /** @type {any} */
  let here = nowhere();
  const put = () => /** @type {any} */ (map.getSource("here"))?.setData(here);
  map.on("load", put);
  return {
    show(at) {
      here = at ? { type: "Feature", properties: {}, geometry: { type: "Point", coordinates: base.draw(at) } } : nowhere();
      put();
    },
    credit: base.credit,
    close: () => map.remove(),
  };
}

function nowhere() {
  return { type: "FeatureCollection", features: [] };
}

/** @param {any} shapes @returns {[number, number, number, number]|null} */
function boundsOf(shapes) {
  /** @type {[number, number, number, number]} */
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

/** @param {import("./base.js").Base} base @param {any} shapes @returns {any} */
function style(base, shapes) {
  const css = getComputedStyle(document.documentElement);
  const of = (/** @type {string} */ name) => css.getPropertyValue(name).trim();
  const only = (/** @type {string} */ kind) => ["==", ["get", "kind"], kind];
  const round = { "line-cap": "round", "line-join": "round" };
  const line = (/** @type {string} */ kind, /** @type {any} */ paint, layout = {}) => ({ id: kind, type: "line", source: "shapes", filter: only(kind), layout, paint });
  const dot = (/** @type {string} */ kind, /** @type {number} */ radius, /** @type {string} */ colour, /** @type {string} */ edge) => ({
    id: kind, type: "circle", source: "shapes", filter: only(kind),
    paint: { "circle-radius": radius, "circle-color": colour, "circle-stroke-width": 3, "circle-stroke-color": edge },
  });
  return {
    version: 8,
    sources: {
      streets: { type: "vector", tiles: [tilesOf(base, "/api/v1/tiles/streets/{z}/{x}/{y}.mvt")], minzoom: 10, maxzoom: 16 },
      shapes: { type: "geojson", data: shapes },
      here: { type: "geojson", data: nowhere() },
    },
    layers: [
      { id: "land", type: "background", paint: { "background-color": of("--map-land") } },
      { id: "streets", type: "line", source: "streets", "source-layer": "streets", layout: { "line-cap": "round" },
        paint: { "line-color": of("--map-street"), "line-opacity": 0.55, "line-width": ["interpolate", ["linear"], ["zoom"], 12, 0.7, 17, 5] } },
      line("route", { "line-color": of("--map-route"), "line-width": 7, "line-opacity": 0.3 }, round),
      line("dropped", { "line-color": of("--edge"), "line-width": 2, "line-dasharray": [0.5, 2] }),
      line("gap", { "line-color": of("--edge"), "line-width": 2.5, "line-dasharray": [3, 2] }),
      line("walked", { "line-color": of("--map-edge"), "line-width": 3.5 }, round),
      dot("checkpoint", 5, of("--card"), of("--map-route")),
      dot("checkin", 6, of("--accent"), of("--card")),
      dot("asked", 9, of("--wait-edge"), of("--card")),
      { id: "here", type: "circle", source: "here", paint: { "circle-radius": 8, "circle-color": of("--focus"), "circle-stroke-width": 3, "circle-stroke-color": of("--card") } },
    ],
  };
}

/** The library's sheet comes with the map, not with the first page. @returns {Promise<void>} */
function withSheet() {
  const href = "/static/dist/maplibre-gl.css";
  if (document.querySelector(`link[href^="${href}"]`)) return Promise.resolve();
  return new Promise((resolve) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = href;
    link.onload = link.onerror = () => resolve();
    document.head.append(link);
  });
}
