/** A work that runs in this browser: what it does, how far it is, what it moves. Facts: `work`, `copy` (what the server has of it), `sharing`, `saving`. Requests: start, stop, save, withdraw, remove, edit limits. */
import { html, nothing, type TemplateResult } from "lit/html.js";
import { PageElement } from "./element.js";
import { saveKey, type LiveWork } from "./facts.js";
import { count, percent } from "./format.js";
import { credits, growing, rate } from "./format_live.js";
import type { ServerCopy } from "./server.js";
import { words } from "./words.js";
import { capped, doing, keeping, say } from "./words_live.js";

export class Live extends PageElement {
  static override readonly shows = ["work", "copy", "sharing", "saving", "removing"];
  declare work: LiveWork;
  declare copy: ServerCopy | undefined;
  declare sharing: boolean;
  declare saving: readonly string[];
  declare removing: boolean;

  #figures(): [string, string][] {
    const { length, downRate, upRate, peers, downloaded, uploaded, missing, state } = this.work;
    if (state === "checking") return [];
    const left = missing && downRate ? say.leftValue(missing / downRate) : say.leftNone;
    if (length && !missing) return [[say.up, rate(upRate)], [say.sent, growing(uploaded)], [say.peer.peers, count(peers)]];
    return [[say.down, rate(downRate)], [say.up, rate(upRate)], [say.got, growing(downloaded)], [say.sent, growing(uploaded)], [say.left, left], [say.peer.peers, count(peers)]];
  }

  #progress(): TemplateResult {
    const { length, progress, state } = this.work;
    const label = state === "checking" ? say.checked : say.progress;
    return html`<div class="progress">
      ${length ? html`<progress max="1" .value=${progress} aria-label=${label}></progress>` : html`<progress aria-label=${label}></progress>`}
      <span class="figures">${length ? percent(progress) : nothing}</span>
    </div>`;
  }

  #buttons(): TemplateResult {
    const { infohash, state, missing, length, files } = this.work;
    const idle = state === "stopped" || state === "error";
    const whole = length > 0 && !missing && files.length === 1;
    const saving = this.saving.includes(saveKey(infohash, 0));
    const save = html`<button type="button" class="strong" ?disabled=${saving} @click=${() => this.ask({ do: "save", infohash, index: 0 })}>
      ${saving ? words.work.saving : words.work.save}
    </button>`;
    return html`<div class="row">
      ${whole ? save : nothing}
      ${idle && this.sharing
        ? html`<button type="button" class=${whole ? "" : "strong"} @click=${() => this.ask({ do: "start", infohash })}>${state === "error" ? words.retry : words.resume}</button>`
        : idle
          ? nothing
          : html`<button type="button" @click=${() => this.ask({ do: "stop", infohash })}>${say.stop}</button>`}
      ${this.sharing ? html`<button type="button" class="plain" @click=${() => this.ask({ do: "withdraw" })}>${words.consent.withdraw}</button>` : nothing}
    </div>`;
  }

  #capped(): TemplateResult | typeof nothing {
    const until = capped(this.work);
    const full = this.work.error?.code === "too_large" || this.work.error?.code === "disk_full";
    if (!until && !full) return nothing;
    return html`<div>
      ${until ? html`<p>${until}</p>` : nothing}
      <button type="button" class="plain" @click=${() => this.ask({ do: "edit limits" })}>${say.limits}</button>
    </div>`;
  }

  #keeping(): TemplateResult {
    const { infohash } = this.work;
    if (!this.removing) {
      return html`<div class="row keeping apart">
        <p class="quiet">${keeping(this.work, this.copy)}</p>
        <button type="button" class="plain" @click=${() => (this.removing = true)}>${say.remove}</button>
      </div>`;
    }
    return html`<div class="row keeping">
      <p role="alert">${say.removeSure}</p>
      <button type="button" @click=${() => this.ask({ do: "remove", infohash })}>${say.removeYes}</button>
      <button type="button" class="plain" @click=${() => (this.removing = false)}>${say.removeNo}</button>
    </div>`;
  }

  protected override render(): TemplateResult {
    const { state, credits: earned } = this.work;
    const figures = this.#figures();
    return html`<section class="card" aria-labelledby="doing">
      <div role="status"><h2 id="doing" class=${state === "error" ? "fault" : ""}>${doing(this.work)}</h2></div>
      ${this.#progress()}
      ${figures.length
        ? html`<dl class=${figures.length > 3 ? "numbers pairs" : "numbers"}>${figures.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
        : nothing}
      ${earned === undefined || !figures.length ? nothing : html`<dl><dt>${say.earned}</dt><dd>${credits(earned)}</dd></dl>`}
      ${this.#capped()} ${this.#buttons()} ${this.#keeping()}
    </section>`;
  }
}

Live.define("fs-live");
