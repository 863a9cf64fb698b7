// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { distanceM } from "../../static/js/domain/geo.js";
import { barM, frameOf, held, spread } from "../../static/js/domain/sketch.js";

/** @typedef {[number, number]} LonLat */
const size = { width: 360, height: 240 };
/** @type {LonLat[]} about 960 m east and 555 m north */
const route = [[114.28, 30.59], [114.285, 30.592], [114.29, 30.595]];

test("the whole route lies inside, as large as the box allows, north up and east right", () => {
  const { place } = frameOf(route, null, size, 30);
  const at = route.map(place);
  for (const [x, y] of at) assert.ok(x >= 29.9 && x <= 330.1 && y >= 29.9 && y <= 210.1, `${x} ${y}`);
  assert.ok(at[0][0] < at[2][0] && at[0][1] > at[2][1]);
  assert.ok(Math.abs(at[2][0] - at[0][0] - 300) < 0.5 || Math.abs(at[0][1] - at[2][1] - 180) < 0.5);
});

test("a metre is as long in every direction", () => {
  const { place, px_per_m } = frameOf(route, null, size);
  for (const [a, b] of [[route[0], route[1]], [route[0], route[2]], [route[1], route[2]]]) {
    const [p, q] = [place(a), place(b)];
    const drawn = Math.hypot(p[0] - q[0], p[1] - q[1]) / px_per_m;
    assert.ok(Math.abs(drawn / distanceM(a, b) - 1) < 0.001);
  }
});

test("somebody near is drawn in; somebody in the next town does not shrink the route to a dot", () => {
  const near = /** @type {LonLat} */ ([114.294, 30.595]);
  const [x, y] = frameOf(route, near, size).place(near);
  assert.ok(x >= 0 && x <= 360 && y >= 0 && y <= 240);
  const alone = frameOf(route, null, size).px_per_m;
  assert.equal(frameOf(route, [114.9, 30.9], size).px_per_m, alone);
  assert.equal(frameOf(route, [114.3, 30.595], size).px_per_m, alone);
  assert.ok(frameOf(route, near, size).px_per_m < alone);
});

test("one spot alone is shown in the middle, with its surroundings", () => {
  const { place, px_per_m } = frameOf([route[0]], null, size);
  assert.deepEqual(place(route[0]), [180, 120]);
  assert.ok(px_per_m <= 300 / 60);
});

test("the bar is a round length that fits", () => {
  for (const [px_per_m, metres] of [[1, 50], [0.3, 200], [0.09, 1000], [2, 20], [0.1, 500]]) {
    assert.equal(barM(px_per_m), metres);
    assert.ok(metres * px_per_m <= 90);
  }
});

test("who is outside stands at the edge, and it is known that they are outside", () => {
  assert.deepEqual(held([100, 50], size, 14), { x: 100, y: 50, outside: false });
  assert.deepEqual(held([900, -40], size, 14), { x: 346, y: 14, outside: true });
});

test("numbers that lie on one another are pushed apart, and those with room stay", () => {
  const spots = /** @type {[number, number][]} */ ([[100, 100], [100, 100], [104, 100], [300, 200]]);
  const at = spread(spots, 40, size, 20);
  for (let i = 0; i < at.length; i++) {
    for (let j = i + 1; j < at.length; j++) assert.ok(Math.hypot(at[i][0] - at[j][0], at[i][1] - at[j][1]) >= 39);
  }
  assert.deepEqual(at[3], [300, 200]);
  assert.deepEqual(spots[0], [100, 100]); // the true places are not touched
});

test("more numbers than there is room for end inside the box all the same", () => {
  const crowd = /** @type {[number, number][]} */ (Array.from({ length: 60 }, () => [10, 10]));
  for (const [x, y] of spread(crowd, 40, { width: 120, height: 80 }, 20)) assert.ok(x >= 20 && x <= 100 && y >= 20 && y <= 60);
});
