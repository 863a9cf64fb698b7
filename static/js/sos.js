// @ts-check
// What goes with a call for help: its news from the server, its sounds, and the place in words.
import { call } from "./api.js";
import { heardOf, mateOf, whereOf } from "./domain/help.js";
import { metreWords } from "./domain/words.js";
import { readSetting, t } from "./i18n.js";
import { writeAlarms } from "./offline/alarms.js";
import { buzz } from "./senses.js";
import { current } from "./store.js";

/** My calls and those of my crew, as the server has them. */
export async function fetchAlarms() {
  const me = current().session.person?.id;
  if (me === undefined) return;
  const reply = await call("GET", "/field/alarms", { timeoutMs: 10_000 });
  const docs = Array.isArray(reply.json) ? reply.json : reply.json?.alarms;
  if (reply.status === 200 && Array.isArray(docs)) await hear(docs, me);
}

/**
 * What the server says: about my own calls, unless they are cancelled here (from then on the phone listens no more), and
 * about those of the crew.
 * @param {any[]} docs @param {number} me
 */
async function hear(docs, me, now = Date.now()) {
  await writeAlarms(async (store) => {
    let news = 0;
    for (const doc of docs) {
      const known = await store.get(doc.id);
      const next = known && !("mate" in known) ? listened(known, doc) : mateOf(doc, me, now);
      if (!next) continue;
      if ("mate" in next && known) Object.assign(next, { closed: next.closed || known.closed, got_at: known.got_at });
      if (JSON.stringify(next) === JSON.stringify(known)) continue;
      await store.put(next);
      news += 1;
    }
    return news > 0;
  });
}

/** @param {import("./domain/alarm.js").Alarm} alarm @param {any} doc @returns {import("./domain/alarm.js").Alarm|null} */
function listened(alarm, doc) {
  return alarm.cancelled_at === null ? { ...alarm, heard: heardOf(doc) } : null;
}

/** @param {{lon: number, lat: number}|null} position @returns {string} "" when nothing is known */
export function placeWords(position) {
  const where = whereOf(position, current().kept?.plan);
  if (!where) return "";
  if (where.near === "hotspot") return t("sos.at_hotspot", { name: where.name });
  if (where.near === "position") return t("sos.at_position", { lat: where.lat, lon: where.lon });
  const at = { name: where.name, seq: where.seq, route: where.route };
  if (!where.direction) return t("sos.at_checkpoint", at);
  return t("sos.near_checkpoint", { ...at, distance: metreWords(where.metres, t), direction: t(`direction.${where.direction}`) });
}

/** @param {{lon_e7: number, lat_e7: number}|null|undefined} fix */
export function positionOf(fix) {
  return fix ? { lon: fix.lon_e7 / 1e7, lat: fix.lat_e7 / 1e7 } : null;
}

// Each news has a tune and a shake of its own: [hertz, seconds] one after the other; 0 is a rest.
const TUNES = /** @type {Record<string, [number, number][]>} */ ({
  counting: Array.from({ length: 5 }, () => /** @type {[number, number][]} */ ([[880, 0.12], [0, 0.88]])).flat(),
  not_sent: [[660, 0.25], [0, 0.1], [440, 0.35]],
  sent: [[660, 0.12], [0, 0.06], [880, 0.2]],
  answered: [[660, 0.12], [0, 0.05], [880, 0.12], [0, 0.05], [1320, 0.4]],
  ask: [[1000, 0.15], [0, 0.1], [1000, 0.15], [0, 0.4], [1000, 0.15], [0, 0.1], [1000, 0.15]],
  mate: [[700, 0.3], [1100, 0.3], [700, 0.3], [1100, 0.3], [700, 0.3], [1100, 0.3]],
});
const SHAKES = /** @type {Record<string, number[]>} */ ({
  not_sent: [400, 150, 400],
  sent: [80, 80, 80],
  answered: [80, 80, 80, 80, 500],
  ask: [300, 200, 300, 200, 300],
  mate: [600, 200, 600, 200, 600],
});

/** @type {AudioContext|null} */
let speaker = null;

/** @param {string} name */
export function sound(name) {
  const shake = SHAKES[name];
  if (navigator.userActivation?.hasBeenActive === false) return; // no browser lets a page be heard before it was touched
  if (shake) buzz(shake);
  if (readSetting("sound") === "off") return;
  try {
    speaker ??= new AudioContext();
    speaker.resume().catch(() => {});
    play(speaker, TUNES[name] ?? []);
  } catch {
    speaker = null; // no sound on this phone: it shakes and shows
  }
}

/** @param {AudioContext} out @param {[number, number][]} tune */
function play(out, tune) {
  let at = out.currentTime + 0.02;
  for (const [hertz, seconds] of tune) {
    if (hertz) {
      const voice = out.createOscillator();
      const volume = out.createGain();
      voice.type = "square";
      voice.frequency.value = hertz;
      volume.gain.setValueAtTime(0.25, at);
      volume.gain.linearRampToValueAtTime(0.0001, at + seconds);
      voice.connect(volume).connect(out.destination);
      voice.start(at);
      voice.stop(at + seconds);
    }
    at += seconds;
  }
}
