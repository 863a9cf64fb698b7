// @ts-check
// The phone's database. Upgrades only add: a page of an older release may still be open beside this one.
import { openDB } from "idb";

/**
 * Stores
 *   items     what was done here: one row an envelope, state beside it, the envelope never changed
 *   meta      single values by name: device, anchor, clock, session, epoch, sending, cursor:<person>, push
 *   plan      the last plan of each person, with its ETag
 *   receipts  verdicts that changed after review, also of items that have left the phone
 *   people    names of those who signed in on this phone, so that waiting rows can be named
 *   hours     the month's hours and points, by person and month; its points line by line under `<person>:points:<month>`
 *   track     the sampler of the duty that is being recorded, by person
 *   photos    pictures of places, kept here until blurred or cleared, then until the server has them (since 0.2.0)
 *   alarms    calls for help and their state on this phone (since 0.2.0)
 *   drafts    what is being written and not saved yet, by page and person (since 0.2.0)
 *
 * @typedef {import("idb").IDBPDatabase<any>} Db
 */

/** @type {Promise<Db>|null} */
let opened = null;

/** @param {string} [name] @returns {Promise<Db>} */
export function database(name = "xunfang") {
  opened ??= openDB(name, 2, {
    upgrade(db, before) {
      if (before < 1) {
        const items = db.createObjectStore("items", { keyPath: "id" });
        items.createIndex("by_author_state_seq", ["author_id", "state", "seq"]);
        items.createIndex("by_author_kind", ["author_id", "kind"]);
        items.createIndex("by_state", "state");
        db.createObjectStore("meta");
        db.createObjectStore("plan");
        db.createObjectStore("receipts", { keyPath: "id" });
        db.createObjectStore("people", { keyPath: "id" });
        db.createObjectStore("hours");
        db.createObjectStore("track");
      }
      if (before < 2) {
        const photos = db.createObjectStore("photos", { keyPath: "id" });
        photos.createIndex("by_author", "author_id");
        db.createObjectStore("alarms", { keyPath: "id" });
        db.createObjectStore("drafts");
      }
    },
    blocked() {
      tell("blocked"); // a page of an older release holds on: say so, and go on by ourselves once it is closed
    },
    blocking(_before, _after, event) {
      // A newer release wants to upgrade: let go, the next call opens it again.
      /** @type {IDBDatabase} */ (event.target).close();
      opened = null;
    },
    terminated() {
      opened = null;
    },
  }).catch((error) => {
    opened = null;
    if (error?.name === "VersionError") tell("outdated"); // another window has upgraded: this page is the older one
    throw error;
  });
  return opened;
}

/** @param {string} key @returns {Promise<any>} */
export async function getMeta(key) {
  return (await database()).get("meta", key);
}

/** @param {string} key @param {any} value */
export async function setMeta(key, value) {
  await (await database()).put("meta", value, key);
}

/** Several at once: one transaction. @param {Record<string, any>} values */
export async function setMetas(values) {
  const tx = (await database()).transaction("meta", "readwrite");
  for (const [key, value] of Object.entries(values)) tx.store.put(value, key);
  await tx.done;
}

// --- telling the other tabs, the worker, and this page --------------------------------------------

/** @type {Set<(what: string) => void>} */
const listeners = new Set();
const channel = typeof BroadcastChannel === "function" ? new BroadcastChannel("xunfang") : null;
if (channel) channel.onmessage = (event) => tell(String(event.data));

/** @param {string} what */
function tell(what) {
  for (const listener of listeners) listener(what);
}

/** @param {string} what e.g. "items", "plan", "session" */
export function changed(what) {
  tell(what);
  channel?.postMessage(what);
}

/** @param {(what: string) => void} listener @returns {() => void} */
export function onChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
