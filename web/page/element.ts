/** What all elements of the page share: facts in by properties, requests out by one event, and the page's own stylesheet. */
import { LitElement } from "lit";
import { RequestEvent, type Request } from "./facts.js";

export abstract class PageElement extends LitElement {
  /** The page's one stylesheet styles them all, so they render into the document itself. */
  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected ask(request: Request): void {
    this.dispatchEvent(new RequestEvent(request));
  }
}
