// @ts-check
// How coverage is drawn: five steps of one colour-blind-safe ramp with a dark edge, what was never walked is hatched,
// hotspots are outlines filled from their foot, and what rests on little is lighter and dashed.

export const LAYERS = /** @type {const} */ (["fresh", "covered", "hotspots", "routes", "cells"]);
const HATCH = "hatch";
const NEVER = 5;

/** The colours of the page's own sheet, so that light and dark are one definition. */
export function colours() {
  const css = getComputedStyle(document.documentElement);
  const of = (/** @type {string} */ name) => css.getPropertyValue(name).trim();
  return {
    land: of("--map-land"), street: of("--map-street"), edge: of("--map-edge"), ink: of("--ink"), card: of("--card"),
    accent: of("--accent"), hatchInk: of("--hatch-ink"), hatchPaper: of("--hatch-paper"), soft: of("--ink-soft"),
    ramp: [1, 2, 3, 4, 5].map((n) => of(`--cover-${n}`)), font: of("--font"),
  };
}
/** @typedef {ReturnType<typeof colours>} Colours */

/** Diagonal lines, 8 × 8: drawn here so that no image is fetched. @param {Colours} c */
export function hatch(c) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 16;
  const pen = canvas.getContext("2d");
  if (!pen) return null;
  pen.fillStyle = c.hatchPaper;
  pen.fillRect(0, 0, 16, 16);
  pen.strokeStyle = c.hatchInk;
  pen.lineWidth = 3.5;
  pen.beginPath();
  for (const at of [-16, 0, 16]) {
    pen.moveTo(at - 2, 18);
    pen.lineTo(at + 18, -2);
  }
  pen.stroke();
  return pen.getImageData(0, 0, 16, 16);
}

/** A share 0–1 → the ramp's step. @param {Colours} c @param {string} property */
const byShare = (c, property) => ["step", ["to-number", ["get", property], 0],
  c.ramp[0], 0.2, c.ramp[1], 0.4, c.ramp[2], 0.6, c.ramp[3], 0.8, c.ramp[4]];
/** The freshest is the best end of the ramp. @param {Colours} c */
const byFreshness = (c) => ["match", ["get", "fresh"], 0, c.ramp[4], 1, c.ramp[3], 2, c.ramp[2], 3, c.ramp[1], c.ramp[0]];
const width = (/** @type {number} */ thin, /** @type {number} */ wide) => ["interpolate", ["exponential", 1.5], ["zoom"], 11, thin, 17, wide];
const isHot = ["boolean", ["feature-state", "hot"], false];
const round = { "line-cap": "round", "line-join": "round" };

/**
 * @param {Colours} c @param {(layer: string) => string} address of a layer's tiles
 * @param {string} level of the areas that stand beside the map, and so can be chosen on it
 * @returns {any} a style; every layer's id begins with the view it belongs to, or "base"
 */
export function coverageStyle(c, address, level) {
  const source = (/** @type {string} */ layer, /** @type {string} */ id, minzoom = 9) =>
    ({ type: "vector", tiles: [address(layer)], minzoom, maxzoom: 16, promoteId: id });
  return {
    version: 8,
    sources: {
      areas: source("areas", "code", 0), streets: source("streets", "id"), hotspots: source("hotspots", "id"),
      routes: source("routes", "id"), cells: source("cells", "id", 11),
    },
    layers: [
      { id: "base-land", type: "background", paint: { "background-color": c.land } },
      { id: "base-areas", type: "fill", source: "areas", "source-layer": "areas", filter: ["==", ["get", "level"], level],
        paint: { "fill-color": c.accent, "fill-opacity": ["case", isHot, 0.16, 0] } },
      ...cells(c),
      { id: "base-borders", type: "line", source: "areas", "source-layer": "areas",
        paint: { "line-color": c.edge, "line-opacity": ["match", ["get", "level"], "grid", 0.25, 0.55],
          "line-width": ["case", isHot, 3, ["==", ["get", "level"], "township"], 2, 1], "line-dasharray": [4, 2, 1, 2] } },
      { id: "base-streets", type: "line", source: "streets", "source-layer": "streets", layout: round,
        paint: { "line-color": c.street, "line-opacity": 0.6, "line-width": width(0.7, 4) } },
      ...streets(c, "fresh", ["==", ["get", "fresh"], NEVER], byFreshness(c), "last_grade"),
      ...streets(c, "covered", ["<=", ["get", "covered"], 0], byShare(c, "covered"), "grade"),
      ...routes(c),
      ...hotspots(c),
      ...names(c),
    ],
  };
}

/** @param {Colours} c @param {string} view @param {any} nothing never walked? @param {any} colour @param {string} grade which property says it */
function streets(c, view, nothing, colour, grade) {
  const on = { source: "streets", "source-layer": "streets", type: "line" };
  const weak = ["==", ["get", grade], "single"];
  return [
    { id: `${view}-edge`, ...on, layout: round, paint: { "line-color": c.edge, "line-opacity": ["case", isHot, 1, weak, 0.3, 1], "line-width": ["interpolate", ["exponential", 1.5], ["zoom"],
      11, ["case", isHot, 5, 2.4], 17, ["case", isHot, 20, 13]] } },
    { id: `${view}-never`, ...on, filter: nothing, paint: { "line-pattern": HATCH, "line-width": width(1.6, 11) } },
    { id: `${view}-line`, ...on, filter: ["all", ["!", nothing], ["!", weak]], layout: round, paint: { "line-color": colour, "line-width": width(1.6, 11) } },
    { id: `${view}-weak`, ...on, filter: ["all", ["!", nothing], weak], paint: { "line-color": colour, "line-opacity": 0.75, "line-width": width(1.6, 11), "line-dasharray": [2, 1.5] } },
  ];
}

