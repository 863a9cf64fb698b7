// @ts-check
/// <reference lib="webworker" />
// The worker: keeps the shell so that the app opens without signal, keeps map tiles that were seen, and sends the
// outbox when the browser wakes it. It never takes over by itself: the page decides when.
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from "workbox-precaching";
import { NavigationRoute, registerRoute } from "workbox-routing";
import { CacheFirst, NetworkFirst, StaleWhileRevalidate } from "workbox-strategies";
import { ripen } from "./js/offline/alarms.js";
import { drain, rush } from "./js/offline/drain.js";
import { answerPushes } from "./js/pushed.js";

const worker = /** @type {any} */ (self);
/** @typedef {{url: string, revision: string|null}} Piece */
/** @type {Piece[]} */
const shell = worker.__SHELL ?? []; // the bundle, from the build
/** @type {Piece[]} */
const pages = worker.__PAGES ?? []; // the page and the manifest, from the server that rendered them

const MAP = "xunfang-map";
const TILES = "xunfang-tiles";
const MOST_TILES = 600;

precacheAndRoute([...shell, ...pages], { ignoreURLParametersMatching: [/^v$/, /^utm_/] });
cleanupOutdatedCaches();
if (pages.some((p) => p.url === "/m/")) {
  registerRoute(new NavigationRoute(createHandlerBoundToURL("/m/"), { allowlist: [/^\/m\/?(\?.*)?$/] }));
}

// The map's code: a megabyte, fetched when a map is first shown. Its chunks have their hash in the name.
/** @type {Piece[]} */
const mapPieces = worker.__MAP ?? [];
registerRoute(
  ({ url, sameOrigin }) => sameOrigin && (url.pathname.startsWith("/static/dist/chunks/") || mapPieces.some((p) => p.url === url.pathname)),
  ({ url, request, event }) =>
    (url.pathname.includes("/chunks/") ? new CacheFirst({ cacheName: MAP }) : new StaleWhileRevalidate({ cacheName: MAP }))
      .handle({ request, event }),
);

registerRoute(
  // The phone's: streets without figures. What a desk asks for names a period, and is nobody else's to see. Those drawn for
  // a GCJ-02 base map have an address of their own, and so a place of their own in the cache.
  ({ url, sameOrigin }) => sameOrigin && url.pathname.startsWith("/api/v1/tiles/") && ["", "?datum=gcj02"].includes(url.search),
  new StaleWhileRevalidate({
    cacheName: TILES,
    plugins: [
      { cacheWillUpdate: async ({ request, response }) => (response.status === 200 ? response : forgotten(request, response)) },
      { cacheDidUpdate: async () => trim(TILES, MOST_TILES) },
    ],
  }),
);

// What lies under the maps, so that our own are drawn in its datum without signal, too. It goes when somebody signs out.
registerRoute(
  ({ url, sameOrigin }) => sameOrigin && url.pathname === "/api/v1/base-map",
  new NetworkFirst({ cacheName: TILES, networkTimeoutSeconds: 4 }),
);

/** Nothing there for whoever asks now: what was kept for somebody else goes. @param {Request} request @param {Response} response */
async function forgotten(request, response) {
  if (response.status === 204 || response.status === 404) await (await caches.open(TILES)).delete(request);
  return null;
}

/** @param {string} name @param {number} most */
async function trim(name, most) {
  const cache = await caches.open(name);
  const keys = await cache.keys();
  await Promise.all(keys.slice(0, Math.max(0, keys.length - most)).map((key) => cache.delete(key)));
}

worker.addEventListener("message", (/** @type {any} */ event) => {
  if (event.data?.type === "SKIP_WAITING") worker.skipWaiting();
});

worker.addEventListener("activate", (/** @type {any} */ event) => {
  event.waitUntil(worker.clients.claim());
});

worker.addEventListener("sync", (/** @type {any} */ event) => {
  if (event.tag !== "xunfang-send") return;
  event.waitUntil(
    Promise.all([help(), drain()]).then((endings) => {
      if (endings.includes("wait")) throw new Error("still waiting"); // the browser wakes us again
    }),
  );
});

/** A call whose page was killed while it counted down is sent by us when its five seconds are over. */
async function help() {
  const left = await ripen();
  if (left !== null) await new Promise((done) => setTimeout(done, left));
  return rush();
}

// Messages while the page is closed (static/js/offline/push.js asks for them).
answerPushes(worker, "/m/");
