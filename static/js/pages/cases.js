// @ts-check
// Somebody says that check-ins of mine were false: why, until when I may answer, and what was decided.
import { useEffect, useState } from "preact/hooks";
import { call } from "../api.js";
import { MOST_LETTERS, PHRASES } from "../domain/contest.js";
import { wordsAboutPeople } from "../domain/gentle.js";
import { clockTime, dayName, dayOf } from "../domain/words.js";
import { html, Icon } from "../dom.js";
import { language, t } from "../i18n.js";
import { fetchPlan } from "../offline/plan.js";
import { Empty } from "./pieces.js";

/**
 * @typedef {{id: number, day: string, starts_at: string, ends_at: string, team: string, reason: string, state: string,
 *   answer_until: string, answer: string|null, text: string|null, answered_at: string|null, decided_at: string|null}} Case
 */
const ICONS = /** @type {Record<string, string>} */ ({ asked: "need", waits: "wait", upheld: "need", dismissed: "done" });

/** @param {{view: import("../store.js").View}} props */
export function Cases({ view }) {
  const [cases, setCases] = useState(/** @type {Case[]|null} */ (null));
  const [trouble, setTrouble] = useState("");
  const took = (/** @type {import("../api.js").Reply} */ reply) => {
    if (reply.status === 200) setCases(reply.json.cases);
    else setTrouble(reply.status === 0 ? t("case.needs_signal") : reply.problem?.detail || t("signin.server"));
    return reply.status === 200;
  };
  useEffect(() => {
    call("GET", "/field/cases").then(took);
  }, []);
  const answer = async (/** @type {Case} */ one, /** @type {any} */ body) => {
    setTrouble("");
    const done = took(await call("POST", `/field/cases/${one.id}/answer`, { body }));
    if (done) await fetchPlan(view.session.person?.id ?? -1);
    return done;
  };
  return html`${cases === null ? (trouble ? null : html`<p role="status" class="soft">${t("case.fetching")}</p>`) : null}
    ${cases?.length === 0 ? html`<${Empty} words=${t("case.none")} more=${t("case.none_more")} />` : null}
    ${(cases ?? []).map((one) => html`<${One} one=${one} key=${one.id} onAnswer=${(/** @type {any} */ body) => answer(one, body)} />`)}
    <p class="trouble" role="alert">${trouble}</p>`;
}

/** @param {{one: Case, onAnswer: (body: any) => Promise<boolean>}} props */
function One({ one, onAnswer }) {
  const lang = language();
  const [open, setOpen] = useState(false);
  const until = { day: dayName(dayOf(Date.parse(one.answer_until)), lang), time: clockTime(one.answer_until, lang) };
  return html`<section class="card stack" data-name="case" data-state=${one.state}>
    <h2>${dayName(one.day, lang)} ${clockTime(one.starts_at, lang)}–${clockTime(one.ends_at, lang)}</h2>
    <p class="state"><${Icon} name=${ICONS[one.state]} />${t(`case.state.${one.state}`)}</p>
    <p>${t(`case.reason.${one.reason}`)} <span class="soft small">${one.team}</span></p>
    ${one.answer ? html`<p>${t("case.mine")} ${t(`answer.phrase.${one.answer}`)}${one.text ? html` <q>${one.text}</q>` : null}</p>` : null}
    ${one.state !== "asked" ? null : html`<p class="soft">${t("case.until", until)}</p>`}
    ${one.state === "asked" && !open ? html`<button type="button" class="button wide main" data-name="case-open" onClick=${() => setOpen(true)}>${t(one.answer ? "case.again" : "case.answer")}</button>` : null}
    ${one.state === "asked" && open ? html`<${Form} id=${one.id} onAnswer=${async (/** @type {any} */ body) => (await onAnswer(body)) && setOpen(false)} onBack=${() => setOpen(false)} />` : null}
  </section>`;
}

/** @param {{id: number, onAnswer: (body: any) => void, onBack: () => void}} props */
function Form({ id, onAnswer, onBack }) {
  const [phrase, setPhrase] = useState("");
  const [text, setText] = useState("");
  const found = wordsAboutPeople(text);
  const lacking = !phrase || (phrase === "other" && !text.trim()) || found.length > 0;
  const save = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (!lacking) onAnswer({ phrase, ...(text.trim() ? { text: text.trim() } : {}) });
  };
  return html`<form class="card" data-name="case-form" onSubmit=${save}>
    <fieldset class="phrases one"><legend>${t("contest.what")}</legend>
      ${PHRASES.map((p) => html`<label class=${`phrase ${phrase === p ? "is-chosen" : ""}`}>
        <input type="radio" name=${`case-${id}`} value=${p} checked=${phrase === p} onChange=${() => setPhrase(p)} /><span>${t(`answer.phrase.${p}`)}</span></label>`)}
    </fieldset>
    <label class="field"><span>${t(phrase === "other" ? "contest.text_needed" : "contest.text")}</span>
      <textarea name="text" rows="3" maxlength=${MOST_LETTERS} value=${text} onInput=${(/** @type {any} */ e) => setText(e.currentTarget.value)}></textarea>
      <span class="soft small">${t("note.letters", { n: MOST_LETTERS - text.length })}</span></label>
    <div role="status">${found.length ? html`<div class="result wait"><p>${t("gentle.why")}</p><ul class="words">${found.map((code) => html`<li>${t(`gentle.${code}`)}</li>`)}</ul></div>` : null}</div>
    <p class="soft small">${t("case.who")}</p>
    <button class="button wide main" data-name="case-save" disabled=${lacking}>${t("case.save")}</button>
    <button type="button" class="button wide plain" onClick=${onBack}>${t("app.back")}</button></form>`;
}
