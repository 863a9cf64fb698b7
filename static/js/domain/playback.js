// @ts-check
// A duty played back: what is drawn of it, and where its member was at a moment. Between two points of a gap nobody knows.

/**
 * @typedef {import("./geo.js").LonLat} LonLat
 * @typedef {{points: [number, number, number][], steps: ("walked"|"gap"|"dropped")[]}} Line
 * @typedef {{id: string, place: string|null, phase: string, method: string, verdict: string, reasons: string[], position: LonLat|null}} Claim
 * @typedef {{kind: "start"|"pause"|"gap"|"checkin"|"end", at: string, until: string|null, checkin?: Claim}} Event
 * @typedef {{duty_id: number, day: string, member: string, team: string, seen_as: "self"|"mate"|"reviewer", questioned: string[],
 *   route: {name: string, line: any, checkpoints: {id: number, seq: number, name: string, position: LonLat}[]}|null,
 *   track: {state: "kept"|"gone"|"none", lines: Line[]}, events: Event[], crew: {duty_id: number, name: string}[]}} Played
 */

/** Everything that is drawn, as GeoJSON with a `kind` each. @param {Played} seen */
export function drawn(seen) {
  const features = [];
  if (seen.route) features.push(feature("route", seen.route.line));
  for (const c of seen.route?.checkpoints ?? []) features.push(feature("checkpoint", point(c.position)));
  for (const line of seen.track.lines) {
    for (const { kind, coordinates } of runsOf(line)) features.push(feature(kind, { type: "LineString", coordinates }));
  }
  for (const { checkin } of seen.events) {
    if (checkin?.position) features.push(feature(seen.questioned.includes(checkin.id) ? "asked" : "checkin", point(checkin.position)));
  }
  return { type: "FeatureCollection", features };
}

/** Steps of one kind that follow each other, as one line. @param {Line} line */
export function runsOf({ points, steps }) {
  /** @type {{kind: string, coordinates: LonLat[]}[]} */
  const runs = [];
  steps.forEach((kind, n) => {
    const last = runs.at(-1);
    if (last?.kind === kind) last.coordinates.push(at(points[n + 1]));
    else runs.push({ kind, coordinates: [at(points[n]), at(points[n + 1])] });
  });
  return runs;
}

/** First and last second of what there is to play; null where nothing is. @param {Played} seen @returns {[number, number]|null} */
export function extent(seen) {
  const times = [
    ...seen.track.lines.flatMap((line) => line.points.map((p) => p[2])),
    ...seen.events.flatMap((e) => [e.at, e.until ?? e.at].map(secondOf)),
  ];
  return times.length ? times.reduce(([a, b], t) => [Math.min(a, t), Math.max(b, t)], [times[0], times[0]]) : null;
}

/**
 * Where the member was at a second: on a walked step in between, at a point itself where the second is its own.
 * @param {Line[]} lines @param {number} second @returns {LonLat|null} null in a gap, before the first and after the last
 */
export function whereAt(lines, second) {
  for (const { points, steps } of lines) {
    const n = points.findIndex((p) => p[2] >= second);
    if (n < 0) continue;
    if (points[n][2] === second) return at(points[n]);
    if (n === 0 || steps[n - 1] !== "walked") continue;
    const [a, b] = [points[n - 1], points[n]];
    const share = (second - a[2]) / (b[2] - a[2]);
    return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share];
  }
  return null;
}

/** The place of the last event that has begun by a second; -1 before the first. @param {number[]} seconds in order @param {number} second */
export function eventAt(seconds, second) {
  return seconds.reduce((found, s, n) => (s <= second ? n : found), -1);
}

/** @param {string} moment */
export function secondOf(moment) {
  return Math.floor(Date.parse(moment) / 1000);
}

/** @param {[number, number, number]} p @returns {LonLat} */
function at([lon, lat]) {
  return [lon, lat];
}

/** @param {LonLat} coordinates */
function point(coordinates) {
  return { type: "Point", coordinates };
}

/** @param {string} kind @param {any} geometry */
function feature(kind, geometry) {
  return { type: "Feature", properties: { kind }, geometry };
}
