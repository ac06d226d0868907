/** The question before anything runs. Facts: `name`, `rate` (µ-credits per GiB), `webseed`, `limits`. Requests: choose, edit limits. */
import { html, type TemplateResult } from "lit";
import type { Consent } from "./consent.js";
import { PageElement } from "./element.js";
import { listed } from "./format.js";
import type { Caps } from "./limits.js";
import { words } from "./words.js";

export class ConsentCard extends PageElement {
  static override properties = { name: {}, rate: { type: Number }, webseed: { type: Boolean }, limits: { attribute: false } };
  declare name: string;
  declare rate: number | undefined;
  declare webseed: boolean;
  declare limits: Caps;

  #choice(mode: Consent, what: string, more: string): TemplateResult {
    return html`<button type="button" @click=${() => this.ask({ do: "choose", mode })}><strong>${what}</strong> <span>${more}</span></button>`;
  }

  #most(): string {
    const { uploadRate, uploadPerDay, uploadPerMonth } = this.limits;
    const caps: [number, (bytes: number) => string][] = [[uploadRate, words.consent.second], [uploadPerDay, words.consent.day], [uploadPerMonth, words.consent.month]];
    return listed(caps.filter(([bytes]) => bytes < Infinity).map(([bytes, say]) => say(bytes)));
  }

  protected override render(): TemplateResult {
    const say = words.consent;
    return html`<section class="card" aria-labelledby="consent">
      <h2 id="consent">${say.title}</h2>
      <ul>
        <li>${say.sent(this.name)}</li>
        <li>${say.address}</li>
        <li>${say.caps(this.#most())}</li>
        <li>${say.kept(this.limits.storage)}</li>
        <li>${say.earn(this.rate)}</li>
      </ul>
      <div class="choices">
        ${this.#choice("on", say.on, say.onMore)} ${this.#choice("playing", say.playing, say.playingMore)}
        ${this.#choice("off", say.off, this.webseed ? say.offWebseed : say.offAlone)}
      </div>
      <p class="quiet">${say.before} ${say.remembered}</p>
      <button type="button" class="plain" @click=${() => this.ask({ do: "edit limits" })}>${say.limits}</button>
    </section>`;
  }
}

customElements.define("fs-consent", ConsentCard);
