/**
 * The statement of this browser's account, with the reason for every line, and whether the public log has it. Facts: `account`, `inLog`,
 * `now`. Requests: statement.
 */
import "./main.js"; // a part shares all that the page's first script has
import { html, nothing, type TemplateResult } from "lit/html.js";
import type { Account, AccountLine, Appeal, AppealSubject, RefusedReceipt } from "../types/engine.js";
import type { App } from "./app.js";
import { PageElement } from "./element.js";
import type { Request } from "./facts.js";
import { dateTime, size } from "./format.js";
import { credits } from "./format_live.js";
import { lineKey, type InLog, type LogCheck } from "./in_log.js";
import { workPath } from "./route.js";
import { download } from "./sharing.js";
import { say } from "./words_statement.js";

export class Statement extends PageElement {
  static override readonly shows = ["account", "inLog", "now"];
  declare account: Account;
  declare inLog: LogCheck | undefined;
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
      <td role="cell" data-label=${say.log.column}>${this.#logged(this.inLog?.lines.get(lineKey(line)))}</td>
      <td role="cell" class="wide">
        ${line.reasonText}
        ${line.state === "confirmed" && line.reason !== "confirmed" ? this.#appeal(subjectOf(line)) : nothing}
      </td>
    </tr>`;
  }

  /** Whether something is in the log, in a word. */
  #logged(at: InLog | undefined): TemplateResult | string {
    if (!at || at.state === "unknown") return "–";
    if (at.state === "soon") return say.log.later;
    return at.state === "yes" ? html`<span title=${say.log.yes(at.index)}>${say.log.yesShort}</span>` : html`<strong class="fault">${say.log.no}</strong>`;
  }

  /** What was written about a line or a receipt, or the form for it. */
  #appeal(about: AppealSubject): TemplateResult {
    const written = this.account.appeals.find((appeal) => sameSubject(appeal, about));
    if (written) return this.#written(written);
    const words = say.appeal;
    const id = `appeal-${Object.values(about).join("-")}`;
    const send = (event: SubmitEvent): void => {
      event.preventDefault();
      const note = String(new FormData(event.target as HTMLFormElement).get("note")).trim();
      if (note) this.ask({ do: "statement", about, note });
    };
    return html`<details class="appeal">
      <summary>${words.ask}</summary>
      <form @submit=${send}>
        <label class="label" for=${id}>${words.label}</label>
        <textarea id=${id} name="note" rows="3" maxlength="500" required aria-describedby=${`${id}-more`}></textarea>
        <p class="quiet note" id=${`${id}-more`}>${words.more}</p>
        <button>${words.send}</button>
      </form>
    </details>`;
  }

  #written({ note, state, answer, answered }: Appeal): TemplateResult {
    const words = say.appeal;
    return html`<div class="written">
      <p><span class="quiet">${words.yours}</span> <q>${note}</q></p>
      ${state === "answered"
        ? html`<p><span class="quiet">${words.answered(answered)}</span> <q>${answer}</q></p>`
        : html`<p class="quiet">${words.open}</p>`}
    </div>`;
  }

  /** What was written about something that is not shown any more. */
  #others({ appeals, lines, refused }: Account): TemplateResult | typeof nothing {
    const shown: AppealSubject[] = [...lines.map(subjectOf), ...refused.map(({ serial }) => ({ serial }))];
    const others = appeals.filter((appeal) => !shown.some((about) => sameSubject(appeal, about)));
    if (!others.length) return nothing;
    return html`<section aria-labelledby="written">
      <h2 id="written">${say.appeal.others}</h2>
      ${others.map((appeal) => html`<p>${appeal.kind ? (say.kinds[appeal.kind] ?? appeal.kind) : say.appeal.receipt}: ${appeal.reasonText}</p>${this.#written(appeal)}`)}
    </section>`;
  }

  #lines({ lines, rate }: Account): TemplateResult {
    return html`<section aria-labelledby="lines">
      <h2 id="lines">${say.lines}</h2>
      <p class="quiet">${say.rate(rate)}</p>
      ${lines.length
        ? html`<table role="table" aria-labelledby="lines">
            ${this.#head([say.work, say.epoch, say.for, say.amount, say.state, say.log.column, say.reason])}
            <tbody role="rowgroup">
              ${lines.map((line) => this.#line(line))}
            </tbody>
          </table>`
        : html`<p class="quiet">${say.noLines}</p>`}
      ${lines.length ? this.#export() : nothing}
    </section>`;
  }

  #export(): TemplateResult {
    const button = (save: "json" | "csv"): TemplateResult =>
      html`<button type="button" aria-label=${`${say.export}: ${say[save]}`} @click=${() => this.ask({ do: "statement", save })}>${say[save]}</button>`;
    return html`<div class="row export"><p class="quiet">${say.export}. ${say.exportMore}</p>${button("json")} ${button("csv")}</div>`;
  }

  /** What cannot be overlooked. */
  #alarm(): TemplateResult | typeof nothing {
    const alarms = this.inLog?.alarms ?? [];
    if (!alarms.length) return nothing;
    const words = say.alarm;
    return html`<section class="alarm" role="alert">
      <h2>${words.title}</h2>
      <ul>${[...new Set(alarms.map(({ why }) => why))].map((why) => html`<li>${words.says[why] ?? why}</li>`)}</ul>
      <p>${words.more}</p>
      <div class="row"><button type="button" class="strong" @click=${() => this.ask({ do: "statement", save: "evidence" })}>${words.save}</button></div>
      <details><summary>${words.details}</summary><ul>${alarms.map(({ message }) => html`<li>${message}</li>`)}</ul></details>
    </section>`;
  }

  #log({ settled }: Account): TemplateResult {
    const words = say.log;
    return html`<section aria-labelledby="log">
      <h2 id="log">${words.title}</h2>
      <p class="quiet">${words.more}</p>
      <div role="status" class="told">${this.#found(settled.length)}</div>
      ${settled.length && this.inLog
        ? html`<details>
            <summary>${words.list}</summary>
            <table role="table" aria-labelledby="log">
              ${this.#head([words.receipt, say.epoch, words.upTo, words.column])}
              <tbody role="rowgroup">
                ${settled.map(
                  ({ serial, epoch, amount, salt }) => html`<tr role="row">
                    <th scope="row" role="rowheader">${serial.slice(0, 8)}</th>
                    <td role="cell" data-label=${say.epoch}>${epoch}</td>
                    <td role="cell" data-label=${words.upTo}>${size(amount)}</td>
                    <td role="cell" class="wide">${this.#receipt(this.inLog?.receipts.get(salt))}</td>
                  </tr>`,
                )}
              </tbody>
            </table>
          </details>`
        : nothing}
    </section>`;
  }

  #receipt(at: InLog | undefined): TemplateResult | string {
    const words = say.log;
    if (!at || at.state === "unknown") return words.cannot;
    if (at.state === "yes") return words.yes(at.index);
    if (at.state === "soon") return at.by ? words.by(at.by) : words.later;
    return html`<strong class="fault">${words.no}</strong> ${say.alarm.says[at.why] ?? ""}`;
  }

  /** How much of what was settled is in the log. */
  #found(settled: number): TemplateResult[] {
    const words = say.log;
    const line = (text: string): TemplateResult => html`<p>${text}</p>`;
    if (!this.inLog) return [line(words.checking)];
    const { checkpoint, fault, receipts, alarms } = this.inLog;
    if (fault) return [line(words.faults[fault] ?? words.faults["unreachable"]!)];
    const count = (state: InLog["state"]): number => [...receipts.values()].filter((at) => at.state === state).length;
    const counts = ([["yes", words.all], ["soon", words.soon], ["no", words.missing], ["unknown", words.unknown]] as const).filter(([state]) => count(state) > 0);
    return [
      ...(checkpoint && !alarms.length ? [line(words.size(checkpoint.size))] : []),
      ...(settled ? counts.map(([state, text]) => line(text(count(state)))) : [line(words.none)]),
    ];
  }

  #lockedCredits({ boosts, pools, lines }: Account): TemplateResult | typeof nothing {
    if (!boosts.length && !pools.length) return nothing;
    const names = new Map(lines.map((line) => [line.infohash ?? "", line.name]));
    const row = (infohash: string, what: string, amount: string, ends: number): TemplateResult => html`<tr role="row">
      <th scope="row" role="rowheader">${this.#work(infohash, names.get(infohash) ?? "")}</th>
      <td role="cell" data-label=${say.lockedHead.what}>${what}</td>
      <td role="cell" data-label=${say.lockedHead.left}>${amount}</td>
      <td role="cell" class="date" data-label=${say.lockedHead.until}>${dateTime(ends)}</td>
    </tr>`;
    return html`<section aria-labelledby="locked">
      <h2 id="locked">${say.locked}</h2>
      <table role="table" aria-labelledby="locked">
        ${this.#head([say.work, say.lockedHead.what, say.lockedHead.left, say.lockedHead.until])}
        <tbody role="rowgroup">
          ${boosts.map(({ infohash, price, fee, ends }) => row(infohash, say.boost, credits(price - fee), ends))}
          ${pools.map(({ infohash, amount, left, rate, ends }) => row(infohash, say.pool(rate), say.left(left, amount), ends))}
        </tbody>
      </table>
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
      <td role="cell" class="date" data-label=${say.when}>${dateTime(receipt.time)}</td>
      <td role="cell" data-label=${say.size}>${size(receipt.amount)}</td>
      <td role="cell" class="wide">${receipt.reasonText} ${this.#appeal({ serial: receipt.serial })}</td>
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
    return html`${this.#alarm()} ${this.#balances(account)} ${this.#lines(account)} ${this.#held(account)} ${this.#lockedCredits(account)}
      ${this.#refused(account)} ${this.#others(account)} ${this.#log(account)}
      <section aria-labelledby="account">
        <h2 id="account">${say.account}</h2>
        <fs-copy .text=${account.id} .label=${say.accountMore}></fs-copy>
      </section>`;
  }
}

const subjectOf = ({ kind, epoch, infohash, source }: AccountLine): AppealSubject => ({ kind, epoch, ...(infohash && { infohash }), ...(source && { source }) });

function sameSubject(appeal: Appeal, about: AppealSubject): boolean {
  if ("serial" in about) return !appeal.kind && appeal.serial === about.serial;
  return appeal.kind === about.kind && appeal.epoch === about.epoch && (appeal.infohash ?? "") === (about.infohash ?? "") && (appeal.source ?? "") === (about.source ?? "");
}

/** Does what the statement asks for. Errors: those of the engine. */
export async function act(app: App, request: Request & { do: "statement" }): Promise<void> {
  const { seeding } = await app.sharing();
  if ("note" in request) {
    await seeding.appeal(request.about, request.note);
    return app.refresh();
  }
  const { save } = request;
  const file = save === "evidence" ? new Blob([app.facts.inLog?.evidence ?? ""], { type: "application/json" }) : await seeding.statement(save);
  download(file, say.file[save]);
}

Statement.define("fs-statement");
