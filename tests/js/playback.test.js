// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { drawn, eventAt, extent, runsOf, whereAt } from "../../static/js/domain/playback.js";

/** @type {import("../../static/js/domain/playback.js").Line} */
const line = {
  points: [[114, 30, 100], [114.001, 30, 110], [114.002, 30, 120], [114.01, 30, 420], [114.02, 30, 430]],
  steps: ["walked", "walked", "gap", "dropped"],
};

/** @param {any} [more] @returns {any} */
const played = (more) => ({ questioned: [], route: null, track: { state: "kept", lines: [line] }, events: [], crew: [], ...more });

/** @param {string} id @param {any} position */
const checkin = (id, position) => ({ kind: "checkin", at: "2026-11-24T12:00:00Z", until: null, checkin: { id, position } });

test("steps of one kind are one line, and neighbours share their point", () => {
  assert.deepEqual(runsOf(line), [
    { kind: "walked", coordinates: [[114, 30], [114.001, 30], [114.002, 30]] },
    { kind: "gap", coordinates: [[114.002, 30], [114.01, 30]] },
    { kind: "dropped", coordinates: [[114.01, 30], [114.02, 30]] },
  ]);
  assert.deepEqual(runsOf({ points: [[114, 30, 100]], steps: [] }), []);
});

test("on a walked step the member is in between, in a gap nowhere", () => {
  assert.deepEqual(whereAt([line], 100), [114, 30]);
  assert.deepEqual(whereAt([line], 105)?.map((n) => Number(n.toFixed(4))), [114.0005, 30]);
  for (const second of [99, 121, 300, 419, 425, 431]) assert.equal(whereAt([line], second), null, String(second));
  assert.deepEqual(whereAt([line], 420), [114.01, 30]);
});

test("where one source is silent the other says where it was", () => {
  assert.deepEqual(whereAt([line, { points: [[115, 31, 290], [115, 31, 310]], steps: ["walked"] }], 300), [115, 31]);
});

test("the time runs from the first to the last that is known, check-ins included", () => {
  assert.deepEqual(extent(played()), [100, 430]);
  const at = Date.parse("2026-11-24T12:00:00Z") / 1000;
  assert.deepEqual(extent(played({ track: { state: "gone", lines: [] }, events: [checkin("a", null)] })), [at, at]);
  assert.equal(extent(played({ track: { state: "gone", lines: [] } })), null);
});

test("the event of a moment is the last that has begun", () => {
  assert.deepEqual([50, 100, 150, 200, 999].map((s) => eventAt([100, 200, 300], s)), [-1, 0, 0, 1, 2]);
});

test("what waits is drawn otherwise than other check-ins, and what has no place is not drawn", () => {
  const kinds = drawn(played({
    questioned: ["b"], events: [checkin("a", [114, 30]), checkin("b", [114, 30]), checkin("c", null)],
    route: { name: "r", line: { type: "LineString", coordinates: [[114, 30], [115, 30]] }, checkpoints: [{ id: 1, seq: 1, name: "n", position: [114, 30] }] },
  })).features.map((f) => f.properties.kind);
  assert.deepEqual(kinds, ["route", "checkpoint", "walked", "gap", "dropped", "checkin", "asked"]);
});
