// @ts-check
// The outbox: the phone writes to itself first. A row is put with `durability: strict` and is said to be saved
// only when the transaction has completed; nothing leaves but by the server's verdict.
import { URGENT } from "../domain/alarm.js";
import { draftClaim, sealClaim } from "../domain/claim.js";
import { goesAtOnce, KEEP_ACKED_MS, mayForget } from "../domain/sending.js";
import { uuid4 } from "../domain/uuid7.js";
import { changed, database } from "./db.js";
import { waitingPhotos } from "./photos.js";

/**
 * @typedef {import("../domain/duty.js").Row & {author_id: number, queued_at: number, tries: number,
 *   not_before: number, bytes: number}} OutboxRow
 * @typedef {{author_id: number, kind: import("../domain/claim.js").Kind, body: Record<string, any>, id?: string, now?: number,
 *   monotonic?: number}} Said
 * @typedef {{author_id: number, count: number, oldestAt: number|null, sos: boolean, photos: number}} Unsent
 * @typedef {{stores: string[], act: (tx: any) => Promise<boolean>}} Beside what else happens in the same transaction;
 *   false: it has happened before, so nothing is put either
 */

const ALL = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];

/**
 * Save one claim. Resolves only when it is safe on the disk.
 * @param {{author_id: number, kind: import("../domain/claim.js").Kind, body: Record<string, any>, now?: number}} said
 * @returns {Promise<OutboxRow>}
 */
export async function put(said) {
  return (await putAll([said]))[0];
}

/**
 * Several claims, all or none, with consecutive counters; optionally with the sampler they were cut from.
 * @param {Said[]} said
 * @param {{author_id: number, track: any}} [recorder]
 * @param {Beside} [beside]
 * @returns {Promise<OutboxRow[]>}
 */
export async function putAll(said, recorder, beside) {
  const drafts = [];
  for (const one of said) drafts.push(await draftClaim(one)); // hashing first: a transaction does not wait for it
  const db = await database();
  const tx = db.transaction(["items", "meta", "track", ...(beside?.stores ?? [])], "readwrite", { durability: "strict" });
  const finished = tx.done;
  finished.catch(() => {}); // an abort is reported by the await below
  if (beside && !(await beside.act(tx))) return [];
  const meta = tx.objectStore("meta");
  const device = (await meta.get("device")) ?? { device_id: uuid4(), device_seq: 0 };
  const anchor = (await meta.get("anchor")) ?? null;
  const rows = [];
  for (const draft of drafts) {
    device.device_seq += 1;
    const envelope = sealClaim(draft, { ...device, anchor });
    const row = rowOf(envelope);
    rows.push(row);
    await tx.objectStore("items").add(row);
  }
  await meta.put(device, "device");
  if (recorder) await tx.objectStore("track").put(recorder.track, recorder.author_id);
  await finished;
  changed("items");
  return rows;
}

/** The row of something that waits. @param {import("../domain/claim.js").Envelope} envelope @returns {OutboxRow} */
export function rowOf(envelope) {
  const at = Date.parse(envelope.device_at);
  return {
    id: envelope.id,
    author_id: envelope.author_id,
    kind: envelope.kind,
    state: "queued",
    seq: envelope.device_seq,
    shift_id: envelope.body.shift_id ?? null,
    queued_at: at,
    state_at: at,
    tries: 0,
    not_before: 0,
    bytes: new TextEncoder().encode(JSON.stringify(envelope)).length,
    receipt: null,
    envelope,
  };
}

/**
 * What was being sent when a tab died is waiting again. Call only as the one sender.
 * @returns {Promise<number>}
 */
export async function recover() {
  return change("sending", (row) => ({ ...row, state: "queued" }));
}

/**
 * Take the next rows of this author to send; they become `sending`. Other authors' rows are never touched, nor are calls
 * for help, which go by themselves.
 * @param {number} author_id @param {{most?: number, bytes?: number, now?: number}} [limit]
 * @returns {Promise<OutboxRow[]>}
 */
