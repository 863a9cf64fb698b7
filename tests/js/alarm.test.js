// A call for help from armed to answered, the lone worker's timer, what a PIN proves, words for the place.
import assert from "node:assert/strict";
import { createHmac, pbkdf2Sync } from "node:crypto";
import { test } from "node:test";
import * as alarms from "../../static/js/domain/alarm.js";
import * as help from "../../static/js/domain/help.js";
import * as pin from "../../static/js/domain/pin.js";

const a = { ...alarms, ...help, ...pin };

const AT = Date.parse("2026-11-24T20:14:00+08:00");
const alarm = (over = {}) => ({
  id: "a1", author_id: 5, shift_id: 7, drill: false, armed_at: AT, due_at: AT + 5000, monotonic_ms: 12.5, fix: null,
  put_at: null, cancelled_at: null, closed: false, heard: null, ...over,
});
const heard = (over = {}) => ({ state: "open", by: null, at: null, failed: [], ...over });

for (const [title, over, row, step] of [
  ["confirmed, its five seconds not over", {}, undefined, "armed"],
  ["in the outbox, its row not read yet", { put_at: AT }, undefined, "waiting"],
  ["queued is not sent", { put_at: AT }, { state: "queued" }, "waiting"],
  ["on its way is not sent", { put_at: AT }, { state: "sending" }, "waiting"],
  ["held is not delivered", { put_at: AT }, { state: "held" }, "waiting"],
  ["refused is not delivered", { put_at: AT }, { state: "refused" }, "waiting"],
  ["asked for again by a restored server is not sent", { put_at: AT, heard: heard() }, { state: "queued" }, "waiting"],
  ["a receipt is sent", { put_at: AT }, { state: "acked" }, "sent"],
  ["the row has left the phone, the server has spoken", { put_at: AT, heard: heard() }, undefined, "sent"],
  ["somebody has it", { put_at: AT, heard: heard({ by: "张队长" }) }, { state: "acked" }, "answered"],
  ["ended by the desk", { put_at: AT, heard: heard({ state: "ended", by: "张队长" }) }, { state: "acked" }, "ended"],
  ["ended here, sent or not", { put_at: AT, cancelled_at: AT }, { state: "queued" }, "over"],
  ["put away", { put_at: AT, closed: true }, { state: "acked" }, "over"],
]) {
  test(title, () => assert.equal(a.stepOf(alarm(over), row), step));
}

test("armed becomes due after five seconds, or at once when the clock was set back", () => {
  assert.equal(a.isDue(alarm(), AT + 4999), false);
  assert.equal(a.isDue(alarm(), AT + 5000), true);
  assert.equal(a.isDue(alarm(), AT + 3 * 86_400_000), true);
  assert.equal(a.isDue(alarm(), AT - 5 * 3_600_000), true);
  assert.equal(a.isDue(alarm({ put_at: AT }), AT + 9000), false);
});

test("the seconds go from five to none and never beyond", () => {
  assert.deepEqual([-9000, 0, 1, 1000, 4999, 5000, 99_000].map((ms) => a.secondsLeft(alarm(), AT + ms)), [5, 5, 5, 4, 1, 0, 0]);
});

test("a real call is shown before a drill, the newest before the older, one that is over not at all", () => {
  const drill = alarm({ id: "d", drill: true, armed_at: AT + 9 });
  const older = alarm({ id: "o", armed_at: AT - 9 });
  const over = alarm({ id: "x", armed_at: AT + 99, cancelled_at: AT });
  const mate = { id: "m", mate: "李", armed_at: AT + 999 };
  assert.equal(a.shownAlarm([drill, older, alarm(), over, mate], []).id, "a1");
  assert.equal(a.shownAlarm([drill, over], []).id, "d");
  assert.equal(a.shownAlarm([over, mate], []), null);
});

test("the item has the id and the time of the confirmation, the same whoever makes it", () => {
  const fix = { lon_e7: 1, lat_e7: 2, accuracy_m: 3, age_ms: 4 };
  assert.deepEqual(a.claimOfAlarm(alarm({ fix })), { id: "a1", author_id: 5, kind: "sos", body: { shift_id: 7, fix }, now: AT, monotonic: 12.5 });
  assert.deepEqual(a.claimOfAlarm(alarm({ shift_id: null, drill: true })).body, { test: true });
});

