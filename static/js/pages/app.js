// @ts-check
// The frame: what needs saying above every page, the sending state top right, the bar of four below.
import { useEffect, useState } from "preact/hooks";
import { unsentWords } from "../domain/words.js";
import { go, html, Icon, routeName, routeParams } from "../dom.js";
import { applyLook, t } from "../i18n.js";
import { isWeChat, listenForInstall } from "../install.js";
import { current, watch } from "../store.js";
import { applyUpdate } from "../update.js";
import { lazy } from "./lazy.js";
import { DutyNews } from "./dutynews.js";
import { Patrol } from "./patrol.js";
import { SosKey } from "./soskey.js";

/** @returns {import("../store.js").View} */
function useView() {
  const [, again] = useState(0);
  useEffect(() => watch(() => again((n) => n + 1)), []);
  useEffect(() => {
    const clock = setInterval(() => {
      applyLook(); // evening comes
      again((n) => n + 1); // ages grow by themselves
    }, 30_000);
    return () => clearInterval(clock);
  }, []);
  return current();
}

function useRoute() {
  const [, setAddress] = useState(location.hash);
  useEffect(() => {
    const turn = () => {
      setAddress(location.hash);
      window.scrollTo(0, 0);
      document.getElementById("title")?.focus({ preventScroll: true });
    };
    window.addEventListener("hashchange", turn);
    return () => window.removeEventListener("hashchange", turn);
  }, []);
  return routeName();
}

// What a check-in needs is loaded at once; the rest when it is opened. The worker keeps all of it.
const PAGES = /** @type {Record<string, any>} */ ({
  patrol: Patrol,
  today: lazy(() => import("./today.js").then((m) => m.Today)),
  outbox: lazy(() => import("./outbox.js").then((m) => m.Outbox)),
  code: lazy(() => import("./code.js").then((m) => m.Code)),
  me: lazy(() => import("./me.js").then((m) => m.Me)),
  note: lazy(() => import("./note.js").then((m) => m.Note)),
  report: lazy(() => import("./report.js").then((m) => m.Report)),
  sos: lazy(() => import("./sos.js").then((m) => m.Sos)),
  pin: lazy(() => import("./pin.js").then((m) => m.Pin)),
  crew: lazy(() => import("./crew.js").then((m) => m.Crew)),
  swaps: lazy(() => import("./swaps.js").then((m) => m.Swaps)),
  scan: lazy(() => import("./scan.js").then((m) => m.Scan)),
  cosign: lazy(() => import("./cosign.js").then((m) => m.Cosign)),
  settings: lazy(() => import("./settings.js").then((m) => m.Settings)),
  data: lazy(() => import("./data.js").then((m) => m.Data)),
  devices: lazy(() => import("./devices.js").then((m) => m.Devices)),
  totp: lazy(() => import("./totp.js").then((m) => m.Totp)),
  points: lazy(() => import("./points.js").then((m) => m.Points)),
  calendar: lazy(() => import("./calendar.js").then((m) => m.Calendar)),
  copy: lazy(() => import("./copy.js").then((m) => m.Copy)),
  restore: lazy(() => import("./copy.js").then((m) => m.Restore)),
  help: lazy(() => import("./help.js").then((m) => m.Help)),
  playback: lazy(() => import("./playback.js").then((m) => m.Playback)),
  cases: lazy(() => import("./cases.js").then((m) => m.Cases)),
  redeem: lazy(() => import("./redeem.js").then((m) => m.Redeem)),
  loggers: lazy(() => import("./loggers.js").then((m) => m.Loggers)),
});

const SignIn = lazy(() => import("./signin.js").then((m) => m.SignIn));

// Where the way back leads from a page that is not on the bar.
const PARENTS = /** @type {Record<string, string>} */ ({
  note: "report", crew: "today", scan: "patrol", cosign: "patrol", sos: "patrol", outbox: "today", code: "today",
  totp: "devices", copy: "outbox", restore: "outbox",
});
const BAR = /** @type {const} */ (["today", "patrol", "report", "me"]);

/** What somebody who is not signed in may open: the code's link, the camera for it, and how to install. @param {string} name */
function isOpenToAll(name) {
  return name === "code" || name === "help" || (name === "scan" && routeParams().get("for") === "signin");
}

listenForInstall();

