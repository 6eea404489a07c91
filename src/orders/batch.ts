// The part of a batch that belongs to one object: its orders, the messages about each, their claims, and why
// their messages must be retried.

import { isSynthetic } from "../admission/rehearsal.ts";
import type { ExtraEvent } from "../config/webhook-events.ts";
import type { Claim } from "../inventory/claim.ts";
import { type InventoryEnv, inventoryOf, type RemoteClaim } from "../inventory/client.ts";
import { type OrderMessage, orderMessageSchema } from "../inventory/messages.ts";
import type { OrderAddress, OrderRef } from "../inventory/order-id.ts";
import { causeOf, log } from "../observability/log.ts";

/** One order of a batch, and its progress. */
interface Entry {
  ref: OrderRef;
  messages: Message[];
  /** Undefined before the ledger answered, and after it failed. */
  claim?: Claim | undefined;
  /** See `Claim`. */
  requestId?: string | undefined;
  /** Why its messages must be retried. Undefined once the order is acknowledged. */
  fault: Fault | undefined;
}

/** Why an order is unfinished. */
export interface Fault {
  reason: string;
  /** Whether an operator must step in if the fault persists. A transient fault resolves itself. */
  lasting: boolean;
}

const transient = (reason: string): Fault => ({ reason, lasting: false });
const lasting = (reason: string): Fault => ({ reason, lasting: true });

/** The fault of an order that its ledger does not have. The ledger of a rehearsal may be erased before its last message. */
const missing = ({ userId }: OrderRef): Fault | undefined =>
  isSynthetic(userId) ? undefined : lasting("the ledger has no such order");

/** The outcome of one message. Without a fault it can be acknowledged. */
export interface Verdict {
  about: { orderId: string; requestId: string | undefined };
  ref: OrderRef;
  message: Message;
  fault: Fault | undefined;
}

/** Groups messages by object. An unreadable message may be from a newer release, so it is never dropped. */
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
    const { skuId, lane } = parsed.data;
    const key = `${skuId}.${lane}`;
    const group = groups.get(key) ?? new Group({ skuId, lane });
    group.add(message, parsed.data);
    groups.set(key, group);
  }
  return { groups: [...groups.values()], unreadable };
}

/** The orders of one object. A fault of the object affects its own messages only. */
export class Group {
  readonly #address: OrderAddress;
  readonly #entries = new Map<string, Entry>();
  #remote: RemoteClaim | undefined;

  constructor(address: OrderAddress) {
    this.#address = address;
  }

  add(message: Message, { userId, orderId }: OrderMessage): void {
    const known = this.#entries.get(orderId);
    if (known) known.messages.push(message);
    else {
      const fault = transient("the ledger was not called");
      this.#entries.set(orderId, { ref: { userId, orderId }, messages: [message], fault });
    }
  }

  /** The claims of the orders that are not acknowledged yet. */
  get open(): Claim[] {
    return this.#unfinished().flatMap(({ claim }) => claim ?? []);
  }

  get verdicts(): Verdict[] {
    return [...this.#entries.values()].flatMap(({ ref, requestId, messages, fault }) => {
      const about = { orderId: ref.orderId, requestId };
      return messages.map((message) => ({ about, ref, message, fault }));
    });
  }

  /** Claims the orders. The ledger decides what there is to do, whatever the messages contain. */
  async claim(env: InventoryEnv): Promise<void> {
    await this.#atLedger(async () => {
      const entries = [...this.#entries.values()];
      this.#remote = await inventoryOf(env, this.#address).claim(entries.map(({ ref }) => ref));
      for (const entry of entries) entry.fault = missing(entry.ref);
      this.#store(this.#remote.claims);
    });
  }

  /** Messages about the orders whose money must move. */
  get payments(): OrderMessage[] {
    return this.open.flatMap(({ userId, orderId, order, step }) =>
      step === "none"
        ? []
        : [{ v: 1 as const, ...this.#address, userId, orderId, version: order.version }],
    );
  }

  /**
   * Acknowledges the published versions. `owed`: whether the shop receives events about them, and `extra` which ones beside
   * those of final changes. `outside`: the ids of orders whose money must move and that are not in the line of the payments.
   * Their messages are retried.
   */
  async acknowledge({
    owed,
    extra,
    outside,
  }: {
    owed: boolean;
    extra: readonly ExtraEvent[];
    outside: ReadonlySet<string>;
  }): Promise<void> {
    const written = this.open.filter(({ orderId }) => !outside.has(orderId));
    if (written.length === 0) return;
    await this.#atLedger(async () => {
      await this.#remote?.session.acknowledge(
        written.map(({ userId, orderId, order: { version } }) => ({
          userId,
          orderId,
          version,
          owed,
        })),
        extra,
      );
      for (const { orderId } of written) this.#fault(orderId, undefined);
    });
  }

  /** Fails every unfinished order. */
  fail(reason: string): void {
    const fault = transient(reason);
    for (const entry of this.#unfinished()) Object.assign(entry, { claim: undefined, fault });
  }

  /** Ends the call to the object. */
  release(): void {
    this.#remote?.[Symbol.dispose]();
  }

  #unfinished(): Entry[] {
    return [...this.#entries.values()].filter(({ fault }) => fault !== undefined);
  }

  #store(claims: Claim[]): void {
    for (const claim of claims) {
      const entry = this.#entries.get(claim.orderId);
      if (entry) Object.assign(entry, { claim, requestId: claim.requestId });
      const reason =
        claim.step === "none"
          ? "the write is still in progress"
          : "not in the line of the payments";
      this.#fault(claim.orderId, transient(reason));
    }
  }

  #fault(orderId: string, fault: Fault | undefined): void {
    const entry = this.#entries.get(orderId);
    if (entry) entry.fault = fault;
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
