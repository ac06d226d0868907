/** The page's part of streaming: it brings each request of the service worker to the engine, and keeps the service worker awake. */
import type { StreamRequest } from "./messages.js";

const PING_EVERY = 10_000; // Firefox ends a silent service worker and cuts the body short
const CONTROL_WITHIN = 3000;
let open = 0;
let pinging: ReturnType<typeof setInterval> | undefined;

/** Registers the service worker. Resolves once it serves this page; with false where the page cannot have one. */
export async function startStreams(): Promise<boolean> {
  if (!("serviceWorker" in navigator) || !isSecureContext || new URL(import.meta.url).origin !== location.origin) return false;
  const { serviceWorker } = navigator;
  const controlled = new Promise<boolean>((resolve) => {
    serviceWorker.addEventListener("controllerchange", () => resolve(true), { once: true });
    setTimeout(() => resolve(serviceWorker.controller !== null), CONTROL_WITHIN);
  });
  try {
    await serviceWorker.register("/sw.js", { type: "module" });
  } catch {
    return false;
  }
  return serviceWorker.controller !== null || controlled;
}

/** Gives the service worker's requests to `take`; the result stops that. */
export function takeStreams(take: (request: StreamRequest, port: MessagePort) => void): () => void {
  if (!("serviceWorker" in navigator)) return () => undefined;
  const listen = (e: MessageEvent<StreamRequest>): void => {
    if (e.data.kind === "stream" && e.ports[0]) take(e.data, e.ports[0]);
  };
  navigator.serviceWorker.addEventListener("message", listen);
  navigator.serviceWorker.startMessages();
  return () => navigator.serviceWorker.removeEventListener("message", listen);
}

/** Counts bodies that are open; while there are any the service worker hears from us. */
export function countStreams(change: 1 | -1): void {
  open += change;
  if (open > 0) {
    pinging ??= setInterval(() => navigator.serviceWorker.controller?.postMessage("awake"), PING_EVERY);
  } else {
    clearInterval(pinging);
    pinging = undefined;
  }
}
