// The crew's code as the server makes it, drawn so that a camera reads it; who may be ticked; what changed.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import * as c from "../../static/js/domain/changes.js";
import * as crew from "../../static/js/domain/crew.js";
import { closeForgotten } from "../../static/js/domain/duty.js";
import { qrCode } from "../../static/js/domain/qr.js";

const AT = Date.parse("2026-11-24T12:00:30Z");
const SECRET = "00112233445566778899aabbccddeeff";

test("the code is the one that the server makes (tests/duty/test_crew_code.py has the same)", async () => {
  assert.equal(await crew.crewCode(SECRET, 7, AT), "XC1.7.581402");
});

test("a code lasts a minute", async () => {
  const start = Date.parse("2026-11-24T12:00:00Z");
  const [a, b, next] = await Promise.all([0, 59_999, 60_000].map((ms) => crew.crewCode(SECRET, 7, start + ms)));
  assert.equal(a, b);
  assert.notEqual(a, next);
  assert.equal(crew.secondsLeft(start), 60);
  assert.equal(crew.secondsLeft(start + 59_500), 1);
});

for (const [text, shift, found] of [
  ["XC1.7.123456", null, { shift_id: 7, code: "XC1.7.123456" }],
  [" xc1.7.123456 ", 9, { shift_id: 7, code: "XC1.7.123456" }],
  ["123 456", 9, { shift_id: 9, code: "XC1.9.123456" }],
  ["１２３４５６", 9, { shift_id: 9, code: "XC1.9.123456" }],
  ["123456", null, null],
  ["12345", 9, null],
  ["XC2.7.123456", 9, null],
  ["https://example.org/", 9, null],
]) {
  test(`"${text}" for shift ${shift} is ${found ? found.code : "no code"}`, () => assert.deepEqual(crew.readCode(text, shift), found));
}

for (const text of ["XC1.7.123456", "XC1.4294967296.000001", "x".repeat(60), "巡防".repeat(15), "y".repeat(106)]) {
  test(`a camera reads the drawn code of ${text.length} letters: ${text.slice(0, 20)}`, async () => {
    const wasmBinary = await readFile(new URL("../../node_modules/zxing-wasm/dist/reader/zxing_reader.wasm", import.meta.url));
    prepareZXingModule({ overrides: { wasmBinary } });
    const [found] = await readBarcodes(picture(qrCode(text), 4), { formats: ["QRCode"] });
    assert.equal(found?.text, text);
    assert.equal(found?.ecLevel, "M");
  });
}

test("what is too long for a code is refused", () => assert.throws(() => qrCode("z".repeat(107)), RangeError));

function picture(dark, scale) {
  const side = (dark.length + 8) * scale;
  const data = new Uint8ClampedArray(side * side * 4).fill(255);
  dark.forEach((row, y) => row.forEach((on, x) => {
    for (let i = 0; on && i < scale * scale; i++) {
      const at = ((y + 4) * scale + Math.floor(i / scale)) * side + (x + 4) * scale + (i % scale);
      data.fill(0, at * 4, at * 4 + 3);
    }
  }));
  return { data, width: side, height: side, colorSpace: "srgb" };
}

test("ticked are those without a phone and the planned who have not started by their own", () => {
  const shift = { team: { id: 1 }, crew: [
    { person_id: 1, name: "me", state: "on" }, { person_id: 2, name: "by phone", state: "on", has_phone: true },
    { person_id: 3, name: "phone broken", state: null, has_phone: true }, { person_id: 4, name: "no phone", state: null, has_phone: false },
  ] };
  const team = [{ id: 5, name: "joins", team_id: 1, has_phone: false }, { id: 6, name: "other team", team_id: 2, has_phone: false }, { id: 7, name: "has one", team_id: 1, has_phone: true }];
  assert.deepEqual(crew.tickable(shift, team, 1, []).map((p) => p.id), [4, 5, 3]);
});

test("the last tick of this phone stands, a refused one does not", () => {
  const row = (seq, present, state = "acked") => ({ kind: "crew.tick", shift_id: 7, seq, state, envelope: { body: { present } } });
  assert.equal(crew.lastTick([], 7), null);
  assert.deepEqual(crew.lastTick([row(3, [2], "refused"), row(2, []), row(1, [9])], 7), []);
});

// --- what changed ---------------------------------------------------------------------------------

const shift = (over = {}) => ({
  id: 7, mine: true, status: "planned", starts_at: "2026-11-24T12:00:00Z", ends_at: "2026-11-24T14:00:00Z", meeting_place: "gate",
  route_version_id: 3, crew: [{ person_id: 2 }, { person_id: 1 }], ...over,
});

for (const [title, over, expected] of [
  ["nothing", {}, []],
  ["another order of the crew is no change", { crew: [{ person_id: 1 }, { person_id: 2 }] }, []],
  ["who joined on the spot is no change of the plan", { crew: [{ person_id: 1 }, { person_id: 2 }, { person_id: 9, planned: false }] }, []],
  ["a later end", { ends_at: "2026-11-24T15:00:00Z" }, ["time"]],
  ["another place and route", { meeting_place: "school", route_version_id: 4 }, ["place", "route"]],
  ["another crew", { crew: [{ person_id: 1 }] }, ["crew"]],
  ["cancelled says all", { status: "cancelled", meeting_place: "school" }, ["cancelled"]],
]) {
  test(`changed: ${title}`, () => assert.deepEqual(c.changesOf(c.seenOf(shift()), shift(over)), expected));
}

test("a shift never seen before is new, not changed; it stays changed until it was looked at", () => {
  assert.deepEqual(c.changesOf(undefined, shift()), []);
  const before = c.remember({}, [shift()]);
  const moved = shift({ meeting_place: "school" });
  const still = c.remember(before, [moved]);
  assert.deepEqual(c.changesOf(still[7], moved), ["place"]);
  assert.deepEqual(c.changesOf(c.remember(still, [moved], 7)[7], moved), []);
  assert.deepEqual(c.remember(before, []), {}, "what is gone from the plan is forgotten");
});

test("a forgotten end is asked about after the grace, and closed at the planned end an hour later", () => {
  const on = { state: "on", started_at: "2026-11-24T12:00:00Z", ended_at: null };
  const end = Date.parse("2026-11-24T14:00:00Z");
  const minutes = (n) => end + n * 60_000;
  assert.deepEqual([14, 15, 59, 60].map((n) => c.asksForEnd(shift(), on, minutes(n), 15)), [false, true, true, false]);
  assert.equal(c.asksForEnd(shift(), { ...on, state: "ended" }, minutes(20), 15), false);
  assert.equal(closeForgotten(shift(), on, minutes(59)), on);
  assert.deepEqual(closeForgotten(shift(), on, minutes(60)), { ...on, state: "ended", ended_at: shift().ends_at, forgotten: true });
});

test("late is told in whole minutes, early is none", () => {
  assert.equal(c.lateMin(shift().starts_at, AT - 60_000), 0);
  assert.equal(c.lateMin(shift().starts_at, Date.parse("2026-11-24T12:20:59Z")), 20);
});
