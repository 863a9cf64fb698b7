// The sending rule, as a table: what came back, and what becomes of each item.
import assert from "node:assert/strict";
import { test } from "node:test";
import { goesAtOnce, judgeAnswer, keptForAuthors, mayForget, stateOf, STRANGERS_WAIT_MS } from "../../static/js/domain/sending.js";

const NOW = Date.parse("2026-11-24T12:00:00Z");
const ok = (...results) => ({
  status: 200,
  json: { epoch: "e1", receipts: results.map((result, i) => ({ id: "ab"[i], result, reasons: [] })) },
});

for (const [title, answer, verdict, states, waitMs] of [
  ["stored and duplicate are acknowledged", ok("stored", "duplicate"), "receipts", ["acked", "acked"], null],
  ["held is held, rejected is refused", ok("held", "rejected"), "receipts", ["held", "refused"], null],
  ["a conflict is refused", ok("conflict", "stored"), "receipts", ["refused", "acked"], null],
  ["an item without a receipt still waits", ok("stored"), "receipts", ["acked", "queued"], null],
  ["a result of a newer server still waits", ok("teleported", "stored"), "receipts", ["queued", "acked"], null],
  ["200 without receipts still waits", { status: 200, json: {} }, "retry", ["queued", "queued"], null],
  ["a sign-in page with status 200 still waits", { status: 200, json: undefined }, "retry", ["queued", "queued"], null],
  ["a redirect still waits", { status: 302, json: undefined }, "retry", ["queued", "queued"], null],
  ["401 keeps all and asks to sign in", { status: 401, json: {} }, "signin", ["queued", "queued"], null],
  ["403 still waits", { status: 403, json: {} }, "retry", ["queued", "queued"], null],
  ["413 is sent again in smaller parts", { status: 413, json: {}, retryAfter: "5" }, "split", ["queued", "queued"], 5000],
  ["422 for a whole batch is taken apart", { status: 422, json: {} }, "split", ["queued", "queued"], null],
  ["429 waits as long as asked", { status: 429, json: {}, retryAfter: "7" }, "wait", ["queued", "queued"], 7000],
  ["503 waits as long as asked", { status: 503, json: {}, retryAfter: "60" }, "wait", ["queued", "queued"], 60000],
  ["503 without a word waits by itself", { status: 503, json: undefined }, "wait", ["queued", "queued"], null],
  ["500 still waits", { status: 500, json: {} }, "retry", ["queued", "queued"], null],
  ["502 with HTML still waits", { status: 502, json: undefined }, "retry", ["queued", "queued"], null],
  ["no answer at all still waits", { status: 0, json: undefined }, "retry", ["queued", "queued"], null],
]) {
  test(title, () => {
    const outcome = judgeAnswer(answer, ["a", "b"], NOW);
    assert.equal(outcome.verdict, verdict);
    assert.deepEqual([...outcome.items.values()].map((i) => i.state), states);
    assert.equal(outcome.waitMs, waitMs);
  });
}

test("a receipt is matched by its id, not by its place", () => {
  const json = { receipts: [{ id: "b", result: "rejected" }, { id: "a", result: "stored" }, { id: "z", result: "stored" }] };
  const { items } = judgeAnswer({ status: 200, json }, ["a", "b"], NOW);
  assert.deepEqual([items.get("a")?.state, items.get("b")?.state, items.size], ["acked", "refused", 2]);
});

test("422 for a single item waits and lets the others pass", () => {
  assert.equal(judgeAnswer({ status: 422, json: {} }, ["a"], NOW).verdict, "retry");
});

test("the epoch of an answer is handed on", () => {
  assert.equal(judgeAnswer(ok("stored", "stored"), ["a", "b"], NOW).epoch, "e1");
});

const HOUR = 3_600_000;
for (const [state, verdict, hours, forget] of [
  ["queued", null, 24 * 90, false],
  ["sending", null, 24 * 90, false],
  ["acked", "counted", 71, false],
  ["acked", "counted", 73, true],
  ["acked", null, 73, true],
  ["acked", "held", 24 * 29, false],
  ["held", null, 24 * 29, false],
  ["refused", null, 24 * 29, false],
  ["refused", null, 24 * 31, true],
]) {
  test(`${state} (${verdict}) after ${hours} h ${forget ? "may go" : "stays"}`, () =>
    assert.equal(mayForget({ state, state_at: NOW - hours * HOUR, receipt: verdict ? { verdict } : null }, NOW), forget));
}

test("every result of the protocol has a state", () => {
  assert.deepEqual(["stored", "duplicate", "held", "rejected", "conflict"].map((result) => stateOf({ result })),
    ["acked", "acked", "held", "refused", "refused"]);
});

// --- who takes what along: [kind, state, author, not before (in ms), does it go at once when 5 is signed in]
for (const [kind, state, author_id, inMs, goes] of [
  ["sos", "queued", 5, 0, true],
  ["sos", "sending", 5, 0, true],
  ["sos", "acked", 5, 0, false],
  ["ok", "queued", 5, 0, true],
  ["sos.cancel", "queued", 5, 1, true],
  ["checkin", "queued", 5, 0, false],
  ["sos", "queued", 6, 0, true],
  ["sos", "sending", 6, 0, true],
  ["sos", "acked", 6, 0, false],
  ["sos.cancel", "queued", 6, 0, true],
  ["sos.cancel", "queued", 6, 1, false],
  ["ok", "queued", 6, 0, false],
  ["checkin", "queued", 6, 0, false],
]) {
  test(`${kind} of ${author_id === 5 ? "mine" : "a colleague"}, ${state}, in ${inMs} ms: ${goes ? "goes at once" : "does not"}`, () =>
    assert.equal(goesAtOnce({ kind, state, author_id, not_before: NOW + inMs }, 5, NOW), goes));
}

test("what is held for its author goes on waiting, what was taken is taken, my own held is held", () => {
  const held = { state: "held", receipt: { id: "x", result: "held", reasons: ["other_author"] } };
  const taken = { state: "acked", receipt: { id: "x", result: "stored", reasons: [] } };
  const items = keptForAuthors(new Map([["theirs", held], ["mine", held], ["call", taken]]), (id) => id === "mine");
  assert.deepEqual([...items.values()], [{ state: "queued", delayMs: STRANGERS_WAIT_MS }, held, taken]);
});
