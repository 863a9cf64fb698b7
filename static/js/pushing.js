// @ts-check
// Web Push, for pages and workers alike: to subscribe, and to do it anew when the browser has ended an address. Nothing here
// touches the phone's database, so that a desk has none.

/**
 * @typedef {{status: number, json: any}} Said status 0: no answer
 * @typedef {(method: "GET"|"POST"|"DELETE", body?: any) => Promise<Said>} Ask
 */

/** @type {Ask} */
export async function ask(method, body) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json", "X-Xunfang-Client": "push/1" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  try {
    const answer = await fetch("/api/v1/me/push", {
      method, headers, body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin", redirect: "manual", cache: "no-store",
    });
    return { status: answer.status, json: answer.status === 200 ? await answer.json() : undefined };
  } catch {
    return { status: 0, json: undefined };
  }
}

/** Asked of the newer interface first: some browsers answer "denied" by the older one whatever was said. */
export async function permission() {
  try {
    const { state } = await navigator.permissions.query({ name: "notifications" });
    return state === "prompt" ? "default" : state;
  } catch {
    return Notification.permission;
  }
}

/** @param {PushManager} manager @param {string} key of the server, base64url */
export async function subscribe(manager, key) {
  const wanted = bytes(key);
  const kept = await manager.getSubscription();
  const old = kept?.options.applicationServerKey;
  if (kept && old && String(new Uint8Array(old)) === String(wanted)) return kept;
  await kept?.unsubscribe(); // it belongs to another server's key
  return manager.subscribe({ userVisibleOnly: true, applicationServerKey: wanted });
}

/**
 * The address that both sides have, or a new one where one of them has lost it. For a browser whose person wants it.
 * @param {PushManager} manager @param {Ask} [server] @returns {Promise<boolean>} whether messages come
 */
export async function mend(manager, server = ask) {
  const state = await server("GET");
  if (state.status !== 200) return false;
  if (state.json.subscribed && (await manager.getSubscription())) return true;
  return hand(await subscribe(manager, state.json.key), server);
}

/**
 * The browser has ended an address by itself. Only where the server still knows one of whoever is signed in: somebody else
 * may be by now, who never asked for messages.
 * @param {PushManager} manager @param {PushSubscription|null|undefined} fresh what the browser put in its place, if it did
 * @param {Ask} [server] @returns {Promise<boolean>}
 */
export async function renew(manager, fresh, server = ask) {
  const state = await server("GET");
  if (state.status !== 200 || !state.json.subscribed) return false;
  return hand(fresh ?? (await subscribe(manager, state.json.key)), server);
}

/** @param {PushSubscription} own @param {Ask} server */
async function hand(own, server) {
  return (await server("POST", own.toJSON())).status === 204;
}

/** @param {string} text base64url */
function bytes(text) {
  return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
}
