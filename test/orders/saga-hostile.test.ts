// Random histories of payments, expiries, cancellations and queue faults, against the real object, the real consumer
// and a real Redis. In the end money, units, ledger and read model must agree.
import { runDurableObjectAlarm } from "cloudflare:test";
import fc from "fast-check";
import { beforeAll, expect, onTestFinished, test, vi } from "vitest";
import type { OrderMessage } from "../../src/inventory/messages.ts";
import { type Order, type OwnedOrder, TRANSITIONS } from "../../src/inventory/order.ts";
import { START } from "../inventory/commands.ts";
import { aReservation, givenUnits, inventory, putToSleep, stubOf } from "../inventory/object.ts";
import { captureQueue, givenFullLine } from "../support/queue.ts";
import { emptyRedis, readModelOf } from "../support/redis.ts";
import { unique } from "../support/shop.ts";
import { deliverTo, TestGateway } from "./saga-fixtures.ts";

beforeAll(emptyRedis);

/** One step of a history. Numbers are positions of buyers and orders. A step about a missing order does nothing. */
type Step =
  | { do: "reserve"; buyer: number; quantity: number; token: boolean }
  | { do: "pay"; order: number; token: string }
  | { do: "cancel" | "authenticate"; order: number }
  | { do: "deliver"; orders: number[]; bank: "fine" | "declines" | "asks" | "mute" | "down" }
  | { do: "wait"; seconds: number }
  | { do: "evict" };

const order = fc.nat(4);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("reserve" as const),
      buyer: fc.nat(3),
      quantity: fc.integer({ min: 1, max: 2 }),
      token: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("pay" as const),
      order,
      token: fc.constantFrom("tok", "tok_2", "tok_3"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("cancel", "authenticate"), order }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("deliver" as const),
      orders: fc.array(order, { minLength: 1, maxLength: 4 }),
      bank: fc.constantFrom("fine", "declines", "asks", "mute", "mute", "down"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      seconds: fc.constantFrom(1, 5, 11, 31 * 60),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "evict" as const }) },
);

const reserve = (buyer: number): Step => ({ do: "reserve", buyer, quantity: 2, token: true });
const deliver = (bank: "fine" | "mute" | "asks", ...orders: number[]): Step => ({
  do: "deliver",
  orders,
  bank,
});

/** A charge whose answer was lost, then: a cancellation; an expiry with no units left; an expiry with units left. */
const LATE_MONEY: Step[][] = [
  [reserve(0), deliver("mute", 0), { do: "cancel", order: 0 }],
  [
    ...[reserve(0), deliver("mute", 0), { do: "wait", seconds: 31 * 60 } as const],
    ...[reserve(1), reserve(2), deliver("fine", 1, 2)],
  ],
  [reserve(0), deliver("mute", 0), { do: "wait", seconds: 31 * 60 }],
  // The buyer answers the bank, and nobody tells the shop before the hold ends.
  [reserve(0), deliver("asks", 0), { do: "authenticate", order: 0 }],
];

class Simulation {
  readonly skuId: string;
  readonly gateway = new TestGateway();
  readonly buyers = Array.from({ length: 4 }, () => unique("buyer"));
  readonly orders: { userId: string; orderId: string }[] = [];
  /** The last status that each order was seen in. */
  readonly #seen = new Map<string, Order["status"]>();
  now = START;

  constructor(skuId: string) {
    this.skuId = skuId;
  }

