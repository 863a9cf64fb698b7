// How the coverage map is drawn, judged by the map library's own rules: the style is valid, and a street that rests on
// check-ins alone is drawn by the dashed layer and by no other.
import assert from "node:assert/strict";
import { test } from "node:test";
import { featureFilter, validateStyleMin } from "@maplibre/maplibre-gl-style-spec";
import { coverageStyle } from "../../static/js/map/coverage_style.js";

const names = ["land", "street", "edge", "ink", "card", "accent", "hatchInk", "hatchPaper", "soft"];
const colours = /** @type {any} */ ({ ...Object.fromEntries(names.map((n) => [n, "#123456"])), ramp: ["#000000", "#222222", "#444444", "#666666", "#888888"], font: "sans-serif" });
const style = coverageStyle(colours, (layer) => `https://example.org/${layer}/{z}/{x}/{y}.mvt`, "village");

/** The street layers of a view that draw a street of these properties, but for the edge around it. */
function drawnBy(view, properties) {
  const layers = style.layers.filter((l) => l["source-layer"] === "streets" && l.id.startsWith(`${view}-`) && l.filter);
  const street = /** @type {any} */ ({ type: 2, properties });
  return layers.filter((l) => featureFilter(l.filter, `layers.${l.id}.filter`).filter(/** @type {any} */ ({ zoom: 14 }), street)).map((l) => l.id);
}

test("the style is one that the map takes", () => {
  assert.deepEqual(validateStyleMin(style).map((e) => e.message).filter((m) => !m.includes("glyphs")), []);
});

test("weak evidence is dashed and lighter, strong is whole, none is hatched", () => {
  assert.deepEqual(drawnBy("covered", { covered: 0.5, grade: "track", fresh: 1, last_grade: "single" }), ["covered-line"]);
  assert.deepEqual(drawnBy("covered", { covered: 0.5, grade: "mixed", fresh: 1, last_grade: "track" }), ["covered-line"]);
  assert.deepEqual(drawnBy("covered", { covered: 0.1, grade: "single", fresh: 1, last_grade: "single" }), ["covered-weak"]);
  assert.deepEqual(drawnBy("covered", { covered: 0, fresh: 1, last_grade: "single" }), ["covered-never"]);
  assert.deepEqual(drawnBy("fresh", { covered: 0, fresh: 1, last_grade: "single" }), ["fresh-weak"]);
  assert.deepEqual(drawnBy("fresh", { covered: 1, grade: "track", fresh: 0, last_grade: "track" }), ["fresh-line"]);
  assert.deepEqual(drawnBy("fresh", { covered: 0, fresh: 5 }), ["fresh-never"]);
  for (const view of ["fresh", "covered"]) {
    const weak = style.layers.find((l) => l.id === `${view}-weak`);
    assert.ok(weak.paint["line-dasharray"] && weak.paint["line-opacity"] < 1);
  }
});
