// @ts-check
// What I may do with my points: goods with a code to collect them, giving, what ends soon. Orders need a signal: stock is
// counted at the server alone. What was last heard stays on the phone, so that a code can be shown without one.
import { useEffect, useRef, useState } from "preact/hooks";
import { call } from "../api.js";
import { qrCode, qrPath } from "../domain/qr.js";
import { amountOf, collectText, inHalves, isCertain, obstacle } from "../domain/redeem.js";
import { uuid7 } from "../domain/uuid7.js";
import { clockTime, dayName, dayOf } from "../domain/words.js";
import { announce, html, Icon, routeParams } from "../dom.js";
import { language, t } from "../i18n.js";
import { getMeta, setMeta } from "../offline/db.js";
import { Certificates } from "./certificates.js";
import { Sure } from "./devices.js";

/** @typedef {import("../domain/redeem.js").Item} Item */

/** @param {{view: import("../store.js").View}} props */
export function Redeem({ view }) {
  const person = view.session.person?.id ?? -1;
  const { shop, isFresh, trouble, load } = useShop(person);
  const part = routeParams().get("part");
  if (!shop) return html`<p class=${trouble ? "trouble" : "opening"} role=${trouble ? "alert" : "status"}>${trouble || t("app.opening")}</p>`;
  if (part === "certificates") return html`<${Certificates} shop=${shop} isFresh=${isFresh} load=${load} />`;
  return html`
    ${isFresh ? null : html`<p class="notice wait" role="status" data-name="redeem-offline"><${Icon} name="wait" /><span>${t("redeem.offline")}</span></p>`}
    <${Balance} shop=${shop} />
    <${Waiting} shop=${shop} isFresh=${isFresh} load=${load} />
    <${Goods} shop=${shop} isFresh=${isFresh} load=${load} />
    <${Giving} shop=${shop} isFresh=${isFresh} load=${load} />
    <${Before} shop=${shop} />
    <nav class="entries" aria-label=${t("certificate.list")}><ul><li><a class="entry" href="#/redeem?part=certificates" data-name="to-certificates"><${Icon} name="note" />
      <span class="line-name">${t("certificate.mine")}<span class="soft small">${t("certificate.mine_more")}</span></span><${Icon} name="next" /></a></li></ul></nav>`;
}

/** The last answer from the phone at once, then the server's. @param {number} person */
function useShop(person) {
  const [shop, setShop] = useState(/** @type {any} */ (null));
  const [isFresh, setFresh] = useState(false);
  const [trouble, setTrouble] = useState("");
  const load = async () => {
    const reply = await call("GET", "/me/shop");
    if (reply.status === 200 && Array.isArray(reply.json?.items)) {
      setShop(reply.json);
      setFresh(true);
      setTrouble("");
      await setMeta(`shop:${person}`, reply.json);
      return;
    }
    setFresh(false);
    setTrouble(reply.problem?.detail || t("redeem.no_signal"));
  };
  useEffect(() => {
    let gone = false;
    getMeta(`shop:${person}`).then((kept) => {
      if (kept && !gone) setShop((/** @type {any} */ now) => now ?? kept);
    });
    load();
    const again = () => load();
    window.addEventListener("online", again);
    return () => {
      gone = true;
      window.removeEventListener("online", again);
    };
  }, [person]);
  return { shop, isFresh, trouble, load };
}

/** @param {any} thing */
const nameOf = (thing) => thing[`name_${language()}`] ?? thing.name_zh;
/** @param {string} at */
const whenWords = (at) => `${dayName(dayOf(Date.parse(at)), language())} ${clockTime(at, language())}`;
/** @param {string} unit @param {number} n */
const priceWords = (unit, n) => t(`shop.price.${unit}`, { n });

/**
 * A request that is sent under one id until an answer is certain: twice tapped or sent again, it counts once.
 * @param {() => Promise<void>} load
 */
function useOnce(load) {
  const id = useRef("");
  const [doing, setDoing] = useState(false);
  const [told, setTold] = useState("");
  const send = async (/** @type {"PUT"|"DELETE"} */ method, /** @type {(id: string) => string} */ path, /** @type {any} */ body) => {
    if (doing) return false;
    setDoing(true);
    setTold("");
    id.current ||= uuid7();
    const reply = await call(method, path(id.current), { body });
    setDoing(false);
    if (!isCertain(reply.status)) {
      setTold(t("redeem.no_answer"));
      return false;
    }
    id.current = "";
    const fine = reply.status === 200 || reply.status === 204;
    if (!fine) setTold(reply.problem?.detail || t("redeem.no_signal"));
    await load();
    return fine;
  };
  return { send, doing, told };
}

