/** The statement of this browser's account, with the reason for every line. Facts: `account`, `now`. */
import "./main.js"; // a part shares all that the page's first script has
import { html, nothing, type TemplateResult } from "lit/html.js";
import type { Account, AccountLine, RefusedReceipt } from "../types/engine.js";
import { PageElement } from "./element.js";
import { dateTime, size } from "./format.js";
import { credits } from "./format_live.js";
import { workPath } from "./route.js";
import { say } from "./words_statement.js";

export class Statement extends PageElement {
  static override readonly shows = ["account", "now"];
  declare account: Account;
  declare now: number;

  #balance(name: string, value: string, more: string, main = false): TemplateResult {
    return html`<div class=${main ? "main" : ""}>
      <dt>${name}</dt>
      <dd class="value">${value}</dd>
      <dd class="quiet">${more}</dd>
    </div>`;
  }

  #balances(account: Account): TemplateResult {
    const left = (account.epochEnds - this.now) / 1000;
    return html`<dl class="balances field">
      ${this.#balance(say.confirmed, credits(account.creditsConfirmed), say.confirmedMore(credits(account.creditsPayable), credits(account.creditsHeld)), true)}
      ${this.#balance(say.pending, credits(account.creditsPending), say.pendingMore(account.epochEnds, left), true)}
      ${account.creditsPromo ? this.#balance(say.promo, credits(account.creditsPromo), say.promoMore) : nothing}
      ${this.#balance(say.bytes, size(account.bytesConfirmed), say.bytesMore)} ${this.#balance(say.bytesPending, size(account.bytesPending), say.bytesPendingMore)}
    </dl>`;
  }

  #head(columns: string[]): TemplateResult {
    return html`<thead role="rowgroup">
      <tr role="row">
        ${columns.map((name) => html`<th scope="col" role="columnheader">${name}</th>`)}
      </tr>
    </thead>`;
  }

  #work(infohash: string | undefined, name: string): TemplateResult | string {
    return infohash ? html`<a href=${workPath(infohash)}>${name || infohash.slice(0, 12)}</a>` : say.unknownWork;
  }

  /** What a line pays for: so many bytes, so much time, or neither. */
  #for({ kind, bytes, minutes }: AccountLine): string {
    const name = say.kinds[kind] ?? kind;
    if (kind === "availability") return `${name}: ${say.minutes(minutes)}`;
    return kind === "grant" ? name : `${name}: ${size(bytes)}`;
  }

  #line(line: AccountLine): TemplateResult {
    return html`<tr role="row">
      <th scope="row" role="rowheader">${line.kind === "grant" ? say.kinds["grant"] : this.#work(line.infohash, line.name)}</th>
      <td role="cell" data-label=${say.epoch}>${line.epoch}</td>
      <td role="cell" data-label=${say.for}>${this.#for(line)}</td>
      <td role="cell" data-label=${say.amount}>${credits(line.credits)}</td>
      <td role="cell" data-label=${say.state}><span class=${`state ${line.state}`}>${say.states[line.state] ?? line.state}</span></td>
      <td role="cell" class="wide">${line.reasonText}</td>
    </tr>`;
  }

  #lines({ lines, rate }: Account): TemplateResult {
    return html`<section aria-labelledby="lines">
      <h2 id="lines">${say.lines}</h2>
      <p class="quiet">${say.rate(rate)}</p>
      ${lines.length
        ? html`<table role="table" aria-labelledby="lines">
            ${this.#head([say.work, say.epoch, say.for, say.amount, say.state, say.reason])}
            <tbody role="rowgroup">
              ${lines.map((line) => this.#line(line))}
            </tbody>
          </table>`
        : html`<p class="quiet">${say.noLines}</p>`}
    </section>`;
  }

  #held({ held }: Account): TemplateResult | typeof nothing {
    if (!held.length) return nothing;
    return html`<section aria-labelledby="held">
      <h2 id="held">${say.held}</h2>
      <p class="quiet">${say.heldMore}</p>
      <table role="table" aria-labelledby="held">
        ${this.#head([say.until, say.earnedIn, say.amount])}
        <tbody role="rowgroup">
          ${held.map(
            ({ epoch, until, amount }) => html`<tr role="row">
              <th scope="row" role="rowheader">${dateTime(until)}</th>
              <td role="cell" data-label=${say.earnedIn}>${epoch}</td>
              <td role="cell" data-label=${say.amount}>${credits(amount)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </section>`;
  }

  #refusedLine(receipt: RefusedReceipt, names: Map<string, string>): TemplateResult {
    return html`<tr role="row">
      <th scope="row" role="rowheader">${this.#work(receipt.infohash, names.get(receipt.infohash ?? "") ?? "")}</th>
      <td role="cell" data-label=${say.when}>${dateTime(receipt.time)}</td>
      <td role="cell" data-label=${say.size}>${size(receipt.amount)}</td>
      <td role="cell" class="wide">${receipt.reasonText}</td>
    </tr>`;
  }

  #refused({ refused, lines }: Account): TemplateResult | typeof nothing {
    if (!refused.length) return nothing;
    const names = new Map(lines.map((line) => [line.infohash ?? "", line.name]));
    return html`<section aria-labelledby="refused">
      <h2 id="refused">${say.refused}</h2>
      <table role="table" aria-labelledby="refused">
        ${this.#head([say.work, say.when, say.size, say.reason])}
        <tbody role="rowgroup">
          ${refused.map((receipt) => this.#refusedLine(receipt, names))}
        </tbody>
      </table>
    </section>`;
  }

  protected override render(): TemplateResult {
    const { account } = this;
    return html`${this.#balances(account)} ${this.#lines(account)} ${this.#held(account)} ${this.#refused(account)}
      <section aria-labelledby="account">
        <h2 id="account">${say.account}</h2>
        <fs-copy .text=${account.id} .label=${say.accountMore}></fs-copy>
      </section>`;
  }
}

Statement.define("fs-statement");
