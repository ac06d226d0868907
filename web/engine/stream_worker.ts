/** The worker's part of streaming: it answers the service worker's pulls with verified bytes, waiting for them as long as it takes. */
import type { ErrorCode } from "../types/engine.js";
import type { StreamAnswer, StreamPull } from "./messages.js";

const ALIVE_EVERY = 1000; // ms between two signs of life while the bytes do not come

interface Source {
  length(): Promise<number>;
  /** At least one byte from begin on, and none from end on. */
  read(begin: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
  codeOf(error: unknown): ErrorCode;
  /** One more body is open (1), or one less (-1). */
  count(change: 1 | -1): void;
}

const open = new Set<Body>();

class Body {
  constructor(
    private readonly port: MessagePort,
    private readonly source: Source,
  ) {}

  async begin(): Promise<void> {
    open.add(this);
    this.source.count(1);
    this.port.onmessage = ({ data: { begin, end } }: MessageEvent<StreamPull>) => void (begin < 0 ? this.end() : this.#answer(() => this.#read(begin, end)));
    await this.#answer(async () => this.port.postMessage({ length: await this.source.length() } satisfies StreamAnswer));
  }

  end(): void {
    if (!open.delete(this)) return;
    this.port.close();
    this.source.count(-1);
  }

  fail(error: ErrorCode): void {
    this.port.postMessage({ error } satisfies StreamAnswer);
    this.end();
  }

  async #read(begin: number, end: number): Promise<void> {
    const { buffer } = await this.source.read(begin, end);
    this.port.postMessage({ data: buffer } satisfies StreamAnswer, [buffer]);
  }

  async #answer(answer: () => Promise<void>): Promise<void> {
    const alive = setInterval(() => this.port.postMessage({ alive: true } satisfies StreamAnswer), ALIVE_EVERY);
    try {
      await answer();
    } catch (error) {
      this.fail(this.source.codeOf(error));
    } finally {
      clearInterval(alive);
    }
  }
}

/** Serves one body on the port until the other side has enough. */
export function serve(port: MessagePort, source: Source): Promise<void> {
  return new Body(port, source).begin();
}

/** The engine ends: the bodies that are open may go on with another one. */
export function closeBodies(): void {
  for (const body of [...open]) body.fail("closed");
}