test("it tries again within six seconds, for ever, and not in step with others", () => {
  for (const tries of [1, 4, 5, 10_000]) {
    assert.ok(a.soonMs(tries, () => 0) >= 2000);
    assert.ok(a.soonMs(tries, () => 0.999) <= 6000);
    assert.notEqual(a.soonMs(tries, () => 0.1), a.soonMs(tries, () => 0.9));
  }
});

test("only what waits is urgent", () => {
  const rows = ["sos", "sos.cancel", "ok", "checkin"].flatMap((kind) => ["queued", "sending", "acked", "held"].map((state) => ({ kind, state })));
  assert.equal(rows.filter(a.isUrgent).length, 6);
});

// --- news

test("the server's words are understood, its lists of what was not delivered too", () => {
  assert.deepEqual(a.heardOf({ state: "acknowledged", acknowledged_by: { id: 1, name: "张队长" }, acknowledged_at: "t", undeliverable: [] }),
    heard({ state: "acknowledged", by: "张队长", at: "t" }));
  assert.deepEqual(a.heardOf({ state: "open", undeliverable: true }).failed, [""]);
  assert.deepEqual(a.heardOf({ state: "open", undeliverable: [{ name: "王" }, "李"] }).failed, ["王", "李"]);
  assert.equal(a.heardOf({ state: "cancelled" }).state, "ended");
  assert.equal(a.heardOf({ state: "closed" }).state, "ended");
});

test("a crew member's call is theirs, never mine", () => {
  const doc = { id: "m", mine: false, person: { id: 9, name: "李" }, called_at: "t", test: false, state: "open", fix: { lon_e7: 1, lat_e7: 2 } };
  assert.deepEqual([a.mateOf(doc, 5, AT).mate, a.mateOf(doc, 5, AT).at], ["李", "t"]);
  assert.equal(a.mateOf({ ...doc, mine: true }, 5, AT), null);
  assert.equal(a.mateOf(doc, 9, AT), null);
  assert.equal(a.mateOf({ id: "m", state: "open" }, 5, AT), null);
  assert.equal(a.mateOf({ ...doc, state: "closed" }, 5, AT).closed, true);
});

// --- are you OK?

const shift = (crew = [{ person_id: 5, name: "我" }]) => ({ id: 7, starts_at: "2026-11-24T20:00:00+08:00", ends_at: "2026-11-24T22:00:00+08:00", crew });
const row = (kind, min, state = "acked") => ({ id: `${kind}${min}`, kind, state, shift_id: 7, seq: min, envelope: { device_at: new Date(AT + min * 60_000).toISOString(), body: {} } });
const on = { state: "on", started_at: new Date(AT).toISOString(), ended_at: null };
const ask = (over) => a.loneOf({ shift: shift(), duty: on, rows: [row("duty.start", 0)], alarm: { ok_every_min: 30 }, now: AT, ...over });
const min = (n) => AT + n * 60_000;

for (const [title, over, phase] of [
  ["quiet for the first half hour", { now: min(29) }, "quiet"],
  ["asked after half an hour", { now: min(30) }, "ask"],
  ["still time for five minutes", { now: min(34.9) }, "ask"],
  ["then the leader is told", { now: min(35) }, "late"],
  ["a check-in is an answer", { rows: [row("duty.start", 0), row("checkin", 20, "queued")], now: min(49) }, "quiet"],
  ["an OK counts although it is not sent yet", { rows: [row("ok", 31, "queued")], now: min(60) }, "quiet"],
  ["one that was refused does not", { rows: [row("duty.start", 0), row("ok", 31, "refused")], now: min(60) }, "late"],
  ["a note from the sofa is no sign of life", { rows: [row("duty.start", 0), row("note", 29)], now: min(31) }, "ask"],
  ["asleep for hours, it asks at waking", { now: min(300) }, "late"],
  ["a clock that was set back asks now", { now: min(-300) }, "ask"],
  ["not while paused", { duty: { ...on, state: "paused" }, now: min(99) }, "off"],
  ["not before the start", { duty: { ...on, state: "none" }, now: min(99) }, "off"],
  ["not in a crew of two", { shift: shift([{ person_id: 5 }, { person_id: 6 }]), now: min(99) }, "off"],
  ["in a crew of two whose other did not come", { shift: shift([{ person_id: 5 }, { person_id: 6 }]), alarm: { ok_every_min: 30, lone: { 7: true } }, now: min(31) }, "ask"],
  ["a second one came along although the crew was one", { alarm: { ok_every_min: 30, lone: { 7: false } }, now: min(99) }, "off"],
  ["not where the township asks nobody", { alarm: { ok_every_min: 0 }, now: min(99) }, "off"],
  ["not before the plan has spoken of it", { alarm: undefined, now: min(99) }, "off"],
  ["started on another phone: the plan's time, by this phone's clock", { rows: [], ahead_ms: 10 * 60_000, now: min(21) }, "ask"],
]) {
  test(`lone: ${title}`, () => assert.equal(ask(over).phase, phase));
}

