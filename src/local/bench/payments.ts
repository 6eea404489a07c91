// How fast paid orders are charged, as a share of the pace that Stripe's limits allow. Runs the Stripe gateway against a fake
// that is as slow as Stripe and has its limits, with six connections for each runner.
import { setTimeout as pause } from "node:timers/promises";
import { PACED_RATE, startPacedStripe } from "../fakes/stripe/paced.ts";
import type { EndpointReport } from "../fakes/stripe/traffic.ts";
import { AddressRange } from "./addresses.ts";
import { sendAll } from "./load-generator.ts";
import { newOrders } from "./requests.ts";
import { PRICED } from "./sales.ts";
import { waitUntilSettled, withTestbed } from "./testbed.ts";

/** Ten seconds at the allowed pace. */
const ORDERS = 200;
const BODY = JSON.stringify({ quantity: 1, paymentToken: "pm_card_visa" });
const LIMIT_MS = 60_000;
const POLL_MS = 100;

export interface PaymentPace {
  orders: number;
  /** Payments per second that may start. */
  allowedPerSecond: number;
  /** Charges per second that Stripe got, from the first to the last order. */
  perSecond: number;
  /** Requests that Stripe refused, because there were too many. */
  limited: number;
  /** From the first order until every order was confirmed and published. */
  settledSeconds: number;
}

/** Sends all orders as fast as the Worker takes them. */
export async function measurePayments(): Promise<PaymentPace> {
  await using parts = new AsyncDisposableStack();
  const stripe = await startPacedStripe();
  parts.defer(stripe.stop);
  const readCharges = async () => {
    const response = await fetch(`${stripe.url}/_fake/traffic`);
    return ((await response.json()) as { confirm?: EndpointReport }).confirm;
  };
  return await withTestbed(
    "src/index.ts",
    async (testbed) => {
      const orders = await newOrders(testbed, PRICED, ORDERS, new AddressRange(), BODY);
      const start = performance.now();
      await sendAll(testbed.doorbuster, orders, 202);
      const { times, limited } = await untilCharged(readCharges);
      await waitUntilSettled(testbed);
      const settledSeconds = (performance.now() - start) / 1_000;
      const chargeSeconds = ((times[ORDERS - 1] as number) - (times[0] as number)) / 1_000;
      return {
        ...{ orders: ORDERS, allowedPerSecond: PACED_RATE, limited, settledSeconds },
        perSecond: (ORDERS - 1) / chargeSeconds,
      };
    },
    stripe.vars,
  );
}

/** Waits until every order was charged once. */
async function untilCharged(
  read: () => Promise<EndpointReport | undefined>,
): Promise<EndpointReport> {
  const deadline = Date.now() + LIMIT_MS;
  while (Date.now() < deadline) {
    const charges = await read();
    if (charges && charges.times.length >= ORDERS) return charges;
    await pause(POLL_MS);
  }
  throw new Error(`not all ${ORDERS} orders were charged within ${LIMIT_MS / 1_000} s`);
}
