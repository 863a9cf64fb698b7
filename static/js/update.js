// @ts-check
// The worker and its updates. A new one waits until the queue is idle and nobody is on duty, or the user agrees.
import { isLive } from "./domain/duty.js";
import { send } from "./actions.js";
import { current, show } from "./store.js";

/** @type {ServiceWorkerRegistration|null} */
let registration = null;
let agreed = false;
let begun = false;

/** Once; called again it does nothing. */
export async function registerWorker() {
  if (begun || !("serviceWorker" in navigator)) return;
  begun = true;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (agreed) location.reload(); // not at the very first worker, which nobody agreed to
  });
  try {
    registration = await navigator.serviceWorker.register("/sw.js", { scope: "/" });
  } catch {
    return; // a browser that forbids it: everything works, but not from a cold start
  }
  if (registration?.waiting) offer();
  registration?.addEventListener("updatefound", () => {
    const coming = registration?.installing;
    coming?.addEventListener("statechange", () => {
      if (coming.state === "installed" && navigator.serviceWorker.controller) offer();
    });
  });
  setInterval(() => registration?.update().catch(() => {}), 60 * 60_000);
}

/** At once when nothing waits and nobody would be disturbed; else the page asks. */
function offer() {
  const { mine, duty } = current();
  if (mine.count === 0 && !(duty && isLive(duty)) && document.visibilityState === "hidden") applyUpdate();
  else show({ update: true });
}

/** Another window brought a newer release: this page can write no more, and comes back as the newer one. Once only. */
export function comeBackNewer() {
  if (sessionStorage.getItem("xunfang.came_back")) return;
  sessionStorage.setItem("xunfang.came_back", "1");
  location.reload();
}

/** Called again when the page goes out of sight. */
export function updateWhenIdle() {
  if (current().update) offer();
}

export async function applyUpdate() {
  agreed = true;
  await Promise.race([send(), new Promise((done) => setTimeout(done, 4_000))]);
  registration?.waiting?.postMessage({ type: "SKIP_WAITING" });
}