// --- PIN

test("the proof is what the server computes: PBKDF2 into HMAC", async () => {
  const salt = Buffer.from("00ff10a0b1c2d3e4f506172839405162", "hex");
  const key = pbkdf2Sync("4711", salt, 1000, 32, "sha256");
  const nonce = a.newNonce();
  assert.match(nonce, /^[0-9a-f]{32}$/);
  const proof = await a.proofOf("4711", { salt_hex: salt.toString("hex"), rounds: 1000 }, nonce);
  assert.equal(proof, createHmac("sha256", key).update(nonce, "ascii").digest("hex"));
});

test("every PIN gives a proof of the same form", async () => {
  const how = { salt_hex: "aa".repeat(16), rounds: 1000 };
  const proofs = await Promise.all(["0000", "4711", "9999"].map((pin) => a.proofOf(pin, how, "n")));
  assert.equal(new Set(proofs).size, 3);
  assert.ok(proofs.every((p) => /^[0-9a-f]{64}$/.test(p)));
});

// --- where, and whom to call

const plan = {
  routes: [{ name: "一路线", checkpoints: [{ id: 1, seq: 1, name: "东门", position: [120, 30], radius_m: 40 }, { id: 2, seq: 2, name: "西门", position: [120.01, 30], radius_m: 40 }] }],
  hotspots: [{ name: "菜市场", polygon: { type: "Polygon", coordinates: [[[120.004, 29.999], [120.006, 29.999], [120.006, 30.001], [120.004, 30.001], [120.004, 29.999]]] } }],
};

test("the place is said by the nearest thing that the plan has a name for", () => {
  assert.deepEqual({ ...a.whereOf({ lon: 120, lat: 30.00001 }, plan), metres: 1 },
    { near: "checkpoint", name: "东门", seq: 1, route: "一路线", metres: 1, direction: null });
  assert.equal(a.whereOf({ lon: 120.005, lat: 30 }, plan).name, "菜市场");
  assert.equal(a.whereOf({ lon: 120.01, lat: 30.001 }, plan).direction, "n");
  assert.deepEqual(a.whereOf({ lon: 121, lat: 31 }, plan), { near: "position", lat: "31.00000", lon: "121.00000" });
  assert.equal(a.whereOf(null, plan), null);
  assert.equal(a.whereOf({ lon: 121, lat: 31 }, null).near, "position");
});

test("police and ambulance can be called even when no plan has come", () => {
  assert.deepEqual(a.callsOf(undefined).map((c) => [c.number, c.sms]), [["110", "12110"], ["120", ""]]);
  const told = a.callsOf({ call_numbers: [{ name: "张队长", number: "138 0013-8000" }, { name: "x", number: "110" }, { name: "none", number: "" }] });
  assert.deepEqual(told.map((c) => [c.number, c.sms]), [["13800138000", "13800138000"], ["110", "12110"], ["120", ""]]);
});

const here = { lon: 114.1, lat: 30.6, accuracy_m: 7.2, at: AT };
for (const [title, proving, position, age, says] of [
  ["with a PIN, whichever, \"I'm OK\" says where, as a call does", { nonce: "n", proof: "p" }, here, 60_000, true],
  ["an old position is not said", { nonce: "n", proof: "p" }, here, 300_001, false],
  ["none is known", { nonce: "n", proof: "p" }, null, 0, false],
  ["without a PIN nobody need know where", { nonce: "n" }, here, 0, false],
]) {
  test(title, () => {
    const body = a.okBody(7, proving, position, AT + age);
    const fix = { lon_e7: 1_141_000_000, lat_e7: 306_000_000, accuracy_m: 8, age_ms: age };
    assert.deepEqual(body, { shift_id: 7, ...proving, ...(says ? { fix } : {}) });
  });
}
