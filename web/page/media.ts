/** What of a work's files a browser can show, and in which order. Pure: names only, nothing is opened. */

export type Kind = "audio" | "video" | "image";

/** Kinds by the ending of a name. What is not here is offered as a download. */
const endings: Record<Kind, string> = {
  audio: "aac flac m4a mp3 oga ogg opus wav",
  video: "m4v mkv mov mp4 ogv webm",
  image: "avif gif jpeg jpg png webp",
};

const ending = (path: string): string => /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
const stem = (path: string): string => path.replace(/\.[^./]+$/, "");
const inOrder = new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare;

export const kindOf = (path: string): Kind | undefined => (Object.keys(endings) as Kind[]).find((kind) => endings[kind].split(" ").includes(ending(path)));

/** A file that is played. `index` is that of the file in its work. */
export interface Track {
  index: number;
  kind: "audio" | "video";
  title: string;
  /** Captions that lie beside it: `song.vtt`, or `song.fr.vtt` for a language (BCP 47). */
  captions: { index: number; language: string }[];
}

/** What there is to see and hear in a work. */
export interface Album {
  tracks: Track[];
  /** Index of the image that is shown as the cover. */
  cover: number | undefined;
}

/** A track's name as people would write it: without folders and ending. */
export function titleOf(path: string): string {
  return stem(path.split("/").at(-1)!).replace(/_+/g, " ").trim() || path;
}

/** A cover is named like one; or it is the only image there is. */
function coverOf(paths: readonly string[]): number | undefined {
  const images = paths.map((path, index) => ({ path, index })).filter(({ path }) => kindOf(path) === "image");
  const named = (name: RegExp): number | undefined => images.find(({ path }) => name.test(titleOf(path)))?.index;
  return named(/^(cover|front|folder)$/i) ?? named(/cover|front|album ?art/i) ?? (images.length === 1 ? images[0]!.index : undefined);
}

export function album(paths: readonly string[]): Album {
  const tracks = paths
    .map((path, index) => ({ path, index, kind: kindOf(path) }))
    .filter((file): file is { path: string; index: number; kind: Track["kind"] } => file.kind === "audio" || file.kind === "video")
    .sort((a, b) => inOrder(stem(a.path), stem(b.path)))
    .map(({ path, index, kind }) => ({ index, kind, title: titleOf(path), captions: captionsOf(path, paths) }));
  return { tracks, cover: coverOf(paths) };
}

function captionsOf(path: string, paths: readonly string[]): Track["captions"] {
  const own = stem(path);
  return paths.flatMap((other, index) => {
    if (ending(other) !== "vtt" || !other.startsWith(own)) return [];
    const language = /^(?:\.([a-z]{2,3}(?:-[a-z0-9]{2,8})*))?\.vtt$/i.exec(other.slice(own.length));
    return language ? [{ index, language: language[1] ?? "" }] : [];
  });
}
