// @ts-check
// Sent / not sent: what waits and since when, what was held or not counted and why, a copy for the worst case.
import { useState } from "preact/hooks";
import { send } from "../actions.js";
import { standing } from "../domain/duty.js";
import { ageWords, clockTime, reasonWords, unsentWords } from "../domain/words.js";
import { html, Icon } from "../dom.js";
import { language, t } from "../i18n.js";
import { newPhrase, sealCopy } from "../offline/copy.js";
import { unsentRows } from "../offline/outbox.js";
import { OthersWaiting, SignIn } from "./signin.js";

/** @param {{view: import("../store.js").View}} props */
export function Outbox({ view }) {
  const [busy, setBusy] = useState(false);
  const { mine, sending, session } = view;
  const asked = sending.asked && (sending.wait_until ?? 0) > Date.now();
  const tryNow = async () => {
    setBusy(true);
    await send();
    setBusy(false);
  };
  const waiting = view.rows.filter((r) => standing(r) === "waiting");
  const segments = mine.count - waiting.length;
  const trouble = view.rows.filter((r) => ["review", "not_counted", "refused"].includes(standing(r))).reverse();
  const fine = view.rows.filter((r) => ["counted", "stored"].includes(standing(r))).reverse().slice(0, 40);
  return html`
    <section class=${`card sums ${mine.count ? "wait" : ""}`} data-name="outbox" data-count=${mine.count}>
      <p class="big-words"><${Icon} name=${mine.count ? "wait" : "done"} />${unsentWords(mine, Date.now(), t)}</p>
      ${mine.count ? html`<p class="soft">${t("sent.safe")}</p>` : null}
      ${asked ? html`<p class="soft">${t("sent.asked", { time: clockTime(sending.wait_until ?? 0, language()) })}</p>` : null}
      ${mine.count && !asked && sending.failures ? html`<p class="soft">${t("sent.no_answer")}</p>` : null}
      ${mine.count ? html`<button type="button" class="button wide main" data-name="try-now" disabled=${busy || asked || session.expired} onClick=${tryNow}>${t(busy ? "sent.trying" : "sent.try")}</button>` : null}
      ${sending.last_sent_at ? html`<p class="soft small">${t("sent.last", { age: ageWords(Date.now() - sending.last_sent_at, t) })}</p>` : null}
    </section>
    ${session.expired ? html`<section data-name="sign-in-again"><h2>${t("signin.expired")}</h2><${SignIn} view=${view} compact=${true} /></section>` : null}
    ${waiting.length || segments > 0 ? html`<section><h2>${t("sent.list_waiting")}</h2><ul class="plain-list">
      ${waiting.map((r) => html`<${Item} row=${r} view=${view} />`)}
      ${segments > 0 ? html`<li class="line"><span class="line-name">${t("kind.segments", { n: segments })}</span></li>` : null}
    </ul></section>` : null}
    <${OthersWaiting} view=${view} />
    ${mine.count ? html`<${Copy} view=${view} />` : null}
    ${trouble.length ? html`<section><h2>${t("sent.list_review")}</h2><ul class="plain-list">${trouble.map((r) => html`<${Item} row=${r} view=${view} />`)}</ul></section>` : null}
    ${fine.length ? html`<details class="list"><summary>${t("sent.list_sent", { n: fine.length })}</summary><ul class="plain-list">${fine.map((r) => html`<${Item} row=${r} view=${view} />`)}</ul></details>` : null}`;
}

/** @param {{row: import("../store.js").OutboxRow, view: import("../store.js").View}} props */
function Item({ row, view }) {
  const stands = standing(row);
  const look = { waiting: "wait", counted: "done", review: "wait", not_counted: "need", stored: "done", refused: "need" }[stands];
  const reasons = reasonWords(row.receipt?.reasons, t);
  return html`<li class="line" data-name="item" data-kind=${row.kind} data-standing=${stands}>
    <${Icon} name=${look} />
    <span class="line-name">${whatWords(row, view)}
      <span class="soft small">${ageWords(Date.now() - row.queued_at, t)}${row.tries ? ` · ${t("sent.tries", { n: row.tries })}` : ""}</span>
      ${reasons ? html`<span class="small">${reasons}</span>` : null}</span>
    <span class="small">${t(row.state === "sending" ? "standing.sending" : `standing.${stands}`)}</span></li>`;
}

/** @param {import("../store.js").OutboxRow} row @param {import("../store.js").View} view */
function whatWords(row, view) {
  const body = row.envelope.body;
  if (row.kind !== "checkin") return t(`kind.${row.kind.replace(".", "_")}`);
  const plan = view.kept?.plan;
  const place = body.checkpoint_id
    ? plan?.routes.flatMap((r) => r.checkpoints).find((c) => c.id === body.checkpoint_id)?.name
    : plan?.hotspots.find((h) => h.id === body.hotspot_id)?.name;
  return `${t(`kind.${body.phase}`)}${place ? ` · ${place}` : ""}`;
}

/** @param {{view: import("../store.js").View}} props */
function Copy({ view }) {
  const [phrase, setPhrase] = useState("");
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState("");
  const save = async () => {
    setBusy(true);
    try {
      const rows = await unsentRows(view.session.person?.id ?? -1);
      const text = await sealCopy(rows.map((r) => r.envelope), phrase);
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([text], { type: "application/octet-stream" }));
      link.download = `xunfang-${new Date().toISOString().slice(0, 16).replace(/[:T]/g, "-")}.xfcopy`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      setSaid(t("copy.saved", { n: rows.length }));
    } catch {
      setSaid(t("copy.failed"));
    }
    setBusy(false);
  };
  return html`<details class="list copy"><summary>${t("copy.title")}</summary>
    <p class="soft">${t("copy.why")}</p>
    ${phrase === "" ? html`<button type="button" class="button wide plain" onClick=${() => setPhrase(newPhrase())}>${t("copy.begin")}</button>` : html`
      <p>${t("copy.phrase")}</p><p class="phrase-shown" data-name="phrase">${phrase}</p>
      <button type="button" class="button wide main" data-name="copy-save" disabled=${busy} onClick=${save}>${t(busy ? "copy.doing" : "copy.save")}</button>`}
    <p role="status">${said}</p>
  </details>`;
}
