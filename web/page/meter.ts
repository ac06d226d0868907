/** What all works together send and fetch now, and the button that stops it. Facts: `works`, `stopped`. Requests: stop all, resume all. */
import { html, nothing, type TemplateResult } from "lit";
import { PageElement } from "./element.js";
import type { LiveWork } from "./facts.js";
import { count, rate } from "./format.js";
import { words } from "./words.js";

const sum = (works: LiveWork[], of: "upRate" | "downRate" | "peers"): number => works.reduce((total, work) => total + work[of], 0);

export class Meter extends PageElement {
  static override properties = { works: { attribute: false }, stopped: { type: Boolean } };
  declare works: LiveWork[];
  declare stopped: boolean;

  #figure(sign: string, name: string, value: string): TemplateResult {
    return html`<div>
      <dt><span aria-hidden="true">${sign}</span><span class="unseen">${name}</span></dt>
      <dd>${value}</dd>
    </div>`;
  }

  #figures(): TemplateResult {
    const peers = sum(this.works, "peers");
    return html`<dl>
      ${this.#figure("↑", words.meter.up, rate(sum(this.works, "upRate")))} ${this.#figure("↓", words.meter.down, rate(sum(this.works, "downRate")))}
      <div class="peers">
        <dt class="unseen">${words.work.peers}</dt>
        <dd><span aria-hidden="true">${words.peers(peers)}</span><span class="unseen">${count(peers)}</span></dd>
      </div>
    </dl>`;
  }

  protected override render(): TemplateResult | typeof nothing {
    if (this.stopped) {
      return html`<section aria-label=${words.meter.label}>
        <p>${words.meter.stopped}</p>
        <button type="button" class="strong" @click=${() => this.ask({ do: "resume all" })}>${words.meter.resume}</button>
      </section>`;
    }
    return html`<section aria-label=${words.meter.label}>
      ${this.#figures()}
      <button type="button" class="strong" aria-label=${words.meter.stopAll} @click=${() => this.ask({ do: "stop all" })}>${words.meter.stop}</button>
    </section>`;
  }
}

customElements.define("fs-meter", Meter);
