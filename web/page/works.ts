/** Works as covers in a grid. Fact: `listed`, what the server knows of them. Those that run in this browser: works_live.ts. */
import { html, type TemplateResult } from "lit";
import { PageElement } from "./element.js";
import { size } from "./format.js";
import { workPath } from "./route.js";
import type { WorkSummary } from "./server.js";
import "./sleeve.js";
import { words } from "./words.js";

/** One work of a grid: its cover, its name, and what else is to be said. */
export function cover(work: { infohash: string; name: string }, picture: TemplateResult, more: TemplateResult): TemplateResult {
  return html`<li>
    <a href=${workPath(work.infohash)}>${picture}<span class="title">${work.name || words.work.unnamed}</span></a>
    ${more}
  </li>`;
}

export class Works extends PageElement {
  static override properties = { listed: { attribute: false } };
  declare listed: WorkSummary[];

  #work(work: WorkSummary): TemplateResult {
    const more = html`<p class="quiet"><span>${size(work.length)}</span> <span>${words.seeders(work.seeders)}</span></p>`;
    return cover(work, html`<fs-sleeve .infohash=${work.infohash}></fs-sleeve>`, more);
  }

  protected override render(): TemplateResult {
    return html`<ul class="covers" role="list">
      ${this.listed.map((work) => this.#work(work))}
    </ul>`;
  }
}

customElements.define("fs-works", Works);
