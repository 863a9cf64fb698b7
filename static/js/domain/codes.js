// @ts-check
// What a camera, a tag or a thumb may bring: our codes, told apart, and where each belongs. Pure.

/**
 * @typedef {{kind: "checkpoint", id: number, code: string|null}
 *   | {kind: "tag", id: number, code: string}
 *   | {kind: "crew", text: string}
 *   | {kind: "cosign", shift: number, checkin: string}
 *   | {kind: "signin", code: string}} Found
 */

const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";

/** @param {string} text what was scanned, as it is @returns {Found|null} null: not one of ours */
export function readScan(text) {
  const plain = text.normalize("NFKC").trim();
  let parts = /^XP1\.(\d{1,15})(?:\.(\d{6}))?$/.exec(plain);
  if (parts) return { kind: "checkpoint", id: Number(parts[1]), code: parts[2] ? plain : null };
  parts = /^XN1\.(\d{1,15})\.[A-Z2-7]{8,40}$/.exec(plain);
  if (parts) return { kind: "tag", id: Number(parts[1]), code: plain };
  parts = new RegExp(`^XK1\\.(\\d{1,15})\\.(${UUID})$`, "i").exec(plain);
  if (parts) return { kind: "cosign", shift: Number(parts[1]), checkin: parts[2].toLowerCase() };
  if (/^XC1\.\d{1,15}\.\d{6}$/i.test(plain)) return { kind: "crew", text: plain.toUpperCase() };
  parts = /\/m\/#\/code\?(?:[^#\s]*&)?c=([A-Za-z0-9]{4,16})/.exec(plain);
  return parts ? { kind: "signin", code: parts[1].toUpperCase() } : null;
}

/** Where the camera's page goes with what it found. @param {Found} found @returns {string} */
export function destination(found) {
  switch (found.kind) {
    case "checkpoint":
      return `#/patrol?code=${encodeURIComponent(found.code ?? `XP1.${found.id}`)}`;
    case "tag":
      return `#/patrol?code=${encodeURIComponent(found.code)}`;
    case "crew":
      return `#/crew?code=${encodeURIComponent(found.text)}`;
    case "cosign":
      return `#/cosign?id=${encodeURIComponent(cosignText(found.shift, found.checkin))}`;
    case "signin":
      return `#/code?c=${encodeURIComponent(found.code)}`;
  }
}

/** What the first member's screen shows to the second. @param {number} shift @param {string} checkin */
export function cosignText(shift, checkin) {
  return `XK1.${shift}.${checkin}`;
}

/** Six figures as people type them: wide ones, gaps, dashes. @param {string} typed @returns {string} */
export function tidyDigits(typed) {
  return typed.normalize("NFKC").replace(/\D/g, "").slice(0, 6);
}

/**
 * What a checkpoint is checked in with first: what it asks for, as far as this phone can.
 * @param {string} asked @param {boolean} hasTags
 * @returns {"gps"|"code"|"nfc"}
 */
export function firstWay(asked, hasTags) {
  if (asked === "nfc") return hasTags ? "nfc" : "code";
  return asked === "code" ? "code" : "gps";
}

/**
 * The same tap again within moments: the thumb trembled, or nobody saw that it was saved.
 * @param {import("./duty.js").Row[]} rows @param {number} shift @param {Record<string, any>} wanted body without its fix
 * @param {number} now epoch ms
 */
export function sameTap(rows, shift, wanted, now) {
  return rows.find((r) => {
    const body = r.envelope.body;
    const age = now - Date.parse(r.envelope.device_at);
    return r.kind === "checkin" && r.shift_id === shift && r.state !== "refused" && r.receipt?.verdict !== "not_counted" && age >= 0 && age < AGAIN_MS
      && ["checkpoint_id", "hotspot_id", "phase", "method", "code"].every((key) => body[key] === wanted[key]);
  }) ?? null;
}
const AGAIN_MS = 3_000;
