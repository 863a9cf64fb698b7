// @ts-check
// A call for help: NOT SENT with calls until the receipt, then sent, then who has it. Without one: what the key does, and
// the same way as a drill.
import { useEffect, useRef, useState } from "preact/hooks";
import { sendAlarms } from "../actions.js";
import { rowOf, shownAlarm, stepOf } from "../domain/alarm.js";
import { isLive } from "../domain/duty.js";
import { callsOf } from "../domain/help.js";
import { clockTime } from "../domain/words.js";
import { html, Icon } from "../dom.js";
import { hasWords, language, t } from "../i18n.js";
import { cancel, close } from "../offline/alarms.js";
import { fetchAlarms, placeWords, positionOf, sound } from "../sos.js";
import { reload } from "../store.js";
import { PinPad, proving } from "./pinpad.js";
import { SignIn } from "./signin.js";
import { Key } from "./soskey.js";
import { sayOk } from "./sosnews.js";

/** @typedef {import("../domain/alarm.js").Alarm} Alarm @typedef {import("../domain/alarm.js").Step} Step */

const POLL_MS = 5_000;
const TUNE = /** @type {Record<string, string>} */ ({ waiting: "not_sent", sent: "sent", answered: "answered", ended: "answered" });

/** @param {{view: import("../store.js").View}} props */
export function Sos({ view }) {
  const alarm = shownAlarm(view.alarms, view.rows);
  const step = alarm && stepOf(alarm, rowOf(alarm, view.rows));
  if (!alarm || !step || step === "armed") return html`<${Quiet} view=${view} />`;
  return html`<${Running} key=${alarm.id} view=${view} alarm=${alarm} step=${step} />`;
}

/** @param {{view: import("../store.js").View, alarm: Alarm, step: Step}} props */
function Running({ view, alarm, step }) {
  const [ending, setEnding] = useState(false);
  usePolling(step === "sent" || step === "answered");
  useEffect(() => sound(TUNE[step]), [step]);
  useEffect(() => window.scrollTo(0, 0), [ending]);
  if (ending) return html`<${End} view=${view} alarm=${alarm} onBack=${() => setEnding(false)} />`;
  const row = rowOf(alarm, view.rows);
  const lang = language();
  const at = clockTime(row?.state === "acked" ? row.state_at : (alarm.put_at ?? alarm.armed_at), lang);
  const by = alarm.heard?.by ?? "";
  const look = step === "waiting" ? "need" : step === "sent" ? "wait" : "done";
  const failed = alarm.heard?.failed ?? [];
  return html`<section class=${`card sos-state ${look} ${alarm.drill ? "is-drill" : ""}`} data-name="sos" data-step=${step}>
      ${alarm.drill ? html`<p class="sos-drill">${t("sos.drill")}</p>` : null}
      <p class="sos-word" role="alert"><${Icon} name=${look} />${stepWords(step, at, by, alarm)}</p>
      <p>${t(`sos.more_${step}`, { time: clockTime(alarm.armed_at, lang) })}</p>
      ${failed.length && step === "sent" ? html`<p class="state need" data-name="sos-failed"><${Icon} name="need" />${failedWords(failed)}</p>` : null}
    </section>
    ${step === "ended" ? html`<button type="button" class="button wide main" data-name="sos-close" onClick=${() => close(alarm.id).then(reload)}>${t("sos.close")}</button>`
      : html`<${Calls} view=${view} alarm=${alarm} first=${step === "waiting"} />
        ${view.session.expired ? html`<section data-name="sos-sign-in"><h2>${t("sos.expired")}</h2><${SignIn} view=${view} compact=${true} /></section>` : null}
        <button type="button" class="button wide plain" data-name="sos-end" onClick=${() => setEnding(true)}>${t("sos.end")}</button>`}`;
}

/** @param {Step} step @param {string} time @param {string} by @param {Alarm} alarm */
function stepWords(step, time, by, alarm) {
  if (step === "answered") {
    return t("sos.answered", { name: by, time: alarm.heard?.at ? clockTime(alarm.heard.at, language()) : time });
  }
  return t(`sos.${step}`, { time });
}

/** @param {string[]} failed */
function failedWords(failed) {
  const names = failed.filter(Boolean).map((one) => (hasWords(`alarm.channel.${one}`) ? t(`alarm.channel.${one}`) : one)).join(t("app.comma"));
  return names ? t("sos.failed_names", { names }) : t("sos.failed");
}

/** Every five seconds while it is looked at; the stream, where it lives, is faster. @param {boolean} wanted */
function usePolling(wanted) {
  useEffect(() => {
    if (!wanted) return;
    fetchAlarms();
    const timer = setInterval(() => document.visibilityState === "visible" && fetchAlarms(), POLL_MS);
    return () => clearInterval(timer);
  }, [wanted]);
}

