// @ts-check
// Where I am signed in: sign one out, or all but this one. For those who steer, the second step of signing in.
import { useEffect, useState } from "preact/hooks";
import { call } from "../api.js";
import { clockTime, dayName, dayOf } from "../domain/words.js";
import { html, Icon } from "../dom.js";
import { language, t } from "../i18n.js";

const STEERING = ["leader", "reviewer", "admin"];

/** @param {{view: import("../store.js").View}} props */
export function Devices({ view }) {
  const [list, setList] = useState(/** @type {any[]|null} */ (null));
  const [asking, setAsking] = useState(/** @type {string|null} */ (null));
  const [said, setSaid] = useState("");
  const [trouble, setTrouble] = useState("");
  const load = async () => {
    const reply = await call("GET", "/sessions");
    if (reply.status === 200 && Array.isArray(reply.json?.sessions)) setList(reply.json.sessions);
    else setTrouble(t("sessions.no_signal"));
  };
  useEffect(() => {
    load();
  }, []);
  const end = async (/** @type {string} */ path) => {
    setAsking(null);
    setTrouble("");
    const reply = await call("DELETE", path);
    if (reply.status !== 204 && reply.status !== 200) return setTrouble(t("sessions.no_signal"));
    setSaid(t("sessions.ended"));
    await load();
  };
  const others = (list ?? []).filter((s) => !s.current);
  return html`
    <p class="soft">${t("sessions.why")}</p>
    <p class="trouble" role="alert">${trouble}</p><p role="status" class="state">${said}</p>
    ${list ? html`<ul class="plain-list" data-name="sessions">${list.map((s) => html`<li class="card device" key=${s.id} data-current=${s.current}>
      <p class="line-name"><strong>${deviceWords(s.device)}</strong>
        <span class="soft small">${s.current ? t("sessions.this") : t("sessions.seen", { time: whenWords(s.seen_at) })}</span></p>
      ${s.current ? null : asking === s.id ? html`<${Sure} question=${t("sessions.question")} yes=${t("sessions.end")} name="session-end-yes"
            onYes=${() => end(`/sessions/${encodeURIComponent(s.id)}`)} onNo=${() => setAsking(null)} />`
        : html`<button type="button" class="button wide plain" data-name="session-end" onClick=${() => setAsking(s.id)}>${t("sessions.end")}</button>`}</li>`)}</ul>` : null}
    ${others.length === 0 ? null : asking === "all" ? html`<${Sure} question=${t("sessions.all_question")} yes=${t("sessions.all_yes")} name="sessions-all-yes"
        onYes=${() => end("/sessions")} onNo=${() => setAsking(null)} />`
      : html`<button type="button" class="button wide main" data-name="sessions-all" onClick=${() => setAsking("all")}>${t("sessions.all")}</button>`}
    ${view.session.roles.some((r) => STEERING.includes(r)) ? html`<nav class="entries" aria-label=${t("nav.totp")}><ul><li><a class="entry" href="#/totp" data-name="to-totp"><${Icon} name="key" />
      <span class="line-name">${t("nav.totp")}<span class="soft small">${t("totp.short")}</span></span><${Icon} name="next" /></a></li></ul></nav>` : null}`;
}

/** @param {{question: string, yes: string, name: string, onYes: () => void, onNo: () => void}} props */
export function Sure({ question, yes, name, onYes, onNo }) {
  return html`<div class="ask" role="group" aria-label=${question}><p class="ask-text">${question}</p>
    <button type="button" class="button wide need" data-name=${name} onClick=${onYes}>${yes}</button>
    <button type="button" class="button wide plain" onClick=${onNo}>${t("app.back")}</button></div>`;
}

const SYSTEMS = ["HarmonyOS", "Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux"];
const BROWSERS = [["MicroMessenger", "WeChat"], ["HuaweiBrowser", "Huawei"], ["MiuiBrowser", "MIUI"], ["SamsungBrowser", "Samsung"],
  ["Edg", "Edge"], ["Firefox", "Firefox"], ["Chrome", "Chrome"], ["Safari", "Safari"]];

/** @param {string} device what the browser calls itself, or what the server made of it */
function deviceWords(device) {
  const system = SYSTEMS.find((s) => device.includes(s));
  const browser = BROWSERS.find(([sign]) => device.includes(sign))?.[1];
  return [system, browser].filter(Boolean).join(" · ") || device.slice(0, 40) || t("sessions.unknown");
}

/** @param {string} at */
function whenWords(at) {
  return `${dayName(dayOf(at), language())} ${clockTime(at, language())}`;
}
