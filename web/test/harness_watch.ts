import type { Page } from "puppeteer-core";

/** Something that a page, one of its frames or one of its workers did. */
export interface Seen {
  kind: "peerconnection" | "websocket" | "send" | "fetch";
  /** "page" or "worker". */
  where: string;
  /** URL, or the ICE servers' URLs of a peer connection. */
  target: string;
  /** Text that was sent; empty for what is no text. */
  text: string;
}

export interface Watched {
  /** What was seen so far, in order for each place. */
  seen(): Promise<Seen[]>;
  /** What of it may be seen only after consent: peer connections, and anything over a WebSocket. */
  contacts(): Promise<Seen[]>;
}

/**
 * Watches what a page does from before its first script on: every RTCPeerConnection made, every WebSocket opened and text sent, every
 * fetch, in the page, its frames and its dedicated workers. Call before the page goes anywhere; launch with `bypassCSP`, because a
 * worker is watched by a script from a blob: URL.
 */
export async function watch(page: Page): Promise<Watched> {
  const seen: (Seen | null)[] = [];
  await page.exposeFunction("fanseedSeen", (event: string) => void seen.push(JSON.parse(event) as Seen | null));
  await page.evaluateOnNewDocument(`(${instrument})("page", ${JSON.stringify(String(instrument))}, "watch-" + Math.random())`);
  const settled = async (): Promise<Seen[]> => {
    // Calls of the exposed function arrive in order: once this one has, so have those before it.
    await page.evaluate(() => (globalThis as unknown as { fanseedSeen(event: string): Promise<void> }).fanseedSeen("null"));
    return seen.filter((event) => event !== null);
  };
  return { seen: settled, contacts: async () => (await settled()).filter(({ kind }) => kind !== "fetch") };
}

/** Runs in pages and workers, so it uses nothing from around it. `source` is its own text, for the workers. */
function instrument(where: string, source: string, channelName: string): void {
  const scope = globalThis as typeof globalThis & { fanseedSeen?: (event: string) => void; watched?: boolean };
  if (scope.watched) return;
  scope.watched = true;
  const channel = new BroadcastChannel(channelName);
  const tell = (event: string): void => (where === "page" ? scope.fanseedSeen!(event) : channel.postMessage(event));
  if (where === "page") channel.onmessage = ({ data }) => tell(data as string);
  const see = (kind: string, target: unknown, text: unknown = ""): void =>
    tell(JSON.stringify({ kind, where, target: String(target), text: typeof text === "string" ? text : "" }));

  if (scope.RTCPeerConnection) {
    scope.RTCPeerConnection = class extends scope.RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        see("peerconnection", (configuration?.iceServers ?? []).flatMap((server) => server.urls).join(" "));
      }
    };
  }
  scope.WebSocket = class extends scope.WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      see("websocket", url);
    }
    override send(data: string | ArrayBufferLike | Blob | ArrayBufferView<ArrayBuffer>): void {
      see("send", this.url, data);
      super.send(data as string);
    }
  };
  const { fetch } = scope;
  scope.fetch = (input, init) => {
    see("fetch", input instanceof Request ? input.url : new URL(input, location.href));
    return fetch(input, init);
  };
  if (scope.Worker) {
    scope.Worker = class extends scope.Worker {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(watchedScript(new URL(url, location.href).href, options), options);
      }
    };
  }

  /** A script that watches and then is the worker's own. It lets relative addresses mean what they mean to that. */
  function watchedScript(url: string, options?: WorkerOptions): string {
    const before = `Object.defineProperty(self, "location", { value: new URL(${JSON.stringify(url)}) });
      (${source})("worker", ${JSON.stringify(source)}, ${JSON.stringify(channelName)});
      const watchedFetch = self.fetch;
      self.fetch = (input, init) => watchedFetch(input instanceof Request ? input : new URL(input, ${JSON.stringify(url)}), init);`;
    const blob = (script: string): string => URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    if (options?.type !== "module") return blob(`${before}\nimportScripts(${JSON.stringify(url)});`);
    return blob(`import ${JSON.stringify(blob(before))};\nimport ${JSON.stringify(url)};`);
  }
}
