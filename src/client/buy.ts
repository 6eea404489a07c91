// Buying. All tries carry one key, so that at most one order is made, however many arrive.
import type { Money, Order } from "./api.gen.ts";
import { ApiError } from "./errors.ts";
import { type WaitOptions, waitInLine } from "./line.ts";
import { asAsked } from "./retry.ts";
import type { Transport } from "./transport.ts";
import { pause } from "./wait.ts";

export interface BuyOptions extends WaitOptions {
  /** Default: 1. */
  quantity?: number;
  /** The price that the buyer saw. At another one nothing is ordered: `price_changed`. */
  unitPrice?: Money;
  /** A payment method, if the payment comes with the order. */
  paymentToken?: string;
  /** The sale of the SKU. With it, a buyer who must wait in line does, and buys at their turn. */
  saleId?: string;
  /** Names this attempt. Store it if you want to repeat the call after a restart of your app. Default: a new one. */
  key?: string;
  /**
   * An earlier call with this `key` ended without an answer. The server then looks for its order before it refuses, which
   * costs it more, so do not set it at a first press. Default: whether a call of this client did, so set it after a restart.
   */
  isRepeat?: boolean;
  /** `token` of a visit, and of a solved challenge (`challenge_required`). */
  visitToken?: string;
  challengeToken?: string;
}

/** A long outage must not fill the memory of a server that buys for many. */
const MOST_UNANSWERED = 10_000;

function remember(unanswered: Set<string>, key: string): void {
  unanswered.add(key);
  const [oldest = key] = unanswered;
  if (unanswered.size > MOST_UNANSWERED) unanswered.delete(oldest);
}

/** How often a buyer is sent back who has been told that it is their turn. */
const MOST_RETURNS = 8;

/** A key for one attempt to buy. It only has to differ from the buyer's other keys, so it need not be hard to guess. */
export function newKey(): string {
  const bytes = Array.from({ length: 16 }, () => Math.floor(Math.random() * 256));
  // React Native has no `crypto` unless an app adds it.
  const { crypto } = globalThis as { crypto?: Partial<Pick<Crypto, "getRandomValues">> };
  const strong = crypto?.getRandomValues?.(new Uint8Array(16)) ?? bytes;
  return Array.from(strong, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const mustWait = (error: unknown): error is ApiError =>
  error instanceof ApiError && ["ticket_required", "not_admitted_yet"].includes(error.code);

/**
 * Reserves units. The answer is final: the units are held for the buyer.
 * @param unanswered the keys of this client's calls that ended without an answer
 * @throws {ApiError} refused, such as `sold_out`
 * @throws {NoAnswerError} unknown: call again with the `key` of the error
 */
export async function buy(
  transport: Transport,
  unanswered: Set<string>,
  skuId: string,
  options: BuyOptions = {},
): Promise<Order> {
  const { key = newKey() } = options;
  const isRepeat = options.isRepeat ?? unanswered.has(key);
  try {
    const order = await buyInTurn(transport, skuId, { ...options, key, isRepeat });
    unanswered.delete(key);
    return order;
  } catch (error) {
    // An aborted call may have made an order, too. A refusal says that there is none.
    if (error instanceof ApiError) unanswered.delete(key);
    else remember(unanswered, key);
    throw error;
  }
}

/** An attempt whose buyer may have to wait in line. */
async function buyInTurn(transport: Transport, skuId: string, options: Attempt): Promise<Order> {
  const { saleId, signal } = options;
  let { ticket, isRepeat } = options;
  for (let returns = 0, isLast = false; ; returns += 1) {
    try {
      return await order(transport, skuId, { ...options, ticket, isRepeat });
    } catch (error) {
      if (saleId === undefined || !mustWait(error) || isLast) throw error;
      // Another edge may learn of the turn a moment later.
      if (returns > 0) await pause(asAsked(error.retryAfterSeconds || 1, Math.random()), signal);
      const mine = await waitInLine(transport, saleId, { ...options, ticket });
      ticket = mine.ticket;
      // The server looked for the order of an earlier call, and there is none.
      isRepeat = false;
      // The line can be over although this buyer has an order, so the server decides in any case.
      isLast = mine.state === "over" || returns >= MOST_RETURNS;
    }
  }
}

type Attempt = BuyOptions & { key: string; isRepeat: boolean };

/** One answer to an attempt. */
function order(
  transport: Transport,
  skuId: string,
  { key, isRepeat, ticket, signal, ...options }: Attempt,
): Promise<Order> {
  const { quantity = 1, paymentToken, unitPrice, visitToken, challengeToken } = options;
  return transport.send("POST", `/skus/${encodeURIComponent(skuId)}/orders`, {
    body: { quantity, paymentToken, unitPrice, ticket },
    headers: {
      ...(visitToken === undefined ? {} : { "visit-token": visitToken }),
      ...(challengeToken === undefined ? {} : { "challenge-token": challengeToken }),
    },
    change: { key, isRepeat },
    isPersonal: true,
    signal,
  });
}
