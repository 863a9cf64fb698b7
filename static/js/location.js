// @ts-check
// Positions. Read only while a duty is on and not paused; the counters are there so that a test can see it.
import { fixAgeMs } from "./domain/claim.js";
import { cadence, closeTrack, isLow, isStill, newSampler, takeFix } from "./domain/track.js";
import { database } from "./offline/db.js";
import { putAll } from "./offline/outbox.js";

/**
 * @typedef {{lon: number, lat: number, accuracy_m: number, at: number}} Position degrees; at: epoch ms of this phone
 * @typedef {"denied"|"unavailable"|"slow"|null} Trouble
 * @typedef {{author_id: number, shift_id: number, keep?: boolean, silent?: boolean,
 *   rules: import("./domain/track.js").TrackRules}} Errand silent: a tap has ended it, and is being stored
 */

export const counts = { watches: 0, clears: 0, asked: 0, fixes: 0 };

const TICK_MS = 10_000;
const ANSWER_MS = 20_000; // a question may take so long; two of them and their pause are less than a gap
const USABLE_M = 50;

/** @type {Errand|null} */
let errand = null;
let recording = false;
/** @type {import("./domain/track.js").Cadence} */
let pace = { watch: "none", ask_s: 60 };
/** @type {import("./domain/track.js").Battery} */
let battery = null;
let batteryAsked = false;
let heardAt = 0;
let ahead_ms = 0;
let asking = false;
let clock = 0;
/** @type {number|null} */
let watch = null;
/** @type {import("./domain/track.js").Sampler} */
let sampler = newSampler();
/** @type {Promise<unknown>} fixes are written one after the other */
let chain = Promise.resolve();
/** @type {(() => void)|null} */
let letGo = null;
/** @type {WakeLockSentinel|null} */
let wake = null;

/** @type {(p: Position) => void} */
let tellPosition = () => {};
/** @type {(t: Trouble) => void} */
let tellTrouble = () => {};
/** @type {(saving: boolean) => void} */
let tellSaving = () => {};

/** @param {{onPosition: (p: Position) => void, onTrouble: (t: Trouble) => void, onSaving?: (saving: boolean) => void}} ears */
export function listen(ears) {
  tellPosition = ears.onPosition;
  tellTrouble = ears.onTrouble;
  tellSaving = ears.onSaving ?? tellSaving;
}

/** Recording, or silenced and not let go yet. */
export function isEngaged() {
  return errand !== null;
}

/**
 * Begin to record for this errand. In one tab only: a second one returns false and shows, but does not record.
 * @param {Errand} wanted
 * @returns {Promise<boolean>}
 */
export async function startRecording(wanted) {
  if (errand) {
    errand.keep = wanted.keep; // refused, or agreed to, while on duty
    return recording;
  }
  errand = wanted;
  if (!(await holdRecorderLock())) {
    if (errand === wanted) errand = null;
    return false;
  }
  const kept = await (await database()).get("track", wanted.author_id);
  const same = kept?.shift_id === wanted.shift_id;
  if (kept && !same) await flushTrack(wanted.author_id);
  sampler = same ? kept.sampler : newSampler();
  if (errand !== wanted) letGo?.(); // ended while we were reading: the lock with it
  if (errand !== wanted || wanted.silent) return false;
  recording = true;
  heardAt = Date.now();
  setPace();
  clock = window.setInterval(tick, TICK_MS);
  askBattery();
  await holdScreen();
  return true;
}

/** As the phone moves and as its battery stands; asked again with every fix. */
function setPace() {
  if (!recording) return;
  const wanted = cadence(isStill(sampler), battery);
  tellSaving(isLow(battery));
  if (wanted.watch !== pace.watch || (watch === null && wanted.watch !== "none")) {
    unwatch();
    const options = { enableHighAccuracy: wanted.watch === "fine", maximumAge: 0, timeout: 60_000 };
    if (wanted.watch !== "none") {
      counts.watches += 1;
      watch = navigator.geolocation.watchPosition(wanted.watch === "fine" ? heard : heardCoarsely, failed, options);
    }
  }
  pace = wanted;
}

function unwatch() {
  if (watch === null) return;
  navigator.geolocation.clearWatch(watch);
  counts.clears += 1;
  watch = null;
}

/** A receiver that sleeps, or that says nothing because nothing moves, is asked: standing still is no gap. */
function tick() {
  if (!recording || asking || Date.now() - heardAt < pace.ask_s * 1000 - TICK_MS / 2) return;
  asking = true;
  counts.asked += 1;
  navigator.geolocation.getCurrentPosition(
    (p) => {
      asking = false;
      heard(p);
    },
    (error) => {
      asking = false;
      if (recording) failed(error);
    },
    { enableHighAccuracy: true, maximumAge: 0, timeout: ANSWER_MS },
  );
}

async function askBattery() {
  if (batteryAsked) return;
  batteryAsked = true;
  const found = await /** @type {any} */ (navigator).getBattery?.().catch(() => null);
  if (!found) return;
  const read = () => {
    battery = { level: found.level, charging: found.charging };
    setPace();
  };
  found.addEventListener("levelchange", read);
  found.addEventListener("chargingchange", read);
  read();
}

