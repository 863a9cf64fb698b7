// @ts-check
// After a duty: an end that was forgotten is put right, and the next crew gets a word. Loaded when it is needed.
import { useState } from "preact/hooks";
import { sayIt } from "../actions.js";
import { wordsAboutPeople } from "../domain/gentle.js";
import { lastOf } from "../domain/track.js";
import { clockTime } from "../domain/words.js";
import { html, Icon } from "../dom.js";
import { language, t } from "../i18n.js";
import { useTold } from "./told.js";

const WORDS_ON = /** @type {const} */ (["all_quiet", "light_out", "path_blocked", "works", "look_at", "other"]);
const MOST = 280;

/** What must not be written about, beside the field. @param {{found: string[]}} props */
function Gentle({ found }) {
  return html`<div role="status">${found.length ? html`<div class="result wait" data-name="gentle"><p>${t("gentle.why")}</p><ul class="words">${found.map((code) => html`<li>${t(`gentle.${code}`)}</li>`)}</ul></div>` : null}</div>`;
}

/** @param {any} props */
export function AfterDuty(props) {
  return html`<${Forgotten} ...${props} /><${HandOver} ...${props} />`;
}

/** Closed by itself: when, and how to put it right. @param {any} props */
function Forgotten({ view, shift, duty }) {
  const [told, tell] = useTold();
  const [text, setText] = useState("");
  const found = wordsAboutPeople(text);
  const closed = duty.forgotten || shift.duty?.flags?.includes("forgotten_end");
  const start = lastOf(view.rows.filter((/** @type {any} */ r) => r.kind === "duty.start" && r.shift_id === shift.id));
  if (!closed) return null;
  const said = lastOf(view.rows.filter((/** @type {any} */ r) => r.kind === "answer" && r.envelope.body.item_id === start?.id && r.state !== "refused"));
  const answer = (/** @type {string} */ phrase) => tell(() => sayIt("answer", { item_id: start?.id, phrase, ...(text.trim() ? { text: text.trim() } : {}) }));
  return html`<section class="card" data-name="forgotten"><p class="state"><${Icon} name="wait" />${t("summary.forgotten", { time: clockTime(duty.ended_at ?? shift.ends_at, language()) })}</p>
    ${said ? html`<p class="state"><${Icon} name="done" />${t("summary.forgotten_said")}</p>` : start ? html`<p>${t("summary.forgotten_how")}</p>
      <label class="field"><span>${t("summary.forgotten_when")}</span><input name="when" maxlength="80" value=${text} onInput=${(/** @type {any} */ e) => setText(e.currentTarget.value)} /></label>
      <${Gentle} found=${found} />
      <div class="row"><button type="button" class="button plain" data-name="left-earlier" disabled=${found.length > 0} onClick=${() => answer("ended_early")}>${t("forgotten.left_earlier")}</button>
      <button type="button" class="button plain" data-name="left-later" disabled=${found.length > 0} onClick=${() => answer("forgot_to_end")}>${t("forgotten.left_later")}</button></div>` : html`<p>${t("summary.forgotten_leader")}</p>`}
    <p class="trouble" role="alert">${told}</p></section>`;
}

/** A word for whoever walks here next; it stands on their card for a day. @param {any} props */
function HandOver({ view, shift }) {
  const [told, tell] = useTold();
  const [phrase, setPhrase] = useState("");
  const [text, setText] = useState("");
  const said = lastOf(view.rows.filter((/** @type {any} */ r) => r.kind === "handover" && r.shift_id === shift.id && r.state !== "refused"));
  const lacking = phrase === "other" && text.trim() === "";
  const found = wordsAboutPeople(text);
  if (!shift.route_version_id) return null;
  if (said) return html`<section class="card" data-name="handed-over"><p class="state"><${Icon} name="done" />${t("handover.said", { words: t(`handover.${said.envelope.body.phrase}`) })}</p></section>`;
  const save = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    tell(() => sayIt("handover", { shift_id: shift.id, phrase, ...(text.trim() ? { text: text.trim() } : {}) }));
  };
  return html`<details class="list" data-name="handover"><summary>${t("handover.title")}</summary><form class="stack" onSubmit=${save}>
    <p class="soft">${t("handover.words")}</p>
    <fieldset class="phrases"><legend>${t("note.what")}</legend>
      ${WORDS_ON.map((p) => html`<label class=${`phrase ${phrase === p ? "is-chosen" : ""}`}><input type="radio" name="handover" value=${p} checked=${phrase === p} onChange=${() => setPhrase(p)} />
        <span>${t(`handover.${p}`)}</span></label>`)}</fieldset>
    <label class="field"><span>${t(phrase === "other" ? "note.text_needed" : "note.text")}</span>
      <textarea name="handover-text" rows="3" maxlength=${MOST} value=${text} onInput=${(/** @type {any} */ e) => setText(e.currentTarget.value)}></textarea></label>
    <${Gentle} found=${found} />
    <p class="trouble" role="alert">${told}</p>
    <button class="button wide main" data-name="handover-save" disabled=${!phrase || lacking || found.length > 0}>${t("handover.save")}</button></form></details>`;
}
