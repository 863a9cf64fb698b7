// @ts-check
// Mine: hours and points with the rule behind each line, how the page looks, where I am signed in, what is kept.
import { useEffect, useState } from "preact/hooks";
import { call } from "../api.js";
import { clockTime, dayName, dayOf, durationWords } from "../domain/words.js";
import { html } from "../dom.js";
import { applyLook, chooseLanguage, hasWords, language, readSetting, t, writeSetting } from "../i18n.js";
import { onChange } from "../offline/db.js";
import { fetchHours, readHours } from "../offline/plan.js";
import { signOut } from "../offline/session.js";
import { now, reload } from "../store.js";
import { Empty } from "./pieces.js";

/** @param {{view: import("../store.js").View}} props */
export function Me({ view }) {
  const person = view.session.person;
  return html`
    <p class="who"><strong>${person?.name}</strong>
      <span class="soft">${(view.kept?.plan.teams ?? []).map((x) => x.name).join(t("app.comma"))}</span></p>
    <${Hours} view=${view} />
    <${Look} />
    <${Kept} />
    <${Sessions} />
    <${Leave} view=${view} />`;
}

/** @param {{view: import("../store.js").View}} props */
function Hours({ view }) {
  const id = view.session.person?.id ?? -1;
  const thisMonth = monthOf(now());
  const [month, setMonth] = useState(thisMonth);
  const [hours, setHours] = useState(/** @type {any} */ (null));
  useEffect(() => {
    let gone = false;
    const read = () => readHours(id, month).then((h) => gone || setHours(h));
    read();
    fetchHours(id, month);
    const off = onChange((what) => {
      if (what === "hours") read();
    });
    return () => {
      gone = true;
      off();
    };
  }, [id, month]);
  const before = monthOf(Date.parse(`${thisMonth}-15T00:00:00Z`) - 31 * 86_400_000);
  return html`<section class="hours" data-name="hours">
    <div class="row choices" role="group" aria-label=${t("me.month")}>
      ${[thisMonth, before].map((m) => html`<button type="button" class=${`button small ${m === month ? "is-chosen" : "plain"}`} aria-pressed=${m === month}
        onClick=${() => {
          setHours(null);
          setMonth(m);
        }}>${t(m === thisMonth ? "me.this_month" : "me.last_month")}</button>`)}</div>
    ${hours === null ? html`<${Empty} words=${t("me.no_hours")} more=${t("me.no_hours_more")} />` : html`
      <div class="card two"><p><span class="big">${durationWords(hours.minutes ?? 0, t)}</span><span class="soft">${t("me.hours")}</span></p>
        <p><span class="big">${hours.points_pending ?? 0}</span><span class="soft">${t("me.points_pending")}</span></p></div>
      <p class="soft small">${t("me.points_why")}</p>
      ${(hours.duties ?? []).map((/** @type {any} */ d) => html`<${DutyHours} duty=${d} />`)}`}
  </section>`;
}

/** @param {{duty: any}} props */
function DutyHours({ duty }) {
  const lang = language();
  const team = typeof duty.team === "string" ? duty.team : duty.team?.name;
  const from = duty.started_at ?? duty.starts_at;
  const to = duty.ended_at ?? duty.ends_at;
  return html`<details class="list"><summary><span class="line-name">${dayName(duty.day, lang)} ${clockTime(from, lang)}–${clockTime(to, lang)}
      <span class="soft small">${durationWords(duty.minutes ?? 0, t)} · ${t("me.points_n", { n: sum(duty.lines) })}</span></span></summary>
    <p class="soft small">${[team, duty.checkpoints ? t("me.checkpoints", { n: duty.checkpoints.counted, all: duty.checkpoints.required }) : "", duty.visits ? t("me.visits", { n: duty.visits }) : "", duty.grade ? t(`grade.${duty.grade}`) : ""].filter(Boolean).join(" · ")}</p>
    <ul class="plain-list">${(duty.lines ?? []).map((/** @type {any} */ l) => html`<li class="line"><span class="line-name">${ruleWords(l)}</span>
      <span class="points">${l.points > 0 ? "+" : ""}${l.points}</span></li>`)}</ul></details>`;
}

/** @param {{rule: string, detail?: any}} line */
function ruleWords({ rule, detail }) {
  const name = hasWords(`rule.${rule}`) ? t(`rule.${rule}`) : rule;
  const more = detail && typeof detail === "object" ? detail : {};
  const code = `rule.${rule}.detail`;
  if (hasWords(code) && Object.keys(more).length) return html`${name} <span class="soft small">${t(code, more)}</span>`;
  return typeof detail === "string" && detail ? html`${name} <span class="soft small">${detail}</span>` : name;
}

/** @param {{points: number}[]|undefined} lines */
function sum(lines) {
  return (lines ?? []).reduce((total, l) => total + l.points, 0);
}

/** @param {number} at */
function monthOf(at) {
  return dayOf(at).slice(0, 7);
}

