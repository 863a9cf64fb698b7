// @ts-check
import { useState } from "preact/hooks";
import { ageWords } from "../domain/words.js";
import { html } from "../dom.js";
import { chooseLanguage, language, t } from "../i18n.js";
import { signIn } from "../offline/session.js";
import { refresh, send } from "../actions.js";
import { reload } from "../store.js";

/**
 * Inside the shell, so that an installed app can sign in; also for a session that has expired.
 * @param {{view: import("../store.js").View, compact?: boolean}} props
 */
export function SignIn({ view, compact = false }) {
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState("");
  const submit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
    setBusy(true);
    setTrouble("");
    const reply = await signIn(String(form.get("login")).trim(), String(form.get("password")));
    setBusy(false);
    if (reply.status !== 200) return setTrouble(troubleWords(reply));
    await reload();
    await refresh();
    send();
  };
  return html`
    <form class="card signin" onSubmit=${submit} method="post" data-name="signin">
      ${compact ? null : html`<h2>${t("signin.title")}</h2>`}
      <p class="soft">${t(compact ? "signin.again" : "signin.why")}</p>
      <label class="field"><span>${t("signin.login")}</span>
        <input name="login" autocomplete="username" autocapitalize="none" spellcheck=${false} required
          defaultValue=${compact ? (view.session.person?.login ?? "") : ""} /></label>
      <label class="field"><span>${t("signin.password")}</span>
        <input name="password" type="password" autocomplete="current-password" required /></label>
      <p class="trouble" role="alert">${trouble}</p>
      <button class="button wide main" disabled=${busy}>${t(busy ? "signin.doing" : "signin.do")}</button>
    </form>
    ${compact ? null : html`<${OthersWaiting} view=${view} />
      <p class="center"><button type="button" class="button plain" lang=${language() === "zh" ? "en" : "zh-CN"}
        onClick=${() => chooseLanguage(language() === "zh" ? "en" : "zh").then(reload)}>${language() === "zh" ? "English" : "中文"}</button></p>`}`;
}

/** @param {import("../api.js").Reply} reply */
function troubleWords(reply) {
  if (reply.status === 0) return t("signin.no_signal");
  if (reply.status === 429) {
    const minutes = Math.max(1, Math.ceil(Number(reply.retryAfter ?? 60) / 60));
    return t("signin.too_many", { n: Number.isFinite(minutes) ? minutes : 1 });
  }
  if (reply.status === 401 || reply.status === 403 || reply.status === 422) return reply.problem?.detail || t("signin.wrong");
  return t("signin.server");
}

/** Rows of people who are not signed in: named, kept, and sent by nobody else. @param {{view: import("../store.js").View}} props */
export function OthersWaiting({ view }) {
  if (!view.others.length) return null;
  return html`<section class="card" data-name="others"><h2>${t("sent.others")}</h2>
    <ul class="plain-list">${view.others.map((o) => html`<li>${t("sent.others_line", {
      name: o.name, n: o.count, age: ageWords(Date.now() - (o.oldestAt ?? 0), t),
    })}</li>`)}</ul>
    <p class="soft">${t("sent.others_why")}</p></section>`;
}
