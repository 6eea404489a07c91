// Collects, once the rush is over, what the proofs need: the ledgers, their orders, the bank's books, and
// what each winner (and a stranger) is shown when they ask for their order.
import { setTimeout as pause } from "node:timers/promises";
import type { Answer, BankEntry, Ledger, LedgerOrder, Order, Sku } from "../client.ts";
import type { Buyer } from "./crowd.ts";
import { eachAtMost, patiently } from "./patience.ts";
import type { Deed, Purchase, Record } from "./record.ts";
import type { Target } from "./target.ts";

/** The longest the instance may take to settle what it accepted. */
const SETTLE_MS = 90_000;
/** The longest a settled order may be read from the ledger instead of the read model. */
const READ_MODEL_MS = 15_000;

/** An accepted order as its owner and as somebody else sees it; undefined where no answer came. */
export interface Shown {
  owner: Answer<Order> | undefined;
  stranger: Answer | undefined;
}

/** All that is known about one SKU when the rehearsal is over. */
export interface Evidence {
  sku: Pick<Sku, "id" | "perUserLimit" | "unitPrice">;
  before: Ledger;
  after: Ledger;
  /** Orders of this rehearsal's buyers in the SKU's ledger. */
  ledgerOrders: LedgerOrder[];
  purchases: Pick<Purchase, "user" | "key" | "answers" | "gaveUp">[];
  deeds: Deed[];
  /** The bank's entries by order id, without other people's; undefined where the bank cannot be asked. */
  books: Map<string, BankEntry> | undefined;
  /** Accepted order id → what reading it showed. */
  shown: Map<string, Shown>;
  /** User → their own list of orders. Holds every winner, and some who got nothing. */
  lists: Map<string, Order[]>;
}

/** The whole rehearsal: each SKU, and what was noticed about the instance. */
export interface Findings {
  skus: Evidence[];
  breaches: Map<string, number>;
  /** Warnings and errors of the Worker; undefined where its log cannot be seen. */
  log: string[] | undefined;
}

/** Waits until nothing is left to settle, then looks at everything from outside. */
export async function collect(
  target: Target,
  record: Record,
  buyers: Buyer[],
  before: Ledger[],
  concurrency: number,
): Promise<Findings> {
  const skus: Evidence[] = [];
  for (const [at, sku] of target.skus.entries()) {
    skus.push(await collectSku(target, record, sku, buyers, before[at] as Ledger, concurrency));
  }
  const log = target.log?.map(({ level, message }) => `${level}: ${message}`);
  return { skus, breaches: record.breaches, log };
}

async function collectSku(
  target: Target,
  record: Record,
  sku: Sku,
  everybody: Buyer[],
  before: Ledger,
  concurrency: number,
): Promise<Evidence> {
  const { client } = target;
  const buyers = everybody.filter((buyer) => buyer.sku.id === sku.id);
  const users = new Set(buyers.map(({ user }) => user));
  const after = await settled(target, sku, before);
  const orders = await client.ledgerOrders(sku.id);
  const purchases = record.purchases.filter((purchase) => purchase.sku === sku.id);
  const accepted = acceptedIds(purchases);
  const shown: Evidence["shown"] = new Map();
  const lists: Evidence["lists"] = new Map();
  const neighbours = new Map(buyers.map(({ user }, at) => [user, buyers[at - 1] ?? buyers.at(-1)]));
  const winners = buyers.filter(({ user }) => accepted.has(user));
  const losers = buyers.filter(({ user }) => !accepted.has(user)).slice(0, concurrency);
  await eachAtMost(concurrency, [...winners, ...losers], async (buyer) => {
    const stranger = neighbours.get(buyer.user) as Buyer;
    for (const id of accepted.get(buyer.user) ?? []) {
      shown.set(id, await show(target, record, id, buyer, stranger));
    }
    const list = await patiently(record, "list orders", () => client.readOrders(buyer));
    lists.set(buyer.user, list?.body.orders?.filter(({ skuId }) => skuId === sku.id) ?? []);
  });
  const ledgerOrders = orders.filter(({ userId }) => users.has(userId));
  const deeds = record.deeds.filter((deed) => deed.sku === sku.id);
  const books = target.sandbox ? await client.sandboxPayments(sku.id) : undefined;
  for (const { id } of orders.filter(({ userId }) => !users.has(userId))) {
    books?.delete(id);
  }
  return { sku, before, after, ledgerOrders, purchases, deeds, books, shown, lists };
}

/** The ledger once every order is final and published, or after too long. */
async function settled({ client }: Target, sku: Sku, before: Ledger): Promise<Ledger> {
  const lapse = sku.unitPrice.amount > 0 ? sku.holdSeconds * 1_000 : 0;
  const deadline = Date.now() + SETTLE_MS + lapse;
  for (;;) {
    const ledger = await client.ledger(sku.id);
    const done = ledger.unacknowledged === 0 && ledger.held <= before.held;
    if (done || Date.now() > deadline) {
      return ledger;
    }
    await pause(100);
  }
}

async function show(
  target: Target,
  record: Record,
  id: string,
  buyer: Buyer,
  other: Buyer,
): Promise<Shown> {
  const { client } = target;
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
