// What needs no browser: ids, canonical form, back-off, distances.
import assert from "node:assert/strict";
import { test } from "node:test";
import { backoffMs, retryAfterMs } from "../../static/js/domain/backoff.js";
import { canonical, sha256 } from "../../static/js/domain/canonical.js";
import { draftClaim, fixAgeMs, fixOf, sealClaim } from "../../static/js/domain/claim.js";
import * as geo from "../../static/js/domain/geo.js";
import { uuid4, uuid7 } from "../../static/js/domain/uuid7.js";

test("a UUIDv7 carries the time of RFC 9562's example and its version and variant", () => {
  const id = uuid7(0x017f22e279b0, (b) => b.fill(0xff));
  assert.equal(id, "017f22e2-79b0-7fff-bfff-ffffffffffff");
  assert.match(uuid4(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("ten thousand ids are ten thousand different ids", () => {
  assert.equal(new Set(Array.from({ length: 10_000 }, () => uuid7())).size, 10_000);
});

for (const [value, text] of [
  [{}, "{}"],
  [{ b: 1, a: [true, false, null] }, '{"a":[true,false,null],"b":1}'],
  [{ aa: 1, a: 2, Z: 3, "10": 4, "9": 5, _: 6 }, '{"10":4,"9":5,"Z":3,"_":6,"a":2,"aa":1}'],
  [{ text: "东门\n\"灯\"坏了\\ \u0001\u007f\u2028😀" }, '{"text":"东门\\n\\"灯\\"坏了\\\\ \\u0001\u007f\u2028😀"}'],
  [{ lon_e7: 1142858210, lat_e7: -305912345, z: -0 }, '{"lat_e7":-305912345,"lon_e7":1142858210,"z":0}'],
  [[[1142858210, 305912345, 9, 1764000000000]], "[[1142858210,305912345,9,1764000000000]]"],
]) {
  test(`canonical form ${text.slice(0, 40)}`, () => assert.equal(canonical(value), text));
}

for (const bad of [1.5, Number.NaN, undefined, 2 ** 53, { a: undefined }, { a: 0.1 }, "\ud800", new Date(), () => 1]) {
  test(`canonical refuses ${String(bad)}`, () => assert.throws(() => canonical(bad), TypeError));
}

test("the hash is SHA-256 of the UTF-8 form", async () => {
  assert.equal(await sha256("{}"), "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
  assert.equal(await sha256('{"text":"东门"}'), "b11140a46d93f7348af3ed60aa51ce36080160ce6cdbf6e8cc468fb1bdb96568");
});

test("a fix is as old as the phone's clock or the right time says, whichever makes it younger", () => {
  const now = 1_764_000_000_000, hour = 3_600_000;
  const cases = [
    // stamped by the receiver, ahead_ms → age
    [now - 4_000, 0, 4_000],
    [now + 300, 0, 0], // a moment before now by another clock
    [now - 360_000 - 2_000, -360_000, 2_000], // the phone is six minutes fast, the satellites are right
    [now + 5 * hour - 1_000, 5 * hour, 1_000], // five hours slow
    [now - 3_000, 5 * hour, 3_000], // wrong too, with a receiver that goes by the phone
    [now - 90_000, 0, 90_000], // really old
    [now - 30 * hour, 0, 0], // far from both: nothing is known
  ];
  for (const [stamped, ahead, age] of cases) assert.equal(fixAgeMs(now, stamped, ahead), age, `${now - stamped} ${ahead}`);
});

test("a claim is frozen, hashed, and counted only when sealed", async () => {
  const body = { shift_id: 7, text: "a" };
  const draft = await draftClaim({ author_id: 3, kind: "note", body, now: 1764000000123, monotonic: 5.9 });
  const envelope = sealClaim(draft, { device_id: "d", device_seq: 4, anchor: null });
  body.text = "changed later";
  assert.equal(envelope.body.text, "a");
  assert.equal(envelope.sha256, await sha256('{"shift_id":7,"text":"a"}'));
  assert.equal(envelope.device_at, "2025-11-24T16:00:00.123Z");
  assert.deepEqual([envelope.schema, envelope.device_seq, envelope.monotonic_ms, envelope.anchor], [1, 4, 5, null]);
  assert.throws(() => { envelope.body.text = "x"; }, TypeError);
  assert.throws(() => { envelope.author_id = 9; }, TypeError);
});

test("a fix is written in integers", () => {
  assert.deepEqual(fixOf({ lon: 114.28582104, lat: 30.5912345, accuracy_m: 7.2, at: 1000 }, 1850),
    { lon_e7: 1142858210, lat_e7: 305912345, accuracy_m: 8, age_ms: 850 });
});

for (const [failures, least, most] of [[1, 1000, 2000], [2, 2000, 4000], [5, 16000, 32000], [99, 150000, 300000]]) {
  test(`back-off after ${failures} failures lies in ${least}–${most} ms`, () => {
    assert.equal(backoffMs(failures, () => 0), least);
    assert.ok(backoffMs(failures, () => 0.999999) <= most);
  });
}

for (const [header, ms] of [
  ["30", 30000], ["0", 0], [null, null], ["", null], ["soon", null], ["86400", 3600000],
  ["Tue, 24 Nov 2026 12:01:00 GMT", 60000], ["Tue, 24 Nov 2026 11:00:00 GMT", 0],
]) {
  test(`Retry-After ${header}`, () => assert.equal(retryAfterMs(header, Date.parse("2026-11-24T12:00:00Z")), ms));
}

test("(120 30) to (120.1 30) is 9,648.628 m", () => {
  assert.ok(Math.abs(geo.distanceM([120, 30], [120.1, 30]) - 9648.628) < 0.05);
});

for (const [to, word] of [[[0, 1], "n"], [[1, 1], "ne"], [[1, 0], "e"], [[0, -1], "s"], [[-1, 0], "w"], [[-1, 1], "nw"]]) {
  test(`direction ${word}`, () =>
    assert.equal(geo.directionWord([114, 30], [114 + to[0] * 0.001 / Math.cos(Math.PI / 6), 30 + to[1] * 0.001]), word));
}

test("the next checkpoint is the nearest, or the first where order matters or there is no position", () => {
  const list = [{ id: 1, seq: 2, position: [114, 30] }, { id: 2, seq: 1, position: [114.1, 30] }];
  assert.equal(geo.nextCheckpoint(list, [114.001, 30], false).id, 1);
  assert.equal(geo.nextCheckpoint(list, [114.001, 30], true).id, 2);
  assert.equal(geo.nextCheckpoint(list, null, false).id, 2);
  assert.equal(geo.nextCheckpoint([], null, false), null);
});

for (const [d, acc, want] of [[40, 0, "near"], [70, 30, "near"], [71, 30, "far"], [71, 90, "far"], [10, 101, "vague"], [86, 20, "far"]]) {
  test(`${d} m away with ${acc} m accuracy, radius 40: ${want}`, () =>
    assert.equal(geo.closeness(d, acc, 40, { max_accuracy_m: 100, accuracy_allowance_m: 30 }), want));
}

test("a point in the hole of a polygon is outside", () => {
  const square = (a, b) => [[a, a], [b, a], [b, b], [a, b], [a, a]];
  const holed = { type: "MultiPolygon", coordinates: [[square(0, 10), square(4, 6)]] };
  assert.deepEqual([[1, 1], [5, 5], [11, 1]].map((p) => geo.isInside(p, holed)), [true, false, false]);
});

test("a circle is round in metres", () => {
  const ring = geo.circleAround([114, 30], 50);
  assert.deepEqual(ring[0], ring[48]);
  for (const corner of ring) assert.ok(Math.abs(geo.distanceM([114, 30], corner) - 50) < 0.1);
});
