// A drawn area's corners in the address: read back as written, and nothing made of what is none.
import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf, cornersOf } from "../../static/js/coverage_draw.js";

test("corners come back from the address to about a metre", () => {
  const corners = [[114.300001, 30.58], [114.31, 30.58], [114.31, -30.590004]];
  assert.equal(addressOf(corners), "114.30000,30.58000;114.31000,30.58000;114.31000,-30.59000");
  assert.deepEqual(cornersOf(addressOf(corners)), [[114.3, 30.58], [114.31, 30.58], [114.31, -30.59]]);
});

test("what is no corner gives none", () => {
  for (const text of ["x,y", "1,2;3", "1,2,3", "1,NaN"]) assert.deepEqual(cornersOf(text), []);
});
