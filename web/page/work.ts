/** The view of one work: what it is, then the question, then what runs. Fact: `facts`. Requests: ask again, resume all, retry, and those of its parts. */
import { html, nothing, type TemplateResult } from "lit/html.js";
import "./consent_card.js";
import "./copy.js";
import { PageElement } from "./element.js";
import type { Facts, LiveWork, Stake } from "./facts.js";
import "./files.js";
import { size } from "./format.js";
import { workPath } from "./route.js";
import { hue } from "./seedhead.js";
import { album, type Album } from "./media.js";
import { torrentPath, type WorkInfo } from "./server.js";
import "./sleeve.js";
import { webseedFile, webseeds } from "./webseed.js";
import { words } from "./words.js";

export class WorkView extends PageElement {
  static override readonly shows = ["facts", "infohash"];
  declare facts: Facts;
  declare infohash: string;

  protected override updated(before: Partial<this>): void {
    if ("infohash" in before) this.style.setProperty("--hue", String(hue(this.infohash)));
  }

  get #live(): LiveWork | undefined {
    return this.facts.works.find((work) => work.infohash === this.infohash);
  }

  get #info(): WorkInfo | undefined {
    return this.facts.info.state === "ready" ? this.facts.info.value : undefined;
  }

  #card(title: string, more: string, button?: TemplateResult): TemplateResult {
    return html`<section class="card" aria-labelledby="panel">
      <h2 id="panel">${title}</h2>
      <p>${more}</p>
      ${button ?? nothing}
    </section>`;
  }

  #question(info: WorkInfo): TemplateResult {
    return html`<fs-consent .name=${info.name ? `“${info.name}”` : words.work.unnamed} .rate=${this.facts.server?.rate} .limits=${this.facts.limits} .webseed=${webseeds(info.magnet).length > 0}></fs-consent>`;
  }

  #refusal(info: WorkInfo): TemplateResult {
    const say = words.consent;
    const again = html`<button type="button" @click=${() => this.ask({ do: "ask again" })}>${say.again}</button>`;
    if (this.#live) return this.#card(words.consent.saidOff, say.refusedHere, again);
    return this.#card(say.refused, webseeds(info.magnet).length ? say.refusedWebseed : say.refusedAlone, again);
  }

  /** What stands where the work's figures will be, as long as it does not run. */
  #panel(info: WorkInfo): TemplateResult {
    const { consent, joining, stopped } = this.facts;
    if (joining.state === "failed") {
      return this.#card(joining.error.says, "", html`<button type="button" class="strong" @click=${() => this.ask({ do: "retry" })}>${words.retry}</button>`);
    }
    if (consent === "ask") return this.#question(info);
    if (consent === "off") return this.#refusal(info);
    if (stopped) {
      const resume = html`<button type="button" class="strong" @click=${() => this.ask({ do: "resume all" })}>${words.resume}</button>`;
      return this.#card(words.work.stoppedHere, words.work.stoppedMore, resume);
    }
    if (joining.state === "no") {
      return this.#card(words.work.removed, words.work.removedMore, html`<button type="button" class="strong" @click=${() => this.ask({ do: "retry" })}>${words.work.fetchAgain}</button>`);
    }
    return html`<section class="card" aria-busy="true"><div role="status"><h2>${words.work.starting}</h2></div><progress aria-label=${words.work.starting}></progress></section>`;
  }

  #meta(): TemplateResult {
    const info = this.#info;
    const length = this.#live?.length || info?.length;
    const files = this.#live?.files.length || info?.files.length || 0;
    const parts = [
      length ? size(length) : words.work.unknownSize,
      files > 1 ? words.files(files) : "",
      info?.seeders === undefined ? "" : words.seeders(info.seeders),
      info?.published ? words.work.published(info.published) : "",
    ];
    return html`<p class="meta">${parts.filter(Boolean).map((part) => html`<span>${part}</span> `)}</p>`;
  }

  #links(magnet: string): TemplateResult {
    const listed = this.#info?.published !== undefined;
    return html`<section aria-labelledby="links">
      <h2 id="links">${words.work.share}</h2>
      <fs-copy .text=${this.facts.origin + workPath(this.infohash)} .label=${words.work.link}></fs-copy>
      <div class="row">
        <a class="button" href=${magnet}>${words.work.magnet}</a>
        ${listed ? html`<a class="button" href=${torrentPath(this.infohash)} download>${words.work.torrent}</a>` : nothing}
      </div>
      <p class="quiet infohash">${words.work.infohash} <code>${this.infohash}</code></p>
    </section>`;
  }

  /** What is locked for those who share it, and how to lock more. */
  #locked({ infohash, boosts, pools }: WorkInfo): TemplateResult {
    const say = words.locked;
    const button = (kind: Stake["kind"], what: string): TemplateResult => html`<button type="button" @click=${() => this.ask({ do: "stake", kind, infohash })}>${what}</button>`;
    return html`<section aria-labelledby="locked">
      <h2 id="locked">${say.title}</h2>
      <p>${boosts?.count ? say.boosted(boosts) : say.none}</p>
      ${pools?.count ? html`<p>${say.funded(pools)}</p>` : nothing}
      <div class="row">${button("boost", say.boost)} ${this.#live?.own ? button("pool", say.fund) : nothing}</div>
    </section>`;
  }

  /** Files by their names alone; the same as long as the names are. */
  #album: Album = album([]);
  #names = "";

  get #tracks(): Album {
    const paths = (this.#live?.files.length ? this.#live.files : (this.#info?.files ?? [])).map(({ path }) => path);
    const names = paths.join("\n");
    if (names !== this.#names) [this.#names, this.#album] = [names, album(paths)];
    return this.#album;
  }

  /** Where a file can be read from now: the engine, as far as it may run; else this server, if it has a copy. */
  #url(index: number): string | undefined {
    const { sharing } = this.facts;
    const live = this.#live?.files[index];
    if (live?.url && (live.progress === 1 || sharing === "on" || sharing === "playing")) return live.url;
    const info = this.#info;
    const own = info && webseeds(info.magnet).find((url) => new URL(url).origin === this.facts.origin);
    const file = info?.files[index];
    return own && file && webseedFile(own, info.name, file.path, info.files.length === 1 && file.path === info.name);
  }

  #cover(): TemplateResult {
    const live = this.#live;
    const { cover, tracks } = this.#tracks;
    const image = cover === undefined ? undefined : this.#url(cover);
    const playing = this.facts.playing?.infohash === this.infohash ? this.facts.playing : undefined;
    const video = tracks.some(({ kind }) => kind === "video");
    const sleeve = image
      ? html`<img class="art" src=${image} alt="" />`
      : html`<fs-sleeve .infohash=${this.infohash} .levels=${live?.levels} .label=${live?.pieces ? words.work.pieces(live.have, live.pieces) : ""}></fs-sleeve>`;
    if (!tracks.length) return sleeve;
    const name = live?.name || this.#info?.name || words.work.unnamed;
    if (!playing) {
      return html`<div class="art-frame">
        ${sleeve}
        <button type="button" class="play" aria-label=${words.work.playNamed(tracks[0]!.title)} @click=${() => this.ask({ do: "play", infohash: this.infohash, track: 0 })}>
          <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M8 5.2v13.6L19 12z" /></svg>
        </button>
      </div>`;
    }
    const wanted = tracks.flatMap(({ index, captions }) => [index, ...captions.map(({ index }) => index)]);
    const urls = Object.fromEntries(wanted.map((index) => [index, this.#url(index)]).filter(([, url]) => url));
    return html`${video ? nothing : html`<div class="art-frame">${sleeve}</div>`}
      <fs-player .infohash=${this.infohash} .name=${name} .tracks=${tracks} .track=${playing.track} .urls=${urls} .cover=${image} .alone=${!live || (live.missing > 0 && live.peers === 0)}></fs-player>`;
  }

  #known(files: WorkInfo["files"], magnet: string): TemplateResult {
    const live = this.#live;
    const info = this.#info;
    const { saving } = this.facts;
    const sharing = this.facts.sharing === "on" || this.facts.sharing === "playing";
    const webseed = !live && this.facts.consent === "off" ? webseeds(magnet)[0] : undefined;
    return html`${live ? html`<fs-live .work=${live} .copy=${info?.copy} .sharing=${sharing} .saving=${saving}></fs-live>` : nothing} ${info && !(live && sharing) ? this.#panel(info) : nothing}
    ${files.length ? html`<fs-files .files=${files} .saving=${saving} .infohash=${this.infohash} .webseed=${webseed} .name=${info?.name ?? ""}></fs-files>` : nothing}
    ${info?.published ? this.#locked(info) : nothing} ${this.#links(magnet)}`;
  }

  #unknown(): TemplateResult | typeof nothing {
    if (this.facts.info.state !== "error") return nothing;
    return html`<div class="row">
      <button type="button" class="strong" @click=${() => this.ask({ do: "retry" })}>${words.retry}</button>
      <a class="button" href="/">${words.lost.home}</a>
    </div>`;
  }

  #title(work: LiveWork | WorkInfo | undefined): string {
    const { info } = this.facts;
    if (work) return work.name || words.work.unnamed;
    return info.state === "error" ? info.error.says : words.loading;
  }

  // One template for all states, so that the heading that has the focus is never replaced.
  protected override render(): TemplateResult {
    const live = this.#live;
    const info = this.#info;
    const work = live ?? info;
    return html`<article aria-busy=${work || this.facts.info.state === "error" ? "false" : "true"}>
      <div class="cover">${this.#cover()}</div>
      <header>
        <h1 tabindex="-1" class=${work ? "" : "said"}>${this.#title(live?.name ? live : (info ?? live))}</h1>
        ${work ? this.#meta() : nothing}
      </header>
      <div class="side">${work ? this.#known((live?.files.length ? live.files : info?.files) ?? [], work.magnet) : this.#unknown()}</div>
      ${live ? html`<fs-peers .peers=${live.peerList} .servers=${live.servers}></fs-peers>` : nothing}
    </article>`;
  }
}

WorkView.define("fs-work");
