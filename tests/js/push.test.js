// Web Push: what is asked of browser and server when an address is made, lost, or another's; and where a message leads.
import assert from "node:assert/strict";
import { test } from "node:test";
import { answerPushes, pageOf } from "../../static/js/pushed.js";
import { mend, renew, subscribe } from "../../static/js/pushing.js";

const KEY = "AQID"; // 1, 2, 3
const made = (name, key = [1, 2, 3]) => ({
  name, options: { applicationServerKey: Uint8Array.from(key).buffer }, gone: false,
  async unsubscribe() {
    this.gone = true;
  },
  toJSON: () => ({ endpoint: name }),
});

/** A browser that may hold an address, and a server that may know one. */
function sides({ kept = null, subscribed = false, status = 200, takes = 204 } = {}) {
  const said = [];
  return {
    said,
    manager: { getSubscription: async () => kept, subscribe: async (how) => made(`new of ${how.applicationServerKey}`) },
    server: async (method, body) => {
      said.push(body ? `${method} ${body.endpoint}` : method);
      return method === "GET" ? { status, json: { key: KEY, subscribed } } : { status: takes, json: undefined };
    },
  };
}

test("a kept address of this server's key is used again; one of another key goes first", async () => {
  const kept = made("kept");
  assert.equal(await subscribe(sides({ kept }).manager, KEY), kept);
  const strange = made("strange", [9, 9, 9]);
  assert.equal((await subscribe(sides({ kept: strange }).manager, KEY)).name, "new of 1,2,3");
  assert.equal(strange.gone, true);
});

for (const [title, how, said, comes] of [
  ["both sides have it: nothing is sent", { kept: made("kept"), subscribed: true }, ["GET"], true],
  ["the server lost it: the kept one is handed over", { kept: made("kept") }, ["GET", "POST kept"], true],
  ["the browser lost it: a new one is handed over", { subscribed: true }, ["GET", "POST new of 1,2,3"], true],
  ["no signal: nothing is asked of the browser", { status: 0 }, ["GET"], false],
  ["signed out: nothing is asked of the browser", { status: 401 }, ["GET"], false],
  ["the server does not take it", { takes: 422 }, ["GET", "POST new of 1,2,3"], false],
]) {
  test(`at the opening of the page: ${title}`, async () => {
    const one = sides(how);
    assert.equal(await mend(one.manager, one.server), comes);
    assert.deepEqual(one.said, said);
  });
}

for (const [title, how, fresh, said, comes] of [
  ["the browser's new one is handed over", { subscribed: true }, made("fresh"), ["GET", "POST fresh"], true],
  ["without one it is asked for anew", { subscribed: true }, null, ["GET", "POST new of 1,2,3"], true],
  ["somebody is signed in who never asked", { subscribed: false }, made("fresh"), ["GET"], false],
  ["nobody is signed in", { status: 401 }, made("fresh"), ["GET"], false],
]) {
  test(`an address that the browser ended: ${title}`, async () => {
    const one = sides(how);
    assert.equal(await renew(one.manager, fresh, one.server), comes);
    assert.deepEqual(one.said, said);
  });
}

test("the worker waits for the new address, and no failure of it is an error", async () => {
  const ears = {};
  const waited = [];
  answerPushes({ addEventListener: (name, act) => Object.assign(ears, { [name]: act }), registration: { pushManager: {} } }, "/m/");
  ears.pushsubscriptionchange({ newSubscription: null, waitUntil: (work) => waited.push(work) });
  assert.equal(await waited[0], false); // there is no server here at all
});

test("a message leads to the page it names, and to no other site", () => {
  const here = "https://xf.example";
  assert.equal(pageOf(`${here}/desk/alarms/a1`, here, "/desk/alarms"), `${here}/desk/alarms/a1`);
  assert.equal(pageOf("https://evil.example/desk", here, "/desk/alarms"), `${here}/desk/alarms`);
  assert.equal(pageOf(undefined, here, "/m/"), `${here}/m/`);
});

test("what calls for help stays on the screen until it is touched; a tap opens the call's page", async () => {
  const ears = {};
  const done = [];
  const worker = {
    addEventListener: (name, act) => Object.assign(ears, { [name]: act }),
    location: { origin: "https://xf.example" },
    registration: { showNotification: async (title, how) => done.push([title, how.requireInteraction, how.data.url]) },
    clients: { matchAll: async () => [{ url: "https://xf.example/desk/board" }], openWindow: async (url) => done.push(url) },
  };
  answerPushes(worker, "/desk/alarms");
  const waiting = [];
  const waitUntil = (work) => waiting.push(work);
  for (const kind of ["duress", "plan"]) {
    ears.push({ data: { json: () => ({ kind, title: kind, url: "/desk/alarms/a1" }) }, waitUntil });
  }
  ears.notificationclick({ notification: { close: () => {}, data: { url: "/desk/alarms/a1" } }, waitUntil });
  await Promise.all(waiting);
  assert.deepEqual(done, [["duress", true, "/desk/alarms/a1"], ["plan", false, "/desk/alarms/a1"], "https://xf.example/desk/alarms/a1"]);
});
