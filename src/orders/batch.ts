// The part of a batch that belongs to one object: its orders, the messages about each, what the ledger
// says of them, and why they must come again.
import type { Claim } from "../inventory/claim.ts";
import { type InventoryEnv, inventoryOf, type RemoteClaim } from "../inventory/client.ts";
import { type OrderMessage, orderMessageSchema } from "../inventory/messages.ts";
import type { OrderAddress, OrderRef } from "../inventory/order-id.ts";
import { causeOf, log } from "../observability/log.ts";
import type { MoneyAnswer } from "./saga.ts";

/** One order of a batch, and how far it got. */
interface Entry {
  ref: OrderRef;
  messages: Message[];
  /** What the ledger says of it; undefined before it was asked, and after it failed. */
  claim?: Claim | undefined;
  /** Why its messages must come again; undefined once the ledger knows that it is published. */
  fault: Fault | undefined;
}

/** Why an order is not finished. */
export interface Fault {
  reason: string;
  /** Whether an operator has to look at it if it stays: it is no passing fault of ours. */
  lasting: boolean;
}

const passing = (reason: string): Fault => ({ reason, lasting: false });
const lasting = (reason: string): Fault => ({ reason, lasting: true });

/** A message that was dealt with, or why it was not. */
export interface Verdict {
  orderId: string;
  message: Message;
  fault: Fault | undefined;
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
    const { skuId, lane } = parsed.data;
    const key = `${skuId}.${lane}`;
    const group = groups.get(key) ?? new Group({ skuId, lane });
    group.add(message, parsed.data);
    groups.set(key, group);
  }
  return { groups: [...groups.values()], unreadable };
}

/** The orders of one object. A fault of the object fails its own messages and no others. */
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
      const fault = passing("the ledger was not asked");
      this.#entries.set(orderId, { ref: { userId, orderId }, messages: [message], fault });
    }
  }

  /** What the ledger said of the orders that are not acknowledged yet. */
  get open(): Claim[] {
    return this.#unfinished().flatMap(({ claim }) => claim ?? []);
  }

  get verdicts(): Verdict[] {
    return [...this.#entries.values()].flatMap(({ ref: { orderId }, messages, fault }) =>
      messages.map((message) => ({ orderId, message, fault })),
    );
  }

  /** Asks the ledger what there is to do; what it says replaces whatever the messages meant. */
  async claim(env: InventoryEnv): Promise<void> {
    await this.#atLedger(async () => {
      const entries = [...this.#entries.values()];
      this.#remote = await inventoryOf(env, this.#address).claim(entries.map(({ ref }) => ref));
      for (const entry of entries) entry.fault = lasting("the ledger has no such order");
      this.#take(this.#remote.claims);
    });
  }

  /** Tells the ledger what became of the money. Returns the claims that are new because of it. */
  async recordPayments(answers: MoneyAnswer[]): Promise<Claim[]> {
    const settled = answers.flatMap(({ claim, money }) => {
      const entry = this.#entries.get(claim.orderId);
      if (entry?.claim !== claim) return [];
      if (money.outcome !== "unknown") return [{ ...entry.ref, money }];
      entry.fault = lasting(`the ${claim.step} is undecided (${money.cause})`);
      return [];
    });
    let renewed: Claim[] = [];
    if (settled.length > 0) {
      await this.#atLedger(async () => {
        renewed = (await this.#remote?.session.recordPayments(settled)) ?? [];
        this.#take(renewed);
      });
    }
    return renewed;
  }

  /**
   * Tells the ledger what is published, and whether the shop is `owed` news of it. An order whose money is still
   * open comes again.
   */
  async acknowledge(owed: boolean): Promise<void> {
    const written = this.open.filter(({ step }) => step === "none");
    if (written.length === 0) return;
    await this.#atLedger(async () => {
      await this.#remote?.session.acknowledge(
        written.map(({ userId, orderId, order: { version } }) => ({
          userId,
          orderId,
          version,
          owed,
        })),
      );
      for (const { orderId } of written) this.#fault(orderId, undefined);
    });
  }

  /** Gives up on all that is not finished. */
  fail(reason: string): void {
    const fault = passing(reason);
    for (const entry of this.#unfinished()) Object.assign(entry, { claim: undefined, fault });
  }

  /** Ends the call to the object. */
  release(): void {
    this.#remote?.[Symbol.dispose]();
  }

  #unfinished(): Entry[] {
    return [...this.#entries.values()].filter(({ fault }) => fault !== undefined);
  }

  #take(claims: Claim[]): void {
    for (const claim of claims) {
      const entry = this.#entries.get(claim.orderId);
      if (entry) entry.claim = claim;
      const { step } = claim;
      const isMoney = step !== "none";
      const reason = `the ${isMoney ? step : "writing"} is still under way`;
      this.#fault(claim.orderId, { reason, lasting: isMoney });
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