export async function take(author_id, { most = 50, bytes = 900_000, now = Date.now() } = {}) {
  const tx = (await database()).transaction("items", "readwrite");
  const taken = [];
  let total = 64;
  let cursor = await tx.store.index("by_author_state_seq").openCursor(range(author_id, "queued"));
  while (cursor && taken.length < most) {
    const row = cursor.value;
    if (row.not_before <= now && !URGENT.includes(row.kind)) {
      if (taken.length > 0 && total + row.bytes + 1 > bytes) break;
      total += row.bytes + 1;
      taken.push(row);
    }
    cursor = await cursor.continue();
  }
  for (const row of taken) await tx.store.put({ ...row, state: "sending" });
  await tx.done;
  if (taken.length) changed("items");
  return taken;
}

/**
 * Calls for help and the answers to "are you OK?" that are not acknowledged yet, whatever waits before them and whoever
 * is sending them already: twice is harmless, late is not. A colleague's call on this phone is among them, as theirs.
 * @param {number} me who is signed in @returns {Promise<OutboxRow[]>}
 */
export async function takeUrgent(me, now = Date.now()) {
  const tx = (await database()).transaction("items", "readwrite");
  const index = tx.store.index("by_state");
  const all = await Promise.all(["queued", "sending"].map((state) => index.getAll(state)));
  const taken = all.flat().filter((row) => goesAtOnce(row, me, now)).sort((a, b) => a.seq - b.seq).slice(0, 50);
  for (const row of taken) await tx.store.put({ ...row, state: "sending" });
  await tx.done;
  if (taken.length) changed("items");
  return taken;
}

/**
 * Write down what became of what was sent. In one transaction, with the server's epoch.
 * @param {Map<string, {state: import("../domain/sending.js").State, receipt?: any, delayMs?: number}>} items
 * @param {{now?: number, epoch?: string|null, delayMs?: number}} [more] delayMs: a lone item that broke its batch
 * @returns {Promise<{offered: number}>} how many rows are offered again because the server was restored
 */
export async function settle(items, { now = Date.now(), epoch = null, delayMs = 0 } = {}) {
  const tx = (await database()).transaction(["items", "meta"], "readwrite", { durability: "strict" });
  const store = tx.objectStore("items");
  let offered = 0;
  const known = await tx.objectStore("meta").get("epoch");
  if (epoch && known && known !== epoch) offered = await offerAgain(store, now);
  if (epoch && known !== epoch) await tx.objectStore("meta").put(epoch, "epoch");
  for (const [id, { state, receipt, delayMs: own = delayMs }] of items) {
    const row = await store.get(id);
    if (!row) continue;
    const settled = state !== "queued";
    if (state === "refused" && receipt?.reasons?.some(isOfTracks)) {
      await store.delete(id); // the member does not want it kept: not here either
      continue;
    }
    if (!settled && URGENT.includes(row.kind) && row.state === "acked") continue; // sent twice; the other answer was first
    await store.put({
      ...row,
      state,
      receipt: receipt ?? row.receipt,
      state_at: settled ? now : row.state_at,
      tries: settled ? row.tries : row.tries + 1,
      not_before: settled ? 0 : own ? now + own : row.not_before,
    });
  }
  await tx.done;
  changed("items");
  return { offered };
}

const isOfTracks = (/** @type {string} */ reason) => reason === "tracks_refused" || reason === "tracks_deleted";

/** A restored server has lost its newest hours: what it said to have is offered again. */
async function offerAgain(/** @type {any} */ store, /** @type {number} */ now) {
  let n = 0;
  for (let cursor = await store.openCursor(); cursor; cursor = await cursor.continue()) {
    const row = cursor.value;
    if ((row.state === "acked" || row.state === "held") && now - row.state_at <= KEEP_ACKED_MS) {
      await cursor.update({ ...row, state: "queued", state_at: row.queued_at });
      n += 1;
    }
  }
  return n;
}

/**
 * A verdict that came later (a review, a start that arrived after its end).
 * @param {any[]} receipts @param {(r: any) => import("../domain/sending.js").State} stateOf
 */
export async function amend(receipts, stateOf) {
  if (!receipts.length) return;
  const tx = (await database()).transaction(["items", "receipts"], "readwrite");
  for (const receipt of receipts) {
    await tx.objectStore("receipts").put({ ...receipt, seen_at: Date.now() });
    const row = await tx.objectStore("items").get(receipt.id);
    // A row that waits again (restore) or is on its way is settled by its own answer only.
    if (!row || row.state === "queued" || row.state === "sending") continue;
    const state = stateOf(receipt);
    if (state !== "queued") await tx.objectStore("items").put({ ...row, state, receipt });
  }
  await tx.done;
  changed("items");
}

