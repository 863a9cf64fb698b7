// @ts-check
// Sent / not sent: what waits and since when, what was held or not counted and why, and the way to a copy.
import { useEffect, useState } from "preact/hooks";
import { send } from "../actions.js";
import { standing } from "../domain/duty.js";
import { ageWords, clockTime, dayName, dayOf, reasonWords, unsentWords } from "../domain/words.js";
import { html, Icon } from "../dom.js";
import { hasWords, language, t } from "../i18n.js";
import { makeRoom } from "../offline/makeroom.js";
import { room } from "../offline/room.js";
import { lazy } from "./lazy.js";
import { OthersWaiting, SignIn } from "./signin.js";

const Contest = lazy(() => import("./contest.js").then((m) => m.Contest));

/** @param {{view: import("../store.js").View}} props */
export function Outbox({ view }) {
  const waiting = view.rows.filter((r) => standing(r) === "waiting");
  const photos = view.mine.photos ?? 0;
  const segments = view.mine.count - waiting.length - photos;
  const trouble = view.rows.filter((r) => ["review", "not_counted", "refused"].includes(standing(r))).reverse();
  const fine = view.rows.filter((r) => ["counted", "stored"].includes(standing(r))).reverse().slice(0, 40);
  return html`
    <${Sums} view=${view} />
    ${view.session.expired ? html`<section class="list-group" data-name="sign-in-again"><h2>${t("signin.expired")}</h2><${SignIn} view=${view} compact=${true} /></section>` : null}
    ${view.roomLow ? html`<${Room} />` : null}
    ${waiting.length || segments > 0 || photos > 0 ? html`<section class="list-group"><h2>${t("sent.list_waiting")}</h2><ul class="plain-list">
      ${waiting.map((r) => html`<${Item} row=${r} view=${view} key=${r.id} />`)}
      ${segments > 0 ? html`<li class="line"><${Icon} name="wait" /><span class="line-name">${t("kind.segments", { n: segments })}</span></li>` : null}
      ${photos > 0 ? html`<li class="line" data-name="photos-waiting"><${Icon} name="wait" /><span class="line-name">${t("kind.photos", { n: photos })}</span></li>` : null}
    </ul></section>` : null}
    <${OthersWaiting} view=${view} />
    ${trouble.length ? html`<section class="list-group"><h2>${t("sent.list_review")}</h2><ul class="plain-list">${trouble.map((r) => html`<${Item} row=${r} view=${view} key=${r.id} />`)}</ul></section>` : null}
    ${fine.length ? html`<details class="list"><summary>${t("sent.list_sent", { n: fine.length })}</summary><ul class="plain-list">${fine.map((r) => html`<${Item} row=${r} view=${view} key=${r.id} />`)}</ul></details>` : null}
    <nav class="entries" aria-label=${t("copy.nav")}><ul>
      ${view.mine.count ? html`<li><a class="entry" href="#/copy" data-name="to-copy"><${Icon} name="device" /><span class="line-name">${t("nav.copy")}<span class="soft small">${t("copy.short")}</span></span><${Icon} name="next" /></a></li>` : null}
      <li><a class="entry" href="#/restore" data-name="to-restore"><${Icon} name="data" /><span class="line-name">${t("nav.restore")}<span class="soft small">${t("restore.short")}</span></span><${Icon} name="next" /></a></li>
    </ul></nav>`;
}

/** @param {{view: import("../store.js").View}} props */
function Sums({ view }) {
  const [busy, setBusy] = useState(false);
  const { mine, sending, session } = view;
  const asked = sending.asked && (sending.wait_until ?? 0) > Date.now();
  const tryNow = async () => {
    setBusy(true);
    await send();
    setBusy(false);
  };
  return html`<section class=${`card sums ${mine.count ? "wait" : ""}`} data-name="outbox" data-count=${mine.count}>
      <p class="big-words"><${Icon} name=${mine.count ? "wait" : "done"} />${unsentWords(mine, Date.now(), t)}</p>
      ${mine.count ? html`<p class="soft">${t("sent.safe")}</p>` : null}
      ${asked ? html`<p class="soft">${t("sent.asked", { time: clockTime(sending.wait_until ?? 0, language()) })}</p>` : null}
      ${mine.count && !asked && sending.failures && !session.expired ? html`<p class="soft">${t("sent.no_answer")}</p>` : null}
      ${session.expired && mine.count ? html`<p class="state need"><${Icon} name="need" />${t("sent.expired")}</p>` : null}
      ${mine.count && !session.expired ? html`<button type="button" class="button wide main" data-name="try-now" disabled=${busy || asked} onClick=${tryNow}>${t(busy ? "sent.trying" : "sent.try")}</button>` : null}
      ${sending.last_sent_at ? html`<p class="soft small">${t("sent.last", { age: ageWords(Date.now() - sending.last_sent_at, t) })}</p>` : null}
    </section>`;
}

