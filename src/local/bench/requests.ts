// The requests of the bench: orders of new users, commands for an object, batches for the consumer.
import { randomBytes } from "node:crypto";
import type { OrderMessage } from "../../inventory/messages.ts";
import { expectOk } from "../client.ts";
import { drive, type Shot } from "./drive.ts";
import type { Stage } from "./stage.ts";

export const WISH = JSON.stringify({ quantity: 1 });
export const PAID_WISH = JSON.stringify({ quantity: 1, paymentToken: "tok_ok" });
/** A SKU of the comparator's own ledger. */
export const LENT_SKU = "lent";
/** What a queue delivers at most in one batch. */
export const BATCH = 100;

/** Orders of as many new users, each from an address of their own. */
export function orders(stage: Stage, sku: string, count: number, body = WISH): Promise<Shot[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const authorization = `Bearer ${await stage.sign(unique())}`;
      return attempt(sku, body, { ...fromSomewhere(), authorization });
    }),
  );
}

/** An attempt to order, by nobody in particular. */
export function attempt(sku: string, body: string, headers: Record<string, string> = {}): Shot {
  const path = `/api/skus/${sku}/orders`;
  return { method: "POST", path, headers: { "idempotency-key": unique(), ...headers }, body };
}

/** An address of its own, so that the flood shield lets it pass. */
function fromSomewhere(): Record<string, string> {
  return { "cf-connecting-ip": [198, 18, ...randomBytes(2)].join(".") };
}

/** What the Worker would tell the object: the reservation without the way to it. */
export function commands(path: string, count: number): Shot[] {
  return Array.from({ length: count }, () => {
    const orderId = `${LENT_SKU}.0.${unique()}`;
    const keys = { idempotencyKey: unique(), fingerprint: "bench" };
    const command = { userId: unique(), orderId, quantity: 1, ...keys };
    return { method: "POST", path, body: JSON.stringify(command) };
  });
}

let unconsumed: OrderMessage[] = [];

/** Reservations at the lent ledger. Those of the round before are settled first: nothing piles up. */
export async function reservations(stage: Stage, count: number): Promise<Shot[]> {
  const left = batches();
  await drive(stage.bare, left, 204);
  const shots = commands(`/reserve/${LENT_SKU}`, count);
  unconsumed = shots.map(({ body }) => {
    const { userId, orderId } = JSON.parse(body ?? "");
    return { v: 1, skuId: LENT_SKU, lane: 0, userId, orderId, version: 1 };
  });
  return shots;
}

/** Batches for the consumer: the orders they are about are reserved by now. */
export async function reservedBatches(stage: Stage, count: number): Promise<Shot[]> {
  await drive(stage.bare, await reservations(stage, count * BATCH), 202);
  const shots = batches();
  unconsumed = [];
  return shots;
}

function batches(): Shot[] {
  return Array.from({ length: Math.ceil(unconsumed.length / BATCH) }, (_, at) => ({
    method: "POST",
    path: "/consume",
    body: JSON.stringify(unconsumed.slice(at * BATCH, (at + 1) * BATCH)),
  }));
}

/** Opens the lent SKU. */
export async function openLentSku(stage: Stage): Promise<void> {
  const terms = {
    ...{ saleId: "bench", skuId: LENT_SKU, opensAt: 0, closesAt: Date.now() + 86_400_000 },
    ...{ unitPrice: { amount: 0, currency: "USD" }, perUserLimit: 1, holdSeconds: 300 },
  };
  const command = { skuId: LENT_SKU, revision: 1, offer: { terms, stock: 1_000_000 } };
  await fetch(new URL("/sku", stage.bare), { method: "PUT", body: JSON.stringify(command) });
}

/** Headers that belong to the connection and not to the answer. */
const OF_THE_WIRE = new Set(["connection", "content-length", "date", "transfer-encoding"]);

/** Lets the comparator answer what we answer to `shot`: status, headers and body, byte for byte. */
export async function teach(stage: Stage, { method, path, headers, body }: Shot): Promise<void> {
  const answer = await stage.client.send(method, path, { headers: headers ?? {}, body });
  const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body);
  const kept = [...answer.headers].filter(([name]) => !OF_THE_WIRE.has(name));
  const canned = { status: answer.status, headers: Object.fromEntries(kept), body: text };
  const told = { method: "PUT", body: JSON.stringify(canned) };
  const { ok } = await fetch(new URL("/answer", stage.bare), told);
  if (!ok) throw new Error(`The comparator did not learn the answer to ${method} ${path}.`);
}

/** The ETag of a page. */
export async function etagOf(stage: Stage, path: string): Promise<string> {
  const answer = await stage.client.send("GET", path);
  expectOk(answer);
  return answer.headers.get("etag") ?? "";
}

/** Twenty characters, as the random part of an order id has. */
export function unique(): string {
  return randomBytes(10).toString("hex");
}
