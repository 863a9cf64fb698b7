// @ts-check
// A drawing of the route on the flat: places in degrees become places in a box of so many pixels, north up.
import { offsetM } from "./geo.js";

/**
 * @typedef {import("./geo.js").LonLat} LonLat
 * @typedef {{width: number, height: number}} Size pixels
 * @typedef {{place: (p: LonLat) => [number, number], px_per_m: number}} Frame place: pixels right and down
 */

const LEAST_M = 60; // a route of one spot is still shown with something around it
const AROUND_M = 300; // who is further from all of it, and than half its breadth, is not drawn in: the route would shrink to a dot

/**
 * The largest drawing in which all points, and me when I am near, keep `pad` pixels from the edge.
 * @param {LonLat[]} points at least one @param {LonLat|null} me @param {Size} size @param {number} [pad]
 * @returns {Frame}
 */
export function frameOf(points, me, size, pad = 30) {
  const origin = points[0];
  const all = points.map((p) => offsetM(origin, p));
  const [w, e, s, n] = extentOf(all);
  const at = me && offsetM(origin, me);
  const near = Math.max(AROUND_M, (e - w) / 2, (n - s) / 2);
  const [west, east, south, north] = at && all.some(([x, y]) => Math.hypot(x - at[0], y - at[1]) < near) ? extentOf([...all, at]) : [w, e, s, n];
  const room = (/** @type {number} */ px, /** @type {number} */ m) => Math.max(1, px - 2 * pad) / Math.max(m, LEAST_M);
  const px_per_m = Math.min(room(size.width, east - west), room(size.height, north - south));
  return {
    px_per_m,
    place(p) {
      const [x, y] = offsetM(origin, p);
      return [size.width / 2 + (x - (west + east) / 2) * px_per_m, size.height / 2 - (y - (south + north) / 2) * px_per_m];
    },
  };
}

/** @param {[number, number][]} all @returns {[number, number, number, number]} west, east, south, north */
function extentOf(all) {
  const [xs, ys] = [all.map((p) => p[0]), all.map((p) => p[1])];
  return [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
}

/** A round length that is drawn about 80 pixels long: 50 m, 100 m, 200 m, … @param {number} px_per_m */
export function barM(px_per_m) {
  const most = 90 / px_per_m;
  const ten = 10 ** Math.floor(Math.log10(most));
  return (most >= 5 * ten ? 5 : most >= 2 * ten ? 2 : 1) * ten;
}

/** Inside the box, however far away: at its edge, in its direction. @param {[number, number]} at @param {Size} size @param {number} edge */
export function held(at, size, edge) {
  const x = Math.min(Math.max(at[0], edge), size.width - edge);
  const y = Math.min(Math.max(at[1], edge), size.height - edge);
  return { x, y, outside: x !== at[0] || y !== at[1] };
}

const ROUNDS = 40; // a few are enough where there is room; where there is none it ends all the same

/**
 * Numbers that lie on one another are pushed apart, each as little as may be, until all can be read and hit.
 * @param {[number, number][]} spots pixels @param {number} least between two of them @param {Size} size @param {number} edge
 * @returns {[number, number][]}
 */
export function spread(spots, least, size, edge) {
  const at = spots.map(([x, y]) => /** @type {[number, number]} */ ([x, y]));
  const shift = (/** @type {number} */ n, /** @type {number} */ dx, /** @type {number} */ dy) => {
    const { x, y } = held([at[n][0] + dx, at[n][1] + dy], size, edge);
    at[n] = [x, y];
  };
  for (let round = 0, moved = true; moved && round < ROUNDS; round++) {
    moved = false;
    for (let i = 0; i < at.length; i++) {
      for (let j = i + 1; j < at.length; j++) {
        const [dx, dy] = [at[j][0] - at[i][0], at[j][1] - at[i][1]];
        const gap = Math.hypot(dx, dy);
        if (gap >= least - 0.5) continue;
        const [ux, uy] = gap ? [dx / gap, dy / gap] : [Math.cos(i), Math.sin(i)]; // on the very same spot: any way will do
        shift(i, (-ux * (least - gap)) / 2, (-uy * (least - gap)) / 2);
        shift(j, (ux * (least - gap)) / 2, (uy * (least - gap)) / 2);
        moved = true;
      }
    }
  }
  return at;
}
