// A shop with more open sales than the catalog publishes. The others sell too.
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { SaleRegistry } from "../../src/catalog/registry.ts";
import type { Sale } from "../../src/catalog/schema.ts";
import { registryOf } from "../../src/catalog/store.ts";
import { call } from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis } from "../support/redis.ts";
import { aBuyer, aSale, aSku, order, putSale, suppressLiveStock } from "../support/shop.ts";

const PUBLISHED = 200;

let beyond: Sale;

beforeAll(pauseQueue);
beforeAll(async () => {
  await emptyRedis();
  const opensAt = new Date(Date.now() - 2 * 3_600_000).toISOString();
  for (let i = 0; i < PUBLISHED; i += 1) await registryOf(env).put(aSale({ opensAt }));
  // It opens last, so it is the one that is not published.
  beyond = await putSale(aSale({ skus: [aSku({ stock: 1, perUserLimit: 2 })] }));
});

describe("an open sale that is not published", () => {
  test("sells its stock, and costs one call of the registry", async () => {
    suppressLiveStock();
    const find = vi.spyOn(SaleRegistry.prototype, "find");
    const skuId = beyond.skus[0]?.id as string;
    const placed = await order(await aBuyer(), skuId);
    expect(placed.status).toBe(202);
    expect(await order(await aBuyer(), skuId)).toMatchObject({
      status: 409,
      body: { code: "sold_out" },
    });
    expect(find).toHaveBeenCalledTimes(1);
  });

  test("has a page to buy without JavaScript", async () => {
    const { status } = await call("GET", `/sales/${beyond.id}/skus/${beyond.skus[0]?.id}/buy`);
    expect(status).toBe(200);
  });
});
