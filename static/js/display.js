// @ts-check
// A screen at a checkpoint. The server says the code and when the next one comes; this clock is not asked.
// When the network is away the last code stays as long as it may still count, then it is taken off the screen.

const box = /** @type {HTMLElement} */ (document.querySelector("[data-codes]"));
const find = (/** @type {string} */ name) => /** @type {HTMLElement} */ (box.querySelector(`[data-${name}]`));
const picture = /** @type {HTMLImageElement} */ (find("picture"));
const trouble = find("trouble");
const STILL_GOOD_MS = 120_000;
const TRY_AGAIN_MS = 5_000;

let until = 0; // performance.now() at which the shown code is followed by the next
let gone = false;

async function ask() {
  try {
    const answer = await fetch(box.dataset.codes ?? "", { cache: "no-store" });
    if (answer.status === 404) return over();
    if (!answer.ok) throw new Error(String(answer.status));
    const said = await answer.json();
    picture.src = said.picture;
    picture.hidden = false;
    find("figures").textContent = said.code;
    until = performance.now() + said.next_s * 1000;
    trouble.hidden = true;
    setTimeout(ask, said.next_s * 1000 + 300);
  } catch {
    setTimeout(ask, TRY_AGAIN_MS);
  }
}

function over() {
  gone = true;
  clear(trouble.dataset.gone ?? "");
}

/** @param {string} words */
function clear(words) {
  picture.hidden = true;
  find("figures").textContent = "";
  trouble.textContent = words;
  trouble.hidden = false;
}

setInterval(() => {
  if (gone || !until) return;
  const left = until - performance.now();
  find("left").style.setProperty("inline-size", `${Math.max(0, Math.min(100, left / 600))}%`);
  if (left < -STILL_GOOD_MS) clear(trouble.dataset.offline ?? "");
}, 500);

async function stayAwake() {
  try {
    if (document.visibilityState === "visible") await navigator.wakeLock?.request("screen");
  } catch {
    // the screen's own settings decide
  }
}

find("full").addEventListener("click", () => {
  document.documentElement.requestFullscreen?.().catch(() => {});
  stayAwake();
});
document.addEventListener("fullscreenchange", () => {
  find("full").hidden = !!document.fullscreenElement;
});
document.addEventListener("visibilitychange", stayAwake);
stayAwake();
ask();

export {}; // a module: its names are its own
