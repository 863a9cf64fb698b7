// @ts-check
// GCJ-02, for drawing over a base map that is drawn in it; app/geofiles/datum.py does the same and explains. What is
// stored, sent and measured stays WGS-84. Order is lon, lat.
import { isInside } from "./geo.js";
import { HOLES, OUTLINE } from "./mainland.js";

/** @typedef {import("./geo.js").LonLat} LonLat */

const SEMI_MAJOR_M = 6378245;
const ECCENTRICITY2 = 0.006_693_421_622_965_943;
const RAD = Math.PI / 180;
const MAINLAND = { type: "Polygon", coordinates: [OUTLINE, ...HOLES] };

/** The shift at a WGS-84 position, in degrees, without asking where it is. @param {LonLat} at @returns {[number, number]} */
function offset([lon, lat]) {
  const { sin, cos, sqrt, abs, PI } = Math;
  const x = lon - 105;
  const y = lat - 35;
  const root = sqrt(abs(x));
  const wave = 20 * sin(6 * PI * x) + 20 * sin(2 * PI * x);
  let north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root;
  north += ((wave + 20 * sin(PI * y) + 40 * sin((PI * y) / 3)) * 2) / 3;
  north += ((160 * sin((PI * y) / 12) + 320 * sin((PI * y) / 30)) * 2) / 3;
  let east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root;
  east += ((wave + 20 * sin(PI * x) + 40 * sin((PI * x) / 3)) * 2) / 3;
  east += ((150 * sin((PI * x) / 12) + 300 * sin((PI * x) / 30)) * 2) / 3;
  const flat = 1 - ECCENTRICITY2 * sin(lat * RAD) ** 2;
  const meridian_m = (SEMI_MAJOR_M * (1 - ECCENTRICITY2)) / (flat * sqrt(flat));
  const parallel_m = (SEMI_MAJOR_M / sqrt(flat)) * cos(lat * RAD);
  return [east / parallel_m / RAD, north / meridian_m / RAD];
}

/** Shifted in the mainland, elsewhere as it is. @param {LonLat} at WGS-84 @returns {[number, number]} GCJ-02 */
export function toGcj02(at) {
  const [east, north] = isInside(at, MAINLAND) ? offset(at) : [0, 0];
  return [at[0] + east, at[1] + north];
}

/** The position whose GCJ-02 this is. @param {LonLat} shown GCJ-02 @returns {[number, number]} WGS-84 */
export function toWgs84(shown) {
  /** @type {[number, number]} */
  let at = [shown[0], shown[1]];
  for (let n = 0, step = 1; n < 30 && step >= 1e-9; n++) {
    const [east, north] = offset(at);
    const next = /** @type {[number, number]} */ ([shown[0] - east, shown[1] - north]);
    step = Math.max(Math.abs(next[0] - at[0]), Math.abs(next[1] - at[1]));
    at = next;
  }
  return isInside(at, MAINLAND) ? at : [shown[0], shown[1]];
}

/**
 * GeoJSON with every position moved; what is given stays as it is.
 * @template T @param {T} given any GeoJSON @param {(at: LonLat) => [number, number]} move @returns {T}
 */
export function moved(given, move) {
  /** @param {any} part @returns {any} */
  const coordinates = (part) => (typeof part[0] === "number" ? move(part) : part.map(coordinates));
  const one = /** @type {any} */ (given);
  if (!one) return one;
  if (one.features) return { ...one, features: one.features.map((/** @type {any} */ f) => moved(f, move)) };
  if (one.geometry) return { ...one, geometry: moved(one.geometry, move) };
  return one.coordinates ? { ...one, coordinates: coordinates(one.coordinates) } : one;
}
