// @ts-check
// Setting the PIN and the second PIN: one thing a screen, with the server only; neither is kept on this phone.
import { useState } from "preact/hooks";
import { call } from "../api.js";
import { isLive } from "../domain/duty.js";
import { html, Icon } from "../dom.js";
import { t } from "../i18n.js";
import { fetchPlan } from "../offline/plan.js";
import { reload } from "../store.js";
import { PinPad } from "./pinpad.js";

/** @typedef {"why"|"first"|"first_again"|"second_why"|"second"|"second_again"|"save"|"done"} Step */

/** @param {{view: import("../store.js").View}} props */
export function Pin({ view }) {
  const [step, setStep] = useState(/** @type {Step} */ ("why"));
  const [pins, setPins] = useState({ first: "", second: "" });
  const [told, setTold] = useState("");
  const [busy, setBusy] = useState(false);
  const set = !!view.kept?.plan.alarm?.pin;
  const to = (/** @type {Step} */ next, said = "") => {
    setTold(said);
    setStep(next);
  };

  const typed = (/** @type {string} */ pin) => {
    if (step === "first") {
      setPins({ first: pin, second: "" });
      to("first_again");
    } else if (step === "first_again") {
      if (pin === pins.first) to("second_why");
      else to("first", t("pin.differ"));
    } else if (step === "second") {
      if (pin === pins.first) return setTold(t("pin.same"));
      setPins({ ...pins, second: pin });
      to("second_again");
    } else if (pin === pins.second) to("save");
    else to("second", t("pin.differ"));
  };
  const save = async () => {
    setBusy(true);
    const reply = await call("PUT", "/me/pins", { body: { pin: pins.first, duress_pin: pins.second } });
    setBusy(false);
    if (reply.status < 200 || reply.status >= 300) return setTold(troubleWords(reply));
    setPins({ first: "", second: "" });
    to("done");
    if (view.session.person) await fetchPlan(view.session.person.id); // its salt, without which no PIN is asked
    await reload();
  };

  if (view.duty && isLive(view.duty) && step !== "done") {
    return html`<section class="card" data-name="pin-on-duty"><h2>${t("pin.title")}</h2><p>${t("pin.on_duty")}</p></section>`;
  }
  const said = told ? html`<p class="trouble" role="alert">${told}</p>` : null;
  if (step === "why") {
    return html`<section class="card" data-name="pin-why"><h2>${t(set ? "pin.change_title" : "pin.title")}</h2>
      <p>${t("pin.why")}</p><p class="soft">${t("pin.why_signal")}</p>
      <button type="button" class="button wide main" data-name="pin-begin" onClick=${() => to("first")}>${t("pin.begin")}</button></section>`;
  }
  if (step === "second_why") {
    return html`<section class="card" data-name="pin-second-why"><h2>${t("pin.second_title")}</h2>
      <p>${t("pin.second_why")}</p><p>${t("pin.second_same")}</p><p class="soft">${t("pin.second_wrong")}</p>
      <button type="button" class="button wide main" data-name="pin-next" onClick=${() => to("second")}>${t("pin.next")}</button></section>`;
  }
  if (step === "save") {
    return html`<section class="card" data-name="pin-save-card"><h2>${t("pin.save_title")}</h2><p>${t("pin.save_why")}</p>${said}
      <button type="button" class="button wide main" data-name="pin-save" disabled=${busy} onClick=${save}>${t(busy ? "pin.busy" : "pin.save")}</button>
      <button type="button" class="button wide plain" onClick=${() => to("first")}>${t("pin.afresh")}</button></section>`;
  }
  if (step === "done") {
    return html`<section class="card" data-name="pin-set"><p class="state" role="status"><${Icon} name="done" />${t("pin.set")}</p>
      <p>${t("pin.set_more")}</p><a class="button wide main" href="#/sos?practise">${t("sos.practise")}</a></section>`;
  }
  return html`${said}<${PinPad} key=${step + told} title=${t(`pin.${step}`)} done=${t("pin.next")} onPin=${typed} onBack=${() => to(step.startsWith("second") ? "second_why" : "why")} />`;
}

/** @param {import("../api.js").Reply} reply */
function troubleWords(reply) {
  if (reply.status === 0) return t("pin.no_signal");
  if (reply.status === 401) return t("signin.expired");
  return reply.problem?.detail || t("signin.server");
}
