/** The first view: publish, open, and what there is. Facts: `facts`, `dragging`. Request: retry, and those of its parts. */
import { html, nothing, type TemplateResult } from "lit/html.js";
import { PageElement } from "./element.js";
import type { Facts } from "./facts.js";
import "./open.js";
import "./publish.js";
import { words } from "./words.js";
import "./works.js";

export class Home extends PageElement {
  static override readonly shows = ["facts", "dragging"];
  declare facts: Facts;
  declare dragging: boolean;

  #listing(): TemplateResult {
    const { listing } = this.facts;
    if (listing.state === "loading") return html`<ul class="covers waiting" role="list" aria-label=${words.loading}>${[1, 2, 3, 4].map(() => html`<li><div class="blank"></div></li>`)}</ul>`;
    if (listing.state === "error") {
      return html`<p class="fault" role="alert">${listing.error.says}</p>
        <button type="button" @click=${() => this.ask({ do: "retry" })}>${words.retry}</button>`;
    }
    return listing.value.length ? html`<fs-works .listed=${listing.value}></fs-works>` : html`<p class="quiet">${words.home.nothing}</p>`;
  }

  protected override render(): TemplateResult {
    const { publishing, origin, openFault, works, server } = this.facts;
    return html`<fs-publish .publishing=${publishing} .origin=${origin} .copies=${server?.copies ?? false} .dragging=${this.dragging}></fs-publish>
      <fs-open .fault=${openFault}></fs-open>
      ${works.length ? html`<section aria-labelledby="here"><h2 id="here">${words.home.here}</h2><fs-live-works .works=${works}></fs-live-works></section>` : nothing}
      <section aria-labelledby="listing">
        <h2 id="listing">${words.home.listing}</h2>
        ${this.#listing()}
      </section>`;
  }
}

Home.define("fs-home");
