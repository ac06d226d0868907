/** The works that run in this browser, as covers in a grid. Fact: `works`. */
import { html, nothing, type TemplateResult } from "lit/html.js";
import { PageElement } from "./element.js";
import type { LiveWork } from "./facts.js";
import { percent } from "./format.js";
import { rate } from "./format_live.js";
import { words } from "./words.js";
import { doing, say } from "./words_live.js";
import { cover } from "./works.js";

export class LiveWorks extends PageElement {
  static override readonly shows = ["works"];
  declare works: LiveWork[];

  #work(work: LiveWork): TemplateResult {
    const active = work.state === "downloading" || work.state === "seeding";
    return cover(
      work,
      html`<fs-sleeve .infohash=${work.infohash} .levels=${work.levels}></fs-sleeve>`,
      html`<p class="quiet">${work.missing ? html`${percent(work.progress)} · ` : nothing}${doing(work)}</p>
        ${work.helping ? html`<p class="quiet">${say.helping}</p>` : nothing}
        ${active ? html`<p class="quiet"><span>↑ ${rate(work.upRate)}</span> <span>${words.peers(work.peers)}</span></p>` : nothing}`,
    );
  }

  protected override render(): TemplateResult {
    return html`<ul class="covers" role="list">
      ${this.works.map((work) => this.#work(work))}
    </ul>`;
  }
}

LiveWorks.define("fs-live-works");