/** @param {{view: import("../store.js").View, alarm?: Alarm|null, first?: boolean}} props */
function Calls({ view, alarm = null, first = false }) {
  const [said, setSaid] = useState("");
  const place = placeWords(view.position ?? positionOf(alarm?.fix));
  const time = clockTime(alarm?.armed_at ?? Date.now(), language());
  const name = view.session.person?.name ?? "";
  const text = place ? t("sos.sms", { name, place, time }) : t("sos.sms_no_place", { name, time });
  const drill = !!alarm?.drill;
  const link = (/** @type {string} */ href, /** @type {string} */ look, /** @type {string} */ words) => drill
    ? html`<button type="button" class=${`button wide ${look}`} onClick=${() => setSaid(t("sos.drill_call"))}>${words}</button>`
    : html`<a class=${`button wide ${look}`} href=${href}>${words}</a>`;
  return html`<section class="sos-calls" data-name="sos-calls"><h2>${t(first ? "sos.call_now" : "sos.numbers")}</h2>
    ${callsOf(view.kept?.plan.alarm).map((c, i) => html`<div class="sos-call">
      ${link(`tel:${c.number}`, first && i === 0 ? "need sos-big" : "plain", t("sos.call", { name: nameOf(c), number: c.number }))}
      ${c.sms ? link(`sms:${c.sms}?&body=${encodeURIComponent(text)}`, "plain small", t("sos.message", { number: c.sms })) : null}</div>`)}
    <p class="small soft">${t("sos.sms_says", { text })}</p>
    <p role="status">${said}</p></section>`;
}

/** @param {import("../domain/help.js").Call} call */
function nameOf({ name, code, number }) {
  if (hasWords(code)) return t(code);
  return number === "110" ? t("sos.police") : number === "120" ? t("sos.ambulance") : number === "119" ? t("sos.fire") : name || t("sos.leader");
}

/** @param {{view: import("../store.js").View, alarm: Alarm, onBack: () => void}} props */
function End({ view, alarm, onBack }) {
  const [busy, setBusy] = useState(false);
  const [told, setTold] = useState("");
  const how = view.kept?.plan.alarm?.pin;
  const end = async (/** @type {string|undefined} */ pin) => {
    setBusy(true);
    try {
      await cancel(alarm, await proving(how, pin));
      await reload();
      sendAlarms(true);
    } catch {
      setTold(t("trouble.not_saved"));
      setBusy(false);
    }
  };
  const said = told ? html`<p class="trouble" role="alert">${told}</p>` : null;
  const drill = alarm.drill ? html`<p class="sos-drill">${t("sos.drill")}</p>` : null;
  if (how) return html`${drill}${said}<${PinPad} title=${t("sos.end_pin")} done=${t("sos.end_yes")} busy=${busy} onPin=${end} onBack=${onBack} />`;
  return html`${drill}${said}<div class="ask" role="group"><p class="ask-text">${t("sos.end_question")}</p>
    <div class="row"><button type="button" class="button main" data-name="sos-end-yes" disabled=${busy} onClick=${() => end(undefined)}>${t("sos.end_yes")}</button>
    <button type="button" class="button plain" onClick=${onBack}>${t("app.back")}</button></div></div>`;
}

// --- no call is on --------------------------------------------------------------------------------

/** @param {{view: import("../store.js").View}} props */
function Quiet({ view }) {
  const live = !!view.duty && isLive(view.duty);
  const ended = /** @type {Alarm[]} */ (view.alarms.filter((a) => "cancelled_at" in a && a.cancelled_at)).sort((a, b) => (b.cancelled_at ?? 0) - (a.cancelled_at ?? 0))[0];
  return html`
    ${ended && Date.now() - (ended.cancelled_at ?? 0) < 3_600_000 ? html`<section class="card" data-name="sos-over" role="status">
      ${ended.drill ? html`<p class="sos-drill">${t("sos.drill")}</p>` : null}
      <p class="state"><${Icon} name="done" />${t("sos.over", { time: clockTime(ended.cancelled_at ?? 0, language()) })}</p></section>` : null}
    <section class="card"><p>${t(live ? "sos.how" : "sos.how_off")}</p><p class="soft">${t("sos.how_more")}</p></section>
    ${live && view.duty?.state === "on" ? html`<${Fine} view=${view} />` : null}
    <${Practise} view=${view} />
    <${Calls} view=${view} />
    <a class="button wide plain" href="#/pin" data-name="to-pin">${t("sos.to_pin")}</a>`;
}

/** "I'm OK" without being asked: it starts the timer of who works alone afresh. @param {{view: import("../store.js").View}} props */
function Fine({ view }) {
  const [stage, setStage] = useState(/** @type {"rest"|"pin"|"busy"|"done"} */ ("rest"));
  const how = view.kept?.plan.alarm?.pin;
  const say = async (/** @type {string|undefined} */ pin) => {
    setStage("busy");
    await sayOk(view, pin).then(() => setStage("done"), () => setStage("rest"));
  };
  if (how && (stage === "pin" || stage === "busy")) {
    return html`<${PinPad} title=${t("lone.pin")} done=${t("lone.ok")} busy=${stage === "busy"} onPin=${say} onBack=${() => setStage("rest")} />`;
  }
  return html`<section class="card"><p class="soft">${t("lone.unasked")}</p>
    <button type="button" class="button wide plain" data-name="fine" disabled=${stage === "busy"} onClick=${() => (how ? setStage("pin") : say(undefined))}>${t("lone.ok")}</button>
    <p role="status">${stage === "done" ? t("lone.saved") : ""}</p></section>`;
}

/** The same key, the same seconds, the same way; marked as a drill everywhere. @param {{view: import("../store.js").View}} props */
function Practise({ view }) {
  const [on, setOn] = useState(/[?&]practise/.test(location.hash));
  const box = useRef(/** @type {HTMLElement|null} */ (null));
  if (!on) return html`<button type="button" class="button wide plain" data-name="practise" onClick=${() => setOn(true)}>${t("sos.practise")}</button>`;
  return html`<section class="card is-drill" data-name="drill" ref=${box}><p class="sos-drill">${t("sos.drill")}</p>
    <p>${t("sos.practise_how")}</p><${Key} view=${view} drill=${true} /></section>`;
}
