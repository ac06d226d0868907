/** The files of a work. Facts: `files`, `infohash`; where sharing was refused and there is a webseed, `webseed` and `name`. Fact: `saving`, keys of files on their way. Requests: save, fetch. */
import { html, nothing, type TemplateResult } from "lit/html.js";
import { PageElement } from "./element.js";
import { saveKey, type LiveWork } from "./facts.js";
import { percent, size } from "./format.js";
import { webseedFile } from "./webseed.js";
import { words } from "./words.js";

interface ShownFile {
  path: string;
  length: number;
  progress?: number;
  selected?: boolean;
}

export class Files extends PageElement {
  static override readonly shows = ["files", "saving", "infohash", "webseed", "name"];
  declare files: readonly (ShownFile | LiveWork["files"][number])[];
  declare saving: readonly string[];
  declare infohash: string;
  declare webseed: string | undefined;
  declare name: string;

  #action(file: ShownFile, index: number): TemplateResult | typeof nothing {
    if (this.webseed) {
      const href = webseedFile(this.webseed, this.name, file.path, this.files.length === 1 && file.path === this.name);
      return html`<a class="button" href=${href} download rel="noreferrer" aria-label=${words.work.fetchNamed(file.path)}>${words.work.fetch}</a>`;
    }
    if (file.progress === undefined) return nothing;
    if (file.selected === false && file.progress < 1) {
      return html`<button type="button" aria-label=${words.work.fetchFile(file.path)} @click=${() => this.ask({ do: "fetch", infohash: this.infohash, index })}>${words.work.fetch}</button>`;
    }
    if (file.progress < 1) return html`<span class="figures">${percent(file.progress)}</span>`;
    if (this.saving.includes(saveKey(this.infohash, index))) return html`<span role="status">${words.work.saving}</span>`;
    return html`<button type="button" aria-label=${words.work.saveNamed(file.path)} @click=${() => this.ask({ do: "save", infohash: this.infohash, index })}>${words.work.save}</button>`;
  }

  protected override render(): TemplateResult {
    return html`<section aria-labelledby="files-title">
      <h2 id="files-title">${words.work.files}</h2>
      <ul class="files" role="list">
        ${this.files.map((file, i) => html`<li><span class="path">${file.path}</span> <span class="quiet figures">${size(file.length)}</span> ${this.#action(file, i)}</li>`)}
      </ul>
    </section>`;
  }
}

Files.define("fs-files");
