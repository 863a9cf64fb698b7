// @ts-check
// What lies under all our maps, if something is set up: tiles or a style of a host that the page may ask, or an archive on
// our own server. Where it is drawn in GCJ-02, all that is ours is moved for drawing, and what is pointed at moved back.
import { addProtocol } from "maplibre-gl";

/**
 * @typedef {import("../domain/geo.js").LonLat} LonLat
 * @typedef {{kind: "pmtiles"|"raster"|"style", addresses: string[], datum: "wgs84"|"gcj02", credit: string, last_zoom: number}} Told
 * @typedef {{sources: Record<string, any>, layers: any[], sprite?: string}} Under
 * @typedef {object} Base
 * @property {string} credit whom it wants named, or nothing
 * @property {string} datum what our tiles are asked for in, as the end of an address: "datum=gcj02", or nothing
 * @property {(at: LonLat) => [number, number]} draw where a WGS-84 position is drawn
 * @property {(shown: LonLat) => [number, number]} read the WGS-84 position of a place on the map
 * @property {<T>(given: T) => T} move GeoJSON, as it is drawn
 * @property {(style: any) => any} under our style with this beneath
 * @property {(url: string, type?: string) => {url: string}} request for MapLibre's transformRequest
 */

const same = (/** @type {LonLat} */ at) => /** @type {[number, number]} */ ([at[0], at[1]]);
/** @type {Base} */
export const NO_BASE = { credit: "", datum: "", draw: same, read: same, move: (given) => given, under: (style) => style, request: (url) => ({ url }) };
const OUTSIDE = "outside+";

/** @returns {Promise<Base>} nothing where nothing is set up, or where it cannot be had now */
export async function openBase() {
  const address = document.querySelector('meta[name="base-map"]')?.getAttribute("content");
  if (!address) return NO_BASE;
  try {
    const answer = await fetch(address);
    if (!answer.ok) return NO_BASE;
    const told = /** @type {Told} */ (await answer.json());
    return baseOf(told, await beneath(told), told.datum === "gcj02" ? await import("../domain/datum.js") : null);
  } catch (error) {
    console.warn("no base map", error);
    return NO_BASE;
  }
}

/** @param {Told} told @param {Under} found @param {typeof import("../domain/datum.js")|null} datum @returns {Base} */
export function baseOf(told, found, datum) {
  return {
    ...NO_BASE,
    credit: told.credit,
    ...(datum ? { datum: "datum=gcj02", draw: datum.toGcj02, read: datum.toWgs84, move: (given) => datum.moved(given, datum.toGcj02) } : {}),
    under: (style) => laidUnder(style, found),
    request: (url, type) => ({ url: told.kind === "style" && type === "Tile" && !url.startsWith(location.origin) ? OUTSIDE + url : url }),
  };
}

/** @param {Told} told @returns {Promise<Under>} */
async function beneath(told) {
  if (told.kind === "raster") return rasters(told);
  if (told.kind === "pmtiles") return (await import("./base_archive.js")).fromArchive(new URL(told.addresses[0], location.origin).href);
  addProtocol(`${OUTSIDE}https`, fromOutside);
  addProtocol(`${OUTSIDE}http`, fromOutside);
  const answer = await fetch(told.addresses[0], { credentials: "omit" });
  if (!answer.ok) throw new Error(`style ${answer.status}`);
  return ofStyle(await answer.json(), told.addresses[0]);
}

/** Tiles of a style are asked for by the page: the map's worker may ask nobody but us. @type {import("maplibre-gl").AddProtocolAction} */
async function fromOutside({ url }, { signal }) {
  const answer = await fetch(url.slice(OUTSIDE.length), { credentials: "omit", signal });
  if (!answer.ok) throw new Error(`tile ${answer.status}`);
  return { data: await answer.arrayBuffer() };
}

/** @param {Told} told @returns {Under} one over another, as they are named */
export function rasters({ addresses, last_zoom }) {
  const id = (/** @type {number} */ n) => `under-${n}`;
  return {
    sources: Object.fromEntries(addresses.map((one, n) => [id(n), { type: "raster", tiles: [one], tileSize: 256, maxzoom: last_zoom }])),
    layers: addresses.map((_, n) => ({ id: `base-${id(n)}`, type: "raster", source: id(n) })),
  };
}

/** What we take of somebody's style. Its fonts stay where they are: the device's own are used. @param {any} style @param {string} address @returns {Under} */
export function ofStyle(style, address) {
  const whole = (/** @type {string} */ part) => new URL(part, address).href.replaceAll("%7B", "{").replaceAll("%7D", "}");
  const sources = Object.entries(style.sources ?? {}).map(([name, source]) => [`under-${name}`, {
    ...source, ...(source.url ? { url: whole(source.url) } : {}), ...(source.tiles ? { tiles: source.tiles.map(whole) } : {}),
  }]);
  const layers = (style.layers ?? []).filter((/** @type {any} */ layer) => layer.layout?.visibility !== "none");
  return {
    sources: Object.fromEntries(sources),
    layers: layers.map((/** @type {any} */ layer) => ({ ...layer, id: `base-under-${layer.id}`, ...(layer.source ? { source: `under-${layer.source}` } : {}) })),
    ...(typeof style.sprite === "string" ? { sprite: whole(style.sprite) } : {}),
  };
}

/** Our own land at the bottom, then the base, then all that is ours. @param {any} style @param {Under} found */
export function laidUnder(style, { sources, layers, sprite }) {
  const [land, ...ours] = style.layers;
  return { ...style, ...(sprite ? { sprite } : {}), sources: { ...sources, ...style.sources }, layers: [land, ...layers, ...ours] };
}

/** An address of our tiles, in the base's datum. @param {Base} base @param {string} path */
export function tilesOf(base, path) {
  return location.origin + path + (base.datum && (path.includes("?") ? "&" : "?")) + base.datum;
}

/** West, south, east, north, as they are drawn. @param {Base} base @param {number[]} bounds @returns {[number, number, number, number]} */
export function boxOf(base, [west, south, east, north]) {
  return [...base.draw([west, south]), ...base.draw([east, north])];
}

/** MapLibre's own words in the page's language: whoever holds the map says them. @param {HTMLElement} box @param {string} [title] */
export function wordsOf(box, title = box.getAttribute("aria-label") ?? "") {
  const said = /** @type {HTMLElement|null} */ (box.closest("[data-zoom-in]"))?.dataset;
  return {
    "Map.Title": title,
    ...(said ? { "NavigationControl.ZoomIn": said.zoomIn ?? "", "NavigationControl.ZoomOut": said.zoomOut ?? "" } : {}),
  };
}

/** Who made the base stands in the map's corner, together with who made what is ours. @param {import("maplibre-gl").Map} map @param {Base} base */
export function nameBase(map, base) {
  if (!base.credit) return;
  const ours = map.getContainer().parentElement?.querySelector(".credit");
  if (ours) return ours.prepend(`${base.credit}${ours.textContent ? " · " : ""}`);
  const words = document.createElement("p");
  words.className = "maplibregl-ctrl map-credit";
  words.textContent = `${base.credit} · © OpenStreetMap`;
  map.addControl({ onAdd: () => words, onRemove: () => words.remove() }, "bottom-right");
}
