// A rush for one SKU, and hostile attempts at its route, counted: what did they cost behind the edge?
import { expect } from "vitest";
import { givenClock } from "../support/clock.ts";
import { type Answer, contractFaults, freshAddress, ORIGIN, send } from "../support/http.ts";
import { emptyRedis, redisCost } from "../support/redis.ts";
import {
  aBuyer,
  type Buyer,
  ledger,
  onSale,
  order,
  settled,
  stockPublished,
} from "../support/shop.ts";

export interface Attempt {
  method?: string;
  sku?: string;
  headers?: Record<string, string>;
  body?: BodyInit;
}

/** The sale everybody rushes to, and somebody who may buy there. Made by `givenRush`. */
export let buyer: Buyer;
export let skuId: string;
let frozenAt: number;
/** The key of an order that exists: who asks with it costs the object nothing but an answer. */
const FIRST = "first";

export async function givenRush(): Promise<void> {
  await emptyRedis();
  skuId = await onSale({ stock: 1_000, perUserLimit: 100 });
  buyer = await aBuyer();
  await order(buyer, skuId, { key: FIRST });
  // Its message has been consumed and its stock published: nothing is left to do behind the tests.
  await settled(skuId);
  await stockPublished(skuId, 999);
  frozenAt = Date.now() + 500;
}

/** Posts whatever is given instead of an order; what is not given is as it should be. */
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

/** Runs hostile attempts and sees to it that nobody behind the edge was bothered by any. */
export async function atNoCost(work: () => Promise<Answer[]>): Promise<Answer[]> {
  givenClock(frozenAt);
  await order(buyer, skuId, { key: FIRST }); // the catalog is in memory, as in any isolate that has work
  const { calls } = (await ledger(skuId)).activity;
  const { result, commands } = await redisCost(work);
  expect(commands).toBe(0);
  expect((await ledger(skuId)).activity.calls).toBe(calls + 1);
  for (const answer of result) expect(contractFaults(answer)).toEqual([]);
  return result;
}

export const codes = (answers: Answer[]) => [...new Set(answers.map(({ code }) => code))];
