// Builds the requests of the benchmark, and prepares the comparator's canned response.
import { randomBytes } from "node:crypto";
import { expectOk } from "../client.ts";
import type { AddressRange } from "./addresses.ts";
import type { RequestSpec } from "./load-generator.ts";
import type { Testbed } from "./testbed.ts";

export const ORDER_BODY = JSON.stringify({ quantity: 1 });
export const PAID_ORDER_BODY = JSON.stringify({ quantity: 1, paymentToken: "tok_ok" });

/** Headers that describe the connection. The comparator's server sets its own. */
const CONNECTION_HEADERS = new Set(["connection", "content-length", "date", "transfer-encoding"]);

/** `count` orders of the SKU, each by a new user at a new address. */
export function newOrders(
  testbed: Testbed,
  sku: string,
  count: number,
  addresses: AddressRange,
  body = ORDER_BODY,
): Promise<RequestSpec[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const authorization = `Bearer ${await testbed.signToken(randomId())}`;
      return orderRequest(sku, body, { "cf-connecting-ip": addresses.next(), authorization });
    }),
  );
}

/** An order of the SKU. Without further `headers` it has no user and no address. */
export function orderRequest(
  sku: string,
  body: string,
  headers: Record<string, string> = {},
): RequestSpec {
  const path = `/api/skus/${sku}/orders`;
  return { method: "POST", path, headers: { "idempotency-key": randomId(), ...headers }, body };
}

/** Sends `request` to Doorbuster, and makes the comparator return the same status, headers, and body. */
export async function mirrorResponse(
  testbed: Testbed,
  { method, path, headers, body }: RequestSpec,
): Promise<void> {
  const response = await testbed.client.send(method, path, { headers: headers ?? {}, body });
  const canned = {
    status: response.status,
    headers: Object.fromEntries(
      [...response.headers].filter(([name]) => !CONNECTION_HEADERS.has(name)),
    ),
    body: typeof response.body === "string" ? response.body : JSON.stringify(response.body),
  };
  const { ok } = await fetch(new URL("/canned", testbed.comparator), {
    method: "PUT",
    body: JSON.stringify(canned),
  });
  if (!ok) throw new Error(`The comparator did not accept the response to ${method} ${path}.`);
}

/** The ETag of a page. */
export async function etagOf(testbed: Testbed, path: string): Promise<string> {
  const response = await testbed.client.send("GET", path);
  expectOk(response);
  return response.headers.get("etag") ?? "";
}

/** Twenty random characters, the length of the random part of an order id. */
export function randomId(): string {
  return randomBytes(10).toString("hex");
}
