// The sampler: which fixes are kept, how they are cut, what a gap does.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cadence, closeTrack, isLow, isStill, newSampler, takeFix, TRACK_RULES } from "../../static/js/domain/track.js";

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

const times = (segments) => segments.flat().map((f) => (f[3] - T0) / 1000);

test("standing still, one fix in 90 s is kept and the rest is thinned", () => {
  const { segments, sampler } = walk(range(301).map((s) => fix(s)));
  assert.deepEqual(times(segments), [0, 90, 180, 270, 300]);
  assert.equal(sampler.kept + sampler.thinned, 301);
});

test("standing still never makes a gap, however the receiver wanders within its accuracy", () => {
  const wander = [0, 2, -2, 1, 3, -1];
  const { segments } = walk(range(1200).map((s) => fix(s, wander[s % 6])));
  const t = [...new Set(times(segments))];
  t.slice(1).forEach((s, i) => { assert.ok(s - t[i] <= 90, `${s - t[i]} s`); });
  assert.ok(t.length < 60, `${t.length} of 1200 are kept`);
});

test("a fix that comes late makes no gap as long as one was heard on the way", () => {
  for (const every of [29.9, 44, 59.9, 60.4, 80, 115]) {
    const { segments, sampler } = walk(range(20).map((n) => fix(n * every)));
    const t = [...new Set(times(segments).map(Math.floor))];
    t.slice(1).forEach((s, i) => { assert.ok(s - t[i] <= 120, `${s - t[i]} s at one in ${every}`); });
    assert.deepEqual(sampler.gaps, []);
  }
});

test("whoever stands and then leaves is kept at the last moment of standing", () => {
  const { segments } = walk([...range(60).map((s) => fix(s)), ...range(20).map((s) => fix(60 + s, 1.5 * (s + 1)))]);
  const left = times(segments).filter((s) => s > 50 && s < 64);
  assert.ok(left.length >= 1, "else the minutes would run on while walking away");
});

test("a corner is kept, and what lies on the straight way between is not", () => {
  const corner = range(31).map((s) => [fix(0)[0] + Math.round(Math.min(s, 8) * 1.2 * EAST_M), fix(0)[1] + Math.round(Math.max(0, s - 8) * 1.2 * 90), 8, T0 + s * 1000]);
  const kept = walk(corner).segments.flat();
  const at = kept.find((f) => Math.abs((f[3] - T0) / 1000 - 8) <= 2);
  assert.ok(at, "a fix within two seconds of the corner");
  assert.ok(kept.length <= 6, `${kept.length} of 31`);
});

test("what is left out lies within 2 m of the way between the kept ones, at its own second", () => {
  let seed = 7;
  const chance = () => { seed = (seed * 16807) % 2147483647; return seed / 2147483647 - 0.5; };
  let heading = 0;
  let [x, y] = [0, 0];
  const way = range(1800).map((s) => {
    heading += chance() * 0.5;
    x += Math.cos(heading) * 1.3;
    y += Math.sin(heading) * 1.3;
    return [fix(0)[0] + Math.round(x * EAST_M), fix(0)[1] + Math.round(y * 90.2), 8, T0 + s * 1000];
  });
  const kept = walk(way).segments.flat();
  for (const f of way) {
    const i = kept.findIndex((k) => k[3] >= f[3]);
    const [a, b] = [kept[Math.max(0, i - 1)], kept[i]];
    const share = b[3] === a[3] ? 0 : (f[3] - a[3]) / (b[3] - a[3]);
    const off = Math.hypot((f[0] - a[0] - share * (b[0] - a[0])) / EAST_M, (f[1] - a[1] - share * (b[1] - a[1])) / 90.2);
    assert.ok(off <= 2.1 || Math.hypot((b[0] - a[0]) / EAST_M, (b[1] - a[1]) / 90.2) <= 6, `${off} m off`);
  }
  assert.ok(kept.length < way.length / 5, `${kept.length} of ${way.length}`);
});

