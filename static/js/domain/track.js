// @ts-check
// Which fixes of a duty are kept, and how they are cut into segments. Pure: the state goes in and comes
// out, and lives in the database in between, so that a killed browser loses nothing that was kept.
//
// On the move a fix is kept every 15 s or 20 m, and where the way bends: whatever is left out lies within 2 m of the
// straight way between the kept ones at its own second, so that lengths, streets and minutes come out the same
// (tests/tracks/test_thinning.py holds that against the server's own measures). Standing still, one fix in 90 s says
// that somebody is still there: less than the two minutes that would be a gap. A fix that is too vague to be measured
// on is kept once, where it begins: the server bridges nothing over it, and must know.
//
// A segment has 2 to `segment_fixes` fixes or five minutes, and repeats the last fix of the one before, so
// that the piece of street between two segments is not lost. A gap longer than max_gap_s starts afresh:
// nobody knows what lay in between, and the track does not pretend to.
import { offsetM } from "./geo.js";

/**
 * @typedef {readonly [number, number, number, number]} TrackFix lon_e7, lat_e7, accuracy_m, t_ms
 * @typedef {{every_s: number, every_m: number, max_gap_s: number, segment_fixes: number}} TrackRules
 * @typedef {{
 *   fixes: TrackFix[],              // kept, not yet in a segment (the first may repeat the end of the last one)
 *   carried: boolean,               // whether the first of them does
 *   heard?: TrackFix[],             // what came since the last kept one and is left out so far
 *   vague_from?: number|null,       // the last good fix before a stretch of vague ones
 *   rest?: TrackFix|null,           // the first fix at the place where the newest one is
 *   pending?: TrackFix|null,        // the release before: the newest that was left out
 *   kept: number, thinned: number, lone: number, backward: number, gaps: {from: number, to: number}[]
 * }} Sampler
 * @typedef {{level: number, charging: boolean}|null} Battery null where the browser does not say
 * @typedef {{watch: "fine"|"coarse"|"none", ask_s: number}} Cadence how positions are asked for
 */

export const TRACK_RULES = Object.freeze({ every_s: 15, every_m: 20, max_gap_s: 120, segment_fixes: 40 });
const SEGMENT_MS = 5 * 60_000;
const BEND_M = 2;
const USABLE_M = 50; // the server measures on nothing vaguer
const STILL_MS = 60_000;
const STILL_M = 10;
const LOW_BATTERY = 0.2;

/** @returns {Sampler} */
export function newSampler() {
  return { fixes: [], carried: false, heard: [], vague_from: null, rest: null, kept: 0, thinned: 0, lone: 0, backward: 0, gaps: [] };
}

/**
 * @param {Sampler} sampler
 * @param {TrackFix} fix
 * @param {TrackRules} [rules]
 * @returns {{sampler: Sampler, segments: TrackFix[][]}}
 */
export function takeFix(sampler, fix, rules = TRACK_RULES) {
  let s = { ...sampler, heard: heardOf(sampler), pending: null };
  /** @type {TrackFix[][]} */
  const segments = [];
  const newest = lastOf(s.heard) ?? lastOf(s.fixes);
  if (newest && fix[3] <= newest[3]) return { sampler: { ...s, backward: s.backward + 1 }, segments };

  if (newest && fix[3] - newest[3] > rules.max_gap_s * 1000) {
    const closed = closeTrack(s);
    segments.push(...closed.segments);
    s = { ...closed.sampler, heard: [], pending: null, gaps: [...s.gaps, { from: s.vague_from ?? newest[3], to: fix[3] }], vague_from: null };
  }

  /** @param {TrackFix} kept */
  const keep = (kept) => {
    const at = s.heard.indexOf(kept); // one that was left out until now, or the new one
    s = { ...s, fixes: [...s.fixes, kept], heard: at < 0 ? [] : s.heard.slice(at + 1), kept: s.kept + 1, thinned: s.thinned - (at < 0 ? 0 : 1) };
    if (s.fixes.length >= rules.segment_fixes || (s.fixes.length > 1 && kept[3] - s.fixes[0][3] >= SEGMENT_MS)) {
      segments.push(s.fixes);
      s = { ...s, fixes: [kept], carried: true };
    }
  };
  const leave = (/** @type {TrackFix[]} */ before) => {
    s = { ...s, heard: [...before, fix], thinned: s.thinned + 1 };
  };

  if (!isVague(fix) && (!s.rest || movedM(s.rest, fix) > STILL_M)) s.rest = fix;
  const end = () => s.fixes[s.fixes.length - 1];
  const last = lastOf(s.fixes);
  if (!last) keep(fix);
  else if (isVague(fix)) {
    if (isVague(last)) leave([]);
    else {
      s.vague_from = (lastOf(s.heard) ?? last)[3];
      if (s.heard.length) keep(s.heard[s.heard.length - 1]);
      keep(fix);
    }
  } else if (isVague(last)) {
    const from = s.vague_from;
    if (from && fix[3] - from > rules.max_gap_s * 1000) s.gaps = [...s.gaps, { from, to: fix[3] }];
    s.vague_from = null;
    keep(fix);
  } else {
    if (s.heard.length && fix[3] - last[3] > rules.max_gap_s * 900) keep(s.heard[s.heard.length - 1]); // it came late
    for (let bend = bendOf(end(), s.heard, fix); bend; bend = bendOf(end(), s.heard, fix)) keep(bend);
    if (isDue(end(), fix, rules)) keep(fix);
    else leave(s.heard);
  }
  return { sampler: s, segments };
}

