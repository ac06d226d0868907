/**
 * The browser tests' tools: the real server binary, real Chromium and Firefox, and eyes on what a page does.
 *
 * Everything is started for one scope, a test or a measurement, and ended with it: `after` is node:test's. Run by `go run ./build test`,
 * which says in the environment where everything is:
 *   FANSEED_BINARY    the server            FANSEED_WEB       the directory web
 *   FANSEED_BROWSERS  such as "chromium,firefox"; FANSEED_CHROMIUM and FANSEED_FIREFOX are their binaries
 *   FANSEED_SCRIPTS   bundled *.page.ts     FANSEED_SCREENS   screenshots; FANSEED_KEEP_SCREENS those of the documentation
 *   FANSEED_GOWASM    Go tests compiled for browsers
 *   FANSEED_SHORT     set: leave out what takes long
 */
export { browsers, launch, type BrowserName, type LaunchOptions, type Window } from "./harness_browser";
export { fixture, makeFile, pageScript, servePages, sha256, stockClient, temporary } from "./harness_files";
export { accountOf, fill, press, publish, refusedReceipt, text, visit } from "./harness_page";
export { crash } from "./harness_process";
export { startProxy, type Proxy, type Tamper } from "./harness_proxy";
export { screenshot } from "./harness_screen";
export { addSeeder, arrived, openSeeder, openStock, unlimited, type StockClient, type StockTorrent } from "./harness_seeder";
export { startServer, type Server } from "./harness_server";
export { openTab } from "./harness_tab";
export { watch, type Seen, type Watched } from "./harness_watch";
export { inScope, short, until, type Scope } from "./harness_scope";
