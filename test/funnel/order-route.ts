// Hostile attempts at the order route of one SKU, and a check that they cost nothing behind the edge.
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

/** A buyer and a SKU on sale. Set by `givenOrderRoute`. */
export let buyer: Buyer;
export let skuId: string;
let frozenAt: number;
/** The key of an existing order. Repeating it changes nothing. */
const FIRST = "first";

export async function givenOrderRoute(): Promise<void> {
  await emptyRedis();
  skuId = await onSale({ stock: 1_000, perUserLimit: 100 });
  buyer = await aBuyer();
  await order(buyer, skuId, { key: FIRST });
  // Its message has been consumed and its stock published, so no background work disturbs the counts.
  await settled(skuId);
  await stockPublished(skuId, 999);
  frozenAt = Date.now() + 500;
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

/** Runs hostile attempts. Expects no Redis command, no object call, and answers of the contract. */
export async function atNoCost(work: () => Promise<Answer[]>): Promise<Answer[]> {
  givenClock(frozenAt);
  await order(buyer, skuId, { key: FIRST }); // loads the catalog into memory, as in any busy isolate
  const { calls } = (await ledger(skuId)).activity;
  const { result, commands } = await redisCost(work);
  expect(commands).toBe(0);
  expect((await ledger(skuId)).activity.calls).toBe(calls + 1);
  for (const answer of result) expect(contractFaults(answer)).toEqual([]);
  return result;
}

export const codes = (answers: Answer[]) => [...new Set(answers.map(({ code }) => code))];
