// @ts-check
// The patrol map: the plan's route, checkpoints and hotspots (they are on the phone), our own streets behind them when
// there is signal, me with my accuracy. No glyphs: numbers are in markers, which are buttons. Loaded only on Patrol.
import { LngLatBounds, Map as MapLibre, Marker, setWorkerUrl } from "maplibre-gl";
import { isDone } from "../domain/duty.js";
import { circleAround } from "../domain/geo.js";
import { t } from "../i18n.js";
import { openBase, tilesOf } from "./base.js";

/**
 * @typedef {{route: import("../domain/duty.js").Route|null, hotspots: import("../domain/duty.js").Hotspot[],
 *   standings: Map<number, import("../domain/duty.js").Standing>, position: import("../location.js").Position|null,
 *   onChoose: (id: number) => void}} Shown
 * @typedef {{update: (shown: Shown) => void, toMe: () => void, credit: string, close: () => void}} PatrolMap
 */

const NOTHING = /** @type {any} */ ({ type: "FeatureCollection", features: [] });

/**
 * @param {HTMLElement} box @param {Shown} first
 * @returns {Promise<PatrolMap>} rejects when there is no WebGL
 */
export async function openPatrolMap(box, first) {
  setWorkerUrl("/static/dist/maplibre-gl-worker.mjs");
  const [base] = await Promise.all([openBase(), withCss()]);
  const bounds = boundsOf(base, first);
  const map = new MapLibre({
    container: box,
    style: base.under(style(base, colours())),
    transformRequest: base.request,
    ...(bounds ? { bounds, fitBoundsOptions: { padding: 36, maxZoom: 17 } } : { center: [114.29, 30.59], zoom: 12 }),
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    fadeDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 200,
    locale: { "Map.Title": t("patrol.map") },
  });
  map.touchZoomRotate.disableRotation();
  map.on("error", () => {}); // tiles fail without signal; the plan is still drawn

  /** @type {Map<number, {marker: Marker, button: HTMLButtonElement}>} */
  const markers = new Map();
  let shown = first;
  let ready = false;

  const me = document.createElement("div");
  me.className = "map-here";
  me.setAttribute("aria-hidden", "true");
  const meMarker = new Marker({ element: me });
  let meAdded = false;

  const draw = () => {
    if (!ready) return;
    set("route", shown.route ? { type: "Feature", properties: {}, geometry: shown.route.line } : NOTHING);
    set("hotspots", {
      type: "FeatureCollection",
      features: shown.hotspots.map((h) => ({ type: "Feature", properties: { id: h.id }, geometry: h.polygon })),
    });
    const p = shown.position;
    set("accuracy", p
      ? { type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [circleAround([p.lon, p.lat], Math.max(p.accuracy_m, 3))] } }
      : NOTHING);
  };
  /** @param {string} id @param {any} data */
  const set = (id, data) => /** @type {any} */ (map.getSource(id))?.setData(base.move(data));

  const drawMarkers = () => {
    const p = shown.position;
    if (p) {
      meMarker.setLngLat(base.draw([p.lon, p.lat]));
      if (!meAdded) meMarker.addTo(map);
      meAdded = true;
    } else if (meAdded) {
      meMarker.remove();
      meAdded = false;
    }
    for (const c of shown.route?.checkpoints ?? []) {
      let one = markers.get(c.id);
      if (!one) {
        const button = document.createElement("button");
        button.type = "button";
        button.addEventListener("click", () => shown.onChoose(c.id));
        one = { button, marker: new Marker({ element: button }).setLngLat(base.draw(c.position)).addTo(map) };
        markers.set(c.id, one);
      }
      const stands = shown.standings.get(c.id);
      const done = isDone(stands);
      one.button.classList.add("map-spot");
      one.button.classList.toggle("is-done", done);
      one.button.textContent = done ? `${c.seq}✓` : String(c.seq);
      one.button.setAttribute("aria-label", `${c.seq} ${c.name} ${t(stands ? `standing.${stands}` : "standing.todo")}`);
    }
  };

  const recolour = () => {
    map.setStyle(base.under(style(base, colours())), { diff: false });
  };
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", recolour);
  map.on("style.load", () => {
    ready = true;
    draw();
  });

  return {
    update(next) {
      shown = next;
      draw();
      drawMarkers();
    },
    toMe() {
      const p = shown.position;
      if (p) map.easeTo({ center: base.draw([p.lon, p.lat]), zoom: Math.max(map.getZoom(), 16), essential: false });
    },
    credit: base.credit,
    close() {
      dark.removeEventListener("change", recolour);
      map.remove();
    },
  };
}

/** @param {import("./base.js").Base} base @param {Shown} shown */
function boundsOf(base, { route, hotspots }) {
  const points = [...(route?.line.coordinates ?? []), ...(route?.checkpoints ?? []).map((c) => c.position)];
  for (const h of points.length ? [] : hotspots) points.push(...h.polygon.coordinates.flat(h.polygon.type === "Polygon" ? 1 : 2));
  if (!points.length) return null;
  const box = new LngLatBounds();
  for (const p of points) box.extend(base.draw(/** @type {[number, number]} */ (p)));
  return box;
}

function colours() {
  const css = getComputedStyle(document.documentElement);
  const of = (/** @type {string} */ name) => css.getPropertyValue(name).trim();
  return { land: of("--map-land"), street: of("--map-street"), route: of("--map-route"), edge: of("--map-edge"), me: of("--focus"), spot: of("--wait-edge") };
}

/** @param {import("./base.js").Base} base @param {ReturnType<typeof colours>} c @returns {any} */
function style(base, c) {
  const geojson = { type: "geojson", data: NOTHING };
  return {
    version: 8,
    sources: {
      streets: { type: "vector", tiles: [tilesOf(base, "/api/v1/tiles/streets/{z}/{x}/{y}.mvt")], minzoom: 10, maxzoom: 16 },
      route: geojson, hotspots: geojson, accuracy: geojson,
    },
    layers: [
      { id: "land", type: "background", paint: { "background-color": c.land } },
      { id: "streets", type: "line", source: "streets", "source-layer": "streets", layout: { "line-cap": "round" },
        paint: { "line-color": c.street, "line-opacity": 0.55, "line-width": ["interpolate", ["linear"], ["zoom"], 12, 0.7, 17, 5] } },
      { id: "hotspots", type: "fill", source: "hotspots", paint: { "fill-color": c.spot, "fill-opacity": 0.14 } },
      { id: "hotspots-edge", type: "line", source: "hotspots", paint: { "line-color": c.spot, "line-width": 2, "line-dasharray": [3, 2] } },
      { id: "route-edge", type: "line", source: "route", layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": c.land, "line-width": 8 } },
      { id: "route", type: "line", source: "route", layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": c.route, "line-width": 4.5 } },
      { id: "accuracy", type: "fill", source: "accuracy", paint: { "fill-color": c.me, "fill-opacity": 0.18 } },
    ],
  };
}

/** The library's sheet comes with the map, not with the first page. @returns {Promise<void>} */
function withCss() {
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
