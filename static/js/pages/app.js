// @ts-check
// The frame: what needs saying above every page, the sending state top right, the bar of four below.
import { useEffect, useState } from "preact/hooks";
import { unsentWords } from "../domain/words.js";
import { go, html, Icon, routeName } from "../dom.js";
import { t } from "../i18n.js";
import { current, watch } from "../store.js";
import { applyUpdate } from "../update.js";
import { lazy } from "./lazy.js";
import { Me } from "./me.js";
import { Outbox } from "./outbox.js";
import { Patrol } from "./patrol.js";
import { SignIn } from "./signin.js";
import { SosKey } from "./soskey.js";
import { Today } from "./today.js";

/** @returns {import("../store.js").View} */
function useView() {
  const [, again] = useState(0);
  useEffect(() => watch(() => again((n) => n + 1)), []);
  useEffect(() => {
    const clock = setInterval(() => again((n) => n + 1), 30_000); // ages grow by themselves
    return () => clearInterval(clock);
  }, []);
  return current();
}

function useRoute() {
  const [route, setRoute] = useState(routeName());
  useEffect(() => {
    const turn = () => {
      setRoute(routeName());
      window.scrollTo(0, 0);
      document.getElementById("title")?.focus({ preventScroll: true });
    };
    window.addEventListener("hashchange", turn);
    return () => window.removeEventListener("hashchange", turn);
  }, []);
  return route;
}

// What a check-in needs is loaded at once; the rest when it is opened. The worker keeps all of it.
const PAGES = /** @type {Record<string, any>} */ ({
  today: Today, patrol: Patrol, me: Me, outbox: Outbox,
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
  help: lazy(() => import("./help.js").then((m) => m.Help)),
  loggers: lazy(() => import("./loggers.js").then((m) => m.Loggers)),
});

export function App() {
  const view = useView();
  const route = useRoute();
  const name = route in PAGES ? route : "today";
  if (!view.loaded) return html`<p class="opening" role="status">${t("app.opening")}</p>`;
  if (!view.session.person) {
    return html`<${Frame} view=${view} title=${t("app.name")} bare=${true}><${SignIn} view=${view} /></${Frame}>`;
  }
  const Page = PAGES[name];
  return html`<${Frame} view=${view} title=${t(`nav.${name}`)} name=${name}><${Page} view=${view} key=${name} /></${Frame}>`;
}

/** @param {{view: import("../store.js").View, title: string, name?: string, bare?: boolean, children?: any}} props */
function Frame({ view, title, name, bare = false, children }) {
  return html`
    <header class="top">
      <h1 id="title" tabindex="-1">${title}</h1>
      ${bare ? null : html`<${SendingState} view=${view} />`}
    </header>
    ${bare ? null : html`<${SosKey} view=${view} name=${name} />`}
    <${Notices} view=${view} name=${name} />
    <main class=${`page page-${name ?? "signin"}`} id="main">${children}</main>
    ${bare ? null : html`<${Bar} name=${name} />`}`;
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
  if (view.session.expired && name !== "outbox") {
    list.push(html`<a class="notice need" href="#/outbox" data-name="expired">
      <${Icon} name="need" /><span>${t("signin.expired_notice")}</span></a>`);
  }
  if (view.roomLow) {
    list.push(html`<p class="notice need" role="alert"><${Icon} name="need" /><span>${t("trouble.room_low")}</span></p>`);
  }
  if (view.update) {
    list.push(html`<div class="notice wait"><span>${t("app.update")}</span>
      <button type="button" class="button small" onClick=${() => applyUpdate()}>${t("app.update_now")}</button></div>`);
  }
  return list.length ? html`<div class="notices">${list}</div>` : null;
}

/** @param {{name?: string}} props */
function Bar({ name }) {
  const keys = /** @type {const} */ (["today", "patrol", "report", "me"]);
  return html`<nav class="bar" aria-label=${t("nav.label")}>
    ${keys.map((key) => html`<a href=${`#/${key}`} class="bar-key" aria-current=${name === key ? "page" : undefined}
        onClick=${() => go(`#/${key}`)}><${Icon} name=${key} /><span>${t(`nav.${key}`)}</span></a>`)}
  </nav>`;
}
