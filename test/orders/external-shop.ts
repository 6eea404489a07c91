// A shop with its own checkout (`PAYMENTS="external"`): buyers order at its deployment, and it signs reports about payments.
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { app } from "../../src/app.ts";
import type { ReportAction } from "../../src/inventory/decide-report.ts";
import type { Order } from "../../src/inventory/order.ts";
import { type Answer, ORIGIN, read, request } from "../support/http.ts";
import type { Buyer } from "../support/shop.ts";
import { buyers, unique } from "../support/shop.ts";
import { givenPaid, nextMessage, type PaidSale, PRICE, type Purchase } from "./saga-fixtures.ts";

export const SECRET = `whsec_${btoa("a secret of the shop, 33 bytes long")}`;
export const CHECKOUT_URL = "https://shop.test/checkout";
export const TOTAL = { amount: PRICE, currency: "USD" };

const VARS = { PAYMENTS: "external", CHECKOUT_URL, MERCHANT_SECRET: SECRET };

/** The environment of a deployment of the shop. */
export const external = (vars: object = {}): Env => ({ ...env, ...VARS, ...vars }) as Env;

const deployment = external();

/** Sends a request to a deployment of the shop. */
export async function toShop<Body = Record<string, unknown>>(
  sent: Request,
  shop = deployment,
): Promise<Answer<Body>> {
  const ctx = createExecutionContext();
  const answer = await read<Body>(await app.fetch(sent, shop, ctx));
  await waitOnExecutionContext(ctx);
  return answer;
}

/** Calls the API of the shop's deployment as a buyer. */
export const asBuyer = <Body = Order>(
  { token }: Buyer,
  method: string,
  path: string,
  options: { body?: unknown; headers?: Record<string, string> } = {},
  shop = deployment,
): Promise<Answer<Body>> => toShop<Body>(request(method, path, { token, ...options }), shop);

/** Given an order at the shop that waits for its payment. */
export async function givenUnpaid(
  sale?: PaidSale,
  { buyer, ...body }: { buyer?: Buyer; paymentToken?: string } = {},
): Promise<Purchase> {
  const paid = sale ?? (await givenPaid());
  const [newBuyer] = await buyers(1);
  const owner = buyer ?? (newBuyer as Buyer);
  const placed = await asBuyer(owner, "POST", `/api/skus/${paid.skuId}/orders`, {
    headers: { "idempotency-key": unique("key") },
    body: { quantity: 1, ...body },
  });
  if (placed.status !== 202) throw new Error(`not accepted: ${JSON.stringify(placed.body)}`);
  const order = placed.body;
  return { ...paid, buyer: owner, order, message: await nextMessage(paid.queue, order.id) };
}

interface Signing {
  secret?: string;
  /** Seconds since the report was signed. */
  age?: number;
  headers?: Record<string, string>;
}

/** A signed request with this text as its body. */
export function signedRequest(
  orderId: string,
  text: string,
  { secret = SECRET, age = 0, headers = {} }: Signing = {},
): Request {
  const id = unique("msg");
  const at = new Date(Date.now() - age * 1_000);
  return new Request(`${ORIGIN}/api/merchant/orders/${orderId}/payment-result`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
      "webhook-signature": new Webhook(secret).sign(id, at, text),
      ...headers,
    },
    body: text,
  });
}

/** Reports a payment of the whole order, unless `changes` has another amount. */
export const report = (
  { order }: { order: { id: string } },
  outcome: string,
  reference = "psp-1",
  changes: object = {},
): Promise<Answer<{ order: Order; action: ReportAction }>> =>
  toShop(
    signedRequest(order.id, JSON.stringify({ outcome, reference, amount: TOTAL, ...changes })),
  );
