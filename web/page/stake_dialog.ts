/** The dialog in which credits are locked on a work. Facts: `stake`, `info` (what is known of the work), `epoch` (ms). Requests: stake. */
import { html, nothing, type TemplateResult } from "lit/html.js";
import type { Account } from "../types/engine.js";
import { PageElement } from "./element.js";
import type { Loadable, Stake } from "./facts.js";
import { size } from "./format.js";
import type { WorkInfo } from "./server.js";
import { say } from "./words_stake.js";

const micro = 1e6; // µ-credits of a credit
const least = 0.001; // credits that can be locked
const mostEpochs = 60;

export class StakeDialog extends PageElement {
  static override readonly shows = ["stake", "info", "epoch", "typed"];
  declare stake: Stake;
  declare info: Loadable<WorkInfo>;
  declare epoch: number;
  /** What stands in the form, as numbers. */
  declare typed: Record<string, number>;

  protected override updated(before: Partial<this>): void {
    const dialog = this.querySelector("dialog");
    if (!dialog?.open) dialog?.showModal();
    const loaded = before.stake && before.stake.account.state === "loading" && this.stake.account.state === "ready";
    const done = before.stake && before.stake.ends === undefined && this.stake.ends !== undefined;
    if (loaded || done) this.querySelector<HTMLElement>(done ? "button" : "input")?.focus();
    if (loaded) this.#type();
  }

  readonly #type = (): void => {
    const form = this.querySelector("form");
    if (!form) return;
    const numbers = [...form.querySelectorAll<HTMLInputElement>("input[type=number]")].map((input) => [input.name, input.valueAsNumber]);
    this.typed = { ...(Object.fromEntries(numbers) as Record<string, number>), promo: new FormData(form).get("from") === "promo" ? 1 : 0 };
  };

  readonly #lock = (event: SubmitEvent): void => {
    event.preventDefault(); // it stays open until it is done
    this.#type();
    const { amount = 0, rate = 0, epochs = 1, promo } = this.typed;
    const micros = Math.round(amount * micro);
    if (this.stake.kind === "pool") return this.ask({ do: "stake", terms: { amount: micros, rate: Math.round(rate * micro), epochs } });
    this.ask({ do: "stake", terms: { price: micros, epochs, promo: promo === 1 } });
  };

  #field(name: string, label: string, value: number, more: { min: number; max?: number; step?: string; note?: string }): TemplateResult {
    return html`<div>
      <label class="label" for=${`stake-${name}`}>${label}</label>
      <input id=${`stake-${name}`} name=${name} type="number" inputmode="decimal" required value=${value} min=${more.min} max=${more.max ?? nothing}
        step=${more.step ?? "any"} aria-describedby=${more.note ? `stake-${name}-note` : nothing} />
      ${more.note ? html`<p class="quiet note" id=${`stake-${name}-note`}>${more.note}</p>` : nothing}
    </div>`;
  }

  #from({ creditsPayable, creditsPromo }: Account, granted: boolean): TemplateResult {
    if (!granted) return html`<p class="quiet">${say.spendable(creditsPayable)}</p>`;
    const choice = (value: string, words: string, disabled: boolean): TemplateResult => html`<label class="choice">
      <input type="radio" name="from" value=${value} ?disabled=${disabled} ?checked=${value === "promo"} /> ${words}
    </label>`;
    return html`<fieldset>
      <legend class="label">${say.from}</legend>
      ${choice("promo", say.promo(creditsPromo), false)} ${choice("payable", say.payable(creditsPayable), !creditsPayable)}
    </fieldset>`;
  }

  #sum(): string {
    const { amount = NaN, rate = NaN, epochs = 1 } = this.typed ?? {};
    const price = Math.round(amount * micro);
    if (!(price > 0) || !(epochs >= 1)) return "";
    if (this.stake.kind === "boost") return say.boost.sum(price, Math.ceil(price / 50), epochs, this.epoch);
    return rate > 0 ? say.pool.sum(size((amount / rate) * 2 ** 30), epochs, this.epoch) : "";
  }

  #left(): TemplateResult | typeof nothing {
    const pools = this.stake.kind === "pool" && this.info.state === "ready" ? this.info.value.pools : undefined;
    return pools?.count ? html`<p>${say.pool.left(pools.left, pools.ends ?? 0)}</p>` : nothing;
  }

  #form(account: Account): TemplateResult {
    const { kind, busy, fault } = this.stake;
    const words = say[kind];
    // What was granted can only be spent on boosts, so it goes first.
    const granted = kind === "boost" && account.creditsPromo >= least * micro ? account.creditsPromo / micro : 0;
    const earned = account.creditsPayable / micro;
    if (Math.max(granted, earned) < least) return html`<p>${say.nothing}</p>${this.#close()}`;
    const some = Math.min(1, Math.floor((granted || earned) * 1000) / 1000);
    const has = (this.typed?.["promo"] ?? (granted ? 1 : 0)) ? granted : earned;
    return html`<form @submit=${this.#lock} @input=${this.#type}>
      <div class="fields tops">
        ${this.#field("amount", words.amount, some, { min: least, max: has })}
        ${kind === "pool" ? this.#field("rate", say.pool.rate, Number((some / 10).toFixed(6)), { min: 0.000001 }) : nothing}
        ${this.#field("epochs", say.epochs, kind === "boost" ? 1 : 30, { min: 1, max: mostEpochs, step: "1", note: say.epochsMore(this.epoch) })}
      </div>
      ${this.#from(account, granted > 0)}
      <p role="status" class="sum">${this.#sum()}</p>
      <p role="alert" class="fault">${fault?.says ?? ""}</p>
      <div class="row">
        <button class="strong" ?disabled=${busy}>${busy ? say.locking : words.do}</button>
        <button type="button" @click=${() => this.querySelector("dialog")?.close()}>${say.cancel}</button>
      </div>
    </form>`;
  }

  #close(): TemplateResult {
    return html`<div class="row"><button type="button" class="strong" @click=${() => this.querySelector("dialog")?.close()}>${say.close}</button></div>`;
  }

  #body(): TemplateResult {
    const { account, kind, ends } = this.stake;
    if (ends !== undefined) return html`<p role="status">${say[kind].done(ends)}</p>${this.#close()}`;
    switch (account.state) {
      case "loading":
        return html`<p role="status">${say.account}</p><progress aria-label=${say.account}></progress>${this.#close()}`;
      case "none":
        return html`<p>${say.none}</p>${this.#close()}`;
      case "error":
        return html`<p class="fault" role="alert">${account.error.says}</p>${this.#close()}`;
      case "ready":
        return html`${this.#left()} ${this.#form(account.value)}`;
    }
  }

  protected override render(): TemplateResult {
    const { kind, name, ends } = this.stake;
    return html`<dialog class="stake" aria-labelledby="stake-title" @close=${() => this.ask({ do: "stake", close: true })}>
      <h2 id="stake-title">${say[kind].title(name)}</h2>
      ${ends === undefined ? html`<p class="quiet">${say[kind].more}</p>` : nothing} ${this.#body()}
    </dialog>`;
  }
}

StakeDialog.define("fs-stake");
