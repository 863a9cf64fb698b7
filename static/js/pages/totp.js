// @ts-check
// The second step of signing in, for those who steer: scan, confirm with six digits, write down the spare codes.
import { useEffect, useState } from "preact/hooks";
import { call } from "../api.js";
import { tidyTotp } from "../domain/code.js";
import { html, Icon } from "../dom.js";
import { t } from "../i18n.js";
import { fetchMe, readMe } from "../offline/me.js";
import { saveFile } from "./data.js";
import { Empty } from "./pieces.js";

/** @param {{view: import("../store.js").View}} props */
export function Totp({ view }) {
  const id = view.session.person?.id ?? -1;
  const [on, setOn] = useState(/** @type {boolean|null} */ (null));
  const [fresh, setFresh] = useState(/** @type {any} */ (null)); // the secret, until it is confirmed
  const [spare, setSpare] = useState(/** @type {string[]} */ ([]));
  const [trouble, setTrouble] = useState("");
  const look = async () => {
    const doc = (await fetchMe(id)) ?? (await readMe(id));
    if (doc) setOn(!!doc.totp?.on);
    else setTrouble(t("data.no_signal"));
  };
  useEffect(() => {
    look();
  }, [id]);
  const ask = async (/** @type {"POST"|"PUT"|"DELETE"} */ method, /** @type {any} */ body = undefined) => {
    setTrouble("");
    const reply = await call(method, "/me/totp", { body });
    if (reply.status >= 200 && reply.status < 300) return reply.json ?? {};
    setTrouble(reply.status === 0 ? t("data.no_signal") : reply.problem?.detail || t("signin.server"));
    return null;
  };
  const begin = async () => setFresh(await ask("POST"));
  const confirm = async (/** @type {string} */ code) => {
    const said = await ask("PUT", { code });
    if (!said) return;
    setFresh(null);
    setSpare(said.recovery_codes ?? []);
    setOn(true);
  };
  const stop = async (/** @type {string} */ code) => {
    if (await ask("DELETE", { code })) setOn(false);
  };
  const alarm = html`<p class="trouble" role="alert">${trouble}</p>`;
  if (spare.length) return html`<${Spare} codes=${spare} onDone=${() => setSpare([])} />`;
  if (on === null) return trouble ? alarm : html`<${Empty} words=${t("data.fetching")} />`;
  if (fresh) {
    return html`<section class="card" data-name="totp-new"><p>${t("totp.scan")}</p>
      ${fresh.svg ? html`<img class="qr" alt=${t("totp.picture")} src=${`data:image/svg+xml,${encodeURIComponent(fresh.svg)}`} />` : null}
      <p>${t("totp.by_hand")}</p><p class="phrase-shown" data-name="totp-secret">${grouped(String(fresh.secret ?? ""))}</p>
      ${alarm}<${CodeForm} name="totp-confirm" label=${t("totp.code")} action=${t("totp.confirm")} onCode=${confirm} /></section>`;
  }
  if (!on) {
    return html`<section class="card" data-name="totp-off"><p>${t("totp.why")}</p><p class="soft">${t("totp.needs")}</p>${alarm}
      <button type="button" class="button wide main" data-name="totp-begin" onClick=${begin}>${t("totp.begin")}</button></section>`;
  }
  return html`<section class="card" data-name="totp-on"><p class="state"><${Icon} name="done" />${t("totp.is_on")}</p><p class="soft">${t("totp.stop_why")}</p>
    ${alarm}<${CodeForm} name="totp-stop" label=${t("totp.code_or_spare")} action=${t("totp.stop")} tone="plain" onCode=${stop} /></section>`;
}

/** @param {{name: string, label: string, action: string, tone?: string, onCode: (code: string) => Promise<void>}} props */
function CodeForm({ name, label, action, tone = "main", onCode }) {
  const [busy, setBusy] = useState(false);
  return html`<form class="form" method="post" data-name=${name} onSubmit=${async (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const form = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
      setBusy(true);
      await onCode(tidyTotp(String(form.get("code"))));
      setBusy(false);
    }}>
    <label class="field"><span>${label}</span><input class="code" name="code" autocomplete="one-time-code" inputmode="text" autocapitalize="characters" spellcheck=${false} required /></label>
    <button class=${`button wide ${tone}`} disabled=${busy}>${action}</button></form>`;
}

/** Shown once; the server keeps only what they hash to. @param {{codes: string[], onDone: () => void}} props */
function Spare({ codes, onDone }) {
  const save = () => saveFile(new Blob([`${codes.join("\n")}\n`], { type: "text/plain" }), "xunfang-recovery.txt");
  return html`<section class="card" data-name="totp-spare"><h2>${t("totp.spare_title")}</h2><p>${t("totp.spare_why")}</p>
    <ol class="spare">${codes.map((c) => html`<li>${c}</li>`)}</ol>
    <button type="button" class="button wide plain" onClick=${save}>${t("totp.spare_save")}</button>
    <button type="button" class="button wide main" data-name="totp-written" onClick=${onDone}>${t("totp.spare_done")}</button></section>`;
}

/** @param {string} secret */
function grouped(secret) {
  return secret.replace(/(.{4})(?=.)/g, "$1 ");
}
