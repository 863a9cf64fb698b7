// An outline as text and on the map: there and back alike, and over a GCJ-02 map it goes out in WGS-84.
import assert from "node:assert/strict";
import { test } from "node:test";
import { toGcj02, toWgs84 } from "../../static/js/domain/datum.js";
import { cornerOf, drawnParts, featuresOf, isShape, partsOf, textOf } from "../../static/js/domain/outline.js";

const TEXT = "114.300000 30.580000\n114.310000 30.580000\n114.310000 30.590000";
const PARTS = [[[114.3, 30.58], [114.31, 30.58], [114.31, 30.59]]];

test("text is read as it is written, and as people write it", () => {
  assert.deepEqual(partsOf(TEXT), PARTS);
  assert.equal(textOf(PARTS), TEXT);
  assert.deepEqual(partsOf("114.3,30.58;114.31，30.58;114.31 30.59;114.3,30.58"), PARTS);
  assert.deepEqual(partsOf(textOf([...PARTS, ...PARTS])), [...PARTS, ...PARTS]);
  assert.deepEqual(partsOf(""), []);
});

test("a line that is no corner makes it unreadable", () => {
  for (const line of ["here", "1", "1 2 3", "181 1", "1 91", "NaN 1"]) {
    assert.equal(cornerOf(line), null);
    assert.equal(partsOf(`${TEXT}\n${line}`), null);
  }
});

test("only parts with an inside are a shape", () => {
  assert.ok(isShape(PARTS));
  for (const none of [null, [], [[[1, 1], [2, 2]]], [...PARTS, [[1, 1]]]]) assert.ok(!isShape(none));
});

test("over a GCJ-02 map it is drawn moved and read back where it is", () => {
  const features = featuresOf(PARTS, toGcj02);
  const [lon] = features[0].geometry.coordinates[0][0];
  assert.ok(lon - 114.3 > 0.004, "drawn half a kilometre to the east");
  assert.deepEqual(features[0].geometry.coordinates[0].at(-1), features[0].geometry.coordinates[0][0]);
  assert.equal(textOf(drawnParts(features, toWgs84)), TEXT);
});

test("what is still being drawn and the handles on it are no outline", () => {
  const same = (at) => [at[0], at[1]];
  const [whole] = featuresOf(PARTS, same);
  const handle = { geometry: { type: "Point", coordinates: [1, 1] }, properties: {} };
  const unfinished = { ...whole, properties: { mode: "polygon", currentlyDrawing: true } };
  assert.deepEqual(drawnParts([handle, unfinished, whole], same), PARTS);
});
