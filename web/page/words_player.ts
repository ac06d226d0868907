/** The words of the player. */
export const say = {
  player: (title: string): string => `Player: ${title}`,
  tracks: "Tracks",
  playTrack: (title: string): string => `Play ${title}`,
  unsupported: "This browser cannot play this kind of file. It can still be saved.",
  save: "Save the file",
  captions: (language: string): string => (language ? (new Intl.DisplayNames(["en"], { type: "language", fallback: "code" }).of(language) ?? language) : "Captions"),
  waiting: "Waiting for the next part…",
  nobody: "Waiting: nobody who has this is here right now. It goes on by itself when somebody comes.",
  unasked: "It can only come from other people’s browsers: choose below how to take part, and it plays.",
  lost: "The connection was lost. It goes on by itself when it is back.",
};
