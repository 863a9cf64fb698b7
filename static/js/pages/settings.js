// @ts-check
// How the phone looks, sounds and is held. Every choice holds at once and stays on this phone.
import { useState } from "preact/hooks";
import { call } from "../api.js";
import { announce, html, Icon } from "../dom.js";
import { applyLook, chooseLanguage, language, readSetting, t, writeSetting } from "../i18n.js";
import { buzz, chime, say } from "../senses.js";
import { reload } from "../store.js";

/** Each choice: its name, what holds unless chosen, what may be chosen. */
const LOOK = /** @type {const} */ ([
  ["text", "normal", ["normal", "large", "larger", "huge", "double"]],
  ["theme", "auto", ["auto", "light", "dark", "night"]],
  ["contrast", "auto", ["auto", "more"]],
  ["hand", "right", ["right", "left"]],
]);
const SENSES = /** @type {const} */ ([["sound", "on"], ["vibrate", "on"], ["speak", "off"]]);

export function Settings() {
  const [, again] = useState(0);
  const choose = (/** @type {string} */ name, /** @type {string} */ value) => {
    writeSetting(name, value);
    applyLook();
    again((n) => n + 1);
  };
  const sense = (/** @type {string} */ name, /** @type {string} */ value) => {
    choose(name, value);
    if (value === "off") return;
    if (name === "sound") chime("good"); // so that one knows what was chosen
    else if (name === "vibrate") buzz(60);
    else say(t("look.speak.sample"));
  };
  return html`
    <${Language} />
    ${LOOK.map(([name, standard, values]) => html`<${Choice} name=${name} value=${readSetting(name) ?? standard} values=${values} onChoose=${choose} />`)}
    ${SENSES.map(([name, standard]) => html`<${Switch} name=${name} on=${(readSetting(name) ?? standard) === "on"} onChoose=${sense} />`)}
    <p class="soft small">${t("look.stays")}</p>`;
}

/** @param {{name: string, value: string, values: readonly string[], onChoose: (name: string, value: string) => void}} props */
function Choice({ name, value, values, onChoose }) {
  return html`<fieldset class="card choices" data-name=${`look-${name}`}><legend>${t(`look.${name}`)}</legend>
    <div class="options">${values.map((one) => html`<button type="button" class=${`button option ${one === value ? "is-chosen" : "plain"} ${name}-${one}`} aria-pressed=${one === value}
      data-name=${`${name}-${one}`} onClick=${() => onChoose(name, one)}>${one === value ? html`<${Icon} name="done" />` : null}${t(`look.${name}.${one}`)}</button>`)}</div>
    ${name === "text" ? html`<p class="sample">${t("look.text.sample")}</p>` : null}</fieldset>`;
}

/** @param {{name: string, on: boolean, onChoose: (name: string, value: string) => void}} props */
function Switch({ name, on, onChoose }) {
  return html`<button type="button" role="switch" class="card switch" aria-checked=${on} data-name=${`switch-${name}`}
      onClick=${() => onChoose(name, on ? "off" : "on")}>
    <span class="line-name">${t(`look.${name}`)}<span class="soft small">${t(`look.${name}.why`)}</span></span>
    <span class=${`switch-state ${on ? "is-on" : ""}`} aria-hidden="true"><span class="switch-knob"></span><span class="switch-word">${t(on ? "look.on" : "look.off")}</span></span></button>`;
}

/** Each language in itself, so that whoever is lost in the other one finds it. */
function Language() {
  const choose = async (/** @type {string} */ lang) => {
    await chooseLanguage(lang);
    await reload();
    announce(t("look.lang.now"));
    call("PATCH", "/me", { body: { language: lang } }); // for what the server writes by itself; its answers follow the cookie in any case
  };
  return html`<fieldset class="card choices" data-name="look-lang"><legend>${t("look.lang")}</legend>
    <div class="options">${["zh", "en"].map((l) => html`<button type="button" lang=${l === "en" ? "en" : "zh-CN"} class=${`button option ${l === language() ? "is-chosen" : "plain"}`}
      aria-pressed=${l === language()} data-name=${`lang-${l}`} onClick=${() => choose(l)}>${l === language() ? html`<${Icon} name="done" />` : null}${l === "en" ? "English" : "中文"}</button>`)}</div></fieldset>`;
}
