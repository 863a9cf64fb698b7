// @ts-check
// The phone: what is stored is shown first; only then is the network asked.
import { render } from "preact";
import { refresh, send, sendAlarms } from "./actions.js";
import { html } from "./dom.js";
import { applyLook, chosenLanguage, t, useLanguage } from "./i18n.js";
import { holdScreen } from "./location.js";
import { onChange } from "./offline/db.js";
import { forgetAlarms } from "./offline/alarms.js";
import { forget } from "./offline/outbox.js";
import { refreshIdentity } from "./offline/session.js";
import { App } from "./pages/app.js";
import { current, open, reload, show, shown, watch } from "./store.js";
import { comeBackNewer, registerWorker, updateWhenIdle } from "./update.js";

const PLAN_EVERY_MS = 5 * 60_000;
const ASKING_MS = 1_500; // so long the sign-in page waits for the server to say whose cookie this is
const FIRST_MS = 4_000; // so long the worker waits for the first plan at most
const KEPT_MS = 10_000; // and so long the news wait for the worker
const KEEP_READER_MS = 20_000; // after everything that somebody waits for

async function begin() {
  applyLook();
  await useLanguage(chosenLanguage()).catch(() => useLanguage("zh"));
  const root = document.getElementById("app");
  onChange((what) => {
    if (what === "outdated") comeBackNewer();
  });
  const deaf = onChange((what) => {
    if (what === "blocked" && root) root.textContent = t("app.close_others");
  });
  await open();
  deaf();
  if (!root) return;
  root.textContent = "";
  render(html`<${App} />`, root);
  // On the very first visit the plan goes first over the line, the worker's keeping of everything after it.
  setTimeout(registerWorker, navigator.serviceWorker?.controller ? 0 : FIRST_MS);
  sendAlarms(); // a call that was cut short waits for nothing, not even for who is signed in

  window.addEventListener("online", () => catchUp(0));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") return updateWhenIdle();
    holdScreen();
    catchUp(60_000);
  });
  setInterval(() => {
    reload(); // a forgotten duty ends by the clock, too
    if (document.visibilityState === "visible") catchUp(PLAN_EVERY_MS);
  }, 30_000);

  setTimeout(() => show({ asked: true }), ASKING_MS);
  await refreshIdentity();
  await shown();
  show({ asked: true });
  await catchUp(0);
  registerWorker();
  forget().then(() => forgetAlarms()).catch(() => {});
  setTimeout(() => import("./camera.js").then((m) => m.keepReader()).catch(() => {}), KEEP_READER_MS);
  await whenKept();
  const stop = watch(hearNews);
  hearNews();

  function hearNews() {
    if (!current().session.person) return; // who is not signed in yet waits for the sign-in page alone
    stop();
    import("./offline/push.js").then((m) => m.mendPush()).catch(() => {});
    import("./stream.js").then((m) => m.listen()).catch(() => {}); // without it the phone asks every few minutes
  }
}

/** What can wait comes out of the worker's store then, not a second time over a poor line. */
function whenKept() {
  return Promise.race([navigator.serviceWorker?.ready, new Promise((go) => setTimeout(go, KEPT_MS))]);
}

/** @param {number} atMostEveryMs */
async function catchUp(atMostEveryMs) {
  await send({ patient: atMostEveryMs > 0 });
  await refresh(atMostEveryMs);
}

begin().catch((error) => {
  const root = document.getElementById("app");
  if (root) root.textContent = root.dataset.failed ?? "";
  throw error;
});
