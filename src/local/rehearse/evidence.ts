// Collects the evidence for the proofs once a scenario's orders are final: ledgers and their orders, the bank's books, and
// what buyers read back through the API.
import { setTimeout as pause } from "node:timers/promises";
import type { Answer, Ledger, LedgerOrder, LiveAnswer, Order, Sku } from "../client.ts";
import { forEachConcurrently } from "./concurrency.ts";
import type { LineRecord } from "./line-record.ts";
import type { Books } from "./payments.ts";
import type { OrderAction, Purchase } from "./recorder.ts";
import type { Buyer, Denial, OperatorRefund, SaleVersion, ScenarioContext } from "./scenario.ts";
import { sendWithRetry } from "./send.ts";
import type { FinalState } from "./wait-until-final.ts";

/** How long a final order may still be served from the ledger instead of the read model. */
const READ_MODEL_WITHIN_MS = 15_000;

/** An accepted order as read by its owner and by another buyer; undefined where no answer arrived. */
export interface ReadBack {
  owner: Answer<Order> | undefined;
  stranger: Answer | undefined;
}

/** One SKU's part of a live answer. */
export interface LiveSample extends Pick<LiveAnswer["skus"][number], "available" | "state"> {
  /** When the edge began to read the stock. */
  asOf: string;
  /** When the answer arrived. A time of the server, in milliseconds. */
  answeredAt: number;
}

/** Everything observed about one SKU. Times are the server's, in milliseconds. */
export interface Evidence {
  scenario: string;
  sku: Pick<Sku, "id" | "unitPrice">;
  /** Every version of the sale, oldest first. */
  history: SaleVersion[];
  denials: Denial[];
  /** Largest possible difference between the times of answers and those in orders. */
  clockErrorMs: number;
  before: Ledger;
  after: Ledger;
  /** Ledger reports the operator read during the scenario. */
  ledgers: Ledger[];
  /** Milliseconds from the end of the scenario until every order was final; undefined if the time ran out. */
  finalAfterMs: number | undefined;
  /** The orders of this rehearsal's buyers in the SKU's ledger. */
  ledgerOrders: LedgerOrder[];
  purchases: Pick<
    Purchase,
    "user" | "key" | "quantity" | "method" | "firstSentAt" | "answers" | "outcomeUnknown"
  >[];
  orderActions: OrderAction[];
  /** Ids of the orders whose buyer answered the bank's question with yes. */
  authenticated: ReadonlySet<string>;
  refunds: OperatorRefund[];
  /** The bank's records of `ledgerOrders`; undefined where they are not visible. */
  books: Books | undefined;
  /** Accepted order id → what reading it returned. */
  shown: Map<string, ReadBack>;
  /** User → their own list of orders. Contains every winner and some losers. */
  lists: Map<string, Order[]>;
  live: LiveSample[];
  /** What was observed of the sale's line; absent if it has none. */
  line?: LineRecord;
}

/** The evidence of a whole rehearsal. */
export interface Findings {
  skus: Evidence[];
  /** Breach of the HTTP contract → count. */
  breaches: Map<string, number>;
  /** Dead letters about the orders, as text. */
  deadLetters: string[];
  /** Warnings and errors the Worker logged; undefined if its log is not visible. */
  log: string[] | undefined;
}

/** A scenario whose buyers are done. Its orders become final in the background. */
export interface FinishedScenario {
  scenario: string;
  context: ScenarioContext;
  buyers: Buyer[];
  skus: { sku: Sku; before: Ledger; finalState: Promise<FinalState> }[];
}

/** Waits until the scenario's orders are final, then collects the evidence of each SKU. */
export async function collectEvidence(
  finished: FinishedScenario,
  concurrency: number,
): Promise<Evidence[]> {
  const all: Evidence[] = [];
  for (const one of finished.skus) {
    all.push(await collectSku(finished, one, concurrency));
  }
  return all;
}

