// @ts-check
// One way to the server. Never throws for an answer: status 0 is "nothing came back".
import { getMeta, setMetas } from "./offline/db.js";

export const CLIENT = "pwa/1";
const TIMEOUT_MS = 30_000;
let gzipRefused = false;

/**
 * @typedef {{status: number, json: any, etag: string|null, retryAfter: string|null, problem: {code: string, detail: string}|null}} Reply
 *
 * @param {"GET"|"POST"|"PUT"|"PATCH"|"DELETE"} method
 * @param {string} path under /api/v1
 * @param {{body?: any, etag?: string|null, timeoutMs?: number}} [more]
 * @returns {Promise<Reply>}
 */
export async function call(method, path, { body, etag, timeoutMs = TIMEOUT_MS } = {}) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json", "X-Xunfang-Client": CLIENT };
  if (etag) headers["If-None-Match"] = etag;
  /** @type {BodyInit|undefined} */
  let payload;
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    payload = JSON.stringify(body);
    const packed = payload.length > 2048 && !gzipRefused ? await gzip(payload) : null;
    if (packed) {
      headers["Content-Encoding"] = "gzip";
      payload = packed;
    }
  }
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), timeoutMs);
  try {
    const response = await fetch(`/api/v1${path}`, {
      method, headers, body: payload, signal: stop.signal,
      credentials: "same-origin", redirect: "manual", cache: "no-store",
    });
    await keepAnchor(response);
    if (response.status === 415 && headers["Content-Encoding"]) {
      gzipRefused = true; // something on the way does not take it: once more, as it is
      clearTimeout(timer);
      return call(method, path, { body, etag, timeoutMs });
    }
    const json = await readJson(response);
    return {
      status: response.status,
      json,
      etag: response.headers.get("ETag"),
      retryAfter: response.headers.get("Retry-After"),
      problem: response.status >= 400 && typeof json?.code === "string" ? { code: json.code, detail: String(json.detail ?? "") } : null,
    };
  } catch {
    return { status: 0, json: undefined, etag: null, retryAfter: null, problem: null };
  } finally {
    clearTimeout(timer);
  }
}

/** @param {Response} response @returns {Promise<any>} undefined when it is not JSON */
async function readJson(response) {
  if (!/\bjson\b/.test(response.headers.get("Content-Type") ?? "")) return undefined;
  try {
    return await response.json();
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error; // cut off in the middle: nothing came back
  }
}

/** The server's signed time, kept from every answer; the phone hands it back and corrects what it shows by it. */
async function keepAnchor(/** @type {Response} */ response) {
  const anchor = response.headers.get("X-Xunfang-Anchor");
  const at = Number(anchor?.split(".")[1]);
  if (!anchor || !Number.isFinite(at)) return;
  await setMetas({ anchor, clock: { ahead_ms: at - Date.now() } });
}

/** @returns {Promise<number>} epoch ms, corrected by what the server last said */
export async function serverNow() {
  return Date.now() + ((await getMeta("clock"))?.ahead_ms ?? 0);
}

/** @param {string} text @returns {Promise<ArrayBuffer|null>} */
async function gzip(text) {
  if (typeof CompressionStream !== "function") return null;
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}
