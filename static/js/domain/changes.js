// @ts-check
// What of a shift is otherwise than I last saw it; how late I am; when a forgotten end is asked about. Pure.
import { FORGOTTEN_MS, isLive } from "./duty.js";

/**
 * @typedef {import("./duty.js").Shift} Shift
 * @typedef {{status: string, starts_at: string, ends_at: string, meeting_place: string|null,
 *   route_version_id: number|null, crew: string}} Seen
 */

/** What is compared. @param {Shift} shift @returns {Seen} */
export function seenOf(shift) {
  const { status, starts_at, ends_at, meeting_place, route_version_id } = shift;
  const planned = shift.crew.filter((c) => c.planned !== false).map((c) => c.person_id);
  return { status, starts_at, ends_at, meeting_place, route_version_id, crew: planned.sort((a, b) => a - b).join(",") };
}

/**
 * @param {Seen|undefined} seen undefined: never seen before, so nothing has changed for me
 * @param {Shift} shift
 * @returns {("cancelled"|"back"|"time"|"place"|"route"|"crew")[]}
 */
export function changesOf(seen, shift) {
  if (!seen) return [];
  const now = seenOf(shift);
  if (seen.status !== now.status) return [now.status === "cancelled" ? "cancelled" : "back"];
  const facts = /** @type {const} */ ([
    ["time", seen.starts_at !== now.starts_at || seen.ends_at !== now.ends_at],
    ["place", (seen.meeting_place ?? "") !== (now.meeting_place ?? "")],
    ["route", seen.route_version_id !== now.route_version_id],
    ["crew", seen.crew !== now.crew],
  ]);
  return facts.filter(([, holds]) => holds).map(([what]) => what);
}

/**
 * Every shift of mine, as seen now; what is changed stays as it was until the member has looked.
 * @param {Record<string, Seen>} before @param {Shift[]} shifts @param {number|null} [looked] the shift just looked at
 * @returns {Record<string, Seen>}
 */
export function remember(before, shifts, looked = null) {
  const mine = shifts.filter((s) => s.mine);
  return Object.fromEntries(mine.map((s) => [s.id, (s.id !== looked && before[s.id]) || seenOf(s)]));
}

/** @param {string} at when it begins @param {number} when epoch ms @returns {number} whole minutes late, 0 in time */
export function lateMin(at, when) {
  return Math.max(0, Math.floor((when - Date.parse(at)) / 60_000));
}

/**
 * Whether to ask now about an end that was forgotten: past the end and its grace, until the server closes by itself.
 * @param {Shift|null} shift @param {import("./duty.js").Duty|null} duty @param {number} now @param {number} graceMin
 */
export function asksForEnd(shift, duty, now, graceMin) {
  if (!shift || !duty || !isLive(duty)) return false;
  const end = Date.parse(shift.ends_at);
  return now >= end + graceMin * 60_000 && now < end + FORGOTTEN_MS;
}
