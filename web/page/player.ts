/**
 * The player: a part of the page. Facts: `infohash`, `name`, `tracks`, `track` (which of them), `urls` (addresses by the files' indexes),
 * `cover`, `waiting` (why nothing comes, in words) and `begin` (the person has asked to play). Requests: play, save.
 *
 * One media element serves all tracks, so that what the person has agreed to, such as to hear it, holds for the next one too. It plays on
 * after every failure that can pass: it asks for the same address again at the same place.
 */
import "./main.js"; // a part shares all that the page's first script has
import { html, nothing, type TemplateResult } from "lit/html.js";
import "media-chrome/media-captions-button.js";
import "media-chrome/media-control-bar.js";
import "media-chrome/media-controller.js";
import "media-chrome/media-fullscreen-button.js";
import "media-chrome/media-loading-indicator.js";
import "media-chrome/media-mute-button.js";
import "media-chrome/media-pip-button.js";
import "media-chrome/media-play-button.js";
import "media-chrome/media-playback-rate-button.js";
import "media-chrome/media-time-display.js";
import "media-chrome/media-time-range.js";
import "media-chrome/media-volume-range.js";
import { PageElement } from "./element.js";
import type { Track } from "./media.js";
import { place, rememberPlace } from "./places.js";
import { say } from "./words_player.js";

const keepEvery = 5; // seconds between two notes of where it is
const again = [500, 1_000, 2_000, 4_000, 8_000]; // ms before the address is asked for anew
const ahead = 20; // seconds before the end at which the next track is fetched

export class Player extends PageElement {
  static override readonly shows = ["infohash", "name", "tracks", "track", "urls", "cover", "waiting", "begin", "unsupported"];
  declare infohash: string;
  declare name: string;
  declare tracks: readonly Track[];
  declare track: number;
  declare urls: Readonly<Record<number, string>>;
  declare cover: string | undefined;
  declare waiting: string;
  declare begin: boolean;
  declare unsupported: boolean;
  #failures = 0;
  #noted = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #next: HTMLAudioElement | undefined;

