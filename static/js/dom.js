// @ts-check
// What pages are made of: htm bound to Preact, a button that can be held or tapped, spoken news, the address.
import { h } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import htm from "htm";
import { t } from "./i18n.js";
import { buzz, say } from "./senses.js";

export const html = htm.bind(h);

/** Tells a screen reader, politely, and aloud where that was chosen; the same words twice are spoken twice. @param {string} text */
export function announce(text) {
  say(text);
  const box = document.getElementById("spoken");
  if (!box) return;
  box.textContent = "";
  setTimeout(() => {
    box.textContent = text;
  }, 60);
}

/** @param {string} to e.g. "#/patrol" */
export function go(to) {
  if (location.hash !== to) location.hash = to;
}

/** @returns {string} "today", "patrol", "report", "me", "outbox", … */
export function routeName() {
  return /^#\/(\w+)/.exec(location.hash)?.[1] ?? "today";
}

/** What stands after the page's name: "#/scan?for=crew" → for. @returns {URLSearchParams} */
export function routeParams() {
  return new URLSearchParams(location.hash.split("?")[1] ?? "");
}

const HOLD_MS = 1000;

/**
 * Hold for a second, or tap (or press Enter) and confirm. Both lead to the same act, once.
 * @param {{label: string, question: string, yes: string, onDone: () => Promise<void>|void, tone?: string,
 *   disabled?: boolean, name: string}} props
 */
export function HoldButton({ label, question, yes, onDone, tone = "main", disabled = false, name }) {
  const [stage, setStage] = useState(/** @type {"rest"|"holding"|"asking"|"doing"} */ ("rest"));
  const timer = useRef(0);
  const swallow = useRef(false);
  const yesButton = useRef(/** @type {HTMLButtonElement|null} */ (null));

  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => {
    if (stage === "asking") yesButton.current?.focus();
  }, [stage]);

  const act = async () => {
    setStage("doing");
    try {
      await onDone();
    } finally {
      setStage("rest");
    }
  };
  const press = (/** @type {PointerEvent} */ event) => {
    if (disabled || event.button !== 0) return;
    swallow.current = false;
    setStage("holding");
    timer.current = window.setTimeout(() => {
      swallow.current = true; // the click that follows the release is not a second wish
      buzz(30);
      act();
    }, HOLD_MS);
  };
  const release = () => {
    clearTimeout(timer.current);
    setStage((s) => (s === "holding" ? "rest" : s));
  };
  const click = () => {
    if (disabled || swallow.current) return;
    setStage("asking");
  };

  if (stage === "asking") {
    return html`<div class="ask" role="group" aria-label=${question}>
      <p class="ask-text">${question}</p>
      <div class="row">
        <button type="button" class="button ${tone}" ref=${yesButton} data-name=${`${name}-yes`} onClick=${act}>${yes}</button>
        <button type="button" class="button plain" onClick=${() => setStage("rest")}>${t("app.back")}</button>
      </div>
    </div>`;
  }
  return html`<button type="button" class="button wide hold ${tone} ${stage === "holding" ? "is-holding" : ""}"
      data-name=${name} disabled=${disabled || stage === "doing"} aria-describedby=${`${name}-how`}
      onPointerDown=${press} onPointerUp=${release} onPointerLeave=${release} onPointerCancel=${release}
      onContextMenu=${(/** @type {Event} */ e) => e.preventDefault()} onClick=${click}>
      <span class="hold-label">${label}</span>
      <span class="hold-how" id=${`${name}-how`}>${t("app.hold_or_tap")}</span>
    </button>`;
}

/**
 * A small picture drawn here, so that no font of icons is fetched.
 * @param {{name: "today"|"patrol"|"note"|"me"|"done"|"wait"|"need"|"pause"|"play"|"pin"|"back"|"next"|"scan"|"data"|"device"|"gear"|"swap"|"recorder"|"key"|"help"|"star"|"report"|"road"|"fire"|"weather"|"order"|"camera"|"phone"}} props
 */
export function Icon({ name }) {
  const path = {
    today: "M5 6h14v14H5zM5 10h14M9 3v4M15 3v4",
    patrol: "M6 20c4-1 2-6 6-7s2-5 5-7M17 6a2 2 0 1 0-.1 0M6 20a1.5 1.5 0 1 0-.1 0",
    note: "M6 4h12v16H6zM9 9h6M9 13h6M9 17h3",
    me: "M12 12a4 4 0 1 0-.1 0M5 20c1-4 4-5 7-5s6 1 7 5",
    done: "M5 13l5 5L19 7",
    wait: "M12 4a8 8 0 1 0 .1 0M12 8v5l3 2",
    need: "M12 4l9 16H3zM12 10v5M12 17.5v.5",
    pause: "M9 6v12M15 6v12",
    play: "M8 5l11 7-11 7z",
    pin: "M12 21c-4-5-6-8-6-11a6 6 0 1 1 12 0c0 3-2 6-6 11zM12 12a2 2 0 1 0-.1 0",
    back: "M14 6l-6 6 6 6",
    next: "M9 5l7 7-7 7",
    scan: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5M4 12h16",
    data: "M12 3l8 3v6c0 5-4 8-8 9-4-1-8-4-8-9V6zM9 12l2 2 4-4",
    device: "M7 3h10v18H7zM11 18h2",
    gear: "M5 7h8M17 7h2M5 17h2M11 17h8M15 4.5v5M9 14.500v5",
    swap: "M4 8h13l-3-3M20 16H7l3 3",
    recorder: "M12 4a4 4 0 0 1 4 4c0 3-4 7-4 7s-4-4-4-7a4 4 0 0 1 4-4M5 20h14",
    key: "M8 15a4 4 0 1 1 .1 0M11 12l9-9M16 7l3 3",
    help: "M12 3a9 9 0 1 0 .1 0M9.500 9.500a2.500 2.500 0 1 1 2.500 3v1.500M12 17v.5",
    report: "M6 21V4M6 5h12l-3 4 3 4H6",
    road: "M8 21l2-18M16 21l-2-18M12 4v3M12 10.500v3M12 17v3",
    fire: "M12 3c1 4 5 5.500 5 11a5 5 0 0 1-10 0c0-2.500 1.500-4 2.500-5.500.500 1.500 1 2 2 2.500.500-3-.500-5 .500-8z",
    weather: "M7 14a4 4 0 0 1 .500-8 5 5 0 0 1 9.500 1.500A3.500 3.500 0 0 1 17 14zM8 17l-1 3M12.500 17l-1 3M17 17l-1 3",
    order: "M4 21V9l8-5 8 5v12M4 21h16M9 21v-6h6v6",
    camera: "M4 8h3.500l2-3h5l2 3H20v11H4zM12 17a3.500 3.500 0 1 0-.100 0",
    phone: "M6 3h4l1.500 5-2.500 2a12 12 0 0 0 5 5l2-2.500 5 1.500v4a2 2 0 0 1-2 2A17 17 0 0 1 4 5a2 2 0 0 1 2-2z",
    star: "M12 3l2.700 5.800 6.300.7-4.700 4.300 1.300 6.200-5.600-3.200-5.600 3.200 1.300-6.200L3 9.500l6.300-.7z",
  }[name];
  return html`<svg class="icon" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
    <path d=${path} fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/></svg>`;
}
