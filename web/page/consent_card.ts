/** The question before anything runs. Facts: `name`, `rate` (µ-credits per GiB), `webseed`. Request: choose. */
import { html, type TemplateResult } from "lit";
import type { Consent } from "./consent.js";
import { PageElement } from "./element.js";
import { limits } from "./limits.js";
import { words } from "./words.js";

export class ConsentCard extends PageElement {
  static override properties = { name: {}, rate: { type: Number }, webseed: { type: Boolean } };
  declare name: string;
  declare rate: number | undefined;
  declare webseed: boolean;

  #choice(mode: Consent, what: string, more: string): TemplateResult {
    return html`<button type="button" @click=${() => this.ask({ do: "choose", mode })}><strong>${what}</strong> <span>${more}</span></button>`;
  }

  protected override render(): TemplateResult {
    const say = words.consent;
    return html`<section class="card" aria-labelledby="consent">
      <h2 id="consent">${say.title}</h2>
      <ul>
        <li>${say.sent(this.name)}</li>
        <li>${say.address}</li>
        <li>${say.caps(limits.uploadRate, limits.uploadPerDay)}</li>
        <li>${say.earn(this.rate)}</li>
      </ul>
      <div class="choices">
        ${this.#choice("on", say.on, say.onMore)} ${this.#choice("playing", say.playing, say.playingMore)}
        ${this.#choice("off", say.off, this.webseed ? say.offWebseed : say.offAlone)}
      </div>
      <p class="quiet">${say.before} ${say.remembered}</p>
    </section>`;
  }
}

customElements.define("fs-consent", ConsentCard);
