// Spending: what stands in the way, when the same id is sent again, the days of a certificate.
import assert from "node:assert/strict";
import { test } from "node:test";
import { amountOf, collectText, dayBefore, hoursOf, inHalves, isCertain, obstacle, periodProblem } from "../../static/js/domain/redeem.js";

const ITEM = { id: 1, name_zh: "雨伞", name_en: "Umbrella", price: 100, left: "some", quota: null, mine: 0 };

test("what stands in the way of an order", () => {
  assert.equal(obstacle(ITEM, 100), "");
  assert.equal(obstacle(ITEM, 99), "too_dear");
  assert.equal(obstacle({ ...ITEM, left: "none" }, 500), "sold_out");
  assert.equal(obstacle({ ...ITEM, quota: 1, mine: 1 }, 500), "quota");
  assert.equal(obstacle({ ...ITEM, quota: 2, mine: 1 }, 500), "");
});

test("only what the server has decided is certain", () => {
  for (const status of [0, 408, 500, 502, 503, 504]) assert.equal(isCertain(status), false, String(status));
  for (const status of [200, 204, 401, 404, 409, 422, 429]) assert.equal(isCertain(status), true, String(status));
});

test("amounts are whole and within what there is", () => {
  assert.equal(amountOf("20", 50), 20);
  assert.equal(amountOf(" 50 ", 50), 50);
  for (const text of ["", "0", "51", "1.5", "-3", "x", "1e3", "99999999"]) assert.equal(amountOf(text, 50), null, text);
});

test("a certificate is about days that are over", () => {
  assert.equal(periodProblem("2026-01-01", "2026-11-23", "2026-11-24"), "");
  assert.equal(periodProblem("2026-01-01", "2026-11-24", "2026-11-24"), "days_not_over");
  assert.equal(periodProblem("2026-02-01", "2026-01-01", "2026-11-24"), "days_turned");
  assert.equal(periodProblem("", "2026-01-01", "2026-11-24"), "days_needed");
  assert.equal(dayBefore("2026-03-01"), "2026-02-28");
  assert.equal(dayBefore("2026-01-01"), "2025-12-31");
});

test("hours are rounded down, codes read in halves", () => {
  assert.deepEqual([0, 59, 60, 93].map(hoursOf), [0, 0.9, 1, 1.5]);
  assert.equal(inHalves("ABCD2345"), "ABCD 2345");
});

test("the picture leads to the desk, and is never too long to be drawn", () => {
  assert.equal(collectText("https://x.example", "ABCD2345"), "https://x.example/desk/points/shop?code=ABCD2345");
  assert.equal(collectText(`https://${"x".repeat(100)}.example`, "ABCD2345"), "ABCD2345");
});