const vague = (s, metres = 0, accuracy = 180) => { const f = fix(s, metres); return [f[0], f[1], accuracy, f[3]]; };

test("vague fixes are kept once, between the last good one and the next, so that nothing is bridged", () => {
  const { segments } = walk([fix(0), fix(15, 18), fix(16, 19), vague(17), vague(30), vague(45), fix(60, 70), fix(75, 90)]);
  assert.deepEqual(times(segments), [0, 15, 16, 17, 60, 75]);
});

test("two minutes of nothing but vague fixes are shown as a gap", () => {
  const { sampler } = walk([fix(0), fix(15, 18), ...range(20).map((n) => vague(20 + 7 * n)), fix(160, 18), fix(175, 18)]);
  assert.deepEqual(sampler.gaps, [{ from: T0 + 15_000, to: T0 + 160_000 }]);
});

test("a state that the release before has written is gone on with", () => {
  const old = { fixes: [fix(0)], carried: false, pending: fix(9, 3), kept: 1, thinned: 1, lone: 0, backward: 0, gaps: [] };
  assert.deepEqual(times(closeTrack(old).segments), [0, 9]);
  assert.equal(takeFix(old, fix(9)).sampler.backward, 1);
  assert.deepEqual(times(closeTrack(takeFix(old, fix(10, 3)).sampler).segments), [0, 10]);
});

test("a minute at one place is standing still, and the first step away is not", () => {
  const after = (fixes) => fixes.reduce((s, f) => takeFix(s, f).sampler, newSampler());
  const standing = range(70).map((s) => fix(s, s % 3));
  assert.equal(isStill(after(standing.slice(0, 50))), false);
  assert.equal(isStill(after(standing)), true);
  assert.equal(isStill(after([...standing, fix(75, 14)])), false);
  assert.equal(isStill(after(range(400).map((s) => fix(s, s % 3)))), true, "over the cut of a segment");
  assert.equal(isStill(after(range(400).map((s) => fix(s, s * 1.2)))), false);
});

test("with little battery and no charger the receiver sleeps between questions, and still no minute is lost", () => {
  const low = { level: 0.19, charging: false };
  assert.deepEqual(cadence(false, low), { watch: "none", ask_s: 30 });
  assert.deepEqual(cadence(true, low), { watch: "none", ask_s: 60 });
  for (const battery of [null, { level: 0.2, charging: false }, { level: 0.05, charging: true }]) {
    assert.equal(cadence(false, battery).watch, "fine");
    assert.equal(cadence(true, battery).watch, "coarse");
    assert.equal(isLow(battery), false);
  }
  for (const battery of [null, low]) {
    for (const still of [true, false]) assert.ok(cadence(still, battery).ask_s * 2 <= TRACK_RULES.max_gap_s);
  }
});

test("walking fast, a fix every 20 m is kept", () => {
  const { segments } = walk(range(11).map((i) => fix(i * 5, i * 10.5)));
  assert.deepEqual(segments.flat().map((f) => (f[3] - T0) / 1000), [0, 10, 20, 30, 40, 50]);
});

test("the newest fix is kept at the end although it was too near", () => {
  const { segments } = walk([fix(0), fix(15, 20), fix(22, 23)]);
  assert.deepEqual(segments, [[fix(0), fix(15, 20), fix(22, 23)]]);
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
  const { segments } = walk(range(60).map((i) => fix(i * 15, i * 12)));
  assert.ok(segments.length >= 3);
  assert.ok(segments.every((s) => s.at(-1)[3] - s[0][3] <= 300_000));
});

test("a gap of more than 120 s is not bridged and is remembered", () => {
  const { segments, sampler } = walk([fix(0), fix(15, 18), fix(30, 36), fix(151, 40), fix(166, 60)]);
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
  const { segments, sampler } = walk([fix(0), fix(15, 18), fix(10, 12), fix(15, 18), fix(30, 36)]);
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
