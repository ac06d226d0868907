/** The drop field; what follows a drop is in publish_steps.ts. Facts: `publishing`, `dragging`, `origin`, `copies`. Requests: pick, publish, cancel publish. */
import { html, type TemplateResult } from "lit/html.js";
import { PageElement } from "./element.js";
import type { PublishStep } from "./facts.js";
import { emblem, hue, seedhead, type Level } from "./seedhead.js";
import { words } from "./words.js";

const brand = "00000000000000000000e6c1f30e70c71c79c38e"; // an emblem of the page's own
const brandHue = 92;

export class Publish extends PageElement {
  static override readonly shows = ["publishing", "dragging", "origin", "copies"];
  declare publishing: PublishStep;
  declare dragging: boolean;
  declare origin: string;
  declare copies: boolean;

  protected override updated(before: Partial<this>): void {
    this.style.setProperty("--hue", String(this.publishing.step === "published" ? hue(this.publishing.infohash) : brandHue));
    if (before.publishing && before.publishing.step !== "idle" && this.publishing.step === "idle") this.querySelector("h1")?.focus();
  }

  #picked(event: Event): void {
    const input = event.target as HTMLInputElement;
    const files = Array.from(input.files ?? []);
    if (files.length) this.ask({ do: "pick", files });
    input.value = "";
  }

  #press(id: string): void {
    this.querySelector<HTMLInputElement>(id)?.click();
  }

  #idle(): TemplateResult {
    return html`<h1 tabindex="-1">${words.home.title}</h1>
      <p class="lead">${words.home.lead}</p>
      <div class="row">
        <input id="files" type="file" multiple hidden @change=${this.#picked} />
        <input id="folder" type="file" webkitdirectory hidden @change=${this.#picked} />
        <button type="button" class="strong" @click=${() => this.#press("#files")}>${words.home.choose}</button>
        <button type="button" class="folder" @click=${() => this.#press("#folder")}>${words.home.folder}</button>
      </div>
      <p class="hint">${this.dragging ? words.home.drop : words.home.hint}</p>`;
  }

  #art(): Level[] {
    const { publishing } = this;
    if (publishing.step === "hashing") return publishing.levels;
    return emblem(publishing.step === "published" ? publishing.infohash : brand);
  }

  protected override render(): TemplateResult {
    const { publishing } = this;
    return html`<section class=${this.dragging ? "field dragging" : "field"}>
      <div class="words">
        ${publishing.step === "idle" ? this.#idle() : html`<fs-publish-steps .publishing=${publishing} .origin=${this.origin} .copies=${this.copies}></fs-publish-steps>`}
      </div>
      <div class="art">${seedhead(this.#art())}</div>
    </section>`;
  }
}

Publish.define("fs-publish");
