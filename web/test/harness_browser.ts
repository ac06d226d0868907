import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { makeFile, temporary } from "./harness_files";
import { atEnd, setting, type Scope } from "./harness_scope";

export type BrowserName = "chromium" | "firefox";

/** The browsers to test in. */
export const browsers = setting("FANSEED_BROWSERS").split(",").filter(Boolean) as BrowserName[];

export interface LaunchOptions {
  /** Further command-line flags of Chromium. */
  flags?: string[];
  /** Further preferences of Firefox. */
  prefs?: Record<string, boolean | number | string>;
  /** A screen of 375 × 667 points that is touched. */
  phone?: boolean;
  /** The person prefers dark pages. */
  dark?: boolean;
  /** Pages that are not seen are slowed down, as they are where no test drives the browser. */
  throttled?: boolean;
  /** A profile directory to go on with. Default: a new one, gone after the scope. */
  profile?: string;
}

const desktop = { width: 1280, height: 800 };

/**
 * Chromium without anything that reaches out. Peer connections go over loopback: host candidates are not hidden behind mDNS names, which
 * would be asked for by multicast, and 127.0.0.1 is a candidate. A script that `watch` has answered for counts as one from the internet,
 * and may still speak to this machine.
 */
const chromiumFlags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-features=WebRtcHideLocalIpsWithMdns,LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets,OptimizationHints,MediaRouter",
  "--allow-loopback-in-peer-connection",
];

/** The same for Firefox. A page that may use the camera may use every interface, loopback included. */
const firefoxPrefs = {
  "media.peerconnection.ice.loopback": true,
  "media.peerconnection.ice.obfuscate_host_addresses": false,
  "permissions.default.camera": 1,
  "permissions.default.microphone": 1,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "network.dns.disablePrefetch": true,
  "network.prefetch-next": false,
};

/** One browser with a profile of its own. Its pages must show no error. */
export class Window {
  /** What its pages have complained about. */
  readonly errors: string[] = [];
  readonly #allowed: RegExp[] = [];
  #closed = false;

  constructor(
    readonly name: BrowserName,
    readonly browser: Browser,
    readonly options: LaunchOptions,
  ) {}

  /** Errors that a test brings about on purpose. */
  allow(...patterns: RegExp[]): void {
    this.#allowed.push(...patterns);
  }

  /** A new page, not yet at any address. It has the globals that harness_seeder.ts declares. A `stranger` shares nothing kept with other pages. */
  async page(stranger = false): Promise<Page> {
    const page = await (stranger ? (await this.browser.createBrowserContext()).newPage() : this.browser.newPage());
    page.on("console", (message) => message.type() === "error" && this.#complain(page, `${message.text()} ${message.location().url ?? ""}`));
    page.on("pageerror", (error) => this.#complain(page, error instanceof Error ? (error.stack ?? error.message) : String(error)));
    if (this.options.phone) await page.setViewport({ width: 375, height: 667, ...(this.name === "chromium" && { isMobile: true, hasTouch: true, deviceScaleFactor: 2 }) });
    if (this.options.dark && this.name === "chromium") await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
    await page.evaluateOnNewDocument(`globalThis.makeFile = ${makeFile}; globalThis.sha256InPage = ${sha256InPage}`);
    return page;
  }

  /** A new page at an address. */
  async open(url: string): Promise<Page> {
    const page = await this.page();
    await page.goto(url);
    return page;
  }

  #complain(page: Page, text: string): void {
    this.errors.push(`${page.url()}: ${text}`);
  }

  /** Ends the browser's processes, all at once, without a chance to do anything more. */
  async kill(): Promise<void> {
    this.#closed = true;
    process.kill(-this.browser.process()!.pid!, "SIGKILL"); // puppeteer gives every browser a process group
    await this.browser.close(); // puppeteer puts the profile in order
  }

  /** Closes the browser. Fails where a page has shown an error that nobody allowed. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.browser.close();
    const unexpected = this.errors.filter((error) => !this.#allowed.some((pattern) => pattern.test(error)));
    if (unexpected.length > 0) throw new Error(`${this.name}: pages showed errors:\n${unexpected.join("\n")}`);
  }
}

async function sha256InPage(blob: Blob): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  return [...new Uint8Array(digest)].map((b) => b.toString(16).padStart(2, "0")).join("");
}

/** Starts a browser, which is closed after the scope. */
export async function launch(scope: Scope, name: BrowserName, options: LaunchOptions = {}): Promise<Window> {
  const userDataDir = options.profile ?? temporary(scope);
  const browser = name === "chromium" ? await launchChromium(userDataDir, options) : await launchFirefox(userDataDir, options);
  const window = new Window(name, browser, options);
  atEnd(scope, () => window.close());
  return window;
}

async function launchChromium(userDataDir: string, options: LaunchOptions): Promise<Browser> {
  const browser = await puppeteer.launch({
    executablePath: setting("FANSEED_CHROMIUM"),
    userDataDir,
    defaultViewport: desktop,
    args: [...chromiumFlags, ...(options.flags ?? [])],
    ignoreDefaultArgs: options.throttled ? ["--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding"] : false,
  });
  const session = await browser.target().createCDPSession();
  for (const name of ["camera", "microphone"]) {
    // A page that may use the camera may use every interface, loopback included.
    await session.send("Browser.setPermission", { permission: { name }, setting: "granted" });
  }
  return browser;
}

function launchFirefox(userDataDir: string, options: LaunchOptions): Promise<Browser> {
  return puppeteer.launch({
    browser: "firefox",
    executablePath: setting("FANSEED_FIREFOX"),
    userDataDir,
    defaultViewport: desktop,
    extraPrefsFirefox: {
      ...firefoxPrefs,
      ...(options.dark && { "layout.css.prefers-color-scheme.content-override": 0 }),
      ...options.prefs,
    },
  });
}
