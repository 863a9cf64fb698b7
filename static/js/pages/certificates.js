// @ts-check
// My service certificates: stars, asking for one, and taking it along once somebody else has issued it.
import { useState } from "preact/hooks";
import { call } from "../api.js";
import { dayBefore, hoursOf, periodProblem } from "../domain/redeem.js";
import { dayName } from "../domain/words.js";
import { announce, html, Icon } from "../dom.js";
import { language, t } from "../i18n.js";

/** @typedef {{shop: any, isFresh: boolean, load: () => Promise<void>}} Props */

/** @param {Props} props */
export function Certificates({ shop, isFresh, load }) {
  const { stars, minutes } = shop.hours;
  return html`
    <section class="card stars" data-stars=${stars}>
      <p class="star-row" role="img" aria-label=${t("stars.n", { n: stars })}>
        ${[1, 2, 3, 4, 5].map((n) => html`<span class=${n <= stars ? "star is-won" : "star"}><${Icon} name="star" /></span>`)}</p>
      <p>${t("stars.hours", { n: Math.floor(minutes / 60) })}</p></section>
    <${Mine} list=${shop.certificates} />
    ${shop.certificates.some((/** @type {any} */ c) => c.state === "asked") ? null : html`<${Ask} shop=${shop} isFresh=${isFresh} load=${load} />`}`;
}

const ICONS = /** @type {Record<string, any>} */ ({ asked: "wait", issued: "done", refused: "need", withdrawn: "need" });

/** @param {{list: any[]}} props */
function Mine({ list }) {
  const lang = language();
  return html`<section class="stack" data-name="certificates">${list.map((c) => html`<article class="card" key=${c.id} data-name="certificate" data-state=${c.state}>
    <p class="state"><${Icon} name=${ICONS[c.state]} />${t(`certificate.state.${c.state}`)}${c.reason ? ` · ${t(`certificate.reason.${c.reason}`)}` : ""}</p>
    <p>${t("certificate.days", { first: dayName(c.first_on, lang), last: dayName(c.last_on, lang) })}${c.minutes === null ? "" : ` · ${t("certificate.hours_only", { n: hoursOf(c.minutes) })}`}</p>
    ${c.code ? html`<p class="soft small">${t("verify.code")}: ${c.code}</p>` : null}
    ${c.state !== "issued" ? null : c.printed ? html`<a class="button wide main" data-name="certificate-pdf" href=${`/api/v1/me/certificates/${c.id}.pdf`} download>${t("certificate.take")}</a>`
      : html`<p class="soft">${t("certificate.printing")}</p>`}</article>`)}</section>`;
}

/** @param {Props} props */
function Ask({ shop, isFresh, load }) {
  const latest = dayBefore(shop.day);
  const [first, setFirst] = useState(`${latest.slice(0, 4)}-01-01`);
  const [last, setLast] = useState(latest);
  const [stars, setStars] = useState(true);
  const [told, setTold] = useState("");
  const [doing, setDoing] = useState(false);
  const problem = periodProblem(first, last, shop.day);
  const send = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    setDoing(true);
    const reply = await call("POST", "/me/certificates", { body: { first_on: first, last_on: last, stars, language: language() } });
    setDoing(false);
    if (reply.status !== 200) return setTold(reply.problem?.detail || t("redeem.no_signal"));
    setTold("");
    announce(t("certificate.asked_for"));
    await load();
  };
  return html`<form class="card" data-name="ask-certificate" onSubmit=${send}><h2>${t("certificate.ask")}</h2>
    <p class="soft small">${t("certificate.ask_words")}</p>
    <label class="field"><span>${t("certificate.first_on")}</span><input type="date" name="first_on" max=${latest} value=${first} onInput=${(/** @type {any} */ e) => setFirst(e.currentTarget.value)} /></label>
    <label class="field"><span>${t("certificate.last_on")}</span><input type="date" name="last_on" max=${latest} value=${last} onInput=${(/** @type {any} */ e) => setLast(e.currentTarget.value)} /></label>
    <button type="button" role="switch" aria-checked=${stars} class=${`button wide ${stars ? "is-chosen" : "plain"}`} data-name="with-stars" onClick=${() => setStars(!stars)}>
      ${stars ? html`<${Icon} name="done" />` : null}${t(stars ? "certificate.with_stars" : "certificate.without_stars")}</button>
    <p class="trouble" role="alert">${told || (problem ? t(`certificate.${problem}`) : "")}</p>
    <button class="button wide main" data-name="ask-certificate-send" disabled=${!isFresh || doing || problem !== ""}>${t("certificate.ask_send")}</button></form>`;
}
