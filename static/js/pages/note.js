// @ts-check
// A note about a place: a fixed phrase first, 280 characters where it does not do. Never about a person.
import { useState } from "preact/hooks";
import { writeNote } from "../actions.js";
import { isLive, standing } from "../domain/duty.js";
import { wordsAboutPeople } from "../domain/gentle.js";
import { distanceM } from "../domain/geo.js";
import { clockTime } from "../domain/words.js";
import { html, Icon } from "../dom.js";
import { language, t } from "../i18n.js";
import { Empty } from "./pieces.js";
import { useTold } from "./told.js";

export const PHRASES = /** @type {const} */ ([
  "all_in_order", "cannot_reach", "code_missing", "light_out", "path_blocked", "weather", "other",
]);
const MOST = 280;

/** @param {{view: import("../store.js").View}} props */
export function Note({ view }) {
  const { shift, duty, kept } = view;
  const [told, tell] = useTold();
  const [phrase, setPhrase] = useState("");
  const [place, setPlace] = useState(/** @type {string|null} */ (null));
  const [text, setText] = useState("");
  if (!kept || !shift || !duty || !isLive(duty)) {
    return html`<${Empty} words=${t("note.not_on_duty")} more=${t("note.not_on_duty_more")} /><${Written} view=${view} />`;
  }
  const route = kept.plan.routes.find((r) => r.version_id === shift.route_version_id);
  const spots = route?.checkpoints ?? [];
  const at = place ?? String(nearest(spots, view.position)?.id ?? "");
  const found = wordsAboutPeople(text);
  const lacking = phrase === "other" && text.trim() === "";

  const save = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    /** @type {any} */
    const body = { shift_id: shift.id, phrase };
    if (at) body.checkpoint_id = Number(at);
    if (text.trim()) body.text = text.trim();
    if (await tell(() => writeNote(body))) {
      setPhrase("");
      setText("");
    }
  };
  return html`
    <form class="card note" onSubmit=${save} data-name="note">
      <p class="soft">${t("note.why")}</p>
      <fieldset class="phrases"><legend>${t("note.what")}</legend>
        ${PHRASES.map((p) => html`<label class=${`phrase ${phrase === p ? "is-chosen" : ""}`}>
          <input type="radio" name="phrase" value=${p} checked=${phrase === p} onChange=${() => setPhrase(p)} />
          <span>${t(`phrase.${p}`)}</span></label>`)}
      </fieldset>
      <label class="field"><span>${t("note.where")}</span>
        <select name="place" value=${at} onChange=${(/** @type {any} */ e) => setPlace(e.currentTarget.value)}>
          <option value="">${t("note.along")}</option>
          ${spots.map((c) => html`<option value=${String(c.id)}>${c.seq} · ${c.name}</option>`)}
        </select></label>
      <label class="field"><span>${t(phrase === "other" ? "note.text_needed" : "note.text")}</span>
        <textarea name="text" rows="3" maxlength=${MOST} value=${text} onInput=${(/** @type {any} */ e) => setText(e.currentTarget.value)}></textarea>
        <span class="soft small">${t("note.letters", { n: MOST - text.length })}</span></label>
      <div role="status">${found.length ? html`<div class="result wait" data-name="gentle" data-found=${found.join(" ")}><p>${t("gentle.why")}</p>
        <ul class="words">${found.map((code) => html`<li>${t(`gentle.${code}`)}</li>`)}</ul><p>${t("gentle.what_now")}</p></div>` : null}</div>
      <p class="trouble" role="alert">${told}</p>
      <button class="button wide main" data-name="note-save" disabled=${!phrase || lacking || found.length > 0}>${t("note.save")}</button>
      ${!phrase ? html`<p class="soft small">${t("note.choose_first")}</p>` : lacking ? html`<p class="soft small">${t("note.say_what")}</p>` : null}
    </form>
    <${Written} view=${view} />`;
}

/** @param {{view: import("../store.js").View}} props */
function Written({ view }) {
  const notes = view.rows.filter((r) => r.kind === "note").slice(-8).reverse();
  if (!notes.length) return null;
  const places = new Map((view.kept?.plan.routes ?? []).flatMap((r) => r.checkpoints).map((c) => [c.id, c.name]));
  return html`<section><h2>${t("note.written")}</h2><ul class="plain-list">
    ${notes.map((r) => html`<li class="line"><span class="line-name">${t(`phrase.${r.envelope.body.phrase}`)}
      <span class="soft small">${places.get(r.envelope.body.checkpoint_id) ?? t("note.along")} · ${clockTime(r.envelope.device_at, language())}</span></span>
      <span class="small"><${Icon} name=${standing(r) === "waiting" ? "wait" : "done"} />${t(`standing.${standing(r)}`)}</span></li>`)}
  </ul></section>`;
}

/** @param {import("../domain/duty.js").Checkpoint[]} spots @param {import("../location.js").Position|null} position */
function nearest(spots, position) {
  if (!position) return null;
  const here = /** @type {[number, number]} */ ([position.lon, position.lat]);
  return spots.find((c) => distanceM(here, c.position) <= c.radius_m + 30) ?? null;
}
