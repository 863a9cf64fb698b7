// @ts-check
// My data: what is kept and who sees it, a copy of it all, who looked, what I agreed to, and deletion. One a screen.
import { useEffect, useState } from "preact/hooks";
import { send } from "../actions.js";
import { call } from "../api.js";
import { givenBy, holds, WORDS } from "../domain/consent.js";
import { clockTime, dayName, dayOf } from "../domain/words.js";
import { announce, go, html, Icon, routeParams } from "../dom.js";
import { hasWords, language, t } from "../i18n.js";
import { onChange } from "../offline/db.js";
import { fetchMe, readMe, readWishes, wish } from "../offline/me.js";
import { forgetSegments } from "../offline/outbox.js";
import { turnOffPush, turnOnPush } from "../offline/push.js";
import { current } from "../store.js";
import { Noticed, Ranking } from "./fairness.js";
import { Empty } from "./pieces.js";

const PARTS = /** @type {const} */ (["kept", "consents", "looks", "noticed", "ranking", "export", "delete"]);
const ICONS = { kept: "help", consents: "done", looks: "me", noticed: "help", ranking: "star", export: "device", delete: "need" };
const PURPOSES = /** @type {(keyof typeof WORDS)[]} */ (Object.keys(WORDS));
const VIEWS = /** @type {Record<string, any>} */ ({ kept: Kept, consents: Consents, looks: Looks, noticed: Noticed, ranking: Ranking, export: Export, delete: Delete });

/** @param {{view: import("../store.js").View}} props */
export function Data({ view }) {
  const part = routeParams().get("part") ?? "";
  const Part = VIEWS[part];
  if (Part) return html`<${Part} view=${view} key=${part} />`;
  return html`<nav class="entries" aria-label=${t("nav.data")}><ul>
    ${PARTS.map((name) => html`<li><a class="entry" href=${`#/data?part=${name}`} data-name=${`to-${name}`}><${Icon} name=${ICONS[name]} />
      <span class="line-name">${t(`data.${name}`)}<span class="soft small">${t(`data.${name}.short`)}</span></span><${Icon} name="next" /></a></li>`)}
  </ul></nav>`;
}

function Kept() {
  return html`<section class="card" data-name="kept"><h2>${t("data.kept")}</h2><ul class="words">
    ${["positions", "track", "who", "places", "phone", "free"].map((k) => html`<li>${t(`kept.${k}`)}</li>`)}</ul></section>`;
}

// --- what I agreed to -----------------------------------------------------------------------------

/** @param {{view: import("../store.js").View}} props */
function Consents({ view }) {
  const id = view.session.person?.id ?? -1;
  const [known, setKnown] = useState(/** @type {Record<string, boolean|null>|null} */ (null));
  const [said, setSaid] = useState("");
  useEffect(() => {
    let gone = false;
    const read = async () => {
      const [doc, wishes] = await Promise.all([readMe(id), readWishes(id)]);
      if (gone) return;
      setKnown(Object.fromEntries(PURPOSES.map((p) => [
        p, holds(wishes[p], givenBy(doc?.consents?.find((c) => c.purpose === p)), doc?.got_at ?? 0),
      ])));
    };
    read();
    fetchMe(id);
    const off = onChange((what) => {
      if (what === "me") read();
    });
    return () => {
      gone = true;
      off();
    };
  }, [id]);
  const choose = async (/** @type {keyof typeof WORDS} */ purpose, /** @type {boolean} */ given) => {
    setSaid("");
    const push = purpose === "push" && given ? await turnOnPush() : "on"; // first of all: a browser asks only in the course of a tap
    const became = await wish(id, purpose, given);
    if (purpose === "push" && !given) await turnOffPush();
    setSaid([t(`consent.${became}`), push === "on" ? "" : t(`push.${push}`)].filter(Boolean).join(language() === "en" ? " " : ""));
  };
  return html`<section class="consents" data-name="consents"><p class="soft">${t("consent.intro")}</p>
    <p role="status" class="state">${said}</p>
    ${known && PURPOSES.map((p) => html`<fieldset class="card consent" data-name=${`consent-${p}`} data-given=${String(known[p])}>
      <legend>${t(`consent.${p}`)}</legend>
      <p class="small">${t(`consent.${p}.why`)}</p>
      <div class="row">${[true, false].map((given) => html`<button type="button" class=${`button plain ${known[p] === given ? "is-chosen" : ""}`} aria-pressed=${known[p] === given}
        data-name=${`${p}-${given ? "yes" : "no"}`} onClick=${() => choose(p, given)}>${known[p] === given ? html`<${Icon} name="done" />` : null}${t(given ? "consent.yes" : "consent.no")}</button>`)}</div>
      ${known[p] === null ? html`<p class="soft small">${t("consent.not_asked")}</p>` : null}
    </fieldset>`)}</section>`;
}

// --- who looked -----------------------------------------------------------------------------------

