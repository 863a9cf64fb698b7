// What the phone holds true about swaps and leave: the plan, and what was said here since.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as s from "../../static/js/domain/swaps.js";

const AT = 1_000_000;
const row = (seq, kind, body, state = "queued", over = {}) => ({
  id: `r${seq}`, kind, state, seq, state_at: AT, shift_id: body.shift_id ?? null, receipt: null, envelope: { body }, ...over,
});
const swap = (over = {}) => ({
  id: "r1", state: "asked", person_id: 1, name: "王", to: null, to_me: false, offers: [], taken_by: null, taken_by_me: false, why: null, ...over,
});
const shift = (over = {}) => ({ id: 7, mine: true, status: "planned", starts_at: "2026-11-24T12:00:00Z", duty: null, swaps: [], ...over });
const ask = (state, more) => row(1, "swap.ask", { shift_id: 7 }, state, more);
const mine = (planned, rows, planAt = AT - 1) => s.myAsk(shift({ swaps: planned }), rows, 1, planAt, [{ id: 4, name: "李" }]);

test("nothing asked is nothing", () => assert.equal(mine([], []), null));

test("what was asked without signal stands, and waits", () => {
  assert.deepEqual(mine([], [row(1, "swap.ask", { shift_id: 7, to_person_id: 4 })]), {
    id: "r1", state: "asked", to: "李", offers: [], taken_by: null, why: null, waiting: true,
  });
});

test("sent but not in the plan yet: it stands; a younger plan without it is believed", () => {
  assert.equal(mine([], [ask("acked")])?.waiting, false);
  assert.equal(mine([], [ask("acked")], AT + 1), null);
});

test("the plan tells what became of it", () => {
  const told = mine([swap({ state: "offered", offers: [{ id: 4, name: "李" }] })], [ask("acked")], AT + 1);
  assert.equal(told?.state, "offered");
  assert.deepEqual(told?.offers.map((o) => o.name), ["李"]);
});

test("taken back is gone at once, whatever the plan still says", () => {
  assert.equal(mine([swap()], [ask("acked"), row(2, "swap.withdraw", { ask_id: "r1" })]), null);
});

test("a refused asking never was; asked anew after taking back stands", () => {
  assert.equal(mine([], [ask("refused")]), null);
  const anew = mine([], [ask(), row(2, "swap.withdraw", { ask_id: "r1" }), row(3, "swap.ask", { shift_id: 7 })]);
  assert.equal(anew?.id, "r3");
});

const heard = (rows, over = {}, planAt = AT - 1) => s.calls([shift({ swaps: [swap({ id: "x", person_id: 2, ...over })] })], rows, 1, planAt)[0];
const step = (seq, kind, state) => row(seq, kind, { ask_id: "x" }, state);

test("a colleague's asking is a call; my own is none", () => {
  assert.equal(heard([]).offered, false);
  assert.deepEqual(s.calls([shift({ swaps: [swap()] })], [], 1, AT), []);
});

for (const [title, rows, planned, planAt, offered] of [
  ["an offer without signal", [step(1, "swap.offer")], [], AT - 1, true],
  ["an offer that was held because the asking is not there yet", [step(1, "swap.offer", "held")], [], AT + 1, true],
  ["taken back again", [step(1, "swap.offer"), step(2, "swap.withdraw")], [], AT - 1, false],
  ["offered once more, read in any order", [step(3, "swap.offer"), step(2, "swap.withdraw"), step(1, "swap.offer")], [], AT - 1, true],
  ["the plan knows of my offer from another phone", [], [{ id: 1, name: "我" }], AT, true],
  ["a younger plan is believed", [step(1, "swap.offer", "acked")], [], AT + 1, false],
]) {
  test(`offered: ${title}`, () => assert.equal(heard(rows, { offers: planned }, planAt).offered, offered));
}

test("asked is only about a shift of mine that has not begun", () => {
  const before = Date.parse("2026-11-24T11:59:00Z");
  assert.equal(s.mayAsk(shift(), before), true);
  assert.equal(s.mayAsk(shift(), before + 60_000), false);
  for (const over of [{ mine: false }, { status: "cancelled" }, { duty: { state: "on" } }]) assert.equal(s.mayAsk(shift(over), before), false);
});

test("declined here counts until a younger plan speaks", () => {
  const rows = [row(1, "decline", { shift_id: 7, phrase: "ill" }, "acked")];
  assert.deepEqual([s.hasDeclined(rows, 7, AT - 1), s.hasDeclined(rows, 7, AT + 1), s.hasDeclined(rows, 8, 0)], [true, false, false]);
});

test("leave asked here, known to the plan once, and withdrawn", () => {
  const asked = row(1, "leave.ask", { from_on: "2026-12-01", to_on: "2026-12-03", phrase: "family" });
  assert.deepEqual(s.myLeave([], [asked], AT).map((l) => [l.state, l.waiting]), [["asked", true]]);
  const planned = [{ id: "r1", from_on: "2026-12-01", to_on: "2026-12-03", phrase: "family", state: "approved", why: null }];
  assert.deepEqual(s.myLeave(planned, [{ ...asked, state: "acked" }], AT + 1).map((l) => l.state), ["approved"]);
  const back = row(2, "leave.withdraw", { leave_id: "r1" });
  assert.deepEqual(s.myLeave(planned, [asked, back], AT).map((l) => [l.state, l.waiting]), [["withdrawn", true]]);
});

test("days of a leave are two, in order, and not over", () => {
  assert.deepEqual(
    [["", "2026-12-01"], ["2026-12-03", "2026-12-01"], ["2026-11-01", "2026-11-02"], ["2026-12-01", "2026-12-01"]].map(([a, b]) => s.leaveProblem(a, b, "2026-11-24")),
    ["leave.days_needed", "leave.days_order", "leave.days_past", null],
  );
});
