/** Who is connected, never from where. Fact: `peers`. */
import { html, type TemplateResult } from "lit";
import type { Peer } from "../types/engine.js";
import { PageElement } from "./element.js";
import { growing, percent, rate } from "./format.js";
import { words } from "./words.js";

export class Peers extends PageElement {
  static override properties = { peers: { attribute: false } };
  declare peers: Peer[];

  // Explicit roles: on a narrow screen the rows are laid out as blocks, which would take the table's own away.
  #row(peer: Peer): TemplateResult {
    return html`<tr role="row">
      <th scope="row" role="rowheader">${peer.client || words.peer.unknown}</th>
      <td role="cell" data-label=${words.peer.has}>${percent(peer.progress)}</td>
      <td role="cell" data-label="↓">${rate(peer.downRate)}</td>
      <td role="cell" data-label="↑">${rate(peer.upRate)}</td>
      <td role="cell" data-label=${words.work.got}>${growing(peer.downloaded)}</td>
      <td role="cell" data-label=${words.work.sent}>${growing(peer.uploaded)}</td>
      <td role="cell" class="wide">${standing(peer)}</td>
    </tr>`;
  }

  protected override render(): TemplateResult {
    const columns = [words.peer.client, words.peer.has, "↓", "↑", words.work.got, words.work.sent, words.peer.state];
    const names: Record<string, string> = { "↓": words.work.down, "↑": words.work.up };
    return html`<section aria-labelledby="peers-title">
      <h2 id="peers-title">${words.work.peers}</h2>
      ${this.peers.length
        ? html`<table role="table" aria-labelledby="peers-title">
            <thead role="rowgroup">
              <tr role="row">
                ${columns.map((name) => html`<th scope="col" role="columnheader" aria-label=${names[name] ?? name}>${name}</th>`)}
              </tr>
            </thead>
            <tbody role="rowgroup">
              ${this.peers.map((peer) => this.#row(peer))}
            </tbody>
          </table>`
        : html`<p class="quiet">${words.peer.none}</p>`}
    </section>`;
  }
}

function standing({ progress, choked, ticket }: Peer): string {
  if (progress >= 1) return words.peer.whole;
  const turn = choked ? words.peer.waiting : words.peer.served;
  return ticket ? `${turn}, ${words.peer.ticket}` : turn;
}

customElements.define("fs-peers", Peers);
