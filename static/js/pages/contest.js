// @ts-check
// "Not counted" is not the last word: a fixed phrase, a few words about the place if need be, and a leader looks again.
import { useState } from "preact/hooks";
import { sayIt } from "../actions.js";
import { PHRASES, lastAnswer, mayContest, MOST_LETTERS } from "../domain/contest.js";
import { wordsAboutPeople } from "../domain/gentle.js";
import { clockTime, reasonWords } from "../domain/words.js";
import { html, Icon } from "../dom.js";
import { language, t } from "../i18n.js";
import { useTold } from "./told.js";

/** @param {{view: import("../store.js").View, row: import("../store.js").OutboxRow}} props row: the check-in */
export function Contest({ view, row }) {
  const [open, setOpen] = useState(false);
  const said = lastAnswer(view.rows, row.id);
  const may = mayContest(row, said);
  return html`<div class="contest" data-name="contest" data-state=${said?.state ?? "none"}>
    ${said ? html`<${Said} said=${said} />` : null}
    ${may && !open ? html`<button type="button" class="button wide plain" data-name="contest-open" onClick=${() => setOpen(true)}>${t(said ? "contest.again" : "contest.open")}</button>` : null}
    ${may && open ? html`<${Form} row=${row} onDone=${() => setOpen(false)} />` : null}
  </div>`;
}

/** @param {{said: import("../domain/contest.js").Said}} props */
function Said({ said }) {
  const { row, state } = said;
  const reasons = reasonWords(row.receipt?.reasons?.filter((r) => r !== "answer_seen"), t);
  return html`<p class="small" role="status"><${Icon} name=${state === "counted" || state === "seen" ? "done" : state === "not_counted" || state === "refused" ? "need" : "wait"} />
    ${t(`contest.state.${state}`, { time: clockTime(row.envelope.device_at, language()) })} ${state === "not_counted" || state === "refused" ? reasons : ""}</p>`;
}

/** @param {{row: import("../store.js").OutboxRow, onDone: () => void}} props */
function Form({ row, onDone }) {
  const [told, tell] = useTold();
  const [phrase, setPhrase] = useState("");
  const [text, setText] = useState("");
  const found = wordsAboutPeople(text);
  const lacking = !phrase || (phrase === "other" && !text.trim()) || found.length > 0;
  const save = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (lacking) return;
    tell(() => sayIt("answer", { item_id: row.id, phrase, ...(text.trim() ? { text: text.trim() } : {}) })).then((done) => done && onDone());
  };
  return html`<form class="card" data-name="contest-form" onSubmit=${save}>
    <fieldset class="phrases one"><legend>${t("contest.what")}</legend>
      ${PHRASES.map((p) => html`<label class=${`phrase ${phrase === p ? "is-chosen" : ""}`}>
        <input type="radio" name=${`phrase-${row.id}`} value=${p} checked=${phrase === p} onChange=${() => setPhrase(p)} /><span>${t(`answer.phrase.${p}`)}</span></label>`)}
    </fieldset>
    <label class="field"><span>${t(phrase === "other" ? "contest.text_needed" : "contest.text")}</span>
      <textarea name="text" rows="2" maxlength=${MOST_LETTERS} value=${text} onInput=${(/** @type {any} */ e) => setText(e.currentTarget.value)}></textarea>
      <span class="soft small">${t("note.letters", { n: MOST_LETTERS - text.length })}</span></label>
    <div role="status">${found.length ? html`<div class="result wait" data-name="gentle"><p>${t("gentle.why")}</p><ul class="words">${found.map((code) => html`<li>${t(`gentle.${code}`)}</li>`)}</ul></div>` : null}</div>
    <p class="soft small">${t("contest.who")}</p>
    <p class="trouble" role="alert">${told}</p>
    <button class="button wide main" data-name="contest-save" disabled=${lacking}>${t("contest.save")}</button>
    <button type="button" class="button wide plain" onClick=${onDone}>${t("app.back")}</button></form>`;
}