/**
 * The end of a stretch: pause, end of duty, a gap. The newest fix is kept even when it was too near.
 * @param {Sampler} sampler
 * @returns {{sampler: Sampler, segments: TrackFix[][]}}
 */
export function closeTrack(sampler) {
  const s = { ...sampler, pending: null };
  const newest = lastOf(heardOf(sampler));
  if (newest && !isVague(newest)) {
    s.fixes = [...s.fixes, newest];
    s.kept += 1;
    s.thinned -= 1;
  }
  const segments = s.fixes.length >= 2 ? [s.fixes] : [];
  if (s.fixes.length === 1 && !s.carried) s.lone += 1; // one fix is no line; it is counted, not hidden
  return { sampler: { ...s, fixes: [], carried: false, heard: [], rest: null }, segments };
}

/** Also of a state that the release before has written. @param {Sampler} s @returns {TrackFix[]} */
function heardOf(s) {
  return s.heard ?? (s.pending ? [s.pending] : []);
}

/** @param {TrackFix} fix */
function isVague(fix) {
  return fix[2] > USABLE_M;
}

/** Within this a receiver wanders about a phone that lies still. @param {TrackFix} a @param {TrackFix} b */
function wanderM(a, b) {
  return Math.min(Math.max(Math.min(a[2], b[2]), 3), 6);
}

/** @param {TrackFix} last @param {TrackFix} fix @param {TrackRules} rules */
function isDue(last, fix, rules) {
  const ms = fix[3] - last[3];
  const moved = movedM(last, fix);
  return moved >= rules.every_m || ms >= keepAliveMs(rules) || (ms >= rules.every_s * 1000 && moved > wanderM(last, fix));
}

/** @param {TrackRules} rules */
function keepAliveMs(rules) {
  return rules.max_gap_s * 750;
}

/**
 * The fix of those left out that lies farthest from the straight way, at its own time; none when all are near enough.
 * @param {TrackFix} from @param {readonly TrackFix[]} heard @param {TrackFix} to @returns {TrackFix|null}
 */
function bendOf(from, heard, to) {
  const wander = wanderM(from, to);
  let most = movedM(from, to) <= wander ? wander : BEND_M;
  let found = null;
  for (const fix of heard) {
    const share = (fix[3] - from[3]) / (to[3] - from[3]);
    const there = /** @type {const} */ ([from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])]);
    const off = Math.hypot(...offsetM([there[0] / 1e7, there[1] / 1e7], [fix[0] / 1e7, fix[1] / 1e7]));
    if (off > most) [most, found] = [off, fix];
  }
  return found;
}

/** @param {TrackFix} a @param {TrackFix} b */
function movedM(a, b) {
  return Math.hypot(...offsetM([a[0] / 1e7, a[1] / 1e7], [b[0] / 1e7, b[1] / 1e7]));
}

/** Whether everything heard for a minute lies at one place. @param {Sampler} sampler */
export function isStill(sampler) {
  const newest = lastOf(heardOf(sampler)) ?? lastOf(sampler.fixes);
  return !!newest && !!sampler.rest && newest[3] - sampler.rest[3] >= STILL_MS;
}

/**
 * How to ask for positions. Standing still, the receiver sleeps between two questions, and only movement that costs
 * nothing to hear wakes it. With little battery it always does: a question in 30 s on the move and one in 60 s
 * standing keep every minute, since two minutes make a gap.
 * @param {boolean} still @param {Battery} battery @returns {Cadence}
 */
export function cadence(still, battery) {
  if (isLow(battery)) return { watch: "none", ask_s: still ? 60 : 30 };
  return still ? { watch: "coarse", ask_s: 30 } : { watch: "fine", ask_s: 60 };
}

/** @param {Battery} battery */
export function isLow(battery) {
  return !!battery && !battery.charging && battery.level < LOW_BATTERY;
}

/** @template T @param {T[]} list @returns {T|undefined} (Array.at came with Chrome 92; phones are older) */
export function lastOf(list) {
  return list[list.length - 1];
}
