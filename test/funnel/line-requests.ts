// Requests of people in a line: a ticket, and an order with one.
import { protectionSchema } from "../../src/catalog/protection.ts";
import { givenLineSale, type LineScene, publishLine } from "../admission/line.ts";
import { type Answer, call } from "../support/http.ts";
import { type Buyer, unique } from "../support/shop.ts";

interface Sent {
  ticket?: string;
  cookie?: string;
  /** The idempotency key. */
  key?: string;
  headers?: Record<string, string>;
}

/** Orders one unit. */
export const buy = (
  { token }: Buyer,
  skuId: string,
  { ticket, cookie, key = unique("key"), headers }: Sent = {},
) =>
  call("POST", `/api/skus/${skuId}/orders`, {
    token,
    headers: { "idempotency-key": key, ...(cookie ? { cookie } : {}), ...headers },
    body: { quantity: 1, ...(ticket ? { ticket } : {}) },
  });

export interface Standing {
  ticket: string;
  userId: string;
  place: number | null;
  registered: number | null;
  state: string;
  ahead: number | null;
  etaSeconds: [number, number] | null;
}

/** Asks for a ticket. */
export const join = (
  { token }: Buyer,
  saleId: string,
  { body, cookie, headers }: { body?: unknown } & Pick<Sent, "cookie" | "headers"> = {},
): Promise<Answer<Standing>> =>
  call<Standing>("POST", `/api/sales/${saleId}/tickets`, {
    token,
    ...(body === undefined ? {} : { body }),
    headers: { ...(cookie ? { cookie } : {}), ...headers },
  });

/** Given a line that has admitted everyone who came within the first 100 seconds after the close. */
export async function givenLine(...given: Parameters<typeof givenLineSale>): Promise<LineScene> {
  const scene = await givenLineSale(...given);
  await publishLine(scene, { frontier: 101 });
  return scene;
}

/** Settings of a sale that demands a challenge from everyone. */
export const CHALLENGED = protectionSchema.parse({ challenge: { mode: "always" } });