export function App() {
  const view = useView();
  const route = useRoute();
  const name = route in PAGES ? route : "today";
  if (!view.loaded || (!view.session.person && !view.asked && !isOpenToAll(name))) return html`<p class="opening" role="status">${t("app.opening")}</p>`;
  if (!view.session.person) {
    const Open = isOpenToAll(name) ? PAGES[name] : SignIn;
    return html`<${Frame} view=${view} title=${t(Open === SignIn ? "app.name" : `nav.${name}`)} name=${Open === SignIn ? undefined : name} bare=${true}>
      <${Open} view=${view} key=${name} /></${Frame}>`;
  }
  const Page = PAGES[name];
  return html`<${Frame} view=${view} title=${t(`nav.${name}`)} name=${name}><${Page} view=${view} key=${name} /></${Frame}>`;
}

/** @param {{view: import("../store.js").View, title: string, name?: string, bare?: boolean, children?: any}} props */
function Frame({ view, title, name, bare = false, children }) {
  const isPlan = name === "today" || name === "patrol"; // a page anew when the plan comes: nothing of it has jumped then
  return html`
    <header class="top">
      <${Back} name=${name} bare=${bare} />
      <h1 id="title" tabindex="-1">${title}</h1>
      ${bare ? null : html`<${SendingState} view=${view} />`}
    </header>
    ${bare ? null : html`<${SosKey} view=${view} name=${name} />`}
    <${Notices} view=${view} name=${name} />
    ${bare ? null : html`<${DutyNews} view=${view} name=${name} />`}
    <main class=${`page page-${name ?? "signin"}`} id="main" key=${isPlan && !view.kept ? "before" : "page"}>${children}</main>
    ${bare ? null : html`<${Bar} name=${name} />`}`;
}

/** One step up, large enough for a thumb, on every page that the bar does not name. @param {{name?: string, bare: boolean}} props */
function Back({ name, bare }) {
  if (!name || BAR.some((key) => key === name)) return null;
  const up = bare ? "today" : routeParams().has("part") ? name : (PARENTS[name] ?? "me");
  return html`<a class="back" href=${`#/${up}`} data-name="back" aria-label=${t("app.back")}><${Icon} name="back" /></a>`;
}

/** @param {{view: import("../store.js").View}} props */
function SendingState({ view }) {
  const { mine } = view;
  const words = unsentWords(mine, Date.now(), t);
  return html`<a class=${`sending ${mine.count ? "is-waiting" : "is-sent"}`} href="#/outbox" data-name="sending"
      data-count=${mine.count} aria-label=${`${words} ${t("sent.open")}`}>
    <${Icon} name=${mine.count ? "wait" : "done"} />
    <span>${mine.count ? t("sent.short", { n: mine.count }) : t("sent.short_all")}</span>
  </a>`;
}

/** @param {{view: import("../store.js").View, name?: string}} props */
function Notices({ view, name }) {
  const list = [];
  if (isWeChat() && name !== "help") {
    list.push(html`<a class="notice need" href="#/help" data-name="wechat"><${Icon} name="need" /><span>${t("help.wechat_notice")}</span></a>`);
  }
  if (view.session.expired && name !== "outbox") {
    list.push(html`<a class="notice need" href="#/outbox" data-name="expired">
      <${Icon} name="need" /><span>${t("signin.expired_notice")}</span></a>`);
  }
  if (view.roomLow) {
    list.push(html`<a class="notice need" href="#/outbox" data-name="room-low"><${Icon} name="need" /><span role="alert">${t("trouble.room_low")}</span></a>`);
  }
  if (name !== "cases" && view.kept?.plan.cases?.some((one) => !one.answered)) {
    list.push(html`<a class="notice need" href="#/cases" data-name="case"><${Icon} name="need" /><span>${t("case.notice")}</span></a>`);
  }
  if (view.update) {
    list.push(html`<div class="notice wait"><span>${t("app.update")}</span>
      <button type="button" class="button small" onClick=${() => applyUpdate()}>${t("app.update_now")}</button></div>`);
  }
  return list.length ? html`<div class="notices">${list}</div>` : null;
}

/** @param {{name?: string}} props */
function Bar({ name }) {
  return html`<nav class="bar" aria-label=${t("nav.label")}>
    ${BAR.map((key) => html`<a href=${`#/${key}`} class="bar-key" aria-current=${name === key ? "page" : undefined}
        onClick=${() => go(`#/${key}`)}><${Icon} name=${key} /><span>${t(`nav.${key}`)}</span></a>`)}
  </nav>`;
}
