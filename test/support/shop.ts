// The people and things of a test: sales, buyers, their orders, and the ledger that must agree.
import { SignJWT } from "jose";
import { onTestFinished, vi } from "vitest";
import type { Sale, Sku } from "../../src/catalog/schema.ts";
import { LiveStock, type PublicStock } from "../../src/inventory/live-stock.ts";
import type { Order } from "../../src/inventory/order.ts";
import type { LedgerReport } from "../../src/inventory/report.ts";
import { type Answer, admin, call } from "./http.ts";
import { KEYS, redis } from "./redis.ts";

export const AUTH_SECRET = "test-auth-secret-of-at-least-32-characters";

const HOUR_MS = 3_600_000;
let names = 0;
const run = crypto.randomUUID().slice(0, 6);

/** A name nothing else has: storage and Redis are shared by all tests. */
export function unique(prefix: string): string {
  names += 1;
  return `${prefix}-${run}-${names}`;
}

const instant = (offsetMs: number): string => new Date(Date.now() + offsetMs).toISOString();

/** A SKU: free, 10 units, one each. */
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

/** A sale that is open now, with one SKU unless others are given. */
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

/** Puts a sale into the catalog as the operator does. */
export async function putSale(sale: Sale): Promise<Sale> {
  const answer = await admin("PUT", `/sales/${sale.id}`, { body: sale });
  if (answer.status >= 300) throw new Error(`the sale was refused: ${JSON.stringify(answer.body)}`);
  return sale;
}

/** Given an open sale of one SKU. Returns the SKU's id. */
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

/** A token as the shop's identity provider issues it. */
export function tokenFor(sub: string, secret = AUTH_SECRET): Promise<string> {
  return new SignJWT()
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(sub)
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(secret));
}

export async function aBuyer(id = unique("buyer")): Promise<Buyer> {
  return { id, token: await tokenFor(id) };
}

export function buyers(count: number): Promise<Buyer[]> {
  return Promise.all(Array.from({ length: count }, () => aBuyer()));
}

export interface OrderOptions {
  quantity?: number;
  paymentToken?: string;
  key?: string;
}

/** One attempt to buy; a new idempotency key unless one is given. */
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

/** Buys and insists on it. */
export async function bought(
  buyer: Buyer,
  skuId: string,
  options: OrderOptions = {},
): Promise<Order> {
  const answer = await order(buyer, skuId, options);
  if (answer.status !== 202) throw new Error(`not accepted: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

export const showOrder = (buyer: Buyer, orderId: string): Promise<Answer<Order>> =>
  call<Order>("GET", `/api/orders/${orderId}`, { token: buyer.token });

/** What the operator sees of a SKU. */
export async function ledger(skuId: string): Promise<LedgerReport> {
  const answer = await admin<LedgerReport>("GET", `/skus/${skuId}/ledger`);
  if (answer.status !== 200) throw new Error(`no ledger: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** Waits until a condition holds, and says which one did not. */
export function until<T>(what: string, condition: () => T | Promise<T>): Promise<T & {}> {
  return vi.waitUntil(condition, { timeout: 20_000, interval: 20 }).catch((cause) => {
    throw new Error(`never happened: ${what}`, { cause });
  }) as Promise<T & {}>;
}

/** The live stock of a SKU as Redis tells it; null when it tells none. */
export async function liveStock(skuId: string): Promise<PublicStock | null> {
  return JSON.parse((await redis<string | null>("HGET", KEYS.live, skuId)) ?? "null");
}

/** Waits until everybody can know how many units of a SKU are free. */
export async function stockPublished(skuId: string, available: number): Promise<void> {
  await until(`${skuId} is published with ${available}`, async () => {
    return (await liveStock(skuId))?.available === available;
  });
}

/** Given live stock as Redis tells it, whatever the object has. */
export async function givenLiveStock(
  skuId: string,
  stock: Omit<PublicStock, "held"> & { held?: number },
): Promise<void> {
  await redis("HSET", KEYS.live, skuId, JSON.stringify({ held: 0, ...stock }));
}

/** Waits until the read model has every order of a SKU in its newest version. */
export function settled(skuId: string): Promise<boolean> {
  return until(`${skuId} settled`, async () => (await ledger(skuId)).unacknowledged === 0);
}

/**
 * Given objects that publish no live stock: a publication to come may fall into what a test counts, and
 * keeps an object awake that a test wants to put to sleep.
 */
export function suppressLiveStock(): void {
  const spy = vi.spyOn(LiveStock.prototype, "changed").mockImplementation(() => {});
  onTestFinished(() => spy.mockRestore());
}

/** Counts answers by status or error code: `{ "202": 100, sold_out: 400 }`. */
export function tally(answers: Answer<unknown>[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, code } of answers) {
    const name = code ?? String(status);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
