// @ts-check
// The link behind the leader's QR code: #/code?c=ABCD2345. It signs in after one tap, never by being opened alone.
import { tidyCode, LETTERS, shownCode } from "../domain/code.js";
import { html, routeParams } from "../dom.js";
import { t } from "../i18n.js";
import { signInByCode } from "../offline/session.js";
import { SecondStep, SignIn, useEntry } from "./signin.js";

/** @param {{view: import("../store.js").View}} props */
export function Code({ view }) {
  const code = tidyCode(routeParams().get("c") ?? "");
  // The code is used up: it does not stay in the address, nor one step back.
  const entry = useEntry(() => location.replace("#/today"));
  const { person, expired } = view.session;
  if (code.length !== LETTERS) return html`<${SignIn} view=${view} />`;
  if (entry.asking) return html`<div class="signin"><${SecondStep} entry=${entry} /></div>`;
  return html`<section class="card code-card" data-name="code">
    <p>${t("signin.link_read")}</p>
    <p class="phrase-shown code-shown">${shownCode(code)}</p>
    ${person && !expired ? html`<p class="state need">${t("signin.link_other", { name: person.name })}</p>` : null}
    <p class="trouble" role="alert">${entry.trouble}</p>
    <button type="button" class="button wide main" data-name="code-yes" disabled=${entry.busy}
      onClick=${() => entry.enter((totp) => signInByCode(code, totp))}>${t(entry.busy ? "signin.doing" : "signin.link_yes")}</button>
    <a class="button wide plain" href=${person ? "#/today" : "#/scan?for=signin"}>${t(person ? "signin.link_no" : "signin.scan")}</a>
  </section>`;
}
