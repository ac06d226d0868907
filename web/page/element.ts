/**
 * What all elements of the page share: facts in by properties, requests out by one event, and the page's own stylesheet, since they render
 * into the document itself. It is a base class for lit-html's templates that has no more than this page needs: whoever comes here for
 * the first time waits for every line of it.
 */
import { render } from "lit/html.js";
import { RequestEvent, type Request } from "./facts.js";

export abstract class PageElement extends HTMLElement {
  /** Names of the properties that are shown. Setting one of them renders anew, once for all that are set in the same task. */
  static readonly shows: readonly string[] = [];
  readonly #values: Record<string, unknown> = {};
  /** What was there at the last rendering, of what has changed since. */
  #before: Record<string, unknown> = {};
  #due = false;

  /** What there is to see. */
  protected abstract render(): unknown;

  /** After each rendering: the properties that had changed, as they were before. */
  protected updated(_before: Partial<this>): void {}

  connectedCallback(): void {
    this.#wake();
  }

  protected ask(request: Request): void {
    this.dispatchEvent(new RequestEvent(request));
  }

  /** Registers an element class under a tag. */
  static define(this: (new () => PageElement) & typeof PageElement, tag: string): void {
    for (const name of this.shows) {
      Object.defineProperty(this.prototype, name, {
        get(this: PageElement) {
          return this.#values[name];
        },
        set(this: PageElement, value: unknown) {
          this.#change(name, value);
        },
      });
    }
    customElements.define(tag, this);
  }

  #change(name: string, value: unknown): void {
    const before = this.#values[name];
    if (Object.is(before, value)) return;
    this.#values[name] = value;
    if (!(name in this.#before)) this.#before[name] = before;
    this.#wake();
  }

  #wake(): void {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      if (this.isConnected) this.#paint();
    });
  }

  #paint(): void {
    const before = this.#before;
    this.#before = {};
    render(this.render(), this, { host: this });
    this.updated(before as Partial<this>);
  }
}
