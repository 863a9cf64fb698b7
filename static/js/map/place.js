// @ts-check
// A place for a report: the map is dragged under a pin that stays in the middle. Loaded only when it is asked for.
import { Map as MapLibre, setWorkerUrl } from "maplibre-gl";
import { boxOf, openBase, tilesOf } from "./base.js";

/** @typedef {{at: () => [number, number], credit: string, close: () => void}} PlaceMap */

/**
 * @param {HTMLElement} box
 * @param {{centre: [number, number]|null, bounds: number[]|null, route: any, label: string}} first
 * @param {() => void} onMove
 * @returns {Promise<PlaceMap>} rejects when there is no WebGL
 */
export async function openPlaceMap(box, first, onMove) {
  setWorkerUrl("/static/dist/maplibre-gl-worker.mjs");
  const [base] = await Promise.all([openBase(), withSheet()]);
  const start = first.centre
    ? { center: base.draw(first.centre), zoom: 17 }
    : first.bounds
      ? { bounds: boxOf(base, first.bounds), fitBoundsOptions: { padding: 24 } }
      : { center: /** @type {[number, number]} */ ([114.29, 30.59]), zoom: 12 };
  const map = new MapLibre({
    container: box, style: base.under(style(base, base.move(first.route))), transformRequest: base.request, ...start,
    attributionControl: false, dragRotate: false, pitchWithRotate: false, touchPitch: false,
    locale: { "Map.Title": first.label },
  });
  map.touchZoomRotate.disableRotation();
  map.on("error", () => {}); // tiles fail without signal; the route is still drawn
  map.on("moveend", onMove);
  return {
    at() {
      const { lng, lat } = map.getCenter();
      return base.read([lng, lat]);
    },
    credit: base.credit,
    close: () => map.remove(),
  };
}

/** @param {import("./base.js").Base} base @param {any} route the line of my route, or null @returns {any} */
function style(base, route) {
  const css = getComputedStyle(document.documentElement);
  const of = (/** @type {string} */ name) => css.getPropertyValue(name).trim();
  const drawn = route ? { type: "Feature", properties: {}, geometry: route } : { type: "FeatureCollection", features: [] };
  return {
    version: 8,
    sources: {
      streets: { type: "vector", tiles: [tilesOf(base, "/api/v1/tiles/streets/{z}/{x}/{y}.mvt")], minzoom: 10, maxzoom: 16 },
      route: { type: "geojson", data: drawn },
    },
    layers: [
      { id: "land", type: "background", paint: { "background-color": of("--map-land") } },
      { id: "streets", type: "line", source: "streets", "source-layer": "streets", layout: { "line-cap": "round" },
        paint: { "line-color": of("--map-street"), "line-width": ["interpolate", ["linear"], ["zoom"], 12, 0.7, 17, 5] } },
      { id: "route", type: "line", source: "route", layout: { "line-cap": "round" }, paint: { "line-color": of("--map-route"), "line-width": 4.5 } },
    ],
  };
}

/** The library's sheet comes with the map, not with the first page. @returns {Promise<void>} */
function withSheet() {
  const href = "/static/dist/maplibre-gl.css";
  if (document.querySelector(`link[href="${href}"]`)) return Promise.resolve();
  return new Promise((resolve) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = href;
    link.onload = link.onerror = () => resolve();
    document.head.append(link);
  });
}
