// @ts-check
// Which fixes of a duty are kept, and how they are cut into segments. Pure: the state goes in and comes
// out, and lives in the database in between, so that a killed browser loses nothing that was kept.
//
// A segment has 2 to `segment_fixes` fixes or five minutes, and repeats the last fix of the one before, so
// that the piece of street between two segments is not lost. A gap longer than max_gap_s starts afresh:
// nobody knows what lay in between, and the track does not pretend to.
import { distanceM } from "./geo.js";

/**
 * @typedef {readonly [number, number, number, number]} TrackFix lon_e7, lat_e7, accuracy_m, t_ms
 * @typedef {{every_s: number, every_m: number, max_gap_s: number, segment_fixes: number}} TrackRules
 * @typedef {{
 *   fixes: TrackFix[],              // kept, not yet in a segment (the first may repeat the end of the last one)
 *   carried: boolean,               // whether the first of them does
 *   pending: TrackFix|null,         // the newest that was too near in time and place to keep
 *   kept: number, thinned: number, lone: number, backward: number, gaps: {from: number, to: number}[]
 * }} Sampler
 */

export const TRACK_RULES = Object.freeze({ every_s: 15, every_m: 20, max_gap_s: 120, segment_fixes: 40 });
const SEGMENT_MS = 5 * 60_000;

/** @returns {Sampler} */
export function newSampler() {
  return { fixes: [], carried: false, pending: null, kept: 0, thinned: 0, lone: 0, backward: 0, gaps: [] };
}

/**
 * @param {Sampler} sampler
 * @param {TrackFix} fix
 * @param {TrackRules} [rules]
 * @returns {{sampler: Sampler, segments: TrackFix[][]}}
 */
export function takeFix(sampler, fix, rules = TRACK_RULES) {
  let s = { ...sampler };
  /** @type {TrackFix[][]} */
  const segments = [];
  const newest = s.pending ?? lastOf(s.fixes);
  if (newest && fix[3] <= newest[3]) return { sampler: { ...s, backward: s.backward + 1 }, segments };

  if (newest && fix[3] - newest[3] > rules.max_gap_s * 1000) {
    const closed = closeTrack(s);
    segments.push(...closed.segments);
    s = { ...closed.sampler, gaps: [...s.gaps, { from: newest[3], to: fix[3] }] };
  }

  const last = lastOf(s.fixes);
  const due = !last || fix[3] - last[3] >= rules.every_s * 1000 || movedM(last, fix) >= rules.every_m;
  if (!due) return { sampler: { ...s, pending: fix, thinned: s.thinned + 1 }, segments };

  s = { ...s, fixes: [...s.fixes, fix], pending: null, kept: s.kept + 1 };
  if (s.fixes.length >= rules.segment_fixes || (s.fixes.length > 1 && fix[3] - s.fixes[0][3] >= SEGMENT_MS)) {
    segments.push(s.fixes);
    s.fixes = [fix];
    s.carried = true;
  }
  return { sampler: s, segments };
}

/**
 * The end of a stretch: pause, end of duty, a gap. The newest fix is kept even when it was too near.
 * @param {Sampler} sampler
 * @returns {{sampler: Sampler, segments: TrackFix[][]}}
 */
export function closeTrack(sampler) {
  const s = { ...sampler };
  if (s.pending) {
    s.fixes = [...s.fixes, s.pending];
    s.kept += 1;
    s.thinned -= 1;
  }
  const segments = s.fixes.length >= 2 ? [s.fixes] : [];
  if (s.fixes.length === 1 && !s.carried) s.lone += 1; // one fix is no line; it is counted, not hidden
  return { sampler: { ...s, fixes: [], carried: false, pending: null }, segments };
}

/** @param {TrackFix} a @param {TrackFix} b */
function movedM(a, b) {
  return distanceM([a[0] / 1e7, a[1] / 1e7], [b[0] / 1e7, b[1] / 1e7]);
}

/** @template T @param {T[]} list @returns {T|undefined} (Array.at came with Chrome 92; phones are older) */
export function lastOf(list) {
  return list[list.length - 1];
}
