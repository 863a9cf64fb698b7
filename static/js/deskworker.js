// @ts-check
/// <reference lib="webworker" />
// The desk's worker, served as /desk/sw.js: it rings while every page is closed, and does nothing else. It keeps no file and
// answers no request, so a desk is never older than its server; the phone's worker (static/sw.js) is not for desks.
import { answerPushes } from "./pushed.js";

const worker = /** @type {any} */ (self);

worker.addEventListener("install", () => worker.skipWaiting());
answerPushes(worker, "/desk/alarms");
