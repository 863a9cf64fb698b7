// @ts-check
// How to put it on the home screen, by browser; how to leave WeChat's; and what to do when something does not work.
import { useEffect, useState } from "preact/hooks";
import { announce, html, Icon } from "../dom.js";
import { hasWords, t } from "../i18n.js";
import { askToInstall, browserOf, canAsk, isInstalled, onInstallChange, WAYS } from "../install.js";
import { askToKeep } from "../offline/room.js";
import { CopyText } from "./pieces.js";

const QUESTIONS = /** @type {const} */ (["signal", "position", "lost", "phone", "kept"]);

export function Help() {
  const [, again] = useState(0);
  useEffect(() => onInstallChange(() => again((n) => n + 1)), []);
  const here = browserOf(navigator.userAgent);
  const mine = here === "ios_other" ? "ios" : here;
  return html`
    ${here === "wechat" ? html`<${FromWeChat} />` : html`<${Install} here=${here} mine=${mine} />`}
    <section class="list-group"><h2>${t("help.others")}</h2>
      ${WAYS.filter((way) => way !== mine).map((way) => html`<details class="list" data-name=${`way-${way}`}><summary>${t(`help.${way}`)}</summary><${Steps} way=${way} /></details>`)}</section>
    <section class="list-group"><h2>${t("help.questions")}</h2>
      ${QUESTIONS.map((q) => html`<details class="list"><summary>${t(`help.q.${q}`)}</summary><p>${t(`help.a.${q}`)}</p></details>`)}</section>`;
}

function FromWeChat() {
  return html`<section class="card" data-name="from-wechat"><h2>${t("help.wechat_title")}</h2><p>${t("help.wechat_why")}</p>
    <${Steps} way="wechat" />
    <p>${t("help.wechat_or")}</p><${CopyText} text=${`${location.origin}/m/`} label=${t("help.copy_address")} /></section>`;
}

/** @param {{here: string, mine: string}} props */
function Install({ here, mine }) {
  const [kept, setKept] = useState(/** @type {boolean|null} */ (null));
  if (isInstalled()) {
    return html`<section class="card" data-name="installed"><p class="big-words"><${Icon} name="done" />${t("help.installed")}</p>
      <button type="button" class="button wide plain" onClick=${() => askToKeep().then(setKept)}>${t("help.keep")}</button>
      ${kept === null ? null : html`<p role="status">${t(kept ? "help.keep_yes" : "help.keep_no")}</p>`}</section>`;
  }
  const ask = async () => {
    if (await askToInstall()) announce(t("help.installing"));
  };
  return html`<section class="card" data-name="install" data-browser=${here}><h2>${t("help.title")}</h2><p class="soft">${t("help.why")}</p>
    ${canAsk() ? html`<button type="button" class="button wide main" data-name="install-now" onClick=${ask}>${t("help.install")}</button>` : html`
      <p><strong>${t(`help.${mine}`)}</strong></p>
      ${here === "ios_other" ? html`<p>${t("help.ios_other")}</p><${CopyText} text=${`${location.origin}/m/`} label=${t("help.copy_address")} />` : null}
      <${Steps} way=${mine} />`}</section>`;
}

/** @param {{way: string}} props */
function Steps({ way }) {
  const steps = [1, 2, 3, 4].map((n) => `help.${way}.${n}`).filter(hasWords);
  return html`<ol class="words steps">${steps.map((code) => html`<li>${t(code)}</li>`)}</ol>`;
}
