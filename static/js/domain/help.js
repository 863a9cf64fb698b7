// @ts-check
// What the server says about calls for help, the place in words, and whom to telephone. Pure.
import { directionWord, distanceM, isInside } from "./geo.js";

/** @typedef {import("./alarm.js").Heard} Heard @typedef {import("./alarm.js").MateAlarm} MateAlarm */

const ENDED = new Set(["cancelled", "canceled", "closed", "ended", "resolved"]);

/** @param {any} doc one of GET /field/alarms @returns {Heard} */
export function heardOf(doc) {
  const by = doc.acknowledged_by;
  return {
    state: ENDED.has(doc.state) ? "ended" : String(doc.state ?? ""),
    by: by ? String(by.name ?? by) : null,
    at: doc.acknowledged_at ?? null,
    failed: failedOf(doc.undeliverable),
  };
}

/** @param {any} said true, or whom it did not reach @returns {string[]} */
function failedOf(said) {
  if (!said) return [];
  if (!Array.isArray(said)) return [""];
  return said.map((one) => String(one?.name ?? one ?? ""));
}

/** A crew member's call, or null. @param {any} doc @param {number} me @param {number} now @returns {MateAlarm|null} */
export function mateOf(doc, me, now) {
  const person = doc.person;
  if (!person || doc.mine === true || person.id === me) return null;
  return {
    id: doc.id, author_id: me, mate: String(person.name ?? ""), at: doc.called_at ?? null, drill: !!doc.test,
    words: placeText(doc.place), fix: doc.fix ?? null, closed: ENDED.has(doc.state), got_at: now,
  };
}

/** @param {any} place @returns {string} */
function placeText(place) {
  if (typeof place === "string") return place;
  return String(place?.words ?? place?.name ?? "");
}

// --- where, and whom to call ----------------------------------------------------------------------

/**
 * @typedef {{near: "checkpoint", name: string, seq: number, route: string, metres: number, direction: string|null}
 *   | {near: "hotspot", name: string} | {near: "position", lat: string, lon: string}} Where
 * @param {{lon: number, lat: number}|null} position
 * @param {{routes?: import("./duty.js").Route[], hotspots?: import("./duty.js").Hotspot[]}|null|undefined} plan
 * @returns {Where|null} in words of the plan, so that it can be said over the telephone
 */
export function whereOf(position, plan) {
  if (!position) return null;
  const here = /** @type {[number, number]} */ ([position.lon, position.lat]);
  const spots = (plan?.routes ?? []).flatMap((r) => r.checkpoints.map((c) => ({ ...c, route: r.name, metres: distanceM(here, c.position) })));
  const nearest = spots.sort((a, b) => a.metres - b.metres)[0];
  const inside = (plan?.hotspots ?? []).find((h) => isInside(here, h.polygon));
  if (inside && !(nearest && nearest.metres <= nearest.radius_m)) return { near: "hotspot", name: inside.name };
  if (nearest && nearest.metres <= 2_000) {
    const { name, seq, route, metres } = nearest;
    return { near: "checkpoint", name, seq, route, metres, direction: metres > 15 ? directionWord(nearest.position, here) : null };
  }
  return { near: "position", lat: position.lat.toFixed(5), lon: position.lon.toFixed(5) };
}

/**
 * @typedef {{name: string, code: string, number: string, sms: string}} Call code: of its name; sms: the number that takes
 *   messages, "" for none
 * @param {any} alarm the plan's part @returns {Call[]} the leader first; police and ambulance are always there
 */
export function callsOf(alarm) {
  const told = (Array.isArray(alarm?.call_numbers) ? alarm.call_numbers : [])
    .map((/** @type {any} */ c) => ({ name: String(c.name ?? ""), code: String(c.label_code ?? ""), number: String(c.number ?? "").replace(/[^\d+]/g, "") }))
    .filter((/** @type {any} */ c) => c.number);
  const always = ["110", "120"].filter((n) => !told.some((/** @type {any} */ c) => c.number === n)).map((number) => ({ name: "", code: "", number }));
  return [...told, ...always].map((c) => ({ ...c, sms: smsNumber(c.number) }));
}

/** The police take messages at 12110; short numbers else take none. @param {string} number */
function smsNumber(number) {
  if (number === "110") return "12110";
  return number.length > 5 ? number : "";
}