/** The phone is nearly full: what takes room here, and one button that gives some back. */
function Room() {
  const [space, setSpace] = useState(/** @type {import("../offline/room.js").Space|null} */ (null));
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState("");
  useEffect(() => {
    room().then(setSpace);
  }, []);
  const free = async () => {
    setBusy(true);
    const gained = await makeRoom();
    setSaid(t(gained > 200_000 ? "room.gained" : "room.nothing", { n: megabytes(gained) }));
    setSpace(await room());
    setBusy(false);
  };
  return html`<section class="card" data-name="room"><h2>${t("room.title")}</h2>
    ${space?.freeBytes != null ? html`<p>${t("room.left", { n: megabytes(space.freeBytes) })}</p>` : null}
    <p class="soft">${t("room.how")}</p><p role="status" class="state">${said}</p>
    <button type="button" class="button wide main" data-name="make-room" disabled=${busy} onClick=${free}>${t(busy ? "room.doing" : "room.do")}</button>
    <ul class="words"><li>${t("room.photos")}</li><li>${t("room.apps")}</li><li>${t("room.copy")}</li></ul></section>`;
}

/** @param {number} bytes */
function megabytes(bytes) {
  return (bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 1 : 0);
}

/** @param {{row: import("../store.js").OutboxRow, view: import("../store.js").View}} props */
function Item({ row, view }) {
  const stands = standing(row);
  const look = { waiting: "wait", counted: "done", review: "wait", not_counted: "need", stored: "done", refused: "need" }[stands];
  const reasons = reasonWords(row.receipt?.reasons, t);
  const sent = row.kind === "checkin" || stands !== "counted" ? stands : "stored"; // only a check-in is counted
  const mayAnswer = row.kind === "checkin" && (stands === "not_counted" || stands === "review");
  return html`<li><div class="line" data-name="item" data-kind=${row.kind} data-standing=${stands}>
    <${Icon} name=${look} />
    <span class="line-name">${whatWords(row, view)}
      <span class="soft small">${[whenWords(row), row.tries ? t("sent.tries", { n: row.tries }) : ""].filter(Boolean).join(" · ")}</span>
      ${reasons ? html`<span class="small">${reasons}</span>` : null}
      ${row.kind === "report" && stands === "refused" ? html`<a class="quiet" href=${`#/report?part=again&id=${row.id}`} data-name="edit-report">${t("report.again")}</a>` : null}</span>
    <span class="small">${t(row.state === "sending" ? "standing.sending" : `standing.${sent}`)}</span></div>
    ${mayAnswer ? html`<${Contest} view=${view} row=${row} />` : null}</li>`;
}

/** The time of the tap, and the day where it was not today. @param {import("../store.js").OutboxRow} row */
function whenWords(row) {
  const lang = language();
  const day = dayOf(row.queued_at);
  const time = clockTime(row.queued_at, lang);
  return `${day === dayOf(Date.now()) ? time : `${dayName(day, lang)} ${time}`} · ${ageWords(Date.now() - row.queued_at, t)}`;
}

/** What it is and where. @param {import("../store.js").OutboxRow} row @param {import("../store.js").View} view */
function whatWords(row, view) {
  const body = row.envelope.body;
  const code = `kind.${row.kind === "checkin" ? body.phase : row.kind.replace(".", "_")}`;
  const more = [placeWords(body, view), detailWords(row.kind, body)].filter(Boolean);
  return [hasWords(code) ? t(code) : t("kind.other"), ...more].join(" · ");
}

/** @param {any} body @param {import("../store.js").View} view */
function placeWords(body, view) {
  const plan = view.kept?.plan;
  if (body.checkpoint_id) return plan?.routes.flatMap((r) => r.checkpoints).find((c) => c.id === body.checkpoint_id)?.name;
  if (body.hotspot_id) return plan?.hotspots.find((h) => h.id === body.hotspot_id)?.name;
  const shift = body.shift_id ? plan?.shifts.find((s) => s.id === body.shift_id) : null;
  return shift && plan?.routes.find((r) => r.version_id === shift.route_version_id)?.name;
}

/** @param {string} kind @param {any} body */
function detailWords(kind, body) {
  const code = kind === "report" ? `category.${body.category}` : kind === "note" ? `phrase.${body.phrase}` : "";
  return hasWords(code) ? t(code) : "";
}
