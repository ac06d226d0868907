/** A work's cover: its seed head on its own colour. Facts: `infohash`, and `levels` once there are pieces to show. */
import type { PropertyValues, TemplateResult } from "lit";
import { PageElement } from "./element.js";
import { deep, emblem, hue, seedhead, type Level } from "./seedhead.js";

export class Sleeve extends PageElement {
  static override properties = { infohash: {}, levels: { attribute: false }, label: {} };
  declare infohash: string;
  declare levels: Level[] | undefined;
  declare label: string | undefined;

  protected override updated(changed: PropertyValues<this>): void {
    if (!changed.has("infohash")) return;
    this.style.setProperty("--hue", String(hue(this.infohash))); // a style attribute in the template would need 'unsafe-inline'
    this.classList.toggle("deep", deep(this.infohash));
  }

  protected override render(): TemplateResult {
    return seedhead(this.levels ?? emblem(this.infohash), this.label);
  }
}

customElements.define("fs-sleeve", Sleeve);
