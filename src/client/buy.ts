// Buying. All tries carry one key, so that at most one order is made, however many arrive.
import type { Money, Order } from "./api.gen.ts";
import type { ServerClock } from "./clock.ts";
import { ApiError } from "./errors.ts";
import { type WaitOptions, waitInLine } from "./line.ts";
import type { Transport } from "./transport.ts";

export interface BuyOptions extends WaitOptions {
  /** Default: 1. */
  quantity?: number;
  /** The price that the buyer saw. At another one nothing is ordered: `price_changed`. */
  unitPrice?: Money;
  /** A payment method, if the payment comes with the order. */
  paymentToken?: string;
  /** The sale of the SKU. With it, a buyer who must wait in line does, and buys at their turn. */
  saleId?: string;
  /** Names this attempt. Store it to ask again after a restart of your app. Default: a new one. */
  key?: string;
  /** `token` of a visit, and of a solved challenge (`challenge_required`). */
  visitToken?: string;
  challengeToken?: string;
}

/** A key for one attempt to buy. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const mustWait = (error: unknown): boolean =>
  error instanceof ApiError && ["ticket_required", "not_admitted_yet"].includes(error.code);

/**
 * Reserves units. The answer is final: the units are held for the buyer.
 * @throws {ApiError} refused, such as `sold_out`
 * @throws {NoAnswerError} unknown: call again with the same `key`
 */
export async function buy(
  transport: Transport,
  clock: ServerClock,
  skuId: string,
  options: BuyOptions = {},
): Promise<Order> {
  const { saleId, key = newKey(), quantity = 1, paymentToken, unitPrice, signal } = options;
  const { visitToken, challengeToken } = options;
  const headers = {
    "idempotency-key": key,
    ...(visitToken === undefined ? {} : { "visit-token": visitToken }),
    ...(challengeToken === undefined ? {} : { "challenge-token": challengeToken }),
  };
  // Only the ledger has the order of an earlier try, so the edge must not answer a repeat from memory.
  const retryHeaders = { "idempotency-retry": "true" };
  const isRepeat = options.key !== undefined;
  const order = (ticket: string | undefined) =>
    transport.send<Order>("POST", `/skus/${encodeURIComponent(skuId)}/orders`, {
      body: { quantity, paymentToken, unitPrice, ticket },
      headers: isRepeat ? { ...headers, ...retryHeaders } : headers,
      retryHeaders,
      isPersonal: true,
      signal,
    });
  try {
    return await order(options.ticket);
  } catch (error) {
    if (saleId === undefined || !mustWait(error)) throw error;
    const { ticket } = await waitInLine(transport, clock, saleId, options);
    // The line can be over although this buyer has an order, so the server decides in any case.
    return order(ticket);
  }
}
