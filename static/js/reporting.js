// @ts-check
// What a report needs beside its page: where I am, its photos, saving it whole, and what became of mine.
import { send, Told } from "./actions.js";
import { call } from "./api.js";
import { shrink } from "./blur.js";
import { bodyOf } from "./domain/report.js";
import { uuid4, uuid7 } from "./domain/uuid7.js";
import { announce } from "./dom.js";
import { t } from "./i18n.js";
import * as location from "./location.js";
import { changed, getMeta, setMeta } from "./offline/db.js";
import { dropDraft } from "./offline/draft.js";
import { putAll } from "./offline/outbox.js";
import { makeRoom } from "./offline/makeroom.js";
import { giveToReport, keepPhoto } from "./offline/photos.js";
import { isFull, room } from "./offline/room.js";
import { buzz, chime } from "./senses.js";
import { placeWords } from "./sos.js";
import { current, reload } from "./store.js";

/** @typedef {import("./domain/report.js").Draft} Draft @typedef {import("./domain/report.js").Place} Place */

export const PAGE = "report";
const FRESH_MS = 10_000;

export function newId() {
  return uuid7(Date.now());
}

function author() {
  const person = current().session.person;
  if (!person) throw new Told(t("signin.first"));
  return person.id;
}

export function isOnDuty() {
  return current().duty?.state === "on";
}

/** The shift that a report belongs to: the one that is on, or that has just ended. @returns {number|null} */
export function shiftNow() {
  const { shift, duty } = current();
  return shift && duty && duty.state !== "none" ? shift.id : null;
}

/** Where I am. Asked on duty only; off duty nothing is ever asked. @returns {Promise<Place|null>} */
export async function hereNow() {
  if (!isOnDuty()) return null;
  const known = current().position;
  const position = known && Date.now() - known.at < FRESH_MS ? known : ((await location.positionNow()) ?? known);
  if (!position || !isOnDuty()) return null;
  return pointPlace(position.lon, position.lat, "here", Math.max(0, Math.ceil(position.accuracy_m)));
}

/** @param {number} lon @param {number} lat @param {"here"|"dragged"} how @param {number} [accuracy_m] @returns {Place} */
export function pointPlace(lon, lat, how, accuracy_m) {
  const place = { how, lon_e7: Math.round(lon * 1e7), lat_e7: Math.round(lat * 1e7), words: placeWords({ lon, lat }) || t("report.place_on_map") };
  return accuracy_m === undefined ? place : { ...place, accuracy_m };
}

// --- photos ---------------------------------------------------------------------------------------

/** Said before the camera is opened: whether one more photo has room here, after making some. */
export async function hasRoom() {
  if (!(await room()).low) return true;
  await makeRoom();
  return !(await room()).low;
}

/** A picture from the camera, made small and kept; answers its id. @param {Blob} file @returns {Promise<string>} */
export async function takePhoto(file) {
  const id = uuid4();
  const small = await shrink(file).catch(() => {
    throw new Told(t("report.no_picture"));
  });
  const photo = { id, author_id: author(), report_id: null, state: /** @type {const} */ ("raw"), made_at: Date.now(), ...small };
  try {
    await keepPhoto(photo);
  } catch (error) {
    if (!isFull(error)) throw new Told(t("trouble.not_saved"));
    await makeRoom();
    await keepPhoto({ ...photo, ...(await shrink(file, 1024)) }).catch(() => {
      throw new Told(t("report.no_room"));
    });
  }
  return id;
}

// --- saving ---------------------------------------------------------------------------------------

/** The round found nothing: one tap. */
export async function sayNothingFound() {
  const shift_id = shiftNow();
  await keep(newId(), { category: "nothing", ...(shift_id === null ? {} : { shift_id }) }, [], null);
}

/** The report, its photos and the end of the draft: all or none. @param {Draft} draft @param {boolean} withWords */
export async function saveReport(draft, withWords) {
  await keep(draft.id, bodyOf(draft, shiftNow(), withWords), draft.photos, draft.replaces);
}

/** @param {string} id @param {Record<string, any>} body @param {string[]} photos @param {string|null} replaces */
async function keep(id, body, photos, replaces) {
  const author_id = author();
  try {
    await putAll([{ id, author_id, kind: "report", body }], undefined, {
      stores: ["photos", "drafts"],
      act: async (tx) => {
        if (await tx.objectStore("items").get(id)) return false; // a second tap
        await giveToReport(tx, photos, id);
        if (replaces) await tx.objectStore("items").delete(replaces);
        if (body.category !== "nothing") await dropDraft(tx, PAGE, author_id);
        return true;
      },
    });
  } catch (error) {
    throw error instanceof Told ? error : new Told(t(isFull(error) ? "trouble.full" : "trouble.not_saved"));
  } finally {
    await reload();
  }
  buzz(40);
  chime("good");
  announce(t("spoken.saved"));
  send();
}

// --- what became of mine --------------------------------------------------------------------------

/** @param {number} person_id @returns {Promise<any[]>} as the server last said */
export async function readReports(person_id) {
  return (await getMeta(`reports:${person_id}`)) ?? [];
}

/** @param {number} person_id */
export async function fetchReports(person_id) {
  const reply = await call("GET", "/field/reports", { timeoutMs: 15_000 });
  if (reply.status !== 200 || !Array.isArray(reply.json?.reports)) return;
  await setMeta(`reports:${person_id}`, reply.json.reports);
  changed("reports");
}
