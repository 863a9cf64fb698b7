// @ts-check
// The camera. It reads any code of ours and goes where that belongs; the figures can always be typed instead.
import { useEffect, useRef, useState } from "preact/hooks";
import { openCamera, openReader } from "../camera.js";
import { destination, readScan, tidyDigits } from "../domain/codes.js";
import { announce, go, html, Icon, routeParams } from "../dom.js";
import { t } from "../i18n.js";
import { justSeen } from "../scanned.js";
import { buzz, chime } from "../senses.js";

const LOOK_EVERY_MS = 180;
const FOR = ["checkin", "crew", "signin", "cosign"];

/** @param {{view: import("../store.js").View}} props */
export function Scan({ view }) {
  const wanted = FOR.includes(routeParams().get("for") ?? "") ? String(routeParams().get("for")) : "checkin";
  const video = useRef(/** @type {HTMLVideoElement|null} */ (null));
  const [state, setState] = useState(/** @type {"opening"|"looking"|"denied"|"none"} */ ("opening"));
  const [reader, setReader] = useState("");
  const [told, tell] = useState("");
  const [torch, setTorch] = useState(/** @type {import("../camera.js").Camera|null} */ (null));
  const [lit, setLit] = useState(false);

  useEffect(() => {
    let gone = false;
    let strange = "";
    /** @type {import("../camera.js").Camera|null} */
    let camera = null;
    const found = (/** @type {string} */ text) => {
      const read = readScan(text);
      const fits = read && (view.session.person ? read.kind !== "signin" : read.kind === "signin");
      if (!fits) {
        if (strange !== text) refuse(read ? t(`scan.not_here.${read.kind}`) : t("scan.not_ours"));
        strange = text;
        return false;
      }
      buzz(40);
      chime("good");
      justSeen(read.kind === "checkpoint" ? (read.code ?? text) : text);
      go(destination(read));
      return true;
    };
    const refuse = (/** @type {string} */ words) => {
      tell(words);
      announce(words);
      buzz([60, 60, 60]);
      chime("bad");
    };
    const begin = async () => {
      if (!video.current || !navigator.mediaDevices?.getUserMedia) return setState("none");
      camera = await openCamera(video.current);
      if (gone) return camera.stop();
      setTorch(camera.torch ? camera : null);
      const eye = await openReader();
      setReader(eye.name);
      setState("looking");
      while (!gone && video.current) {
        const text = video.current.readyState >= 2 ? await eye.read(video.current).catch(() => null) : null;
        if (gone || (text && found(text))) return;
        await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
      }
    };
    begin().catch((error) => {
      if (!gone) setState(error?.name === "NotAllowedError" ? "denied" : "none");
    });
    return () => {
      gone = true;
      camera?.stop();
    };
  }, []);

  return html`
    <section class="scan" data-name="scan" data-state=${state} data-reader=${reader}>
      <p>${t(`scan.for.${wanted}`)}</p>
      <div class=${`scan-frame ${state === "denied" || state === "none" ? "is-off" : ""}`}>
        <video ref=${video} class="scan-video" muted playsinline aria-label=${t("scan.picture")}></video>
        ${state === "opening" ? html`<p class="scan-state" role="status">${t("scan.opening")}</p>` : null}
        ${state === "denied" || state === "none" ? html`<p class="scan-state" role="alert">${t(`scan.${state}`)}</p>` : null}
      </div>
      <p class="state need" role="status">${told}</p>
      ${torch ? html`<button type="button" class="button wide plain" aria-pressed=${lit} data-name="torch" onClick=${async () => {
        await torch.torch?.(!lit).catch(() => {});
        setLit(!lit);
      }}>${t(lit ? "scan.torch_off" : "scan.torch_on")}</button>` : null}
    </section>
    <${Typed} wanted=${wanted} />`;
}

/** The figures under the code. What else can be typed has a page of its own. @param {{wanted: string}} props */
function Typed({ wanted }) {
  const [digits, setDigits] = useState("");
  if (wanted === "crew" || wanted === "signin") {
    const to = wanted === "crew" ? "#/crew" : "#/today";
    return html`<a class="button wide plain" href=${to} data-name="type-instead"><${Icon} name="key" />${t(`scan.type.${wanted}`)}</a>`;
  }
  if (wanted === "cosign") return html`<p class="soft">${t("scan.type.cosign")}</p>`;
  const save = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (digits.length !== 6) return;
    justSeen(digits);
    go(`#/patrol?code=${digits}`);
  };
  return html`<form class="card" data-name="typed" onSubmit=${save}>
    <label class="field"><span>${t("scan.type")}</span>
      <input class="code" name="digits" inputmode="numeric" autocomplete="off" value=${digits} onInput=${(/** @type {any} */ e) => setDigits(tidyDigits(e.currentTarget.value))} /></label>
    <button class="button wide main" data-name="typed-go" disabled=${digits.length !== 6}>${t("scan.type_go")}</button></form>`;
}
