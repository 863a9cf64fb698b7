// The sampler: which fixes are kept, how they are cut, what a gap does.
import assert from "node:assert/strict";
import { test } from "node:test";
import { closeTrack, newSampler, takeFix } from "../../static/js/domain/track.js";

const T0 = 1_764_000_000_000;
const EAST_M = 1e7 / 96_000; // 1 m east near 30.5° N, in 1e-7 degrees
const fix = (s, metres = 0) => [1_142_858_210 + Math.round(metres * EAST_M), 305_912_345, 8, T0 + s * 1000];

function walk(fixes, rules) {
  let sampler = newSampler();
  const segments = [];
  for (const f of fixes) {
    const step = takeFix(sampler, f, rules);
    sampler = step.sampler;
    segments.push(...step.segments);
  }
  const end = closeTrack(sampler);
  return { segments: [...segments, ...end.segments], sampler: end.sampler };
}

const range = (n) => Array.from({ length: n }, (_, i) => i);

test("standing still, a fix every 15 s is kept and the rest is thinned", () => {
  const { segments, sampler } = walk(range(61).map((s) => fix(s)));
  assert.deepEqual(segments.flat().map((f) => (f[3] - T0) / 1000), [0, 15, 30, 45, 60]);
  assert.equal(sampler.kept + sampler.thinned, 61);
});

test("walking fast, a fix every 20 m is kept", () => {
  const { segments } = walk(range(11).map((i) => fix(i * 5, i * 10.5)));
  assert.deepEqual(segments.flat().map((f) => (f[3] - T0) / 1000), [0, 10, 20, 30, 40, 50]);
});

test("the newest fix is kept at the end although it was too near", () => {
  const { segments } = walk([fix(0), fix(15), fix(22, 3)]);
  assert.deepEqual(segments, [[fix(0), fix(15), fix(22, 3)]]);
});

test("a segment has at most 40 fixes, and repeats the last of the one before", () => {
  const { segments } = walk(range(100).map((i) => fix(i * 5, i * 25)));
  assert.ok(segments.length >= 3);
  assert.ok(segments.every((s) => s.length >= 2 && s.length <= 40));
  segments.slice(1).forEach((s, i) => { assert.deepEqual(s[0], segments[i].at(-1)); });
  const distinct = new Set(segments.flat().map((f) => f[3]));
  assert.equal(distinct.size, 100);
});

test("a segment is at most five minutes long", () => {
  const { segments } = walk(range(60).map((i) => fix(i * 15)));
  assert.ok(segments.every((s) => s.at(-1)[3] - s[0][3] <= 300_000));
});

test("a gap of more than 120 s is not bridged and is remembered", () => {
  const { segments, sampler } = walk([fix(0), fix(15), fix(30), fix(151), fix(166)]);
  assert.deepEqual(segments.map((s) => s.map((f) => (f[3] - T0) / 1000)), [[0, 15, 30], [151, 166]]);
  assert.deepEqual(sampler.gaps, [{ from: T0 + 30_000, to: T0 + 151_000 }]);
});

test("a gap of exactly 120 s is no gap", () => {
  const { segments, sampler } = walk([fix(0), fix(120)]);
  assert.deepEqual([segments.length, sampler.gaps.length], [1, 0]);
});

test("a fix alone between two gaps makes no segment and is counted", () => {
  const { segments, sampler } = walk([fix(0), fix(15), fix(400), fix(800), fix(815)]);
  assert.deepEqual([segments.length, sampler.lone], [2, 1]);
});

test("nothing but the repeated fix after a full segment makes no empty segment and is not lone", () => {
  const { segments, sampler } = walk(range(40).map((i) => fix(i * 5, i * 25)));
  assert.deepEqual([segments.length, segments[0].length, sampler.lone], [1, 40, 0]);
});

test("a fix that goes back in time is left out and counted", () => {
  const { segments, sampler } = walk([fix(0), fix(15), fix(10), fix(15), fix(30)]);
  assert.deepEqual([segments.flat().length, sampler.backward], [3, 2]);
});

test("times never decrease inside a segment, whatever comes", () => {
  const noise = range(500).map((i) => fix((i * 7919) % 1800, (i * 31) % 400));
  for (const s of walk(noise).segments) {
    s.slice(1).forEach((f, i) => { assert.ok(f[3] > s[i][3]); });
  }
});

test("the state survives being written to storage after every fix", () => {
  const fixes = range(90).map((i) => fix(i * 5, i * 25));
  let sampler = newSampler();
  const segments = [];
  for (const f of fixes) {
    const step = takeFix(JSON.parse(JSON.stringify(sampler)), f);
    sampler = step.sampler;
    segments.push(...step.segments);
  }
  assert.deepEqual([...segments, ...closeTrack(sampler).segments], walk(fixes).segments);
});
