// A member's points in words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { lineWords, monthsBack, numberWords, takenBackWords, versionWords } from "../../static/js/domain/statement.js";

const words = { "says.base": "%(minutes)s min → %(points)s", "says.other": "%(rule)s: %(points)s", "says.why.rule_changed": "again",
  "says.rules_default": "default", "says.rules_from": "%(area)s %(day)s" };
const t = (code, figures = {}) => (words[code] ?? code).replace(/%\((\w+)\)s/g, (_, name) => figures[name]);
const base = { code: "says.base", figures: { minutes: "90", points: "15" } };

test("each sentence of a line is said in its order", () => {
  assert.deepEqual(lineWords({ rule: "base", says: [base, { code: "says.why.rule_changed", figures: {} }] }, t), ["90 min → 15", "again"]);
});

test("a sentence that this phone does not know yet is left out, and a line of none still says its rule", () => {
  const newer = { code: "says.newer", figures: { points: "3" } };
  assert.deepEqual(lineWords({ rule: "base", says: [base, newer] }, t), ["90 min → 15"]);
  assert.deepEqual(lineWords({ rule: "newer", says: [newer] }, t), ["newer: 3"]);
});

test("a line names the rules that it was priced by", () => {
  assert.equal(versionWords({ version: null }, t), "default");
  assert.equal(versionWords({ version: { area: "清禾镇", since: "2026-11-01" } }, t), "清禾镇 2026-11-01");
});

test("months go back over the year's end; numbers have a true minus", () => {
  assert.deepEqual(monthsBack("2026-02", 4), ["2026-02", "2026-01", "2025-12", "2025-11"]);
  assert.equal(new Set(monthsBack("2026-11", 24)).size, 24);
  assert.deepEqual([7.5, 0, -10].map(numberWords), ["7.5", "0", "−10"]);
});

test("what was taken back says why, and where it is booked", () => {
  const says = [base, { code: "says.why.rule_changed", figures: {} }];
  assert.deepEqual(takenBackWords({ rule: "base", says, booked_in: null }, t), ["90 min → 15", "again"]);
  assert.equal(takenBackWords({ rule: "base", says, booked_in: "2026-12" }, t).length, 3);
});