async function collectSku(
  { scenario, context, buyers: everyone }: FinishedScenario,
  { sku, before, finalState }: FinishedScenario["skus"][number],
  concurrency: number,
): Promise<Evidence> {
  const { client, recorder, history, denials, refunds, ledgers, clockErrorMs, line } = context;
  const { authenticated } = recorder;
  const { ledger: after, finalAfterMs } = await finalState;
  const purchases = recorder.purchases.filter((purchase) => purchase.sku === sku.id);
  // Some scenarios let people order other SKUs than their own as well.
  const ordering = new Set(purchases.map(({ user }) => user));
  const buyers = everyone.filter((buyer) => buyer.sku.id === sku.id || ordering.has(buyer.user));
  const users = new Set(buyers.map(({ user }) => user));
  const orders = await client.ledgerOrders(sku.id);
  const ledgerOrders = orders.filter(({ userId }) => users.has(userId));
  const orderActions = recorder.orderActions.filter((action) => action.sku === sku.id);
  const books = await context.payments?.books?.(sku.id);
  for (const { id } of orders.filter(({ userId }) => !users.has(userId))) {
    books?.delete(id);
  }
  const live = context.live.flatMap(({ asOf, answeredAt, skus }) =>
    skus
      .filter(({ id }) => id === sku.id)
      .map(({ available, state }) => ({ asOf, answeredAt, available, state })),
  );
  return {
    ...{ scenario, sku, history, denials, clockErrorMs, before, after, ledgers, finalAfterMs },
    ...{ ledgerOrders, purchases, orderActions, authenticated },
    ...{ refunds, books, live, ...(line && { line }) },
    ...(await readBack(context, sku, buyers, acceptedIds(purchases), concurrency)),
  };
}

/** Reads each winner's orders as the winner and as another buyer, and the order lists of winners and some losers. */
async function readBack(
  context: ScenarioContext,
  sku: Sku,
  buyers: Buyer[],
  accepted: Map<string, Set<string>>,
  concurrency: number,
): Promise<Pick<Evidence, "shown" | "lists">> {
  const { client, recorder } = context;
  const shown: Evidence["shown"] = new Map();
  const lists: Evidence["lists"] = new Map();
  const neighbors = new Map(buyers.map(({ user }, at) => [user, buyers[at - 1] ?? buyers.at(-1)]));
  const winners = buyers.filter(({ user }) => accepted.has(user));
  const losers = buyers.filter(({ user }) => !accepted.has(user)).slice(0, concurrency);
  await forEachConcurrently(concurrency, [...winners, ...losers], async (buyer) => {
    const stranger = neighbors.get(buyer.user) as Buyer;
    for (const id of accepted.get(buyer.user) ?? []) {
      shown.set(id, await readAsBoth(context, id, buyer, stranger));
    }
    const list = await sendWithRetry(recorder, "list orders", () => client.readOrders(buyer));
    lists.set(buyer.user, list?.body.orders?.filter(({ skuId }) => skuId === sku.id) ?? []);
  });
  return { shown, lists };
}

async function readAsBoth(
  { client, recorder }: ScenarioContext,
  id: string,
  buyer: Buyer,
  other: Buyer,
): Promise<ReadBack> {
  const owner = await readFromReadModel(() =>
    sendWithRetry(recorder, "read own order", () => client.readOrder(id, buyer)),
  );
  // With a single buyer there is no stranger.
  const stranger =
    other.user === buyer.user
      ? undefined
      : await sendWithRetry(recorder, "read other's order", () => client.readOrder(id, other));
  return { owner, stranger };
}

/** Repeats a read while the ledger serves it, as it does when Redis is slow. */
async function readFromReadModel(
  read: () => Promise<Answer<Order> | undefined>,
): Promise<Answer<Order> | undefined> {
  const deadline = Date.now() + READ_MODEL_WITHIN_MS;
  for (;;) {
    const answer = await read();
    const fromLedger = answer?.headers.get("x-served-from") === "ledger";
    if (!fromLedger || Date.now() > deadline) {
      return answer;
    }
    await pause(500);
  }
}

/** User → ids of the orders in their 202 answers. */
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
