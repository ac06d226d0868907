/** The frame around every view: header with the meter, the view, footer with the consent. Facts: `facts`, `said` (read aloud). Requests: drop, withdraw, resume all, edit limits, dismiss, and those of its views. */
import { html, nothing, type TemplateResult } from "lit/html.js";
import "./earnings.js";
import { PageElement } from "./element.js";
import type { Facts } from "./facts.js";
import { percent } from "./format.js";
import "./home.js";
import { logo } from "./logo.js";
import { words } from "./words.js";
import "./work.js";

export class Shell extends PageElement {
  static override readonly shows = ["facts", "said", "dragging"];
  declare facts: Facts | undefined;
  declare said: string;
  declare dragging: boolean;

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("dragover", this.#over);
    addEventListener("dragleave", this.#leave);
    addEventListener("drop", this.#drop);
  }

  disconnectedCallback(): void {
    removeEventListener("dragover", this.#over);
    removeEventListener("dragleave", this.#leave);
    removeEventListener("drop", this.#drop);
  }

  readonly #over = (event: DragEvent): void => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    this.dragging = true;
  };

  readonly #leave = (event: DragEvent): void => {
    if (event.relatedTarget === null) this.dragging = false;
  };

  readonly #drop = (event: DragEvent): void => {
    const { dataTransfer } = event;
    if (!carriesFiles(event) || !dataTransfer) return;
    event.preventDefault();
    this.dragging = false;
    // The list of items is emptied as soon as this task ends: everything is taken out of it first.
    const entries = Array.from(dataTransfer.items, (item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
    this.ask({ do: "drop", entries, files: [...dataTransfer.files] });
  };

  protected override updated(before: Partial<this>): void {
    if (!this.facts) return;
    document.title = title(this.facts);
    if (before.facts && before.facts.route !== this.facts.route) this.#moved();
  }

  /** A new view begins at its heading, for the keyboard and for those who listen. */
  #moved(): void {
    requestAnimationFrame(() => this.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true }));
  }

  #view(facts: Facts): TemplateResult {
    const { route } = facts;
    if (route.view === "home") return html`<fs-home .facts=${facts} .dragging=${this.dragging}></fs-home>`;
    if (route.view === "work") return html`<fs-work .facts=${facts} .infohash=${route.infohash}></fs-work>`;
    if (route.view === "earnings") return html`<fs-earnings .earnings=${facts.earnings} .inLog=${facts.inLog}></fs-earnings>`;
    return html`<div class="lost">
      <h1 tabindex="-1">${words.lost.title}</h1>
      <p>${words.lost.more}</p>
      <div class="row"><a class="button strong" href="/">${words.lost.home}</a></div>
    </div>`;
  }

  #fault({ fault }: Facts): TemplateResult | typeof nothing {
    if (!fault) return nothing;
    const { again } = fault;
    return html`<div class="notice" role="alert">
      <p class="fault">${fault.says}</p>
      ${again ? html`<button type="button" @click=${() => this.ask(again)}>${words.retry}</button>` : nothing}
      <button type="button" class="plain" @click=${() => this.ask({ do: "dismiss" })}>${words.dismiss}</button>
    </div>`;
  }

  #header({ works, stopped, route }: Facts): TemplateResult {
    return html`<header class="top">
      <a class="brand" href="/" aria-label=${words.name}>${logo}<span aria-hidden="true">fanseed</span></a>
      <nav aria-label=${words.nav}><a href="/earnings" aria-current=${route.view === "earnings" ? "page" : nothing}>${words.earnings}</a></nav>
      ${stopped ? this.#stopped() : works.length ? html`<fs-meter class="meter" .works=${works}></fs-meter>` : nothing}
    </header>`;
  }

  #stopped(): TemplateResult {
    return html`<div class="meter">
      <section aria-label=${words.nowSharing}>
        <p>${words.stopped}</p>
        <button type="button" class="strong" @click=${() => this.ask({ do: "resume all" })}>${words.resume}</button>
      </section>
    </div>`;
  }

  #footer({ consent, sharing }: Facts): TemplateResult {
    const say = words.consent;
    const said = { on: say.saidOn, playing: say.saidPlaying, off: say.saidOff, ask: say.saidAsk }[consent];
    const mayWithdraw = consent === "on" || consent === "playing" || sharing === "on" || sharing === "playing";
    return html`<footer>
      <p>${mayWithdraw && (consent === "ask" || consent === "off") ? say.saidPublishing : said}</p>
      ${mayWithdraw ? html`<button type="button" class="plain" @click=${() => this.ask({ do: "withdraw" })}>${say.withdraw}</button>` : nothing}
      <button type="button" class="plain" @click=${() => this.ask({ do: "edit limits" })}>${words.limits}</button>
    </footer>`;
  }

  protected override render(): TemplateResult | typeof nothing {
    const { facts } = this;
    if (!facts) return nothing;
    return html`<a class="skip" href="#main">${words.skip}</a>
      ${this.#header(facts)}
      <main id="main" tabindex="-1">${this.#fault(facts)} ${this.#view(facts)}</main>
      ${this.#footer(facts)} ${this.dragging && facts.route.view !== "home" ? html`<p class="dropping">${words.home.drop}</p>` : nothing}
      ${facts.limiting ? html`<fs-limits .limits=${facts.limits}></fs-limits>` : nothing}
      ${facts.staking ? html`<fs-stake .stake=${facts.staking} .info=${facts.info} .epoch=${facts.server?.epoch ?? 0}></fs-stake>` : nothing}
      ${facts.waiting ? html`<progress class="coming" aria-label=${words.loading}></progress>` : nothing}
      <div class="unseen" role="status">${this.said}</div>`;
  }
}

const carriesFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;

function title(facts: Facts): string {
  const { route, publishing, works, info } = facts;
  const named = (name: string): string => `${name} · ${words.name}`;
  if (route.view === "earnings") return named(words.earnings);
  if (route.view === "lost") return named(words.lost.title);
  if (route.view === "home") return publishing.step === "hashing" ? named(`${percent(publishing.total ? publishing.hashed / publishing.total : 0)} ${publishing.name}`) : named(words.home.title);
  const work = works.find((one) => one.infohash === route.infohash);
  const known = work?.name ? work : info.state === "ready" ? info.value : work;
  if (!known) return info.state === "error" && info.error.code === "not_found" ? named(words.lost.title) : words.name;
  return named(work?.missing ? `${percent(work.progress)} ${known.name}` : known.name || words.work.unnamed);
}

Shell.define("fs-page");
