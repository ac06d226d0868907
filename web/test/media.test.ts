/** Which files are played, in which order, under which names. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { album, kindOf, titleOf } from "../page/media";

test("tracks come in the order of their numbers, and a cover is found", () => {
  const paths = ["side b/10 - Ten.mp3", "side b/9 - Nine.mp3", "side a/2 - Two.FLAC", "side a/1 - One.opus", "notes.txt", "Cover.JPG", "back.png", "data.bin"];
  const { tracks, cover } = album(paths);
  assert.deepEqual(tracks.map(({ title }) => title), ["1 - One", "2 - Two", "9 - Nine", "10 - Ten"]);
  assert.deepEqual(tracks.map(({ index }) => index), [3, 2, 1, 0]);
  assert.equal(cover, 5);
});

test("captions belong to the video of the same name", () => {
  const paths = ["film.webm", "film.vtt", "film.fr.vtt", "film.pt-BR.vtt", "film 2.webm", "film 2.en.vtt", "film.not a language.vtt"];
  const { tracks } = album(paths);
  assert.deepEqual(tracks.map(({ title, captions }) => [title, captions.map(({ language }) => language)]), [["film", ["", "fr", "pt-BR"]], ["film 2", ["en"]]]);
});

test("the only image is the cover, one of many is not, and strange names are no kind", () => {
  assert.equal(album(["a.mp3", "photo.png"]).cover, 1);
  assert.equal(album(["1.png", "2.png"]).cover, undefined);
  assert.equal(album(["1.png", "album art.webp"]).cover, 1);
  for (const path of ["", "mp3", ".mp3/x", "a.MP3.exe", "a.", "constructor.toString", "a.__proto__"]) assert.equal(kindOf(path), undefined, path);
  assert.equal(titleOf("a/.mp3"), "a/.mp3");
  assert.equal(titleOf("a/My_song__live.mp3"), "My song live");
});