/**
 * Stop reading positions at once. The errand stays: until what was tapped is stored and read, a page that still believes
 * in the duty, this one or another tab, does not begin again.
 */
export async function silence() {
  if (errand) errand.silent = true;
  unwatch();
  clearInterval(clock);
  recording = false;
  await chain;
}

/** Let go; what was kept stays in the database until it is cut into segments. */
export async function stopRecording() {
  const silent = silence();
  errand = null;
  letGo?.();
  letGo = null;
  const held = wake;
  wake = null;
  await held?.release().catch(() => {});
  await silent;
}

/**
 * What is left of a track, as claims to be put together with the tap that ends it.
 * @param {number} author_id
 * @returns {Promise<{said: any[], track: any}>}
 */
export async function closingClaims(author_id) {
  await chain;
  const kept = await (await database()).get("track", author_id);
  if (!kept) return { said: [], track: null };
  const { segments, sampler: closed } = closeTrack(kept.sampler);
  sampler = closed;
  return { said: segments.map((fixes) => claimOf(author_id, kept.shift_id, fixes)), track: { ...kept, sampler: closed } };
}

/** A track whose duty is over or paused (the browser was killed before the cut). @param {number} author_id */
export async function flushTrack(author_id) {
  const { said, track } = await closingClaims(author_id);
  if (said.length) await putAll(said, { author_id, track });
}

/**
 * One position, now. Only ever called on duty.
 * @param {number} [timeout]
 * @returns {Promise<Position|null>}
 */
export function positionNow(timeout = 8_000) {
  counts.asked += 1;
  return new Promise((resolve) => {
    navigator.geolocation.getCurrentPosition(
      (p) => {
        const position = read(p);
        tellPosition(position);
        tellTrouble(null);
        resolve(position);
      },
      (error) => {
        tellTrouble(troubleOf(error));
        resolve(null);
      },
      { enableHighAccuracy: true, maximumAge: 0, timeout },
    );
  });
}

/** What costs no battery is vague at times: it then only says nothing. @param {GeolocationPosition} p */
function heardCoarsely(p) {
  if (p.coords.accuracy <= USABLE_M) heard(p);
}

/** @param {GeolocationPosition} p */
function heard(p) {
  if (!errand || !recording) return;
  counts.fixes += 1;
  heardAt = Date.now();
  const position = read(p);
  tellPosition(position);
  tellTrouble(null);
  if (errand.keep === false) return; // shown on this phone, written nowhere
  const { author_id, shift_id, rules } = errand;
  /** @type {import("./domain/track.js").TrackFix} */
  const fix = [Math.round(position.lon * 1e7), Math.round(position.lat * 1e7), Math.ceil(position.accuracy_m), position.at];
  chain = chain
    .then(async () => {
      const step = takeFix(sampler, fix, rules);
      const wrote = step.sampler.kept !== sampler.kept;
      const track = { shift_id, sampler: step.sampler };
      if (step.segments.length) {
        await putAll(step.segments.map((fixes) => claimOf(author_id, shift_id, fixes)), { author_id, track });
      } else if (wrote) await (await database()).put("track", track, author_id);
      sampler = step.sampler;
      setPace();
    })
    .catch(() => tellTrouble("unavailable"));
}

/** @param {GeolocationPosition} p @returns {Position} */
function read(p) {
  const now = Date.now();
  return {
    lon: p.coords.longitude,
    lat: p.coords.latitude,
    accuracy_m: p.coords.accuracy,
    at: Math.round(now - fixAgeMs(now, p.timestamp, ahead_ms)),
  };
}

/** How far the server's time is ahead of this phone's. @param {number} ms */
export function knowTime(ms) {
  ahead_ms = ms;
}

/** @param {number} author_id @param {number} shift_id @param {readonly (readonly number[])[]} fixes */
function claimOf(author_id, shift_id, fixes) {
  return { author_id, kind: /** @type {const} */ ("segment"), body: { shift_id, source: "pwa", fixes: fixes.map((f) => [...f]) } };
}

/** @param {GeolocationPositionError} error */
function failed(error) {
  tellTrouble(troubleOf(error));
}

/** @param {GeolocationPositionError} error @returns {Trouble} */
function troubleOf(error) {
  return error.code === 1 ? "denied" : error.code === 3 ? "slow" : "unavailable";
}

/** @returns {Promise<boolean>} */
function holdRecorderLock() {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    navigator.locks.request("xunfang-record", { ifAvailable: true }, (lock) => {
      resolve(!!lock);
      return lock ? new Promise((release) => {
        letGo = () => release(undefined);
      }) : undefined;
    });
  });
}

/** The screen stays on: a page in the background hears no positions. Asked again when it comes back. */
export async function holdScreen() {
  if (!recording || document.visibilityState !== "visible" || !("wakeLock" in navigator)) return;
  try {
    if (!wake || wake.released) wake = await navigator.wakeLock.request("screen");
  } catch {
    wake = null; // low battery: the browser may refuse; the gap will show
  }
}
