/** What all works together send and fetch now, and the button that stops it. Fact: `works`. Request: stop all. */
import { html, type TemplateResult } from "lit";
import { PageElement } from "./element.js";
import type { LiveWork } from "./facts.js";
import { count } from "./format.js";
import { rate } from "./format_live.js";
import { words } from "./words.js";
import { say } from "./words_live.js";

const sum = (works: LiveWork[], of: "upRate" | "downRate" | "peers"): number => works.reduce((total, work) => total + work[of], 0);

export class Meter extends PageElement {
  static override properties = { works: { attribute: false } };
  declare works: LiveWork[];

  #figure(sign: string, name: string, value: string): TemplateResult {
    return html`<div>
      <dt><span aria-hidden="true">${sign}</span><span class="unseen">${name}</span></dt>
      <dd>${value}</dd>
    </div>`;
  }

  #figures(): TemplateResult {
    const peers = sum(this.works, "peers");
    return html`<dl>
      ${this.#figure("↑", say.meter.up, rate(sum(this.works, "upRate")))} ${this.#figure("↓", say.meter.down, rate(sum(this.works, "downRate")))}
      <div class="peers">
        <dt class="unseen">${say.peer.peers}</dt>
        <dd><span aria-hidden="true">${words.peers(peers)}</span><span class="unseen">${count(peers)}</span></dd>
      </div>
    </dl>`;
  }

  protected override render(): TemplateResult {
    return html`<section aria-label=${words.nowSharing}>
      ${this.#figures()}
      <button type="button" class="strong" aria-label=${say.meter.stopAll} @click=${() => this.ask({ do: "stop all" })}>${say.meter.stop}</button>
    </section>`;
  }
}

customElements.define("fs-meter", Meter);
