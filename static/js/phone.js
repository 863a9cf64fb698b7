// @ts-check
// The phone: what is stored is shown first; only then is the network asked.
import { render } from "preact";
import { refresh, send, sendAlarms } from "./actions.js";
import { clockTime } from "./domain/words.js";
import { html } from "./dom.js";
import { applyLook, chosenLanguage, t, useLanguage } from "./i18n.js";
import { holdScreen } from "./location.js";
import { onChange } from "./offline/db.js";
import { forgetAlarms } from "./offline/alarms.js";
import { forget } from "./offline/outbox.js";
import { refreshIdentity } from "./offline/session.js";
import { App } from "./pages/app.js";
import { current, open, reload, show, watch } from "./store.js";
import { comeBackNewer, registerWorker, updateWhenIdle } from "./update.js";

const PLAN_EVERY_MS = 5 * 60_000;
const ASKING_MS = 1_500; // so long the sign-in page waits for the server to say whose cookie this is
const KEEP_READER_MS = 20_000; // after everything that somebody waits for

async function begin() {
  applyLook();
  const words = useLanguage(chosenLanguage());
  setTimeout(() => clockTime(0, "zh")); // a browser's first time in a zone takes a slow phone 0.1 s: while the words come
  await words.catch(() => useLanguage("zh"));
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
  registerWorker();
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
  await reload();
  show({ asked: true });
  await catchUp(0);
  forget().then(() => forgetAlarms()).catch(() => {});
  setTimeout(() => import("./camera.js").then((m) => m.keepReader()).catch(() => {}), KEEP_READER_MS);
  const stop = watch(hearNews);
  hearNews();

  function hearNews() {
    if (!current().session.person) return; // who is not signed in yet waits for the sign-in page alone
    stop();
    import("./offline/push.js").then((m) => m.mendPush()).catch(() => {});
    import("./stream.js").then((m) => m.listen()).catch(() => {}); // without it the phone asks every few minutes
  }
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
