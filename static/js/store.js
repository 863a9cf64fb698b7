// @ts-check
// What the pages show, read from the database after every change; only the position lives in memory.
import { holds } from "./domain/consent.js";
import { closeForgotten, dutyOf, isLive, mayRecord, shiftOnCard } from "./domain/duty.js";
import { TRACK_RULES } from "./domain/track.js";
import * as location from "./location.js";
import { onChange } from "./offline/db.js";
import { showTimesIn } from "./domain/words.js";
import { roomLately } from "./offline/room.js";
import { readSnapshot } from "./offline/snapshot.js";

/**
 * @typedef {import("./domain/duty.js").Shift} Shift
 * @typedef {import("./domain/duty.js").Duty} Duty
 * @typedef {import("./offline/outbox.js").OutboxRow} OutboxRow
 * @typedef {{
 *   loaded: boolean,
 *   asked: boolean,                 // whose cookie this browser has: the server has said, or takes its time
 *   session: import("./offline/session.js").Session,
 *   kept: import("./offline/plan.js").KeptPlan|null,
 *   rows: OutboxRow[],
 *   mine: {count: number, oldestAt: number|null, photos?: number},
 *   others: {author_id: number, name: string, count: number, oldestAt: number|null, sos: boolean}[],
 *   sending: {failures?: number, wait_until?: number, asked?: boolean, last_sent_at?: number},
 *   ahead_ms: number,
 *   shift: Shift|null, duty: Duty|null,
 *   position: import("./location.js").Position|null, trouble: import("./location.js").Trouble, recording: boolean,
 *   gaps: {from: number, to: number}[],
 *   alarms: (import("./domain/alarm.js").Alarm|import("./domain/alarm.js").MateAlarm)[],
 *   tracks: boolean|null,           // false: refused, positions are read and not kept; null: never asked
 *   saving: boolean,                // little battery: positions are asked for less often
 *   roomLow: boolean, update: boolean
 * }} View
 */

/** @type {View} */
let view = {
  loaded: false, asked: false,
  session: { person: null, roles: [], expired: false, verified_at: 0 },
  kept: null, rows: [], mine: { count: 0, oldestAt: null }, others: [], sending: {}, ahead_ms: 0,
  shift: null, duty: null, position: null, trouble: null, recording: false, gaps: [], alarms: [], tracks: null, saving: false, roomLow: false, update: false,
};
/** @type {Set<() => void>} */
const watchers = new Set();

export function current() {
  return view;
}

/** @param {() => void} watcher @returns {() => void} */
export function watch(watcher) {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** @param {Partial<View>} part */
export function show(part) {
  view = { ...view, ...part };
  for (const watcher of watchers) watcher();
}

/** @returns {number} epoch ms, corrected by the server's time */
export function now() {
  return Date.now() + view.ahead_ms;
}

/** @param {Shift} shift @returns {Duty} */
export function dutyFor(shift) {
  return closeForgotten(shift, dutyOf(shift, view.rows, view.kept?.got_at ?? 0), now());
}

/** @type {Promise<void>|null} */
let reading = null;
let stale = false;

/** Read everything again; resolves when what was stored at the call is shown. Calls meanwhile are one more run. */
export function reload() {
  stale = true;
  reading ??= readWhileStale().finally(() => {
    reading = null;
  });
  return reading;
}

/** When every change that was told is shown; without one nothing is read again. */
export function shown() {
  return reading ?? Promise.resolve();
}

async function readWhileStale() {
  while (stale) {
    stale = false;
    show(await read());
    await obeyDuty();
  }
}

/** @returns {Promise<Partial<View>>} */
async function read() {
  const [stored, space] = await Promise.all([readSnapshot(), roomLately()]);
  const { session, kept, rows, waiting, sending, clock, people, track, alarms, wishes } = stored;
  const id = session.person?.id ?? null;
  const names = new Map(people.map((p) => [p.id, p.name]));
  const others = waiting
    .filter((w) => w.author_id !== id)
    .map((w) => ({ ...w, name: names.get(w.author_id) ?? `#${w.author_id}` }));
  showTimesIn(kept?.plan.person?.township?.zone);
  const ahead_ms = clock?.ahead_ms ?? 0;
  const duty = (/** @type {Shift} */ s) => closeForgotten(s, dutyOf(s, rows, kept?.got_at ?? 0), Date.now() + ahead_ms);
  const shift = kept ? shiftOnCard(kept.plan.shifts, duty, Date.now() + ahead_ms) : null;
  const mine = waiting.find((w) => w.author_id === id) ?? { count: 0, oldestAt: null };
  return {
    loaded: true, session, kept, rows, mine, others, sending: sending ?? {}, ahead_ms,
    shift, duty: shift ? duty(shift) : null, alarms, roomLow: space.low,
    tracks: holds(wishes?.tracks, kept?.plan.consents?.tracks, kept?.got_at ?? 0),
    gaps: shift && track?.shift_id === shift.id ? track.sampler.gaps : [],
  };
}

/** The recorder follows what is stored: on while a duty is on and not paused, off in every other case. */
async function obeyDuty() {
  const { session, shift, duty, kept, ahead_ms } = view;
  location.knowTime(ahead_ms);
  const wanted = session.person && shift && mayRecord(shift, duty, now());
  if (wanted && session.person) {
    const policy = kept?.plan.policy ?? {};
    const recording = await location.startRecording({
      author_id: session.person.id,
      shift_id: shift.id,
      keep: view.tracks !== false,
      rules: {
        every_s: policy.track_every_s ?? TRACK_RULES.every_s,
        every_m: policy.track_every_m ?? TRACK_RULES.every_m,
        max_gap_s: policy.max_gap_s ?? TRACK_RULES.max_gap_s,
        segment_fixes: policy.segment_fixes ?? TRACK_RULES.segment_fixes,
      },
    });
    if (recording !== view.recording) show({ recording });
    return;
  }
  if (location.isEngaged()) await location.stopRecording();
  if (view.recording || view.position) show({ recording: false, position: null, trouble: null, saving: false });
  if (session.person && !(duty && isLive(duty) && duty.state === "on")) await location.flushTrack(session.person.id);
}

/** Begin: read once, then after every change here, in other tabs and in the worker. */
export async function open() {
  location.listen({
    onPosition: (position) => show({ position }),
    onTrouble: (trouble) => {
      if (trouble !== view.trouble) show({ trouble });
    },
    onSaving: (saving) => {
      if (saving !== view.saving) show({ saving });
    },
  });
  onChange(() => {
    reload();
  });
  await reload();
}