function Look() {
  const [, again] = useState(0);
  const choose = (/** @type {string} */ name, /** @type {string} */ value) => {
    writeSetting(name, value);
    applyLook();
    again((n) => n + 1);
  };
  /** @param {string} name @param {string} standard @param {string[]} values */
  const group = (name, standard, values) => html`<fieldset class="choices"><legend>${t(`look.${name}`)}</legend><div class="row wrap">
    ${values.map((value) => {
      const on = (readSetting(name) ?? standard) === value;
      return html`<button type="button" class=${`button small ${on ? "is-chosen" : "plain"}`} aria-pressed=${on} data-name=${`${name}-${value}`}
        onClick=${() => choose(name, value)}>${t(`look.${name}.${value}`)}</button>`;
    })}</div></fieldset>`;
  return html`<section class="card"><h2>${t("look.title")}</h2>
    <fieldset class="choices"><legend>${t("look.lang")}</legend><div class="row">
      ${["zh", "en"].map((l) => html`<button type="button" lang=${l === "en" ? "en" : "zh-CN"} class=${`button small ${l === language() ? "is-chosen" : "plain"}`}
        aria-pressed=${l === language()} data-name=${`lang-${l}`} onClick=${() => chooseLanguage(l).then(reload)}>${l === "en" ? "English" : "中文"}</button>`)}</div></fieldset>
    ${group("theme", "auto", ["auto", "light", "dark", "night"])}
    ${group("text", "normal", ["normal", "large", "larger"])}
  </section>`;
}

function Kept() {
  return html`<details class="list" data-name="kept"><summary>${t("kept.title")}</summary><ul class="words">
    ${["positions", "track", "who", "places", "phone", "free"].map((k) => html`<li>${t(`kept.${k}`)}</li>`)}</ul></details>`;
}

function Sessions() {
  const [list, setList] = useState(/** @type {any[]|null} */ (null));
  const [said, setSaid] = useState("");
  const load = async () => {
    const reply = await call("GET", "/sessions");
    const got = Array.isArray(reply.json) ? reply.json : reply.json?.sessions;
    if (reply.status === 200 && Array.isArray(got)) setList(got);
    else setSaid(t("sessions.no_signal"));
  };
  const end = async (/** @type {any} */ id) => {
    const reply = await call("DELETE", `/sessions/${encodeURIComponent(id)}`);
    setSaid(t(reply.status === 204 || reply.status === 200 ? "sessions.ended" : "sessions.no_signal"));
    await load();
  };
  return html`<details class="list" data-name="sessions" onToggle=${(/** @type {any} */ e) => e.currentTarget.open && load()}><summary>${t("sessions.title")}</summary>
    <p class="soft">${t("sessions.why")}</p>
    ${list ? html`<ul class="plain-list">${list.map((s) => html`<li class="line"><span class="line-name">${deviceWords(s.device)}
      <span class="soft small">${s.current ? t("sessions.this") : t("sessions.seen", { time: whenWords(s.seen_at) })}</span></span>
      ${s.current ? null : html`<button type="button" class="button small" onClick=${() => end(s.id)}>${t("sessions.end")}</button>`}</li>`)}</ul>` : null}
    <p role="status">${said}</p></details>`;
}

const SYSTEMS = ["HarmonyOS", "Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux"];
const BROWSERS = [["MicroMessenger", "WeChat"], ["Edg", "Edge"], ["Firefox", "Firefox"], ["Chrome", "Chrome"], ["Safari", "Safari"]];

/** @param {string} device what the browser calls itself */
function deviceWords(device) {
  const system = SYSTEMS.find((s) => device.includes(s));
  const browser = BROWSERS.find(([sign]) => device.includes(sign))?.[1];
  return [system, browser].filter(Boolean).join(" · ") || device.slice(0, 40) || t("sessions.unknown");
}

/** @param {string} at */
function whenWords(at) {
  return `${dayName(dayOf(at), language())} ${clockTime(at, language())}`;
}

/** @param {{view: import("../store.js").View}} props */
function Leave({ view }) {
  const [asking, setAsking] = useState(false);
  const on = view.duty?.state === "on" || view.duty?.state === "paused";
  if (!asking) return html`<button type="button" class="button wide plain" data-name="sign-out" onClick=${() => setAsking(true)}>${t("leave.do")}</button>`;
  return html`<div class="ask" role="group"><p class="ask-text">${[
    on ? t("leave.on_duty") : "", view.mine.count ? t("leave.unsent", { n: view.mine.count }) : "", t("leave.question"),
  ].filter(Boolean).join(language() === "en" ? " " : "")}</p>
    <div class="row"><button type="button" class="button need" data-name="sign-out-yes" onClick=${() => signOut().then(reload)}>${t("leave.yes")}</button>
    <button type="button" class="button plain" onClick=${() => setAsking(false)}>${t("app.back")}</button></div></div>`;
}
