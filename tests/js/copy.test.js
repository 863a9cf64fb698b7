// The copy of the queue: opens with its phrase, with nothing else, and says nothing in plain.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CopyTrouble, newPhrase, openCopy, readCopy, sealCopy } from "../../static/js/offline/copy.js";

const items = [{ id: "a", kind: "checkin", body: { lon_e7: 1142858210, text: "东门" } }];

test("a copy opens with its phrase, typed with or without its dashes", async () => {
  const phrase = newPhrase();
  assert.match(phrase, /^([A-HJ-NP-Z2-9]{4}-){3}[A-HJ-NP-Z2-9]{4}$/);
  const text = await sealCopy(items, phrase, 1000);
  assert.deepEqual(await openCopy(text, phrase), items);
  assert.deepEqual(await openCopy(text, phrase.toLowerCase().replaceAll("-", " ")), items);
});

test("a copy does not open with another phrase or after a change", async () => {
  const text = await sealCopy(items, "AAAA-BBBB-CCCC-DDDD", 1000);
  await assert.rejects(openCopy(text, "AAAA-BBBB-CCCC-DDDE"));
  const file = JSON.parse(text);
  file.data = `${file.data[0] === "A" ? "B" : "A"}${file.data.slice(1)}`;
  await assert.rejects(openCopy(JSON.stringify(file), "AAAA-BBBB-CCCC-DDDD"));
});

test("nothing of the queue can be read in the file", async () => {
  const text = await sealCopy(items, newPhrase(), 1000);
  assert.doesNotMatch(text, /1142858210|checkin|lon_e7/);
});

test("two copies of the same queue differ", async () => {
  assert.notEqual(await sealCopy(items, "AAAA", 1000), await sealCopy(items, "AAAA", 1000));
});

test("a copy says whose it is, so that another phone can name them", async () => {
  const people = [{ id: 7, name: "王队员" }];
  assert.deepEqual(await readCopy(await sealCopy(items, "AAAA", 1000, people), "AAAA"), { items, people });
});

test("a copy of the first release, which names nobody, opens", async () => {
  assert.deepEqual((await readCopy(await sealCopy(items, "AAAA", 1000), "aaaa")).items, items);
});

test("what is wrong with a file is told apart: another file, or another phrase", async () => {
  const text = await sealCopy(items, "AAAA", 1000);
  const why = (code) => (error) => error instanceof CopyTrouble && error.message === code;
  await assert.rejects(readCopy("holiday photos", "AAAA"), why("not_a_copy"));
  await assert.rejects(readCopy(JSON.stringify({ ...JSON.parse(text), version: 2 }), "AAAA"), why("not_a_copy"));
  await assert.rejects(readCopy(JSON.stringify({ ...JSON.parse(text), iterations: 1e12 }), "AAAA"), why("not_a_copy"));
  await assert.rejects(readCopy(text, "BBBB"), why("wrong_phrase"));
});
