// Collects, once a scene has settled, what the proofs need: the ledgers, their orders, the bank's books, and
// what each winner (and a stranger) is shown when they ask for their order.
import { setTimeout as pause } from "node:timers/promises";
import type { Answer, BankEntry, Ledger, LedgerOrder, LiveAnswer, Order, Sku } from "../client.ts";
import { eachAtMost, patiently } from "./patience.ts";
import type { Deed, Purchase } from "./record.ts";
import type { Buyer, Change, Denial, Stage } from "./scene.ts";
import type { Settled } from "./settle.ts";

/** The longest a settled order may be read from the ledger instead of the read model. */
const READ_MODEL_MS = 15_000;

/** An accepted order as its owner and as somebody else sees it; undefined where no answer came. */
export interface Shown {
  owner: Answer<Order> | undefined;
  stranger: Answer | undefined;
}

/** What the live answer said about one SKU. */
export type LiveSample = Pick<LiveAnswer, "asOf"> &
  Pick<LiveAnswer["skus"][number], "available" | "state">;

/** All that is known about one SKU when its scene is over. Times are the server's, in milliseconds. */
export interface Evidence {
  scene: string;
  sku: Pick<Sku, "id" | "unitPrice">;
  /** Every version of the sale, oldest first. */
  history: Change[];
  denials: Denial[];
  /** How far the times of answers may be off from those in orders. */
  clockErrorMs: number;
  before: Ledger;
  after: Ledger;
  /** The ledger as the operator saw it meanwhile. */
  ledgers: Ledger[];
  /** From the end of the scene until nothing was under way; undefined when that never came. */
  settledMs: number | undefined;
  /** Orders of this rehearsal's buyers in the SKU's ledger. */
  ledgerOrders: LedgerOrder[];
  purchases: Pick<Purchase, "user" | "key" | "quantity" | "answers" | "gaveUp">[];
  deeds: Deed[];
  /** The bank's entries by order id, without other people's; undefined where the bank cannot be asked. */
  books: Map<string, BankEntry> | undefined;
  /** Accepted order id → what reading it showed. */
  shown: Map<string, Shown>;
  /** User → their own list of orders. Holds every winner, and some who got nothing. */
  lists: Map<string, Order[]>;
  live: LiveSample[];
}

/** The whole rehearsal: each SKU, and what was noticed about the instance. */
export interface Findings {
  skus: Evidence[];
  breaches: Map<string, number>;
  /** Warnings and errors of the Worker; undefined where its log cannot be seen. */
  log: string[] | undefined;
}

/** A scene that was played; its SKUs settle by themselves. */
export interface Played {
  scene: string;
  stage: Stage;
  people: Buyer[];
  skus: { sku: Sku; before: Ledger; settled: Promise<Settled> }[];
}

/** Waits until the SKUs of a scene have settled, then looks at everything from outside. */
export async function collect(played: Played, concurrency: number): Promise<Evidence[]> {
  const all: Evidence[] = [];
  for (const one of played.skus) {
    all.push(await collectSku(played, one, concurrency));
  }
  return all;
}

async function collectSku(
  { scene, stage, people }: Played,
  { sku, before, settled }: Played["skus"][number],
  concurrency: number,
): Promise<Evidence> {
  const { client, record, history, denials, ledgers, clockErrorMs } = stage;
  const { ledger: after, settledMs } = await settled;
  const buyers = people.filter((buyer) => buyer.sku.id === sku.id);
  const users = new Set(buyers.map(({ user }) => user));
  const orders = await client.ledgerOrders(sku.id);
  const purchases = record.purchases.filter((purchase) => purchase.sku === sku.id);
  const ledgerOrders = orders.filter(({ userId }) => users.has(userId));
  const deeds = record.deeds.filter((deed) => deed.sku === sku.id);
  const books = stage.sandbox ? await client.sandboxPayments(sku.id) : undefined;
  for (const { id } of orders.filter(({ userId }) => !users.has(userId))) {
    books?.delete(id);
  }
  const live = stage.live.flatMap(({ asOf, skus }) =>
    skus
      .filter(({ id }) => id === sku.id)
      .map(({ available, state }) => ({ asOf, available, state })),
  );
  return {
    ...{ scene, sku, history, denials, clockErrorMs, before, after, ledgers, settledMs },
    ...{ ledgerOrders, purchases, deeds, books, live },
    ...(await readBack(stage, sku, buyers, acceptedIds(purchases), concurrency)),
  };
}

/** Every winner reads their orders, and so does a neighbor; some who got nothing look at their list. */
async function readBack(
  stage: Stage,
  sku: Sku,
  buyers: Buyer[],
  accepted: Map<string, Set<string>>,
  concurrency: number,
): Promise<Pick<Evidence, "shown" | "lists">> {
  const shown: Evidence["shown"] = new Map();
  const lists: Evidence["lists"] = new Map();
  const neighbors = new Map(buyers.map(({ user }, at) => [user, buyers[at - 1] ?? buyers.at(-1)]));
  const winners = buyers.filter(({ user }) => accepted.has(user));
  const losers = buyers.filter(({ user }) => !accepted.has(user)).slice(0, concurrency);
  await eachAtMost(concurrency, [...winners, ...losers], async (buyer) => {
    const stranger = neighbors.get(buyer.user) as Buyer;
    for (const id of accepted.get(buyer.user) ?? []) {
      shown.set(id, await show(stage, id, buyer, stranger));
    }
    const list = await patiently(stage.record, "list orders", () => stage.client.readOrders(buyer));
    lists.set(buyer.user, list?.body.orders?.filter(({ skuId }) => skuId === sku.id) ?? []);
  });
  return { shown, lists };
}

async function show(
  { client, record }: Stage,
  id: string,
  buyer: Buyer,
  other: Buyer,
): Promise<Shown> {
  const owner = await readSettled(() =>
    patiently(record, "read order", () => client.readOrder(id, buyer)),
  );
  // A lone buyer has no stranger beside them.
  const stranger =
    other.user === buyer.user
      ? undefined
      : await patiently(record, "read another's", () => client.readOrder(id, other));
  return { owner, stranger };
}

/** While Redis is slow an order is read from the ledger; the proof waits a while for the read model. */
async function readSettled(
  read: () => Promise<Answer<Order> | undefined>,
): Promise<Answer<Order> | undefined> {
  const deadline = Date.now() + READ_MODEL_MS;
  for (;;) {
    const answer = await read();
    const fromLedger = answer?.headers.get("x-served-from") === "ledger";
    if (!fromLedger || Date.now() > deadline) {
      return answer;
    }
    await pause(500);
  }
}

/** User → the ids of the orders they were told they have. */
export function acceptedIds(purchases: Evidence["purchases"]): Map<string, Set<string>> {
  const accepted = new Map<string, Set<string>>();
  for (const { user, answers } of purchases) {
    for (const { status, body } of answers) {
      if (status === 202) {
        accepted.set(user, (accepted.get(user) ?? new Set()).add(body.id));
      }
    }
  }
  return accepted;
}
