// What lies under the maps: the datum as the server has it, and what is moved for drawing and back.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { moved, toGcj02, toWgs84 } from "../../static/js/domain/datum.js";
import { baseOf, boxOf, laidUnder, NO_BASE, ofStyle, rasters, tilesOf } from "../../static/js/map/base.js";
import * as datum from "../../static/js/domain/datum.js";

globalThis.location = /** @type {any} */ ({ origin: "https://xunfang.example" });
const CASES = JSON.parse(readFileSync(new URL("../geofiles/datum_cases.json", import.meta.url), "utf8"));
const TOLD = { kind: /** @type {const} */ ("raster"), addresses: ["https://maps.example/{z}/{x}/{y}.png"], datum: /** @type {const} */ ("gcj02"), credit: "© Maps", last_zoom: 18 };
const OURS = { version: 8, sources: { streets: { type: "vector" } }, layers: [{ id: "land", type: "background" }, { id: "streets", type: "line", source: "streets" }] };

/** @param {readonly number[]} a @param {readonly number[]} b @param {number} within */
function near(a, b, within) {
  assert.ok(Math.abs(a[0] - b[0]) < within && Math.abs(a[1] - b[1]) < within, `${a} is not ${b}`);
}

test("GCJ-02 is what the server says it is, in the mainland and abroad", () => {
  for (const [wgs, gcj] of CASES) near(toGcj02(wgs), gcj, 2e-9);
  assert.ok(CASES.some(([a, b]) => a[0] === b[0]) && CASES.some(([a, b]) => a[0] !== b[0]));
});

test("there and back is the same place within a millionth of a degree", () => {
  // A place abroad less than a shift from the border may be either side's; server and phone take it for the mainland's.
  for (const [wgs, gcj, back] of CASES) {
    near(toWgs84(gcj), back, 2e-9);
    if (gcj[0] !== wgs[0]) near(toWgs84(toGcj02(wgs)), wgs, 1e-6);
  }
});

test("every position of a shape is moved, and what was given stays", () => {
  const line = { type: "LineString", coordinates: [[114.3, 30.6], [114.31, 30.61]] };
  const all = { type: "FeatureCollection", features: [{ type: "Feature", properties: { id: 1 }, geometry: line }, { type: "Feature", properties: {}, geometry: null }] };
  const there = moved(all, toGcj02);
  assert.deepEqual(there.features[0].geometry.coordinates, line.coordinates.map((at) => toGcj02(/** @type {any} */ (at))));
  assert.deepEqual(there.features[0].properties, { id: 1 });
  assert.equal(there.features[1].geometry, null);
  assert.deepEqual(line.coordinates[0], [114.3, 30.6]);
  assert.equal(moved(null, toGcj02), null);
});

test("over a GCJ-02 base our tiles are asked for in it, and what is tapped is WGS-84", () => {
  const base = baseOf(TOLD, rasters(TOLD), datum);
  assert.equal(tilesOf(base, "/api/v1/tiles/streets/{z}/{x}/{y}.mvt"), "https://xunfang.example/api/v1/tiles/streets/{z}/{x}/{y}.mvt?datum=gcj02");
  assert.equal(tilesOf(base, "/t.mvt?from=a"), "https://xunfang.example/t.mvt?from=a&datum=gcj02");
  near(base.read(base.draw([114.3, 30.6])), [114.3, 30.6], 1e-9);
  assert.ok(base.draw([114.3, 30.6])[0] > 114.305);
  assert.deepEqual(boxOf(base, [114.3, 30.6, 114.4, 30.7]), [...toGcj02([114.3, 30.6]), ...toGcj02([114.4, 30.7])]);
});

test("over a WGS-84 base, or none, nothing is moved and no address changes", () => {
  for (const base of [NO_BASE, baseOf({ ...TOLD, datum: "wgs84" }, rasters(TOLD), null)]) {
    assert.equal(tilesOf(base, "/t.mvt"), "https://xunfang.example/t.mvt");
    assert.deepEqual(base.draw([114.3, 30.6]), [114.3, 30.6]);
    assert.deepEqual(base.read([114.3, 30.6]), [114.3, 30.6]);
    assert.equal(base.move(OURS), OURS);
  }
  assert.equal(NO_BASE.under(OURS), OURS);
});

test("pictures lie over our land and under all that is ours, in the order of their addresses", () => {
  const style = laidUnder(OURS, rasters({ ...TOLD, addresses: ["https://a.example/{z}/{x}/{y}", "https://b.example/{z}/{x}/{y}"] }));
  assert.deepEqual(style.layers.map((one) => one.id), ["land", "base-under-0", "base-under-1", "streets"]);
  assert.deepEqual(style.sources["under-1"], { type: "raster", tiles: ["https://b.example/{z}/{x}/{y}"], tileSize: 256, maxzoom: 18 });
});

test("of somebody's style come sources and layers, under names of their own, and no fonts", () => {
  const found = ofStyle({
    glyphs: "https://fonts.example/{fontstack}/{range}.pbf", sprite: "sprite",
    sources: { streets: { type: "vector", tiles: ["../t/{z}/{x}/{y}.pbf"] }, land: { type: "vector", url: "https://t.example/land.json" } },
    layers: [{ id: "streets", type: "line", source: "streets" }, { id: "paper", type: "background" }, { id: "gone", type: "line", source: "land", layout: { visibility: "none" } }],
  }, "https://maps.example/styles/one.json");
  assert.deepEqual(found, {
    sprite: "https://maps.example/styles/sprite",
    sources: { "under-streets": { type: "vector", tiles: ["https://maps.example/t/{z}/{x}/{y}.pbf"] }, "under-land": { type: "vector", url: "https://t.example/land.json" } },
    layers: [{ id: "base-under-streets", type: "line", source: "under-streets" }, { id: "base-under-paper", type: "background" }],
  });
});

test("only a style's tiles of another host go through the page", () => {
  const style = baseOf({ ...TOLD, kind: "style" }, { sources: {}, layers: [] }, null);
  assert.equal(style.request("https://t.example/1/2/3.pbf", "Tile").url, "outside+https://t.example/1/2/3.pbf");
  assert.equal(style.request("https://xunfang.example/api/v1/tiles/streets/1/2/3.mvt", "Tile").url, "https://xunfang.example/api/v1/tiles/streets/1/2/3.mvt");
  assert.equal(style.request("https://t.example/land.json", "Source").url, "https://t.example/land.json");
});
