/** The dialog in which the limits are changed: a part of the page. Fact: `limits`. Requests: set limits, close limits. */
import "./main.js"; // a part shares all that the page's first script has
import { html, type TemplateResult } from "lit/html.js";
import { PageElement } from "./element.js";
import type { Amounts, Caps } from "./limits.js";
import { say } from "./words_limits.js";

const units: Record<keyof Amounts, number> = {
  uploadRate: 2 ** 20,
  uploadPerDay: 2 ** 30,
  uploadPerMonth: 2 ** 30,
  downloadRate: 2 ** 20,
  downloadPerMonth: 2 ** 30,
  storage: 2 ** 30,
};
const names = Object.keys(units) as (keyof Amounts)[];

export class LimitsDialog extends PageElement {
  static override readonly shows = ["limits"];
  declare limits: Caps;

  protected override updated(before: Partial<this>): void {
    if (!before.limits) this.querySelector("dialog")?.showModal();
  }

  #save(event: SubmitEvent): void {
    const form = event.target as HTMLFormElement;
    const amount = (name: keyof Amounts): number => {
      const { valueAsNumber } = form.elements.namedItem(name) as HTMLInputElement;
      return Number.isNaN(valueAsNumber) ? Infinity : Math.round(valueAsNumber * units[name]);
    };
    const help = (form.elements.namedItem("help") as HTMLInputElement).checked;
    this.ask({ do: "set limits", limits: { ...(Object.fromEntries(names.map((name) => [name, amount(name)])) as unknown as Amounts), help } });
  }

  #field(name: keyof Amounts): TemplateResult {
    const amount = this.limits[name] / units[name];
    // A value of the template, and not of each render: what the person types stays.
    return html`<div>
      <label class="label" for=${name}>${say.names[name]}</label>
      <input id=${name} name=${name} type="number" inputmode="decimal" min="0.01" step="any" value=${amount === Infinity ? "" : Number(amount.toFixed(2))} />
    </div>`;
  }

  protected override render(): TemplateResult {
    return html`<dialog aria-labelledby="limits" @close=${() => this.ask({ do: "close limits" })}>
      <form method="dialog" @submit=${this.#save}>
        <h2 id="limits">${say.title}</h2>
        <p class="quiet">${say.more}</p>
        <div class="fields">${names.map((name) => this.#field(name))}</div>
        <label class="option"><input name="help" type="checkbox" ?checked=${this.limits.help} aria-describedby="helping" /> ${say.help}</label>
        <p class="quiet" id="helping">${say.helpMore}</p>
        <div class="row">
          <button class="strong">${say.save}</button>
          <button type="button" @click=${() => this.querySelector("dialog")?.close()}>${say.cancel}</button>
        </div>
      </form>
    </dialog>`;
  }
}

LimitsDialog.define("fs-limits");
