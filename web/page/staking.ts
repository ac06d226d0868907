/** Locking credits on works, as a part of the page: the dialog, and what it asks of the engine. */
import "./main.js"; // a part shares all that the page's first script has
import type { App } from "./app.js";
import type { Request, Stake, StakeTerms } from "./facts.js";
import "./stake_dialog.js";
import { fault } from "./words_fault.js";

/** Does what a request about the dialog asks for. */
export async function stake(app: App, request: Request & { do: "stake" }): Promise<void> {
  if ("close" in request) return app.set({ staking: undefined });
  if ("terms" in request) return lock(app, request.terms);
  await open(app, request.kind, request.infohash);
}

/** Changes the dialog, unless another one is open by now. */
function change(app: App, id: string, what: Partial<Stake>): void {
  const now = app.facts.staking;
  if (now?.id === id) app.set({ staking: { ...now, ...what } });
}

async function open(app: App, kind: Stake["kind"], infohash: string): Promise<void> {
  const { works, info } = app.facts;
  const name = works.find((work) => work.infohash === infohash)?.name || (info.state === "ready" && info.value.name) || infohash.slice(0, 12);
  const id = crypto.randomUUID().replaceAll("-", "");
  app.set({ staking: { kind, infohash, name, id, account: { state: "loading" }, busy: false } });
  const earnings = await app.sharing().then((sharing) => sharing.earnings(), (error: unknown) => ({ state: "error", error: fault(error) }) as const);
  if (earnings.state === "ready") change(app, id, { account: { state: "ready", value: earnings.account } });
  else if (earnings.state === "error") change(app, id, { account: { state: "error", error: earnings.error } });
  else change(app, id, { account: { state: "none" } });
}

async function lock(app: App, terms: StakeTerms): Promise<void> {
  const { staking } = app.facts;
  if (!staking || staking.busy) return;
  const { id, infohash } = staking;
  const { fault: _, ...rest } = staking;
  app.set({ staking: { ...rest, busy: true } });
  try {
    const { seeding } = await app.sharing();
    const { ends } = "price" in terms ? await seeding.boost(infohash, { ...terms, id }) : await seeding.fund(infohash, { ...terms, id });
    change(app, id, { busy: false, ends });
    app.refresh();
  } catch (error) {
    change(app, id, { busy: false, fault: fault(error) });
  }
}
