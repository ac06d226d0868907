/** Works as covers in a grid. Facts: `listed` (what the server knows of them) or `live` (what runs in this browser). */
import { html, nothing, type TemplateResult } from "lit";
import { PageElement } from "./element.js";
import type { LiveWork } from "./facts.js";
import { percent, rate, size } from "./format.js";
import { workPath } from "./route.js";
import { pieceMap } from "./seedhead.js";
import type { WorkSummary } from "./server.js";
import "./sleeve.js";
import { doing, words } from "./words.js";

export class Works extends PageElement {
  static override properties = { listed: { attribute: false }, live: { attribute: false } };
  declare listed: WorkSummary[] | undefined;
  declare live: LiveWork[] | undefined;

  #card(work: { infohash: string; name: string }, cover: TemplateResult, more: TemplateResult): TemplateResult {
    return html`<li>
      <a href=${workPath(work.infohash)}>${cover}<span class="title">${work.name || words.work.unnamed}</span></a>
      ${more}
    </li>`;
  }

  #listed(work: WorkSummary): TemplateResult {
    const more = html`<p class="quiet"><span>${size(work.length)}</span> <span>${words.seeders(work.seeders)}</span></p>`;
    return this.#card(work, html`<fs-sleeve .infohash=${work.infohash}></fs-sleeve>`, more);
  }

  #live(work: LiveWork): TemplateResult {
    const levels = work.missing && work.pieces ? pieceMap(work.bitfield, work.pieces) : undefined;
    const active = work.state === "downloading" || work.state === "seeding";
    return this.#card(
      work,
      html`<fs-sleeve .infohash=${work.infohash} .levels=${levels}></fs-sleeve>`,
      html`<p class="quiet">${work.missing ? html`${percent(work.progress)} · ` : nothing}${doing(work)}</p>
        ${active ? html`<p class="quiet"><span>↑ ${rate(work.upRate)}</span> <span>${words.peers(work.peers)}</span></p>` : nothing}`,
    );
  }

  protected override render(): TemplateResult {
    return html`<ul class="covers" role="list">
      ${this.live ? this.live.map((work) => this.#live(work)) : this.listed?.map((work) => this.#listed(work))}
    </ul>`;
  }
}

customElements.define("fs-works", Works);
