// @ts-check
/// <reference lib="webworker" />
// The worker: keeps the shell so that the app opens without signal, keeps map tiles that were seen, and sends the
// outbox when the browser wakes it. It never takes over by itself: the page decides when.
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from "workbox-precaching";
import { NavigationRoute, registerRoute } from "workbox-routing";
import { CacheFirst, StaleWhileRevalidate } from "workbox-strategies";
import { drain } from "./js/offline/drain.js";

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
  ({ url, sameOrigin }) => sameOrigin && url.pathname.startsWith("/api/v1/tiles/"),
  new StaleWhileRevalidate({
    cacheName: TILES,
    plugins: [
      { cacheWillUpdate: async ({ response }) => (response.status === 200 ? response : null) },
      { cacheDidUpdate: async () => trim(TILES, MOST_TILES) },
    ],
  }),
);

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
    drain().then((ending) => {
      if (ending === "wait") throw new Error("still waiting"); // the browser wakes us again
    }),
  );
});
