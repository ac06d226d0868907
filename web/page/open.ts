/** Opens a work that someone was sent. Fact: `fault`. Request: open. */
import { html, nothing, type TemplateResult } from "lit";
import { PageElement } from "./element.js";
import type { Fault } from "./fault.js";
import { words } from "./words.js";

export class Open extends PageElement {
  static override properties = { fault: { attribute: false } };
  declare fault: Fault | undefined;

  #submit(event: SubmitEvent): void {
    event.preventDefault();
    const text = this.querySelector<HTMLInputElement>("#source")?.value ?? "";
    this.ask({ do: "open", source: text });
  }

  #file(event: Event): void {
    const input = event.target as HTMLInputElement;
    const file = input.files?.[0];
    if (file) this.ask({ do: "open", source: file });
    input.value = ""; // the same file may be chosen again
  }

  protected override render(): TemplateResult {
    return html`<form @submit=${this.#submit} novalidate>
      <h2>${words.home.open}</h2>
      <label for="source" class="label">${words.home.openLabel}</label>
      <div class="row">
        <input id="source" type="text" inputmode="url" autocomplete="off" autocapitalize="off" spellcheck="false" aria-describedby="source-fault" aria-invalid=${this.fault ? "true" : "false"} />
        <button>${words.home.openButton}</button>
        <input id="torrent" type="file" accept=".torrent,application/x-bittorrent" hidden @change=${this.#file} />
        <button type="button" class="plain" @click=${() => this.querySelector<HTMLInputElement>("#torrent")?.click()}>${words.home.openFile}</button>
      </div>
      <p id="source-fault" class="fault" role="alert">${this.fault ? this.fault.says : nothing}</p>
    </form>`;
  }
}

customElements.define("fs-open", Open);
