/** The words of the player. */
export const say = {
  player: (title: string): string => `Player: ${title}`,
  tracks: "Tracks",
  playTrack: (title: string): string => `Play ${title}`,
  next: "Next track",
  previous: "Previous track",
  now: "Playing",
  unsupported: "This browser cannot play this kind of file. It can still be saved.",
  save: "Save the file",
  captions: (language: string): string => (language ? (new Intl.DisplayNames(["en"], { type: "language", fallback: "code" }).of(language) ?? language) : "Captions"),
  waiting: "Waiting for the next part…",
  nobody: "Waiting: nobody who has this is here right now. It goes on by itself when somebody comes.",
  slow: "Waiting: it arrives more slowly than it plays.",
  lost: "The connection was lost. It goes on by itself when it is back.",
};
