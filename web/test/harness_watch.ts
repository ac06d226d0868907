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
 * fetch, in the page, its frames and its dedicated workers. Call before the page goes anywhere. A worker's own script is served with
 * the watching script before it.
 */
export async function watch(page: Page): Promise<Watched> {
  const seen: (Seen | null)[] = [];
  const channel = `watch-${Math.random()}`;
  const script = (where: string): string => `(${instrument})(${JSON.stringify(where)}, ${JSON.stringify(channel)});`;
  await page.exposeFunction("fanseedSeen", (event: string) => void seen.push(JSON.parse(event) as Seen | null));
  await page.evaluateOnNewDocument(script("page"));
  await prepend(page, script("worker"));
  const settled = async (): Promise<Seen[]> => {
    // Calls of the exposed function arrive in order: once this one has, so have those before it.
    await page.evaluate(() => (globalThis as unknown as { fanseedSeen(event: string): Promise<void> }).fanseedSeen("null"));
    return seen.filter((event) => event !== null);
  };
  return { seen: settled, contacts: async () => (await settled()).filter(({ kind }) => kind !== "fetch") };
}

/** What `instrument` adds to the addresses of workers, so that they can be told from other scripts. */
const mark = "watched-worker";

/** Puts a script before every worker's own. */
async function prepend(page: Page, before: string): Promise<void> {
  const firefox = /^firefox/i.test(await page.browser().version());
  return firefox ? prependInFirefox(page, before) : prependInChromium(page, before);
}

async function prependInFirefox(page: Page, before: string): Promise<void> {
  const priority = 0; // lets other handlers of the page's requests decide first
  await page.setRequestInterception(true);
  // puppeteer waits for the promise that a handler gives back
  page.on("request", async (request) => {
    if (!request.url().includes(mark)) return request.continue({}, priority);
    const { status, headers, body } = await original(request.url());
    return request.respond({ status, headers, body: before + body }, priority);
  });
}

/** puppeteer's own interception here sometimes loses the requests that a worker makes. */
async function prependInChromium(page: Page, before: string): Promise<void> {
  const session = await page.createCDPSession();
  session.on("Fetch.requestPaused", async ({ requestId, request }) => {
    const { status, headers, body } = await original(request.url);
    await session.send("Fetch.fulfillRequest", {
      requestId,
      responseCode: status,
      responseHeaders: Object.entries(headers).map(([name, value]) => ({ name, value })),
      body: Buffer.from(before + body).toString("base64"),
    });
  });
  await session.send("Fetch.enable", { patterns: [{ urlPattern: `*${mark}*` }] });
}

async function original(url: string): Promise<{ status: number; headers: Record<string, string>; body: string }> {
  const response = await fetch(url);
  const headers = Object.fromEntries([...response.headers].filter(([name]) => !["content-encoding", "content-length"].includes(name)));
  return { status: response.status, headers, body: await response.text() };
}

/** Runs in pages and workers, so it uses nothing from around it. */
function instrument(where: string, channelName: string): void {
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
        const marked = new URL(url, location.href);
        marked.searchParams.set("watched-worker", "");
        super(marked, options);
      }
    };
  }
}
