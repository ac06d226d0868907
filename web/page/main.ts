/** Starts the page: introduces the elements to the controller. */
import { App } from "./app.js";
import type { RequestEvent } from "./facts.js";
import { route } from "./route.js";
import type { Shell } from "./shell.js";
import "./shell.js";

const page = document.querySelector<Shell>("fs-page");
if (!page) throw new Error("index.html has no fs-page");

const app = new App(
  (facts) => (page.facts = facts),
  (what) => (page.said = what),
);
page.addEventListener("request", (event) => app.handle((event as RequestEvent).request));

/** Links to views of this page change the view; every other link is the browser's. */
document.addEventListener("click", (event) => {
  const link = (event.target as Element | null)?.closest?.("a");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (link.origin !== location.origin || link.hash || link.target || link.hasAttribute("download") || route(link.pathname).view === "lost") return;
  event.preventDefault();
  if (link.pathname === location.pathname) scrollTo(0, 0);
  else app.go(link.pathname);
});

app.start();
