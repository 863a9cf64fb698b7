// @ts-check
// What may be reported, and what a finished draft says to the server. Pure. The lists are those of app/incidents/rules.py.

/**
 * @typedef {{how: "here"|"dragged"|"checkpoint", lon_e7?: number, lat_e7?: number, accuracy_m?: number,
 *   checkpoint_id?: number, words: string}} Place
 * @typedef {{id: string, category: string, phrase: string|null, place: Place|null, text: string, photos: string[],
 *   replaces: string|null}} Draft replaces: the refused report that this one is written anew for
 */

export const PHRASES = /** @type {Record<string, string[]>} */ ({
  road: ["light_out", "surface_broken", "cover_missing", "rail_broken", "sign_down", "way_blocked", "works_unfenced", "other"],
  fire: ["smoke_or_fire", "exit_blocked", "wires_bare", "charging_unsafe", "gear_missing", "burnable_heap", "gas_smell", "other"],
  weather: ["water_rising", "road_flooded", "embankment_broken", "slope_sliding", "tree_down", "wire_down", "ice", "other"],
  order: ["fight", "noise", "alarm_sounding", "gate_open", "things_damaged", "thing_left", "other"],
});
export const KINDS = Object.keys(PHRASES);
export const MOST_PHOTOS = 4;
export const MOST_LETTERS = 280;

/** Whom to call first where it may be urgent; none for a lamp. */
export const CALLS = /** @type {Record<string, string[]>} */ ({
  road: [], fire: ["119", "110", "120"], weather: ["119", "110", "120"], order: ["110", "120", "119"],
});

/** @param {string} id @param {string} category @returns {Draft} */
export function newDraft(id, category) {
  return { id, category, phrase: null, place: null, text: "", photos: [], replaces: null };
}

/**
 * The body of the item. A position goes along only as the place that was chosen.
 * @param {Draft} draft @param {number|null} shiftId @param {boolean} withWords
 * @returns {Record<string, any>}
 */
export function bodyOf(draft, shiftId, withWords = true) {
  /** @type {Record<string, any>} */
  const body = { category: draft.category };
  if (shiftId !== null) body.shift_id = shiftId;
  if (draft.phrase) body.phrase = draft.phrase;
  const { place } = draft;
  if (place?.checkpoint_id) body.checkpoint_id = place.checkpoint_id;
  if (place && place.lon_e7 !== undefined && place.lat_e7 !== undefined) {
    body.place = { lon_e7: place.lon_e7, lat_e7: place.lat_e7, how: place.how };
    if (place.accuracy_m !== undefined) body.place.accuracy_m = place.accuracy_m;
  }
  if (withWords && draft.text.trim()) body.text = draft.text.trim();
  if (draft.photos.length) body.photo_ids = [...draft.photos];
  return body;
}

/** A refused report, to be written anew. @param {any} row @param {string} id @param {string} words @returns {Draft} */
export function draftAgain(row, id, words) {
  const body = row.envelope.body;
  const { place } = body;
  const where = place || body.checkpoint_id
    ? { how: place?.how ?? "checkpoint", lon_e7: place?.lon_e7, lat_e7: place?.lat_e7, accuracy_m: place?.accuracy_m, checkpoint_id: body.checkpoint_id, words }
    : null;
  return {
    id, category: body.category, phrase: body.phrase ?? null, place: where, text: body.text ?? "",
    photos: [...(body.photo_ids ?? [])], replaces: row.id,
  };
}
