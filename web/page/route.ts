/** Addresses of the views. Pure. */

export type Route = { view: "home" } | { view: "work"; infohash: string } | { view: "earnings" } | { view: "lost" };

const work = /^\/w\/([0-9a-f]{40})\/?$/i;

export function route(path: string): Route {
  if (path === "/" || path === "/index.html") return { view: "home" };
  if (/^\/earnings\/?$/.test(path)) return { view: "earnings" };
  const infohash = work.exec(path)?.[1];
  return infohash ? { view: "work", infohash: infohash.toLowerCase() } : { view: "lost" };
}

export const workPath = (infohash: string): string => `/w/${infohash}`;