  get #now(): Track {
    return this.tracks[this.track]!;
  }

  get #media(): HTMLMediaElement {
    return this.querySelector("[slot=media]")!;
  }

  protected override updated(before: Partial<this>): void {
    const url = this.urls[this.#now.index];
    if (url && this.dataset["src"] !== url) this.#load(url);
    if ("track" in before || "cover" in before) this.#tell();
  }

  disconnectedCallback(): void {
    clearTimeout(this.#retry);
    this.#next = undefined;
    if ("mediaSession" in navigator) for (const action of actions) setAction(action, null);
  }

  /** Shows another file, and plays it if the person has asked to. */
  #load(url: string): void {
    this.dataset["src"] = url;
    this.#failures = 0;
    this.unsupported = false;
    const media = this.#media;
    media.src = url;
    const at = place(this.infohash, this.#now.index);
    if (at > 0) media.addEventListener("loadedmetadata", () => (media.currentTime = at < media.duration - 5 ? at : 0), { once: true });
    if (this.begin) void media.play().catch(() => undefined); // what is wrong is said by an event
  }

  /** Goes to a track of the list, if there is such a one. */
  #go(track: number): void {
    if (this.tracks[track]) this.ask({ do: "play", infohash: this.infohash, track });
  }

  /** A failure of the network passes; one of the format does not. */
  #failed = (): void => {
    const media = this.#media;
    const { error, currentTime } = media;
    const format = error?.code === MediaError.MEDIA_ERR_DECODE || error?.code === MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED;
    const url = this.dataset["src"]!;
    void (format ? reachable(url) : Promise.resolve(false)).then((there) => {
      if (this.dataset["src"] !== url || !this.isConnected) return;
      if (there) {
        this.unsupported = true;
        return;
      }
      const wait = again[Math.min(this.#failures++, again.length - 1)]!;
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => {
        const playing = !media.paused || this.begin;
        media.src = url;
        media.addEventListener("loadedmetadata", () => (media.currentTime = currentTime), { once: true });
        if (playing) void media.play().catch(() => undefined);
      }, wait);
    });
  };

  #moved = (): void => {
    const media = this.#media;
    this.#failures = 0;
    if (Math.abs(media.currentTime - this.#noted) >= keepEvery) this.#note();
    const following = this.tracks[this.track + 1];
    const url = following && this.urls[following.index];
    if (url && media.duration - media.currentTime < ahead && this.#next?.dataset["src"] !== url) {
      this.#next = new Audio(); // its beginning is in the browser's hands when the next one is to begin
      this.#next.dataset["src"] = url;
      this.#next.preload = "auto";
      this.#next.src = url;
    }
  };

  #note = (): void => {
    const { currentTime, duration } = this.#media;
    this.#noted = currentTime;
    if (duration > 0) rememberPlace(this.infohash, this.#now.index, currentTime < duration - 1 ? currentTime : 0);
  };

  #ended = (): void => {
    rememberPlace(this.infohash, this.#now.index, 0);
    this.#go(this.track + 1);
  };

  /** Tells the system what plays, for its keys and its lock screen (W3C Media Session). */
  #tell(): void {
    if (!("mediaSession" in navigator)) return;
    navigator.mediaSession.metadata = new MediaMetadata({
      title: this.#now.title,
      album: this.tracks.length > 1 ? this.name : "",
      artwork: this.cover ? [{ src: new URL(this.cover, location.href).href }] : [],
    });
    const has = (track: number, go: () => void): (() => void) | null => (this.tracks[track] ? go : null);
    setAction("play", () => void this.#media.play());
    setAction("pause", () => this.#media.pause());
    setAction("previoustrack", has(this.track - 1, () => this.#go(this.track - 1)));
    setAction("nexttrack", has(this.track + 1, () => this.#go(this.track + 1)));
    setAction("seekbackward", ({ seekOffset }) => (this.#media.currentTime -= seekOffset ?? 10));
    setAction("seekforward", ({ seekOffset }) => (this.#media.currentTime += seekOffset ?? 10));
    setAction("seekto", ({ seekTime }) => (this.#media.currentTime = seekTime ?? 0));
  }

  #captions(): TemplateResult[] {
    return this.#now.captions
      .filter(({ index }) => this.urls[index])
      .map(({ index, language }) => html`<track kind="subtitles" src=${this.urls[index]!} srclang=${language || "und"} label=${say.captions(language)} />`);
  }

  #element(): TemplateResult {
    const video = this.tracks.some(({ kind }) => kind === "video");
    if (!video) return html`<audio slot="media" preload="metadata" @error=${this.#failed} @timeupdate=${this.#moved} @pause=${this.#note} @ended=${this.#ended}></audio>`;
    return html`<video slot="media" playsinline preload="metadata" @error=${this.#failed} @timeupdate=${this.#moved} @pause=${this.#note} @ended=${this.#ended}>${this.#captions()}</video>`;
  }

  #list(): TemplateResult | typeof nothing {
    if (this.tracks.length < 2) return nothing;
    return html`<ol class="tracks" role="list" aria-label=${say.tracks}>
      ${this.tracks.map(
        ({ title }, track) => html`<li>
          <button type="button" aria-label=${say.playTrack(title)} aria-current=${track === this.track ? "true" : "false"} @click=${() => this.#go(track)}>${title}</button>
        </li>`,
      )}
    </ol>`;
  }

  #said(): TemplateResult {
    if (this.unsupported) {
      return html`<p role="alert">${say.unsupported} <button type="button" @click=${() => this.ask({ do: "save", infohash: this.infohash, index: this.#now.index })}>${say.save}</button></p>`;
    }
    return html`<p class="quiet" role="status">${this.waiting}</p>`;
  }

  protected override render(): TemplateResult {
    const video = this.tracks.some(({ kind }) => kind === "video");
    return html`<section aria-label=${say.player(this.name)}>
      <media-controller class=${video ? "video" : "audio"} ?audio=${!video} lang="en">
        ${this.#element()} ${video ? html`<media-loading-indicator slot="centered-chrome" noautohide></media-loading-indicator>` : nothing}
        <media-control-bar>
          <media-play-button></media-play-button>
          <media-time-range></media-time-range>
          <media-time-display showduration></media-time-display>
          <media-playback-rate-button rates="0.75 1 1.25 1.5 2"></media-playback-rate-button>
          <media-mute-button></media-mute-button>
          <media-volume-range></media-volume-range>
          ${video
            ? html`<media-captions-button></media-captions-button><media-pip-button></media-pip-button><media-fullscreen-button></media-fullscreen-button>`
            : nothing}
        </media-control-bar>
      </media-controller>
      ${this.#said()} ${this.#list()}
    </section>`;
  }
}

const actions: MediaSessionAction[] = ["play", "pause", "previoustrack", "nexttrack", "seekbackward", "seekforward", "seekto"];

/** A browser throws for an action that it does not know. */
function setAction(action: MediaSessionAction, handler: MediaSessionActionHandler | null): void {
  try {
    navigator.mediaSession.setActionHandler(action, handler);
  } catch {
    return;
  }
}

/** Whether the file itself can be had: then it is its format that is not understood. */
async function reachable(url: string): Promise<boolean> {
  const answer = await fetch(url, { headers: { Range: "bytes=0-0" } }).catch(() => undefined);
  void answer?.body?.cancel();
  return answer?.ok === true;
}

Player.define("fs-player");