/** The server has let go of my tracks: what it had said to have is not kept here either. @param {number} author_id */
export async function forgetSegments(author_id) {
  const tx = (await database()).transaction("items", "readwrite", { durability: "strict" });
  for (const row of await tx.store.index("by_author_kind").getAll(IDBKeyRange.only([author_id, "segment"]))) {
    if (row.state !== "queued" && row.state !== "sending") await tx.store.delete(row.id);
  }
  await tx.done;
}

/** What is finished and old enough goes. @param {number} [now] */
export async function forget(now = Date.now()) {
  const tx = (await database()).transaction(["items", "receipts", "photos"], "readwrite");
  const refused = new Set();
  for (const name of /** @type {const} */ (["items", "receipts"])) {
    for (let c = await tx.objectStore(name).openCursor(); c; c = await c.continue()) {
      const old = name === "items" ? mayForget(c.value, now) : now - c.value.seen_at > 30 * 86_400_000;
      if (old && c.value.kind === "report" && c.value.state === "refused") refused.add(c.value.id);
      if (old) await c.delete();
    }
  }
  for (const photo of refused.size ? await tx.objectStore("photos").getAll() : []) {
    if (refused.has(photo.report_id)) await tx.objectStore("photos").delete(photo.id); // it goes nowhere without its report
  }
  await tx.done;
}

// --- questions ------------------------------------------------------------------------------------

/** Own rows of every kind but track segments. @param {any} tx @param {number} author_id @returns {Promise<OutboxRow[]>} */
export async function ownRows(tx, author_id) {
  const index = tx.objectStore("items").index("by_author_kind");
  const [before, after] = await Promise.all([
    index.getAll(IDBKeyRange.bound([author_id, ""], [author_id, "segment"], false, true)),
    index.getAll(IDBKeyRange.bound([author_id, "segment"], [author_id, "\uffff"], true, false)),
  ]);
  return [...before, ...after].sort((a, b) => a.seq - b.seq);
}

/** Own rows that wait, segments too. @param {number} author_id @returns {Promise<OutboxRow[]>} */
export async function unsentRows(author_id) {
  const index = (await database()).transaction("items").store.index("by_author_state_seq");
  const parts = await Promise.all(["queued", "sending"].map((s) => index.getAll(range(author_id, s))));
  return parts.flat().sort((a, b) => a.seq - b.seq);
}

/**
 * How many wait, whose, since when, and whether a call for help is among them; photos are counted too.
 * @param {any} tx one transaction: a row that goes from one state to the other meanwhile must not be missed
 * @returns {Promise<Unsent[]>}
 */
export async function unsentByAuthor(tx) {
  const index = tx.objectStore("items").index("by_state");
  const waiting = await Promise.all(["queued", "sending"].map((state) => index.getAll(state)));
  /** @type {Map<number, Unsent>} */
  const found = new Map();
  const of = (/** @type {number} */ id) => found.get(id) ?? { author_id: id, count: 0, oldestAt: null, sos: false, photos: 0 };
  for (const rows of waiting) {
    for (const row of rows) {
      const one = of(row.author_id);
      one.count += 1;
      one.sos ||= row.kind === "sos";
      one.oldestAt = Math.min(one.oldestAt ?? Number.POSITIVE_INFINITY, row.queued_at);
      found.set(row.author_id, one);
    }
  }
  for (const photo of await waitingPhotos(tx)) {
    const one = of(photo.author_id);
    one.count += 1;
    one.photos += 1;
    one.oldestAt = Math.min(one.oldestAt ?? Number.POSITIVE_INFINITY, photo.made_at);
    found.set(photo.author_id, one);
  }
  return [...found.values()];
}

/** @param {number} author_id @param {string} state */
function range(author_id, state) {
  return IDBKeyRange.bound([author_id, state, ALL[0]], [author_id, state, ALL[1]]);
}

/** @param {string} state @param {(row: any) => any} to */
async function change(state, to) {
  const tx = (await database()).transaction("items", "readwrite");
  let n = 0;
  for (const row of await tx.store.index("by_state").getAll(state)) {
    await tx.store.put(to(row));
    n += 1;
  }
  await tx.done;
  if (n) changed("items");
  return n;
}
