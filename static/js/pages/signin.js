// @ts-check
// Signing in: the leader's code first, login and password beside it. Inside the shell, so that an installed app can sign
// in; also for a session that has expired, which loses nothing.
import { useEffect, useRef, useState } from "preact/hooks";
import { refresh, send } from "../actions.js";
import { LETTERS, shownCode, tidyCode, tidyTotp } from "../domain/code.js";
import { ageWords } from "../domain/words.js";
import { announce, html, Icon } from "../dom.js";
import { chooseLanguage, language, readSetting, t, writeSetting } from "../i18n.js";
import { signIn, signInByCode } from "../offline/session.js";
import { reload } from "../store.js";

/**
 * @typedef {(totp?: string) => Promise<import("../api.js").Reply>} Way
 *
 * One try to sign in, with the second step where it is asked for.
 * @param {() => void} [onDone]
 */
export function useEntry(onDone) {
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState("");
  const [asking, setAsking] = useState(/** @type {{way: Way}|null} */ (null));
  /** @param {Way} way @param {string} [totp] */
  const enter = async (way, totp) => {
    setBusy(true);
    setTrouble("");
    const reply = await way(totp);
    setBusy(false);
    if (reply.problem?.code === "totp_needed") return setAsking({ way });
    if (reply.status !== 200) return setTrouble(troubleWords(reply));
    setAsking(null);
    await reload();
    announce(t("signin.done"));
    onDone?.();
    await refresh();
    send();
  };
  return { busy, trouble, asking, enter, stop: () => setAsking(null) };
}

/** @param {{view: import("../store.js").View, compact?: boolean}} props compact: the session has expired */
export function SignIn({ view, compact = false }) {
  const [way, setWay] = useState(compact ? (readSetting("signin") ?? "code") : "code");
  const entry = useEntry();
  const { person } = view.session;
  const choose = (/** @type {string} */ next) => {
    writeSetting("signin", next);
    setWay(next);
  };
  if (entry.asking) return html`<div class="signin" data-name="signin"><${SecondStep} entry=${entry} /></div>`;
  return html`<div class="signin" data-name="signin">
      ${way === "code" ? html`<${ByCode} entry=${entry} compact=${compact} />` : html`<${ByPassword} entry=${entry} compact=${compact} login=${compact ? person?.login : ""} />`}
      <button type="button" class="button wide plain" data-name=${way === "code" ? "by-password" : "by-code"}
        onClick=${() => choose(way === "code" ? "password" : "code")}>${t(way === "code" ? "signin.by_password" : "signin.by_code")}</button>
    </div>
    ${compact ? null : html`<${OthersWaiting} view=${view} /><${Beside} />`}`;
}

/** @param {{entry: ReturnType<typeof useEntry>, compact: boolean}} props */
function ByCode({ entry, compact }) {
  const [code, setCode] = useState("");
  const whole = code.length === LETTERS;
  return html`<form class="card" method="post" data-name="signin-code" onSubmit=${(/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      if (whole) entry.enter((totp) => signInByCode(code, totp));
    }}>
    ${compact ? null : html`<h2>${t("signin.code_title")}</h2>`}
    <p class="soft">${t(compact ? "signin.again_code" : "signin.code_why")}</p>
    <label class="field"><span>${t("signin.code")}</span>
      <input class="code" name="code" value=${shownCode(code)} autocomplete="one-time-code" autocapitalize="characters" autocorrect="off"
        spellcheck=${false} enterkeyhint="go" onInput=${(/** @type {any} */ event) => {
          const next = tidyCode(event.currentTarget.value);
          setCode(next);
          event.currentTarget.value = shownCode(next);
        }} />
      <span class="soft small" id="code-left">${whole ? t("signin.code_whole") : t("signin.code_left", { n: LETTERS - code.length })}</span></label>
    <p class="trouble" role="alert">${entry.trouble}</p>
    <button class="button wide main" data-name="code-enter" disabled=${entry.busy || !whole}>${t(entry.busy ? "signin.doing" : "signin.do")}</button>
    <a class="button wide plain" href="#/scan?for=signin" data-name="scan"><${Icon} name="scan" />${t("signin.scan")}</a>
  </form>`;
}

/** @param {{entry: ReturnType<typeof useEntry>, compact: boolean, login?: string}} props */
function ByPassword({ entry, compact, login = "" }) {
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
    const [who, password] = [String(form.get("login")).trim(), String(form.get("password"))];
    entry.enter((totp) => signIn(who, password, totp));
  };
  return html`<form class="card" onSubmit=${submit} method="post">
    ${compact ? null : html`<h2>${t("signin.title")}</h2>`}
    <p class="soft">${t(compact ? "signin.again" : "signin.why")}</p>
    <label class="field"><span>${t("signin.login")}</span>
      <input name="login" autocomplete="username" autocapitalize="none" spellcheck=${false} required defaultValue=${login} /></label>
    <label class="field"><span>${t("signin.password")}</span>
      <input name="password" type="password" autocomplete="current-password" required /></label>
    <p class="trouble" role="alert">${entry.trouble}</p>
    <button class="button wide main" disabled=${entry.busy}>${t(entry.busy ? "signin.doing" : "signin.do")}</button>
  </form>`;
}

/** @param {{entry: ReturnType<typeof useEntry>}} props */
export function SecondStep({ entry }) {
  const box = useRef(/** @type {HTMLInputElement|null} */ (null));
  useEffect(() => box.current?.focus(), []);
  return html`<form class="card" method="post" data-name="signin-totp" onSubmit=${(/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      if (entry.asking) entry.enter(entry.asking.way, tidyTotp(box.current?.value ?? ""));
    }}>
    <h2>${t("signin.totp_title")}</h2>
    <p class="soft">${t("signin.totp_why")}</p>
    <label class="field"><span>${t("signin.totp")}</span>
      <input class="code" ref=${box} name="totp" autocomplete="one-time-code" inputmode="text" autocapitalize="characters" spellcheck=${false} required /></label>
    <p class="trouble" role="alert">${entry.trouble}</p>
    <button class="button wide main" disabled=${entry.busy}>${t(entry.busy ? "signin.doing" : "signin.totp_do")}</button>
    <button type="button" class="button wide plain" onClick=${entry.stop}>${t("app.back")}</button>
  </form>`;
}

/** What somebody may need before they are in: another language, and how to install. */
function Beside() {
  const other = language() === "zh" ? "en" : "zh";
  return html`<p class="row beside">
    <a class="button plain" href="#/help">${t("nav.help")}</a>
    <button type="button" class="button plain" lang=${other === "en" ? "en" : "zh-CN"} data-name=${`lang-${other}`}
      onClick=${() => chooseLanguage(other).then(reload)}>${other === "en" ? "English" : "中文"}</button></p>`;
}

/** @param {import("../api.js").Reply} reply */
export function troubleWords(reply) {
  if (reply.status === 0) return t("signin.no_signal");
  if (reply.status === 429) {
    const minutes = Math.max(1, Math.ceil(Number(reply.retryAfter ?? 60) / 60));
    return t("signin.too_many", { n: Number.isFinite(minutes) ? minutes : 1 });
  }
  if (reply.status >= 400 && reply.status < 500) return reply.problem?.detail || t("signin.wrong");
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
