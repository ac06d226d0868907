/** A text that is there to be copied, with the button that does it. Facts: `text`, `label`. */
import { html, type TemplateResult } from "lit/html.js";
import { PageElement } from "./element.js";
import { words } from "./words.js";

const shown = 2_500; // ms

export class Copy extends PageElement {
  static override readonly shows = ["text", "label", "copied"];
  declare text: string;
  declare label: string;
  declare copied: boolean;

  async #copy(): Promise<void> {
    const input = this.querySelector("input");
    try {
      await navigator.clipboard.writeText(this.text);
    } catch {
      input?.select(); // no clipboard on a page without TLS
      document.execCommand("copy");
    }
    this.copied = true;
    setTimeout(() => (this.copied = false), shown);
  }

  protected override render(): TemplateResult {
    return html`<label>
        <span class="label">${this.label}</span>
        <input readonly .value=${this.text} @focus=${(event: FocusEvent) => (event.target as HTMLInputElement).select()} />
      </label>
      <button type="button" @click=${this.#copy}><span role="status">${this.copied ? words.copied : words.copy}</span></button>`;
  }
}

Copy.define("fs-copy");
