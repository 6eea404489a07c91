// Test fixtures and actions: sales, SKUs, buyers, orders, and checks of the ledger.
import { SignJWT } from "jose";
import { onTestFinished, vi } from "vitest";
import type { Sale, Sku } from "../../src/catalog/schema.ts";
import { laneOf } from "../../src/inventory/lanes/lane-of.ts";
import type { PublicStock } from "../../src/inventory/live-stock.ts";
import type { Order } from "../../src/inventory/order.ts";
import type { LedgerReport } from "../../src/inventory/report.ts";
import { SkuField } from "../../src/inventory/sku-field.ts";
import { type Answer, admin, call } from "./http.ts";
import { KEYS, redis } from "./redis.ts";

export const AUTH_SECRET = "test-auth-secret-of-at-least-32-characters";

const HOUR_MS = 3_600_000;
let names = 0;
const run = crypto.randomUUID().slice(0, 6);

/** Returns a unique name. All tests share storage and Redis. */
export function unique(prefix: string): string {
  names += 1;
  return `${prefix}-${run}-${names}`;
}

const instant = (offsetMs: number): string => new Date(Date.now() + offsetMs).toISOString();

/** A SKU. Defaults: free, 10 units, one per person. */
export function aSku(changes: Partial<Sku> & { price?: number } = {}): Sku {
  const { price = 0, ...rest } = changes;
  return {
    id: unique("sku"),
    name: "A thing",
    unitPrice: { amount: price, currency: "USD" },
    stock: 10,
    perUserLimit: 1,
    holdSeconds: 300,
    ...rest,
  };
}

/** An open sale. Default: one SKU. */
export function aSale(changes: Partial<Sale> = {}): Sale {
  return {
    id: unique("sale"),
    title: "A sale",
    description: "",
    opensAt: instant(-HOUR_MS),
    closesAt: instant(HOUR_MS),
    admission: { mode: "open" },
    skus: [aSku()],
    ...changes,
  };
}

/** Publishes a sale through the operator's API. */
export async function putSale(sale: Sale): Promise<Sale> {
  const answer = await admin("PUT", `/sales/${sale.id}`, { body: sale });
  if (answer.status >= 300) throw new Error(`the sale was refused: ${JSON.stringify(answer.body)}`);
  return sale;
}

/** Publishes an open sale of one SKU. Returns the SKU's id. */
export async function onSale(
  sku: Parameters<typeof aSku>[0] = {},
  sale: Partial<Sale> = {},
): Promise<string> {
  const item = aSku(sku);
  await putSale(aSale({ ...sale, skus: [item] }));
  return item.id;
}

export interface Buyer {
  id: string;
  token: string;
}

/** Signs a token like those of the shop's identity provider. */
export function tokenFor(sub: string, secret = AUTH_SECRET, claims: object = {}): Promise<string> {
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(sub)
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(secret));
}

/** A buyer with a valid token. */
export async function aBuyer(id = unique("buyer")): Promise<Buyer> {
  return { id, token: await tokenFor(id) };
}

export function buyers(count: number): Promise<Buyer[]> {
  return Promise.all(Array.from({ length: count }, () => aBuyer()));
}

/** Buyers who belong to one lane of a SKU. */
export async function buyersInLane(lane: number, lanes: number, count: number): Promise<Buyer[]> {
  const found: Buyer[] = [];
  while (found.length < count) {
    const crowd = await buyers(count * lanes);
    found.push(...crowd.filter(({ id }) => laneOf(id, lanes) === lane));
  }
  return found.slice(0, count);
}

export interface OrderOptions {
  quantity?: number;
  paymentToken?: string;
  key?: string;
}

/** Sends one order. Default: a new idempotency key. */
export function order(
  buyer: Buyer,
  skuId: string,
  { key = unique("key"), quantity = 1, ...body }: OrderOptions = {},
): Promise<Answer<Order>> {
  return call<Order>("POST", `/api/skus/${skuId}/orders`, {
    token: buyer.token,
    headers: { "idempotency-key": key },
    body: { quantity, ...body },
  });
}

/** Places an order. @throws if it is not accepted */
export async function bought(
  buyer: Buyer,
  skuId: string,
  options: OrderOptions = {},
): Promise<Order> {
  const answer = await order(buyer, skuId, options);
  if (answer.status !== 202) throw new Error(`not accepted: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** Reads an order of the buyer. */
export const showOrder = (buyer: Buyer, orderId: string): Promise<Answer<Order>> =>
  call<Order>("GET", `/api/orders/${orderId}`, { token: buyer.token });

/** Reads the ledger report of a SKU from the operator's API. */
export async function ledger(skuId: string): Promise<LedgerReport> {
  const answer = await admin<LedgerReport>("GET", `/skus/${skuId}/ledger`);
  if (answer.status !== 200) throw new Error(`no ledger: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** Waits until `condition` is truthy. `what` names it in the error. */
export function until<T>(what: string, condition: () => T | Promise<T>): Promise<T & {}> {
  return vi.waitUntil(condition, { timeout: 60_000, interval: 20 }).catch((cause) => {
    throw new Error(`timed out waiting for: ${what}`, { cause });
  }) as Promise<T & {}>;
}

/** Reads the live stock of a SKU from Redis. Null if there is none. */
export async function liveStock(skuId: string): Promise<PublicStock | null> {
  return JSON.parse((await redis<string | null>("HGET", KEYS.live, skuId)) ?? "null");
}

/** Waits until Redis has `available` units as the live stock of a SKU. */
export async function stockPublished(skuId: string, available: number): Promise<void> {
  await until(`${skuId} is published with ${available}`, async () => {
    return (await liveStock(skuId))?.available === available;
  });
}

/** Writes live stock for a SKU to Redis, regardless of its ledger. */
export async function givenLiveStock(
  skuId: string,
  stock: Omit<PublicStock, "held"> & { held?: number },
): Promise<void> {
  await redis("HSET", KEYS.live, skuId, JSON.stringify({ held: 0, ...stock }));
}

/** Waits until the read model has the latest version of every order of a SKU. */
export function settled(skuId: string): Promise<boolean> {
  return until(`${skuId} settled`, async () => (await ledger(skuId)).unacknowledged === 0);
}

/**
 * Stops objects from publishing live stock until the end of the test. A delayed publication could overwrite the stock
 * that a test wrote, and it keeps an object awake that the test wants to evict.
 */
export function suppressLiveStock(): void {
  const spy = vi.spyOn(SkuField.prototype, "changed").mockImplementation(() => {});
  onTestFinished(() => spy.mockRestore());
}

/** Counts responses by error code or status: `{ "202": 100, sold_out: 400 }`. */
export function tally(answers: Answer<unknown>[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, code } of answers) {
    const name = code ?? String(status);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
