// @ts-check
// My line in the public notices of points that run: how I am shown, and what to say when it is wrong. With a signal only.
import { useEffect, useState } from "preact/hooks";
import { call } from "../api.js";
import { wordsAboutPeople } from "../domain/gentle.js";
import { dayName } from "../domain/words.js";
import { announce, html } from "../dom.js";
import { language, t } from "../i18n.js";

const MOST = 280;

/**
 * @typedef {{month: string, last_on: string, url: string, shown_as: string|null, is_name: boolean, points: number|null, shifts: number|null}} Notice
 * @typedef {{id: string, month: string, text: string|null, state: string, due_on: string, answer: string|null}} Objection
 */

/** Nothing where no notice runs and nothing was objected. */
export function MyNotices() {
  const [notices, setNotices] = useState(/** @type {Notice[]} */ ([]));
  const [objections, setObjections] = useState(/** @type {Objection[]} */ ([]));
  const read = async () => {
    const reply = await call("GET", "/me/notices");
    if (reply.status !== 200 || !Array.isArray(reply.json?.notices)) return;
    setNotices(reply.json.notices);
    setObjections(reply.json.objections ?? []);
  };
  useEffect(() => {
    read();
  }, []);
  if (!notices.length && !objections.length) return null;
  return html`<section class="card" data-name="my-notices"><h2>${t("mynotice.title")}</h2>
    ${notices.map((one) => html`<${MyNotice} notice=${one} told=${read} />`)}
    ${objections.length ? html`<ul class="plain-list">${objections.map((one) => html`<${MyObjection} objection=${one} />`)}</ul>` : null}</section>`;
}

/** @param {{notice: Notice, told: () => void}} props */
function MyNotice({ notice, told }) {
  const [isOpen, setOpen] = useState(false);
  const until = t("mynotice.until", { month: notice.month, day: dayName(notice.last_on, language()) });
  return html`<div data-name="my-notice"><p class="soft small">${until}</p>
    ${notice.shown_as === null ? html`<p>${t("mynotice.no_line")}</p>` : html`<p>${t("mynotice.shown_as")} <strong data-name="shown-as">${notice.shown_as}</strong> ·
      ${t("mynotice.figures", { points: notice.points ?? 0, shifts: notice.shifts ?? 0 })}</p>
      <p class="soft small">${t(notice.is_name ? "mynotice.by_name" : "mynotice.by_code")}</p>
      <a class="button wide plain" href="#/data?part=consents">${t("mynotice.choose")}</a>`}
    <a class="button wide plain" href=${notice.url} target="_blank" rel="noopener">${t("mynotice.open")}</a>
    ${isOpen ? html`<${Object_} month=${notice.month} done=${() => {
      setOpen(false);
      told();
    }} />` : html`<button type="button" class="button wide plain" data-name="object" onClick=${() => setOpen(true)}>${t("mynotice.object")}</button>`}</div>`;
}

/** @param {{month: string, done: () => void}} props */
function Object_({ month, done }) {
  const [text, setText] = useState("");
  const [trouble, setTrouble] = useState("");
  const [isBusy, setBusy] = useState(false);
  const found = wordsAboutPeople(text);
  const send = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    setBusy(true);
    setTrouble("");
    const reply = await call("POST", `/me/notices/${month}/objections`, { body: { text: text.trim() } });
    setBusy(false);
    if (reply.status !== 201) return setTrouble(reply.status === 0 ? t("data.no_signal") : reply.problem?.detail || t("signin.server"));
    announce(t("mynotice.objected"));
    done();
  };
  return html`<form onSubmit=${send} data-name="objection">
    <label class="field"><span>${t("mynotice.what")}</span>
      <textarea name="text" rows="3" maxlength=${MOST} value=${text} onInput=${(/** @type {any} */ e) => setText(e.currentTarget.value)}></textarea>
      <span class="soft small">${t("note.letters", { n: MOST - text.length })}</span></label>
    <div role="status">${found.length ? html`<div class="result wait"><p>${t("gentle.why")}</p>
      <ul class="words">${found.map((code) => html`<li>${t(`gentle.${code}`)}</li>`)}</ul></div>` : null}</div>
    <p class="trouble" role="alert">${trouble}</p>
    <button class="button wide main" data-name="objection-send" disabled=${isBusy || !text.trim() || found.length > 0}>${t("mynotice.send")}</button></form>`;
}

/** @param {{objection: Objection}} props */
function MyObjection({ objection }) {
  const said = objection.state === "open" ? t("mynotice.due", { day: dayName(objection.due_on, language()) }) : t(`mynotice.state.${objection.state}`);
  return html`<li class="line" data-name="my-objection"><span class="line-name">${t("mynotice.objection", { month: objection.month })}
    <span class="soft small">${objection.text ?? t("mynotice.text_gone")}</span>
    ${objection.answer ? html`<span class="small">${objection.answer}</span>` : null}</span><span class="small">${said}</span></li>`;
}
