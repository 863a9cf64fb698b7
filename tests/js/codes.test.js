// What a camera, a tag or a thumb brings, and where it belongs; contests; verdicts in words; and the reader itself.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import * as c from "../../static/js/domain/codes.js";
import { lastAnswer, mayContest } from "../../static/js/domain/contest.js";
import { metresOutside } from "../../static/js/domain/geo.js";
import { qrCode } from "../../static/js/domain/qr.js";
import { mayForget } from "../../static/js/domain/sending.js";
import { accuracyWord, verdictWords } from "../../static/js/domain/verdict.js";

const ID = "01a20d6d-5a00-72d0-ac93-1d1384adf19d";

for (const [text, found, to] of [
  ["XP1.7.123456", { kind: "checkpoint", id: 7, code: "XP1.7.123456" }, "#/patrol?code=XP1.7.123456"],
  [" XP1.7.123456\n", { kind: "checkpoint", id: 7, code: "XP1.7.123456" }, "#/patrol?code=XP1.7.123456"],
  ["XP1.7", { kind: "checkpoint", id: 7, code: null }, "#/patrol?code=XP1.7"],
  ["XN1.7.ABCDEFGH234567AB", { kind: "tag", id: 7, code: "XN1.7.ABCDEFGH234567AB" }, "#/patrol?code=XN1.7.ABCDEFGH234567AB"],
  [`XK1.3.${ID.toUpperCase()}`, { kind: "cosign", shift: 3, checkin: ID }, `#/cosign?id=XK1.3.${ID}`],
  ["XC1.3.123456", { kind: "crew", text: "XC1.3.123456" }, "#/crew?code=XC1.3.123456"],
  ["https://x.example/m/#/code?c=abcd2345", { kind: "signin", code: "ABCD2345" }, "#/code?c=ABCD2345"],
]) {
  test(`${text.trim()} is told apart and goes to ${to}`, () => {
    assert.deepEqual(c.readScan(text), found);
    assert.equal(c.destination(c.readScan(text)), to);
  });
}

for (const text of ["", "https://example.com", "XP1.7.12345", "XP1.x.123456", "XP2.7.123456", "XK1.3.nothing", "javascript:alert(1)", "XP1.7.123456#/me"]) {
  test(`"${text}" is none of ours`, () => assert.equal(c.readScan(text), null));
}

test("what one phone shows is what the other reads", () => {
  assert.deepEqual(c.readScan(c.cosignText(3, ID)), { kind: "cosign", shift: 3, checkin: ID });
});

test("figures may be typed wide, with gaps, or too many", () => {
  assert.deepEqual(["１２３ ４５６", "12-34-56-78", "ab1"].map(c.tidyDigits), ["123456", "123456", "1"]);
});

test("a checkpoint is asked for as far as the phone can", () => {
  const asked = [["gps", true], ["photo", true], ["code", true], ["nfc", true], ["nfc", false]];
  assert.deepEqual(asked.map(([a, tags]) => c.firstWay(a, tags)), ["gps", "gps", "code", "nfc", "code"]);
});

const AT = Date.parse("2026-11-24T20:30:00+08:00");
const row = (body, { state = "queued", receipt = null, kind = "checkin", at = AT, id = "r" } = {}) => ({
  id, kind, state, seq: 1, state_at: at, shift_id: 7, receipt,
  envelope: { kind, body: { shift_id: 7, ...body }, device_at: new Date(at).toISOString() },
});
const here = { checkpoint_id: 1, phase: "here", method: "gps" };

test("a thumb that trembles checks in once", () => {
  const rows = [row(here)];
  assert.equal(c.sameTap(rows, 7, here, AT + 1_000), rows[0]);
  for (const [wanted, later] of [
    [{ ...here, checkpoint_id: 2 }, 1_000], [{ ...here, method: "code", code: "1" }, 1_000], [here, 60_000], [here, -1_000],
  ]) assert.equal(c.sameTap(rows, 7, wanted, AT + later), null);
  assert.equal(c.sameTap(rows, 8, here, AT), null);
});

test("after \"not counted\" the next tap is a new try", () => {
  assert.equal(c.sameTap([row(here, { state: "acked", receipt: { verdict: "not_counted" } })], 7, here, AT + 500), null);
});

// --- contests -------------------------------------------------------------------------------------

const answer = (state, receipt) => row({ item_id: "r" }, { kind: "answer", state, receipt, id: "a" });

for (const [title, said, state] of [
  ["nothing was said", [], null],
  ["it waits on the phone", [answer("queued", null)], "waiting"],
  ["it came before its check-in", [answer("held", { result: "held", reasons: ["waiting_for_item"] })], "open"],
  ["the leader has it", [answer("acked", { result: "stored", reasons: [] })], "open"],
  ["it was decided", [answer("acked", { result: "stored", verdict: "counted", reasons: [] })], "counted"],
  ["it was returned", [answer("acked", { verdict: "not_counted", reasons: ["returned_not_there"] })], "not_counted"],
  ["it was read", [answer("acked", { reasons: ["answer_seen"] })], "seen"],
  ["it was refused", [answer("refused", { reasons: ["malformed_body"] })], "refused"],
]) {
  test(`a contest: ${title}`, () => assert.equal(lastAnswer([row(here), ...said], "r")?.state ?? null, state));
}

