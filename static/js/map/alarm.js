// @ts-check
// Where a call for help came from: our own streets, a dot, and how far off it may be.
import { Map as MapLibre, NavigationControl, ScaleControl, setWorkerUrl } from "maplibre-gl";
import { circleAround } from "../domain/geo.js";
import { nameBase, openBase, tilesOf, wordsOf } from "./base.js";

/** @param {HTMLElement} box with data-lon, data-lat, data-accuracy */
export async function openAlarmMap(box) {
  setWorkerUrl("/static/dist/maplibre-gl-worker.mjs");
  loadSheet();
  const base = await openBase();
  const lon = Number(box.dataset.lon);
  const lat = Number(box.dataset.lat);
  const accuracy = Math.max(5, Number(box.dataset.accuracy));
  const map = new MapLibre({
    container: box,
    style: base.under(style(base, [lon, lat], Math.min(accuracy, 3_000))),
    transformRequest: base.request,
    center: base.draw([lon, lat]),
    zoom: accuracy > 300 ? 14 : 16,
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    locale: wordsOf(box),
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new ScaleControl({ maxWidth: 120 }), "top-left");
  nameBase(map, base);
  map.on("error", () => {}); // a tile that failed is asked for again when it is next needed
}

/** @param {import("./base.js").Base} base @param {[number, number]} at @param {number} accuracy @returns {any} */
function style(base, at, accuracy) {
  const css = getComputedStyle(document.documentElement);
  const of = (/** @type {string} */ name) => css.getPropertyValue(name).trim();
  const round = { type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [circleAround(at, accuracy)] } };
  const point = { type: "Feature", properties: {}, geometry: { type: "Point", coordinates: at } };
  return {
    version: 8,
    sources: {
      streets: { type: "vector", tiles: [tilesOf(base, "/api/v1/tiles/streets/{z}/{x}/{y}.mvt")], minzoom: 10, maxzoom: 16 },
      round: { type: "geojson", data: base.move(round) },
      point: { type: "geojson", data: base.move(point) },
    },
    layers: [
      { id: "land", type: "background", paint: { "background-color": of("--map-land") } },
      { id: "streets", type: "line", source: "streets", "source-layer": "streets", layout: { "line-cap": "round" },
        paint: { "line-color": of("--map-street"), "line-width": ["interpolate", ["linear"], ["zoom"], 12, 0.7, 17, 5] } },
      { id: "round", type: "fill", source: "round", paint: { "fill-color": of("--need-edge"), "fill-opacity": 0.18 } },
      { id: "point", type: "circle", source: "point", paint: { "circle-radius": 9, "circle-color": of("--need-edge"), "circle-stroke-width": 3, "circle-stroke-color": of("--card") } },
    ],
  };
}

function loadSheet() {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = "/static/dist/maplibre-gl.css";
  document.head.append(link);
}
