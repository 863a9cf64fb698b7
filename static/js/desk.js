// @ts-check
// The desk works without this file. With it: the board renews itself, keys decide in the review, a second tap sends
// nothing twice, and what was typed is not left by mistake.

/** The board's lines again, every so often, while somebody looks; the focus stays where it was. */
function renew() {
  const box = /** @type {HTMLElement|null} */ (document.querySelector("[data-refresh]"));
  if (!box) return;
  const address = box.dataset.refresh ?? "";
  const everyMs = Number(box.dataset.every ?? 30) * 1000;
  let last = Date.now();
  const again = async () => {
    if (document.hidden || Date.now() - last < everyMs - 500) return;
    last = Date.now();
    try {
      const answer = await fetch(address, { headers: { Accept: "text/html" }, redirect: "error" });
      if (answer.ok) put(box, await answer.text());
    } catch {
      // no network, or signed out meanwhile: the old lines stand with the time they are of
    }
  };
  setInterval(again, 1000);
  document.addEventListener("visibilitychange", again);
}

/** @param {HTMLElement} box @param {string} html */
function put(box, html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").body;
  const focused = document.activeElement;
  const id = focused && box.contains(focused) ? focused.id : "";
  box.replaceChildren(...fresh.childNodes);
  if (id) document.getElementById(id)?.focus({ preventScroll: true });
}

/** 1 counts, 2 returns: the buttons that say so. A return without a reason asks for the reason first. */
function keys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    const at = /** @type {HTMLElement} */ (event.target);
    if (at.closest("textarea, select, input:not([type=radio]):not([type=checkbox])")) return;
    const button = /** @type {HTMLButtonElement|null} */ (document.querySelector(`[data-key="${CSS.escape(event.key)}"]`));
    if (!button?.form) return;
    event.preventDefault();
    const reasons = /** @type {HTMLInputElement[]} */ ([...button.form.querySelectorAll("input[type=radio]")]);
    if (button.value === "not_counted" && reasons.length && !reasons.some((one) => one.checked)) reasons[0].focus();
    else button.click();
  });
}

/** One tap, one request. */
function once() {
  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (form.dataset.sent) event.preventDefault();
    else form.dataset.sent = "1";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });
}

/** Leaving a form that was changed and not sent is asked about. */
function guard() {
  for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-guard]"))) {
    let changed = false;
    form.addEventListener("input", () => {
      changed = true;
    });
    form.addEventListener("submit", () => {
      changed = false;
    });
    window.addEventListener("beforeunload", (event) => {
      if (changed) event.preventDefault();
    });
  }
}

renew();
keys();
once();
guard();
/** @type {HTMLElement|null} */ (document.querySelector("[data-focus]"))?.focus();
