// A drop of paid orders against the fake Stripe at Stripe's own speed and limits, with free orders beside them.
import { Client, expectOk, type SaleInput } from "../../src/local/client.ts";
import type { OrderPayments } from "../../src/local/fakes/stripe/bank.ts";
import { startPacedStripe } from "../../src/local/fakes/stripe/paced.ts";
import type { Endpoint, EndpointReport } from "../../src/local/fakes/stripe/traffic.ts";
import { LOCAL_ADMIN_TOKEN, LOCAL_AUTH_SECRET } from "../../src/local/settings.ts";
import { startStack } from "../../src/local/stack.ts";
import { makeTempDir } from "../../src/local/temp-dir.ts";
import { tokenSigner } from "../../src/local/tokens.ts";
import { PATIENT_BREAKERS } from "../setup/patient-breakers.ts";

const PAID = "drop-shoe";
const FREE = "drop-coupon";

export interface Drop {
  paid: number;
  free: number;
  holdSeconds: number;
  /** The payment method of paid order `nth`. Empty: none, so the order stays reserved. */
  method?(nth: number): string;
  /** Starts per second. Default: that of the deployment. */
  rate?: number;
  /** How long the orders arrive. Milliseconds. */
  arriveMs?: number;
  script?: string;
}

/** The state of a drop whose orders are all settled. */
export interface DropResult {
  /** Paid orders by status. */
  statuses: Record<string, number>;
  /** Orders that were charged exactly once. */
  chargedOnce: number;
  /** Orders that were charged more than once. */
  chargedTwice: number;
  deadLetters: number;
  traffic: Record<Endpoint, EndpointReport>;
  /** From the first order until the last one was settled. Seconds. */
  paidSeconds: number;
  /** How long free orders took from the request to `confirmed`: median and slowest. Milliseconds. */
  freeMs: { median: number; slowest: number };
}

const aSku = (id: string, amount: number, stock: number, holdSeconds: number) => ({
  ...{ id, name: id, unitPrice: { amount, currency: "USD" }, stock, perUserLimit: 1 },
  holdSeconds,
});

const aSale = ({ paid, free, holdSeconds }: Drop): SaleInput => ({
  id: "drop",
  title: "Drop",
  description: "",
  opensAt: "2026-01-01T00:00:00Z",
  closesAt: "2100-01-01T00:00:00Z",
  admission: { mode: "open" },
  skus: [
    aSku(PAID, 12_000, Math.max(1, paid), holdSeconds),
    aSku(FREE, 0, Math.max(1, free), holdSeconds),
  ],
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs a whole drop and waits until every order is settled. */
export async function runDrop(drop: Drop): Promise<DropResult> {
  await using parts = new AsyncDisposableStack();
  const stripe = await startPacedStripe();
  parts.defer(stripe.stop);
  const stack = await startStack({
    stateDir: makeTempDir("drop"),
    ...(drop.script === undefined ? {} : { script: drop.script }),
    vars: {
      ...PATIENT_BREAKERS,
      ...stripe.vars,
      ...(drop.rate === undefined ? {} : { PAYMENT_RATE_PER_SECOND: `${drop.rate}` }),
    },
  });
  parts.defer(stack.stop);
  const client = new Client(stack.url, LOCAL_ADMIN_TOKEN);
  expectOk(await client.putSale(aSale(drop)));
  const start = performance.now();
  const [freeMs] = await Promise.all([buyFree(client, drop), buyPaid(client, drop)]);
  await untilSettled(client);
  const paidSeconds = (performance.now() - start) / 1_000;
  return { ...(await audit(client, stripe.url)), paidSeconds, freeMs };
}

const sign = tokenSigner(LOCAL_AUTH_SECRET);
const callerOf = async (kind: string, nth: number) => ({
  token: await sign(`${kind}-${nth}`),
  ip: `198.${18 + (nth & 1)}.${(nth >> 1) & 255}.${(nth >> 9) & 255}`,
});

/** Spreads orders over the time of arrival. */
const arrival = (nth: number, count: number, { arriveMs = 0 }: Drop) =>
  pause((nth / count) * arriveMs);

async function buyPaid(client: Client, drop: Drop): Promise<void> {
  const { paid, method = () => "pm_card_visa" } = drop;
  await Promise.all(
    Array.from({ length: paid }, async (_, nth) => {
      await arrival(nth, paid, drop);
      const token = method(nth);
      const body = { quantity: 1, ...(token === "" ? {} : { paymentToken: token }) };
      expectOk(await client.order(PAID, "first", await callerOf("payer", nth), body));
    }),
  );
}

async function buyFree(client: Client, drop: Drop): Promise<DropResult["freeMs"]> {
  const { free } = drop;
  const times = await Promise.all(
    Array.from({ length: free }, async (_, nth) => {
      await arrival(nth, free, drop);
      const caller = await callerOf("collector", nth);
      const start = performance.now();
      const order = expectOk(await client.order(FREE, "first", caller));
      while (expectOk(await client.readOrder(order.id, caller)).status !== "confirmed") {
        await pause(250);
      }
      return performance.now() - start;
    }),
  );
  times.sort((a, b) => a - b);
  return { median: times[times.length >> 1] ?? 0, slowest: times.at(-1) ?? 0 };
}

async function untilSettled(client: Client): Promise<void> {
  for (const sku of [PAID, FREE]) {
    while ((await client.ledger(sku)).unacknowledged > 0) await pause(100);
  }
}

async function audit(client: Client, stripeUrl: string) {
  const orders = await client.ledgerOrders(PAID);
  const statuses: Record<string, number> = {};
  let [chargedOnce, chargedTwice] = [0, 0];
  for (const { id, status, payment } of orders) {
    const name = `${status}, ${payment}`;
    statuses[name] = (statuses[name] ?? 0) + 1;
    const books = await read<OrderPayments>(stripeUrl, `payments/${id}`);
    chargedOnce += books.charges === 1 ? 1 : 0;
    chargedTwice += books.charges > 1 ? 1 : 0;
  }
  const letters = expectOk(await client.admin<{ deadLetters: object[] }>("GET", "/dead-letters"));
  const traffic = await read<DropResult["traffic"]>(stripeUrl, "traffic");
  return { statuses, chargedOnce, chargedTwice, deadLetters: letters.deadLetters.length, traffic };
}

const read = async <T>(stripeUrl: string, path: string): Promise<T> =>
  (await (await fetch(`${stripeUrl}/_fake/${path}`)).json()) as T;
