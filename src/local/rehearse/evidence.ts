// Collects, once the rush is over, what the proofs need: the ledger, its orders, and what each winner
// (and a stranger) is shown when they ask for them.
import { setTimeout as pause } from "node:timers/promises";
import type { Answer, Ledger, LedgerOrder, Order, Sku } from "../client.ts";
import { type Buyer, eachAtMost, patiently } from "./buyers.ts";
import type { Purchase, Record } from "./record.ts";
import type { Target } from "./target.ts";

/** The longest the instance may take to settle what it accepted. */
const SETTLE_MS = 60_000;
/** The longest a settled order may be read from the ledger instead of the read model. */
const READ_MODEL_MS = 15_000;

/** An accepted order as its owner and as somebody else sees it; undefined where no answer came. */
export interface Shown {
  owner: Answer<Order> | undefined;
  stranger: Answer | undefined;
}

/** All that is known about a rehearsal when it is over. */
export interface Evidence {
  sku: Pick<Sku, "id" | "perUserLimit">;
  before: Ledger;
  after: Ledger;
  /** Orders of this rehearsal's buyers in the SKU's ledger. */
  ledgerOrders: LedgerOrder[];
  purchases: Purchase[];
  /** Accepted order id → what reading it showed. */
  shown: Map<string, Shown>;
  /** User → their own list of orders. Holds every winner, and some who got nothing. */
  lists: Map<string, Order[]>;
  breaches: Map<string, number>;
  log: string[];
}

/** Waits until the ledger has nothing left to settle, then looks at everything from outside. */
export async function collect(
  target: Target,
  record: Record,
  buyers: Buyer[],
  before: Ledger,
  concurrency: number,
): Promise<Evidence> {
  const { client, sku } = target;
  const after = await settled(target);
  const users = new Set(buyers.map(({ user }) => user));
  const orders = await client.ledgerOrders(sku.id);
  const shown = new Map<string, Shown>();
  const lists = new Map<string, Order[]>();
  const accepted = acceptedIds(record.purchases);
  const neighbours = new Map(buyers.map(({ user }, at) => [user, buyers[at - 1] ?? buyers.at(-1)]));
  const winners = buyers.filter(({ user }) => accepted.has(user));
  const losers = buyers.filter(({ user }) => !accepted.has(user)).slice(0, concurrency);
  await eachAtMost(concurrency, [...winners, ...losers], async (buyer) => {
    const stranger = neighbours.get(buyer.user) as Buyer;
    for (const id of accepted.get(buyer.user) ?? []) {
      shown.set(id, await show(target, record, id, buyer, stranger));
    }
    const list = await patiently(record, "list orders", () => client.readOrders(buyer));
    const own = list?.body.orders?.filter(({ skuId }) => skuId === sku.id);
    lists.set(buyer.user, own ?? []);
  });
  return {
    sku,
    before,
    after,
    ledgerOrders: orders.filter(({ userId }) => users.has(userId)),
    purchases: record.purchases,
    shown,
    lists,
    breaches: record.breaches,
    log: target.log.map(({ level, message }) => `${level}: ${message}`),
  };
}

async function settled({ client, sku }: Target): Promise<Ledger> {
  const deadline = Date.now() + SETTLE_MS;
  for (;;) {
    const ledger = await client.ledger(sku.id);
    if (ledger.unacknowledged === 0 || Date.now() > deadline) {
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
export function acceptedIds(purchases: Purchase[]): Map<string, Set<string>> {
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
