// @ts-check
// The phone: what is stored is shown first; only then is the network asked.
import { render } from "preact";
import { refresh, send } from "./actions.js";
import { html } from "./dom.js";
import { applyLook, chosenLanguage, useLanguage } from "./i18n.js";
import { holdScreen } from "./location.js";
import { forget } from "./offline/outbox.js";
import { refreshIdentity } from "./offline/session.js";
import { App } from "./pages/app.js";
import { open, reload } from "./store.js";
import { registerWorker, updateWhenIdle } from "./update.js";

const PLAN_EVERY_MS = 5 * 60_000;

async function begin() {
  applyLook();
  await useLanguage(chosenLanguage()).catch(() => useLanguage("zh"));
  await open();
  const root = document.getElementById("app");
  if (!root) return;
  root.textContent = "";
  render(html`<${App} />`, root);
  registerWorker();

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

  await refreshIdentity();
  await reload();
  await catchUp(0);
  forget().catch(() => {});
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
