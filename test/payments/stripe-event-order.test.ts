// Stripe's events about a payment and its refunds, in any order, with and without a look at Stripe in between: what the order
// shows in the end is what Stripe has.
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { deliverTo, givenHolds, givenOrder, givenPaid, PRICE } from "../orders/saga-fixtures.ts";
import { emptyRedis } from "../support/redis.ts";
import { aBuyer, ledger, showOrder } from "../support/shop.ts";
import {
  authenticate,
  finishRefund,
  gateway,
  ownEvents,
  post,
  refundAtStripe,
  type StripeEvent,
} from "./stripe-fixtures.ts";

beforeAll(emptyRedis);

const PART = 400;
const usd = (amount: number) => ({ amount, currency: "USD" });

interface Scenario {
  /** The amount that the shop refunds in Stripe's dashboard. */
  refund: number;
  /** Whether the bank returns that refund after its success. */
  isReturned: boolean;
  shown: object;
  sold: number;
}

const SCENARIOS: Scenario[] = [
  {
    refund: PART,
    isReturned: false,
    shown: { status: "confirmed", payment: "charged", refunded: usd(PART) },
    sold: 1,
  },
  {
    refund: PART,
    isReturned: true,
    shown: { status: "confirmed", payment: "refund_failed", refunded: usd(0) },
    sold: 1,
  },
  {
    refund: PRICE,
    isReturned: false,
    shown: { status: "refunded", payment: "refunded", refunded: usd(PRICE) },
    sold: 0,
  },
];

/** Payments that succeed without the ledger's knowing: the buyer answers the bank, or Stripe's answer gets lost. */
const ASKS = "pm_card_authenticationRequired";
const LOST = "pm_fake_confirm_reset_done";

const history = fc.record({
  paymentToken: fc.constantFrom(ASKS, LOST),
  scenario: fc.constantFrom(...SCENARIOS),
  /** Sorts the events. */
  order: fc.array(fc.nat(), { minLength: 5, maxLength: 5 }),
  looksBetween: fc.boolean(),
  isHoldOver: fc.boolean(),
});

test("an order shows what Stripe has, in whatever order the events about its charge and refund come", async () => {
  await fc.assert(
    fc.asyncProperty(
      history,
      async ({ paymentToken, scenario, order, looksBetween, isHoldOver }) => {
        const holds = givenHolds();
        const purchase = await givenOrder(await givenPaid(), { paymentToken });
        const ref = { orderId: purchase.order.id };
        const look = () => deliverTo(gateway(), [purchase.message]);
        await look();
        if (paymentToken === ASKS) await authenticate(ref, "yes");
        await refundAtStripe(ref, scenario.refund);
        if (scenario.isReturned) await finishRefund(ref, "no");
        if (isHoldOver) holds.end();

        const events = (await ownEvents(ref)).filter(
          ({ type }) => !type.includes("requires_action"),
        );
        const refused: StripeEvent[] = [];
        const inOrder = events.map((event, n) => ({ event, at: order[n] ?? n }));
        for (const { event } of inOrder.sort((a, b) => a.at - b.at)) {
          if ((await post(event)) === 503) refused.push(event);
          if (looksBetween) await look();
        }
        await look();
        // Stripe sends an event again until it is accepted.
        for (const event of refused) expect(await post(event)).toBe(200);
        await look();

        const { body } = await showOrder(await aBuyer(purchase.buyer.id), ref.orderId);
        expect(body).toMatchObject(scenario.shown);
        expect(await ledger(purchase.skuId)).toMatchObject({ sold: scenario.sold, held: 0 });
      },
    ),
    { numRuns: 20 },
  );
});
