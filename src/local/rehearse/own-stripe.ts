// The fake Stripe that a rehearsal starts for its own instance: as slow as Stripe, with Stripe's limit for each endpoint,
// books that the proofs read, and webhooks that come late, twice and in any order.
import { setTimeout as pause } from "node:timers/promises";
import { fromStripeAmount } from "../../payments/stripe-amount.ts";
import type { OrderPayments } from "../fakes/stripe/bank.ts";
import { PACED_RATE, startPacedStripe } from "../fakes/stripe/paced.ts";
import type { SignedEvent } from "../fakes/stripe/server.ts";
import type { EndpointReport } from "../fakes/stripe/traffic.ts";
import { type BankRecord, type Payments, STRIPE_TOKENS } from "./payments.ts";

/** How long a payment stays `processing`. */
const PROCESSING_MS = 3_000;
const LATEST_EVENT_MS = 2_000;
/** Stripe retries for days. The signature of an event is valid for five minutes. */
const DELIVERIES = 60;
const REDELIVER_MS = 2_000;
/** Share of the events that come twice. */
const REPEATED = 0.25;

export interface OwnStripe {
  /** The vars that connect a Worker to it. */
  vars: Record<string, string>;
  payments: Payments;
  /** Delivers events to this instance from now on. */
  connect(url: string): void;
  stop(): Promise<void>;
}

/** @param random decides when events come, and which come twice */
export async function startOwnStripe(random: () => number): Promise<OwnStripe> {
  const stopped = new AbortController();
  const { signal } = stopped;
  let shop = "";
  const { url, vars, stop } = await startPacedStripe({
    onEvent(event, orderId) {
      const times = random() < REPEATED ? [random(), random()] : [random()];
      for (const time of times) void deliver(shop, event, time * LATEST_EVENT_MS, signal);
      if (event.type === "payment_intent.processing") void finishLater(url, orderId, signal);
    },
  });
  return {
    vars,
    payments: paymentsOf(url),
    connect: (to) => {
      shop = to;
    },
    async stop() {
      stopped.abort();
      await stop();
    },
  };
}

function paymentsOf(url: string): Payments {
  const read = async <T>(path: string): Promise<T> =>
    (await (await fetch(`${url}/_fake/${path}`)).json()) as T;
  return {
    tokens: {
      ...STRIPE_TOKENS,
      "fails once": "pm_fake_confirm_silent",
      "charges, answer lost": "pm_fake_confirm_silent_done",
      slow: "pm_fake_pending",
    },
    perSecond: PACED_RATE,
    async books(sku) {
      const prefix = encodeURIComponent(`${sku}.`);
      const payments = await read<OrderPayments[]>(`payments?prefix=${prefix}`);
      return new Map(payments.map((one) => [one.orderId, toRecord(one)]));
    },
    async answer(clientSecret, answer) {
      const path = `next-action/${answer === "no" ? "no" : "yes"}`;
      return (await fetch(`${url}/_fake/${path}`, { method: "POST", body: clientSecret })).ok;
    },
    async chargeTimes() {
      const { confirm } = await read<{ confirm?: EndpointReport }>("traffic");
      return confirm?.times ?? [];
    },
  };
}

function toRecord(payments: OrderPayments): BankRecord {
  const { charges, refunds, amountCharged, amountRefunded, isOpen } = payments;
  const { amount: charged, currency } = fromStripeAmount({
    amount: amountCharged,
    currency: payments.currency,
  });
  const { amount: refunded } = fromStripeAmount({ amount: amountRefunded, currency });
  return { charges, refunds, charged, refunded, currency, isOpen };
}

/** Delivers an event after `waitMs`, and again until it is accepted, as Stripe does. */
async function deliver(
  shop: string,
  { body, signature }: SignedEvent,
  waitMs: number,
  signal: AbortSignal,
): Promise<void> {
  const headers = { "content-type": "application/json", "stripe-signature": signature };
  for (let at = 0; at < DELIVERIES && !signal.aborted; at += 1) {
    try {
      await pause(at === 0 ? waitMs : REDELIVER_MS, undefined, { signal });
      const { ok } = await fetch(`${shop}/api/webhooks/stripe`, {
        method: "POST",
        headers,
        body,
        signal,
      });
      if (ok) return;
    } catch {
      // The next delivery follows, unless the rehearsal has ended.
    }
  }
}

async function finishLater(url: string, orderId: string, signal: AbortSignal): Promise<void> {
  try {
    await pause(PROCESSING_MS, undefined, { signal });
    await fetch(`${url}/_fake/finish/${orderId}`, { method: "POST", signal });
  } catch {
    // The rehearsal has ended.
  }
}
