// @ts-check
// Photos of a report: taken, looked through with a finger, and kept here until that is done. Nothing of a photo that was
// not looked through ever leaves the phone.
import { useEffect, useRef, useState } from "preact/hooks";
import { cellOf, jpegOf, show, smear, smearLine } from "../blur.js";
import { MOST_PHOTOS } from "../domain/report.js";
import { go, html, Icon, routeParams } from "../dom.js";
import { t } from "../i18n.js";
import { clearPhoto, dropPhotos, readPhotos } from "../offline/photos.js";
import { hasRoom, takePhoto } from "../reporting.js";
import { useTold } from "./told.js";

/** @typedef {import("./report.js").Step} Step @typedef {import("../offline/photos.js").Photo} Photo */

/** @param {Step & {onRaw: (n: number) => void}} props */
export function Photos({ draft, change, onRaw }) {
  const [told, tell] = useTold();
  const [busy, setBusy] = useState(false);
  const [room, setRoom] = useState(/** @type {boolean|null} */ (null));
  const [photos, setPhotos] = useState(/** @type {Photo[]} */ ([]));
  const key = draft.photos.join(" ");
  useEffect(() => {
    hasRoom().then(setRoom, () => setRoom(true));
  }, [key]);
  useEffect(() => {
    readPhotos(draft.photos).then((found) => {
      setPhotos(found);
      onRaw(found.filter((p) => p.state === "raw").length);
      // One that is not here any more (cleared by the browser) is not waited for.
      if (found.length !== draft.photos.length) change({ photos: found.map((p) => p.id) });
    }, () => {});
  }, [key]);
  const taken = async (/** @type {Event} */ event) => {
    const input = /** @type {HTMLInputElement} */ (event.currentTarget);
    const file = input.files?.[0];
    input.value = "";
    if (!file) return;
    setBusy(true);
    await tell(async () => {
      const id = await takePhoto(file);
      change({ photos: [...draft.photos, id] });
      go(`#/report?part=blur&photo=${id}`);
    });
    setBusy(false);
  };
  const full = draft.photos.length >= MOST_PHOTOS;
  return html`<section class="photos" aria-label=${t("report.photos")}>
    ${photos.length ? html`<ul class="shots">${photos.map((p, n) => html`<li key=${p.id}><${Shot} photo=${p} n=${n + 1} /></li>`)}</ul>` : null}
    ${room === false ? html`<p class="state need" role="alert" data-name="no-room"><${Icon} name="need" />${t("report.no_room")}</p>` : null}
    ${full || room === false ? null : html`<label class=${`button wide plain camera ${busy ? "is-busy" : ""}`}><${Icon} name="camera" /><span>${t(busy ? "report.shrinking" : photos.length ? "report.another_photo" : "report.photo")}</span>
      <input class="hidden-input" type="file" accept="image/*" capture="environment" name="photo" data-name="camera" disabled=${busy} onChange=${taken} /></label>`}
    <p class="soft small">${t("blur.promise")}</p>
    <p class="trouble" role="alert">${told}</p></section>`;
}

