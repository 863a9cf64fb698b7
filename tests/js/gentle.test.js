// The same table as tests/incidents/test_gentle.py: phone and server agree on which words are about a person.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { wordsAboutPeople } from "../../static/js/domain/gentle.js";
import { bodyOf, draftAgain, newDraft, PHRASES } from "../../static/js/domain/report.js";

const CASES = JSON.parse(readFileSync(new URL("../incidents/gentle_cases.json", import.meta.url), "utf8"));

for (const [words, found] of CASES) {
  test(`"${words}" holds ${found.join(" and ") || "nothing about a person"}`, () => {
    assert.deepEqual(wordsAboutPeople(words), found);
  });
}

test("the longest words are looked at without trying for ever", () => {
  for (const words of [`有个${"的".repeat(278)}`, "1".repeat(280), "a ".repeat(140), "他家".repeat(140)]) wordsAboutPeople(words);
});

test("a report holds what was chosen and nothing else", () => {
  const draft = { ...newDraft("r1", "road"), phrase: "light_out", text: "  第三根  ", photos: ["p1"], place: { how: "here", lon_e7: 1, lat_e7: 2, accuracy_m: 8, words: "东门" } };
  assert.deepEqual(bodyOf(draft, 7), {
    category: "road", shift_id: 7, phrase: "light_out", text: "第三根", photo_ids: ["p1"], place: { how: "here", lon_e7: 1, lat_e7: 2, accuracy_m: 8 },
  });
});

test("a checkpoint needs no position, and off duty there is no shift", () => {
  const draft = { ...newDraft("r1", "fire"), phrase: "wires_bare", place: { how: "checkpoint", checkpoint_id: 3, words: "东门" } };
  assert.deepEqual(bodyOf(draft, null), { category: "fire", phrase: "wires_bare", checkpoint_id: 3 });
});

test("without its words a report is whole all the same", () => {
  assert.equal("text" in bodyOf({ ...newDraft("r1", "order"), text: "有个人总在这里" }, 1, false), false);
});

test("a refused report comes back as a draft of its own, with its photos", () => {
  const body = { category: "road", phrase: "other", checkpoint_id: 3, text: "老王家门口", photo_ids: ["p1", "p2"] };
  const draft = draftAgain({ id: "old", envelope: { body } }, "new", "东门");
  assert.equal(draft.id, "new");
  assert.equal(draft.replaces, "old");
  assert.deepEqual(draft.photos, ["p1", "p2"]);
  assert.deepEqual(bodyOf({ ...draft, text: "门口堆柴" }, 7), { category: "road", shift_id: 7, phrase: "other", checkpoint_id: 3, text: "门口堆柴", photo_ids: ["p1", "p2"] });
});

test("every kind ends with something else", () => {
  for (const phrases of Object.values(PHRASES)) assert.equal(phrases.at(-1), "other");
});