test("what may be contested: not counted, in review, or marked; and not while something is open", () => {
  const of = (verdict, reasons = []) => row(here, { state: "acked", receipt: { verdict, reasons } });
  assert.deepEqual(
    [of("not_counted"), of("held"), of("counted", ["old_fix"]), of("counted"), row(here)].map((r) => mayContest(r, null)),
    [true, true, true, false, false],
  );
  const states = ["waiting", "open", "counted", "not_counted", "refused"];
  assert.deepEqual(states.map((state) => mayContest(of("not_counted"), { row: row({}), state })), [false, false, true, true, true]);
});

test("what was not counted stays on the phone for as long as it may be answered", () => {
  const kept = (verdict) => !mayForget({ state: "acked", state_at: AT, receipt: { verdict } }, AT + 20 * 86_400_000);
  assert.deepEqual(["counted", "not_counted", "held"].map(kept), [false, true, true]);
});

// --- words ----------------------------------------------------------------------------------------

const WORDS = {
  "reasons.far": "too far", "reasons.far.figures": "%(distance)s m from %(place)s, within %(radius)s", "reasons.old": "old",
  "reasons.old.figures": "%(age)s s old", "reasons.plain": "plain",
};
const t = (code, values = {}) => (WORDS[code] ?? code).replace(/%\((\w+)\)s/g, (whole, name) => (name in values ? String(values[name]) : whole));
const hasWords = (code) => code in WORDS;

test("a verdict says its figures where they are known", () => {
  const figures = { distance: 86, place: "东门", radius: 40 };
  assert.deepEqual(verdictWords(["far", "old", "plain", "new_code"], figures, t, hasWords), {
    sentences: ["86 m from 东门, within 40", "old", "plain", "new_code"], figured: true,
  });
  assert.deepEqual(verdictWords(["far"], {}, t, hasWords), { sentences: ["too far"], figured: false });
  assert.deepEqual(verdictWords(undefined, {}, t, hasWords), { sentences: [], figured: false });
});

test("accuracy has three words", () => {
  const policy = { max_accuracy_m: 100, accuracy_allowance_m: 30 };
  assert.deepEqual([8, 30, 31, 100, 101].map((n) => accuracyWord(n, policy)), ["good", "good", "fair", "fair", "poor"]);
});

test("metres to a hotspot, and none inside it", () => {
  const square = { type: "Polygon", coordinates: [[[114, 30], [114.001, 30], [114.001, 30.001], [114, 30.001], [114, 30]]] };
  assert.equal(metresOutside([114.0005, 30.0005], square), 0);
  assert.ok(Math.abs(metresOutside([114.0005, 30.002], square) - 110.85) < 0.1);
  assert.ok(Math.abs(metresOutside([114.002, 30.0005], square) - 96.5) < 0.2);
});

// --- the reader -----------------------------------------------------------------------------------

prepareZXingModule({ overrides: { wasmBinary: readFileSync("node_modules/zxing-wasm/dist/reader/zxing_reader.wasm").buffer } });

/** A picture of a code, `dot` pixels a module, with a quiet zone. */
function picture(text, dot = 4, quiet = 4) {
  const modules = qrCode(text);
  const width = (modules.length + 2 * quiet) * dot;
  const data = new Uint8ClampedArray(width * width * 4).fill(255);
  modules.forEach((line, y) => line.forEach((dark, x) => {
    if (!dark) return;
    for (let dy = 0; dy < dot; dy++) for (let dx = 0; dx < dot; dx++) {
      const at = (((y + quiet) * dot + dy) * width + (x + quiet) * dot + dx) * 4;
      data[at] = data[at + 1] = data[at + 2] = 0;
    }
  }));
  return { data, width, height: width, colorSpace: "srgb" };
}

for (const text of ["XP1.7.123456", "XN1.123456789.ABCDEFGH234567AB", c.cosignText(3, ID)]) {
  test(`the reader reads a picture of ${text}`, async () => {
    const found = await readBarcodes(picture(text), { formats: ["QRCode"], tryHarder: true, maxNumberOfSymbols: 1 });
    assert.deepEqual(found.map((one) => [one.isValid, one.text]), [[true, text]]);
  });
}

test("a picture without a code reads as nothing", async () => {
  const blank = { data: new Uint8ClampedArray(100 * 100 * 4).fill(255), width: 100, height: 100, colorSpace: "srgb" };
  assert.deepEqual(await readBarcodes(blank, { formats: ["QRCode"] }), []);
});
