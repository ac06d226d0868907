/** A work's cover: its seed head on its own colour. Facts: `infohash`, and `levels` once there are pieces to show. */
import type { TemplateResult } from "lit/html.js";
import { PageElement } from "./element.js";
import { deep, emblem, hue, seedhead, type Level } from "./seedhead.js";

export class Sleeve extends PageElement {
  static override readonly shows = ["infohash", "levels", "label"];
  declare infohash: string;
  declare levels: Level[] | undefined;
  declare label: string | undefined;

  protected override updated(before: Partial<this>): void {
    if (!("infohash" in before)) return;
    this.style.setProperty("--hue", String(hue(this.infohash))); // a style attribute in the template would need 'unsafe-inline'
    this.classList.toggle("deep", deep(this.infohash));
  }

  protected override render(): TemplateResult {
    return seedhead(this.levels ?? emblem(this.infohash), this.label);
  }
}

Sleeve.define("fs-sleeve");
