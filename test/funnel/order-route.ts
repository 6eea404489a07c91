// Hostile attempts at the order route of one SKU, and a check that they cost nothing behind the edge.
import { expect } from "vitest";
import { givenClock } from "../support/clock.ts";
import { type Answer, contractFaults, freshAddress, ORIGIN, send } from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis, redisCost } from "../support/redis.ts";
import { aBuyer, type Buyer, ledger, onSale, order, stockPublished } from "../support/shop.ts";

export interface Attempt {
  method?: string;
  sku?: string;
  headers?: Record<string, string>;
  body?: BodyInit;
}

/** A buyer and a SKU on sale. Set by `givenOrderRoute`. */
export let buyer: Buyer;
export let skuId: string;
let frozenAt: number;
/** The key of an existing order. Repeating it changes nothing. */
const FIRST = "first";

/** @returns the teardown function */
export async function givenOrderRoute(): Promise<() => void> {
  // The consumer calls the object, whose calls are counted.
  const resume = pauseQueue();
  await emptyRedis();
  skuId = await onSale({ stock: 1_000, perUserLimit: 100 });
  buyer = await aBuyer();
  await order(buyer, skuId, { key: FIRST });
  // An edge that does not find the stock in Redis calls the object.
  await stockPublished(skuId, 999);
  frozenAt = Date.now() + 500;
  return resume;
}

/** Sends an order, with the given parts instead of valid ones. */
export function attempt({
  method = "POST",
  sku = skuId,
  headers = {},
  body = '{"quantity":1}',
}: Attempt) {
  const request = new Request(`${ORIGIN}/api/skus/${sku}/orders`, {
    method,
    headers: {
      "cf-connecting-ip": freshAddress(),
      authorization: `Bearer ${buyer.token}`,
      "content-type": "application/json",
      "idempotency-key": "key",
      ...headers,
    },
    ...(method === "GET" ? {} : { body }),
  });
  return send(request);
}

/** Stops the clock. What an attempt then leaves in memory is no younger than the attempts of `atNoCost`. */
export const stopClock = () => givenClock(frozenAt);

/** Runs hostile attempts. Expects no Redis command, no object call, and answers of the contract. */
export async function atNoCost(work: () => Promise<Answer[]>): Promise<Answer[]> {
  stopClock();
  await order(buyer, skuId, { key: FIRST }); // loads the catalog into memory, as in any busy isolate
  const { calls } = (await ledger(skuId)).activity;
  const { result, commands } = await redisCost(work);
  expect(commands).toBe(0);
  expect((await ledger(skuId)).activity.calls).toBe(calls + 1);
  for (const answer of result) expect(contractFaults(answer)).toEqual([]);
  return result;
}

export const codes = (answers: Answer[]) => [...new Set(answers.map(({ code }) => code))];
