/** The page's part of streaming: it brings each request of the service worker to the engine, and keeps the service worker awake. */
import type { StreamRequest } from "./messages.js";

const PING_EVERY = 10_000; // Firefox ends a silent service worker and cuts the body short
let open = 0;
let pinging: ReturnType<typeof setInterval> | undefined;

/** Registers the service worker and gives requests to `take`; false where the page cannot have one. */
export function serveStreams(take: (request: StreamRequest, port: MessagePort) => void): boolean {
  if (!("serviceWorker" in navigator) || !isSecureContext || new URL(import.meta.url).origin !== location.origin) return false;
  navigator.serviceWorker.register("/sw.js", { type: "module" }).catch(() => undefined);
  navigator.serviceWorker.addEventListener("message", (e: MessageEvent<StreamRequest>) => {
    if (e.data.kind === "stream" && e.ports[0]) take(e.data, e.ports[0]);
  });
  navigator.serviceWorker.startMessages();
  return true;
}

/** Counts bodies that are open; while there are any the service worker hears from us. */
export function countStreams(change: 1 | -1): void {
  open += change;
  if (open > 0) pinging ??= setInterval(() => navigator.serviceWorker.controller?.postMessage("awake"), PING_EVERY);
  else {
    clearInterval(pinging);
    pinging = undefined;
  }
}
