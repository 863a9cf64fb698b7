// @ts-check
// Short distances on WGS-84, in metres, good to a few centimetres over a village. Order is lon, lat.

const A = 6_378_137;
const E2 = 0.006_694_379_990_14;
const RAD = Math.PI / 180;

/** @typedef {readonly [number, number]} LonLat */

/**
 * @param {LonLat} a @param {LonLat} b
 * @returns {[number, number]} metres east and north from a to b
 */
export function offsetM(a, b) {
  const lat = ((a[1] + b[1]) / 2) * RAD;
  const w = 1 - E2 * Math.sin(lat) ** 2;
  const east = (b[0] - a[0]) * RAD * (A / Math.sqrt(w)) * Math.cos(lat);
  const north = (b[1] - a[1]) * RAD * ((A * (1 - E2)) / w ** 1.5);
  return [east, north];
}

/** @param {LonLat} a @param {LonLat} b @returns {number} metres */
export function distanceM(a, b) {
  return Math.hypot(...offsetM(a, b));
}

const WORDS = /** @type {const} */ (["n", "ne", "e", "se", "s", "sw", "w", "nw"]);

/** @param {LonLat} a @param {LonLat} b @returns {typeof WORDS[number]} where b lies, seen from a */
export function directionWord(a, b) {
  const [east, north] = offsetM(a, b);
  const degrees = (Math.atan2(east, north) / RAD + 360) % 360;
  return WORDS[Math.round(degrees / 45) % 8];
}

/**
 * @template {{id: number, seq: number, position: LonLat}} C
 * @param {C[]} checkpoints those still to do
 * @param {LonLat|null} here
 * @param {boolean} ordered whether the route wants its order kept
 * @returns {C|null} the one to go to next
 */
export function nextCheckpoint(checkpoints, here, ordered) {
  const bySeq = [...checkpoints].sort((a, b) => a.seq - b.seq);
  if (ordered || !here) return bySeq[0] ?? null;
  return bySeq.reduce(
    (/** @type {C|null} */ best, c) =>
      !best || distanceM(here, c.position) < distanceM(here, best.position) ? c : best,
    null,
  );
}

/**
 * What the server will weigh, worked out here so that it can be said before the tap.
 * @param {number} distance_m @param {number} accuracy_m @param {number} radius_m
 * @param {{max_accuracy_m: number, accuracy_allowance_m: number}} policy
 * @returns {"near"|"far"|"vague"}
 */
export function closeness(distance_m, accuracy_m, radius_m, policy) {
  if (accuracy_m > policy.max_accuracy_m) return "vague";
  return distance_m - Math.min(accuracy_m, policy.accuracy_allowance_m) <= radius_m ? "near" : "far";
}

/**
 * Even-odd over every ring of a Polygon or MultiPolygon.
 * @param {LonLat} point @param {{type: string, coordinates: any}} polygon
 */
export function isInside(point, polygon) {
  const polygons = polygon.type === "Polygon" ? [polygon.coordinates] : polygon.coordinates;
  let inside = false;
  for (const ring of polygons.flat()) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [xi, yi] = ring[i];
      const [xj, yj] = ring[j];
      if (yi > point[1] !== yj > point[1] && point[0] < ((xj - xi) * (point[1] - yi)) / (yj - yi) + xi) {
        inside = !inside;
      }
    }
  }
  return inside;
}

/**
 * Metres from a point to a polygon's edge; 0 inside.
 * @param {LonLat} point @param {{type: string, coordinates: any}} polygon
 */
export function metresOutside(point, polygon) {
  if (isInside(point, polygon)) return 0;
  const polygons = polygon.type === "Polygon" ? [polygon.coordinates] : polygon.coordinates;
  let least = Number.POSITIVE_INFINITY;
  for (const ring of polygons.flat()) {
    const places = ring.map((/** @type {LonLat} */ corner) => offsetM(point, corner));
    for (let i = 1; i < places.length; i++) least = Math.min(least, toSegment(places[i - 1], places[i]));
  }
  return least;
}

/** From the origin to a segment, on the flat. @param {number[]} a @param {number[]} b */
function toSegment([ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const along = Math.max(0, Math.min(1, -(ax * dx + ay * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(ax + along * dx, ay + along * dy);
}

/**
 * @param {LonLat} centre @param {number} radius_m
 * @returns {LonLat[]} a closed ring of 48 corners
 */
export function circleAround(centre, radius_m) {
  const east = offsetM(centre, [centre[0] + 0.001, centre[1]])[0] / 0.001;
  const north = offsetM(centre, [centre[0], centre[1] + 0.001])[1] / 0.001;
  return Array.from({ length: 49 }, (_, i) => {
    const turn = ((i % 48) / 48) * 2 * Math.PI;
    return /** @type {LonLat} */ ([
      centre[0] + (Math.cos(turn) * radius_m) / east,
      centre[1] + (Math.sin(turn) * radius_m) / north,
    ]);
  });
}