  async take(step: Step): Promise<void> {
    const object = inventory(this.skuId);
    switch (step.do) {
      case "reserve": {
        const userId = this.buyers[step.buyer] as string;
        const command = aReservation(this.skuId, {
          userId,
          quantity: step.quantity,
          ...(step.token ? { paymentToken: "tok" } : {}),
        });
        const { ok } = await object.reserve(command);
        if (ok) this.orders.push({ userId, orderId: command.orderId });
        return;
      }
      case "pay":
      case "cancel":
      case "authenticate": {
        const ref = this.orders[step.order];
        if (ref && step.do === "pay") await object.pay(ref, step.token);
        else if (ref && step.do === "cancel") await object.cancel(ref);
        else if (ref) this.gateway.authenticate(ref.orderId);
        return;
      }
      case "deliver":
        Object.assign(this.gateway, {
          mute: step.bank === "mute",
          down: step.bank === "down",
          declining: step.bank === "declines",
          asking: step.bank === "asks",
        });
        await this.deliver(step.orders.flatMap((n) => this.orders[n] ?? []));
        return;
      case "wait":
        this.now += step.seconds * 1_000;
        vi.setSystemTime(this.now);
        return;
      case "evict":
        await putToSleep(this.skuId);
    }
  }

  /** Delivers messages about orders. A message only names its order, so it may come late and repeatedly. */
  async deliver(refs: { userId: string; orderId: string }[]): Promise<void> {
    const about = ({ userId, orderId }: (typeof refs)[0]): OrderMessage => {
      return { v: 1, skuId: this.skuId, lane: 0, userId, orderId, version: 1 };
    };
    await this.#note();
    await deliverTo(this.gateway, refs.map(about));
    await this.#note();
  }

  /** Checks that each order's status changed only as allowed since the last call. */
  async #note(): Promise<void> {
    for (const { order } of await this.ledgerOrders()) {
      const before = this.#seen.get(order.id);
      if (before && before !== order.status) expect(TRANSITIONS[before]).toContain(order.status);
      this.#seen.set(order.id, order.status);
    }
  }

  async ledgerOrders(): Promise<OwnedOrder[]> {
    return (await inventory(this.skuId).page(null)).orders;
  }

  /** Ends all holds, makes the bank work, and lets the outbox send until everything is acknowledged. */
  async end(sent: OrderMessage[]): Promise<void> {
    const fine = { mute: false, down: false, declining: false, asking: false };
    Object.assign(this.gateway, fine);
    for (let round = 0; round < 10; round += 1) {
      this.now += 400_000;
      vi.setSystemTime(this.now);
      sent.length = 0;
      await runDurableObjectAlarm(stubOf(this.skuId));
      const { unacknowledged = 0 } = (await inventory(this.skuId).report()) ?? {};
      if (unacknowledged === 0) return;
      await vi.waitUntil(() => sent.length >= unacknowledged, { timeout: 60_000 });
      await deliverTo(this.gateway, sent.splice(0));
    }
    throw new Error("the orders were never all acknowledged");
  }
}

test("any history ends with final orders, one charge and at most one refund each, and no drift", async () => {
  const sent = captureQueue();
  givenFullLine();
  vi.setSystemTime(START);
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const everyEnd = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 30 }), async (history) => {
      vi.setSystemTime(START);
      const sim = new Simulation(await givenUnits(4, { price: 100, perUserLimit: 2 }));
      for (const each of history) await sim.take(each);
      await sim.end(sent);

      const orders = await sim.ledgerOrders();
      const { charged, refunded } = sim.gateway;
      for (const { userId, order } of orders) {
        everyEnd.add(order.status);
        expect(order.status).not.toBe("reserved");
        expect(charged.has(order.id)).toBe(["confirmed", "refunded"].includes(order.status));
        expect(refunded.has(order.id)).toBe(order.status === "refunded");
        expect((await readModelOf(userId)).find(({ id }) => id === order.id)).toEqual(order);
      }
      const { stocked, available, held, sold } = (await inventory(sim.skuId).report()) ?? {};
      const confirmed = orders.filter(({ order }) => order.status === "confirmed");
      const units = confirmed.reduce((sum, { order }) => sum + order.quantity, 0);
      expect({ stocked, available, held, sold }).toEqual({
        stocked: 4,
        available: 4 - units,
        held: 0,
        sold: units,
      });
    }),
    { numRuns: 40, examples: LATE_MONEY.map((history) => [history]) },
  );
  // The histories reached every final status.
  expect([...everyEnd].sort()).toEqual(["cancelled", "confirmed", "expired", "refunded"]);
});