// --- what I have ----------------------------------------------------------------------------------

/** @param {{shop: any}} props */
function Balance({ shop }) {
  const { unit, hours } = shop;
  return html`<section class="card" data-name="balance" data-available=${shop.available}>
    <p><span class="big">${shop.available}</span> <span class="soft">${t(`redeem.available.${unit}`)}</span></p>
    ${unit === "points" ? html`<p class="soft small">${t("redeem.held", { n: shop.held })}</p>`
      : html`<p class="soft small">${t("redeem.hours_served", { hours: Math.floor(hours.minutes / 60), spent: hours.spent, from: hours.from_h, cap: hours.cap_h })}</p>`}
    ${shop.ending.map((/** @type {any} */ one) => html`<p class="state" data-name="ending"><${Icon} name="need" />${t("redeem.ending", { n: one.points, month: one.month, day: dayName(one.ends_on, language()) })}</p>`)}
  </section>`;
}

// --- orders ---------------------------------------------------------------------------------------

/** @param {{shop: any, isFresh: boolean, load: () => Promise<void>}} props */
function Waiting({ shop, isFresh, load }) {
  const list = shop.orders.filter((/** @type {any} */ o) => o.state === "ordered");
  if (!list.length) return null;
  return html`<section class="stack" data-name="orders"><h2>${t("redeem.to_collect")}</h2>
    ${list.map((/** @type {any} */ o) => html`<${Order} key=${o.id} order=${o} isFresh=${isFresh} load=${load} />`)}</section>`;
}

/** @param {{order: any, isFresh: boolean, load: () => Promise<void>}} props */
function Order({ order, isFresh, load }) {
  const [asking, setAsking] = useState(false);
  const { send, doing, told } = useOnce(load);
  const { size, path } = qrPath(qrCode(collectText(location.origin, order.code)));
  const back = async () => {
    setAsking(false);
    if (await send("DELETE", () => `/me/orders/${order.id}`, undefined)) announce(t("redeem.called_off"));
  };
  return html`<article class="card center" data-name="order" data-code=${order.code}>
    <h3>${nameOf(order)} · ${priceWords(order.unit, order.price)}</h3>
    <p class="phrase-shown" data-name="order-code">${inHalves(order.code)}</p>
    <svg class="qr" viewBox=${`0 0 ${size} ${size}`} role="img" aria-label=${t("redeem.picture")} shape-rendering="crispEdges">
      <rect width=${size} height=${size} class="qr-light" /><path d=${path} class="qr-dark" /></svg>
    <p>${t("redeem.show_code", { until: whenWords(order.collect_by) })}</p>
    ${asking ? html`<${Sure} question=${t("redeem.call_off_question")} yes=${t("redeem.call_off_yes")} name="order-off-yes" onYes=${back} onNo=${() => setAsking(false)} />`
      : html`<button type="button" class="button wide plain" data-name="order-off" disabled=${!isFresh || doing} onClick=${() => setAsking(true)}>${t("redeem.call_off")}</button>`}
    <p class="trouble" role="alert">${told}</p></article>`;
}

/** @param {{shop: any, isFresh: boolean, load: () => Promise<void>}} props */
function Goods({ shop, isFresh, load }) {
  return html`<section class="stack" data-name="goods"><h2>${t("redeem.goods")}</h2>
    <p class="soft small">${t("shop.never_cash")}</p>
    ${shop.items.length ? shop.items.map((/** @type {Item} */ one) => html`<${Goods1} key=${one.id} item=${one} shop=${shop} isFresh=${isFresh} load=${load} />`)
      : html`<p class="card empty">${t("redeem.no_goods")}</p>`}</section>`;
}

/** @param {{item: Item, shop: any, isFresh: boolean, load: () => Promise<void>}} props */
function Goods1({ item, shop, isFresh, load }) {
  const [asking, setAsking] = useState(false);
  const { send, doing, told } = useOnce(load);
  const why = obstacle(item, shop.available);
  const order = async () => {
    const fine = await send("PUT", (id) => `/me/orders/${id}`, { item_id: item.id, price: item.price });
    if (fine) {
      setAsking(false);
      announce(t("redeem.ordered"));
    }
  };
  const question = t("redeem.order_question", { name: nameOf(item), price: priceWords(shop.unit, item.price) });
  return html`<article class="card" data-name="item" data-item=${item.id} data-obstacle=${why}>
    <p class="line-name"><strong>${nameOf(item)}</strong> <span>${priceWords(shop.unit, item.price)}</span></p>
    <p class="soft small">${[item.left === "few" ? t("redeem.few") : "", item.quota === null ? "" : t("redeem.quota_of", { n: item.mine, all: item.quota })].filter(Boolean).join(" · ")}</p>
    ${why ? html`<p class="state"><${Icon} name=${why === "too_dear" ? "wait" : "need"} />${t(`redeem.obstacle.${why}`)}</p>`
      : asking ? html`<div class="ask" role="group" aria-label=${question}><p class="ask-text">${question}</p>
          <button type="button" class="button wide main" data-name="order-yes" disabled=${doing} onClick=${order}>${t(told ? "redeem.order_again" : "redeem.order_yes")}</button>
          <button type="button" class="button wide plain" disabled=${doing} onClick=${() => setAsking(false)}>${t("app.back")}</button></div>`
        : html`<button type="button" class="button wide main" data-name="order-item" disabled=${!isFresh} onClick=${() => setAsking(true)}>${t("redeem.order")}</button>`}
    <p class="trouble" role="alert">${told}</p></article>`;
}