/** @param {Colours} c */
function routes(c) {
  const on = { source: "routes", "source-layer": "routes", type: "line" };
  const walked = ["has", "completion"];
  return [
    { id: "routes-edge", ...on, layout: round, paint: { "line-color": c.edge, "line-width": ["interpolate", ["exponential", 1.5], ["zoom"],
      11, ["case", isHot, 6, 3.4], 17, ["case", isHot, 18, 11]] } },
    { id: "routes-never", ...on, filter: ["!", walked], paint: { "line-pattern": HATCH, "line-width": width(2.4, 9) } },
    { id: "routes-line", ...on, filter: walked, layout: round, paint: { "line-color": byShare(c, "completion"), "line-width": width(2.4, 9) } },
  ];
}

/** @param {Colours} c */
function cells(c) {
  const on = { source: "cells", "source-layer": "cells" };
  const nothing = ["<=", ["get", "share"], 0];
  return [
    { id: "cells-never", ...on, type: "fill", filter: nothing, paint: { "fill-pattern": HATCH, "fill-opacity": 0.55 } },
    { id: "cells-fill", ...on, type: "fill", filter: ["!", nothing], paint: { "fill-color": byShare(c, "share"), "fill-opacity": 0.75 } },
    { id: "cells-edge", ...on, type: "line", paint: { "line-color": c.land, "line-width": 1.5 } },
  ];
}

/** @param {Colours} c */
function hotspots(c) {
  const on = { source: "hotspots", "source-layer": "hotspots", type: "line" };
  const strong = ["in", ["get", "grade"], ["literal", ["track", "mixed"]]];
  const some = [">", ["to-number", ["get", "attainment"], 0], 0];
  const ground = { source: "hotspots", "source-layer": "hotspots", type: "fill" };
  const wide = ["case", isHot, 5, 2.5];
  /** An overdue one fades. @param {number} full @returns {any} */
  const faded = (full) => ["case", ["to-boolean", ["get", "overdue"]], full * 0.35, full];
  return [
    { id: "hotspots-never", ...ground, filter: ["!", some], paint: { "fill-pattern": HATCH } },
    { id: "hotspots-ground", ...ground, filter: some, paint: { "fill-color": c.card, "fill-opacity": faded(0.9) } },
    { id: "hotspots-fill", source: "hotspots", "source-layer": "hotspot_fill", type: "fill", paint: { "fill-color": byShare(c, "attainment"), "fill-opacity": 0.95 } },
    // A second name, so that the outline lies over the streets in every view and can be taken hold of.
    { id: "base-hotspots", ...ground, paint: { "fill-color": c.accent, "fill-opacity": ["case", isHot, 0.25, 0.01] } },
    { id: "base-hotspot-edge", ...on, filter: strong, paint: { "line-color": c.edge, "line-opacity": faded(1), "line-width": wide } },
    { id: "base-hotspot-weak", ...on, filter: ["!", strong], paint: { "line-color": c.edge, "line-opacity": faded(0.7), "line-width": wide, "line-dasharray": [2, 1.5] } },
  ];
}

/** Names from the device's own fonts. @param {Colours} c */
function names(c) {
  const halo = { "text-color": c.ink, "text-halo-color": c.card, "text-halo-width": 1.6 };
  return [
    { id: "base-street-names", type: "symbol", source: "streets", "source-layer": "streets", minzoom: 15,
      layout: { "symbol-placement": "line", "text-field": ["coalesce", ["get", "name"], ""], "text-size": 12 }, paint: halo },
    { id: "base-hotspot-names", type: "symbol", source: "hotspots", "source-layer": "hotspot_names", minzoom: 13.5,
      layout: { "text-field": ["get", "name"], "text-size": 13 }, paint: halo },
    { id: "base-grid-names", type: "symbol", source: "areas", "source-layer": "area_names", minzoom: 14.5, filter: ["==", ["get", "level"], "grid"],
      layout: { "text-field": ["get", "name"], "text-size": 12, "text-padding": 4 }, paint: { ...halo, "text-color": c.soft } },
    // Placed last, so that a village's name has its place before any other.
    { id: "base-area-names", type: "symbol", source: "areas", "source-layer": "area_names", filter: ["==", ["get", "level"], "village"],
      layout: { "text-field": ["get", "name"], "text-size": 14, "text-padding": 4 }, paint: halo },
    { id: "base-township-names", type: "symbol", source: "areas", "source-layer": "area_names", maxzoom: 11.5, filter: ["==", ["get", "level"], "township"],
      layout: { "text-field": ["get", "name"], "text-size": 15, "text-padding": 4 }, paint: halo },
  ];
}

/** Which layers a view shows. @param {string} id @param {string} view */
export function isShown(id, view) {
  const of = id.split("-")[0];
  if (id === "base-streets") return view !== "fresh" && view !== "covered";
  return of === "base" || of === view;
}

export { HATCH };
