// Concurrent requests for one held order. `contestedHolds`: twenty requests pay for it and cancel it, some of them
// while its hold expires. `lastMoment`: its payment arrives in the last 50 milliseconds of its hold.
import { setTimeout as pause } from "node:timers/promises";
import type { Order } from "../../client.ts";
import type { Buyer, PlanInput, SalePlan, Scenario, ScenarioContext } from "../scenario.ts";
import { openNow } from "./hours.ts";
import { buy, cancel, pay } from "./order-actions.ts";

const BUYERS = 12;
const HOLD_SECONDS = 2;
const REQUESTS_PER_ORDER = 20;
/** The requests for one order arrive within this time. */
const SPREAD_MS = 60;
const LAST_MS = 50;
/** Cancellations this long after the payments arrive while the charge is in progress. */
const CHARGE_MS = 1_000;

/** One unit per buyer, so that the orders do not affect each other. */
function plan({ now, buyerCount, canPay }: PlanInput): SalePlan | undefined {
  const terms = { stock: buyerCount, perUserLimit: 1, holdSeconds: HOLD_SECONDS };
  const sku = { name: "paid", unitPrice: { amount: 900, currency: "USD" }, ...terms };
  return canPay ? { ...openNow(now), skus: [sku] } : undefined;
}

export const contestedHolds: Scenario = {
  name: "contested-holds",
  plan,
  buyerCount: () => BUYERS,
  run: (context, buyers) =>
    forEachHold(context, buyers, async (buyer, { id, expiresAt }) => {
      const random = context.random(`contested-holds ${buyer.nth}`);
      const { payAt, cancelAt } = timingFor(buyer, context.client.now(), Date.parse(expiresAt));
      const requests = Array.from({ length: REQUESTS_PER_ORDER }, async (_, nth) => {
        const pays = nth % 2 === 0;
        await until(context, (pays ? payAt : cancelAt) + random() * SPREAD_MS);
        await (pays ? pay(context, buyer, id, "good") : cancel(context, buyer, id));
      });
      await Promise.all(requests);
    }),
};

function timingFor({ nth }: Buyer, now: number, expiresAt: number) {
  const aroundExpiry = expiresAt - SPREAD_MS / 2;
  const timings = [
    { payAt: now, cancelAt: now },
    { payAt: now, cancelAt: now + CHARGE_MS },
    { payAt: aroundExpiry, cancelAt: aroundExpiry },
  ] as const;
  return timings[nth % 3] as (typeof timings)[number];
}

export const lastMoment: Scenario = {
  name: "last-moment",
  plan,
  buyerCount: () => BUYERS,
  run: (context, buyers) =>
    forEachHold(context, buyers, async (buyer, { id, expiresAt }) => {
      const random = context.random(`last-moment ${buyer.nth}`);
      await until(context, Date.parse(expiresAt) - random() * LAST_MS);
      await pay(context, buyer, id, "good");
    }),
};

/** Every buyer reserves a unit without paying. `act` is called with each accepted order. */
async function forEachHold(
  context: ScenarioContext,
  buyers: Buyer[],
  act: (buyer: Buyer, order: Order) => Promise<void>,
): Promise<void> {
  const each = buyers.map(async (buyer) => {
    const { user, sku } = buyer;
    const key = `${context.run}-hold-${buyer.nth}`;
    const purchase = context.recorder.startPurchase(user, sku.id, key);
    const answer = await buy(context, buyer, purchase, { kind: "buy (contested-holds)" });
    if (answer?.status === 202) {
      await act(buyer, answer.body);
    }
  });
  await Promise.all(each);
}

/** Waits until `moment`, in server time. */
const until = ({ client }: ScenarioContext, moment: number): Promise<void> =>
  pause(Math.max(0, moment - client.now()));