// --- giving ---------------------------------------------------------------------------------------

/** @param {{shop: any, isFresh: boolean, load: () => Promise<void>}} props */
function Giving({ shop, isFresh, load }) {
  const [purpose, setPurpose] = useState("");
  const [text, setText] = useState("");
  const [asking, setAsking] = useState(false);
  const { send, doing, told } = useOnce(load);
  if (!shop.purposes.length) return null;
  const chosen = shop.purposes.find((/** @type {any} */ p) => String(p.id) === purpose) ?? shop.purposes[0];
  const amount = amountOf(text, shop.available);
  const give = async () => {
    if (await send("PUT", (id) => `/me/donations/${id}`, { purpose_id: chosen.id, amount })) {
      setAsking(false);
      setText("");
      announce(t("redeem.given"));
    }
  };
  const question = t("redeem.give_question", { price: priceWords(shop.unit, amount ?? 0), name: nameOf(chosen) });
  return html`<section class="card" data-name="giving"><h2>${t("redeem.give")}</h2><p class="soft small">${t("redeem.give_words")}</p>
    <label class="field"><span>${t("redeem.purpose")}</span><select name="purpose" value=${String(chosen.id)} disabled=${asking} onChange=${(/** @type {any} */ e) => setPurpose(e.currentTarget.value)}>
      ${shop.purposes.map((/** @type {any} */ p) => html`<option value=${String(p.id)}>${nameOf(p)}</option>`)}</select></label>
    <label class="field"><span>${t(`redeem.amount.${shop.unit}`)}</span><input name="amount" inputmode="numeric" autocomplete="off" value=${text} disabled=${asking} onInput=${(/** @type {any} */ e) => setText(e.currentTarget.value)} /></label>
    ${text && amount === null ? html`<p class="trouble">${t("redeem.amount_wrong", { most: shop.available })}</p>` : null}
    ${asking && amount ? html`<div class="ask" role="group" aria-label=${question}><p class="ask-text">${question}</p>
        <button type="button" class="button wide need" data-name="give-yes" disabled=${doing} onClick=${give}>${t("redeem.give_yes")}</button>
        <button type="button" class="button wide plain" disabled=${doing} onClick=${() => setAsking(false)}>${t("app.back")}</button></div>`
      : html`<button type="button" class="button wide plain" data-name="give" disabled=${!isFresh || amount === null} onClick=${() => setAsking(true)}>${t("redeem.give_do")}</button>`}
    <p class="trouble" role="alert">${told}</p></section>`;
}

/** What is over: collected, called off, given. @param {{shop: any}} props */
function Before({ shop }) {
  const orders = shop.orders.filter((/** @type {any} */ o) => o.state !== "ordered");
  if (!orders.length && !shop.donations.length) return null;
  return html`<details class="list" data-name="before"><summary>${t("redeem.before", { n: orders.length + shop.donations.length })}</summary><ul class="plain-list">
    ${orders.map((/** @type {any} */ o) => html`<li class="line"><span class="line-name">${nameOf(o)} <span class="soft small">${dayName(dayOf(Date.parse(o.ordered_at)), language())} · ${t(`shop.state.${o.state}`)}${o.reason ? ` · ${t(`shop.reason.${o.reason}`)}` : ""}</span></span>
      <span class="points">${priceWords(o.unit, o.price)}</span></li>`)}
    ${shop.donations.map((/** @type {any} */ d) => html`<li class="line"><span class="line-name">${nameOf(d)} <span class="soft small">${dayName(dayOf(Date.parse(d.given_at)), language())} · ${t("redeem.donated")}</span></span>
      <span class="points">${priceWords(d.unit, d.amount)}</span></li>`)}</ul></details>`;
}
