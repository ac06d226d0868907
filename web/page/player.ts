/**
 * The player: a part of the page. Facts: `infohash`, `name`, `tracks`, `track` (which of them), `urls` (addresses by the files' indexes),
 * `cover`, and `alone` (nobody is connected who could have it). Requests: play, save.
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

/** What is between the person and the sound: `unasked` where it can come from nowhere before the person has agreed to peers. */
type State = "ready" | "waiting" | "lost" | "unsupported" | "unasked";

export class Player extends PageElement {
  static override readonly shows = ["infohash", "name", "tracks", "track", "urls", "cover", "alone", "state"];
  declare infohash: string;
  declare name: string;
  declare tracks: readonly Track[];
  declare track: number;
  declare urls: Readonly<Record<number, string>>;
  declare cover: string | undefined;
  declare alone: boolean;
  declare state: State;
  /** The file that the media element has, by its index. */
  #loaded: number | undefined;
  #failures = 0;
  #noted = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #next: HTMLAudioElement | undefined;

  get #now(): Track {
    return this.tracks[this.track]!;
  }

  get #media(): HTMLMediaElement {
    return this.querySelector<HTMLMediaElement>("[slot=media]")!;
  }

  protected override updated(before: Partial<this>): void {
    if ("track" in before || "infohash" in before || "cover" in before) this.#tell();
    // What plays goes on from where it comes, also when it could come from elsewhere by now.
    if (this.#loaded !== this.#now.index) this.#load();
  }

  disconnectedCallback(): void {
    clearTimeout(this.#retry);
    this.#next = undefined;
    for (const action of actions) setAction(action, null);
  }

  /** Plays the track from where it was left. */
  #load(): void {
    const { index } = this.#now;
    const url = this.urls[index];
    this.state = url ? "waiting" : "unasked";
    if (!url) return;
    this.#loaded = index;
    this.#failures = 0;
    const at = place(this.infohash, index);
    this.#play(url, at, true);
  }

  #play(url: string, at: number, begin: boolean): void {
    const media = this.#media;
    media.src = url;
    if (at > 0) media.addEventListener("loadedmetadata", () => (media.currentTime = at < media.duration - 5 ? at : 0), { once: true });
    if (begin) void media.play().catch(() => undefined); // what is wrong is said by an event; a browser may also want another click
  }

  /** Goes to a track of the list, if there is such a one. */
  #go(track: number): void {
    if (this.tracks[track]) this.ask({ do: "play", infohash: this.infohash, track });
  }

  /** A failure of the network passes: the file is asked for again, at the same place. One of the format does not. */
  #failed = async (): Promise<void> => {
    const media = this.#media;
    const { currentTime, paused, error } = media;
    const index = this.#loaded;
    const url = index === undefined ? undefined : this.urls[index];
    const format = error?.code === MediaError.MEDIA_ERR_DECODE || error?.code === MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED;
    const there = format && url !== undefined && (await reachable(url));
    if (this.#loaded !== index || !this.isConnected) return;
    if (there) {
      this.state = "unsupported";
      return;
    }
    this.state = "lost";
    clearTimeout(this.#retry);
    const wait = again[Math.min(this.#failures++, again.length - 1)]!;
    this.#retry = setTimeout(() => {
      const now = this.urls[index!];
      if (this.#loaded === index && now) this.#play(now, currentTime, !paused);
      else this.#loaded = undefined;
    }, wait);
  };

  #moved = (): void => {
    const media = this.#media;
    this.#failures = 0;
    if (Math.abs(media.currentTime - this.#noted) >= keepEvery) this.#note();
    const following = this.tracks[this.track + 1];
    const url = following && this.urls[following.index];
    if (!url || !(media.duration - media.currentTime < ahead) || this.#next?.getAttribute("src") === url) return;
    this.#next = new Audio(); // its beginning is in the browser's hands when its turn comes
    this.#next.preload = "auto";
    this.#next.setAttribute("src", url);
  };

  #note = (): void => {
    const { currentTime, duration } = this.#media;
    this.#noted = currentTime;
    if (this.#loaded !== undefined && duration > 0) rememberPlace(this.infohash, this.#loaded, currentTime < duration - 1 ? currentTime : 0);
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
    const to = (track: number): (() => void) | null => (this.tracks[track] ? () => this.#go(track) : null);
    setAction("play", () => void this.#media.play());
    setAction("pause", () => this.#media.pause());
    setAction("previoustrack", to(this.track - 1));
    setAction("nexttrack", to(this.track + 1));
    setAction("seekbackward", ({ seekOffset }) => (this.#media.currentTime -= seekOffset ?? 10));
    setAction("seekforward", ({ seekOffset }) => (this.#media.currentTime += seekOffset ?? 10));
    setAction("seekto", ({ seekTime }) => (this.#media.currentTime = seekTime ?? 0));
  }

  #is = (state: State) => (): void => void (this.state = state);
  #ready = this.#is("ready");
  #waits = this.#is("waiting");

  #element(video: boolean): TemplateResult {
    if (!video) {
      return html`<audio slot="media" preload="metadata" @error=${this.#failed} @timeupdate=${this.#moved} @pause=${this.#note} @ended=${this.#ended} @waiting=${this.#waits} @canplay=${this.#ready} @playing=${this.#ready}></audio>`;
    }
    const captions = this.#now.captions.filter(({ index }) => this.urls[index]);
    return html`<video slot="media" playsinline preload="metadata" @error=${this.#failed} @timeupdate=${this.#moved} @pause=${this.#note} @ended=${this.#ended} @waiting=${this.#waits} @canplay=${this.#ready} @playing=${this.#ready}>
      ${captions.map(({ index, language }) => html`<track kind="subtitles" src=${this.urls[index]!} srclang=${language || "und"} label=${say.captions(language)} />`)}
    </video>`;
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
    if (this.state === "unsupported") {
      return html`<div class="said" role="alert">
        <p>${say.unsupported}</p>
        <button type="button" @click=${() => this.ask({ do: "save", infohash: this.infohash, index: this.#now.index })}>${say.save}</button>
      </div>`;
    }
    const why = { ready: "", unasked: say.unasked, lost: say.lost, waiting: this.alone ? say.nobody : say.waiting }[this.state ?? "ready"];
    return html`<p class="said quiet" role="status">${why}</p>`;
  }

  protected override render(): TemplateResult {
    const video = this.tracks.some(({ kind }) => kind === "video");
    return html`<section aria-label=${say.player(this.name)}>
      <media-controller class=${video ? "video" : "audio"} ?audio=${!video}>
        ${this.#element(video)} ${video ? html`<media-loading-indicator slot="centered-chrome" noautohide></media-loading-indicator>` : nothing}
        <media-control-bar>
          <media-play-button></media-play-button>
          <media-time-range></media-time-range>
          <media-time-display showduration></media-time-display>
          <media-playback-rate-button rates="0.75 1 1.25 1.5 2"></media-playback-rate-button>
          <media-mute-button></media-mute-button>
          <media-volume-range></media-volume-range>
          ${video ? html`<media-captions-button></media-captions-button><media-pip-button></media-pip-button><media-fullscreen-button></media-fullscreen-button>` : nothing}
        </media-control-bar>
      </media-controller>
      <p class="now">${this.#now.title}</p>
      ${this.#said()} ${this.#list()}
    </section>`;
  }
}

const actions: MediaSessionAction[] = ["play", "pause", "previoustrack", "nexttrack", "seekbackward", "seekforward", "seekto"];

/** A browser throws for an action that it does not know, and some know none. */
function setAction(action: MediaSessionAction, handler: MediaSessionActionHandler | null): void {
  try {
    navigator.mediaSession?.setActionHandler(action, handler);
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
