// What the phone holds true about a duty: the plan, and what was tapped since.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as d from "../../static/js/domain/duty.js";

const AT = Date.parse("2026-11-24T20:30:00+08:00");
const shift = (over = {}) => ({
  id: 7, status: "planned", day: "2026-11-24", starts_at: "2026-11-24T20:00:00+08:00", ends_at: "2026-11-24T22:00:00+08:00",
  mine: true, crew: [], hotspot_ids: [], duty: null, ...over,
});
const row = (seq, kind, state = "queued", body = {}, receipt = null) => ({
  id: `r${seq}`, kind, state, seq, state_at: AT, shift_id: 7, receipt,
  envelope: { kind, body: { shift_id: 7, ...body }, device_at: new Date(AT + seq * 1000).toISOString() },
});

for (const [title, planned, rows, planAt, state] of [
  ["nothing tapped, nothing planned", null, [], AT, "none"],
  ["a start that waits is a duty", null, [row(1, "duty.start")], AT, "on"],
  ["paused, resumed, ended in their order", null, [row(3, "duty.resume"), row(2, "duty.pause"), row(1, "duty.start")], AT, "on"],
  ["an end is an end", null, [row(1, "duty.start"), row(4, "duty.end")], AT, "ended"],
  ["a refused start is none", null, [row(1, "duty.start", "refused")], AT, "none"],
  ["the plan knows of a start from another phone", { state: "on" }, [], AT, "on"],
  ["an older plan does not undo an acknowledged end", { state: "on" }, [row(4, "duty.end", "acked")], AT - 1, "ended"],
  ["a younger plan is believed: the leader ended it", { state: "ended" }, [row(1, "duty.start", "acked")], AT + 1, "ended"],
  ["a younger plan does not undo what still waits", { state: "on" }, [row(4, "duty.end")], AT + 1, "ended"],
  ["attendance entered by the leader", { state: "attended" }, [], AT, "ended"],
  ["a held start goes on although the plan knows none", null, [row(1, "duty.start", "held")], AT + 1, "on"],
]) {
  test(title, () => assert.equal(d.dutyOf(shift({ duty: planned }), rows, planAt).state, state));
}

test("positions are read on duty only, and not for ever", () => {
  const s = shift();
  const on = { state: "on", started_at: null, ended_at: null };
  const end = Date.parse(s.ends_at);
  assert.deepEqual(
    [["none", AT], ["paused", AT], ["ended", AT], ["on", AT], ["on", end + 59 * 60_000], ["on", end + 60 * 60_000]]
      .map(([state, at]) => d.mayRecord(s, { ...on, state }, at)),
    [false, false, false, true, true, false],
  );
  assert.equal(d.mayRecord(null, null, AT), false);
});

test("the card shows the duty I am on before the one that is next", () => {
  const list = [shift({ id: 1, starts_at: "2026-11-23T20:00:00+08:00", ends_at: "2026-11-23T22:00:00+08:00" }), shift({ id: 2 }), shift({ id: 3, mine: false })];
  const duty = (live) => (s) => ({ state: s.id === live ? "on" : "none", started_at: null, ended_at: null });
  assert.equal(d.shiftOnCard(list, duty(1), AT).id, 1);
  assert.equal(d.shiftOnCard(list, duty(0), AT).id, 2);
  assert.equal(d.shiftOnCard([], duty(0), AT), null);
  assert.equal(d.shiftOnCard([shift({ status: "cancelled" }), shift({ id: 9, starts_at: "2026-11-25T20:00:00+08:00", ends_at: "2026-11-25T22:00:00+08:00" })], duty(0), AT).id, 9);
});

test("a duty just ended stays in view, until the next is near", () => {
  const list = [shift({ id: 1 }), shift({ id: 2, starts_at: "2026-11-24T23:30:00+08:00", ends_at: "2026-11-25T01:00:00+08:00" })];
  const duty = (s) => ({ state: s.id === 1 ? "ended" : "none", started_at: null, ended_at: "2026-11-24T22:00:00+08:00" });
  const at = (time) => d.shiftOnCard(list, duty, Date.parse(time)).id;
  assert.equal(at("2026-11-24T22:10:00+08:00"), 1);
  assert.equal(at("2026-11-24T22:40:00+08:00"), 2);
  assert.equal(d.shiftOnCard(list.slice(0, 1), duty, Date.parse("2026-11-25T06:00:00+08:00")).id, 1);
});

for (const [state, receipt, standing] of [
  ["queued", null, "waiting"], ["sending", null, "waiting"], ["acked", { verdict: "counted" }, "counted"],
  ["acked", { verdict: "held" }, "review"], ["held", { verdict: null }, "review"], ["acked", { verdict: "not_counted" }, "not_counted"],
  ["acked", { verdict: null }, "stored"], ["refused", null, "refused"],
]) {
  test(`${state} with ${receipt?.verdict} stands as ${standing}`, () =>
    assert.equal(d.standing(row(1, "checkin", state, {}, receipt)), standing));
}

test("a try out of range does not hide the check-in that counted, nor the other way round", () => {
  const route = { checkpoints: [{ id: 5, seq: 1 }, { id: 6, seq: 2 }] };
  const rows = [
    row(1, "checkin", "acked", { checkpoint_id: 5 }, { verdict: "counted" }),
    row(2, "checkin", "acked", { checkpoint_id: 5 }, { verdict: "not_counted" }),
    row(3, "checkin", "queued", { checkpoint_id: 99 }),
  ];
  const got = d.checkpointStandings(route, rows, 7);
  assert.deepEqual([got.get(5), got.get(6), got.size], ["counted", undefined, 1]);
  assert.deepEqual(["counted", "waiting", "review", "not_counted", undefined].map(d.isDone), [true, true, true, false, false]);
});

test("pauses are taken off, a pause that the end closes too", () => {
  const taps = [row(0, "duty.start"), row(10, "duty.pause"), row(40, "duty.resume"), row(50, "duty.pause"), row(51, "duty.pause"), row(70, "duty.end")];
  assert.equal(d.pausedMs(taps, 7), 50_000);
  assert.equal(d.pausedMs(taps, 8), 0);
});

test("a hotspot is open between arrive and leave", () => {
  const arrive = row(1, "checkin", "acked", { hotspot_id: 4, phase: "arrive" });
  const leave = row(2, "checkin", "queued", { hotspot_id: 4, phase: "leave" });
  assert.equal(d.openArrival(4, [arrive], 7)?.id, "r1");
  assert.equal(d.openArrival(4, [leave, arrive], 7), null);
  assert.equal(d.openArrival(4, [], 7), null);
});
