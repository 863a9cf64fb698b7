// The slider's periods: of equal length, without gap or overlap, over months and leap days.
import assert from "node:assert/strict";
import { test } from "node:test";
import { periodAt } from "../../static/js/domain/periods.js";

test("each step is the period just before", () => {
  assert.deepEqual(periodAt("2026-11-28", 7, 0), ["2026-11-22", "2026-11-28"]);
  assert.deepEqual(periodAt("2026-11-28", 7, -1), ["2026-11-15", "2026-11-21"]);
  assert.deepEqual(periodAt("2028-03-01", 1, -1), ["2028-02-29", "2028-02-29"]);
  assert.deepEqual(periodAt("2026-01-03", 28, -1), ["2025-11-09", "2025-12-06"]);
});