/** @param {{photo: Photo, n: number}} props */
function Shot({ photo, n }) {
  const [address, setAddress] = useState("");
  useEffect(() => {
    const made = URL.createObjectURL(photo.blob);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [photo.blob]);
  const words = t(photo.state === "raw" ? "blur.still" : "blur.done", { n });
  return html`<a class=${`shot ${photo.state === "raw" ? "is-raw" : ""}`} href=${`#/report?part=blur&photo=${photo.id}`} data-name="shot" data-state=${photo.state} aria-label=${words}>
    ${address ? html`<img src=${address} alt="" width=${photo.width} height=${photo.height} />` : null}<span class="small"><${Icon} name=${photo.state === "raw" ? "need" : "done"} />${words}</span></a>`;
}

/** The finger, or the arrow keys and the space bar, blur; then one button says that it is done. @param {Step} props */
export function Blur({ draft, change }) {
  const id = routeParams().get("photo") ?? "";
  const [photo, setPhoto] = useState(/** @type {Photo|null|undefined} */ (undefined));
  const [touched, setTouched] = useState(false);
  const [told, tell] = useTold();
  const canvas = useRef(/** @type {HTMLCanvasElement|null} */ (null));
  useEffect(() => {
    readPhotos([id]).then(([found]) => setPhoto(found ?? null), () => setPhoto(null));
  }, [id]);
  useEffect(() => {
    if (photo && canvas.current) show(canvas.current, photo.blob).catch(() => setPhoto(null));
  }, [photo]);
  const back = () => go("#/report?part=finish");
  const finish = () => tell(async () => {
    if (!canvas.current) return;
    await clearPhoto(id, touched ? await jpegOf(canvas.current) : null);
    back();
  });
  const drop = () => tell(async () => {
    await dropPhotos([id]);
    change({ photos: draft.photos.filter((one) => one !== id) });
    back();
  });
  const undo = async () => {
    if (photo && canvas.current) await show(canvas.current, photo.blob);
    setTouched(false);
  };
  if (photo === undefined) return html`<p class="opening" role="status">${t("app.opening")}</p>`;
  if (photo === null) return html`<section class="card empty"><p>${t("blur.gone")}</p><button type="button" class="button wide main" onClick=${back}>${t("report.go_on")}</button></section>`;
  return html`<h2 id="blur">${t("blur.title")}</h2><p class="soft" id="blur-how">${t("blur.how")}</p>
    <${Sheet} sheet=${canvas} onTouch=${() => setTouched(true)} />
    <p class="trouble" role="alert">${told}</p>
    ${touched
      ? html`<button type="button" class="button wide main" data-name="blur-done" onClick=${finish}>${t("blur.finish")}</button>
        <button type="button" class="button wide plain" data-name="blur-undo" onClick=${undo}>${t("blur.undo")}</button>`
      : html`<button type="button" class="button wide main" data-name="blur-none" onClick=${finish}>${t(photo.state === "raw" ? "blur.none" : "blur.as_it_is")}</button>`}
    <button type="button" class="button wide plain" data-name="blur-drop" onClick=${drop}>${t("blur.drop")}</button>`;
}

const STEP = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** @param {{sheet: {current: HTMLCanvasElement|null}, onTouch: () => void}} props */
function Sheet({ sheet, onTouch }) {
  const last = useRef(/** @type {[number, number]|null} */ (null));
  const cursor = useRef(/** @type {[number, number]|null} */ (null));
  const [ring, setRing] = useState(/** @type {{left: string, top: string}|null} */ (null));
  const pointOf = (/** @type {PointerEvent} */ event) => {
    const canvas = /** @type {HTMLCanvasElement} */ (sheet.current);
    const box = canvas.getBoundingClientRect();
    return /** @type {[number, number]} */ ([((event.clientX - box.left) / box.width) * canvas.width, ((event.clientY - box.top) / box.height) * canvas.height]);
  };
  const down = (/** @type {PointerEvent} */ event) => {
    const canvas = sheet.current;
    if (!canvas || event.button > 0) return;
    canvas.setPointerCapture?.(event.pointerId);
    last.current = pointOf(event);
    smear(canvas, ...last.current);
    onTouch();
  };
  const move = (/** @type {PointerEvent} */ event) => {
    if (!last.current || !sheet.current) return;
    const next = pointOf(event);
    smearLine(sheet.current, last.current, next);
    last.current = next;
  };
  const up = () => {
    last.current = null;
  };
  const key = (/** @type {KeyboardEvent} */ event) => {
    const canvas = sheet.current;
    if (!canvas) return;
    const cell = cellOf(canvas);
    const [x, y] = cursor.current ?? [canvas.width / 2, canvas.height / 2];
    const step = STEP[/** @type {keyof typeof STEP} */ (event.key)];
    if (step) cursor.current = [Math.min(canvas.width - 1, Math.max(0, x + step[0] * cell)), Math.min(canvas.height - 1, Math.max(0, y + step[1] * cell))];
    else if (event.key === " " || event.key === "Enter") {
      smear(canvas, x, y);
      onTouch();
    } else return;
    event.preventDefault();
    const at = cursor.current ?? [x, y];
    setRing({ left: `${(at[0] / canvas.width) * 100}%`, top: `${(at[1] / canvas.height) * 100}%` });
  };
  return html`<div class="sheet-blur"><canvas ref=${sheet} class="blur" tabindex="0" role="application" aria-labelledby="blur" aria-describedby="blur-how" data-name="blur"
      onPointerDown=${down} onPointerMove=${move} onPointerUp=${up} onPointerCancel=${up} onKeyDown=${key} onBlur=${() => setRing(null)}></canvas>
    ${ring ? html`<span class="blur-ring" style=${ring} aria-hidden="true"></span>` : null}</div>`;
}
