// @ts-check
// My shifts in the phone's own calendar: an address that only I have, to copy, renew or take back.
import { useEffect, useState } from "preact/hooks";
import { call } from "../api.js";
import { announce, html } from "../dom.js";
import { t } from "../i18n.js";
import { fetchMe, keepMe, readMe } from "../offline/me.js";
import { Sure } from "./devices.js";
import { CopyText, Empty } from "./pieces.js";

/** @param {{view: import("../store.js").View}} props */
export function Calendar({ view }) {
  const id = view.session.person?.id ?? -1;
  const [url, setUrl] = useState(/** @type {string|null|undefined} */ (undefined));
  const [asking, setAsking] = useState(false);
  const [trouble, setTrouble] = useState("");
  useEffect(() => {
    (async () => {
      const doc = (await fetchMe(id)) ?? (await readMe(id));
      if (doc) setUrl(doc.calendar?.url ?? null);
      else setTrouble(t("data.no_signal"));
    })();
  }, [id]);
  const ask = async (/** @type {"POST"|"DELETE"} */ method) => {
    setTrouble("");
    setAsking(false);
    const reply = await call(method, "/me/calendar");
    if (reply.status < 200 || reply.status >= 300) return setTrouble(reply.status === 0 ? t("data.no_signal") : reply.problem?.detail || t("signin.server"));
    const next = method === "POST" ? (reply.json?.url ?? null) : null;
    setUrl(next);
    announce(t(next ? "calendar.made" : "calendar.gone"));
    const doc = await readMe(id);
    if (doc) await keepMe(id, { ...doc, calendar: { url: next } });
  };
  const alarm = html`<p class="trouble" role="alert">${trouble}</p>`;
  if (url === undefined) return trouble ? alarm : html`<${Empty} words=${t("data.fetching")} />`;
  if (url === null) {
    return html`<section class="card" data-name="calendar-off"><p>${t("calendar.why")}</p><p class="soft">${t("calendar.care")}</p>${alarm}
      <button type="button" class="button wide main" data-name="calendar-make" onClick=${() => ask("POST")}>${t("calendar.make")}</button></section>`;
  }
  return html`<section class="card" data-name="calendar-on"><p>${t("calendar.how")}</p>
    <${CopyText} text=${url} label=${t("calendar.copy")} />
    <a class="button wide plain" href=${url.replace(/^https?:/, "webcal:")}>${t("calendar.open")}</a>
    <p class="soft">${t("calendar.care")}</p>${alarm}
    ${asking ? html`<${Sure} question=${t("calendar.stop_question")} yes=${t("calendar.stop_yes")} name="calendar-stop-yes" onYes=${() => ask("DELETE")} onNo=${() => setAsking(false)} />`
      : html`<button type="button" class="button wide plain" data-name="calendar-stop" onClick=${() => setAsking(true)}>${t("calendar.stop")}</button>`}</section>`;
}
