// @ts-check
// Another app that records for me while the page is away: choose it, set it up in three screens, see that it is heard.
import { useEffect, useState } from "preact/hooks";
import { call } from "../api.js";
import { clockTime, dayName, dayOf } from "../domain/words.js";
import { announce, go, html, Icon, routeParams } from "../dom.js";
import { hasWords, language, t } from "../i18n.js";

// The easiest first.
const APPS = /** @type {const} */ (["traccar", "gpslogger", "owntracks", "overland", "osmand"]);
const STEPS = 3;
const LOOK_MS = 10_000;

/**
 * @typedef {{id: number, app: string, made_at: string, heard_at: string|null, kept_at: string|null, simulated: number,
 *   fault: string|null}} Logger
 * @typedef {Logger & {url: string, copy: string, link: string|null, passphrase: string|null, qr_svg: string}} Made
 */

export function Loggers() {
  const app = routeParams().get("app") ?? "";
  if (/** @type {readonly string[]} */ (APPS).includes(app)) return html`<${SetUp} app=${app} key=${app} />`;
  return html`<${Overview} key="all" />`;
}

// --- which there are, and which one to set up -----------------------------------------------------

function Overview() {
  const { list, trouble, load } = useLoggers(0);
  const [said, setSaid] = useState("");
  const revoke = async (/** @type {number} */ id) => {
    const reply = await call("DELETE", `/me/loggers/${id}`);
    setSaid(reply.status === 204 || reply.status === 404 ? t("loggers.revoked") : troubleOf(reply.status));
    await load();
  };
  return html`
    <section class="card" data-name="loggers-why"><p>${t("loggers.what")}</p><p class="soft">${t("loggers.only_on_duty")}</p></section>
    <p class="trouble" role="alert">${trouble}</p><p role="status" class="state">${said}</p>
    ${list?.length ? html`<section><h2>${t("loggers.mine")}</h2><ul class="plain-list" data-name="loggers">
      ${list.map((one) => html`<${Row} logger=${one} onRevoke=${() => revoke(one.id)} key=${one.id} />`)}</ul></section>` : null}
    <nav class="entries" aria-label=${t("loggers.choose")}><h2>${t("loggers.choose")}</h2><ul>
      ${APPS.map((app) => html`<li><a class="entry" href=${`#/loggers?app=${app}`} data-name=${`to-${app}`}><${Icon} name="recorder" />
        <span class="line-name">${t(`loggers.app.${app}`)}<span class="soft small">${t(`loggers.for.${app}`)}</span></span><${Icon} name="next" /></a></li>`)}
    </ul></nav>`;
}

/** @param {{logger: Logger, onRevoke: () => void}} props */
function Row({ logger, onRevoke }) {
  const [asking, setAsking] = useState(false);
  return html`<li class="card" data-name="logger" data-app=${logger.app}>
    <p class="line-name"><strong>${t(`loggers.app.${logger.app}`)}</strong></p>
    <${Heard} logger=${logger} />
    ${asking ? html`<div class="ask" role="group" aria-label=${t("loggers.revoke_question")}><p class="ask-text">${t("loggers.revoke_question")}</p>
        <button type="button" class="button wide need" data-name="revoke-yes" onClick=${onRevoke}>${t("loggers.revoke_yes")}</button>
        <button type="button" class="button wide plain" onClick=${() => setAsking(false)}>${t("app.back")}</button></div>`
      : html`<button type="button" class="button wide plain" data-name="revoke" onClick=${() => setAsking(true)}>${t("loggers.revoke")}</button>`}
  </li>`;
}

/** When it was heard and when something of it was kept; never where. @param {{logger: Logger}} props */
function Heard({ logger }) {
  const fault = logger.fault && (hasWords(`loggers.fault.${logger.fault}`) ? `loggers.fault.${logger.fault}` : "loggers.fault.other");
  return html`<p data-name="heard">${logger.heard_at ? t("loggers.heard", { time: whenWords(logger.heard_at) }) : t("loggers.not_heard")}</p>
    <p class="soft small">${logger.kept_at ? t("loggers.kept", { time: whenWords(logger.kept_at) }) : t("loggers.not_kept")}</p>
    ${logger.simulated ? html`<p class="small need">${t("loggers.simulated", { n: logger.simulated })}</p>` : null}
    ${fault && logger.fault !== "ping" ? html`<p class="small need"><${Icon} name="need" />${t(fault)}</p>` : null}`;
}

// --- setting one up -------------------------------------------------------------------------------

