/** Who is connected, never from where. Facts: `peers`, `servers`. */
import { html, type TemplateResult } from "lit";
import type { Peer } from "../types/engine.js";
import { PageElement } from "./element.js";
import type { LiveWork } from "./facts.js";
import { percent } from "./format.js";
import { growing, rate } from "./format_live.js";
import { say } from "./words_live.js";

export class Peers extends PageElement {
  static override properties = { peers: { attribute: false }, servers: { attribute: false } };
  declare peers: Peer[];
  declare servers: LiveWork["servers"];

  // Explicit roles: on a narrow screen the rows are laid out as blocks, which would take the table's own away.
  #row(peer: Peer): TemplateResult {
    return html`<tr role="row">
      <th scope="row" role="rowheader">${peer.client || say.peer.unknown}</th>
      <td role="cell" data-label=${say.peer.has}>${percent(peer.progress)}</td>
      <td role="cell" data-label="↓">${rate(peer.downRate)}</td>
      <td role="cell" data-label="↑">${rate(peer.upRate)}</td>
      <td role="cell" data-label=${say.got}>${growing(peer.downloaded)}</td>
      <td role="cell" data-label=${say.sent}>${growing(peer.uploaded)}</td>
      <td role="cell" class="wide">${standing(peer)}</td>
    </tr>`;
  }

  #server({ host, active, downloaded }: LiveWork["servers"][number]): TemplateResult {
    const { name, none, idle } = say.server;
    return html`<tr role="row">
      <th scope="row" role="rowheader">${name(host)}</th>
      <td role="cell" data-label=${say.peer.has}>${percent(1)}</td>
      <td role="cell" data-label="↓">${none}</td>
      <td role="cell" data-label="↑">${none}</td>
      <td role="cell" data-label=${say.got}>${growing(downloaded)}</td>
      <td role="cell" data-label=${say.sent}>${none}</td>
      <td role="cell" class="wide">${active ? say.server.active : idle}</td>
    </tr>`;
  }

  protected override render(): TemplateResult {
    const columns = [say.peer.client, say.peer.has, "↓", "↑", say.got, say.sent, say.peer.state];
    const names: Record<string, string> = { "↓": say.down, "↑": say.up };
    return html`<section aria-labelledby="peers-title">
      <h2 id="peers-title">${say.peer.peers}</h2>
      ${this.peers.length + this.servers.length
        ? html`<table role="table" aria-labelledby="peers-title">
            <thead role="rowgroup">
              <tr role="row">
                ${columns.map((name) => html`<th scope="col" role="columnheader" aria-label=${names[name] ?? name}>${name}</th>`)}
              </tr>
            </thead>
            <tbody role="rowgroup">
              ${this.servers.map((server) => this.#server(server))} ${this.peers.map((peer) => this.#row(peer))}
            </tbody>
          </table>`
        : html`<p class="quiet">${say.peer.none}</p>`}
    </section>`;
  }
}

function standing({ progress, choked, ticket }: Peer): string {
  if (progress >= 1) return say.peer.whole;
  const turn = choked ? say.peer.waiting : say.peer.served;
  return ticket ? `${turn}, ${say.peer.ticket}` : turn;
}

customElements.define("fs-peers", Peers);
