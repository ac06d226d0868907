/** What follows a choice of files: its name and its price, the hashing, the link. Facts: `publishing`, `origin`, `copies`. Requests: publish, cancel publish. */
import { html, nothing, type TemplateResult } from "lit/html.js";
import { PageElement } from "./element.js";
import type { PublishStep } from "./facts.js";
import { size } from "./format.js";
import { workPath } from "./route.js";
import { words } from "./words.js";
import { copied } from "./words_copy.js";
import { say } from "./words_publishing.js";

type Step<S extends PublishStep["step"]> = Extract<PublishStep, { step: S }>;

const shownFiles = 4;

export class PublishSteps extends PageElement {
  static override readonly shows = ["publishing", "origin", "copies"];
  declare publishing: PublishStep;
  declare origin: string;
  /** The server makes copies. */
  declare copies: boolean;

  #submit(event: SubmitEvent, step: Step<"chosen">): void {
    event.preventDefault();
    const name = this.querySelector<HTMLInputElement>("#name")?.value.trim();
    this.ask({ do: "publish", name: name || step.name, copy: this.querySelector<HTMLInputElement>("#copy")?.checked });
  }

  #files(files: File[]): TemplateResult {
    const bytes = files.reduce((sum, file) => sum + file.size, 0);
    return html`<p class="what">${say.what(files.length, bytes)}</p>
      <ul class="chosen" role="list">
        ${files.slice(0, shownFiles).map((file) => html`<li><span>${file.webkitRelativePath || file.name}</span> <span>${size(file.size)}</span></li>`)}
        ${files.length > shownFiles ? html`<li>+ ${words.files(files.length - shownFiles)}</li>` : nothing}
      </ul>`;
  }

  #chosen(step: Step<"chosen">): TemplateResult {
    return html`<form @submit=${(event: SubmitEvent) => this.#submit(event, step)}>
      <h1 tabindex="-1">${say.title}</h1>
      ${this.#files(step.files)}
      <div>
        <label for="name" class="label">${say.name}</label>
        <input id="name" type="text" autocomplete="off" maxlength="200" .value=${step.name} />
      </div>
      ${this.copies
        ? html`<label class="check"><input id="copy" type="checkbox" checked /> <span>${say.copy} <span class="quiet">${say.copyMore}</span></span></label>`
        : nothing}
      <p>${say.consent}</p>
      <p class="fault" role="alert">${step.fault ? step.fault.says : nothing}</p>
      <div class="row">
        <button class="strong" ?disabled=${step.fault?.code === "no_files"}>${say.button}</button>
        <button type="button" @click=${() => this.ask({ do: "cancel publish" })}>${say.cancel}</button>
      </div>
    </form>`;
  }

  #hashing(step: Step<"hashing">): TemplateResult {
    return html`<h1 tabindex="-1">${say.hashing(step.name)}</h1>
      <progress max=${step.total || 1} .value=${step.hashed} aria-label=${say.hashing(step.name)}></progress>
      <p class="figures">${say.hashed(step.hashed, step.total)}</p>
      <div class="row"><button type="button" @click=${() => this.ask({ do: "cancel publish" })}>${say.cancel}</button></div>`;
  }

  #published(step: Step<"published">): TemplateResult {
    const path = workPath(step.infohash);
    return html`<h1 tabindex="-1">${say.published}</h1>
      <fs-copy .text=${this.origin + path} .label=${words.work.link}></fs-copy>
      <p role="status">${step.copy ? copied(step.copy) : say.keep}</p>
      <div class="row">
        <a class="button strong" href=${path}>${say.open}</a>
        <button type="button" @click=${() => this.ask({ do: "cancel publish" })}>${say.again}</button>
      </div>`;
  }

  protected override updated(before: Partial<this>): void {
    if ("publishing" in before && before.publishing?.step !== this.publishing.step) this.querySelector("h1")?.focus();
  }

  protected override render(): TemplateResult | typeof nothing {
    const { publishing } = this;
    switch (publishing.step) {
      case "chosen":
        return this.#chosen(publishing);
      case "hashing":
        return this.#hashing(publishing);
      case "published":
        return this.#published(publishing);
      case "idle":
        return nothing;
    }
  }
}

PublishSteps.define("fs-publish-steps");