/** @param {{app: string}} props */
function SetUp({ app }) {
  const [step, setStep] = useState(1);
  const [made, setMade] = useState(/** @type {Made|null} */ (null)); // never stored: it holds the key
  const [trouble, setTrouble] = useState("");
  const turn = (/** @type {number} */ to) => {
    setStep(to);
    window.scrollTo(0, 0);
    document.getElementById("title")?.focus({ preventScroll: true });
  };
  const make = async () => {
    setTrouble("");
    const reply = await call("POST", "/me/loggers", { body: { app } });
    if (reply.status !== 201) return setTrouble(reply.problem?.detail || troubleOf(reply.status));
    setMade(reply.json);
    turn(2);
  };
  const next = step === 2 ? () => turn(3) : () => go("#/loggers");
  return html`<section class="card" data-name=${`set-up-${step}`}>
    <p class="soft small">${t("loggers.step", { n: step, all: STEPS })}</p>
    <h2>${t(`loggers.app.${app}`)}</h2>
    ${step === 1 ? html`<p>${t(`loggers.install.${app}`)}</p><p class="soft">${t("loggers.only_on_duty")}</p>
        <p class="trouble" role="alert">${trouble}</p>
        <button type="button" class="button wide main" data-name="make" onClick=${make}>${t("loggers.make")}</button>` : null}
    ${step === 2 && made ? html`<${Enter} made=${made} />` : null}
    ${step === 3 && made ? html`<${Test} id=${made.id} />` : null}
    ${step > 1 ? html`<button type="button" class="button wide main" data-name="next" onClick=${next}>${t(step === 2 ? "loggers.next" : "loggers.done")}</button>` : null}
  </section>`;
}

/** @param {{made: Made}} props */
function Enter({ made }) {
  return html`<p>${t(`loggers.enter.${made.app}`)}</p>
    ${made.link ? html`<a class="button wide plain" href=${made.link} data-name="link">${t("loggers.open_app")}</a>` : null}
    <${Copy} name="copy" text=${made.copy} />
    ${made.passphrase ? html`<${Copy} name="passphrase" label=${t("loggers.passphrase")} text=${made.passphrase} />` : null}
    <img class="qr" src=${made.qr_svg} alt=${t("loggers.qr")} width="240" height="240" data-name="qr" />
    <p class="soft small">${t("loggers.once")}</p>`;
}

/** @param {{name: string, text: string, label?: string}} props */
function Copy({ name, text, label }) {
  const [said, setSaid] = useState("");
  const copy = async () => {
    const done = await navigator.clipboard?.writeText(text).then(() => true, () => false);
    const words = t(done ? "loggers.copied" : "loggers.copy_by_hand");
    setSaid(words);
    announce(words);
  };
  return html`${label ? html`<p class="small">${label}</p>` : null}<p class="to-copy" data-name=${`${name}-text`}>${text}</p>
    <button type="button" class="button wide plain" data-name=${name} onClick=${copy}>${t("loggers.copy")}</button>
    ${said ? html`<p class="small">${said}</p>` : null}`;
}

/** @param {{id: number}} props */
function Test({ id }) {
  const { list, trouble, load } = useLoggers(LOOK_MS);
  const mine = list?.find((one) => one.id === id);
  return html`<p>${t("loggers.test")}</p>
    <div role="status">${mine ? html`<${Heard} logger=${mine} />` : null}</div>
    <p class="trouble" role="alert">${trouble}</p>
    <button type="button" class="button wide plain" data-name="look-again" onClick=${load}>${t("loggers.look_again")}</button>`;
}

// --- what the server says -------------------------------------------------------------------------

/** @param {number} every_ms 0: once */
function useLoggers(every_ms) {
  const [list, setList] = useState(/** @type {Logger[]|null} */ (null));
  const [trouble, setTrouble] = useState("");
  const load = async () => {
    const reply = await call("GET", "/me/loggers");
    const good = reply.status === 200 && Array.isArray(reply.json?.loggers);
    if (good) setList(reply.json.loggers);
    setTrouble(good ? "" : troubleOf(reply.status));
  };
  useEffect(() => {
    load();
    const clock = every_ms ? setInterval(load, every_ms) : 0;
    return () => clearInterval(clock);
  }, []);
  return { list, trouble, load };
}

/** @param {number} status */
function troubleOf(status) {
  return t(status === 401 ? "loggers.signin" : "loggers.no_signal");
}

/** @param {string} at */
function whenWords(at) {
  return `${dayName(dayOf(at), language())} ${clockTime(at, language())}`;
}
