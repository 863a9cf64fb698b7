// @ts-check
// What asks for attention above every page: "are you OK?", and a crew member who calls for help.
import { useEffect, useState } from "preact/hooks";
import { sendAlarms } from "../actions.js";
import { okBody } from "../domain/pin.js";
import { clockTime } from "../domain/words.js";
import { announce, go, html, Icon } from "../dom.js";
import { language, t } from "../i18n.js";
import { close } from "../offline/alarms.js";
import { put } from "../offline/outbox.js";
import { buzz } from "../senses.js";
import { placeWords, positionOf, sound } from "../sos.js";
import { current, reload } from "../store.js";
import { PinPad, proving } from "./pinpad.js";

const AGAIN_MS = 20_000;

/** Sounds at once and every twenty seconds while it is shown. @param {string} name @param {any[]} when */
function useSound(name, when) {
  useEffect(() => {
    sound(name);
    const timer = setInterval(() => document.visibilityState === "visible" && sound(name), AGAIN_MS);
    return () => clearInterval(timer);
  }, when);
}

/**
 * "I'm OK", with the PIN where one is set. Saved on the phone before anything is said.
 * @param {import("../store.js").View} view @param {string} [pin]
 */
export async function sayOk(view, pin) {
  const person = view.session.person;
  if (!person || !view.shift) return;
  const proof = await proving(view.kept?.plan.alarm?.pin, pin);
  const body = okBody(view.shift.id, proof, view.duty?.state === "on" ? current().position : null, Date.now());
  await put({ author_id: person.id, kind: "ok", body });
  await reload();
  buzz(60);
  announce(t("lone.saved"));
  sendAlarms();
}

/** @param {{view: import("../store.js").View, lone: import("../domain/alarm.js").Lone}} props */
export function Lone({ view, lone }) {
  const [stage, setStage] = useState(/** @type {"ask"|"pin"|"busy"} */ ("ask"));
  useSound("ask", [lone.phase]);
  const answer = async (/** @type {string} */ pin) => {
    setStage("busy");
    await sayOk(view, pin).finally(() => setStage("ask"));
  };
  const late = lone.phase === "late";
  const time = clockTime(lone.told_at, language());
  if (stage === "pin" || (stage === "busy" && view.kept?.plan.alarm?.pin)) {
    return html`<${PinPad} title=${t("lone.pin")} done=${t("lone.ok")} busy=${stage === "busy"} onPin=${answer} onBack=${() => setStage("ask")} />`;
  }
  return html`<section class="card lone" data-name="lone" data-phase=${lone.phase}>
    <p class="sos-word" role="alert">${t("lone.question")}</p>
    <p>${t(late ? "lone.late" : "lone.grace", { time })}</p>
    <button type="button" class="button wide main sos-big" data-name="lone-ok" disabled=${stage === "busy"}
      onClick=${() => (view.kept?.plan.alarm?.pin ? setStage("pin") : answer(/** @type {any} */ (undefined)))}>${t("lone.ok")}</button>
    <p class="small">${t("lone.or_sos")}</p></section>`;
}

/** @param {{view: import("../store.js").View, mates: any[]}} props */
export function Mates({ mates }) {
  useSound("mate", [mates.map((m) => m.id).join()]);
  return html`${mates.map((/** @type {import("../domain/alarm.js").MateAlarm} */ m) => html`<section class=${`card lone ${m.drill ? "is-drill" : ""}`} data-name="mate-sos" key=${m.id}>
    ${m.drill ? html`<p class="sos-drill">${t("sos.drill")}</p>` : null}
    <p class="sos-word" role="alert"><${Icon} name="need" />${t("sos.mate", { name: m.mate })}</p>
    <p>${[m.words || placeWords(positionOf(m.fix)) || t("sos.mate_no_place"), m.at ? clockTime(m.at, language()) : ""].filter(Boolean).join(" · ")}</p>
    <div class="row"><button type="button" class="button plain" data-name="mate-seen" onClick=${() => close(m.id).then(reload)}>${t("sos.mate_seen")}</button>
      <button type="button" class="button plain" onClick=${() => go("#/sos")}>${t("sos.numbers")}</button></div></section>`)}`;
}
