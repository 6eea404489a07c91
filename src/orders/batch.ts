// The part of a batch that belongs to one object: its deliveries, what the ledger says of their orders,
// and why a delivery could not be finished.
import { type InventoryEnv, inventoryOf, type RemoteClaim } from "../inventory/client.ts";
import type { Claim } from "../inventory/settlement.ts";
import { causeOf, log } from "../observability/log.ts";
import type { DeadLetterEnv } from "./delivery.ts";
import { type OrderMessage, orderMessageSchema } from "./message.ts";
import type { MoneyAnswer } from "./saga.ts";

export type BatchEnv = InventoryEnv & DeadLetterEnv;

interface Delivery {
  message: Message;
  body: OrderMessage;
  /** Why the order cannot be acknowledged yet; undefined when all went well. */
  fault?: string | undefined;
}

/** A message nobody can read was perhaps written by a newer version of ours: kept, never dropped. */
export function groupByObject(messages: readonly Message[]): {
  groups: Group[];
  unreadable: Message[];
} {
  const groups = new Map<string, Group>();
  const unreadable: Message[] = [];
  for (const message of messages) {
    const parsed = orderMessageSchema.safeParse(message.body);
    if (!parsed.success) {
      unreadable.push(message);
      continue;
    }
    const key = `${parsed.data.skuId}.${parsed.data.lane}`;
    const group = groups.get(key) ?? new Group(parsed.data.skuId, parsed.data.lane);
    group.deliveries.push({ message, body: parsed.data });
    groups.set(key, group);
  }
  return { groups: [...groups.values()], unreadable };
}

const toRef = ({ userId, orderId }: { userId: string; orderId: string }) => ({ userId, orderId });

/** The deliveries for one object. A fault of the object fails its own messages and no others. */
export class Group {
  readonly deliveries: Delivery[] = [];
  readonly #address: { skuId: string; lane: number };
  readonly #claims = new Map<string, Claim>();
  /** By order id, the version that is in the read model, and whether the ledger knows. */
  readonly #published = new Map<string, { version: number; acknowledged: boolean }>();
  #remote: RemoteClaim | undefined;

  constructor(skuId: string, lane: number) {
    this.#address = { skuId, lane };
  }

  get claims(): Claim[] {
    return [...this.#claims.values()];
  }

  /** Asks the ledger what there is to do; what it says replaces whatever the messages meant. */
  async claim(env: InventoryEnv): Promise<void> {
    await this.#atLedger(async () => {
      const refs = new Map(this.deliveries.map(({ body }) => [body.orderId, toRef(body)]));
      this.#remote = await inventoryOf(env, this.#address).claim([...refs.values()]);
      for (const claim of this.#remote.claims) this.#claims.set(claim.orderId, claim);
      for (const delivery of this.deliveries) {
        if (!this.#claims.has(delivery.body.orderId))
          delivery.fault = "the ledger has no such order";
      }
    });
  }

  /** Tells the ledger what became of the money. Returns the claims that are new because of it. */
  async settle(answers: MoneyAnswer[]): Promise<Claim[]> {
    const mine = answers.filter(({ claim }) => this.#claims.get(claim.orderId) === claim);
    const settled = mine.flatMap(({ claim, money }) => {
      this.#setFault(claim.orderId, undefined);
      if (money.outcome === "unknown") {
        this.#setFault(claim.orderId, `the ${claim.step} is undecided (${money.cause})`);
        return [];
      }
      if (money.outcome !== "voided") return [{ ...toRef(claim), money }];
      // Nothing more to do, and nothing for the ledger to note.
      this.#claims.set(claim.orderId, { ...claim, step: "none" });
      return [];
    });
    if (settled.length === 0) return [];
    let renewed: Claim[] = [];
    await this.#atLedger(async () => {
      renewed = (await this.#remote?.session.settle(settled)) ?? [];
      for (const claim of renewed) this.#claims.set(claim.orderId, claim);
    });
    return renewed;
  }

  /** The orders whose version, as the ledger has it now, has not been handed out before. */
  news(): Claim[] {
    const news = this.claims.filter(
      ({ orderId, order, step }) =>
        this.#published.get(orderId)?.version !== order.version ||
        (step === "none" && !this.#published.get(orderId)?.acknowledged),
    );
    for (const { orderId, order } of news) {
      this.#published.set(orderId, { version: order.version, acknowledged: false });
    }
    return news;
  }

  /** Tells the ledger what is published. An order whose money is still open is not: it comes again. */
  async acknowledge(): Promise<void> {
    const written = this.claims
      .filter(({ step, orderId }) => step === "none" && !this.#published.get(orderId)?.acknowledged)
      .map((claim) => ({ ...toRef(claim), version: claim.order.version }));
    for (const { orderId, step } of this.claims) {
      if (step !== "none") this.#setFault(orderId, `the ${step} is still under way`, false);
    }
    if (written.length === 0) return;
    await this.#atLedger(async () => {
      await this.#remote?.session.acknowledge(written);
      for (const { orderId, version } of written) {
        this.#published.set(orderId, { version, acknowledged: true });
        this.#setFault(orderId, undefined);
      }
    });
  }

  /** Marks all that is not finished as failed. */
  fail(fault: string): void {
    for (const delivery of this.deliveries) {
      if (!this.#published.get(delivery.body.orderId)?.acknowledged) delivery.fault ??= fault;
    }
  }

  /** Ends the call to the object. */
  release(): void {
    this.#remote?.[Symbol.dispose]();
  }

  #setFault(orderId: string, fault: string | undefined, replace = true): void {
    for (const delivery of this.deliveries) {
      if (delivery.body.orderId !== orderId) continue;
      delivery.fault = replace ? fault : (delivery.fault ?? fault);
    }
  }

  async #atLedger(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      log("orders.ledger_failed", { skuId: this.#address.skuId, cause: causeOf(error) });
      this.fail(`the ledger failed (${causeOf(error)})`);
    }
  }
}
