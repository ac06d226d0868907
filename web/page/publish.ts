/** The drop field and what follows a drop. Facts: `publishing`, `dragging`, `origin`. Requests: pick, publish, cancel publish. */
import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import "./copy.js";
import { PageElement } from "./element.js";
import type { Publishing } from "./facts.js";
import { size } from "./format.js";
import { workPath } from "./route.js";
import { emblem, filled, hue, seedhead } from "./seedhead.js";
import { words } from "./words.js";

type Step<S extends Publishing["step"]> = Extract<Publishing, { step: S }>;

const shownFiles = 4;
const brand = "00000000000000000000e6c1f30e70c71c79c38e"; // an emblem of the page's own
const brandHue = 92;

export class Publish extends PageElement {
  static override properties = { publishing: { attribute: false }, dragging: { type: Boolean }, origin: {} };
  declare publishing: Publishing;
  declare dragging: boolean;
  declare origin: string;

  protected override updated(changed: PropertyValues<this>): void {
    const before = changed.get("publishing");
    this.style.setProperty("--hue", String(this.publishing.step === "published" ? hue(this.publishing.infohash) : brandHue));
    if (before && before.step !== this.publishing.step) this.querySelector("h1")?.focus();
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

  #submit(event: SubmitEvent, step: Step<"chosen">): void {
    event.preventDefault();
    const name = this.querySelector<HTMLInputElement>("#name")?.value.trim();
    this.ask({ do: "publish", name: name || step.name });
  }

  #files(files: File[]): TemplateResult {
    const bytes = files.reduce((sum, file) => sum + file.size, 0);
    return html`<p class="what">${words.publish.what(files.length, bytes)}</p>
      <ul class="chosen" role="list">
        ${files.slice(0, shownFiles).map((file) => html`<li><span>${file.webkitRelativePath || file.name}</span> <span>${size(file.size)}</span></li>`)}
        ${files.length > shownFiles ? html`<li>+ ${words.files(files.length - shownFiles)}</li>` : nothing}
      </ul>`;
  }

  #chosen(step: Step<"chosen">): TemplateResult {
    return html`<form @submit=${(event: SubmitEvent) => this.#submit(event, step)}>
      <h1 tabindex="-1">${words.publish.title}</h1>
      ${this.#files(step.files)}
      <div>
        <label for="name" class="label">${words.publish.name}</label>
        <input id="name" type="text" autocomplete="off" maxlength="200" .value=${step.name} />
      </div>
      <p>${words.publish.consent}</p>
      <p class="fault" role="alert">${step.fault ? words.fault(step.fault) : nothing}</p>
      <div class="row">
        <button class="strong" ?disabled=${step.fault?.code === "no_files"}>${words.publish.button}</button>
        <button type="button" @click=${() => this.ask({ do: "cancel publish" })}>${words.publish.cancel}</button>
      </div>
    </form>`;
  }

  #hashing(step: Step<"hashing">): TemplateResult {
    return html`<h1 tabindex="-1">${words.publish.hashing(step.name)}</h1>
      <progress max=${step.total || 1} .value=${step.hashed} aria-label=${words.publish.hashing(step.name)}></progress>
      <p class="figures">${words.publish.hashed(size(step.hashed), size(step.total))}</p>
      <div class="row"><button type="button" @click=${() => this.ask({ do: "cancel publish" })}>${words.publish.cancel}</button></div>`;
  }

  #published(step: Step<"published">): TemplateResult {
    const path = workPath(step.infohash);
    return html`<h1 tabindex="-1">${words.publish.published}</h1>
      <fs-copy .text=${this.origin + path} .label=${words.publish.link}></fs-copy>
      <p>${words.publish.keep}</p>
      <div class="row">
        <a class="button strong" href=${path}>${words.publish.open}</a>
        <button type="button" @click=${() => this.ask({ do: "cancel publish" })}>${words.publish.again}</button>
      </div>`;
  }

  #step(): TemplateResult {
    const { publishing } = this;
    if (publishing.step === "chosen") return this.#chosen(publishing);
    if (publishing.step === "hashing") return this.#hashing(publishing);
    return publishing.step === "published" ? this.#published(publishing) : this.#idle();
  }

  #art(): TemplateResult {
    const { publishing } = this;
    if (publishing.step === "hashing") return seedhead(filled(publishing.total ? publishing.hashed / publishing.total : 0));
    return seedhead(emblem(publishing.step === "published" ? publishing.infohash : brand));
  }

  protected override render(): TemplateResult {
    return html`<section class=${this.dragging ? "field dragging" : "field"}>
      <div class="words">${this.#step()}</div>
      <div class="art">${this.#art()}</div>
    </section>`;
  }
}

customElements.define("fs-publish", Publish);
