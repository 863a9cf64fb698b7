// @ts-check
// An outline as text, a corner a line, and as shapes on a map; app/hotspots/corners.py reads the same text. Corners are
// WGS-84, lon lat; what is drawn over a GCJ-02 map is moved on the way to the map and back.

/** @typedef {import("./geo.js").LonLat} LonLat */
/** @typedef {LonLat[]} Part corners without the first again */

const EXACT = 6; // a tenth of a metre, as the server keeps them
const DRAWN = 9; // what Terra Draw takes

/** @param {string} text @returns {Part[]|null} null where a line is no corner */
export function partsOf(text) {
  /** @type {Part[]} */
  const parts = [[]];
  for (const line of text.trim().split(/[;；\n]/)) {
    if (!line.trim()) {
      if (parts[parts.length - 1].length) parts.push([]);
      continue;
    }
    const corner = cornerOf(line);
    if (!corner) return null;
    parts[parts.length - 1].push(corner);
  }
  return parts.filter((part) => part.length).map(open);
}

/** @param {string} line @returns {LonLat|null} */
export function cornerOf(line) {
  const numbers = line.trim().split(/[\s,，、]+/).filter(Boolean).map(Number);
  const [lon, lat] = numbers;
  return numbers.length === 2 && Math.abs(lon) <= 180 && Math.abs(lat) <= 90 ? [lon, lat] : null;
}

/** @param {Part} part @returns {Part} */
function open(part) {
  const [first, last] = [part[0], part[part.length - 1]];
  return part.length > 3 && first[0] === last[0] && first[1] === last[1] ? part.slice(0, -1) : part;
}

/** Whether every part has an inside. @param {Part[]|null} parts @returns {parts is Part[]} */
export function isShape(parts) {
  return Boolean(parts?.length) && /** @type {Part[]} */ (parts).every((part) => part.length >= 3);
}

/** @param {Part[]} parts */
export function textOf(parts) {
  return parts.map((part) => part.map((corner) => corner.map((n) => n.toFixed(EXACT)).join(" ")).join("\n")).join("\n\n");
}

/** As Terra Draw's polygons. @param {Part[]} parts @param {(at: LonLat) => [number, number]} draw @returns {any[]} */
export function featuresOf(parts, draw) {
  return parts.map((part) => {
    const ring = part.map((at) => draw(at).map((n) => Number(n.toFixed(DRAWN))));
    return { type: "Feature", properties: { mode: "polygon" }, geometry: { type: "Polygon", coordinates: [[...ring, ring[0]]] } };
  });
}

/** The polygons among what Terra Draw holds, but one that is still being drawn. @param {any[]} features @param {(shown: LonLat) => [number, number]} read @returns {Part[]} */
export function drawnParts(features, read) {
  return features
    .filter((one) => one.geometry.type === "Polygon" && !one.properties.currentlyDrawing)
    .map((one) => one.geometry.coordinates[0].slice(0, -1).map((/** @type {LonLat} */ at) => read(at)));
}
