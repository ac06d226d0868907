/** What was earned in this browser; the statement itself is in statement.ts. Facts: `earnings`, `inLog`. Request: show earnings. */
import { html, type TemplateResult } from "lit/html.js";
import { PageElement } from "./element.js";
import type { Earnings, Facts } from "./facts.js";
import { words } from "./words.js";

const say = words.earn;

export class EarningsView extends PageElement {
  static override readonly shows = ["earnings", "inLog"];
  declare earnings: Earnings;
  declare inLog: Facts["inLog"];

  #show(what: string): TemplateResult {
    return html`<button type="button" class="strong" @click=${() => this.ask({ do: "show earnings" })}>${what}</button>`;
  }

  #notice(title: string, more: string[], action: TemplateResult): TemplateResult {
    return html`<section class="card">
      <h2>${title}</h2>
      ${more.map((line) => html`<p>${line}</p>`)}
      <div class="row">${action}</div>
    </section>`;
  }

  #body(): TemplateResult {
    const { earnings } = this;
    switch (earnings.state) {
      case "asleep":
        return this.#notice(say.asleepTitle, [say.how, say.asleep], html`${this.#show(say.show)} <a class="button" href="/">${say.find}</a>`);
      case "none":
        return this.#notice(say.noneTitle, [say.made, say.how], html`<a class="button strong" href="/">${say.find}</a>`);
      case "error":
        return this.#notice(earnings.error.says, [], this.#show(words.retry));
      case "loading":
        return html`<div class="balances field waiting" aria-busy="true"><p role="status">${words.loading}</p></div>`;
      case "ready":
        return html`<fs-statement .account=${earnings.account} .inLog=${this.inLog} .now=${Date.now()}></fs-statement>`;
    }
  }

  protected override render(): TemplateResult {
    return html`<h1 tabindex="-1">${say.title}</h1>
      ${this.#body()}`;
  }
}

EarningsView.define("fs-earnings");
