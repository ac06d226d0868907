/** Webseeds (BEP 19) as magnets name them. Pure: nothing is fetched here. */

/** Webseeds that a magnet names (`ws`); only http and https. */
export function webseeds(text: string): string[] {
  return new URLSearchParams(text.slice(text.indexOf("?") + 1)).getAll("ws").filter((url) => /^https?:\/\//i.test(url) && URL.canParse(url));
}

/** Address of one file below a webseed, as BEP 19 builds it. */
export function webseedFile(webseed: string, name: string, path: string, single: boolean): string {
  if (!webseed.endsWith("/")) return single ? webseed : `${webseed}/${[name, ...path.split("/")].map(encodeURIComponent).join("/")}`;
  const parts = single ? [name] : [name, ...path.split("/")];
  return webseed + parts.map(encodeURIComponent).join("/");
}