function Looks() {
  const [looks, setLooks] = useState(/** @type {any[]|null} */ (null));
  const [trouble, setTrouble] = useState("");
  useEffect(() => {
    call("GET", "/me/looks").then((reply) => {
      if (reply.status === 200 && Array.isArray(reply.json?.looks)) setLooks(reply.json.looks);
      else setTrouble(t("data.no_signal"));
    });
  }, []);
  return html`<section data-name="looks"><p class="soft">${t("looks.intro")}</p>
    <p class="trouble" role="alert">${trouble}</p>
    ${looks === null ? (trouble ? null : html`<p role="status" class="soft">${t("data.fetching")}</p>`) : looks.length === 0 ? html`<${Empty} words=${t("looks.none")} />` : html`<ul class="plain-list">
      ${looks.map((l) => html`<li class="line"><span class="line-name">${l.who ?? l.name ?? t("looks.somebody")}
        <span class="soft small">${[lookWords(l.what), l.day ? dayName(l.day, language()) : "", whyWords(l.why)].filter(Boolean).join(" · ")}</span></span>
        <span class="small">${whenWords(l.at)}</span></li>`)}</ul>`}</section>`;
}

/** @param {string} what */
function lookWords(what) {
  return hasWords(`looks.what.${what}`) ? t(`looks.what.${what}`) : t("looks.what.other");
}

/** What it was for, where that is known here. @param {string|undefined} why */
function whyWords(why) {
  return hasWords(`looks.why.${why}`) ? t(`looks.why.${why}`) : "";
}

/** @param {string} at */
function whenWords(at) {
  return `${dayName(dayOf(at), language())} ${clockTime(at, language())}`;
}

// --- a copy of everything -------------------------------------------------------------------------

function Export() {
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState("");
  const [trouble, setTrouble] = useState("");
  const fetchIt = async () => {
    setBusy(true);
    setTrouble("");
    setSaid("");
    try {
      const answer = await fetch("/api/v1/me/export", { credentials: "same-origin", cache: "no-store", headers: { "X-Xunfang-Client": "pwa/1" } });
      if (!answer.ok) throw answer;
      saveFile(await answer.blob(), `xunfang-${new Date().toISOString().slice(0, 10)}.zip`);
      setSaid(t("export.done"));
    } catch (error) {
      setTrouble(t(error instanceof Response && error.status === 429 ? "export.too_many" : "data.no_signal"));
    }
    setBusy(false);
  };
  return html`<section class="card" data-name="export"><h2>${t("data.export")}</h2>
    <ul class="words"><li>${t("export.what")}</li><li>${t("export.files")}</li><li>${t("export.care")}</li></ul>
    <p class="trouble" role="alert">${trouble}</p><p role="status" class="state">${said}</p>
    <button type="button" class="button wide main" data-name="export-now" disabled=${busy} onClick=${fetchIt}>${t(busy ? "export.doing" : "export.do")}</button></section>`;
}

/** @param {Blob} blob @param {string} name */
export function saveFile(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// --- delete my tracks now -------------------------------------------------------------------------

function Delete() {
  const [stage, setStage] = useState(/** @type {"rest"|"asking"|"doing"|"done"} */ ("rest"));
  const [trouble, setTrouble] = useState("");
  const [later, setLater] = useState(false);
  const act = async () => {
    setStage("doing");
    setTrouble("");
    await send(); // what still waits here goes first, and is deleted there with the rest
    const reply = await call("DELETE", "/me/tracks", { timeoutMs: 60_000 });
    const went = reply.status === 200 || reply.status === 204;
    if (!went) setTrouble(reply.status === 0 ? t("data.no_signal") : reply.problem?.detail || t("signin.server"));
    else {
      await forgetSegments(current().session.person?.id ?? 0);
      announce(t("delete.done"));
    }
    setLater(Number(reply.json?.kept_until_end ?? 0) > 0);
    setStage(went ? "done" : "rest");
  };
  if (stage === "done") {
    return html`<section class="card" data-name="deleted"><p class="big-words"><${Icon} name="done" />${t("delete.done")}</p>
      ${later ? html`<p>${t("delete.later")}</p>` : null}<p>${t("delete.stays")}</p>
      <button type="button" class="button wide plain" onClick=${() => go("#/data")}>${t("app.back")}</button></section>`;
  }
  return html`<section class="card" data-name="delete"><h2>${t("data.delete")}</h2>
    <p>${t("delete.goes")}</p><p>${t("delete.stays")}</p><p class="soft">${t("delete.otherwise")}</p>
    <p class="trouble" role="alert">${trouble}</p>
    ${stage === "rest" ? html`<button type="button" class="button wide main" data-name="delete-tracks" onClick=${() => setStage("asking")}>${t("delete.do")}</button>` : html`
      <div class="ask" role="group" aria-label=${t("delete.question")}><p class="ask-text">${t("delete.question")}</p>
        <button type="button" class="button wide need" data-name="delete-tracks-yes" disabled=${stage === "doing"} onClick=${act}>${t(stage === "doing" ? "delete.doing" : "delete.yes")}</button>
        <button type="button" class="button wide plain" disabled=${stage === "doing"} onClick=${() => setStage("rest")}>${t("app.back")}</button></div>`}
  </section>`;
}
